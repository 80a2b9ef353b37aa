// Step 2 of the chain: bars of every interval from one stream of quotes. Bars are folded per quote and closed by time
// alone, so that a silent symbol closes its bars on a beat exactly as a busy one does on its next quote.

import type { Archive } from "../base/archive.ts";
import { MICROS_PER_SECOND, type Micros } from "../base/clock.ts";
import { BAR_INTERVAL_MICROS, BAR_INTERVALS, type Bar, type BarInterval } from "../domain/bar.ts";
import type { Quote } from "../domain/quote.ts";
import { TICK_BACKFILL } from "../domain/tick.ts";

/**
 * After a backfilled quote beats close no bars for this long: the rest of the backfill is on its way and belongs into
 * the same bars. The next live quote ends the wait.
 */
export const BACKFILL_WAIT_MICROS = 5 * MICROS_PER_SECOND;

/** A bar in the making, the last quote included. Without a quote (`ticks` 0) its prices and spread are NaN. */
export class FormingBar implements Bar {
  readonly instrumentId: number;
  readonly interval: BarInterval;
  openTimeMicros: Micros = Number.NaN;
  open = Number.NaN;
  high = Number.NaN;
  low = Number.NaN;
  close = Number.NaN;
  ticks = 0;
  #volumeSum = 0;
  #spreadSum = 0;

  constructor(instrumentId: number, interval: BarInterval) {
    this.instrumentId = instrumentId;
    this.interval = interval;
  }

  get volume(): number {
    return this.#volumeSum > 0 ? this.#volumeSum : this.ticks;
  }

  get spreadMean(): number {
    return this.ticks === 0 ? Number.NaN : this.#spreadSum / this.ticks;
  }

  begin(openTimeMicros: Micros, midPoints: number): void {
    this.openTimeMicros = openTimeMicros;
    this.open = midPoints;
    this.high = midPoints;
    this.low = midPoints;
    this.ticks = 0;
    this.#volumeSum = 0;
    this.#spreadSum = 0;
  }

  fold(quote: Quote): void {
    const midPoints = quote.midPoints;
    if (midPoints > this.high) this.high = midPoints;
    if (midPoints < this.low) this.low = midPoints;
    this.close = midPoints;
    this.ticks++;
    this.#volumeSum += quote.volume;
    this.#spreadSum += quote.spreadPoints;
  }

  /** Takes over everything but the interval and the instrument. */
  copy(other: FormingBar): void {
    this.openTimeMicros = other.openTimeMicros;
    this.open = other.open;
    this.high = other.high;
    this.low = other.low;
    this.close = other.close;
    this.ticks = other.ticks;
    this.#volumeSum = other.#volumeSum;
    this.#spreadSum = other.#spreadSum;
  }

  clear(): void {
    this.begin(Number.NaN, Number.NaN);
    this.close = Number.NaN;
  }

  persist(archive: Archive): void {
    this.openTimeMicros = archive.number(this.openTimeMicros);
    this.open = archive.number(this.open);
    this.high = archive.number(this.high);
    this.low = archive.number(this.low);
    this.close = archive.number(this.close);
    this.ticks = archive.number(this.ticks);
    this.#volumeSum = archive.number(this.#volumeSum);
    this.#spreadSum = archive.number(this.#spreadSum);
  }
}

/** One interval: the bar in the making, when it ends, and where the next may begin at the earliest. */
class Lane {
  readonly lengthMicros: number;
  readonly forming: FormingBar;
  /** What listeners get: a bar of its own, since the forming one is empty again by then. */
  readonly closed: FormingBar;
  /** Infinity while no bar is open. */
  endMicros: Micros = Infinity;
  closedUntilMicros: Micros = -Infinity;

  constructor(instrumentId: number, interval: BarInterval) {
    this.lengthMicros = BAR_INTERVAL_MICROS[interval];
    this.forming = new FormingBar(instrumentId, interval);
    this.closed = new FormingBar(instrumentId, interval);
  }

  /** Folds the quote in unless its bar is closed already; returns whether it did. */
  fold(quote: Quote, barTimeMicros: Micros): boolean {
    const { forming } = this;
    if (this.endMicros === Infinity) {
      if (barTimeMicros < this.closedUntilMicros) return false;
      const openTimeMicros = barTimeMicros - (barTimeMicros % this.lengthMicros);
      forming.begin(openTimeMicros, quote.midPoints);
      this.endMicros = openTimeMicros + this.lengthMicros;
    } else if (barTimeMicros < forming.openTimeMicros) {
      return false;
    }
    forming.fold(quote);
    return true;
  }

  close(): void {
    this.closed.copy(this.forming);
    this.closedUntilMicros = this.endMicros;
    this.endMicros = Infinity;
    this.forming.clear();
  }

  persist(archive: Archive): void {
    this.forming.persist(archive);
    this.endMicros = archive.number(this.endMicros);
    this.closedUntilMicros = archive.number(this.closedUntilMicros);
  }
}

const MINUTE = BAR_INTERVALS.indexOf("1m");

/**
 * Bars of one instrument's mids, aligned to the Unix epoch. A live quote counts at the time it was taken in, a
 * backfilled one at its source's time, so that backfill fills the bars it was missing from; it never reopens a closed
 * bar. Intervals without a quote have no bar.
 */
export class BarSeries {
  readonly #lanes: readonly Lane[];
  readonly #minuteLane: Lane;
  readonly #onClosed: (bar: Bar, intervalIndex: number) => void;
  #earliestEndMicros: Micros = Infinity;
  #backfillUntilMicros: Micros = -Infinity;
  #lateForBars = 0;

  /** @param options.onClosed hears each bar as it closes; the bar object is reused and valid during the call only */
  constructor(options: { instrumentId: number; onClosed: (bar: Bar, intervalIndex: number) => void }) {
    this.#lanes = BAR_INTERVALS.map((interval) => new Lane(options.instrumentId, interval));
    this.#minuteLane = this.#lanes[MINUTE] as Lane;
    this.#onClosed = options.onClosed;
  }

  /** The minute in the making, the last quote included. */
  get minute(): FormingBar {
    return this.#minuteLane.forming;
  }

  forming(interval: BarInterval): FormingBar {
    return (this.#lanes[BAR_INTERVALS.indexOf(interval)] as Lane).forming;
  }

  /** The time at which {@link advance} has something to close; Infinity when no bar is open. */
  get nextDueMicros(): Micros {
    return Math.max(this.#earliestEndMicros, this.#backfillUntilMicros);
  }

  /** The same of the minute alone. */
  get minuteDueMicros(): Micros {
    return Math.max(this.#minuteLane.endMicros, this.#backfillUntilMicros);
  }

  /** Quotes that came too late for at least one of their bars. */
  get lateForBars(): number {
    return this.#lateForBars;
  }

  /** Closes what ended by the quote's time, shortest interval first, then folds the quote into the rest. */
  onQuote(quote: Quote): void {
    let barTimeMicros = quote.timeMicros;
    if ((quote.flags & TICK_BACKFILL) === 0) {
      this.#backfillUntilMicros = -Infinity;
    } else {
      this.#backfillUntilMicros = barTimeMicros + BACKFILL_WAIT_MICROS;
      barTimeMicros = Math.min(barTimeMicros, quote.sourceTimeMicros);
    }
    if (barTimeMicros >= this.#earliestEndMicros) this.#closeUntil(barTimeMicros);
    let late = false;
    let earliestEndMicros = Infinity;
    for (let index = 0; index < this.#lanes.length; index++) {
      const lane = this.#lanes[index] as Lane;
      if (!lane.fold(quote, barTimeMicros)) late = true;
      if (lane.endMicros < earliestEndMicros) earliestEndMicros = lane.endMicros;
    }
    this.#earliestEndMicros = earliestEndMicros;
    if (late) this.#lateForBars++;
  }

  /** Closes what ended by `timeMicros`: for symbols that are silent. */
  advance(timeMicros: Micros): void {
    if (timeMicros < this.#earliestEndMicros || timeMicros < this.#backfillUntilMicros) return;
    this.#closeUntil(timeMicros);
  }

  persist(archive: Archive): void {
    for (const lane of this.#lanes) lane.persist(archive);
    this.#earliestEndMicros = archive.number(this.#earliestEndMicros);
    this.#backfillUntilMicros = archive.number(this.#backfillUntilMicros);
    this.#lateForBars = archive.number(this.#lateForBars);
  }

  /** Open bars nest, each inside the next, so closing them shortest first is closing them in order of their ends. */
  #closeUntil(timeMicros: Micros): void {
    let earliestEndMicros = Infinity;
    for (let index = 0; index < this.#lanes.length; index++) {
      const lane = this.#lanes[index] as Lane;
      if (lane.endMicros <= timeMicros) {
        lane.close();
        this.#onClosed(lane.closed, index);
      } else if (lane.endMicros < earliestEndMicros) {
        earliestEndMicros = lane.endMicros;
      }
    }
    this.#earliestEndMicros = earliestEndMicros;
  }
}
