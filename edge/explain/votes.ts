// The members' part of a dossier: who was asked, what counted for how much, and which trained model each of them was.

import type { Micros } from "../../actors/base/clock.ts";
import type { MemberId, Votes } from "../../actors/domain/prediction.ts";
import type { Configured } from "../../actors/domain/records.ts";
import type { Signal } from "../../actors/domain/signal.ts";
import type { VotingModel } from "../../actors/voting-models.ts";
import type { Dossier } from "./dossier.ts";

/** What was in force when a vote was given: a configuration of the same moment followed it. */
export function inForceAt(configurations: readonly Configured[], timeMicros: Micros): Configured | undefined {
  return configurations.findLast((each) => each.timeMicros < timeMicros) ?? configurations[0];
}

/**
 * All that were asked, with the weights of those that counted.
 * @param modelOf the model a member was when it voted; without a time, when the others were asked
 */
export function votesOf(
  votes: Votes | undefined,
  signal: Signal | undefined,
  modelOf: (member: MemberId, timeMicros?: Micros) => VotingModel | undefined,
): Dossier["votes"] {
  const counted = new Map((signal?.components ?? []).map((component) => [component.member, component]));
  const asked = (votes?.votes ?? []).map(({ member, status, probabilityUp }) => {
    const component = counted.get(member);
    counted.delete(member);
    return {
      member,
      status,
      probabilityUp: Number.isFinite(probabilityUp) ? probabilityUp : null,
      weight: component?.weight ?? null,
      ageMillis: component === undefined ? null : component.ageMicros / 1_000,
      model: shownModel(modelOf(member)),
    };
  });
  // Votes that were given earlier and still held.
  const held = [...counted.values()].map(({ member, probabilityUp, weight, ageMicros }) => ({
    member,
    status: "voted",
    probabilityUp,
    weight,
    ageMillis: ageMicros / 1_000,
    model: shownModel(modelOf(member, (votes?.timeMicros ?? 0) - ageMicros)),
  }));
  return [...asked, ...held];
}

function shownModel(voting: VotingModel | undefined): Dossier["votes"][number]["model"] {
  return voting === undefined ? null : { name: voting.model, version: voting.version, sha256: voting.sha256 };
}
