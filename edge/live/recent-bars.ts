// The newest closed bars of every instrument and size, so that a chart has something to show before, and without, the time
// series. Numbers in rings: a hundred instruments take a few tens of megabytes.

import { BAR_INTERVALS, type Bar, type BarInterval } from "../../actors/domain/bar.ts";

/** Closed bars kept of each instrument and size. */
export const RECENT_BARS_MAX = 500;

/** openTimeMicros, open, high, low, close, volume, ticks */
const FIELDS = 7;

/** A closed bar in points. */
export interface ClosedBar {
  readonly openTimeMicros: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly ticks: number;
}

class BarRing {
  readonly #numbers = new Float64Array(RECENT_BARS_MAX * FIELDS);
  #added = 0;

  add(bar: Bar): void {
    const at = (this.#added++ % RECENT_BARS_MAX) * FIELDS;
    const numbers = this.#numbers;
    numbers[at] = bar.openTimeMicros;
    numbers[at + 1] = bar.open;
    numbers[at + 2] = bar.high;
    numbers[at + 3] = bar.low;
    numbers[at + 4] = bar.close;
    numbers[at + 5] = bar.volume;
    numbers[at + 6] = bar.ticks;
  }

  /** The newest `limit` bars that opened before `beforeMicros`, oldest first. */
  newest(beforeMicros: number, limit: number): ClosedBar[] {
    const bars: ClosedBar[] = [];
    const oldest = Math.max(0, this.#added - RECENT_BARS_MAX);
    for (let i = this.#added - 1; i >= oldest && bars.length < limit; i--) {
      const bar = this.#at(i);
      if (bar.openTimeMicros < beforeMicros) bars.push(bar);
    }
    return bars.reverse();
  }

  #at(index: number): ClosedBar {
    const at = (index % RECENT_BARS_MAX) * FIELDS;
    const field = (offset: number): number => this.#numbers[at + offset] as number;
    return {
      openTimeMicros: field(0),
      open: field(1),
      high: field(2),
      low: field(3),
      close: field(4),
      volume: field(5),
      ticks: field(6),
    };
  }
}

export class RecentBars {
  /** By instrument id, then by interval. */
  readonly #rings: BarRing[][] = [];

  /** Listens to the actors: called as a bar closes. */
  readonly add = (bar: Bar, intervalIndex: number): void => {
    const rings = (this.#rings[bar.instrumentId] ??= BAR_INTERVALS.map(() => new BarRing()));
    rings[intervalIndex]?.add(bar);
  };

  newest(
    instrumentId: number,
    interval: BarInterval,
    range: { beforeMicros: number; limit: number },
  ): ClosedBar[] {
    const ring = this.#rings[instrumentId]?.[BAR_INTERVALS.indexOf(interval)];
    return ring?.newest(range.beforeMicros, range.limit) ?? [];
  }
}
