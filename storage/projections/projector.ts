// The trading process's side of its stores: starts the process that keeps them, tells it how far the journal is durable, and
// knows what it says of itself.

import { join } from "node:path";
import type { Journal } from "../../actors/ports/journal.ts";
import { type Blame, CallMark } from "../process/call-mark.ts";
import { watchCalls } from "../process/call-watch.ts";
import { SupervisedProcess } from "../process/supervised-process.ts";
import type { ProjectionId } from "./control.ts";
import { type Endpoint, fromProjectorSchema, type ToProjector, type WeaviateAddress } from "./messages.ts";
import type { ProjectionStatus } from "./projection.ts";

/** How often it is told how far it may read. */
const TELL_MILLIS = 50;
/** Silence after which it is taken for hung: one batch into a slow store may take long, following the journal does not. */
const SILENCE_MILLIS_MAX = 60_000;
/** How long it may take to catch up when everything stops. */
const FAREWELL_MILLIS = 10_000;

export interface ProjectorStatus extends ProjectionStatus {
  /** Whether the store took what it was given last. */
  readonly up: boolean;
}

const UNHEARD: ProjectionStatus = {
  appliedSeq: 0,
  lagRecords: 0,
  lagMicros: 0,
  paused: false,
  breaker: "closed",
  failures: 0,
  lastError: "it has not been heard of yet",
};

export interface ProjectorOptions {
  readonly data: string;
  readonly journal: Journal;
  /** What it keeps. */
  readonly ids: readonly ProjectionId[];
  /** Where the time series answers now; undefined where none is kept. */
  readonly endpoint: () => Endpoint | undefined;
  readonly streamsUrl: string | undefined;
  /** Where the hot state is shared; undefined where it is not. */
  readonly dragonflyUrl: string | undefined;
  readonly weaviate: WeaviateAddress | undefined;
  readonly graphUrl: string | undefined;
  /** The registry whose shadows are asked and scored; undefined where nobody is scored. */
  readonly modelsFolder: string | undefined;
  /** Hears of a shadow that never answers, before the process that asked it is ended. */
  readonly onHung: (blame: Blame) => void;
  readonly onProblem: (message: string) => void;
}

export class Projector {
  readonly #options: ProjectorOptions;
  readonly #process: SupervisedProcess;
  readonly #teller: ReturnType<typeof setInterval>;
  #told = { durableSeq: 0, url: "" };
  #stopWatching: () => void = () => undefined;
  #statuses: Readonly<Record<string, ProjectionStatus>> = {};

  constructor(options: ProjectorOptions) {
    this.#options = options;
    this.#process = new SupervisedProcess({
      name: "the projector",
      script: join(import.meta.dir, "../projector-child.ts"),
      greeting: () => this.#greeting(),
      onMessage: (message) => this.#hear(message),
      onProblem: options.onProblem,
      silenceMillisMax: SILENCE_MILLIS_MAX,
    });
    this.#teller = setInterval(() => this.#tell(), TELL_MILLIS);
    this.#teller.unref();
  }

  statusOf(id: ProjectionId): ProjectorStatus {
    const said = this.#statuses[id] ?? UNHEARD;
    const lagRecords = Math.max(0, this.#options.journal.durableSeq - said.appliedSeq);
    return {
      ...said,
      up: said.lastError === "" && !said.paused,
      lagRecords,
      lagMicros: lagRecords === 0 ? 0 : said.lagMicros,
    };
  }

  /** The stores it keeps. */
  get ids(): readonly ProjectionId[] {
    return this.#options.ids;
  }

  /** The least of what the stores have that want every record: the journal keeps what follows. */
  get appliedSeq(): number {
    const whole = this.#options.ids.filter((id) => id !== "hot-state");
    return Math.min(...whole.map((id) => this.statusOf(id).appliedSeq));
  }

  /** Undefined between two lives. */
  get processId(): number | undefined {
    return this.#process.processId;
  }

  /** Lets it store what is durable, for a while, and ends it. */
  async stop(): Promise<void> {
    clearInterval(this.#teller);
    this.#stopWatching();
    const farewell: ToProjector = { type: "stop", durableSeq: this.#options.journal.durableSeq };
    await this.#process.stop(farewell, FAREWELL_MILLIS);
  }

  #greeting(): ToProjector {
    const {
      data,
      journal,
      streamsUrl = null,
      dragonflyUrl = null,
      weaviate = null,
      graphUrl = null,
      modelsFolder = null,
    } = this.#options;
    const endpoint = this.#options.endpoint() ?? null;
    this.#told = { durableSeq: journal.durableSeq, url: endpoint?.url ?? "" };
    return {
      type: "start",
      data,
      durableSeq: journal.durableSeq,
      endpoint,
      streamsUrl,
      dragonflyUrl,
      weaviate,
      graphUrl,
      modelsFolder,
    };
  }

  #tell(): void {
    const { durableSeq } = this.#options.journal;
    const endpoint = this.#options.endpoint();
    if (endpoint !== undefined && endpoint.url !== this.#told.url) {
      this.#process.send({ type: "endpoint", endpoint } satisfies ToProjector);
    }
    if (durableSeq !== this.#told.durableSeq) {
      this.#process.send({ type: "durable", durableSeq } satisfies ToProjector);
    }
    this.#told = { durableSeq, url: endpoint?.url ?? "" };
  }

  #hear(message: unknown): void {
    const said = fromProjectorSchema.parse(message);
    if (said.type === "problem") {
      this.#options.onProblem(said.message);
      return;
    }
    if (said.type === "calls") {
      this.#watch(said.path);
      return;
    }
    this.#statuses = said.projections;
  }

  /** It is ended where a shadow hangs: the next life does not ask that one. */
  #watch(path: string): void {
    this.#stopWatching();
    const { processId } = this.#process;
    if (processId === undefined) return;
    try {
      this.#stopWatching = watchCalls(CallMark.adopt(path), processId, (blame) => {
        if (this.#process.processId !== processId) return;
        this.#options.onHung(blame);
        process.kill(processId, "SIGKILL");
      });
    } catch (error) {
      this.#options.onProblem(`nobody notices a shadow that never answers: ${String(error)}`);
    }
  }
}
