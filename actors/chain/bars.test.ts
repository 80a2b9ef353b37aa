// Bars against a naive implementation that groups quotes by interval, and the rules of closing: by time alone, in
// order, never twice.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { LoadArchive, SaveArchive } from "../base/archive.ts";
import {
  MICROS_PER_DAY,
  MICROS_PER_HOUR,
  MICROS_PER_MILLISECOND,
  MICROS_PER_MINUTE,
  MICROS_PER_SECOND,
  type Micros,
} from "../base/clock.ts";
import { BAR_INTERVAL_MICROS, BAR_INTERVALS, type Bar, type BarInterval } from "../domain/bar.ts";
import { emptyQuote, type Quote } from "../domain/quote.ts";
import { TICK_BACKFILL } from "../domain/tick.ts";
import { BACKFILL_WAIT_MICROS, BarSeries } from "./bars.ts";

/** 2014-05-09 20:58 UTC: minutes before a Friday's close. */
const FRIDAY_MICROS = Date.UTC(2014, 4, 9, 20, 58) * MICROS_PER_MILLISECOND;

function quoteAt(timeMicros: Micros, midPoints: number, change: Partial<Quote> = {}): Quote {
  return {
    ...emptyQuote(),
    timeMicros,
    sourceTimeMicros: timeMicros,
    midPoints,
    spreadPoints: 10,
    ...change,
  };
}

/** A bar as plain data, so that it outlives the call and compares by value. */
function plain(bar: Bar): Bar {
  const { instrumentId, interval, openTimeMicros, open, high, low, close, volume, ticks, spreadMean } = bar;
  return { instrumentId, interval, openTimeMicros, open, high, low, close, volume, ticks, spreadMean };
}

function recorded(): { series: BarSeries; closed: Bar[] } {
  const closed: Bar[] = [];
  const series = new BarSeries({
    instrumentId: 5,
    onClosed: (bar, intervalIndex) => {
      expect(BAR_INTERVALS[intervalIndex]).toBe(bar.interval);
      closed.push(plain(bar));
    },
  });
  return { series, closed };
}

/** What the bars of `quotes` are, by definition. */
function naiveBars(quotes: readonly Quote[], interval: BarInterval): Bar[] {
  const length = BAR_INTERVAL_MICROS[interval];
  const groups = Map.groupBy(quotes, (quote) => Math.floor(quote.timeMicros / length) * length);
  return [...groups].map(([openTimeMicros, group]) => {
    const mids = group.map((quote) => quote.midPoints);
    const volume = group.reduce((sum, quote) => sum + quote.volume, 0);
    return {
      instrumentId: 5,
      interval,
      openTimeMicros,
      open: mids[0]!,
      high: Math.max(...mids),
      low: Math.min(...mids),
      close: mids.at(-1)!,
      volume: volume > 0 ? volume : group.length,
      ticks: group.length,
      spreadMean: group.reduce((sum, quote) => sum + quote.spreadPoints, 0) / group.length,
    };
  });
}

/** Steps from half a millisecond to a weekend, so that every interval closes and most are skipped somewhere. */
const arbitraryQuotes = fc
  .array(
    fc.record({
      step: fc.oneof(
        fc.integer({ min: 0, max: 2_000_000 }),
        fc.integer({ min: 0, max: 20 }).map((minutes) => minutes * MICROS_PER_MINUTE),
        fc.integer({ min: 0, max: 60 }).map((hours) => hours * MICROS_PER_HOUR),
      ),
      mid: fc.integer({ min: 277_000, max: 278_000 }).map((halves) => halves / 2),
      spread: fc.integer({ min: 0, max: 40 }),
      volume: fc.constantFrom(0, 0, 1, 2.5),
    }),
    { minLength: 1, maxLength: 150 },
  )
  .map((steps) => {
    let timeMicros = FRIDAY_MICROS;
    return steps.map(({ step, mid, spread, volume }) => {
      timeMicros += step;
      return quoteAt(timeMicros, mid, { spreadPoints: spread, volume });
    });
  });

function afterAll(quotes: readonly Quote[]): Micros {
  return quotes.at(-1)!.timeMicros + 2 * MICROS_PER_DAY;
}

describe("bars of random quotes", () => {
  test("equal those of the naive implementation", () => {
    fc.assert(
      fc.property(arbitraryQuotes, (quotes) => {
        const { series, closed } = recorded();
        for (const quote of quotes) series.onQuote(quote);
        series.advance(afterAll(quotes));
        for (const interval of BAR_INTERVALS) {
          expect(closed.filter((bar) => bar.interval === interval)).toEqual(naiveBars(quotes, interval));
        }
        expect(series.nextDueMicros).toBe(Infinity);
        expect(series.lateForBars).toBe(0);
      }),
    );
  });

  test("are at any moment right while they form", () => {
    fc.assert(
      fc.property(arbitraryQuotes, (quotes) => {
        const { series } = recorded();
        quotes.forEach((quote, index) => {
          series.onQuote(quote);
          for (const interval of BAR_INTERVALS) {
            expect(plain(series.forming(interval))).toEqual(
              naiveBars(quotes.slice(0, index + 1), interval).at(-1)!,
            );
          }
          expect(series.minute).toBe(series.forming("1m"));
        });
      }),
      { numRuns: 20 },
    );
  });

  test("are the same whether quotes or beats close them, and close in order of their ends", () => {
    fc.assert(
      fc.property(arbitraryQuotes, (quotes) => {
        const byQuote = recorded();
        const byBeat = recorded();
        for (const quote of quotes) {
          byQuote.series.onQuote(quote);
          while (byBeat.series.nextDueMicros <= quote.timeMicros) {
            byBeat.series.advance(byBeat.series.nextDueMicros - 1);
            byBeat.series.advance(byBeat.series.nextDueMicros);
          }
          byBeat.series.onQuote(quote);
        }
        byQuote.series.advance(afterAll(quotes));
        byBeat.series.advance(afterAll(quotes));
        expect(byBeat.closed).toEqual(byQuote.closed);
        const ends = byQuote.closed.map((bar) => bar.openTimeMicros + BAR_INTERVAL_MICROS[bar.interval]);
        expect(ends).toEqual(ends.toSorted((a, b) => a - b));
      }),
    );
  });

  test("go on after a restore as if nothing had happened", () => {
    fc.assert(
      fc.property(arbitraryQuotes, fc.nat(), (quotes, random) => {
        const cut = random % (quotes.length + 1);
        const whole = recorded();
        const first = recorded();
        const second = recorded();
        for (const quote of quotes) whole.series.onQuote(quote);
        for (const quote of quotes.slice(0, cut)) first.series.onQuote(quote);
        const save = new SaveArchive();
        first.series.persist(save);
        const load = new LoadArchive(save.finish());
        second.series.persist(load);
        load.finish();
        for (const quote of quotes.slice(cut)) second.series.onQuote(quote);
        expect([...first.closed, ...second.closed]).toEqual(whole.closed);
        expect(second.series.nextDueMicros).toBe(whole.series.nextDueMicros);
      }),
    );
  });
});

describe("closing", () => {
  test("happens at the very end of an interval, not a microsecond earlier", () => {
    const { series, closed } = recorded();
    series.onQuote(quoteAt(FRIDAY_MICROS, 100));
    expect(series.nextDueMicros).toBe(FRIDAY_MICROS + MICROS_PER_SECOND);
    series.advance(FRIDAY_MICROS + MICROS_PER_SECOND - 1);
    expect(closed).toEqual([]);
    series.advance(FRIDAY_MICROS + MICROS_PER_SECOND);
    expect(closed.map((bar) => bar.interval)).toEqual(["1s"]);
  });

  test("over a weekend leaves no empty bars", () => {
    const { series, closed } = recorded();
    series.onQuote(quoteAt(FRIDAY_MICROS, 100));
    series.onQuote(quoteAt(FRIDAY_MICROS + 48 * MICROS_PER_HOUR + 2 * MICROS_PER_MINUTE, 110));
    expect(closed.map((bar) => bar.interval)).toEqual([...BAR_INTERVALS]);
    expect(new Set(closed.map((bar) => bar.close))).toEqual(new Set([100]));
    expect(series.forming("1d").open).toBe(110);
  });

  test("hands out a bar that is no longer forming", () => {
    const seen: number[] = [];
    const series: BarSeries = new BarSeries({
      instrumentId: 5,
      onClosed: (bar) => {
        if (bar.interval === "1m") seen.push(bar.ticks, series.minute.ticks);
      },
    });
    series.onQuote(quoteAt(FRIDAY_MICROS, 100));
    series.advance(FRIDAY_MICROS + MICROS_PER_MINUTE);
    expect(seen).toEqual([1, 0]);
    expect(series.minute.close).toBeNaN();
    expect(series.minute.spreadMean).toBeNaN();
  });
});

describe("backfill", () => {
  const nowMicros = FRIDAY_MICROS + 10 * MICROS_PER_MINUTE;
  const backfilled = (sourceTimeMicros: Micros, midPoints: number): Quote =>
    quoteAt(nowMicros, midPoints, { sourceTimeMicros, flags: TICK_BACKFILL });

  test("fills the minutes that had no quote, though beats have passed them", () => {
    const { series, closed } = recorded();
    series.onQuote(quoteAt(FRIDAY_MICROS, 100));
    series.advance(nowMicros);
    closed.length = 0;
    for (const minute of [2, 3, 4]) {
      series.onQuote(backfilled(FRIDAY_MICROS + minute * MICROS_PER_MINUTE, 100 + minute));
      series.onQuote(backfilled(FRIDAY_MICROS + minute * MICROS_PER_MINUTE + 30_000_000, 200 + minute));
      series.advance(nowMicros + minute * 100_000);
    }
    series.onQuote(quoteAt(nowMicros + MICROS_PER_SECOND, 300));
    const minutes = closed.filter((bar) => bar.interval === "1m");
    expect(minutes.map((bar) => (bar.openTimeMicros - FRIDAY_MICROS) / MICROS_PER_MINUTE)).toEqual([2, 3, 4]);
    expect(minutes.map((bar) => [bar.open, bar.close])).toEqual([
      [102, 202],
      [103, 203],
      [104, 204],
    ]);
    expect(series.lateForBars).toBe(0);
  });

  test("that ends in silence closes its bars after the wait", () => {
    const { series, closed } = recorded();
    series.onQuote(backfilled(FRIDAY_MICROS, 100));
    expect(series.nextDueMicros).toBe(nowMicros + BACKFILL_WAIT_MICROS);
    series.advance(nowMicros + BACKFILL_WAIT_MICROS - 1);
    expect(closed).toEqual([]);
    series.advance(nowMicros + BACKFILL_WAIT_MICROS);
    expect(closed.map((bar) => bar.interval)).toEqual(["1s", "1m", "5m", "15m", "1h"]);
  });

  test("never reopens a closed bar: it is counted and still moves the longer ones", () => {
    const { series, closed } = recorded();
    series.onQuote(quoteAt(nowMicros, 100));
    series.onQuote(quoteAt(nowMicros + MICROS_PER_MINUTE, 101));
    const before = closed.length;
    series.onQuote(backfilled(nowMicros + MICROS_PER_SECOND / 2, 150));
    expect(closed.length).toBe(before);
    expect(series.lateForBars).toBe(1);
    expect(series.minute.high).toBe(101);
    expect(series.forming("1h").high).toBe(150);
  });

  test("dated ahead of its arrival counts at its arrival", () => {
    const { series } = recorded();
    series.onQuote(backfilled(nowMicros + MICROS_PER_HOUR, 100));
    expect(series.minute.openTimeMicros).toBe(nowMicros);
  });
});
