// The minutes of all symbols end at once. Each closes its own and asks the members that answer on that when its turns come, a few
// symbols at a turn of the host's loop, and ticks that come meanwhile are decided on in between.

import { describe, expect, test } from "bun:test";
import { type Cancel, MICROS_PER_MINUTE, type Scheduler } from "../../actors/base/clock.ts";
import { FEATURE_COUNT } from "../../actors/domain/features.ts";
import type { Instrument } from "../../actors/domain/instrument.ts";
import type { JournalRecord } from "../../actors/domain/records.ts";
import { Engine } from "../../actors/engine.ts";
import { BEAT_MICROS, TURN_SYMBOLS } from "../../actors/limits.ts";
import { LiveEngine } from "../../actors/live-engine.ts";
import { ABSTAIN, type Cadence, type Forecaster } from "../../actors/ports/forecaster.ts";
import type { IncomingTick } from "../../actors/router.ts";
import { MemoryJournal } from "../../storage/memory/memory-journal.ts";
import {
  countKinds,
  DEMO_CONFIG,
  HandStopwatch,
  INSTRUMENTS,
  makeRig,
  NO_DIFFERENCES,
  play,
  recordsOf,
  replay,
  simulatedTicks,
  START_MICROS,
} from "../fixtures/engine-rig.ts";

/** What the host was asked to do soon, done one task at a time. */
class Host implements Scheduler {
  readonly #tasks: (() => void)[] = [];
  micros = START_MICROS;

  nowMicros(): number {
    return this.micros;
  }

  after(): Cancel {
    return () => undefined;
  }

  soon(task: () => void): void {
    this.#tasks.push(task);
  }

  /** A turn of the loop: what has been asked for so far. */
  turn(): boolean {
    const tasks = this.#tasks.splice(0);
    for (const task of tasks) task();
    return tasks.length > 0;
  }
}

function forecaster(member: Forecaster["member"], cadence: Cadence): Forecaster {
  return {
    member,
    cadence,
    deadlineMicros: 1_000,
    voteLifeMicros: MICROS_PER_MINUTE,
    forecast: () => 0.5,
    persist: () => undefined,
  };
}

const forecasters = (): Forecaster[] => [
  forecaster("technical", "tick"),
  forecaster("lightgbm", "bar-close"),
];

/** Goes on with what is in `journal`. */
function started(members: (instrument: Instrument) => Forecaster[] = forecasters, before?: MemoryJournal) {
  const host = new Host();
  const journal = before ?? new MemoryJournal({ keep: true });
  const live = new LiveEngine({
    build: (config) =>
      new Engine({
        config,
        scheduler: host,
        stopwatch: new HandStopwatch(),
        live: true,
        asksMembers: true,
        forecasters: members,
      }),
    config: DEMO_CONFIG,
    journal,
    scheduler: host,
  });
  if (before !== undefined) live.recover();
  live.begin(before === undefined ? 1 : 2, START_MICROS);
  const drain = (): void => {
    while (host.turn());
  };
  return { host, journal, live, drain };
}

/** The first tick of each symbol. */
function oneTickEach(): IncomingTick[] {
  const ticks = simulatedTicks({ seed: 3, count: 2_000 });
  return INSTRUMENTS.map(({ id }) => ticks.find(({ instrumentId }) => instrumentId === id) as IncomingTick);
}

/** Models of what minutes were like, and of the time; what they were asked for is added to `asked`. */
function minuteModels({ id }: Instrument, asked: string[]): Forecaster[] {
  const model = (member: Forecaster["member"], weight: number): Forecaster => ({
    ...forecaster(member, "bar-close"),
    minutesRead: 2,
    readsMinutesAlone: true,
    forecast: ({ minutes, timeMicros }) => {
      asked.push(`${member} ${id}`);
      if (minutes === undefined || minutes.count === 0) return ABSTAIN;
      const offset = minutes.offsetOf(0);
      let sum = timeMicros % 997;
      for (const value of minutes.values.subarray(offset, offset + FEATURE_COUNT))
        if (!Number.isNaN(value)) sum += value;
      return 0.5 + 0.4 * Math.sin(weight * sum);
    },
  });
  return [forecaster("technical", "tick"), model("lightgbm", 1), model("xgboost", 3)];
}

/** Some minutes of a live market: ticks at their times, beats on their grid, turns of the loop in between. */
function traded(members: (instrument: Instrument) => Forecaster[]) {
  const rig = started(members);
  let beatMicros = START_MICROS;
  for (const [index, tick] of simulatedTicks({ seed: 5, count: 3_000, ticksPerSecond: 12 }).entries()) {
    for (; beatMicros <= tick.sourceTimeMicros; beatMicros += BEAT_MICROS) {
      rig.live.beatIfDue(beatMicros);
      // Now and then turns are not over when the next beat comes.
      for (let turn = 0; turn < 1 + (index % 3); turn++) rig.host.turn();
    }
    rig.live.router.ingest(tick, tick.sourceTimeMicros);
    if (index % 4 > 0) rig.host.turn();
  }
  rig.drain();
  return rig;
}

function expectSameReplays(
  records: readonly JournalRecord[],
  live: LiveEngine,
  members: (instrument: Instrument) => Forecaster[],
): void {
  for (const mode of ["recorded", "recompute"] as const) {
    const { decisionHash, report } = replay(records, mode, members);
    expect([mode, decisionHash]).toEqual([mode, live.engine.decisionHash()]);
    expect(report.differences).toEqual(NO_DIFFERENCES);
  }
}

function turnsIn(records: readonly JournalRecord[]) {
  return records.flatMap((record) =>
    record.kind === "beat" && record.instrumentId !== undefined ? [record] : [],
  );
}

function barVotes(records: readonly JournalRecord[]) {
  return records.filter((record) => record.kind === "votes" && record.votes.length > 1);
}

describe("when the minutes of all symbols close at once", () => {
  test("each has its turn by itself, and a tick that comes meanwhile does not wait for the others'", () => {
    const { host, journal, live, drain } = started();
    const ticks = oneTickEach();
    for (const tick of ticks) live.router.ingest(tick, START_MICROS + 1_000_000);
    drain();
    expect(barVotes(recordsOf(journal))).toHaveLength(0);

    const closeMicros = START_MICROS + MICROS_PER_MINUTE;
    live.beatIfDue(closeMicros);
    while (barVotes(recordsOf(journal)).length === 0) host.turn();
    expect(barVotes(recordsOf(journal))).toHaveLength(TURN_SYMBOLS);

    const last = ticks.at(-1) as IncomingTick;
    const seq = live.router.ingest(
      { ...last, sourceSeq: last.sourceSeq + 1, sourceTimeMicros: closeMicros + 1 },
      closeMicros + 1,
    );
    host.turn();
    const decided = recordsOf(journal).find((record) => record.kind === "votes" && record.causeSeq === seq);
    expect(decided).toBeDefined();
    expect(barVotes(recordsOf(journal))).toHaveLength(TURN_SYMBOLS);

    drain();
    const all = barVotes(recordsOf(journal));
    expect(all).toHaveLength(INSTRUMENTS.length);
    const turns = turnsIn(recordsOf(journal));
    // One to close and one to ask.
    expect(turns.map(({ instrumentId }) => instrumentId).join(" ")).toBe("0 1 2 3 0 1 2 3 4 5 6 7 4 5 6 7");
    const asking = INSTRUMENTS.map(
      ({ id }) => turns.findLast(({ instrumentId }) => instrumentId === id)?.seq,
    );
    expect(all.map((record) => (record.kind === "votes" ? record.causeSeq : 0))).toEqual(asking as number[]);
  });

  test("account, broker and market hear of it at once, and nobody a second time", () => {
    const { journal, live, drain } = started();
    for (const tick of oneTickEach()) live.router.ingest(tick, START_MICROS + 1_000_000);
    drain();
    for (let beat = 0; beat < 20; beat++) {
      live.beatIfDue(START_MICROS + MICROS_PER_MINUTE + beat * 100_000);
      drain();
    }
    const beats = recordsOf(journal).filter((record) => record.kind === "beat");
    expect(beats[0]).toMatchObject({ withoutSymbols: true, timeMicros: START_MICROS + MICROS_PER_MINUTE });
    expect(beats.filter(({ instrumentId }) => instrumentId === undefined)).toHaveLength(1);
    expect(turnsIn(recordsOf(journal))).toHaveLength(2 * INSTRUMENTS.length);
  });

  test("where nobody answers on that, each closes its minute in a turn and asks nobody", () => {
    const { journal, live, drain } = started(() => [forecaster("technical", "tick")]);
    for (const tick of oneTickEach()) live.router.ingest(tick, START_MICROS + 1_000_000);
    drain();
    const votes = countKinds(recordsOf(journal)).votes;
    live.beatIfDue(START_MICROS + MICROS_PER_MINUTE);
    drain();
    expect(turnsIn(recordsOf(journal))).toHaveLength(INSTRUMENTS.length);
    expect(countKinds(recordsOf(journal)).votes).toBe(votes as number);
    expect(live.engine.nextToClose(0, START_MICROS + MICROS_PER_MINUTE)).toBeUndefined();
  });

  test("nobody gets a turn where no minute closed", () => {
    const { journal, live, drain } = started();
    for (const tick of oneTickEach()) live.router.ingest(tick, START_MICROS + 1_000_000);
    drain();
    for (let beat = 1; beat < 20; beat++) {
      live.beatIfDue(START_MICROS + 1_000_000 + beat * 100_000);
      drain();
    }
    expect(turnsIn(recordsOf(journal))).toEqual([]);
  });

  test("turns go on under another configuration, taken up while ticks come in", () => {
    const { journal, live, drain } = started();
    for (const tick of oneTickEach()) live.router.ingest(tick, START_MICROS + 1_000_000);
    drain();
    const prepared = live.prepare({ ...DEMO_CONFIG, preset: "rules" });
    if (!prepared.ok) throw new Error(prepared.message);
    expect(live.reconfigure(prepared.value, START_MICROS + 2_000_000)).toMatchObject({ ok: true });
    live.beatIfDue(START_MICROS + MICROS_PER_MINUTE);
    drain();
    expect(barVotes(recordsOf(journal))).toHaveLength(INSTRUMENTS.length);
  });

  test("a model is asked for several symbols in a row, and replays, which ask symbol by symbol, decide alike", () => {
    const asked: string[] = [];
    const { journal, live } = traded((instrument) => minuteModels(instrument, asked));
    const records = recordsOf(journal);
    expect(barVotes(records)).toHaveLength(3 * INSTRUMENTS.length);
    const inTurns = [0, 1, 2, 3].flatMap((id) => `lightgbm ${id}`);
    const first = asked.indexOf(inTurns[0] as string);
    expect(asked.slice(first, first + 8)).toEqual([...inTurns, ...[0, 1, 2, 3].map((id) => `xgboost ${id}`)]);
    expectSameReplays(records, live, (instrument) => minuteModels(instrument, []));
  });

  test("a crash between a turn to close and the one to ask loses neither", () => {
    const { host, journal, live, drain } = started();
    for (const tick of oneTickEach()) live.router.ingest(tick, START_MICROS + 1_000_000);
    drain();
    live.beatIfDue(START_MICROS + MICROS_PER_MINUTE);
    host.turn();
    host.turn();
    expect(turnsIn(recordsOf(journal)).length).toBeGreaterThan(TURN_SYMBOLS);
    const next = started(forecasters, journal);
    next.live.beatIfDue(START_MICROS + MICROS_PER_MINUTE + 100_000);
    next.drain();
    const ids = barVotes(recordsOf(journal)).map((record) =>
      "instrumentId" in record ? record.instrumentId : -1,
    );
    expect(ids.toSorted((a, b) => a - b)).toEqual(INSTRUMENTS.map(({ id }) => id));
  });

  test("in journals in which one beat closed all minutes it still does, and they replay alike", () => {
    const { journal, live, drain } = started();
    for (let minute = 0; minute < 3; minute++) {
      const startMicros = START_MICROS + minute * MICROS_PER_MINUTE;
      for (const tick of oneTickEach())
        live.router.ingest(
          { ...tick, sourceSeq: tick.sourceSeq + minute, sourceTimeMicros: startMicros + 900_000 },
          startMicros + 1_000_000,
        );
      drain();
      live.router.beat(startMicros + MICROS_PER_MINUTE);
      drain();
      expect(live.engine.nextToClose(0, startMicros + MICROS_PER_MINUTE)).toBeUndefined();
      for (const { id } of INSTRUMENTS) live.router.turnOf(id, startMicros + MICROS_PER_MINUTE);
      drain();
    }
    const records = recordsOf(journal);
    expect(barVotes(records)).toHaveLength(3 * INSTRUMENTS.length);
    expectSameReplays(records, live, forecasters);
  });

  test("a driver with a clock of its own gives every turn before the next tick, and replays decide alike", () => {
    const journal = new MemoryJournal({ keep: true });
    const rig = makeRig({ journal, forecasters });
    rig.live.begin(1, START_MICROS);
    play(rig, simulatedTicks({ seed: 4, count: 4_000, ticksPerSecond: 4 }));
    const records = recordsOf(journal);
    expect(barVotes(records).length).toBeGreaterThan(5 * INSTRUMENTS.length);
    for (const [index, record] of records.entries()) {
      if (record.kind !== "beat" || record.instrumentId === undefined) continue;
      expect(records[index + 1]).toMatchObject({ kind: "votes", causeSeq: record.seq });
    }
    expectSameReplays(records, rig.live, forecasters);
  });
});
