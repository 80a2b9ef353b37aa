// The ticks of a journal as a source of ticks: what a system lived through, for training on it. Time is the time actors lived by,
// so that features come out as they were.

import { type Failure, failure, ok, type Result } from "../actors/base/result.ts";
import { decodeRecord, KIND_NUMBER } from "../actors/domain/codec.ts";
import type { Instrument } from "../actors/domain/instrument.ts";
import type { Configured } from "../actors/domain/records.ts";
import type { Tick } from "../actors/domain/tick.ts";
import type { EngineConfig } from "../actors/engine-config.ts";
import type { JournalCursor } from "../actors/ports/journal.ts";
import {
  emptySourceTick,
  type SourceProgress,
  type SourceTick,
  type TickSource,
} from "../edge/feeds/source.ts";
import { type JournalReader, openJournalReader } from "../storage/journal/reader.ts";

/** @param folder of a journal that is not written to, or whose newest records may be missing */
export function openRecordedTicks(
  folder: string,
): Result<{ readonly instruments: readonly Instrument[]; readonly ticks: TickSource }, string> {
  const reader = openJournalReader(folder);
  if (!reader.ok) return reader;
  const config = lastConfiguration(reader.value);
  if (config === undefined) {
    return failure(
      "journal-empty",
      `nothing was ever started on the journal in ${folder}: run start or replay first`,
    );
  }
  return ok({ instruments: config.instruments, ticks: new RecordedTicks(reader.value, folder) });
}

/** It knows every instrument there ever was: ids are never given again. */
function lastConfiguration(reader: JournalReader): EngineConfig | undefined {
  const records = reader.cursor(reader.firstSeq);
  let last: EngineConfig | undefined;
  try {
    for (let raw = records.next(); raw !== undefined; raw = records.next()) {
      if (raw.kind === KIND_NUMBER.configured)
        last = (decodeRecord(raw) as Configured).config as EngineConfig;
    }
    return last;
  } finally {
    records.close();
  }
}

class RecordedTicks implements TickSource {
  readonly #folder: string;
  readonly #reader: JournalReader;
  readonly #cursor: JournalCursor;
  readonly #tick: SourceTick = emptySourceTick();
  #ticks = 0;
  #seq = 0;
  #failure: Failure<string> | undefined;

  constructor(reader: JournalReader, folder: string) {
    this.#folder = folder;
    this.#reader = reader;
    this.#cursor = reader.cursor(reader.firstSeq);
  }

  get failure(): Failure<string> | undefined {
    return this.#failure;
  }

  describe(): string {
    return `the ticks of the journal in ${this.#folder}`;
  }

  next(): SourceTick | undefined {
    try {
      for (let raw = this.#cursor.next(); raw !== undefined; raw = this.#cursor.next()) {
        this.#seq = raw.seq;
        if (raw.kind === KIND_NUMBER.tick) return this.#take(decodeRecord(raw) as Tick);
      }
    } catch (error) {
      this.#failure = failure(
        "journal-damaged",
        `the journal in ${this.#folder} cannot be read on after record ${this.#seq}: ${String(error)}. Run "tickforge journal verify"`,
      );
    }
    this.#cursor.close();
    return undefined;
  }

  progress(): SourceProgress {
    const { firstSeq, lastSeq } = this.#reader;
    const [done, all] = [Math.max(0, this.#seq - firstSeq), Math.max(1, lastSeq - firstSeq)];
    return {
      ticks: this.#ticks,
      ticksEstimate: (this.#ticks * all) / Math.max(1, done),
      bytes: done,
      bytesTotal: all,
    };
  }

  #take({
    instrumentId,
    sourceId,
    sourceSeq,
    timeMicros,
    bid,
    ask,
    bidVolume,
    askVolume,
    flags,
  }: Tick): SourceTick {
    this.#ticks++;
    return Object.assign(this.#tick, {
      instrumentId,
      sourceId,
      sourceSeq,
      sourceTimeMicros: timeMicros,
      bid,
      ask,
      bidVolume,
      askVolume,
      flags,
    });
  }
}
