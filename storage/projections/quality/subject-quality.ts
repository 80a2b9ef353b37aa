// What a scorecard says of one who answers, as it is told.

import type { QualityFigures, SubjectQuality } from "../../../actors/ports/model-quality.ts";
import type { MemberScore, Scorecard } from "../../../actors/quality/scorecard.ts";

/** @param who by whose name the card knows the answers */
export function subjectQuality(
  card: Scorecard<string>,
  who: Pick<SubjectQuality, "name" | "kind" | "member" | "model" | "event" | "horizonMicros">,
): SubjectQuality {
  const { name, kind, member, model, event, horizonMicros } = who;
  const curves = card.curvesOf(name);
  const all = card.scoreOf(name);
  return {
    name,
    kind,
    member,
    model,
    event,
    horizonMicros,
    settled: card.settledOf(name),
    all: all === undefined ? null : figuresOf(all),
    regimes: card.regimesOf(name).map((score) => Object.assign(figuresOf(score), { regime: score.regime })),
    calibration: curves?.calibration ?? [],
    coverage: (curves?.coverage ?? []).map(({ coverage, count, accuracy, confidence }) => ({
      coverage,
      count,
      accuracy,
      confidence,
    })),
  };
}

function known(figure: number): number | null {
  return Number.isNaN(figure) ? null : figure;
}

function figuresOf(score: Omit<MemberScore<string>, "regime">): QualityFigures {
  const { rows, rowsApart, baseRate, accuracy, accuracyInterval, brier, logLoss, ece } = score;
  return {
    rows,
    rowsApart,
    baseRate,
    accuracy,
    accuracyLow: accuracyInterval.low,
    accuracyHigh: accuracyInterval.high,
    brier,
    brierSkill: known(score.brierSkill),
    logLoss,
    ece,
    auc: known(score.auc),
  };
}
