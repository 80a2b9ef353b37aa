// The one instance a cell has at a time: made by the actor's factory, given its state, and let go of with everything it
// held. A restart is a retired instance and a new one.

import { LoadArchive, SaveArchive } from "../base/archive.ts";
import { assert } from "../base/assert.ts";
import type { Actor, ActorFactory, SpawnOptions } from "./actor.ts";
import { type ContextOwner, InstanceContext } from "./actor-context.ts";

export class InstanceSlot<M> {
  readonly #factory: ActorFactory<M>;
  #state: SpawnOptions<M>["state"];
  #actor: Actor<M> | undefined;
  #context: InstanceContext<M> | undefined;
  #number = 0;

  constructor(factory: ActorFactory<M>, state: SpawnOptions<M>["state"]) {
    this.#factory = factory;
    this.#state = state;
  }

  /** Undefined while the actor is out of service. */
  get actor(): Actor<M> | undefined {
    return this.#actor;
  }

  /** Counts instances: work begun for an earlier one knows that it is too late. */
  get number(): number {
    return this.#number;
  }

  create(owner: ContextOwner<M>): Actor<M> {
    this.#number++;
    this.#context = new InstanceContext<M>(owner);
    this.#actor = this.#factory(this.#context);
    return this.#actor;
  }

  /** Loads the state the actor was spawned with, if any; throws when it is not exactly what `persist` reads. */
  load(actor: Actor<M>): void {
    const state = typeof this.#state === "function" ? this.#state() : this.#state;
    if (state === undefined) return;
    assert(actor.persist !== undefined, "an actor that is given a state has a persist to load it");
    const archive = new LoadArchive(state);
    actor.persist(archive);
    archive.finish();
  }

  start(): void {
    this.#actor?.started?.();
    // Numbers serve one start; until one has succeeded they must not be lost.
    if (this.#state instanceof Float64Array) this.#state = undefined;
  }

  /** What the instance remembers; undefined when there is none or it has no `persist`. */
  save(): Float64Array<ArrayBuffer> | undefined {
    if (this.#actor?.persist === undefined) return undefined;
    const archive = new SaveArchive();
    this.#actor.persist(archive);
    return archive.finish();
  }

  /** Lets go of timers and watches, then of what `below` stops, then of the instance itself. */
  retire(below: () => void): void {
    this.#context?.release();
    this.#context = undefined;
    below();
    const actor = this.#actor;
    this.#actor = undefined;
    actor?.stopped?.();
  }
}
