// Branch C: every record of the journal in streams of other systems, by topic and symbol, for consumers elsewhere and as a
// copy against disaster. A projection of the journal: it may lag, be away, lose everything and be filled again.

import type { Micros } from "../base/clock.ts";
import { MICROS_PER_DAY, MICROS_PER_HOUR } from "../base/clock.ts";
import type { Topic } from "../domain/records.ts";

/** How long each topic is kept. */
export const TOPIC_RETENTION_MICROS: Readonly<Record<Topic, number>> = {
  "market-data": 7 * MICROS_PER_DAY,
  feature: 24 * MICROS_PER_HOUR,
  prediction: 12 * MICROS_PER_HOUR,
  trading: 30 * MICROS_PER_DAY,
  compliance: 7 * 365 * MICROS_PER_DAY,
  monitoring: 24 * MICROS_PER_HOUR,
};

/** Records of one symbol are in one partition, in order. */
export const STREAM_PARTITIONS = 16;

/** A record as it lies in the journal. */
export interface StreamEntry {
  /** Its journal sequence; ascending within a partition, each once. */
  readonly seq: number;
  readonly epoch: number;
  readonly kind: number;
  readonly timeMicros: Micros;
  readonly payload: Uint8Array;
}

export interface StreamPlace {
  readonly topic: Topic;
  readonly partition: number;
}

/** An entry a group's member was given; it is another's after a while unless it is acknowledged. */
export interface Delivery {
  readonly entry: StreamEntry;
  readonly partition: number;
  /** What acknowledges it. */
  readonly token: string;
}

/**
 * For work that may be shared out and done in any order. Ticks that must stay in order are read by {@link Streams.read} from
 * a place the reader remembers: a group hands what a slow member holds to another one.
 */
export interface StreamGroup {
  /** Up to `limit` entries nobody has, or that a member has held for too long without acknowledging them. */
  take(options: { consumer: string; limit: number; waitMillis: number }): Promise<Delivery[]>;
  acknowledge(deliveries: readonly Delivery[]): Promise<void>;
  close(): Promise<void>;
}

/** Expected failures are thrown as StreamsUnavailable. */
export interface Streams {
  /** Makes what is missing; safe to call again. */
  prepare(): Promise<void>;
  /** Appends entries in ascending order. What a partition has already is left out, so the same may come twice. */
  publish(place: StreamPlace, entries: readonly StreamEntry[]): Promise<void>;
  /** Notes that everything up to `seq` was published. */
  commit(seq: number): Promise<void>;
  /**
   * Removes what was published after `seq`: a system that lost its newest data and was written to since has a hole, which
   * cannot be filled while something stands behind it.
   */
  rewind(seq: number): Promise<void>;
  /** What was committed last; 0 in new streams, and less than before where the system lost its newest data. */
  cursor(): Promise<number>;
  /** Entries of a partition after `afterSeq`, in order; fewer than `limit` only at its end. */
  read(place: StreamPlace, afterSeq: number, limit: number): Promise<StreamEntry[]>;
  /**
   * A group reads a topic from its beginning, each entry by one member.
   * @param options.idleMillis how long a member may hold an entry before it is another's
   */
  group(topic: Topic, name: string, options: { idleMillis: number }): Promise<StreamGroup>;
  /** Lets go of what has outlived its topic, where the system does not do so by itself. */
  trim(nowMicros: Micros): Promise<void>;
  /** Entries in all partitions of a topic. */
  length(topic: Topic): Promise<number>;
  close(): Promise<void>;
}

/** The system cannot be reached, or does not answer in time. */
export class StreamsUnavailable extends Error {
  override readonly name = "StreamsUnavailable";
}
