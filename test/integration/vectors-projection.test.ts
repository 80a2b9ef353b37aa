// Market states are the journal told as vectors: those the live actors stood at, with what really followed, whatever the store
// and the process went through. And the API finds among them what was most like now, without a look at the future.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { MICROS_PER_MINUTE } from "../../actors/base/clock.ts";
import { SeededRandom } from "../../actors/base/random.ts";
import { embedState } from "../../actors/chain/embedding.ts";
import { BAR_INTERVALS } from "../../actors/domain/bar.ts";
import { pointsPerUnit } from "../../actors/domain/instrument.ts";
import type { JournalRecord } from "../../actors/domain/records.ts";
import {
  type MarketVector,
  OUTCOME_HORIZONS_MICROS,
  OUTCOME_TOLERANCE_MICROS,
  SETTLED_AFTER_MICROS,
  VectorsUnavailable,
} from "../../actors/ports/vectors.ts";
import { analogsSchema } from "../../edge/explain/analogs.ts";
import { dossierSchema } from "../../edge/explain/dossier.ts";
import { dossierPage } from "../../edge/explain/page.ts";
import { dossierLines } from "../../edge/explain/terminal.ts";
import { playTick } from "../../edge/play.ts";
import { type EdgeRig, startEdge } from "../../scripts/edge-rig.ts";
import { MemoryJournal } from "../../storage/memory/memory-journal.ts";
import { MemoryVectors } from "../../storage/memory/vectors.ts";
import type { JournalTail } from "../../storage/projections/journal-tail.ts";
import type { Projection } from "../../storage/projections/projection.ts";
import { VectorsSink } from "../../storage/projections/vectors/sink.ts";
import { INSTRUMENTS, makeRig, play, simulatedTicks } from "../fixtures/engine-rig.ts";
import { MemorySnapshots } from "../fixtures/memory-snapshots.ts";
import { projectTail, untilLevel } from "../fixtures/projected.ts";

const SEED = 51;
const CRASHES = 20;
const MINUTE = BAR_INTERVALS.indexOf("1m");

/** A closed minute as the live actors saw it, with their market state where one is due. */
interface Minute {
  readonly symbol: string;
  readonly closeMicros: number;
  readonly open: number;
  readonly close: number;
  readonly vector: readonly number[] | undefined;
}

const disk = { journal: new MemoryJournal({ keep: true }), snapshots: new MemorySnapshots() };
const minutes: Minute[] = [];
const rig = makeRig({
  ...disk,
  onBar: (bar, interval) => {
    const instrument = INSTRUMENTS[bar.instrumentId];
    if (interval !== MINUTE || instrument === undefined) return;
    const closeMicros = bar.openTimeMicros + MICROS_PER_MINUTE;
    const scale = pointsPerUnit(instrument);
    const features = rig.engine.symbol(bar.instrumentId)?.chain.features;
    const isDue = closeMicros % (5 * MICROS_PER_MINUTE) === 0;
    minutes.push({
      symbol: instrument.symbol,
      closeMicros,
      open: bar.open / scale,
      close: bar.close / scale,
      vector: isDue && features !== undefined ? embedState(features) : undefined,
    });
  },
});
const ticks = simulatedTicks({ seed: SEED, count: 40_000, ticksPerSecond: 0.75 });
rig.live.begin(1, ticks[0]?.sourceTimeMicros ?? 0);
play(rig, ticks);

type Told = Pick<MarketVector, "symbol" | "timeMicros" | "mid" | "vector" | "outcomes" | "settled">;

/** By the definition: of every state, the first price at or after each horizon, if it came soon enough. */
function expected(): Told[] {
  return minutes
    .flatMap(({ symbol, closeMicros, close, vector }) => {
      if (vector === undefined) return [];
      const later = minutes.filter((minute) => minute.symbol === symbol && minute.closeMicros > closeMicros);
      const outcomes = OUTCOME_HORIZONS_MICROS.map((horizon) => {
        const due = closeMicros + horizon;
        const first = later.find((minute) => minute.closeMicros >= due);
        if (first === undefined || first.closeMicros > due + OUTCOME_TOLERANCE_MICROS) return null;
        return 10_000 * Math.log((first.closeMicros === due ? first.close : first.open) / close);
      });
      const settled = OUTCOME_HORIZONS_MICROS.every(
        (horizon, index) =>
          outcomes[index] !== null ||
          later.some((minute) => minute.closeMicros > closeMicros + horizon + OUTCOME_TOLERANCE_MICROS),
      );
      return [{ symbol, timeMicros: closeMicros, mid: close, vector, outcomes, settled }];
    })
    .sort(bySymbolAndTime);
}

function bySymbolAndTime(a: Told, b: Told): number {
  return a.symbol === b.symbol ? a.timeMicros - b.timeMicros : a.symbol < b.symbol ? -1 : 1;
}

/** Fails when told to, before or after it stored. */
class FragileVectors extends MemoryVectors {
  failing: () => "before" | "after" | undefined = () => undefined;
  readonly told = new Map<string, MarketVector>();

  override async upsert(states: readonly MarketVector[]): Promise<void> {
    const failing = this.failing();
    if (failing === "before") throw new VectorsUnavailable("down");
    await super.upsert(states);
    for (const state of states) this.told.set(`${state.symbol} ${state.timeMicros}`, state);
    if (failing === "after") throw new VectorsUnavailable("the answer was lost");
  }

  override async commit(seq: number): Promise<void> {
    if (this.failing() === "before") throw new VectorsUnavailable("down");
    await super.commit(seq);
  }

  states(): Told[] {
    return [...this.told.values()]
      .map(({ symbol, timeMicros, mid, vector, outcomes, settled }) => ({
        symbol,
        timeMicros,
        mid,
        vector,
        outcomes,
        settled,
      }))
      .sort(bySymbolAndTime);
  }
}

function project(vectors: FragileVectors, durableSeq?: () => number): Projection<JournalRecord, JournalTail> {
  return projectTail(disk, new VectorsSink(() => vectors), durableSeq);
}

function expectSame(told: readonly Told[], wanted: readonly Told[]): void {
  expect(told.map(({ symbol, timeMicros }) => [symbol, timeMicros])).toEqual(
    wanted.map(({ symbol, timeMicros }) => [symbol, timeMicros]),
  );
  for (const [index, state] of told.entries()) {
    const want = wanted[index] as Told;
    expect([state.vector, state.mid, state.settled]).toEqual([want.vector, want.mid, want.settled]);
    for (const [horizon, outcome] of want.outcomes.entries()) {
      const known = state.outcomes[horizon] ?? null;
      if (outcome === null || known === null) expect(known).toBe(outcome);
      else expect(known).toBeCloseTo(outcome, 8);
    }
  }
}

describe("the projection of market states", () => {
  const wanted = expected();

  test("has every state the live actors stood at, and what followed it", async () => {
    expect(wanted.length).toBeGreaterThan(200);
    expect(wanted.filter(({ settled }) => settled).length).toBeGreaterThan(100);
    const vectors = new FragileVectors();
    await untilLevel(project(vectors));
    expectSame(vectors.states(), wanted);
    for (const { vector } of wanted) expect(Math.hypot(...vector)).toBeCloseTo(1, 12);
  }, 60_000);

  test(`has the same after ${CRASHES} crashes and a store that fails now and then`, async () => {
    const random = new SeededRandom(SEED);
    const vectors = new FragileVectors();
    vectors.failing = () => (["before", "after", undefined, undefined] as const)[random.integer(4)];
    for (let life = 1; life <= CRASHES; life++) {
      const durableSeq = Math.floor((disk.journal.durableSeq * life) / CRASHES);
      const projection = project(vectors, () => durableSeq);
      // The process is gone after so many turns, wherever it is.
      for (let turn = random.integer(12); turn >= 0; turn--) await projection.advance();
    }
    vectors.failing = () => undefined;
    await untilLevel(project(vectors));
    expectSame(vectors.states(), wanted);
  }, 60_000);

  test("has the same when it was told anew, and when the store came back with less", async () => {
    const vectors = new FragileVectors();
    const projection = project(vectors);
    await untilLevel(projection);
    const middle = Math.floor(disk.journal.durableSeq / 2);
    await vectors.forget(middle);
    await vectors.commit(middle - 1);
    for (let turn = 0; turn < 200 && (await vectors.cursor()) < middle; turn++) await projection.advance();
    await untilLevel(projection);
    expectSame(vectors.states(), wanted);
    expect(await vectors.count()).toBe(wanted.length);
    expect(await projection.rebuild()).toBe(true);
    await untilLevel(projection);
    expect(await vectors.count()).toBe(wanted.length);
  }, 60_000);
});

describe("analogs of a running system", () => {
  let edge: EdgeRig;

  beforeAll(async () => {
    edge = await startEdge({ clock: "source", keepsTimeSeries: true });
    for (const tick of ticks) {
      await playTick(edge.station.live, edge.station.journal, tick, tick.sourceTimeMicros);
    }
    await edge.station.journal.flush();
    const { journal, projector } = edge.station;
    for (let attempt = 0; attempt < 2_000; attempt++) {
      if (projector?.statusOf("vectors").appliedSeq === journal.durableSeq) return;
      await Bun.sleep(50);
    }
    throw new Error(`market states never came level: ${JSON.stringify(projector?.statusOf("vectors"))}`);
  }, 150_000);
  afterAll(async () => await edge.stop(), 30_000);

  async function analogs(path: string) {
    const { status, body } = await edge.ask(`/api/v1/analogs/${path}`);
    expect([status, path]).toEqual([200, path]);
    return { ...analogsSchema.parse(body), state: (body as { state: { time: string } }).state };
  }

  test("are moments of the past, apart from each other, nearest first, with what followed", async () => {
    const { items, summary, state } = await analogs("EURUSD?limit=5");
    expect(items.length).toBeGreaterThan(0);
    const now = Date.parse(state.time);
    for (const { time, symbol } of items) {
      expect(symbol).toBe("EURUSD");
      expect(Date.parse(time) + SETTLED_AFTER_MICROS / 1_000).toBeLessThanOrEqual(now);
    }
    const likeness = items.map(({ similarity }) => similarity);
    expect(likeness).toEqual(likeness.toSorted((a, b) => b - a));
    const times = items.map(({ time }) => Date.parse(time)).sort((a, b) => a - b);
    for (const [index, time] of times.entries()) {
      expect((times[index + 1] ?? now) - time).toBeGreaterThanOrEqual(128 * 60_000);
    }
    expect(summary.map(({ horizonMinutes }) => horizonMinutes)).toEqual([5, 15, 60]);
    const known = items.map(({ outcomes }) => outcomes["5"] ?? null).filter((outcome) => outcome !== null);
    expect(summary[0]?.known).toBe(known.length);
    expect(summary[0]?.mean).toBeCloseTo(known.reduce((sum, value) => sum + value, 0) / known.length, 9);
    const all = await analogs("EURUSD?limit=50&among=all");
    expect(new Set(all.items.map(({ symbol }) => symbol)).size).toBeGreaterThan(1);
  });

  test("of a past moment know nothing of what came after it", async () => {
    const at = (minutes.at(-1)?.closeMicros ?? 0) / 1_000 - 3_600_000;
    const then = await analogs(`EURUSD?limit=50&among=all&at=${new Date(at).toISOString()}`);
    expect(Date.parse(then.state.time)).toBeLessThanOrEqual(at);
    expect(then.items.length).toBeGreaterThan(0);
    for (const { time } of then.items) {
      expect(Date.parse(time) + SETTLED_AFTER_MICROS / 1_000).toBeLessThanOrEqual(
        Date.parse(then.state.time),
      );
    }
  });

  test("are in a decision's dossier, on its page and at the terminal", async () => {
    const signals = (await edge.ask("/api/v1/signals?limit=1")).body as { items: { id: number }[] };
    const { body } = await edge.ask(`/api/v1/explain/${signals.items[0]?.id}`);
    const dossier = dossierSchema.parse(body);
    expect(dossier.state?.vector).toHaveLength(64);
    expect(dossier.analogs?.items.length).toBeGreaterThan(0);
    expect(dossier.analogs?.asOf).toBe(dossier.state?.time ?? "");
    expect(dossierPage(dossier)).toContain("Most alike in the past");
    expect(dossierLines(dossier, false).join("\n")).toContain("most alike in the past");
  }, 30_000);

  test("of what is not known say so", async () => {
    const unknown = await edge.ask("/api/v1/analogs/NOSUCH");
    expect([unknown.status, (unknown.body as { code: string }).code]).toEqual([404, "no-market-state"]);
    expect((await edge.ask("/api/v1/analogs/EURUSD?at=1990-01-01T00:00:00Z")).status).toBe(404);
    for (const query of ["limit=0", "limit=101", "among=none", "at=yesterday"]) {
      expect((await edge.ask(`/api/v1/analogs/EURUSD?${query}`)).status).toBe(400);
    }
    const without = await startEdge();
    expect((await without.ask("/api/v1/analogs/EURUSD")).status).toBe(503);
    await without.stop();
  }, 30_000);
});
