// Orders about orders and positions: other levels, other terms, an end. Each has a life of its own; what it is about changes when the
// broker says that it is done, and not before.

import type { MicroMoney } from "../domain/money.ts";
import type { PendingTerms } from "../domain/order.ts";
import type { Answer } from "./answers.ts";
import type { Desk } from "./desk.ts";
import { CHANGE_ORDERS_RESERVE } from "./limits.ts";
import { isLive, type TrackedOrder } from "./orders.ts";
import { entryPricePoints } from "./pending.ts";
import { orNull, sideOf, type TrackedPosition } from "./positions.ts";
import type { LevelsOrder, RiskApproved } from "./risk/approval.ts";

/** Prices; NaN for none. */
export interface Levels {
  readonly stopPricePoints: number;
  readonly targetPricePoints: number;
}

export interface LevelsChange extends LevelsOrder, Levels {
  readonly position: TrackedPosition;
  readonly reason: string;
}

/** What is to become of a pending entry; `marginMicros` is that of its whole volume then. */
export interface TermsChange extends Levels {
  readonly order: TrackedOrder;
  readonly terms: PendingTerms;
  readonly marginMicros: MicroMoney;
  readonly reason: string;
}

export interface Cancellation {
  readonly order: TrackedOrder;
  readonly reason: string;
}

export class Changes {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Whether one more may be under way. */
  get hasRoom(): boolean {
    let changes = 0;
    for (const { purpose } of this.#desk.books.orders.live) {
      if (purpose === "modify" || purpose === "cancel") changes++;
    }
    return changes < CHANGE_ORDERS_RESERVE;
  }

  /** Whether the broker has yet to answer a change of the position's levels. One of unknown outcome is not waited for. */
  changing({ positionId }: TrackedPosition): boolean {
    return this.#desk.books.orders.live.some(
      (order) => order.purpose === "modify" && order.positionId === positionId && order.state !== "unknown",
    );
  }

  /** As {@link changing}, of an entry's terms or its end. */
  ending({ intentId }: TrackedOrder, purpose: "modify" | "cancel"): boolean {
    return this.#desk.books.orders
      .about(intentId)
      .some((order) => order.purpose === purpose && order.state !== "unknown");
  }

  /** Asks for other levels of a position. They are absolute: asked for twice, they are the same. */
  setLevels({ order, checks, compliance }: RiskApproved<LevelsChange>): Answer {
    const { position, reason } = order;
    const desk = this.#desk;
    return desk.intend({
      instrumentId: position.instrumentId,
      purpose: "modify",
      side: sideOf(position),
      volumeMicros: Math.abs(position.signedVolumeMicros),
      stopPricePoints: orNull(order.stopPricePoints),
      targetPricePoints: orNull(order.targetPricePoints),
      positionId: position.positionId,
      expiresAtMicros: desk.nowMicros + desk.settings.exitLifeMicros,
      checks,
      compliance,
      reason,
      marginMicros: 0,
      bySignal: false,
    });
  }

  /** Asks for other terms of an entry that waits. Until the answer the dearer of both stays reserved. */
  setTerms({
    order: change,
    checks,
    compliance,
  }: Pick<RiskApproved<TermsChange>, "order" | "checks" | "compliance">): Answer {
    const { order, terms, marginMicros, reason } = change;
    const desk = this.#desk;
    order.changePricePoints = entryPricePoints(terms);
    order.changeMarginMicros = marginMicros;
    return desk.intend({
      instrumentId: order.instrumentId,
      purpose: "modify",
      side: order.side,
      volumeMicros: order.volumeMicros - order.filledMicros,
      stopPricePoints: orNull(change.stopPricePoints),
      targetPricePoints: orNull(change.targetPricePoints),
      positionId: null,
      terms,
      orderIntentId: order.intentId,
      expiresAtMicros: desk.nowMicros + desk.settings.entryLifeMicros,
      checks,
      compliance,
      reason,
      marginMicros,
      bySignal: false,
    });
  }

  cancel({ order: { order, reason }, checks, compliance }: RiskApproved<Cancellation>): Answer {
    const desk = this.#desk;
    return desk.intend({
      instrumentId: order.instrumentId,
      purpose: "cancel",
      side: order.side,
      volumeMicros: Math.max(0, order.volumeMicros - order.filledMicros),
      stopPricePoints: null,
      targetPricePoints: null,
      positionId: null,
      orderIntentId: order.intentId,
      expiresAtMicros: desk.nowMicros + desk.settings.exitLifeMicros,
      checks,
      compliance,
      reason,
      marginMicros: 0,
      bySignal: false,
    });
  }

  /** An order's state is another now: what it was about follows. */
  settle(order: TrackedOrder): void {
    const { orders } = this.#desk.books;
    if (order.purpose === "modify") this.#settleChange(order);
    else if (order.purpose === "cancel") this.#settleCancel(order);
    else if (order.purpose === "entry" && !isLive(order.state)) {
      for (const about of orders.about(order.intentId)) this.#release(about);
    }
  }

  /** A position has closed: what was asked for it does not matter any more. */
  closed(positionId: string): void {
    const { live } = this.#desk.books.orders;
    const about = live.filter((order) => order.purpose === "modify" && order.positionId === positionId);
    for (const order of about) this.#release(order);
  }

  #settleChange(change: TrackedOrder): void {
    const { orders, positions } = this.#desk.books;
    if (change.positionId !== "") {
      const position = positions.find(change.positionId);
      if (position === undefined) this.#release(change);
      else if (change.state === "done" && !orders.isOutdated(change, change.positionId))
        setLevels(position, change);
      return;
    }
    const order = orders.find(change.orderIntentId);
    if (order === undefined || !isLive(order.state)) this.#release(change);
    if (order === undefined) return;
    const mayHappen = isLive(change.state);
    order.changePricePoints = mayHappen ? change.pricePoints : 0;
    order.changeMarginMicros = mayHappen ? change.marginMicros : 0;
    if (change.state !== "done") return;
    order.terms = change.terms;
    order.pricePoints = change.pricePoints;
    order.marginMicros = change.marginMicros;
    setLevels(order, change);
    // It may have filled before the answer came: what it opened has the new levels, too. What a part of it opened before keeps its own.
    for (const position of positions.open) {
      if (position.intentId !== order.intentId || position.openTimeMicros < change.sentMicros) continue;
      if (!orders.isOutdated(change, position.positionId)) setLevels(position, change);
    }
  }

  /** The order's own report is due: without it nobody knows whether it filled at the last moment. */
  #settleCancel(cancel: TrackedOrder): void {
    const { books, nowMicros, settings } = this.#desk;
    const order = books.orders.find(cancel.orderIntentId);
    if (order === undefined || !isLive(order.state)) this.#release(cancel);
    else if (cancel.state === "done" && order.state !== "unknown") {
      order.deadlineMicros = Math.min(order.deadlineMicros, nowMicros + settings.reportTimeoutMicros);
    }
  }

  /** Of unknown outcome, and it makes no difference any more. */
  #release(order: TrackedOrder): void {
    if (order.state === "unknown") this.#desk.move(order, "release");
  }
}

function setLevels(of: { stopPricePoints: number; targetPricePoints: number }, to: Levels): void {
  of.stopPricePoints = to.stopPricePoints;
  of.targetPricePoints = to.targetPricePoints;
}
