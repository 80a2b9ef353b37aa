// Figures of the advisers for Prometheus: what was asked, what went wrong, how long it took and what it cost.

import { Gauge, type Registry } from "prom-client";
import type { ConsultantStatus } from "./consultant.ts";
import type { AdviserDesk, DeskStatus } from "./desk.ts";

const PER_UNIT = 1e6;

export function addAdviserMetrics(registry: Registry, desk: AdviserDesk): void {
  const ofAll = (name: string, help: string, value: (status: DeskStatus) => number): void => {
    const made: Gauge = new Gauge({
      name: `tickforge_advisers_${name}`,
      help,
      registers: [registry],
      collect: () => made.set(value(desk.status)),
    });
  };
  ofAll("calls_today", "Questions that left since 00:00 UTC", ({ spent }) => spent.calls);
  ofAll("calls_today_max", "Questions that may leave a day", ({ limits }) => limits.callsPerDay);
  ofAll(
    "cost_today",
    "What questions cost since 00:00 UTC, in the currency of the prices",
    ({ spent }) => spent.costMicros / PER_UNIT,
  );
  ofAll(
    "cost_today_max",
    "What questions may cost a day",
    ({ limits }) => limits.costPerDayMicros / PER_UNIT,
  );
  ofAll("advised_total", "Answers that were journaled", ({ advised }) => advised);
  ofAll("dropped_total", "Answers that came to a symbol that was behind", ({ dropped }) => dropped);
  const ofEach = (name: string, help: string, value: (status: ConsultantStatus) => number): void => {
    const made: Gauge<"adviser"> = new Gauge({
      name: `tickforge_adviser_${name}`,
      help,
      labelNames: ["adviser"],
      registers: [registry],
      collect: () => {
        for (const status of desk.status.advisers) made.set({ adviser: status.name }, value(status));
      },
    });
  };
  ofEach("calls_total", "Questions that left", ({ calls }) => calls);
  ofEach("cached_total", "Questions answered by an answer given before", ({ cached }) => cached);
  ofEach("opinions_total", "Opinions, those given before included", ({ opinions }) => opinions);
  ofEach("breaker_open", "1 while it is left alone after failures", ({ breaker }) =>
    breaker === "open" ? 1 : 0,
  );
  addFailures(registry, desk);
  addLatency(registry, desk);
}

function addFailures(registry: Registry, desk: AdviserDesk): void {
  const made: Gauge<"adviser" | "kind"> = new Gauge({
    name: "tickforge_adviser_failures_total",
    help: "Questions without an opinion, by why",
    labelNames: ["adviser", "kind"],
    registers: [registry],
    collect: () => {
      for (const { name, failures } of desk.status.advisers) {
        for (const [kind, count] of Object.entries(failures)) made.set({ adviser: name, kind }, count);
      }
    },
  });
}

function addLatency(registry: Registry, desk: AdviserDesk): void {
  const made: Gauge<"adviser" | "quantile"> = new Gauge({
    name: "tickforge_adviser_latency_seconds",
    help: "From a question to its answer",
    labelNames: ["adviser", "quantile"],
    registers: [registry],
    collect: () => {
      for (const { name, p50Micros, p99Micros } of desk.status.advisers) {
        made.set({ adviser: name, quantile: "0.5" }, p50Micros / PER_UNIT);
        made.set({ adviser: name, quantile: "0.99" }, p99Micros / PER_UNIT);
      }
    },
  });
}
