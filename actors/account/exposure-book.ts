// Adds up what an account holds, for the controls on exposure: positions at the middle of their quote, live entries at the
// price they are expected to fill at, in the account's currency.

import type { Instrument } from "../domain/instrument.ts";
import { type MicroMoney, moveValueMicros } from "../domain/money.ts";
import { convertMicros } from "./conversion.ts";
import { orderValueMicros } from "./order-value.ts";
import type { TrackedOrder } from "./orders.ts";
import type { TrackedPosition } from "./positions.ts";
import type { QuoteBoard } from "./quote-board.ts";
import type { ExposureFigures, NetRange } from "./risk/exposure.ts";

/** What one instrument is held with; unfilled entries by side. */
interface Holding {
  readonly instrument: Instrument;
  /** Each side for itself: of two that hedge each other either may be closed at any time, and the other is left. */
  longVolumeMicros: number;
  shortVolumeMicros: number;
  buyVolumeMicros: number;
  sellVolumeMicros: number;
  longMicros: MicroMoney;
  /** Below zero. */
  shortMicros: MicroMoney;
  buyMicros: MicroMoney;
  sellMicros: MicroMoney;
}

/** What is looked at of an account's books. */
export interface ExposureSource {
  readonly positions: {
    readonly open: readonly Pick<TrackedPosition, "instrumentId" | "signedVolumeMicros">[];
  };
  readonly orders: {
    readonly live: readonly Pick<
      TrackedOrder,
      | "instrumentId"
      | "purpose"
      | "side"
      | "volumeMicros"
      | "filledMicros"
      | "pricePoints"
      | "changePricePoints"
    >[];
  };
  /** Not ours; those on instruments that are not traded here (below zero) have no exposure that could be added up. */
  readonly external: {
    readonly open: readonly Pick<TrackedPosition, "instrumentId" | "signedVolumeMicros">[];
  };
  readonly board: Pick<QuoteBoard, "bidPoints" | "askPoints">;
  conversionRate(instrumentId: number): number;
}

export interface ExposureOptions {
  readonly books: ExposureSource;
  readonly instruments: readonly Instrument[];
  /** The account's. */
  readonly currency: string;
  /** By instrument id, in [-1, 1]; null while unknown. */
  readonly correlation: (instrumentId: number) => number | null;
}

/** The exposure as `instrument` has to see it. */
export function exposureOf(options: ExposureOptions, instrument: Instrument): ExposureFigures {
  const { baseCurrency, quoteCurrency } = instrument;
  const own = { longVolumeMicros: 0, shortVolumeMicros: 0, micros: 0 };
  const net = new Range();
  const base = new Range();
  const quote = new Range();
  const dollar = new Range();
  let grossMicros = 0;
  let otherVariance = 0;
  let unknownMicros = 0;
  for (const holding of holdingsOf(options).values()) {
    const held = holding.instrument;
    const correlation = options.correlation(held.id);
    const micros = sizeOf(holding);
    grossMicros += micros;
    net.add(holding, 1);
    base.add(holding, signIn(baseCurrency, held));
    quote.add(holding, signIn(quoteCurrency, held));
    dollar.add(holding, correlation ?? 0);
    if (held.id === instrument.id) {
      own.longVolumeMicros = holding.longVolumeMicros + holding.buyVolumeMicros;
      own.shortVolumeMicros = holding.shortVolumeMicros + holding.sellVolumeMicros;
      own.micros = micros;
    } else if (correlation === null) unknownMicros += micros;
    else otherVariance += micros ** 2 * (1 - correlation ** 2);
  }
  return {
    longVolumeMicros: own.longVolumeMicros,
    shortVolumeMicros: own.shortVolumeMicros,
    grossMicros,
    net,
    base: baseCurrency === options.currency ? null : base,
    quote: quoteCurrency === options.currency ? null : quote,
    dollar,
    otherVariance,
    ownMicros: own.micros,
    unknownMicros,
    correlation: options.correlation(instrument.id),
  };
}

/** What buying one unit of an instrument makes of a holding in `currency`. */
function signIn(currency: string, { baseCurrency, quoteCurrency }: Instrument): number {
  return (baseCurrency === currency ? 1 : 0) - (quoteCurrency === currency ? 1 : 0);
}

/** A net amount that live entries may raise or lower, summed up. */
class Range implements NetRange {
  highMicros = 0;
  lowMicros = 0;

  /** @param share of the holding that counts, in [-1, 1] */
  add({ longMicros, shortMicros, buyMicros, sellMicros }: Holding, share: number): void {
    if (share === 0) return;
    const open = Math.round(share * (longMicros + shortMicros));
    const bought = Math.round(share * buyMicros);
    const sold = Math.round(-share * sellMicros);
    this.highMicros += open + Math.max(0, bought) + Math.max(0, sold);
    this.lowMicros += open + Math.min(0, bought) + Math.min(0, sold);
  }
}

function sizeOf({ longMicros, shortMicros, buyMicros, sellMicros }: Holding): MicroMoney {
  return longMicros - shortMicros + buyMicros + sellMicros;
}

/** By instrument id. */
function holdingsOf({ books, instruments }: ExposureOptions): ReadonlyMap<number, Holding> {
  const holdings = new Map<number, Holding>();
  const holdingOf = (id: number): Holding => {
    const known = holdings.get(id);
    if (known !== undefined) return known;
    const fresh = emptyHolding(instruments[id] as Instrument);
    holdings.set(id, fresh);
    return fresh;
  };
  const addOpen = ({ instrumentId, signedVolumeMicros }: (typeof books.positions.open)[number]): void => {
    const holding = holdingOf(instrumentId);
    const midPoints = (books.board.bidPoints(instrumentId) + books.board.askPoints(instrumentId)) / 2;
    const value = moveValueMicros(holding.instrument, midPoints, signedVolumeMicros);
    const micros = convertMicros(value, books.conversionRate(instrumentId));
    if (signedVolumeMicros > 0) {
      holding.longVolumeMicros += signedVolumeMicros;
      holding.longMicros += micros;
    } else {
      holding.shortVolumeMicros -= signedVolumeMicros;
      holding.shortMicros += micros;
    }
  };
  for (const position of books.positions.open) addOpen(position);
  for (const position of books.external.open) if (position.instrumentId >= 0) addOpen(position);
  for (const order of books.orders.live) {
    if (order.purpose !== "entry") continue;
    const { instrumentId } = order;
    const holding = holdingOf(instrumentId);
    const restMicros = Math.max(0, order.volumeMicros - order.filledMicros);
    const pricePoints = Math.max(order.pricePoints, order.changePricePoints);
    const value = orderValueMicros(
      { instrument: holding.instrument, pricePoints },
      restMicros,
      books.conversionRate(instrumentId),
    );
    if (order.side === "BUY") {
      holding.buyVolumeMicros += restMicros;
      holding.buyMicros += value;
    } else {
      holding.sellVolumeMicros += restMicros;
      holding.sellMicros += value;
    }
  }
  return holdings;
}

function emptyHolding(instrument: Instrument): Holding {
  return {
    instrument,
    longVolumeMicros: 0,
    shortVolumeMicros: 0,
    buyVolumeMicros: 0,
    sellVolumeMicros: 0,
    longMicros: 0,
    shortMicros: 0,
    buyMicros: 0,
    sellMicros: 0,
  };
}
