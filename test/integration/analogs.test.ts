// The vote of similar market states beside an engine: asked on the clock, one question a symbol, from a store that may be slow or
// away; what it was based on is in the journal, and replays without the store.

import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { Registry } from "prom-client";
import {
  MICROS_PER_DAY,
  MICROS_PER_HOUR,
  MICROS_PER_MINUTE,
  MICROS_PER_SECOND,
  type Micros,
  type Scheduler,
  VirtualClock,
} from "../../actors/base/clock.ts";
import { embedState, WINDOW_EMBEDDING } from "../../actors/chain/embedding.ts";
import type { Advice } from "../../actors/domain/advice.ts";
import type { Signal } from "../../actors/domain/signal.ts";
import type { EngineConfig } from "../../actors/engine-config.ts";
import type { LiveEngine } from "../../actors/live-engine.ts";
import {
  type MarketVector,
  type NearestQuery,
  type Neighbour,
  type Vectors,
  VectorsUnavailable,
} from "../../actors/ports/vectors.ts";
import { AnalogDesk } from "../../edge/analogs/desk.ts";
import {
  AFTER_CLOSE_MICROS,
  FAILURES_MAX,
  PROBE_MICROS,
  SEARCHES_AT_ONCE,
} from "../../edge/analogs/limits.ts";
import { DEADLINE_GRACE_MICROS } from "../../edge/asked/limits.ts";
import { addAnalogMetrics } from "../../edge/analogs/metrics.ts";
import { openAnalogs } from "../../edge/analogs/open.ts";
import { ANALOG_DEFAULTS } from "../../edge/analogs/settings.ts";
import { dossierSchema } from "../../edge/explain/dossier.ts";
import { dossierPage } from "../../edge/explain/page.ts";
import { dossierLines } from "../../edge/explain/terminal.ts";
import { playTick } from "../../edge/play.ts";
import { type EdgeRig, startEdge } from "../../scripts/edge-rig.ts";
import { MemoryJournal } from "../../storage/memory/memory-journal.ts";
import { MemoryVectors } from "../../storage/memory/vectors.ts";
import {
  DEMO_CONFIG,
  INSTRUMENTS,
  makeRig,
  NO_DIFFERENCES,
  play,
  recordsOf,
  replay,
  type Rig,
  simulatedTicks,
  START_MICROS,
} from "../fixtures/engine-rig.ts";
import { journalRecords } from "../fixtures/journal-records.ts";
import { MemorySnapshots } from "../fixtures/memory-snapshots.ts";
import { playThrough } from "../fixtures/play-through.ts";

/** Each test plays two and a half hours of a market. */
setDefaultTimeout(30_000);

/** By then every symbol has the minutes that a state needs; ten seconds later it is on the grid. */
const WARM_MICROS = START_MICROS + 150 * MICROS_PER_MINUTE - 10 * MICROS_PER_SECOND;
const MARKET = simulatedTicks({ seed: 5, count: 17_000, ticksPerSecond: 1 });
const TICKS = MARKET.filter(({ sourceTimeMicros }) => sourceTimeMicros <= WARM_MICROS);
const LATER = MARKET.slice(TICKS.length);
const WEIGHTED: EngineConfig = {
  ...DEMO_CONFIG,
  analogs: { weight: 0.5, voteLifeMicros: 10 * MICROS_PER_MINUTE },
};
const SYMBOLS = INSTRUMENTS.length;
const EPISODES = 30;
const TIMEOUT_MICROS = ANALOG_DEFAULTS.timeoutSeconds * MICROS_PER_SECOND;

/** Answers, fails or keeps silent as it is told. */
class FragileVectors extends MemoryVectors {
  mood: "answers" | "away" | "silent" = "answers";
  onSearch: () => void = () => undefined;
  searches = 0;
  searching = 0;
  most = 0;

  override async nearest(query: NearestQuery): Promise<Neighbour[]> {
    this.searches++;
    this.onSearch();
    this.most = Math.max(this.most, ++this.searching);
    try {
      if (this.mood === "away") throw new VectorsUnavailable("nobody answers there");
      if (this.mood === "silent") await new Promise<void>(() => {});
      return await super.nearest(query);
    } finally {
      this.searching--;
    }
  }
}

/** A day each, of the same shape as every symbol's market has now, and what followed: the first symbol rose, the next fell, and so on. */
async function teach(vectors: Vectors, live: LiveEngine, nowMicros: Micros): Promise<void> {
  const states = live.engine.config.instruments.flatMap(({ id, symbol }): MarketVector[] => {
    const chain = live.engine.symbol(id)?.chain;
    const vector = chain === undefined ? undefined : embedState(chain.features);
    if (chain === undefined || vector === undefined) return [];
    return Array.from({ length: EPISODES }, (_, day) => ({
      embedding: WINDOW_EMBEDDING,
      symbol,
      timeMicros: nowMicros - (day + 1) * MICROS_PER_DAY,
      seq: 1,
      regime: chain.regime,
      mid: 1,
      vector,
      outcomes: [null, id % 2 === 0 ? 5 : -5, null],
      settled: true,
    }));
  });
  await vectors.upsert(states);
}

const desks: AnalogDesk[] = [];
afterEach(async () => {
  for (const desk of desks.splice(0)) await desk.stop();
});

async function setUp(
  setup: { journal?: MemoryJournal; snapshots?: MemorySnapshots; embedding?: "indicators" | "model" } = {},
) {
  const journal = setup.journal ?? new MemoryJournal({ keep: true });
  const { snapshots } = setup;
  const rig = makeRig({ journal, config: WEIGHTED, ...(snapshots === undefined ? {} : { snapshots }) });
  rig.live.begin(1, START_MICROS);
  play(rig, TICKS);
  rig.clock.advanceTo(WARM_MICROS);
  const vectors = new FragileVectors();
  await teach(vectors, rig.live, WARM_MICROS);
  const problems: string[] = [];
  const desk = new AnalogDesk({
    live: rig.live,
    clock: rig.clock,
    vectors,
    settings: { ...ANALOG_DEFAULTS, embedding: setup.embedding ?? ANALOG_DEFAULTS.embedding },
    onProblem: (message) => problems.push(message),
  });
  desks.push(desk);
  /** Asks about everything and waits for what becomes of it. */
  const askAll = async (): Promise<Advice[]> => {
    const fromSeq = rig.live.router.lastSeq;
    desk.askAll();
    await desk.idle();
    rig.live.settle();
    return advicesOf(journal).filter(({ seq }) => seq > fromSeq);
  };
  return { rig, journal, desk, vectors, problems, askAll };
}

function advicesOf(journal: MemoryJournal): Advice[] {
  return recordsOf(journal).filter((record): record is Advice => record.kind === "advice");
}

/** The market goes on for so long after {@link TICKS}. */
function playOn(rig: Rig, forMicros: number): void {
  const untilMicros = WARM_MICROS + forMicros;
  const fromMicros = rig.clock.nowMicros();
  play(
    rig,
    LATER.filter(
      ({ sourceTimeMicros: at }) => at <= untilMicros && (at > fromMicros || fromMicros === WARM_MICROS),
    ),
  );
  rig.clock.advanceTo(untilMicros);
}

describe("the desk", () => {
  test("asks about every open symbol once, after the minute, and journals the vote and what it is based on", async () => {
    const { rig, journal, desk, vectors, problems } = await setUp();
    desk.start();
    playOn(rig, 10 * MICROS_PER_SECOND + AFTER_CLOSE_MICROS - 1);
    expect(vectors.searches).toBe(0);
    rig.clock.advance(1);
    await desk.idle();
    rig.live.settle();
    const records = recordsOf(journal);
    const advices = records.filter((record) => record.kind === "advice");
    expect(advices.map(({ instrumentId }) => instrumentId).toSorted((a, b) => a - b)).toEqual(
      INSTRUMENTS.map(({ id }) => id),
    );
    for (const advice of advices) {
      const rises = advice.instrumentId % 2 === 0;
      expect(advice).toMatchObject({
        member: "analogs",
        status: "voted",
        horizonMicros: 15 * MICROS_PER_MINUTE,
        answers: [],
        analogs: {
          failure: "",
          neighbours: EPISODES,
          rose: rises ? EPISODES : 0,
          unmoved: 0,
          meanBasisPoints: rises ? 5 : -5,
          spreadBasisPoints: 0,
          nearestMicros: [1, 2, 3].map((day) => WARM_MICROS - day * MICROS_PER_DAY),
        },
      });
      expect(advice.probabilityUp).toBeCloseTo(rises ? 0.8 : 0.2, 12);
      const votes = records.find((one) => one.kind === "votes" && one.causeSeq === advice.seq);
      expect(votes).toMatchObject({
        votes: [{ member: "analogs", status: "voted", probabilityUp: advice.probabilityUp }],
      });
    }
    expect(desk.status).toMatchObject({ calls: SYMBOLS, opinions: SYMBOLS, advised: SYMBOLS, dropped: 0 });
    expect(vectors.most).toBeLessThanOrEqual(SEARCHES_AT_ONCE);
    expect(problems).toEqual([]);
  });

  test("keeps its records small", async () => {
    const { askAll } = await setUp();
    for (const advice of await askAll()) expect(JSON.stringify(advice).length).toBeLessThan(600);
  });

  test("abstains where the past knows too little of the like", async () => {
    const { vectors, askAll, desk, problems } = await setUp();
    await vectors.forget(0);
    for (const { status, probabilityUp, analogs } of await askAll()) {
      expect([status, probabilityUp]).toEqual(["abstained", Number.NaN]);
      expect(analogs).toMatchObject({ failure: "", neighbours: 0, nearestDistance: null });
    }
    expect(desk.status).toMatchObject({ opinions: 0, failures: { "too-few": SYMBOLS }, breaker: "closed" });
    expect(problems).toEqual([]);
  });

  test("abstains where no network saw the newest state, or that is too old, tells it once and leaves the store be", async () => {
    const { vectors, askAll, desk, problems } = await setUp({ embedding: "model" });
    for (let round = 0; round < FAILURES_MAX + 1; round++) {
      for (const { status, analogs } of await askAll()) {
        expect([status, analogs?.failure]).toEqual(["abstained", "no-embedding"]);
      }
    }
    expect(desk.status).toMatchObject({ opinions: 0, breaker: "closed" });
    expect(problems).toEqual([expect.stringContaining("too old")]);
    const newest = await vectors.latest(WINDOW_EMBEDDING, "EURUSD", WARM_MICROS);
    if (newest === undefined) throw new Error("there is no state");
    const now = { ...newest, timeMicros: WARM_MICROS - MICROS_PER_MINUTE };
    await vectors.upsert(INSTRUMENTS.map(({ symbol }) => ({ ...now, symbol })));
    await askAll();
    expect(problems).toHaveLength(1);
    const modelEmbedding = { model: "lstm 1 ab", vector: [1, 0] };
    await vectors.upsert(INSTRUMENTS.map(({ symbol }) => ({ ...now, symbol, modelEmbedding })));
    for (const { analogs } of await askAll()) {
      expect(analogs).toMatchObject({ failure: "", model: "lstm 1 ab", neighbours: 0 });
    }
    expect(problems.at(-1)).toBe("analogs are found again");
    expect(vectors.searches).toBe(SYMBOLS);
  });

  test("asks nothing about a market that is silent or not warm", async () => {
    const silent = await setUp();
    silent.rig.clock.advance(61 * MICROS_PER_SECOND);
    expect(await silent.askAll()).toEqual([]);
    expect(silent.vectors.searches).toBe(0);
  });

  test("never asks twice about one symbol at a time, and stops at once", async () => {
    const { journal, desk, vectors, rig } = await setUp();
    vectors.mood = "silent";
    desk.askAll();
    desk.askAll();
    await Bun.sleep(5);
    expect(vectors.searches).toBe(SEARCHES_AT_ONCE);
    await desk.stop();
    rig.live.settle();
    expect(advicesOf(journal)).toEqual([]);
  });
});

describe("a store that", () => {
  test("does not answer in time costs the vote; in the end it is left alone, and tried again", async () => {
    const { rig, journal, desk, vectors, problems, askAll } = await setUp();
    vectors.mood = "silent";
    const late = new Promise<void>((resolve) => {
      desk.askAll();
      void desk.idle().then(resolve);
    });
    for (let turn = 0; turn < SYMBOLS; turn++) {
      await Bun.sleep(1);
      rig.clock.advance(TIMEOUT_MICROS);
    }
    await late;
    rig.live.settle();
    const advices = advicesOf(journal);
    expect(advices[0]).toMatchObject({
      status: "late",
      probabilityUp: Number.NaN,
      analogs: { failure: "timeout" },
    });
    expect(advices.at(-1)).toMatchObject({ status: "breaker-open", analogs: { failure: "breaker-open" } });
    expect(desk.status.breaker).toBe("open");
    expect(vectors.searches).toBeLessThanOrEqual(FAILURES_MAX + SEARCHES_AT_ONCE);
    expect(problems).toEqual([expect.stringContaining("analogs.timeoutSeconds")]);
    vectors.mood = "answers";
    playOn(rig, 2 * PROBE_MICROS);
    await askAll();
    expect(desk.status.breaker).toBe("closed");
    expect(problems.at(-1)).toBe("analogs are found again");
  });

  test("answers, but to a process that was busy for too long, is not heard either", async () => {
    const { rig, journal, vectors } = await setUp();
    let stalledMicros = 0;
    // Its timers come after everything that waits, as after a stall.
    const clock: Scheduler = {
      nowMicros: () => rig.clock.nowMicros() + stalledMicros,
      after: () => () => undefined,
      soon: (task) => task(),
    };
    vectors.onSearch = () => {
      stalledMicros = TIMEOUT_MICROS + DEADLINE_GRACE_MICROS + 1;
    };
    const { live } = rig;
    const desk = new AnalogDesk({ live, clock, vectors, settings: ANALOG_DEFAULTS, onProblem: () => {} });
    desk.askAll();
    await desk.idle();
    live.settle();
    expect(advicesOf(journal)[0]).toMatchObject({ status: "late", analogs: { failure: "timeout" } });
    expect(desk.status.opinions).toBeLessThan(SYMBOLS);
  });

  test("is away is told once, and its vote is withdrawn", async () => {
    const { vectors, askAll, rig, problems, desk } = await setUp();
    await askAll();
    const { chain } = rig.engine.symbol(0) ?? {};
    const votes = (): string[] => chain?.votesAt(rig.clock.nowMicros()).map(({ member }) => member) ?? [];
    expect(votes()).toContain("analogs");
    vectors.mood = "away";
    expect((await askAll())[0]).toMatchObject({ status: "failed", analogs: { failure: "unreachable" } });
    expect(votes()).not.toContain("analogs");
    await askAll();
    expect(problems).toEqual([expect.stringContaining("nobody answers there")]);
    const registry = new Registry();
    addAnalogMetrics(registry, desk);
    const figures = await registry.metrics();
    expect(figures).toContain('tickforge_member_calls_total{member="analogs"} ');
    expect(figures).toContain('tickforge_member_failures_total{member="analogs",kind="unreachable"} ');
    expect(figures).toContain('tickforge_member_breaker_open{member="analogs"} 1');
    expect(figures).toContain(`tickforge_analogs_answers_total{outcome="advised"} ${3 * SYMBOLS}`);
  });
});

describe("a run with analogs", () => {
  const journal = new MemoryJournal({ keep: true });
  const snapshots = new MemorySnapshots();
  let first: Rig;
  beforeAll(async () => {
    const { rig, askAll, vectors } = await setUp({ journal, snapshots });
    first = rig;
    for (let from = 0; from < LATER.length; from += 400) {
      const portion = LATER.slice(from, from + 400);
      play(rig, portion);
      const nowMicros = portion.at(-1)?.sourceTimeMicros ?? 0;
      rig.clock.advanceTo(nowMicros);
      vectors.mood = (from / 400) % 5 === 4 ? "away" : "answers";
      await teach(vectors, rig.live, nowMicros);
      await askAll();
    }
  }, 30_000);

  test("decides by them, and replays without the store: recorded, recomputed, recovered", () => {
    const records = recordsOf(journal);
    const counted = records
      .filter((record): record is Signal => record.kind === "signal")
      .flatMap(({ components }) => components.filter(({ member }) => member === "analogs"));
    expect(counted.length).toBeGreaterThan(3);
    for (const { weight } of counted) expect(weight).toBeGreaterThan(0.3);
    expect(new Set(advicesOf(journal).map(({ status }) => status)).size).toBeGreaterThan(1);
    for (const mode of ["recorded", "recompute", "recover"] as const) {
      const outcome = replay(records, mode);
      expect(outcome.decisionHash).toBe(first.engine.decisionHash());
      expect(outcome.report.differences).toEqual(NO_DIFFERENCES);
    }
  }, 30_000);

  test("goes on after a restart where it was", () => {
    const second = makeRig({ journal, config: WEIGHTED, snapshots });
    expect(second.live.recover().report.differences).toEqual(NO_DIFFERENCES);
    expect(second.engine.decisionHash()).toBe(first.engine.decisionHash());
    const nowMicros = LATER.at(-1)?.sourceTimeMicros ?? 0;
    for (const { id } of INSTRUMENTS) {
      const votes = (rig: Rig) => rig.engine.symbol(id)?.chain.votesAt(nowMicros);
      expect(votes(second)).toEqual(votes(first));
    }
  }, 30_000);
});

/** Analogs as `start` opens them. */
async function openedWith(changes: object, isWallClock = true, vectors?: Vectors) {
  const { rig } = await setUp();
  const problems: string[] = [];
  const desk = openAnalogs({
    station: { live: rig.live, clock: rig.clock, vectors },
    settings: { ...ANALOG_DEFAULTS, enabled: true, ...changes },
    isWallClock,
    onProblem: (message) => problems.push(message),
  });
  if (desk !== undefined) desks.push(desk);
  return { rig, desk, problems };
}

describe("analogs that are configured", () => {
  test("vote from the next point of the clock on", async () => {
    const vectors = new FragileVectors();
    const { rig, desk, problems } = await openedWith({}, true, vectors);
    rig.clock.advanceTo(WARM_MICROS + 10 * MICROS_PER_SECOND + AFTER_CLOSE_MICROS);
    await desk?.idle();
    expect(vectors.searches).toBe(SYMBOLS);
    expect(problems).toEqual([]);
  });

  test("say why they do not vote, and are silent when nobody wants them", async () => {
    const away = await openedWith({});
    expect([away.desk, away.problems]).toEqual([
      undefined,
      [expect.stringContaining("no market states are kept")],
    ]);
    const old = await openedWith({}, false, new MemoryVectors());
    expect([old.desk, old.problems]).toEqual([undefined, [expect.stringContaining("of another time")]]);
    const off = await openedWith({ enabled: false });
    expect([off.desk, off.problems]).toEqual([undefined, []]);
  });
});

describe("analogs of a running system", () => {
  const later = simulatedTicks({ seed: 51, count: 20_000, ticksPerSecond: 0.75 });
  const ticks = later.splice(0, 16_500);
  const nowMicros = ticks.at(-1)?.sourceTimeMicros ?? 0;
  let edge: EdgeRig;

  beforeAll(async () => {
    edge = await startEdge({ clock: "source", keepsTimeSeries: true });
    await playThrough(edge, ticks, { store: "vectors", patienceMillis: 100_000 });
  }, 150_000);
  afterAll(async () => await edge.stop(), 30_000);

  test("are found in its own store, and what they voted by is in the dossier of what followed", async () => {
    const { live, journal, vectors } = edge.station;
    if (vectors === undefined) throw new Error("no market states are kept");
    const problems: string[] = [];
    const onProblem = (message: string): void => void problems.push(message);
    const clock = new VirtualClock(nowMicros);
    const desk = new AnalogDesk({ live, clock, vectors, settings: ANALOG_DEFAULTS, onProblem });
    desks.push(desk);
    const ask = async (): Promise<Advice[]> => {
      const fromSeq = live.router.lastSeq;
      desk.askAll();
      await desk.idle();
      live.settle();
      await journal.flush();
      return journalRecords(journal).filter(
        (record): record is Advice => record.kind === "advice" && record.seq > fromSeq,
      );
    };
    // A quarter of a day is too little past for a vote; what there is of it is looked at.
    const own = await ask();
    expect(own.length).toBeGreaterThan(0);
    expect(own.some(({ analogs }) => (analogs?.nearestMicros.length ?? 0) > 0)).toBe(true);
    for (const { status, analogs } of own) {
      expect(status).toBe("abstained");
      for (const micros of analogs?.nearestMicros ?? [])
        expect(micros).toBeLessThan(nowMicros - 2 * MICROS_PER_HOUR);
    }
    await teach(vectors, live, nowMicros);
    const voted = await ask();
    for (const { status, probabilityUp, instrumentId } of voted) {
      expect(status).toBe("voted");
      expect(probabilityUp > 0.5).toBe(instrumentId % 2 === 0);
    }
    expect(problems).toEqual([]);
    const fromSeq = live.router.lastSeq;
    for (const tick of later) await playTick(live, journal, tick, tick.sourceTimeMicros);
    await journal.flush();
    const signal = journalRecords(journal).find(
      (record) =>
        record.kind === "signal" &&
        record.tickSeq > fromSeq &&
        voted.some(({ instrumentId }) => instrumentId === record.instrumentId),
    );
    const { body } = await edge.ask(`/api/v1/explain/${signal?.seq}`);
    const dossier = dossierSchema.parse(body);
    expect(dossier.advice).toBeNull();
    expect(dossier.analogVote).toMatchObject({ status: "voted", horizonMinutes: 15, failure: "" });
    expect(dossier.analogVote?.neighbours).toBeGreaterThanOrEqual(EPISODES);
    const lines = dossierLines(dossier, false).join("\n");
    expect(lines).toContain("vote of similar market states");
    expect(lines).toContain("similar states");
    expect(dossierPage(dossier)).toContain("Vote of similar market states");
  }, 60_000);
});
