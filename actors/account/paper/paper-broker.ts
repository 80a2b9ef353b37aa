// The paper broker: fills orders against the quotes everybody hears, a little later and a little worse than asked. It
// remembers intents, acts on them when they are sent, and answers by execution and adjustment records alone, like a real
// broker.
//
// What was due by the time of a record - requests that arrived, the end of a day, answers that were kept back - is dealt
// with before the record itself: a cancellation that arrived by the time of a quote comes before the fill.

import type { Archive } from "../../base/archive.ts";
import { MICROS_PER_DAY, type Micros } from "../../base/clock.ts";
import type { Instrument } from "../../domain/instrument.ts";
import type { MicroMoney } from "../../domain/money.ts";
import type { OrderIntent, OrderSent } from "../../domain/order.ts";
import type { JournalRecord } from "../../domain/records.ts";
import type { Tick } from "../../domain/tick.ts";
import type { SwapSettings } from "../settings.ts";
import type { BrokerOrder, BrokerPosition } from "./broker-tables.ts";
import { Dealing, isRequest } from "./dealing.ts";
import { befalls, luckOf } from "./fill-model.ts";
import { Floor, type PaperBrokerOptions } from "./floor.ts";
import { Requests } from "./requests.ts";
import { nextRolloverMicros, swapDays, swapPointMicroLots } from "./rollover.ts";

/** The account by the broker's books; NaN where a position cannot be valued. */
export interface PaperBrokerView {
  readonly balanceMicros: MicroMoney;
  readonly equityMicros: MicroMoney;
  readonly marginMicros: MicroMoney;
  readonly freeMarginMicros: MicroMoney;
  /** The level is at or below the margin call's. */
  readonly marginCall: boolean;
  readonly positions: number;
  /** Orders and other requests that are not done with. */
  readonly orders: number;
}

export class PaperBroker {
  readonly #floor: Floor;
  readonly #dealing: Dealing;
  readonly #requests: Requests;
  #epoch = 0;
  #dueMicros: Micros = Number.POSITIVE_INFINITY;
  /** When something is due that comes before the record of that time. */
  #earlyMicros: Micros = Number.POSITIVE_INFINITY;
  /** When swap is charged next; NaN while there is nothing to charge it on. */
  #rolloverMicros: Micros = Number.NaN;

  constructor(options: PaperBrokerOptions) {
    this.#floor = new Floor(options);
    this.#dealing = new Dealing(this.#floor);
    this.#requests = new Requests(this.#floor);
  }

  /** When it wants to be told the time although nothing happens; Infinity while nothing is pending. */
  get nextDueMicros(): Micros {
    return Math.min(this.#dueMicros, this.#earlyMicros);
  }

  view(): PaperBrokerView {
    const { money, tables, settings } = this.#floor;
    const equityMicros = money.equityMicros(tables.positions);
    const marginMicros = money.marginMicros(tables.positions);
    const callMicros = (settings.margin?.callLevel ?? Number.NaN) * marginMicros;
    return {
      balanceMicros: money.balanceMicros,
      equityMicros,
      marginMicros,
      freeMarginMicros: equityMicros - marginMicros,
      marginCall: marginMicros > 0 && equityMicros <= callMicros,
      positions: tables.positions.length,
      orders: tables.orders.length,
    };
  }

  /** What it holds, row by row, to be held against the account's own books. Do not change. */
  books(): { readonly positions: readonly BrokerPosition[]; readonly orders: readonly BrokerOrder[] } {
    const { positions, orders } = this.#floor.tables;
    return { positions, orders };
  }

  receive(record: JournalRecord): void {
    const { reports, settings } = this.#floor;
    reports.causeSeq = record.seq;
    if (record.timeMicros > reports.nowMicros) reports.nowMicros = record.timeMicros;
    if (reports.nowMicros >= this.#earlyMicros) this.#catchUp();
    switch (record.kind) {
      case "tick":
        this.#onTick(record);
        return;
      case "intent":
        if (record.accountId === settings.accountId) this.#onIntent(record);
        return;
      case "sent":
        if (record.accountId === settings.accountId) this.#onSent(record);
        return;
      case "beat":
        if (reports.nowMicros >= this.#dueMicros) this.#onBeat();
        return;
      default:
        return;
    }
  }

  persist(archive: Archive): void {
    this.#floor.persist(archive);
    this.#dealing.persist(archive);
    this.#epoch = archive.number(this.#epoch);
    this.#dueMicros = archive.number(this.#dueMicros);
    this.#earlyMicros = archive.number(this.#earlyMicros);
    this.#rolloverMicros = archive.number(this.#rolloverMicros);
  }

  #onTick(tick: Tick): void {
    const { board, tables, nowMicros } = this.#floor;
    const id = tick.instrumentId;
    const before = board.bidPoints(id) + board.askPoints(id);
    if (board.take(tick)) {
      this.#dealing.learnVolatility(id, before);
      const held = tables.positions.length;
      const worked = tables.orders.length > 0;
      if (worked || held > 0) this.#dealing.trade(id);
      if (worked || tables.positions.length !== held) this.#refreshDue();
    }
    if (nowMicros >= this.#dueMicros) this.#expire();
  }

  /** Without a new quote an order fills at the last one, if that is fresh; otherwise it goes on waiting. */
  #onBeat(): void {
    const floor = this.#floor;
    const due = floor.tables.orders.filter(
      (order) => !isRequest(order) && !order.beatTried && floor.nowMicros >= order.activeAtMicros,
    );
    for (const order of due) {
      order.beatTried = true;
      const ageMicros = floor.nowMicros - floor.board.timeMicros(order.instrumentId);
      if (ageMicros <= floor.settings.quoteAgeMaxMicros) this.#dealing.work(order);
      else floor.accept(order);
    }
    this.#expire();
  }

  #onIntent(intent: OrderIntent): void {
    if (intent.epoch > this.#epoch) this.#epoch = intent.epoch;
    this.#floor.tables.hold(intent, this.#floor.nowMicros);
  }

  #onSent(sent: OrderSent): void {
    const floor = this.#floor;
    const order = floor.tables.order(sent.intentId);
    // Unknown, or sent before: an intent id is worth one order, ever.
    if (order === undefined || order.active) return;
    this.#send(order, sent.timeMicros);
    if (order.lost) this.#refreshDue();
    else if (order.epoch < this.#epoch) floor.end(order, "rejected", "stale-epoch");
    else if (floor.nowMicros >= order.expiresAtMicros) {
      const trades = order.purpose === "entry" || order.purpose === "exit";
      floor.end(order, trades ? "cancelled" : "rejected", "expired");
    } else if (order.purpose === "exit" && floor.tables.closableBy(order) === undefined) {
      floor.end(order, "rejected", "no-position");
      // A pending order lives as long as its terms say, which its arrival looks at.
    } else if (isRequest(order)) order.expiresAtMicros = Number.POSITIVE_INFINITY;
    this.#refreshDue();
  }

  /** On its way, or into silence. */
  #send(order: BrokerOrder, sentMicros: Micros): void {
    const { seed, settings, board } = this.#floor;
    const { silence } = settings;
    const id = order.intentId;
    order.active = true;
    order.activeAtMicros = sentMicros + luckOf(id, seed, settings).latencyMicros;
    order.sentPricePoints =
      order.side === "BUY" ? board.askPoints(order.instrumentId) : board.bidPoints(order.instrumentId);
    if (silence === undefined || !befalls("silence", { id, seed }, silence.probability)) return;
    order.silentUntilMicros = sentMicros + silence.revealMicros;
    order.lost = befalls("loss", { id, seed }, silence.lostShare);
    if (order.lost) order.activeAtMicros = Number.POSITIVE_INFINITY;
  }

  /** What comes before the record: the days that ended, then what arrived, the first first, then what can be said now. */
  #catchUp(): void {
    const { nowMicros, reports } = this.#floor;
    while (nowMicros >= this.#rolloverMicros) this.#rollOver();
    for (let next = this.#nextArrival(); next !== undefined; next = this.#nextArrival()) {
      this.#requests.arrive(next);
    }
    reports.reveal();
    this.#refreshDue();
  }

  #nextArrival(): BrokerOrder | undefined {
    const { tables, nowMicros } = this.#floor;
    let first: BrokerOrder | undefined;
    for (const order of tables.orders) {
      if (!isRequest(order) || order.acknowledged || nowMicros < order.activeAtMicros) continue;
      if (first === undefined || order.activeAtMicros < first.activeAtMicros) first = order;
    }
    return first;
  }

  /** The broker's day ends: every position owes or earns its interest. */
  #rollOver(): void {
    const { tables, settings } = this.#floor;
    const days = swapDays(this.#rolloverMicros, settings.swap?.tripleWeekday ?? 0);
    this.#rolloverMicros += MICROS_PER_DAY;
    if (settings.swap === undefined || days === 0) return;
    for (const position of tables.positions) this.#chargeSwap(position, days, settings.swap);
  }

  #chargeSwap(position: Floor["tables"]["positions"][number], days: number, swap: SwapSettings): void {
    const { board, instruments, money, reports } = this.#floor;
    const { instrumentId: id, positionId, side, volumeMicros } = position;
    const rates = swap.rates[(instruments[id] as Instrument).symbol];
    if (rates === undefined) return;
    const midPoints = (board.bidPoints(id) + board.askPoints(id)) / 2;
    const interest = swapPointMicroLots(
      side === "BUY" ? rates.long : rates.short,
      { volumeMicros, midPoints, days },
      swap.unit,
    );
    const amountMicros = money.valueMicros(id, interest);
    if (Number.isNaN(amountMicros) || amountMicros === 0) return;
    money.adjust(amountMicros);
    reports.adjust({ positionId, amountMicros, reason: "swap" });
  }

  /** Ends orders whose time is over: expired in the market, or without any quote for too long, or lost on their way. */
  #expire(): void {
    const floor = this.#floor;
    const { nowMicros, settings } = floor;
    for (const order of floor.tables.orders.filter((candidate) => candidate.active)) {
      if (order.lost) {
        if (nowMicros >= order.silentUntilMicros) floor.end(order, "rejected", "never-arrived");
      } else if (nowMicros >= order.expiresAtMicros) floor.end(order, "cancelled", "expired");
      else if (!isRequest(order) && nowMicros >= order.activeAtMicros + settings.noQuoteTimeoutMicros) {
        floor.end(order, order.filledMicros === 0 ? "rejected" : "cancelled", "no-quote");
      }
    }
    this.#refreshDue();
  }

  #refreshDue(): void {
    const { tables, reports, settings } = this.#floor;
    let due = Number.POSITIVE_INFINITY;
    let early = reports.dueMicros;
    for (const order of tables.orders) {
      if (!order.active) continue;
      if (order.lost) due = Math.min(due, order.silentUntilMicros);
      else if (!isRequest(order)) due = Math.min(due, this.#workDue(order));
      else if (order.acknowledged) due = Math.min(due, order.expiresAtMicros);
      else early = Math.min(early, order.activeAtMicros);
    }
    this.#dueMicros = due;
    this.#refreshRollover();
    this.#earlyMicros = settings.swap === undefined ? early : earlier(early, this.#rolloverMicros);
  }

  #workDue(order: BrokerOrder): Micros {
    const patience = order.activeAtMicros + this.#floor.settings.noQuoteTimeoutMicros;
    const due = Math.min(order.expiresAtMicros, patience);
    // Once a beat has found it in the market, only quotes and the end of patience move the order.
    return order.beatTried ? due : Math.min(due, order.activeAtMicros);
  }

  #refreshRollover(): void {
    const { settings, tables, nowMicros, rolloverMinuteUtc } = this.#floor;
    if (settings.swap === undefined || tables.positions.length === 0) this.#rolloverMicros = Number.NaN;
    else if (Number.isNaN(this.#rolloverMicros)) {
      this.#rolloverMicros = nextRolloverMicros(nowMicros, rolloverMinuteUtc);
    }
  }
}

/** Of two times, the second perhaps NaN, which is never. */
function earlier(a: Micros, b: Micros): Micros {
  return b < a ? b : a;
}
