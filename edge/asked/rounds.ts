// Asks about every symbol on the clock, for members that are answered beside the tick path: one question a symbol at a time, few
// at once, and what was answered becomes a record. It reads actors, waits for nobody's ticks, and nobody waits for it.

import { type Cancel, MICROS_PER_MINUTE, type Micros, type Scheduler } from "../../actors/base/clock.ts";
import { type Instrument, isOpen } from "../../actors/domain/instrument.ts";
import { TICK_BACKFILL } from "../../actors/domain/tick.ts";
import type { LiveEngine } from "../../actors/live-engine.ts";
import type { IncomingAdvice } from "../../actors/router.ts";
import type { SymbolActor } from "../../actors/symbol/symbol-actor.ts";
import { QUOTE_AGE_MAX_MICROS } from "./limits.ts";

export interface RoundsOptions<Question> {
  readonly live: LiveEngine;
  readonly clock: Scheduler;
  readonly everyMinutes: number;
  /** How long after each point of the grid. */
  readonly delayMicros?: number;
  /** Symbols that are asked about at the same time; the others wait in line. */
  readonly atOnce: number;
  /** What to ask about a symbol now; undefined where there is nothing to ask. */
  readonly look: (actor: SymbolActor, instrument: Instrument) => Question | undefined;
  /** Undefined where the answer is no longer wanted. */
  readonly ask: (question: Question, instrument: Instrument) => Promise<IncomingAdvice | undefined>;
  /** Says that a question on a symbol ended in an error. */
  readonly onError: (symbol: string, error: unknown) => void;
}

export class Rounds<Question> {
  readonly #options: RoundsOptions<Question>;
  /** Symbols that are asked about now. */
  readonly #asking = new Map<number, Promise<void>>();
  /** Symbols that are to be asked about next. */
  #line: Instrument[] = [];
  #cancel: Cancel | undefined;
  #stopped = false;
  #advised = 0;
  #dropped = 0;

  constructor(options: RoundsOptions<Question>) {
    this.#options = options;
  }

  /** Answers that were journaled. */
  get advised(): number {
    return this.#advised;
  }

  /** Answers that met a symbol that was behind, or never came. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Begins at the next point of the grid: a start that is repeated asks nothing. */
  start(): void {
    const { clock, everyMinutes, delayMicros = 0 } = this.#options;
    const everyMicros = everyMinutes * MICROS_PER_MINUTE;
    const again = (): void => {
      const nowMicros = clock.nowMicros();
      const dueMicros = (Math.floor((nowMicros - delayMicros) / everyMicros) + 1) * everyMicros + delayMicros;
      this.#cancel = clock.after(dueMicros - nowMicros, () => {
        this.askAll();
        again();
      });
    };
    again();
  }

  /** Answers that are under way are no longer wanted. Whoever gives them should hurry: see {@link settled}. */
  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
    this.#line = [];
  }

  /** Once nobody is asked of those that are asked now. */
  async settled(): Promise<void> {
    await Promise.all(this.#asking.values());
  }

  /** Resolves once nobody is asked. */
  async idle(): Promise<void> {
    while (this.#asking.size > 0) await this.settled();
  }

  /** Puts every symbol in line, but for those that have answers coming; who is still in line from before waits on. */
  askAll(): void {
    const { instruments } = this.#options.live.engine.config;
    this.#line = instruments.filter(({ id }) => !this.#asking.has(id));
    this.#next();
  }

  #next(): void {
    while (!this.#stopped && this.#asking.size < this.#options.atOnce) {
      const instrument = this.#line.shift();
      if (instrument === undefined) return;
      const question = this.#look(instrument);
      if (question === undefined) continue;
      const round = this.#round(instrument, question)
        .catch((error: unknown) => {
          this.#dropped++;
          this.#options.onError(instrument.symbol, error);
        })
        .finally(() => {
          this.#asking.delete(instrument.id);
          this.#next();
        });
      this.#asking.set(instrument.id, round);
    }
  }

  /** Undefined where there is nothing to ask, or nowhere to put an answer. */
  #look(instrument: Instrument): Question | undefined {
    const { live, clock, look } = this.#options;
    const actor = live.engine.symbol(instrument.id);
    if (actor === undefined || live.router.detached || live.engine.troubleOf(instrument.id) !== "")
      return undefined;
    return isAwake(actor, instrument, clock.nowMicros()) ? look(actor, instrument) : undefined;
  }

  async #round(instrument: Instrument, question: Question): Promise<void> {
    const { live, clock, ask } = this.#options;
    const advice = await ask(question, instrument);
    if (this.#stopped || advice === undefined) return;
    if (live.advise(advice, clock.nowMicros())) this.#advised++;
    else this.#dropped++;
  }
}

/** A market that is closed or silent, or whose newest quote is history, is not asked about. */
function isAwake({ chain: { quote } }: SymbolActor, instrument: Instrument, nowMicros: Micros): boolean {
  if (!isOpen(instrument, nowMicros) || nowMicros - quote.timeMicros > QUOTE_AGE_MAX_MICROS) return false;
  return (quote.flags & TICK_BACKFILL) === 0;
}
