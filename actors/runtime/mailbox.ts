// What an actor has been told and not yet handled: a ring allocated once, with a bound and a stated policy for the
// message that does not fit. Nothing waits and nothing is allocated per message.

import { assert } from "../base/assert.ts";
import { KeyTable } from "./key-table.ts";
import { MAILBOX_MESSAGES_MAX } from "./limits.ts";

/**
 * What a mailbox does with a message it has no room for: `reject` refuses it and the sender learns of it; `dropOldest`
 * makes room; `conflate` keeps one message a key - a newer one takes the place of the queued one - and refuses a
 * new key when full.
 */
export type MailboxOptions<M> =
  | { readonly capacity: number; readonly policy: "reject" | "dropOldest" }
  | {
      readonly capacity: number;
      readonly policy: "conflate";
      /** A safe integer, for example an instrument's id. */
      keyOf(message: M): number;
    };

/** What became of a pushed message. */
export const PUSH_REJECTED = 0;
export const PUSH_ACCEPTED = 1;
/** Accepted, and the oldest one was lost. */
export const PUSH_DROPPED_OLDEST = 2;
/** Accepted in place of an older one of the same key. */
export const PUSH_CONFLATED = 3;

export type PushOutcome =
  | typeof PUSH_REJECTED
  | typeof PUSH_ACCEPTED
  | typeof PUSH_DROPPED_OLDEST
  | typeof PUSH_CONFLATED;

/** A message is anything but `undefined`, which means "empty". */
export class Mailbox<M> {
  #head = 0;
  #tail = 0;
  #accepted = 0;
  readonly #slots: (M | undefined)[];
  readonly #mask: number;
  /** Up to this size a push is an append: the capacity, or 0 where every push looks for its key first. */
  readonly #plainBelow: number;
  readonly #conflation: Conflation<M> | undefined;
  readonly #dropsOldest: boolean;
  readonly capacity: number;
  #rejected = 0;
  #dropped = 0;
  #conflated = 0;

  constructor(options: MailboxOptions<M>) {
    const { capacity } = options;
    assert(
      Number.isInteger(capacity) && capacity > 0 && capacity <= MAILBOX_MESSAGES_MAX,
      `a mailbox holds 1 to ${MAILBOX_MESSAGES_MAX} messages, not ${capacity}`,
    );
    let slots = 1;
    while (slots < capacity) slots *= 2;
    this.capacity = capacity;
    this.#mask = slots - 1;
    this.#slots = Array.from<M | undefined>({ length: slots }).fill(undefined);
    this.#plainBelow = options.policy === "conflate" ? 0 : capacity;
    this.#dropsOldest = options.policy === "dropOldest";
    this.#conflation = options.policy === "conflate" ? { options, table: new KeyTable(capacity) } : undefined;
  }

  get size(): number {
    return (this.#tail - this.#head) | 0;
  }

  /** Messages taken in, including those that replaced or pushed out another. */
  get accepted(): number {
    return this.#accepted;
  }

  get rejected(): number {
    return this.#rejected;
  }

  /** Messages lost to make room for newer ones. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Messages replaced by a newer one of the same key. */
  get conflated(): number {
    return this.#conflated;
  }

  push(message: M): PushOutcome {
    const tail = this.#tail;
    if (((tail - this.#head) | 0) >= this.#plainBelow) return this.pushSpecial(message);
    this.#slots[tail & this.#mask] = message;
    this.#tail = (tail + 1) | 0;
    this.#accepted++;
    return PUSH_ACCEPTED;
  }

  /** Takes the oldest message, or undefined when there is none. */
  shift(): M | undefined {
    const head = this.#head;
    if (head === this.#tail) return undefined;
    const index = head & this.#mask;
    const message = this.#slots[index];
    this.#slots[index] = undefined;
    this.#head = (head + 1) | 0;
    if (this.#conflation !== undefined) {
      this.#conflation.table.delete(this.#conflation.options.keyOf(message as M));
    }
    return message;
  }

  /** `private`, not `#`: the brand check of a #method would cost the push beside it more than the push itself. */
  private pushSpecial(message: M): PushOutcome {
    if (this.#conflation !== undefined) return this.#pushConflating(message, this.#conflation);
    if (!this.#dropsOldest) {
      this.#rejected++;
      return PUSH_REJECTED;
    }
    this.#head = (this.#head + 1) | 0;
    // With a capacity below the ring's size the oldest slot is not the one written now.
    this.#slots[(this.#head - 1) & this.#mask] = undefined;
    this.#slots[this.#tail & this.#mask] = message;
    this.#tail = (this.#tail + 1) | 0;
    this.#accepted++;
    this.#dropped++;
    return PUSH_DROPPED_OLDEST;
  }

  #pushConflating(message: M, conflation: Conflation<M>): PushOutcome {
    const key = conflation.options.keyOf(message);
    const queued = conflation.table.get(key);
    if (queued >= 0) {
      this.#slots[queued] = message;
      this.#accepted++;
      this.#conflated++;
      return PUSH_CONFLATED;
    }
    if (this.size === this.capacity) {
      this.#rejected++;
      return PUSH_REJECTED;
    }
    const index = this.#tail & this.#mask;
    conflation.table.set(key, index);
    this.#slots[index] = message;
    this.#tail = (this.#tail + 1) | 0;
    this.#accepted++;
    return PUSH_ACCEPTED;
  }
}

interface Conflation<M> {
  readonly options: Extract<MailboxOptions<M>, { policy: "conflate" }>;
  readonly table: KeyTable;
}
