// The stores at a running system's side: history in ClickHouse, the stream of records elsewhere, and the process that keeps
// them. Without any of them trading goes on and the journal holds everything.

import { join } from "node:path";
import type { Graph } from "../actors/ports/graph.ts";
import type { Journal } from "../actors/ports/journal.ts";
import type { ModelQuality } from "../actors/ports/model-quality.ts";
import type { TimeSeries } from "../actors/ports/time-series.ts";
import type { TimeSeriesReports } from "../actors/ports/time-series-reports.ts";
import type { Vectors } from "../actors/ports/vectors.ts";
import { type OpenedTimeSeries, openTimeSeries } from "./clickhouse/open.ts";
import { parseTarget } from "./dragonfly/target.ts";
import { forgetEndpoint, noteEndpoint } from "./open-history.ts";
import { quarantineBlamed } from "./models/quarantine.ts";
import { FileModelQuality } from "./model-quality.ts";
import { openGraph } from "./open-graph.ts";
import { openStreams } from "./open-streams.ts";
import type { WeaviateAddress } from "./projections/messages.ts";
import type { ProjectionId } from "./projections/control.ts";
import { Projector } from "./projections/projector.ts";
import { WeaviateVectors } from "./weaviate/vectors.ts";

/** How often it is looked whether the embedded engine has moved. */
const NOTE_MILLIS = 500;

export interface StoresOptions {
  /** The data folder. */
  readonly data: string;
  readonly journal: Journal;
  /** Undefined where no history is kept. */
  readonly timeSeries:
    | {
        readonly url?: string | undefined;
        readonly username: string;
        readonly password: string;
        readonly database: string;
      }
    | undefined;
  /** Where the stream of records goes; undefined for nowhere. */
  readonly streamsUrl: string | undefined;
  /** Where the hot state is shared; undefined where it is not. */
  readonly dragonflyUrl: string | undefined;
  /** Where market states go; undefined for the time series' own database. */
  readonly weaviate: WeaviateAddress | undefined;
  /** Where the graph is kept, a file or a server; undefined for nowhere. */
  readonly graphUrl: string | undefined;
  /** The registry of models. */
  readonly modelsFolder: string;
  /** Whether members and shadows are scored. */
  readonly scoresModels: boolean;
  readonly onProblem: (message: string) => void;
}

export interface Stores {
  readonly timeSeries: TimeSeries | undefined;
  readonly reports: TimeSeriesReports | undefined;
  readonly vectors: Vectors | undefined;
  readonly graph: Graph | undefined;
  readonly quality: ModelQuality;
  /** Undefined where nothing is kept. */
  readonly projector: Projector | undefined;
  /** Of the embedded engine; undefined where there is none, or between two lives. */
  readonly engineProcessId: () => number | undefined;
  /** Stores what is durable, for a while, and lets everything go. */
  close(): Promise<void>;
}

export async function openStores(options: StoresOptions): Promise<Stores> {
  const { data, journal, weaviate, graphUrl, modelsFolder, scoresModels, onProblem } = options;
  const history = await openedHistory(options);
  const streamsUrl = usableStreams(options);
  const dragonflyUrl = usableDragonfly(options);
  const ids: ProjectionId[] = [
    ...(history === undefined ? [] : (["time-series"] as const)),
    ...(streamsUrl === undefined ? [] : (["streams"] as const)),
    ...(dragonflyUrl === undefined ? [] : (["hot-state"] as const)),
    ...(history === undefined && weaviate === undefined ? [] : (["vectors"] as const)),
    ...(graphUrl === undefined ? [] : (["graph"] as const)),
    ...(scoresModels ? (["quality"] as const) : []),
  ];
  const weaviateVectors = weaviate === undefined ? undefined : new WeaviateVectors(weaviate);
  const graph = graphUrl === undefined ? undefined : openGraph(graphUrl);
  const projector =
    ids.length === 0
      ? undefined
      : new Projector({
          data,
          journal,
          ids,
          endpoint: () => history?.endpoint(),
          streamsUrl,
          dragonflyUrl,
          weaviate,
          graphUrl,
          modelsFolder: scoresModels ? modelsFolder : undefined,
          onHung: (blame) => onProblem(quarantineBlamed(blame, "the projector")),
          onProblem,
        });
  const noting = history?.engine === undefined ? undefined : noteWhere(join(data, "time-series"), history);
  return {
    timeSeries: history?.store,
    reports: history?.reports,
    vectors: weaviateVectors ?? history?.vectors,
    graph,
    quality: new FileModelQuality({ data, folder: modelsFolder, onProblem }),
    projector,
    engineProcessId: () => history?.engine?.processId,
    close: async () => {
      await projector?.stop();
      clearInterval(noting);
      await weaviateVectors?.close();
      await graph?.close();
      // Whatever becomes of history, the journal and the ledger are closed after it.
      await history?.close().catch((error: unknown) => {
        onProblem(`the time series did not close: ${String(error)}`);
      });
      if (noting !== undefined) forgetEndpoint(join(data, "time-series"));
    },
  };
}

async function openedHistory({
  data,
  timeSeries,
  onProblem,
}: StoresOptions): Promise<OpenedTimeSeries | undefined> {
  if (timeSeries === undefined) return undefined;
  const opened = await openTimeSeries({ ...timeSeries, directory: join(data, "time-series"), onProblem });
  if (opened.ok) return opened.value;
  onProblem(`${opened.code}: ${opened.message}`);
  return undefined;
}

/** An address that is none is said at once; a system that is away is waited for. */
function usableStreams({ streamsUrl, onProblem }: StoresOptions): string | undefined {
  if (streamsUrl === undefined) return undefined;
  const streams = openStreams(streamsUrl);
  if (!streams.ok) {
    onProblem(`${streams.code}: ${streams.message}`);
    return undefined;
  }
  void streams.value.close();
  return streamsUrl;
}

/** One that is wrong is said where the hot stores are opened. */
function usableDragonfly({ dragonflyUrl }: StoresOptions): string | undefined {
  return dragonflyUrl === undefined || !parseTarget(dragonflyUrl).ok ? undefined : dragonflyUrl;
}

/** Other commands find the engine there; it is written again when the engine has moved. */
function noteWhere(directory: string, history: OpenedTimeSeries): ReturnType<typeof setInterval> {
  let noted = "";
  const note = (): void => {
    const now = history.endpoint();
    if (now.url === noted) return;
    noted = now.url;
    noteEndpoint(directory, now);
  };
  note();
  return setInterval(note, NOTE_MILLIS);
}
