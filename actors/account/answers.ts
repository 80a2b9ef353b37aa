// What became of what people asked for, by the name they gave it: asked again under the same name, nothing happens again and the
// answer is the same, also after a restart.

import type { Archive } from "../base/archive.ts";
import { ANSWERS_KEPT_MAX } from "./limits.ts";

/** Why a request does not even come before the controls. */
export const REQUEST_CODES = [
  /** The order or position that it names is not there, or has ended. */
  "not-there",
  /** A change, a cancellation or an exit of the same is on its way: wait for its outcome. */
  "under-way",
  /** It cannot be done to this one. */
  "not-possible",
  /** Stop or target are on the wrong side of the market, or a stop would be taken away. */
  "bad-levels",
  /** One of its group has filled already. */
  "group-over",
] as const;
export type RequestCode = (typeof REQUEST_CODES)[number];

/** What was made of a request. */
export interface Answer {
  /** The order that it became; null for none: refused, or it waits for its market to open. */
  readonly intentId: string | null;
  /** Of the refusal; empty where it was taken. */
  readonly code: string;
  readonly message: string;
}

/** Taken, and waiting: an exit while its market is closed. */
export const TAKEN: Answer = { intentId: null, code: "", message: "" };

/** The newest {@link ANSWERS_KEPT_MAX} answers; the oldest is forgotten first. */
export class Answers {
  /** A Map hands out its entries in the order they were added. */
  readonly #byKey = new Map<string, Answer>();
  readonly #capacity: number;

  constructor(capacity: number = ANSWERS_KEPT_MAX) {
    this.#capacity = capacity;
  }

  of(key: string): Answer | undefined {
    return this.#byKey.get(key);
  }

  /** Does what is asked for under `key` unless it was done before. */
  once(key: string | undefined, act: () => Answer): Answer {
    if (key === undefined) return act();
    const known = this.#byKey.get(key);
    if (known !== undefined) return known;
    const answer = act();
    if (this.#byKey.size >= this.#capacity) {
      for (const oldest of this.#byKey.keys()) {
        this.#byKey.delete(oldest);
        break;
      }
    }
    this.#byKey.set(key, answer);
    return answer;
  }

  persist(archive: Archive): void {
    const count = archive.number(this.#byKey.size);
    const known = [...this.#byKey];
    if (archive.loading) this.#byKey.clear();
    for (let index = 0; index < count; index++) {
      const [key, answer] = known[index] ?? ["", TAKEN];
      const savedKey = archive.text(key);
      const intentId = archive.text(answer.intentId ?? "");
      const code = archive.text(answer.code);
      const message = archive.text(answer.message);
      if (!archive.loading) continue;
      this.#byKey.set(savedKey, { intentId: intentId === "" ? null : intentId, code, message });
    }
  }
}
