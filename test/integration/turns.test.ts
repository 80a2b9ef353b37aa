// The minutes of all symbols close on one beat. Each asks the members that answer on that when its turn comes, one turn of the
// host's loop after the other, and ticks that come meanwhile are decided on in between.

import { describe, expect, test } from "bun:test";
import { type Cancel, MICROS_PER_MINUTE, type Scheduler } from "../../actors/base/clock.ts";
import type { JournalRecord } from "../../actors/domain/records.ts";
import { Engine } from "../../actors/engine.ts";
import { LiveEngine } from "../../actors/live-engine.ts";
import type { Cadence, Forecaster } from "../../actors/ports/forecaster.ts";
import type { IncomingTick } from "../../actors/router.ts";
import { MemoryJournal } from "../../storage/memory/memory-journal.ts";
import {
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

function started() {
  const host = new Host();
  const journal = new MemoryJournal({ keep: true });
  const live = new LiveEngine({
    build: (config) =>
      new Engine({
        config,
        scheduler: host,
        stopwatch: new HandStopwatch(),
        live: true,
        asksMembers: true,
        forecasters,
      }),
    config: DEMO_CONFIG,
    journal,
    scheduler: host,
  });
  live.begin(1, START_MICROS);
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
    for (let turn = 0; turn < 6; turn++) host.turn();
    const asked = barVotes(recordsOf(journal)).length;
    expect(asked).toBeGreaterThan(1);
    expect(asked).toBeLessThan(INSTRUMENTS.length - 2);

    const last = ticks.at(-1) as IncomingTick;
    const seq = live.router.ingest(
      { ...last, sourceSeq: last.sourceSeq + 1, sourceTimeMicros: closeMicros + 1 },
      closeMicros + 1,
    );
    host.turn();
    const decided = recordsOf(journal).find((record) => record.kind === "votes" && record.causeSeq === seq);
    expect(decided).toBeDefined();
    expect(barVotes(recordsOf(journal)).length).toBeLessThan(INSTRUMENTS.length - 1);

    drain();
    const all = barVotes(recordsOf(journal));
    expect(all.map(({ seq: at }) => at)).toHaveLength(INSTRUMENTS.length);
    const turns = recordsOf(journal).flatMap((record) =>
      record.kind === "beat" && record.instrumentId !== undefined ? [record] : [],
    );
    expect(turns.map(({ instrumentId }) => instrumentId)).toEqual(INSTRUMENTS.map(({ id }) => id));
    expect(all.flatMap((record) => (record.kind === "votes" ? [record.causeSeq] : []))).toEqual(
      turns.map(({ seq: at }) => at),
    );
  });

  test("nobody gets a turn where no minute closed", () => {
    const { journal, live, drain } = started();
    for (const tick of oneTickEach()) live.router.ingest(tick, START_MICROS + 1_000_000);
    drain();
    for (let beat = 1; beat < 20; beat++) {
      live.beatIfDue(START_MICROS + 1_000_000 + beat * 100_000);
      drain();
    }
    expect(recordsOf(journal).filter((record) => record.kind === "beat" && "instrumentId" in record)).toEqual(
      [],
    );
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
    for (const mode of ["recorded", "recompute"] as const) {
      const { decisionHash, report } = replay(records, mode, forecasters);
      expect([mode, decisionHash]).toEqual([mode, rig.engine.decisionHash()]);
      expect(report.differences).toEqual(NO_DIFFERENCES);
    }
  });
});
