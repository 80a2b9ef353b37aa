// Whose answers on a symbol are scored, and as what: rule members, the models that vote there, and the shadows that are asked
// beside them.

import { MICROS_PER_MINUTE, type Micros } from "../../../actors/base/clock.ts";
import { FEATURE_NAMES } from "../../../actors/domain/features.ts";
import type { EngineConfig } from "../../../actors/engine-config.ts";
import { ruleForecasters } from "../../../actors/ensemble.ts";
import type { Shadow, ShadowSource, SubjectQuality } from "../../../actors/ports/model-quality.ts";
import type { ModelCard } from "../../../actors/ports/models.ts";
import { HORIZON_MINUTES_MAX, medianFeature } from "../../../actors/quality/outcomes.ts";
import type { ScoredMember } from "../../../actors/quality/scorecard.ts";
import { votingModels } from "../../../actors/voting-models.ts";

/** Rules promise no horizon. Theirs is the shortest that there is a goal for from closed minutes. */
const RULE_HORIZON_MICROS = 5 * MICROS_PER_MINUTE;

export interface Subject extends ScoredMember<string>, Pick<SubjectQuality, "name" | "kind" | "model"> {
  /** As which it votes, or would. */
  readonly seat: SubjectQuality["member"];
  /** Of a shadow. */
  readonly shadow: Shadow | undefined;
}

function nameOfModel({ model, version }: Pick<ModelCard, "model" | "version">): string {
  return `${model} ${version}`;
}

/** Everybody on one symbol. What cannot be settled from minutes or quotes is left out. */
export function subjectsOf(
  config: EngineConfig,
  symbol: string,
  { shadows, known }: Pick<ShadowSource, "shadows" | "known">,
): Subject[] {
  const rules = ruleForecasters().map(({ member }): Subject => ({
    member,
    seat: member,
    name: member,
    kind: "rule",
    model: null,
    event: "up",
    horizonMicros: RULE_HORIZON_MICROS,
    medianFeature: -1,
    shadow: undefined,
  }));
  const champions = votingModels(config, symbol).flatMap(({ model, version, sha256 }) => {
    const card = known.find(
      (each) => each.card.model === model && each.card.version === version && each.sha256 === sha256,
    )?.card;
    return card === undefined ? [] : modelSubject(card, undefined);
  });
  const voting = new Set(champions.map(({ name }) => name));
  const asked = shadows.flatMap((shadow) => {
    const { card } = shadow;
    const isHere = card.symbols === null || card.symbols.includes(symbol);
    return isHere && !voting.has(nameOfModel(card)) ? modelSubject(card, shadow) : [];
  });
  return [...rules, ...champions, ...asked];
}

/** Whether the same are scored, shadows by the same sessions. */
export function sameSubjects(a: readonly Subject[], b: readonly Subject[]): boolean {
  const isSame = (one: Subject, other: Subject | undefined): boolean =>
    one.name === other?.name && one.kind === other.kind && one.shadow === other.shadow;
  return a.length === b.length && a.every((one, index) => isSame(one, b[index]));
}

function modelSubject(card: ModelCard, shadow: Shadow | undefined): Subject[] {
  const { event, horizonMicros, member } = card;
  const median = medianFeature(event, horizonMicros);
  const place = median === undefined ? -1 : FEATURE_NAMES.findIndex((each) => each === median);
  const isKnown = median === undefined || place >= 0;
  if (!isKnown || !canSettle(card)) return [];
  const name = nameOfModel(card);
  const scored = { member: name, event, horizonMicros, medianFeature: place };
  const kind = shadow === undefined ? "champion" : "shadow";
  const model = { model: card.model, version: card.version };
  return [{ ...scored, seat: member, name, kind, model, shadow }];
}

function canSettle({ event, horizonMicros, window }: ModelCard): boolean {
  if (horizonMicros < MICROS_PER_MINUTE) return event === "up" && window === 1;
  return isWholeMinutes(horizonMicros) && horizonMicros <= HORIZON_MINUTES_MAX * MICROS_PER_MINUTE;
}

function isWholeMinutes(micros: Micros): boolean {
  return micros % MICROS_PER_MINUTE === 0;
}
