// The gap ledger: what every source sent, what arrived and what is still missing, per instrument. It tells new ticks
// from repeated ones by their numbers alone, so that a source may send again whatever it is unsure about.

import { type Archive, ArchiveMismatch } from "../base/archive.ts";
import { assert } from "../base/assert.ts";
import { MICROS_PER_MINUTE, type Micros } from "../base/clock.ts";
import { type Instrument, isOpen } from "../domain/instrument.ts";
import type { Gap } from "../domain/records.ts";
import { TICK_BACKFILL } from "../domain/tick.ts";
import { MissingRanges } from "./missing-ranges.ts";

/** The next number of its stream. */
export const TAKE_NEW = 0;
/** A number that arrived before: nothing to do but acknowledge it again. */
export const TAKE_DUPLICATE = 1;
/** A number that was missing. */
export const TAKE_FILLS_GAP = 2;
/** New, but numbers before it are missing; the gap has been reported. */
export const TAKE_GAP = 3;
/** Not a whole number from 1, or of a stream beyond {@link STREAMS_MAX}: not tracked, the tick is taken in as it is. */
export const TAKE_UNTRACKED = 4;

export type Take =
  | typeof TAKE_NEW
  | typeof TAKE_DUPLICATE
  | typeof TAKE_FILLS_GAP
  | typeof TAKE_GAP
  | typeof TAKE_UNTRACKED;

/** Streams, that is pairs of source and instrument, the ledger follows. */
export const STREAMS_MAX = 4_096;

/**
 * Silence in open hours that is a fault. The longest between two ticks in nine days of real EURUSD, NZDUSD and XAUUSD
 * was 6 minutes 27 seconds, in the Asian hours of a holiday.
 */
export const STALL_MICROS = 10 * MICROS_PER_MINUTE;

/** Instrument ids are 16 bits in the journal. */
const INSTRUMENT_IDS = 65_536;

export type GapRange = Pick<Gap, "sourceId" | "instrumentId" | "fromSourceSeq" | "toSourceSeq">;

export interface StreamCounts {
  readonly sourceId: number;
  readonly instrumentId: number;
  /** Numbers the source is known to have given out. Always received + missing + lost. */
  readonly expected: number;
  /** Ticks taken in, backfilled ones included, duplicates not. */
  readonly received: number;
  /** Ticks that filled a gap or came flagged as backfill. */
  readonly backfilled: number;
  readonly duplicated: number;
  readonly quarantined: number;
  /** Numbers that may still arrive, in `ranges` holes. */
  readonly missing: number;
  readonly ranges: number;
  /** Numbers nobody waits for any more: their source restarted, or their hole was the oldest of too many. */
  readonly lost: number;
  readonly boots: number;
  readonly lastSourceSeq: number;
  /** When the last tick was taken in, a duplicate included. */
  readonly lastTimeMicros: Micros;
}

/** One source's ticks of one instrument. */
class Stream {
  sourceId: number;
  instrumentId: number;
  /** 0 before the first: sources number from 1, so whatever comes before a stream's first tick is missing too. */
  lastSourceSeq = 0;
  lastTimeMicros: Micros = Number.NaN;
  /** Numbers up to here were given up; one of them that comes after all is taken if it says it is backfill. */
  lostUpToSeq = 0;
  received = 0;
  backfilled = 0;
  duplicated = 0;
  quarantined = 0;
  lost = 0;
  boots = 0;
  readonly missing = new MissingRanges();

  constructor(sourceId: number, instrumentId: number) {
    this.sourceId = sourceId;
    this.instrumentId = instrumentId;
  }

  /** The source counts anew: what is missing of its former life will not come. */
  boot(firstSeq: number): void {
    this.lost += this.missing.missing;
    this.missing.clear();
    this.lostUpToSeq = 0;
    this.boots++;
    this.lastSourceSeq = firstSeq - 1;
  }

  /** Keeps the holes within their bound. */
  giveUpOldest(): void {
    if (!this.missing.overfull) return;
    this.lostUpToSeq = this.missing.to(0);
    this.lost += this.missing.dropOldest();
  }

  counts(): StreamCounts {
    return {
      sourceId: this.sourceId,
      instrumentId: this.instrumentId,
      expected: this.received + this.missing.missing + this.lost,
      received: this.received,
      backfilled: this.backfilled,
      duplicated: this.duplicated,
      quarantined: this.quarantined,
      missing: this.missing.missing,
      ranges: this.missing.size,
      lost: this.lost,
      boots: this.boots,
      lastSourceSeq: this.lastSourceSeq,
      lastTimeMicros: this.lastTimeMicros,
    };
  }

  persist(archive: Archive): void {
    this.lastSourceSeq = archive.number(this.lastSourceSeq);
    this.lastTimeMicros = archive.number(this.lastTimeMicros);
    this.lostUpToSeq = archive.number(this.lostUpToSeq);
    this.received = archive.number(this.received);
    this.backfilled = archive.number(this.backfilled);
    this.duplicated = archive.number(this.duplicated);
    this.quarantined = archive.number(this.quarantined);
    this.lost = archive.number(this.lost);
    this.boots = archive.number(this.boots);
    this.missing.persist(archive);
  }
}

export class GapLedger {
  readonly #onGap: (gap: GapRange) => void;
  readonly #stallMicros: number;
  readonly #streams: Stream[] = [];
  readonly #byKey = new Map<number, Stream>();
  #untracked = 0;

  constructor(options: { onGap: (gap: GapRange) => void; stallMicros?: number }) {
    this.#onGap = options.onGap;
    this.#stallMicros = options.stallMicros ?? STALL_MICROS;
  }

  /** Ticks whose number or stream could not be followed. */
  get untracked(): number {
    return this.#untracked;
  }

  /** Judges a tick by its number, before it has a place in the order. Allocates for a new stream or a new gap only. */
  take(sourceId: number, instrumentId: number, sourceSeq: number, flags: number, timeMicros: Micros): Take {
    const stream = this.#track(sourceId, instrumentId, sourceSeq, timeMicros);
    if (stream === undefined) return TAKE_UNTRACKED;
    const taken = this.#place(stream, sourceSeq, flags);
    if (taken === TAKE_GAP) {
      const last = stream.missing.size - 1;
      this.#onGap({
        sourceId,
        instrumentId,
        fromSourceSeq: stream.missing.from(last),
        toSourceSeq: stream.missing.to(last),
      });
    }
    return taken;
  }

  /**
   * Follows a tick that is in the journal already: as {@link take}, but its gap was reported then, and since a repeated
   * tick is never journaled, a number seen before means that its source had restarted from 1.
   */
  replay(sourceId: number, instrumentId: number, sourceSeq: number, flags: number, timeMicros: Micros): void {
    const stream = this.#track(sourceId, instrumentId, sourceSeq, timeMicros);
    if (stream === undefined) return;
    if (this.#place(stream, sourceSeq, flags) !== TAKE_DUPLICATE) return;
    stream.duplicated--;
    stream.boot(1);
    this.#place(stream, sourceSeq, flags);
  }

  /** A source restarted and numbers every instrument from `firstSeq` again. What it still owed is lost. */
  boot(sourceId: number, firstSeq: number): void {
    assert(Number.isSafeInteger(firstSeq) && firstSeq >= 1, "sources number from 1");
    for (const stream of this.#streams) {
      if (stream.sourceId === sourceId) stream.boot(firstSeq);
    }
  }

  /** Counts a tick that validation refused. */
  quarantined(sourceId: number, instrumentId: number): void {
    const stream = this.#byKey.get(sourceId * INSTRUMENT_IDS + instrumentId);
    if (stream !== undefined) stream.quarantined++;
  }

  /**
   * Whether `instrument` has been silent for too long in open hours: from all sources that ever sent it, or from
   * `sourceId` alone. Closed hours do not count, and neither does an instrument that never had a tick.
   */
  stalled(timeMicros: Micros, instrument: Instrument, sourceId?: number): boolean {
    const sinceMicros = timeMicros - this.#stallMicros;
    if (!isOpen(instrument, timeMicros) || !isOpen(instrument, sinceMicros)) return false;
    let heard = false;
    for (const stream of this.#streams) {
      if (stream.instrumentId !== instrument.id) continue;
      if (sourceId !== undefined && stream.sourceId !== sourceId) continue;
      if (stream.lastTimeMicros >= sinceMicros) return false;
      heard = true;
    }
    return heard;
  }

  /** The streams in the order of their first tick. */
  counts(): StreamCounts[] {
    return this.#streams.map((stream) => stream.counts());
  }

  /** The highest number a source gave a tick of an instrument; 0 before its first. */
  lastSourceSeq(sourceId: number, instrumentId: number): number {
    return this.#byKey.get(sourceId * INSTRUMENT_IDS + instrumentId)?.lastSourceSeq ?? 0;
  }

  /** What a source still owes of an instrument, oldest first: what to ask it for. */
  missing(sourceId: number, instrumentId: number): GapRange[] {
    const stream = this.#byKey.get(sourceId * INSTRUMENT_IDS + instrumentId);
    if (stream === undefined) return [];
    return Array.from({ length: stream.missing.size }, (_, index) => ({
      sourceId,
      instrumentId,
      fromSourceSeq: stream.missing.from(index),
      toSourceSeq: stream.missing.to(index),
    }));
  }

  persist(archive: Archive): void {
    this.#untracked = archive.number(this.#untracked);
    const size = archive.number(this.#streams.length);
    if (!(size >= 0 && size <= STREAMS_MAX))
      throw new ArchiveMismatch(`snapshot holds ${size} streams of ticks`);
    if (archive.loading) {
      this.#streams.length = 0;
      this.#byKey.clear();
    }
    for (let index = 0; index < size; index++) {
      const saved = this.#streams[index];
      const sourceId = archive.number(saved?.sourceId ?? 0);
      const instrumentId = archive.number(saved?.instrumentId ?? 0);
      (saved ?? this.#add(sourceId, instrumentId)).persist(archive);
    }
  }

  #place(stream: Stream, sourceSeq: number, flags: number): Take {
    const backfill = (flags & TICK_BACKFILL) !== 0;
    const step = sourceSeq - stream.lastSourceSeq;
    if (step <= 0) return this.#placeEarlier(stream, sourceSeq, backfill);
    stream.received++;
    if (backfill) stream.backfilled++;
    const gapFrom = stream.lastSourceSeq + 1;
    stream.lastSourceSeq = sourceSeq;
    if (step === 1) return TAKE_NEW;
    stream.missing.append(gapFrom, sourceSeq - 1);
    stream.giveUpOldest();
    return TAKE_GAP;
  }

  #placeEarlier(stream: Stream, sourceSeq: number, backfill: boolean): Take {
    if (stream.missing.remove(sourceSeq)) {
      stream.giveUpOldest();
    } else if (backfill && sourceSeq <= stream.lostUpToSeq && stream.lost > 0) {
      stream.lost--;
    } else {
      stream.duplicated++;
      return TAKE_DUPLICATE;
    }
    stream.received++;
    stream.backfilled++;
    return TAKE_FILLS_GAP;
  }

  #track(sourceId: number, instrumentId: number, sourceSeq: number, timeMicros: Micros): Stream | undefined {
    let stream: Stream | undefined;
    if (Number.isSafeInteger(sourceSeq) && sourceSeq >= 1) {
      stream = this.#byKey.get(sourceId * INSTRUMENT_IDS + instrumentId);
      if (stream === undefined && this.#streams.length < STREAMS_MAX)
        stream = this.#add(sourceId, instrumentId);
    }
    if (stream === undefined) this.#untracked++;
    else stream.lastTimeMicros = timeMicros;
    return stream;
  }

  #add(sourceId: number, instrumentId: number): Stream {
    const stream = new Stream(sourceId, instrumentId);
    this.#streams.push(stream);
    this.#byKey.set(sourceId * INSTRUMENT_IDS + instrumentId, stream);
    return stream;
  }
}
