// Bytes from the caller's thread to the writer's: a single-producer, single-consumer ring in shared memory. Records lie in
// it whole; one that does not fit before the end leaves a marker there and begins at the start.

/** Positions count 8-byte units and wrap at 2^32; the ring's size is a power of two. */
const UNIT = 8;
const SKIP = 0xffff_ffff;

const WRITTEN = 0;
const READ = 1;
const STATE = 2;
const NOTIFIED = 3;
const DURABLE_LOW = 4;
const COMMITS = 5;
const CONTROL_WORDS = 16;

export type RingState = "running" | "closing" | "failed" | "closed";
const STATES: readonly RingState[] = ["running", "closing", "failed", "closed"];

export interface RingMemory {
  readonly control: SharedArrayBuffer;
  readonly data: SharedArrayBuffer;
}

export function createRingMemory(bytes: number): RingMemory {
  let capacity = 1 << 16;
  while (capacity < bytes) capacity *= 2;
  return {
    control: new SharedArrayBuffer(CONTROL_WORDS * 4),
    data: new SharedArrayBuffer(capacity),
  };
}

/** What both ends share. */
class RingEnd {
  readonly control: Int32Array;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  protected readonly units: number;

  constructor(memory: RingMemory) {
    this.control = new Int32Array(memory.control);
    this.bytes = new Uint8Array(memory.data);
    this.view = new DataView(memory.data);
    this.units = memory.data.byteLength / UNIT;
  }

  get state(): RingState {
    return STATES[Atomics.load(this.control, STATE)] ?? "failed";
  }

  setState(state: RingState): void {
    Atomics.store(this.control, STATE, STATES.indexOf(state));
    Atomics.notify(this.control, WRITTEN);
  }

  /** Low 32 bits of the durable sequence. */
  get durableLow(): number {
    return Atomics.load(this.control, DURABLE_LOW);
  }

  /** Commits that are durable, modulo 2^32. */
  get commits(): number {
    return Atomics.load(this.control, COMMITS) >>> 0;
  }

  protected offsetOf(position: number): number {
    return ((position >>> 0) % this.units) * UNIT;
  }
}

export class RingProducer extends RingEnd {
  #written = 0;

  /** Share of the ring in use, 0..1. */
  get pressure(): number {
    return ((this.#written - Atomics.load(this.control, READ)) >>> 0) / this.units;
  }

  /** Offset where `bytes` (a multiple of 8) may be written, or -1 when there is no room. Then call {@link publish}. */
  reserve(bytes: number): number {
    const wanted = bytes / UNIT;
    const used = (this.#written - Atomics.load(this.control, READ)) >>> 0;
    const untilEnd = this.units - ((this.#written >>> 0) % this.units);
    const skipped = wanted > untilEnd ? untilEnd : 0;
    if (used + skipped + wanted > this.units) return -1;
    if (skipped > 0) {
      this.view.setUint32(this.offsetOf(this.#written), SKIP, true);
      this.#written = (this.#written + skipped) | 0;
    }
    return this.offsetOf(this.#written);
  }

  /** Whether `bytes` in a few pieces fit, wherever the end of the ring falls. */
  fits(bytes: number): boolean {
    const used = (this.#written - Atomics.load(this.control, READ)) >>> 0;
    return used + (2 * bytes) / UNIT <= this.units;
  }

  /** Hands `bytes` to the consumer. */
  publish(bytes: number): void {
    this.#written = (this.#written + bytes / UNIT) | 0;
    Atomics.store(this.control, WRITTEN, this.#written);
    Atomics.notify(this.control, WRITTEN);
  }

  /** What is durable before anything is written. */
  publishStart(durableSeq: number): void {
    Atomics.store(this.control, DURABLE_LOW, durableSeq | 0);
  }

  /** The consumer's word was heard; it may speak again. */
  heard(): void {
    Atomics.store(this.control, NOTIFIED, 0);
  }
}

export class RingConsumer extends RingEnd {
  #read = 0;

  /** Waits until something was written, the state changed, or the time is up: then returns true. */
  wait(milliseconds: number): boolean {
    return Atomics.wait(this.control, WRITTEN, this.#read, milliseconds) === "timed-out";
  }

  get empty(): boolean {
    return Atomics.load(this.control, WRITTEN) === this.#read;
  }

  /**
   * Copies whole records to `target`, as many as fit, and returns their bytes. Their room is free once {@link release}d.
   */
  take(target: Uint8Array): number {
    const written = Atomics.load(this.control, WRITTEN);
    let taken = 0;
    while (this.#read !== written) {
      const at = this.offsetOf(this.#read);
      if (this.view.getUint32(at, true) === SKIP) {
        this.#read = (this.#read + (this.units - at / UNIT)) | 0;
        continue;
      }
      // Records lie one behind the other up to the end of the ring: one copy takes them all.
      const run = this.#runFrom(at, written, target.length - taken);
      if (run === 0) break;
      target.set(this.bytes.subarray(at, at + run), taken);
      taken += run;
    }
    return taken;
  }

  release(): void {
    Atomics.store(this.control, READ, this.#read);
  }

  /** Bytes of the whole records from `at` on, at most `room`, and moves past them. */
  #runFrom(at: number, written: number, room: number): number {
    let run = 0;
    while (this.#read !== written && at + run < this.bytes.length) {
      const length = this.view.getUint32(at + run, true);
      if (length === SKIP || run + length > room) break;
      run += length;
      this.#read = (this.#read + length / UNIT) | 0;
    }
    return run;
  }

  publishDurable(seq: number): void {
    Atomics.store(this.control, DURABLE_LOW, seq | 0);
    Atomics.add(this.control, COMMITS, 1);
  }

  /** Whether to say something: false while the last word has not been heard. */
  mayNotify(): boolean {
    return Atomics.compareExchange(this.control, NOTIFIED, 0, 1) === 0;
  }
}
