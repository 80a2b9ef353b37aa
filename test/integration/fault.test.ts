// What fails alone: a member loses its vote and the others vote on; a symbol is restarted, then taken out of service, and
// the others never notice; a record that fells an actor once is left out, and the actor goes on without it.

import { describe, expect, test } from "bun:test";
import type { Archive } from "../../actors/base/archive.ts";
import { MICROS_PER_SECOND } from "../../actors/base/clock.ts";
import type { Bar } from "../../actors/domain/bar.ts";
import type { VoteStatus } from "../../actors/domain/prediction.ts";
import type { JournalRecord } from "../../actors/domain/records.ts";
import { ruleForecasters } from "../../actors/ensemble.ts";
import type { EngineFault } from "../../actors/engine.ts";
import type { SymbolCounts } from "../../actors/symbol/symbol-actor.ts";
import type { Forecaster } from "../../actors/ports/forecaster.ts";
import { STEP_WAITS } from "../../actors/live-engine.ts";
import { MemoryJournal } from "../../storage/memory/memory-journal.ts";
import {
  DEMO_CONFIG,
  HandStopwatch,
  makeRig,
  NO_DIFFERENCES,
  recordsOf,
  type Rig,
  type RigOptions,
  simulatedTicks,
} from "../fixtures/engine-rig.ts";
import { MemorySnapshots } from "../fixtures/memory-snapshots.ts";

const ticks = simulatedTicks({ seed: 31, count: 4_000, ticksPerSecond: 1 });
const EURUSD = 0;

interface Played extends Rig {
  readonly faults: readonly EngineFault[];
  readonly journal: MemoryJournal;
  readonly records: () => JournalRecord[];
}

/** Plays the ticks with the actors' clock going as the market's does, so that restarts come when they are due. */
async function playAll(
  options: Omit<RigOptions, "journal"> = {},
  watch: (rig: Rig) => void = () => {},
): Promise<Played> {
  const journal = new MemoryJournal({ keep: true });
  const faults: EngineFault[] = [];
  const rig = makeRig({ ...options, journal, onFault: (fault) => faults.push(fault) });
  watch(rig);
  rig.live.begin(1, 0);
  await playOn(rig);
  return { ...rig, faults, journal, records: () => recordsOf(journal) };
}

async function playOn({ live, clock }: Rig): Promise<void> {
  for (const tick of ticks) {
    if (tick.sourceTimeMicros > clock.nowMicros()) clock.advanceTo(tick.sourceTimeMicros);
    // A rebuild lets the journal be flushed between its portions.
    await Promise.resolve();
    if (live.waitsForDisk) live.settle();
    if (live.step(tick, tick.sourceTimeMicros) === STEP_WAITS)
      throw new Error("an order waits for a memory journal");
  }
}

/** A member that answers `answer()` on every tick. */
function member(answer: () => number): Forecaster {
  return {
    member: "xgboost",
    cadence: "tick",
    deadlineMicros: 1_000,
    voteLifeMicros: 10 * MICROS_PER_SECOND,
    forecast: answer,
    persist: (_archive: Archive) => {},
  };
}

function withMember(answer: () => number): () => readonly Forecaster[] {
  return () => [...ruleForecasters(), member(answer)];
}

function statusesOf(records: readonly JournalRecord[], name: string): Map<VoteStatus, number> {
  const statuses = new Map<VoteStatus, number>();
  for (const record of records) {
    if (record.kind !== "votes") continue;
    const vote = record.votes.find((candidate) => candidate.member === name);
    if (vote !== undefined) statuses.set(vote.status, (statuses.get(vote.status) ?? 0) + 1);
  }
  return statuses;
}

const healthy = await playAll();

/** Decisions of every symbol but `exceptId`. */
function othersOf({ engine }: Rig, exceptId: number): unknown {
  return DEMO_CONFIG.instruments
    .filter(({ id }) => id !== exceptId)
    .map(({ id, symbol }) => ({
      symbol,
      counts: engine.symbol(id)?.counts,
      hash: engine.symbol(id)?.decisionHash,
    }));
}

describe("a member that fails", () => {
  const stopwatch = new HandStopwatch();
  const cases: readonly { what: string; status: VoteStatus; live: boolean; answer: () => number }[] = [
    {
      what: "throws",
      status: "failed",
      live: false,
      answer: () => {
        throw new Error("no model");
      },
    },
    { what: "answers NaN", status: "invalid", live: false, answer: () => Number.NaN },
    { what: "answers 1", status: "invalid", live: false, answer: () => 1 },
    {
      what: "is late",
      status: "late",
      live: true,
      answer: () => {
        stopwatch.micros += 2_000;
        return 0.5;
      },
    },
  ];
  for (const { what, status, live, answer } of cases) {
    test(`${what}: its votes are dropped, its breaker opens, the others vote as ever`, async () => {
      const played = await playAll({ forecasters: withMember(answer), live, stopwatch });
      const statuses = statusesOf(played.records(), "xgboost");
      expect(new Set(statuses.keys())).toEqual(new Set<VoteStatus>(["breaker-open", status]));
      expect(statuses.get("breaker-open") ?? 0).toBeGreaterThan(statuses.get(status) ?? 0);
      expect(statusesOf(played.records(), "technical")).toEqual(statusesOf(healthy.records(), "technical"));
      expect(played.engine.account?.view()).toEqual(healthy.engine.account?.view() as never);
      expect(played.faults).toEqual([]);
      expect(
        played.engine.symbol(EURUSD)?.panel.health.find((entry) => entry.member === "xgboost")?.breaker,
      ).toBe("open");
    });
  }
});

/** Fails at every bar of EURUSD that closes. */
function failsAlways(bar: Bar): void {
  if (bar.instrumentId === EURUSD) throw new Error("the bar broke it");
}

/** Fails at the record that closes the 60th bar of EURUSD, in every life. */
function failsAtOneRecord(): { onBar: (bar: Bar) => void; watch: (rig: Rig) => void } {
  let rig: Rig | undefined;
  let bars = 0;
  let fatalSeq = 0;
  return {
    watch: (watched) => (rig = watched),
    onBar: ({ instrumentId }) => {
      if (instrumentId !== EURUSD) return;
      if (rig === undefined) throw new Error("nobody is watched");
      const { handledSeq } = rig.engine.stateful[EURUSD] as unknown as { handledSeq: number };
      if (++bars === 60) fatalSeq = handledSeq;
      if (handledSeq === fatalSeq) throw new Error("this record breaks it");
    },
  };
}

describe("an actor that fails", () => {
  test("again and again is restarted, then quarantined; the other symbols decide as without it", async () => {
    const played = await playAll({ onBar: failsAlways });
    expect(played.engine.troubleOf(EURUSD)).toBe("quarantined");
    const what = played.faults.map((fault) => fault.what);
    expect(what.at(-1)).toBe("actor-quarantined");
    expect(what.slice(0, -1)).toEqual([
      "actor-restarted",
      "actor-restarted",
      "actor-restarted",
      "actor-restarted",
      "actor-restarted",
    ]);
    const recorded = played.records().filter((record) => record.kind === "fault");
    expect(recorded.map((record) => [record.what, record.subject])).toEqual(
      played.faults.map((fault) => [fault.what, "symbol/EURUSD"]),
    );
    expect(othersOf(played, EURUSD)).toEqual(othersOf(healthy, EURUSD));
    const last = Math.max(...played.faults.map(({ seq }) => seq));
    const later = played.records().filter((record) => record.seq > last);
    expect(later.some((record) => record.kind === "tick" && record.instrumentId === EURUSD)).toBe(true);
    expect(later.some((record) => record.kind === "votes" && record.instrumentId === EURUSD)).toBe(false);
  });

  for (const withSnapshots of [false, true]) {
    test(`once at a record is rebuilt ${withSnapshots ? "from its snapshot" : "from the beginning"} without it`, async () => {
      let armed = 0;
      const onBar = (bar: Bar): void => {
        if (bar.instrumentId === EURUSD && ++armed === 60) throw new Error("once");
      };
      const played = await playAll({ onBar, ...(withSnapshots ? { snapshots: new MemorySnapshots() } : {}) });
      expect(played.faults.map((fault) => fault.what)).toEqual(["actor-restarted"]);
      expect(played.engine.troubleOf(EURUSD)).toBe("");
      const poisoned = played.faults[0]?.seq ?? 0;
      const unaware = neverHeard(played.records(), poisoned);
      expect(played.engine.symbol(EURUSD)?.decisionHash).toBe(unaware.decisionHash);
      expect(played.engine.symbol(EURUSD)?.counts).toEqual(unaware.counts);
      expect(othersOf(played, EURUSD)).toEqual(othersOf(healthy, EURUSD));
      // Every decision was said once.
      const causes = played
        .records()
        .filter((record) => record.kind === "votes" && record.instrumentId === EURUSD);
      expect(new Set(causes.map((record) => "causeSeq" in record && record.causeSeq)).size).toBe(
        causes.length,
      );
    });
  }
});

describe("a crash after an actor has failed", () => {
  for (const withSnapshots of [false, true]) {
    test(`${withSnapshots ? "with" : "without"} snapshots: the record that felled it is left out again, and nothing is said twice`, async () => {
      const snapshots = new MemorySnapshots();
      const stores = withSnapshots ? { snapshots } : {};
      const { onBar, watch } = failsAtOneRecord();
      const before = await playAll({ onBar, ...stores }, watch);
      expect(before.faults.map((fault) => fault.what)).toEqual(["actor-restarted"]);
      const faults: EngineFault[] = [];
      const after = makeRig({
        journal: before.journal,
        onBar,
        ...stores,
        onFault: (fault) => faults.push(fault),
      });
      watch(after);
      const lastSeq = before.journal.lastSeq;
      const recovery = after.live.recover();
      expect(recovery.report.differences).toEqual(NO_DIFFERENCES);
      after.live.begin(2, after.live.router.timeMicros);
      await playOn(after);
      expect(faults).toEqual([]);
      expect(after.engine.decisionHash()).toBe(before.engine.decisionHash());
      const said = before.records().filter((record) => record.seq > lastSeq);
      expect(said.map(({ kind }) => kind)).toEqual(["configured"]);
    });
  }

  test("after a quarantine it starts again, up to date, without saying what it missed", async () => {
    const { journal, records } = await playAll({ onBar: failsAlways });
    const lastSeq = journal.lastSeq;
    const faults: EngineFault[] = [];
    const after = makeRig({ journal, onFault: (fault) => faults.push(fault) });
    expect(after.live.recover().report.differences).toEqual(NO_DIFFERENCES);
    after.live.begin(2, after.live.router.timeMicros);
    await playOn(after);
    expect(faults).toEqual([]);
    expect(after.engine.troubleOf(EURUSD)).toBe("");
    const said = records().filter((record) => record.seq > lastSeq);
    expect(said[0]?.kind).toBe("configured");
    // It may say something of now: that a minute closed which it was not asked about.
    expect(said.filter((record) => "causeSeq" in record && record.causeSeq <= lastSeq)).toEqual([]);
    expect(after.engine.symbol(EURUSD)?.counts.ticks).toBeGreaterThan(300);
    // A third life sees the first one's silence too.
    expect(makeRig({ journal }).live.recover().report.differences).toEqual(NO_DIFFERENCES);
  });
});

/** EURUSD's actor after the journal's records but the one it failed at, which it never heard. */
function neverHeard(
  records: readonly JournalRecord[],
  withoutSeq: number,
): { decisionHash: string; counts: SymbolCounts | undefined } {
  const { engine } = makeRig({ journal: new MemoryJournal({ keep: false }) });
  engine.outlets.turnTo(undefined);
  const seat = engine.switchboard.symbol(EURUSD);
  for (const record of records) {
    if (record.seq === withoutSeq || !engine.switchboard.concerns(seat.path, record)) continue;
    seat.tell(record);
    engine.run();
  }
  const actor = engine.symbol(EURUSD);
  return { decisionHash: actor?.decisionHash ?? "", counts: actor?.counts };
}
