// What every registry must do: keep tenants, accounts and limits as they were written, name what is missing or taken, and
// take the same write twice.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { epochScopeOf, GLOBAL_SCOPE, type Scope } from "../../actors/ports/fence.ts";
import type { Account, Limit, Registry, Tenant } from "../../actors/ports/registry.ts";
import { MemoryEpochs } from "../../storage/memory/epochs.ts";
import { MemoryRegistry } from "../../storage/memory/registry.ts";
import { ACME, describeFence, essence, type Fenced, issued, PAPER, T0_MICROS } from "./fenced.ts";

const TENANT: Tenant = { tenantId: "acme", name: "Acme & sons; it's ünïcode", createdMicros: T0_MICROS };
const ACCOUNT: Account = {
  accountId: "paper",
  tenantId: "acme",
  currency: "EUR",
  openedMicros: T0_MICROS + 1,
};
const LIMIT: Limit = {
  scope: PAPER,
  symbol: "EURUSD",
  name: "positions-max",
  value: 0.1,
  by: "ann",
  setMicros: T0_MICROS + 2,
};

/** A tenant with an account. */
async function furnished(open: () => Promise<Fenced<Registry>>): Promise<Fenced<Registry>> {
  const opened = await open();
  await opened.store.addTenant(TENANT, await issued(opened, GLOBAL_SCOPE));
  await opened.store.openAccount(ACCOUNT, await issued(opened, ACME));
  return opened;
}

type Step =
  | { readonly kind: "issue"; readonly scope: Scope }
  | { readonly kind: "tenant"; readonly tenant: Tenant }
  | { readonly kind: "account"; readonly account: Account }
  | { readonly kind: "limit"; readonly limit: Limit }
  | { readonly kind: "remove"; readonly limit: Limit };

const SCOPES: readonly Scope[] = [
  GLOBAL_SCOPE,
  ACME,
  { level: "tenant", tenantId: "b" },
  PAPER,
  { level: "account", accountId: "b" },
];
const TENANT_IDS = ["acme", "b"];
const tenantIds = fc.constantFrom(...TENANT_IDS);
const micros = fc.integer({ min: T0_MICROS, max: T0_MICROS + 9 });
const limits: fc.Arbitrary<Limit> = fc.record({
  scope: fc.constantFrom(...SCOPES),
  symbol: fc.constantFrom(null, "EURUSD", "a b"),
  name: fc.constantFrom("positions-max", "daily-loss", "Z"),
  // SQLite has no negative zero.
  value: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value)),
  by: fc.constantFrom("ann", "bob"),
  setMicros: micros,
});
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("issue" as const), scope: fc.constantFrom(...SCOPES) }),
  fc.record({
    kind: fc.constant("tenant" as const),
    tenant: fc.record({
      tenantId: tenantIds,
      name: fc.constantFrom("Acme", "Bolt"),
      createdMicros: micros,
    }),
  }),
  fc.record({
    kind: fc.constant("account" as const),
    account: fc.record({
      accountId: fc.constantFrom("paper", "b"),
      tenantId: tenantIds,
      currency: fc.constantFrom("EUR", "USD"),
      openedMicros: micros,
    }),
  }),
  fc.record({ kind: fc.constant("limit" as const), limit: limits }),
  fc.record({ kind: fc.constant("remove" as const), limit: limits }),
);

/** Takes the steps and returns what was answered, and how all stands in the end. */
async function walk({ store, epochs }: Fenced<Registry>, path: readonly Step[]): Promise<unknown[]> {
  const newest = new Map<string, number>();
  for (const scope of SCOPES) newest.set(epochScopeOf(scope), await issued({ epochs }, scope));
  const epochOf = (scope: Scope): number => newest.get(epochScopeOf(scope)) ?? 0;
  const taken = async (step: Exclude<Step, { kind: "issue" }>) => {
    switch (step.kind) {
      case "tenant":
        return await store.addTenant(step.tenant, epochOf(GLOBAL_SCOPE));
      case "account":
        return await store.openAccount(
          step.account,
          epochOf({ level: "tenant", tenantId: step.account.tenantId }),
        );
      case "limit":
        return await store.setLimit(step.limit, epochOf(step.limit.scope));
      case "remove":
        return await store.removeLimit(step.limit, epochOf(step.limit.scope));
    }
  };
  const seen: unknown[] = [];
  for (const step of path) {
    if (step.kind === "issue") newest.set(epochScopeOf(step.scope), await issued({ epochs }, step.scope));
    else seen.push(essence(await taken(step)));
  }
  seen.push(await store.tenants());
  for (const tenantId of TENANT_IDS) seen.push(await store.accounts(tenantId));
  for (const scope of SCOPES) seen.push(await store.limits(scope));
  return seen;
}

/** @param open gives an empty store */
export function describeRegistry(name: string, open: () => Promise<Fenced<Registry>>): void {
  describe(`registry: ${name}`, () => {
    let opened: Fenced<Registry>;
    let store: Registry;
    beforeEach(async () => {
      opened = await open();
      ({ store } = opened);
    });
    afterEach(async () => await opened.close?.());

    test("gives back what was written, sorted by id", async () => {
      const epoch = await issued(opened, GLOBAL_SCOPE);
      const upper = { ...TENANT, tenantId: "Zed", name: "Zed" };
      expect(essence(await store.addTenant(TENANT, epoch))).toEqual(TENANT);
      await store.addTenant(upper, epoch);
      expect(await store.tenants()).toEqual([upper, TENANT]);
      const own = await issued(opened, ACME);
      expect(essence(await store.openAccount(ACCOUNT, own))).toEqual(ACCOUNT);
      await store.openAccount({ ...ACCOUNT, accountId: "live" }, own);
      expect((await store.accounts("acme")).map(({ accountId }) => accountId)).toEqual(["live", "paper"]);
      expect(await store.accounts("Zed")).toEqual([]);
    });

    test("names what belongs to something else, and what is not there", async () => {
      const epoch = await issued(opened, GLOBAL_SCOPE);
      await store.addTenant(TENANT, epoch);
      expect(essence(await store.addTenant({ ...TENANT, name: "Another" }, epoch))).toBe("taken");
      expect(essence(await store.addTenant({ ...TENANT, tenantId: "another" }, epoch))).toBe("taken");
      const acme = await issued(opened, ACME);
      await store.openAccount(ACCOUNT, acme);
      expect(essence(await store.openAccount({ ...ACCOUNT, currency: "USD" }, acme))).toBe("taken");
      const nobody: Scope = { level: "tenant", tenantId: "nobody" };
      const theirs = await issued(opened, nobody);
      expect(
        essence(await store.openAccount({ ...ACCOUNT, accountId: "x", tenantId: "nobody" }, theirs)),
      ).toBe("unknown-tenant");
      expect(essence(await store.setLimit({ ...LIMIT, scope: nobody }, theirs))).toBe("unknown-tenant");
      const nowhere: Scope = { level: "account", accountId: "nowhere" };
      const other = await issued(opened, nowhere);
      expect(essence(await store.setLimit({ ...LIMIT, scope: nowhere }, other))).toBe("unknown-account");
      expect(await store.accounts("acme")).toEqual([ACCOUNT]);
    });

    test("of two processes that take one name at once, one has it", async () => {
      const epoch = await issued(opened, GLOBAL_SCOPE);
      const answers = await Promise.all([
        store.addTenant({ ...TENANT, tenantId: "first" }, epoch),
        opened.other.addTenant({ ...TENANT, tenantId: "second" }, epoch),
      ]);
      expect(answers.map((answer) => (answer.ok ? "ok" : answer.code)).sort()).toEqual(["ok", "taken"]);
      expect(await store.tenants()).toHaveLength(1);
    });

    test("of two processes that open one account at once, both have opened it", async () => {
      await store.addTenant(TENANT, await issued(opened, GLOBAL_SCOPE));
      const epoch = await issued(opened, ACME);
      const answers = await Promise.all(
        Array.from({ length: 8 }, async (_, i) =>
          essence(await (i % 2 === 0 ? store : opened.other).openAccount(ACCOUNT, epoch)),
        ),
      );
      expect(answers).toEqual(Array.from({ length: 8 }, () => ACCOUNT));
      expect(await store.accounts("acme")).toEqual([ACCOUNT]);
    });

    test("whatever is written in whatever order, it stands as the simplest store says", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(steps, { maxLength: 40 }), async (path) => {
          const epochs = new MemoryEpochs();
          const oracle = new MemoryRegistry(epochs);
          const expected = await walk({ store: oracle, other: oracle, epochs }, path);
          const subject = await open();
          try {
            expect(await walk(subject, path)).toEqual(expected);
          } finally {
            await subject.close?.();
          }
        }),
        { numRuns: 25 },
      );
    }, 60_000);
  });

  describeFence(`registry: ${name}`, async () => await furnished(open), [
    {
      name: "a tenant",
      scope: GLOBAL_SCOPE,
      write: async (store, epoch) =>
        await store.addTenant({ ...TENANT, tenantId: "bolt", name: "Bolt" }, epoch),
      look: async (store) => await store.tenants(),
    },
    {
      name: "an account",
      scope: ACME,
      write: async (store, epoch) => await store.openAccount({ ...ACCOUNT, accountId: "live" }, epoch),
      look: async (store) => await store.accounts("acme"),
    },
    {
      name: "a limit",
      scope: PAPER,
      write: async (store, epoch) => await store.setLimit(LIMIT, epoch),
      look: async (store) => await store.limits(PAPER),
    },
    {
      name: "a limit for everything",
      scope: GLOBAL_SCOPE,
      write: async (store, epoch) =>
        await store.setLimit({ ...LIMIT, scope: GLOBAL_SCOPE, symbol: null }, epoch),
      look: async (store) => await store.limits(GLOBAL_SCOPE),
    },
  ]);

  test(`registry: ${name}: a limit is taken away once, by whoever has the scope`, async () => {
    const opened = await furnished(open);
    const { store } = opened;
    const old = await issued(opened, PAPER);
    await store.setLimit(LIMIT, old);
    const epoch = await issued(opened, PAPER);
    expect(essence(await store.removeLimit(LIMIT, old))).toBe("stale-epoch");
    expect(await store.limits(PAPER)).toEqual([LIMIT]);
    expect(essence(await store.removeLimit(LIMIT, epoch))).toBe(true);
    expect(essence(await store.removeLimit(LIMIT, epoch))).toBe(false);
    expect(await store.limits(PAPER)).toEqual([]);
    await opened.close?.();
  });
}
