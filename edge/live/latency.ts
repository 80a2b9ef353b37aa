// How long decisions and their stages took, over all symbols.

import { LatencyHistogram } from "../../actors/base/histogram.ts";
import type { Micros } from "../../actors/base/clock.ts";
import { STAGES } from "../../actors/chain/stages.ts";
import type { Engine } from "../../actors/engine.ts";
import type { LatencyRow } from "../../actors/ports/time-series.ts";

/** The whole decision first, from a tick's arrival on, then its stages. */
export function latencyRows(engine: Engine, timeMicros: Micros): LatencyRow[] {
  const actors = engine.config.instruments
    .map(({ id }) => engine.symbol(id))
    .filter((actor) => actor !== undefined);
  const row = (stage: string, parts: readonly LatencyHistogram[]): LatencyRow => ({
    timeMicros,
    stage,
    ...together(parts),
  });
  return [
    row(
      "decision",
      actors.map((actor) => actor.decisionLatency),
    ),
    ...STAGES.map((stage) =>
      row(
        stage,
        actors.map((actor) => actor.chain.stages.histograms[stage]),
      ),
    ),
  ];
}

function together(parts: readonly LatencyHistogram[]): Omit<LatencyRow, "timeMicros" | "stage"> {
  const whole = new LatencyHistogram();
  for (const part of parts) whole.merge(part);
  return {
    count: whole.count,
    p50Micros: whole.quantileMicros(0.5),
    p99Micros: whole.quantileMicros(0.99),
    maxMicros: whole.quantileMicros(1),
  };
}
