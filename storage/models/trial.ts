// Tries models in a process of its own before they are opened in the one that trades: native code that hangs or dies takes only
// that one with it.

import { join } from "node:path";
import { z } from "zod";

export const trialSchema = z.strictObject({ folder: z.string(), model: z.string(), version: z.string() });
export type TrialRequest = z.infer<typeof trialSchema>;

const answerSchema = z.strictObject({
  /** Null for a model that was loaded and has run. */
  refusal: z.string().nullable(),
});
export type TrialAnswer = z.infer<typeof answerSchema>;

/** To load a model and run it once, the start of a process on a busy machine among it. */
const TRIAL_MILLIS_MAX = 30_000;

type Child = Bun.Subprocess<"ignore", "ignore", "ignore">;

export class ModelTrial {
  readonly #millisMax: number;
  #child: Child | undefined;
  #heard: (answer: TrialAnswer) => void = () => undefined;

  constructor(millisMax: number = TRIAL_MILLIS_MAX) {
    this.#millisMax = millisMax;
  }

  /** Why a model of a registry must not be opened here; undefined where it may. One after the other. */
  async refusal(request: TrialRequest): Promise<string | undefined> {
    try {
      return await this.#ask((this.#child ??= this.#start()), request);
    } catch (error) {
      this.close();
      return `model-untried: there is no process to try it in: ${String(error)}`;
    }
  }

  close(): void {
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }

  async #ask(child: Child, request: TrialRequest): Promise<string | undefined> {
    const answered = new Promise<TrialAnswer>((resolve) => {
      this.#heard = resolve;
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    const hung = new Promise<TrialAnswer>((resolve) => {
      timer = setTimeout(() => {
        child.kill("SIGKILL");
        resolve({ refusal: `model-hangs: it has not run within ${this.#millisMax / 1_000} s` });
      }, this.#millisMax);
    });
    const died = child.exited.then(() => ({
      refusal: `model-unloadable: a process that ran it ended with ${child.signalCode ?? child.exitCode}`,
    }));
    child.send(request);
    const { refusal } = await Promise.race([answered, hung, died]);
    clearTimeout(timer);
    // The next one is tried by another process where this one is gone.
    if (child.killed || child.exitCode !== null) this.#child = undefined;
    return refusal ?? undefined;
  }

  #start(): Child {
    return Bun.spawn([process.execPath, join(import.meta.dir, "trial-child.ts")], {
      stdio: ["ignore", "ignore", "ignore"],
      serialization: "json",
      ipc: (message: unknown, from) => {
        // Whoever was given up may still have said something.
        if (from.pid === this.#child?.pid) this.#heard(answerSchema.parse(message));
      },
    });
  }
}
