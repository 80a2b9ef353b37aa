// Percentiles against sorted samples: within the promised 1.6 %, whatever the samples are.

import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { LatencyHistogram } from "./histogram.ts";

const RELATIVE_ERROR_MAX = 1 / 63;
/** Below one microsecond buckets are 1/64 us wide. */
const ABSOLUTE_ERROR_MAX_MICROS = 1 / 64;

const samples = fc.array(
  fc.oneof(fc.double({ min: 0, max: 2, noNaN: true }), fc.double({ min: 0, max: 2 ** 25 - 1, noNaN: true })),
  { minLength: 1, maxLength: 200 },
);

test("property: a quantile lies within 1.6 % of the sorted sample", () => {
  fc.assert(
    fc.property(samples, fc.double({ min: 0, max: 1, noNaN: true }), (values, quantile) => {
      const histogram = new LatencyHistogram();
      for (const value of values) histogram.record(value);
      const sorted = values.toSorted((a, b) => a - b);
      const truth = sorted[Math.max(1, Math.ceil(quantile * sorted.length)) - 1]!;
      const error = Math.abs(histogram.quantileMicros(quantile) - truth);
      expect(error).toBeLessThanOrEqual(Math.max(ABSOLUTE_ERROR_MAX_MICROS, truth * RELATIVE_ERROR_MAX));
    }),
    { numRuns: 300 },
  );
});

test("property: merged histograms say what one over all samples says", () => {
  fc.assert(
    fc.property(samples, samples, (left, right) => {
      const [a, b, all] = [new LatencyHistogram(), new LatencyHistogram(), new LatencyHistogram()];
      for (const value of left) a.record(value);
      for (const value of right) b.record(value);
      for (const value of [...left, ...right]) all.record(value);
      a.merge(b);
      expect(a.count).toBe(all.count);
      expect(a.maxMicros).toBe(all.maxMicros);
      expect(a.meanMicros).toBeCloseTo(all.meanMicros, 3);
      for (const quantile of [0, 0.5, 0.99, 1]) {
        expect(a.quantileMicros(quantile)).toBe(all.quantileMicros(quantile));
      }
    }),
  );
});

test("counts, mean and maximum are exact; what is no duration is left out", () => {
  const histogram = new LatencyHistogram();
  for (const value of [10, 20, 90, -1, Number.NaN]) histogram.record(value);
  expect([histogram.count, histogram.meanMicros, histogram.maxMicros]).toEqual([3, 40, 90]);
  histogram.reset();
  expect([histogram.count, histogram.meanMicros, histogram.quantileMicros(0.5)]).toEqual([0, 0, 0]);
});

test("a duration beyond the range counts in the last bucket and in the maximum", () => {
  const histogram = new LatencyHistogram();
  for (const value of [2 ** 25, 2 ** 40, Number.POSITIVE_INFINITY]) histogram.record(value);
  expect(histogram.count).toBe(3);
  expect(histogram.maxMicros).toBe(Number.POSITIVE_INFINITY);
  expect(histogram.quantileMicros(0.5)).toBeGreaterThan(2 ** 24);
});

test("a quantile outside [0, 1] is a bug", () => {
  for (const quantile of [-0.1, 1.1, Number.NaN]) {
    expect(() => new LatencyHistogram().quantileMicros(quantile)).toThrow("a quantile lies in [0, 1]");
  }
});
