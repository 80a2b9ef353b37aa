// What became of a prediction, found as the market goes on: the one definition for training, for evaluation on history and for what
// live members said. A fixture holds every implementation to it (test/fixtures/golden-outcomes.json).
//
// From closed minutes, of a prediction made at t for h: the move from the last close until t to the last close in (t, t + h], and
// the range of the bars that close in it; both known only where bars closed in at least 80 % of its minutes. From quotes, with a
// delay d: the move between the mids in force at t + d and at t + d + h. A move of 0 is no outcome of `up`.

import type { Archive } from "../base/archive.ts";
import { assert } from "../base/assert.ts";
import { MICROS_PER_MINUTE, type Micros } from "../base/clock.ts";
import { logRatio } from "../base/exponential.ts";

const BASIS_POINTS = 10_000;

/** Share of a horizon's minutes that need a bar. */
export const MINUTES_SHARE_MIN = 0.8;

/** Minutes that a horizon has at most: what one ring holds. */
export const HORIZON_MINUTES_MAX: number = 24 * 60;

/** Predictions from quotes that may wait at once, unless somebody says how many. */
const WAITING_DEFAULT = 65_536;

/** What a probability can be of; see the events of a model's card. */
export type OutcomeEvent = "up" | "lively" | "slot-lively";

/** The feature that a range has to exceed; undefined where an event has none. */
export function medianFeature(event: OutcomeEvent, horizonMicros: number): string | undefined {
  if (event === "up") return undefined;
  const prefix = event === "lively" ? "range" : "slot_range";
  return `${prefix}_${horizonMicros / MICROS_PER_MINUTE}m_median`;
}

/** Logarithmic, in basis points: 1e4 ln(to / from). */
export function basisPoints(from: number, to: number): number {
  return BASIS_POINTS * logRatio(to, from);
}

/**
 * Whether the event happened.
 * @param value a move for `up`, a range for the others; NaN where it is not known
 * @param median of such ranges, NaN where it is not known; `up` needs none
 * @returns 1 or 0; NaN where there is no outcome
 */
export function happened(event: OutcomeEvent, value: number, median: number): number {
  if (event === "up") return value > 0 ? 1 : value < 0 ? 0 : Number.NaN;
  return Number.isNaN(value) || Number.isNaN(median) ? Number.NaN : value > median ? 1 : 0;
}

/**
 * Hears what became of a prediction.
 * @param move in basis points, NaN where it is not known
 * @param range in basis points, NaN where it is not known
 */
export type MinuteListener = (id: number, move: number, range: number) => void;

/** Predictions of one symbol for one horizon, from closed minutes. */
export class MinuteOutcomes {
  readonly horizonMicros: number;
  readonly #onSettled: MinuteListener;
  readonly #barsMin: number;
  /** Rings of the bars of the last horizon: when they closed, and their prices. */
  readonly #closesMicros: Float64Array;
  readonly #highs: Float64Array;
  readonly #lows: Float64Array;
  readonly #closes: Float64Array;
  /** Bars there were; the newest lies at (this - 1) modulo the length. */
  #bars = 0;
  /** Rings of predictions that wait. */
  readonly #ids: Float64Array;
  readonly #timesMicros: Float64Array;
  readonly #prices: Float64Array;
  #first = 0;
  #waiting = 0;

  /** @param horizonMicros whole minutes */
  constructor(horizonMicros: number, onSettled: MinuteListener) {
    const minutes = horizonMicros / MICROS_PER_MINUTE;
    assert(
      Number.isInteger(minutes) && minutes >= 1 && minutes <= HORIZON_MINUTES_MAX,
      `${horizonMicros} us are no horizon of 1 to ${HORIZON_MINUTES_MAX} minutes`,
    );
    this.horizonMicros = horizonMicros;
    this.#onSettled = onSettled;
    this.#barsMin = MINUTES_SHARE_MIN * minutes;
    // One more than close within a horizon: the bar that settles it is there before the oldest leaves.
    const length = minutes + 1;
    this.#closesMicros = new Float64Array(length).fill(Number.NaN);
    this.#highs = new Float64Array(length);
    this.#lows = new Float64Array(length);
    this.#closes = new Float64Array(length);
    this.#ids = new Float64Array(length);
    this.#timesMicros = new Float64Array(length);
    this.#prices = new Float64Array(length);
  }

  /** A minute closed at `closeMicros`, later than all before. Settles what it is the end of. */
  onBar(
    closeMicros: Micros,
    bar: { readonly high: number; readonly low: number; readonly close: number },
  ): void {
    // What ended before this bar closed knows nothing of it.
    while (this.#waiting > 0 && this.#oldestEndMicros() < closeMicros) this.#settleOldest();
    const place = this.#bars++ % this.#closes.length;
    this.#closesMicros[place] = closeMicros;
    this.#highs[place] = bar.high;
    this.#lows[place] = bar.low;
    this.#closes[place] = bar.close;
    while (this.#waiting > 0 && this.#oldestEndMicros() <= closeMicros) this.#settleOldest();
  }

  /**
   * A prediction made at `timeMicros`, not before those already waiting; at most one a minute is waited for.
   * @returns false where there is no room, or no bar has closed yet: nothing will be heard of it
   */
  add(id: number, timeMicros: Micros): boolean {
    const length = this.#ids.length;
    if (this.#waiting === length || this.#bars === 0) return false;
    const place = (this.#first + this.#waiting++) % length;
    this.#ids[place] = id;
    this.#timesMicros[place] = timeMicros;
    this.#prices[place] = this.#closes[(this.#bars - 1) % length] as number;
    return true;
  }

  persist(archive: Archive): void {
    this.#bars = archive.number(this.#bars);
    this.#first = archive.number(this.#first);
    this.#waiting = archive.number(this.#waiting);
    for (const ring of [
      this.#closesMicros,
      this.#highs,
      this.#lows,
      this.#closes,
      this.#ids,
      this.#timesMicros,
      this.#prices,
    ]) {
      archive.numbers(ring);
    }
  }

  #oldestEndMicros(): Micros {
    return (this.#timesMicros[this.#first] as number) + this.horizonMicros;
  }

  #settleOldest(): void {
    const length = this.#ids.length;
    const fromMicros = this.#timesMicros[this.#first] as number;
    const untilMicros = fromMicros + this.horizonMicros;
    let bars = 0;
    let high = Number.NEGATIVE_INFINITY;
    let low = Number.POSITIVE_INFINITY;
    let last = Number.NaN;
    // From the newest bar back: those within the horizon lie next to each other.
    for (let back = 1; back <= Math.min(this.#bars, length); back++) {
      const place = (this.#bars - back) % length;
      const closeMicros = this.#closesMicros[place] as number;
      if (closeMicros > untilMicros) continue;
      if (closeMicros <= fromMicros) break;
      if (bars === 0) last = this.#closes[place] as number;
      bars++;
      high = Math.max(high, this.#highs[place] as number);
      low = Math.min(low, this.#lows[place] as number);
    }
    const id = this.#ids[this.#first] as number;
    const price = this.#prices[this.#first] as number;
    this.#first = (this.#first + 1) % length;
    this.#waiting--;
    if (bars < this.#barsMin) this.#onSettled(id, Number.NaN, Number.NaN);
    else this.#onSettled(id, basisPoints(price, last), basisPoints(low, high));
  }
}

/**
 * Hears what became of a prediction.
 * @param move in basis points, from the mid in force when the delay was over
 * @param spread at that moment, in basis points of the mid
 */
export type QuoteListener = (id: number, move: number, spread: number) => void;

/** Predictions of one symbol for one horizon and delay, from quotes. What the last quote does not reach stays unsettled. */
export class QuoteOutcomes {
  readonly horizonMicros: number;
  readonly delayMicros: number;
  readonly #onSettled: QuoteListener;
  readonly #waitingMax: number;
  readonly #ids: Float64Array;
  readonly #timesMicros: Float64Array;
  readonly #mids: Float64Array;
  readonly #spreads: Float64Array;
  /** Predictions counted from the first: all before `#first` are settled, those before `#entered` have their first mid. */
  #first = 0;
  #entered = 0;
  #added = 0;
  #mid = Number.NaN;
  #spread = Number.NaN;
  #dropped = 0;

  constructor(
    options: { horizonMicros: number; delayMicros: number; waitingMax?: number },
    onSettled: QuoteListener,
  ) {
    const { horizonMicros, delayMicros, waitingMax = WAITING_DEFAULT } = options;
    assert(horizonMicros > 0 && delayMicros >= 0, "a horizon lies ahead and a delay is not negative");
    this.#waitingMax = waitingMax;
    this.#ids = new Float64Array(waitingMax);
    this.#timesMicros = new Float64Array(waitingMax);
    this.#mids = new Float64Array(waitingMax);
    this.#spreads = new Float64Array(waitingMax);
    this.horizonMicros = horizonMicros;
    this.delayMicros = delayMicros;
    this.#onSettled = onSettled;
  }

  /** Predictions that were never settled because there was no room. */
  get dropped(): number {
    return this.#dropped;
  }

  /** A quote, not before the last one. Call it before predictions made at it are added. */
  onQuote(timeMicros: Micros, mid: number, spread: number): void {
    // A quote of the same moment replaces the one before: a moment is over when a later quote comes.
    while (this.#entered < this.#added && this.#dueMicros(this.#entered) < timeMicros) this.#enter();
    while (this.#first < this.#entered && this.#dueMicros(this.#first) + this.horizonMicros < timeMicros)
      this.#settle();
    this.#mid = mid;
    this.#spread = spread;
  }

  /** A prediction made at `timeMicros`, not before those already waiting. The oldest is dropped where there is no room. */
  add(id: number, timeMicros: Micros): void {
    if (this.#added - this.#first === this.#waitingMax) {
      this.#first++;
      this.#entered = Math.max(this.#entered, this.#first);
      this.#dropped++;
    }
    const place = this.#added++ % this.#waitingMax;
    this.#ids[place] = id;
    this.#timesMicros[place] = timeMicros;
  }

  persist(archive: Archive): void {
    this.#first = archive.number(this.#first);
    this.#entered = archive.number(this.#entered);
    this.#added = archive.number(this.#added);
    this.#mid = archive.number(this.#mid);
    this.#spread = archive.number(this.#spread);
    this.#dropped = archive.number(this.#dropped);
    for (const ring of [this.#ids, this.#timesMicros, this.#mids, this.#spreads]) archive.numbers(ring);
  }

  #dueMicros(number: number): Micros {
    return (this.#timesMicros[number % this.#waitingMax] as number) + this.delayMicros;
  }

  #enter(): void {
    const place = this.#entered++ % this.#waitingMax;
    this.#mids[place] = this.#mid;
    this.#spreads[place] = this.#spread;
  }

  #settle(): void {
    const place = this.#first++ % this.#waitingMax;
    const mid = this.#mids[place] as number;
    this.#onSettled(
      this.#ids[place] as number,
      basisPoints(mid, this.#mid),
      (BASIS_POINTS * (this.#spreads[place] as number)) / mid,
    );
  }
}
