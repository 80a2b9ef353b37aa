// Who may connect: one-time codes that a person makes, the tokens they are exchanged for, and their end. A credential's secret keys
// its sessions, so it is stored sealed and never compared: whoever has it signs with it.

import { randomBytes, randomUUID } from "node:crypto";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import type {
  TerminalAccount,
  TerminalCredential,
  TerminalIdentity,
  TerminalStore,
} from "../../actors/ports/terminals.ts";
import { CODE_LIFE_MS, TOKEN_LIFE_MS, TOKEN_RENEW_SHARE } from "./limits.ts";

/** Accounts are named as everywhere else. */
export const ACCOUNT_ID = /^[a-z0-9-]{1,32}$/;
const ID_BYTES = 8;
/** In hexadecimal, so that nothing in a code is taken for its hyphen. */
const SECRET_BYTES = 20;

export type CredentialFailure = "unknown-credential" | "expired" | "wrong-account";

export interface CredentialOptions {
  readonly store: TerminalStore;
  readonly nowMs: () => number;
  readonly codeLifeMs?: number;
  readonly tokenLifeMs?: number;
}

export class Credentials {
  readonly #store: TerminalStore;
  readonly #nowMs: () => number;
  readonly #codeLifeMs: number;
  readonly #tokenLifeMs: number;

  constructor({ store, nowMs, codeLifeMs = CODE_LIFE_MS, tokenLifeMs = TOKEN_LIFE_MS }: CredentialOptions) {
    this.#store = store;
    this.#nowMs = nowMs;
    this.#codeLifeMs = codeLifeMs;
    this.#tokenLifeMs = tokenLifeMs;
  }

  /** A code for one more terminal of the account, as it is typed: `<id>-<secret>`. */
  makeCode(
    accountId: string,
    bound: { login?: string | undefined; server?: string | undefined },
  ): { code: string; expiresAtMs: number } {
    this.#store.addAccount(accountId);
    const made: TerminalCredential = {
      ...this.#fresh("code", this.#codeLifeMs),
      accountId,
      terminal: randomUUID(),
      codeId: undefined,
      login: bound.login,
      server: bound.server,
    };
    this.#store.changeCredentials({ added: [made], removed: this.#expiredIds() });
    return { code: `${made.id}-${made.secret}`, expiresAtMs: made.expiresAtMs };
  }

  /** The credential that a terminal names, if it may still be used. */
  find(kind: TerminalCredential["kind"], id: string): Result<TerminalCredential, CredentialFailure> {
    const found = this.#store.credential(id);
    if (found === undefined || found.kind !== kind) {
      return failure("unknown-credential", `no ${kind} of this name: make a code with tickforge mt5 enrol`);
    }
    if (found.expiresAtMs > this.#nowMs()) return ok(found);
    return failure("expired", `this ${kind} has expired: make a code with tickforge mt5 enrol`);
  }

  account(id: string): TerminalAccount | undefined {
    return this.#store.accounts().find((account) => account.id === id);
  }

  /** A token for whoever has proved the code. The code stays until the token is used, in case the answer gets lost. */
  exchange(
    code: TerminalCredential,
    identity: TerminalIdentity,
  ): Result<TerminalCredential, CredentialFailure> {
    const accounts = this.#store.accounts();
    const account = accounts.find(({ id }) => id === code.accountId);
    const twin = accounts.find(
      (other) =>
        other.id !== code.accountId &&
        other.identity?.login === identity.login &&
        other.identity.server === identity.server,
    );
    const isBoundElsewhere =
      (code.login !== undefined && code.login !== identity.login) ||
      (code.server !== undefined && code.server !== identity.server) ||
      (account?.identity !== undefined && !sameIdentity(account.identity, identity));
    if (account === undefined || isBoundElsewhere || twin !== undefined) {
      const name = twin === undefined ? "another account" : `account ${twin.id}`;
      return failure("wrong-account", `login ${identity.login} at ${identity.server} is ${name} here`);
    }
    const token: TerminalCredential = {
      ...this.#fresh("token", this.#tokenLifeMs),
      accountId: code.accountId,
      terminal: code.terminal,
      codeId: code.id,
      login: undefined,
      server: undefined,
    };
    const unused = this.#store.credentials().filter(({ codeId }) => codeId === code.id);
    if (account.identity === undefined) this.#store.setIdentity(account.id, identity);
    this.#store.changeCredentials({ added: [token], removed: unused.map(({ id }) => id) });
    return ok(token);
  }

  /** A token was used by `identity`: if it is its account's, the code it came from is spent. */
  accept(token: TerminalCredential, identity: TerminalIdentity): Result<TerminalAccount, CredentialFailure> {
    const account = this.account(token.accountId);
    if (account?.identity === undefined || !sameIdentity(account.identity, identity)) {
      return failure(
        "wrong-account",
        `this token is of another account than login ${identity.login} at ${identity.server}`,
      );
    }
    if (token.codeId !== undefined) {
      this.#store.changeCredentials({
        added: [{ ...token, codeId: undefined }],
        removed: [token.codeId],
      });
    }
    return ok(account);
  }

  isDueForRenewal({ expiresAtMs }: TerminalCredential): boolean {
    return expiresAtMs - this.#nowMs() < this.#tokenLifeMs * TOKEN_RENEW_SHARE;
  }

  /** Another token of the same terminal; the old one counts until {@link kept}. */
  renew(token: TerminalCredential): TerminalCredential {
    const made: TerminalCredential = {
      ...token,
      ...this.#fresh("token", this.#tokenLifeMs),
      codeId: undefined,
    };
    this.#store.changeCredentials({ added: [made], removed: [] });
    return made;
  }

  /** `token` is on its terminal's disk: those before it are forgotten. */
  kept(token: TerminalCredential): void {
    const older = this.#store
      .credentials()
      .filter(
        ({ id, kind, terminal, expiresAtMs }) =>
          kind === "token" &&
          terminal === token.terminal &&
          id !== token.id &&
          expiresAtMs <= token.expiresAtMs,
      );
    this.#store.changeCredentials({ added: [], removed: older.map(({ id }) => id) });
  }

  /** Terminals that have a token which may still be used. */
  terminals(): ReadonlySet<string> {
    const nowMs = this.#nowMs();
    return new Set(
      this.#store
        .credentials()
        .filter(({ kind, expiresAtMs }) => kind === "token" && expiresAtMs > nowMs)
        .map(({ terminal }) => terminal),
    );
  }

  list(): readonly TerminalCredential[] {
    return this.#store.credentials();
  }

  /** Ends every code and token of the account, or of one of its terminals. Returns how many there were. */
  revoke(accountId: string, terminal: string | undefined): number {
    const ended = this.#store
      .credentials()
      .filter(
        (each) => each.accountId === accountId && (terminal === undefined || each.terminal === terminal),
      );
    this.#store.changeCredentials({ added: [], removed: ended.map(({ id }) => id) });
    return ended.length;
  }

  #expiredIds(): string[] {
    const nowMs = this.#nowMs();
    return this.#store
      .credentials()
      .filter(({ expiresAtMs }) => expiresAtMs <= nowMs)
      .map(({ id }) => id);
  }

  #fresh(
    kind: TerminalCredential["kind"],
    lifeMs: number,
  ): Pick<TerminalCredential, "id" | "kind" | "secret" | "expiresAtMs"> {
    return {
      id: randomBytes(ID_BYTES).toString("hex"),
      kind,
      secret: randomBytes(SECRET_BYTES).toString("hex"),
      expiresAtMs: Math.floor(this.#nowMs()) + lifeMs,
    };
  }
}

function sameIdentity(a: TerminalIdentity, b: TerminalIdentity): boolean {
  return a.login === b.login && a.server === b.server && a.mode === b.mode && a.margin === b.margin;
}
