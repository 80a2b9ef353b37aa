// Where scores lie: what the follower needs to go on from in one file of numbers, and beside it a file a symbol for whoever shows
// them.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { LoadArchive, SaveArchive } from "../../../actors/base/archive.ts";
import { MEMBERS } from "../../../actors/domain/prediction.ts";
import { REGIMES } from "../../../actors/domain/regime.ts";
import type { SymbolQuality } from "../../../actors/ports/model-quality.ts";
import { MODEL_EVENTS } from "../../../actors/ports/models.ts";
import { writeWhole } from "../whole-file.ts";

/** Of the layout below: another one is not read. */
const STATE_VERSION = 2;
const HASH_BYTES = 32;
/** Of a file that says what a symbol's scores are. */
const REPORT = ".json";
const SYMBOLS_MAX = 1_024;

export interface SavedScores {
  /** Everything up to here is in them. */
  readonly seq: number;
  /** By symbol. */
  readonly states: ReadonlyMap<string, Float64Array>;
}

export const NO_SCORES: SavedScores = { seq: 0, states: new Map() };

export class QualityFiles {
  readonly #folder: string;
  readonly #statePath: string;

  /** @param data the data folder */
  constructor(data: string) {
    this.#folder = join(data, "quality");
    this.#statePath = join(this.#folder, "scores.bin");
  }

  prepare(): void {
    mkdirSync(this.#folder, { recursive: true });
  }

  save({ seq, states }: SavedScores): void {
    const archive = new SaveArchive();
    archive.number(STATE_VERSION);
    archive.number(seq);
    archive.number(states.size);
    for (const [symbol, numbers] of states) {
      archive.text(symbol);
      archive.number(numbers.length);
      archive.numbers(numbers);
    }
    const bytes = new Uint8Array(archive.finish().buffer);
    writeWhole(this.#statePath, Buffer.concat([hashOf(bytes), bytes]));
  }

  /** @throws what is wrong with a file that is there */
  load(): SavedScores {
    if (!existsSync(this.#statePath)) return NO_SCORES;
    const whole = readFileSync(this.#statePath);
    const bytes = new Uint8Array(whole.subarray(HASH_BYTES));
    if (!hashOf(bytes).equals(whole.subarray(0, HASH_BYTES))) throw new Error("its bytes were changed");
    const archive = new LoadArchive(new Float64Array(bytes.buffer));
    if (archive.number() !== STATE_VERSION) throw new Error("another version of the program wrote it");
    const seq = archive.number();
    const states = new Map<string, Float64Array>();
    for (let left = archive.number(); left > 0; left--) {
      const symbol = archive.text();
      const numbers = new Float64Array(archive.number());
      archive.numbers(numbers);
      states.set(symbol, numbers);
    }
    return { seq, states };
  }

  tell(quality: SymbolQuality): void {
    writeWhole(join(this.#folder, `${encodeURIComponent(quality.symbol)}${REPORT}`), JSON.stringify(quality));
  }

  /** What was told of every symbol, by name; what cannot be read is left out. */
  async told(): Promise<SymbolQuality[]> {
    const found: SymbolQuality[] = [];
    for (const name of this.#reports()) {
      const text = await readFile(join(this.#folder, name), "utf8").catch(() => "");
      const parsed = reportSchema.safeParse(parsedJson(text));
      if (parsed.success) found.push(parsed.data);
    }
    return found;
  }

  forget(): void {
    rmSync(this.#statePath, { force: true });
    for (const name of this.#reports()) rmSync(join(this.#folder, name), { force: true });
  }

  #reports(): string[] {
    if (!existsSync(this.#folder)) return [];
    return readdirSync(this.#folder)
      .filter((name) => name.endsWith(REPORT))
      .sort()
      .slice(0, SYMBOLS_MAX);
  }
}

function hashOf(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const count = z.number().int().nonnegative();
const figures = {
  rows: count,
  rowsApart: z.number(),
  baseRate: z.number(),
  accuracy: z.number(),
  accuracyLow: z.number(),
  accuracyHigh: z.number(),
  brier: z.number(),
  brierSkill: z.number().nullable(),
  logLoss: z.number(),
  ece: z.number(),
  auc: z.number().nullable(),
};

const reportSchema: z.ZodType<SymbolQuality> = z.object({
  symbol: z.string(),
  seq: count,
  timeMicros: z.number(),
  subjects: z.array(
    z.object({
      name: z.string(),
      kind: z.enum(["rule", "asked", "champion", "shadow"]),
      member: z.enum(MEMBERS),
      model: z.object({ model: z.string(), version: z.string() }).nullable(),
      event: z.enum(MODEL_EVENTS),
      horizonMicros: z.number(),
      settled: count,
      all: z.object(figures).nullable(),
      regimes: z.array(z.object({ ...figures, regime: z.enum(REGIMES) })),
      calibration: z.array(z.object({ count, said: z.number(), happened: z.number() })),
      coverage: z.array(
        z.object({ coverage: z.number(), count, accuracy: z.number(), confidence: z.number() }),
      ),
    }),
  ),
  shadows: z.object({ asked: count, skipped: count, failed: count }),
  drift: z.array(z.object({ feature: z.string(), index: z.number() })),
});
