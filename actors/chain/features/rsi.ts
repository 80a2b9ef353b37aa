// Relative strength index: how much of the recent movement went up.

import type { Archive } from "../../base/archive.ts";
import { WilderAverage } from "./moving-averages.ts";

/**
 * 100 x average gain / (average gain + average loss), Wilder's smoothing (Wilder 1978). 0..100; 50 when nothing moved;
 * NaN before `period` + 1 closes.
 */
export class RelativeStrength {
  readonly #gain: WilderAverage;
  readonly #loss: WilderAverage;
  #close = Number.NaN;

  constructor(period: number) {
    this.#gain = new WilderAverage(period);
    this.#loss = new WilderAverage(period);
  }

  peek(close: number): number {
    const change = close - this.#close;
    return strength(this.#gain.peek(change > 0 ? change : 0), this.#loss.peek(change < 0 ? -change : 0));
  }

  update(close: number): number {
    const change = close - this.#close;
    this.#close = close;
    if (Number.isNaN(change)) return Number.NaN;
    return strength(this.#gain.update(change > 0 ? change : 0), this.#loss.update(change < 0 ? -change : 0));
  }

  persist(archive: Archive): void {
    this.#gain.persist(archive);
    this.#loss.persist(archive);
    this.#close = archive.number(this.#close);
  }
}

function strength(gain: number, loss: number): number {
  const movement = gain + loss;
  return movement === 0 ? 50 : 100 * (gain / movement);
}
