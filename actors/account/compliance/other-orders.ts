// What the other accounts of the same owner want and did of late, as far as an account has to know it: an order of its own that traded with one
// of theirs would change nobody's position but the market's figures. State of the account: it survives restarts.

import type { Archive } from "../../base/archive.ts";
import type { Micros } from "../../base/clock.ts";
import type { Execution, OrderIntent } from "../../domain/order.ts";
import { persistList } from "../persist-list.ts";
import { OTHER_ORDERS_MAX } from "./bounds.ts";
import type { OwnInterest } from "./figures.ts";
import { isDormant, persistSide } from "./order-flow.ts";

interface OtherOrder extends OwnInterest {
  intentId: string;
  instrumentId: number;
  side: OwnInterest["side"];
  pricePoints: number;
  /** When it was decided; once something of it was executed, when that was. */
  timeMicros: Micros;
  live: boolean;
  dormant: boolean;
  executed: boolean;
  /** One at the market that nobody reported on is over by then. */
  untilMicros: Micros;
}

export class OtherOrders {
  readonly #orders: OtherOrder[] = [];
  /** As far back as what was executed counts. */
  readonly #windowMicros: number;

  constructor(windowMicros: number) {
    this.#windowMicros = windowMicros;
  }

  hear(record: OrderIntent | Execution): void {
    if (record.kind === "intent") this.#intended(record);
    else this.#reported(record);
  }

  /** On one instrument: live orders, and those that were executed. */
  of(instrumentId: number, nowMicros: Micros): readonly OwnInterest[] {
    if (this.#orders.length === 0) return this.#orders;
    return this.#orders.filter(
      (order) =>
        order.instrumentId === instrumentId &&
        (order.executed || (order.live && nowMicros <= order.untilMicros)),
    );
  }

  persist(archive: Archive): void {
    persistList(archive, this.#orders, blankOrder, persistOrder);
  }

  #intended(intent: OrderIntent): void {
    const { intentId, instrumentId, purpose, side, terms, timeMicros } = intent;
    if (purpose === "modify") this.#changed(intent);
    if (purpose !== "entry" && purpose !== "exit") return;
    this.#forget(timeMicros);
    this.#orders.push({
      intentId,
      instrumentId,
      side,
      pricePoints: terms?.pricePoints ?? (side === "BUY" ? intent.askPoints : intent.bidPoints),
      timeMicros,
      live: true,
      dormant: isDormant(terms),
      executed: false,
      untilMicros: terms === undefined ? intent.expiresAtMicros : Number.POSITIVE_INFINITY,
    });
  }

  #changed({ orderIntentId, terms }: OrderIntent): void {
    const order = this.#orders.find(({ intentId }) => intentId === orderIntentId);
    if (order !== undefined && terms !== undefined) order.pricePoints = terms.pricePoints;
  }

  #reported({ intentId, status, timeMicros }: Execution): void {
    const order = this.#orders.find((each) => each.intentId === intentId);
    if (order === undefined) return;
    if (status === "filled" || status === "partially-filled") {
      order.executed = true;
      order.timeMicros = timeMicros;
    }
    if (status === "filled" || status === "cancelled" || status === "rejected") order.live = false;
  }

  /** What no window reaches any more; where there is no room then, the oldest. */
  #forget(nowMicros: Micros): void {
    const orders = this.#orders;
    let kept = 0;
    for (let i = 0; i < orders.length; i++) {
      const order = orders[i] as OtherOrder;
      const isRecent = order.executed && nowMicros - order.timeMicros < this.#windowMicros;
      if (isRecent || (order.live && nowMicros <= order.untilMicros)) orders[kept++] = order;
    }
    orders.length = kept;
    if (kept >= OTHER_ORDERS_MAX) orders.shift();
  }
}

function blankOrder(): OtherOrder {
  return {
    intentId: "",
    instrumentId: 0,
    side: "BUY",
    pricePoints: 0,
    timeMicros: 0,
    live: false,
    dormant: false,
    executed: false,
    untilMicros: 0,
  };
}

function persistOrder(order: OtherOrder, archive: Archive): void {
  order.intentId = archive.text(order.intentId);
  order.instrumentId = archive.number(order.instrumentId);
  order.side = persistSide(order.side, archive);
  order.pricePoints = archive.number(order.pricePoints);
  order.timeMicros = archive.number(order.timeMicros);
  order.live = archive.boolean(order.live);
  order.dormant = archive.boolean(order.dormant);
  order.executed = archive.boolean(order.executed);
  order.untilMicros = archive.number(order.untilMicros);
}
