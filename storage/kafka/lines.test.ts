// What needs no broker: addresses, how entries and markers are written, and the way to a place among void parts.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { describeTarget, parseTarget } from "./address.ts";
import {
  decodeLine,
  encodeEntry,
  encodeMarker,
  type Line,
  type Message,
  type StoredMessage,
} from "./lines.ts";
import { findAfter, lengthOf, mergeSpans, spanAt, spansFrom, strayOf } from "./spans.ts";

const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });

function stored({ key, value, headers }: Message): StoredMessage {
  return { key, value, headers: [...headers] };
}

describe("an address", () => {
  test("names brokers, user, way of signing in and TLS", () => {
    const parsed = parseTarget("kafkas://me:p%40ss:word@a.example:9093,[::1],b?mechanism=plain");
    if (!parsed.ok) throw new Error(parsed.message);
    expect(parsed.value).toEqual({
      brokers: [
        { host: "a.example", port: 9093 },
        { host: "::1", port: 9092 },
        { host: "b", port: 9092 },
      ],
      tls: true,
      login: { mechanism: "PLAIN", username: "me", password: "p@ss:word" },
    });
    expect(describeTarget(parsed.value)).toBe("kafkas://a.example:9093,[::1]:9092,b:9092");
  });

  test("may name no user", () => {
    expect(parseTarget("kafka://127.0.0.1")).toMatchObject({
      ok: true,
      value: { brokers: [{ host: "127.0.0.1", port: 9092 }], tls: false, login: undefined },
    });
  });

  for (const address of [
    "",
    "kafka://",
    "http://host",
    "kafka://:secret@host",
    "kafka://secret@host",
    "kafka://me:secret@host:0",
    "kafka://me:secret@host:99999",
    "kafka://me:secret%@host",
    "kafka://me:secret@a b",
    "kafka://me:secret@a,,b",
    "kafka://me:secret@host/path",
    "kafka://me:secret@host?mechanism=md5",
    "kafka://me:secret@host?group=1",
    "kafka://host?mechanism=plain",
    `kafka://me:secret@${"a,".repeat(20)}a`,
  ]) {
    test(`"${address}" is refused, and what is in it is not repeated`, () => {
      const parsed = parseTarget(address);
      expect(parsed.ok).toBe(false);
      if (!parsed.ok) expect(parsed.message).not.toContain("secret");
    });
  }
});

describe("a line", () => {
  test("of an entry comes back as it was", () => {
    fc.assert(
      fc.property(
        fc.record({
          seq: count,
          epoch: count,
          kind: fc.nat(255),
          timeMicros: count,
          payload: fc.uint8Array(),
        }),
        count,
        count,
        (entry, life, offset) => {
          expect(decodeLine(offset, stored(encodeEntry(entry, life)))).toEqual({
            type: "entry",
            offset,
            life,
            entry: { ...entry, payload: Uint8Array.from(entry.payload) },
          });
        },
      ),
    );
  });

  test("of a marker comes back as it was", () => {
    const marker = { voids: [{ from: 3, to: 9 }], markers: [0, 12] };
    expect(decodeLine(7, stored(encodeMarker(marker)))).toEqual({ type: "marker", offset: 7, marker });
  });

  test("that somebody else wrote is nobody's entry", () => {
    const entry = stored(
      encodeEntry({ seq: 1, epoch: 1, kind: 1, timeMicros: 1, payload: new Uint8Array() }, 0),
    );
    const others: StoredMessage[] = [
      { ...entry, headers: [] },
      { ...entry, headers: entry.headers.slice(1) },
      { ...entry, key: null },
      { ...entry, key: Buffer.from("EURUSD") },
      { ...entry, key: Buffer.from("marker"), value: Buffer.from("{") },
      { ...entry, key: Buffer.from("marker"), value: Buffer.from("[]") },
      { ...entry, key: Buffer.from("marker"), value: null },
    ];
    for (const other of others) expect(decodeLine(5, other)).toEqual({ type: "other", offset: 5 });
    expect(decodeLine(5, { ...entry, value: null })).toMatchObject({ entry: { payload: new Uint8Array() } });
  });
});

describe("spans", () => {
  const spans = fc.array(
    fc.tuple(fc.nat(60), fc.nat(9)).map(([from, length]) => ({ from, to: from + length })),
  );
  const offsetsOf = (given: readonly { from: number; to: number }[]): Set<number> =>
    new Set(given.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i)));

  test("merged hold the same offsets, in order, each once", () => {
    fc.assert(
      fc.property(spans, fc.nat(80), (given, start) => {
        const merged = mergeSpans(given);
        expect(offsetsOf(merged)).toEqual(offsetsOf(given));
        expect(lengthOf(merged)).toBe(offsetsOf(given).size);
        for (let i = 1; i < merged.length; i++) expect(merged[i]!.from).toBeGreaterThan(merged[i - 1]!.to);
        const kept = [...offsetsOf(given)].filter((offset) => offset >= start);
        expect(offsetsOf(spansFrom(merged, start))).toEqual(new Set(kept));
        expect(spanAt(merged, start) !== undefined).toBe(offsetsOf(given).has(start));
      }),
    );
  });

  test("of a writer that was overtaken are its entries behind another one's marker", () => {
    const entry = (offset: number, life: number): Line => ({
      type: "entry",
      offset,
      life,
      entry: { seq: offset, epoch: 1, kind: 1, timeMicros: 1, payload: new Uint8Array() },
    });
    const marker = (offset: number): Line => ({ type: "marker", offset, marker: { voids: [], markers: [] } });
    expect(strayOf([])).toEqual([]);
    expect(strayOf([entry(5, 1), entry(6, 1), marker(7), entry(8, 7)])).toEqual([]);
    expect(strayOf([entry(5, 1), marker(6), entry(7, 1), entry(8, 1), entry(9, 6), entry(10, 1)])).toEqual([
      { from: 7, to: 9 },
      { from: 10, to: 11 },
    ]);
    // The marker itself may lie before what is looked at.
    expect(strayOf([entry(20, 9), entry(21, 3)])).toEqual([{ from: 21, to: 22 }]);
  });
});

test("a place is found by its sequence, whatever is void", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.option(fc.integer({ min: 1, max: 5 })), { maxLength: 60 }),
      fc.nat(100),
      fc.nat(160),
      async (steps, from, afterSeq) => {
        // Nothing where there is no step, else an entry that many sequences after the one before.
        let seq = 0;
        const lines = steps.flatMap((step, i) =>
          step === null ? [] : [{ offset: from + i, seq: (seq += step) }],
        );
        const to = from + steps.length;
        const looked: number[] = [];
        const found = await findAfter({ from, to }, afterSeq, async (offset) => {
          looked.push(offset);
          return await Promise.resolve(lines.find((line) => line.offset >= offset));
        });
        const expected = lines.find((line) => line.seq > afterSeq);
        expect(lines.find((line) => line.offset >= found)).toEqual(expected);
        expect(lines.filter((line) => line.offset < found).every((line) => line.seq <= afterSeq)).toBe(true);
        expect(looked.length).toBeLessThanOrEqual(8);
      },
    ),
  );
});
