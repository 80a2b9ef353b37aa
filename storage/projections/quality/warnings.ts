// When a model that votes does clearly worse than its card promises, or its features have moved far, a person hears of it: once a
// day of the journal's time for each, whatever comes. How far features moved switches nobody off: a day or a week of them is never
// like a year, and over months that no model had seen, answers were not reliably worse where features had moved most. What
// answers are worth is what counts, and the gate (actors/chain/gate) looks at that.

import { MICROS_PER_DAY, type Micros } from "../../../actors/base/clock.ts";
import type { SubjectQuality, SymbolQuality } from "../../../actors/ports/model-quality.ts";
import type { HoldoutFigures } from "../../../actors/ports/models.ts";

/** Rows that do not overlap: with fewer, chance alone looks like this. */
const ROWS_APART_MIN = 100;
/** A constant answer that is wrong by 0.11 loses as much; the base rate of 100 rows is off by half of that. */
const SKILL_DROP = 0.05;
/** Bins of the calibration error: see measures. */
const BINS = 15;
/** By custom a large shift; see `stabilityIndex`. */
const DRIFT_LARGE = 0.25;
/** One feature that moved may be one news day. */
const DRIFTED_MIN = 3;
const AGAIN_MICROS = MICROS_PER_DAY;
/** Warnings that are remembered, and so told, between two starts. */
const TOLD_MAX = 10_000;

export type HoldoutOf = (version: { model: string; version: string }) => HoldoutFigures | undefined;

export class QualityWarnings {
  readonly #onProblem: (message: string) => void;
  readonly #told = new Map<string, Micros>();

  constructor(onProblem: (message: string) => void) {
    this.#onProblem = onProblem;
  }

  look(quality: SymbolQuality, holdoutOf: HoldoutOf): void {
    const { symbol, timeMicros, subjects, drift } = quality;
    for (const subject of subjects) {
      const { model, kind } = subject;
      const holdout = model !== null && kind === "champion" ? holdoutOf(model) : undefined;
      const worse = holdout === undefined ? "" : worseThan(holdout, subject);
      if (worse === "") continue;
      this.#tell(
        `${symbol} ${subject.name}`,
        timeMicros,
        `${subject.name}, which votes as ${subject.member}, does worse on ${symbol} than its card says: ${worse}. Look at ` +
          `/api/v1/models; "tickforge models rollback" lets the version before vote`,
      );
    }
    const moved = drift.filter(({ index }) => index > DRIFT_LARGE);
    if (moved.length < DRIFTED_MIN) return;
    const named = moved.slice(0, DRIFTED_MIN).map(({ feature, index }) => `${feature} ${index.toFixed(2)}`);
    this.#tell(
      `${symbol} drift`,
      timeMicros,
      `features of ${symbol} have moved far from how they first were (stability index above ${DRIFT_LARGE}): ${named.join(", ")}` +
        `${moved.length > named.length ? " and others" : ""}. What was learned on others may not hold: see whether the feed changed`,
    );
  }

  #tell(key: string, timeMicros: Micros, message: string): void {
    const before = this.#told.get(key);
    if (before !== undefined && timeMicros - before < AGAIN_MICROS) return;
    if (before === undefined && this.#told.size >= TOLD_MAX) return;
    this.#told.set(key, timeMicros);
    this.#onProblem(message);
  }
}

/** What is clearly worse, in words; empty where nothing is. */
function worseThan(holdout: HoldoutFigures, { all }: SubjectQuality): string {
  if (all === null || all.rowsApart < ROWS_APART_MIN) return "";
  const parts: string[] = [];
  // What a model without fault would show: the mean distance of a bin's share of ones, with so many rows in it, from the truth.
  const chance = Math.sqrt(((2 / Math.PI) * 0.25 * BINS) / all.rowsApart);
  if (holdout.ece !== null && all.ece > holdout.ece + 2 * chance) {
    parts.push(`calibration error ${all.ece.toFixed(3)} instead of ${holdout.ece.toFixed(3)}`);
  }
  const isSkillKnown = holdout.brierSkill !== null && all.brierSkill !== null;
  if (isSkillKnown && all.brierSkill < Math.min(0, holdout.brierSkill) - SKILL_DROP) {
    parts.push(`Brier skill ${all.brierSkill.toFixed(3)} instead of ${holdout.brierSkill.toFixed(3)}`);
  }
  return parts.length === 0 ? "" : `${parts.join(", ")}, over ${all.rows} votes`;
}
