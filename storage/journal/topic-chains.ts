// The hash chain of every topic: what was sealed, and the records since.

import { createHash, type Hash } from "node:crypto";
import { TOPICS } from "../../actors/domain/records.ts";
import { HASH_BYTES, SEAL_PAYLOAD_BYTES } from "./format.ts";

/** Bytes of a topic that are gathered before they are hashed. */
const GATHERED_BYTES = 16_384;

const ENTRY_BYTES = 8 + HASH_BYTES;

export interface TopicHead {
  readonly topic: string;
  readonly records: number;
  /** Hexadecimal SHA-256 at the last seal. */
  readonly head: string;
}

export class TopicChains {
  /** Heads and counts at the last seal, laid out as a seal's payload. */
  readonly #sealed = new Uint8Array(SEAL_PAYLOAD_BYTES);
  readonly #view = new DataView(this.#sealed.buffer);
  readonly #running: (Hash | undefined)[] = TOPICS.map(() => undefined);
  readonly #counts: number[] = TOPICS.map(() => 0);
  readonly #gathered = TOPICS.map(() => new Uint8Array(GATHERED_BYTES));
  readonly #used: number[] = TOPICS.map(() => 0);

  /** Starts from a segment's header. */
  load(heads: Uint8Array): void {
    this.#sealed.set(heads);
    for (let topic = 0; topic < TOPICS.length; topic++) {
      this.#counts[topic] = this.#view.getFloat64(topic * ENTRY_BYTES, true);
      this.#running[topic] = undefined;
      this.#used[topic] = 0;
    }
  }

  /**
   * Records of `topic` were appended: the bytes from `start` to `end`. Short runs are gathered and hashed together: a view
   * for each would be garbage that a thread which never rests does not collect for long.
   */
  add(topic: number, bytes: Uint8Array, run: { start: number; end: number; records: number }): void {
    const { start, end } = run;
    this.#counts[topic] = (this.#counts[topic] ?? 0) + run.records;
    const gathered = this.#gathered[topic] as Uint8Array;
    if ((this.#used[topic] as number) + (end - start) > gathered.length) this.#hashGathered(topic);
    if (end - start > gathered.length) {
      this.#hashOf(topic).update(bytes.subarray(start, end));
      return;
    }
    let used = this.#used[topic] as number;
    for (let at = start; at < end; at++) gathered[used++] = bytes[at] as number;
    this.#used[topic] = used;
  }

  /** Closes the span since the last seal and returns the new seal's payload; valid until the next call. */
  seal(): Uint8Array {
    for (let topic = 0; topic < TOPICS.length; topic++) {
      this.#hashGathered(topic);
      const running = this.#running[topic];
      if (running === undefined) continue;
      this.#view.setFloat64(topic * ENTRY_BYTES, this.#counts[topic] ?? 0, true);
      this.#sealed.set(running.digest(), topic * ENTRY_BYTES + 8);
      this.#running[topic] = undefined;
    }
    return this.#sealed;
  }

  /** The heads at the last seal. */
  get heads(): Uint8Array {
    return this.#sealed;
  }

  listing(): TopicHead[] {
    return TOPICS.map((topic, index) => {
      const at = index * ENTRY_BYTES + 8;
      return {
        topic,
        records: this.#counts[index] ?? 0,
        head: Buffer.from(this.#sealed.subarray(at, at + HASH_BYTES)).toString("hex"),
      };
    });
  }

  #hashGathered(topic: number): void {
    const used = this.#used[topic] as number;
    if (used === 0) return;
    this.#hashOf(topic).update((this.#gathered[topic] as Uint8Array).subarray(0, used));
    this.#used[topic] = 0;
  }

  /** The hash of the span since the last seal; it begins with the topic's head. */
  #hashOf(topic: number): Hash {
    const at = topic * ENTRY_BYTES + 8;
    this.#running[topic] ??= createHash("sha256").update(this.#sealed.subarray(at, at + HASH_BYTES));
    return this.#running[topic];
  }
}
