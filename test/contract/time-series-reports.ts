// What every store that reports must say: answers equal to those of a plain loop over the same rows.

import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { SeededRandom } from "../../actors/base/random.ts";
import type { SignalRow, TickRow, TimeSeries } from "../../actors/ports/time-series.ts";
import type { SignalOutcome, TimeSeriesReports } from "../../actors/ports/time-series-reports.ts";

const SEED = 77;
const START_MICROS = Date.UTC(2015, 2, 3, 9) * 1_000;
const MINUTE = 60_000_000;
const HORIZONS = [MINUTE, 15 * MINUTE, 60 * MINUTE];
const FLAG_SECONDARY = 4;

export interface ReportingStore {
  readonly store: TimeSeries;
  readonly reports: TimeSeriesReports;
}

interface Quote extends TickRow {
  readonly isBad: boolean;
}

/** Two hours of two symbols: one with a pause of twenty minutes, and with quotes that are bad or of a second source. */
function quotes(): Quote[] {
  const random = new SeededRandom(SEED);
  return Array.from({ length: 4_000 }, (_, i) => {
    const symbol = i % 2 === 0 ? "EURUSD" : "USDJPY";
    const jumpMicros = symbol === "USDJPY" && i > 2_000 ? 20 * MINUTE : 0;
    const timeMicros = START_MICROS + i * 1_800_000 + jumpMicros + random.integer(1_000);
    const bid = (symbol === "EURUSD" ? 1.1 : 110) * (1 + (random.next() - 0.5) / 100);
    return {
      seq: i + 1,
      timeMicros,
      sourceTimeMicros: timeMicros - 1_000 - random.integer(50_000),
      symbol,
      source: "oanda",
      sourceSeq: i + 1,
      bid,
      ask: bid * 1.0001,
      bidVolume: 1,
      askVolume: 1,
      flags: i % 31 === 0 ? FLAG_SECONDARY : 0,
      isBad: i % 37 === 0,
    };
  });
}

function signalAt(seq: number, { symbol, bid, ask }: TickRow, timeMicros: number): SignalRow {
  return {
    seq,
    timeMicros,
    symbol,
    causeSeq: seq,
    tickSeq: seq,
    action: seq % 2 === 0 ? "BUY" : "SELL",
    probabilityUp: 0.6,
    confidence: 0.7,
    regime: "quiet-range",
    components: [],
    reasons: ["=1+1", "plain"],
    bid,
    ask,
    stopDistance: 1,
    targetDistance: 1,
    expiresAtMicros: timeMicros + MINUTE,
    tradable: true,
  };
}

/** The last good quote of a while later, unless that is not known yet or older than five minutes. */
function naiveOutcome(signal: SignalRow, all: readonly Quote[], horizonMicros: number): number | null {
  const good = all.filter(({ symbol, isBad, flags }) => symbol === signal.symbol && !isBad && flags === 0);
  const at = signal.timeMicros + horizonMicros;
  const last = good.at(-1)?.timeMicros ?? 0;
  const quote = good.findLast(({ timeMicros }) => timeMicros <= at);
  if (quote === undefined || at > last || quote.timeMicros <= signal.timeMicros) return null;
  if (at - quote.timeMicros > 5 * MINUTE) return null;
  return signal.action === "BUY" ? quote.bid : quote.ask;
}

function sortedShare(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
}

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

/** @param open a store that is empty and migrated */
export function describeTimeSeriesReports(name: string, open: () => Promise<ReportingStore>): void {
  describe(`reports: ${name}`, () => {
    let store: TimeSeries;
    let reports: TimeSeriesReports;
    const all = quotes();
    const signals = Array.from({ length: 60 }, (_, i) => {
      const quote = all[50 + i * 63] as Quote;
      return signalAt(10_000 + i, quote, quote.timeMicros + 7);
    });
    const range = { fromMicros: START_MICROS, toMicros: START_MICROS + 400 * MINUTE };

    beforeAll(async () => {
      ({ store, reports } = await open());
      await store.migrate();
      await store.insert("ticks", all, "reports:ticks");
      await store.insert("signals", signals, "reports:signals");
      const bad = all.filter(({ isBad }) => isBad);
      const quality = bad.map(({ seq, timeMicros, symbol, source }) => ({
        seq: 20_000 + seq,
        timeMicros,
        symbol,
        source,
        causeSeq: seq,
        code: seq % 2 === 0 ? "spike" : "crossed",
        ticks: 1,
      }));
      const gap = {
        ...quality[0],
        seq: 30_000,
        causeSeq: 30_000,
        code: "gap",
        ticks: 12,
      } as (typeof quality)[0];
      await store.insert("quality", [...quality, gap], "reports:quality");
      const latency = [1, 2, 3].map((minute) => ({
        timeMicros: START_MICROS + minute * MINUTE,
        stage: "decision",
        count: 100 * minute,
        p50Micros: 5 * minute,
        p99Micros: minute === 2 ? 900 : 30 * minute,
        maxMicros: minute === 1 ? 4_000 : 1_000,
      }));
      await store.insert("latency", latency, "reports:latency");
    }, 60_000);
    afterAll(async () => await store.close());

    test("a signal's outcome is the last good quote of a while later, on the side it is closed at", async () => {
      const outcomes = await reports.outcomes({ ...range, horizonsMicros: HORIZONS, limit: 100 });
      const expected = signals.toReversed().flatMap((signal) =>
        HORIZONS.map((horizonMicros) => {
          const exitPrice = naiveOutcome(signal, all, horizonMicros);
          return [signal.seq, horizonMicros, exitPrice];
        }),
      );
      expect(outcomes.map(({ seq, horizonMicros, exitPrice }) => [seq, horizonMicros, exitPrice])).toEqual(
        expected,
      );
      expect(expected.filter(([, , price]) => price === null).length).toBeGreaterThan(5);
      expect(expected.filter(([, , price]) => price !== null).length).toBeGreaterThan(100);
      const known = outcomes.find(({ returnAfterSpread }) => returnAfterSpread !== null) as SignalOutcome;
      const towards = known.action === "BUY" ? 1 : -1;
      expect(known.returnAfterSpread).toBeCloseTo(
        (towards * ((known.exitPrice ?? 0) - known.entryPrice)) / known.entryPrice,
        12,
      );
    });

    test("outcomes of one symbol and of the newest signals only, where that is asked", async () => {
      const outcomes = await reports.outcomes({
        ...range,
        symbol: "USDJPY",
        horizonsMicros: [MINUTE],
        limit: 3,
      });
      const newest = signals.filter(({ symbol }) => symbol === "USDJPY").slice(-3);
      expect(outcomes.map(({ seq }) => seq)).toEqual(newest.toReversed().map(({ seq }) => seq));
    });

    test("stages: the newest figures, and the worst of the range", async () => {
      expect(await reports.stageLatency(range)).toEqual([
        { stage: "decision", count: 300, p50Micros: 15, p99Micros: 90, worstMicros: 4_000 },
      ]);
    });

    test("feeds: how long ticks were under way, within a hundredth", async () => {
      const [first] = await reports.feedLatency({ ...range, symbol: "EURUSD" });
      const delays = all
        .filter(({ symbol }) => symbol === "EURUSD")
        .map(({ timeMicros, sourceTimeMicros }) => timeMicros - sourceTimeMicros);
      expect(first).toMatchObject({ symbol: "EURUSD", source: "oanda", ticks: delays.length });
      for (const [value, share] of [
        [first?.p50Micros, 0.5],
        [first?.p99Micros, 0.99],
      ] as const) {
        expect(Math.abs((value ?? 0) - sortedShare(delays, share))).toBeLessThan(600);
      }
    });

    test("quality: what was quarantined for what, what is missing, the longest silence", async () => {
      const found = await reports.quality({ ...range, symbol: "USDJPY" });
      const own = all.filter(({ symbol }) => symbol === "USDJPY");
      const times = own.map(({ timeMicros }) => timeMicros);
      const silences = times.map((time, i) => (i === 0 ? 0 : time - (times[i - 1] ?? 0)));
      const bad = own.filter(({ isBad }) => isBad);
      expect(found).toEqual([
        {
          symbol: "USDJPY",
          source: "oanda",
          ticks: own.length,
          firstMicros: times[0] as number,
          lastMicros: times.at(-1) as number,
          quarantined: { spike: bad.length },
          missing: 0,
          longestSilenceMicros: Math.max(...silences),
        },
      ]);
      const [eurusd] = await reports.quality({ ...range, symbol: "EURUSD" });
      expect(eurusd?.missing).toBe(12);
    });

    test("an export holds every row of its range once, in any format", async () => {
      const asked = {
        table: "ticks",
        symbol: "EURUSD",
        fromMicros: all[1_000]?.timeMicros as number,
      } as const;
      const expected = all.filter(
        ({ symbol, timeMicros }) => symbol === "EURUSD" && timeMicros >= asked.fromMicros,
      );
      const lines = (await textOf(await reports.export({ ...asked, format: "jsonl" })))
        .toString()
        .trim()
        .split("\n");
      expect(lines.map((line) => (JSON.parse(line) as { bid: number }).bid)).toEqual(
        expected.map(({ bid }) => bid),
      );
      const csv = (await textOf(await reports.export({ ...asked, format: "csv" })))
        .toString()
        .trim()
        .split("\n");
      expect(csv[0]).toContain('"source_time"');
      expect(csv).toHaveLength(expected.length + 1);
      // A question with a bound of rows must not bound what is asked after it.
      await store.holdings();
      const parquet = await textOf(await reports.export({ ...asked, format: "parquet" }));
      expect([parquet.subarray(0, 4).toString(), parquet.subarray(-4).toString()]).toEqual(["PAR1", "PAR1"]);
    });

    test("a text that a spreadsheet would run is no formula in CSV, and numbers stay numbers", async () => {
      const fill = {
        seq: 1,
        timeMicros: START_MICROS,
        accountId: "paper",
        intentId: '=HYPERLINK("http://x")',
        symbol: "EURUSD",
        event: "filled",
        dealId: "-1",
        positionId: "@SUM(A1)",
        side: "BUY",
        lots: 0.1,
        price: 1.1,
        commission: -3.5,
        reason: "+cmd|' /C calc'!A0",
      };
      await store.insert("fills", [fill], "reports:fills");
      const csv = (await textOf(await reports.export({ table: "fills", format: "csv" }))).toString();
      const row = csv.trim().split("\n")[1] ?? "";
      for (const text of [`"'=HYPERLINK(""http://x"")"`, `"'-1"`, `"'@SUM(A1)"`, `"'+cmd|' /C calc'!A0"`]) {
        expect(row).toContain(text);
      }
      expect(row).toContain(",-3.5,");
    });

    test("an export as JSON lines comes back in as it went out", async () => {
      const [month] = await reports.months("signals");
      expect(await reports.months("signals")).toHaveLength(1);
      expect(month?.fromMicros).toBe(Date.UTC(2015, 2) * 1_000);
      const bytes = await textOf(await reports.export({ table: "signals", format: "jsonl", ...month }));
      const before = await store.select("signals", { order: "ascending", limit: 1_000 });
      await store.forget(1);
      expect(await reports.months("signals")).toEqual([]);
      await reports.restore("signals", Readable.from([bytes]));
      expect(await store.select("signals", { order: "ascending", limit: 1_000 })).toEqual(before);
    });
  });
}
