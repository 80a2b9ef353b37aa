// The rows of one symbol that models are judged on, a column each in typed arrays: millions of them fit into memory.

import type { Micros } from "../../actors/base/clock.ts";

const LENGTH_FIRST = 16_384;
const GROWTH = 1.6;

export class RowTable {
  /** Rows there are; columns are longer. */
  length = 0;
  timesMicros = new Float64Array(LENGTH_FIRST);
  /** In points. */
  mids = new Float64Array(LENGTH_FIRST);
  /** In basis points of the mid. */
  spreads = new Float32Array(LENGTH_FIRST);
  /** By position in REGIMES. */
  regimes = new Uint8Array(LENGTH_FIRST);
  /** NaN where nothing was set. */
  readonly columns: Float32Array[];

  constructor(columns: number) {
    this.columns = Array.from({ length: columns }, () => new Float32Array(LENGTH_FIRST));
  }

  /** @returns the row's number */
  add(timeMicros: Micros, mid: number, spread: number, regime: number): number {
    if (this.length === this.timesMicros.length) this.#grow();
    const row = this.length++;
    this.timesMicros[row] = timeMicros;
    this.mids[row] = mid;
    this.spreads[row] = spread;
    this.regimes[row] = regime;
    for (const column of this.columns) column[row] = Number.NaN;
    return row;
  }

  set(column: number, row: number, value: number): void {
    (this.columns[column] as Float32Array)[row] = value;
  }

  #grow(): void {
    const length = Math.ceil(this.timesMicros.length * GROWTH);
    this.timesMicros = copied(this.timesMicros, new Float64Array(length));
    this.mids = copied(this.mids, new Float64Array(length));
    this.spreads = copied(this.spreads, new Float32Array(length));
    this.regimes = copied(this.regimes, new Uint8Array(length));
    for (const [index, column] of this.columns.entries()) {
      this.columns[index] = copied(column, new Float32Array(length));
    }
  }
}

function copied<Numbers extends { set(from: Numbers): void }>(from: Numbers, to: Numbers): Numbers {
  to.set(from);
  return to;
}
