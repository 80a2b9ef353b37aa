// What is known of models, for whoever shows it: the registry's folder and what the follower of the journal told of them. It only
// reads, and a registry that cannot be read has no models.

import { MICROS_PER_SECOND } from "../actors/base/clock.ts";
import type { KnownModel, ModelQuality, SymbolQuality } from "../actors/ports/model-quality.ts";
import type { Promotion, Retirement } from "../actors/ports/models.ts";
import { holdoutFigures, trainingPeriod } from "./models/card-details.ts";
import { FileModels } from "./models/registry.ts";
import { QualityFiles } from "./projections/quality/files.ts";

/** Scores are told every few seconds; nobody needs them read more often. */
const READ_MICROS = 2 * MICROS_PER_SECOND;

export class FileModelQuality implements ModelQuality {
  readonly #registry: FileModels;
  readonly #files: QualityFiles;
  readonly #onProblem: (message: string) => void;
  #contents: string | undefined;
  #models: readonly KnownModel[] = [];
  #symbols: Promise<readonly SymbolQuality[]> = Promise.resolve([]);
  #readMicros = Number.NEGATIVE_INFINITY;
  #lastTold = "";

  /** @param options.folder of the registry; need not be there */
  constructor(options: { data: string; folder: string; onProblem: (message: string) => void }) {
    this.#onProblem = options.onProblem;
    this.#registry = new FileModels(options.folder, (message) => this.#tell(message));
    this.#files = new QualityFiles(options.data);
  }

  models(): readonly KnownModel[] {
    try {
      const { contents } = this.#registry;
      if (contents !== this.#contents) {
        this.#models = this.#registry.list().map((registered) =>
          Object.assign(registered, {
            training: trainingPeriod(registered.card),
            holdout: holdoutFigures(registered.card),
          }),
        );
        this.#contents = contents;
      }
    } catch (error) {
      this.#tell(`the registry of models cannot be read: ${String(error)}. Mend its folder`);
    }
    return this.#models;
  }

  promotions(model: string): readonly Promotion[] {
    return this.#registry.promotions(model);
  }

  retirements(model: string): readonly Retirement[] {
    return this.#registry.retirements(model);
  }

  async symbols(): Promise<readonly SymbolQuality[]> {
    const nowMicros = performance.now() * 1_000;
    if (nowMicros - this.#readMicros >= READ_MICROS) {
      this.#readMicros = nowMicros;
      this.#symbols = this.#files.told();
    }
    return await this.#symbols;
  }

  #tell(message: string): void {
    if (message === this.#lastTold) return;
    this.#lastTold = message;
    this.#onProblem(message);
  }
}
