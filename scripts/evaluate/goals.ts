// What is expected of a trained model on data it has not seen, head by head.

import { MICROS_PER_SECOND } from "../../actors/base/clock.ts";
import type { EvaluationResult, Goal } from "./report.ts";

const ECE_MAX = 0.02;

/** Area under the curve and accuracy of the surest tenth that a head should have; undefined where there is none of that kind. */
export interface Wanted {
  readonly auc?: number;
  readonly topDecile?: number;
}

const MINUTE_AREAS: Readonly<Record<string, number>> = { up: 0.53, lively: 0.86, "slot-lively": 0.76 };
const GOLD = "XAUUSD";

export function wantedOf(
  result: Pick<EvaluationResult, "rows" | "event" | "symbol" | "delaySeconds" | "horizonSeconds">,
): Wanted {
  const { rows, event, symbol, delaySeconds, horizonSeconds } = result;
  if (rows === "minute") {
    const auc = MINUTE_AREAS[event];
    return auc === undefined ? {} : { auc };
  }
  // Quotes are judged a symbol at a time: pooling mixes scales.
  if (symbol === "all" || horizonSeconds * MICROS_PER_SECOND !== 5 * MICROS_PER_SECOND) return {};
  if (symbol !== GOLD) return delaySeconds === 0 ? { auc: 0.535, topDecile: 0.56 } : {};
  return delaySeconds === 0 ? { auc: 0.66, topDecile: 0.74 } : { auc: 0.56, topDecile: 0.6 };
}

/** Every goal of every model's head: the symbols together where rows are minutes, each on its own where they are ticks. */
export function goalsOf(results: readonly EvaluationResult[]): Goal[] {
  return results
    .filter(({ kind, rows, symbol }) => kind === "model" && (rows === "minute") === (symbol === "all"))
    .flatMap((result) => {
      const { scores } = result;
      const wanted = wantedOf(result);
      const goals: Goal[] = [];
      const add = (goal: string, least: number | undefined, value: number): void => {
        if (least === undefined) return;
        const { subject, target, data, symbol } = result;
        goals.push({ goal, subject, target, data, symbol, wanted: least, value, isReached: value >= least });
      };
      add("AUC", wanted.auc, scores.auc.value);
      add("accuracy of the surest tenth", wanted.topDecile, scores.topDecile.value);
      const areaGain = scores.aucGain?.low ?? null;
      if (areaGain !== null) add("AUC above the best naive rule's, lower end", 0, areaGain);
      if (scores.brierSkill.low !== null) add("Brier skill, lower end", 0, scores.brierSkill.low);
      if (scores.gain.low !== null)
        add("accuracy above the best naive rule's, lower end", 0, scores.gain.low);
      const { subject, target, data, symbol } = result;
      const isReached = scores.ece <= ECE_MAX;
      goals.push({
        goal: "ECE at most",
        subject,
        target,
        data,
        symbol,
        wanted: ECE_MAX,
        value: scores.ece,
        isReached,
      });
      return goals;
    });
}
