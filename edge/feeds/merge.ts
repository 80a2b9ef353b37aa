// Several sources as one, in source time. The same sources in the same order give the same stream on any machine: ties
// go to the lower source id, then to the source named first.

import type { Failure } from "../../actors/base/result.ts";
import type { SourceProgress, SourceTick, TickSource } from "./source.ts";

/**
 * A k-way merge over a binary heap. Each source keeps its own order, even where its times step back. When a source
 * fails the merge ends with that failure: nothing of the others is handed out after it.
 */
export class MergedSource implements TickSource {
  readonly #sources: readonly TickSource[];
  readonly #heads: (SourceTick | undefined)[];
  /** Indexes into the sources that still have a head, as a min-heap. */
  readonly #heap: number[] = [];
  #failure: Failure<string> | undefined;
  #started = false;
  #handedOut = false;

  constructor(sources: readonly TickSource[]) {
    this.#sources = sources;
    this.#heads = sources.map(() => undefined);
  }

  get failure(): Failure<string> | undefined {
    return this.#failure;
  }

  describe(): string {
    return this.#sources.map((source) => source.describe()).join("; ");
  }

  next(): SourceTick | undefined {
    if (this.#failure !== undefined) return undefined;
    if (!this.#started) this.#start();
    else if (this.#handedOut) this.#advanceTop();
    this.#handedOut = false;
    const top = this.#heap[0];
    if (top === undefined || this.#failure !== undefined) return undefined;
    this.#handedOut = true;
    return this.#heads[top];
  }

  progress(): SourceProgress {
    const total = { ticks: 0, ticksEstimate: 0, bytes: 0, bytesTotal: 0 };
    for (const source of this.#sources) {
      const part = source.progress();
      total.ticks += part.ticks;
      total.ticksEstimate += part.ticksEstimate;
      total.bytes += part.bytes;
      total.bytesTotal += part.bytesTotal;
    }
    return total;
  }

  #start(): void {
    this.#started = true;
    for (let index = 0; index < this.#sources.length; index++) {
      if (this.#pull(index)) this.#heap.push(index);
      if (this.#failure !== undefined) return;
    }
    for (let node = (this.#heap.length >>> 1) - 1; node >= 0; node--) this.#siftDown(node);
  }

  #advanceTop(): void {
    const top = this.#heap[0] as number;
    if (!this.#pull(top)) {
      const last = this.#heap.pop() as number;
      if (this.#heap.length > 0) this.#heap[0] = last;
    }
    this.#siftDown(0);
  }

  /** Fetches the next head of source `index`; false when it has ended. */
  #pull(index: number): boolean {
    const source = this.#sources[index] as TickSource;
    const head = source.next();
    this.#heads[index] = head;
    if (head === undefined) this.#failure = source.failure;
    return head !== undefined;
  }

  #siftDown(from: number): void {
    const heap = this.#heap;
    let node = from;
    for (;;) {
      const left = 2 * node + 1;
      if (left >= heap.length) return;
      const right = left + 1;
      const child =
        right < heap.length && this.#before(heap[right] as number, heap[left] as number) ? right : left;
      if (!this.#before(heap[child] as number, heap[node] as number)) return;
      const moved = heap[node] as number;
      heap[node] = heap[child] as number;
      heap[child] = moved;
      node = child;
    }
  }

  #before(one: number, other: number): boolean {
    const a = this.#heads[one] as SourceTick;
    const b = this.#heads[other] as SourceTick;
    if (a.sourceTimeMicros !== b.sourceTimeMicros) return a.sourceTimeMicros < b.sourceTimeMicros;
    if (a.sourceId !== b.sourceId) return a.sourceId < b.sourceId;
    return one < other;
  }
}
