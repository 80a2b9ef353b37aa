// What every store of users and tokens must do: one user a name and one token a hash, nothing taken away comes back, and the
// same write may come twice.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import {
  type Identities,
  LAST_USED_GRAIN_MICROS,
  type NewApiToken,
  type NewUser,
} from "../../actors/ports/identities.ts";
import { MemoryIdentities } from "../../storage/memory/identities.ts";
import { essence, type Opened, T0_MICROS } from "./fenced.ts";

/** Those that `open` has to have made. */
export const TENANT_IDS: readonly string[] = ["acme", "bolt"];

const password = (text: string): string => `$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$${text}`;
const hashOf = (text: string): string => text.padEnd(64, "0");

const ANN: NewUser = {
  userId: "user-1",
  tenantId: "acme",
  name: "ann; it's ünïcode",
  passwordHash: password("one"),
  role: "trader",
  createdMicros: T0_MICROS,
};
const TOKEN: NewApiToken = {
  tokenId: "token-1",
  userId: "user-1",
  tokenHash: hashOf("a"),
  scopes: ["read", "trade"],
  createdMicros: T0_MICROS,
  expiresMicros: T0_MICROS + 1_000,
};
const STORED_TOKEN = { ...TOKEN, lastUsedMicros: null, revokedMicros: null };

type Step =
  | { readonly kind: "user"; readonly user: NewUser }
  | { readonly kind: "password"; readonly userId: string; readonly from: string; readonly to: string }
  | { readonly kind: "disable"; readonly userId: string; readonly micros: number }
  | { readonly kind: "token"; readonly token: NewApiToken }
  | { readonly kind: "use"; readonly hash: string; readonly micros: number }
  | { readonly kind: "revoke"; readonly tokenId: string; readonly micros: number };

const USER_IDS = ["user-1", "user-2", "user-3"];
const userIds = fc.constantFrom(...USER_IDS);
const tokenIds = fc.constantFrom("token-1", "token-2");
const hashes = fc.constantFrom(hashOf("a"), hashOf("b"));
const passwords = fc.constantFrom(password("one"), password("two"));
const micros = fc.integer({ min: T0_MICROS, max: T0_MICROS + 3 * LAST_USED_GRAIN_MICROS });
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant("user" as const),
    user: fc.record({
      userId: userIds,
      tenantId: fc.constantFrom(...TENANT_IDS, "nobody"),
      name: fc.constantFrom("ann", "Bob"),
      passwordHash: passwords,
      role: fc.constantFrom("trader", "owner"),
      createdMicros: micros,
    }),
  }),
  fc.record({ kind: fc.constant("password" as const), userId: userIds, from: passwords, to: passwords }),
  fc.record({ kind: fc.constant("disable" as const), userId: userIds, micros }),
  fc.record({
    kind: fc.constant("token" as const),
    token: fc.record({
      tokenId: tokenIds,
      userId: userIds,
      tokenHash: hashes,
      scopes: fc.constantFrom<readonly string[]>([], ["read"], ["read", "trade"]),
      createdMicros: micros,
      expiresMicros: fc.option(micros),
    }),
  }),
  fc.record({ kind: fc.constant("use" as const), hash: hashes, micros }),
  fc.record({ kind: fc.constant("revoke" as const), tokenId: tokenIds, micros }),
);

async function taken(store: Identities, step: Step): Promise<unknown> {
  switch (step.kind) {
    case "user":
      return essence(await store.addUser(step.user));
    case "password":
      return essence(await store.changePassword(step.userId, step));
    case "disable":
      return essence(await store.disableUser(step.userId, step.micros));
    case "token":
      return essence(await store.addToken(step.token));
    case "use":
      return essence(await store.useToken(step.hash, step.micros));
    case "revoke":
      return essence(await store.revokeToken(step.tokenId, step.micros));
  }
}

/** Takes the steps and returns what was answered, and how all stands in the end. */
async function walk(store: Identities, path: readonly Step[]): Promise<unknown[]> {
  const seen: unknown[] = [];
  for (const step of path) seen.push(await taken(store, step));
  for (const tenantId of TENANT_IDS)
    seen.push(await store.users(tenantId), await store.user(tenantId, "ann"));
  for (const userId of USER_IDS) seen.push(await store.tokens(userId));
  return seen;
}

/** @param open gives a store without users, with the tenants of `TENANT_IDS` */
export function describeIdentities(name: string, open: () => Promise<Opened<Identities>>): void {
  let opened: Opened<Identities>;
  let store: Identities;
  const setUp = async (): Promise<void> => {
    opened = await open();
    ({ store } = opened);
  };
  const tearDown = async (): Promise<void> => await opened.close?.();

  describe(`users: ${name}`, () => {
    beforeEach(setUp);
    afterEach(tearDown);

    test("come back as they were added, by name, for their tenant only", async () => {
      expect(essence(await store.addUser(ANN))).toEqual({ ...ANN, disabledMicros: null });
      await store.addUser({ ...ANN, userId: "user-2", name: "Zoe" });
      expect(await store.user("acme", ANN.name)).toEqual({ ...ANN, disabledMicros: null });
      expect((await store.users("acme")).map(({ name: each }) => each)).toEqual(["Zoe", ANN.name]);
      expect(await store.users("bolt")).toEqual([]);
      expect(await store.user("bolt", ANN.name)).toBeUndefined();
    });

    test("added twice are there once; another one of the same id or name is refused", async () => {
      await store.addUser(ANN);
      expect((await store.addUser({ ...ANN, createdMicros: T0_MICROS + 9 })).ok).toBe(true);
      expect(essence(await store.addUser({ ...ANN, role: "owner" }))).toBe("taken");
      expect(essence(await store.addUser({ ...ANN, userId: "user-2" }))).toBe("taken");
      expect(essence(await store.addUser({ ...ANN, userId: "user-2", tenantId: "bolt" }))).toMatchObject({
        tenantId: "bolt",
      });
      expect(essence(await store.addUser({ ...ANN, userId: "user-3", tenantId: "nobody" }))).toBe(
        "unknown-tenant",
      );
      expect(await store.users("acme")).toHaveLength(1);
    });

    test("of two changes of one password at once, one is made and the other is told", async () => {
      await store.addUser(ANN);
      const from = ANN.passwordHash;
      const answers = await Promise.all([
        store.changePassword("user-1", { from, to: password("two") }),
        opened.other.changePassword("user-1", { from, to: password("three") }),
      ]);
      expect(answers.map((answer) => (answer.ok ? "ok" : answer.code)).sort()).toEqual([
        "changed-since",
        "ok",
      ]);
      const made = answers.find((answer) => answer.ok);
      expect(await store.user("acme", ANN.name)).toEqual(made?.ok ? made.value : undefined);
      expect(essence(await store.changePassword("user-9", { from, to: from }))).toBe("unknown-user");
    });

    test("of one name that come at once, one is added", async () => {
      const answers = await Promise.all(
        Array.from({ length: 6 }, async (_, i) =>
          essence(await (i % 2 === 0 ? store : opened.other).addUser({ ...ANN, userId: `user-${i}` })),
        ),
      );
      expect(answers.filter((answer) => answer === "taken")).toHaveLength(5);
      expect(await store.users("acme")).toHaveLength(1);
    });

    test("that are disabled stay so from the first time, lose their tokens and get no other", async () => {
      await store.addUser(ANN);
      await store.addToken(TOKEN);
      await store.disableUser("user-1", T0_MICROS + 5);
      expect(essence(await store.disableUser("user-1", T0_MICROS + 6))).toMatchObject({
        disabledMicros: T0_MICROS + 5,
      });
      expect(await store.tokens("user-1")).toEqual([{ ...STORED_TOKEN, revokedMicros: T0_MICROS + 5 }]);
      expect(essence(await store.useToken(TOKEN.tokenHash, T0_MICROS + 6))).toBe("unknown-token");
      const another = { ...TOKEN, tokenId: "token-2", tokenHash: hashOf("b") };
      expect(essence(await store.addToken(another))).toBe("unknown-user");
    });

    test("who are disabled while tokens are made for them keep none that works", async () => {
      await store.addUser(ANN);
      await Promise.all([
        ...Array.from(
          { length: 6 },
          async (_, i) =>
            await store.addToken({ ...TOKEN, tokenId: `token-${i}`, tokenHash: hashOf(String(i)) }),
        ),
        opened.other.disableUser("user-1", T0_MICROS + 5),
      ]);
      const tokens = await store.tokens("user-1");
      expect(tokens.filter(({ revokedMicros }) => revokedMicros === null)).toEqual([]);
    });
  });

  describe(`tokens: ${name}`, () => {
    beforeEach(async () => {
      await setUp();
      await store.addUser(ANN);
    });
    afterEach(tearDown);

    test("come back as they were added, the oldest first; the same id or hash for another is refused", async () => {
      const older = { ...TOKEN, tokenId: "token-2", tokenHash: hashOf("b"), createdMicros: T0_MICROS - 1 };
      expect(essence(await store.addToken(TOKEN))).toEqual(STORED_TOKEN);
      expect((await store.addToken(TOKEN)).ok).toBe(true);
      await store.addToken({ ...older, expiresMicros: null });
      expect(await store.tokens("user-1")).toEqual([
        { ...STORED_TOKEN, ...older, expiresMicros: null },
        STORED_TOKEN,
      ]);
      expect(essence(await store.addToken({ ...TOKEN, scopes: ["read"] }))).toBe("taken");
      expect(essence(await store.addToken({ ...TOKEN, tokenId: "token-3" }))).toBe("taken");
      expect(essence(await store.addToken({ ...TOKEN, userId: "nobody" }))).toBe("unknown-user");
    });

    test("say whose they are until they expire or are revoked", async () => {
      await store.addToken(TOKEN);
      expect(essence(await store.useToken(TOKEN.tokenHash, T0_MICROS + 999))).toMatchObject({
        user: { userId: "user-1", name: ANN.name },
        token: { tokenId: "token-1", scopes: ["read", "trade"] },
      });
      expect(essence(await store.useToken(hashOf("b"), T0_MICROS))).toBe("unknown-token");
      expect(essence(await store.useToken(TOKEN.tokenHash, T0_MICROS + 1_000))).toBe("unknown-token");
      const revoked = { revokedMicros: T0_MICROS + 2 };
      expect(essence(await store.revokeToken("token-1", T0_MICROS + 2))).toMatchObject(revoked);
      expect(essence(await store.revokeToken("token-1", T0_MICROS + 3))).toMatchObject(revoked);
      expect(essence(await opened.other.useToken(TOKEN.tokenHash, T0_MICROS + 3))).toBe("unknown-token");
      expect(essence(await store.revokeToken("token-9", T0_MICROS))).toBe("unknown-token");
    });

    test("that are used at every request are noted now and then", async () => {
      await store.addToken({ ...TOKEN, expiresMicros: null });
      const seen: unknown[] = [];
      for (const after of [0, 1, LAST_USED_GRAIN_MICROS - 1, LAST_USED_GRAIN_MICROS]) {
        await store.useToken(TOKEN.tokenHash, T0_MICROS + after);
        const [token] = await store.tokens("user-1");
        seen.push((token?.lastUsedMicros ?? 0) - T0_MICROS);
      }
      expect(seen).toEqual([0, 0, 0, LAST_USED_GRAIN_MICROS]);
    });

    test("used by two processes at once let both in", async () => {
      await store.addToken(TOKEN);
      const bearers = await Promise.all(
        Array.from(
          { length: 10 },
          async (_, i) =>
            (await (i % 2 === 0 ? store : opened.other).useToken(TOKEN.tokenHash, T0_MICROS + i)).ok,
        ),
      );
      expect(bearers).not.toContain(false);
    });
  });

  test(`identities: ${name}: whatever is done to them, they stand as the simplest store says`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 40 }), async (path) => {
        const oracle = new MemoryIdentities((tenantId) => TENANT_IDS.includes(tenantId));
        const expected = await walk(oracle, path);
        const subject = await open();
        try {
          expect(await walk(subject.store, path)).toEqual(expected);
        } finally {
          await subject.close?.();
        }
      }),
      { numRuns: 25 },
    );
  }, 60_000);
}
