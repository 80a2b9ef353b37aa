// Folders of Lean zips become one stream of ticks; whatever is wrong with them is said before or at the bad file, with its
// name, and no tick of a bad file is handed out.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { MICROS_PER_HOUR } from "../../actors/base/clock.ts";
import { TICK_SECONDARY } from "../../actors/domain/tick.ts";
import { KNOWN_INSTRUMENTS } from "./instruments.ts";
import { openLeanTicks, type LeanTicks } from "./lean.ts";
import { sourceIdOf, sourceNameOf, type TickSource } from "./source.ts";
import { makeZip, type ZipOptions } from "./zip.fixture.ts";

const MAY_2 = Date.UTC(2014, 4, 2) * 1_000;
const DAY = 24 * MICROS_PER_HOUR;

let root = "";
let folders = 0;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "tickforge-lean-"));
});

afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

/** A new folder with the given files. */
function folder(files: Readonly<Record<string, Uint8Array | string>>): string {
  const path = join(root, String(folders++));
  mkdirSync(path);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  return path;
}

function day(date: string, symbol: string, rows: string, options: ZipOptions = {}): Uint8Array {
  return makeZip([{ name: `${date}_${symbol}_tick_quote.csv`, content: rows }], options);
}

function opened(...paths: string[]): LeanTicks {
  const lean = openLeanTicks(paths);
  if (!lean.ok) throw new Error(lean.message);
  return lean.value;
}

function drain(ticks: TickSource): string[] {
  const seen: string[] = [];
  for (let tick = ticks.next(); tick !== undefined; tick = ticks.next()) {
    const second = (tick.flags & TICK_SECONDARY) === 0 ? "" : " second";
    const name = `${sourceNameOf(tick.sourceId)} ${tick.instrumentId}#${tick.sourceSeq}`;
    seen.push(`${name} ${(tick.sourceTimeMicros - MAY_2) / 1_000} ${tick.bid}/${tick.ask}${second}`);
  }
  return seen;
}

const TWO_DAYS = {
  "oanda-xauusd/20140503_quote.zip": day("20140503", "xauusd", "1,3.1,3.2", { zip64: true }),
  "oanda-xauusd/20140502_quote.zip": day("20140502", "xauusd", "5,3,3.1\r\n5,3,3.2\r\n9,3,3.3"),
  "oanda-eurusd/20140502_quote.zip": day("20140502", "eurusd", "5,1,1.1\n18000007,1,1.2"),
  "fxcm-eurusd/20140502_quote.zip": day("20140502", "eurusd", "7,1.3,1.4"),
  "oanda-eurusd/20140502_trade.zip": "another kind of file",
  "README.md": "words",
};

const TWO_DAYS_TICKS = [
  "oanda 0#1 5 1/1.1",
  "oanda 1#1 5 3/3.1",
  "oanda 1#2 5 3/3.2",
  "oanda 1#3 9 3/3.3",
  // FXCM's midnight is 05:00 UTC; at one time the first source of a symbol precedes the second.
  "oanda 0#2 18000007 1/1.2",
  "fxcm 0#1 18000007 1.3/1.4 second",
  `oanda 1#4 ${DAY / 1_000 + 1} 3.1/3.2`,
];

test("folders are merged by source time and numbered by source and symbol", () => {
  const { instruments, ticks } = opened(folder(TWO_DAYS));
  expect(instruments.map(({ id, symbol }) => [id, symbol])).toEqual([
    [0, "EURUSD"],
    [1, "XAUUSD"],
  ]);
  expect(drain(ticks)).toEqual(TWO_DAYS_TICKS);
  expect(ticks.failure).toBeUndefined();
  expect(ticks.describe()).toBe(
    "oanda EURUSD, 1 day; oanda XAUUSD, 2 days; fxcm EURUSD (second source), 1 day",
  );
});

test("the order of paths changes nothing, and a file named twice is read once", () => {
  const path = folder(TWO_DAYS);
  symlinkSync(join(path, "oanda-xauusd"), join(root, "oanda-xauusd"));
  const file = join(path, "oanda-eurusd/20140502_quote.zip");
  const paths = [join(path, "oanda-xauusd"), join(path, "fxcm-eurusd"), file, path];
  expect(drain(opened(...paths).ticks)).toEqual(TWO_DAYS_TICKS);
});

test("without a better source the second one is the first", () => {
  const path = folder({ "fxcm-eurusd/20140502_quote.zip": day("20140502", "eurusd", "7,1.3,1.4") });
  expect(drain(opened(path).ticks)).toEqual(["fxcm 0#1 18000007 1.3/1.4"]);
});

test("progress ends at all bytes and all ticks", () => {
  const { ticks } = opened(folder(TWO_DAYS));
  const before = ticks.progress();
  expect([before.ticks, before.bytes]).toEqual([0, 0]);
  drain(ticks);
  const after = ticks.progress();
  expect(after).toMatchObject({ ticks: 7, ticksEstimate: 7, bytes: before.bytesTotal });
});

describe("refused before anything is played", () => {
  const good = day("20140502", "eurusd", "1,1,2");
  const cases: readonly [string, Readonly<Record<string, Uint8Array | string>>, string][] = [
    ["no tick files", { "notes.txt": "" }, "no-tick-files"],
    ["an unknown source", { "dukascopy-eurusd/20140502_quote.zip": good }, "unknown-source"],
    ["a generated source", { "none-eurusd/20140502_quote.zip": good }, "unknown-source"],
    ["no source", { "eurusd/20140502_quote.zip": good }, "unknown-source"],
    ["an impossible date", { "oanda-eurusd/20140231_quote.zip": good }, "not-a-tick-file"],
    ["another day's content", { "oanda-eurusd/20140503_quote.zip": good }, "wrong-entry"],
    ["another symbol's content", { "oanda-gbpusd/20140502_quote.zip": good }, "wrong-entry"],
    [
      "an unknown symbol",
      { "oanda-abcdef/20140502_quote.zip": day("20140502", "abcdef", "1,1,2") },
      "unknown-instrument",
    ],
    [
      "a day twice",
      { "a/oanda-eurusd/20140502_quote.zip": good, "b/oanda-eurusd/20140502_quote.zip": good },
      "duplicate-day",
    ],
    ["no zip", { "oanda-eurusd/20140502_quote.zip": "words" }, "not-a-zip"],
    ["an empty file", { "oanda-eurusd/20140502_quote.zip": "" }, "not-a-zip"],
    ["a cut zip", { "oanda-eurusd/20140502_quote.zip": good.subarray(0, 90) }, "zip-truncated"],
    [
      "an encrypted zip",
      { "oanda-eurusd/20140502_quote.zip": day("20140502", "eurusd", "1,1,2", { encrypted: true }) },
      "zip-encrypted",
    ],
  ];
  test.each(cases)("%s", (_name, files, code) => {
    const path = folder(files);
    const lean = openLeanTicks([path]);
    expect(lean).toMatchObject({ ok: false, code, recoverable: false });
    if (!lean.ok && code !== "unknown-instrument") expect(lean.message).toContain(path);
  });

  test("a path that does not exist", () => {
    const path = join(root, "nowhere");
    expect(openLeanTicks([path])).toMatchObject({
      ok: false,
      code: "path-unreadable",
      message: expect.stringContaining(path),
    });
  });

  test("a file of another kind given by name", () => {
    const path = join(folder({ "notes.txt": "" }), "notes.txt");
    expect(openLeanTicks([path])).toMatchObject({ ok: false, code: "not-a-tick-file" });
  });

  test("no path", () => {
    expect(openLeanTicks([])).toMatchObject({ ok: false, code: "no-tick-files" });
  });

  test("folders without end", () => {
    const path = folder({ "a/notes.txt": "" });
    symlinkSync(path, join(path, "a/loop"));
    expect(openLeanTicks([path])).toMatchObject({ ok: false, code: "path-unreadable" });
  });

  const asRoot = process.getuid?.() === 0;
  test.skipIf(asRoot)("a file without permission (skipped for root, who may read all)", () => {
    const path = folder({ "oanda-eurusd/20140502_quote.zip": good });
    chmodSync(join(path, "oanda-eurusd/20140502_quote.zip"), 0o000);
    expect(openLeanTicks([path])).toMatchObject({ ok: false, code: "path-unreadable" });
  });
});

describe("a bad second day ends the stream after the first, untouched", () => {
  const cases: readonly [string, Uint8Array, string, string][] = [
    [
      "changed content",
      day("20140503", "eurusd", "1,1,2", { checksum: 7 }),
      "zip-checksum",
      "Download it again",
    ],
    [
      "bad rows at its end",
      day("20140503", "eurusd", "1,1,2\nx,1,2\n3,1"),
      "bad-rows",
      "2 rows cannot be read",
    ],
    ["no rows", day("20140503", "eurusd", ""), "empty-file", "holds no ticks"],
    ["a time after midnight", day("20140503", "eurusd", "86400000,1,2"), "bad-rows", "line 1"],
  ];
  test.each(cases)("%s", (_name, file, code, words) => {
    const path = folder({
      "oanda-eurusd/20140502_quote.zip": day("20140502", "eurusd", "1,1,2\n2,1,2"),
      "oanda-eurusd/20140503_quote.zip": file,
      "oanda-xauusd/20140503_quote.zip": day("20140503", "xauusd", "1,3,4"),
    });
    const { ticks } = opened(path);
    expect(drain(ticks)).toEqual(["oanda 0#1 1 1/2", "oanda 0#2 2 1/2"]);
    expect(ticks.failure?.code).toBe(code);
    expect(ticks.failure?.message).toContain(words);
    expect(ticks.failure?.message).toContain(join(path, "oanda-eurusd/20140503_quote.zip"));
    expect(ticks.next()).toBeUndefined();
  });

  test("a file that went away", () => {
    const path = folder(TWO_DAYS);
    const { ticks } = opened(path);
    ticks.next();
    rmSync(join(path, "oanda-xauusd/20140503_quote.zip"));
    expect(drain(ticks)).toEqual(TWO_DAYS_TICKS.slice(1, 4));
    expect(ticks.failure).toMatchObject({ code: "path-unreadable" });
  });
});

test("instruments may come from a file instead of the built-in table", () => {
  const known = KNOWN_INSTRUMENTS.filter(({ symbol }) => symbol === "XAUUSD");
  expect(openLeanTicks([folder(TWO_DAYS)], { known })).toMatchObject({
    ok: false,
    code: "unknown-instrument",
  });
});

const data = resolve(
  import.meta.dir,
  "../..",
  process.env["TICKFORGE_MARKET_DATA"] ?? "../shared/data",
  "ticks",
);
const title = `a day of real ticks (skipped without ${data}: set TICKFORGE_MARKET_DATA)`;

test.skipIf(!existsSync(data))(title, () => {
  const { ticks, instruments } = opened(
    join(data, "oanda-eurusd/20140502_quote.zip"),
    join(data, "fxcm-eurusd/20140502_quote.zip"),
  );
  const first = { ...ticks.next()! };
  expect(first).toMatchObject({
    sourceTimeMicros: MAY_2 + 277_000,
    bid: 1.38694,
    ask: 1.38705,
    sourceSeq: 1,
  });
  const counts = new Map<number, number>([[first.sourceId, 1]]);
  let lastMicros = first.sourceTimeMicros;
  let backwards = 0;
  for (let tick = ticks.next(); tick !== undefined; tick = ticks.next()) {
    counts.set(tick.sourceId, tick.sourceSeq);
    if (tick.sourceTimeMicros < lastMicros) backwards++;
    lastMicros = tick.sourceTimeMicros;
  }
  expect(ticks.failure).toBeUndefined();
  expect(instruments.map(({ symbol }) => symbol)).toEqual(["EURUSD"]);
  expect([...counts]).toEqual([
    [sourceIdOf("oanda"), 49_341],
    [sourceIdOf("fxcm"), 96_406],
  ]);
  expect(backwards).toBe(0);
  // Both end with the trading week, Friday 17:00 New York, which is 21:00 UTC in May.
  expect(MAY_2 + 21 * MICROS_PER_HOUR - lastMicros).toBeLessThan(MICROS_PER_HOUR / 1_000);
});
