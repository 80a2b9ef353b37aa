// The market as a whole: hears every instrument, and once a minute says how they move together and what the dollar
// does. Symbols apply what it says as a record, so that a replay applies it at the same place.

import type { Archive } from "../base/archive.ts";
import { MICROS_PER_MINUTE, type Micros } from "../base/clock.ts";
import { decayFactor, logRatio } from "../base/exponential.ts";
import type { Instrument } from "../domain/instrument.ts";
import type { JournalRecord } from "../domain/records.ts";
import { type Tick, TICK_SECONDARY } from "../domain/tick.ts";
import type { Emitter } from "../ports/emitter.ts";
import { CorrelationMatrix } from "./correlation.ts";
import { DollarIndex } from "./dollar-index.ts";
import {
  CORRELATION_HALF_LIFE_MINUTES,
  CORRELATION_WARM_MINUTES,
  INDEX_RETURN_MINUTES,
  MID_AGE_MINUTES_MAX,
  MID_JUMP_MAX,
  RETURN_DEVIATIONS_MAX,
  RETURN_VARIANCE_HALF_LIFE_MINUTES,
  RETURN_VARIANCE_WARM,
} from "./market-limits.ts";

const BASIS_POINTS = 10_000;
const VARIANCE_WEIGHT = 1 - decayFactor(Math.LN2 / RETURN_VARIANCE_HALF_LIFE_MINUTES);

export interface MarketOptions {
  /** By id, without holes. */
  readonly instruments: readonly Instrument[];
  readonly emitter: Emitter;
}

/**
 * At each minute of actor time it takes the last mid of every instrument. A return counts only between two minutes in
 * a row in both of which the instrument was quoted: one over a weekend or a silent hour says nothing about a minute.
 */
export class MarketActor {
  readonly #emitter: Emitter;
  readonly #index: DollarIndex;
  /** The instruments, and the dollar index as the last series. */
  readonly #correlations: CorrelationMatrix;
  readonly #series: number;
  /** Mid of the latest usable tick and the minute it came in, by instrument id. NaN before the first. */
  readonly #mids: Float64Array;
  readonly #minutes: Float64Array;
  /** A mid that jumped too far and waits to be confirmed; 0 when there is none. */
  readonly #suspects: Float64Array;
  /** The same at the end of an earlier minute: what returns are taken against. */
  readonly #sampleMids: Float64Array;
  readonly #sampleMinutes: Float64Array;
  /** Average squared return of each series, and how many it saw. */
  readonly #variances: Float64Array;
  readonly #returnCounts: Float64Array;
  /** The last minute's log returns of each series; scratch, NaN where missing. */
  readonly #returns: Float64Array;
  /** Log returns of the index in the last minutes, by minute modulo their number, and which minute each was. */
  readonly #indexReturns = new Float64Array(INDEX_RETURN_MINUTES).fill(Number.NaN);
  readonly #indexMinutes = new Float64Array(INDEX_RETURN_MINUTES).fill(Number.NaN);
  #nowMicros: Micros = 0;
  #minute = Number.NEGATIVE_INFINITY;
  /** Whether a usable tick came in the running minute. */
  #quoted = false;

  constructor(options: MarketOptions) {
    const count = options.instruments.length;
    this.#emitter = options.emitter;
    this.#index = new DollarIndex(options.instruments);
    this.#series = count + 1;
    this.#correlations = new CorrelationMatrix({
      series: this.#series,
      halfLife: CORRELATION_HALF_LIFE_MINUTES,
      warmAfter: CORRELATION_WARM_MINUTES,
    });
    this.#mids = new Float64Array(count).fill(Number.NaN);
    this.#minutes = new Float64Array(count).fill(Number.NaN);
    this.#suspects = new Float64Array(count);
    this.#sampleMids = new Float64Array(count).fill(Number.NaN);
    this.#sampleMinutes = new Float64Array(count).fill(Number.NaN);
    this.#variances = new Float64Array(this.#series);
    this.#returnCounts = new Float64Array(this.#series);
    this.#returns = new Float64Array(this.#series);
  }

  /** The end of the running minute if anything was quoted in it; Infinity while the market is silent. */
  get nextDueMicros(): Micros {
    return this.#quoted ? (this.#minute + 1) * MICROS_PER_MINUTE : Number.POSITIVE_INFINITY;
  }

  /** How two instruments move together now; NaN while that is not known. */
  correlationOf(firstId: number, secondId: number): number {
    return this.#correlations.between(firstId, secondId);
  }

  receive(record: JournalRecord): void {
    if (record.kind !== "tick" && record.kind !== "beat") return;
    if (record.timeMicros > this.#nowMicros) this.#nowMicros = record.timeMicros;
    const minute = Math.floor(this.#nowMicros / MICROS_PER_MINUTE);
    if (minute > this.#minute) {
      if (this.#quoted) this.#closeMinute(record.seq);
      this.#minute = minute;
    }
    if (record.kind === "tick") this.#take(record);
  }

  persist(archive: Archive): void {
    this.#correlations.persist(archive);
    archive.numbers(this.#mids);
    archive.numbers(this.#minutes);
    archive.numbers(this.#suspects);
    archive.numbers(this.#sampleMids);
    archive.numbers(this.#sampleMinutes);
    archive.numbers(this.#variances);
    archive.numbers(this.#returnCounts);
    archive.numbers(this.#indexReturns);
    archive.numbers(this.#indexMinutes);
    this.#nowMicros = archive.number(this.#nowMicros);
    this.#minute = archive.number(this.#minute);
    this.#quoted = archive.boolean(this.#quoted);
  }

  /** Ticks are raw here: what is not a quote is passed over. Backfilled ones count, a second source's do not. */
  #take(tick: Tick): void {
    const id = tick.instrumentId;
    if (id >= this.#mids.length || (tick.flags & TICK_SECONDARY) !== 0) return;
    const mid = (tick.bid + tick.ask) / 2;
    // Written so that NaN and infinities fail.
    if (!(tick.bid > 0 && tick.ask >= tick.bid && mid < Number.MAX_SAFE_INTEGER)) return;
    if (
      jumped(mid, this.#mids[id] as number) &&
      !(Math.abs(mid - (this.#suspects[id] as number)) <= MID_JUMP_MAX * mid)
    ) {
      this.#suspects[id] = mid;
      return;
    }
    this.#suspects[id] = 0;
    this.#mids[id] = mid;
    this.#minutes[id] = this.#minute;
    this.#quoted = true;
  }

  /** The running minute is over: takes returns, moves correlations, says how the market stands. */
  #closeMinute(causeSeq: number): void {
    this.#takeReturns();
    this.#correlations.update(this.#returns);
    this.#quoted = false;
    const count = this.#mids.length;
    const level = this.#index.level(this.#freshMids());
    const dollarCorrelations: (number | null)[] = [];
    const peerCorrelations: (number | null)[] = [];
    for (let id = 0; id < count; id++) {
      dollarCorrelations.push(orNull(this.#correlations.between(id, count)));
      peerCorrelations.push(orNull(this.#correlations.meanAbsolute(id, count)));
    }
    this.#emitter.emit({
      kind: "market",
      seq: 0,
      timeMicros: this.#nowMicros,
      causeSeq,
      dollarIndex: orNull(level),
      dollarIndexReturn: orNull(this.#indexReturn() * BASIS_POINTS),
      dollarCorrelations,
      peerCorrelations,
    });
  }

  #takeReturns(): void {
    const count = this.#mids.length;
    for (let id = 0; id < count; id++) {
      const quoted = this.#minutes[id] === this.#minute;
      const inARow = quoted && this.#sampleMinutes[id] === this.#minute - 1;
      this.#returns[id] = inARow
        ? this.#tame(id, logRatio(this.#mids[id] as number, this.#sampleMids[id] as number))
        : Number.NaN;
      if (!quoted) continue;
      this.#sampleMids[id] = this.#mids[id] as number;
      this.#sampleMinutes[id] = this.#minute;
    }
    const indexReturn = this.#index.logReturn(this.#returns.subarray(0, count));
    this.#returns[count] = indexReturn;
    const slot = this.#minute % INDEX_RETURN_MINUTES;
    this.#indexReturns[slot] = indexReturn;
    this.#indexMinutes[slot] = this.#minute;
  }

  /**
   * Cuts a return to {@link RETURN_DEVIATIONS_MAX} standard deviations of its series: one bad tick at the end of a
   * minute would otherwise own every correlation of its symbol for hours.
   */
  #tame(series: number, logReturn: number): number {
    const count = this.#returnCounts[series] as number;
    const variance = this.#variances[series] as number;
    let tamed = logReturn;
    if (count >= RETURN_VARIANCE_WARM && variance > 0) {
      const limit = RETURN_DEVIATIONS_MAX * Math.sqrt(variance);
      tamed = Math.max(-limit, Math.min(limit, logReturn));
    }
    // A plain mean while it warms up, then exponential: no start value that has to fade.
    const weight = Math.max(VARIANCE_WEIGHT, 1 / (count + 1));
    this.#variances[series] = variance + weight * (tamed * tamed - variance);
    this.#returnCounts[series] = count + 1;
    return tamed;
  }

  /** Mids young enough to speak for now; NaN for the others. */
  #freshMids(): Float64Array {
    const fresh = this.#mids.slice();
    for (let id = 0; id < fresh.length; id++) {
      if (this.#minute - (this.#minutes[id] as number) > MID_AGE_MINUTES_MAX) fresh[id] = Number.NaN;
    }
    return fresh;
  }

  /** Log return of the index over the last minutes; NaN unless every one of them has one. */
  #indexReturn(): number {
    let sum = 0;
    for (let slot = 0; slot < INDEX_RETURN_MINUTES; slot++) {
      const age = this.#minute - (this.#indexMinutes[slot] as number);
      sum += age < INDEX_RETURN_MINUTES ? (this.#indexReturns[slot] as number) : Number.NaN;
    }
    return sum;
  }
}

/** False before the first mid. */
function jumped(mid: number, last: number): boolean {
  return Math.abs(mid - last) > MID_JUMP_MAX * last;
}

/** JSON has no NaN and loses the sign of zero: neither reaches a record. */
function orNull(value: number): number | null {
  if (Number.isNaN(value)) return null;
  return value === 0 ? 0 : value;
}
