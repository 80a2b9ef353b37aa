// Moving average convergence / divergence: the distance of a fast average from a slow one, and its own average.

import type { Archive } from "../../base/archive.ts";
import { ExponentialAverage } from "./moving-averages.ts";

/**
 * Line = EMA fast - EMA slow, signal = EMA of the line, histogram = line - signal (Appel 1979). In the unit of its
 * input. The line is NaN before `slow` closes, the rest for `signal` - 1 more. Each average starts at its own first
 * closes; TA-Lib starts the fast one later, so that the two agree once the start is forgotten.
 */
export class Macd {
  line = Number.NaN;
  signal = Number.NaN;
  histogram = Number.NaN;
  readonly #fast: ExponentialAverage;
  readonly #slow: ExponentialAverage;
  readonly #signal: ExponentialAverage;

  constructor(options: { fast: number; slow: number; signal: number }) {
    this.#fast = new ExponentialAverage(options.fast);
    this.#slow = new ExponentialAverage(options.slow);
    this.#signal = new ExponentialAverage(options.signal);
  }

  peek(close: number): void {
    this.line = this.#fast.peek(close) - this.#slow.peek(close);
    this.signal = this.#signal.peek(this.line);
    this.histogram = this.line - this.signal;
  }

  update(close: number): void {
    this.line = this.#fast.update(close) - this.#slow.update(close);
    if (!Number.isNaN(this.line)) this.signal = this.#signal.update(this.line);
    this.histogram = this.line - this.signal;
  }

  persist(archive: Archive): void {
    this.#fast.persist(archive);
    this.#slow.persist(archive);
    this.#signal.persist(archive);
    this.line = archive.number(this.line);
    this.signal = archive.number(this.signal);
    this.histogram = archive.number(this.histogram);
  }
}
