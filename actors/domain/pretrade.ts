// The pre-trade record: everything about one order before it leaves that a report to an authority needs later, by value. Fields
// follow the record keeping of MiFID II (article 25), of RTS 22 (transaction reports) and of RTS 24 (order data).

import type { Micros } from "../base/clock.ts";
import type { MicroMoney } from "./money.ts";
import type { OrderPurpose, OrderType, PendingTerms, RiskCheck, Side } from "./order.ts";
import type { Component } from "./signal.ts";

/** RTS 22, field 29: on own account, matched principal, any other capacity. */
export const TRADING_CAPACITIES = ["DEAL", "MTCH", "AOTC"] as const;
export type TradingCapacity = (typeof TRADING_CAPACITIES)[number];

/** Who decided to trade: an algorithm, a person, or what tripped the kill switch. */
export interface DecisionMaker {
  readonly by: "algorithm" | "person" | "kill-switch";
  /** The algorithm's id, the trader, the trigger; null for people who were not named. */
  readonly id: string | null;
}

export interface ArrivalQuote {
  /** Which source; -1 before its first quote, whose figures are then no numbers. */
  readonly sourceId: number;
  readonly bidPoints: number;
  readonly askPoints: number;
  readonly timeMicros: Micros;
}

/** Whether the own quote was compared with one of another source: with a fresh one, not with an old one, or there was none. */
export type SecondSource = "fresh" | "stale" | "none";

/** What the checks were computed from. Null where a figure cannot be had; shares are of the price. */
export interface ComplianceFigures {
  readonly secondSource: SecondSource;
  /** How much worse the own quote is than the second source's. */
  readonly quoteDeviation: number | null;
  /** Own fills of the window, and how much worse than the quote at their decision they were in the mean. */
  readonly fills: number;
  readonly slippageMean: number | null;
  /** Own orders on the other side at prices that the order would trade at. */
  readonly washOrders: number;
  /** Levels of own resting, unexecuted orders on the other side. */
  readonly layeringLevels: number;
  /** Orders on the other side within the window, and those of them that were cancelled unexecuted. */
  readonly oppositeOrders: number;
  readonly oppositeCancelled: number;
  /** Own orders in a row at ever worse prices, this one included, and the market's moves their way since the first of them. */
  readonly rampingOrders: number;
  readonly rampingMoves: number;
  /** Messages of the window, this one included, and deals. */
  readonly messages: number;
  readonly trades: number;
}

export interface PreTrade {
  readonly kind: "pretrade";
  readonly seq: number;
  /** When it was decided. */
  readonly timeMicros: Micros;
  readonly accountId: string;
  readonly instrumentId: number;
  /** The signal, command or tick that asked for the order. */
  readonly causeSeq: number;
  /** Counts the account's records from 1 without holes: none can be taken away unseen. */
  readonly number: number;
  readonly epoch: number;
  /** The order that follows; null for one that was refused. */
  readonly intentId: string | null;
  /** Exits are recorded with what the checks say of them, and leave whatever that is. */
  readonly verdict: "approved" | "refused" | "exit";
  /** The control that refused; null unless one did. */
  readonly code: string | null;
  readonly purpose: OrderPurpose;
  readonly decision: DecisionMaker;
  readonly executionAlgorithm: string;
  readonly capacity: TradingCapacity;
  readonly client: { readonly tenantId: string; readonly accountId: string; readonly lei: string | null };
  readonly firmLei: string | null;
  readonly venue: string;
  readonly instrument: {
    readonly symbol: string;
    readonly isin: string | null;
    readonly baseCurrency: string;
    readonly quoteCurrency: string;
    readonly digits: number;
    readonly contractSize: number;
  };
  readonly side: Side;
  readonly volumeMicros: number;
  readonly orderType: OrderType;
  /** What it is expected to trade at: its own price, or the side of the quote that it takes. */
  readonly pricePoints: number;
  readonly stopPricePoints: number | null;
  readonly targetPricePoints: number | null;
  readonly positionId: string | null;
  readonly timeInForce: "good-till-cancel" | "day" | "good-till-time";
  /** Left out for an order at the market. */
  readonly terms?: PendingTerms;
  /** Of a modify or cancel: the order it is about. */
  readonly orderIntentId?: string;
  readonly byPositionId?: string;
  readonly group?: string;
  readonly expiresAtMicros: Micros;
  readonly reason: string;
  /** The quote it was priced from, and that of the second source that it was held against; null without one. */
  readonly quote: ArrivalQuote;
  readonly secondQuote: ArrivalQuote | null;
  /** Half the spread, and the mean slippage of recent fills, on its volume, in the account's currency. */
  readonly expectedCost: {
    readonly currency: string;
    readonly spreadMicros: MicroMoney;
    readonly slippageMicros: MicroMoney | null;
  };
  readonly figures: ComplianceFigures;
  /** Of compliance; then those of risk that the order or its refusal carries as well. */
  readonly checks: readonly RiskCheck[];
  readonly riskChecks: readonly RiskCheck[];
  /** What a signal foretold; null for orders without one. */
  readonly signal: {
    readonly seq: number;
    readonly confidence: number;
    readonly regime: string;
    readonly components: readonly Component[];
  } | null;
}
