// The rule members and the vote of one symbol, asked as live ones are - at every tick, bar members at the close of a minute -, and the
// regime that the chain would have seen. Nothing is signalled and nothing traded.

import type { Micros } from "../../actors/base/clock.ts";
import { Confirmation } from "../../actors/chain/confirm.ts";
import { type ModelVote, type PresetName, PRESETS, presetOf } from "../../actors/chain/presets.ts";
import { RECALIBRATION_DEFAULTS } from "../../actors/chain/recalibration/settings.ts";
import type { Bar } from "../../actors/domain/bar.ts";
import type { MemberId } from "../../actors/domain/prediction.ts";
import type { Quote } from "../../actors/domain/quote.ts";
import { REGIMES } from "../../actors/domain/regime.ts";
import { ruleForecasters } from "../../actors/ensemble.ts";
import type { Forecaster } from "../../actors/ports/forecaster.ts";

export class LiveVote {
  /** Answers of the rule members in their order, NaN for one that was not asked or said nothing; of the last call. */
  readonly answers: Float64Array;
  /** What the chain would act on; NaN where nobody has an opinion. */
  probabilityUp = Number.NaN;
  /** The same before it was re-calibrated by what became of earlier votes. */
  probabilityBefore = Number.NaN;
  readonly #forecasters: readonly Forecaster[] = ruleForecasters();
  readonly #confirmation: Confirmation;
  readonly #input: { features: Float64Array; timeMicros: Micros; instrumentId: number };

  /** @param models that vote */
  constructor(preset: PresetName, instrumentId: number, models: readonly ModelVote[]) {
    const recalibration =
      PRESETS[preset].wantsRecalibration === true ? { recalibration: RECALIBRATION_DEFAULTS } : {};
    this.#confirmation = new Confirmation(presetOf(preset, { models, ...recalibration }));
    this.answers = new Float64Array(this.#forecasters.length);
    this.#input = { features: new Float64Array(), timeMicros: 0, instrumentId };
  }

  /** By position in REGIMES. */
  get regime(): number {
    return REGIMES.indexOf(this.#confirmation.regime);
  }

  onQuote(quote: Quote): void {
    this.#confirmation.onQuote(quote);
  }

  onMinute(bar: Bar): void {
    this.#confirmation.onMinute(bar);
  }

  /** Asks who is due; {@link decide} follows. */
  ask(features: Float64Array, timeMicros: Micros, minuteClosed: boolean): void {
    const input = this.#input;
    input.features = features;
    input.timeMicros = timeMicros;
    for (let i = 0; i < this.#forecasters.length; i++) {
      const forecaster = this.#forecasters[i] as Forecaster;
      const isDue = minuteClosed || forecaster.cadence === "tick";
      const answer = isDue ? forecaster.forecast(input) : Number.NaN;
      this.answers[i] = answer > 0 && answer < 1 ? answer : Number.NaN;
      if (isDue) this.cast(forecaster.member, this.answers[i] as number, timeMicros);
    }
  }

  /** A champion's answer; NaN takes its last one away. */
  cast(member: MemberId, probabilityUp: number, timeMicros: Micros): void {
    const status = Number.isNaN(probabilityUp) ? "abstained" : "voted";
    this.#confirmation.cast({ votes: [{ member, status, probabilityUp }], timeMicros });
  }

  decide(features: Float64Array, timeMicros: Micros): void {
    this.#confirmation.vote(timeMicros);
    this.#confirmation.validate(features, timeMicros);
    this.probabilityUp = this.#confirmation.calibrate(timeMicros);
    this.probabilityBefore = this.#confirmation.calibratedBefore;
  }
}
