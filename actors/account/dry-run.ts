// What would become of a batch of signals and orders, without doing any of it: a copy of the account hears them one after the other and
// each that it lets in is filled at once, at the price it was judged at.

import type { Micros } from "../base/clock.ts";
import { failure, ok, type Result } from "../base/result.ts";
import type { Execution, OrderIntent, RiskCheck } from "../domain/order.ts";
import type { JournalRecord, TradeCommand } from "../domain/records.ts";
import type { Signal } from "../domain/signal.ts";
import type { Draft, Emitter } from "../ports/emitter.ts";
import { JUDGED_MAX } from "./limits.ts";
import { entryPricePoints } from "./pending.ts";

/** A signal, or an order by hand. */
export type Wish = Signal | TradeCommand;

/** The orders that would go out, or the refusal. A signal against a position closes it: then they are exits. */
export interface WishVerdict {
  readonly approved: boolean;
  /** Of the refusal; empty where it is approved. */
  readonly code: string;
  readonly message: string;
  readonly checks: readonly RiskCheck[];
  readonly intents: readonly Pick<
    OrderIntent,
    "purpose" | "instrumentId" | "side" | "volumeMicros" | "stopPricePoints" | "targetPricePoints" | "checks"
  >[];
}

interface Copied {
  receive(record: JournalRecord): void;
}

/** @param copy an account that stands as the one that is asked, and says what it says to another */
export function judge(
  { copy, nowMicros }: { readonly copy: (emitter: Emitter) => Copied; readonly nowMicros: Micros },
  wishes: readonly Wish[],
): Result<readonly WishVerdict[], "too-many-wishes"> {
  if (wishes.length > JUDGED_MAX) {
    const message = `${wishes.length} orders to judge at once are more than ${JUDGED_MAX}: send them in parts`;
    return failure("too-many-wishes", message);
  }
  const drafts: Draft[] = [];
  const trial = copy({ emit: (draft) => drafts.push(draft) });
  return ok(
    wishes.map((wish, index) => {
      drafts.length = 0;
      trial.receive(recordOf(wish, nowMicros));
      const said = [...drafts];
      for (const draft of said) if (draft.kind === "intent") fill(trial, draft, `dry-run-${index}`);
      return verdictOf(said);
    }),
  );
}

function recordOf(wish: Wish, timeMicros: Micros): JournalRecord {
  if ("kind" in wish) return { ...wish, seq: 0, timeMicros };
  // Asked under a name it was asked under before it would only be answered.
  const { key: _key, ...command } = wish;
  return { kind: "commanded", seq: 0, timeMicros, command };
}

function fill(trial: Copied, intent: OrderIntent, dealId: string): void {
  const { timeMicros, accountId, intentId, instrumentId, side, volumeMicros, reason } = intent;
  const atMarket = side === "BUY" ? intent.askPoints : intent.bidPoints;
  const report: Execution = {
    kind: "execution",
    seq: 0,
    timeMicros,
    accountId,
    intentId,
    status: "filled",
    dealId: `${dealId}-${intentId}`,
    instrumentId,
    side,
    volumeMicros,
    pricePoints: intent.terms === undefined ? atMarket : entryPricePoints(intent.terms),
    commissionMicros: 0,
    reason,
    positionId: intent.positionId ?? `${dealId}-${intentId}`,
    causeSeq: 0,
  };
  trial.receive({ kind: "sent", seq: 0, timeMicros, accountId, intentId });
  trial.receive(report);
}

function verdictOf(drafts: readonly Draft[]): WishVerdict {
  const intents = drafts.filter((draft) => draft.kind === "intent");
  const refusal = drafts.find((draft) => draft.kind === "refusal");
  return {
    approved: refusal === undefined && intents.length > 0,
    code: refusal?.code ?? "",
    message: refusal?.message ?? "",
    checks: refusal?.checks ?? intents[0]?.checks ?? [],
    intents: intents.map(
      ({ purpose, instrumentId, side, volumeMicros, stopPricePoints, targetPricePoints, checks }) => ({
        purpose,
        instrumentId,
        side,
        volumeMicros,
        stopPricePoints,
        targetPricePoints,
        checks,
      }),
    ),
  };
}
