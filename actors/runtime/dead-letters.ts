// Messages nobody will handle. They are counted, and the last ones are kept so that a person can see what went wrong.

import type { Clock, Micros } from "../base/clock.ts";
import { DEAD_LETTERS_KEPT_MAX } from "./limits.ts";

/**
 * `stopped`, `quarantined`: its actor is gone or out of service; `failed`: handling it made the actor fail;
 * `mailbox-full`: a timer's or watch's message found no room; `late-answer`: the one who asked has given up.
 */
export type DeadLetterReason = "stopped" | "quarantined" | "failed" | "mailbox-full" | "late-answer";

export interface DeadLetter {
  readonly path: string;
  readonly message: unknown;
  readonly reason: DeadLetterReason;
  readonly timeMicros: Micros;
}

export class DeadLetters {
  readonly #clock: Clock;
  readonly #kept: { path: string; message: unknown; reason: DeadLetterReason; timeMicros: Micros }[];
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#kept = Array.from({ length: DEAD_LETTERS_KEPT_MAX }, () => ({
      path: "",
      message: undefined,
      reason: "stopped",
      timeMicros: 0,
    }));
  }

  /** All that ever came, kept or not. */
  get count(): number {
    return this.#count;
  }

  add(path: string, message: unknown, reason: DeadLetterReason): void {
    const entry = this.#kept[this.#count % DEAD_LETTERS_KEPT_MAX];
    this.#count++;
    if (entry === undefined) return;
    entry.path = path;
    entry.message = message;
    entry.reason = reason;
    entry.timeMicros = this.#clock.nowMicros();
  }

  /** The kept ones, oldest first. */
  recent(): DeadLetter[] {
    const kept = Math.min(this.#count, DEAD_LETTERS_KEPT_MAX);
    const letters: DeadLetter[] = [];
    for (let i = this.#count - kept; i < this.#count; i++) {
      const entry = this.#kept[i % DEAD_LETTERS_KEPT_MAX];
      if (entry !== undefined) letters.push({ ...entry });
    }
    return letters;
  }
}
