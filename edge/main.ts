// The composition root: takes a data folder and gives a running engine with everything under it. The only file of edge
// that knows storage.

import { join } from "node:path";
import { MICROS_PER_HOUR, type Micros } from "../actors/base/clock.ts";
import { type Failure, failure, ok, type Result } from "../actors/base/result.ts";
import type { BarListener } from "../actors/chain/chain.ts";
import type { Instrument } from "../actors/domain/instrument.ts";
import { Engine, type EngineFault, type EngineOptions } from "../actors/engine.ts";
import type { EngineConfig } from "../actors/engine-config.ts";
import { ruleForecasters } from "../actors/ensemble.ts";
import { LiveEngine, type Recovery } from "../actors/live-engine.ts";
import type { AuditHeadStore } from "../actors/ports/audit-heads.ts";
import type { Scope } from "../actors/ports/fence.ts";
import type { Graph } from "../actors/ports/graph.ts";
import type { Ledger } from "../actors/ports/ledger.ts";
import type { TimeSeriesReports } from "../actors/ports/time-series-reports.ts";
import type { TimeSeries } from "../actors/ports/time-series.ts";
import type { Vectors } from "../actors/ports/vectors.ts";
import { type DataLock, lockDataFolder } from "../storage/journal/data-lock.ts";
import type { OpenedJournal } from "../storage/journal/append.ts";
import { openJournal } from "../storage/journal/journal.ts";
import { runRetention } from "../storage/journal/retention-round.ts";
import { FileSnapshotStore } from "../storage/journal/snapshot-store.ts";
import { type Backups, openBackups } from "../storage/backups.ts";
import { BarsCache } from "../storage/bars-cache.ts";
import { copyHeads, signHeads, signHeadsAside } from "../storage/sign-heads.ts";
import { type HotStores, openHotStores } from "../storage/open-hot-stores.ts";
import { StoredTime } from "../storage/stored-time.ts";
import { openStores, type Stores, type StoresOptions } from "../storage/open-stores.ts";
import { type LedgerProjection, ledgerProjection } from "../storage/projections/ledger.ts";
import type { Projector } from "../storage/projections/projector.ts";
import { SqlAuditHeads } from "../storage/sql/audit-heads.ts";
import { openDatabase } from "../storage/sql/database.ts";
import { SqlLedger } from "../storage/sql/ledger.ts";
import { adviserVoteOf } from "./advisers/settings.ts";
import { SOURCE_NAMES } from "./feeds/source.ts";
import { ledgerUrl, type Settings } from "./settings.ts";
import { SystemClock } from "./system-clock.ts";

/** A running engine and what it stands on. */
export interface Station {
  readonly live: LiveEngine;
  readonly journal: OpenedJournal;
  readonly ledger: Ledger;
  readonly projection: LedgerProjection;
  readonly clock: SystemClock;
  readonly recovery: Recovery;
  readonly epoch: number;
  /** Undefined where none is kept. */
  readonly timeSeries: TimeSeries | undefined;
  /** Pages of the past's bars, remembered where they change no more; undefined where no time series is kept. */
  readonly bars: BarsCache | undefined;
  readonly reports: TimeSeriesReports | undefined;
  /** Market states and what followed them. */
  readonly vectors: Vectors | undefined;
  /** Causes, exposures and correlations. */
  readonly graph: Graph | undefined;
  readonly projector: Projector | undefined;
  /** What processes share while they run. */
  readonly hot: HotStores;
  /** Undefined where no folder for them is named. */
  readonly backups: Backups | undefined;
  /** Of the embedded time series engine, while it runs. */
  readonly engineProcessId: number | undefined;
  /**
   * Moves journal segments that nobody needs any more to the archive, warns of a full disk, signs heads and begins a backup that is
   * overdue. Call it about hourly.
   */
  housekeep(): Promise<void>;
  /** Flushes, saves every actor, brings the ledger up to date and lets the folder go. */
  close(): Promise<void>;
}

export interface StationOptions {
  readonly settings: Settings;
  /** Their ids may differ in the engine: a journal keeps those it knows. */
  readonly instruments: readonly Instrument[];
  /** Records carry the wall clock's time: latencies count from arrival, deadlines are judged. */
  readonly live: boolean;
  /** Keep the time series, as the settings say. */
  readonly keepsTimeSeries?: boolean;
  /** Hears every bar as it closes, those of the recovery included. */
  readonly onBar?: BarListener;
  readonly onFault?: (fault: EngineFault) => void;
  /** Something a person should know, and what to do. */
  readonly onProblem?: (message: string) => void;
}

export function engineConfig(settings: Settings, instruments: readonly Instrument[]): EngineConfig {
  const adviser = adviserVoteOf(settings.advisers);
  return {
    instruments,
    sources: SOURCE_NAMES,
    preset: settings.preset,
    account: settings.account,
    broker: settings.broker,
    seed: settings.seed,
    ...(adviser === undefined ? {} : { adviser }),
  };
}

/** Builds engines with the rule members. */
export function engineBuilder(
  options: Pick<EngineOptions, "scheduler" | "stopwatch" | "live" | "asksMembers" | "onBar">,
): (config: EngineConfig) => Engine {
  return (config) => new Engine({ config, ...options, forecasters: ruleForecasters });
}

/** Locks the folder, recovers what is in it and stands ready to take ticks. */
export async function openStation(options: StationOptions): Promise<Result<Station, string>> {
  const { settings } = options;
  const lock = lockDataFolder(settings.data);
  if (!lock.ok) return lock;
  const opened = await openUnderLock(options, lock.value);
  if (!opened.ok) lock.value.release();
  return opened;
}

async function openUnderLock(options: StationOptions, lock: DataLock): Promise<Result<Station, string>> {
  const { settings, instruments, live: isLive } = options;
  const scope = settings.account.accountId;
  const database = await openDatabase(ledgerUrl(settings));
  if (!database.ok) return database;
  const ledger = new SqlLedger(database.value);
  const ledgerSeq = await asked(() => ledger.cursor(scope));
  if (!ledgerSeq.ok) return ledgerSeq;
  const journal = await openJournal({
    directory: join(settings.data, JOURNAL_FOLDER),
    ...settings.journal,
    witnesses: [{ name: "the ledger", seq: ledgerSeq.value }],
  });
  if (!journal.ok) {
    await ledger.close();
    return journal;
  }
  const clock = new SystemClock();
  const snapshots = new FileSnapshotStore({
    directory: join(settings.data, "snapshots"),
    durableSeq: () => journal.value.durableSeq,
    flush: () => journal.value.flush(),
    ...(options.onProblem === undefined ? {} : { onProblem: options.onProblem }),
  });
  const live = new LiveEngine({
    build: engineBuilder({
      scheduler: clock,
      stopwatch: clock.stopwatch,
      live: isLive,
      asksMembers: true,
      ...(options.onBar === undefined ? {} : { onBar: options.onBar }),
    }),
    config: engineConfig(settings, instruments),
    journal: journal.value,
    scheduler: clock,
    snapshots,
    ...(options.onFault === undefined ? {} : { onFault: options.onFault }),
    ...(options.onProblem === undefined ? {} : { onProblem: options.onProblem }),
  });
  const recovered = recoverSafely(live, isLive ? clock.nowMicros() : Number.POSITIVE_INFINITY);
  const epoch = recovered.ok ? await asked(() => ledger.issueEpoch(scope, journal.value.epoch)) : recovered;
  const begun = epoch.ok
    ? live.begin(epoch.value, isLive ? clock.nowMicros() : live.router.timeMicros)
    : epoch;
  if (!recovered.ok || !epoch.ok || !begun.ok) {
    await journal.value.close();
    await ledger.close();
    return begun as Failure<string>;
  }
  const keeps = options.keepsTimeSeries === true;
  const stores = await openStores({
    data: settings.data,
    journal: journal.value,
    timeSeries: keeps && settings.timeSeries.enabled ? settings.timeSeries : undefined,
    streamsUrl: keeps ? settings.streams.url : undefined,
    dragonflyUrl: keeps ? settings.dragonfly.url : undefined,
    weaviate: keeps ? weaviateOf(settings) : undefined,
    graphUrl: keeps ? graphUrlOf(settings) : undefined,
    onProblem: (message) => options.onProblem?.(message),
  });
  const hot = openHotStores({
    url: keeps ? settings.dragonfly.url : undefined,
    clock,
    onProblem: (message) => options.onProblem?.(message),
  });
  const backups = keeps ? backupsOf(options, clock) : undefined;
  const parts = {
    live,
    journal: journal.value,
    ledger,
    heads: new SqlAuditHeads(database.value),
    clock,
    snapshots,
    lock,
    stores,
    hot,
    backups,
  };
  return ok(new RunningStation(options, { ...parts, recovery: recovered.value, epoch: epoch.value }));
}

function backupsOf({ settings, onProblem }: StationOptions, clock: SystemClock): Backups | undefined {
  const { data, backups, dragonfly, timeSeries } = settings;
  const { enabled, ...history } = timeSeries;
  return openBackups({
    ...backups,
    folder: backups.folder,
    data,
    dragonflyUrl: dragonfly.url,
    timeSeries: enabled ? history : null,
    clock,
    onProblem: (message) => onProblem?.(message),
  });
}

/** What the ledger answers, or why it does not: no start without it, since it issues epochs. */
async function asked<T>(question: () => Promise<T>): Promise<Result<T, "ledger-unreachable">> {
  try {
    return ok(await question());
  } catch (error) {
    return failure(
      "ledger-unreachable",
      `the ledger does not answer: ${error instanceof Error ? error.message : String(error)}. Nothing was changed: see that ` +
        "it can be reached and its disk has room, then start again.",
    );
  }
}

/** Undefined where market states lie with the time series. */
export function weaviateOf({ vectors }: Settings): StoresOptions["weaviate"] {
  const { url, grpcPort, apiKey } = vectors;
  return url === undefined ? undefined : { url, grpcPort, ...(apiKey === undefined ? {} : { apiKey }) };
}

/** Undefined where none is kept: history and graph go together unless a server was named. */
function graphUrlOf({ data, graph, timeSeries }: Settings): string | undefined {
  if (graph.url !== undefined) return graph.url;
  return timeSeries.enabled ? `sqlite://${join(data, "graph.db")}` : undefined;
}

const JOURNAL_FOLDER = "journal";
/** How far a journal's last record may be ahead of the wall's clock, which may have been set back a little. */
const JOURNAL_AHEAD_MICROS_MAX = MICROS_PER_HOUR;

type StationParts = Pick<
  Station,
  "live" | "journal" | "ledger" | "clock" | "recovery" | "epoch" | "hot" | "backups"
> & {
  readonly stores: Stores;
  readonly heads: AuditHeadStore;
  readonly snapshots: FileSnapshotStore;
  readonly lock: DataLock;
};

class RunningStation implements Station {
  readonly live: LiveEngine;
  readonly journal: OpenedJournal;
  readonly ledger: Ledger;
  readonly projection: LedgerProjection;
  readonly clock: SystemClock;
  readonly recovery: Recovery;
  readonly epoch: number;
  readonly timeSeries: TimeSeries | undefined;
  readonly bars: BarsCache | undefined;
  readonly reports: TimeSeriesReports | undefined;
  readonly vectors: Vectors | undefined;
  readonly graph: Graph | undefined;
  readonly projector: Projector | undefined;
  readonly hot: HotStores;
  readonly backups: Backups | undefined;
  readonly #stores: Stores;
  readonly #options: StationOptions;
  readonly #heads: AuditHeadStore;
  readonly #snapshots: FileSnapshotStore;
  readonly #lock: DataLock;
  #signedDay = "";
  #areHeadsCopied = false;

  constructor(options: StationOptions, parts: StationParts) {
    this.#options = options;
    this.live = parts.live;
    this.journal = parts.journal;
    this.ledger = parts.ledger;
    this.clock = parts.clock;
    this.recovery = parts.recovery;
    this.epoch = parts.epoch;
    this.#stores = parts.stores;
    this.timeSeries = parts.stores.timeSeries;
    this.reports = parts.stores.reports;
    this.vectors = parts.stores.vectors;
    this.graph = parts.stores.graph;
    this.projector = parts.stores.projector;
    this.hot = parts.hot;
    this.#heads = parts.heads;
    this.backups = parts.backups;
    this.bars = this.#barsCache();
    this.#snapshots = parts.snapshots;
    this.#lock = parts.lock;
    this.projection = ledgerProjection({
      ...parts,
      scope: options.settings.account.accountId,
      ...(options.onProblem === undefined ? {} : { onProblem: options.onProblem }),
    });
  }

  get engineProcessId(): number | undefined {
    return this.#stores.engineProcessId();
  }

  #barsCache(): BarsCache | undefined {
    const { timeSeries, projector, hot, clock, live } = this;
    if (timeSeries === undefined || projector === undefined) return undefined;
    const stored = new StoredTime({
      lastSeq: () => live.router.lastSeq,
      closedMicros: () => Math.min(live.router.timeMicros, live.engine.nextDueMicros()),
      storedSeq: () => projector.statusOf("time-series").appliedSeq,
    });
    return new BarsCache({
      bars: async (query) => await timeSeries.bars(query),
      hot,
      clock,
      storedMicros: () => stored.micros,
    });
  }

  async housekeep(): Promise<void> {
    const { settings, onProblem } = this.#options;
    await this.#signDaily();
    // Nobody waits for it.
    void this.backups?.makeOverdue();
    const kept = await runRetention({
      journalDirectory: join(settings.data, JOURNAL_FOLDER),
      archiveDirectory: join(settings.data, "archive"),
      cursors: [
        { name: "the ledger", seq: this.projection.status.appliedSeq },
        { name: "recovery", seq: this.live.oldestSnapshotSeq },
        ...(this.projector === undefined ? [] : [{ name: "the stores", seq: this.projector.appliedSeq }]),
      ],
      nowMicros: this.live.router.timeMicros,
    });
    if (!kept.ok) onProblem?.(`${kept.code}: ${kept.message}`);
    else if (kept.value.alarm !== "none") {
      onProblem?.(
        `the journal in ${settings.data} takes ${kept.value.usedBytes} bytes (budget: ${kept.value.alarm}): free space, ` +
          "or move the archive to another disk",
      );
    }
  }

  /** Once a UTC day; a stop signs as well. A ledger that is away is brought the heads at a later call. */
  async #signDaily(): Promise<void> {
    const today = new Date().toISOString().slice(0, 10);
    if (today !== this.#signedDay) {
      this.#signedDay = today;
      this.#areHeadsCopied = false;
      const { data, audit } = this.#options.settings;
      const wrong = await signHeadsAside({ data, anchor: audit.anchor });
      if (wrong !== "") this.#options.onProblem?.(wrong);
    }
    if (!this.#areHeadsCopied) this.#areHeadsCopied = await this.#copyHeads();
  }

  /** False where it is worth trying again. That the ledger is away is said by its projection. */
  async #copyHeads(): Promise<boolean> {
    const { data, account } = this.#options.settings;
    const scope: Scope = { level: "account", accountId: account.accountId };
    const copied = await copyHeads(data, { store: this.#heads, scope });
    if (copied.ok) return true;
    if (!copied.recoverable) this.#options.onProblem?.(`${copied.code}: ${copied.message}`);
    return !copied.recoverable;
  }

  async close(): Promise<void> {
    // A failed journal has said so already; what can still be saved is saved.
    await this.journal.flush().catch(() => undefined);
    this.live.settle();
    this.live.snapshotAll();
    await this.#snapshots.flush();
    await this.journal.flush().catch(() => undefined);
    const isLedgerThere = await this.projection.catchUp();
    this.projection.close();
    await this.backups?.close();
    await this.#stores.close();
    await this.hot.close();
    this.live.engine.system.stop();
    await this.journal.close();
    const { data, audit } = this.#options.settings;
    const signed = await signHeads({ data, anchor: audit.anchor });
    if (!signed.ok) this.#options.onProblem?.(`${signed.code}: ${signed.message}`);
    // A ledger that is away would only make the stop wait; the next start brings it what it lacks.
    if (isLedgerThere) await this.#copyHeads();
    await this.ledger.close();
    this.#lock.release();
  }
}

/** A journal that cannot be replayed must not be written on, nor one whose time this machine has not reached. */
function recoverSafely(
  live: LiveEngine,
  nowMicros: Micros,
): Result<Recovery, "recovery-failed" | "clock-behind"> {
  try {
    const recovery = live.recover();
    const aheadMicros = live.router.timeMicros - nowMicros;
    if (aheadMicros <= JOURNAL_AHEAD_MICROS_MAX) return ok(recovery);
    const lastTime = new Date(live.router.timeMicros / 1_000).toISOString();
    return failure(
      "clock-behind",
      `the journal's last record is of ${lastTime}, which this machine's clock has not reached: time would stand still ` +
        "until then. Set the clock right, or use another data folder.",
    );
  } catch (error) {
    return failure(
      "recovery-failed",
      `the journal cannot be replayed: ${error instanceof Error ? error.message : String(error)}. Nothing was changed; ` +
        "`tickforge journal verify` reads every byte of it.",
    );
  }
}
