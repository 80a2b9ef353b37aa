// What members and models turned out to be worth, as figures for Prometheus.

import { Gauge, type Registry } from "prom-client";
import type { ModelQuality, SubjectQuality, SymbolQuality } from "../../actors/ports/model-quality.ts";

type Told = readonly [labels: Record<string, string>, value: number];

const FIGURES: readonly (readonly [
  name: string,
  help: string,
  of: (subject: SubjectQuality) => number | null | undefined,
])[] = [
  ["settled", "Answers whose outcome is known, of those that are looked back on", ({ settled }) => settled],
  ["accuracy", "Share of right guesses over the last settled answers", ({ all }) => all?.accuracy],
  ["brier_skill", "1 - Brier score over that of the base rate", ({ all }) => all?.brierSkill],
  ["calibration_error", "Expected calibration error", ({ all }) => all?.ece],
  ["auc", "Area under the ROC curve", ({ all }) => all?.auc],
];

/** By symbol and by who answers: a rule member, or a model with its version. */
export function addModelMetrics(registry: Registry, quality: ModelQuality): void {
  const gauge = (
    name: string,
    help: string,
    labelNames: readonly string[],
    of: (symbol: SymbolQuality) => readonly Told[],
  ): void => {
    const made: Gauge = new Gauge({
      name: `tickforge_model_${name}`,
      help,
      labelNames,
      registers: [registry],
      collect: async () => {
        const symbols = await quality.symbols();
        // Whoever is scored no more is told no more.
        made.reset();
        for (const [labels, value] of symbols.flatMap(of)) made.set(labels, value);
      },
    });
  };
  const quarantined: Gauge = new Gauge({
    name: "tickforge_model_quarantined",
    help: "1 for a version that stopped the trading process and is not opened until it is promoted",
    labelNames: ["model", "version"],
    registers: [registry],
    collect: () => {
      quarantined.reset();
      for (const { card, quarantine } of quality.models()) {
        if (quarantine !== null) quarantined.set({ model: card.model, version: card.version }, 1);
      }
    },
  });
  for (const [name, help, of] of FIGURES) {
    gauge(name, help, ["symbol", "name", "kind"], ({ symbol, subjects }) =>
      subjects.flatMap((subject) => {
        const value = of(subject) ?? undefined;
        return value === undefined ? [] : [[{ symbol, name: subject.name, kind: subject.kind }, value]];
      }),
    );
  }
  gauge("drift_max", "The largest population stability index of a feature", ["symbol"], ({ symbol, drift }) =>
    drift.slice(0, 1).map(({ index }) => [{ symbol }, index]),
  );
  const shadowsHelp = "How often shadows were asked, passed over to come level, and failed";
  gauge("shadows_total", shadowsHelp, ["symbol", "outcome"], ({ symbol, shadows }) =>
    Object.entries(shadows).map(([outcome, value]) => [{ symbol, outcome }, value as number]),
  );
}
