// The paper broker: fills orders against the quotes everybody hears, a little later and a little worse than asked. It
// remembers intents, acts on them when they are sent, and answers by execution records alone, like a real broker.

import type { Archive } from "../base/archive.ts";
import type { Micros } from "../base/clock.ts";
import type { Instrument } from "../domain/instrument.ts";
import type { Execution, OrderIntent, OrderSent, Side } from "../domain/order.ts";
import type { JournalRecord } from "../domain/records.ts";
import type { Tick } from "../domain/tick.ts";
import type { Emitter } from "../ports/emitter.ts";
import { type BrokerOrder, type BrokerPosition, BrokerTables } from "./broker-tables.ts";
import { commissionMicros, luckOf, slippagePoints } from "./fill-model.ts";
import { QuoteBoard } from "./quote-board.ts";
import type { PaperBrokerSettings } from "./settings.ts";

/** Weight of the newest move in the average move between quotes: a memory of some 64 quotes. */
const VOLATILITY_WEIGHT = 1 / 64;

export interface PaperBrokerOptions {
  readonly settings: PaperBrokerSettings;
  /** By id, without holes. */
  readonly instruments: readonly Instrument[];
  readonly emitter: Emitter;
  /** Another seed draws other latencies and slippages. */
  readonly seed: number;
}

export class PaperBroker {
  readonly #settings: PaperBrokerSettings;
  readonly #emitter: Emitter;
  readonly #seed: number;
  readonly #board: QuoteBoard;
  readonly #tables: BrokerTables;
  /** By instrument id: average absolute move of the mid between quotes, in points. */
  readonly #volatility: Float64Array;
  #nowMicros: Micros = 0;
  #causeSeq = 0;
  #deals = 0;
  #positions = 0;
  #epoch = 0;
  #dueMicros: Micros = Number.POSITIVE_INFINITY;

  constructor(options: PaperBrokerOptions) {
    this.#settings = options.settings;
    this.#emitter = options.emitter;
    this.#seed = options.seed;
    this.#board = new QuoteBoard(options.instruments);
    this.#tables = new BrokerTables();
    this.#volatility = new Float64Array(options.instruments.length);
  }

  /** When it wants to be told the time although nothing happens; Infinity while nothing is pending. */
  get nextDueMicros(): Micros {
    return this.#dueMicros;
  }

  receive(record: JournalRecord): void {
    this.#causeSeq = record.seq;
    if (record.timeMicros > this.#nowMicros) this.#nowMicros = record.timeMicros;
    switch (record.kind) {
      case "tick":
        this.#onTick(record);
        return;
      case "intent":
        if (record.accountId === this.#settings.accountId) this.#onIntent(record);
        return;
      case "sent":
        if (record.accountId === this.#settings.accountId) this.#onSent(record);
        return;
      case "beat":
        if (this.#nowMicros >= this.#dueMicros) this.#onBeat();
        return;
      default:
        return;
    }
  }

  persist(archive: Archive): void {
    this.#board.persist(archive);
    this.#tables.persist(archive);
    archive.growing(this.#volatility);
    this.#nowMicros = archive.number(this.#nowMicros);
    this.#deals = archive.number(this.#deals);
    this.#positions = archive.number(this.#positions);
    this.#epoch = archive.number(this.#epoch);
    this.#dueMicros = archive.number(this.#dueMicros);
  }

  #onTick(tick: Tick): void {
    const id = tick.instrumentId;
    const before = this.#board.bidPoints(id) + this.#board.askPoints(id);
    if (this.#board.take(tick)) {
      this.#learnVolatility(id, before);
      this.#trade(id);
    }
    if (this.#nowMicros >= this.#dueMicros) this.#expire();
  }

  /** Stops and targets first: a position the same quote opens is watched from the next quote on. */
  #trade(instrumentId: number): void {
    const { positions, orders } = this.#tables;
    for (let i = 0; i < positions.length;) {
      const position = positions[i] as BrokerPosition;
      if (position.instrumentId === instrumentId) this.#watch(position);
      if (positions[i] === position) i++;
    }
    if (orders.length === 0) return;
    for (let i = 0; i < orders.length;) {
      const order = orders[i] as BrokerOrder;
      if (order.instrumentId === instrumentId && this.#nowMicros >= order.activeAtMicros) this.#work(order);
      if (orders[i] === order) i++;
    }
    this.#refreshDue();
  }

  /** Without a new quote an order fills at the last one, if that is fresh; otherwise it goes on waiting. */
  #onBeat(): void {
    const due = this.#tables.orders.filter(
      (order) => !order.beatTried && this.#nowMicros >= order.activeAtMicros,
    );
    for (const order of due) {
      order.beatTried = true;
      const ageMicros = this.#nowMicros - this.#board.timeMicros(order.instrumentId);
      if (ageMicros <= this.#settings.quoteAgeMaxMicros) this.#work(order);
      else this.#acknowledge(order);
    }
    this.#expire();
  }

  #onIntent(intent: OrderIntent): void {
    if (intent.epoch > this.#epoch) this.#epoch = intent.epoch;
    this.#tables.hold(intent, this.#nowMicros);
  }

  #onSent(sent: OrderSent): void {
    const order = this.#tables.order(sent.intentId);
    // Unknown, or sent before: an intent id is worth one order, ever.
    if (order === undefined || order.active) return;
    order.active = true;
    order.activeAtMicros = sent.timeMicros + luckOf(order.intentId, this.#seed, this.#settings).latencyMicros;
    if (order.epoch < this.#epoch) this.#end(order, "rejected", "stale-epoch");
    else if (this.#nowMicros >= order.expiresAtMicros) this.#end(order, "cancelled", "expired");
    else if (order.purpose === "exit" && this.#tables.position(order.positionId) === undefined) {
      this.#end(order, "rejected", "no-position");
    }
    this.#refreshDue();
  }

  /** An order that is in the market meets a quote. */
  #work(order: BrokerOrder): void {
    if (this.#nowMicros >= order.expiresAtMicros) {
      this.#end(order, "cancelled", "expired");
      return;
    }
    this.#acknowledge(order);
    const position = this.#tables.position(order.positionId);
    if (order.purpose === "exit" && position === undefined) {
      this.#end(order, "cancelled", "position-closed");
      return;
    }
    const rest = order.volumeMicros - order.filledMicros;
    const closable = order.purpose === "exit" && position !== undefined ? position.volumeMicros : rest;
    this.#fill(order, Math.min(rest, closable, this.#settings.volumePerQuoteMicros));
  }

  #fill(order: BrokerOrder, volumeMicros: number): void {
    const pricePoints = this.#priceFor(
      order.instrumentId,
      order.side,
      luckOf(order.intentId, this.#seed, this.#settings).slippage,
    );
    if (order.purpose === "entry" && order.positionId === "") {
      order.positionId = `${this.#settings.accountId}-P${++this.#positions}`;
    }
    order.filledMicros += volumeMicros;
    const done = order.filledMicros === order.volumeMicros;
    const position = this.#tables.position(order.positionId);
    if (order.purpose === "entry") this.#tables.enlarge(order, volumeMicros);
    else if (position !== undefined) this.#tables.reduce(position, volumeMicros);
    this.#deal(done ? "filled" : "partially-filled", { ...order, volumeMicros, pricePoints });
    if (done) this.#tables.remove(order);
  }

  /** Closes a position whose stop or target the quote has reached. A gap fills where the market reopens. */
  #watch(position: BrokerPosition): void {
    const long = position.side === "BUY";
    const away = long ? 1 : -1;
    const id = position.instrumentId;
    const price = long ? this.#board.bidPoints(id) : this.#board.askPoints(id);
    // NaN, the absent stop or target, fails both comparisons.
    const stopped = away * (price - position.stopPricePoints) <= 0;
    const reached = away * (price - position.targetPricePoints) >= 0;
    if (!stopped && !reached) return;
    const side = long ? "SELL" : "BUY";
    // A stop is a market order once triggered, so it slips; a target is a limit order and fills at the quote, which is
    // the target or better.
    const luck = luckOf(position.positionId, this.#seed, this.#settings).slippage;
    const pricePoints = stopped ? this.#priceFor(id, side, luck) : price;
    const { volumeMicros } = position;
    this.#tables.reduce(position, volumeMicros);
    this.#deal("filled", {
      ...position,
      volumeMicros,
      side,
      pricePoints,
      reason: stopped ? "stop" : "target",
    });
  }

  /** The side of the quote that `side` trades at, worsened by slippage; at least one point. */
  #priceFor(instrumentId: number, side: Side, luck: number): number {
    const bid = this.#board.bidPoints(instrumentId);
    const ask = this.#board.askPoints(instrumentId);
    const market = { spreadPoints: ask - bid, volatilityPoints: this.#volatility[instrumentId] as number };
    const slip = slippagePoints(market, luck, this.#settings);
    return side === "BUY" ? ask + slip : Math.max(1, bid - slip);
  }

  /** Ends orders whose time is over: expired in the market, or without any quote for too long. */
  #expire(): void {
    for (const order of this.#tables.orders.filter((candidate) => candidate.active)) {
      if (this.#nowMicros >= order.expiresAtMicros) this.#end(order, "cancelled", "expired");
      else if (this.#nowMicros >= order.activeAtMicros + this.#settings.noQuoteTimeoutMicros) {
        this.#end(order, order.filledMicros === 0 ? "rejected" : "cancelled", "no-quote");
      }
    }
    this.#refreshDue();
  }

  #acknowledge(order: BrokerOrder): void {
    if (order.acknowledged) return;
    order.acknowledged = true;
    this.#report("acknowledged", { ...order, pricePoints: 0, commission: 0 });
  }

  #end(order: BrokerOrder, status: "rejected" | "cancelled", reason: string): void {
    const volumeMicros = order.volumeMicros - order.filledMicros;
    this.#tables.remove(order);
    this.#report(status, { ...order, volumeMicros, pricePoints: 0, commission: 0, reason });
  }

  #deal(
    status: "filled" | "partially-filled",
    fill: Pick<
      Execution,
      "intentId" | "instrumentId" | "side" | "volumeMicros" | "pricePoints" | "reason" | "positionId"
    >,
  ): void {
    const dealId = `${this.#settings.accountId}-D${++this.#deals}`;
    this.#report(status, {
      ...fill,
      dealId,
      commission: commissionMicros(fill.volumeMicros, this.#settings),
    });
  }

  #report(
    status: Execution["status"],
    what: Pick<
      Execution,
      "intentId" | "instrumentId" | "side" | "volumeMicros" | "pricePoints" | "reason"
    > & {
      readonly commission: number;
      readonly dealId?: string;
      readonly positionId: string | null;
    },
  ): void {
    this.#emitter.emit({
      kind: "execution",
      seq: 0,
      timeMicros: this.#nowMicros,
      accountId: this.#settings.accountId,
      intentId: what.intentId,
      status,
      dealId: what.dealId ?? null,
      instrumentId: what.instrumentId,
      side: what.side,
      volumeMicros: what.volumeMicros,
      pricePoints: what.pricePoints,
      commissionMicros: what.commission,
      reason: what.reason,
      positionId: what.positionId === "" ? null : what.positionId,
      causeSeq: this.#causeSeq,
    });
  }

  #learnVolatility(id: number, doubleMidBefore: number): void {
    const move = Math.abs(this.#board.bidPoints(id) + this.#board.askPoints(id) - doubleMidBefore) / 2;
    if (Number.isNaN(move)) return;
    const average = this.#volatility[id] as number;
    this.#volatility[id] = average + VOLATILITY_WEIGHT * (move - average);
  }

  #refreshDue(): void {
    let due = Number.POSITIVE_INFINITY;
    for (const order of this.#tables.orders) {
      if (!order.active) continue;
      // Once a beat has found it in the market, only quotes and the end of patience move the order.
      if (!order.beatTried) due = Math.min(due, order.activeAtMicros);
      due = Math.min(due, order.expiresAtMicros, order.activeAtMicros + this.#settings.noQuoteTimeoutMicros);
    }
    this.#dueMicros = due;
  }
}
