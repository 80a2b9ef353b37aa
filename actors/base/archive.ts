// One method saves and loads. A stateful part describes itself once -
//   persist(archive) { this.mean = archive.number(this.mean); archive.numbers(this.window); }
// - and the archive either writes what it is given or hands back what it read, so the two can never disagree.

import { assert } from "./assert.ts";

export interface Archive {
  readonly loading: boolean;
  /** Saves `value` and returns it, or returns the number read. Every double survives, NaN and -0 included. */
  number(value: number): number;
  /** Saves the numbers of `values`, or overwrites them in place; the length must match. */
  numbers(values: Float64Array): void;
  /** As {@link numbers}, for tables that grow at their end: fewer may be read, and the rest stays as it is. */
  growing(values: Float64Array): void;
  boolean(value: boolean): boolean;
  /** Saves or loads a string of at most {@link TEXT_LENGTH_MAX} UTF-16 units. */
  text(value: string): string;
  /**
   * Saves parts under their names, or loads those that are there by theirs: one that is no more is passed over, a new one stays
   * as it is.
   */
  parts(parts: ReadonlyMap<string, Persistent>): void;
}

export interface Persistent {
  persist(archive: Archive): void;
}

/** The longest string an archive takes; state has no long texts. */
export const TEXT_LENGTH_MAX = 65_536;

/** The most parts an archive takes; an actor has a few. */
const PARTS_MAX = 1_024;

const INITIAL_NUMBERS = 1_024;

export class SaveArchive implements Archive {
  readonly loading = false;
  #numbers = new Float64Array(INITIAL_NUMBERS);
  #length = 0;

  number(value: number): number {
    if (this.#length === this.#numbers.length) this.#grow(this.#length + 1);
    this.#numbers[this.#length++] = value;
    return value;
  }

  numbers(values: Float64Array): void {
    this.number(values.length);
    if (this.#length + values.length > this.#numbers.length) this.#grow(this.#length + values.length);
    this.#numbers.set(values, this.#length);
    this.#length += values.length;
  }

  growing(values: Float64Array): void {
    this.numbers(values);
  }

  boolean(value: boolean): boolean {
    this.number(value ? 1 : 0);
    return value;
  }

  text(value: string): string {
    assert(value.length <= TEXT_LENGTH_MAX, "text too long for an archive");
    this.number(value.length);
    for (let i = 0; i < value.length; i++) this.number(value.charCodeAt(i));
    return value;
  }

  parts(parts: ReadonlyMap<string, Persistent>): void {
    assert(parts.size <= PARTS_MAX, "too many parts for an archive");
    this.number(parts.size);
    for (const [name, part] of parts) {
      const inner = new SaveArchive();
      part.persist(inner);
      this.text(name);
      this.numbers(inner.finish());
    }
  }

  /** A copy of everything saved so far. */
  finish(): Float64Array<ArrayBuffer> {
    return this.#numbers.slice(0, this.#length);
  }

  #grow(lengthMin: number): void {
    const grown = new Float64Array(Math.max(lengthMin, this.#numbers.length * 2));
    grown.set(this.#numbers);
    this.#numbers = grown;
  }
}

/** The snapshot does not fit the code that reads it: another version, or damage. */
export class ArchiveMismatch extends Error {
  override readonly name = "ArchiveMismatch";
}

export class LoadArchive implements Archive {
  readonly loading = true;
  readonly #numbers: Float64Array;
  #position = 0;

  constructor(numbers: Float64Array) {
    this.#numbers = numbers;
  }

  number(): number {
    if (this.#position >= this.#numbers.length) throw new ArchiveMismatch("snapshot ends too early");
    return this.#numbers[this.#position++] as number;
  }

  numbers(values: Float64Array): void {
    const length = this.number();
    if (length !== values.length) this.#unfit(length, `${values.length}`);
    this.#read(values, length);
  }

  growing(values: Float64Array): void {
    const length = this.number();
    if (!(length >= 0 && length <= values.length)) this.#unfit(length, `at most ${values.length}`);
    this.#read(values, length);
  }

  boolean(): boolean {
    return this.number() !== 0;
  }

  text(): string {
    const length = this.number();
    if (!(length >= 0 && length <= TEXT_LENGTH_MAX)) throw new ArchiveMismatch("snapshot text has no length");
    let value = "";
    for (let i = 0; i < length; i++) value += String.fromCharCode(this.number());
    return value;
  }

  parts(parts: ReadonlyMap<string, Persistent>): void {
    const count = this.number();
    if (!(count >= 0 && count <= PARTS_MAX)) throw new ArchiveMismatch("snapshot has no number of parts");
    for (let i = 0; i < count; i++) {
      const part = parts.get(this.text());
      const length = this.number();
      if (!(length >= 0 && this.#position + length <= this.#numbers.length))
        this.#unfit(length, "all of them");
      const inner = new LoadArchive(this.#numbers.subarray(this.#position, this.#position + length));
      this.#position += length;
      if (part === undefined) continue;
      part.persist(inner);
      inner.finish();
    }
  }

  /** Throws unless everything saved was read: a leftover means that save and load differ. */
  finish(): void {
    const left = this.#numbers.length - this.#position;
    if (left !== 0) throw new ArchiveMismatch(`snapshot has ${left} numbers nobody read`);
  }

  #read(values: Float64Array, length: number): void {
    if (this.#position + length > this.#numbers.length) this.#unfit(length, "all of them");
    values.set(this.#numbers.subarray(this.#position, this.#position + length));
    this.#position += length;
  }

  #unfit(length: number, expected: string): never {
    throw new ArchiveMismatch(`snapshot holds ${length} numbers where ${expected} are expected`);
  }
}
