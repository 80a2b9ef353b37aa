// One actor's place in the system: its mailbox, its present instance and its life - running, failing, coming back. All
// that is the actor's own code runs in its turns and nowhere else, so a failure never unwinds through another actor.

import { assert } from "../base/assert.ts";
import type { Cancel, Scheduler } from "../base/clock.ts";
import { LatencyHistogram } from "../base/histogram.ts";
import type { Result } from "../base/result.ts";
import type {
  Actor,
  ActorFactory,
  ActorListing,
  ActorRef,
  ActorState,
  AskFailure,
  Recover,
  Reply,
  SpawnOptions,
} from "./actor.ts";
import type { ContextOwner, Watched, Watcher } from "./actor-context.ts";
import { type Cell, type CellHost, STATES_AFTER } from "./cell.ts";
import { type Failure, PendingFailures } from "./failures.ts";
import { Inbox } from "./inbox.ts";
import { InstanceSlot } from "./instance.ts";
import { HANDLING_SAMPLE_EVERY, MAILBOX_MESSAGES_DEFAULT } from "./limits.ts";
import { BUDGET_EXHAUSTED, errorOf } from "./supervision.ts";
import { Supervisor } from "./supervisor.ts";

export class ActorCell<M> implements Cell, ContextOwner<M> {
  readonly path: string;
  readonly #host: CellHost;
  readonly #parent: Cell | undefined;
  readonly #supervisor: Supervisor;
  readonly #inbox: Inbox<M>;
  readonly #slot: InstanceSlot<M>;
  readonly #recover: Recover<M> | undefined;
  readonly #children = new Set<Cell>();
  readonly #watchers = new Set<Watcher>();
  readonly #failures = new PendingFailures();
  readonly #handling = new LatencyHistogram();
  #state: ActorState = "running";
  #chore: "none" | "create" | "start" = "create";
  /** In the queue for a turn, or in one. A new cell is queued as it is adopted. */
  #queued = true;
  #inTurn = false;
  #stopRequested = false;
  #escalated: Failure | undefined;
  #cancelBackoff: Cancel | undefined;
  #sampleAt = 0;
  #processed = 0;

  constructor(
    host: CellHost,
    identity: { path: string; parent: Cell | undefined },
    factory: ActorFactory<M>,
    options: SpawnOptions<M>,
  ) {
    this.#host = host;
    this.path = identity.path;
    this.#parent = identity.parent;
    this.#slot = new InstanceSlot<M>(factory, options.state);
    this.#supervisor = new Supervisor({
      path: identity.path,
      clock: host.scheduler,
      random: host.random,
      policy: options.supervision,
      onFault: host.fault,
    });
    this.#inbox = new Inbox<M>({
      path: identity.path,
      mailbox: options.mailbox ?? { capacity: MAILBOX_MESSAGES_DEFAULT, policy: "reject" },
      deadLetters: host.deadLetters,
    });
    this.#recover = options.recover;
  }

  get state(): ActorState {
    return this.#state;
  }

  get depth(): number {
    return this.#inbox.size;
  }

  get scheduler(): Scheduler {
    return this.#host.scheduler;
  }

  tell(message: M): boolean {
    const taken = this.#inbox.put(message);
    if (!this.#queued && this.#inbox.isOpen) this.wake();
    return taken;
  }

  ask<R>(make: (reply: Reply<R>) => M, timeoutMicros: number): Promise<Result<R, AskFailure>> {
    return this.#host.asks.ask(this, { make, timeoutMicros, answers: this.#inbox.isOpen });
  }

  turn(messagesMax: number): number {
    this.#inTurn = true;
    try {
      if (this.#chore !== "none") this.#attend();
      while (this.#state === "running" && this.#failures.size > 0) this.#judge();
      if (this.#state !== "running" || this.#stopRequested) return 0;
      return this.#handle(messagesMax);
    } finally {
      this.#inTurn = false;
      this.#queued = false;
      if (this.#stopRequested) this.finish();
      if (this.#hasWork()) this.wake();
    }
  }

  finish(): void {
    if (this.#state === "stopped") return;
    this.#stopRequested = false;
    this.#leaveService("stopped");
    this.#parent?.childGone(this);
    this.#host.forget(this);
  }

  resume(): void {
    const escalated = this.#escalated;
    if (escalated === undefined) return;
    this.#escalated = undefined;
    // It failed before it had started: there is nothing to resume.
    if (this.#slot.actor === undefined) {
      this.#restart(escalated.error);
      return;
    }
    this.#move("running");
    escalated.child?.resume();
    if (this.#hasWork()) this.wake();
  }

  /** Takes a quarantined actor back into service with a fresh budget; false when it is not quarantined. */
  release(): boolean {
    if (this.#state !== "quarantined") return false;
    this.#supervisor.pardon();
    this.#move("suspended");
    if (this.#recover === undefined) this.#inbox.open();
    this.#chore = "create";
    this.wake();
    return true;
  }

  /** The state of a running actor between two messages; undefined when it is not running or has none. */
  snapshot(): Float64Array<ArrayBuffer> | undefined {
    assert(!this.#inTurn, `${this.path} is in the middle of a turn: take its snapshot between turns`);
    if (this.#state !== "running" || this.#chore !== "none") return undefined;
    try {
      return this.#slot.save();
    } catch (error) {
      this.failLater(error);
      return undefined;
    }
  }

  listing(): ActorListing {
    return {
      path: this.path,
      state: this.#state,
      ...this.#inbox.counts,
      processed: this.#processed,
      restarts: this.#supervisor.restarts,
      lastError: this.#supervisor.lastError,
      p50Micros: this.#handling.quantileMicros(0.5),
      p99Micros: this.#handling.quantileMicros(0.99),
    };
  }

  childEscalated(child: Cell, error: Error): void {
    this.#failures.add({ error, child });
    this.wake();
  }

  childGone(child: Cell): void {
    this.#children.delete(child);
  }

  addWatcher(watcher: Watcher): void {
    if (this.#state === "stopped" || this.#state === "quarantined") watcher.terminated(this, this.#state);
    else this.#watchers.add(watcher);
  }

  removeWatcher(watcher: Watcher): void {
    this.#watchers.delete(watcher);
  }

  post(message: M): void {
    if (!this.tell(message) && this.#inbox.isOpen) {
      this.#host.deadLetters.add(this.path, message, "mailbox-full");
    }
  }

  failLater(error: unknown): void {
    this.#failures.add({ error: errorOf(error), child: undefined });
    this.wake();
  }

  spawnChild<C>(name: string, factory: ActorFactory<C>, options: SpawnOptions<C>): ActorRef<C> {
    const path = `${this.path}/${name}`;
    const child = new ActorCell<C>(this.#host, { path, parent: this }, factory, options);
    this.#host.adopt(child);
    this.#children.add(child);
    return child;
  }

  stopAfterMessage(): void {
    this.#stopRequested = true;
    this.wake();
  }

  stopChild(child: ActorRef<never>): void {
    assert(
      child instanceof ActorCell && this.#children.has(child),
      `${child.path} is no child of ${this.path}`,
    );
    child.finish();
  }

  watchedOf(ref: ActorRef<never>): Watched {
    assert(ref instanceof ActorCell, `${ref.path} is no actor of this system`);
    return ref;
  }

  /** One `try` a turn is enough: a failure ends it. */
  #handle(messagesMax: number): number {
    const { actor } = this.#slot;
    const inbox = this.#inbox;
    assert(actor !== undefined, "a running actor has an instance");
    let handled = 0;
    let message: M | undefined;
    try {
      message = inbox.shift();
      if (message !== undefined && this.#processed >= this.#sampleAt) {
        handled = 1;
        this.receiveTimed(actor, message);
        message = this.#stopRequested ? undefined : inbox.shift();
      }
      while (message !== undefined) {
        handled++;
        actor.receive(message);
        if (handled >= messagesMax || this.#stopRequested) break;
        message = inbox.shift();
      }
      this.#processed += handled;
    } catch (error) {
      this.#processed += handled;
      if (this.#recover === undefined) this.#host.deadLetters.add(this.path, message, "failed");
      this.#fail(error, { resumable: true, child: undefined });
    }
    return handled;
  }

  private receiveTimed(actor: Actor<M>, message: M): void {
    this.#sampleAt = this.#processed + HANDLING_SAMPLE_EVERY;
    const { stopwatch } = this.#host;
    const startMicros = stopwatch.nowMicros();
    actor.receive(message);
    this.#handling.record(stopwatch.nowMicros() - startMicros);
  }

  /** Makes the instance that is due, or starts the one that has caught up. */
  #attend(): void {
    const chore = this.#chore;
    this.#chore = "none";
    try {
      if (chore === "create" && !this.#create()) return;
      this.#slot.start();
      if (this.#state !== "running") this.#move("running");
    } catch (error) {
      this.#fail(error, { resumable: false, child: undefined });
    }
  }

  /** @returns whether the instance can start; otherwise it is recovering, or failed at that */
  #create(): boolean {
    const slot = this.#slot;
    const first = this.#state === "running";
    const actor = slot.create(this);
    if (first || this.#recover === undefined) {
      slot.load(actor);
      return true;
    }
    this.#move("recovering");
    const { number } = slot;
    const awaited = (): boolean =>
      slot.number === number && this.#state === "recovering" && this.#chore === "none";
    const caughtUp = (): void => {
      if (!awaited()) return;
      this.#inbox.open();
      this.#chore = "start";
      this.wake();
    };
    this.#recover(actor, caughtUp, (error) => {
      if (awaited()) this.#fail(error, { resumable: false, child: undefined });
    });
    return false;
  }

  #judge(): void {
    const failure = this.#failures.take();
    if (failure !== undefined) this.#fail(failure.error, { resumable: true, child: failure.child });
  }

  /** @param how.resumable whether there is a sound instance that could go on */
  #fail(thrown: unknown, how: { resumable: boolean; child: Cell | undefined }): void {
    const error = errorOf(thrown);
    switch (this.#supervisor.judge(error, how.resumable)) {
      case "resume":
        how.child?.resume();
        this.#supervisor.report(error, "resume");
        return;
      case "restart":
        this.#restart(error);
        return;
      case "stop":
        this.finish();
        this.#supervisor.report(error, "stop");
        return;
      case "escalate":
        this.#escalate(error, how);
        return;
    }
  }

  #restart(error: Error): void {
    const delayMicros = this.#supervisor.grantRestart();
    if (delayMicros === BUDGET_EXHAUSTED) {
      this.#quarantine(error);
      return;
    }
    this.#leaveService("suspended");
    this.#cancelBackoff = this.#host.scheduler.after(delayMicros, () => {
      this.#cancelBackoff = undefined;
      this.#chore = "create";
      this.wake();
    });
    this.#supervisor.report(error, "restart", delayMicros);
  }

  #escalate(error: Error, how: { resumable: boolean; child: Cell | undefined }): void {
    if (this.#parent === undefined) {
      this.#quarantine(error);
      return;
    }
    if (how.resumable) this.#move("suspended");
    else this.#leaveService("suspended");
    this.#escalated = { error, child: how.child };
    this.#parent.childEscalated(this, error);
    this.#supervisor.report(error, "escalate");
  }

  #quarantine(error: Error): void {
    this.#leaveService("quarantined");
    this.#supervisor.report(error, "quarantine");
  }

  /** The instance, its children, timers and watches go; what is queued stays only for an instance to come. */
  #leaveService(state: "suspended" | "quarantined" | "stopped"): void {
    this.#move(state);
    this.#chore = "none";
    this.#escalated = undefined;
    this.#failures.clear();
    this.#cancelBackoff?.();
    this.#cancelBackoff = undefined;
    try {
      this.#slot.retire(() => {
        for (const child of [...this.#children].reverse()) child.finish();
      });
    } catch (error) {
      this.#supervisor.report(errorOf(error), "ignore");
    }
    if (state !== "stopped" && this.#recover !== undefined) this.#inbox.defer();
    else if (state !== "suspended") this.#inbox.close(state);
    if (state === "suspended") return;
    for (const watcher of this.#watchers) watcher.terminated(this, state);
    this.#watchers.clear();
  }

  #hasWork(): boolean {
    if (this.#chore !== "none") return true;
    return this.#state === "running" && (this.#inbox.size > 0 || this.#failures.size > 0);
  }

  /** `private`, not `#`: see {@link Mailbox}. */
  private wake(): void {
    if (this.#queued) return;
    this.#queued = true;
    this.#host.ready(this);
  }

  #move(state: ActorState): void {
    assert(
      STATES_AFTER[this.#state].includes(state),
      `${this.path} cannot go from ${this.#state} to ${state}`,
    );
    this.#state = state;
  }
}
