// How far the journal is in Kafka: one message for each commit, of which the newest counts. It names the ends of all
// partitions as well, because each lies on the disk for itself: a broker whose machine went down may have the cursor and
// lack entries before it.

import { z } from "zod";
import { StreamsUnavailable } from "../../actors/ports/streams.ts";
import type { KafkaCluster } from "./cluster.ts";
import { FETCH_BYTES_MAX } from "./limits.ts";
import { CURSOR_TOPIC, ENTRY_TOPICS } from "./names.ts";

const countSchema = z.number().int().min(0);
const cursorSchema = z.object({ seq: countSchema, ends: z.record(z.string(), z.array(countSchema)) });

export type Ends = Readonly<Record<string, readonly number[]>>;

export interface Cursor {
  readonly seq: number;
  /** Offset behind the last message of each partition, by Kafka's topic. */
  readonly ends: Ends;
}

export async function readCursor(cluster: KafkaCluster): Promise<Cursor> {
  const end = (await cluster.ends([CURSOR_TOPIC])).get(CURSOR_TOPIC)?.[0] ?? 0;
  if (end === 0) return { seq: 0, ends: {} };
  const [last] = await cluster.fetch(CURSOR_TOPIC, 0, end - 1, FETCH_BYTES_MAX);
  const cursor = decodeCursor(last?.value ?? null);
  if (cursor === undefined)
    throw new StreamsUnavailable(`the last message of ${CURSOR_TOPIC} is none of ours: delete the topic`);
  return cursor;
}

export async function writeCursor(cluster: KafkaCluster, seq: number): Promise<void> {
  const ends = Object.fromEntries(await cluster.ends(ENTRY_TOPICS));
  const value = Buffer.from(JSON.stringify({ seq, ends } satisfies Cursor));
  await cluster.append(CURSOR_TOPIC, 0, [{ key: Buffer.from("cursor"), value, headers: new Map() }]);
}

/** Undefined where it is not ours. */
export function decodeCursor(value: Buffer | null): Cursor | undefined {
  try {
    return cursorSchema.safeParse(JSON.parse(String(value))).data;
  } catch {
    return undefined;
  }
}
