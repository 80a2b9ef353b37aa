// Scores in order with what became of each, sorted as plain numbers: millions of rows are ranked without an object for any.

const LABELS = 4;
const SIGN = 0x8000_0000;

/** Scores of four bytes, each with a label 0..3, the smallest first. Equal scores lie together. */
export class SortedScores {
  readonly length: number;
  /** The rank of a score's bits times four, plus its label: exact in a double. */
  readonly #keys: Float64Array;

  /** @param scores finite */
  constructor(scores: Float32Array, labels: Uint8Array) {
    const bits = new Uint32Array(scores.buffer, scores.byteOffset, scores.length);
    const keys = new Float64Array(scores.length);
    for (let i = 0; i < keys.length; i++) {
      const raw = bits[i] as number;
      // Minus zero is zero; the bits of negative numbers rise as the numbers fall.
      const rank = raw >= SIGN ? (raw === SIGN ? SIGN : ~raw >>> 0) : raw + SIGN;
      keys[i] = rank * LABELS + (labels[i] as number);
    }
    keys.sort();
    this.#keys = keys;
    this.length = keys.length;
  }

  label(place: number): number {
    return (this.#keys[place] as number) % LABELS;
  }

  /** Where the run of scores equal to the one at `place` ends. */
  endOfTies(place: number): number {
    const limit = (Math.floor((this.#keys[place] as number) / LABELS) + 1) * LABELS;
    let low = place;
    let step = 1;
    while (low + step < this.length && (this.#keys[low + step] as number) < limit) {
      low += step;
      step *= 2;
    }
    let high = Math.min(low + step, this.length);
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if ((this.#keys[middle] as number) < limit) low = middle;
      else high = middle;
    }
    return low + 1;
  }

  score(place: number): number {
    const rank = Math.floor((this.#keys[place] as number) / LABELS);
    BITS[0] = rank >= SIGN ? rank - SIGN : ~rank >>> 0;
    return FLOATS[0] as number;
  }

  /**
   * Ends of `count` parts of about the same size, equal scores in the same one: fewer parts where many are equal.
   * @returns the places where the parts end, the last of them the length
   */
  equalParts(count: number): number[] {
    const ends: number[] = [];
    let from = 0;
    for (let part = 1; part <= count && from < this.length; part++) {
      const wanted = Math.round((part * this.length) / count);
      if (wanted <= from) continue;
      from = this.endOfTies(wanted - 1);
      ends.push(from);
    }
    return ends;
  }
}

const FLOATS = new Float32Array(1);
const BITS = new Uint32Array(FLOATS.buffer);
