// Figures of terminals for Prometheus.

import { Gauge, type Registry } from "prom-client";
import type { Bridge } from "./bridge.ts";
import type { OrderDesk } from "./orders/order-desk.ts";
import { STAGES } from "./orders/stages.ts";

export function addBridgeMetrics(registry: Registry, bridge: Bridge): void {
  const gauge = (name: string, help: string, value: () => number): void => {
    const made: Gauge = new Gauge({
      name: `tickforge_mt5_${name}`,
      help,
      registers: [registry],
      collect: () => made.set(value()),
    });
  };
  const { totals } = bridge.intake;
  gauge("ticks_total", "Ticks taken in from terminals", () => totals.ticks);
  gauge("duplicates_total", "Ticks that came again and were only acknowledged", () => totals.duplicates);
  gauge("backfilled_total", "Ticks that came late, after a reconnect", () => totals.backfilled);
  gauge("lost_total", "Ticks that terminals said were lost", () => totals.lost);
  gauge("unread_total", "Stretches of history that terminals could not read", () => totals.unread);
  gauge("unmapped_ticks_total", "Ticks of symbols that nobody has mapped", () =>
    bridge.accounts.all.reduce(
      (sum, { unmapped }) => sum + [...unmapped.values()].reduce((ticks, each) => ticks + each.ticks, 0),
      0,
    ),
  );
  gauge("waiting_ticks", "Ticks that arrived and wait for journal or actors", () =>
    bridge.terminals().reduce((sum, { ticksWaiting }) => sum + ticksWaiting, 0),
  );
  addByAccount(registry, bridge);
  if (bridge.orders !== undefined) addOrderMetrics(registry, bridge.orders);
  const ended: Gauge<"why"> = new Gauge({
    name: "tickforge_mt5_ended_total",
    help: "Connections of terminals that ended, by reason",
    labelNames: ["why"],
    registers: [registry],
    collect: () => {
      for (const [why, count] of bridge.ended) ended.set({ why }, count);
    },
  });
  const latency: Gauge<"quantile"> = new Gauge({
    name: "tickforge_mt5_ack_microseconds",
    help: "From a frame of ticks to the word that it is durable",
    labelNames: ["quantile"],
    registers: [registry],
    collect: () => {
      if (bridge.ackLatency.count === 0) return;
      latency.set({ quantile: "0.5" }, bridge.ackLatency.quantileMicros(0.5));
      latency.set({ quantile: "0.99" }, bridge.ackLatency.quantileMicros(0.99));
    },
  });
}

function addByAccount(registry: Registry, bridge: Bridge): void {
  const connections: Gauge<"account" | "access"> = new Gauge({
    name: "tickforge_mt5_connections",
    help: "Connections of terminals",
    labelNames: ["account", "access"],
    registers: [registry],
    collect: () => {
      for (const { accountId: account } of bridge.accounts.all) {
        const live = bridge.terminals(account);
        const watching = live.filter(({ watches }) => watches).length;
        connections.set({ account, access: "trading" }, live.length - watching);
        connections.set({ account, access: "read-only" }, watching);
      }
    },
  });
  const offset: Gauge<"account"> = new Gauge({
    name: "tickforge_mt5_broker_offset_seconds",
    help: "How far the trade server's time is ahead of UTC",
    labelNames: ["account"],
    registers: [registry],
    collect: () => {
      for (const { accountId: account, brokerTime } of bridge.accounts.all)
        offset.set({ account }, brokerTime.offsetMs / 1_000);
    },
  });
}

function addOrderMetrics(registry: Registry, orders: OrderDesk): void {
  const commands: Gauge<"outcome"> = new Gauge({
    name: "tickforge_mt5_commands_total",
    help: "Intents on a terminal's socket, that never left, and that were not answered in time",
    labelNames: ["outcome"],
    registers: [registry],
    collect: () => {
      for (const [outcome, count] of Object.entries(orders.counts)) commands.set({ outcome }, count);
    },
  });
  const unanswered: Gauge = new Gauge({
    name: "tickforge_mt5_unanswered_commands",
    help: "Commands that terminals have not answered",
    registers: [registry],
    collect: () => unanswered.set(orders.pool.unanswered.length),
  });
  const stages: Gauge<"stage" | "quantile"> = new Gauge({
    name: "tickforge_mt5_order_microseconds",
    help: "An order's way from its tick to the broker's answer, by stage",
    labelNames: ["stage", "quantile"],
    registers: [registry],
    collect: () => {
      for (const stage of STAGES) {
        const histogram = orders.stages.histograms[stage];
        if (histogram.count === 0) continue;
        stages.set({ stage, quantile: "0.5" }, histogram.quantileMicros(0.5));
        stages.set({ stage, quantile: "0.99" }, histogram.quantileMicros(0.99));
      }
    },
  });
}
