// Figures of the vote of similar market states for Prometheus.

import { Gauge, type Registry } from "prom-client";
import { addAskedMetrics } from "../asked/metrics.ts";
import type { AnalogDesk } from "./desk.ts";

export function addAnalogMetrics(registry: Registry, desk: AnalogDesk): void {
  // Its one name is that of the member.
  addAskedMetrics(registry, "member", () => [desk.status]);
  const journaled: Gauge<"outcome"> = new Gauge({
    name: "tickforge_analogs_answers_total",
    help: "Answers that were journaled, and that came to a symbol that was behind",
    labelNames: ["outcome"],
    registers: [registry],
    collect: () => {
      journaled.set({ outcome: "advised" }, desk.status.advised);
      journaled.set({ outcome: "dropped" }, desk.status.dropped);
    },
  });
}
