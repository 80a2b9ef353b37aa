// A terminal's snapshot as the broker's books: symbols are instruments, prices points, lots and money millionths, the trade server's time
// UTC, magic numbers intents.

import { MICROS_PER_MILLISECOND } from "../../../actors/base/clock.ts";
import {
  BOOK_PART_ROWS_MAX,
  BOOK_ROWS_MAX,
  type BookedDeal,
  type BookedIntent,
  type BookedOrder,
  type BookedPosition,
  type BrokerBooks,
} from "../../../actors/domain/broker-books.ts";
import type { Instrument } from "../../../actors/domain/instrument.ts";
import { intentOfMagic } from "../../../actors/domain/intent-name.ts";
import type { BrokerDraft } from "../../../actors/router.ts";
import type { TerminalFrame } from "../protocol/from-terminal.ts";
import { microsOf, pointsOf } from "./decimals.ts";
import { bookedDealOf } from "./reports.ts";

export type SnapshotFrame = Extract<TerminalFrame, { t: "snapshot" }>;
type PositionRow = SnapshotFrame["positions"][number];
type OrderRow = SnapshotFrame["orders"][number];
type IntentRow = SnapshotFrame["intents"][number];

export interface BookContext {
  readonly accountId: string;
  readonly intentTag: number;
  readonly instrumentOf: (symbol: string) => Instrument | undefined;
  readonly offsetMs: number;
  readonly why: BrokerBooks["why"];
  readonly commandSeq: number;
  readonly settledSeq: number;
  readonly askedSeq: number;
}

/** Parts of a whole snapshot as parts of the books, in order. */
export function booksOf(
  parts: readonly SnapshotFrame[],
  context: BookContext,
): Extract<BrokerDraft, { kind: "broker-books" }>[] {
  const positions = parts.flatMap((part) => part.positions).map((row) => positionOf(row, context));
  const orders = parts.flatMap((part) => part.orders).map((row) => orderOf(row, context));
  const deals = parts.flatMap((part) => part.deals).flatMap((row) => dealOf(row, context));
  const intents = parts.flatMap((part) => part.intents).flatMap((row) => intentOf(row, context));
  const lists = [positions, orders, deals, intents];
  const complete = lists.every(({ length }) => length <= BOOK_ROWS_MAX);
  // The newest are kept of deals and intents.
  const kept = {
    positions: positions.slice(0, BOOK_ROWS_MAX),
    orders: orders.slice(0, BOOK_ROWS_MAX),
    deals: deals.slice(-BOOK_ROWS_MAX),
    intents: intents.slice(-BOOK_ROWS_MAX),
  };
  const most = Math.max(...Object.values(kept).map(({ length }) => length));
  const count = Math.max(1, Math.ceil(most / BOOK_PART_ROWS_MAX));
  const figures = parts.at(-1)?.figures;
  return Array.from({ length: count }, (_, index) => {
    const from = index * BOOK_PART_ROWS_MAX;
    const to = from + BOOK_PART_ROWS_MAX;
    return {
      kind: "broker-books" as const,
      accountId: context.accountId,
      part: index + 1,
      last: index + 1 === count,
      why: context.why,
      commandSeq: context.commandSeq,
      settledSeq: context.settledSeq,
      askedSeq: context.askedSeq,
      balanceMicros: microsOf(figures?.balance ?? "0"),
      equityMicros: microsOf(figures?.equity ?? "0"),
      marginMicros: microsOf(figures?.margin ?? "0"),
      positions: kept.positions.slice(from, to),
      orders: kept.orders.slice(from, to),
      deals: kept.deals.slice(from, to),
      intents: kept.intents.slice(from, to),
      complete,
    };
  });
}

function ownIntent(magic: string, { accountId, intentTag }: BookContext): string {
  return intentOfMagic(magic, accountId, intentTag) ?? "";
}

function points(price: string | null, instrument: Instrument | undefined): number | null {
  return price === null ? null : pointsOf(price, instrument);
}

function positionOf(row: PositionRow, context: BookContext): BookedPosition {
  const instrument = context.instrumentOf(row.symbol);
  return {
    positionId: row.identifier,
    intentId: ownIntent(row.magic, context),
    instrumentId: instrument?.id ?? -1,
    symbol: row.symbol,
    side: row.side === "buy" ? "BUY" : "SELL",
    volumeMicros: microsOf(row.volume),
    openPricePoints: pointsOf(row.openPrice, instrument),
    stopPricePoints: points(row.sl, instrument),
    targetPricePoints: points(row.tp, instrument),
    openTimeMicros: (row.openBrokerMs - context.offsetMs) * MICROS_PER_MILLISECOND,
    profitMicros: microsOf(row.profit),
    swapMicros: microsOf(row.swap),
  };
}

function orderOf(row: OrderRow, context: BookContext): BookedOrder {
  const instrument = context.instrumentOf(row.symbol);
  const volumeMicros = microsOf(row.volumeInitial);
  return {
    brokerOrderId: row.ticket,
    intentId: ownIntent(row.magic, context),
    instrumentId: instrument?.id ?? -1,
    symbol: row.symbol,
    side: row.side === "buy" ? "BUY" : "SELL",
    type: row.type === "close-by" ? "market" : row.type,
    volumeMicros,
    filledMicros: volumeMicros - microsOf(row.volumeLeft),
    pricePoints: points(row.price, instrument),
    stopPricePoints: points(row.sl, instrument),
    targetPricePoints: points(row.tp, instrument),
  };
}

/** None for a balance operation: that is an adjustment. */
function dealOf(row: SnapshotFrame["deals"][number], context: BookContext): BookedDeal[] {
  const instrument = row.symbol === null ? undefined : context.instrumentOf(row.symbol);
  const deal = bookedDealOf(row, { instrument, offsetMs: context.offsetMs });
  return deal === undefined ? [] : [{ ...deal, intentId: ownIntent(row.magic, context) }];
}

/** None for one of the terminal's own, or of another data folder. */
function intentOf(row: IntentRow, context: BookContext): BookedIntent[] {
  const intentId = ownIntent(row.magic, context);
  if (intentId === "") return [];
  return [{ intentId, state: row.state, brokerOrderId: row.order, filledMicros: microsOf(row.volumeFilled) }];
}
