// What members and models turned out to be worth, as figures for Prometheus.

import { Gauge, type Registry } from "prom-client";
import type { ModelQuality, QualityFigures } from "../../actors/ports/model-quality.ts";

const FIGURES: readonly (readonly [
  name: string,
  help: string,
  of: (all: QualityFigures) => number | null,
])[] = [
  ["accuracy", "Share of right guesses over the last settled answers", ({ accuracy }) => accuracy],
  ["brier_skill", "1 - Brier score over that of the base rate", ({ brierSkill }) => brierSkill],
  ["calibration_error", "Expected calibration error", ({ ece }) => ece],
  ["auc", "Area under the ROC curve", ({ auc }) => auc],
];

/** By symbol and by who answers: a rule member, or a model with its version. */
export function addModelMetrics(registry: Registry, quality: ModelQuality): void {
  const labelNames = ["symbol", "name", "kind"] as const;
  const gauge = (name: string, help: string): Gauge<(typeof labelNames)[number]> =>
    new Gauge({ name: `tickforge_model_${name}`, help, labelNames, registers: [registry] });
  const figures = FIGURES.map(([name, help, of]) => ({ made: gauge(name, help), of }));
  const drift = new Gauge<"symbol">({
    name: "tickforge_model_drift_max",
    help: "The largest population stability index of a feature",
    labelNames: ["symbol"],
    registers: [registry],
  });
  const asked = new Gauge<"symbol" | "outcome">({
    name: "tickforge_model_shadows_total",
    help: "How often shadows were asked, passed over to come level, and failed",
    labelNames: ["symbol", "outcome"],
    registers: [registry],
  });
  const settled: Gauge<(typeof labelNames)[number]> = new Gauge({
    name: "tickforge_model_settled",
    help: "Answers whose outcome is known, of those that are looked back on",
    labelNames,
    registers: [registry],
    collect: async () => {
      const symbols = await quality.symbols();
      for (const made of [settled, ...figures.map((each) => each.made)]) made.reset();
      for (const { symbol, subjects, drift: features, shadows } of symbols) {
        for (const { name, kind, all, settled: rows } of subjects) {
          settled.set({ symbol, name, kind }, rows);
          for (const { made, of } of figures) {
            const value = all === null ? null : of(all);
            if (value !== null) made.set({ symbol, name, kind }, value);
          }
        }
        if (features[0] !== undefined) drift.set({ symbol }, features[0].index);
        for (const [outcome, value] of Object.entries(shadows)) asked.set({ symbol, outcome }, value);
      }
    },
  });
}
