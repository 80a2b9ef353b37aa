// From a signal, or an order by hand, to an entry: Proposed -> Sized -> RiskApproved -> intent, or a refusal that shows every check.

import { closesInMicros, type Instrument, WEEKEND_GAP_MINUTES } from "../domain/instrument.ts";
import type { PendingTerms, RiskCheck, Side } from "../domain/order.ts";
import type { TradeCommand } from "../domain/records.ts";
import type { Signal } from "../domain/signal.ts";
import type { Answer } from "./answers.ts";
import { isComplianceCheck } from "./compliance/checks.ts";
import type { DecidedOrder } from "./compliance/compliance-desk.ts";
import type { Desk } from "./desk.ts";
import { trailPoints } from "./exit-settings.ts";
import { exposureOf } from "./exposure-book.ts";
import { LIVE_ORDERS_MAX } from "./limits.ts";
import { isWaiting, reservedMicros, type TrackedOrder } from "./orders.ts";
import { entryPricePoints } from "./pending.ts";
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
  /** Of an order that waits at the broker. */
  readonly terms?: PendingTerms | undefined;
  /** One cancels the other: of its group one order fills, so its other orders do not stand in its way. */
  readonly group?: string | undefined;
  /** The order whose place it takes: what that one reserves is free for it. */
  readonly replaces?: TrackedOrder | undefined;
};

/** What the controls say of a wish, and what it came to. */
export interface Judgement {
  readonly verdict: ReturnType<typeof approveEntry>;
  readonly order: SizedOrder;
  /** Figures that bound its volume: shown with the checks. */
  readonly extra: readonly RiskCheck[];
}

interface Refused extends Judgement {
  readonly verdict: RiskRefused;
}

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
  | "compliance"
>;

/** Of an entry what it is, whether it was approved or refused. */
type EntryTerms = Omit<DecidedOrder, "decision" | "intentId" | "code" | "riskChecks" | "compliance">;

export class EntryDesk {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Opens a position, or leaves an order that may, if every control allows it. */
  consider(wish: EntryWish, instrument: Instrument): Answer {
    const { verdict, order, extra } = this.judge(wish, instrument);
    if (verdict.ok) return this.#enter(verdict.value, extra, wish);
    return this.refuse({ verdict, order, extra }, wish);
  }

  /** Sizes a wish and asks every control; nothing is done yet. */
  judge(wish: EntryWish, instrument: Instrument): Judgement {
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
    return {
      verdict: approveEntry(order, { ...figures, volumeBudgetMicros: budget.volumeMicros }, limits),
      order,
      extra,
    };
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
    const { action, terms } = signal;
    const bidPoints = board.bidPoints(instrument.id);
    const askPoints = board.askPoints(instrument.id);
    const order = {
      instrument,
      side: action,
      pricePoints: action === "BUY" ? askPoints : bidPoints,
      stopPoints: Math.round(signal.stopPoints),
      targetPoints: signal.targetPoints > 0 ? Math.round(signal.targetPoints) : 0,
    };
    if (terms === undefined) return order;
    return { ...order, pricePoints: entryPricePoints(terms), pending: { terms, bidPoints, askPoints } };
  }

  /** What the controls look at, before an order is sized. */
  figures(wish: Omit<EntryWish, "reason">, instrument: Instrument): EntryFigures {
    const desk = this.#desk;
    const { books, nowMicros } = desk;
    const id = instrument.id;
    const others = books.orders.live.filter((order) => order !== wish.replaces);
    const unknownOrders = others.filter(
      (order) => order.instrumentId === id && order.state === "unknown",
    ).length;
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
      ...this.#standing(wish, others),
      accountLiveOrders: others.length,
      liveOrdersMax: LIVE_ORDERS_MAX,
      quoteTimeMicros: books.board.timeMicros(id),
      spreadPoints: books.board.askPoints(id) - books.board.bidPoints(id),
      conversionRate: books.conversionRate(id),
      equityMicros: books.equityMicros(),
      marginTakenMicros:
        books.marginUsedMicros() +
        books.marginReservedMicros() -
        (wish.replaces === undefined ? 0 : reservedMicros(wish.replaces)),
      ...this.#remembered(wish, instrument, others),
    };
  }

  /**
   * What stands on the instrument beside the wish, and on how many. Where the account nets, one order or position an instrument: an
   * order that waits at the broker may become a position at any time and counts as one on its way. Where it hedges, each counts. What was
   * opened from outside counts as what it is.
   */
  #standing(
    { instrumentId: id, group }: Pick<EntryWish, "instrumentId" | "group">,
    others: readonly TrackedOrder[],
  ): Pick<RiskFigures, "liveOrders" | "instrumentPositions" | "exposedInstruments"> {
    const { books, settings } = this.#desk;
    const { external } = books;
    const open = books.positions.open;
    const apart = others.filter((order) => group === undefined || order.group !== group);
    const entries = apart.filter(({ purpose }) => purpose === "entry");
    const trading = apart.filter(
      ({ instrumentId, state, purpose }) =>
        instrumentId === id && state !== "unknown" && (purpose === "entry" || purpose === "exit"),
    );
    const held = open.filter(({ instrumentId }) => instrumentId === id).length;
    const positions = held + external.open.filter(({ instrumentId }) => instrumentId === id).length;
    if (settings.positionMode === "hedging") {
      return {
        liveOrders: trading.filter((order) => !isWaiting(order)).length,
        instrumentPositions: positions + entries.filter(({ instrumentId }) => instrumentId === id).length,
        exposedInstruments: open.length + external.open.length + entries.length,
      };
    }
    const exposed = new Set<number | string>([...open, ...entries].map(({ instrumentId }) => instrumentId));
    for (const { instrumentId, symbol } of external.open)
      exposed.add(instrumentId < 0 ? symbol : instrumentId);
    return {
      liveOrders: trading.length,
      instrumentPositions: Math.min(positions, 1),
      exposedInstruments: exposed.size,
    };
  }

  /** Of those figures what the past, the calendar and the whole account say. */
  #remembered(
    { action, byHand, terms }: Pick<EntryWish, "action" | "byHand" | "terms">,
    instrument: Instrument,
    others: readonly TrackedOrder[],
  ): RememberedFigures {
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
      executionsInWindow: byHand === null ? memory.executions(id, nowMicros) : 0,
      sinceExitMicros: memory.sinceExit(id, nowMicros),
      sinceLossMicros: memory.sinceLoss(id, nowMicros),
      closesInMicros: closesInMicros(instrument, nowMicros, 1),
      weekendInMicros: closesInMicros(instrument, nowMicros, WEEKEND_GAP_MINUTES),
      newsEvents: memory.newsEvents(instrument, risk, nowMicros),
      referencePricePoints: memory.prices.points(id, nowMicros),
      exposure: exposureOf(
        {
          books: {
            positions: books.positions,
            orders: { live: others },
            external: books.external,
            board: books.board,
            conversionRate: (other) => books.conversionRate(other),
          },
          instruments,
          currency: settings.currency,
          correlation: (other) => memory.correlation(other),
        },
        instrument,
      ),
      compliance: this.#desk.compliance.figures(id, action, nowMicros, terms),
    };
  }

  /** What an entry would make smaller. Where the account hedges an entry makes nothing smaller: it opens a position of its own. */
  #oppositeVolume(instrumentId: number, side: Side): number {
    let volumeMicros = 0;
    if (this.#desk.settings.positionMode === "hedging") return volumeMicros;
    for (const position of this.#desk.books.positions.open) {
      if (position.instrumentId !== instrumentId || sideOf(position) === side) continue;
      volumeMicros += Math.abs(position.signedVolumeMicros);
    }
    return volumeMicros;
  }

  #enter(
    { order, checks, compliance }: RiskApproved<SizedOrder>,
    extra: readonly RiskCheck[],
    wish: EntryWish,
  ): Answer {
    const desk = this.#desk;
    const { trailing } = desk.settings.exits ?? {};
    desk.tally.entries++;
    return desk.intend({
      ...this.#terms(order, wish),
      checks: [...checks, ...extra],
      compliance,
      marginMicros: order.marginMicros,
      bySignal: wish.byHand === null,
      trailPoints: trailing === undefined ? Number.NaN : trailPoints(trailing, order, wish.forecast),
    });
  }

  refuse({ verdict, order, extra }: Refused, wish: EntryWish): Answer {
    const desk = this.#desk;
    const { code, message, compliance } = verdict;
    const checks = [...verdict.checks, ...extra];
    const riskChecks = checks.filter((check) => !isComplianceCheck(check));
    const terms = this.#terms(order, wish);
    const decision = desk.deciderOf(terms.reason);
    desk.compliance.record({ ...terms, decision, intentId: null, code, riskChecks, compliance }, desk.moment);
    return desk.refuse({ instrumentId: terms.instrumentId, code, message, checks });
  }

  #terms(order: SizedOrder, wish: EntryWish): EntryTerms {
    const desk = this.#desk;
    const { terms, group, replaces, forecast } = wish;
    const away = order.side === "BUY" ? 1 : -1;
    return {
      instrumentId: order.instrument.id,
      purpose: replaces === undefined ? "entry" : "modify",
      side: order.side,
      volumeMicros: order.volumeMicros,
      stopPricePoints: order.pricePoints - away * order.stopPoints,
      targetPricePoints: order.targetPoints > 0 ? order.pricePoints + away * order.targetPoints : null,
      positionId: null,
      expiresAtMicros: Math.min(wish.expiresAtMicros, desk.nowMicros + desk.settings.entryLifeMicros),
      reason: wish.reason,
      signal: forecast === null ? null : signalOf(forecast, desk.causeSeq),
      ...(terms === undefined ? {} : { terms }),
      ...(replaces === undefined ? {} : { orderIntentId: replaces.intentId }),
      ...(group === undefined ? {} : { group }),
    };
  }
}

/** By value: signals are not kept for as long. */
function signalOf(
  { confidence, regime, components }: NonNullable<EntryWish["forecast"]>,
  seq: number,
): DecidedOrder["signal"] {
  return { seq, confidence, regime, components };
}

export function wishOfSignal(signal: Signal): EntryWish {
  const { confidence, components, regime, confirmations, reasons, action } = signal;
  return {
    ...signal,
    reason: `signal:${reasons[0] ?? action}`,
    forecast: { confidence, components, regime, movePoints: confirmations?.movePoints ?? null },
    byHand: null,
  };
}

export function wishOfTrade(trade: TradeCommand): EntryWish {
  return {
    ...trade,
    action: trade.side,
    tradable: true,
    reason: `manual:${trade.by}`,
    forecast: null,
    byHand: { trader: trade.by, volumeMicros: trade.volumeMicros },
  };
}
