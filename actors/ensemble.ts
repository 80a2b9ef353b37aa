// The members of the ensemble that need no model files.

import { ChaosForecaster } from "./chain/chaos-forecaster.ts";
import { QuantumForecaster } from "./chain/quantum-forecaster.ts";
import { TechnicalForecaster } from "./chain/technical-forecaster.ts";
import type { Forecaster } from "./ports/forecaster.ts";

/** The rule members of one symbol, fresh. */
export function ruleForecasters(): readonly Forecaster[] {
  return [new TechnicalForecaster(), new QuantumForecaster(), new ChaosForecaster()];
}
