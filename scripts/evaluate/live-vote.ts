// The rule members and the vote of one symbol, asked as live ones are - at every tick, bar members at the close of a minute -, and the
// regime that the chain would have seen. Nothing is signalled and nothing traded.

import type { Micros } from "../../actors/base/clock.ts";
import { Ballot } from "../../actors/chain/ballot.ts";
import { IDENTITY_CALIBRATOR } from "../../actors/chain/calibration.ts";
import { believed } from "../../actors/chain/chain.ts";
import { type PresetName, PRESETS } from "../../actors/chain/presets.ts";
import { RegimeClassifier } from "../../actors/chain/regime.ts";
import type { MemberId } from "../../actors/domain/prediction.ts";
import { type Regime, REGIMES } from "../../actors/domain/regime.ts";
import { ruleForecasters } from "../../actors/ensemble.ts";
import type { Forecaster } from "../../actors/ports/forecaster.ts";

export class LiveVote {
  /** Answers of the rule members in their order, NaN for one that was not asked or said nothing; of the last call. */
  readonly answers: Float64Array;
  /** What the chain would act on; NaN where nobody has an opinion. */
  probabilityUp = Number.NaN;
  readonly #forecasters: readonly Forecaster[] = ruleForecasters();
  readonly #ballot: Ballot;
  readonly #regime = new RegimeClassifier();
  readonly #input: { features: Float64Array; timeMicros: Micros; instrumentId: number };

  constructor(preset: PresetName, instrumentId: number) {
    this.#ballot = new Ballot(PRESETS[preset].ballot);
    this.answers = new Float64Array(this.#forecasters.length);
    this.#input = { features: new Float64Array(), timeMicros: 0, instrumentId };
  }

  /** By position in REGIMES. */
  get regime(): number {
    return REGIMES.indexOf(this.#regime.current);
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
    if (Number.isNaN(probabilityUp)) this.#ballot.withdraw(member);
    else this.#ballot.cast(member, probabilityUp, timeMicros);
  }

  decide(features: Float64Array, timeMicros: Micros): void {
    const voted = this.#ballot.combine(timeMicros);
    const regime: Regime = this.#regime.update(features, timeMicros);
    this.probabilityUp = IDENTITY_CALIBRATOR.calibrate(believed(voted, regime));
  }
}
