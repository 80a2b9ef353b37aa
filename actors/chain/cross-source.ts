// Step 1, second opinion: does another source of the same instrument agree with the price? A primary that jumps alone
// is quarantined; one that stands apart for good is reported as a condition instead, so that neither feed can freeze
// the other.

import type { Archive } from "../base/archive.ts";
import { assert } from "../base/assert.ts";
import { MICROS_PER_SECOND, type Micros } from "../base/clock.ts";
import type { Instrument } from "../domain/instrument.ts";
import type { QuarantineCode } from "../domain/quarantine.ts";
import type { Quote } from "../domain/quote.ts";
import { RobustScale } from "./robust.ts";

export interface CrossSourceSettings {
  /** A secondary quote older than this has no opinion. Short, since a real jump reaches two brokers at different times. */
  readonly secondaryAgeMaxMicros: number;
  /** Tolerated deviation from the usual difference of the two mids, in mean absolute deviations. */
  readonly deviationMax: number;
  /** Tolerated in any case: this many of the two feeds' mean spreads, summed, ... */
  readonly spreadsMin: number;
  /** ... and this share of the price. */
  readonly basisPointsMin: number;
  /** A primary quote is the jumper if it moved this many times further than the secondary since they last agreed. */
  readonly jumpRatioMin: number;
  /** Deviating quotes in a row, and the time since the first of them, after which the deviation is a condition. */
  readonly divergedQuotes: number;
  readonly divergedMicros: number;
  /** Agreeing quotes in a row that end the condition. */
  readonly agreedQuotes: number;
}

export const CROSS_SOURCE_DEFAULTS: CrossSourceSettings = Object.freeze({
  secondaryAgeMaxMicros: MICROS_PER_SECOND,
  deviationMax: 12,
  spreadsMin: 1,
  basisPointsMin: 0.5,
  jumpRatioMin: 2,
  divergedQuotes: 20,
  divergedMicros: 5 * MICROS_PER_SECOND,
  agreedQuotes: 20,
});

/**
 * `alone`: no fresh secondary quote. `agreeing`: within tolerance. `doubtful`: apart, too short to tell which is wrong.
 * `diverged`: apart for long; nothing is quarantined, the feeds need a person's eye.
 */
const CROSS_SOURCE_STATES = ["alone", "agreeing", "doubtful", "diverged"] as const;
export type CrossSourceState = (typeof CROSS_SOURCE_STATES)[number];

const ALONE = 0;
const AGREEING = 1;
const DOUBTFUL = 2;
const DIVERGED = 3;

/** Comparisons before the usual difference of the feeds is known well enough to judge by it. */
const COMPARISONS_MIN = 64;

/** Share of a new difference in the usual one: brokers' mark-ups drift over minutes, not ticks. */
const BIAS_GAIN = 1 / 256;

/** Compares each primary quote with the latest secondary one. Both have passed validation; constant time, no allocation. */
export class CrossSourceCheck {
  readonly #settings: CrossSourceSettings;
  readonly #spreadMaxPoints: number;
  #state = ALONE;
  #secondaryMid = Number.NaN;
  #secondaryTimeMicros: Micros = 0;
  readonly #primarySpread = new RobustScale(1);
  readonly #secondarySpread = new RobustScale(1);
  /** Primary mid minus secondary mid, usually; and how far it usually strays from that. */
  #bias = 0;
  readonly #deviation = new RobustScale(1);
  #comparisons = 0;
  #agreedPrimaryMid = Number.NaN;
  #agreedSecondaryMid = Number.NaN;
  #deviating = 0;
  #deviatingSinceMicros: Micros = 0;
  #agreeing = 0;

  constructor(options: { instrument: Instrument; settings?: Partial<CrossSourceSettings> }) {
    const settings: CrossSourceSettings = { ...CROSS_SOURCE_DEFAULTS, ...options.settings };
    assert(settings.secondaryAgeMaxMicros > 0, "a secondary quote needs some age to be compared at all");
    assert(
      settings.divergedQuotes >= 1 && settings.agreedQuotes >= 1,
      "a condition needs quotes to begin and end",
    );
    this.#settings = settings;
    this.#spreadMaxPoints = options.instrument.spreadMaxPoints;
  }

  get state(): CrossSourceState {
    return CROSS_SOURCE_STATES[this.#state] as CrossSourceState;
  }

  /** The usual difference primary minus secondary, points; 0 until enough quotes were compared. */
  get biasPoints(): number {
    return this.#bias;
  }

  /** Takes the latest quote of the secondary source, already validated. */
  onSecondary(quote: Quote): void {
    this.#secondaryMid = quote.midPoints;
    this.#secondaryTimeMicros = quote.timeMicros;
    this.#secondarySpread.update(quote.spreadPoints);
  }

  /** Judges a primary quote, already validated: "cross-source" when it jumped and the secondary did not. */
  check(quote: Quote): QuarantineCode | undefined {
    if (!(quote.timeMicros - this.#secondaryTimeMicros <= this.#settings.secondaryAgeMaxMicros)) {
      return this.#alone(quote);
    }
    const difference = quote.midPoints - this.#secondaryMid;
    const deviation = Math.abs(difference - this.#bias);
    if (this.#comparisons < COMPARISONS_MIN) {
      this.#learn(quote, difference, deviation);
      return undefined;
    }
    if (deviation <= this.#tolerance(quote)) return this.#agree(quote, difference, deviation);
    return this.#doubt(quote);
  }

  persist(archive: Archive): void {
    this.#state = archive.number(this.#state);
    this.#secondaryMid = archive.number(this.#secondaryMid);
    this.#secondaryTimeMicros = archive.number(this.#secondaryTimeMicros);
    this.#primarySpread.persist(archive);
    this.#secondarySpread.persist(archive);
    this.#bias = archive.number(this.#bias);
    this.#deviation.persist(archive);
    this.#comparisons = archive.number(this.#comparisons);
    this.#agreedPrimaryMid = archive.number(this.#agreedPrimaryMid);
    this.#agreedSecondaryMid = archive.number(this.#agreedSecondaryMid);
    this.#deviating = archive.number(this.#deviating);
    this.#deviatingSinceMicros = archive.number(this.#deviatingSinceMicros);
    this.#agreeing = archive.number(this.#agreeing);
  }

  /** A secondary that fell silent neither confirms nor contradicts; a condition stays until the feeds agree again. */
  #alone(quote: Quote): undefined {
    if (this.#state !== DIVERGED) this.#state = ALONE;
    this.#primarySpread.update(quote.spreadPoints);
    return undefined;
  }

  #learn(quote: Quote, difference: number, deviation: number): void {
    this.#comparisons++;
    this.#bias += (difference - this.#bias) / this.#comparisons;
    // The first differences are measured from a bias that is not known yet.
    if (this.#comparisons > COMPARISONS_MIN / 2) this.#deviation.update(deviation);
    this.#primarySpread.update(quote.spreadPoints);
    this.#anchor(quote);
    this.#state = AGREEING;
  }

  #agree(quote: Quote, difference: number, deviation: number): undefined {
    this.#deviating = 0;
    this.#primarySpread.update(quote.spreadPoints);
    this.#anchor(quote);
    if (this.#state === DIVERGED) {
      this.#agreeing++;
      if (this.#agreeing < this.#settings.agreedQuotes) return undefined;
    }
    this.#bias += BIAS_GAIN * (difference - this.#bias);
    this.#deviation.update(deviation);
    this.#state = AGREEING;
    return undefined;
  }

  #doubt(quote: Quote): QuarantineCode | undefined {
    this.#agreeing = 0;
    if (this.#state === DIVERGED) return undefined;
    if (this.#deviating === 0) this.#deviatingSinceMicros = quote.timeMicros;
    this.#deviating++;
    const { divergedQuotes, divergedMicros, jumpRatioMin } = this.#settings;
    if (this.#deviating > divergedQuotes && quote.timeMicros - this.#deviatingSinceMicros >= divergedMicros) {
      this.#state = DIVERGED;
      return undefined;
    }
    this.#state = DOUBTFUL;
    const primaryMove = Math.abs(quote.midPoints - this.#agreedPrimaryMid);
    const secondaryMove = Math.abs(this.#secondaryMid - this.#agreedSecondaryMid);
    return primaryMove >= secondaryMove * jumpRatioMin ? "cross-source" : undefined;
  }

  #anchor(quote: Quote): void {
    this.#agreedPrimaryMid = quote.midPoints;
    this.#agreedSecondaryMid = this.#secondaryMid;
  }

  #tolerance(quote: Quote): number {
    const { deviationMax, spreadsMin, basisPointsMin } = this.#settings;
    const spreads = spreadsMin * (this.#primarySpread.value + this.#secondarySpread.value);
    const share = (quote.midPoints * basisPointsMin) / 10_000;
    const tolerated = Math.max(deviationMax * this.#deviation.value, spreads, share);
    // Feeds that drift apart must not teach the check to accept it: beyond the widest spread one of them is wrong.
    return Math.min(tolerated, this.#spreadMaxPoints);
  }
}
