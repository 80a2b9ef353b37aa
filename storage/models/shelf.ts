// The models a process has open: chosen from a registry, each loaded once and shared by all symbols, and put into ensembles as
// configurations name them.

import { resolve } from "node:path";
import { AbsentForecaster } from "../../actors/chain/absent-forecaster.ts";
import { ModelForecaster } from "../../actors/chain/model-forecaster.ts";
import type { Micros } from "../../actors/base/clock.ts";
import { failure, type Result } from "../../actors/base/result.ts";
import type { EngineConfig } from "../../actors/engine-config.ts";
import type { Forecaster } from "../../actors/ports/forecaster.ts";
import type { Inference } from "../../actors/ports/inference.ts";
import type { ModelCard, RegisteredModel } from "../../actors/ports/models.ts";
import {
  type Candidate,
  chooseModels,
  unfit,
  type VotingModel,
  votingModels,
} from "../../actors/voting-models.ts";
import type { CallMark } from "../process/call-mark.ts";
import { installBaseline } from "./baseline.ts";
import { openOnnx } from "./onnx.ts";
import { openTried } from "./open-tried.ts";
import { FileModels } from "./registry.ts";
import { ModelTrial } from "./trial.ts";

/** What a configuration says of a model that names it beyond doubt. */
type ModelName = Pick<VotingModel, "model" | "version" | "sha256">;

export interface ModelShelfOptions {
  /** Of the registry; need not be there. */
  readonly folder: string;
  /** Hears of every model that cannot vote, why, and what to do. */
  readonly onProblem: (message: string) => void;
  /** Where its models' runs are marked, for whoever watches over this process. */
  readonly calls?: CallMark | undefined;
}

export class ModelShelf {
  readonly #options: ModelShelfOptions;
  readonly #registry: FileModels;
  readonly #open = new Map<string, Inference>();
  /** What was said since the last choice: the same is not said twice. */
  readonly #told = new Set<string>();

  constructor(options: ModelShelfOptions) {
    this.#options = options;
    this.#registry = new FileModels(options.folder, (message) => this.#tell(message));
    if (options.calls !== undefined) options.calls.folder = resolve(options.folder);
  }

  /** Makes the models that come with the program known; without them the others vote. */
  addBaseline(atMicros: Micros): void {
    const installed = installBaseline(this.#registry, atMicros);
    if (!installed.ok) this.#tell(`${installed.code}: ${installed.message}`);
  }

  /** Another one whenever somebody changed which versions are to vote. */
  get revision(): string {
    return this.#registry.revision;
  }

  /**
   * Which of the registry's champions vote on `symbols` from `timeMicros` on, all of them open. Where one cannot, the champion
   * before it does, or nobody. Each is tried in another process first; its file is read and hashed on other threads, and loading
   * takes this one, a model at a time.
   * @throws where the registry's folder cannot be read
   */
  async choose(symbols: readonly string[], timeMicros: Micros): Promise<readonly VotingModel[]> {
    this.#told.clear();
    const trial = new ModelTrial();
    try {
      const { models, problems } = chooseModels(await this.#candidates(timeMicros, trial), symbols);
      for (const problem of problems) this.#tell(problem);
      return models;
    } finally {
      trial.close();
    }
  }

  /** The models of a configuration on one symbol, as members. One that is not here fails when it is asked. */
  membersOf(config: EngineConfig, symbol: string): Forecaster[] {
    return votingModels(config, symbol).map((voting) => {
      const inference = this.#inferenceOf(voting);
      if (inference.ok) return new ModelForecaster(inference.value);
      this.#tellAbsent(voting, inference.message);
      return new AbsentForecaster(voting.member, `${voting.model} ${voting.version}`);
    });
  }

  /** Lets go of every model that `models` do not name. */
  keepOnly(models: readonly VotingModel[]): void {
    const kept = new Set(models.map(keyOf));
    for (const [key, inference] of this.#open) {
      if (kept.has(key)) continue;
      inference.close();
      this.#open.delete(key);
    }
  }

  async #candidates(timeMicros: Micros, trial: ModelTrial): Promise<Candidate[]> {
    const candidates: Candidate[] = [];
    for (const model of this.#registry.standing) {
      const registered = await this.#firstGood(model, timeMicros, trial);
      if (registered === undefined) continue;
      const { card, sha256 } = registered;
      candidates.push({
        voting: votingOf(model, card, sha256),
        sinceMicros: this.#registry.promotions(model)[0]?.atMicros ?? 0,
      });
    }
    return candidates;
  }

  async #firstGood(
    model: string,
    timeMicros: Micros,
    trial: ModelTrial,
  ): Promise<RegisteredModel | undefined> {
    const refusals: string[] = [];
    let found: RegisteredModel | undefined;
    for (const registered of this.#registry.champions(model)) {
      const { card, sha256 } = registered;
      const why =
        quarantineText(registered) ??
        unfit(card, timeMicros) ??
        (await this.#refusal({ model, version: card.version, sha256 }, registered, trial));
      if (why === undefined) {
        found = registered;
        break;
      }
      refusals.push(`${model} ${card.version} does not vote: ${why}`);
    }
    if (refusals.length > 0) {
      const instead =
        found === undefined
          ? "no earlier champion can take its place, so others vote without it"
          : `${model} ${found.card.version}, a champion before it, votes in its place`;
      this.#tell([...refusals, instead].join("; "));
    }
    return found;
  }

  /** Why a model cannot be opened; undefined once it is open. */
  async #refusal(name: ModelName, { card }: RegisteredModel, trial: ModelTrial): Promise<string | undefined> {
    if (this.#open.has(keyOf(name))) return undefined;
    const { folder, calls } = this.#options;
    const opened = await openTried({ folder, registry: this.#registry, trial, calls }, card);
    if (!opened.ok) return opened.message;
    this.#open.set(keyOf(name), opened.value);
    return undefined;
  }

  #inferenceOf(name: ModelName): Result<Inference, string> {
    const open = this.#open.get(keyOf(name));
    if (open !== undefined) return { ok: true, value: open };
    const registered = this.#registry.list(name.model).find(({ card }) => card.version === name.version);
    if (registered === undefined)
      return failure("unknown-model", `it is not in ${this.#options.folder}: register it again to ask it`);
    if (registered.sha256 !== name.sha256) {
      return failure(
        "model-changed",
        `in ${this.#options.folder} it has the SHA-256 ${registered.sha256}: register it again to ask it`,
      );
    }
    const quarantine = quarantineText(registered);
    if (quarantine !== undefined) return failure("model-quarantined", quarantine);
    const content = this.#registry.load(name.model, name.version);
    const opened = content.ok
      ? openOnnx(content.value, registered.card, { calls: this.#options.calls })
      : content;
    if (opened.ok) this.#open.set(keyOf(name), opened.value);
    return opened;
  }

  #tellAbsent(voting: VotingModel, why: string): void {
    this.#tell(
      `the journal names ${voting.model} ${voting.version} (SHA-256 ${voting.sha256}) as ${voting.member}, which cannot be asked ` +
        `here: ${why}. Its recorded votes count; asked anew, it fails`,
    );
  }

  #tell(message: string): void {
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.#options.onProblem(message);
  }
}

/** Why a version in quarantine is not opened; undefined for all others. */
function quarantineText({ card, quarantine }: RegisteredModel): string | undefined {
  if (quarantine === null) return undefined;
  const since = new Date(quarantine.atMicros / 1_000).toISOString();
  return (
    `it is in quarantine since ${since}: ${quarantine.reason}. Somebody who trusts it again says ` +
    `"tickforge models promote ${card.model} ${card.version}"`
  );
}

/** What of a card goes into configurations. */
function votingOf(model: string, card: ModelCard, sha256: string): VotingModel {
  const { version, member, symbols, event, horizonMicros, voteLifeMicros, cadence } = card;
  return { model, version, sha256, member, symbols, event, horizonMicros, voteLifeMicros, cadence };
}

function keyOf({ model, version, sha256 }: ModelName): string {
  return `${model} ${version} ${sha256}`;
}
