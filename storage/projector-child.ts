// The process that keeps the stores at the journal's side: follows the journal's files, which it only reads, as far as the
// trading process says they are durable, and stores what they say. It can die at any time; the next one goes on.

import { join } from "node:path";
import { SeededRandom } from "../actors/base/random.ts";
import type { VirtualClock } from "../actors/base/clock.ts";
import { Engine } from "../actors/engine.ts";
import type { EngineConfig } from "../actors/engine-config.ts";
import { ruleForecasters } from "../actors/ensemble.ts";
import { MODEL_WINDOW_MAX } from "../actors/ports/models.ts";
import type { JournalRecord } from "../actors/domain/records.ts";
import { connectTimeSeries, connectVectors } from "./clickhouse/open.ts";
import { DragonflyConnection } from "./dragonfly/connect.ts";
import { DragonflyHotState } from "./dragonfly/hot-state.ts";
import { parseTarget } from "./dragonfly/target.ts";
import { SegmentCursor } from "./journal/cursor.ts";
import { RealDisk } from "./journal/disk.ts";
import { FileSnapshotStore } from "./journal/snapshot-store.ts";
import { holdoutFigures } from "./models/card-details.ts";
import { EmbeddingShelf } from "./models/embedding-shelf.ts";
import { CallMark } from "./process/call-mark.ts";
import { ShadowShelf } from "./models/shadow-shelf.ts";
import { openGraph } from "./open-graph.ts";
import { openStreams } from "./open-streams.ts";
import { type EdgesFile, NoEdges, openEdges } from "./projections/batch-edges.ts";
import { ProjectionControl } from "./projections/control.ts";
import { GraphSink } from "./projections/graph/sink.ts";
import { HotStateSink } from "./projections/hot-state/sink.ts";
import { QualityFiles } from "./projections/quality/files.ts";
import { QualitySink } from "./projections/quality/sink.ts";
import { JournalTail } from "./projections/journal-tail.ts";
import {
  type Endpoint,
  type FromProjector,
  type ToProjector,
  toProjectorSchema,
} from "./projections/messages.ts";
import { stepBack } from "./process/step-back.ts";
import { type BarListener, Projection } from "./projections/projection.ts";
import { RawTail } from "./projections/raw-tail.ts";
import { ProjectionRunner } from "./projections/runner.ts";
import type { Sink } from "./projections/sink.ts";
import { StreamsSink } from "./projections/streams/sink.ts";
import { putAside } from "./projections/time-series/refused-rows.ts";
import { TimeSeriesSink } from "./projections/time-series/sink.ts";
import { VectorsSink } from "./projections/vectors/sink.ts";
import { WeaviateVectors } from "./weaviate/vectors.ts";

const STATUS_MILLIS = 500;
/** Records the time series may be behind before others wait for it. */
const FIRST_RECORDS = 50_000;

type Start = Extract<ToProjector, { type: "start" }>;

let durableSeq = 0;
let endpoint: Endpoint | undefined;
let runners: readonly ProjectionRunner[] = [];

function say(message: FromProjector): void {
  process.send?.(message);
}

function problem(message: string): void {
  say({ type: "problem", message });
}

function hear(message: ToProjector): void {
  switch (message.type) {
    case "start":
      durableSeq = message.durableSeq;
      endpoint = message.endpoint ?? undefined;
      void run(message);
      return;
    case "durable":
      ({ durableSeq } = message);
      return;
    case "endpoint":
      ({ endpoint } = message);
      return;
    case "stop":
      ({ durableSeq } = message);
      for (const runner of runners) runner.stop();
  }
}

/** A store where it answers now: another connection when it has moved. */
class MovingStore<T extends { close(): Promise<void> }> {
  readonly #connect: (endpoint: Endpoint) => T;
  #endpoint: Endpoint | undefined;
  #store: T | undefined;

  constructor(connect: (endpoint: Endpoint) => T) {
    this.#connect = connect;
  }

  get(): T {
    if (this.#store === undefined || this.#endpoint !== endpoint) {
      void this.#store?.close();
      if (endpoint === undefined) throw new Error("no store was named");
      this.#endpoint = endpoint;
      this.#store = this.#connect(endpoint);
    }
    return this.#store;
  }
}

/** What every projection here has in common. */
const COMMON = {
  durableSeq: () => durableSeq,
  clock: { nowMicros: () => Date.now() * 1_000 },
  random: new SeededRandom(process.pid),
  onProblem: problem,
};

function cursorOf(data: string): (fromSeq: number) => SegmentCursor {
  const disk = new RealDisk(join(data, "journal"));
  return (fromSeq) => new SegmentCursor({ disk, fromSeq, durableSeq: () => durableSeq });
}

function timeSeries(data: string): ProjectionRunner {
  const moving = new MovingStore(connectTimeSeries);
  const control = new ProjectionControl(data, "time-series");
  const sink = new TimeSeriesSink({
    store: () => moving.get(),
    onRefusedRow: (refused) => putAside(data, refused, problem),
  });
  return heardByActors(data, { sink, control, edges: openEdges(control.edgesPath) });
}

function marketStates(
  data: string,
  { weaviate, modelsFolder }: Pick<Start, "weaviate" | "modelsFolder">,
): ProjectionRunner {
  const moving = new MovingStore(connectVectors);
  const server = weaviate === null ? undefined : new WeaviateVectors(weaviate);
  const embedder = modelsFolder === null ? undefined : embedders(data, modelsFolder);
  return heardByActors(data, {
    sink: new VectorsSink(() => server ?? moving.get(), embedder),
    control: new ProjectionControl(data, "vectors"),
    edges: new NoEdges(),
    waits: isChartBehind,
    ...(embedder === undefined ? {} : { minutesKept: MODEL_WINDOW_MAX }),
  });
}

/** Of the models that the journal's newest configuration names: states that are told anew get theirs too. */
function embedders(data: string, folder: string): EmbeddingShelf {
  const snapshots = snapshotsOf(data, () => undefined);
  return new EmbeddingShelf({
    folder,
    config: () => snapshots.eras()[0]?.config as EngineConfig | undefined,
    clock: COMMON.clock,
    onProblem: problem,
    calls: markedCalls(),
  });
}

function graph(data: string, url: string): ProjectionRunner {
  return heardByActors(data, {
    sink: new GraphSink(openGraph(url)),
    control: new ProjectionControl(data, "graph"),
    edges: new NoEdges(),
    waits: isChartBehind,
  });
}

function quality(data: string, folder: string): ProjectionRunner {
  const source = new ShadowShelf({ folder, onProblem: problem, calls: markedCalls() });
  return heardByActors(data, {
    sink: new QualitySink({
      files: new QualityFiles(data),
      source,
      holdoutOf: ({ model, version }) => {
        const found = source.known.find(({ card }) => card.model === model && card.version === version);
        return found === undefined ? undefined : holdoutFigures(found.card);
      },
      durableSeq: COMMON.durableSeq,
      stopwatch: { nowMicros: () => performance.now() * 1_000 },
      onProblem: problem,
    }),
    control: new ProjectionControl(data, "quality"),
    edges: new NoEdges(),
    waits: isChartBehind,
  });
}

/** One page for all models that this process asks. */
let marked: CallMark | undefined;

/** Undefined where memory cannot be shared: a shadow that hangs is then ended for its silence, and asked again. */
function markedCalls(): CallMark | undefined {
  if (marked !== undefined) return marked;
  try {
    const calls = CallMark.create();
    marked = calls;
    // Whoever was to adopt it may be gone by then.
    process.once("exit", () => calls.discard());
    say({ type: "calls", path: calls.path });
    return calls;
  } catch (error) {
    problem(`nobody notices a shadow that never answers: no memory can be shared here (${String(error)})`);
    return undefined;
  }
}

function hotState(data: string, url: string): ProjectionRunner {
  const target = parseTarget(url);
  if (!target.ok) throw new Error(target.message);
  const store = new DragonflyHotState(new DragonflyConnection(target.value, { name: "tickforge-hot-state" }));
  return heardByActors(data, {
    sink: new HotStateSink({ store, durableSeq: COMMON.durableSeq }),
    control: new ProjectionControl(data, "hot-state"),
    edges: new NoEdges(),
    // What is hot does not wait for company.
    idleRecords: 1,
  });
}

/** Whether the time series has much to tell and a store that takes it: people look at charts first. */
function isChartBehind(): boolean {
  const status = runners.find(({ id }) => id === "time-series")?.status;
  if (status === undefined || status.paused || status.lastError !== "") return false;
  return status.lagRecords > FIRST_RECORDS;
}

/** A projection of what actors make of the journal: they hear it once more, beside the sink. */
function heardByActors(
  data: string,
  {
    control,
    waits,
    minutesKept,
    ...options
  }: {
    sink: Sink<JournalRecord, JournalTail>;
    control: ProjectionControl;
    edges: EdgesFile;
    idleRecords?: number;
    waits?: () => boolean;
    /** Closed minutes of each symbol that the sink reads. */
    minutesKept?: number;
  },
): ProjectionRunner {
  const cursor = cursorOf(data);
  const snapshots = snapshotsOf(data, problem);
  const build = builder(minutesKept);
  const projection = new Projection({
    ...COMMON,
    ...options,
    open: (fromSeq, onBar) =>
      JournalTail.open(
        { durableSeq: () => durableSeq, cursor, snapshots, build, onBar, onProblem: problem },
        fromSeq,
      ),
  });
  return new ProjectionRunner(projection, control, waits);
}

function recordStream(data: string, url: string): ProjectionRunner {
  const streams = openStreams(url);
  if (!streams.ok) throw new Error(streams.message);
  const cursor = cursorOf(data);
  const projection = new Projection({
    ...COMMON,
    sink: new StreamsSink(streams.value),
    open: (fromSeq) => new RawTail(cursor(fromSeq), fromSeq),
    edges: new NoEdges(),
  });
  return new ProjectionRunner(projection, new ProjectionControl(data, "streams"));
}

function snapshotsOf(data: string, onProblem: (message: string) => void): FileSnapshotStore {
  return new FileSnapshotStore({
    directory: join(data, "snapshots"),
    durableSeq: () => durableSeq,
    flush: () => Promise.resolve(),
    onProblem,
  });
}

function builder(minutesKept = 0) {
  return (config: EngineConfig, clock: VirtualClock, onBar: BarListener): Engine =>
    new Engine({
      config,
      scheduler: clock,
      stopwatch: clock,
      live: false,
      asksMembers: false,
      forecasters: ruleForecasters,
      onBar,
      minutesKept,
    });
}

function sayStatus(): void {
  say({ type: "status", projections: Object.fromEntries(runners.map(({ id, status }) => [id, status])) });
}

async function run({
  data,
  endpoint: store,
  streamsUrl,
  dragonflyUrl,
  weaviate,
  graphUrl,
  modelsFolder,
}: Start): Promise<void> {
  runners = [
    ...(store === null ? [] : [timeSeries(data)]),
    ...(store === null && weaviate === null ? [] : [marketStates(data, { weaviate, modelsFolder })]),
    ...(graphUrl === null ? [] : [graph(data, graphUrl)]),
    ...(streamsUrl === null ? [] : [recordStream(data, streamsUrl)]),
    ...(dragonflyUrl === null ? [] : [hotState(data, dragonflyUrl)]),
    ...(modelsFolder === null ? [] : [quality(data, modelsFolder)]),
  ];
  setInterval(sayStatus, STATUS_MILLIS);
  await Promise.all(runners.map(async (runner) => await runner.run()));
  sayStatus();
  process.exit(0);
}

stepBack();
process.on("message", (message) => hear(toProjectorSchema.parse(message)));
// Whoever started it is gone.
process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches every process of a terminal; this one ends when it is told to.
process.on("SIGINT", () => undefined);
