// The zip reader takes a whole file or says what is wrong with it; it never hands out content that is not the original's.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Result } from "../../actors/base/result.ts";
import { makeZip, type ZipOptions } from "./zip.fixture.ts";
import { beginsLikeZip, extractEntry, locateEntry, type ZipFailure } from "./zip.ts";

const NAME = "20140502_eurusd_tick_quote.csv";
const CONTENT = "277,1.38694,1.38705\r\n".repeat(40);
const ONE = [{ name: NAME, content: CONTENT }];

function read(file: Uint8Array, bytesMax = 1_000_000): Result<string, ZipFailure> {
  const entry = locateEntry(file, { tailOffset: 0, looksLikeZip: beginsLikeZip(file) });
  if (!entry.ok) return entry;
  const content = extractEntry(file, entry.value, bytesMax);
  return content.ok ? { ok: true, value: new TextDecoder().decode(content.value) } : content;
}

describe("a whole zip is read", () => {
  const cases: readonly [string, ZipOptions][] = [
    ["deflated", {}],
    ["stored", { stored: true }],
    ["with zip64 sizes", { zip64: true }],
    ["with a comment", { comment: "PK\u0005\u0006 is not the end record".repeat(50) }],
  ];
  test.each(cases)("%s", (_name, options) => {
    expect(read(makeZip(ONE, options))).toEqual({ ok: true, value: CONTENT });
  });

  test("from its last bytes only, as a large file is looked at first", () => {
    const file = makeZip(ONE, { zip64: true });
    const tailOffset = file.length - 200;
    const entry = locateEntry(file.subarray(tailOffset), { tailOffset, looksLikeZip: true });
    expect(entry).toMatchObject({ ok: true, value: { name: NAME, bytes: CONTENT.length, headerOffset: 0 } });
  });
});

describe("a bad zip is refused with a code", () => {
  const whole = makeZip(ONE);
  const cases: readonly [string, Uint8Array, ZipFailure][] = [
    ["no bytes", new Uint8Array(0), "not-a-zip"],
    ["text", new TextEncoder().encode(CONTENT), "not-a-zip"],
    ["a cut file", whole.subarray(0, whole.length - 30), "zip-truncated"],
    ["a cut start", whole.subarray(10), "zip-damaged"],
    ["no entry", makeZip([]), "zip-entries"],
    ["two entries", makeZip([...ONE, ...ONE]), "zip-entries"],
    ["an encrypted entry", makeZip(ONE, { encrypted: true }), "zip-encrypted"],
    ["another compression", makeZip(ONE, { method: 12 }), "zip-method"],
    ["a wrong checksum", makeZip(ONE, { checksum: 1 }), "zip-checksum"],
    ["more content than announced", makeZip(ONE, { announcedBytes: 10 }), "zip-damaged"],
    ["less content than announced", makeZip(ONE, { announcedBytes: 10_000 }), "zip-damaged"],
    ["content beyond the bound", makeZip(ONE, { announcedBytes: 2_000_000 }), "zip-too-large"],
  ];
  test.each(cases)("%s", (_name, file, code) => {
    expect(read(file)).toMatchObject({ ok: false, code });
  });
});

test("no flipped bit changes what is read", () => {
  const whole = makeZip(ONE, { zip64: true });
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const flipped = whole.slice();
    flipped[bit >>> 3]! ^= 1 << (bit & 7);
    const result = read(flipped);
    if (result.ok) expect(result.value).toBe(CONTENT);
  }
});

test("no bytes crash it", () => {
  const whole = makeZip(ONE);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(whole.length), (noise, at) => {
      read(noise);
      const mixed = new Uint8Array(at + noise.length + 120);
      mixed.set(whole.subarray(0, at));
      mixed.set(noise, at);
      mixed.set(whole.subarray(-120), at + noise.length);
      read(mixed);
    }),
    { numRuns: 300 },
  );
});
