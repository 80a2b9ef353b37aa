// Adds up what an account holds, for the controls on exposure: positions at the middle of their quote, live entries at the
// price they were decided on, in the account's currency.

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
  openVolumeMicros: number;
  buyVolumeMicros: number;
  sellVolumeMicros: number;
  /** Signed. */
  openMicros: MicroMoney;
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
      "instrumentId" | "purpose" | "side" | "volumeMicros" | "filledMicros" | "bidPoints" | "askPoints"
    >[];
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
  const holdings = holdingsOf(options);
  const own = holdings.find((holding) => holding.instrument.id === instrument.id);
  let otherVariance = 0;
  let unknownMicros = 0;
  for (const holding of holdings) {
    if (holding === own) continue;
    const correlation = options.correlation(holding.instrument.id);
    const micros = sizeOf(holding);
    if (correlation === null) unknownMicros += micros;
    else otherVariance += micros ** 2 * (1 - correlation ** 2);
  }
  const { baseCurrency, quoteCurrency } = instrument;
  return {
    longVolumeMicros: Math.max(0, own?.openVolumeMicros ?? 0) + (own?.buyVolumeMicros ?? 0),
    shortVolumeMicros: Math.max(0, -(own?.openVolumeMicros ?? 0)) + (own?.sellVolumeMicros ?? 0),
    grossMicros: holdings.reduce((sum, holding) => sum + sizeOf(holding), 0),
    net: netOf(holdings, () => 1),
    base: baseCurrency === options.currency ? null : netOf(holdings, signIn(baseCurrency)),
    quote: quoteCurrency === options.currency ? null : netOf(holdings, signIn(quoteCurrency)),
    dollar: netOf(holdings, ({ id }) => options.correlation(id) ?? 0),
    otherVariance,
    ownMicros: own === undefined ? 0 : sizeOf(own),
    unknownMicros,
    correlation: options.correlation(instrument.id),
  };
}

/** What buying one unit of an instrument makes of a holding in `currency`. */
function signIn(currency: string): (instrument: Instrument) => number {
  return ({ baseCurrency, quoteCurrency }) =>
    (baseCurrency === currency ? 1 : 0) - (quoteCurrency === currency ? 1 : 0);
}

function netOf(holdings: readonly Holding[], shareOf: (instrument: Instrument) => number): NetRange {
  let highMicros = 0;
  let lowMicros = 0;
  for (const { instrument, openMicros, buyMicros, sellMicros } of holdings) {
    const share = shareOf(instrument);
    const [bought, sold] = [Math.round(share * buyMicros), Math.round(-share * sellMicros)];
    const open = Math.round(share * openMicros);
    highMicros += open + Math.max(0, bought) + Math.max(0, sold);
    lowMicros += open + Math.min(0, bought) + Math.min(0, sold);
  }
  return { highMicros, lowMicros };
}

function sizeOf({ openMicros, buyMicros, sellMicros }: Holding): MicroMoney {
  return Math.abs(openMicros) + buyMicros + sellMicros;
}

function holdingsOf({ books, instruments }: ExposureOptions): readonly Holding[] {
  const holdings: Holding[] = [];
  const holdingOf = (id: number): Holding => {
    const known = holdings.find((holding) => holding.instrument.id === id);
    if (known !== undefined) return known;
    const fresh = emptyHolding(instruments[id] as Instrument);
    holdings.push(fresh);
    return fresh;
  };
  for (const { instrumentId, signedVolumeMicros } of books.positions.open) {
    const holding = holdingOf(instrumentId);
    const midPoints = (books.board.bidPoints(instrumentId) + books.board.askPoints(instrumentId)) / 2;
    holding.openVolumeMicros += signedVolumeMicros;
    const value = moveValueMicros(holding.instrument, midPoints, signedVolumeMicros);
    holding.openMicros += convertMicros(value, books.conversionRate(instrumentId));
  }
  for (const order of books.orders.live) {
    if (order.purpose !== "entry") continue;
    const { instrumentId } = order;
    const holding = holdingOf(instrumentId);
    const restMicros = Math.max(0, order.volumeMicros - order.filledMicros);
    const pricePoints = order.side === "BUY" ? order.askPoints : order.bidPoints;
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
    openVolumeMicros: 0,
    buyVolumeMicros: 0,
    sellVolumeMicros: 0,
    openMicros: 0,
    buyMicros: 0,
    sellMicros: 0,
  };
}
