// The latest believable quote of every instrument, in points. Account and broker hear raw ticks, before the chain has
// judged them, so both price from here and each from its own board.

import type { Archive } from "../base/archive.ts";
import type { Micros } from "../base/clock.ts";
import { type Instrument, pointsPerUnit } from "../domain/instrument.ts";
import { type Tick, TICK_BACKFILL, TICK_SECONDARY } from "../domain/tick.ts";
import { QUOTE_JUMP_MAX } from "./limits.ts";

/** Whose quotes: those that orders are priced from, or those of second sources, which they are held against. */
export type QuoteSource = "first" | "second";

export class QuoteBoard {
  /** Of the two flags that keep a tick from a board, what its own ticks carry. */
  readonly #flags: number;
  readonly #scale: Float64Array;
  readonly #bidPoints: Float64Array;
  readonly #askPoints: Float64Array;
  readonly #timeMicros: Float64Array;
  /** Twice the mid of a quote that jumped too far and waits to be confirmed; 0 when there is none. */
  readonly #suspect: Float64Array;

  /** @param instruments by id, without holes */
  constructor(instruments: readonly Instrument[], source: QuoteSource = "first") {
    this.#flags = source === "first" ? 0 : TICK_SECONDARY;
    this.#scale = Float64Array.from(instruments, pointsPerUnit);
    this.#bidPoints = new Float64Array(instruments.length).fill(Number.NaN);
    this.#askPoints = new Float64Array(instruments.length).fill(Number.NaN);
    this.#timeMicros = new Float64Array(instruments.length).fill(Number.NaN);
    this.#suspect = new Float64Array(instruments.length);
  }

  /**
   * Takes a tick if it prices anything: known instrument, not backfilled, of the board's kind of source, both sides finite
   * and above zero, not crossed, and no jump beyond {@link QUOTE_JUMP_MAX} that the next quote does not confirm.
   */
  take(tick: Tick): boolean {
    const id = tick.instrumentId;
    if (id >= this.#scale.length || (tick.flags & (TICK_BACKFILL | TICK_SECONDARY)) !== this.#flags) {
      return false;
    }
    const scale = this.#scale[id] as number;
    const bid = Math.round(tick.bid * scale);
    const ask = Math.round(tick.ask * scale);
    // Written so that NaN fails each comparison.
    if (!(bid > 0 && ask >= bid && ask < Number.MAX_SAFE_INTEGER)) return false;
    if (!this.#believable(id, bid + ask)) return false;
    this.#bidPoints[id] = bid;
    this.#askPoints[id] = ask;
    this.#timeMicros[id] = tick.timeMicros;
    return true;
  }

  /** NaN before the first quote; so are the other figures. */
  bidPoints(id: number): number {
    return this.#bidPoints[id] as number;
  }

  askPoints(id: number): number {
    return this.#askPoints[id] as number;
  }

  /** When the quote was taken in. */
  timeMicros(id: number): Micros {
    return this.#timeMicros[id] as number;
  }

  /** In units of the quote currency. */
  mid(id: number): number {
    return (
      ((this.#bidPoints[id] as number) + (this.#askPoints[id] as number)) / (2 * (this.#scale[id] as number))
    );
  }

  persist(archive: Archive): void {
    archive.growing(this.#bidPoints);
    archive.growing(this.#askPoints);
    archive.growing(this.#timeMicros);
    archive.growing(this.#suspect);
  }

  #believable(id: number, doubleMid: number): boolean {
    const last = (this.#bidPoints[id] as number) + (this.#askPoints[id] as number);
    if (Math.abs(doubleMid - last) > QUOTE_JUMP_MAX * last) {
      const suspect = this.#suspect[id] as number;
      if (!(Math.abs(doubleMid - suspect) <= QUOTE_JUMP_MAX * suspect)) {
        this.#suspect[id] = doubleMid;
        return false;
      }
    }
    this.#suspect[id] = 0;
    return true;
  }
}
