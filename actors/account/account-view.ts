// What people see of an account: a plain picture taken between two records. Reading it changes nothing.

import type { MicroMoney } from "../domain/money.ts";
import type { OrderPurpose, PendingTerms, Position, Side } from "../domain/order.ts";
import type { Costs } from "./books.ts";
import type { Desk } from "./desk.ts";
import type { CheckedFill, FillSummary } from "./fill-check.ts";
import type { FollowUp, FollowUps } from "./follow-ups.ts";
import type { Trip } from "./kill-switch.ts";
import type { OrderState, TrackedOrder } from "./orders.ts";
import { orNull, toPosition } from "./positions.ts";
import { toExternalView } from "./reconciliation/external-book.ts";
import { buildReconciliationView, type ReconciliationView } from "./reconciliation/view.ts";
import type { AccountMode } from "./risk/check.ts";
import type { RefusalCode } from "./risk/codes.ts";
import type { Anomaly, AnomalyCode } from "./tally.ts";

export interface PositionView extends Position {
  /** NaN while nothing quoted converts it to the account's currency. */
  readonly unrealisedMicros: MicroMoney;
  /** Why it is being closed; empty while it is not. */
  readonly exitReason: string;
}

export interface LiveOrderView {
  readonly intentId: string;
  readonly instrumentId: number;
  readonly purpose: OrderPurpose;
  readonly state: OrderState;
  readonly side: Side;
  readonly volumeMicros: number;
  readonly filledMicros: number;
  /** What it waits for at the broker; of a change, what its order is to wait for. Null for one at the market. */
  readonly terms: PendingTerms | null;
  /** Null for none. */
  readonly stopPricePoints: number | null;
  readonly targetPricePoints: number | null;
  /** The position it closes or changes, and the order it changes or cancels; empty for none. */
  readonly positionId: string;
  readonly orderIntentId: string;
  /** Empty for one on its own. */
  readonly group: string;
}

export interface AccountView {
  readonly accountId: string;
  readonly currency: string;
  readonly balanceMicros: MicroMoney;
  readonly equityMicros: MicroMoney;
  readonly marginUsedMicros: MicroMoney;
  readonly marginReservedMicros: MicroMoney;
  /** Equity against the start of the trading day. */
  readonly dayProfitMicros: MicroMoney;
  /** The deepest falls since they were last reset: below the highest equity, and below the starting balance. */
  readonly drawdownMicros: MicroMoney;
  readonly belowStartMicros: MicroMoney;
  /** As the kill switch leaves it. */
  readonly mode: AccountMode;
  /** In mode `halted`. */
  readonly entriesHalted: boolean;
  /** What tripped the kill switch, the strictest of its levels; null while it is armed. */
  readonly trip: Trip | null;
  /** All that hold, the account's own first. */
  readonly trips: readonly Trip[];
  /** Before costs, then after the commission that was paid; spread and slippage are in both. */
  readonly realisedMicros: MicroMoney;
  readonly realisedAfterCostsMicros: MicroMoney;
  readonly costs: Costs;
  readonly positions: readonly PositionView[];
  readonly liveOrders: readonly LiveOrderView[];
  /** What was begun and the broker has not done yet. */
  readonly followUps: readonly FollowUp[];
  /** The newest fills with what they were meant to be, oldest first, and what they came to for each instrument. */
  readonly recentFills: readonly CheckedFill[];
  readonly fillSummaries: readonly FillSummary[];
  readonly entries: number;
  readonly exits: number;
  readonly fills: number;
  readonly refusals: Readonly<Record<RefusalCode, number>>;
  readonly anomalies: Readonly<Record<AnomalyCode, number>>;
  readonly recentAnomalies: readonly Anomaly[];
  /** Null where no terminal trades: then there are no books but ours. */
  readonly reconciliation: ReconciliationView | null;
}

export function buildAccountView(desk: Desk, followUps: FollowUps): AccountView {
  const { books, settings, tally, effectiveMode: mode } = desk;
  const equityMicros = books.equityMicros();
  const { costs, realisedMicros } = books;
  return {
    accountId: settings.accountId,
    currency: settings.currency,
    balanceMicros: books.balanceMicros,
    equityMicros,
    marginUsedMicros: books.marginUsedMicros(),
    marginReservedMicros: books.marginReservedMicros(),
    dayProfitMicros: equityMicros - books.dayStartEquityMicros,
    drawdownMicros: books.drawdown.trailing("equity"),
    belowStartMicros: books.drawdown.absolute,
    mode,
    entriesHalted: mode === "halted",
    trip: desk.killSwitch.trip ?? null,
    trips: desk.killSwitch.trips,
    realisedMicros,
    realisedAfterCostsMicros: realisedMicros - costs.commissionMicros,
    costs,
    positions: [...ownPositions(desk), ...externalPositions(desk)],
    liveOrders: books.orders.live.map(liveOrderView),
    followUps: followUps.open.map((followUp) => ({ ...followUp })),
    recentFills: books.fills.recent(),
    fillSummaries: books.fills.summaries(),
    entries: tally.entries,
    exits: tally.exits,
    fills: tally.fills,
    refusals: tally.refusals(),
    anomalies: tally.anomalies(),
    recentAnomalies: tally.recentAnomalies(),
    reconciliation: buildReconciliationView(desk),
  };
}

function ownPositions({ books }: Desk): readonly PositionView[] {
  return books.positions.open.map((position) => ({
    ...toPosition(position),
    unrealisedMicros: books.unrealisedMicros(position),
    exitReason: position.exitReason,
  }));
}

/** Those on instruments that are traded here; the others are with the reconciliation. */
function externalPositions({ books }: Desk): readonly PositionView[] {
  const views: PositionView[] = [];
  for (const position of books.external.open) {
    if (position.instrumentId < 0) continue;
    const unrealisedMicros = books.externalMicros(position);
    views.push({ ...toExternalView(position), unrealisedMicros, exitReason: "" });
  }
  return views;
}

function liveOrderView(order: TrackedOrder): LiveOrderView {
  return {
    intentId: order.intentId,
    instrumentId: order.instrumentId,
    purpose: order.purpose,
    state: order.state,
    side: order.side,
    volumeMicros: order.volumeMicros,
    filledMicros: order.filledMicros,
    terms: order.terms,
    stopPricePoints: orNull(order.stopPricePoints),
    targetPricePoints: orNull(order.targetPricePoints),
    positionId: order.positionId,
    orderIntentId: order.orderIntentId,
    group: order.group,
  };
}
