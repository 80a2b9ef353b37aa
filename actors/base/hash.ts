// A running 64-bit hash over numbers and strings: the fingerprint of a decision stream. It tells two runs apart; it is
// no defence against an adversary (the journal's SHA-256 chain is).

import type { Archive } from "./archive.ts";

const scratch = new Float64Array(1);
const words = new Uint32Array(scratch.buffer);

/** Two murmur3-style 32-bit lanes (Austin Appleby, public domain constants) with different multipliers. */
export class StateHash {
  #low = 0x9747b28c;
  #high = 0x1b873593;
  #count = 0;

  /** Mixes in the exact bits of `value`. All NaNs hash alike. */
  number(value: number): void {
    scratch[0] = Number.isNaN(value) ? Number.NaN : value;
    this.#word(words[0] as number);
    this.#word(words[1] as number);
  }

  text(value: string): void {
    this.#word(value.length);
    for (let i = 0; i < value.length; i++) this.#word(value.charCodeAt(i));
  }

  /** Sixteen hexadecimal digits. Reading it does not change the state. */
  hex(): string {
    return finalise(this.#high ^ this.#count) + finalise(this.#low ^ this.#high);
  }

  persist(archive: Archive): void {
    this.#low = archive.number(this.#low);
    this.#high = archive.number(this.#high);
    this.#count = archive.number(this.#count);
  }

  #word(word: number): void {
    let mixed = Math.imul(word, 0xcc9e2d51);
    mixed = (mixed << 15) | (mixed >>> 17);
    mixed = Math.imul(mixed, 0x1b873593);
    let low = this.#low ^ mixed;
    low = (low << 13) | (low >>> 19);
    this.#low = (Math.imul(low, 5) + 0xe6546b64) | 0;
    let high = (this.#high + word) | 0;
    high = Math.imul(high ^ (high >>> 15), 0x2c1b3c6d);
    this.#high = (high ^ this.#low ^ (high >>> 12)) | 0;
    this.#count = (this.#count + 1) | 0;
  }
}

function finalise(word: number): string {
  let mixed = word ^ (word >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  mixed ^= mixed >>> 16;
  return (mixed >>> 0).toString(16).padStart(8, "0");
}
