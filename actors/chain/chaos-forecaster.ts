// The chaos member: how far the recent past can be continued. It follows the last minutes where returns persist (Hurst
// above one half), turns against them where they revert, and says nothing where the past is no better than noise.

import type { Archive } from "../base/archive.ts";
import { FEATURE } from "../domain/features.ts";
import { ABSTAIN, type ForecastInput, type Forecaster } from "../ports/forecaster.ts";
import { normalCdf } from "../base/normal.ts";
import { clamp } from "./squash.ts";
import { BAR_VOTE_LIFE_MICROS } from "./vote-lives.ts";

/** Less determinism than this is what noise shows by chance: 99 of 100 windows of independent normal returns do. */
const PREDICTABILITY_MIN = 0.3;
/** Near pasts that part faster than this part faster than those of noise: 99 of 100 such windows stay below. */
const CHAOS_INDEX_MAX = 0.43;
/** Minutes of return it continues. */
const MINUTES = 5;
/** Scales memory (Hurst minus one half) to a share of the move that is expected to go on. */
const MEMORY_SCALE = 3;
/** The largest move, in standard deviations, it takes at face value. */
const MOVE_MAX = 3;

export class ChaosForecaster implements Forecaster {
  readonly member = "chaos";
  readonly cadence = "bar-close";
  readonly deadlineMicros = 2_000;
  readonly voteLifeMicros = BAR_VOTE_LIFE_MICROS;

  forecast(input: ForecastInput): number {
    const { features } = input;
    const predictability = features[FEATURE.predictability] as number;
    const chaosIndex = features[FEATURE.chaos_index] as number;
    const deviation = features[FEATURE.volatility_20] as number;
    const move = features[FEATURE.log_return_5m] as number;
    const memory = clamp(MEMORY_SCALE * ((features[FEATURE.hurst] as number) - 0.5), -1, 1);
    // Written so that what is not a number yet makes it abstain, too.
    if (!(predictability >= PREDICTABILITY_MIN && chaosIndex <= CHAOS_INDEX_MAX)) return ABSTAIN;
    if (!(deviation > 0)) return ABSTAIN;
    const deviations = clamp(move / (deviation * Math.sqrt(MINUTES)), -MOVE_MAX, MOVE_MAX);
    const trust = 0.5 + 0.5 * predictability;
    const probabilityUp = normalCdf(trust * memory * deviations);
    return Number.isNaN(probabilityUp) ? ABSTAIN : probabilityUp;
  }

  /** It remembers nothing: the window it looks at is part of the features. */
  persist(_archive: Archive): void {}
}
