// What Python trains is what this side can read: features of the engine in, models out whose cards are valid, which load on this
// side's runtime, and which a registry takes. Python's own tests run here too.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ModelCard } from "../../actors/ports/models.ts";
import { parseCard } from "../../storage/models/card.ts";
import { openOnnx } from "../../storage/models/onnx.ts";
import { FileModels } from "../../storage/models/registry.ts";
import { describeWith } from "../fixtures/describe-with.ts";

const ROOT = join(import.meta.dir, "../..");
const TRAIN = join(ROOT, "scripts/train");
const PYTHON = join(TRAIN, ".venv/bin/python");
const MODELS = ["lightgbm", "xgboost", "lstm", "transformer", "cnn"];
const DAYS = 12;
const MINUTES_PER_DAY = 1_440;

async function run(command: readonly string[], cwd: string): Promise<{ exitCode: number; told: string }> {
  const child = Bun.spawn([...command], {
    cwd,
    env: { ...process.env, PYTHONPATH: TRAIN, OMP_WAIT_POLICY: "PASSIVE" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [out, err] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { exitCode: await child.exited, told: out + err };
}

/** Twelve days from a Monday on, of which the weekends are left out, as HistData writes them. */
function bars(symbol: string, first: number): string {
  let state = symbol.length * 7_919 + symbol.charCodeAt(0);
  let price = first;
  const lines: string[] = [];
  for (let minute = 0; minute < DAYS * MINUTES_PER_DAY; minute++) {
    const time = new Date(Date.UTC(2018, 0, 8) + minute * 60_000);
    if (time.getUTCDay() === 0 || time.getUTCDay() === 6) continue;
    const prices = [price];
    for (let step = 0; step < 3; step++) {
      // Numerical Recipes' generator: the same series wherever this runs.
      state = (Math.imul(1_664_525, state) + 1_013_904_223) >>> 0;
      price *= 1 + (state / 2 ** 32 - 0.5) / 5_000;
      prices.push(price);
    }
    const iso = time.toISOString();
    const [open, high, low, close] = [
      prices[0] ?? first,
      Math.max(...prices),
      Math.min(...prices),
      price,
    ].map((value) => value.toFixed(5));
    lines.push(
      `${iso.slice(0, 10).replaceAll("-", "")} ${iso.slice(11, 19).replaceAll(":", "")};${open};${high};${low};${close};0`,
    );
  }
  return `${lines.join("\n")}\n`;
}

describeWith(existsSync(PYTHON) ? PYTHON : undefined, "training", () => {
  const folder = mkdtempSync(join(tmpdir(), "tickforge-training-"));
  const out = join(folder, "models");
  let trained = { exitCode: -1, told: "" };
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  beforeAll(async () => {
    mkdirSync(join(folder, "data/m1"), { recursive: true });
    writeFileSync(join(folder, "data/m1/EURUSD_2019H1.csv"), bars("EURUSD", 1.2));
    writeFileSync(join(folder, "data/m1/USDJPY_2019H1.csv"), bars("USDJPY", 110));
    const given = [
      "--quick",
      "--data",
      "data",
      "--out",
      "models",
      "--register",
      "station",
      "--heads",
      "direction",
    ];
    trained = await run(["bash", join(TRAIN, "run.sh"), ...given], folder);
  }, 600_000);

  test("ends well and makes every model known", () => {
    if (trained.exitCode !== 0) throw new Error(trained.told);
    const registered = new FileModels(join(folder, "station/models"), (message) =>
      expect(message).toBe(""),
    ).list();
    expect(registered.map(({ card, status }) => [card.model, status])).toEqual(
      MODELS.toSorted().map((model) => [model, "shadow"]),
    );
  });

  test.each(MODELS)("writes a %s with a valid card, which loads and answers", (name) => {
    const content = readFileSync(join(out, name, "model.onnx"));
    const parsed = parseCard(JSON.parse(readFileSync(join(out, name, "card.json"), "utf8")));
    expect(parsed).toMatchObject({ ok: true });
    const card = (parsed as { value: ModelCard }).value;
    expect(card).toMatchObject({ model: name, member: name, event: "up", horizonMicros: 900_000_000 });
    const opened = openOnnx(content, card);
    if (!opened.ok) throw new Error(opened.message);
    const inference = opened.value;
    expect(inference.input.length).toBe(card.window * card.features.length);
    for (const value of [0, 1.5, Number.NaN]) {
      inference.input.fill(value);
      const [not = Number.NaN, up = Number.NaN] = inference.run();
      expect(up).toBeWithin(0, 1);
      expect(not + up).toBeCloseTo(1, 5);
    }
    inference.close();
  });

  test("passes its own tests", async () => {
    const tests = await run([PYTHON, "-m", "pytest", "-q"], TRAIN);
    if (tests.exitCode !== 0) throw new Error(tests.told);
    expect(tests.told).toMatch(/\d+ passed/);
  }, 600_000);
});
