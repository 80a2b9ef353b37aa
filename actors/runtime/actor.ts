// The contract between the runtime and the actors it runs: what an actor is, how it is talked to, what it may ask for.

import type { Archive } from "../base/archive.ts";
import type { Cancel } from "../base/clock.ts";
import type { Result } from "../base/result.ts";
import type { MailboxOptions } from "./mailbox.ts";
import type { SupervisionPolicy } from "./supervision.ts";

/**
 * State and what is done to it, one message at a time. Nothing here waits: `receive` runs to completion, and whatever it
 * tells, to itself included, is handled after it has returned. An exception goes to the supervision policy.
 */
export interface Actor<M> {
  receive(message: M): void;
  /** Called before the first message, with the state loaded; after a restart, once it stands at the journal's head. */
  started?(): void;
  /** Called once when the instance leaves service: stopped, replaced by a restart, or quarantined. */
  stopped?(): void;
  /** Saves or loads everything the actor remembers. */
  persist?(archive: Archive): void;
}

export type ActorFactory<M> = (context: ActorContext<M>) => Actor<M>;

/** Answers a question, once; a second or late answer becomes a dead letter. */
export type Reply<R> = (answer: R) => void;

/** `ask-timeout`: no answer in time. `ask-refused`: the question could not be queued, or the system stopped. */
export type AskFailure = "ask-timeout" | "ask-refused";

export interface ActorRef<M> {
  readonly path: string;
  /** Messages waiting in the mailbox. */
  readonly depth: number;
  /** Queues `message`, never handles it now. False when it was not taken: no room, or the actor is out of service. */
  tell(message: M): boolean;
  /** Tells the message that `make` builds around a reply and resolves with the answer; it never rejects. */
  ask<R>(make: (reply: Reply<R>) => M, timeoutMicros: number): Promise<Result<R, AskFailure>>;
}

/** How a watched actor went out of service. */
export type Termination = "stopped" | "quarantined";

/** What an actor may ask of the runtime. It belongs to one instance and ends with it. */
export interface ActorContext<M> {
  readonly self: ActorRef<M>;
  /** Starts a child, after the running turn. It stops when this instance leaves service. */
  spawn<C>(name: string, factory: ActorFactory<C>, options?: SpawnOptions<C>): ActorRef<C>;
  /** Tells this actor what `terminated` builds, once, when `target` stops or is quarantined; at once if it has. */
  watch(target: ActorRef<never>, terminated: (path: string, how: Termination) => M): void;
  unwatch(target: ActorRef<never>): void;
  /** Tells this actor `message` once, `delayMicros` from now. */
  after(delayMicros: number, message: M): Cancel;
  /** Tells this actor `message` every `intervalMicros`; beats missed while the process stood still are left out. */
  every(intervalMicros: number, message: M): Cancel;
  /** Stops this actor after the message it is handling, or a child of it at once. */
  stop(child?: ActorRef<never>): void;
}

export interface SpawnOptions<M> {
  /** Default: {@link MAILBOX_MESSAGES_DEFAULT} messages, `reject`. */
  readonly mailbox?: MailboxOptions<M>;
  /** What is not given is taken from {@link DEFAULT_SUPERVISION}. */
  readonly supervision?: Partial<SupervisionPolicy>;
  /**
   * What `persist` loads before `started`. Numbers serve the first start only; a function is asked at every start, so
   * that a restart can begin from the latest snapshot. Without it a restarted actor begins empty.
   */
  readonly state?: Float64Array | (() => Float64Array | undefined);
  /**
   * For an actor whose every message is in the journal already. While it is out of service its mailbox is empty and
   * tells are accepted but not queued. After the backoff a fresh instance is handed over here, with nothing loaded:
   * restore it, feed it from the journal - now or over several tasks - and call `caughtUp` in the task in which it
   * stands at the head; from then on tells are queued. It is called in a turn: it must not run the system. An exception, or `failed`, counts as another failure.
   */
  readonly recover?: Recover<M>;
}

export type Recover<M> = (actor: Actor<M>, caughtUp: () => void, failed: (error: unknown) => void) => void;

/** `suspended`: it failed and waits for its backoff or its parent's word. */
export type ActorState = "running" | "suspended" | "recovering" | "quarantined" | "stopped";

/** One actor as the tree shows it. Handling times are of a sample. */
export interface ActorListing {
  readonly path: string;
  readonly state: ActorState;
  readonly depth: number;
  readonly capacity: number;
  readonly processed: number;
  readonly accepted: number;
  readonly rejected: number;
  readonly dropped: number;
  readonly conflated: number;
  /** Messages left to the journal while the actor was out of service. */
  readonly deferred: number;
  readonly restarts: number;
  /** Empty when it never failed. */
  readonly lastError: string;
  readonly p50Micros: number;
  readonly p99Micros: number;
}
