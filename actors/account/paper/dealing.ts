// Where the paper broker makes deals: orders and positions meet a quote. Buyers pay the ask and sellers get the bid; what is at
// the market slips, a limit gets its price or better, and a gap is filled where the market reopens.

import type { Archive } from "../../base/archive.ts";
import { type Instrument, isOpen } from "../../domain/instrument.ts";
import type { Side } from "../../domain/order.ts";
import { OPEN_POSITIONS_MAX } from "../limits.ts";
import type { BrokerOrder, BrokerPosition } from "./broker-tables.ts";
import { luckOf, slippagePoints } from "./fill-model.ts";
import type { Floor } from "./floor.ts";
import { closePoints, isReached, levelsStand } from "./order-rules.ts";

/** Weight of the newest move in the average move between quotes: a memory of some 64 quotes. */
const VOLATILITY_WEIGHT = 1 / 64;

/** Orders that are carried out when they arrive, quote or no quote; pending ones then wait. */
export function isRequest({ purpose, type, byPositionId }: BrokerOrder): boolean {
  return purpose === "modify" || purpose === "cancel" || type !== "market" || byPositionId !== "";
}

export class Dealing {
  readonly #floor: Floor;
  /** By instrument id: average absolute move of the mid between quotes, in points. */
  readonly #volatility: Float64Array;

  constructor(floor: Floor) {
    this.#floor = floor;
    this.#volatility = new Float64Array(floor.instruments.length);
  }

  /** @param doubleMidBefore bid and ask together of the quote before, in points */
  learnVolatility(id: number, doubleMidBefore: number): void {
    const { board } = this.#floor;
    const move = Math.abs(board.bidPoints(id) + board.askPoints(id) - doubleMidBefore) / 2;
    if (Number.isNaN(move)) return;
    const average = this.#volatility[id] as number;
    this.#volatility[id] = average + VOLATILITY_WEIGHT * (move - average);
  }

  /** Stops and targets first: a position the same quote opens is watched from the next quote on. */
  trade(instrumentId: number): void {
    const { tables, nowMicros } = this.#floor;
    const { positions, orders } = tables;
    let exposed = false;
    for (let i = 0; i < positions.length;) {
      const position = positions[i] as BrokerPosition;
      if (position.instrumentId === instrumentId) {
        exposed = true;
        this.#watch(position);
      }
      if (positions[i] === position) i++;
    }
    for (let i = 0; i < orders.length;) {
      const order = orders[i] as BrokerOrder;
      if (order.instrumentId === instrumentId && nowMicros >= order.activeAtMicros) this.#meet(order);
      if (orders[i] === order) i++;
    }
    if (exposed) this.callMargin();
  }

  /** An order that is at the market meets a quote. */
  work(order: BrokerOrder): void {
    const floor = this.#floor;
    if (floor.nowMicros >= order.expiresAtMicros) {
      floor.end(order, "cancelled", "expired");
      return;
    }
    const market = order.side === "BUY" ? "askPoints" : "bidPoints";
    const requoted = this.#isRequoted(order, floor.prices(order.instrumentId)[market]);
    if (requoted) floor.end(order, "rejected", "requote");
    else if (this.#stopsAreWrong(order)) floor.end(order, "rejected", "invalid-stops");
    else if (this.#mayEnter(order)) this.#workAtMarket(order);
  }

  /** Closes what loses most until the account's level is above the stop-out, and forgives what is owed after that. */
  callMargin(): void {
    const { settings, money, tables } = this.#floor;
    const { margin } = settings;
    if (margin === undefined) return;
    const { positions } = tables;
    while (positions.length > 0) {
      const level = margin.stopOutLevel * money.marginMicros(positions);
      // NaN, an equity that is not known, is no stop-out.
      if (!(money.equityMicros(positions) <= level)) return;
      const worst = this.#worstPosition();
      if (worst === undefined) return;
      const side = worst.side === "BUY" ? "SELL" : "BUY";
      this.#close(worst, this.#marketPrice(worst.instrumentId, side, worst.positionId), "stop-out");
    }
  }

  persist(archive: Archive): void {
    archive.growing(this.#volatility);
  }

  #meet(order: BrokerOrder): void {
    if (!isRequest(order)) this.work(order);
    else if (order.acknowledged) this.#look(order);
  }

  /** An order that waits sees a quote. */
  #look(order: BrokerOrder): void {
    const floor = this.#floor;
    if (floor.nowMicros >= order.expiresAtMicros) {
      floor.end(order, "cancelled", "expired");
      return;
    }
    const prices = floor.prices(order.instrumentId);
    if (!isReached(order, prices)) return;
    if (order.type === "stop") {
      order.type = "market";
      order.activeAtMicros = floor.nowMicros;
      order.beatTried = true;
      this.work(order);
      return;
    }
    if (order.type === "stop-limit") {
      order.type = "limit";
      order.pricePoints = order.limitPricePoints;
      order.limitPricePoints = Number.NaN;
      if (!isReached(order, prices)) return;
    }
    if (!this.#mayEnter(order)) return;
    const restMicros = order.volumeMicros - order.filledMicros;
    const pricePoints = order.side === "BUY" ? prices.askPoints : prices.bidPoints;
    this.#fill(order, Math.min(restMicros, floor.settings.volumePerQuoteMicros), pricePoints);
  }

  #workAtMarket(order: BrokerOrder): void {
    const floor = this.#floor;
    if (!floor.accept(order)) return;
    const position = order.purpose === "exit" ? floor.tables.closableBy(order) : undefined;
    if (order.purpose === "exit" && position === undefined) {
      floor.end(order, "cancelled", "position-closed");
      return;
    }
    const rest = order.volumeMicros - order.filledMicros;
    const closable = position?.volumeMicros ?? rest;
    const volumeMicros = Math.min(rest, closable, floor.settings.volumePerQuoteMicros);
    this.#fill(order, volumeMicros, this.#marketPrice(order.instrumentId, order.side, order.intentId));
  }

  #fill(order: BrokerOrder, volumeMicros: number, pricePoints: number): void {
    const { tables, money, reports } = this.#floor;
    const first = order.filledMicros === 0;
    if (order.purpose === "entry") this.#seat(order);
    order.filledMicros += volumeMicros;
    const done = order.filledMicros === order.volumeMicros;
    const position = tables.position(order.positionId);
    let realised = 0;
    if (order.purpose === "entry") realised = tables.enter(order, { volumeMicros, pricePoints, first });
    else if (position !== undefined) realised = tables.reduce(position, volumeMicros, pricePoints);
    const commission = this.#floor.commissionMicros(order.instrumentId, volumeMicros, pricePoints);
    money.book(order.instrumentId, realised, commission);
    reports.deal({
      ...order,
      status: done ? "filled" : "partially-filled",
      volumeMicros,
      pricePoints,
      commissionMicros: commission,
    });
    if (done) tables.remove(order);
    this.#forgive();
  }

  /** Names the position that an entry's fill goes to. */
  #seat(order: BrokerOrder): void {
    const { tables, settings } = this.#floor;
    const netted = settings.positionMode === "netting";
    const open = netted ? tables.positionOf(order.instrumentId) : undefined;
    if (open !== undefined) order.positionId = open.positionId;
    else if (netted || order.positionId === "") {
      order.positionId = `${settings.accountId}-P${tables.nextPosition()}`;
    }
  }

  /** Closes a position whose stop or target the quote has reached. */
  #watch(position: BrokerPosition): void {
    const { board } = this.#floor;
    const long = position.side === "BUY";
    const away = long ? 1 : -1;
    const id = position.instrumentId;
    const price = long ? board.bidPoints(id) : board.askPoints(id);
    // NaN, the absent stop or target, fails both comparisons.
    const stopped = away * (price - position.stopPricePoints) <= 0;
    const reached = away * (price - position.targetPricePoints) >= 0;
    if (!stopped && !reached) return;
    // A stop is a market order once triggered, so it slips; a target is a limit order and fills at the quote, which is
    // the target or better.
    const side = long ? "SELL" : "BUY";
    if (stopped) this.#close(position, this.#marketPrice(id, side, position.positionId), "stop");
    else this.#close(position, price, "target");
  }

  /** The broker closes a position by itself. */
  #close(position: BrokerPosition, pricePoints: number, reason: string): void {
    const { tables, money, reports } = this.#floor;
    const { volumeMicros, instrumentId, side, intentId, positionId } = position;
    const commission = this.#floor.commissionMicros(instrumentId, volumeMicros, pricePoints);
    money.book(instrumentId, tables.reduce(position, volumeMicros, pricePoints), commission);
    reports.deal({
      status: "filled",
      intentId,
      instrumentId,
      side: side === "BUY" ? "SELL" : "BUY",
      volumeMicros,
      pricePoints,
      commissionMicros: commission,
      reason,
      positionId,
      silentUntilMicros: 0,
    });
    this.#forgive();
  }

  /** With nothing open that could earn it back, a balance below zero is the broker's loss. */
  #forgive(): void {
    const { settings, money, tables, reports } = this.#floor;
    if (settings.margin?.negativeBalanceProtection !== true) return;
    if (tables.positions.length > 0 || money.balanceMicros >= 0) return;
    const amountMicros = -money.balanceMicros;
    money.adjust(amountMicros);
    reports.adjust({ positionId: null, amountMicros, reason: "negative-balance" });
  }

  /** The one that loses most where the market is open; of equals the oldest. */
  #worstPosition(): BrokerPosition | undefined {
    const { tables, money, instruments, nowMicros } = this.#floor;
    let worst: BrokerPosition | undefined;
    let worstMicros = Number.POSITIVE_INFINITY;
    for (const position of tables.positions) {
      const profitMicros = money.profitMicros(position);
      const open = isOpen(instruments[position.instrumentId] as Instrument, nowMicros);
      if (!open || !(profitMicros < worstMicros)) continue;
      worst = position;
      worstMicros = profitMicros;
    }
    return worst;
  }

  /** The side of the quote that `side` trades at, worsened by slippage; at least one point. */
  #marketPrice(instrumentId: number, side: Side, luckyId: string): number {
    const { settings, seed } = this.#floor;
    const { bidPoints, askPoints } = this.#floor.prices(instrumentId);
    const luck = luckOf(luckyId, seed, settings).slippage;
    const volatilityPoints = this.#volatility[instrumentId] as number;
    const slip = slippagePoints({ spreadPoints: askPoints - bidPoints, volatilityPoints }, luck, settings);
    return Math.max(1, side === "BUY" ? askPoints + slip : bidPoints - slip);
  }

  /** Whether the price has run away from an order at the market between its sending and its first chance. */
  #isRequoted(order: BrokerOrder, marketPoints: number): boolean {
    const { requoteDeviationPoints } = this.#floor.settings;
    if (requoteDeviationPoints === undefined || order.filledMicros > 0) return false;
    const wasPending = !Number.isNaN(order.pricePoints);
    const away = order.side === "BUY" ? 1 : -1;
    return !wasPending && away * (marketPoints - order.sentPricePoints) > requoteDeviationPoints;
  }

  #stopsAreWrong(order: BrokerOrder): boolean {
    const { stopsLevelPoints } = this.#floor.settings;
    const isFresh = order.filledMicros === 0 && Number.isNaN(order.pricePoints);
    if (stopsLevelPoints === undefined || order.purpose !== "entry" || !isFresh) return false;
    const close = closePoints(order.side, this.#floor.prices(order.instrumentId));
    return !levelsStand(order.side, order, { closePoints: close, stopsLevelPoints });
  }

  /** Whether an entry may have the rest of its volume; if not, that is its end. */
  #mayEnter(order: BrokerOrder): boolean {
    if (order.purpose !== "entry") return true;
    const { tables, settings } = this.#floor;
    const netted = settings.positionMode === "netting";
    const position = netted ? tables.positionOf(order.instrumentId) : tables.position(order.positionId);
    let refusal = "";
    if (position === undefined && tables.positions.length >= OPEN_POSITIONS_MAX)
      refusal = "too-many-positions";
    else if (!this.#hasMoney(order)) refusal = "no-money";
    if (refusal === "") return true;
    this.#floor.end(order, order.filledMicros === 0 ? "rejected" : "cancelled", refusal);
    return false;
  }

  /** Whether there is margin for the rest of an entry. What cannot be valued is let pass: the account's own controls refuse it. */
  #hasMoney(order: BrokerOrder): boolean {
    const { settings, tables, money } = this.#floor;
    if (settings.margin === undefined) return true;
    const prices = this.#floor.prices(order.instrumentId);
    const price = order.side === "BUY" ? prices.askPoints : prices.bidPoints;
    const netted = settings.positionMode === "netting" ? tables.positionOf(order.instrumentId) : undefined;
    const againstMicros = netted !== undefined && netted.side !== order.side ? netted.volumeMicros : 0;
    // Against a position, its margin comes free first: only what goes beyond it on the other side takes more.
    const newMicros = Math.max(0, order.volumeMicros - order.filledMicros - 2 * againstMicros);
    const needed = money.marginFor(order.instrumentId, price * newMicros);
    const free = money.equityMicros(tables.positions) - money.marginMicros(tables.positions);
    return !(needed > 0 && needed > free);
  }
}
