// Real vendor files: Dukascopy's ticks make HistData's bars, every bad row of a dirty file is named, and nothing of one is
// imported unless that was asked for.

import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync, copyFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BarRow, TickRow, TimeSeriesTable, TimeSeriesTables } from "../../actors/ports/time-series.ts";
import { examine, rejectPathOf, storeFile } from "../../edge/feeds/import/importer.ts";
import type { Bar, Line, Tick } from "../../edge/feeds/import/lines.ts";
import { findFiles, type ImportOptions, type ImportPlan, planImport } from "../../edge/feeds/import/plan.ts";

const MARKET_DATA = process.env["TICKFORGE_MARKET_DATA"] ?? join(import.meta.dir, "../../../shared/data");
const available = existsSync(join(MARKET_DATA, "fixtures"));
if (!available) test.skip(`real vendor files: ${MARKET_DATA} is not there`, () => {});

const folder = mkdtempSync(join(tmpdir(), "tickforge-import-"));
afterAll(() => rmSync(folder, { recursive: true }));

function plan(path: string, options: ImportOptions = {}): ImportPlan {
  const planned = planImport(path, options);
  if (!planned.ok) throw new Error(planned.message);
  return planned.value;
}

function write(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** Keeps rows, and knows a batch again by its name. */
class Store {
  readonly ticks: TickRow[] = [];
  readonly bars: BarRow[] = [];
  readonly #tokens = new Set<string>();

  async insert<T extends TimeSeriesTable>(
    table: T,
    rows: readonly TimeSeriesTables[T][],
    token: string,
  ): Promise<void> {
    await Promise.resolve();
    if (this.#tokens.has(token)) return;
    this.#tokens.add(token);
    if (table === "ticks") this.ticks.push(...(rows as unknown as TickRow[]));
    if (table === "bars") this.bars.push(...(rows as unknown as BarRow[]));
  }
}

async function store(into: Store, path: string, options: ImportOptions & { skipBad?: boolean } = {}) {
  const planned = plan(path, options);
  return await storeFile(planned, examine(planned), {
    store: into as never,
    skipBad: options.skipBad === true,
  });
}

describe.skipIf(!available)("vendor files", () => {
  test("a day of Dukascopy's ticks gives HistData's bars of that day, minute by minute", () => {
    const day = Date.UTC(2019, 1, 4) * 1_000;
    const files = findFiles([join(MARKET_DATA, "fixtures/dukascopy/EURUSD/2019/01/04")]);
    if (!files.ok) throw new Error(files.message);
    const closes = new Map<number, number>();
    for (const path of files.value.filter((name) => name.endsWith("_ticks.bi5"))) {
      for (const line of plan(path).lines()) {
        if (line.kind === "tick") closes.set(Math.floor(line.timeMicros / 60_000_000) * 60_000_000, line.bid);
      }
    }
    const bars = [...plan(join(MARKET_DATA, "m1/EURUSD_2019H1.zip")).lines()].filter(
      (line): line is Bar =>
        line.kind === "bar" && line.timeMicros >= day && line.timeMicros < day + 86_400_000_000,
    );
    expect(bars.length).toBeGreaterThan(1_400);
    const differing = bars.filter(
      ({ timeMicros, close }) => Math.abs((closes.get(timeMicros) ?? 0) - close) > 1e-9,
    );
    expect(differing.length).toBe(0);
  });

  test("Dukascopy's own candles are the bars of its ticks", () => {
    const path = join(MARKET_DATA, "fixtures/dukascopy/EURUSD/2019/01/04/BID_candles_min_1.bi5");
    const candles = [...plan(path).lines()];
    expect(candles.every(({ kind }) => kind === "bar")).toBe(true);
    const noon = candles.find(
      (line) => line.kind === "bar" && line.timeMicros === Date.UTC(2019, 1, 4, 12) * 1_000,
    ) as Bar;
    const ticks = [...plan(path.replace("BID_candles_min_1", "12h_ticks")).lines()].filter(
      (line): line is Tick => line.kind === "tick" && line.timeMicros < noon.timeMicros + 60_000_000,
    );
    const bids = ticks.map(({ bid }) => bid);
    expect([noon.open, noon.high, noon.low, noon.close]).toEqual([
      bids[0] ?? 0,
      Math.max(...bids),
      Math.min(...bids),
      bids.at(-1) ?? 0,
    ]);
  });

  test("each bad row of the dirty file is named, by its line, and nothing of it is stored", async () => {
    const dirty = join(folder, "eurusd-m1-dirty.csv");
    copyFileSync(join(MARKET_DATA, "fixtures/dirty/eurusd-m1-dirty.csv"), dirty);
    const rows = readFileSync(dirty, "utf8").split("\n");
    const impossible = rows
      .map((row, index) => ({ line: index + 1, cells: row.split("\t").slice(1, 5).map(Number) }))
      .filter(
        ({ line, cells }) =>
          line > 1 && cells.length === 4 && cells.some((price) => !(price > 0.5 && price < 2)),
      )
      .map(({ line }) => line);
    const examined = examine(plan(dirty));
    expect(impossible.length).toBeGreaterThan(300);
    expect(examined.examples.map(({ line }) => line)).toEqual(impossible);
    const into = new Store();
    const refused = await store(into, dirty);
    expect(refused).toMatchObject({ ok: false, code: "bad-lines" });
    expect([into.bars.length, existsSync(rejectPathOf(dirty))]).toEqual([0, false]);
    const taken = await store(into, dirty, { skipBad: true });
    expect(taken).toMatchObject({ ok: true, value: { bars: 9_999 - impossible.length } });
    const rejected = readFileSync(rejectPathOf(dirty), "utf8").trim().split("\n");
    expect(rejected).toHaveLength(impossible.length + 1);
    expect(rejected[1]).toContain(rows[(impossible[0] ?? 0) - 1]?.split("\t").join(" ") ?? "?");
  });

  test("MT5's exports: a side that did not change is carried on, spreads are points, the clock is the server's", () => {
    const ticks = [
      ...plan(join(MARKET_DATA, "fixtures/mt5/ticks-export-7rows.csv"), { symbol: "EURGBP" }).lines(),
    ];
    expect(ticks).toHaveLength(7);
    expect(ticks[0]).toMatchObject({
      kind: "tick",
      bid: 0.86682,
      ask: 0.86712,
      timeMicros: Date.UTC(2022, 10, 10, 13, 0, 0, 17) * 1_000,
    });
    const [first] = plan(join(MARKET_DATA, "fixtures/mt5/eurusd-m1-python-dump.csv")).lines();
    expect(first).toMatchObject({
      kind: "bar",
      ticks: 20,
      timeMicros: Date.UTC(2021, 10, 14, 23, 39) * 1_000,
    });
    expect((first as Bar).spread).toBeCloseTo(0.00008, 10);
  });

  test("the same file again adds nothing; ticks bring their minute bars along", async () => {
    const into = new Store();
    const path = join(MARKET_DATA, "fixtures/dukascopy/EURUSD/2019/01/04/12h_ticks.bi5");
    await store(into, path);
    const before = [into.ticks.length, into.bars.length];
    expect(before[1]).toBe(60);
    await store(into, path);
    expect([into.ticks.length, into.bars.length]).toEqual(before);
  });
});

function barLine(minute: string, close: string): string {
  return `2024-03-08 12:${minute},1.1,1.2,1.0,${close}`;
}

describe("generic files", () => {
  test("columns are found by their names, times in any usual writing", () => {
    const texts = [
      "Date,Time,Open,High,Low,Close,Volume\n2024-03-08,12:00:00,1.1,1.12,1.09,1.11,7\n",
      "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\r\n2024.03.08\t12:00:00\t1.1\t1.12\t1.09\t1.11\t7\t0\t3\r\n",
      "timestamp;open;high;low;close\n1709899200;1.1;1.12;1.09;1.11\n",
      "\uFEFFtime,open,high,low,close\n2024-03-08T12:00:00Z,1.1,1.12,1.09,1.11\n",
    ];
    for (const [index, text] of texts.entries()) {
      const [bar] = plan(write(`EURUSD-${index}.csv`, text), { timezone: "utc" }).lines();
      expect([index, bar]).toEqual([
        index,
        expect.objectContaining({
          kind: "bar",
          timeMicros: Date.UTC(2024, 2, 8, 12) * 1_000,
          open: 1.1,
          high: 1.12,
          low: 1.09,
          close: 1.11,
        }),
      ]);
    }
  });

  test("or by a map", () => {
    const path = write("any.csv", "x|1.2|1.1|2024-03-08 12:00:00.250\n");
    const [tick] = plan(path, { symbol: "EURUSD", columns: "time=3,ask=1,bid=2", separator: "|" }).lines();
    expect(tick).toMatchObject({
      kind: "tick",
      bid: 1.1,
      ask: 1.2,
      timeMicros: Date.UTC(2024, 2, 8, 12, 0, 0, 250) * 1_000,
    });
  });

  const bad: readonly [string, string, string][] = [
    ["no number", "2024-03-08 12:00,abc,1.2,1.0,1.1", "not-a-number"],
    ["not a number", "2024-03-08 12:00,NaN,1.2,1.0,1.1", "not-a-number"],
    ["a day that is none", "2024-02-30 12:00,1.1,1.2,1.0,1.1", "not-a-time"],
    ["no time", ",1.1,1.2,1.0,1.1", "columns"],
    ["a high below its low", "2024-03-08 12:00,1.1,1.0,1.2,1.1", "high-below-low"],
    ["a close above its high", "2024-03-08 12:00,1.1,1.15,1.0,1.18", "outside-range"],
    ["a price of nothing", "2024-03-08 12:00,0,1.2,0,1.1", "not-positive"],
    ["a slipped point", "2024-03-08 12:00,1.1,1.2,1.0,1100", "price-jump"],
    ["half a minute", "2024-03-08 12:00:30,1.1,1.2,1.0,1.1", "off-the-minute"],
  ];
  for (const [what, line, code] of bad) {
    test(`a line with ${what} is bad: ${code}`, () => {
      const text = `time,open,high,low,close\n2024-03-08 11:58,1.1,1.2,1.0,1.1\n2024-03-08 11:59,1.1,1.2,1.0,1.1\n${line}\n`;
      const lines = [...plan(write("EURUSD-bad.csv", text)).lines()];
      expect(lines.at(-1)).toMatchObject({ kind: "bad", line: 4, code, text: line });
    });
  }

  test("a bar told twice the same is repeated, told otherwise a duplicate, told late out of order", () => {
    const text = [
      "time,open,high,low,close",
      barLine("00", "1.1"),
      barLine("01", "1.1"),
      barLine("01", "1.1"),
      barLine("01", "1.12"),
      barLine("03", "1.1"),
      barLine("02", "1.1"),
    ].join("\n");
    const codes = [...plan(write("EURUSD-twice.csv", text)).lines()].map((line: Line) =>
      line.kind === "bad" ? line.code : "",
    );
    expect(codes).toEqual(["", "", "repeated", "duplicate", "", "out-of-order"]);
  });

  test("a market that moved for good is believed after a while", () => {
    const rows = Array.from({ length: 60 }, (_, minute) => {
      const price = minute < 30 ? 1.2 : 0.9;
      return `2015-01-15 09:${String(minute).padStart(2, "0")},${price},${price},${price},${price}`;
    });
    const lines = [...plan(write("EURCHF.csv", ["time,open,high,low,close", ...rows].join("\n"))).lines()];
    expect(lines.filter(({ kind }) => kind === "bad").length).toBeLessThan(25);
    expect(lines.at(-1)?.kind).toBe("bar");
  });

  const refused: readonly [string, string, ImportOptions, string][] = [
    ["an unknown layout", "a,b,c\n1,2,3\n", {}, "unknown-layout"],
    ["nothing in it", "", {}, "empty-file"],
    ["a zone nobody lives in", "time,bid,ask\n", { timezone: "Mars/Olympus" }, "unknown-time-zone"],
    ["columns nobody knows", "1,2\n", { columns: "wen=0" }, "bad-columns"],
    ["a symbol nobody trades", "time,bid,ask\n", { symbol: "DOGE" }, "unknown-symbol"],
  ];
  for (const [what, text, options, code] of refused) {
    test(`a file with ${what} is refused: ${code}`, () => {
      expect(planImport(write("EURUSD-no.csv", text), options)).toMatchObject({ ok: false, code });
    });
  }

  test("a formula in a bad line cannot run in a spreadsheet", async () => {
    const path = write(
      "EURUSD-formula.csv",
      "time,open,high,low,close\n=HYPERLINK(1),1,1,1,1\n2024-03-08 12:00,1.1,1.2,1.0,1.1\n",
    );
    await store(new Store(), path, { skipBad: true });
    const [, row = ""] = readFileSync(rejectPathOf(path), "utf8").split("\n");
    expect(row.split("\t").every((cell) => !/^[=+\-@]/.test(cell))).toBe(true);
  });
});

test("files that are damaged are refused by name, and bytes at random crash nothing", () => {
  const names = ["EURUSD/2019/01/04/00h_ticks.bi5", "EURUSD.zip", "EURUSD.csv"];
  let state = 12_345;
  const random = (): number => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648);
  for (let round = 0; round < 60; round++) {
    const name = names[round % names.length] ?? "";
    const path = join(folder, "fuzz", String(round), name);
    const bytes = Uint8Array.from({ length: random() % 400 }, () => random() >> 8);
    Bun.spawnSync(["mkdir", "-p", join(path, "..")]);
    writeFileSync(path, bytes);
    const planned = planImport(path, {});
    if (planned.ok) for (const line of planned.value.lines()) expect(line.kind).toBeString();
    else expect(planned.message).toContain(path);
  }
});
