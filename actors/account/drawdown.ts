// How far an account has fallen: below its high-water marks and below its beginning. Rules of funded accounts are about the
// deepest fall, not the present one, so it is kept until a person resets it.

import type { Archive } from "../base/archive.ts";
import type { MicroMoney } from "../domain/money.ts";
import { DRAWDOWN_MARKS, type DrawdownMark } from "./risk/limits.ts";

export class Drawdown {
  #startMicros: MicroMoney;
  /** By mark. */
  readonly #highs: Float64Array;
  readonly #falls = new Float64Array(DRAWDOWN_MARKS.length);
  #belowStart: MicroMoney = 0;

  constructor(startMicros: MicroMoney) {
    this.#startMicros = startMicros;
    this.#highs = new Float64Array(DRAWDOWN_MARKS.length).fill(startMicros);
  }

  /** The deepest fall of equity below `mark`; 0 or more. */
  trailing(mark: DrawdownMark): MicroMoney {
    return this.#falls[DRAWDOWN_MARKS.indexOf(mark)] as number;
  }

  /** The deepest fall of equity below the starting balance; 0 or more. */
  get absolute(): MicroMoney {
    return this.#belowStart;
  }

  /** Notes where equity and balance stand. Equity that is not known changes nothing. */
  note(equityMicros: MicroMoney, balanceMicros: MicroMoney): void {
    if (Number.isNaN(equityMicros)) return;
    this.#raise("equity", equityMicros);
    this.#raise("balance", balanceMicros);
    for (let mark = 0; mark < this.#falls.length; mark++) {
      this.#falls[mark] = Math.max(this.#falls[mark] as number, (this.#highs[mark] as number) - equityMicros);
    }
    this.#belowStart = Math.max(this.#belowStart, this.#startMicros - equityMicros);
  }

  /** A trading day begins with this equity. */
  beginDay(equityMicros: MicroMoney): void {
    this.#raise("day-start", equityMicros);
  }

  /** A person lets the account go on from here: marks stand at the present equity, and falls begin anew. */
  reset(equityMicros: MicroMoney): void {
    if (Number.isNaN(equityMicros)) return;
    this.#highs.fill(equityMicros);
    this.#falls.fill(0);
    this.#belowStart = 0;
  }

  /** The account begins with this much: what it was before is forgotten. */
  restart(startMicros: MicroMoney): void {
    this.#startMicros = startMicros;
    this.reset(startMicros);
  }

  /** Money was paid in (or out, below zero): no fall and no rise. */
  shift(micros: MicroMoney): void {
    this.#startMicros += micros;
    for (let mark = 0; mark < this.#highs.length; mark++)
      this.#highs[mark] = (this.#highs[mark] as number) + micros;
  }

  persist(archive: Archive): void {
    this.#startMicros = archive.number(this.#startMicros);
    archive.numbers(this.#highs);
    archive.numbers(this.#falls);
    this.#belowStart = archive.number(this.#belowStart);
  }

  #raise(mark: DrawdownMark, micros: MicroMoney): void {
    const at = DRAWDOWN_MARKS.indexOf(mark);
    if (micros > (this.#highs[at] as number)) this.#highs[at] = micros;
  }
}
