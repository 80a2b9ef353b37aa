// Everything an engine is built from. It is journaled as the first record of a run, so a reader of the journal builds
// the same engine.

import { StateHash } from "./base/hash.ts";
import type { AccountSettings, PaperBrokerSettings } from "./account/settings.ts";
import type { PresetName } from "./chain/presets.ts";
import { FEATURE_SCHEMA_HASH } from "./domain/features.ts";
import type { Instrument } from "./domain/instrument.ts";

/** Bump when the state of any actor changes its layout or its meaning: older snapshots are then not loaded. */
export const STATE_LAYOUT_VERSION = 1;

export interface EngineConfig {
  /** By id: instrument `i` has id `i`. */
  readonly instruments: readonly Instrument[];
  /** By source id: names for people, for example "SIMULATED" or "oanda". */
  readonly sources: readonly string[];
  readonly preset: PresetName;
  readonly account: AccountSettings;
  readonly broker: PaperBrokerSettings;
  /** Seeds what is random by design, such as the paper broker's latency. */
  readonly seed: number;
}

/** Names the layout snapshots are made under: code version, feature schema and configuration. */
export function stateLayout(config: EngineConfig): string {
  const hash = new StateHash();
  hash.number(STATE_LAYOUT_VERSION);
  hash.text(FEATURE_SCHEMA_HASH);
  hash.text(JSON.stringify(config));
  return hash.hex();
}
