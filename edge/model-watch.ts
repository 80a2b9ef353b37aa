// Trained models in a running system: who votes now in words, and whoever is promoted or rolled back meanwhile takes effect
// without a restart, from a record of the journal on.

import type { Micros } from "../actors/base/clock.ts";
import type { Instrument } from "../actors/domain/instrument.ts";
import type { EngineConfig } from "../actors/engine-config.ts";
import type { LiveEngine } from "../actors/live-engine.ts";
import type { VotingModel } from "../actors/voting-models.ts";

/** What is asked of a registry's opened models. */
export interface Shelf {
  /** Another one whenever somebody changed which versions are to vote. */
  readonly revision: string;
  choose(symbols: readonly string[], timeMicros: Micros): Promise<readonly VotingModel[]>;
  keepOnly(models: readonly VotingModel[]): void;
}

export interface ModelWatchOptions {
  readonly shelf: Shelf;
  readonly live: Pick<LiveEngine, "engine" | "eraSeq" | "prepare" | "reconfigure">;
  readonly instruments: readonly Instrument[];
  /** Those of the start, and the shelf's revision when they were chosen. */
  readonly chosen: readonly VotingModel[];
  readonly revision: string;
  /** Of records that come now. */
  readonly nowMicros: () => Micros;
  /** Hears who votes now, and what could not be done. */
  readonly onProblem: (message: string) => void;
}

/** The models of a start: none where the registry cannot be read, until it can. */
export async function firstModels({
  shelf,
  symbols,
  timeMicros,
  onProblem,
}: {
  shelf: Shelf;
  symbols: readonly string[];
  timeMicros: Micros;
  onProblem: (message: string) => void;
}): Promise<Pick<ModelWatchOptions, "chosen" | "revision">> {
  try {
    const { revision } = shelf;
    return { chosen: await shelf.choose(symbols, timeMicros), revision };
  } catch (error) {
    onProblem(`no trained model votes, since the registry cannot be read: ${String(error)}. Mend its folder`);
    return { chosen: [], revision: "" };
  }
}

export class ModelWatch {
  readonly #options: ModelWatchOptions;
  #revision: string;
  /** Chosen and not in force yet. */
  #wanted: readonly VotingModel[] | undefined;
  #lastTold = "";

  constructor(options: ModelWatchOptions) {
    this.#options = options;
    this.#revision = options.revision;
    this.#wanted = options.chosen;
  }

  /** Call every few seconds, one call after the other: looks whether other models are to vote, and lets them. */
  async refresh(): Promise<void> {
    const { shelf, live, instruments, nowMicros } = this.#options;
    try {
      const { revision } = shelf;
      if (revision !== this.#revision) {
        const symbols = instruments.map(({ symbol }) => symbol);
        this.#wanted = await shelf.choose(symbols, nowMicros());
        this.#revision = revision;
      }
      if (this.#wanted === undefined) return;
      const before = live.engine.config;
      const prepared = live.prepare(withModels(before, this.#wanted));
      // Ticks have their turn between the two things that take a while.
      await new Promise((resolve) => setImmediate(resolve));
      const done = prepared.ok ? live.reconfigure(prepared.value, nowMicros()) : prepared;
      if (!done.ok) {
        this.#tell(`other models are to vote, and cannot yet: ${done.code}: ${done.message}`);
        return;
      }
      shelf.keepOnly(this.#wanted);
      this.#wanted = undefined;
      if (live.engine.config !== before) {
        this.#tell(
          `from record ${live.eraSeq} on, trained models that vote: ${votersText(live.engine.config.models)}`,
        );
      }
    } catch (error) {
      this.#tell(`models cannot be looked at now, those that vote go on: ${String(error)}`);
    }
  }

  /** What goes on being so is not said again. */
  #tell(message: string): void {
    if (message === this.#lastTold) return;
    this.#lastTold = message;
    this.#options.onProblem(message);
  }
}

/** The same with other models: without the word where there are none, as in configurations of before there were any. */
export function withModels(
  { models: _before, ...config }: EngineConfig,
  models: readonly VotingModel[],
): EngineConfig {
  return models.length === 0 ? config : { ...config, models };
}

/** For people: each model with its version, what it is in the ensemble, and where. */
export function votersText(models: readonly VotingModel[] = []): string {
  if (models.length === 0) return "none";
  return models
    .map(
      ({ model, version, sha256, member, symbols }) =>
        `${model} ${version} (${sha256.slice(0, 12)}) as ${member} on ${symbols?.join(", ") ?? "any symbol"}`,
    )
    .join("; ");
}
