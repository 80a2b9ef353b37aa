// Orders by hand: put into the journal as a command, decided by the account like any entry, answered when its outcome is
// known - or said to be unknown, never assumed to have failed.

import { failure, ok, type Result } from "../../actors/base/result.ts";
import { pointsPerUnit } from "../../actors/domain/instrument.ts";
import { MICROS_PER_LOT } from "../../actors/domain/money.ts";
import type { TradeRequest } from "../api/schemas.ts";
import type { LivePicture } from "../live/live-picture.ts";

export type TradeFailure =
  | "unknown-symbol"
  | "no-quote"
  | "bad-stop"
  | "bad-target"
  | "busy"
  | "refused"
  | "rejected"
  | "outcome-unknown";

/** How long a trade may wait for its place in the market. */
const LIFE_MICROS = 5_000_000;
/** How long its outcome is waited for before it is said to be unknown. */
const PATIENCE_MILLIS = 10_000;
const LOOK_MILLIS = 20;

export class TradeDesk {
  readonly #picture: LivePicture;

  constructor(picture: LivePicture) {
    this.#picture = picture;
  }

  async trade(request: TradeRequest): Promise<Result<{ ticket: string }, TradeFailure>> {
    const picture = this.#picture;
    const instrument = picture.instrument(request.symbol);
    if (instrument === undefined) return failure("unknown-symbol", `${request.symbol} is not traded here`);
    const quote = picture.engine.symbol(instrument.id)?.chain.quote;
    if (quote === undefined || !(quote.midPoints > 0)) {
      return failure("no-quote", `${request.symbol} has no price yet: wait for its first tick`);
    }
    const scale = pointsPerUnit(instrument);
    const isBuy = request.type === "BUY";
    const entryPoints = isBuy ? quote.askPoints : quote.bidPoints;
    const away = isBuy ? 1 : -1;
    const stopPoints =
      request.stopLoss === undefined ? 0 : Math.round(away * (entryPoints - request.stopLoss * scale));
    const targetPoints =
      request.takeProfit === undefined ? 0 : Math.round(away * (request.takeProfit * scale - entryPoints));
    if (request.stopLoss === undefined || stopPoints <= 0) {
      return failure(
        "bad-stop",
        `a ${request.type} needs a stopLoss ${isBuy ? "below" : "above"} ${entryPoints / scale}`,
      );
    }
    if (request.takeProfit !== undefined && targetPoints <= 0) {
      return failure(
        "bad-target",
        `the takeProfit of a ${request.type} lies ${isBuy ? "above" : "below"} ${entryPoints / scale}`,
      );
    }
    const { live, clock } = picture.station;
    if (live.router.detached) return failure("busy", "the journal takes nothing more: no entries are made");
    live.command(
      {
        command: "trade",
        accountId: live.engine.config.account.accountId,
        by: request.comment ?? "api",
        instrumentId: instrument.id,
        side: request.type,
        volumeMicros: Math.round(request.lots * MICROS_PER_LOT),
        bidPoints: quote.bidPoints,
        askPoints: quote.askPoints,
        stopPoints,
        targetPoints,
        expiresAtMicros: live.router.timeMicros + LIFE_MICROS,
      },
      picture.clockIsWall ? clock.nowMicros() : live.router.timeMicros,
    );
    return await this.#outcomeOf(live.router.lastSeq);
  }

  async #outcomeOf(commandSeq: number): Promise<Result<{ ticket: string }, TradeFailure>> {
    const untilMillis = Date.now() + PATIENCE_MILLIS;
    let intentId = "";
    while (Date.now() < untilMillis) {
      await Bun.sleep(LOOK_MILLIS);
      const steps = this.#picture.ordersSince(commandSeq);
      const refusal = steps.find(({ event, signalId }) => event === "refusal" && signalId === commandSeq);
      if (refusal !== undefined) return failure("refused", refusal.reason);
      const intent = steps.find(({ event, signalId }) => event === "intent" && signalId === commandSeq);
      intentId = intent?.id ?? intentId;
      if (intentId === "") continue;
      const report = steps.find(
        ({ event, id, status }) => event === "execution" && id === intentId && FINAL.has(status),
      );
      if (report?.status === "filled") return ok({ ticket: report.positionId ?? intentId });
      if (report !== undefined)
        return failure("rejected", `the broker says ${report.status}: ${report.reason}`);
    }
    const what =
      intentId === ""
        ? "the account has not decided"
        : `order ${intentId} was sent and the broker has not answered`;
    return failure(
      "outcome-unknown",
      `${what} within ${PATIENCE_MILLIS / 1_000} s: look at /api/v1/orders, do not send it again`,
    );
  }
}

const FINAL = new Set(["filled", "rejected", "cancelled", "unknown"]);
