// Names of our topics in Kafka.

import { TOPICS, type Topic } from "../../actors/domain/records.ts";

/** Cursor and corrections are topics of one partition, of which the newest message for a key is kept. */
export const CURSOR_TOPIC = "tickforge.cursor";
export const VOIDS_TOPIC = "tickforge.voids";

export function topicOf(topic: Topic): string {
  return `tickforge.${topic}`;
}

export const ENTRY_TOPICS: readonly string[] = TOPICS.map(topicOf);
export const ALL_TOPICS: readonly string[] = [...ENTRY_TOPICS, CURSOR_TOPIC, VOIDS_TOPIC];
