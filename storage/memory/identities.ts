// Users and API tokens of a deployment that is one process.

import { byText } from "../../actors/base/order.ts";
import { type Failure, failure, ok, type Result } from "../../actors/base/result.ts";
import {
  type ApiToken,
  type Bearer,
  byCreation,
  type Identities,
  type IdentityFailure,
  LAST_USED_GRAIN_MICROS,
  type NewApiToken,
  type NewUser,
  type User,
} from "../../actors/ports/identities.ts";
import { Rows } from "./rows.ts";

type Answer<T> = Promise<Result<T, IdentityFailure>>;

export class MemoryIdentities implements Identities {
  readonly #hasTenant: (tenantId: string) => boolean;
  readonly #users = new Rows<User>();
  readonly #tokens = new Rows<ApiToken>();

  constructor(hasTenant: (tenantId: string) => boolean) {
    this.#hasTenant = hasTenant;
  }

  addUser(user: NewUser): Answer<User> {
    const { userId, tenantId, name, passwordHash, role } = user;
    if (!this.#hasTenant(tenantId))
      return Promise.resolve(failure("unknown-tenant", `there is no tenant ${tenantId}`));
    const now = this.#users.get(userId);
    if (now === undefined) {
      if (this.#users.all().some((each) => each.tenantId === tenantId && each.name === name))
        return Promise.resolve(failure("taken", `a user ${name} is there already`));
      return this.#put({ ...user, disabledMicros: null });
    }
    const isOurs =
      now.tenantId === tenantId &&
      now.name === name &&
      now.passwordHash === passwordHash &&
      now.role === role;
    return Promise.resolve(isOurs ? ok(now) : failure("taken", `a user ${userId} is there already`));
  }

  changePassword(userId: string, { from, to }: { from: string; to: string }): Answer<User> {
    const now = this.#users.get(userId);
    if (now === undefined) return Promise.resolve(unknownUser(userId));
    if (now.passwordHash === from) return this.#put({ ...now, passwordHash: to });
    return Promise.resolve(
      now.passwordHash === to ? ok(now) : failure("changed-since", "the password was changed meanwhile"),
    );
  }

  disableUser(userId: string, atMicros: number): Answer<User> {
    const now = this.#users.get(userId);
    if (now === undefined) return Promise.resolve(unknownUser(userId));
    for (const token of this.#tokens.all()) {
      if (token.userId === userId && token.revokedMicros === null)
        this.#tokens.set(token.tokenId, { ...token, revokedMicros: atMicros });
    }
    return this.#put({ ...now, disabledMicros: now.disabledMicros ?? atMicros });
  }

  user(tenantId: string, name: string): Promise<User | undefined> {
    return Promise.resolve(
      this.#users.all().find((user) => user.tenantId === tenantId && user.name === name),
    );
  }

  users(tenantId: string): Promise<readonly User[]> {
    const own = this.#users.all().filter((user) => user.tenantId === tenantId);
    return Promise.resolve(own.toSorted(byText(({ name }) => name)));
  }

  addToken(token: NewApiToken): Answer<ApiToken> {
    const user = this.#users.get(token.userId);
    if (user === undefined || user.disabledMicros !== null) return Promise.resolve(unknownUser(token.userId));
    const now = this.#tokens.get(token.tokenId);
    if (now === undefined) {
      if (this.#tokens.all().some(({ tokenHash }) => tokenHash === token.tokenHash))
        return Promise.resolve(failure("taken", "a token with this hash is there already"));
      return this.#keep({ ...token, lastUsedMicros: null, revokedMicros: null });
    }
    const isOurs =
      now.userId === token.userId &&
      now.tokenHash === token.tokenHash &&
      now.scopes.join("\n") === token.scopes.join("\n");
    return Promise.resolve(isOurs ? ok(now) : failure("taken", `a token ${token.tokenId} is there already`));
  }

  useToken(tokenHash: string, nowMicros: number): Answer<Bearer> {
    const token = this.#tokens.all().find((each) => each.tokenHash === tokenHash);
    const user = this.#users.get(token?.userId ?? "");
    if (
      token === undefined ||
      user === undefined ||
      token.revokedMicros !== null ||
      (token.expiresMicros !== null && token.expiresMicros <= nowMicros)
    ) {
      return Promise.resolve(failure("unknown-token", "the token is not known, was revoked or has expired"));
    }
    const { lastUsedMicros } = token;
    const isDue = lastUsedMicros === null || nowMicros - lastUsedMicros >= LAST_USED_GRAIN_MICROS;
    const used = isDue ? { ...token, lastUsedMicros: nowMicros } : token;
    this.#tokens.set(token.tokenId, used);
    return Promise.resolve(ok({ user, token: used }));
  }

  revokeToken(tokenId: string, atMicros: number): Answer<ApiToken> {
    const now = this.#tokens.get(tokenId);
    if (now === undefined) return Promise.resolve(failure("unknown-token", `there is no token ${tokenId}`));
    return this.#keep({ ...now, revokedMicros: now.revokedMicros ?? atMicros });
  }

  tokens(userId: string): Promise<readonly ApiToken[]> {
    const own = this.#tokens.all().filter((token) => token.userId === userId);
    return Promise.resolve(own.toSorted(byCreation));
  }

  #put(user: User): Answer<User> {
    this.#users.set(user.userId, user);
    return Promise.resolve(ok(user));
  }

  #keep(token: ApiToken): Answer<ApiToken> {
    this.#tokens.set(token.tokenId, token);
    return Promise.resolve(ok(token));
  }
}

function unknownUser(userId: string): Failure<"unknown-user"> {
  return failure("unknown-user", `there is no user ${userId}, or no longer`);
}
