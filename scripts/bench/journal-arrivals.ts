// Ticks that arrive when they are due, whatever the system under test does: a thread of its own stands for the clients.
// The main thread hears of arrivals by a message, as it would from a socket, and is idle in between.

import { SeededRandom } from "../../actors/base/random.ts";

export interface ArrivalsMemory {
  readonly control: Int32Array;
  /** Milliseconds: before the start from the beginning of the round, afterwards by {@link clockMilliseconds}. */
  readonly dueAt: Float64Array;
  /** When the generator's thread got to it. */
  readonly sentAt: Float64Array;
}

/** Words of {@link ArrivalsMemory.control}. */
export const ROUND_TICKS_WORD = 0;
export const ARRIVED_WORD = 1;
export const NOTIFIED_WORD = 2;

/** Milliseconds by a clock that all threads share; `Bun.nanoseconds` begins anew in each of them. */
export function clockMilliseconds(): number {
  return performance.timeOrigin + performance.now();
}

function sharedDoubles(length: number): Float64Array {
  return new Float64Array(new SharedArrayBuffer(8 * length));
}

/** The main thread's end. */
export class Arrivals {
  readonly memory: ArrivalsMemory;
  readonly #worker: Worker;
  readonly #random = new SeededRandom(20);
  readonly #ticksPerSecond: number;
  #taken = 0;
  #take: (from: number, to: number) => void = () => undefined;

  constructor(options: { readonly ticksPerSecond: number; readonly roundTicks: number }) {
    this.#ticksPerSecond = options.ticksPerSecond;
    this.memory = {
      control: new Int32Array(new SharedArrayBuffer(64)),
      dueAt: sharedDoubles(options.roundTicks),
      sentAt: sharedDoubles(options.roundTicks),
    };
    this.#worker = new Worker(new URL("journal-arrivals-thread.ts", import.meta.url));
    this.#worker.onmessage = () => this.#hear();
    this.#worker.postMessage(this.memory);
  }

  /** Begins a round. `take` is called with the numbers of the ticks that have arrived, from the first up to before the last. */
  start(take: (from: number, to: number) => void): void {
    const { control, dueAt } = this.memory;
    this.#take = take;
    this.#taken = 0;
    let due = 0;
    for (let i = 0; i < dueAt.length; i++) {
      due -= (Math.log(1 - this.#random.next()) / this.#ticksPerSecond) * 1e3;
      dueAt[i] = due;
    }
    Atomics.store(control, ARRIVED_WORD, 0);
    Atomics.store(control, ROUND_TICKS_WORD, dueAt.length);
    Atomics.notify(control, ROUND_TICKS_WORD);
  }

  stop(): void {
    this.#worker.terminate();
  }

  #hear(): void {
    Atomics.store(this.memory.control, NOTIFIED_WORD, 0);
    const arrived = Atomics.load(this.memory.control, ARRIVED_WORD);
    if (arrived <= this.#taken) return;
    const from = this.#taken;
    this.#taken = arrived;
    this.#take(from, arrived);
  }
}
