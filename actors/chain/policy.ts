// Step 9: from a probability to BUY, SELL or HOLD. Two thresholds with a gap between them, a minimum hold and an expiry
// keep the decision from flickering; gates keep it from trading moves that the spread would eat, that are not worth their costs,
// or at a moment that speaks against them.

import type { Archive } from "../base/archive.ts";
import { assert } from "../base/assert.ts";
import { MICROS_PER_SECOND, type Micros } from "../base/clock.ts";
import { FEATURE } from "../domain/features.ts";
import type { Quote } from "../domain/quote.ts";
import type { Regime } from "../domain/regime.ts";
import type { Action } from "../domain/signal.ts";
import type { Outlook } from "./outlook.ts";
import { regimePolicy } from "./regime.ts";
import { clamp } from "./squash.ts";

export interface PolicySettings {
  /** BUY at or above. */
  readonly buyAt: number;
  /** SELL at or below. */
  readonly sellAt: number;
  /** A BUY stands until the probability falls below 0.5 plus this; a SELL likewise the other way round. */
  readonly holdMargin: number;
  /** A standing decision is not dropped before. */
  readonly holdMinMicros: Micros;
  /** How long a signal holds; after it the same side may be signalled again. */
  readonly signalLifeMicros: Micros;
  /** Members must agree at least this much, 0..1. */
  readonly agreementMin: number;
  /** Stop distance in ranges of a minute: the average true one, or the one that is foretold. */
  readonly stopRanges: number;
  /** Target distance in stop distances. */
  readonly targetPerStop: number;
  /** The target must be worth this many spreads. */
  readonly targetSpreadsMin: number;
  /**
   * What an entry must be expected to earn after its costs, in spreads: probability and outlook against spread and slippage.
   * Null trades on thresholds alone.
   */
  readonly edgeSpreadsMin: number | null;
  /** What entry and exit lose to slippage and delay, in spreads. */
  readonly slippageSpreads: number;
  /** An entry waits while the next seconds are expected to go its way with less than this probability; 0 never waits. */
  readonly timingMin: number;
}

export const POLICY_DEFAULTS: PolicySettings = Object.freeze({
  buyAt: 0.66,
  sellAt: 0.34,
  holdMargin: 0.04,
  holdMinMicros: 5 * MICROS_PER_SECOND,
  signalLifeMicros: 300 * MICROS_PER_SECOND,
  agreementMin: 0.5,
  stopRanges: 15,
  targetPerStop: 1.5,
  targetSpreadsMin: 4,
  edgeSpreadsMin: null,
  slippageSpreads: 0.5,
  timingMin: 0,
});

export interface PolicyInput {
  timeMicros: Micros;
  /** Calibrated; NaN when nobody voted. */
  probabilityUp: number;
  agreement: number;
  regime: Regime;
  quote: Readonly<Quote>;
  features: Float64Array;
  outlook: Readonly<Outlook>;
  /** Of the fast member: probability that the mid is higher in some seconds; NaN where it says nothing. */
  timingUp: number;
}

/** Why a side that the probability asks for was not taken or not signalled; empty when nothing stood against it. */
export type HoldReason =
  | ""
  | "no-votes"
  | "disagreement"
  | "regime-veto"
  | "spread"
  | "not-warm"
  | "no-edge"
  | "timing";

export interface Decision {
  readonly action: Action;
  /** As it was judged; NaN when nobody voted. */
  readonly probabilityUp: number;
  /** Probability of the chosen side; of the likelier one on HOLD; 0.5 when nobody voted. */
  readonly confidence: number;
  /** Whether a new signal is to be made. */
  readonly emit: boolean;
  readonly held: HoldReason;
  /** Points from the entry price; 0 unless `emit`. */
  readonly stopPoints: number;
  readonly targetPoints: number;
  /** When the latest signal expires; 0 before the first. */
  readonly expiresAtMicros: Micros;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const BASIS_POINTS = 10_000;
/** No forecast makes a stop wider or narrower than what was just measured by more than this. */
const FORETOLD_FACTOR_MAX = 2;
const NUMBERS: readonly Action[] = ["HOLD", "BUY", "SELL"];

export class SignalPolicy {
  readonly #settings: PolicySettings;
  readonly #decision: Mutable<Decision> = {
    action: "HOLD",
    probabilityUp: Number.NaN,
    confidence: 0.5,
    emit: false,
    held: "no-votes",
    stopPoints: 0,
    targetPoints: 0,
    expiresAtMicros: 0,
  };
  #action: Action = "HOLD";
  #sinceMicros: Micros = 0;
  /** The side that was signalled last, and until when that signal holds. */
  #signalled: Action = "HOLD";
  #expiresAtMicros: Micros = 0;

  constructor(settings: Partial<PolicySettings> = {}) {
    const merged = { ...POLICY_DEFAULTS, ...settings };
    assert(merged.sellAt < 0.5 && merged.buyAt > 0.5, "thresholds lie on their own side of one half");
    assert(
      merged.holdMargin <= Math.min(merged.buyAt - 0.5, 0.5 - merged.sellAt),
      "a side must not be dropped by the vote that takes it",
    );
    assert(merged.stopRanges > 0 && merged.targetPerStop > 0, "a signal needs a stop and a target");
    assert(merged.signalLifeMicros > 0, "a signal needs a life");
    this.#settings = merged;
  }

  /** The latest decision; the object is reused. */
  get decision(): Decision {
    return this.#decision;
  }

  /**
   * @param tradable whether a signal of now may open a position; one that may not does not stand in the way of one that may
   */
  decide(input: PolicyInput, tradable = true): Decision {
    const decision = this.#decision;
    const { probabilityUp, timeMicros } = input;
    decision.held = "";
    decision.stopPoints = 0;
    decision.targetPoints = 0;
    const wanted = this.#wanted(input);
    if (wanted !== this.#action && this.#mayChange(timeMicros)) {
      this.#action = wanted;
      this.#sinceMicros = timeMicros;
      // A HOLD in between makes the same side news again.
      if (wanted === "HOLD") this.#signalled = "HOLD";
    }
    decision.action = this.#action;
    decision.probabilityUp = probabilityUp;
    decision.confidence = confidenceOf(this.#action, probabilityUp);
    decision.emit =
      this.#isNews(timeMicros) &&
      this.#confirms(probabilityUp) &&
      this.#allows(input) &&
      this.#isWorthIt(input) &&
      this.#isInTime(input) &&
      this.#distances(input);
    const expiresAtMicros = timeMicros + this.#settings.signalLifeMicros;
    if (decision.emit && tradable) {
      this.#signalled = this.#action;
      this.#expiresAtMicros = expiresAtMicros;
    }
    decision.expiresAtMicros = decision.emit ? expiresAtMicros : this.#expiresAtMicros;
    return decision;
  }

  persist(archive: Archive): void {
    this.#action = NUMBERS[archive.number(NUMBERS.indexOf(this.#action))] ?? "HOLD";
    this.#sinceMicros = archive.number(this.#sinceMicros);
    this.#signalled = NUMBERS[archive.number(NUMBERS.indexOf(this.#signalled))] ?? "HOLD";
    this.#expiresAtMicros = archive.number(this.#expiresAtMicros);
  }

  /** What an entry and an exit at market cost. */
  costPoints({ spreadPoints }: Readonly<Quote>): number {
    return spreadPoints * (1 + this.#settings.slippageSpreads);
  }

  /** What the probability asks for, if it may be taken. A standing side needs no leave: it opens nothing. */
  #wanted(input: PolicyInput): Action {
    const { buyAt, sellAt, holdMargin } = this.#settings;
    const { probabilityUp } = input;
    if (Number.isNaN(probabilityUp)) {
      this.#decision.held = "no-votes";
      return "HOLD";
    }
    if (this.#action === "BUY" && probabilityUp >= 0.5 + holdMargin) return "BUY";
    if (this.#action === "SELL" && probabilityUp <= 0.5 - holdMargin) return "SELL";
    const side: Action = probabilityUp >= buyAt ? "BUY" : probabilityUp <= sellAt ? "SELL" : "HOLD";
    return side !== "HOLD" && this.#allows(input) && this.#isWorthIt(input) ? side : "HOLD";
  }

  /** Whether the side that is likelier is expected to earn more than it costs: (2 p - 1) E|move| - spread - slippage. */
  #isWorthIt({ probabilityUp, outlook, quote }: PolicyInput): boolean {
    const { edgeSpreadsMin } = this.#settings;
    if (edgeSpreadsMin === null) return true;
    const edgePoints =
      Math.abs(2 * probabilityUp - 1) * outlook.movePoints(quote.midPoints) - this.costPoints(quote);
    // Written so that an unknown move is not worth it.
    if (edgePoints >= edgeSpreadsMin * quote.spreadPoints) return true;
    this.#decision.held = "no-edge";
    return false;
  }

  /** Whether the next seconds do not speak against an entry now; without a fast member they never do. */
  #isInTime({ timingUp }: PolicyInput): boolean {
    const timing = this.#action === "BUY" ? timingUp : 1 - timingUp;
    if (!(timing < this.#settings.timingMin)) return true;
    this.#decision.held = "timing";
    return false;
  }

  /** Whether members and regime allow an entry; if not, says why. */
  #allows(input: PolicyInput): boolean {
    const decision = this.#decision;
    if (!(input.agreement >= this.#settings.agreementMin)) decision.held = "disagreement";
    else if (regimePolicy(input.regime).veto !== "") decision.held = "regime-veto";
    else return true;
    return false;
  }

  #mayChange(timeMicros: Micros): boolean {
    return this.#action === "HOLD" || timeMicros - this.#sinceMicros >= this.#settings.holdMinMicros;
  }

  /** A side is signalled once, and again when its signal has expired. */
  #isNews(timeMicros: Micros): boolean {
    if (this.#action === "HOLD") return false;
    return this.#action !== this.#signalled || timeMicros >= this.#expiresAtMicros;
  }

  /** A side that merely has not been dropped yet is not signalled again. */
  #confirms(probabilityUp: number): boolean {
    return this.#action === "BUY"
      ? probabilityUp >= this.#settings.buyAt
      : probabilityUp <= this.#settings.sellAt;
  }

  /** Sets stop and target; false when the range is not known or the target is not worth its spread. */
  #distances(input: PolicyInput): boolean {
    const decision = this.#decision;
    const { stopRanges, targetPerStop, targetSpreadsMin } = this.#settings;
    const { spreadPoints } = input.quote;
    const rangePoints = rangeOf(input);
    const stopPoints = Math.ceil(stopRanges * rangePoints + spreadPoints);
    const targetPoints = Math.ceil(targetPerStop * stopRanges * rangePoints);
    if (!(rangePoints > 0)) {
      decision.held = "not-warm";
      return false;
    }
    if (!(targetPoints >= targetSpreadsMin * spreadPoints)) {
      decision.held = "spread";
      return false;
    }
    decision.stopPoints = stopPoints;
    decision.targetPoints = targetPoints;
    return true;
  }
}

/**
 * The range of a minute that distances are counted in: the one foretold for the next hour, at most so many times more or less than
 * the average true one; without a forecast that one. NaN while it is not known.
 */
function rangeOf({ features, outlook, quote: { midPoints } }: PolicyInput): number {
  const truePoints = ((features[FEATURE.atr_14] as number) / BASIS_POINTS) * midPoints;
  const foretold = outlook.minuteRangePoints(midPoints);
  if (Number.isNaN(foretold)) return truePoints;
  return clamp(foretold, truePoints / FORETOLD_FACTOR_MAX, truePoints * FORETOLD_FACTOR_MAX);
}

function confidenceOf(action: Action, probabilityUp: number): number {
  if (Number.isNaN(probabilityUp)) return 0.5;
  if (action === "BUY") return probabilityUp;
  if (action === "SELL") return 1 - probabilityUp;
  return Math.max(probabilityUp, 1 - probabilityUp);
}
