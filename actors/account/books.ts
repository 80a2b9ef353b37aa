// The money of an account: balance, equity, margin, the trading day, and what trading costs. Pure bookkeeping - the
// account actor decides, this file counts, in integer millionths of the account's currency.

import type { Archive } from "../base/archive.ts";
import { MICROS_PER_DAY, MICROS_PER_MINUTE, type Micros } from "../base/clock.ts";
import type { Instrument } from "../domain/instrument.ts";
import { type MicroMoney, moveValueMicros, roundHalfAway } from "../domain/money.ts";
import type { Execution } from "../domain/order.ts";
import { convertMicros, CurrencyConverter } from "./conversion.ts";
import { Drawdown } from "./drawdown.ts";
import { adversePoints, expectedPricePoints, FillLog } from "./fill-check.ts";
import { OrderTable, reservedMicros, type TrackedOrder } from "./orders.ts";
import { type FillOutcome, PositionBook, type TrackedPosition, unrealised } from "./positions.ts";
import { QuoteBoard } from "./quote-board.ts";
import { ExternalBook, type ExternalPosition } from "./reconciliation/external-book.ts";
import type { StrayDeal } from "./reconciliation/state.ts";
import { dailyLossLimit } from "./risk/standing-controls.ts";
import type { AccountSettings } from "./settings.ts";

/** What trading has cost so far. Commission is paid; spread and slippage are inside the realised profit already. */
export interface Costs {
  readonly commissionMicros: MicroMoney;
  /** Half the quoted spread of every fill. */
  readonly spreadMicros: MicroMoney;
  /** Fill price against the quote the order was priced from, or against stop and target; negative when better. */
  readonly slippageMicros: MicroMoney;
}

export interface Booked extends FillOutcome {
  /** False when profit could not be converted to the account's currency and was left out of the balance. */
  readonly converted: boolean;
  /** Of the whole position, commissions included, when the deal closed the rest of it; else null. */
  readonly closedProfitMicros: MicroMoney | null;
}

export class AccountBooks {
  readonly board: QuoteBoard;
  readonly orders = new OrderTable();
  readonly positions = new PositionBook();
  readonly external = new ExternalBook();
  readonly drawdown: Drawdown;
  readonly fills: FillLog;
  readonly #instruments: readonly Instrument[];
  readonly #settings: AccountSettings;
  readonly #converter: CurrencyConverter;
  #balanceMicros: MicroMoney;
  #realisedMicros: MicroMoney = 0;
  #commissionMicros: MicroMoney = 0;
  #spreadMicros: MicroMoney = 0;
  #slippageMicros: MicroMoney = 0;
  #dayEndsMicros: Micros = Number.NEGATIVE_INFINITY;
  #dayStartEquityMicros: MicroMoney;
  #dayWorstEquityMicros: MicroMoney;

  constructor(instruments: readonly Instrument[], settings: AccountSettings) {
    this.#instruments = instruments;
    this.#settings = settings;
    this.board = new QuoteBoard(instruments);
    this.#converter = new CurrencyConverter({ instruments, currency: settings.currency, board: this.board });
    this.#balanceMicros = settings.startingBalanceMicros;
    this.fills = new FillLog(instruments.length);
    this.drawdown = new Drawdown(settings.startingBalanceMicros);
    this.#dayStartEquityMicros = settings.startingBalanceMicros;
    this.#dayWorstEquityMicros = settings.startingBalanceMicros;
  }

  get balanceMicros(): MicroMoney {
    return this.#balanceMicros;
  }

  /** Profit of closed volume before commission, since the account began. */
  get realisedMicros(): MicroMoney {
    return this.#realisedMicros;
  }

  get costs(): Costs {
    return {
      commissionMicros: this.#commissionMicros,
      spreadMicros: this.#spreadMicros,
      slippageMicros: this.#slippageMicros,
    };
  }

  get dayStartEquityMicros(): MicroMoney {
    return this.#dayStartEquityMicros;
  }

  /** The worst loss of equity since the day began; 0 or more. */
  get dayLossMicros(): MicroMoney {
    return this.#dayStartEquityMicros - this.#dayWorstEquityMicros;
  }

  get dayEndsMicros(): Micros {
    return this.#dayEndsMicros;
  }

  conversionRate(instrumentId: number): number {
    return this.#converter.rate(instrumentId);
  }

  /** Balance and unrealised profit at the prices positions could be closed at; NaN while one cannot be valued. */
  equityMicros(): MicroMoney {
    const open = this.positions.open;
    let equity = this.#balanceMicros;
    for (let i = 0; i < open.length; i++) equity += this.unrealisedMicros(open[i] as TrackedPosition);
    for (const position of this.external.open) equity += this.externalMicros(position);
    return equity;
  }

  unrealisedMicros(position: TrackedPosition): MicroMoney {
    const id = position.instrumentId;
    const long = position.signedVolumeMicros > 0;
    const price = long ? this.board.bidPoints(id) : this.board.askPoints(id);
    return this.#moneyOf(id, unrealised(position, price));
  }

  /** What a position that is not ours has won by now: at our quote, or as the broker last told where there is none. */
  externalMicros(position: ExternalPosition): MicroMoney {
    const { instrumentId: id, signedVolumeMicros, openPricePoints, profitMicros } = position;
    if (id < 0) return profitMicros;
    const price = signedVolumeMicros > 0 ? this.board.bidPoints(id) : this.board.askPoints(id);
    const micros = this.#moneyOf(id, (price - openPricePoints) * signedVolumeMicros);
    return Number.isNaN(micros) ? profitMicros : micros;
  }

  /** Margin of open positions at their opening prices; of instruments that are not traded here only the broker knows it. */
  marginUsedMicros(): MicroMoney {
    let used = 0;
    for (const { instrumentId, signedCost } of this.positions.open)
      used += this.#marginOf(instrumentId, signedCost);
    for (const { instrumentId, signedVolumeMicros, openPricePoints } of this.external.open) {
      if (instrumentId >= 0) used += this.#marginOf(instrumentId, signedVolumeMicros * openPricePoints);
    }
    return used;
  }

  /** Margin that live entries will take when the rest of them fills. */
  marginReservedMicros(): MicroMoney {
    let reserved = 0;
    for (const order of this.orders.live) reserved += reservedMicros(order);
    return reserved;
  }

  /** Begins the trading day that `nowMicros` lies in unless it is the running one: the loss of the day starts at zero. */
  enterDay(nowMicros: Micros): void {
    if (nowMicros < this.#dayEndsMicros) return;
    const resetMicros = this.#settings.dayResetMinuteUtc * MICROS_PER_MINUTE;
    const day = Math.floor((nowMicros - resetMicros) / MICROS_PER_DAY);
    this.#dayEndsMicros = (day + 1) * MICROS_PER_DAY + resetMicros;
    const equity = this.equityMicros();
    this.#dayStartEquityMicros = Number.isNaN(equity) ? this.#balanceMicros : equity;
    this.#dayWorstEquityMicros = this.#dayStartEquityMicros;
    this.drawdown.beginDay(this.#dayStartEquityMicros);
  }

  /** Notes how deep the day has been, and the account as a whole. */
  markToMarket(): void {
    const equity = this.equityMicros();
    this.drawdown.note(equity, this.#balanceMicros);
    if (equity < this.#dayWorstEquityMicros) this.#dayWorstEquityMicros = equity;
  }

  /**
   * Books one deal: nets it, moves the balance, counts its costs. The caller has made sure that it is valid and new.
   * @param order the order it belongs to, or undefined for a deal the broker made itself or an order long forgotten
   */
  book(deal: Execution, order: TrackedOrder | undefined): Booked {
    const positionId = deal.positionId ?? deal.intentId;
    const before = this.positions.find(positionId);
    this.#countCosts(deal, order, before);
    const outcome = this.positions.net({
      positionId,
      instrumentId: deal.instrumentId,
      intentId: deal.intentId,
      side: deal.side,
      volumeMicros: deal.volumeMicros,
      pricePoints: deal.pricePoints,
      timeMicros: deal.timeMicros,
      stopPricePoints: order?.stopPricePoints ?? Number.NaN,
      targetPricePoints: order?.targetPricePoints ?? Number.NaN,
      trailPoints: order?.trailPoints ?? Number.NaN,
      enters: order?.purpose === "entry",
      first: order?.filledMicros === 0,
    });
    const counted = outcome.realised === 0 ? 0 : this.#moneyOf(deal.instrumentId, outcome.realised);
    // Where the broker says what a deal made, that is what moved the balance.
    const profit = deal.profitMicros ?? counted;
    const converted = !Number.isNaN(profit);
    if (converted) this.#realisedMicros += profit;
    this.#balanceMicros += (converted ? profit : 0) - deal.commissionMicros;
    this.#commissionMicros += deal.commissionMicros;
    const position = before ?? outcome.position;
    if (position !== undefined) position.profitMicros += (converted ? profit : 0) - deal.commissionMicros;
    const isClosed = before !== undefined && outcome.position === undefined;
    this.markToMarket();
    return { ...outcome, converted, closedProfitMicros: isClosed ? before.profitMicros : null };
  }

  /**
   * Moves the balance by money that no deal of ours made. Paid in or out (`isPaid`), it is neither won nor lost, and a day whose loss has
   * reached its limit does not go on because that is a share of more money now.
   */
  adjust(amountMicros: MicroMoney, isPaid: boolean): void {
    this.#balanceMicros += amountMicros;
    if (isPaid) {
      const isOver = this.dayLossMicros >= this.#dayLossLimit();
      this.#dayStartEquityMicros += amountMicros;
      this.#dayWorstEquityMicros += amountMicros;
      const over = this.#dayStartEquityMicros - this.#dayLossLimit();
      if (isOver) this.#dayWorstEquityMicros = Math.min(this.#dayWorstEquityMicros, over);
      this.drawdown.shift(amountMicros);
    }
    this.markToMarket();
  }

  /** The account begins here with this balance: its day and its drawdowns, too. */
  restart(balanceMicros: MicroMoney): void {
    this.#balanceMicros = balanceMicros;
    const equity = this.equityMicros();
    this.#dayStartEquityMicros = Number.isNaN(equity) ? balanceMicros : equity;
    this.#dayWorstEquityMicros = this.#dayStartEquityMicros;
    this.drawdown.restart(this.#dayStartEquityMicros);
  }

  /** What a deal of a position that is not ours realised, where the broker does not say; 0 where nothing tells. */
  externalProfit(deal: Execution): MicroMoney {
    const position = this.external.find(deal.positionId ?? "");
    if (position === undefined || position.instrumentId < 0) return 0;
    const { signedVolumeMicros, openPricePoints } = position;
    const towards = Math.sign(signedVolumeMicros);
    if (towards === (deal.side === "BUY" ? 1 : -1)) return 0;
    const closedMicros = Math.min(Math.abs(signedVolumeMicros), deal.volumeMicros);
    const micros = this.#moneyOf(
      deal.instrumentId,
      (deal.pricePoints - openPricePoints) * towards * closedMicros,
    );
    return Number.isNaN(micros) ? 0 : micros;
  }

  /**
   * Nets a deal on a position of ours that was booked as one on somebody else's: its money has moved already.
   * @returns what the whole position made where that closed it, else null
   */
  absorb(deal: StrayDeal, instrumentId: number): MicroMoney | null {
    const { positionId, signedVolumeMicros: signed, pricePoints, timeMicros, moneyMicros } = deal;
    const position = this.positions.find(positionId);
    const { position: left } = this.positions.net({
      positionId,
      instrumentId,
      intentId: position?.intentId ?? "",
      side: signed > 0 ? "BUY" : "SELL",
      volumeMicros: Math.abs(signed),
      pricePoints,
      timeMicros,
      stopPricePoints: Number.NaN,
      targetPricePoints: Number.NaN,
      trailPoints: Number.NaN,
      enters: false,
      first: false,
    });
    if (position === undefined) return null;
    position.profitMicros += moneyMicros;
    return left === undefined ? position.profitMicros : null;
  }

  persist(archive: Archive): void {
    this.external.persist(archive);
    this.board.persist(archive);
    this.orders.persist(archive);
    this.positions.persist(archive);
    this.drawdown.persist(archive);
    this.fills.persist(archive);
    this.#balanceMicros = archive.number(this.#balanceMicros);
    this.#realisedMicros = archive.number(this.#realisedMicros);
    this.#commissionMicros = archive.number(this.#commissionMicros);
    this.#spreadMicros = archive.number(this.#spreadMicros);
    this.#slippageMicros = archive.number(this.#slippageMicros);
    this.#dayEndsMicros = archive.number(this.#dayEndsMicros);
    this.#dayStartEquityMicros = archive.number(this.#dayStartEquityMicros);
    this.#dayWorstEquityMicros = archive.number(this.#dayWorstEquityMicros);
  }

  #dayLossLimit(): MicroMoney {
    return dailyLossLimit(this.#dayStartEquityMicros, this.#settings);
  }

  /** Point-micro-lots of an instrument in the account's currency; NaN without a conversion rate. */
  #moneyOf(instrumentId: number, pointMicroLots: number): MicroMoney {
    const instrument = this.#instruments[instrumentId] as Instrument;
    return convertMicros(moveValueMicros(instrument, pointMicroLots, 1), this.#converter.rate(instrumentId));
  }

  #marginOf(instrumentId: number, pointMicroLots: number): MicroMoney {
    return roundHalfAway(this.#moneyOf(instrumentId, Math.abs(pointMicroLots)) / this.#settings.leverage);
  }

  #countCosts(deal: Execution, order: TrackedOrder | undefined, position: TrackedPosition | undefined): void {
    const id = deal.instrumentId;
    const bid = order?.bidPoints ?? this.board.bidPoints(id);
    const ask = order?.askPoints ?? this.board.askPoints(id);
    const spread = this.#moneyOf(id, ((ask - bid) / 2) * deal.volumeMicros);
    const expectedPoints = expectedPricePoints(deal, order, position);
    const slippage = this.#moneyOf(id, adversePoints(deal, expectedPoints) * deal.volumeMicros);
    this.fills.take(deal, order, { expectedPoints, slippageMicros: slippage });
    if (!Number.isNaN(spread)) this.#spreadMicros += spread;
    if (!Number.isNaN(slippage)) this.#slippageMicros += slippage;
  }
}
