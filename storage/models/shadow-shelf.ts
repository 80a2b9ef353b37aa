// The shadows of a registry, open to be asked aside from trading: each tried in another process first, one session each, as many as
// there is a bound for.

import { resolve } from "node:path";
import { ModelForecaster } from "../../actors/chain/model-forecaster.ts";
import type { Inference } from "../../actors/ports/inference.ts";
import type { Shadow, ShadowSource } from "../../actors/ports/model-quality.ts";
import type { RegisteredModel } from "../../actors/ports/models.ts";
import { unfit } from "../../actors/voting-models.ts";
import type { CallMark } from "../process/call-mark.ts";
import { openTried } from "./open-tried.ts";
import { FileModels } from "./registry.ts";
import { ModelTrial } from "./trial.ts";

/** Of one model: its newest versions that do not vote. */
const SHADOWS_PER_MODEL_MAX = 4;
const SHADOWS_MAX = 24;

interface OpenShadow extends Shadow {
  readonly sha256: string;
  readonly inference: Inference;
}

export class ShadowShelf implements ShadowSource {
  readonly #folder: string;
  readonly #onProblem: (message: string) => void;
  readonly #registry: FileModels;
  readonly #calls: CallMark | undefined;
  /** By model, version and hash; undefined for one that cannot be opened. */
  #open = new Map<string, OpenShadow | undefined>();
  #known: readonly RegisteredModel[] = [];
  #contents = "";
  readonly #told = new Set<string>();

  /**
   * @param options.folder of the registry; need not be there
   * @param options.calls where its models' runs are marked, for whoever watches over this process
   */
  constructor(options: {
    folder: string;
    onProblem: (message: string) => void;
    calls?: CallMark | undefined;
  }) {
    this.#folder = options.folder;
    this.#calls = options.calls;
    if (options.calls !== undefined) options.calls.folder = resolve(options.folder);
    this.#onProblem = options.onProblem;
    this.#registry = new FileModels(options.folder, (message) => this.#tell(message));
  }

  get shadows(): readonly Shadow[] {
    return [...this.#open.values()].filter((shadow) => shadow !== undefined);
  }

  get known(): readonly RegisteredModel[] {
    return this.#known;
  }

  async refresh(): Promise<boolean> {
    try {
      const { contents } = this.#registry;
      if (contents === this.#contents) return false;
      this.#told.clear();
      this.#known = this.#registry.list();
      await this.#take(chosen(this.#known));
      this.#contents = contents;
      return true;
    } catch (error) {
      this.#tell(
        `shadows are as they were, since the registry cannot be read: ${String(error)}. Mend its folder`,
      );
      return false;
    }
  }

  async #take(wanted: readonly RegisteredModel[]): Promise<void> {
    const trial = new ModelTrial();
    const before = this.#open;
    const open = new Map<string, OpenShadow | undefined>();
    try {
      for (const registered of wanted) {
        const key = keyOf(registered);
        open.set(key, before.has(key) ? before.get(key) : await this.#opened(registered, trial));
      }
    } finally {
      trial.close();
    }
    this.#open = open;
    for (const [key, shadow] of before) if (!open.has(key)) shadow?.inference.close();
  }

  async #opened({ card, sha256 }: RegisteredModel, trial: ModelTrial): Promise<OpenShadow | undefined> {
    const { model, version } = card;
    // One that has expired abstains, by the time of the records.
    const unfitness = unfit(card, Number.NEGATIVE_INFINITY);
    const opened =
      unfitness === undefined
        ? await openTried({ folder: this.#folder, registry: this.#registry, trial, calls: this.#calls }, card)
        : undefined;
    if (opened?.ok === true) {
      return { card, sha256, inference: opened.value, forecaster: new ModelForecaster(opened.value) };
    }
    this.#tell(`shadow ${model} ${version} is not asked: ${unfitness ?? opened?.message ?? ""}`);
    return undefined;
  }

  #tell(message: string): void {
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.#onProblem(message);
  }
}

/** The newest shadows of each model, the newest models first. */
function chosen(known: readonly RegisteredModel[]): RegisteredModel[] {
  const shadows = known.filter(({ status }) => status === "shadow");
  const byModel = Map.groupBy(shadows, ({ card }) => card.model);
  return [...byModel.values()]
    .flatMap((versions) => versions.slice(0, SHADOWS_PER_MODEL_MAX))
    .sort((a, b) => b.registeredMicros - a.registeredMicros)
    .slice(0, SHADOWS_MAX);
}

function keyOf({ card, sha256 }: RegisteredModel): string {
  return `${card.model} ${card.version} ${sha256}`;
}
