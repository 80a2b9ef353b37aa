// From a signal, or an order by hand, to an entry: Proposed -> Sized -> RiskApproved -> intent, or a refusal that shows every check.

import { closesInMicros, type Instrument } from "../domain/instrument.ts";
import type { RiskCheck, Side } from "../domain/order.ts";
import type { Signal } from "../domain/signal.ts";
import type { Desk } from "./desk.ts";
import { exposureOf } from "./exposure-book.ts";
import { LIVE_ORDERS_MAX } from "./limits.ts";
import { sideOf } from "./positions.ts";
import { approveEntry, type RiskApproved, type RiskRefused } from "./risk/approval.ts";
import type { EntryLimits, RiskFigures } from "./risk/check.ts";
import { marginLimit } from "./risk/order-controls.ts";
import { type ProposedOrder, resizeOrder, type SizedOrder, type SizingFigures, sizeOrder } from "./sizing.ts";
import { cutToBounds, type Forecast } from "./sizing-bounds.ts";

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
  /** What a signal foretells; null for an order by hand, which says its volume itself. */
  readonly forecast: (Forecast & Pick<Signal, "regime">) | null;
  readonly byHand: { readonly trader: string; readonly volumeMicros: number } | null;
};

/** What is known before the order is sized. */
export type EntryFigures = Omit<RiskFigures, "volumeBudgetMicros">;

type RememberedFigures = Pick<
  RiskFigures,
  | "trailingLossMicros"
  | "absoluteLossMicros"
  | "consecutiveLosses"
  | "messagesInSecond"
  | "messagesInMinute"
  | "executionsInWindow"
  | "sinceExitMicros"
  | "sinceLossMicros"
  | "closesInMicros"
  | "weekendInMicros"
  | "newsEvents"
  | "referencePricePoints"
  | "exposure"
>;

/** A market closed for longer is closed for a weekend or a holiday. */
const WEEKEND_GAP_MINUTES = 24 * 60;

export class EntryDesk {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Opens a position if every control allows it. */
  consider(wish: EntryWish, instrument: Instrument): void {
    const { books, settings } = this.#desk;
    books.markToMarket();
    const limits = this.#desk.limits[instrument.id] as EntryLimits;
    const proposed = this.#propose(wish, instrument);
    const figures = this.figures(wish, instrument);
    const sizing = {
      equityMicros: figures.equityMicros,
      freeMarginMicros: marginLimit(figures.equityMicros, settings) - figures.marginTakenMicros,
      leverage: settings.leverage,
      riskFraction: settings.riskFraction,
      conversionRate: figures.conversionRate,
    };
    const budget = sizeOrder(proposed, sizing);
    const { order, extra } = this.#size(budget, sizing, { wish, figures, limits });
    const verdict = approveEntry(order, { ...figures, volumeBudgetMicros: budget.volumeMicros }, limits);
    if (verdict.ok) this.#enter(verdict.value, extra, wish);
    else this.#refuse(verdict, extra, wish);
  }

  /** The volume a person asked for as it is, since only controls may judge it; that of a signal within every bound. */
  #size(
    budget: SizedOrder,
    sizing: SizingFigures,
    { wish, figures, limits }: { wish: EntryWish; figures: EntryFigures; limits: EntryLimits },
  ): { readonly order: SizedOrder; readonly extra: readonly RiskCheck[] } {
    if (wish.byHand !== null)
      return { order: resizeOrder(budget, wish.byHand.volumeMicros, sizing), extra: [] };
    const settings = this.#desk.settings.sizing;
    if (settings === undefined || wish.forecast === null) return { order: budget, extra: [] };
    const { order, figure } = cutToBounds(budget, {
      figures: sizing,
      forecast: wish.forecast,
      settings,
      exposure: figures.exposure,
      limits: limits.risk,
    });
    return { order, extra: [figure] };
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

  /** What the controls look at, before an order is sized. */
  figures(wish: Omit<EntryWish, "reason">, instrument: Instrument): EntryFigures {
    const desk = this.#desk;
    const { books, nowMicros } = desk;
    const id = instrument.id;
    const ofInstrument = books.orders.live.filter((order) => order.instrumentId === id);
    const unknownOrders = ofInstrument.filter((order) => order.state === "unknown").length;
    return {
      nowMicros,
      trader: wish.byHand?.trader ?? null,
      regime: wish.forecast?.regime ?? null,
      signalTradable: wish.tradable,
      signalExpiresAtMicros: wish.expiresAtMicros,
      signalPricePoints: wish.action === "BUY" ? wish.askPoints : wish.bidPoints,
      mode: desk.mode,
      killMode: desk.killSwitch.trip?.mode ?? null,
      oppositeVolumeMicros: this.#oppositeVolume(id, wish.action),
      dayLossMicros: books.dayLossMicros,
      dayStartEquityMicros: books.dayStartEquityMicros,
      unknownOrders,
      booksDiffer: desk.reconciliation.blocking(id, desk.epoch),
      liveOrders: ofInstrument.length - unknownOrders,
      instrumentPositions:
        books.positions.ofInstrument(id) === undefined && !books.external.holds(id) ? 0 : 1,
      exposedInstruments: books.exposedInstruments(),
      accountLiveOrders: books.orders.live.length,
      liveOrdersMax: LIVE_ORDERS_MAX,
      quoteTimeMicros: books.board.timeMicros(id),
      spreadPoints: books.board.askPoints(id) - books.board.bidPoints(id),
      conversionRate: books.conversionRate(id),
      equityMicros: books.equityMicros(),
      marginTakenMicros: books.marginUsedMicros() + books.marginReservedMicros(),
      ...this.#remembered(instrument, wish.byHand === null),
    };
  }

  /** Of those figures what the past, the calendar and the whole account say. */
  #remembered(instrument: Instrument, bySignal: boolean): RememberedFigures {
    const { books, memory, nowMicros, settings, instruments, limits } = this.#desk;
    const id = instrument.id;
    const { risk } = limits[id] as EntryLimits;
    const messages = memory.messages(nowMicros);
    return {
      trailingLossMicros: books.drawdown.trailing(risk.trailingDrawdownFrom),
      absoluteLossMicros: books.drawdown.absolute,
      consecutiveLosses: memory.consecutiveLosses,
      messagesInSecond: messages.inSecond,
      messagesInMinute: messages.inMinute,
      executionsInWindow: bySignal ? memory.executions(id, nowMicros) : 0,
      sinceExitMicros: memory.sinceExit(id, nowMicros),
      sinceLossMicros: memory.sinceLoss(id, nowMicros),
      closesInMicros: closesInMicros(instrument, nowMicros, 1),
      weekendInMicros: closesInMicros(instrument, nowMicros, WEEKEND_GAP_MINUTES),
      newsEvents: memory.newsEvents(instrument, risk, nowMicros),
      referencePricePoints: memory.prices.points(id, nowMicros),
      exposure: exposureOf(
        {
          books,
          instruments,
          currency: settings.currency,
          correlation: (other) => memory.correlation(other),
        },
        instrument,
      ),
    };
  }

  #oppositeVolume(instrumentId: number, side: Side): number {
    const position = this.#desk.books.positions.ofInstrument(instrumentId);
    return position === undefined || sideOf(position) === side ? 0 : Math.abs(position.signedVolumeMicros);
  }

  #enter(approved: RiskApproved<SizedOrder>, extra: readonly RiskCheck[], wish: EntryWish): void {
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
      checks: [...checks, ...extra],
      reason: wish.reason,
      marginMicros: order.marginMicros,
      bySignal: wish.byHand === null,
    });
  }

  #refuse(refusal: RiskRefused, extra: readonly RiskCheck[], wish: EntryWish): void {
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
      checks: [...refusal.checks, ...extra],
    });
  }
}
