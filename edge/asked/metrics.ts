// Figures for Prometheus of whoever is asked beside the tick path: what was asked, what went wrong, how long it took.

import { Gauge, type Registry } from "prom-client";
import type { BreakerState } from "../../actors/runtime/breaker.ts";

export interface AskedStatus {
  readonly name: string;
  readonly breaker: BreakerState;
  /** Questions that left. */
  readonly calls: number;
  readonly opinions: number;
  /** By why there was no opinion. */
  readonly failures: Readonly<Record<string, number>>;
  readonly p50Micros: number;
  readonly p99Micros: number;
}

const MICROS_PER_UNIT = 1e6;

/** @param kind in the names of the figures, and the label of whoever was asked */
export function addAskedMetrics<Status extends AskedStatus>(
  registry: Registry,
  kind: string,
  statuses: () => readonly Status[],
): (name: string, help: string, value: (status: Status) => number) => void {
  const ofEach = (name: string, help: string, value: (status: Status) => number): void => {
    const made: Gauge = new Gauge({
      name: `tickforge_${kind}_${name}`,
      help,
      labelNames: [kind],
      registers: [registry],
      collect: () => {
        for (const status of statuses()) made.set({ [kind]: status.name }, value(status));
      },
    });
  };
  ofEach("calls_total", "Questions that left", ({ calls }) => calls);
  ofEach("opinions_total", "Opinions, those given before included", ({ opinions }) => opinions);
  ofEach("breaker_open", "1 while it is left alone after failures", ({ breaker }) =>
    breaker === "open" ? 1 : 0,
  );
  const failures: Gauge = new Gauge({
    name: `tickforge_${kind}_failures_total`,
    help: "Questions without an opinion, by why",
    labelNames: [kind, "kind"],
    registers: [registry],
    collect: () => {
      for (const { name, failures: found } of statuses()) {
        for (const [why, count] of Object.entries(found)) failures.set({ [kind]: name, kind: why }, count);
      }
    },
  });
  const latency: Gauge = new Gauge({
    name: `tickforge_${kind}_latency_seconds`,
    help: "From a question to its answer",
    labelNames: [kind, "quantile"],
    registers: [registry],
    collect: () => {
      for (const { name, p50Micros, p99Micros } of statuses()) {
        latency.set({ [kind]: name, quantile: "0.5" }, p50Micros / MICROS_PER_UNIT);
        latency.set({ [kind]: name, quantile: "0.99" }, p99Micros / MICROS_PER_UNIT);
      }
    },
  });
  return ofEach;
}
