// What a real broker's books say, as they come in from outside, and what an account made of them. The account's own books follow
// from reports; these are what the reports are held against.

import type { Micros } from "../base/clock.ts";
import type { MicroMoney } from "./money.ts";
import type { OrderType, Side } from "./order.ts";

/** Of each list in one part of the books: four full ones are below what a record of the journal holds. */
export const BOOK_PART_ROWS_MAX = 40;

/** Of each list in all parts together: what is beyond is left out, and the books are not `complete`. */
export const BOOK_ROWS_MAX = 1_000;

/** Of one comparison; more are counted in the last one's message. */
export const FINDINGS_MAX = 100;

/** A position as the broker has it. */
export interface BookedPosition {
  /** As deals name it. */
  readonly positionId: string;
  /** The intent whose order opened it; empty for one that is not ours. */
  readonly intentId: string;
  /** -1 for an instrument that is not traded here. */
  readonly instrumentId: number;
  /** As the broker spells it. */
  readonly symbol: string;
  readonly side: Side;
  readonly volumeMicros: number;
  readonly openPricePoints: number;
  /** Null for none. */
  readonly stopPricePoints: number | null;
  readonly targetPricePoints: number | null;
  readonly openTimeMicros: Micros;
  /** What it has won and owes by now, in the account's currency; a loss is negative. */
  readonly profitMicros: MicroMoney;
  readonly swapMicros: MicroMoney;
}

/** An order that waits at the broker. */
export interface BookedOrder {
  readonly brokerOrderId: string;
  /** Empty for one that is not ours. */
  readonly intentId: string;
  readonly instrumentId: number;
  readonly symbol: string;
  readonly side: Side;
  readonly type: OrderType;
  readonly volumeMicros: number;
  readonly filledMicros: number;
  readonly pricePoints: number | null;
  readonly stopPricePoints: number | null;
  readonly targetPricePoints: number | null;
}

/** A fill as the broker has it. */
export interface BookedDeal {
  readonly dealId: string;
  /** Empty for one that is not ours. */
  readonly intentId: string;
  readonly positionId: string;
  readonly instrumentId: number;
  readonly symbol: string;
  readonly side: Side;
  readonly volumeMicros: number;
  readonly pricePoints: number;
  /** Commission, fees and swap in the account's currency; a cost is positive. */
  readonly costMicros: MicroMoney;
  /** What it realised before costs, as the broker counts it. */
  readonly profitMicros: MicroMoney;
  /** "stop", "target", "stop-out", "person", "expert" or "other". */
  readonly reason: string;
  readonly timeMicros: Micros;
}

/** An intent as the terminal has it on its disk. `sending` and `unknown`: it may have gone out, and nobody knows what became of it. */
export interface BookedIntent {
  readonly intentId: string;
  readonly state: "sending" | "unknown" | "working" | "done" | "rejected" | "refused";
  readonly brokerOrderId: string | null;
  readonly filledMicros: number;
}

/**
 * The broker's whole picture of an account at one moment, in parts that follow each other. An input: an account compares the whole
 * with its own books.
 */
export interface BrokerBooks {
  readonly kind: "broker-books";
  readonly seq: number;
  readonly timeMicros: Micros;
  readonly accountId: string;
  /** From 1; the first one voids what was begun before. */
  readonly part: number;
  readonly last: boolean;
  /** Why it was asked for. */
  readonly why: "joined" | "interval" | "asked";
  /** The last command that the terminal had taken when it drew the picture: later ones are not in it. */
  readonly commandSeq: number;
  /**
   * Journal sequence. Of every intent whose `sent` record is at or before it, the terminal had the command before it drew the picture, or
   * will never get it: it was given on the connection that drew it, ahead of the asking; or on one that is gone; or was never given and will
   * not be. Left out: that an intent is not in the picture proves nothing. Only given once the terminal has written down our epoch.
   */
  readonly settledSeq?: number;
  /**
   * Journal sequence when the picture was asked for: what was reported up to there had happened before it was drawn. Left out: that of the
   * picture before.
   */
  readonly askedSeq?: number;
  /** Adjustments that the balance holds were told before the picture. */
  readonly balanceMicros: MicroMoney;
  readonly equityMicros: MicroMoney;
  readonly marginMicros: MicroMoney;
  readonly positions: readonly BookedPosition[];
  readonly orders: readonly BookedOrder[];
  /** At least all since the books before these, oldest first. */
  readonly deals: readonly BookedDeal[];
  /** Those not final, and the final ones of the last day. */
  readonly intents: readonly BookedIntent[];
  /** False where a list was too long: what is missing proves nothing then. */
  readonly complete: boolean;
}

export const FINDINGS = [
  /** A fill that no report had told of was booked. */
  "missed-fill",
  /** What became of an order of unknown outcome is proved. */
  "outcome-proved",
  /** An order of unknown outcome that nothing is known of yet: a later look or a person decides. */
  "outcome-open",
  /** A position, or an order, that is not ours: shown, counted as exposure, never closed by us. */
  "external-position",
  "external-order",
  /** A position that we hold and the broker does not, or the other way round, or of another size or side. */
  "missing-position",
  "unexpected-position",
  "position-differs",
  /** An order that we take for live and the broker does not have, or the other way round. */
  "missing-order",
  "unexpected-order",
  /** Stop or target are not where we set them. */
  "levels-differ",
  "balance-differs",
  "incomplete",
] as const;
export type FindingKind = (typeof FINDINGS)[number];

export interface Finding {
  readonly what: FindingKind;
  /** -1 where it is about no instrument, or one that is not traded here. */
  readonly instrumentId: number;
  /** The intent, position, order or deal. */
  readonly subject: string;
  /** False where it stands: entries on the instrument (on all, where it is -1 and not external) stop until it is gone or a person accepts it. */
  readonly resolved: boolean;
  /** What was found, what was done, what a person has to do. */
  readonly message: string;
}

/** An account has compared its books with the broker's. */
export interface Reconciled {
  readonly kind: "reconciled";
  readonly seq: number;
  readonly timeMicros: Micros;
  readonly accountId: string;
  /** The books it is about. */
  readonly causeSeq: number;
  /** Nothing stands unresolved: entries may go on. */
  readonly agrees: boolean;
  readonly findings: readonly Finding[];
}

/** Money that moved without a fill: swap, deposits and withdrawals, fees, corrections. */
export interface Adjustment {
  readonly kind: "adjustment";
  readonly seq: number;
  readonly timeMicros: Micros;
  readonly accountId: string;
  /** Booked once per id. */
  readonly adjustmentId: string;
  /** Null where it belongs to no position. */
  readonly positionId: string | null;
  /** Added to the balance; a cost is negative. */
  readonly amountMicros: MicroMoney;
  readonly reason:
    | "swap"
    | "deposit"
    | "withdrawal"
    | "credit"
    | "fee"
    | "correction"
    | "negative-balance"
    | "other";
  /** Journal sequence of what made the broker say so; 0 for one from outside. */
  readonly causeSeq: number;
}
