// What actors and records say, in the shapes of the edge: points become prices, ids symbols, micros ISO times.

import type { Micros } from "../../actors/base/clock.ts";
import { type Instrument, isOpen, pointsPerUnit } from "../../actors/domain/instrument.ts";
import { MICROS_PER_LOT, MICROS_PER_UNIT } from "../../actors/domain/money.ts";
import type { Execution, OrderIntent, RiskRefusal } from "../../actors/domain/order.ts";
import type { Signal } from "../../actors/domain/signal.ts";
import type { AccountView, PositionView } from "../../actors/account/account-view.ts";
import type { Trip } from "../../actors/account/kill-switch.ts";
import type { Engine } from "../../actors/engine.ts";
import type { BarSize } from "../../actors/domain/bar.ts";
import type { FillRow, OrderRow, SignalRow } from "../../actors/ports/time-series.ts";
import type {
  AccountMessage,
  BarMessage,
  OrderMessage,
  PositionMessage,
  RegimeUpdate,
  SignalMessage,
  SymbolState,
} from "../api/schemas.ts";
import type { TripMessage } from "../api/kill-switch-schema.ts";
import type { ClosedBar } from "./recent-bars.ts";

export function isoTime(micros: Micros): string {
  return new Date(micros / 1_000).toISOString();
}

export function priceOf(instrument: Instrument, points: number): number {
  return points / pointsPerUnit(instrument);
}

/** Null for what is no number: JSON has no word for it. */
export function known(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

export function knownPrice(instrument: Instrument, points: number | null): number | null {
  return points === null ? null : known(priceOf(instrument, points));
}

export function symbolState(engine: Engine, instrument: Instrument, nowMicros: Micros): SymbolState {
  const actor = engine.symbol(instrument.id);
  const quote = actor?.chain.quote;
  const day = actor?.chain.forming("1d");
  const bid = quote?.bidPoints ?? Number.NaN;
  const ask = quote?.askPoints ?? Number.NaN;
  return {
    symbol: instrument.symbol,
    digits: instrument.digits,
    bid: known(priceOf(instrument, bid)),
    ask: known(priceOf(instrument, ask)),
    spread: known(priceOf(instrument, ask - bid)),
    dayChange: day === undefined || quote === undefined ? null : known(quote.midPoints / day.open - 1),
    ...decisionOf(engine, instrument),
    time: quote === undefined || quote.timeMicros === 0 ? null : isoTime(quote.timeMicros),
    open: isOpen(instrument, nowMicros),
    switchedOff: [...(actor?.chain.switchedOff ?? [])],
    correlationBreak: actor?.chain.correlationBreak ?? null,
    recalibration: actor?.chain.recalibration ?? null,
  };
}

export function regimeUpdate(engine: Engine, instrument: Instrument): RegimeUpdate {
  return { symbol: instrument.symbol, ...decisionOf(engine, instrument) };
}

function decisionOf(engine: Engine, instrument: Instrument): Omit<RegimeUpdate, "symbol"> {
  const actor = engine.symbol(instrument.id);
  const { ticks = 0, quarantined = 0, signals = 0 } = actor?.counts ?? {};
  return {
    regime: actor?.chain.regime ?? "quiet-range",
    action: actor?.chain.decision.action ?? "HOLD",
    probabilityUp: known(actor?.chain.decision.probabilityUp ?? Number.NaN),
    ticks,
    quarantined,
    signals,
    trouble: engine.troubleOf(instrument.id),
  };
}

export function barMessage(
  instrument: Instrument,
  interval: BarSize,
  bar: ClosedBar,
  closed: boolean,
): BarMessage {
  return {
    symbol: instrument.symbol,
    interval,
    time: isoTime(bar.openTimeMicros),
    open: priceOf(instrument, bar.open),
    high: priceOf(instrument, bar.high),
    low: priceOf(instrument, bar.low),
    close: priceOf(instrument, bar.close),
    volume: bar.volume,
    ticks: bar.ticks,
    closed,
    source: "tickforge",
  };
}

export function signalMessage(instrument: Instrument, signal: Signal): SignalMessage {
  const price = (points: number): number => priceOf(instrument, points);
  return signalShape({
    ...signal,
    symbol: instrument.symbol,
    bid: price(signal.bidPoints),
    ask: price(signal.askPoints),
    stopDistance: price(signal.stopPoints),
    targetDistance: price(signal.targetPoints),
  });
}

/** A stored signal has the same shape as one that was just heard. */
export function signalShape(row: Omit<SignalRow, "causeSeq">): SignalMessage {
  const isBuy = row.action === "BUY";
  const entry = isBuy ? row.ask : row.bid;
  const towards = isBuy ? 1 : -1;
  return {
    id: row.seq,
    symbol: row.symbol,
    timestamp: isoTime(row.timeMicros),
    prediction: row.action,
    confidence: row.confidence,
    probabilityUp: row.probabilityUp,
    regime: row.regime as SignalMessage["regime"],
    components: Object.fromEntries(
      row.components.map(({ member, probabilityUp }) => [member, probabilityUp]),
    ),
    votes: row.components.map(({ member, probabilityUp, weight, ageMicros }) => ({
      member,
      probabilityUp,
      weight,
      ageMillis: ageMicros / 1_000,
    })),
    reasons: [...row.reasons],
    bid: row.bid,
    ask: row.ask,
    stopLoss: rounded(entry - towards * row.stopDistance),
    takeProfit: rounded(entry + towards * row.targetDistance),
    expiresAt: isoTime(row.expiresAtMicros),
    tradable: row.tradable,
    tickSeq: row.tickSeq,
  };
}

/** Sums of decimals without the dust of their binary fractions. */
function rounded(price: number): number {
  return Number(price.toFixed(8));
}

export function positionMessage(engine: Engine, position: PositionView): PositionMessage | undefined {
  const instrument = engine.config.instruments[position.instrumentId];
  if (instrument === undefined) return undefined;
  const quote = engine.symbol(instrument.id)?.chain.quote;
  const closing = position.side === "BUY" ? quote?.bidPoints : quote?.askPoints;
  return {
    ticket: position.positionId,
    symbol: instrument.symbol,
    type: position.side,
    lots: position.volumeMicros / MICROS_PER_LOT,
    openPrice: priceOf(instrument, position.openPricePoints),
    openTime: isoTime(position.openTimeMicros),
    stopLoss: knownPrice(instrument, position.stopPricePoints),
    takeProfit: knownPrice(instrument, position.targetPricePoints),
    currentPrice: knownPrice(instrument, closing ?? null),
    profit: known(position.unrealisedMicros / MICROS_PER_UNIT),
    ...(position.external === true ? { external: true } : {}),
  };
}

export function positionMessages(engine: Engine, accountId: string): PositionMessage[] {
  return (engine.accountOf(accountId)?.view().positions ?? [])
    .map((position) => positionMessage(engine, position))
    .filter((position) => position !== undefined);
}

export function accountMessage(
  view: AccountView,
  positionsMode: "netting" | "hedging" = "netting",
): AccountMessage {
  const { equityMicros, marginUsedMicros, marginReservedMicros } = view;
  return {
    accountId: view.accountId,
    currency: view.currency,
    balance: view.balanceMicros / MICROS_PER_UNIT,
    equity: equityMicros / MICROS_PER_UNIT,
    marginUsed: marginUsedMicros / MICROS_PER_UNIT,
    marginFree: (equityMicros - marginUsedMicros - marginReservedMicros) / MICROS_PER_UNIT,
    marginLevel: marginUsedMicros > 0 ? known(equityMicros / marginUsedMicros) : null,
    drawdown: {
      fromHigh: view.drawdownMicros / MICROS_PER_UNIT,
      fromStart: view.belowStartMicros / MICROS_PER_UNIT,
    },
    positionsMode,
    dayProfit: view.dayProfitMicros / MICROS_PER_UNIT,
    realised: view.realisedAfterCostsMicros / MICROS_PER_UNIT,
    mode: view.mode,
    entriesHalted: view.entriesHalted,
    trip: view.trip === null ? null : tripMessage(view.trip),
    entries: view.entries,
    exits: view.exits,
    fills: view.fills,
    costs: {
      commission: view.costs.commissionMicros / MICROS_PER_UNIT,
      spread: view.costs.spreadMicros / MICROS_PER_UNIT,
      slippage: view.costs.slippageMicros / MICROS_PER_UNIT,
    },
    refusals: Object.fromEntries(Object.entries(view.refusals).filter(([, count]) => count > 0)),
  };
}

export function tripMessage({ level, mode, by, reason, timeMicros }: Trip): TripMessage {
  return { level, mode, by, reason, time: isoTime(timeMicros) };
}

const NO_ORDER = {
  purpose: "",
  side: "",
  lots: 0,
  price: null,
  status: "",
  reason: "",
  positionId: null,
  signalId: null,
};

export function intentMessage(instrument: Instrument, intent: OrderIntent): OrderMessage {
  const points = intent.side === "BUY" ? intent.askPoints : intent.bidPoints;
  return {
    ...NO_ORDER,
    id: intent.intentId,
    seq: intent.seq,
    time: isoTime(intent.timeMicros),
    event: "intent",
    symbol: instrument.symbol,
    purpose: intent.purpose,
    side: intent.side,
    lots: intent.volumeMicros / MICROS_PER_LOT,
    price: knownPrice(instrument, points),
    reason: intent.reason,
    positionId: intent.positionId,
    signalId: intent.purpose === "entry" ? intent.causeSeq : null,
  };
}

export function refusalMessage(instrument: Instrument, refusal: RiskRefusal): OrderMessage {
  return {
    ...NO_ORDER,
    id: `refusal-${refusal.seq}`,
    seq: refusal.seq,
    time: isoTime(refusal.timeMicros),
    event: "refusal",
    symbol: instrument.symbol,
    purpose: "entry",
    status: refusal.code,
    reason: refusal.message,
    signalId: refusal.causeSeq,
  };
}

/** @param intent what was ordered; undefined for what the broker closed by itself */
export function executionMessage(
  instrument: Instrument,
  deal: Execution,
  intent: { readonly purpose: string } | undefined,
): OrderMessage {
  return {
    ...NO_ORDER,
    id: deal.intentId,
    seq: deal.seq,
    time: isoTime(deal.timeMicros),
    event: "execution",
    symbol: instrument.symbol,
    purpose: intent?.purpose ?? "exit",
    side: deal.side,
    lots: deal.volumeMicros / MICROS_PER_LOT,
    price: deal.pricePoints > 0 ? knownPrice(instrument, deal.pricePoints) : null,
    status: deal.status,
    reason: deal.reason,
    positionId: deal.positionId,
  };
}

/** A stored step of an order. */
export function orderShape(row: OrderRow): OrderMessage {
  return {
    ...NO_ORDER,
    id: row.intentId === "" ? `refusal-${row.seq}` : row.intentId,
    seq: row.seq,
    time: isoTime(row.timeMicros),
    event: row.event,
    symbol: row.symbol,
    purpose: row.purpose,
    side: row.side,
    lots: row.lots,
    price: row.side === "" ? null : row.side === "BUY" ? row.ask : row.bid,
    ...whyOf(row),
    positionId: row.positionId === "" ? null : row.positionId,
    signalId: row.purpose === "entry" ? row.causeSeq : null,
  };
}

/** A refusal is stored as "code: message". */
function whyOf({ event, reason }: OrderRow): { status: string; reason: string } {
  const colon = event === "refusal" ? reason.indexOf(": ") : -1;
  return colon < 0
    ? { status: "", reason }
    : { status: reason.slice(0, colon), reason: reason.slice(colon + 2) };
}

/** @param purpose what was ordered, where it is known */
export function fillShape(row: FillRow, purpose: string): OrderMessage {
  return {
    ...NO_ORDER,
    id: row.intentId,
    seq: row.seq,
    time: isoTime(row.timeMicros),
    event: "execution",
    symbol: row.symbol,
    purpose,
    side: row.side,
    lots: row.lots,
    price: row.price > 0 ? row.price : null,
    status: row.event,
    reason: row.reason,
    positionId: row.positionId === "" ? null : row.positionId,
  };
}
