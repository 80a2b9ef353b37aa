// Who may come in: users with hashed passwords, and their API tokens, of which only a hash is kept. No shard owns them, so
// no epoch fences them: any process may write, names and hashes are unique, taking away cannot be undone, and what is
// replaced is named. A process that was replaced can do nothing here that the one in its place could not undo or refuse.

import type { Micros } from "../base/clock.ts";
import { byText } from "../base/order.ts";
import type { Result } from "../base/result.ts";

export interface User {
  readonly userId: string;
  readonly tenantId: string;
  /** Unique in its tenant. */
  readonly name: string;
  /** Argon2id, as a PHC string. */
  readonly passwordHash: string;
  readonly role: string;
  readonly createdMicros: Micros;
  readonly disabledMicros: Micros | null;
}

export type NewUser = Omit<User, "disabledMicros">;

export interface ApiToken {
  readonly tokenId: string;
  readonly userId: string;
  /** SHA-256 of a random token of 256 bits, in hex: too long to be guessed, so it needs no salt. */
  readonly tokenHash: string;
  readonly scopes: readonly string[];
  readonly createdMicros: Micros;
  /** Null for never. */
  readonly expiresMicros: Micros | null;
  /** To within LAST_USED_GRAIN_MICROS. */
  readonly lastUsedMicros: Micros | null;
  readonly revokedMicros: Micros | null;
}

export type NewApiToken = Omit<ApiToken, "lastUsedMicros" | "revokedMicros">;

export interface Bearer {
  readonly user: User;
  readonly token: ApiToken;
}

/** A token that is used at every request is not written at every request. */
export const LAST_USED_GRAIN_MICROS = 60_000_000;

export type IdentityFailure =
  /** The id, the name or the hash belongs to something else. */
  | "taken"
  | "unknown-tenant"
  | "unknown-user"
  | "unknown-token"
  /** The password is not the one that was to be replaced. */
  | "changed-since"
  | "unreachable";

/** What `tokens` sorts by. */
export function byCreation(a: ApiToken, b: ApiToken): number {
  return a.createdMicros - b.createdMicros || byId(a, b);
}

const byId = byText<ApiToken>(({ tokenId }) => tokenId);

/** Questions throw where the store does not answer. Every write may come twice. */
export interface Identities {
  addUser(user: NewUser): Promise<Result<User, IdentityFailure>>;
  /** Names the hash that `to` replaces: of two changes at once one is refused. */
  changePassword(
    userId: string,
    change: { from: string; to: string },
  ): Promise<Result<User, IdentityFailure>>;
  /** For good; revokes all tokens of the user. */
  disableUser(userId: string, atMicros: Micros): Promise<Result<User, IdentityFailure>>;
  user(tenantId: string, name: string): Promise<User | undefined>;
  /** By name. */
  users(tenantId: string): Promise<readonly User[]>;
  /** `unknown-user` for one who is disabled, too. */
  addToken(token: NewApiToken): Promise<Result<ApiToken, IdentityFailure>>;
  /** Whose token it is, and notes that it was used; `unknown-token` for one that is revoked or has expired, too. */
  useToken(tokenHash: string, nowMicros: Micros): Promise<Result<Bearer, IdentityFailure>>;
  /** For good. The first time counts. */
  revokeToken(tokenId: string, atMicros: Micros): Promise<Result<ApiToken, IdentityFailure>>;
  /** By creation. */
  tokens(userId: string): Promise<readonly ApiToken[]>;
}
