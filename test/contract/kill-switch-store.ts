// What every store of kill switches must do: stay as strict as anybody asked until the right code loosens it, whatever else
// happens.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { GLOBAL_SCOPE, type Scope } from "../../actors/ports/fence.ts";
import {
  type Engagement,
  KILL_SWITCH_MODES,
  type KillSwitchStore,
  type Rearming,
  untouched,
} from "../../actors/ports/kill-switch-store.ts";
import { MemoryEpochs } from "../../storage/memory/epochs.ts";
import { MemoryKillSwitchStore } from "../../storage/memory/kill-switch-store.ts";
import {
  ACME,
  describeFence,
  essence,
  type Fenced,
  type FencedWrite,
  issued,
  PAPER,
  T0_MICROS,
} from "./fenced.ts";

const HALT: Engagement = {
  mode: "halt-entries",
  by: "ann",
  reason: "it's a test; ünïcode",
  atMicros: T0_MICROS,
  rearmHash: "hash-1",
};
const REARM: Rearming = { by: "bob", reason: "settled", atMicros: T0_MICROS + 1, rearmHash: "hash-1" };

type Step =
  | { readonly kind: "issue"; readonly scope: Scope }
  | { readonly kind: "engage"; readonly scope: Scope; readonly age: number; readonly engagement: Engagement }
  | { readonly kind: "rearm"; readonly scope: Scope; readonly age: number; readonly rearmHash: string };

const anyScope = fc.constantFrom<Scope>(GLOBAL_SCOPE, ACME, PAPER, { level: "account", accountId: "acme" });
/** How many epochs ago the one was issued that a write is made under. */
const ages = fc.constantFrom(0, 0, 0, 1, -1);
const hashes = fc.constantFrom("hash-1", "hash-2");
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("issue" as const), scope: anyScope }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("engage" as const),
      scope: anyScope,
      age: ages,
      engagement: fc.record({
        mode: fc.constantFrom(...KILL_SWITCH_MODES.slice(1)) as fc.Arbitrary<Engagement["mode"]>,
        by: fc.constantFrom("ann", "bob"),
        reason: fc.string({ unit: "grapheme", maxLength: 12 }).filter((text) => !text.includes("\0")),
        atMicros: fc.integer({ min: T0_MICROS, max: T0_MICROS + 1_000 }),
        rearmHash: hashes,
      }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("rearm" as const),
      scope: anyScope,
      age: ages,
      rearmHash: hashes,
    }),
  },
);

/** Takes the steps and returns what was answered, and how all stands in the end. */
async function walk({ store, epochs }: Fenced<KillSwitchStore>, path: readonly Step[]): Promise<unknown[]> {
  const newest = new Map<Scope, number>();
  const seen: unknown[] = [];
  for (const step of path) {
    const epoch = newest.get(step.scope) ?? 0;
    if (step.kind === "issue") newest.set(step.scope, await issued({ epochs }, step.scope));
    else if (step.kind === "engage")
      seen.push(essence(await store.engage(step.scope, epoch - step.age, step.engagement)));
    else {
      const rearming = { ...REARM, rearmHash: step.rearmHash };
      seen.push(essence(await store.rearm(step.scope, epoch - step.age, rearming)));
    }
    seen.push(await store.state(step.scope));
  }
  return [...seen, await store.engaged()];
}

/** @param open gives an empty store */
export function describeKillSwitches(name: string, open: () => Promise<Fenced<KillSwitchStore>>): void {
  describe(`kill switches: ${name}`, () => {
    let opened: Fenced<KillSwitchStore>;
    let store: KillSwitchStore;
    beforeEach(async () => {
      opened = await open();
      ({ store } = opened);
    });
    afterEach(async () => await opened.close?.());

    test("nobody engaged is active", async () => {
      expect(await store.state(PAPER)).toEqual(untouched(PAPER));
      expect(await store.engaged()).toEqual([]);
    });

    test("comes back as it was engaged, for its scope only", async () => {
      const epoch = await issued(opened, PAPER);
      const engaged = await store.engage(PAPER, epoch, HALT);
      const { atMicros, ...rest } = HALT;
      const expected = { scope: PAPER, ...rest, changedMicros: atMicros };
      expect(essence(engaged)).toEqual(expected);
      expect(await store.state(PAPER)).toEqual(expected);
      expect(await store.state(GLOBAL_SCOPE)).toEqual(untouched(GLOBAL_SCOPE));
      expect(await store.engaged()).toEqual([expected]);
    });

    test("is tightened by anybody and loosened by no engagement", async () => {
      const epoch = await issued(opened, ACME);
      await store.engage(ACME, epoch, { ...HALT, mode: "reduce-only", rearmHash: "hash-2" });
      expect(essence(await store.engage(ACME, epoch, HALT))).toMatchObject({
        mode: "reduce-only",
        rearmHash: "hash-2",
      });
      expect(essence(await store.engage(ACME, epoch, { ...HALT, mode: "flatten" }))).toMatchObject({
        mode: "flatten",
        rearmHash: "hash-1",
      });
    });

    test("is rearmed by the code it was engaged with, once for all", async () => {
      const epoch = await issued(opened, PAPER);
      await store.engage(PAPER, epoch, HALT);
      expect(essence(await store.rearm(PAPER, epoch, { ...REARM, rearmHash: "guess" }))).toBe(
        "engaged-since",
      );
      expect((await store.state(PAPER)).mode).toBe("halt-entries");
      const active = { mode: "active", by: "bob", changedMicros: T0_MICROS + 1, rearmHash: null };
      expect(essence(await store.rearm(PAPER, epoch, REARM))).toMatchObject(active);
      expect(essence(await store.rearm(PAPER, epoch, REARM))).toMatchObject(active);
      await store.engage(PAPER, epoch, { ...HALT, rearmHash: "hash-2" });
      expect(essence(await store.rearm(PAPER, epoch, REARM))).toBe("engaged-since");
    });

    test("of many engagements at once the strictest stays", async () => {
      const epoch = await issued(opened, PAPER);
      const modes = ["halt-entries", "flatten", "reduce-only"] as const;
      await Promise.all(
        Array.from(
          { length: 18 },
          async (_, i) =>
            await (i % 2 === 0 ? store : opened.other).engage(PAPER, epoch, { ...HALT, mode: modes[i % 3]! }),
        ),
      );
      expect((await store.state(PAPER)).mode).toBe("flatten");
    });

    test("whatever happens to them, they stand as the simplest store says", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(steps, { maxLength: 30 }), async (path) => {
          const epochs = new MemoryEpochs();
          const oracle = new MemoryKillSwitchStore(epochs);
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

    test("of a rearming and a stricter engagement at once, the engagement stays", async () => {
      const epoch = await issued(opened, PAPER);
      await store.engage(PAPER, epoch, HALT);
      const stricter = { ...HALT, mode: "flatten", rearmHash: "hash-2" } as const;
      await Promise.all([store.rearm(PAPER, epoch, REARM), opened.other.engage(PAPER, epoch, stricter)]);
      expect(await store.state(PAPER)).toMatchObject({ mode: "flatten", rearmHash: "hash-2" });
    });
  });

  const halted = async (): Promise<Fenced<KillSwitchStore>> => {
    const opened = await open();
    await opened.store.engage(PAPER, await issued(opened, PAPER), HALT);
    return opened;
  };
  const scopes: readonly [string, Scope][] = [
    ["everything", GLOBAL_SCOPE],
    ["a tenant", ACME],
    ["another account", { level: "account", accountId: "live" }],
  ];
  describeFence(`kill switches: ${name}`, halted, [
    ...scopes.map(([subject, scope]): FencedWrite<KillSwitchStore> => ({
      name: `halting ${subject}`,
      scope,
      write: async (store, epoch) => await store.engage(scope, epoch, HALT),
      look: async (store) => await store.engaged(),
    })),
    {
      name: "a rearming",
      scope: PAPER,
      write: async (store, epoch) => await store.rearm(PAPER, epoch, REARM),
      look: async (store) => await store.state(PAPER),
    },
  ]);
}
