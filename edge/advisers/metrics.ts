// Figures of the advisers for Prometheus: those of all that are asked, and what it cost.

import { Gauge, type Registry } from "prom-client";
import { addAskedMetrics } from "../asked/metrics.ts";
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
  const ofEach = addAskedMetrics(registry, "adviser", () => desk.status.advisers);
  ofEach("cached_total", "Questions answered by an answer given before", ({ cached }) => cached);
}
