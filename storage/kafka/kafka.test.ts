// What needs no broker: addresses, how entries, cursor and corrections are written, the way to a place among void parts, and
// what is said where no broker answers.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { describeTarget, parseTarget } from "./address.ts";
import { type StreamEntry, StreamsUnavailable } from "../../actors/ports/streams.ts";
import { batchesOf } from "./batches.ts";
import { decodeCursor } from "./cursor.ts";
import { decodeEntry, encodeEntry, type Message, type StoredEntry, type StoredMessage } from "./entries.ts";
import { BATCH_BYTES_MAX, BATCH_ENTRIES_MAX } from "./limits.ts";
import { clipSpans, findFirst, lengthOf, mergeSpans, type Span, spanAt, straysOf } from "./spans.ts";
import { connectStreams, type KafkaStreams } from "./streams.ts";
import { Turns } from "./turns.ts";
import { decodeVoids, encodeVoids } from "./voids.ts";

const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });

function stored({ key, value, headers }: Message): StoredMessage {
  return { offset: 0, key, value, headers: [...headers] };
}

function entryOf(seq: number, bytes = 0): StreamEntry {
  return { seq, epoch: 1, kind: 1, timeMicros: seq, payload: new Uint8Array(bytes) };
}

function offsetsOf(spans: readonly Span[]): Set<number> {
  return new Set(spans.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i)));
}

function storedFrom(offset: number, seqs: readonly number[]): StoredEntry[] {
  return seqs.map((seq, i) => ({ offset: offset + i, entry: entryOf(seq) }));
}

function openAt(port: number): KafkaStreams {
  const streams = connectStreams(`kafka://me:secret@127.0.0.1:${port}`);
  if (!streams.ok) throw new Error(streams.message);
  return streams.value;
}

async function failureOf(question: Promise<unknown>): Promise<unknown> {
  return await question.then(
    () => "no failure",
    (error: unknown) => error,
  );
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
    "kafka://me:secret@more@host",
    "kafka://me/too:secret@host",
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

describe("an entry", () => {
  test("comes back as it was", () => {
    fc.assert(
      fc.property(
        fc.record({
          seq: count,
          epoch: count,
          kind: fc.nat(255),
          timeMicros: count,
          payload: fc.uint8Array(),
        }),
        (entry) => {
          expect(decodeEntry(stored(encodeEntry(entry)))).toEqual({
            ...entry,
            payload: Uint8Array.from(entry.payload),
          });
        },
      ),
    );
  });

  test("that somebody else wrote is none of ours", () => {
    const entry = stored(encodeEntry(entryOf(1)));
    const others: StoredMessage[] = [
      { ...entry, headers: [] },
      { ...entry, headers: entry.headers.slice(1) },
      { ...entry, headers: [...entry.headers, [Buffer.from("tf-kind"), Buffer.from("one")]] },
      { ...entry, headers: [...entry.headers, [Buffer.from("tf-time"), Buffer.from("-1")]] },
      { ...entry, key: null },
      { ...entry, key: Buffer.from("EURUSD") },
    ];
    for (const other of others) expect(decodeEntry(other)).toBeUndefined();
    expect(decodeEntry({ ...entry, value: null })).toEqual(entryOf(1));
  });
});

test("cursor and corrections of somebody else are none of ours", () => {
  const spans: Span[] = [
    { from: 3, to: 9 },
    { from: 12, to: 13 },
  ];
  expect(decodeVoids(encodeVoids(spans))).toEqual(spans);
  const cursor = { seq: 5, ends: { "tickforge.trading": [3, 0] } };
  expect(decodeCursor(Buffer.from(JSON.stringify(cursor)))).toEqual(cursor);
  for (const text of ["", "{", "5", '{"seq":-1,"ends":{}}', '{"seq":1}', "[[1]]", '[["a","b"]]']) {
    expect(decodeCursor(Buffer.from(text))).toBeUndefined();
    expect(decodeVoids(Buffer.from(text))).toBeUndefined();
  }
  expect(decodeCursor(null)).toBeUndefined();
  expect(decodeVoids(null)).toBeUndefined();
});

test("batches hold what they were given, in order, and fit into a request", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 65_536 }), { maxLength: 1_200 }), (sizes) => {
      const entries = sizes.map((bytes, i) => entryOf(i + 1, bytes));
      const batches = [...batchesOf(entries)];
      expect(batches.flat().map(({ seq }) => seq)).toEqual(entries.map(({ seq }) => seq));
      for (const batch of batches) {
        expect(batch.length).toBeLessThanOrEqual(BATCH_ENTRIES_MAX);
        const bytes = batch.reduce((total, { payload }) => total + payload.length, 0);
        expect(bytes).toBeLessThanOrEqual(BATCH_BYTES_MAX);
      }
    }),
    { numRuns: 20 },
  );
});

test("work on one thing takes turns, also after a failure", async () => {
  const turns = new Turns();
  const told: string[] = [];
  const work =
    (name: string, fails = false) =>
    async (): Promise<void> => {
      told.push(`${name} begins`);
      await Promise.resolve();
      told.push(`${name} ends`);
      if (fails) throw new Error(name);
    };
  const first = turns.take("a", work("first", true)).catch(() => told.push("first failed"));
  await Promise.all([first, turns.take("a", work("second"))]);
  expect(told.filter((line) => !line.endsWith("failed"))).toEqual([
    "first begins",
    "first ends",
    "second begins",
    "second ends",
  ]);
  expect(told).toContain("first failed");
});

describe("spans", () => {
  const spans = fc.array(
    fc.tuple(fc.nat(60), fc.nat(9)).map(([from, length]) => ({ from, to: from + length })),
  );

  test("merged hold the same offsets, in order, each once", () => {
    fc.assert(
      fc.property(spans, fc.nat(80), fc.nat(80), (given, from, to) => {
        const merged = mergeSpans(given);
        expect(offsetsOf(merged)).toEqual(offsetsOf(given));
        expect(lengthOf(merged)).toBe(offsetsOf(given).size);
        for (let i = 1; i < merged.length; i++) expect(merged[i]!.from).toBeGreaterThan(merged[i - 1]!.to);
        const kept = [...offsetsOf(given)].filter((offset) => offset >= from && offset < to);
        expect(offsetsOf(clipSpans(merged, { from, to }))).toEqual(new Set(kept));
        expect(spanAt(merged, from) !== undefined).toBe(offsetsOf(given).has(from));
      }),
    );
  });

  test("of what arrived late are all entries that do not ascend, wherever they stand", () => {
    expect(straysOf([])).toEqual([]);
    expect(straysOf(storedFrom(5, [1, 2, 9]))).toEqual([]);
    expect(straysOf(storedFrom(5, [1, 2, 3, 1, 2, 4, 3, 5]))).toEqual([
      { from: 8, to: 10 },
      { from: 11, to: 12 },
    ]);
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
          step === null ? [] : [{ offset: from + i, entry: entryOf((seq += step)) }],
        );
        const to = from + steps.length;
        const isWanted = ({ entry }: StoredEntry): boolean => entry.seq > afterSeq;
        let looks = 0;
        const found = await findFirst({ from, to }, isWanted, async (offset) => {
          looks++;
          return await Promise.resolve(lines.find((line) => line.offset >= offset));
        });
        expect(lines.find((line) => line.offset >= found)).toEqual(lines.find(isWanted));
        expect(lines.some((line) => line.offset < found && isWanted(line))).toBe(false);
        expect(looks).toBeLessThanOrEqual(8);
      },
    ),
  );
});

describe("brokers that", () => {
  test("are not there are said to be away, without our password", async () => {
    const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
    const { port } = listener;
    listener.stop(true);
    const streams = openAt(port);
    const failure = await failureOf(streams.prepare());
    expect(failure).toBeInstanceOf(StreamsUnavailable);
    expect(String(failure)).toContain(`kafka://127.0.0.1:${port} does not answer`);
    expect(String(failure)).not.toContain("secret");
    await streams.close();
  }, 30_000);

  test("take connections and say nothing are said to be away in time", async () => {
    const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
    const streams = openAt(listener.port);
    for (const question of [
      streams.cursor(),
      streams.publish({ topic: "trading", partition: 0 }, [entryOf(1)]),
    ]) {
      const startMillis = performance.now();
      expect(await failureOf(question)).toBeInstanceOf(StreamsUnavailable);
      expect(performance.now() - startMillis).toBeLessThan(8_000);
    }
    await streams.close();
    listener.stop(true);
  }, 30_000);
});
