// The fingerprint: equal for equal streams, different for any change, and it continues from a snapshot.

import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { LoadArchive, SaveArchive } from "./archive.ts";
import { StateHash } from "./hash.ts";

type Item = number | string;

function feed(hash: StateHash, items: readonly Item[]): StateHash {
  for (const item of items) {
    if (typeof item === "number") hash.number(item);
    else hash.text(item);
  }
  return hash;
}

const items = fc.array(fc.oneof(fc.double(), fc.string()), { maxLength: 20 });

test("is sixteen hexadecimal digits, and reading it changes nothing", () => {
  const hash = feed(new StateHash(), [1, "EURUSD", -0]);
  expect(hash.hex()).toMatch(/^[0-9a-f]{16}$/);
  expect(hash.hex()).toBe(hash.hex());
});

test("keeps its value across versions: recorded hashes stay comparable", () => {
  expect(feed(new StateHash(), [1, 2.5, "EURUSD"]).hex()).toBe("c09d814c285ffbe6");
});

test("tells apart what is nearly the same", () => {
  const streams: Item[][] = [
    [],
    [0],
    [-0],
    [0, 0],
    [1, 2],
    [2, 1],
    ["ab"],
    ["a", "b"],
    ["b", "a"],
    [""],
    [Number.NaN],
    [5e-324],
  ];
  const hashes = streams.map((stream) => feed(new StateHash(), stream).hex());
  expect(new Set(hashes).size).toBe(streams.length);
});

test("all NaNs hash alike", () => {
  const odd = new Float64Array(new BigUint64Array([0x7ff8_0000_0000_1234n]).buffer)[0]!;
  expect(feed(new StateHash(), [odd]).hex()).toBe(feed(new StateHash(), [Number.NaN]).hex());
});

test("property: the same stream hashes the same, with or without a snapshot in between", () => {
  fc.assert(
    fc.property(items, items, (before, after) => {
      const half = feed(new StateHash(), before);
      const saved = new SaveArchive();
      half.persist(saved);
      const loaded = new StateHash();
      loaded.persist(new LoadArchive(saved.finish()));
      const whole = feed(new StateHash(), [...before, ...after]).hex();
      expect(feed(loaded, after).hex()).toBe(whole);
      expect(feed(half, after).hex()).toBe(whole);
    }),
  );
});

test("a hundred thousand neighbouring integers do not collide", () => {
  const seen = new Set<string>();
  for (let i = 0; i < 100_000; i++) {
    const hash = new StateHash();
    hash.number(i);
    seen.add(hash.hex());
  }
  expect(seen.size).toBe(100_000);
});
