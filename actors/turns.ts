// When the minutes of all symbols end at once, each symbol has its turns to close its own and then to ask the members that answer on
// that: a few symbols at each turn of the host's own loop, so that ticks come in between.

import type { Micros, Scheduler } from "./base/clock.ts";
import type { Engine } from "./engine.ts";
import { TURN_SYMBOLS } from "./limits.ts";
import type { TickRouter } from "./router.ts";

export interface TurnsOptions {
  readonly scheduler: Scheduler;
  /** The one in charge. */
  readonly engine: () => Pick<Engine, "nextToClose" | "nextToAsk" | "askAhead">;
  readonly router: Pick<TickRouter, "turnOf" | "timeMicros">;
}

export class Turns {
  readonly #options: TurnsOptions;
  #isUnderWay = false;
  #ended = false;
  /** Of the last call of {@link begin}. */
  #timeMicros: Micros = 0;

  constructor(options: TurnsOptions) {
    this.#options = options;
  }

  /** Goes once through all symbols, unless that is under way. Whoever is not ready by then has his turn at the next call. */
  begin(timeMicros: Micros): void {
    this.#timeMicros = timeMicros;
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    this.#soon(0, 0);
  }

  /** Gives no more turns. */
  end(): void {
    this.#ended = true;
  }

  /** Symbols before `closeFrom` have had their turn to close: of those, the ones from `askFrom` on are to ask before others close. */
  #soon(closeFrom: number, askFrom: number): void {
    this.#options.scheduler.soon(() => {
      const engine = this.#options.engine();
      const asking = group(askFrom, closeFrom, (fromId) => engine.nextToAsk(fromId));
      if (this.#ended) this.#isUnderWay = false;
      else if (asking.length > 0) {
        engine.askAhead(asking, Math.max(this.#timeMicros, this.#options.router.timeMicros));
        this.#give(asking);
        this.#soon(closeFrom, after(asking));
      } else if (closeFrom < Number.POSITIVE_INFINITY) {
        const closing = group(closeFrom, Number.POSITIVE_INFINITY, (fromId) =>
          engine.nextToClose(fromId, this.#timeMicros),
        );
        this.#give(closing);
        this.#soon(after(closing), askFrom);
      } else this.#isUnderWay = false;
    });
  }

  #give(instrumentIds: readonly number[]): void {
    for (const id of instrumentIds) this.#options.router.turnOf(id, this.#timeMicros);
  }
}

function group(fromId: number, untilId: number, next: (fromId: number) => number | undefined): number[] {
  const ids: number[] = [];
  let id = next(fromId);
  while (id !== undefined && id < untilId && ids.length < TURN_SYMBOLS) {
    ids.push(id);
    id = next(id + 1);
  }
  return ids;
}

function after(ids: readonly number[]): number {
  const last = ids.at(-1);
  return last === undefined ? Number.POSITIVE_INFINITY : last + 1;
}
