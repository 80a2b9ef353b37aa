// Topics of the stream: numbers every message, remembers the newest so that a client may resume, and hands each frame to
// those who want it, made once for all of them.

import { RingQueue } from "../../actors/base/ring.ts";
import { type StreamMessage, type StreamTopic, type TopicData, TOPICS } from "../api/schemas.ts";

/** Messages kept of each topic: how far back a client may resume. */
const KEPT: Readonly<Record<StreamTopic, number>> = {
  price_update: 4_096,
  signal: 1_024,
  position_update: 1_024,
  order: 2_048,
  bar: 2_048,
  regime: 1_024,
  account: 64,
  heartbeat: 16,
};

/** Topics of which only the newest about a subject matters: a slow client gets that one. */
export const CONFLATED: ReadonlySet<StreamTopic> = new Set([
  "price_update",
  "bar",
  "regime",
  "account",
  "heartbeat",
]);

/** One message, ready to be sent. */
export interface Frame {
  readonly topic: StreamTopic;
  readonly sequence: number;
  /** What it is about: a newer frame of the same subject replaces it. */
  readonly subject: string;
  /** Empty where the topic knows no symbols. */
  readonly symbol: string;
  readonly text: string;
}

/** Whoever is to get frames. */
export interface FrameTaker {
  take(frame: Frame): void;
}

interface Topic {
  sequence: number;
  readonly kept: RingQueue<Frame>;
}

export class StreamHub {
  readonly #topics = new Map<StreamTopic, Topic>(
    TOPICS.map((topic) => [topic, { sequence: 0, kept: new RingQueue<Frame>(KEPT[topic]) }]),
  );
  readonly #taker: FrameTaker;
  #messages = 0;

  constructor(taker: FrameTaker) {
    this.#taker = taker;
  }

  get messages(): number {
    return this.#messages;
  }

  sequence(topic: StreamTopic): number {
    return this.#topic(topic).sequence;
  }

  /** @param about the symbol, and for bars their size: "EURUSD 1m" */
  publish<T extends StreamTopic>(topic: T, data: TopicData[T], about = ""): void {
    const state = this.#topic(topic);
    state.sequence++;
    this.#messages++;
    const message = {
      type: topic,
      data,
      timestamp: new Date().toISOString(),
      sequence: state.sequence,
    } as StreamMessage;
    const space = about.indexOf(" ");
    const frame: Frame = {
      topic,
      sequence: state.sequence,
      subject: `${topic} ${about}`,
      symbol: space < 0 ? about : about.slice(0, space),
      text: JSON.stringify(message),
    };
    if (state.kept.full) state.kept.shift();
    state.kept.push(frame);
    this.#taker.take(frame);
  }

  /** Everything of `topic` after `sequence`, oldest first; undefined when some of it is gone. */
  since(topic: StreamTopic, sequence: number): Frame[] | undefined {
    const { kept, sequence: newest } = this.#topic(topic);
    if (sequence > newest) return undefined;
    if (sequence === newest) return [];
    const oldest = kept.peek()?.sequence ?? newest + 1;
    if (sequence + 1 < oldest) return undefined;
    const frames: Frame[] = [];
    for (let i = sequence + 1 - oldest; i < kept.size; i++) {
      const frame = kept.at(i);
      if (frame !== undefined) frames.push(frame);
    }
    return frames;
  }

  #topic(topic: StreamTopic): Topic {
    return this.#topics.get(topic) as Topic;
  }
}
