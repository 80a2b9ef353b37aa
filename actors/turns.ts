// When the minutes of all symbols close at once, each symbol has its turn to ask the members that answer on that: one at each turn
// of the host's own loop, so that ticks come in between.

import type { Scheduler } from "./base/clock.ts";

export interface TurnsOptions {
  readonly scheduler: Scheduler;
  /** The first symbol from `fromId` on that waits; undefined where none does. */
  readonly nextWaiting: (fromId: number) => number | undefined;
  readonly give: (instrumentId: number) => void;
}

export class Turns {
  readonly #options: TurnsOptions;
  #isUnderWay = false;
  #ended = false;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** Goes once through all symbols, unless that is under way. Whoever is not ready by then has his turn at the next call. */
  begin(): void {
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    // After the beat that closes minutes has been heard.
    this.#soon(0);
  }

  /** Gives no more turns. */
  end(): void {
    this.#ended = true;
  }

  #soon(fromId: number): void {
    this.#options.scheduler.soon(() => {
      const id = this.#ended ? undefined : this.#options.nextWaiting(fromId);
      this.#isUnderWay = id !== undefined;
      if (id === undefined) return;
      this.#options.give(id);
      this.#soon(id + 1);
    });
  }
}
