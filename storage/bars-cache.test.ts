// Bars that are read over and over: complete pages are remembered, here and for other processes, moving ones hardly, and what
// is not known to be complete is never taken for it.

import { describe, expect, test } from "bun:test";
import { VirtualClock } from "../actors/base/clock.ts";
import { type BarRow, type BarsQuery, TimeSeriesUnavailable } from "../actors/ports/time-series.ts";
import { failureOf } from "../test/fixtures/eventually.ts";
import { BarsCache } from "./bars-cache.ts";
import { pageOf, writePage } from "./bars-page.ts";
import { Guard } from "./guarded/guard.ts";
import { MemoryCacheStore } from "./memory/cache-store.ts";
import { MemoryPubSub } from "./memory/pub-sub.ts";
import { StoredTime } from "./stored-time.ts";

const MINUTE = 60_000_000;
const SECOND = 1_000_000;
const START = 1_700_000_040_000_000;

/** A time series of EURUSD minutes from START up to `endMicros`. */
class Minutes {
  endMicros = START + 100 * MINUTE;
  questions = 0;
  away = false;

  readonly bars = async ({ symbol, toMicros = this.endMicros, limit }: BarsQuery): Promise<BarRow[]> => {
    this.questions++;
    await Promise.resolve();
    if (this.away) throw new TimeSeriesUnavailable("away");
    const rows: BarRow[] = [];
    const last = Math.min(toMicros, this.endMicros);
    if (symbol !== "EURUSD") return [];
    for (let at = last - limit * MINUTE; at < last; at += MINUTE) {
      if (at >= START) rows.push(rowAt(at));
    }
    return rows;
  };
}

function rowAt(openTimeMicros: number): BarRow {
  const prices = { open: 1.1, high: 1.2, low: 1, close: 1.1 + 0.2, volume: 0.1, ticks: 3, spreadMean: 1e-5 };
  return { seq: 7, symbol: "EURUSD", source: "tickforge", interval: "1m", openTimeMicros, ...prices };
}

function rig({ shared = true } = {}) {
  const clock = new VirtualClock(START);
  const series = new Minutes();
  const hot = {
    cache: new MemoryCacheStore(clock),
    pubSub: new MemoryPubSub(),
    guard: new Guard(clock),
    shared,
  };
  const stored = { micros: START + 90 * MINUTE };
  const cache = (): BarsCache =>
    new BarsCache({ bars: series.bars, hot, clock, storedMicros: () => stored.micros });
  return { clock, series, hot, stored, cache, bars: cache() };
}

const past: BarsQuery = { symbol: "EURUSD", interval: "1m", toMicros: START + 50 * MINUTE, limit: 20 };
const now: BarsQuery = { symbol: "EURUSD", interval: "1m", limit: 20 };

describe("bars", () => {
  test("of the past are asked for once, and are what the time series says", async () => {
    const { series, bars } = rig();
    const direct = await series.bars(past);
    for (let i = 0; i < 5; i++) expect(await bars.read(past)).toEqual(direct);
    expect(series.questions).toBe(2);
    expect(bars.counts).toMatchObject({ memoryHits: 4, storeHits: 0, loads: 1 });
  });

  test("are there for another process, as they were, and then without the time series", async () => {
    const { series, bars, cache } = rig();
    const page = await bars.read(past);
    series.away = true;
    const other = cache();
    expect(await other.read(past)).toEqual(page);
    expect(other.counts).toMatchObject({ memoryHits: 0, storeHits: 1, loads: 0 });
    expect(await failureOf(other.read({ ...past, limit: 19 }))).toBeInstanceOf(TimeSeriesUnavailable);
  });

  test("without a shared store memory is all there is, and nothing is counted as shared", async () => {
    const { series, bars, cache, clock, hot } = rig({ shared: false });
    await bars.read(past);
    await bars.read(past);
    await cache().read(past);
    expect(series.questions).toBe(2);
    expect(bars.counts).toMatchObject({ memoryHits: 1, storeHits: 0, loads: 1, storeAway: 0 });
    clock.advance(60 * SECOND);
    await bars.read(past);
    expect(bars.counts).toMatchObject({ loads: 2 });
    expect(hot.guard.state).toBe("closed");
  });

  test("that may still change are looked at again after a second or two", async () => {
    const { series, bars, clock } = rig();
    expect((await bars.read(now)).at(-1)?.openTimeMicros).toBe(START + 99 * MINUTE);
    series.endMicros += MINUTE;
    await bars.read(now);
    expect(series.questions).toBe(1);
    clock.advance(2 * SECOND);
    expect((await bars.read(now)).at(-1)?.openTimeMicros).toBe(START + 100 * MINUTE);
  });

  test("of a range that is not known to be complete are not remembered for long", async () => {
    const { series, bars, clock, stored } = rig();
    stored.micros = past.toMicros! - 1;
    await bars.read(past);
    clock.advance(2 * SECOND);
    await bars.read(past);
    expect(series.questions).toBe(2);
    stored.micros = past.toMicros!;
    await bars.read(past);
    clock.advance(10 * SECOND);
    await bars.read(past);
    expect(series.questions).toBe(3);
  });

  test("asked for by times within the same bar are one page; every other difference is another", async () => {
    const { series, bars } = rig();
    await bars.read(past);
    await bars.read({ ...past, toMicros: past.toMicros! - 1 });
    expect(series.questions).toBe(1);
    const others: BarsQuery[] = [
      { ...past, toMicros: past.toMicros! + 1 },
      { ...past, fromMicros: START },
      { ...past, limit: 21 },
      { ...past, interval: "5m" },
      { ...past, source: "vendor" },
      { ...past, symbol: "GBPUSD" },
    ];
    for (const [index, other] of others.entries()) {
      await bars.read(other);
      expect(series.questions).toBe(2 + index);
    }
  });

  test("that are not there yet are found soon after they were imported; very long pages are not remembered", async () => {
    const { series, bars, clock } = rig();
    expect(await bars.read({ ...past, symbol: "USDJPY" })).toEqual([]);
    clock.advance(2 * SECOND);
    await bars.read({ ...past, symbol: "USDJPY" });
    expect(series.questions).toBe(2);
    for (let i = 0; i < 2; i++) await bars.read({ ...past, limit: 1_001 });
    expect(series.questions).toBe(4);
  });

  test("of another version in the store are not believed", async () => {
    const { series, hot, cache } = rig();
    const key = `bars:EURUSD|1m|||${past.toMicros}|20`;
    const page = pageOf([rowAt(START)]);
    const good = page === undefined ? "" : writePage(page);
    const bad = ["", "[", "{}", "{}\n", good.replace("10", "9"), good.replace("1m", "m"), good.slice(0, -8)];
    for (const text of bad) {
      await hot.cache.set(key, `+${text}`, 60_000);
      const bars = cache();
      expect(await bars.read(past)).toHaveLength(20);
      expect(bars.counts).toMatchObject({ storeHits: 0, loads: 1 });
    }
    expect(series.questions).toBe(bad.length);
    await hot.cache.set(key, `+${good}`, 60_000);
    expect(await cache().read(past)).toEqual([rowAt(START)]);
  });
});

test("the stored time is that of a record the store has passed, and goes when the store begins anew", () => {
  const journal = { lastSeq: 100, closedMicros: 1_000, storedSeq: 0 };
  const stored = new StoredTime({
    lastSeq: () => journal.lastSeq,
    closedMicros: () => journal.closedMicros,
    storedSeq: () => journal.storedSeq,
  });
  expect(stored.micros).toBe(Number.NEGATIVE_INFINITY);
  Object.assign(journal, { lastSeq: 200, closedMicros: 2_000, storedSeq: 99 });
  expect(stored.micros).toBe(Number.NEGATIVE_INFINITY);
  journal.storedSeq = 150;
  expect(stored.micros).toBe(1_000);
  journal.storedSeq = 200;
  expect(stored.micros).toBe(2_000);
  journal.storedSeq = 3;
  expect(stored.micros).toBe(Number.NEGATIVE_INFINITY);
  journal.storedSeq = 200;
  expect(stored.micros).toBe(2_000);
});
