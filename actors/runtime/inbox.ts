// A mailbox with a door: open while there is or will be someone to handle messages, deferring while the journal keeps
// them for an actor that will read it, closed when nobody ever will.

import type { ActorListing } from "./actor.ts";
import type { DeadLetterReason, DeadLetters } from "./dead-letters.ts";
import { Mailbox, type MailboxOptions, PUSH_REJECTED } from "./mailbox.ts";

type InboxCounts = Pick<
  ActorListing,
  "depth" | "capacity" | "accepted" | "rejected" | "dropped" | "conflated" | "deferred"
>;

const OPEN = 0;
const DEFERS = 1;
const CLOSED = 2;

/** Messages come in by {@link put}, which minds the door. */
export class Inbox<M> extends Mailbox<M> {
  readonly #path: string;
  readonly #deadLetters: DeadLetters;
  #door: typeof OPEN | typeof DEFERS | typeof CLOSED = OPEN;
  #closedAs: DeadLetterReason = "stopped";
  #deferred = 0;

  constructor(options: { path: string; mailbox: MailboxOptions<M>; deadLetters: DeadLetters }) {
    super(options.mailbox);
    this.#path = options.path;
    this.#deadLetters = options.deadLetters;
  }

  /** Whether a message is queued, if there is room. */
  get isOpen(): boolean {
    return this.#door === OPEN;
  }

  /** What its listing shows. */
  get counts(): InboxCounts {
    const { size, capacity, accepted, rejected, dropped, conflated } = this;
    return { depth: size, capacity, accepted, rejected, dropped, conflated, deferred: this.#deferred };
  }

  put(message: M): boolean {
    if (this.#door !== OPEN) return this.turnAway(message);
    return this.push(message) !== PUSH_REJECTED;
  }

  open(): void {
    this.#door = OPEN;
  }

  /** Leaves what is queued and what comes to the journal. */
  defer(): void {
    this.#door = DEFERS;
    this.#empty();
  }

  /** Makes what is queued and what comes dead letters. */
  close(reason: DeadLetterReason): void {
    this.#door = CLOSED;
    this.#closedAs = reason;
    this.#empty();
  }

  #empty(): void {
    for (let message = this.shift(); message !== undefined; message = this.shift()) {
      this.turnAway(message);
    }
  }

  /** `private`, not `#`: see {@link Mailbox}. */
  private turnAway(message: M): boolean {
    if (this.#door === DEFERS) {
      this.#deferred++;
      return true;
    }
    this.#deadLetters.add(this.#path, message, this.#closedAs);
    return false;
  }
}
