// Trained models on ONNX Runtime: one session a model, one thread, the same tensors for every run. The runtime's public call is
// a promise around a native one that has ended when it returns; here that one is called, since a decision waits for nothing.

import { createRequire } from "node:module";
import type { Tensor, TensorConstructor } from "onnxruntime-node";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import { type ModelInputFailure, modelColumns } from "../../actors/chain/model-input.ts";
import { FEATURE_SCHEMA_HASH } from "../../actors/domain/features.ts";
import type { Inference } from "../../actors/ports/inference.ts";
import type { ModelCard, ModelTensor } from "../../actors/ports/models.ts";
import type { CallMark } from "../process/call-mark.ts";

/** As far as it is used: pinned with the package, and held by a test. */
interface NativeSession {
  readonly inputMetadata: readonly NativeTensor[];
  readonly outputMetadata: readonly NativeTensor[];
  loadModel(buffer: ArrayBuffer, offset: number, length: number, options: object): void;
  run(
    feeds: Record<string, Tensor>,
    fetches: Record<string, Tensor>,
    options: object,
  ): Record<string, Tensor>;
  dispose(): void;
}

interface NativeTensor {
  readonly name: string;
  /** ONNX's number; 1 for floats of four bytes. */
  readonly type: number;
  /** -1 for a dimension of any size. */
  readonly shape: readonly number[];
}

interface NativeRuntime {
  readonly Session: new () => NativeSession;
  readonly Tensor: TensorConstructor;
}

const FLOAT32 = 1;
const MICROS_PER_MILLI = 1_000;
const OPTIONS = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: "sequential",
  // Warnings about shapes of outputs that nobody asks for.
  logSeverityLevel: 3,
};

const RUN_OPTIONS = {};

/** A run that has had this long, and twice its card's deadline, never comes back. Members answer within milliseconds. */
const PATIENCE_MILLIS_MIN = 500;

/** Of processes that nobody watches over. */
const UNMARKED: Pick<CallMark, "slotOf" | "begin" | "end"> = {
  slotOf: () => 0,
  begin: () => undefined,
  end: () => undefined,
};

export interface OnnxOptions {
  /** That runs are asked for; the model's first one where left out. */
  readonly output?: string | undefined;
  /** Where every run is marked, for whoever watches over this process. */
  readonly calls?: Pick<CallMark, "slotOf" | "begin" | "end"> | undefined;
}

export type OnnxFailure = ModelInputFailure | "model-unloadable";

let runtime: NativeRuntime | undefined;

/** Loaded with the first model: who has none does not need it. */
function nativeRuntime(): NativeRuntime {
  if (runtime !== undefined) return runtime;
  const load = createRequire(import.meta.url);
  const { Tensor: makesTensors } = load("onnxruntime-node") as { Tensor: TensorConstructor };
  const native = load("onnxruntime-node/dist/binding.js") as {
    binding: { InferenceSession: new () => NativeSession };
    initOrt: () => void;
  };
  native.initOrt();
  runtime = { Session: native.binding.InferenceSession, Tensor: makesTensors };
  return runtime;
}

/**
 * Loads a model, if it is what its card says and was trained on this engine's features. It has run once by then, so that no
 * vote waits for what a first run prepares.
 */
export function openOnnx(
  content: Uint8Array,
  card: ModelCard,
  { output: wanted = card.outputs[0]?.name, calls = UNMARKED }: OnnxOptions = {},
): Result<Inference, OnnxFailure> {
  const name = `${card.model} ${card.version}`;
  if (card.featureSchema !== FEATURE_SCHEMA_HASH) {
    return failure(
      "schema-mismatch",
      `${name} was trained on features of schema ${card.featureSchema}; these are ${FEATURE_SCHEMA_HASH}: train it again`,
    );
  }
  const columns = modelColumns(card);
  if (!columns.ok) return columns;
  let session: NativeSession;
  try {
    session = new (nativeRuntime().Session)();
    const bytes = content.slice();
    session.loadModel(bytes.buffer, 0, bytes.length, OPTIONS);
  } catch (error) {
    return failure("model-unloadable", `${name} cannot be loaded: ${messageOf(error)}`);
  }
  const [input] = card.inputs;
  const output = card.outputs.find(({ name: each }) => each === wanted);
  const mismatch =
    differenceOf(session.inputMetadata, input) ?? differenceOf(session.outputMetadata, output, wanted);
  if (mismatch !== undefined || input === undefined || output === undefined) {
    session.dispose();
    return failure("shape-mismatch", `${name} is not what its card says: ${mismatch}`);
  }
  const inference = new OnnxInference({ card, session, input, output, calls });
  try {
    inference.run();
  } catch (error) {
    inference.close();
    return failure("model-unloadable", `${name} cannot be run: ${messageOf(error)}`);
  }
  return ok(inference);
}

/** Undefined where the model has a tensor of that name, of floats and of that shape. */
function differenceOf(
  tensors: readonly NativeTensor[],
  wanted: ModelTensor | undefined,
  name = wanted?.name ?? "tensor",
): string | undefined {
  const found = tensors.find((tensor) => tensor.name === name);
  if (wanted === undefined || found === undefined) {
    return `it has ${tensors.map((tensor) => tensor.name).join(", ")} and no ${name}`;
  }
  if (found.type !== FLOAT32) return `${found.name} does not hold floats of four bytes`;
  const shape = found.shape.map((size) => (size < 0 ? null : size));
  if (Bun.deepEquals(shape, wanted.shape)) return undefined;
  return `${found.name} has the shape [${shape.join(", ")}], not [${wanted.shape.join(", ")}]`;
}

class OnnxInference implements Inference {
  readonly card: ModelCard;
  readonly input: Float32Array;
  readonly #output: Float32Array;
  readonly #session: NativeSession;
  readonly #feeds: Record<string, Tensor>;
  readonly #fetches: Record<string, Tensor>;
  readonly #calls: Pick<CallMark, "begin" | "end">;
  readonly #slot: number;
  #isOpen = true;

  constructor({
    card,
    session,
    input,
    output,
    calls,
  }: {
    card: ModelCard;
    session: NativeSession;
    input: ModelTensor;
    output: ModelTensor;
    calls: Pick<CallMark, "slotOf" | "begin" | "end">;
  }) {
    this.card = card;
    this.#session = session;
    this.#calls = calls;
    const patienceMillis = Math.max(PATIENCE_MILLIS_MIN, (2 * card.deadlineMicros) / MICROS_PER_MILLI);
    this.#slot = calls.slotOf(`${card.model} ${card.version}`, Math.ceil(patienceMillis));
    this.input = new Float32Array(sizeOf(input));
    this.#output = new Float32Array(sizeOf(output));
    const { Tensor: Numbers } = nativeRuntime();
    this.#feeds = { [input.name]: new Numbers("float32", this.input, onlyRow(input)) };
    this.#fetches = { [output.name]: new Numbers("float32", this.#output, onlyRow(output)) };
  }

  run(): Float32Array {
    // The native side would take a session that is gone for what it was.
    if (!this.#isOpen) throw new Error(`${this.card.model} ${this.card.version} was let go`);
    this.#calls.begin(this.#slot);
    try {
      this.#session.run(this.#feeds, this.#fetches, RUN_OPTIONS);
    } finally {
      this.#calls.end();
    }
    return this.#output;
  }

  close(): void {
    if (this.#isOpen) this.#session.dispose();
    this.#isOpen = false;
  }
}

/** Dimensions of any size are rows: there is one. */
function onlyRow({ shape }: ModelTensor): number[] {
  return shape.map((size) => size ?? 1);
}

function sizeOf(tensor: ModelTensor): number {
  return onlyRow(tensor).reduce((product, size) => product * size, 1);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
