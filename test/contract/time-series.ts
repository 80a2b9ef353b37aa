// What every time series store must do, whoever runs it: the same suite for a server and for the embedded engine.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { BarSize } from "../../actors/domain/bar.ts";
import type {
  BarRow,
  SignalRow,
  TickRow,
  TimeSeries,
  TimeSeriesPlace,
} from "../../actors/ports/time-series.ts";

/** 2014-05-05 00:00 UTC, a Monday: longer ago than rows are kept for after they were stored. */
const MONDAY_MICROS = Date.UTC(2014, 4, 5) * 1_000;
const MINUTE = 60_000_000;

export function tickRow(index: number, changes: Partial<TickRow> = {}): TickRow {
  return {
    seq: index + 1,
    timeMicros: MONDAY_MICROS + index * 250_001,
    sourceTimeMicros: MONDAY_MICROS + index * 250_001 - 17,
    symbol: "EURUSD",
    source: "oanda",
    sourceSeq: index + 1,
    bid: 1.38712 + (index % 7) / 100_000,
    ask: 1.38725 + (index % 7) / 100_000,
    bidVolume: 1.5,
    askVolume: 0.25,
    flags: index % 8,
    ...changes,
  };
}

function barRow(minute: number, changes: Partial<BarRow> = {}): BarRow {
  return {
    seq: 7,
    symbol: "GBPUSD",
    source: "tickforge",
    interval: "1m",
    openTimeMicros: MONDAY_MICROS + minute * MINUTE,
    open: 1.7 + minute / 1_000,
    high: 1.8 + minute / 1_000,
    low: 1.6 + minute / 1_000,
    close: 1.7005 + minute / 1_000,
    volume: 10,
    ticks: 4,
    spreadMean: 0.0002,
    ...changes,
  };
}

const SIGNAL: SignalRow = {
  seq: 900,
  timeMicros: MONDAY_MICROS + 123_456,
  symbol: "XAUUSD",
  causeSeq: 899,
  tickSeq: 898,
  action: "SELL",
  probabilityUp: 0.31,
  confidence: 0.69,
  regime: "weak-downtrend",
  components: [{ member: "chaos", probabilityUp: 0.3, weight: 0.5, ageMicros: 12 }],
  reasons: ["trend:-0.5", "'quoted' \\ \"and\" \ttabbed, ünïcode \u{1f4c9}"],
  bid: 1_300.123,
  ask: 1_300.456,
  stopDistance: 1.5,
  targetDistance: 3,
  expiresAtMicros: MONDAY_MICROS + 9_000_001,
  tradable: true,
};

/** @param open a store that is empty and migrated */
export function describeTimeSeries(name: string, open: () => Promise<TimeSeries>): void {
  describe(`time series: ${name}`, () => {
    let store: TimeSeries;
    const ticks = Array.from({ length: 300 }, (_, index) => tickRow(index));
    beforeAll(async () => {
      store = await open();
      await store.migrate();
      expect(await store.maxSeq()).toBe(0);
      await store.insert("ticks", ticks, "ticks:1-300");
      await store.insert("signals", [SIGNAL], "signals:900");
    }, 60_000);
    afterAll(async () => await store.close());

    test("a row comes back as it went in, to the last bit", async () => {
      expect(await store.select("ticks", { order: "ascending", limit: 1_000 })).toEqual(ticks);
      expect(await store.select("signals", { order: "ascending", limit: 10 })).toEqual([SIGNAL]);
    });

    test("the same batch again adds nothing; another one does", async () => {
      await store.insert("ticks", ticks, "ticks:1-300");
      expect(await store.select("ticks", { order: "ascending", limit: 1_000 })).toHaveLength(300);
      const [more] = [tickRow(0, { symbol: "AUDUSD", seq: 500 })];
      await store.insert("ticks", [more], "ticks:500-500");
      expect(await store.select("ticks", { symbol: "AUDUSD", order: "ascending", limit: 10 })).toEqual([
        more,
      ]);
      await store.insert("ticks", [], "ticks:none");
    });

    test("it knows the highest sequence of all tables", async () => {
      expect(await store.maxSeq()).toBe(900);
    });

    for (const order of ["ascending", "descending"] as const) {
      test(`pages ${order} follow each other without a gap or a repetition`, async () => {
        const seen: number[] = [];
        let after: { timeMicros: number; seq: number } | undefined;
        for (;;) {
          const page = await store.select("ticks", {
            symbol: "EURUSD",
            order,
            limit: 77,
            ...(after === undefined ? {} : { after }),
          });
          seen.push(...page.map(({ seq }) => seq));
          after = page.at(-1);
          if (page.length < 77) break;
        }
        const expected = ticks.map(({ seq }) => seq);
        expect(seen).toEqual(order === "ascending" ? expected : expected.reverse());
      });
    }

    test("a range begins with its start and ends before its end", async () => {
      const [from, to] = [ticks[10], ticks[20]] as [TickRow, TickRow];
      const range = { fromMicros: from.timeMicros, toMicros: to.timeMicros };
      const found = await store.select("ticks", {
        symbol: "EURUSD",
        ...range,
        order: "ascending",
        limit: 100,
      });
      expect(found.map(({ seq }) => seq)).toEqual(ticks.slice(10, 20).map(({ seq }) => seq));
    });

    for (const symbol of [
      "' OR 1=1 --",
      "EURUSD'; DROP TABLE ticks; --",
      "\\",
      "{symbol:String}",
      "\t\n\0",
    ]) {
      test(`a symbol called ${JSON.stringify(symbol)} is a symbol that is not there`, async () => {
        expect(await store.select("ticks", { symbol, order: "ascending", limit: 10 })).toEqual([]);
        expect(await store.bars({ symbol, interval: "1m", limit: 10 })).toEqual([]);
      });
    }
    barsTests(() => store);
    pagingTests(() => store);
  });
}

/** What several rows of one record, and filters, do to pages. */
function pagingTests(store: () => TimeSeries): void {
  const symbol = "PAGED";

  test("rows of one record are not torn apart by a page's end", async () => {
    const votes = Array.from({ length: 30 }, (_, i) => ({
      seq: 701 + Math.floor(i / 5),
      timeMicros: MONDAY_MICROS + Math.floor(i / 5),
      symbol,
      causeSeq: 700,
      member: `member-${i % 5}`,
      status: "voted",
      probabilityUp: i / 30,
    }));
    await store().insert("predictions", votes, "predictions:701-706");
    const seen: string[] = [];
    let after: TimeSeriesPlace | undefined;
    for (;;) {
      const page = await store().select("predictions", {
        symbol,
        order: "descending",
        limit: 7,
        ...(after === undefined ? {} : { after }),
      });
      seen.push(...page.map(({ seq, member }) => `${seq} ${member}`));
      after = page.at(-1);
      if (page.length < 7) break;
    }
    expect(seen.sort()).toEqual(votes.map(({ seq, member }) => `${seq} ${member}`).sort());
  });

  test("signals are filtered before they are counted", async () => {
    const signals = Array.from({ length: 40 }, (_, i) => ({
      ...SIGNAL,
      symbol,
      seq: 720 + i,
      timeMicros: MONDAY_MICROS + i,
      confidence: i % 4 === 0 ? 0.9 : 0.6,
    }));
    await store().insert("signals", signals, "signals:720-759");
    const select = async (more: object) =>
      (await store().select("signals", { symbol, order: "descending", limit: 3, ...more })).map(
        ({ seq }) => seq,
      );
    expect(await select({ confidenceMin: 0.7 })).toEqual([756, 752, 748]);
    expect(await select({ confidenceMin: 0.7, beforeSeq: 748 })).toEqual([744, 740, 736]);
  });

  test("imported ticks are known by time and place, however often and in whatever pieces they come", async () => {
    const imported = Array.from({ length: 20 }, (_, i) =>
      tickRow(i, { seq: 0, symbol: "PIECES", source: "vendor", sourceSeq: 1 }),
    );
    for (const [from, to] of [
      [5, 12],
      [0, 20],
      [8, 20],
    ] as const) {
      await store().insert("ticks", imported.slice(from, to), `import:${from}-${to}`);
    }
    const rows = await store().select("ticks", { symbol: "PIECES", order: "ascending", limit: 100 });
    expect(rows).toEqual(imported);
    expect((await store().holdings()).find((holding) => holding.symbol === "PIECES")?.rows).toBe(20);
  });

  test("what records from one on have left is forgotten and told again; imported history stays", async () => {
    const row = (index: number): TickRow => tickRow(index, { symbol: "FORGET", seq: 5_000 + index });
    const rows = Array.from({ length: 10 }, (_, i) => row(i));
    const imported = tickRow(99, { symbol: "FORGET", seq: 0, source: "vendor" });
    const signals = rows.map(({ seq }) => ({ ...SIGNAL, symbol: "FORGET", seq }));
    await store().insert("ticks", [...rows, imported], "ticks:5000-5009");
    await store().insert("signals", signals, "signals:5000-5009");
    await store().forget(5_004);
    const held = async (table: "ticks" | "signals"): Promise<number[]> =>
      (await store().select(table, { symbol: "FORGET", order: "ascending", limit: 50 })).map(
        ({ seq }) => seq,
      );
    expect(await held("signals")).toEqual([5_000, 5_001, 5_002, 5_003]);
    expect(new Set(await held("ticks"))).toEqual(new Set([0, 5_000, 5_001, 5_002, 5_003]));
    expect(await store().maxSeq()).toBe(5_003);
    await store().insert("signals", signals.slice(4), "signals:5004-5009/1");
    expect(await held("signals")).toEqual(rows.map(({ seq }) => seq));
    await store().forget(5_000);
  });

  test("a larger bar is given whole or not at all, wherever the range is cut", async () => {
    const range = { fromMicros: MONDAY_MICROS + MINUTE, toMicros: MONDAY_MICROS + 16 * MINUTE };
    const bars = await store().bars({
      symbol: "GBPUSD",
      interval: "15m",
      limit: 10,
      source: "tickforge",
      ...range,
    });
    expect(bars.map(({ openTimeMicros, ticks }) => [openTimeMicros, ticks])).toEqual([
      [MONDAY_MICROS + 15 * MINUTE, 60],
    ]);
  });
}

function barsTests(store: () => TimeSeries): void {
  const own = Array.from({ length: 30 }, (_, minute) => barRow(minute));
  const vendor = Array.from({ length: 40 }, (_, minute) =>
    barRow(minute, { seq: 0, source: "histdata", close: 9 }),
  );
  const ask = async (interval: BarSize, limit: number, changes: object = {}): Promise<BarRow[]> =>
    await store().bars({ symbol: "GBPUSD", interval, limit, ...changes });

  test("bars told again, changed, replace what was there", async () => {
    await store().insert("bars", [barRow(3, { close: 1 })], "bars:first");
    await store().insert("bars", own, "bars:own");
    await store().insert("bars", vendor, "bars:vendor");
    expect(await ask("1m", 30, { source: "tickforge" })).toEqual(own);
  });

  test("the newest ones are given, oldest first; imported ones where there are none of our own", async () => {
    const bars = await ask("1m", 15);
    expect(bars.map(({ source }) => source)).toEqual([
      ...Array.from({ length: 5 }, () => "tickforge"),
      ...Array.from({ length: 10 }, () => "histdata"),
    ]);
    expect(bars.map(({ openTimeMicros }) => openTimeMicros)).toEqual(
      vendor.slice(25).map(({ openTimeMicros }) => openTimeMicros),
    );
    expect((await ask("1m", 2, { source: "histdata" })).map(({ close }) => close)).toEqual([9, 9]);
  });

  test("larger ones are put together from minutes", async () => {
    const range = { toMicros: MONDAY_MICROS + 30 * MINUTE };
    const [first, second] = await ask("15m", 10, range);
    expect(first).toMatchObject(putTogether(own.slice(0, 15)));
    expect(second).toMatchObject(putTogether(own.slice(15)));
    expect(await ask("1d", 5)).toHaveLength(1);
  });

  test("seconds are put together from ticks, without those that were quarantined", async () => {
    const second = Array.from({ length: 4 }, (_, i) =>
      tickRow(0, {
        symbol: "USDJPY",
        seq: 600 + i,
        sourceSeq: i + 1,
        timeMicros: MONDAY_MICROS + i * 1_000,
        bid: 100 + i,
        ask: 102 + i,
        flags: 0,
      }),
    );
    await store().insert("ticks", second, "ticks:600-603");
    const quality = {
      seq: 604,
      timeMicros: MONDAY_MICROS,
      symbol: "USDJPY",
      source: "oanda",
      causeSeq: 603,
      code: "spike",
      ticks: 1,
    };
    await store().insert("quality", [quality], "quality:604");
    const [bar] = await store().bars({ symbol: "USDJPY", interval: "1s", limit: 5 });
    expect(bar).toMatchObject({ open: 101, high: 103, low: 101, close: 103, ticks: 3, spreadMean: 2 });
  });

  test("bars of any size are put together", async () => {
    const range = { toMicros: MONDAY_MICROS + 28 * MINUTE, source: "tickforge" };
    const sevens = await ask("7m", 10, range);
    expect(sevens.map(({ openTimeMicros }) => openTimeMicros % (7 * MINUTE))).toEqual(sevens.map(() => 0));
    const inner = own.filter(({ openTimeMicros }) => openTimeMicros >= (sevens[1]?.openTimeMicros ?? 0));
    expect(sevens[1]).toMatchObject({ ...putTogether(inner.slice(0, 7)), ticks: 28, volume: 70 });
    const halves = await store().bars({ symbol: "USDJPY", interval: "30s", limit: 5 });
    expect(halves).toMatchObject([{ interval: "30s", ticks: 3 }]);
  });

  test("it says what it holds", async () => {
    const holdings = await store().holdings();
    const found = holdings.find(({ table, symbol }) => table === "ticks" && symbol === "EURUSD");
    expect(found).toEqual({
      table: "ticks",
      symbol: "EURUSD",
      source: "oanda",
      rows: 300,
      firstMicros: MONDAY_MICROS,
      lastMicros: MONDAY_MICROS + 299 * 250_001,
    });
    expect(holdings.find(({ table, source }) => table === "bars" && source === "tickforge")?.rows).toBe(30);
  });

  test("half a surrogate pair in a text is replaced, and refused is nothing", async () => {
    const broken = { ...SIGNAL, seq: 901, symbol: "BROKEN", reasons: ["a\ud800b"] };
    broken.components = [{ member: "\udc00", probabilityUp: 0.5, weight: 1, ageMicros: 0 }];
    await store().insert("signals", [broken], "signals:901");
    const rows = await store().select("signals", { symbol: "BROKEN", order: "ascending", limit: 5 });
    expect(rows.map(({ reasons }) => reasons)).toEqual([["a\ufffdb"]]);
  });
}

/** What a larger bar of quarter hours has to be. */
function putTogether(minutes: readonly BarRow[]): object {
  return {
    open: minutes[0]?.open,
    close: minutes.at(-1)?.close,
    high: Math.max(...minutes.map(({ high }) => high)),
    low: Math.min(...minutes.map(({ low }) => low)),
    ticks: 60,
    volume: 150,
    openTimeMicros: minutes[0]?.openTimeMicros,
  };
}
