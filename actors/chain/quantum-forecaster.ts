// The quantum member: the wave packet's own probability of an up move (chain/wave.ts), damped where the packet is hardly
// wider than the spread, since a move inside the spread is none.

import type { Archive } from "../base/archive.ts";
import { FEATURE } from "../domain/features.ts";
import { ABSTAIN, type ForecastInput, type Forecaster } from "../ports/forecaster.ts";
import { TICK_VOTE_LIFE_MICROS } from "./vote-lives.ts";

export class QuantumForecaster implements Forecaster {
  readonly member = "quantum";
  readonly cadence = "tick";
  readonly deadlineMicros = 1_000;
  readonly voteLifeMicros = TICK_VOTE_LIFE_MICROS;

  forecast(input: ForecastInput): number {
    const { features } = input;
    const probabilityUp = features[FEATURE.wave_function] as number;
    const width = features[FEATURE.wave_dispersion] as number;
    const spread = features[FEATURE.spread_pct] as number;
    const room = width / (width + 0.5 * spread);
    const damped = 0.5 + (probabilityUp - 0.5) * room;
    return Number.isNaN(damped) ? ABSTAIN : damped;
  }

  /** It remembers nothing: the packet is part of the features. */
  persist(_archive: Archive): void {}
}
