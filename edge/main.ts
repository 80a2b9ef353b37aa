// The composition root: takes a data folder and gives a running engine with everything under it. The only file of edge
// that knows storage.

import { basename, dirname, join } from "node:path";
import type { Micros } from "../actors/base/clock.ts";
import { type Failure, ok, type Result } from "../actors/base/result.ts";
import type { BarListener } from "../actors/chain/chain.ts";
import type { Instrument } from "../actors/domain/instrument.ts";
import { Engine, type EngineFault, type EngineOptions } from "../actors/engine.ts";
import type { EngineConfig } from "../actors/engine-config.ts";
import { PRESETS } from "../actors/chain/presets.ts";
import { ruleForecasters } from "../actors/ensemble.ts";
import { LiveEngine, type Recovery } from "../actors/live-engine.ts";
import type { Scope } from "../actors/ports/fence.ts";
import type { Graph } from "../actors/ports/graph.ts";
import type { KillSwitchStore } from "../actors/ports/kill-switch-store.ts";
import type { ModelQuality } from "../actors/ports/model-quality.ts";
import type { Ledger } from "../actors/ports/ledger.ts";
import type { TimeSeriesReports } from "../actors/ports/time-series-reports.ts";
import type { TimeSeries } from "../actors/ports/time-series.ts";
import type { Vectors } from "../actors/ports/vectors.ts";
import type { VotingModel } from "../actors/voting-models.ts";
import { type DataLock, lockDataFolder } from "../storage/journal/data-lock.ts";
import type { OpenedJournal } from "../storage/journal/append.ts";
import { openJournal } from "../storage/journal/journal.ts";
import { runRetention } from "../storage/journal/retention-round.ts";
import { FileSnapshotStore } from "../storage/journal/snapshot-store.ts";
import { type Backups, openBackups } from "../storage/backups.ts";
import { BarsCache } from "../storage/bars-cache.ts";
import { copyHeads, signHeads, signHeadsAside } from "../storage/sign-heads.ts";
import { type HotStores, openHotStores } from "../storage/open-hot-stores.ts";
import { ModelShelf, type ModelShelfOptions } from "../storage/models/shelf.ts";
import { StoredTime } from "../storage/stored-time.ts";
import { openStores, type Stores } from "../storage/open-stores.ts";
import { type LedgerProjection, ledgerProjection } from "../storage/projections/ledger.ts";
import type { Projector } from "../storage/projections/projector.ts";
import { type LedgerStores, openLedgerStores } from "../storage/sql/ledger-stores.ts";
import { askedVotesOf } from "./asked/votes.ts";
import { SOURCE_NAMES } from "./feeds/source.ts";
import { GateWatch } from "./gate-watch.ts";
import { firstModels, ModelWatch, withModels } from "./model-watch.ts";
import { recalibrationOf } from "./recalibration.ts";
import { asked, recoverSafely } from "./recovery.ts";
import { graphUrlOf, ledgerUrl, type Settings, weaviateOf } from "./settings.ts";
import { SystemClock } from "./system-clock.ts";

/** A running engine and what it stands on. */
export interface Station {
  readonly live: LiveEngine;
  readonly journal: OpenedJournal;
  readonly ledger: Ledger;
  /** Those that reach beyond this account are told through it. */
  readonly killSwitches: KillSwitchStore;
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
  /** What is known of models, and what they turned out to be worth. */
  readonly quality: ModelQuality;
  readonly projector: Projector | undefined;
  /** What processes share while they run. */
  readonly hot: HotStores;
  /** Undefined where no folder for them is named. */
  readonly backups: Backups | undefined;
  /** Of the embedded time series engine, while it runs. */
  readonly engineProcessId: number | undefined;
  /** Archives segments nobody needs any more, warns of a full disk, signs heads, begins an overdue backup. Call it about hourly. */
  housekeep(): Promise<void>;
  /** Lets models vote that were promoted or rolled back since. Call it every few seconds, one call after the other. */
  refreshModels(): Promise<void>;
  /** Says who is switched off by the drift gate: let it look every few seconds. */
  readonly gate: GateWatch;
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
  /** Where runs of models are marked, for a process that watches over this one. */
  readonly calls?: ModelShelfOptions["calls"];
}

export function engineConfig(
  settings: Settings,
  instruments: readonly Instrument[],
  models: readonly VotingModel[],
): EngineConfig {
  const { preset, account, broker, seed, accounts } = settings;
  const others = accounts === undefined ? {} : { accounts };
  const beside = { ...others, ...askedVotesOf(settings), ...recalibrationOf(settings) };
  return withModels({ instruments, sources: SOURCE_NAMES, preset, account, broker, seed, ...beside }, models);
}

/** The trained models of a data folder; a replay's folder has those of the one that it lies in. */
export function openModels(
  data: string,
  onProblem: (message: string) => void,
  calls?: ModelShelfOptions["calls"],
): ModelShelf {
  return new ModelShelf({ folder: modelsFolder(data), onProblem, calls });
}

function modelsFolder(data: string): string {
  const replays = dirname(data);
  return join(basename(replays) === REPLAYS_FOLDER ? dirname(replays) : data, "models");
}

export interface EngineBuilderOptions extends Pick<
  EngineOptions,
  "scheduler" | "stopwatch" | "live" | "asksMembers" | "onBar" | "minutesKept"
> {
  /** Where the models are that configurations name; needed only where members are asked. */
  readonly models?: ModelShelf;
}

/** Builds engines with the rule members and the models that their configuration names. */
export function engineBuilder({
  models,
  ...options
}: EngineBuilderOptions): (config: EngineConfig) => Engine {
  return (config) =>
    new Engine({
      config,
      ...options,
      forecasters: ({ symbol }) =>
        models !== undefined && options.asksMembers
          ? [...ruleForecasters(), ...models.membersOf(config, symbol)]
          : ruleForecasters(),
    });
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
  const { settings, live: isLive } = options;
  const scope = settings.account.accountId;
  const books = await openLedgerStores(ledgerUrl(settings));
  if (!books.ok) return books;
  const { ledger } = books.value;
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
  const { live, snapshots, models } = await liveEngine(options, clock, journal.value);
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
    modelsFolder: modelsFolder(settings.data),
    scoresModels: keeps,
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
    ...books.value,
    clock,
    snapshots,
    lock,
    stores,
    hot,
    backups,
    models,
  };
  return ok(new RunningStation(options, { ...parts, recovery: recovered.value, epoch: epoch.value }));
}

/** The engine, not begun, with the models that are to vote open. */
async function liveEngine(
  options: StationOptions,
  clock: SystemClock,
  journal: OpenedJournal,
): Promise<{ live: LiveEngine; snapshots: FileSnapshotStore; models: ModelWatch }> {
  const { settings, instruments, live: isLive } = options;
  const onProblem = (message: string): void => options.onProblem?.(message);
  const snapshots = new FileSnapshotStore({
    directory: join(settings.data, "snapshots"),
    durableSeq: () => journal.durableSeq,
    flush: () => journal.flush(),
    onProblem,
  });
  const shelf = openModels(settings.data, onProblem, options.calls);
  if (PRESETS[settings.preset].wantsModels === true) shelf.addBaseline(clock.nowMicros());
  const { chosen, revision } = await firstModels({
    shelf,
    symbols: instruments.map(({ symbol }) => symbol),
    // Where ticks bring their time along, members judge their age by it.
    timeMicros: isLive ? clock.nowMicros() : 0,
    onProblem,
  });
  const live = new LiveEngine({
    build: engineBuilder({
      scheduler: clock,
      stopwatch: clock.stopwatch,
      live: isLive,
      asksMembers: true,
      models: shelf,
      ...(options.onBar === undefined ? {} : { onBar: options.onBar }),
    }),
    config: engineConfig(settings, instruments, chosen),
    journal,
    scheduler: clock,
    snapshots,
    awaitsLink: isLive,
    onProblem,
    ...(options.onFault === undefined ? {} : { onFault: options.onFault }),
  });
  const nowMicros = (): Micros => (isLive ? clock.nowMicros() : live.router.timeMicros);
  const models = new ModelWatch({ shelf, live, instruments, chosen, revision, nowMicros, onProblem });
  return { live, snapshots, models };
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

const JOURNAL_FOLDER = "journal";
/** Of a data folder: replays of files, each in a folder of its own. */
export const REPLAYS_FOLDER = "replays";

type StationParts = Pick<Station, "live" | "journal" | "clock" | "recovery" | "epoch" | "hot" | "backups"> &
  LedgerStores & {
    readonly stores: Stores;
    readonly snapshots: FileSnapshotStore;
    readonly lock: DataLock;
    readonly models: ModelWatch;
  };

class RunningStation implements Station {
  readonly live: LiveEngine;
  readonly journal: OpenedJournal;
  readonly ledger: Ledger;
  readonly killSwitches: KillSwitchStore;
  readonly projection: LedgerProjection;
  readonly clock: SystemClock;
  readonly recovery: Recovery;
  readonly epoch: number;
  readonly timeSeries: TimeSeries | undefined;
  readonly bars: BarsCache | undefined;
  readonly reports: TimeSeriesReports | undefined;
  readonly vectors: Vectors | undefined;
  readonly graph: Graph | undefined;
  readonly quality: ModelQuality;
  readonly projector: Projector | undefined;
  readonly hot: HotStores;
  readonly backups: Backups | undefined;
  readonly #stores: Stores;
  readonly #options: StationOptions;
  readonly #heads: LedgerStores["heads"];
  readonly #snapshots: FileSnapshotStore;
  readonly #lock: DataLock;
  readonly #models: ModelWatch;
  readonly gate = new GateWatch((message) => this.#options.onProblem?.(message));
  #signedDay = "";
  #areHeadsCopied = false;

  constructor(options: StationOptions, parts: StationParts) {
    this.#options = options;
    this.live = parts.live;
    this.journal = parts.journal;
    this.ledger = parts.ledger;
    this.killSwitches = parts.killSwitches;
    this.clock = parts.clock;
    this.recovery = parts.recovery;
    this.epoch = parts.epoch;
    this.#stores = parts.stores;
    this.timeSeries = parts.stores.timeSeries;
    this.reports = parts.stores.reports;
    this.vectors = parts.stores.vectors;
    this.graph = parts.stores.graph;
    this.quality = parts.stores.quality;
    this.projector = parts.stores.projector;
    this.hot = parts.hot;
    this.#heads = parts.heads;
    this.backups = parts.backups;
    this.bars = this.#barsCache();
    this.#snapshots = parts.snapshots;
    this.#lock = parts.lock;
    this.#models = parts.models;
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

  async refreshModels(): Promise<void> {
    await this.#models.refresh();
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
    this.live.end();
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
