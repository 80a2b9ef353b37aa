// Which trained models vote: of all champions one for each member and symbol, chosen so that everybody who reads the
// configuration later chooses the same.

import type { Micros } from "./base/clock.ts";
import type { ModelVote } from "./chain/presets.ts";
import { MEMBERS, type MemberId } from "./domain/prediction.ts";
import { type ModelCard, modelExpiryMicros, type ModelEvent } from "./ports/models.ts";

/** A version of a model that votes, as a journal's configuration names it. */
export interface VotingModel {
  readonly model: string;
  readonly version: string;
  /** Of its bytes, hex. */
  readonly sha256: string;
  readonly member: MemberId;
  /** The instruments it votes on; null for any that no other model of its member names. */
  readonly symbols: readonly string[] | null;
  /** As its card says; left out in journals of before. */
  readonly event?: ModelEvent;
  readonly horizonMicros?: Micros;
  readonly voteLifeMicros?: Micros;
  readonly cadence?: ModelCard["cadence"];
}

/** Configurations of before there were models name none. */
interface ModelsConfig {
  readonly models?: readonly VotingModel[];
}

/** What members that are trained models answer the probability of; all others are no models. */
const EVENT_OF: Readonly<Partial<Record<MemberId, ModelEvent>>> = {
  xgboost: "up",
  lightgbm: "up",
  lstm: "up",
  transformer: "up",
  cnn: "up",
  fast: "up",
  "range-15m": "lively",
  "range-60m": "lively",
  "slot-range-15m": "slot-lively",
  "slot-range-60m": "slot-lively",
};

/** Why a model may not vote at `timeMicros`, whatever it is inside; undefined where it may. */
export function unfit(card: ModelCard, timeMicros: Micros): string | undefined {
  const event = EVENT_OF[card.member];
  if (event === undefined) return `${card.member} is no trained model: name another member on its card`;
  if (card.event !== event)
    return `its card says "${card.event}", and ${card.member} votes on "${event}": correct the card`;
  if (card.cadence === "asynchronous")
    return "its cadence is asynchronous, and models are asked at once: correct the card";
  const expiryMicros = modelExpiryMicros(card);
  if (timeMicros <= expiryMicros) return undefined;
  return `it expired on ${new Date(expiryMicros / 1_000).toISOString().slice(0, 10)}: train it on newer data`;
}

/** The model that is `member` on `symbol`; one that names the symbol goes before one for any. */
export function votingModel(
  { models = [] }: ModelsConfig,
  member: MemberId,
  symbol: string,
): VotingModel | undefined {
  const candidates = models.filter((each) => each.member === member);
  return (
    candidates.find(({ symbols }) => symbols?.includes(symbol) === true) ??
    candidates.find(({ symbols }) => symbols === null)
  );
}

/** Every member that is a model on `symbol`, in the order of members. */
export function votingModels(config: ModelsConfig, symbol: string): VotingModel[] {
  return MEMBERS.flatMap((member) => votingModel(config, member, symbol) ?? []);
}

/** Whose embedding a market state gets: the first of these that is a model and has one. */
const EMBEDDING_MEMBERS: readonly MemberId[] = ["lstm", "transformer", "cnn"];

/** The models on `symbol` that may embed its market, the first choice first. */
export function embeddingModels(config: ModelsConfig, symbol: string): VotingModel[] {
  return EMBEDDING_MEMBERS.flatMap((member) => votingModel(config, member, symbol) ?? []);
}

/** What those of {@link votingModels} say, and of what; a member's event stands for one that its configuration leaves out. */
export function modelVotes(config: ModelsConfig, symbol: string): ModelVote[] {
  return votingModels(config, symbol).map(modelVote);
}

/** Names a version beyond doubt. */
export function exactName({
  model,
  version,
  sha256,
}: Pick<VotingModel, "model" | "version" | "sha256">): string {
  return `${model} ${version} ${sha256}`;
}

function modelVote({ model, version, sha256, member, ...card }: VotingModel): ModelVote {
  const { event = EVENT_OF[member], horizonMicros, voteLifeMicros, cadence } = card;
  return {
    member,
    name: exactName({ model, version, sha256 }),
    event,
    horizonMicros,
    voteLifeMicros,
    cadence,
  };
}

/** Members that are another model on `symbol` in one configuration than in the other, or in one of them none. */
export function changedMembers(a: ModelsConfig, b: ModelsConfig, symbol: string): MemberId[] {
  const nameOf = (config: ModelsConfig, member: MemberId): string | undefined => {
    const voting = votingModel(config, member, symbol);
    return voting === undefined ? undefined : exactName(voting);
  };
  return MEMBERS.filter((member) => nameOf(a, member) !== nameOf(b, member));
}

/** A champion that could vote. */
export interface Candidate {
  readonly voting: VotingModel;
  /** When a version of this model first became a champion: of two that want one seat, who came first has it. */
  readonly sinceMicros: Micros;
}

export interface Choice {
  readonly models: readonly VotingModel[];
  /** What was refused and what to do. */
  readonly problems: readonly string[];
}

/**
 * One model for each member and symbol.
 * @param candidates one of each model
 * @param traded symbols; models for none of them are left out
 */
export function chooseModels(candidates: readonly Candidate[], traded: readonly string[]): Choice {
  const problems: string[] = [];
  const models: VotingModel[] = [];
  const inOrder = candidates.toSorted(
    (a, b) => a.sinceMicros - b.sinceMicros || (a.voting.model < b.voting.model ? -1 : 1),
  );
  for (const { voting } of inOrder) {
    const wanted = voting.symbols?.filter((symbol) => traded.includes(symbol)) ?? [null];
    const left = wanted.filter((symbol) => {
      const holder = models.find(
        ({ member, symbols }) =>
          member === voting.member &&
          (symbol === null ? symbols === null : symbols?.includes(symbol) === true),
      );
      if (holder !== undefined) problems.push(tie(holder, voting, symbol));
      return holder === undefined;
    });
    if (left.length === 0) continue;
    models.push({ ...voting, symbols: left.every((symbol) => symbol !== null) ? left : null });
  }
  return { models: models.sort((a, b) => (a.model < b.model ? -1 : 1)), problems };
}

function tie(holder: VotingModel, refused: VotingModel, symbol: string | null): string {
  const where = symbol === null ? "any symbol" : symbol;
  return (
    `${holder.model} ${holder.version} and ${refused.model} ${refused.version} both want to be ${holder.member} on ${where}: ` +
    `${holder.model}, which was there first, votes and ${refused.model} does not. Let their cards name different symbols or members`
  );
}
