// When entries wait because the trade server said so: trading is off for a symbol or an account, or there were too many requests.

import type { ExecutionFrame } from "./reports.ts";
import { DISABLED_MS, THROTTLED_MS_MAX, THROTTLED_MS_MIN } from "./limits.ts";

/** Return codes that are about one symbol; the others of their class are about the account. */
const OF_SYMBOL = new Set([10_017, 10_018]);

export class Pauses {
  #accountUntilMs = Number.NEGATIVE_INFINITY;
  #throttleMs = THROTTLED_MS_MIN;
  readonly #symbolsUntilMs = new Map<number, number>();

  /** @returns what a person should know; undefined where nothing new is to be said */
  hear(frame: ExecutionFrame, instrumentId: number, nowMs: number): string | undefined {
    switch (frame.class) {
      case "done":
      case "placed":
        this.#throttleMs = THROTTLED_MS_MIN;
        return undefined;
      case "throttled":
        this.#accountUntilMs = Math.max(this.#accountUntilMs, nowMs + this.#throttleMs);
        this.#throttleMs = Math.min(this.#throttleMs * 2, THROTTLED_MS_MAX);
        return "the trade server takes no more requests: entries wait";
      case "disabled":
        return this.disable(OF_SYMBOL.has(frame.retcode) ? instrumentId : undefined, nowMs)
          ? `the trade server says ${frame.retcode} ${frame.words}: entries wait for a minute`
          : undefined;
      default:
        return undefined;
    }
  }

  /** No entries for a while, on one instrument or, where none is named, on all. False where it was so already. */
  disable(instrumentId: number | undefined, nowMs: number): boolean {
    const wasOn = this.isOn(instrumentId ?? -1, nowMs);
    const untilMs = nowMs + DISABLED_MS;
    if (instrumentId === undefined) this.#accountUntilMs = Math.max(this.#accountUntilMs, untilMs);
    else this.#symbolsUntilMs.set(instrumentId, untilMs);
    return !wasOn;
  }

  isOn(instrumentId: number, nowMs: number): boolean {
    const untilMs = this.#symbolsUntilMs.get(instrumentId) ?? Number.NEGATIVE_INFINITY;
    return nowMs < Math.max(untilMs, this.#accountUntilMs);
  }
}
