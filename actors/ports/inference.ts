// A trained model that is loaded: numbers in, numbers out, on the caller's thread. Whatever runs it - ONNX Runtime, something
// else - the chain sees one call that returns when it is done.

import type { ModelCard } from "./models.ts";

export interface Inference {
  readonly card: ModelCard;
  /** What the next run reads, as one row of the model's input; the caller fills it. */
  readonly input: Float32Array;
  /**
   * Runs the model once.
   * @returns the values of its first output, or of the one it was opened for, valid until the next run
   * @throws what the runtime says is wrong
   */
  run(): Float32Array;
  /** Lets its memory go; it runs no more. */
  close(): void;
}
