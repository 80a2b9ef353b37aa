// The bars behind one chart: pages of history, bars of the stream and live prices merged into one ordered
// list. Says what changed, so that the chart redraws one bar rather than all.

import { BAR_INTERVAL_MICROS, type BarInterval } from "../../../actors/domain/bar.ts";
import type { BarMessage } from "../../api/schemas.ts";
import { BARS_MAX } from "./limits.ts";

export interface ChartBar {
  /** Seconds since 1970, when it opened. */
  readonly timeSeconds: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly closed: boolean;
}

/** What the chart has to draw again: everything, or the bars from `from` on. */
export type BarChange =
  | { readonly kind: "none" }
  | { readonly kind: "all" }
  | { readonly kind: "tail"; readonly from: number };

const NO_CHANGE: BarChange = { kind: "none" };

export function chartBar(bar: BarMessage): ChartBar {
  const { open, high, low, close, volume, closed } = bar;
  return { timeSeconds: Date.parse(bar.time) / 1_000, open, high, low, close, volume, closed };
}

export class BarSeries {
  readonly #seconds: number;
  #bars: ChartBar[] = [];
  /** The latest live price's bar: history that arrives later is older than it. */
  #liveSeconds = 0;

  constructor(interval: BarInterval) {
    this.#seconds = BAR_INTERVAL_MICROS[interval] / 1_000_000;
  }

  get bars(): readonly ChartBar[] {
    return this.#bars;
  }

  get oldestSeconds(): number | undefined {
    return this.#bars[0]?.timeSeconds;
  }

  get isFull(): boolean {
    return this.#bars.length >= BARS_MAX;
  }

  /** Start of the bar that `timeMillis` falls into. */
  bucketSeconds(timeMillis: number): number {
    return Math.floor(timeMillis / 1_000 / this.#seconds) * this.#seconds;
  }

  /** Start of the bar of this series that holds `timeMillis`; undefined where there is none. */
  barAt(timeMillis: number): ChartBar | undefined {
    const seconds = this.bucketSeconds(timeMillis);
    const bar = this.#bars[this.#place(seconds)];
    return bar?.timeSeconds === seconds ? bar : undefined;
  }

  /** A page of history. What the stream said about the bar being built is newer than the page. */
  merge(page: readonly BarMessage[]): BarChange {
    if (page.length === 0) return NO_CHANGE;
    const byTime = new Map(page.map((bar) => [Date.parse(bar.time) / 1_000, chartBar(bar)]));
    for (const bar of this.#bars) {
      const paged = byTime.get(bar.timeSeconds);
      if (paged === undefined || (!paged.closed && bar.timeSeconds >= this.#liveSeconds)) {
        byTime.set(bar.timeSeconds, paged === undefined ? bar : joined(paged, bar));
      }
    }
    this.#bars = [...byTime.values()].sort((a, b) => a.timeSeconds - b.timeSeconds).slice(-BARS_MAX);
    return { kind: "all" };
  }

  /** A bar of the stream: what it says holds. */
  put(bar: BarMessage): BarChange {
    return this.#insert(chartBar(bar));
  }

  /** A live price between two bars of the stream. */
  tick(mid: number, timeMillis: number): BarChange {
    const timeSeconds = this.bucketSeconds(timeMillis);
    const last = this.#bars.at(-1);
    if (last !== undefined && timeSeconds < last.timeSeconds) return NO_CHANGE;
    this.#liveSeconds = timeSeconds;
    if (last === undefined || timeSeconds > last.timeSeconds) {
      const flat = { open: mid, high: mid, low: mid, close: mid, volume: 0, closed: false };
      return this.#insert({ timeSeconds, ...flat });
    }
    if (last.closed) return NO_CHANGE;
    const high = Math.max(last.high, mid);
    const low = Math.min(last.low, mid);
    if (last.close === mid && last.high === high && last.low === low) return NO_CHANGE;
    return this.#insert({ ...last, high, low, close: mid });
  }

  #insert(bar: ChartBar): BarChange {
    const at = this.#place(bar.timeSeconds);
    const isKnown = this.#bars[at]?.timeSeconds === bar.timeSeconds;
    const isNearEnd = at >= this.#bars.length - 2;
    if (isKnown) this.#bars[at] = bar;
    else this.#bars.splice(at, 0, bar);
    if (this.#bars.length > BARS_MAX) {
      this.#bars.shift();
      return { kind: "all" };
    }
    if (isKnown ? !isNearEnd : at < this.#bars.length - 1) return { kind: "all" };
    return { kind: "tail", from: at };
  }

  /** Index of the first bar that does not open before `seconds`. */
  #place(seconds: number): number {
    let low = 0;
    let high = this.#bars.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#bars[middle] as ChartBar).timeSeconds < seconds) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** One bar from an older and a newer view of it, both unfinished. */
function joined(older: ChartBar, newer: ChartBar): ChartBar {
  return {
    ...older,
    high: Math.max(older.high, newer.high),
    low: Math.min(older.low, newer.low),
    close: newer.close,
    volume: Math.max(older.volume, newer.volume),
    closed: newer.closed,
  };
}

/** Which of two changes covers both. */
export function widerOf(first: BarChange, second: BarChange): BarChange {
  if (first.kind === "all" || second.kind === "all") return { kind: "all" };
  if (first.kind === "none") return second;
  if (second.kind === "none") return first;
  return { kind: "tail", from: Math.min(first.from, second.from) };
}
