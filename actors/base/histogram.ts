// Latency histograms: fixed memory, a few nanoseconds a sample, percentiles within 1.6 % of the truth.

import { assert } from "./assert.ts";

const SUB_BUCKET_BITS = 6;
const SUB_BUCKETS = 1 << SUB_BUCKET_BITS;
const MAGNITUDES = 26;

/**
 * Counts durations in microseconds, log-linear as in HdrHistogram (Gil Tene): {@link SUB_BUCKETS} linear buckets per
 * power of two, from 1/64 us to about 2^25 us; longer ones count in the last bucket and in `maxMicros`.
 */
export class LatencyHistogram {
  readonly #counts = new Uint32Array(SUB_BUCKETS + MAGNITUDES * (SUB_BUCKETS / 2));
  #total = 0;
  #sumMicros = 0;
  #maxMicros = 0;

  get count(): number {
    return this.#total;
  }

  get maxMicros(): number {
    return this.#maxMicros;
  }

  get meanMicros(): number {
    return this.#total === 0 ? 0 : this.#sumMicros / this.#total;
  }

  record(micros: number): void {
    if (!(micros >= 0)) return;
    this.#total++;
    this.#sumMicros += micros;
    if (micros > this.#maxMicros) this.#maxMicros = micros;
    const index = bucketOf(micros);
    this.#counts[index] = (this.#counts[index] as number) + 1;
  }

  /** The value below which the share `quantile` (0..1) of samples lies, in microseconds; 0 without samples. */
  quantileMicros(quantile: number): number {
    assert(quantile >= 0 && quantile <= 1, "a quantile lies in [0, 1]");
    if (this.#total === 0) return 0;
    const wanted = Math.max(1, Math.ceil(quantile * this.#total));
    let seen = 0;
    for (let index = 0; index < this.#counts.length; index++) {
      seen += this.#counts[index] as number;
      if (seen >= wanted) return Math.min(valueOf(index), this.#maxMicros);
    }
    return this.#maxMicros;
  }

  merge(other: LatencyHistogram): void {
    for (let index = 0; index < this.#counts.length; index++) {
      this.#counts[index] = (this.#counts[index] as number) + (other.#counts[index] as number);
    }
    this.#total += other.#total;
    this.#sumMicros += other.#sumMicros;
    if (other.#maxMicros > this.#maxMicros) this.#maxMicros = other.#maxMicros;
  }

  reset(): void {
    this.#counts.fill(0);
    this.#total = 0;
    this.#sumMicros = 0;
    this.#maxMicros = 0;
  }
}

function bucketOf(micros: number): number {
  const units = Math.min(Math.floor(micros * SUB_BUCKETS), 0x7fff_ffff);
  if (units < SUB_BUCKETS) return units;
  const magnitude = 31 - Math.clz32(units) - SUB_BUCKET_BITS + 1;
  return magnitude * (SUB_BUCKETS / 2) + (units >>> magnitude);
}

function valueOf(index: number): number {
  if (index < SUB_BUCKETS) return (index + 0.5) / SUB_BUCKETS;
  const magnitude = Math.floor((index - SUB_BUCKETS) / (SUB_BUCKETS / 2)) + 1;
  const offset = index - magnitude * (SUB_BUCKETS / 2);
  return ((offset + 0.5) * 2 ** magnitude) / SUB_BUCKETS;
}
