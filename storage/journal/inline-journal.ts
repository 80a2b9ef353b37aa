// The journal without its thread: the same records, commits and recovery over any disk, committed when the caller says.
// For simulations, which decide themselves when a commit happens and when the power goes.

import { failure, ok, type Result } from "../../actors/base/result.ts";
import type { JournalCursor, JournalHealth } from "../../actors/ports/journal.ts";
import { adviceFor } from "./advice.ts";
import { type JournalStats, type SealedSegment, SegmentJournal } from "./append.ts";
import { SegmentCursor } from "./cursor.ts";
import type { Disk } from "./disk.ts";
import { COMMIT_BYTES_MAX, SEGMENT_BYTES_DEFAULT } from "./limits.ts";
import { type JournalOpenFailure, type OpenWriter, openWriter, type Witness } from "./open.ts";
import { listSealedSegments } from "./scan.ts";

export interface InlineJournalOptions {
  readonly disk: Disk;
  readonly segmentBytes?: number;
  readonly bufferBytes?: number;
  readonly witnesses?: readonly Witness[];
}

/** Opens or creates the journal on a disk. */
export function openInlineJournal(options: InlineJournalOptions): Result<InlineJournal, JournalOpenFailure> {
  const segmentBytes = options.segmentBytes ?? SEGMENT_BYTES_DEFAULT;
  const witnesses = options.witnesses ?? [];
  const opened = openWriter(options.disk, { segmentBytes, witnesses, place: "the journal" });
  if (!opened.ok) return opened;
  const bufferBytes = options.bufferBytes ?? COMMIT_BYTES_MAX;
  const journal = new InlineJournal({ disk: options.disk, segmentBytes, bufferBytes, opened: opened.value });
  if (journal.health === "ok") return ok(journal);
  return failure("journal-unreadable", journal.failure, { recoverable: true });
}

export class InlineJournal extends SegmentJournal {
  readonly cutBytes: number;
  readonly epoch: number;
  protected readonly target: DataView;
  protected readonly targetWords: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #disk: Disk;
  readonly #writer: OpenWriter["writer"];
  readonly #listeners: (() => void)[] = [];
  #used = 0;
  #durableSeq: number;
  #commits = 0;
  #failure = "";
  #closed = false;

  constructor(options: { disk: Disk; segmentBytes: number; bufferBytes: number; opened: OpenWriter }) {
    super(options.segmentBytes);
    const { opened } = options;
    const buffer = new ArrayBuffer((options.bufferBytes + 7) & ~7);
    this.#bytes = new Uint8Array(buffer);
    this.target = new DataView(buffer);
    this.targetWords = new Int32Array(buffer);
    this.#disk = options.disk;
    this.#writer = opened.writer;
    this.cutBytes = opened.cutBytes;
    this.epoch = opened.epoch;
    this.#durableSeq = opened.lastSeq;
    this.startAfter(opened);
    this.commit();
  }

  get durableSeq(): number {
    return this.#durableSeq;
  }

  get health(): JournalHealth {
    return this.#failure === "" ? "ok" : "failed";
  }

  get failure(): string {
    return this.#failure;
  }

  get pressure(): number {
    return this.#used / this.#bytes.length;
  }

  /** Makes everything appended so far durable, or fails for good. */
  commit(): void {
    if (this.#used === 0 || this.#failure !== "") return;
    try {
      this.#writer.commit(this.#bytes.subarray(0, this.#used));
      this.#used = 0;
      this.#commits++;
      this.#durableSeq = this.#writer.lastSeq;
    } catch (error) {
      this.#failure = adviceFor(error, "the journal");
    }
    for (const listener of this.#listeners) listener();
  }

  /** One step of preparing the next segment; returns whether there is more to do. */
  prepare(): boolean {
    try {
      return this.#failure === "" && this.#writer.prepare();
    } catch (error) {
      this.#failure = adviceFor(error, "the journal");
      return false;
    }
  }

  onProgress(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async flush(): Promise<void> {
    this.commit();
    if (this.#failure !== "") throw new Error(this.#failure);
  }

  cursor(fromSeq: number): JournalCursor {
    return new SegmentCursor({ disk: this.#disk, fromSeq, durableSeq: () => this.#durableSeq });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.commit();
    this.#closed = true;
    if (this.#failure === "") {
      this.putSeal();
      this.commit();
    }
    if (this.#failure === "") this.#writer.close();
  }

  stats(): JournalStats {
    return {
      epoch: this.epoch,
      lastSeq: this.lastSeq,
      durableSeq: this.#durableSeq,
      pressure: this.pressure,
      commits: this.#commits,
    };
  }

  sealedSegments(): SealedSegment[] {
    return listSealedSegments(this.#disk);
  }

  protected fits(bytes: number): boolean {
    return !this.#closed && this.#used + bytes <= this.#bytes.length;
  }

  protected reserve(_bytes: number): number {
    return this.#used;
  }

  protected publish(bytes: number): void {
    this.#used += bytes;
  }
}
