// Kill switches that reach beyond one account: three accounts of two tenants on one ledger that comes and goes, and the API of one of them.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { NOON, TestEngine } from "../../actors/account/account.fixture.ts";
import type { Trip } from "../../actors/account/kill-switch.ts";
import { KILL_MODES, type KillMode } from "../../actors/domain/kill-switch.ts";
import type { Command } from "../../actors/domain/records.ts";
import { isStricter, type KillSwitchStore } from "../../actors/ports/kill-switch-store.ts";
import { newTripId, WIDE_LEVELS, WideKill, type WideLevel } from "../../edge/ingest/wide-kill.ts";
import { startEdge } from "../../scripts/edge-rig.ts";
import { MemoryEpochs } from "../../storage/memory/epochs.ts";
import { MemoryKillSwitchStore } from "../../storage/memory/kill-switch-store.ts";

/** A ledger that can be away. */
class SharedLedger {
  isAway = false;
  readonly epochs = new MemoryEpochs();
  readonly store: KillSwitchStore;

  constructor() {
    const store = new MemoryKillSwitchStore(this.epochs);
    const ask = async <T>(deed: () => Promise<T>): Promise<T> => {
      await Promise.resolve();
      if (this.isAway) throw new Error("nobody is there");
      return await deed();
    };
    this.store = {
      engage: async (...given) => await ask(async () => await store.engage(...given)),
      rearm: async (...given) => await ask(async () => await store.rearm(...given)),
      state: async (...given) => await ask(async () => await store.state(...given)),
      engaged: async () => await ask(async () => await store.engaged()),
    };
  }
}

/** One process with one account. */
class House {
  readonly tenantId: string;
  readonly problems: string[] = [];
  readonly #engine: TestEngine;
  readonly #wide: WideKill;

  constructor(accountId: string, tenantId: string, ledger: SharedLedger) {
    this.tenantId = tenantId;
    this.#engine = new TestEngine({ broker: "none", settings: { accountId } });
    this.#wide = new WideKill({
      store: ledger.store,
      issueEpoch: async (scope) => await ledger.epochs.issueEpoch(scope),
      tenantId,
      accountIds: () => [accountId],
      tripsOf: () => this.trips,
      command: (command) => {
        this.#command(command);
      },
      nowMicros: () => NOON,
      onProblem: (message) => this.problems.push(message),
    });
  }

  get trips(): readonly Trip[] {
    return this.#engine.account.view().trips;
  }

  modeOf(level: WideLevel): KillMode | null {
    return this.trips.find((trip) => trip.level === level)?.mode ?? null;
  }

  trip(level: WideLevel, mode: KillMode): void {
    const id = newTripId((count) => crypto.getRandomValues(new Uint8Array(count)));
    const { accountId } = this.#engine.settings;
    this.#command({
      command: "trip",
      accountId,
      mode,
      by: accountId,
      reason: "drill",
      wide: { level, id, isShared: false },
    });
  }

  async look(): Promise<boolean> {
    return await this.#wide.look();
  }

  /** As the desk does it; false where it stays. */
  async lift(level: WideLevel): Promise<boolean> {
    const trip = this.trips.find((each) => each.level === level);
    if (trip === undefined) return false;
    const lifted = await this.#wide.lift({ level, mode: trip.mode }, "ann");
    if (lifted.ok) this.#command({ command: "rearm", accountId: "", tripSeq: trip.seq, by: "ann" });
    return lifted.ok;
  }

  #command(command: Command): void {
    const { accountId } = this.#engine.settings;
    const own = command.command === "rearm" ? { ...command, accountId } : command;
    this.#engine.feed({ kind: "commanded", seq: 0, timeMicros: NOON, command: own });
  }
}

function town(): { ledger: SharedLedger; houses: readonly [House, House, House] } {
  const ledger = new SharedLedger();
  return {
    ledger,
    houses: [new House("a", "x", ledger), new House("b", "x", ledger), new House("c", "y", ledger)],
  };
}

/** Twice, since the first one may bring news that those who looked before have not heard. */
async function everybodyLooks(houses: readonly House[]): Promise<void> {
  for (let round = 0; round < 2; round++) for (const house of houses) await house.look();
}

describe("a trip that reaches further", () => {
  test("of a tenant stops that tenant's accounts, of everything all; lifting lifts them all", async () => {
    const { houses } = town();
    const [a, b, c] = houses;
    a.trip("tenant", "halt-entries");
    await everybodyLooks(houses);
    expect(houses.map((house) => house.modeOf("tenant"))).toEqual(["halt-entries", "halt-entries", null]);
    c.trip("global", "flatten");
    await everybodyLooks(houses);
    expect(houses.map((house) => house.modeOf("global"))).toEqual(["flatten", "flatten", "flatten"]);
    expect(b.trips.map(({ level, by, isShared }) => `${level} ${by} ${isShared}`)).toEqual([
      "tenant a true",
      "global c true",
    ]);
    expect(await b.lift("global")).toBe(true);
    await everybodyLooks(houses);
    expect(houses.map((house) => house.trips.length)).toEqual([1, 1, 0]);
    expect(await a.lift("tenant")).toBe(true);
    await everybodyLooks(houses);
    expect(houses.map((house) => house.trips.length)).toEqual([0, 0, 0]);
  });

  test("holds where it was pulled while the ledger is away, is told later, and is not lifted by a ledger that never knew it", async () => {
    const { ledger, houses } = town();
    const [a, b] = houses;
    ledger.isAway = true;
    a.trip("global", "reduce-only");
    expect(await a.look()).toBe(false);
    expect(await a.look()).toBe(false);
    expect(a.problems).toHaveLength(1);
    expect(await a.lift("global")).toBe(false);
    expect(a.modeOf("global")).toBe("reduce-only");
    expect(b.modeOf("global")).toBeNull();
    ledger.isAway = false;
    await everybodyLooks(houses);
    expect(houses.map((house) => house.modeOf("global"))).toEqual([
      "reduce-only",
      "reduce-only",
      "reduce-only",
    ]);
  });

  test("that two pull at once is one trip, the stricter", async () => {
    const { houses } = town();
    const [a, b, c] = houses;
    a.trip("global", "halt-entries");
    b.trip("global", "flatten");
    c.trip("global", "flatten");
    await Promise.all(houses.map(async (house) => await house.look()));
    await everybodyLooks(houses);
    for (const house of houses) {
      expect(house.trips).toMatchObject([{ level: "global", mode: "flatten", isShared: true }]);
      expect(house.trips[0]?.id).toBe(a.trips[0]?.id as string);
    }
    expect(await c.lift("global")).toBe(true);
    await everybodyLooks(houses);
    expect(houses.map((house) => house.trips.length)).toEqual([0, 0, 0]);
  });

  test("that was made stricter elsewhere is not lifted by who has not seen it", async () => {
    const { houses } = town();
    const [a, b] = houses;
    a.trip("global", "halt-entries");
    await everybodyLooks(houses);
    b.trip("global", "flatten");
    await b.look();
    expect(await a.lift("global")).toBe(false);
    expect(a.modeOf("global")).toBe("flatten");
  });

  test("whatever happens in whatever order: where the ledger answers, all stand as it stands, and nothing is lifted by itself", async () => {
    const step = fc.record({
      what: fc.constantFrom("trip", "trip", "look", "lift", "away", "back"),
      house: fc.integer({ min: 0, max: 2 }),
      level: fc.constantFrom(...WIDE_LEVELS),
      mode: fc.constantFrom(...KILL_MODES),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { ledger, houses } = town();
        let lifts = 0;
        let strictest: KillMode | "active" = "active";
        for (const { what, house, level, mode } of steps) {
          const who = houses[house] as House;
          if (what === "trip") who.trip(level, mode);
          if (what === "trip" && level === "global" && isStricter(mode, strictest)) strictest = mode;
          if (what === "look") await who.look();
          if (what === "lift" && (await who.lift(level))) lifts++;
          if (what === "away" || what === "back") ledger.isAway = what === "away";
        }
        ledger.isAway = false;
        await everybodyLooks(houses);
        for (const house of houses) {
          const engaged = await ledger.store.engaged();
          const reach = engaged.filter(
            ({ scope }) =>
              scope.level === "global" || (scope.level === "tenant" && scope.tenantId === house.tenantId),
          );
          expect(house.trips.map(({ level, mode, id }) => ({ level, mode, id })).toSorted(byLevel)).toEqual(
            reach
              .map(({ scope, mode, rearmHash }) => ({
                level: scope.level,
                mode: mode as KillMode,
                id: rearmHash ?? "",
              }))
              .toSorted(byLevel),
          );
        }
        if (lifts === 0) {
          for (const house of houses) expect(house.modeOf("global") ?? "active").toBe(strictest);
        }
      }),
      { numRuns: 300 },
    );
  }, 30_000);
});

function byLevel(a: { level: string }, b: { level: string }): number {
  return a.level.localeCompare(b.level);
}

test("over HTTP: it is told how far it reaches and whether the ledger has it, and re-armed with its code", async () => {
  const rig = await startEdge();
  try {
    const wish = { level: "global", mode: "halt-entries", reason: "exchange is down", by: "ann" };
    const { time: _, ...shown } = { ...wish, time: "" };
    expect(await rig.post("/api/v1/killswitch", wish)).toMatchObject({
      status: 200,
      body: { trip: shown, trips: [shown], durable: true, shared: true },
    });
    expect(await rig.station.killSwitches.engaged()).toMatchObject([
      { scope: { level: "global" }, mode: "halt-entries", by: "ann" },
    ]);
    await rig.post("/api/v1/killswitch", { ...wish, level: "account", mode: "flatten" });
    expect((await rig.ask("/api/v1/killswitch")).body).toMatchObject({
      trip: { level: "account", mode: "flatten" },
      trips: [{ level: "account" }, { level: "global" }],
    });
    for (const level of ["account", "global"]) {
      const offer = await rig.post("/api/v1/killswitch/rearm", { by: "ben" });
      expect(offer).toMatchObject({ status: 202, body: { trip: { level } } });
      const { code } = offer.body as { code: string };
      expect((await rig.post("/api/v1/killswitch/rearm", { by: "ben", code })).status).toBe(200);
    }
    // An answer about now is given again for ten milliseconds.
    await Bun.sleep(15);
    expect((await rig.ask("/api/v1/killswitch")).body).toMatchObject({ trip: null, trips: [] });
    expect(await rig.station.killSwitches.engaged()).toEqual([]);
  } finally {
    await rig.stop();
  }
});
