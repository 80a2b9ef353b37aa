// What every stream of records has to do, whatever system is behind it.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { SeededRandom } from "../../actors/base/random.ts";
import {
  STREAM_PARTITIONS,
  type StreamEntry,
  type StreamPlace,
  type Streams,
  TOPIC_RETENTION_MICROS,
} from "../../actors/ports/streams.ts";

const SEED = 4;
/** Now, so that a system that keeps entries by their arrival keeps them. */
const START_MICROS = Math.floor(Date.now()) * 1_000;

export interface StreamsCapabilities {
  /** Entries leave by the time they arrived, which the system knows and a test cannot set. */
  readonly trimsByArrival?: boolean;
}

function entriesFrom(firstSeq: number, count: number, stepMicros = 1): StreamEntry[] {
  const random = new SeededRandom(SEED + firstSeq);
  return Array.from({ length: count }, (_, i) => ({
    seq: firstSeq + i * 3,
    epoch: 7,
    kind: 1 + random.integer(9),
    timeMicros: START_MICROS + i * stepMicros,
    payload: Uint8Array.from({ length: random.integer(80) }, () => random.integer(256)),
  }));
}

/** @param open streams of a system that has none of these topics' entries; called again, the same streams anew */
export function describeStreams(
  name: string,
  open: () => Promise<Streams>,
  capabilities: StreamsCapabilities = {},
): void {
  describe(`streams: ${name}`, () => {
    let streams: Streams;
    const ticks: StreamPlace = { topic: "market-data", partition: 3 };
    const entries = entriesFrom(10, 500);

    beforeAll(async () => {
      streams = await open();
      await streams.prepare();
    }, 30_000);
    afterAll(async () => await streams.close());

    const read = async (place: StreamPlace, afterSeq = 0): Promise<StreamEntry[]> =>
      (await streams.read(place, afterSeq, 10_000)).map(plain);

    test("new ones are empty", async () => {
      expect(await streams.cursor()).toBe(0);
      expect(await read(ticks)).toEqual([]);
      expect(await streams.length("market-data")).toBe(0);
    });

    test("entries come back in order, byte for byte, from any place on", async () => {
      await streams.publish(ticks, entries);
      expect(await read(ticks)).toEqual(entries);
      const after = entries[200]?.seq ?? 0;
      expect(await read(ticks, after)).toEqual(entries.slice(201));
      // Between two entries.
      expect(await read(ticks, after + 1)).toEqual(entries.slice(201));
      expect((await streams.read(ticks, after, 10)).map(plain)).toEqual(entries.slice(201, 211));
    });

    test("what comes again, whole, in part or with more behind it, is there once", async () => {
      const more = entriesFrom(10 + 500 * 3, 40);
      await streams.publish(ticks, entries);
      await streams.publish(ticks, entries.slice(450));
      await streams.publish(ticks, [...entries.slice(490), ...more.slice(0, 20)]);
      await streams.publish(ticks, more);
      expect(await read(ticks)).toEqual([...entries, ...more]);
      expect(await streams.length("market-data")).toBe(540);
    });

    test("partitions and topics do not mix", async () => {
      await streams.publish({ topic: "market-data", partition: STREAM_PARTITIONS - 1 }, entries.slice(0, 5));
      await streams.publish({ topic: "trading", partition: 3 }, entries.slice(5, 9));
      expect(await read({ topic: "market-data", partition: STREAM_PARTITIONS - 1 })).toEqual(
        entries.slice(0, 5),
      );
      expect(await read({ topic: "trading", partition: 3 })).toEqual(entries.slice(5, 9));
      expect(await read({ topic: "compliance", partition: 3 })).toEqual([]);
    });

    test("whoever opens them again finds them and their cursor, and repeats nothing", async () => {
      await streams.commit(1_234);
      await streams.commit(2_345);
      const again = await open();
      await again.prepare();
      expect(await again.cursor()).toBe(2_345);
      await again.publish({ topic: "trading", partition: 3 }, entries.slice(0, 12));
      expect((await again.read({ topic: "trading", partition: 3 }, 0, 100)).map(plain)).toEqual(
        entries.slice(5, 12),
      );
      if (again !== streams) await again.close();
    });

    test("what stands after a place is removed, and the hole before it can be filled", async () => {
      const place: StreamPlace = { topic: "feature", partition: 0 };
      const [before, hole, behind] = [entries.slice(0, 10), entries.slice(10, 20), entries.slice(20, 30)];
      await streams.publish(place, before);
      await streams.publish(place, behind);
      const lastSeq = before.at(-1)?.seq ?? 0;
      await streams.rewind(entries.at(-1)?.seq ?? 0);
      expect(await read(place)).toEqual([...before, ...behind]);
      await streams.rewind(lastSeq);
      expect(await read(place)).toEqual(before);
      await streams.publish(place, [...hole, ...behind]);
      expect(await read(place)).toEqual(entries.slice(0, 30));
    });

    groupTests(() => streams);

    test.skipIf(capabilities.trimsByArrival === true)(
      "what has outlived its topic leaves, and nothing else",
      async () => {
        const minute = 60_000_000;
        const old = entriesFrom(100_000, 3_000, minute);
        const place: StreamPlace = { topic: "prediction", partition: 1 };
        await streams.publish(place, old);
        await streams.publish({ topic: "compliance", partition: 1 }, old);
        const nowMicros = (old[1_500]?.timeMicros ?? 0) + TOPIC_RETENTION_MICROS.prediction;
        await streams.trim(nowMicros);
        expect(await read(place)).toEqual(old.slice(1_500));
        expect(await read({ topic: "compliance", partition: 1 })).toHaveLength(3_000);
      },
      30_000,
    );
  });
}

function groupTests(streams: () => Streams): void {
  const place: StreamPlace = { topic: "monitoring", partition: 2 };
  const entries = entriesFrom(50_000, 30);
  const alarm = { limit: 10, waitMillis: 2_000 };

  test("a group's members share its entries, each given to one of them; what is held too long is another's", async () => {
    await streams().publish(place, entries);
    const group = await streams().group("monitoring", "alarms", { idleMillis: 1_500 });
    const first = await group.take({ ...alarm, consumer: "one" });
    const second = await group.take({ ...alarm, consumer: "two", limit: 100 });
    expect(first.map(({ entry }) => plain(entry))).toEqual(entries.slice(0, 10));
    expect(second.map(({ entry }) => plain(entry))).toEqual(entries.slice(10));
    await group.acknowledge(second);
    // The first one is gone without a word.
    const handed: number[] = [];
    for (let attempt = 0; attempt < 20 && handed.length < 10; attempt++) {
      const taken = await group.take({ ...alarm, consumer: "two", limit: 100 });
      handed.push(...taken.map(({ entry }) => entry.seq));
      await group.acknowledge(taken);
    }
    expect(handed.sort((a, b) => a - b)).toEqual(entries.slice(0, 10).map(({ seq }) => seq));
    expect(await group.take({ ...alarm, consumer: "one", waitMillis: 1_600 })).toEqual([]);
    await group.close();
  }, 30_000);

  test("another group has them all", async () => {
    const group = await streams().group("monitoring", "audit", { idleMillis: 60_000 });
    expect(await group.take({ ...alarm, consumer: "one", limit: 100 })).toHaveLength(30);
    await group.close();
  }, 30_000);
}

/** As plain bytes, whatever the system gave. */
function plain(entry: StreamEntry): StreamEntry {
  return { ...entry, payload: Uint8Array.from(entry.payload) };
}
