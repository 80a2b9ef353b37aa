// `models evaluate` over a small generated market: what it says of a model is what slow code says of the same rows, and what cannot be
// judged is named.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "../../actors/base/random.ts";
import { FEATURE_NAMES } from "../../actors/domain/features.ts";
import type { ModelCard } from "../../actors/ports/models.ts";
import { openBarTicks } from "../../edge/feeds/bar-ticks.ts";
import { makeZip } from "../../edge/feeds/zip.fixture.ts";
import { evaluate, type EvaluateOptions, type Evaluation } from "../../scripts/evaluate/evaluate.ts";
import { evaluationPage } from "../../scripts/evaluate/page.ts";
import { type EvaluationReport, type EvaluationResult, reportSchema } from "../../scripts/evaluate/report.ts";
import { FeatureRun } from "../../scripts/feature-run.ts";
import { openOnnx } from "../../storage/models/onnx.ts";
import { FileModels } from "../../storage/models/registry.ts";
import { cardOf } from "../contract/models.ts";

const folder = mkdtempSync(join(tmpdir(), "tickforge-evaluate-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const market = join(folder, "market");
const registry = join(folder, "models");
const onnx = new Uint8Array(readFileSync(join(import.meta.dir, "../fixtures/models/tiny-trees.onnx")));
const NAMES = FEATURE_NAMES.slice(0, 59);
const MINUTE_MICROS = 60_000_000;

function card(model: string, changes: Partial<ModelCard>): ModelCard {
  return cardOf("lightgbm", "1", {
    model,
    features: NAMES,
    outputs: [{ name: "probabilities", shape: [null, 2] }],
    cadence: "bar-close",
    ...changes,
  });
}

/** Two symbols, seven days of July 2018 with the night and a weekend missing, New York's wall clock. */
function writeBars(): void {
  const random = new SeededRandom(41);
  for (const [symbol, start] of [
    ["EURUSD", 1.17],
    ["GBPUSD", 1.31],
  ] as const) {
    const lines: string[] = [];
    let price: number = start;
    for (const day of ["09", "10", "11", "12", "13", "16", "17"]) {
      for (let minute = 0; minute < 300; minute++) {
        if (random.next() < 0.03) continue;
        const open = price;
        price += random.normal() * 0.0001;
        const high = Math.max(open, price) + random.next() * 0.0001;
        const low = Math.min(open, price) - random.next() * 0.0001;
        const clock = `${String(4 + Math.floor(minute / 60)).padStart(2, "0")}${String(minute % 60).padStart(2, "0")}00`;
        lines.push(
          `201807${day} ${clock};${[open, high, low, price].map((each) => each.toFixed(5)).join(";")};0`,
        );
      }
    }
    // As vendors do when a clock is set back.
    lines.push(...lines.slice(-60));
    writeFileSync(join(market, "m1", `${symbol}_2018.csv`), `${lines.join("\n")}\n`);
  }
}

/** Six days of quotes, an hour and a half each. */
function writeTicks(): void {
  const random = new SeededRandom(42);
  let bid = 1.38;
  for (const day of ["05", "06", "07", "08", "09", "12"]) {
    const rows: string[] = [];
    for (let millis = 36_000_000; millis < 41_400_000; millis += 300 + random.integer(3_000)) {
      bid += (random.integer(5) - 2) * 0.00001;
      rows.push(`${millis},${bid.toFixed(5)},${(bid + 0.00012).toFixed(5)}`);
    }
    const zip = makeZip([{ name: `201405${day}_eurusd_tick_quote.csv`, content: `${rows.join("\n")}\n` }]);
    writeFileSync(join(market, "ticks", "oanda-eurusd", `201405${day}_quote.zip`), zip);
  }
}

function registerModels(): void {
  const models = new FileModels(registry, (message) => {
    throw new Error(message);
  });
  const cards = [
    card("bars", { details: { training: { from: "2018-07-09T00:00:00Z", until: "2018-07-10T23:59:59Z" } } }),
    card("quick", { member: "fast", horizonMicros: 5_000_000, cadence: "tick", symbols: ["EURUSD"] }),
    card("elsewhere", { symbols: ["USDJPY"] }),
    card("longest", { event: "lively", horizonMicros: 17 * MINUTE_MICROS, member: "range-15m" }),
    card("touched", {}),
    card("other-features", { featureSchema: "0123456789abcdef" }),
    card("put-away", {}),
  ];
  for (const each of cards) expect(models.register(onnx, each, 1)).toMatchObject({ ok: true });
  expect(models.promote("bars", { version: "1", by: "test", atMicros: 2 })).toMatchObject({ ok: true });
  expect(models.retire("put-away", { version: "1", by: "test", atMicros: 2 })).toMatchObject({ ok: true });
  writeFileSync(join(registry, "touched", "1", "model.onnx"), onnx.subarray(0, 5_000));
}

function tickforge(...args: string[]) {
  const entry = join(import.meta.dir, "../../scripts/tickforge.ts");
  const { exitCode, stdout, stderr } = Bun.spawnSync(
    [process.execPath, entry, "models", "evaluate", ...args, "--data", join(folder, "data")],
    { cwd: folder },
  );
  return { code: exitCode, out: stdout.toString(), err: stderr.toString() };
}

/** In this process: the report, or the failure's code. */
async function judged(paths: readonly string[], changes: Partial<EvaluateOptions> = {}) {
  const result = await evaluate({
    paths,
    models: new FileModels(registry, () => undefined),
    damaged: [],
    preset: "rules",
    fromMicros: Number.NEGATIVE_INFINITY,
    untilMicros: Number.POSITIVE_INFINITY,
    every: 1,
    slippage: 0.2,
    skipBad: false,
    onProgress: () => undefined,
    ...changes,
  });
  return result.ok ? result.value : result.code;
}

/** Of the bars alone. */
async function barReport(changes: Partial<EvaluateOptions> = {}): Promise<Evaluation> {
  const report = await judged([join(market, "m1")], changes);
  if (typeof report === "string") throw new Error(report);
  return report;
}

const micros = (iso: string): number => Date.parse(iso) * 1_000;

function resultOf(
  report: Pick<EvaluationReport, "results">,
  wanted: Partial<EvaluationResult>,
): EvaluationResult {
  const found = report.results.filter((result) =>
    Object.entries(wanted).every(([key, value]) => result[key as keyof EvaluationResult] === value),
  );
  expect(found).toHaveLength(1);
  return found[0]!;
}

interface SlowRow {
  readonly timeMicros: number;
  readonly close: number;
  readonly probability: number;
}

/** What the model says of every minute of EURUSD, asked by itself. */
function slowRows(): SlowRow[] {
  const opened = openBarTicks([join(market, "m1")], { skipBad: false });
  const inference = openOnnx(onnx, card("bars", {}));
  if (!opened.ok || !inference.ok) throw new Error("the fixture cannot be read");
  const rows: SlowRow[] = [];
  const run = new FeatureRun({
    instruments: opened.value.instruments,
    cadence: "minute",
    onMinute: ({ symbol }, { closeMicros, bar }, features) => {
      if (symbol !== "EURUSD") return;
      inference.value.input.set(features.subarray(0, 59));
      const missing = features.subarray(0, 59).filter((value) => Number.isNaN(value)).length;
      const probability = missing > 29 ? Number.NaN : inference.value.run()[1]!;
      rows.push({ timeMicros: closeMicros, close: bar.close, probability });
    },
  });
  for (let tick = opened.value.ticks.next(); tick !== undefined; tick = opened.value.ticks.next())
    run.take(tick);
  inference.value.close();
  return rows;
}

interface Settled {
  readonly probability: number;
  readonly up: boolean;
}

/** Those whose five minutes are known, the rollover left out. */
function settled(rows: readonly SlowRow[]): Settled[] {
  const lastMicros = rows.at(-1)!.timeMicros;
  return rows.flatMap(({ timeMicros, close, probability }) => {
    const within = rows.filter(
      (other) => other.timeMicros > timeMicros && other.timeMicros <= timeMicros + 5 * MINUTE_MICROS,
    );
    const end = within.at(-1)?.close ?? close;
    const hour = (timeMicros / 3_600_000_000) % 24;
    const isRollover = hour < 23 && hour + 5 / 60 > 20.5;
    const isOver = timeMicros + 5 * MINUTE_MICROS <= lastMicros;
    if (!isOver || within.length < 4 || end === close || Number.isNaN(probability) || isRollover) return [];
    return { probability, up: end > close };
  });
}

describe("tickforge models evaluate", () => {
  const path = join(folder, "report.json");
  let report: EvaluationReport;

  beforeAll(() => {
    mkdirSync(join(market, "m1"), { recursive: true });
    mkdirSync(join(market, "ticks", "oanda-eurusd"), { recursive: true });
    mkdirSync(join(market, "notes"));
    writeFileSync(join(market, "notes", "readme.txt"), "no market\n");
    writeBars();
    writeTicks();
    registerModels();
    const run = tickforge(market, "--models", registry, "--every", "1", "--out", path);
    expect([run.code, run.err]).toEqual([0, ""]);
    expect(run.out).toContain("HAS SEEN");
    report = reportSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  }, 120_000);

  test("scores a model as slow code does", () => {
    const rows = settled(slowRows());
    const { scores } = resultOf(report, { subject: "bars 1", data: "bars", symbol: "EURUSD" });
    expect(scores.rows).toBe(rows.length);
    expect(scores.rows).toBeGreaterThan(1_000);
    const ups = rows.filter(({ up }) => up);
    const downs = rows.filter(({ up }) => !up);
    let won = 0;
    for (const a of ups) {
      for (const b of downs)
        won += a.probability > b.probability ? 1 : a.probability === b.probability ? 0.5 : 0;
    }
    expect(scores.auc.value).toBeCloseTo(won / (ups.length * downs.length), 9);
    const right = rows.filter(({ probability, up }) => probability > 0.5 === up).length;
    expect(scores.accuracy.value).toBeCloseTo(right / rows.length, 9);
    expect(scores.baseRate).toBeCloseTo(ups.length / rows.length, 12);
    const squares = rows.reduce((sum, { probability, up }) => sum + (probability - (up ? 1 : 0)) ** 2, 0);
    expect(scores.brier).toBeCloseTo(squares / rows.length, 6);
    expect(scores.auc.low).toBeLessThan(scores.auc.value);
    expect(scores.auc.high).toBeGreaterThan(scores.auc.value);
    expect(scores.naive.slice(1).map(({ rule }) => rule)).toEqual(["repeat", "reversal"]);
  }, 60_000);

  test("asks bar models at closed minutes of both markets, and fast ones at ticks, at once and a second later", () => {
    const of = (subject: string) =>
      report.results
        .filter((result) => result.subject === subject)
        .map(({ data, symbol, target }) => [data, symbol, target].join(" | "));
    expect(of("bars 1")).toEqual([
      "ticks | EURUSD | up 5 min",
      "ticks | all | up 5 min",
      "bars | EURUSD | up 5 min",
      "bars | GBPUSD | up 5 min",
      "bars | all | up 5 min",
    ]);
    expect(of("quick 1")).toEqual(["ticks | EURUSD | up 5 s", "ticks | EURUSD | up 5 s, entered 1 s later"]);
    const { scores, trades } = resultOf(report, { subject: "quick 1", target: "up 5 s" });
    expect(scores.nextChange).toBeGreaterThan(0);
    // The spread is 1.2 points of a pip all day, and slippage comes on top.
    expect(trades!.cost).toBeCloseTo(1.2 / 1.38 + 0.2, 1);
    expect(trades!.before.value - trades!.after.value).toBeCloseTo(trades!.cost, 9);
    expect(of("chaos").every((head) => head.includes("min"))).toBe(true);
    expect(of("vote (rules)").some((head) => head.includes("bars | all | up 60 min"))).toBe(true);
  });

  test("says which rows a model has seen in training, which models it cannot judge, and what it passed over", () => {
    const model = report.models.find(({ name }) => name === "bars 1")!;
    expect(model.training).toEqual({ from: "2018-07-09T00:00:00.000Z", until: "2018-07-11T00:04:59.000Z" });
    expect(model.rowsSeen).toBeGreaterThan(1_000);
    expect(report.warnings.some((warning) => warning.startsWith("bars 1 HAS SEEN"))).toBe(true);
    const unusable = Object.fromEntries(report.unusable.map(({ name, reason }) => [name, reason]));
    expect(Object.keys(unusable).sort()).toEqual([
      "elsewhere 1",
      "longest 1",
      "other-features 1",
      "touched 1",
    ]);
    expect(unusable["elsewhere 1"]).toContain("for USDJPY");
    expect(unusable["longest 1"]).toContain("no feature range_17m_median");
    expect(unusable["other-features 1"]).toContain("schema-mismatch");
    expect(unusable["touched 1"]).toContain("model-damaged");
    expect(report.results.some(({ subject }) => subject === "put-away 1")).toBe(false);
    expect(report.passedOver).toEqual([join(market, "notes", "readme.txt")]);
    expect(report.goals.some(({ subject, goal }) => subject === "bars 1" && goal === "AUC")).toBe(true);
  });

  test("judges the same rows for a period alone, warm from what came before, and says the same twice", async () => {
    const period = { fromMicros: micros("2018-07-12"), untilMicros: micros("2018-07-17T10:00:00Z") };
    const late = await barReport(period);
    expect(await barReport(period)).toEqual(late);
    expect(late.markets[0]!.from.slice(0, 10)).toBe("2018-07-12");
    expect(late.markets[0]!.until).toBe("2018-07-17T09:59:00.000Z");
    expect(late.models.find(({ name }) => name === "bars 1")!.rowsSeen).toBe(0);
    const every = await barReport({ every: 5 });
    const whole = report.markets.find(({ kind }) => kind === "bars")!.rows["EURUSD"]!.minute;
    expect(every.markets[0]!.rows["EURUSD"]!.minute / whole).toBeCloseTo(0.2, 1);
  }, 60_000);

  test("lets champions vote as they do live, by the weights of the preset; nobody else's scores move", async () => {
    const none = new FileModels(join(folder, "none"), () => undefined);
    const of = (from: Evaluation, subject: string) =>
      resultOf(from, { subject, symbol: "GBPUSD", target: "up 5 min" }).scores;
    const champion = await barReport({ preset: "classic" });
    const without = await barReport({ preset: "classic", models: none });
    expect(of(champion, "vote (classic)").auc.value).not.toBe(of(without, "vote (classic)").auc.value);
    expect(of(champion, "technical")).toEqual(of(without, "technical"));
    // The default preset gives models no weight.
    const rules = await barReport({ models: none });
    const found = resultOf(report, { subject: "vote (rules)", symbol: "GBPUSD", target: "up 5 min" });
    expect(of(rules, "vote (rules)")).toEqual(found.scores);
  }, 60_000);

  test("without models judges rule members and their vote, and the page shows all of it", () => {
    const html = join(folder, "report.html");
    const run = tickforge(join(market, "m1"), "--out", html, "--models", join(folder, "nobody"));
    expect([run.code, run.err]).toEqual([0, ""]);
    expect(run.out).toContain("no models are registered");
    const page = readFileSync(html, "utf8");
    for (const shown of [
      "No model could be asked",
      "vote (rules), all",
      "up 60 min",
      "vote (rules), EURUSD",
      "<svg",
      "chaos",
    ]) {
      expect(page).toContain(shown);
    }
    expect(page).not.toMatch(/(?:src|href)=|https?:/);
    expect(evaluationPage(report)).toContain("HAS SEEN");
  }, 60_000);

  test("asks the models that come with the program where the data folder has none", () => {
    const run = tickforge(join(market, "m1"));
    expect(run.code).toBe(0);
    for (const model of ["lightgbm-5m", "xgboost", "range-60m", "fast-xauusd"])
      expect(run.out).toContain(model);
  }, 60_000);

  test("says what is wrong with what it is given", async () => {
    expect(await judged([join(folder, "nowhere")])).toBe("path-unreadable");
    expect(await judged([join(market, "notes")])).toBe("no-market");
    expect(await judged([join(market, "notes", "readme.txt")])).toBe("unknown-layout");
    expect(await judged([join(market, "m1")], { fromMicros: micros("2030-01-01") })).toBe("nothing-judged");
    for (const [args, said] of [
      [["--from", "soon"], "not-a-date"],
      [["--slippage", "much"], "not-a-number"],
      [["--out", "report.pdf"], "unknown-format"],
    ] as const) {
      const run = tickforge(market, ...args);
      expect([args, run.code, run.out]).toEqual([args, 2, ""]);
      expect(run.err).toContain(said);
    }
    expect(existsSync(join(folder, "data"))).toBe(false);
  }, 120_000);
});
