// Requests the paper broker carries out as they arrive: placing an order that will wait, changing or cancelling one,
// changing a position's levels, closing a position by its opposite.

import { type BrokerOrder, type BrokerPosition, setLevels } from "./broker-tables.ts";
import type { Floor } from "./floor.ts";
import { closePoints, entryPricePoints, levelsStand, priceWaits, samePoints } from "./order-rules.ts";
import { nextRolloverMicros } from "./rollover.ts";

type Levels = Pick<BrokerOrder, "stopPricePoints" | "targetPricePoints">;

export class Requests {
  readonly #floor: Floor;

  constructor(floor: Floor) {
    this.#floor = floor;
  }

  /** The request is at the broker: it is done or turned down with a reason; a pending order waits from now on. */
  arrive(request: BrokerOrder): void {
    if (request.purpose === "entry") {
      const refusal = this.#placement(request);
      if (refusal === "") this.#floor.accept(request);
      else this.#floor.end(request, "rejected", refusal);
      return;
    }
    if (!this.#floor.inMood(request)) return;
    if (request.purpose === "exit") this.#closeBy(request);
    else if (request.purpose === "cancel") this.#cancel(request);
    else {
      const refusal =
        request.orderIntentId === "" ? this.#modifyPosition(request) : this.#modifyOrder(request);
      this.#floor.end(
        request,
        refusal === "" ? "done" : "rejected",
        refusal === "" ? request.reason : refusal,
      );
    }
  }

  /** Why an order may not wait as it asks to; empty where it may, and its end is set then. */
  #placement(order: BrokerOrder): string {
    const floor = this.#floor;
    const prices = floor.prices(order.instrumentId);
    if (Number.isNaN(prices.bidPoints)) return "no-quote";
    if (!priceWaits(order, prices, floor.stopsLevelPoints)) return "invalid-price";
    return this.#setTerms(order, order);
  }

  /** Takes over terms whose price is right; empty where their end and the levels are right, too. */
  #setTerms(order: BrokerOrder, wanted: BrokerOrder): string {
    const { nowMicros, rolloverMinuteUtc, stopsLevelPoints } = this.#floor;
    const expiresAtMicros = endOf(wanted, nextRolloverMicros(nowMicros, rolloverMinuteUtc));
    if (!(expiresAtMicros > nowMicros)) return "invalid-expiration";
    const levels = { closePoints: entryPricePoints(wanted), stopsLevelPoints };
    if (!levelsStand(order.side, wanted, levels)) return "invalid-stops";
    order.pricePoints = wanted.pricePoints;
    order.limitPricePoints = wanted.limitPricePoints;
    order.timeInForce = wanted.timeInForce;
    order.untilMicros = wanted.untilMicros;
    order.expiresAtMicros = expiresAtMicros;
    setLevels(order, wanted);
    return "";
  }

  #modifyOrder(request: BrokerOrder): string {
    const floor = this.#floor;
    const order = floor.tables.order(request.orderIntentId);
    if (order === undefined || order.lost || order.type === "market") return "too-late";
    if (!order.acknowledged) return "not-placed";
    // Without terms it is about the levels alone.
    const terms = request.type === "market" ? order : request;
    if (terms.type !== order.type) return "invalid-terms";
    const wanted = {
      ...order,
      pricePoints: terms.pricePoints,
      limitPricePoints: terms.limitPricePoints,
      timeInForce: terms.timeInForce,
      untilMicros: terms.untilMicros,
      stopPricePoints: request.stopPricePoints,
      targetPricePoints: request.targetPricePoints,
    };
    if (sameTerms(order, wanted) && sameLevels(order, wanted)) return "";
    const moved = !samePoints(order.pricePoints, wanted.pricePoints);
    const prices = floor.prices(order.instrumentId);
    const limited = order.type !== "stop-limit" || wanted.limitPricePoints > 0;
    if (!limited || (moved && !priceWaits(wanted, prices, floor.stopsLevelPoints))) return "invalid-price";
    return this.#setTerms(order, wanted);
  }

  /** A level that stays where it is may be nearer to the market than a new one may come. */
  #modifyPosition(request: BrokerOrder): string {
    const floor = this.#floor;
    const position = floor.tables.position(request.positionId);
    if (position === undefined) return "no-position";
    const close = closePoints(position.side, floor.prices(position.instrumentId));
    const changed = {
      stopPricePoints: changedPoints(position.stopPricePoints, request.stopPricePoints),
      targetPricePoints: changedPoints(position.targetPricePoints, request.targetPricePoints),
    };
    const { stopsLevelPoints } = floor;
    if (!levelsStand(position.side, changed, { closePoints: close, stopsLevelPoints }))
      return "invalid-stops";
    setLevels(position, request);
    return "";
  }

  /** Ends what is left of an order, placed or not; one that has filled or ended is too late for it. */
  #cancel(request: BrokerOrder): void {
    const floor = this.#floor;
    const order = floor.tables.order(request.orderIntentId);
    if (order === undefined || order.lost || order === request) {
      floor.end(request, "rejected", "too-late");
      return;
    }
    floor.end(order, "cancelled", request.reason);
    floor.end(request, "done", request.reason);
  }

  /**
   * Two opposite positions of an instrument close each other as far as they are equal. Both deals have the price at which
   * the second was opened: the second then earns nothing, and the first the difference of the two opening prices.
   */
  #closeBy(request: BrokerOrder): void {
    const floor = this.#floor;
    const position = floor.tables.position(request.positionId);
    const opposite = floor.tables.position(request.byPositionId);
    if (position === undefined || opposite === undefined) {
      floor.end(request, "rejected", "no-position");
      return;
    }
    const { instrumentId, side } = position;
    if (opposite.instrumentId !== instrumentId || opposite.side === side || request.side !== opposite.side) {
      floor.end(request, "rejected", "invalid-close-by");
      return;
    }
    const volumeMicros = Math.min(request.volumeMicros, position.volumeMicros, opposite.volumeMicros);
    const pricePoints = Math.round(opposite.cost / opposite.volumeMicros);
    // The deal of the position that the request names comes last: it ends the request.
    this.#closePart(request, opposite, { side, volumeMicros, pricePoints, filled: false });
    request.filledMicros = volumeMicros;
    const filled = volumeMicros === request.volumeMicros;
    this.#closePart(request, position, { side: request.side, volumeMicros, pricePoints, filled });
    if (filled) floor.tables.remove(request);
    else floor.end(request, "cancelled", "position-closed");
  }

  #closePart(
    request: BrokerOrder,
    position: BrokerPosition,
    deal: Pick<BrokerOrder, "side" | "volumeMicros"> & { pricePoints: number; filled: boolean },
  ): void {
    const { tables, money, reports, settings } = this.#floor;
    const { filled, side, volumeMicros, pricePoints } = deal;
    const { instrumentId, positionId } = position;
    const pays = settings.closeByCommission === true;
    const commission = pays ? this.#floor.commissionMicros(instrumentId, volumeMicros, pricePoints) : 0;
    money.book(instrumentId, tables.reduce(position, volumeMicros, pricePoints), commission);
    reports.deal({
      status: filled ? "filled" : "partially-filled",
      intentId: request.intentId,
      instrumentId,
      side,
      volumeMicros,
      pricePoints,
      commissionMicros: commission,
      reason: request.reason,
      positionId,
      silentUntilMicros: request.silentUntilMicros,
    });
  }
}

/** NaN, which no time is after, where the terms name no end though they should. */
function endOf({ timeInForce, untilMicros }: BrokerOrder, dayEndsMicros: number): number {
  if (timeInForce === "gtc") return Number.POSITIVE_INFINITY;
  return timeInForce === "day" ? dayEndsMicros : untilMicros;
}

function sameTerms(a: BrokerOrder, b: BrokerOrder): boolean {
  return (
    samePoints(a.pricePoints, b.pricePoints) &&
    samePoints(a.limitPricePoints, b.limitPricePoints) &&
    a.timeInForce === b.timeInForce &&
    samePoints(a.untilMicros, b.untilMicros)
  );
}

function sameLevels(a: Levels, b: Levels): boolean {
  return (
    samePoints(a.stopPricePoints, b.stopPricePoints) && samePoints(a.targetPricePoints, b.targetPricePoints)
  );
}

function changedPoints(was: number, wanted: number): number {
  return samePoints(was, wanted) ? Number.NaN : wanted;
}
