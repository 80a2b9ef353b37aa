// Figures for Prometheus, collected when they are asked for.

import { Gauge, Registry } from "prom-client";
import type { Station } from "../main.ts";
import { addAdviserMetrics } from "../advisers/metrics.ts";
import { addAnalogMetrics } from "../analogs/metrics.ts";
import { pendingOrders } from "../live/pending.ts";
import type { LivePicture } from "../live/live-picture.ts";
import { addBridgeMetrics } from "../mt5/metrics.ts";
import { addModelMetrics } from "./model-metrics.ts";

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
  addGate(registry, picture);
  addStores(registry, picture);
  addBarsCache(registry, picture);
  addModelMetrics(registry, picture.station.quality);
  if (picture.advisers !== undefined) addAdviserMetrics(registry, picture.advisers);
  if (picture.analogs !== undefined) addAnalogMetrics(registry, picture.analogs);
  if (picture.bridge !== undefined) addBridgeMetrics(registry, picture.bridge);
  gauge("stream_clients", "Open sockets", () => picture.health().clients);
  gauge("equity", "Equity of the account", () => picture.account()?.equity ?? Number.NaN);
  gauge("open_positions", "Open positions", () => picture.positions().length);
  gauge("waiting_orders", "Orders that wait at the broker", () => pendingOrders(picture).length);
  gauge(
    "books_standing",
    "Differences from the broker's books that keep entries off",
    () => picture.engine.account?.view().reconciliation?.standing.length ?? 0,
  );
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

/** Members that are not listened to: a line for each, and none while all are. */
function addGate(registry: Registry, { engine, instruments }: LivePicture): void {
  const off: Gauge<"symbol" | "member" | "why"> = new Gauge({
    name: "tickforge_member_switched_off",
    help: "1 for each member that the drift gate has switched off",
    labelNames: ["symbol", "member", "why"],
    registers: [registry],
    collect: () => {
      off.reset();
      for (const { id, symbol } of instruments) {
        for (const { member, why } of engine.symbol(id)?.chain.switchedOff ?? [])
          off.set({ symbol, member, why }, 1);
      }
    },
  });
}

/** Who answered questions for the past's bars. */
function addBarsCache(registry: Registry, { station: { bars } }: LivePicture): void {
  if (bars === undefined) return;
  const reads: Gauge<"answer"> = new Gauge({
    name: "tickforge_bars_reads_total",
    help: "Pages of bars by who had them: this process, the shared cache, another reader's load, the time series",
    labelNames: ["answer"],
    registers: [registry],
    collect: () => {
      const { memoryHits, storeHits, shared, loads } = bars.counts;
      for (const [answer, value] of Object.entries({ memory: memoryHits, cache: storeHits, shared, loads })) {
        reads.set({ answer }, value);
      }
    },
  });
  const away: Gauge = new Gauge({
    name: "tickforge_bars_cache_away_total",
    help: "Questions the shared cache of bars did not answer",
    registers: [registry],
    collect: () => away.set(bars.counts.storeAway),
  });
}

/** How every store at the journal's side is. */
function addStores(registry: Registry, { station }: LivePicture): void {
  const gauge = (name: string, help: string, valueOf: (store: StoreState) => number): void => {
    const made: Gauge<"store"> = new Gauge({
      name: `tickforge_store_${name}`,
      help,
      labelNames: ["store"],
      registers: [registry],
      collect: () => {
        for (const [store, state] of statesOf(station)) made.set({ store }, valueOf(state));
      },
    });
  };
  gauge("up", "1 while the store takes what it is given", ({ lastError, paused }) =>
    lastError === "" && !paused ? 1 : 0,
  );
  gauge("lag_records", "Records not yet in the store", ({ lagRecords }) => lagRecords);
  gauge("lag_seconds", "How long they have been waiting", ({ lagMicros }) => lagMicros / 1e6);
  gauge("breaker_open", "1 while the store is left alone after refusals", ({ breaker }) =>
    breaker === "open" ? 1 : 0,
  );
  gauge("refusals_total", "Batches the store refused", ({ failures }) => failures);
}

type StoreState = Station["projection"]["status"];

function statesOf({ projection, projector }: Station): [string, StoreState][] {
  const kept = (projector?.ids ?? []).map((id): [string, StoreState] => [
    id,
    projector?.statusOf(id) ?? projection.status,
  ]);
  return [["ledger", projection.status], ...kept];
}
