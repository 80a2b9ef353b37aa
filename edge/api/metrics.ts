// Figures for Prometheus, collected when they are asked for.

import { Gauge, Registry } from "prom-client";
import type { LivePicture } from "../live/live-picture.ts";

export function makeMetrics(picture: LivePicture): Registry {
  const registry = new Registry();
  const gauge = (name: string, help: string, value: () => number): void => {
    const made: Gauge = new Gauge({
      name: `tickforge_${name}`,
      help,
      registers: [registry],
      collect: () => made.set(value()),
    });
  };
  const { station } = picture;
  const { router } = station.live;
  gauge("ticks_total", "Ticks taken in since the journal began", () => router.counts.ticks);
  gauge("ticks_per_second", "Ticks taken in over the last second", () => picture.health().ticksPerSecond);
  gauge(
    "inferences_skipped_total",
    "Ticks under load that moved bars only",
    () => router.counts.skippedInference,
  );
  gauge(
    "ticks_refused_total",
    "Ticks refused because mailboxes or the journal were full",
    () => router.counts.busy,
  );
  gauge("quarantined_total", "Ticks that were not used", () => picture.health().quarantined);
  gauge("gaps_missing", "Ticks that sources numbered and never sent", () => picture.health().gapsMissing);
  gauge("journal_seq", "Last journal record", () => station.journal.lastSeq);
  gauge("journal_durable_seq", "Last durable journal record", () => station.journal.durableSeq);
  gauge("journal_pressure", "Share of the journal's buffer in use", () => station.journal.pressure);
  gauge("journal_failed", "1 once the journal takes nothing more", () =>
    station.journal.health === "failed" ? 1 : 0,
  );
  gauge("time_series_up", "1 while the time series store answers", () =>
    picture.health().projection.up ? 1 : 0,
  );
  gauge(
    "time_series_lag_records",
    "Records not yet in the time series",
    () => picture.health().projection.lagRecords,
  );
  gauge(
    "time_series_lag_seconds",
    "How long they have been waiting",
    () => picture.health().projection.lagSeconds,
  );
  gauge("stream_clients", "Open sockets", () => picture.health().clients);
  gauge("equity", "Equity of the account", () => picture.account()?.equity ?? Number.NaN);
  gauge("open_positions", "Open positions", () => picture.positions().length);
  gauge("entries_halted", "1 while no entries are made", () =>
    picture.account()?.entriesHalted === true ? 1 : 0,
  );
  gauge("resident_memory_bytes", "Resident memory of this process", () => process.memoryUsage.rss());
  const latency: Gauge<"stage" | "quantile"> = new Gauge({
    name: "tickforge_latency_microseconds",
    help: "From arrival to decision, and by stage of the chain",
    labelNames: ["stage", "quantile"],
    registers: [registry],
    collect: () => {
      for (const { stage, p50Micros, p99Micros } of picture.latency()) {
        latency.set({ stage, quantile: "0.5" }, p50Micros);
        latency.set({ stage, quantile: "0.99" }, p99Micros);
      }
    },
  });
  return registry;
}
