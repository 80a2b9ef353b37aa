// Streams on a real Kafka, where one is named.

import { test } from "bun:test";
import { describeStreams } from "../../test/contract/streams.ts";
import { connectStreams, type KafkaStreams } from "./streams.ts";

function openStreams(address: string): KafkaStreams {
  const streams = connectStreams(address);
  if (!streams.ok) throw new Error(streams.message);
  return streams.value;
}

const KAFKA = process.env["TICKFORGE_TEST_KAFKA_URL"];
if (KAFKA === undefined) {
  test.skip("a Kafka without topics of ours: set TICKFORGE_TEST_KAFKA_URL to run the suite against one", () => {});
} else {
  describeStreams("Kafka", async () => {
    await Promise.resolve();
    return openStreams(KAFKA);
  });
}
