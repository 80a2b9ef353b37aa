// A cell is one actor's place in the system. Here is what cells, their relatives and the system know of each other, and
// which states of an actor may follow which.

import type { Clock, Scheduler } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import type { ActorListing, ActorState } from "./actor.ts";
import type { Watched } from "./actor-context.ts";
import type { Asks } from "./asks.ts";
import type { DeadLetters } from "./dead-letters.ts";
import type { Fault } from "./supervision.ts";

/** A cell without its message type, as the system and its relatives know it. */
export interface Cell extends Watched {
  readonly state: ActorState;
  /** Does what is due and handles at most `messagesMax` messages; returns how many it handled. */
  turn(messagesMax: number): number;
  /** Stops it and everything below it, children first. */
  finish(): void;
  /** The parent has decided to go on: forget the error. */
  resume(): void;
  childEscalated(child: Cell, error: Error): void;
  childGone(child: Cell): void;
  release(): boolean;
  snapshot(): Float64Array<ArrayBuffer> | undefined;
  listing(): ActorListing;
}

/** What a cell needs of its system. */
export interface CellHost {
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly stopwatch: Clock;
  readonly deadLetters: DeadLetters;
  readonly asks: Asks;
  /** Puts the cell in the queue for a turn. */
  ready(cell: Cell): void;
  /** Takes a new cell in, under a path nobody else has, and gives it its first turn. */
  adopt(cell: Cell): void;
  forget(cell: Cell): void;
  readonly fault: (fault: Fault) => void;
}

/** Which states may follow which. */
export const STATES_AFTER: Readonly<Record<ActorState, readonly ActorState[]>> = {
  running: ["suspended", "quarantined", "stopped"],
  suspended: ["running", "recovering", "suspended", "quarantined", "stopped"],
  recovering: ["running", "suspended", "quarantined", "stopped"],
  quarantined: ["suspended", "stopped"],
  stopped: [],
};
