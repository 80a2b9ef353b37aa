// The trade by hand of the source documents' clients: a market order that is placed like any other, and answered with a ticket.

import { failure, ok, type Result } from "../../actors/base/result.ts";
import type { TradeRequest } from "../api/schemas.ts";
import type { OrderDesk, OrderFailure } from "./order-desk.ts";

export type TradeFailure = OrderFailure | "outcome-unknown";

/** Who trades, where he says nothing. */
const SOMEBODY = "api";

export class TradeDesk {
  readonly #orders: OrderDesk;

  constructor(orders: OrderDesk) {
    this.#orders = orders;
  }

  async trade(request: TradeRequest): Promise<Result<{ ticket: string }, TradeFailure>> {
    const { symbol, type: side, lots, stopLoss, takeProfit, comment = "" } = request;
    if (stopLoss === undefined) {
      return failure("bad-stop", `a ${side} needs a stopLoss: what it may lose follows from it`);
    }
    const done = await this.#orders.place({
      type: "market",
      symbol,
      side,
      lots,
      stopLoss,
      takeProfit,
      by: oneLine(comment) || SOMEBODY,
    });
    if (!done.ok) return done;
    const { status, intent, positionId, reason } = done.value;
    if (status === "unknown") return failure("outcome-unknown", reason);
    return ok({ ticket: positionId ?? intent?.intentId ?? "" });
  }
}

/** What is no letter, digit or sign becomes a blank: it goes into the journal and is shown. */
function oneLine(text: string): string {
  return text.replace(/\p{C}+/gu, " ").trim();
}
