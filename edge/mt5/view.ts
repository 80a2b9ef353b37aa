// What terminals look like from outside: connections with their latencies, streams with their acknowledgements, and what each account
// holds, and how the account that trades there does.

import type { Mt5Message } from "../api/mt5.ts";
import { terminalSourceId } from "../feeds/source.ts";
import type { AccountDesk } from "./accounts.ts";
import type { Bridge } from "./bridge.ts";
import type { Connection } from "./connection.ts";
import type { OrderDesk } from "./orders/order-desk.ts";
import { STAGES } from "./orders/stages.ts";

type AccountView = Mt5Message["accounts"][number];

/** Newest first. */
const GAPS_SHOWN = 20;

export function bridgeView(bridge: Bridge): Mt5Message {
  const { ackLatency } = bridge;
  return {
    enabled: true,
    url: bridge.url,
    accounts: bridge.accounts.all.map((desk) => accountView(bridge, desk)),
    trading: bridge.orders === undefined ? null : tradingView(bridge.orders),
    gaps: bridge.store
      .gaps(GAPS_SHOWN)
      .reverse()
      .map(({ symbol, reason, from, to, fromBrokerMs, toBrokerMs }) => ({
        symbol,
        reason,
        ticks: reason === "unread" ? null : to - from + 1,
        fromBrokerTime: brokerTime(fromBrokerMs),
        toBrokerTime: brokerTime(toBrokerMs),
      })),
    acknowledgements: {
      count: ackLatency.count,
      p50Micros: ackLatency.count === 0 ? null : ackLatency.quantileMicros(0.5),
      p99Micros: ackLatency.count === 0 ? null : ackLatency.quantileMicros(0.99),
    },
    ended: [...bridge.ended].map(([why, count]) => ({ why, count })),
  };
}

/** The view of a system that no terminal can reach. */
export const NO_BRIDGE: Mt5Message = {
  enabled: false,
  url: null,
  accounts: [],
  trading: null,
  gaps: [],
  acknowledgements: { count: 0, p50Micros: null, p99Micros: null },
  ended: [],
};

function accountView(bridge: Bridge, desk: AccountDesk): AccountView {
  const { hello, brokerTime: time, picture, unmapped, number } = desk;
  const sources = [false, true].map((watches) => terminalSourceId(number, { watches }));
  const figures = picture.figures ?? hello.figures;
  return {
    account: desk.accountId,
    login: hello.account.login,
    server: hello.account.server,
    mode: hello.account.mode,
    margining: hello.account.margin,
    company: hello.company,
    currency: hello.currency,
    leverage: hello.leverage,
    brokerOffsetSeconds: time.offsetMs / 1_000,
    isOffsetProven: time.isProven,
    balance: Number(figures.balance),
    equity: Number(figures.equity),
    margin: Number(figures.margin),
    marginFree: Number(figures.marginFree),
    profit: Number(figures.profit),
    tradeAllowed: figures.tradeAllowed,
    snapshotTime: timeOf(picture.snapshotMs),
    connections: bridge.terminals(desk.accountId).map((each) => connectionView(bridge, each)),
    streams: bridge.intake.lanes.of(sources).map((lane) => ({
      symbol: lane.symbol,
      boot: lane.boot,
      slot: lane.slot,
      takenSeq: lane.takenSeq,
      acknowledgedSeq: lane.durableSeq,
      lost: lane.lost.reduce((sum, { from, to }) => sum + (to - from + 1), 0),
    })),
    unmapped: [...unmapped].map(([symbol, { ticks, how }]) => ({ symbol, ticks, how })),
    positions: positionViews(desk, bridge.orders),
    orders: picture.orders.size,
    deals: picture.deals.size,
  };
}

function tradingView(orders: OrderDesk): NonNullable<Mt5Message["trading"]> {
  const { pool, pictures, counts, outbox, stages } = orders;
  return {
    account: orders.accountId,
    epoch: orders.epoch,
    connections: pool.seats.map((seat) => ({
      slot: seat.terminal.slot,
      isFenced: seat.isFenced,
      isReconciled: seat.isReconciled,
      mode: seat.mode,
      unanswered: pool.loadOf(seat),
      breaker: seat.breaker.state,
    })),
    comparedTime: timeOf(pictures.comparedMs),
    agrees: pictures.agrees ?? null,
    ...counts,
    reportsWaiting: outbox.waiting,
    stages: STAGES.map((stage) => {
      const histogram = stages.histograms[stage];
      const isEmpty = histogram.count === 0;
      return {
        stage,
        count: histogram.count,
        p50Micros: isEmpty ? null : histogram.quantileMicros(0.5),
        p99Micros: isEmpty ? null : histogram.quantileMicros(0.99),
      };
    }),
  };
}

function positionViews(
  { accountId, picture, brokerTime: time }: AccountDesk,
  orders: OrderDesk | undefined,
): AccountView["positions"] {
  return [...picture.positions.values()].map((position) => ({
    ticket: position.ticket,
    symbol: position.symbol,
    side: position.side,
    volume: Number(position.volume),
    openPrice: Number(position.openPrice),
    currentPrice: Number(position.currentPrice),
    stopLoss: position.sl === null ? null : Number(position.sl),
    takeProfit: position.tp === null ? null : Number(position.tp),
    swap: Number(position.swap),
    profit: Number(position.profit),
    magic: position.magic,
    origin: orders?.accountId === accountId && orders.isOurs(position.magic) ? "OURS" : "EXTERNAL",
    openTime: new Date(position.openBrokerMs - time.offsetMs).toISOString(),
  }));
}

function connectionView(bridge: Bridge, connection: Connection): AccountView["connections"][number] {
  const { beat, feed, hello, clock } = connection;
  const { ticks, duplicates, backfilled, lost, unread } = feed?.counts ?? bridge.intake.totals;
  return {
    slot: connection.slot,
    session: connection.session,
    address: connection.address,
    isReadOnly: connection.watches,
    openedTime: new Date(connection.openedMs).toISOString(),
    heardTime: new Date(connection.heardMs).toISOString(),
    eaVersion: hello.eaVersion,
    terminalBuild: hello.terminalBuild,
    boot: hello.boot,
    isKilled: connection.isKilled,
    isBrokerThere: beat?.connected ?? null,
    brokerPingMillis: beat === undefined ? null : beat.pingMicros / 1_000,
    clockAgeSeconds: clock.ageMs(bridge.nowMs) / 1_000,
    tickDelayMillis: Number.isNaN(connection.tickDelayMs) ? null : connection.tickDelayMs,
    unacknowledged: beat?.unacked ?? null,
    waiting: connection.ticksWaiting,
    frames: connection.frames,
    ticks,
    duplicates,
    backfilled,
    lost,
    unread,
  };
}

function timeOf(millis: number): string | null {
  return Number.isNaN(millis) ? null : new Date(millis).toISOString();
}

/** In the trade server's own time, so without a zone. */
function brokerTime(millis: number): string {
  return new Date(millis).toISOString().slice(0, -1);
}
