// The features that training reads are those that live actors have: row by row, bit by bit of what models see, and the same as
// they were when the golden ones were written down.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { tableFromIPC } from "apache-arrow";
import { BAR_INTERVALS } from "../../actors/domain/bar.ts";
import { FEATURE_NAMES, FEATURE_SCHEMA_HASH } from "../../actors/domain/features.ts";
import { pointsPerUnit } from "../../actors/domain/instrument.ts";
import { makeZip } from "../../edge/feeds/zip.fixture.ts";
import { FeatureFile } from "../../scripts/feature-file.ts";
import { FeatureRun } from "../../scripts/feature-run.ts";
import { MemoryJournal } from "../../storage/memory/memory-journal.ts";
import { INSTRUMENTS, makeRig, simulatedTicks } from "../fixtures/engine-rig.ts";

const GOLDEN = join(import.meta.dir, "../fixtures/golden-features.json");
const COUNT = 20_000;
/** Rows that are written down: one in so many. */
const GOLDEN_EVERY = 1_000;
const ticks = simulatedTicks({ seed: 2_027, count: COUNT, ticksPerSecond: 2 });

/** The bits that models see. */
function bitsOf(features: Float64Array): string {
  return Buffer.from(Float32Array.from(features).buffer).toHex();
}

interface Row {
  readonly symbol: string;
  readonly timeMicros: number;
  readonly bits: string;
}

function exportedTicks(): Row[] {
  const rows: Row[] = [];
  const run = new FeatureRun({
    instruments: INSTRUMENTS,
    cadence: "tick",
    onTick: ({ symbol }, quote, features) =>
      rows.push({ symbol, timeMicros: quote.sourceTimeMicros, bits: bitsOf(features) }),
  });
  for (const tick of ticks) run.take(tick);
  return rows;
}

function exportedMinutes(): Row[] {
  const rows: Row[] = [];
  const run = new FeatureRun({
    instruments: INSTRUMENTS,
    cadence: "minute",
    onMinute: ({ symbol }, { closeMicros }, features) =>
      rows.push({ symbol, timeMicros: closeMicros, bits: bitsOf(features) }),
  });
  for (const tick of ticks) run.take(tick);
  return rows;
}

describe("exported features", () => {
  const live: { ticks: Row[]; minutes: Row[] } = { ticks: [], minutes: [] };

  beforeAll(() => {
    const rig = makeRig({
      journal: new MemoryJournal({ keep: false }),
      onBar: (bar, interval) => {
        const features = rig.engine.symbol(bar.instrumentId)?.chain.features.vector;
        const symbol = INSTRUMENTS[bar.instrumentId]?.symbol ?? "";
        if (interval !== BAR_INTERVALS.indexOf("1m") || features === undefined) return;
        live.minutes.push({ symbol, timeMicros: bar.openTimeMicros + 60_000_000, bits: bitsOf(features) });
      },
    });
    rig.live.begin(1, ticks[0]?.sourceTimeMicros ?? 0);
    for (const tick of ticks) {
      const seq = rig.live.step(tick, tick.sourceTimeMicros);
      const chain = rig.engine.symbol(tick.instrumentId)?.chain;
      if (seq <= 0 || chain?.quote.seq !== seq) continue;
      const symbol = INSTRUMENTS[tick.instrumentId]?.symbol ?? "";
      live.ticks.push({ symbol, timeMicros: tick.sourceTimeMicros, bits: bitsOf(chain.features.vector) });
    }
  }, 60_000);

  test("are those of actors that trade, at every tick and at every minute", () => {
    expect(live.ticks.length).toBeGreaterThan(COUNT * 0.95);
    expect(exportedTicks()).toEqual(live.ticks);
    expect(live.minutes.length).toBeGreaterThan(500);
    expect(exportedMinutes()).toEqual(live.minutes);
  }, 60_000);

  test("are what they were when the golden rows were written down", () => {
    const rows = exportedTicks().filter((_, index) => index % GOLDEN_EVERY === 0);
    const now = { schema: FEATURE_SCHEMA_HASH, features: FEATURE_NAMES, rows };
    // A change of the schema writes new ones: look at what has changed before they are committed.
    if (process.env["TICKFORGE_WRITE_GOLDEN"] === "1")
      writeFileSync(GOLDEN, `${JSON.stringify(now, undefined, 1)}\n`);
    expect(now).toEqual(JSON.parse(readFileSync(GOLDEN, "utf8")));
  }, 60_000);
});

describe("a file of features", () => {
  const folder = mkdtempSync(join(tmpdir(), "tickforge-features-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("reads back as it was written, over several batches, with what it is", async () => {
    const path = join(folder, "EURUSD.arrow");
    const file = new FeatureFile(path, ["bid", "ask"], { schema: FEATURE_SCHEMA_HASH, symbol: "EURUSD" });
    const features = new Float64Array(FEATURE_NAMES.length);
    const rows = 150_000;
    for (let row = 0; row < rows; row++) {
      features.fill(row / 3);
      features[1] = Number.NaN;
      file.add(1_700_000_000_000_000 + row, [1 + row / 1e6, 1.1], features);
      await file.drained();
    }
    await file.close();
    expect(file.rows).toBe(rows);
    const table = tableFromIPC(readFileSync(path));
    expect(table.numRows).toBe(rows);
    expect(table.schema.metadata.get("schema")).toBe(FEATURE_SCHEMA_HASH);
    expect(table.schema.fields.map(({ name }) => name)).toEqual(["time", "bid", "ask", ...FEATURE_NAMES]);
    for (const row of [0, 65_535, 65_536, 149_999]) {
      expect(table.getChild("bid")?.get(row)).toBe(1 + row / 1e6);
      expect(table.getChild(FEATURE_NAMES[0])?.get(row)).toBe(Math.fround(row / 3));
      expect(table.getChild(FEATURE_NAMES[1])?.get(row)).toBeNaN();
    }
  }, 30_000);

  test("without rows is a table without rows; a folder that is not there is said", async () => {
    const path = join(folder, "empty.arrow");
    await new FeatureFile(path, ["bid"], {}).close();
    expect(tableFromIPC(readFileSync(path)).numRows).toBe(0);
    const lost = new FeatureFile(join(folder, "nowhere", "x.arrow"), ["bid"], {});
    const failure: unknown = await lost.close().then(
      () => "no failure",
      (error: unknown) => error,
    );
    expect(String(failure)).toContain("ENOENT");
  });

  test("has prices of the instrument's own scale", () => {
    const closes: number[] = [];
    const run = new FeatureRun({
      instruments: INSTRUMENTS,
      cadence: "minute",
      onMinute: (instrument, { bar, pointsPerUnit: scale }) => {
        expect(scale).toBe(pointsPerUnit(instrument));
        if (instrument.symbol === "USDJPY") closes.push(bar.close / scale);
      },
    });
    for (const tick of ticks.slice(0, 4_000)) run.take(tick);
    for (const close of closes) expect(close).toBeGreaterThan(100);
    expect(closes.length).toBeGreaterThan(5);
  });
});

describe("tickforge features", () => {
  const folder = mkdtempSync(join(tmpdir(), "tickforge-features-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const entry = join(import.meta.dir, "../../scripts/tickforge.ts");
  const run = (...args: string[]) => {
    const { exitCode, stdout, stderr } = Bun.spawnSync([process.execPath, entry, "features", ...args]);
    return { exitCode, out: stdout.toString(), err: stderr.toString() };
  };

  test("writes a file a symbol and a manifest of minute bars; a file that cannot be read has none", () => {
    const minutes = Array.from({ length: 300 }, (_, minute) => {
      const clock = `${String(8 + Math.floor(minute / 60)).padStart(2, "0")}${String(minute % 60).padStart(2, "0")}00`;
      const price = (1.2 + Math.sin(minute / 20) / 500).toFixed(5);
      return `20180102 ${clock};${price};${price};${price};${price};0`;
    });
    const bars = join(folder, "EURUSD_2018.csv");
    writeFileSync(bars, `${minutes.join("\n")}\n`);
    const out = join(folder, "out");
    const done = run(bars, "--out", out, "--json");
    expect(done.exitCode).toBe(0);
    const manifest = JSON.parse(readFileSync(join(out, "features.json"), "utf8")) as Record<string, unknown>;
    expect(JSON.parse(done.out)).toEqual(manifest);
    expect(manifest).toMatchObject({
      schema: FEATURE_SCHEMA_HASH,
      cadence: "minute",
      ticks: 1_200,
      rows: { EURUSD: 299 },
    });
    const table = tableFromIPC(readFileSync(join(out, "EURUSD.arrow")));
    expect(table.numRows).toBe(299);
    expect(table.getChild("close")?.get(0)).toBeCloseTo(1.2, 3);
    expect(table.getChild("rsi_14")?.get(298)).toBeGreaterThan(0);
    writeFileSync(bars, `${[...minutes, "20180103 080000;x;1;1;1;0"].join("\n")}\n`);
    const other = join(folder, "other");
    const failed = run(bars, "--out", other);
    expect([failed.exitCode, failed.err]).toEqual([1, expect.stringContaining("bad-lines")]);
    expect(existsSync(join(other, "features.json"))).toBe(false);
    expect(run(bars, "--out", other, "--skip-bad").exitCode).toBe(0);
    expect(run(bars, "--out", other, "--cadence", "hour").exitCode).toBe(2);
    expect(run(bars).exitCode).toBe(2);
  }, 60_000);

  test("of what a system has recorded are those of the files it was fed with", () => {
    const day = join(folder, "oanda-eurusd");
    mkdirSync(day);
    const lines = Array.from({ length: 4_000 }, (_, i) => {
      const bid = 1.38 + Math.sin(i / 300) / 500;
      return `${28_800_000 + i * 750},${bid.toFixed(5)},${(bid + 0.00012).toFixed(5)}`;
    });
    const content = `${lines.join("\n")}\n`;
    writeFileSync(
      join(day, "20140502_quote.zip"),
      makeZip([{ name: "20140502_eurusd_tick_quote.csv", content }]),
    );
    const data = join(folder, "data");
    const replay = Bun.spawnSync([
      process.execPath,
      entry,
      "replay",
      day,
      "--data",
      data,
      "--speed",
      "max",
      "--json",
    ]);
    const { folder: recorded } = JSON.parse(replay.stdout.toString()) as { folder: string };
    for (const cadence of ["tick", "minute"]) {
      const [fed, lived] = [join(folder, `fed-${cadence}`), join(folder, `lived-${cadence}`)];
      expect(run(day, "--cadence", cadence, "--out", fed).exitCode).toBe(0);
      expect(run("--recorded", recorded, "--cadence", cadence, "--out", lived).exitCode).toBe(0);
      const [one, other] = [fed, lived].map((out) => readFileSync(join(out, "EURUSD.arrow")));
      expect(tableFromIPC(one).numRows).toBeGreaterThan(40);
      expect(other?.equals(one as Buffer)).toBe(true);
    }
    expect(run("--recorded", join(folder, "nobody"), "--out", join(folder, "none")).err).toContain(
      "journal-unreadable",
    );
    expect(run(day, "--recorded", recorded, "--out", join(folder, "none")).exitCode).toBe(2);
  }, 60_000);
});
