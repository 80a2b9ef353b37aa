// The time series is the journal told again: every record's row once, bars and features as the live actors had them, whatever
// the store, the process or the journal's beginning went through meanwhile.

import { describe, expect, test } from "bun:test";
import { VirtualClock } from "../../actors/base/clock.ts";
import { SeededRandom } from "../../actors/base/random.ts";
import type { Bar } from "../../actors/domain/bar.ts";
import type { JournalRecord } from "../../actors/domain/records.ts";
import { Engine } from "../../actors/engine.ts";
import type { EngineConfig } from "../../actors/engine-config.ts";
import { ruleForecasters } from "../../actors/ensemble.ts";
import {
  TIME_SERIES_TABLES,
  type TimeSeries,
  type TimeSeriesTable,
  type TimeSeriesTables,
  TimeSeriesUnavailable,
} from "../../actors/ports/time-series.ts";
import { MemoryJournal } from "../../storage/memory/memory-journal.ts";
import type { BatchEdges, EdgesFile } from "../../storage/projections/batch-edges.ts";
import { JournalTail } from "../../storage/projections/journal-tail.ts";
import { type BarListener, Projection } from "../../storage/projections/projection.ts";
import { type RefusedRow, TimeSeriesSink } from "../../storage/projections/time-series/sink.ts";
import {
  countKinds,
  DEMO_CONFIG,
  HandStopwatch,
  makeRig,
  play,
  recordsOf,
  simulatedTicks,
} from "../fixtures/engine-rig.ts";
import { MemorySnapshots } from "../fixtures/memory-snapshots.ts";
import { upTo } from "../fixtures/projected.ts";

const SEED = 2_026;

/** Takes rows as ClickHouse does: a token it knows adds nothing. May be told to fail, before or after it stored. */
class Sink implements TimeSeries {
  readonly rows = new Map<TimeSeriesTable, unknown[]>(TIME_SERIES_TABLES.map((table) => [table, []]));
  readonly tokens = new Set<string>();
  failing: () => "before" | "after" | undefined = () => undefined;
  refuses: (row: object) => boolean = () => false;

  async migrate(): Promise<void> {}

  insert<T extends TimeSeriesTable>(
    table: T,
    rows: readonly TimeSeriesTables[T][],
    token: string,
  ): Promise<void> {
    const failure = this.failing();
    if (failure === "before") return Promise.reject(new TimeSeriesUnavailable("down"));
    if (rows.some((row) => this.refuses(row))) return Promise.reject(new Error("such a row is not taken"));
    if (!this.tokens.has(token)) {
      this.tokens.add(token);
      this.rows.get(table)?.push(...rows);
    }
    return failure === "after" ? Promise.reject(new TimeSeriesUnavailable("answer lost")) : Promise.resolve();
  }

  maxSeq(): Promise<number> {
    let seq = 0;
    for (const rows of this.rows.values()) {
      for (const row of rows as { seq?: number }[]) seq = Math.max(seq, row.seq ?? 0);
    }
    return Promise.resolve(seq);
  }

  forget(fromSeq: number): Promise<void> {
    if (this.failing() === "before") return Promise.reject(new TimeSeriesUnavailable("down"));
    for (const [table, rows] of this.rows) {
      const kept = (rows as { seq: number }[]).filter(({ seq }) => seq < fromSeq);
      this.rows.set(table, kept);
    }
    return this.failing() === "after"
      ? Promise.reject(new TimeSeriesUnavailable("answer lost"))
      : Promise.resolve();
  }

  select(): Promise<never[]> {
    return Promise.resolve([]);
  }

  bars(): Promise<never[]> {
    return Promise.resolve([]);
  }

  holdings(): Promise<never[]> {
    return Promise.resolve([]);
  }

  async ping(): Promise<void> {}

  async close(): Promise<void> {}

  of<T extends TimeSeriesTable>(table: T): TimeSeriesTables[T][] {
    return this.rows.get(table) as TimeSeriesTables[T][];
  }
}

class MemoryEdges implements EdgesFile {
  edges: BatchEdges | undefined;

  read(): BatchEdges | undefined {
    return this.edges;
  }

  write(edges: BatchEdges): void {
    this.edges = edges;
  }
}

const disk = { journal: new MemoryJournal({ keep: true }), snapshots: new MemorySnapshots() };
const liveBars: Bar[] = [];
const rig = makeRig({
  ...disk,
  onBar: (bar, intervalIndex) => {
    if (intervalIndex === 1) liveBars.push({ ...bar, volume: bar.volume, spreadMean: bar.spreadMean });
  },
});
rig.live.begin(1, 0);
play(rig, simulatedTicks({ seed: 12, count: 40_000, ticksPerSecond: 4 }));
const records = recordsOf(disk.journal);
const counts = countKinds(records);

interface Projected {
  readonly projection: Projection<JournalRecord, JournalTail>;
  readonly refused: RefusedRow[];
  readonly clock: VirtualClock;
  readonly problems: string[];
}

function open(
  sink: TimeSeries,
  edges: EdgesFile,
  options: {
    durableSeq?: () => number;
    firstSeq?: number;
    snapshots?: MemorySnapshots;
    /** Called at each bar that closes; the actor falls where it throws. */
    watch?: (bar: Bar, intervalIndex: number) => void;
  } = {},
): Projected {
  const clock = new VirtualClock(0);
  const problems: string[] = [];
  const { firstSeq = 1, durableSeq = () => disk.journal.durableSeq } = options;
  const refused: RefusedRow[] = [];
  const onProblem = (message: string): void => {
    problems.push(message);
  };
  const build = (config: EngineConfig, scheduler: VirtualClock, onBar: BarListener): Engine =>
    new Engine({
      config,
      scheduler,
      stopwatch: new HandStopwatch(),
      live: false,
      asksMembers: false,
      forecasters: ruleForecasters,
      onBar: (bar, intervalIndex) => {
        options.watch?.(bar, intervalIndex);
        onBar(bar, intervalIndex);
      },
    });
  const tailOptions = {
    durableSeq,
    cursor: (fromSeq: number) => {
      const from = Math.max(fromSeq, firstSeq);
      return upTo(durableSeq, from, disk.journal.cursor(from));
    },
    snapshots: options.snapshots ?? disk.snapshots,
    build,
    onProblem,
  };
  const projection = new Projection({
    sink: new TimeSeriesSink({ store: () => sink, onRefusedRow: (row) => refused.push(row) }),
    durableSeq,
    open: (fromSeq, onBar) => JournalTail.open({ ...tailOptions, onBar }, fromSeq),
    edges,
    clock,
    random: new SeededRandom(SEED),
    onProblem,
  });
  return { projection, clock, problems, refused };
}

/** Rows in the order of their tables, without what may legitimately come in another order. */
function contents(sink: Sink): unknown {
  return Object.fromEntries(
    TIME_SERIES_TABLES.map((table) => [
      table,
      sink
        .of(table)
        .map((row) => JSON.stringify(row))
        .sort(),
    ]),
  );
}

const whole = new Sink();
const first = open(whole, new MemoryEdges());
expect(await first.projection.catchUp()).toBe(true);

describe("a journal told once", () => {
  test("has a row for every record of its kind", () => {
    expect(whole.of("ticks")).toHaveLength(counts.tick ?? 0);
    expect(whole.of("signals")).toHaveLength(counts.signal ?? 0);
    expect(whole.of("signals").length).toBeGreaterThan(20);
    expect(whole.of("orders")).toHaveLength(
      (counts.intent ?? 0) + (counts.sent ?? 0) + (counts.refusal ?? 0),
    );
    expect(whole.of("fills")).toHaveLength(counts.execution ?? 0);
    expect(whole.of("quality")).toHaveLength((counts.quarantined ?? 0) + (counts.gap ?? 0));
    const votes = records.flatMap((record) => (record.kind === "votes" ? record.votes : []));
    expect(whole.of("predictions")).toHaveLength(votes.length);
    expect(first.projection.status).toMatchObject({ lagRecords: 0, lagMicros: 0, lastError: "" });
    expect(first.problems).toEqual([]);
  });

  test("has the minute bars the live actors closed, in prices", () => {
    const { instruments } = DEMO_CONFIG;
    const told = whole
      .of("bars")
      .map(({ symbol, openTimeMicros, close, ticks }) => [symbol, openTimeMicros, close, ticks]);
    const lived = liveBars.map(({ instrumentId, openTimeMicros, close, ticks }) => {
      const { symbol = "", digits = 0 } = instruments[instrumentId] ?? {};
      return [symbol, openTimeMicros, close / 10 ** digits, ticks];
    });
    expect(lived.length).toBeGreaterThan(500);
    expect(told).toEqual(lived);
    expect(whole.of("features")).toHaveLength(lived.length);
  });

  test("has the account's equity at every deal and every minute", () => {
    const equity = whole.of("equity");
    expect(equity).toHaveLength((counts.execution ?? 0) + (counts.market ?? 0));
    const last = equity.at(-1);
    const view = rig.engine.account?.view();
    expect(last?.balance).toBeCloseTo((view?.balanceMicros ?? 0) / 1e6, 6);
  });

  test("is sent in batches of 20,000 records, each table once", () => {
    const tickTokens = [...whole.tokens].filter((token) => token.startsWith("ticks:"));
    const widths = tickTokens.map((token) => {
      const [from = 0, to = 0] = token.slice("ticks:".length).split("-").map(Number);
      return to - from + 1;
    });
    expect(widths.slice(0, -1).every((width) => width === 20_000)).toBe(true);
  });
});

describe("a store that fails", () => {
  test(`now and then, before or after it stored, and a process that dies as often: every row once (seed ${SEED})`, async () => {
    const random = new SeededRandom(SEED);
    for (let round = 0; round < 2; round++) {
      const sink = new Sink();
      const edges = new MemoryEdges();
      let failures = 0;
      sink.failing = () => {
        const dice = random.integer(8);
        if (dice > 1) return undefined;
        failures++;
        return dice === 0 ? "before" : "after";
      };
      let opened = open(sink, edges);
      while (!(await opened.projection.catchUp())) {
        opened.clock.advance(20_000_000);
        if (random.integer(2) === 0) opened = open(sink, edges);
      }
      expect(failures).toBeGreaterThan(0);
      expect(contents(sink)).toEqual(contents(whole));
    }
  }, 30_000);

  test("is told the same batch again, and says why it waits", async () => {
    const sink = new Sink();
    sink.failing = () => "before";
    const { projection, problems, clock } = open(sink, new MemoryEdges());
    const attempts: number[] = [];
    for (let i = 0; i < 4_000; i++) {
      const before = projection.status.failures;
      await projection.advance();
      if (projection.status.failures > before) attempts.push(clock.nowMicros());
      clock.advance(10_000);
    }
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain("stood still at record 0");
    expect(projection.status.breaker).toBe("open");
    // Longer and longer, up to a quarter of a minute and a fifth of it left to chance.
    const pauses = attempts.slice(1).map((at, i) => at - (attempts[i] ?? 0));
    expect(
      pauses.every((pause, i) => i === 0 || pause > 1.2 * (pauses[i - 1] ?? 0) || pause >= 15_000_000),
    ).toBe(true);
    expect(Math.max(...pauses)).toBeLessThan(18_100_000);
    expect(projection.status).toMatchObject({ appliedSeq: 0, lastError: "down" });
    expect(projection.status.failures).toBeGreaterThan(3);
    sink.failing = () => undefined;
    clock.advance(20_000_000);
    expect(await projection.catchUp()).toBe(true);
    expect(problems.at(-1)).toContain("is being stored again");
    expect(contents(sink)).toEqual(contents(whole));
  });

  test("refuses a row for good: the others are stored, it is put aside, and a crash on the way changes nothing", async () => {
    const sink = new Sink();
    const bad = new Set([whole.of("signals")[3]?.seq, whole.of("signals")[17]?.seq]);
    sink.refuses = (row) => bad.has((row as { seq: number }).seq) && "confidence" in row;
    const edges = new MemoryEdges();
    let { projection, refused } = open(sink, edges);
    for (let i = 0; i < 3; i++) await projection.advance();
    ({ projection, refused } = open(sink, edges));
    expect(await projection.catchUp()).toBe(true);
    expect(new Set(refused.map(({ row }) => (row as { seq: number }).seq))).toEqual(bad as Set<number>);
    expect(sink.of("signals")).toHaveLength(whole.of("signals").length - 2);
    for (const table of ["ticks", "orders", "fills"] as const)
      expect(sink.of(table)).toEqual(whole.of(table));
  });

  test("refuses everything: then it is the store that is wrong, and nothing is put aside", async () => {
    const sink = new Sink();
    sink.refuses = () => true;
    const { projection, refused } = open(sink, new MemoryEdges());
    for (let i = 0; i < 20; i++) await projection.advance();
    expect(refused).toEqual([]);
    expect(projection.status).toMatchObject({ appliedSeq: 0, lastError: "such a row is not taken" });
  });

  test("and lost what it had is filled again", async () => {
    const edges = new MemoryEdges();
    await open(new Sink(), edges).projection.catchUp();
    const empty = new Sink();
    const again = open(empty, edges);
    expect(await again.projection.catchUp()).toBe(true);
    expect(again.problems.join()).toContain("stored again");
    expect(contents(empty)).toEqual(contents(whole));
  });
});

describe("told to", () => {
  test("pause, it stores nothing; resumed, it goes on", async () => {
    const sink = new Sink();
    const { projection } = open(sink, new MemoryEdges());
    projection.pause();
    expect(await projection.advance()).toBe("waiting");
    expect(projection.status).toMatchObject({ paused: true, appliedSeq: 0 });
    projection.resume();
    expect(await projection.catchUp()).toBe(true);
    expect(contents(sink)).toEqual(contents(whole));
  });

  test("begin anew, it removes what it told and tells it again, through failures and crashes on the way", async () => {
    const random = new SeededRandom(SEED);
    const sink = new Sink();
    const edges = new MemoryEdges();
    let { projection, clock } = open(sink, edges);
    await projection.catchUp();
    // Somebody lost half of a table and changed the other half: what cannot be seen from outside.
    sink.rows.set(
      "ticks",
      sink.of("ticks").filter(({ seq }) => seq % 2 === 0),
    );
    sink.failing = () => (["before", "after"] as const)[random.integer(24)];
    while (!(await projection.rebuild())) clock.advance(20_000_000);
    while (!(await projection.catchUp())) {
      clock.advance(20_000_000);
      if (random.integer(2) === 0) ({ projection, clock } = open(sink, edges));
    }
    expect(contents(sink)).toEqual(contents(whole));
    expect(edges.edges?.generation).toBeGreaterThan(0);
  });

  test("begin anew with a part of the journal archived, it keeps what that part had told", async () => {
    const sink = new Sink();
    const edges = new MemoryEdges();
    await open(sink, edges).projection.catchUp();
    const firstSeq = Math.floor(records.length / 2);
    const { projection } = open(sink, edges, { firstSeq });
    expect(await projection.rebuild()).toBe(true);
    expect(await projection.catchUp()).toBe(true);
    expect(sink.of("ticks")).toEqual(whole.of("ticks"));
    expect(sink.of("signals")).toEqual(whole.of("signals"));
  });
});

test("it follows a journal as it grows: a hundred records or a second at a time", async () => {
  const sink = new Sink();
  let durableSeq = 50;
  const { projection, clock } = open(sink, new MemoryEdges(), { durableSeq: () => durableSeq });
  expect(await projection.advance()).toBe("level");
  expect(sink.tokens.size).toBe(0);
  clock.advance(1_000_000);
  expect(await projection.advance()).toBe("level");
  expect(projection.status.appliedSeq).toBe(50);
  durableSeq = 149;
  await projection.advance();
  expect(projection.status).toMatchObject({ appliedSeq: 50, lagRecords: 99 });
  clock.advance(700_000);
  expect(projection.status.lagMicros).toBe(700_000);
  durableSeq = 150;
  await projection.advance();
  expect(projection.status).toMatchObject({ appliedSeq: 150, lagRecords: 0, lagMicros: 0 });
});

test("a journal whose beginning was archived is told from the kept snapshots on, and that is said", async () => {
  const sink = new Sink();
  const firstSeq = Math.floor(records.length / 2);
  const { projection, problems } = open(sink, new MemoryEdges(), { firstSeq });
  expect(await projection.catchUp()).toBe(true);
  expect(problems.join()).toContain("have left the journal");
  const from = Math.min(...sink.of("ticks").map(({ seq }) => seq));
  expect(from).toBeGreaterThanOrEqual(firstSeq);
  const tail = whole.of("bars").filter(({ seq }) => seq > from + 5_000);
  expect(tail.length).toBeGreaterThan(20);
  expect(sink.of("bars").filter(({ seq }) => seq > from + 5_000)).toEqual(tail);
});

test("an actor that falls here and did not fall live goes on without its past, and every record is still told", async () => {
  const sink = new Sink();
  const bars = liveBars.filter(({ instrumentId }) => instrumentId === 0);
  const fallAt = new Set([20, 50].map((index) => bars[index]?.openTimeMicros));
  const { projection, clock, problems } = open(sink, new MemoryEdges(), {
    watch: ({ openTimeMicros, instrumentId }, intervalIndex) => {
      if (intervalIndex === 1 && instrumentId === 0 && fallAt.has(openTimeMicros))
        throw new Error("here only");
    },
  });
  for (let i = 0; i < 50 && projection.status.lagRecords > 0; i++) {
    expect(await projection.catchUp()).toBe(true);
    clock.advance(3_000_000);
  }
  expect(projection.status).toMatchObject({ lagRecords: 0, lastError: "" });
  expect(problems.filter((problem) => problem.includes("here only"))).toHaveLength(2);
  for (const table of ["ticks", "signals", "orders", "fills", "predictions", "quality"] as const) {
    expect(sink.of(table)).toEqual(whole.of(table));
  }
});
