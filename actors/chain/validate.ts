// Step 1 of the chain: is this tick fit to be a quote? Every tick leaves either as a quote in integer points or with
// the reason why not. Constant time, no allocation, and no state that one bad tick could poison.

import type { Archive } from "../base/archive.ts";
import { assert } from "../base/assert.ts";
import { MICROS_PER_DAY, MICROS_PER_SECOND, type Micros } from "../base/clock.ts";
import { type Instrument, isOpen, pointsPerUnit } from "../domain/instrument.ts";
import type { QuarantineCode } from "../domain/quarantine.ts";
import type { Quote } from "../domain/quote.ts";
import { TICK_BACKFILL, type Tick } from "../domain/tick.ts";
import { SpikeFilter } from "./robust.ts";

export interface ValidationSettings {
  /**
   * A bid equal to the ask. Accepted by default: brokers that aggregate several venues quote it in earnest. Of 322,000
   * real FXCM quotes 12 % are such, and their mids are as close to another broker's as those of the rest: within 5.5
   * points in 99 of 100 cases against 8.
   */
  readonly zeroSpread: "accept" | "quarantine";
  /** A price between two points: quarantined, since it means wrong digits or a broken decimal; or rounded. */
  readonly offGrid: "quarantine" | "round";
  /** How far from a whole point a price may be, in points. A double's own noise stays below 1e-6 of a point. */
  readonly gridTolerancePoints: number;
  /** The highest price that can be meant, in points; the lowest is one point. */
  readonly pricePointsMax: number;
  /** How many times higher or lower than the source's last good mid a price may be. Catches shifted decimals. */
  readonly priceRatioMax: number;
  /** A last good mid older than this says nothing about the range any more. */
  readonly referenceLifeMicros: number;
  /** How old a tick may be when it is taken in. Backfilled ticks may be older. */
  readonly staleMicros: number;
  /** How far a source's clock may be ahead of ours. */
  readonly futureMicros: number;
  /** Robust z-score beyond which a change of the mid is a spike; see {@link SpikeFilter}. */
  readonly spikeZMax: number;
  /** A smaller change is no spike, however calm the market: tight quotes of a fast feed move by a spread or two. */
  readonly spikeBasisPointsMin: number;
  /** Further ticks near the new level that turn a spike into a jump. */
  readonly spikeConfirmations: number;
}

/**
 * Measured on nine days of real EURUSD, NZDUSD and XAUUSD ticks with a payrolls release: the largest z-score of a good
 * tick was 7.6, and what the limits refuse there is reported by this module's test on real data.
 */
export const VALIDATION_DEFAULTS: ValidationSettings = Object.freeze({
  zeroSpread: "accept",
  offGrid: "quarantine",
  gridTolerancePoints: 0.001,
  pricePointsMax: 2_147_483_647,
  priceRatioMax: 1.5,
  referenceLifeMicros: 7 * MICROS_PER_DAY,
  staleMicros: 60 * MICROS_PER_SECOND,
  futureMicros: 5 * MICROS_PER_SECOND,
  spikeZMax: 10,
  spikeBasisPointsMin: 2,
  spikeConfirmations: 3,
});

/** Sources of one instrument the validator remembers; a further one takes the place of the longest silent. */
export const SOURCES_PER_INSTRUMENT_MAX = 4;

/** Good ticks after which a source's last mid is trusted to judge the range of the next. */
const ANCHOR_TICKS = 16;

/** 1990-01-01 and 2200-01-01, UTC: no source means an earlier or later time. */
const SOURCE_TIME_MIN_MICROS = 631_152_000 * MICROS_PER_SECOND;
const SOURCE_TIME_MAX_MICROS = 7_258_118_400 * MICROS_PER_SECOND;

const NO_SOURCE = -1;

/** What is remembered of one source: sources differ in level, spread and clock, and must not judge each other. */
class SourceMemory {
  sourceId = NO_SOURCE;
  lastUse = 0;
  accepted = 0;
  acceptedTimeMicros: Micros = 0;
  /** The last tick that was well formed, accepted or not: what a duplicate repeats. */
  seenTimeMicros: Micros = Number.NaN;
  seenSourceSeq = 0;
  seenBid = 0;
  seenAsk = 0;
  seenBidVolume = 0;
  seenAskVolume = 0;
  readonly spikes: SpikeFilter;

  constructor(settings: ValidationSettings) {
    this.spikes = new SpikeFilter({
      zMax: settings.spikeZMax,
      basisPointsMin: settings.spikeBasisPointsMin,
      confirmations: settings.spikeConfirmations,
    });
  }

  reset(sourceId: number): void {
    this.sourceId = sourceId;
    this.accepted = 0;
    this.acceptedTimeMicros = 0;
    this.seenTimeMicros = Number.NaN;
    this.spikes.reset();
  }

  /**
   * Whether the source says the same thing twice: the same time, prices and volumes, whatever its number; or the same
   * number at the same time. The same prices at a later time are a fresh quote, which sources send in earnest.
   */
  repeats(tick: Tick): boolean {
    if (tick.sourceTimeMicros !== this.seenTimeMicros) return false;
    if (tick.sourceSeq === this.seenSourceSeq) return true;
    return (
      tick.bid === this.seenBid &&
      tick.ask === this.seenAsk &&
      tick.bidVolume === this.seenBidVolume &&
      tick.askVolume === this.seenAskVolume
    );
  }

  see(tick: Tick): void {
    this.seenTimeMicros = tick.sourceTimeMicros;
    this.seenSourceSeq = tick.sourceSeq;
    this.seenBid = tick.bid;
    this.seenAsk = tick.ask;
    this.seenBidVolume = tick.bidVolume;
    this.seenAskVolume = tick.askVolume;
  }

  persist(archive: Archive): void {
    this.sourceId = archive.number(this.sourceId);
    this.lastUse = archive.number(this.lastUse);
    this.accepted = archive.number(this.accepted);
    this.acceptedTimeMicros = archive.number(this.acceptedTimeMicros);
    this.seenTimeMicros = archive.number(this.seenTimeMicros);
    this.seenSourceSeq = archive.number(this.seenSourceSeq);
    this.seenBid = archive.number(this.seenBid);
    this.seenAsk = archive.number(this.seenAsk);
    this.seenBidVolume = archive.number(this.seenBidVolume);
    this.seenAskVolume = archive.number(this.seenAskVolume);
    this.spikes.persist(archive);
  }
}

/** Judges the ticks of one instrument, from all its sources, in the order they were taken in. */
export class TickValidator {
  readonly #instrument: Instrument;
  readonly #settings: ValidationSettings;
  readonly #pointsPerUnit: number;
  readonly #sources: readonly SourceMemory[];
  #uses = 0;

  constructor(options: { instrument: Instrument; settings?: Partial<ValidationSettings> }) {
    const settings: ValidationSettings = { ...VALIDATION_DEFAULTS, ...options.settings };
    assert(settings.priceRatioMax > 1, "priceRatioMax is a ratio above 1");
    assert(settings.gridTolerancePoints >= 0, "gridTolerancePoints cannot be negative");
    assert(settings.staleMicros >= 0 && settings.futureMicros >= 0, "time limits cannot be negative");
    assert(settings.spikeZMax > 0 && settings.spikeConfirmations >= 1, "a spike needs a limit and a way out");
    this.#instrument = options.instrument;
    this.#settings = settings;
    this.#pointsPerUnit = pointsPerUnit(options.instrument);
    this.#sources = Array.from({ length: SOURCES_PER_INSTRUMENT_MAX }, () => new SourceMemory(settings));
  }

  /**
   * Fills `quote` and returns undefined, or returns the reason and leaves `quote` as it was. The checks run from the
   * tick alone, over time, to what its source said before; the first that fails gives the reason.
   */
  check(tick: Tick, quote: Quote): QuarantineCode | undefined {
    const malformed =
      priceFault(tick.bid) ??
      priceFault(tick.ask) ??
      volumeFault(tick) ??
      numberFault(tick) ??
      this.#timeFault(tick);
    if (malformed !== undefined) return malformed;

    const exactBid = tick.bid * this.#pointsPerUnit;
    const exactAsk = tick.ask * this.#pointsPerUnit;
    const bidPoints = Math.round(exactBid);
    const askPoints = Math.round(exactAsk);
    const source = this.#sourceOf(tick.sourceId);
    const spreadPoints = askPoints - bidPoints;
    const misplaced =
      this.#rangeFault(bidPoints, askPoints) ??
      this.#gridFault(Math.max(Math.abs(exactBid - bidPoints), Math.abs(exactAsk - askPoints))) ??
      this.#driftFault(source, bidPoints, askPoints, tick.sourceTimeMicros) ??
      this.#spreadFault(spreadPoints);
    if (misplaced !== undefined) return misplaced;

    if (tick.sourceTimeMicros < source.acceptedTimeMicros) return "out-of-order";
    if (source.repeats(tick)) return "duplicate";
    source.see(tick);
    if (source.spikes.isSpike((bidPoints + askPoints) / 2, spreadPoints, tick.sourceTimeMicros))
      return "spike";
    source.accepted++;
    source.acceptedTimeMicros = tick.sourceTimeMicros;
    fill(quote, tick, bidPoints, askPoints);
    return undefined;
  }

  /** Forgets all prices: an operator says that the level they judge by is wrong. */
  reset(): void {
    for (const source of this.#sources) source.reset(NO_SOURCE);
  }

  persist(archive: Archive): void {
    this.#uses = archive.number(this.#uses);
    for (const source of this.#sources) source.persist(archive);
  }

  #timeFault(tick: Tick): QuarantineCode | undefined {
    const sourceTimeMicros = tick.sourceTimeMicros;
    if (
      !Number.isSafeInteger(sourceTimeMicros) ||
      sourceTimeMicros < SOURCE_TIME_MIN_MICROS ||
      sourceTimeMicros >= SOURCE_TIME_MAX_MICROS
    ) {
      return "bad-timestamp";
    }
    const backfill = (tick.flags & TICK_BACKFILL) !== 0;
    const ageMicros = tick.timeMicros - sourceTimeMicros;
    if (ageMicros < -this.#settings.futureMicros) return "future";
    if (!backfill && ageMicros > this.#settings.staleMicros) return "stale";
    if (!isOpen(this.#instrument, backfill ? sourceTimeMicros : tick.timeMicros)) return "market-closed";
    return undefined;
  }

  #rangeFault(bidPoints: number, askPoints: number): QuarantineCode | undefined {
    const pointsMax = this.#settings.pricePointsMax;
    if (bidPoints < 1 || askPoints < 1 || bidPoints > pointsMax || askPoints > pointsMax) {
      return "price-out-of-range";
    }
    return undefined;
  }

  #gridFault(offPoints: number): QuarantineCode | undefined {
    if (offPoints <= this.#settings.gridTolerancePoints || this.#settings.offGrid === "round")
      return undefined;
    return "off-grid-price";
  }

  /**
   * Beyond the ratio no number of ticks confirms a level: a source that has shifted its decimals does so for good. Only
   * a source's first ticks, and those after a long silence, may still be wrong themselves; the spike filter judges then.
   */
  #driftFault(
    source: SourceMemory,
    bidPoints: number,
    askPoints: number,
    sourceTimeMicros: Micros,
  ): QuarantineCode | undefined {
    if (source.accepted < ANCHOR_TICKS) return undefined;
    const { priceRatioMax, referenceLifeMicros } = this.#settings;
    if (sourceTimeMicros - source.acceptedTimeMicros > referenceLifeMicros) {
      source.accepted = 0;
      return undefined;
    }
    const referencePoints = source.spikes.midPoints;
    const lowest = Math.min(bidPoints, askPoints);
    const highest = Math.max(bidPoints, askPoints);
    if (lowest * priceRatioMax < referencePoints || highest > referencePoints * priceRatioMax) {
      return "price-out-of-range";
    }
    return undefined;
  }

  #spreadFault(spreadPoints: number): QuarantineCode | undefined {
    if (spreadPoints < 0) return "crossed-quote";
    if (spreadPoints === 0 && this.#settings.zeroSpread === "quarantine") return "zero-spread";
    if (spreadPoints > this.#instrument.spreadMaxPoints) return "wide-spread";
    return undefined;
  }

  #sourceOf(sourceId: number): SourceMemory {
    this.#uses++;
    let oldest = this.#sources[0] as SourceMemory;
    for (let index = 0; index < SOURCES_PER_INSTRUMENT_MAX; index++) {
      const source = this.#sources[index] as SourceMemory;
      if (source.sourceId === sourceId) {
        source.lastUse = this.#uses;
        return source;
      }
      if (source.lastUse < oldest.lastUse) oldest = source;
    }
    oldest.reset(sourceId);
    oldest.lastUse = this.#uses;
    return oldest;
  }
}

function priceFault(price: number): QuarantineCode | undefined {
  if (price > 0 && price < Infinity) return undefined;
  if (Number.isNaN(price)) return "not-a-number";
  if (price === 0) return "zero-price";
  return Math.abs(price) === Infinity ? "infinite-price" : "negative-price";
}

/** An infinite volume is no more a number of lots than NaN. */
function volumeFault(tick: Tick): QuarantineCode | undefined {
  const { bidVolume, askVolume } = tick;
  if (!Number.isFinite(bidVolume) || !Number.isFinite(askVolume)) return "not-a-number-volume";
  if (bidVolume < 0 || askVolume < 0) return "negative-volume";
  return bidVolume + askVolume === Infinity ? "not-a-number-volume" : undefined;
}

function numberFault(tick: Tick): QuarantineCode | undefined {
  return Number.isSafeInteger(tick.sourceSeq) && tick.sourceSeq >= 1 ? undefined : "bad-source-seq";
}

function fill(quote: Quote, tick: Tick, bidPoints: number, askPoints: number): void {
  quote.seq = tick.seq;
  quote.timeMicros = tick.timeMicros;
  quote.sourceTimeMicros = tick.sourceTimeMicros;
  quote.bidPoints = bidPoints;
  quote.askPoints = askPoints;
  quote.midPoints = (bidPoints + askPoints) / 2;
  quote.spreadPoints = askPoints - bidPoints;
  quote.volume = tick.bidVolume + tick.askVolume;
  quote.bidVolume = tick.bidVolume;
  quote.askVolume = tick.askVolume;
  quote.flags = tick.flags;
}
