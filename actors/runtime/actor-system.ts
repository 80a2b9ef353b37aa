// Runs actors: a queue of those with something to do, a fair number of messages for each in turn, and a tree a person can
// look at. Drivers call `runUntilIdle`; in production the system schedules its own drains and yields in between.

import { assert } from "../base/assert.ts";
import type { Clock, Scheduler } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { RingQueue } from "../base/ring.ts";
import type { ActorFactory, ActorListing, ActorRef, SpawnOptions } from "./actor.ts";
import { ActorCell } from "./actor-cell.ts";
import { Asks } from "./asks.ts";
import type { Cell, CellHost } from "./cell.ts";
import { DeadLetters } from "./dead-letters.ts";
import {
  ACTORS_MAX,
  DRAIN_MESSAGES_MAX,
  PATH_LENGTH_MAX,
  READY_ACTORS_MAX,
  RUN_MESSAGES_MAX,
  STOPPED_LISTED_MAX,
  TURN_MESSAGES_MAX,
} from "./limits.ts";
import type { Fault } from "./supervision.ts";

export interface ActorSystemOptions {
  /** For drains, timers, backoff and deadlines. */
  readonly scheduler: Scheduler;
  /** For the jitter of restarts. */
  readonly random: Random;
  /** Real time, for handling times only. */
  readonly stopwatch: Clock;
  /** Hears of every failure and what was done about it. It must not throw. */
  onFault?(fault: Fault): void;
  /** Messages one actor handles before the next one's turn. */
  readonly turnMessagesMax?: number;
  /** Messages a self-scheduled drain handles before it yields to the host. */
  readonly drainMessagesMax?: number;
}

export class ActorSystem {
  readonly deadLetters: DeadLetters;
  readonly #options: ActorSystemOptions;
  readonly #host: CellHost;
  readonly #asks: Asks;
  readonly #turnMessagesMax: number;
  readonly #drainMessagesMax: number;
  /** By path, in the order of their birth. */
  readonly #cells = new Map<string, Cell>();
  readonly #ready = new RingQueue<Cell>(READY_ACTORS_MAX);
  readonly #stopped = new RingQueue<ActorListing>(STOPPED_LISTED_MAX);
  readonly #drainTask = (): void => {
    this.#drainScheduled = false;
    if (!this.#draining) this.#drain(this.#drainMessagesMax);
  };
  #draining = false;
  #drainScheduled = false;
  #stopRequested = false;
  #down = false;

  constructor(options: ActorSystemOptions) {
    this.#options = options;
    this.#turnMessagesMax = options.turnMessagesMax ?? TURN_MESSAGES_MAX;
    this.#drainMessagesMax = options.drainMessagesMax ?? DRAIN_MESSAGES_MAX;
    assert(this.#turnMessagesMax > 0 && this.#drainMessagesMax > 0, "a turn handles at least one message");
    const { scheduler, random, stopwatch } = options;
    this.deadLetters = new DeadLetters(scheduler);
    this.#asks = new Asks({ scheduler, deadLetters: this.deadLetters });
    this.#host = {
      scheduler,
      random,
      stopwatch,
      deadLetters: this.deadLetters,
      asks: this.#asks,
      ready: (cell) => this.#makeReady(cell),
      adopt: (cell) => this.#adopt(cell),
      forget: (cell) => this.#forget(cell),
      fault: (fault) => options.onFault?.(fault),
    };
  }

  /**
   * Adds an actor without a parent. Its instance is made in its first turn; messages queue from now on.
   * @param name its path; may contain slashes
   */
  spawn<M>(name: string, factory: ActorFactory<M>, options: SpawnOptions<M> = {}): ActorRef<M> {
    const cell = new ActorCell<M>(this.#host, { path: name, parent: undefined }, factory, options);
    this.#adopt(cell);
    return cell;
  }

  /** Whether nobody has anything to do now. Timers and backoffs may still be pending. */
  get idle(): boolean {
    return this.#ready.size === 0;
  }

  /**
   * Handles messages until there are none left, or `messagesMax` have been handled; {@link idle} tells which.
   * @returns how many messages were handled
   */
  runUntilIdle(messagesMax: number = RUN_MESSAGES_MAX): number {
    assert(!this.#draining, "an actor cannot run the system it runs in");
    return this.#drain(messagesMax);
  }

  /** Every actor, parents before children, then the last ones that stopped. */
  tree(): ActorListing[] {
    const rows = [...this.#cells.values()].map((cell) => cell.listing());
    rows.sort((a, b) => comparePaths(a.path, b.path));
    for (let i = this.#stopped.size; i > 0; i--) {
      const row = this.#stopped.shift();
      if (row === undefined) break;
      this.#stopped.push(row);
      if (!this.#cells.has(row.path)) rows.push(row);
    }
    return rows;
  }

  /** The state of the actor at `path`, as its `persist` saves it; undefined when it is not running or has none. */
  snapshot(path: string): Float64Array<ArrayBuffer> | undefined {
    return this.#cells.get(path)?.snapshot();
  }

  /** Takes a quarantined actor back into service with a fresh instance; false when there is none at `path`. */
  release(path: string): boolean {
    return this.#cells.get(path)?.release() ?? false;
  }

  /**
   * Stops every actor, children first and the youngest first; what is queued becomes dead letters and open questions
   * are refused. Called by an actor, it takes effect after that actor's turn.
   */
  stop(): void {
    this.#stopRequested = true;
    if (!this.#draining) this.#stopAll();
  }

  #drain(messagesMax: number): number {
    this.#draining = true;
    let handled = 0;
    // A turn that only starts or restarts an actor counts as well, so that no chain of them goes on forever.
    let spent = 0;
    try {
      while (spent < messagesMax && !this.#stopRequested) {
        const cell = this.#ready.shift();
        if (cell === undefined) break;
        const count = cell.turn(Math.min(this.#turnMessagesMax, messagesMax - spent));
        handled += count;
        spent += count === 0 ? 1 : count;
      }
    } finally {
      this.#draining = false;
      if (this.#stopRequested) this.#stopAll();
      else if (this.#ready.size > 0) this.#schedule();
    }
    return handled;
  }

  #stopAll(): void {
    if (this.#down) return;
    this.#down = true;
    for (const cell of [...this.#cells.values()].reverse()) cell.finish();
    this.#asks.abandon();
    this.#ready.clear();
  }

  #makeReady(cell: Cell): void {
    // No text is built here: this runs at every wake-up.
    assert(this.#ready.push(cell), "the queue of actors waiting for a turn has room for all of them");
    if (!this.#draining) this.#schedule();
  }

  #schedule(): void {
    if (this.#drainScheduled || this.#down) return;
    this.#drainScheduled = true;
    this.#options.scheduler.soon(this.#drainTask);
  }

  #adopt(cell: Cell): void {
    const { path } = cell;
    assert(!this.#down && !this.#stopRequested, `the system has stopped: ${path} cannot start`);
    assert(/^[^\s/][^\s]*$/.test(path) && path.length <= PATH_LENGTH_MAX, `"${path}" is no path of an actor`);
    assert(!this.#cells.has(path), `there is an actor ${path} already`);
    assert(this.#cells.size < ACTORS_MAX, `there are ${ACTORS_MAX} actors already: ${path} cannot start`);
    this.#cells.set(path, cell);
    this.#makeReady(cell);
  }

  #forget(cell: Cell): void {
    this.#cells.delete(cell.path);
    if (this.#stopped.full) this.#stopped.shift();
    this.#stopped.push(cell.listing());
  }
}

/** By path segment, so that children follow their parent. */
function comparePaths(a: string, b: string): number {
  const left = a.replaceAll("/", "\u0000");
  const right = b.replaceAll("/", "\u0000");
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
