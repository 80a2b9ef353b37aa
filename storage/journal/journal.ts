// The journal: appends from the caller's thread into shared memory, a thread of its own that makes them durable, cursors
// that read what is durable. Nothing on the caller's thread ever waits for the disk.

import { failure, ok, type Result } from "../../actors/base/result.ts";
import type { JournalCursor, JournalHealth } from "../../actors/ports/journal.ts";
import { type OpenedJournal, type JournalStats, SegmentJournal, type SealedSegment } from "./append.ts";
import { SegmentCursor } from "./cursor.ts";
import { RealDisk } from "./disk.ts";
import { RING_BYTES_DEFAULT, SEGMENT_BYTES_DEFAULT } from "./limits.ts";
import type { JournalOpenFailure, Witness } from "./open.ts";
import { listSealedSegments } from "./scan.ts";
import { createRingMemory, RingProducer } from "./ring-buffer.ts";
import type { Opened, WriterStart, WriterWord } from "./writer-thread.ts";

export type { OpenedJournal };

export interface JournalOptions {
  readonly directory: string;
  readonly segmentBytes?: number;
  readonly ringBytes?: number;
  readonly witnesses?: readonly Witness[];
}

/** Opens or creates the journal in a directory. Only one process may: lock the folder first. */
export async function openJournal(
  options: JournalOptions,
): Promise<Result<OpenedJournal, JournalOpenFailure>> {
  const memory = createRingMemory(options.ringBytes ?? RING_BYTES_DEFAULT);
  const worker = new Worker(new URL("writer-thread.ts", import.meta.url));
  const start: WriterStart = {
    memory,
    directory: options.directory,
    segmentBytes: options.segmentBytes ?? SEGMENT_BYTES_DEFAULT,
    witnesses: options.witnesses ?? [],
  };
  const opened = await new Promise<Result<Opened, JournalOpenFailure>>((resolve) => {
    worker.onmessage = (event: MessageEvent<WriterWord>) => {
      const { data } = event;
      if (data.word === "opened") resolve(data.opened);
      else if (data.word === "failed") resolve(failure("journal-unreadable", data.message));
    };
    worker.onerror = (event) => {
      resolve(failure("journal-unreadable", `the journal's thread failed: ${event.message}`));
    };
    worker.postMessage(start);
  });
  if (opened.ok) {
    const journal = new ThreadedJournal({ ...start, worker, opened: opened.value });
    // What the opening itself wrote is durable before anybody uses its epoch.
    try {
      await journal.flush();
      return ok(journal);
    } catch (error) {
      worker.terminate();
      return failure("journal-unreadable", String(error), { recoverable: true });
    }
  }
  worker.terminate();
  return opened;
}

interface Waiter {
  readonly seq: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class ThreadedJournal extends SegmentJournal {
  readonly cutBytes: number;
  readonly epoch: number;
  protected readonly target: DataView;
  protected readonly targetWords: Int32Array;
  readonly #directory: string;
  readonly #worker: Worker;
  readonly #ring: RingProducer;
  readonly #listeners: (() => void)[] = [];
  #waiters: Waiter[] = [];
  #durableSeq: number;
  #failure = "";
  #closing = false;
  #closed: (() => void) | undefined;

  constructor(options: WriterStart & { readonly worker: Worker; readonly opened: Opened }) {
    super(options.segmentBytes);
    const { worker, opened } = options;
    const ring = new RingProducer(options.memory);
    this.#directory = options.directory;
    this.#worker = worker;
    this.#ring = ring;
    this.target = ring.view;
    this.targetWords = new Int32Array(ring.view.buffer);
    this.epoch = opened.epoch;
    this.cutBytes = opened.cutBytes;
    this.#durableSeq = opened.lastSeq;
    ring.publishStart(opened.lastSeq);
    worker.onmessage = (event: MessageEvent<WriterWord>) => this.#hear(event.data);
    worker.onerror = (event) => this.#fail(`the journal's thread failed: ${event.message}. Start again.`);
    this.startAfter(opened);
  }

  get durableSeq(): number {
    // The ring carries the low half; the difference to what is known is small and positive.
    this.#durableSeq += (this.#ring.durableLow - (this.#durableSeq | 0)) | 0;
    return this.#durableSeq;
  }

  get health(): JournalHealth {
    return this.#failure !== "" || this.#ring.state === "failed" ? "failed" : "ok";
  }

  get failure(): string {
    if (this.#failure !== "" || this.health === "ok") return this.#failure;
    return "the journal could not be written; its thread is about to say why";
  }

  get pressure(): number {
    return this.#ring.pressure;
  }

  onProgress(listener: () => void): void {
    this.#listeners.push(listener);
  }

  flush(): Promise<void> {
    if (this.durableSeq >= this.lastSeq) return Promise.resolve();
    if (this.#failure !== "") return Promise.reject(new Error(this.#failure));
    return new Promise((resolve, reject) => {
      this.#waiters.push({ seq: this.lastSeq, resolve, reject });
    });
  }

  cursor(fromSeq: number): JournalCursor {
    return new SegmentCursor({
      disk: new RealDisk(this.#directory),
      fromSeq,
      durableSeq: () => this.durableSeq,
    });
  }

  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    // What is on its way goes first: then there is certainly room for the seal.
    await this.flush().catch(() => undefined);
    if (this.health === "ok") {
      this.putSeal();
      const closed = new Promise<void>((resolve) => {
        this.#closed = resolve;
      });
      this.#ring.setState("closing");
      await closed;
    }
    this.#worker.terminate();
  }

  stats(): JournalStats {
    return {
      epoch: this.epoch,
      lastSeq: this.lastSeq,
      durableSeq: this.durableSeq,
      pressure: this.pressure,
      commits: this.#ring.commits,
    };
  }

  sealedSegments(): SealedSegment[] {
    return listSealedSegments(new RealDisk(this.#directory));
  }

  protected fits(bytes: number): boolean {
    return !this.#closing && this.#ring.fits(bytes);
  }

  protected reserve(bytes: number): number {
    return this.#ring.reserve(bytes);
  }

  protected publish(bytes: number): void {
    this.#ring.publish(bytes);
  }

  #hear(word: WriterWord): void {
    switch (word.word) {
      case "progress":
        this.#ring.heard();
        this.#settle();
        for (const listener of this.#listeners) listener();
        return;
      case "failed":
        this.#fail(word.message);
        return;
      case "closed":
        this.#settle();
        this.#closed?.();
        return;
      case "opened":
        return;
    }
  }

  #settle(): void {
    const durableSeq = this.durableSeq;
    const waiting = this.#waiters;
    this.#waiters = waiting.filter((waiter) => waiter.seq > durableSeq);
    for (const waiter of waiting) if (waiter.seq <= durableSeq) waiter.resolve();
  }

  #fail(message: string): void {
    if (this.#failure !== "") return;
    this.#failure = message;
    this.#settle();
    for (const waiter of this.#waiters) waiter.reject(new Error(message));
    this.#waiters = [];
    this.#closed?.();
    for (const listener of this.#listeners) listener();
  }
}
