// How often an address may try to enrol. Codes are too long to be guessed; this keeps who tries from costing anything.

import { ATTEMPT_ADDRESSES_MAX, ATTEMPT_WINDOW_MS, ATTEMPTS_MAX } from "./limits.ts";

interface Window {
  readonly sinceMs: number;
  count: number;
}

export class Attempts {
  readonly #windows = new Map<string, Window>();
  readonly #nowMs: () => number;
  readonly #max: number;

  constructor(options: { nowMs: () => number; max?: number | undefined }) {
    this.#nowMs = options.nowMs;
    this.#max = options.max ?? ATTEMPTS_MAX;
  }

  isOver(address: string): boolean {
    const window = this.#windows.get(address);
    if (window === undefined) return false;
    if (this.#nowMs() - window.sinceMs < ATTEMPT_WINDOW_MS) return window.count >= this.#max;
    this.#windows.delete(address);
    return false;
  }

  count(address: string): void {
    const window = this.#windows.get(address);
    if (window !== undefined && this.#nowMs() - window.sinceMs < ATTEMPT_WINDOW_MS) {
      window.count++;
      return;
    }
    this.#windows.delete(address);
    this.#windows.set(address, { sinceMs: this.#nowMs(), count: 1 });
    if (this.#windows.size <= ATTEMPT_ADDRESSES_MAX) return;
    for (const oldest of this.#windows.keys()) {
      this.#windows.delete(oldest);
      return;
    }
  }
}
