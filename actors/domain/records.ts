// Everything the journal can hold, as one union. Inputs come from outside (ticks, beats, commands, advice, the
// calendar, reports of real brokers); all others were emitted by an actor that consumed earlier records, and name them in `causeSeq`.

import type { Micros } from "../base/clock.ts";
import type { Advice } from "./advice.ts";
import type { Calendar } from "./calendar.ts";
import type { KillMode, WideTrip } from "./kill-switch.ts";
import type { MarketState } from "./market.ts";
import type { Adjustment, BrokerBooks, Reconciled } from "./broker-books.ts";
import type { Execution, OrderIntent, OrderSent, PendingTerms, RiskRefusal, Side } from "./order.ts";
import type { PreTrade } from "./pretrade.ts";
import type { Votes } from "./prediction.ts";
import type { Quarantined } from "./quarantine.ts";
import type { Signal } from "./signal.ts";
import type { Tick } from "./tick.ts";

/** Time itself as a record: silent symbols close bars and expire signals on it. */
export interface Beat {
  readonly kind: "beat";
  readonly seq: number;
  readonly timeMicros: Micros;
  /**
   * The one symbol that hears it: a minute of it has ended, and it is its turn to close that and to ask those who answer on it. The
   * minutes of all symbols end at once, and ticks that come meanwhile do not wait for all of their models.
   */
  readonly instrumentId?: number;
  /** Heard by account, broker and market alone: symbols whose minutes have ended have their turns. */
  readonly withoutSymbols?: true;
}

/** The configuration in force from here on. The first record of every run. */
export interface Configured {
  readonly kind: "configured";
  readonly seq: number;
  readonly timeMicros: Micros;
  /** The fencing epoch of this run: intents carry it, and an older one is refused everywhere. */
  readonly epoch: number;
  /** Everything an engine is built from, as parsed; readers rebuild the same engine from it. */
  readonly config: unknown;
}

export type Command =
  | {
      readonly command: "halt-entries" | "resume-entries" | "flatten";
      readonly accountId: string;
      readonly by: string;
    }
  | {
      /** What the account lets in from now on: everything, what makes positions smaller, or nothing but exits. */
      readonly command: "set-mode";
      readonly accountId: string;
      readonly mode: "active" | "reducing" | "halted";
      readonly by: string;
    }
  | {
      /** Signals on the instrument may be executed again after there were too many. */
      readonly command: "re-enable";
      readonly accountId: string;
      readonly instrumentId: number;
      readonly by: string;
    }
  | {
      /** Drawdowns are measured from the present equity on, and losses in a row begin anew. */
      readonly command: "reset-drawdown";
      readonly accountId: string;
      readonly by: string;
    }
  | {
      /** Trips the kill switch of the account or makes it stricter; one that is as strict stays as it is. */
      readonly command: "trip";
      readonly accountId: string;
      readonly mode: KillMode;
      readonly by: string;
      readonly reason: string;
      /** Left out for the account's own. */
      readonly wide?: WideTrip;
    }
  | {
      /** Lifts the kill switch that record `tripSeq` tripped: somebody has confirmed it. One that was tripped anew since stays. */
      readonly command: "rearm";
      readonly accountId: string;
      readonly tripSeq: number;
      readonly by: string;
    }
  | { readonly command: "release-symbol"; readonly instrumentId: number; readonly by: string }
  | {
      /** A person has looked at what stands between our books and the broker's on an instrument (-1: the account) and takes it as it is. */
      readonly command: "accept-books";
      readonly accountId: string;
      readonly instrumentId: number;
      readonly by: string;
    }
  | TradeCommand
  | OrderCommand;

/** What a person wants done with an order or a position that exists. */
export type OrderCommand = {
  readonly accountId: string;
  readonly by: string;
  /** See {@link TradeCommand.key}. */
  readonly key?: string;
} & (
  | {
      /** Other terms for a pending order; levels as they are to be, null for none. */
      readonly command: "modify-order";
      readonly intentId: string;
      readonly terms: PendingTerms;
      readonly stopPricePoints: number | null;
      readonly targetPricePoints: number | null;
    }
  | { readonly command: "cancel-order"; readonly intentId: string }
  | {
      readonly command: "modify-position";
      readonly positionId: string;
      readonly stopPricePoints: number | null;
      readonly targetPricePoints: number | null;
    }
  | {
      /** All of it where no volume is given. */
      readonly command: "close-position";
      readonly positionId: string;
      readonly volumeMicros: number | null;
    }
  | { readonly command: "close-by"; readonly positionId: string; readonly byPositionId: string }
);

/** An order by hand. It goes through every control that an entry on a signal goes through. */
export interface TradeCommand {
  readonly command: "trade";
  readonly accountId: string;
  readonly by: string;
  readonly instrumentId: number;
  readonly side: Side;
  readonly volumeMicros: number;
  /** The quote it was decided on, and distances from the entry price; 0 for no target. */
  readonly bidPoints: number;
  readonly askPoints: number;
  readonly stopPoints: number;
  readonly targetPoints: number;
  readonly expiresAtMicros: Micros;
  /** Left out for one at the market. Stop and target are then measured from its price. */
  readonly terms?: PendingTerms;
  /** See {@link OrderIntent.group}. */
  readonly group?: string;
  /** The sender's own name for what he wants: said twice, it is done once. */
  readonly key?: string;
  /** The sender's words. Nothing follows from them. */
  readonly comment?: string;
}

export interface Commanded {
  readonly kind: "commanded";
  readonly seq: number;
  readonly timeMicros: Micros;
  readonly command: Command;
}

/** The account tripped its own kill switch. What people trip is a command. */
export interface Tripped {
  readonly kind: "tripped";
  readonly seq: number;
  readonly timeMicros: Micros;
  readonly accountId: string;
  readonly causeSeq: number;
  readonly mode: KillMode;
  /** Which of its triggers. */
  readonly by: string;
  readonly reason: string;
}

/** Ticks the source numbered that never arrived. */
export interface Gap {
  readonly kind: "gap";
  readonly seq: number;
  readonly timeMicros: Micros;
  readonly instrumentId: number;
  readonly sourceId: number;
  readonly fromSourceSeq: number;
  readonly toSourceSeq: number;
}

/** An actor or a member was taken out of service, or put back. */
export interface Fault {
  readonly kind: "fault";
  readonly seq: number;
  readonly timeMicros: Micros;
  readonly what:
    | "actor-quarantined"
    | "actor-restarted"
    | "member-breaker"
    | "journal-failed"
    | "source-stalled";
  readonly subject: string;
  /** The record an actor failed at; 0 where the fault is nobody's who handles records. */
  readonly atSeq: number;
  readonly message: string;
}

/** The running decision hash of one symbol after the record `appliedSeq`: a replay checks itself against it. */
export interface Checkpoint {
  readonly kind: "checkpoint";
  readonly seq: number;
  readonly timeMicros: Micros;
  readonly instrumentId: number;
  readonly causeSeq: number;
  readonly decisions: number;
  readonly decisionHash: string;
}

export type JournalRecord =
  | Tick
  | Beat
  | Votes
  | Signal
  | Quarantined
  | MarketState
  | OrderIntent
  | RiskRefusal
  | OrderSent
  | Execution
  | Commanded
  | Configured
  | Gap
  | Fault
  | Checkpoint
  | Advice
  | Calendar
  | Tripped
  | BrokerBooks
  | Reconciled
  | Adjustment
  | PreTrade;

export type RecordKind = JournalRecord["kind"];

/** Position is the kind's number in the journal: append, never reorder. 0 is the journal's own seal. */
export const RECORD_KINDS = [
  "seal",
  "tick",
  "beat",
  "votes",
  "signal",
  "quarantined",
  "market",
  "intent",
  "refusal",
  "sent",
  "execution",
  "commanded",
  "configured",
  "gap",
  "fault",
  "checkpoint",
  "advice",
  "calendar",
  "tripped",
  "broker-books",
  "reconciled",
  "adjustment",
  "pretrade",
] as const;

/** Topics have their own retention; each is a hash chain of its own. Position is the number in the journal. */
export const TOPICS = [
  "market-data",
  "feature",
  "prediction",
  "trading",
  "compliance",
  "monitoring",
] as const;

export type Topic = (typeof TOPICS)[number];

export const TOPIC_OF: Readonly<Record<RecordKind, Topic>> = {
  tick: "market-data",
  beat: "market-data",
  gap: "market-data",
  votes: "prediction",
  signal: "trading",
  intent: "trading",
  refusal: "trading",
  sent: "trading",
  execution: "trading",
  commanded: "compliance",
  configured: "compliance",
  quarantined: "monitoring",
  market: "feature",
  fault: "monitoring",
  checkpoint: "monitoring",
  advice: "prediction",
  calendar: "market-data",
  tripped: "compliance",
  "broker-books": "trading",
  reconciled: "trading",
  adjustment: "trading",
  pretrade: "compliance",
};
