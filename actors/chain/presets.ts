// Named sets of weights and thresholds. None of them claims to earn money: that is what walk-forward reports are for.

import { MICROS_PER_SECOND, type Micros } from "../base/clock.ts";
import { type AsynchronousMember, isAsynchronous, MEMBERS, type MemberId } from "../domain/prediction.ts";
import type { OutcomeEvent } from "../quality/outcomes.ts";
import type { Cadence } from "../ports/forecaster.ts";
import type { BallotSettings } from "./ballot.ts";
import { REGIMES } from "../domain/regime.ts";
import type { MetaSettings } from "./meta-learner.ts";
import { POLICY_DEFAULTS, type PolicySettings } from "./policy.ts";
import type { RecalibrationSettings } from "./recalibration/settings.ts";
import type { Reliability } from "./validation.ts";
import { BAR_VOTE_LIFE_MICROS, TICK_VOTE_LIFE_MICROS } from "./vote-lives.ts";

export const PRESET_NAMES = ["rules", "classic", "demo", "ensemble"] as const;
export type PresetName = (typeof PRESET_NAMES)[number];

/** The four layers that confirm a signal, and the policy that makes one. */
export interface Preset {
  /** 1. and 2.: members, the technical score among them, and what each is worth. */
  readonly ballot: BallotSettings;
  /** 2.: learned from the members' forecasts; without it their weighted mean counts. */
  readonly meta?: MetaSettings;
  /** 3.: what votes have been worth in each regime. */
  readonly reliability?: Reliability;
  /** 4.: beta calibration; without it a vote is taken at its word. */
  readonly calibration?: { readonly a: number; readonly b: number; readonly c: number };
  /** 4.: what votes have meant of late; without it nothing is learned while trading. */
  readonly recalibration?: RecalibrationSettings;
  readonly policy: PolicySettings;
  /** The models that come with the program are made known to a data folder that is traded with this. */
  readonly wantsModels?: true;
  /** It is re-calibrated while it trades, unless settings say otherwise. */
  readonly wantsRecalibration?: true;
  /** Which members are trained models, and which. */
  readonly models?: readonly ModelVote[];
}

/** A trained model that votes on a symbol: of no preset either. What its card does not say is as for a rule member. */
export interface ModelVote {
  readonly member: MemberId;
  /** Tells it from another model in its place. */
  readonly name: string;
  readonly event?: OutcomeEvent | undefined;
  readonly horizonMicros?: Micros | undefined;
  readonly voteLifeMicros?: Micros | undefined;
  readonly cadence?: Cadence | undefined;
}

/** Members that are answered beside the tick path are of no preset: whoever turns one on says what it is worth. */
export interface AskedVote {
  /** Beside the preset's own weights. */
  readonly weight: number;
  readonly voteLifeMicros: number;
}

export type AskedVotes = Readonly<Partial<Record<AsynchronousMember, AskedVote>>>;

const VOTE_LIVES: Readonly<Partial<Record<MemberId, number>>> = {
  technical: TICK_VOTE_LIFE_MICROS,
  quantum: TICK_VOTE_LIFE_MICROS,
  xgboost: TICK_VOTE_LIFE_MICROS,
  lightgbm: TICK_VOTE_LIFE_MICROS,
  chaos: BAR_VOTE_LIFE_MICROS,
  lstm: BAR_VOTE_LIFE_MICROS,
  transformer: BAR_VOTE_LIFE_MICROS,
  cnn: BAR_VOTE_LIFE_MICROS,
  "range-15m": BAR_VOTE_LIFE_MICROS,
  "range-60m": BAR_VOTE_LIFE_MICROS,
  "slot-range-15m": BAR_VOTE_LIFE_MICROS,
  "slot-range-60m": BAR_VOTE_LIFE_MICROS,
};

/**
 * `rules`: the rule members alone, thresholds at which real ticks give some signals a day.
 * `classic`: quantum 0.3, chaos 0.2, machine learning 0.4 (shared by its five members), technical 0.1, BUY above 0.7,
 * SELL below 0.3. Without trained models the first, second and last share the vote.
 * `ensemble`: the trained models that ship, which the walk forward found worth about the same, weighed by a meta-learner; rule members are asked and shown without weight, since
 * they have shown no skill. A signal is made only where its calibrated probability, times the move that is foretold, is worth more
 * than spread and slippage: which is seldom. What its probabilities mean is learned on while it trades, unless settings say otherwise.
 * `demo`: the rule members on a short fuse, so that a simulated market shows signals and trades within seconds. It pays
 * the spread all day; it is for looking, not for an account.
 */
export const PRESETS: Readonly<Record<PresetName, Preset>> = Object.freeze({
  rules: {
    ballot: { weights: { technical: 0.45, quantum: 0.35, chaos: 0.2 }, voteLifeMicros: VOTE_LIVES },
    policy: POLICY_DEFAULTS,
  },
  classic: {
    ballot: {
      weights: {
        quantum: 0.3,
        chaos: 0.2,
        xgboost: 0.08,
        lightgbm: 0.08,
        lstm: 0.08,
        transformer: 0.08,
        cnn: 0.08,
        technical: 0.1,
      },
      voteLifeMicros: VOTE_LIVES,
    },
    policy: { ...POLICY_DEFAULTS, buyAt: 0.7, sellAt: 0.3 },
  },
  ensemble: {
    ballot: {
      weights: { lightgbm: 0.2, xgboost: 0.2, lstm: 0.2, transformer: 0.2, cnn: 0.2 },
      voteLifeMicros: VOTE_LIVES,
    },
    // By the stacking of `scripts/train`, on two folds of 2018, from what each said of time that it had not learned from; all five learned
    // from rows a quarter of an hour apart there. The intercept it found is nothing.
    meta: {
      intercept: 0,
      weights: { lightgbm: 0.23, xgboost: 0.256, lstm: 0.235, transformer: 0.204, cnn: 0.187 },
    },
    // From there too: in none of the three regimes that training tells apart did what came true differ from what was said by more
    // than chance. The finer ones here were not looked at one by one.
    reliability: Object.fromEntries(REGIMES.map((regime) => [regime, 1])),
    policy: {
      ...POLICY_DEFAULTS,
      buyAt: 0.52,
      sellAt: 0.48,
      holdMargin: 0.005,
      edgeSpreadsMin: 0,
      timingMin: 0.45,
    },
    wantsModels: true,
    wantsRecalibration: true,
  },
  demo: {
    ballot: { weights: { technical: 0.45, quantum: 0.35, chaos: 0.2 }, voteLifeMicros: VOTE_LIVES },
    policy: {
      ...POLICY_DEFAULTS,
      buyAt: 0.53,
      sellAt: 0.47,
      holdMargin: 0.005,
      agreementMin: 0.3,
      signalLifeMicros: 20 * MICROS_PER_SECOND,
      stopRanges: 8,
      targetSpreadsMin: 1,
    },
  },
});

/**
 * A preset with those beside it that vote on one symbol; a model's vote counts as long as its card says.
 * @param beside asked members that are left out are worth nothing, and what is not re-calibrated there is not
 */
export function presetOf(
  name: PresetName,
  beside: AskedVotes & {
    readonly models?: readonly ModelVote[];
    readonly recalibration?: RecalibrationSettings;
  },
): Preset {
  const { models = [], recalibration } = beside;
  const preset = PRESETS[name];
  const weights: Partial<Record<MemberId, number>> = { ...preset.ballot.weights };
  const lives: Partial<Record<MemberId, number>> = { ...preset.ballot.voteLifeMicros };
  for (const { member, voteLifeMicros } of models) {
    if (voteLifeMicros !== undefined) lives[member] = voteLifeMicros;
  }
  for (const member of MEMBERS) {
    const vote = isAsynchronous(member) ? beside[member] : undefined;
    if (vote === undefined) continue;
    weights[member] = vote.weight;
    lives[member] = vote.voteLifeMicros;
  }
  return {
    ...preset,
    ballot: { weights, voteLifeMicros: lives },
    models,
    ...(recalibration === undefined ? {} : { recalibration }),
  };
}
