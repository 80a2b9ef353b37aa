// Why a signal was given, in short codes a person can read and a program can count: strongest first.

import type { Regime } from "../domain/regime.ts";
import type { Action, Component } from "../domain/signal.ts";
import type { CorrelationBreak } from "./correlation-watch.ts";
import type { SwitchedOff } from "./gate/quality-gate.ts";
import type { RegimeEvidence } from "./regime.ts";

/** More would not be read. */
const REASONS_MAX = 6;

/** Evidence weaker than this explains nothing. */
const EVIDENCE_MIN = 0.3;

/** That somebody was left out is worth knowing before weak evidence is. */
const OFF_STRENGTH = 0.045;

/** So is that an instrument does not move with the dollar as it usually does. */
const BREAK_STRENGTH = 0.046;

interface Reason {
  readonly text: string;
  readonly strength: number;
}

/**
 * Members that voted for the side, as `member:probability`, by weight times distance from one half; the regime; and the
 * evidence that points the same way, as `evidence:value`; members that were not listened to, as `off:member:why`; a correlation
 * with the dollar that has broken down, as `dollar-correlation:usual>now`.
 */
export function reasonsOf(decided: {
  action: Exclude<Action, "HOLD">;
  components: readonly Component[];
  regime: Regime;
  evidence: Readonly<RegimeEvidence>;
  switchedOff?: readonly SwitchedOff[];
  correlationBreak?: CorrelationBreak | undefined;
}): string[] {
  const sign = decided.action === "BUY" ? 1 : -1;
  const reasons: Reason[] = [{ text: `regime:${decided.regime}`, strength: 0.05 }];
  for (const { member, probabilityUp, weight } of decided.components) {
    const strength = weight * (probabilityUp - 0.5) * sign;
    if (strength > 0) reasons.push({ text: `${member}:${probabilityUp.toFixed(2)}`, strength });
  }
  for (const name of ["trend", "breakout", "reversal"] as const) {
    const strength = decided.evidence[name] * sign;
    if (strength >= EVIDENCE_MIN) {
      reasons.push({ text: `${name}:${decided.evidence[name].toFixed(2)}`, strength: strength / 10 });
    }
  }
  for (const { member, why } of decided.switchedOff ?? []) {
    reasons.push({ text: `off:${member}:${why}`, strength: OFF_STRENGTH });
  }
  if (decided.correlationBreak !== undefined) {
    const { usual, now } = decided.correlationBreak;
    reasons.push({
      text: `dollar-correlation:${usual.toFixed(2)}>${now.toFixed(2)}`,
      strength: BREAK_STRENGTH,
    });
  }
  return reasons
    .sort((a, b) => b.strength - a.strength)
    .slice(0, REASONS_MAX)
    .map((reason) => reason.text);
}
