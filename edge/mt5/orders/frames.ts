// An intent as the frame that carries it to a terminal. What cannot be said there - a ticket nobody knows, no magic number, no time left -
// has provably never left.

import { MICROS_PER_MILLISECOND } from "../../../actors/base/clock.ts";
import { failure, ok, type Result } from "../../../actors/base/result.ts";
import type { AccountSettings } from "../../../actors/account/settings.ts";
import type { Instrument } from "../../../actors/domain/instrument.ts";
import { counterOfIntent, magicOfIntent } from "../../../actors/domain/intent-name.ts";
import type { OrderIntent, PendingTerms } from "../../../actors/domain/order.ts";
import type { Command } from "../terminal.ts";
import { lotsOf, priceOf } from "./decimals.ts";
import { EXIT_DEVIATION_POINTS, QUOTE_AGE_MS_MAX } from "./limits.ts";

export type TradeFrame = Extract<Command, { intentId: string }>;

export type FrameFailure =
  | "no-magic-number"
  | "expired"
  | "unknown-symbol"
  | "no-such-position"
  | "no-such-order";

/** What of the terminal's side an intent needs. */
export interface FrameFacts {
  readonly nowMs: number;
  readonly account: Pick<AccountSettings, "quoteAgeMaxMicros" | "priceDeviationFraction">;
  readonly instrument: Instrument;
  /** As the broker spells it, and the decimals of its prices there; undefined where the terminal does not have it. */
  readonly symbol: { readonly name: string; readonly digits: number } | undefined;
  /** How far the trade server's time is ahead of UTC. */
  readonly offsetMs: number;
  /** By the identifier that deals name. */
  readonly positionTicket: (positionId: string) => string | undefined;
  readonly orderTicket: (intentId: string) => string | undefined;
}

type Head = Pick<TradeFrame, "intentId" | "magic" | "epoch" | "commandSeq" | "expiresAtMs">;

export function frameOf(intent: OrderIntent, facts: FrameFacts): Result<TradeFrame, FrameFailure> {
  const magic = magicOfIntent(intent.intentId);
  const commandSeq = counterOfIntent(intent.intentId);
  if (magic === undefined || commandSeq === undefined) {
    return failure("no-magic-number", `${intent.intentId} was not named for a terminal`);
  }
  const expiresAtMs = Math.floor(intent.expiresAtMicros / MICROS_PER_MILLISECOND);
  if (facts.nowMs >= expiresAtMs) return failure("expired", "its time was over before it could leave");
  const { intentId, epoch } = intent;
  const head: Head = { intentId, magic, epoch, commandSeq, expiresAtMs };
  switch (intent.purpose) {
    case "entry":
      return entryOf(intent, head, facts);
    case "exit":
      return exitOf(intent, head, facts);
    case "modify":
      return intent.orderIntentId === undefined
        ? positionChangeOf(intent, head, facts)
        : orderChangeOf(intent, intent.orderIntentId, head, facts);
    case "cancel":
      return cancelOf(intent, head, facts);
  }
}

function entryOf(
  intent: OrderIntent,
  head: Head,
  { instrument, symbol, account, offsetMs }: FrameFacts,
): Result<TradeFrame, FrameFailure> {
  if (symbol === undefined) {
    return failure("unknown-symbol", `no terminal has ${instrument.symbol}: add it to its market watch`);
  }
  const { terms } = intent;
  const digits = { from: instrument.digits, to: symbol.digits };
  const inPoints = 10 ** (symbol.digits - instrument.digits);
  const quotePoints = (intent.side === "BUY" ? intent.askPoints : intent.bidPoints) * inPoints;
  const quoteAgeMs = Math.floor(account.quoteAgeMaxMicros / MICROS_PER_MILLISECOND);
  return ok({
    t: "order",
    ...head,
    symbol: symbol.name,
    side: intent.side === "BUY" ? "buy" : "sell",
    volume: lotsOf(intent.volumeMicros),
    ...pricesOf(intent, digits),
    type: terms?.type ?? "market",
    deviationPoints: Math.min(
      100_000,
      Math.max(0, Math.round(account.priceDeviationFraction * quotePoints) || 0),
    ),
    // A pending order waits for a price: neither age nor spread of today's quote matter to it.
    quoteAgeMsMax: terms === undefined ? Math.min(QUOTE_AGE_MS_MAX, Math.max(1, quoteAgeMs)) : null,
    spreadPointsMax: terms === undefined ? Math.round(instrument.spreadMaxPoints * inPoints) : null,
    ...lifeOf(terms, offsetMs),
  });
}

function lifeOf(terms: PendingTerms | undefined, offsetMs: number) {
  const untilMicros = terms?.timeInForce === "until" ? terms.untilMicros : null;
  return {
    timeInForce: terms?.timeInForce ?? ("gtc" as const),
    untilBrokerMs: untilMicros === null ? null : Math.floor(untilMicros / MICROS_PER_MILLISECOND) + offsetMs,
  };
}

/** Price, limit of a stop-limit, stop and target, as texts; null for none. */
function pricesOf(
  { terms, stopPricePoints, targetPricePoints }: OrderIntent,
  digits: { readonly from: number; readonly to: number },
) {
  const text = (points: number | null | undefined): string | null =>
    points === null || points === undefined ? null : priceOf(points, digits);
  return {
    price: text(terms?.pricePoints),
    stopLimitPrice: text(terms?.limitPricePoints),
    sl: text(stopPricePoints),
    tp: text(targetPricePoints),
  };
}

/** Prices of what exists are in the decimals of the instrument where nobody says how many the broker has. */
function digitsOf({ instrument, symbol }: FrameFacts): { from: number; to: number } {
  return { from: instrument.digits, to: symbol?.digits ?? instrument.digits };
}

function exitOf(intent: OrderIntent, head: Head, facts: FrameFacts): Result<TradeFrame, FrameFailure> {
  const position = facts.positionTicket(intent.positionId ?? "");
  if (position === undefined) return noPosition(intent.positionId);
  if (intent.byPositionId === undefined) {
    return ok({
      t: "close",
      ...head,
      position,
      volume: lotsOf(intent.volumeMicros),
      deviationPoints: EXIT_DEVIATION_POINTS,
      quoteAgeMsMax: null,
    });
  }
  const by = facts.positionTicket(intent.byPositionId);
  return by === undefined ? noPosition(intent.byPositionId) : ok({ t: "close-by", ...head, position, by });
}

function positionChangeOf(
  intent: OrderIntent,
  head: Head,
  facts: FrameFacts,
): Result<TradeFrame, FrameFailure> {
  const ticket = facts.positionTicket(intent.positionId ?? "");
  if (ticket === undefined) return noPosition(intent.positionId);
  const { sl, tp } = pricesOf(intent, digitsOf(facts));
  return ok({ t: "modify", ...head, target: "position", ticket, price: null, stopLimitPrice: null, sl, tp });
}

function orderChangeOf(
  intent: OrderIntent,
  orderIntentId: string,
  head: Head,
  facts: FrameFacts,
): Result<TradeFrame, FrameFailure> {
  const ticket = facts.orderTicket(orderIntentId);
  if (ticket === undefined) return noOrder(orderIntentId);
  return ok({ t: "modify", ...head, target: "order", ticket, ...pricesOf(intent, digitsOf(facts)) });
}

function cancelOf(intent: OrderIntent, head: Head, facts: FrameFacts): Result<TradeFrame, FrameFailure> {
  const { orderIntentId = "" } = intent;
  const order = facts.orderTicket(orderIntentId);
  return order === undefined ? noOrder(orderIntentId) : ok({ t: "cancel", ...head, order });
}

function noPosition(positionId: string | null): Result<never, FrameFailure> {
  return failure("no-such-position", `the broker has no position ${positionId ?? ""} that can be named`);
}

function noOrder(intentId: string): Result<never, FrameFailure> {
  return failure(
    "no-such-order",
    `the broker's number of ${intentId} is not known: it never got there, or is gone`,
  );
}
