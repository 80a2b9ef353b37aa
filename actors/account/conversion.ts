// From an instrument's quote currency to the account's: profits, risk and margin arise in one and are kept in the
// other. Rates are mids of known quotes; the way is fixed by the instrument table, never by what arrived first.

import type { Instrument } from "../domain/instrument.ts";
import { type MicroMoney, roundHalfAway } from "../domain/money.ts";
import { CONVERSION_PATHS_MAX } from "./limits.ts";
import type { QuoteBoard } from "./quote-board.ts";

/** One step: multiply by the mid of an instrument, or divide by it. */
interface Leg {
  readonly instrumentId: number;
  readonly inverse: boolean;
}

export class CurrencyConverter {
  readonly #board: QuoteBoard;
  /** By instrument id: ways from its quote currency to the account's, the preferred one first. */
  readonly #paths: readonly (readonly (readonly Leg[])[])[];

  constructor(options: { instruments: readonly Instrument[]; currency: string; board: QuoteBoard }) {
    this.#board = options.board;
    this.#paths = options.instruments.map((instrument) =>
      findPaths(options.instruments, instrument.quoteCurrency, options.currency),
    );
  }

  /**
   * Units of the account's currency for one unit of the quote currency of instrument `id`: the first way whose legs
   * all have a quote. NaN when there is none.
   */
  rate(id: number): number {
    const paths = this.#paths[id];
    if (paths === undefined) return Number.NaN;
    for (let p = 0; p < paths.length; p++) {
      const path = paths[p] as readonly Leg[];
      let rate = 1;
      for (let l = 0; l < path.length; l++) {
        const leg = path[l] as Leg;
        const mid = this.#board.mid(leg.instrumentId);
        rate = leg.inverse ? rate / mid : rate * mid;
      }
      if (rate > 0 && rate < Number.POSITIVE_INFINITY) return rate;
    }
    return Number.NaN;
  }
}

/** Converts millionths of the quote currency; NaN with an unknown rate. */
export function convertMicros(micros: number, rate: number): MicroMoney {
  return roundHalfAway(micros * rate);
}

/** Direct pairs first, then inverse ones, then two legs over a third currency; each in the order of instrument ids. */
function findPaths(
  instruments: readonly Instrument[],
  from: string,
  to: string,
): readonly (readonly Leg[])[] {
  if (from === to) return [[]];
  const paths: Leg[][] = legs(instruments, from, to).map((leg) => [leg]);
  const over = new Set(
    instruments.flatMap((instrument) => [instrument.baseCurrency, instrument.quoteCurrency]),
  );
  for (const third of over) {
    if (third === from || third === to) continue;
    for (const first of legs(instruments, from, third)) {
      for (const second of legs(instruments, third, to)) paths.push([first, second]);
    }
  }
  return paths.slice(0, CONVERSION_PATHS_MAX);
}

function legs(instruments: readonly Instrument[], from: string, to: string): Leg[] {
  const direct: Leg[] = [];
  const inverse: Leg[] = [];
  for (const { id, baseCurrency, quoteCurrency } of instruments) {
    if (baseCurrency === from && quoteCurrency === to) direct.push({ instrumentId: id, inverse: false });
    if (baseCurrency === to && quoteCurrency === from) inverse.push({ instrumentId: id, inverse: true });
  }
  return [...direct, ...inverse];
}
