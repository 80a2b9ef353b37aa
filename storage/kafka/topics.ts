// Makes our topics, and tells those that are there how long to keep what.

import { setTimeout as sleep } from "node:timers/promises";
import { ConfigResourceTypes, findErrorBy, IncrementalAlterConfigOperationTypes } from "@platformatic/kafka";
import { MICROS_PER_MILLISECOND } from "../../actors/base/clock.ts";
import { TOPICS } from "../../actors/domain/records.ts";
import { STREAM_PARTITIONS, StreamsUnavailable, TOPIC_RETENTION_MICROS } from "../../actors/ports/streams.ts";
import type { KafkaCluster } from "./cluster.ts";
import {
  LEADERS_MILLIS_MAX,
  MESSAGE_BYTES_MAX,
  POLL_MILLIS,
  SEGMENT_MILLIS_MAX,
  SEGMENTS_MIN,
} from "./limits.ts";
import { ALL_TOPICS, CURSOR_TOPIC, topicOf, VOIDS_TOPIC } from "./names.ts";

interface TopicWanted {
  readonly name: string;
  readonly partitions: number;
  readonly settings: Readonly<Record<string, string>>;
}

function entryTopics(): TopicWanted[] {
  return TOPICS.map((topic) => {
    const retentionMillis = Math.floor(TOPIC_RETENTION_MICROS[topic] / MICROS_PER_MILLISECOND);
    return {
      name: topicOf(topic),
      partitions: STREAM_PARTITIONS,
      settings: {
        "cleanup.policy": "delete",
        "retention.ms": String(retentionMillis),
        "retention.bytes": "-1",
        "segment.ms": String(Math.min(SEGMENT_MILLIS_MAX, Math.floor(retentionMillis / SEGMENTS_MIN))),
        "max.message.bytes": String(MESSAGE_BYTES_MAX),
        // By arrival: a past that is written again is young here.
        "message.timestamp.type": "LogAppendTime",
      },
    };
  });
}

function newestOnly(name: string): TopicWanted {
  return {
    name,
    partitions: 1,
    settings: {
      "cleanup.policy": "compact",
      "segment.ms": String(SEGMENT_MILLIS_MAX / SEGMENTS_MIN),
      "max.message.bytes": String(MESSAGE_BYTES_MAX),
    },
  };
}

export async function ensureTopics(cluster: KafkaCluster): Promise<void> {
  const there = new Set(await cluster.ask(async ({ admin }) => await admin.listTopics()));
  for (const wanted of [...entryTopics(), newestOnly(CURSOR_TOPIC), newestOnly(VOIDS_TOPIC)]) {
    if (there.has(wanted.name)) await alterTopic(cluster, wanted);
    else await createTopic(cluster, wanted);
  }
  await leadersOf(cluster);
  await checkPartitions(cluster);
}

async function createTopic(
  cluster: KafkaCluster,
  { name, partitions, settings }: TopicWanted,
): Promise<void> {
  await cluster.ask(async ({ admin }) => {
    const configs = Object.entries(settings).map(([key, value]) => ({ name: key, value }));
    try {
      await admin.createTopics({ topics: [name], partitions, configs });
    } catch (error) {
      // Another process was faster.
      if (findErrorBy(error as Error, "apiId", "TOPIC_ALREADY_EXISTS") === null) throw error;
    }
  });
}

async function alterTopic(cluster: KafkaCluster, { name, settings }: TopicWanted): Promise<void> {
  await cluster.ask(async ({ admin }) => {
    await admin.incrementalAlterConfigs({
      resources: [
        {
          resourceType: ConfigResourceTypes.TOPIC,
          resourceName: name,
          configs: Object.entries(settings).map(([key, value]) => ({
            name: key,
            configOperation: IncrementalAlterConfigOperationTypes.SET,
            value,
          })),
        },
      ],
    });
  });
}

/** New topics answer once their partitions have leaders. */
async function leadersOf(cluster: KafkaCluster): Promise<void> {
  const untilMillis = Date.now() + LEADERS_MILLIS_MAX;
  for (;;) {
    try {
      await cluster.ends(ALL_TOPICS);
      return;
    } catch (error) {
      if (Date.now() >= untilMillis) throw error;
      await sleep(POLL_MILLIS);
    }
  }
}

async function checkPartitions(cluster: KafkaCluster): Promise<void> {
  const ends = await cluster.ends(ALL_TOPICS);
  for (const { name, partitions } of [...entryTopics(), newestOnly(CURSOR_TOPIC), newestOnly(VOIDS_TOPIC)]) {
    const found = ends.get(name)?.length ?? 0;
    if (found !== partitions) {
      throw new StreamsUnavailable(
        `the topic ${name} of Kafka has ${found} partitions and needs ${partitions}: delete the topics tickforge.*, and ` +
          "Tickforge makes and fills them again",
      );
    }
  }
}
