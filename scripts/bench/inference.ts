// What a trained model costs as a member: reading its features and judging its answer, against the bare call of the runtime on
// the same numbers in the same run. Models are the champions of the data folder, or those that ship where it has none.

import { createRequire } from "node:module";
import { join } from "node:path";
import type { Tensor, TensorConstructor } from "onnxruntime-node";
import { MICROS_PER_MINUTE } from "../../actors/base/clock.ts";
import { SeededRandom } from "../../actors/base/random.ts";
import { FEATURE_COUNT } from "../../actors/domain/features.ts";
import { ABSTAIN, type Forecaster, type ForecastInput } from "../../actors/ports/forecaster.ts";
import { MODEL_WINDOW_MAX, type ModelCard } from "../../actors/ports/models.ts";
import { MinuteHistory } from "../../actors/symbol/minute-history.ts";
import type { VotingModel } from "../../actors/voting-models.ts";
import { withModels } from "../../edge/model-watch.ts";
import { parseSettings } from "../../edge/settings.ts";
import { FileModels } from "../../storage/models/registry.ts";
import { ModelShelf } from "../../storage/models/shelf.ts";
import { CallMark } from "../../storage/process/call-mark.ts";
import { MemoryJournal } from "../../storage/memory/memory-journal.ts";
import { benchConfig, benchEngine, fleetInstruments, FleetWalk } from "./fleet.ts";
import { type Emit, median, quantile } from "./row.ts";
import { withShippedModels } from "./shipped-models.ts";

const CALLS = 100_000;
const WARM_CALLS = 2_000;
const RATIO_MAX = 1.2;
const MARKS = 20_000_000;
const SYMBOLS = 100;
const CHANGES = 10;
const BATCHES = 200;
/** Hours of a market between two changes: every indicator is warm at the second. */
const TICKS_BETWEEN = 40_000;
const MICROS_BETWEEN = 150_000;
/** A symbol that only models for any trade vote on. */
const ANY_SYMBOL = "SYM000";

export async function bench(emit: Emit): Promise<void> {
  const settings = parseSettings({}, process.env);
  if (!settings.ok) throw new Error(settings.message);
  const folder = join(settings.value.data, "models");
  if (new FileModels(folder, tell).standing.length > 0) await measure(emit, folder);
  else await withShippedModels(async (shipped) => await measure(emit, shipped));
}

async function measure(emit: Emit, folder: string): Promise<void> {
  const registry = new FileModels(folder, tell);
  const symbols = registry.standing.flatMap((model) => registry.champions(model)[0]?.card.symbols ?? []);
  const residentBefore = process.memoryUsage.rss();
  const startMillis = performance.now();
  const calls = CallMark.create();
  calls.discard();
  const shelf = new ModelShelf({ folder, onProblem: tell, calls });
  const models = await shelf.choose([ANY_SYMBOL, ...symbols], Date.now() * 1_000);
  const config = { ...benchConfig(fleetInstruments(1)), models };
  const members = models.map((voting) =>
    memberOf(shelf.membersOf(config, voting.symbols?.[0] ?? ANY_SYMBOL), voting),
  );
  emit({
    name: "inference",
    metric: `cold start of ${models.length} models: the runtime, a trial of each in another process, opening`,
    value: performance.now() - startMillis,
    unit: "ms",
  });
  emit({
    name: "inference",
    metric: `resident memory that ${models.length} models take, the runtime among it`,
    value: (process.memoryUsage.rss() - residentBefore) / 2 ** 20,
    unit: "MiB",
  });
  emit({
    name: "inference",
    metric: `marking a call for the process that watches over this one, mean of ${MARKS}`,
    value: markNanoseconds(calls),
    unit: "ns",
  });
  await changeOver(emit, shelf, models);
  for (const [index, member] of members.entries()) {
    const { model, version } = models[index] as VotingModel;
    const card = registry.list(model).find((each) => each.card.version === version)?.card;
    const content = registry.load(model, version);
    if (card === undefined || !content.ok) throw new Error(`${model} ${version} is gone`);
    const bare = new BareModel(content.value, card, 1);
    contend(emit, member, bare);
    if (card.cadence === "bar-close") together(emit, card, bare, new BareModel(content.value, card, SYMBOLS));
  }
}

/** What would be won, and how long ticks would be held, if a model were asked for all symbols whose minute closes in one call. */
function together(emit: Emit, { model, version }: ModelCard, one: BareModel, all: BareModel): void {
  const [apart, batched] = [new Float64Array(BATCHES), new Float64Array(BATCHES)];
  for (let i = 0; i < BATCHES; i++) {
    const beginMicros = nowMicros();
    for (let call = 0; call < SYMBOLS; call++) one.run();
    const middleMicros = nowMicros();
    all.run();
    apart[i] = middleMicros - beginMicros;
    batched[i] = nowMicros() - middleMicros;
  }
  const [value, baseline] = [quantile(batched, 0.5), quantile(apart, 0.5)];
  emit({
    name: "inference",
    metric: `${model} ${version}, rows of ${SYMBOLS} symbols in one native call (baseline: ${SYMBOLS} calls, between which ticks could go)`,
    value,
    unit: "us",
    baseline,
    ratio: value / baseline,
  });
}

function markNanoseconds(calls: CallMark): number {
  const slot = calls.slotOf("a call", 1);
  const beginNanoseconds = Bun.nanoseconds();
  for (let i = 0; i < MARKS; i++) {
    calls.begin(slot);
    calls.end();
  }
  return (Bun.nanoseconds() - beginNanoseconds) / MARKS;
}

/** How long ticks wait, twice, when other models are promoted: while actors are built for them, and while those take over. */
async function changeOver(emit: Emit, shelf: ModelShelf, models: readonly VotingModel[]): Promise<void> {
  const { live } = benchEngine(fleetInstruments(SYMBOLS), new MemoryJournal({ keep: false }), {
    live: false,
    models: shelf,
  });
  const walk = new FleetWalk(SYMBOLS, 5);
  let micros = 1_400_000_000_000_000;
  const building: number[] = [];
  const takingOver: number[] = [];
  for (let change = 0; change < CHANGES; change++) {
    for (let tick = 0; tick < TICKS_BETWEEN; tick++) {
      micros += MICROS_BETWEEN;
      live.step(walk.next(micros), micros);
    }
    await new Promise((resolve) => setImmediate(resolve));
    const beginMillis = performance.now();
    const prepared = live.prepare(withModels(live.engine.config, change % 2 === 0 ? models : []));
    const builtMillis = performance.now();
    const done = prepared.ok ? live.reconfigure(prepared.value, micros) : prepared;
    if (!done.ok) throw new Error(done.message);
    building.push(builtMillis - beginMillis);
    takingOver.push(performance.now() - builtMillis);
  }
  for (const [what, millis] of [
    ["are built for them", building],
    ["take over", takingOver],
  ] as const) {
    emit({
      name: "inference",
      metric: `ticks wait when other models are promoted, while the actors of ${SYMBOLS} symbols ${what}, median of ${CHANGES}`,
      value: median(millis),
      unit: "ms",
    });
  }
}

function memberOf(members: readonly Forecaster[], { model, version }: VotingModel): Forecaster {
  const member = members.find((each) => each.version === `${model} ${version}`);
  if (member === undefined) throw new Error(`${model} ${version} does not vote where it should`);
  return member;
}

function contend(emit: Emit, member: Forecaster, bare: BareModel): void {
  const input = inputOf();
  if (member.forecast(input) === ABSTAIN) throw new Error(`${member.version} keeps still on whole features`);
  const asMember = new Float64Array(CALLS);
  const bareCall = new Float64Array(CALLS);
  // Call by call, so that whatever else the machine does hits both alike.
  for (let i = -WARM_CALLS; i < CALLS; i++) {
    const beginMicros = nowMicros();
    member.forecast(input);
    const middleMicros = nowMicros();
    bare.run();
    const endMicros = nowMicros();
    if (i < 0) continue;
    asMember[i] = middleMicros - beginMicros;
    bareCall[i] = endMicros - middleMicros;
  }
  for (const [name, share] of [
    ["p50", 0.5],
    ["p99", 0.99],
  ] as const) {
    const [value, baseline] = [quantile(asMember, share), quantile(bareCall, share)];
    emit({
      name: "inference",
      metric: `${member.version} as ${member.member}, a call, ${name} (baseline: the runtime's native call)`,
      value,
      unit: "us",
      baseline,
      ratio: value / baseline,
      bar: `<= ${RATIO_MAX}x`,
      met: value / baseline <= RATIO_MAX,
    });
  }
}

function nowMicros(): number {
  return Bun.nanoseconds() / 1_000;
}

/** A market where every feature is warm. */
function inputOf(): ForecastInput {
  const random = new SeededRandom(3);
  const minutes = new MinuteHistory(MODEL_WINDOW_MAX);
  const features = new Float64Array(FEATURE_COUNT);
  for (let minute = 0; minute < MODEL_WINDOW_MAX; minute++) {
    for (let i = 0; i < FEATURE_COUNT; i++) features[i] = random.normal();
    minutes.push(features, minute * MICROS_PER_MINUTE);
  }
  return { features, minutes, timeMicros: minutes.closeMicros, instrumentId: 0 };
}

interface NativeSession {
  loadModel(buffer: ArrayBuffer, offset: number, length: number, options: object): void;
  run(feeds: object, fetches: object, options: object): unknown;
}

/** The same model without anything of ours around it. */
class BareModel {
  readonly #session: NativeSession;
  readonly #feeds: Record<string, Tensor>;
  readonly #fetches: Record<string, Tensor>;
  readonly #options = {};

  constructor(content: Uint8Array, card: ModelCard, rows: number) {
    const load = createRequire(import.meta.url);
    const { Tensor: makesTensors } = load("onnxruntime-node") as { Tensor: TensorConstructor };
    const { binding } = load("onnxruntime-node/dist/binding.js") as {
      binding: { InferenceSession: new () => NativeSession };
    };
    const random = new SeededRandom(4);
    const tensorsOf = ([tensor]: ModelCard["inputs"]): Record<string, Tensor> => {
      if (tensor === undefined) throw new Error(`${card.model} has no tensor`);
      const shape = tensor.shape.map((size) => size ?? rows);
      const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
      for (let i = 0; i < values.length; i++) values[i] = random.normal();
      return { [tensor.name]: new makesTensors("float32", values, shape) };
    };
    this.#session = new binding.InferenceSession();
    const bytes = content.slice();
    this.#session.loadModel(bytes.buffer, 0, bytes.length, {
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      executionMode: "sequential",
      logSeverityLevel: 3,
    });
    this.#feeds = tensorsOf(card.inputs);
    this.#fetches = tensorsOf(card.outputs);
  }

  run(): void {
    this.#session.run(this.#feeds, this.#fetches, this.#options);
  }
}

function tell(message: string): void {
  console.error(message);
}

if (import.meta.main) await bench((figures) => console.log(JSON.stringify(figures)));
