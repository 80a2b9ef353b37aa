// The models whose embeddings go with market states: of each symbol the champion network that the journal's newest configuration
// names, open in the process that keeps the states, aside from trading.

import { resolve } from "node:path";
import { type Clock, MICROS_PER_SECOND, type Micros } from "../../actors/base/clock.ts";
import { ModelEmbedder } from "../../actors/chain/model-embedder.ts";
import type { EngineConfig } from "../../actors/engine-config.ts";
import type { MinuteRows } from "../../actors/ports/forecaster.ts";
import type { Inference } from "../../actors/ports/inference.ts";
import {
  EMBEDDING_NUMBERS_MAX,
  EMBEDDING_OUTPUT,
  type ModelCard,
  type RegisteredModel,
} from "../../actors/ports/models.ts";
import type { ModelEmbedding, StateEmbedder } from "../../actors/ports/vectors.ts";
import { CircuitBreaker } from "../../actors/runtime/breaker.ts";
import { embeddingModels, exactName } from "../../actors/voting-models.ts";
import type { CallMark } from "../process/call-mark.ts";
import { openTried } from "./open-tried.ts";
import { FileModels } from "./registry.ts";
import { ModelTrial } from "./trial.ts";

/** How often it is looked whether others are champions. */
const LOOK_MICROS: Micros = 10 * MICROS_PER_SECOND;
/** Networks that are open at once: with one for each symbol, some symbols' states go without. */
const EMBEDDERS_MAX = 24;

interface OpenEmbedder {
  readonly inference: Inference;
  readonly embedder: ModelEmbedder;
  readonly breaker: CircuitBreaker;
}

type NamedModels = Pick<EngineConfig, "instruments" | "models">;

export interface EmbeddingShelfOptions {
  /** Of the registry; need not be there. */
  readonly folder: string;
  /** The journal's newest configuration; undefined while there is none. */
  readonly config: () => NamedModels | undefined;
  /** Real time. */
  readonly clock: Clock;
  readonly onProblem: (message: string) => void;
  /** Where its networks' runs are marked, for whoever watches over this process. */
  readonly calls?: CallMark | undefined;
}

export class EmbeddingShelf implements StateEmbedder {
  readonly #options: EmbeddingShelfOptions;
  readonly #registry: FileModels;
  /** By exact name; undefined for one that cannot be opened. */
  #open = new Map<string, OpenEmbedder | undefined>();
  /** Exact names by symbol. */
  #models: ReadonlyMap<string, string> = new Map();
  #lookedMicros: Micros = Number.NEGATIVE_INFINITY;
  /** What was seen at the last look that changed something. */
  #seen = "";
  readonly #told = new Set<string>();

  constructor(options: EmbeddingShelfOptions) {
    this.#options = options;
    if (options.calls !== undefined) options.calls.folder = resolve(options.folder);
    this.#registry = new FileModels(options.folder, (message) => this.#tell(message));
  }

  /** Exact names of those that are asked now. */
  get models(): readonly string[] {
    return [...new Set(this.#models.values())];
  }

  async refresh(): Promise<void> {
    const { clock, config } = this.#options;
    const nowMicros = clock.nowMicros();
    if (nowMicros - this.#lookedMicros < LOOK_MICROS) return;
    this.#lookedMicros = nowMicros;
    try {
      const newest = config();
      if (newest === undefined) return;
      const symbols = newest.instruments.map(({ symbol }) => symbol);
      const seen = JSON.stringify([symbols, newest.models ?? [], this.#registry.contents]);
      if (seen === this.#seen) return;
      this.#told.clear();
      await this.#take(chosen(newest, symbols, this.#registry.list()));
      this.#seen = seen;
    } catch (error) {
      this.#tell(
        `market states get the embeddings of the models of before, since others cannot be looked at: ${String(error)}`,
      );
    }
  }

  embed(symbol: string, minutes: MinuteRows): ModelEmbedding | undefined {
    const model = this.#models.get(symbol);
    const open = model === undefined ? undefined : this.#open.get(model);
    const nowMicros = this.#options.clock.nowMicros();
    if (model === undefined || open?.breaker.allows(nowMicros) !== true) return undefined;
    try {
      const vector = open.embedder.embed(minutes);
      open.breaker.succeeded();
      return vector === undefined ? undefined : { model, vector };
    } catch (error) {
      open.breaker.failed(nowMicros);
      this.#tell(`market states of ${symbol} go without the embedding of ${model}: ${String(error)}`);
      return undefined;
    }
  }

  /** Lets every model go. */
  close(): void {
    for (const open of this.#open.values()) open?.inference.close();
    this.#open = new Map();
    this.#models = new Map();
    this.#seen = "";
  }

  async #take(bySymbol: ReadonlyMap<string, RegisteredModel>): Promise<void> {
    const trial = new ModelTrial();
    const before = this.#open;
    const open = new Map<string, OpenEmbedder | undefined>();
    const models = new Map<string, string>();
    try {
      for (const [symbol, registered] of bySymbol) {
        const name = nameOf(registered);
        if (!open.has(name) && open.size < EMBEDDERS_MAX) {
          // One that could not be opened may have been mended since.
          open.set(name, before.get(name) ?? (await this.#opened(registered.card, trial)));
        }
        if (open.get(name) !== undefined) models.set(symbol, name);
        else this.#tellLeftOut(symbol, name, open.has(name));
      }
    } finally {
      trial.close();
    }
    this.#open = open;
    this.#models = models;
    for (const [name, embedder] of before) if (!open.has(name)) embedder?.inference.close();
  }

  async #opened(card: ModelCard, trial: ModelTrial): Promise<OpenEmbedder | undefined> {
    const { folder, calls } = this.#options;
    const opened = await openTried(
      { folder, registry: this.#registry, trial, calls },
      card,
      EMBEDDING_OUTPUT,
    );
    if (opened.ok) {
      return {
        inference: opened.value,
        embedder: new ModelEmbedder(opened.value),
        breaker: new CircuitBreaker(),
      };
    }
    this.#tell(`market states go without the embedding of ${card.model} ${card.version}: ${opened.message}`);
    return undefined;
  }

  #tellLeftOut(symbol: string, name: string, isKnown: boolean): void {
    if (isKnown) return;
    this.#tell(
      `market states of ${symbol} go without the embedding of ${name}: ${EMBEDDERS_MAX} networks are open, which is the most. ` +
        "Let one network serve several symbols",
    );
  }

  #tell(message: string): void {
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.#options.onProblem(message);
  }
}

/** By symbol the first of its networks that has an embedding; symbols that have none are left out. */
function chosen(
  config: NamedModels,
  symbols: readonly string[],
  known: readonly RegisteredModel[],
): Map<string, RegisteredModel> {
  const usable = new Map(
    known.filter(({ card }) => hasEmbedding(card)).map((registered) => [nameOf(registered), registered]),
  );
  return new Map(
    symbols.flatMap((symbol) => {
      const [first] = embeddingModels(config, symbol).flatMap(
        (voting) => usable.get(exactName(voting)) ?? [],
      );
      return first === undefined ? [] : [[symbol, first] as const];
    }),
  );
}

function nameOf({ card: { model, version }, sha256 }: RegisteredModel): string {
  return exactName({ model, version, sha256 });
}

/** Whether a model reads minutes and says, as a second output, a row of numbers that is not too long to be kept. */
function hasEmbedding({ window, outputs }: ModelCard): boolean {
  const shape = outputs.find(({ name }) => name === EMBEDDING_OUTPUT)?.shape ?? [];
  const [rows, numbers = null] = shape;
  return (
    window > 1 && shape.length === 2 && rows === null && numbers !== null && numbers <= EMBEDDING_NUMBERS_MAX
  );
}
