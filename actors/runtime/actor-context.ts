// What one instance of an actor holds of the runtime - timers and watches - so that all of it can be let go at once when
// the instance leaves service.

import { assert } from "../base/assert.ts";
import type { Cancel, Scheduler } from "../base/clock.ts";
import type { ActorContext, ActorFactory, ActorRef, SpawnOptions, Termination } from "./actor.ts";
import { TIMERS_MAX, WATCHES_MAX } from "./limits.ts";

/** Someone to tell when an actor goes out of service. */
export interface Watcher {
  terminated(target: Watched, how: Termination): void;
}

/** An actor as its watchers see it. */
export interface Watched {
  readonly path: string;
  /** Adds `watcher`, or tells it at once when the actor is out of service already. */
  addWatcher(watcher: Watcher): void;
  removeWatcher(watcher: Watcher): void;
}

/** The actor behind a context. */
export interface ContextOwner<M> extends ActorRef<M> {
  readonly scheduler: Scheduler;
  /** Tells it a message whose sender would not notice a refusal: that becomes a dead letter. */
  post(message: M): void;
  /** It fails with `error` in its next turn. */
  failLater(error: unknown): void;
  spawnChild<C>(name: string, factory: ActorFactory<C>, options: SpawnOptions<C>): ActorRef<C>;
  stopAfterMessage(): void;
  stopChild(child: ActorRef<never>): void;
  watchedOf(ref: ActorRef<never>): Watched;
}

export class InstanceContext<M> implements ActorContext<M>, Watcher {
  readonly #owner: ContextOwner<M>;
  readonly #timers = new Set<Cancel>();
  readonly #watches = new Map<Watched, (path: string, how: Termination) => M>();
  #released = false;

  constructor(owner: ContextOwner<M>) {
    this.#owner = owner;
  }

  get self(): ActorRef<M> {
    return this.#owner;
  }

  spawn<C>(name: string, factory: ActorFactory<C>, options: SpawnOptions<C> = {}): ActorRef<C> {
    this.#assertInService("spawn a child");
    return this.#owner.spawnChild(name, factory, options);
  }

  watch(target: ActorRef<never>, terminated: (path: string, how: Termination) => M): void {
    this.#assertInService("watch");
    const watched = this.#owner.watchedOf(target);
    assert(
      this.#watches.has(watched) || this.#watches.size < WATCHES_MAX,
      `${this.#owner.path} watches ${WATCHES_MAX} actors already`,
    );
    this.#watches.set(watched, terminated);
    watched.addWatcher(this);
  }

  unwatch(target: ActorRef<never>): void {
    const watched = this.#owner.watchedOf(target);
    if (this.#watches.delete(watched)) watched.removeWatcher(this);
  }

  terminated(target: Watched, how: Termination): void {
    const build = this.#watches.get(target);
    this.#watches.delete(target);
    if (build === undefined) return;
    try {
      this.#owner.post(build(target.path, how));
    } catch (error) {
      this.#owner.failLater(error);
    }
  }

  after(delayMicros: number, message: M): Cancel {
    return this.#addTimer((done) =>
      this.#owner.scheduler.after(delayMicros, () => {
        done();
        this.#owner.post(message);
      }),
    );
  }

  every(intervalMicros: number, message: M): Cancel {
    assert(intervalMicros > 0, "a repeated timer needs an interval above 0");
    const { scheduler } = this.#owner;
    let dueMicros = scheduler.nowMicros() + intervalMicros;
    let cancelNext: Cancel;
    const beat = (): void => {
      const nowMicros = scheduler.nowMicros();
      dueMicros += intervalMicros * Math.max(1, Math.ceil((nowMicros - dueMicros) / intervalMicros));
      cancelNext = scheduler.after(dueMicros - nowMicros, beat);
      this.#owner.post(message);
    };
    cancelNext = scheduler.after(intervalMicros, beat);
    return this.#addTimer(() => () => cancelNext());
  }

  stop(child?: ActorRef<never>): void {
    this.#assertInService("stop");
    if (child === undefined) this.#owner.stopAfterMessage();
    else this.#owner.stopChild(child);
  }

  /** Cancels all timers and watches: the instance is out of service. */
  release(): void {
    this.#released = true;
    for (const cancel of this.#timers) cancel();
    for (const watched of this.#watches.keys()) watched.removeWatcher(this);
    this.#watches.clear();
  }

  #addTimer(start: (done: () => void) => Cancel): Cancel {
    this.#assertInService("set a timer");
    assert(this.#timers.size < TIMERS_MAX, `${this.#owner.path} has ${TIMERS_MAX} timers pending already`);
    const cancel = (): void => {
      this.#timers.delete(cancel);
      cancelStarted();
    };
    const cancelStarted = start(() => this.#timers.delete(cancel));
    this.#timers.add(cancel);
    return cancel;
  }

  #assertInService(deed: string): void {
    assert(!this.#released, `an instance of ${this.#owner.path} that is out of service cannot ${deed}`);
  }
}
