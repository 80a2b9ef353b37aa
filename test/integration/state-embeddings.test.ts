// What networks make of market states: the same whatever the process went through, of one version at a time, told anew after a
// promotion; and a network that cannot be asked costs an embedding and nothing else.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MICROS_PER_MINUTE, MICROS_PER_SECOND, VirtualClock } from "../../actors/base/clock.ts";
import { SeededRandom } from "../../actors/base/random.ts";
import { embedState } from "../../actors/chain/embedding.ts";
import { ModelEmbedder } from "../../actors/chain/model-embedder.ts";
import { BAR_INTERVALS } from "../../actors/domain/bar.ts";
import type { EngineConfig } from "../../actors/engine-config.ts";
import { ruleForecasters } from "../../actors/ensemble.ts";
import type { ModelCard } from "../../actors/ports/models.ts";
import type { MarketVector } from "../../actors/ports/vectors.ts";
import { MinuteHistory } from "../../actors/symbol/minute-history.ts";
import type { VotingModel } from "../../actors/voting-models.ts";
import { AnalogDesk } from "../../edge/analogs/desk.ts";
import { ANALOG_DEFAULTS } from "../../edge/analogs/settings.ts";
import { analogsSchema } from "../../edge/explain/analogs.ts";
import { type EdgeRig, startEdge } from "../../scripts/edge-rig.ts";
import { MemoryJournal } from "../../storage/memory/memory-journal.ts";
import { MemoryVectors } from "../../storage/memory/vectors.ts";
import { EmbeddingShelf } from "../../storage/models/embedding-shelf.ts";
import { openOnnx } from "../../storage/models/onnx.ts";
import { FileModels } from "../../storage/models/registry.ts";
import { ModelShelf } from "../../storage/models/shelf.ts";
import { VectorsSink } from "../../storage/projections/vectors/sink.ts";
import { DEMO_CONFIG, INSTRUMENTS, makeRig, play, simulatedTicks } from "../fixtures/engine-rig.ts";
import { journalRecords } from "../fixtures/journal-records.ts";
import { MemorySnapshots } from "../fixtures/memory-snapshots.ts";
import {
  EMBEDDING,
  EMBEDDING_NUMBERS,
  embeddingCard,
  WINDOW,
  WINDOW_ROWS,
  windowCard,
} from "../fixtures/models.ts";
import { projectTail, untilLevel } from "../fixtures/projected.ts";
import { playThrough } from "../fixtures/play-through.ts";

const MINUTE = BAR_INTERVALS.indexOf("1m");
const CRASHES = 12;
const SYMBOLS = INSTRUMENTS.map(({ symbol }) => symbol);

const folders: string[] = [];
afterAll(() => folders.forEach((path) => rmSync(path, { recursive: true, force: true })));

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "tickforge-embeddings-"));
  folders.push(made);
  return made;
}

/** A version as a journal's configuration would name it, once it is registered. */
function register(into: string, content: Uint8Array, card: ModelCard): VotingModel {
  const made = new FileModels(into, () => undefined).register(content, card, 1);
  if (!made.ok) throw new Error(made.message);
  const { model, version, member, symbols } = card;
  return { model, version, sha256: made.value.sha256, member, symbols };
}

const models = folder();
const first = register(models, EMBEDDING, embeddingCard("1"));
const second = register(models, EMBEDDING, embeddingCard("2"));

function nameOf({ model, version, sha256 }: VotingModel): string {
  return `${model} ${version} ${sha256}`;
}

function keyOf({ symbol, timeMicros }: Pick<MarketVector, "symbol" | "timeMicros">): string {
  return `${symbol} ${timeMicros}`;
}

/** What the network makes of the minutes before each state, by key: minutes are kept here as the live actors saw them. */
const expected = new Map<string, readonly number[] | undefined>();
const disk = { journal: new MemoryJournal({ keep: true }), snapshots: new MemorySnapshots() };

beforeAll(() => {
  const opened = openOnnx(EMBEDDING, embeddingCard("1"), { output: "embedding" });
  if (!opened.ok) throw new Error(opened.message);
  const embedder = new ModelEmbedder(opened.value);
  const seen = new Map(SYMBOLS.map((symbol) => [symbol, new MinuteHistory(WINDOW_ROWS)]));
  const shelf = new ModelShelf({ folder: models, onProblem: () => undefined });
  const config: EngineConfig = { ...DEMO_CONFIG, models: [first] };
  const rig = makeRig({
    ...disk,
    config,
    forecasters: ({ symbol }) => [...ruleForecasters(), ...shelf.membersOf(config, symbol)],
    onBar: (bar, interval) => {
      const symbol = SYMBOLS[bar.instrumentId] ?? "";
      const features = rig.engine.symbol(bar.instrumentId)?.chain.features;
      const minutes = seen.get(symbol);
      if (interval !== MINUTE || features === undefined || minutes === undefined) return;
      const timeMicros = bar.openTimeMicros + MICROS_PER_MINUTE;
      minutes.push(features.vector, timeMicros);
      if (timeMicros % (5 * MICROS_PER_MINUTE) !== 0 || embedState(features) === undefined) return;
      expected.set(keyOf({ symbol, timeMicros }), embedder.embed(minutes));
    },
  });
  const ticks = simulatedTicks({ seed: 52, count: 20_000, ticksPerSecond: 0.75 });
  rig.live.begin(1, ticks[0]?.sourceTimeMicros ?? 0);
  play(rig, ticks);
  opened.value.close();
  shelf.keepOnly([]);
}, 60_000);

/** Keeps all it was told, which a test reads. */
class ToldVectors extends MemoryVectors {
  readonly told = new Map<string, MarketVector>();

  override async upsert(states: readonly MarketVector[]): Promise<void> {
    await super.upsert(states);
    for (const state of states) this.told.set(keyOf(state), state);
  }

  /** How many states each model made something of; "" for those without. */
  counts(): Record<string, number> {
    const byModel = Map.groupBy(this.told.values(), ({ modelEmbedding }) => modelEmbedding?.model ?? "");
    return Object.fromEntries([...byModel].map(([model, states]) => [model, states.length]));
  }
}

interface Bench {
  readonly vectors: ToldVectors;
  readonly shelf: EmbeddingShelf;
  readonly sink: VectorsSink;
  readonly problems: string[];
  /** What the newest configuration names. */
  named: readonly VotingModel[];
  /** Lets so much time pass that the registry is looked at again. */
  pass(): Promise<void>;
}

function bench(named: readonly VotingModel[], from = models): Bench {
  const clock = new VirtualClock(0);
  const problems: string[] = [];
  const vectors = new ToldVectors();
  const shelf = new EmbeddingShelf({
    folder: from,
    config: () => ({ instruments: INSTRUMENTS, models: made.named }),
    clock,
    onProblem: (message) => problems.push(message),
  });
  const made: Bench = {
    vectors,
    shelf,
    sink: new VectorsSink(() => vectors, shelf),
    problems,
    named,
    pass: async () => {
      clock.advanceTo(clock.nowMicros() + 11 * MICROS_PER_SECOND);
      await shelf.refresh();
    },
  };
  return made;
}

describe("a champion network's embedding of market states", () => {
  test("is what the network makes of the minutes that the live actors saw", async () => {
    const { vectors, sink, shelf, problems } = bench([first]);
    await untilLevel(projectTail(disk, sink));
    const states = [...vectors.told.values()];
    expect(states.map(keyOf).sort()).toEqual([...expected.keys()].sort());
    expect(states.length).toBeGreaterThan(200);
    let embedded = 0;
    for (const { modelEmbedding, ...state } of states) {
      const wanted = expected.get(keyOf(state));
      expect(modelEmbedding).toEqual(wanted && { model: nameOf(first), vector: wanted });
      if (wanted === undefined) continue;
      embedded++;
      expect(wanted).toHaveLength(EMBEDDING_NUMBERS);
      expect(Math.hypot(...wanted)).toBeCloseTo(1, 6);
    }
    // A window begins anew after a silence.
    expect(embedded).toBeGreaterThan(0.9 * states.length);
    expect(problems).toEqual([]);
    shelf.close();
  }, 60_000);

  test(`is the same after ${CRASHES} lives: minutes are in the snapshots`, async () => {
    const random = new SeededRandom(7);
    const { vectors, named } = bench([first]);
    for (let life = 1; life <= CRASHES; life++) {
      const durableSeq = Math.floor((disk.journal.durableSeq * life) / CRASHES);
      const { shelf } = bench(named);
      const projection = projectTail(disk, new VectorsSink(() => vectors, shelf), () => durableSeq);
      for (let turn = 4 + random.integer(20); turn >= 0; turn--) await projection.advance();
      shelf.close();
    }
    const { shelf } = bench(named);
    await untilLevel(projectTail(disk, new VectorsSink(() => vectors, shelf)));
    for (const [key, wanted] of expected)
      expect(vectors.told.get(key)?.modelEmbedding?.vector).toEqual(wanted);
    shelf.close();
  }, 60_000);

  test("is the new version's from a promotion on, never compared with the old one's, until all is told anew", async () => {
    const made = bench([first]);
    const { vectors, sink, shelf } = made;
    let durableSeq = Math.floor(disk.journal.durableSeq * 0.75);
    const projection = projectTail(disk, sink, () => durableSeq);
    await untilLevel(projection);
    made.named = [second];
    await made.pass();
    expect(shelf.models).toEqual([nameOf(second)]);
    ({ durableSeq } = disk.journal);
    await untilLevel(projection);
    const counts = vectors.counts();
    expect(counts).toContainAllKeys([nameOf(first), nameOf(second), ""]);
    const newest = [...vectors.told.values()].findLast(
      ({ modelEmbedding }) => modelEmbedding?.model === nameOf(second),
    );
    const search = {
      embedding: newest?.embedding ?? "",
      ...(newest?.modelEmbedding ?? { model: "", vector: [] }),
      asOfMicros: Number.MAX_SAFE_INTEGER,
      limit: 10_000,
    };
    const settled = [...vectors.told.values()].filter((state) => state.settled);
    const ofSecond = settled.filter(({ modelEmbedding }) => modelEmbedding?.model === nameOf(second));
    expect(await vectors.nearest(search)).toHaveLength(ofSecond.length);
    expect(ofSecond.length).toBeLessThan(settled.length);
    expect(await projection.rebuild()).toBe(true);
    await untilLevel(projection);
    const unseen = [...expected.values()].filter((vector) => vector === undefined).length;
    expect(vectors.counts()).toEqual({ [nameOf(second)]: expected.size - unseen, "": unseen });
    shelf.close();
  }, 60_000);
});

describe("a symbol's network", () => {
  test("is the lstm, else the transformer, else the cnn, of those that have an embedding", async () => {
    const from = folder();
    const bare = register(from, WINDOW, windowCard("bare"));
    const other = register(from, EMBEDDING, { ...embeddingCard("1"), model: "cnn", member: "cnn" });
    const own = register(from, EMBEDDING, {
      ...embeddingCard("own"),
      model: "lstm-own",
      symbols: ["GBPUSD"],
    });
    const made = bench([bare, other], from);
    await made.pass();
    expect(made.shelf.models).toEqual([nameOf(other)]);
    made.named = [bare, other, own];
    await made.pass();
    expect(made.shelf.models.toSorted()).toEqual([nameOf(other), nameOf(own)].sort());
    made.named = [bare];
    await made.pass();
    expect(made.shelf.models).toEqual([]);
    expect(made.problems).toEqual([]);
    made.shelf.close();
  }, 30_000);

  test("that was touched, or is not what its card says, is told once, and its states go without", async () => {
    const from = folder();
    const touched = register(from, EMBEDDING, embeddingCard("touched"));
    appendFileSync(join(from, "lstm", "touched", "model.onnx"), "x");
    const made = bench([touched], from);
    await untilLevel(projectTail(disk, made.sink));
    expect(made.vectors.counts()).toEqual({ "": expected.size });
    expect(
      made.problems.filter((problem) => problem.includes("go without the embedding of lstm touched")),
    ).toHaveLength(1);
    const outputs = [
      { name: "probabilities", shape: [null, 2] },
      { name: "embedding", shape: [null, EMBEDDING_NUMBERS + 1] },
    ];
    made.named = [register(from, EMBEDDING, embeddingCard("longer", { outputs }))];
    await made.pass();
    expect(made.shelf.models).toEqual([]);
    expect(made.problems.at(-1)).toContain("shape-mismatch");
    // A name that no registry has, or with other bytes than the registry's, is nobody's embedding.
    made.named = [{ ...first, sha256: "0".repeat(64) }];
    await made.pass();
    expect(made.shelf.models).toEqual([]);
  }, 60_000);
});

describe("analogs of a running system by its network", () => {
  const ticks = simulatedTicks({ seed: 51, count: 16_500, ticksPerSecond: 0.75 });
  const nowMicros = ticks.at(-1)?.sourceTimeMicros ?? 0;
  const problems: string[] = [];
  let edge: EdgeRig;

  beforeAll(async () => {
    edge = await startEdge({
      clock: "source",
      keepsTimeSeries: true,
      before: (data) => {
        const registry = join(data, "models");
        register(registry, EMBEDDING, embeddingCard("1"));
        new FileModels(registry, () => undefined).promote("lstm", { version: "1", by: "ann", atMicros: 1 });
      },
      onProblem: (message) => problems.push(message),
    });
    await playThrough(edge, ticks, { store: "vectors", patienceMillis: 100_000 });
  }, 150_000);
  afterAll(async () => await edge.stop(), 30_000);

  test("are moments that its network takes for alike, and say whose embedding was compared", async () => {
    const { status, body } = await edge.ask("/api/v1/analogs/EURUSD?embedding=model&among=all&limit=50");
    expect([status, problems]).toEqual([200, []]);
    const { embedding, items } = analogsSchema.parse(body);
    expect(embedding).toStartWith("lstm 1 ");
    expect(items.length).toBeGreaterThan(2);
    const likeness = items.map(({ similarity }) => similarity);
    expect(likeness).toEqual(likeness.toSorted((a, b) => b - a));
    const plain = await edge.ask("/api/v1/analogs/EURUSD?embedding=indicators");
    expect(analogsSchema.parse(plain.body).embedding).toBe("window-v1");
    expect((await edge.ask("/api/v1/analogs/EURUSD?embedding=tea-leaves")).status).toBe(400);
  });

  test("vote once there are enough of its version, and say so in the journal", async () => {
    const { live, journal, vectors } = edge.station;
    if (vectors === undefined) throw new Error("no market states are kept");
    const ask = async (): Promise<unknown[]> => {
      const fromSeq = live.router.lastSeq;
      const desk = new AnalogDesk({
        live,
        clock: new VirtualClock(nowMicros),
        vectors,
        settings: { ...ANALOG_DEFAULTS, embedding: "model" },
        onProblem: (message) => problems.push(message),
      });
      desk.askAll();
      await desk.idle();
      await desk.stop();
      live.settle();
      await journal.flush();
      return journalRecords(journal).filter(({ seq, kind }) => kind === "advice" && seq > fromSeq);
    };
    const few = await ask();
    expect(few.length).toBeGreaterThan(0);
    for (const advice of few)
      expect(advice).toMatchObject({ status: "abstained", analogs: { neighbours: 0 } });
    const newest = await vectors.latest("window-v1", "EURUSD", nowMicros);
    if (newest === undefined) throw new Error("there is no state");
    const day = (n: number): number =>
      newest.timeMicros - n * 5 * MICROS_PER_MINUTE - 24 * 3_600 * MICROS_PER_SECOND;
    const past = Array.from({ length: 700 }, (_, n) => ({
      ...newest,
      timeMicros: day(n),
      outcomes: [1, 2, 3],
      settled: true,
    }));
    await vectors.upsert(past);
    const voted = (await ask()).find((advice) => (advice as { status: string }).status === "voted");
    expect(voted).toMatchObject({ analogs: { model: newest.modelEmbedding?.model, failure: "" } });
    expect((voted as { probabilityUp: number }).probabilityUp).toBeGreaterThan(0.5);
  }, 60_000);

  test("are refused by name for a state that no network saw", async () => {
    const { vectors } = edge.station;
    const newest = await vectors?.latest("window-v1", "EURUSD", nowMicros);
    if (vectors === undefined || newest === undefined) throw new Error("there is no state");
    const { modelEmbedding: _none, ...unseen } = newest;
    const timeMicros = Date.UTC(2020, 0, 6) * 1_000;
    await vectors.upsert([{ ...unseen, timeMicros }]);
    const { status, body } = await edge.ask("/api/v1/analogs/EURUSD?embedding=model&at=2020-01-06T00:01:00Z");
    expect([status, (body as { code: string }).code]).toEqual([404, "no-model-embedding"]);
  });
});
