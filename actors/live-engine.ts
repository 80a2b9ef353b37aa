// An engine with a journal under it: takes records in, recovers after a crash, saves its actors' state as it goes. Live
// trading, paper trading and file replay all run this; they differ in who feeds it and whose clock it is.

import { LoadArchive, SaveArchive } from "./base/archive.ts";
import { assert } from "./base/assert.ts";
import type { Micros, Scheduler } from "./base/clock.ts";
import { decodeRecord } from "./domain/codec.ts";
import { RECORD_KINDS, type Command, type Fault, type JournalRecord } from "./domain/records.ts";
import type { Engine, EngineFault, Stateful } from "./engine.ts";
import { FaultHistory } from "./fault-history.ts";
import { BEAT_MICROS, SNAPSHOT_INTERVAL_MICROS } from "./limits.ts";
import type { EmissionTarget } from "./outlets.ts";
import type { BackupStream } from "./ports/backup-stream.ts";
import type { Draft } from "./ports/emitter.ts";
import type { Journal } from "./ports/journal.ts";
import type { SnapshotStore } from "./ports/snapshots.ts";
import { faultText, Rebuilder } from "./rebuild.ts";
import { Replayer, type ReplayReport } from "./replayer.ts";
import { type IncomingTick, TickRouter } from "./router.ts";

/** {@link LiveEngine.step} took nothing: an order waits for its intent to be durable. */
export const STEP_WAITS = -3;

const SEAL = RECORD_KINDS.indexOf("seal");
const FAULT = RECORD_KINDS.indexOf("fault");

export interface Recovery {
  /** Records applied again. */
  readonly records: number;
  /** Actors that started from a snapshot. */
  readonly restored: number;
  /** Things the actors had said when they were killed, but the journal had not yet kept. */
  readonly completed: number;
  readonly report: ReplayReport;
}

export class LiveEngine implements EmissionTarget {
  readonly engine: Engine;
  readonly router: TickRouter;
  readonly #journal: Journal;
  readonly #snapshots: SnapshotStore | undefined;
  readonly #rebuilder: Rebuilder;
  /** By actor: where its newest snapshot stands. */
  readonly #savedSeqs = new Map<string, number>();
  #snapshotTurn = 0;
  #snapshotDueMicros = 0;
  #entriesHalted = false;

  /** @param options.onFault hears of every actor that failed, after the journal has */
  constructor(options: {
    engine: Engine;
    journal: Journal;
    scheduler: Scheduler;
    snapshots?: SnapshotStore;
    backup?: BackupStream;
    onFault?: (fault: EngineFault) => void;
  }) {
    this.engine = options.engine;
    this.#journal = options.journal;
    this.#snapshots = options.snapshots;
    this.router = new TickRouter({
      journal: options.journal,
      switchboard: options.engine.switchboard,
      ...(options.backup === undefined ? {} : { backup: options.backup }),
    });
    this.engine.outlets.turnTo(this);
    this.#rebuilder = new Rebuilder({
      journal: options.journal,
      snapshots: options.snapshots,
      scheduler: options.scheduler,
      engine: options.engine,
    });
    this.engine.attach({
      rebuild: this.#rebuilder.rebuild,
      onFault: (fault) => {
        this.#rebuilder.poison(fault.path, fault.seq);
        this.#reportFault(fault);
        options.onFault?.(fault);
      },
    });
  }

  emitted(_path: string, draft: Draft): void {
    this.router.emit(draft);
  }

  /**
   * Brings every actor to the end of the journal: newest snapshot, then the records after it. What the actors say beyond
   * the journal's end was lost with the crash before it was durable, and is said now.
   */
  recover(): Recovery {
    const restored = this.#restoreSnapshots();
    const fromSeq = this.#oldestAppliedSeq() + 1;
    const history = this.#faultHistory(fromSeq);
    // An actor that fails now, at what it once survived, has said it all before.
    this.#rebuilder.recovered(this.#journal.lastSeq);
    const replayer = new Replayer(this.#replayHost(), "recover");
    const { outlets } = this.engine;
    outlets.turnTo(replayer);
    const cursor = this.#journal.cursor(fromSeq);
    for (let raw = cursor.next(); raw !== undefined; raw = cursor.next()) {
      if (raw.kind === SEAL) continue;
      const record = decodeRecord(raw);
      if (record.kind === "configured") this.#assertSameConfig(record.seq, record.config);
      history.before(record);
      replayer.feed(record);
    }
    cursor.close();
    outlets.unmuteAll();
    outlets.turnTo(this);
    const unsaid = replayer.takeUnplaced();
    for (const draft of unsaid) this.router.emit(draft);
    this.engine.run();
    const report = replayer.report();
    return { records: report.records, restored, completed: unsaid.length, report };
  }

  /** Journals the configuration and begins to take ticks under `epoch`. Call once, after {@link recover}. */
  begin(epoch: number, timeMicros: Micros): void {
    this.router.configured({ config: this.engine.config, epoch }, timeMicros);
    this.#journal.onProgress(() => this.onJournalProgress());
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
    while (engine.gate.waiting > 0 && this.#release() > 0) engine.run();
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

  /** The journal moved on, or failed: orders may leave; after a failure entries stop for good. */
  onJournalProgress(): void {
    if (this.router.detached && !this.#entriesHalted) {
      this.#entriesHalted = true;
      const { accountId } = this.engine.config.account;
      this.router.command({ command: "halt-entries", accountId, by: "journal" }, this.router.timeMicros);
    }
    if (this.engine.gate.waiting > 0) this.#release();
  }

  /** Lets time pass on silent symbols, if anyone waits for it. Live, call it every {@link BEAT_MICROS}. */
  beatIfDue(timeMicros: Micros): void {
    if (this.engine.nextDueMicros() <= timeMicros) this.router.beat(timeMicros);
    this.#snapshotNext();
  }

  /** Saves every actor's state now. Call when nothing is running, before the journal is closed. */
  snapshotAll(): void {
    for (const stateful of this.#stateful()) this.#snapshot(stateful);
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
      const dueMicros = Math.ceil(this.engine.nextDueMicros() / BEAT_MICROS) * BEAT_MICROS;
      beatMicros = Math.max(beatMicros, dueMicros);
      if (beatMicros > untilMicros) return true;
      this.router.beat(beatMicros);
      this.settle();
      if (this.waitsForDisk) return false;
      beatMicros += BEAT_MICROS;
    }
  }

  /** Records that felled an actor in a former life are left out again, as that life went on without them. */
  #faultHistory(fromSeq: number): FaultHistory {
    const history = new FaultHistory(this.engine);
    const cursor = this.#journal.cursor(fromSeq);
    for (let raw = cursor.next(); raw !== undefined; raw = cursor.next()) {
      if (raw.kind !== FAULT) continue;
      const fault = decodeRecord(raw) as Fault;
      const seq = history.note(fault);
      if (seq > 0) this.#rebuilder.poison(fault.subject, seq);
    }
    cursor.close();
    return history;
  }

  /** Decisions of other settings must not be continued as if they were these'. Snapshots are tied to them anyway. */
  #assertSameConfig(seq: number, config: unknown): void {
    assert(
      JSON.stringify(config) === JSON.stringify(this.engine.config),
      `record ${seq} says that the journal was written under other instruments or settings`,
    );
  }

  #reportFault(fault: EngineFault): void {
    this.router.emit({
      kind: "fault",
      seq: 0,
      timeMicros: this.router.timeMicros,
      what: fault.what,
      subject: fault.path,
      message: faultText(fault.seq, fault.message),
    });
  }

  #release(): number {
    return this.engine.gate.release(this.router, {
      durableSeq: this.#journal.durableSeq,
      timeMicros: this.router.timeMicros,
      exitsOnly: this.router.detached,
    });
  }

  #replayHost(): ConstructorParameters<typeof Replayer>[0] {
    const { engine, router } = this;
    return {
      switchboard: engine.switchboard,
      observe: (record: JournalRecord): void => {
        if (record.seq > engine.routerSeat.appliedSeq) router.observe(record);
        if (record.kind === "sent") engine.gate.markSent(record.intentId);
      },
      run: () => engine.run(),
    };
  }

  #stateful(): readonly Stateful[] {
    const { engine, router } = this;
    const own: Stateful = {
      seat: engine.routerSeat,
      persist: (archive) => {
        router.persist(archive);
        engine.gate.persist(archive);
      },
      ready: () => true,
      leaveOut: () => {},
    };
    return [own, ...engine.stateful];
  }

  #restoreSnapshots(): number {
    if (this.#snapshots === undefined) return 0;
    let restored = 0;
    for (const stateful of this.#stateful()) {
      const { seat } = stateful;
      const snapshot = this.#snapshots.load(seat.path, this.engine.layout, this.#journal.durableSeq);
      if (snapshot === undefined) continue;
      const archive = new LoadArchive(snapshot.state);
      stateful.persist(archive);
      archive.finish();
      seat.appliedSeq = snapshot.appliedSeq;
      this.#savedSeqs.set(seat.path, snapshot.appliedSeq);
      restored++;
    }
    return restored;
  }

  #oldestAppliedSeq(): number {
    return Math.min(...this.#stateful().map(({ seat }) => seat.appliedSeq));
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
    if (this.#snapshots === undefined || seat.depth > 0 || !stateful.ready()) return;
    const archive = new SaveArchive();
    stateful.persist(archive);
    this.#savedSeqs.set(seat.path, this.router.lastSeq);
    this.#snapshots.save({
      actor: seat.path,
      layout: this.engine.layout,
      appliedSeq: this.router.lastSeq,
      timeMicros: this.router.timeMicros,
      state: archive.finish(),
    });
  }
}
