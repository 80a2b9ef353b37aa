// An engine with a journal under it: takes records in, recovers after a crash, saves its actors' state as it goes. Live
// trading, paper trading and file replay all run this; they differ in who feeds it and whose clock it is.

import { SaveArchive } from "./base/archive.ts";
import { assert } from "./base/assert.ts";
import type { Micros, Scheduler } from "./base/clock.ts";
import { failure, ok, type Result } from "./base/result.ts";
import { decodeRecord } from "./domain/codec.ts";
import { RECORD_KINDS, type Command } from "./domain/records.ts";
import type { Engine, EngineFault } from "./engine.ts";
import { accountsOf, type EngineConfig, sameConfig, STATE_LAYOUT, succeed } from "./engine-config.ts";
import { FaultHistory } from "./fault-history.ts";
import { Follower } from "./follower.ts";
import { findFooting, type Footing, statesOf, stepOn } from "./footing.ts";
import { BEAT_MICROS, SNAPSHOT_INTERVAL_MICROS } from "./limits.ts";
import { OrderExit } from "./order-exit.ts";
import type { EmissionTarget } from "./outlets.ts";
import type { Stateful } from "./place.ts";
import type { BrokerLink } from "./ports/broker-link.ts";
import type { Draft } from "./ports/emitter.ts";
import type { Journal } from "./ports/journal.ts";
import type { Era, SnapshotStore } from "./ports/snapshots.ts";
import { Rebuilder } from "./rebuild.ts";
import type { ReplayReport } from "./replayer.ts";
import { type IncomingAdvice, type IncomingTick, TickRouter } from "./router.ts";
import { Turns } from "./turns.ts";

/** {@link LiveEngine.step} took nothing: an order waits for its intent to be durable. */
export const STEP_WAITS = -3;

const SEAL = RECORD_KINDS.indexOf("seal");

export type ConfigureFailure = "config-incompatible" | "actor-out-of-service";

export interface Recovery {
  /** Records applied again. */
  readonly records: number;
  /** Actors that started from a snapshot. */
  readonly restored: number;
  /** Things the actors had said when they were killed, but the journal had not yet kept. */
  readonly completed: number;
  readonly report: ReplayReport;
}

export interface LiveEngineOptions {
  readonly build: (config: EngineConfig) => Engine;
  /** What is to be in force from {@link LiveEngine.begin} on. */
  readonly config: EngineConfig;
  readonly journal: Journal;
  readonly scheduler: Scheduler;
  readonly snapshots?: SnapshotStore;
  /** Orders to a terminal wait until there is one: see {@link LiveEngine.connect}. */
  readonly awaitsLink?: boolean;
  /** Hears of every actor that failed, after the journal has. */
  readonly onFault?: (fault: EngineFault) => void;
  /** Hears of snapshots that could not be used. */
  readonly onProblem?: (message: string) => void;
}

export class LiveEngine implements EmissionTarget {
  readonly router: TickRouter;
  readonly #options: LiveEngineOptions;
  readonly #journal: Journal;
  readonly #snapshots: SnapshotStore | undefined;
  readonly #rebuilder: Rebuilder;
  readonly #turns: Turns;
  readonly #exit: OrderExit;
  /** By actor: where its newest stored snapshot stands. */
  readonly #savedSeqs = new Map<string, number>();
  #engine: Engine;
  /** Undefined until a configuration is in the journal. */
  #era: Era | undefined;
  #epoch = 0;
  #snapshotTurn = 0;
  #snapshotDueMicros = 0;
  #entriesHalted = false;

  constructor(options: LiveEngineOptions) {
    this.#options = options;
    this.#journal = options.journal;
    this.#snapshots = options.snapshots;
    this.#engine = options.build(options.config);
    this.router = new TickRouter({
      journal: options.journal,
      switchboard: this.#engine.switchboard,
    });
    const { journal, awaitsLink = false } = options;
    this.#exit = new OrderExit({ router: this.router, journal, awaitsLink });
    this.#rebuilder = new Rebuilder({
      journal: options.journal,
      snapshots: options.snapshots,
      scheduler: options.scheduler,
      host: this,
    });
    this.#turns = new Turns({
      scheduler: options.scheduler,
      engine: () => this.#engine,
      router: this.router,
    });
    this.#takeCharge(this.#engine);
    this.#engine.outlets.turnTo(this);
  }

  /** Another one once {@link recover} and {@link begin} found a configuration to change; the same from then on. */
  get engine(): Engine {
    return this.#engine;
  }

  get eraSeq(): number {
    return this.#era?.seq ?? 0;
  }

  emitted(_path: string, draft: Draft): void {
    this.router.emit(draft);
    this.#exit.hear(draft, this.#engine);
  }

  /** From now on orders leave by `link`, those first that waited for it; by nobody while it is undefined. */
  connect(link: BrokerLink | undefined): void {
    this.#exit.link = link;
    if (this.engine.gate.waiting > 0) this.#exit.release(this.#engine);
  }

  /**
   * Brings every actor to the end of the journal: newest snapshot, then the records after it. What the actors say beyond
   * the journal's end was lost with the crash before it was durable, and is said now.
   * @throws when the journal no longer holds the records that recovery needs
   */
  recover(): Recovery {
    const restored = this.#restoreSnapshots();
    const fromSeq = Math.min(...this.#stateful().map(({ seat }) => seat.appliedSeq)) + 1;
    const faults = FaultHistory.read(this.#journal.cursor(fromSeq));
    for (const { path, seq } of faults.failings) this.#rebuilder.poison(path, seq);
    // An actor that fails now, at what it once survived, has said it all before.
    this.#rebuilder.recovered(this.#journal.lastSeq);
    const follower = new Follower({
      engine: this.#engine,
      era: this.#era,
      mode: "recover",
      faults,
      build: this.#options.build,
      observe: (record) => {
        if (record.seq > this.#engine.routerSeat.appliedSeq) this.router.observe(record);
      },
      onSuccession: (engine) => this.#takeCharge(engine),
    });
    this.#feed(follower, fromSeq);
    this.#enterEra(follower.era);
    this.#engine.outlets.unmuteAll();
    this.#engine.outlets.turnTo(this);
    const unsaid = follower.replayer.takeUnplaced();
    for (const draft of unsaid) this.router.emit(draft);
    this.#engine.run();
    const report = follower.replayer.report();
    return { records: report.records, restored, completed: unsaid.length, report };
  }

  /**
   * Journals the configuration and begins to take ticks under `epoch`. Where it differs from the one the journal was
   * written under, actors take their states along. Call once, after {@link recover}.
   */
  begin(epoch: number, timeMicros: Micros): Result<void, ConfigureFailure> {
    this.#epoch = epoch;
    const { config: wanted } = this.#options;
    const config = this.#era === undefined ? ok(wanted) : succeed(this.#era.config as EngineConfig, wanted);
    const begun = config.ok ? this.#configure(config.value, timeMicros) : config;
    if (begun.ok) this.#journal.onProgress(() => this.onJournalProgress());
    return begun;
  }

  /** The engine for another configuration, built ahead of {@link reconfigure}; the one in charge where it says the same. */
  prepare(wanted: EngineConfig): Result<Engine, ConfigureFailure> {
    const config = succeed(this.#engine.config, wanted);
    if (!config.ok) return config;
    if (sameConfig(config.value, this.#engine.config)) return ok(this.#engine);
    const ready = this.#allReady();
    return ready.ok ? ok(this.#options.build(config.value)) : ready;
  }

  /**
   * Goes on under another configuration while ticks come in, as a start under it would: what was taken in so far is handled
   * under the one before.
   */
  reconfigure(prepared: Engine, timeMicros: Micros): Result<void, ConfigureFailure | "journal-failed"> {
    if (prepared === this.#engine) return ok(undefined);
    if (this.router.detached) return failure("journal-failed", "the journal takes nothing more");
    while (!this.#engine.system.idle) this.#engine.run();
    return this.#configure(prepared.config, timeMicros, prepared);
  }

  /**
   * Takes a tick and lets everything that follows from it happen. For drivers with a clock of their own: what one step
   * leaves waiting for the disk must have left before the next, so that the disk's speed decides nothing.
   * @returns as {@link TickRouter.ingest}, or {@link STEP_WAITS}: flush the journal, {@link settle}, call again
   */
  step(tick: IncomingTick, timeMicros: Micros): number {
    if (this.waitsForDisk || !this.#beatUntil(timeMicros)) return STEP_WAITS;
    const taken = this.router.ingest(tick, timeMicros);
    this.settle();
    return taken;
  }

  /** Runs until nobody has anything to do, but for intents that wait for the disk: see {@link waitsForDisk}. */
  settle(): void {
    const { engine } = this;
    engine.run();
    while (engine.gate.waiting > 0 && this.#exit.release(this.#engine) > 0) engine.run();
    this.#snapshotNext();
  }

  /** Orders are waiting for their intents to be durable: flush the journal, then {@link settle}. */
  get waitsForDisk(): boolean {
    return this.engine.gate.waiting > 0;
  }

  /** Recovery reads the journal from the record after this one: no segment that holds later ones may leave. */
  get oldestSnapshotSeq(): number {
    return Math.min(...this.#stateful().map(({ seat }) => this.#savedSeqs.get(seat.path) ?? 0));
  }

  command(command: Command, timeMicros: Micros): void {
    this.router.command(command, timeMicros);
  }

  /** See {@link TickRouter.advise}. */
  advise(advice: IncomingAdvice, timeMicros: Micros): boolean {
    return this.router.advise(advice, timeMicros);
  }

  /** The journal moved on, or failed: orders may leave; after a failure entries stop for good. */
  onJournalProgress(): void {
    if (this.router.detached && !this.#entriesHalted) {
      this.#entriesHalted = true;
      for (const { account } of accountsOf(this.engine.config)) {
        const { accountId } = account;
        this.router.command({ command: "halt-entries", accountId, by: "journal" }, this.router.timeMicros);
      }
    }
    if (this.engine.gate.waiting > 0) this.#exit.release(this.#engine);
  }

  /**
   * Lets time pass on silent symbols, if anyone waits for it. Where minutes have ended, symbols close them in their turns. Live, call
   * it every {@link BEAT_MICROS}.
   */
  beatIfDue(timeMicros: Micros): void {
    const { engine, router } = this;
    if (engine.nextToClose(0, timeMicros) === undefined) {
      if (engine.nextDueMicros() <= timeMicros) router.beat(timeMicros);
    } else if (engine.sharedDueMicros() <= timeMicros) router.beatWithoutSymbols(timeMicros);
    this.#turns.begin(timeMicros);
    this.#snapshotNext();
  }

  /** Saves every actor's state and gives no more turns: call when nothing is running, before the journal is closed. */
  end(): void {
    this.#turns.end();
    this.#snapshotAll();
  }

  /**
   * Beats on the grid of {@link BEAT_MICROS} up to `untilMicros`, where somebody waits for one. False when an order must
   * leave first; another call goes on from there.
   */
  #beatUntil(untilMicros: Micros): boolean {
    const lastMicros = this.router.timeMicros;
    if (Math.floor(untilMicros / BEAT_MICROS) === Math.floor(lastMicros / BEAT_MICROS)) return true;
    let beatMicros = (Math.floor(lastMicros / BEAT_MICROS) + 1) * BEAT_MICROS;
    for (;;) {
      if (!this.#takeEveryTurn()) return false;
      const dueMicros = Math.ceil(this.engine.nextDueMicros() / BEAT_MICROS) * BEAT_MICROS;
      beatMicros = Math.max(beatMicros, dueMicros);
      if (beatMicros > untilMicros) return true;
      this.router.beat(beatMicros);
      this.settle();
      if (this.waitsForDisk) return false;
      beatMicros += BEAT_MICROS;
    }
  }

  /**
   * The turns of all symbols at once, for drivers with a clock of their own. Minutes are closed by beats for everybody there: nothing
   * comes in meanwhile that would wait. False when an order must leave first.
   */
  #takeEveryTurn(): boolean {
    for (let id = this.#engine.nextToAsk(0); id !== undefined; id = this.#engine.nextToAsk(id + 1)) {
      this.router.turnOf(id, this.router.timeMicros);
      this.settle();
      if (this.waitsForDisk) return false;
    }
    return true;
  }

  #configure(config: EngineConfig, timeMicros: Micros, prepared?: Engine): Result<void, ConfigureFailure> {
    const last = this.#era;
    const changes = last !== undefined && !sameConfig(last.config, config);
    if (changes) {
      const ready = this.#allReady();
      if (!ready.ok) return ready;
      const successor = prepared ?? this.#options.build(config);
      successor.inherit(this.#engine, this.router.lastSeq + 1);
      this.#engine.system.stop();
      this.#takeCharge(successor);
      successor.outlets.turnTo(this);
    }
    this.router.configured({ config, epoch: this.#epoch }, timeMicros);
    this.#engine.run();
    if (last === undefined || changes) {
      this.#enterEra({ seq: this.router.lastSeq, previousSeq: last?.seq ?? null, config });
    }
    return ok(undefined);
  }

  /** Whether every actor has a state that another could go on with. */
  #allReady(): Result<void, "actor-out-of-service"> {
    const troubled = this.#engine.stateful.find((stateful) => !stateful.ready());
    return troubled === undefined ? ok(undefined) : outOfService(troubled.seat.path);
  }

  #takeCharge(engine: Engine): void {
    this.#engine = engine;
    this.router.turnTo(engine.switchboard);
    engine.attach({
      rebuild: this.#rebuilder.rebuild,
      onFault: (fault) => {
        this.#rebuilder.poison(fault.path, fault.seq);
        this.#reportFault(fault);
        this.#options.onFault?.(fault);
      },
    });
  }

  /** From here on snapshots belong to `era`. One that took over from another is saved whole at once. */
  #enterEra(era: Era | undefined): void {
    if (era === undefined || era.seq === this.#era?.seq) return;
    this.#era = era;
    this.#savedSeqs.clear();
    this.#snapshots?.keepEra(era);
    if (era.previousSeq !== null) this.#snapshotAll();
  }

  #snapshotAll(): void {
    for (const stateful of this.#stateful()) this.#snapshot(stateful);
  }

  #feed(follower: Follower, fromSeq: number): void {
    const cursor = this.#journal.cursor(fromSeq);
    let expectedSeq = fromSeq;
    for (let raw = cursor.next(); raw !== undefined; raw = cursor.next()) {
      assert(
        raw.seq === expectedSeq,
        `recovery needs record ${expectedSeq} and the journal goes on at ${raw.seq}: restore the archived segments`,
      );
      expectedSeq++;
      if (raw.kind !== SEAL) follower.feed(decodeRecord(raw));
    }
    cursor.close();
  }

  #reportFault(fault: EngineFault): void {
    this.router.emit({
      kind: "fault",
      seq: 0,
      timeMicros: this.router.timeMicros,
      what: fault.what,
      subject: fault.path,
      atSeq: fault.seq,
      message: fault.message,
    });
  }

  #stateful(): readonly Stateful[] {
    return statesOf(this.#engine, this.router);
  }

  #restoreSnapshots(): number {
    const footing = this.#footing();
    if (footing === undefined) return 0;
    this.#takeCharge(this.#options.build(footing.era.config as EngineConfig));
    this.#era = footing.era;
    for (const [path, { appliedSeq }] of footing.snapshots) this.#savedSeqs.set(path, appliedSeq);
    return stepOn(footing, this.#stateful());
  }

  #footing(): Footing | undefined {
    if (this.#snapshots === undefined) return undefined;
    const cursor = this.#journal.cursor(1);
    const firstSeq = cursor.next()?.seq ?? 1;
    cursor.close();
    const { build, onProblem } = this.#options;
    return findFooting({
      store: this.#snapshots,
      build,
      stateful: (engine) =>
        statesOf(engine, new TickRouter({ journal: this.#journal, switchboard: engine.switchboard })),
      first: "newest",
      atLeastSeq: firstSeq - 1,
      atMostSeq: this.#journal.durableSeq,
      ...(onProblem === undefined ? {} : { onProblem }),
    });
  }

  /** One actor at a time, in turn, so that no tick waits for more than one state to be copied. */
  #snapshotNext(): void {
    if (this.#snapshots === undefined || this.router.timeMicros < this.#snapshotDueMicros) return;
    const stateful = this.#stateful();
    this.#snapshotDueMicros = this.router.timeMicros + SNAPSHOT_INTERVAL_MICROS / stateful.length;
    const next = stateful[this.#snapshotTurn % stateful.length];
    this.#snapshotTurn++;
    if (next !== undefined) this.#snapshot(next);
  }

  #snapshot(stateful: Stateful): void {
    const { seat } = stateful;
    if (this.#snapshots === undefined || this.#era === undefined) return;
    if (seat.depth > 0 || !stateful.ready()) return;
    const archive = new SaveArchive();
    stateful.persist(archive);
    const era = this.#era;
    const appliedSeq = this.router.lastSeq;
    this.#snapshots.save(
      {
        actor: seat.path,
        layout: STATE_LAYOUT,
        eraSeq: era.seq,
        appliedSeq,
        timeMicros: this.router.timeMicros,
        state: archive.finish(),
      },
      () => {
        if (this.#era === era) this.#savedSeqs.set(seat.path, appliedSeq);
      },
    );
  }
}

function outOfService(path: string): Result<never, "actor-out-of-service"> {
  return failure(
    "actor-out-of-service",
    `${path} failed and has not come back, so its state cannot be taken to other settings: see its fault. Where that was at ` +
      "the start, start once under the former settings.",
    { recoverable: true },
  );
}
