// From a signal, or an order by hand, to an entry: Proposed -> Sized -> RiskApproved -> intent, or a refusal that shows every check.

import type { Instrument } from "../domain/instrument.ts";
import type { Signal } from "../domain/signal.ts";
import type { Desk } from "./desk.ts";
import { LIVE_ORDERS_MAX } from "./limits.ts";
import { approveEntry, marginLimit, type RiskApproved, type RiskFigures, type RiskRefused } from "./risk.ts";
import { type ProposedOrder, resizeOrder, type SizedOrder, sizeOrder } from "./sizing.ts";

/** What asks for an entry: a signal, or a person. */
export type EntryWish = Pick<
  Signal,
  | "instrumentId"
  | "action"
  | "tradable"
  | "expiresAtMicros"
  | "bidPoints"
  | "askPoints"
  | "stopPoints"
  | "targetPoints"
> & {
  readonly reason: string;
  /** What a person asks for; left out, the risk budget decides. */
  readonly volumeMicros?: number;
};

export class EntryDesk {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Opens a position if every control allows it. */
  consider(wish: EntryWish, instrument: Instrument): void {
    const { books, settings } = this.#desk;
    books.markToMarket();
    const proposed = this.#propose(wish, instrument);
    const figures = this.#figures(wish);
    const sizing = {
      equityMicros: figures.equityMicros,
      freeMarginMicros: marginLimit(figures.equityMicros, settings) - figures.marginTakenMicros,
      leverage: settings.leverage,
      riskFraction: settings.riskFraction,
      conversionRate: figures.conversionRate,
    };
    const budget = sizeOrder(proposed, sizing);
    const sized = wish.volumeMicros === undefined ? budget : resizeOrder(budget, wish.volumeMicros, sizing);
    const verdict = approveEntry(sized, { ...figures, volumeBudgetMicros: budget.volumeMicros }, settings);
    if (verdict.ok) this.#enter(verdict.value, wish);
    else this.#refuse(verdict, wish);
  }

  #propose(signal: EntryWish, instrument: Instrument): ProposedOrder {
    const { board } = this.#desk.books;
    return {
      instrument,
      side: signal.action,
      pricePoints: signal.action === "BUY" ? board.askPoints(instrument.id) : board.bidPoints(instrument.id),
      stopPoints: Math.round(signal.stopPoints),
      targetPoints: signal.targetPoints > 0 ? Math.round(signal.targetPoints) : 0,
    };
  }

  #figures(signal: EntryWish): Omit<RiskFigures, "volumeBudgetMicros"> {
    const { books, nowMicros, entriesHalted } = this.#desk;
    const id = signal.instrumentId;
    const ofInstrument = books.orders.live.filter((order) => order.instrumentId === id);
    const unknownOrders = ofInstrument.filter((order) => order.state === "unknown").length;
    return {
      nowMicros,
      signalTradable: signal.tradable,
      signalExpiresAtMicros: signal.expiresAtMicros,
      signalPricePoints: signal.action === "BUY" ? signal.askPoints : signal.bidPoints,
      entriesHalted,
      dayLossMicros: books.dayLossMicros,
      dayStartEquityMicros: books.dayStartEquityMicros,
      unknownOrders,
      liveOrders: ofInstrument.length - unknownOrders,
      instrumentPositions: books.positions.ofInstrument(id) === undefined ? 0 : 1,
      exposedInstruments: books.exposedInstruments(),
      accountLiveOrders: books.orders.live.length,
      liveOrdersMax: LIVE_ORDERS_MAX,
      quoteTimeMicros: books.board.timeMicros(id),
      spreadPoints: books.board.askPoints(id) - books.board.bidPoints(id),
      conversionRate: books.conversionRate(id),
      equityMicros: books.equityMicros(),
      marginTakenMicros: books.marginUsedMicros() + books.marginReservedMicros(),
    };
  }

  #enter(approved: RiskApproved<SizedOrder>, wish: EntryWish): void {
    const { order, checks } = approved;
    const desk = this.#desk;
    const away = order.side === "BUY" ? 1 : -1;
    desk.tally.entries++;
    desk.intend({
      instrumentId: order.instrument.id,
      purpose: "entry",
      side: order.side,
      volumeMicros: order.volumeMicros,
      stopPricePoints: order.pricePoints - away * order.stopPoints,
      targetPricePoints: order.targetPoints > 0 ? order.pricePoints + away * order.targetPoints : null,
      positionId: null,
      expiresAtMicros: Math.min(wish.expiresAtMicros, desk.nowMicros + desk.settings.entryLifeMicros),
      checks,
      reason: wish.reason,
      marginMicros: order.marginMicros,
    });
  }

  #refuse(refusal: RiskRefused, wish: EntryWish): void {
    const desk = this.#desk;
    desk.tally.refused(refusal.code);
    desk.emitter.emit({
      kind: "refusal",
      seq: 0,
      timeMicros: desk.nowMicros,
      accountId: desk.settings.accountId,
      instrumentId: wish.instrumentId,
      causeSeq: desk.causeSeq,
      code: refusal.code,
      message: refusal.message,
      checks: refusal.checks,
    });
  }
}
