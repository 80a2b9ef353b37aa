// Drift of features against the plain index of the same rows, and over a restart.

import { describe, expect, test } from "bun:test";
import { LoadArchive, SaveArchive } from "../base/archive.ts";
import { SeededRandom } from "../base/random.ts";
import { FeatureDrift } from "./drift.ts";
import { stabilityIndex } from "./measures.ts";

const OPTIONS = { width: 3, referenceRows: 400, recentRows: 400 };

/** The first stays, the second moves by a deviation from row 400 on, the third begins to be missing. */
function rowsOf(seed: number, count: number): Float64Array[] {
  const random = new SeededRandom(seed);
  return Array.from({ length: count }, (_, row) =>
    Float64Array.of(
      Math.fround(random.normal()),
      Math.fround(random.normal() + (row >= 400 ? 1 : 0)),
      row >= 400 && random.next() < 0.5 ? Number.NaN : Math.fround(random.normal()),
    ),
  );
}

function restarted(drift: FeatureDrift): FeatureDrift {
  const saved = new SaveArchive();
  drift.persist(saved);
  const again = new FeatureDrift(OPTIONS);
  const archive = new LoadArchive(saved.finish());
  again.persist(archive);
  archive.finish();
  return again;
}

describe("drift", () => {
  test("is the stability index of the first rows and those after", () => {
    const rows = rowsOf(3, 800);
    let drift = new FeatureDrift(OPTIONS);
    for (const [index, row] of rows.entries()) {
      if (index === 200 || index === 600) drift = restarted(drift);
      expect(drift.isReady).toBe(false);
      drift.add(row);
    }
    expect([drift.isReady, drift.seen]).toEqual([true, 400]);
    for (const feature of [0, 1, 2]) {
      const column = (from: number, until: number): Float32Array =>
        Float32Array.from(rows.slice(from, until), (row) => row[feature]!);
      expect(drift.index(feature)).toBeCloseTo(stabilityIndex(column(0, 400), column(400, 800)), 9);
    }
    expect(drift.index(0)).toBeLessThan(0.1);
    expect(drift.index(1)).toBeGreaterThan(0.25);
    expect(drift.index(2)).toBeGreaterThan(0.25);
  });

  test("forgets what is long ago: a feature that came back has not moved", () => {
    const drift = new FeatureDrift(OPTIONS);
    for (const row of rowsOf(4, 1_000)) drift.add(row);
    for (let round = 0; round < 8; round++) {
      for (const row of rowsOf(5 + round, 400)) drift.add(row);
    }
    expect(drift.index(1)).toBeLessThan(0.1);
  });

  test("of rows of another width begins anew after a restart", () => {
    const before = new FeatureDrift({ ...OPTIONS, width: 2 });
    for (let row = 0; row < 500; row++) before.add(Float64Array.of(row, -row));
    const saved = new SaveArchive();
    before.persist(saved);
    const drift = new FeatureDrift(OPTIONS);
    const archive = new LoadArchive(saved.finish());
    drift.persist(archive);
    archive.finish();
    for (const row of rowsOf(3, 800)) drift.add(row);
    expect([drift.isReady, drift.index(1) > 0.25]).toEqual([true, true]);
  });

  test("knows nothing before there are rows, and of a feature that was never there whatever comes", () => {
    const drift = new FeatureDrift(OPTIONS);
    expect(drift.index(0)).toBeNaN();
    for (let row = 0; row < 400; row++) drift.add(Float64Array.of(1, row, Number.NaN));
    for (let row = 0; row < 400; row++) drift.add(Float64Array.of(1, row, 7));
    expect(drift.index(0)).toBeCloseTo(0, 9);
    expect(drift.index(1)).toBeCloseTo(0, 9);
    expect(drift.index(2)).toBeGreaterThan(1);
    expect(() => drift.add(new Float64Array(2))).toThrow("width");
  });
});
