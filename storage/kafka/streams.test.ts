// Streams on a real Kafka, where one is named: the contract, members of a group in several processes, and what arrives late.

import { expect, test } from "bun:test";
import { STREAM_PARTITIONS, type StreamEntry, type StreamGroup } from "../../actors/ports/streams.ts";
import { describeStreams } from "../../test/contract/streams.ts";
import { parseTarget } from "./address.ts";
import { KafkaCluster } from "./cluster.ts";
import { encodeEntry } from "./entries.ts";
import { ALL_TOPICS, topicOf } from "./names.ts";
import { connectStreams, type KafkaStreams } from "./streams.ts";

function openStreams(address: string): KafkaStreams {
  const streams = connectStreams(address);
  if (!streams.ok) throw new Error(streams.message);
  return streams.value;
}

function entriesFrom(firstSeq: number, count: number): StreamEntry[] {
  return Array.from({ length: count }, (_, i) => ({
    seq: firstSeq + i,
    epoch: 1,
    kind: 1,
    timeMicros: firstSeq + i,
    payload: Uint8Array.from([i % 256]),
  }));
}

/** Takes until nothing comes for a while. */
async function drain(group: StreamGroup): Promise<number[]> {
  const seqs: number[] = [];
  for (let quiet = 0; quiet < 3;) {
    const taken = await group.take({ consumer: "one", limit: 100, waitMillis: 500 });
    if (taken.length === 0) quiet++;
    seqs.push(...taken.map(({ entry }) => entry.seq));
    await group.acknowledge(taken);
  }
  return seqs;
}

function laterTests(address: string): void {
  test("members in several processes share a group's partitions, and what one leaves behind is another's", async () => {
    const [first, second] = [openStreams(address), openStreams(address)];
    await first.prepare();
    for (let partition = 0; partition < STREAM_PARTITIONS; partition++)
      await first.publish({ topic: "compliance", partition }, entriesFrom(200_000 + partition * 100, 10));
    const ones = await first.group("compliance", "readers", { idleMillis: 60_000 });
    const held = await ones.take({ consumer: "one", limit: 25, waitMillis: 2_000 });
    await ones.acknowledge(held.slice(0, 10));
    // Coming and leaving, it makes the group share its partitions anew.
    const twos = await second.group("compliance", "readers", { idleMillis: 60_000 });
    const [byFirst, bySecond] = [await drain(ones), await drain(twos)];
    expect(bySecond.length).toBeGreaterThan(0);
    await ones.close();
    const rest = await drain(twos);
    const seen = [...held.slice(0, 10).map(({ entry }) => entry.seq), ...byFirst, ...bySecond, ...rest];
    for (let partition = 0; partition < STREAM_PARTITIONS; partition++) {
      for (const { seq } of entriesFrom(200_000 + partition * 100, 10)) expect(seen).toContain(seq);
    }
    await twos.close();
    await Promise.all([first.close(), second.close()]);
  }, 90_000);

  test("what a writer gave up and what arrives late is there once, whoever looks", async () => {
    const target = parseTarget(address);
    if (!target.ok) throw new Error(target.message);
    const late = new KafkaCluster(target.value, ALL_TOPICS);
    const place = { topic: "trading", partition: 9 } as const;
    const entries = entriesFrom(300_000, 300);
    const streams = openStreams(address);
    await streams.prepare();
    await streams.publish(place, entries.slice(0, 200));
    const lengthBefore = await streams.length("trading");
    await late.append(topicOf(place.topic), place.partition, entries.slice(50, 150).map(encodeEntry));
    // Behind them, and with them between.
    await streams.publish(place, entries.slice(0, 300));
    const reader = openStreams(address);
    for (const afterSeq of [0, 300_010, 300_140, 300_199, 300_250]) {
      const read = (await reader.read(place, afterSeq, 1_000)).map(({ seq }) => seq);
      expect(read).toEqual(entries.map(({ seq }) => seq).filter((seq) => seq > afterSeq));
    }
    expect(await reader.length("trading")).toBe(lengthBefore + 100);
    await Promise.all([reader.close(), streams.close(), late.close()]);
  }, 30_000);
}

const KAFKA = process.env["TICKFORGE_TEST_KAFKA_URL"];
if (KAFKA === undefined) {
  test.skip("a Kafka without topics of ours: set TICKFORGE_TEST_KAFKA_URL to run the suite against one", () => {});
} else {
  describeStreams("Kafka", async () => {
    await Promise.resolve();
    return openStreams(KAFKA);
  });
  laterTests(KAFKA);
}
