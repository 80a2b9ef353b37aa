// What a re-calibration is of: the vote of one preset on one symbol, what it is about, and whether it is the same as before.

import type { Micros } from "../../base/clock.ts";
import { type MemberId, MEMBERS } from "../../domain/prediction.ts";
import { isWatchable } from "../gate/answer-follower.ts";
import { HORIZON_DEFAULT_MICROS } from "../gate/limits.ts";
import type { Preset } from "../presets.ts";
import { Recalibrator } from "./recalibrator.ts";

/** Undefined where a preset is not to be re-calibrated, or its vote is about a time that nobody follows. */
export function recalibratorOf(preset: Preset): Recalibrator | undefined {
  const horizonMicros = voteHorizon(preset);
  if (preset.recalibration === undefined || !isWatchable(horizonMicros)) return undefined;
  return new Recalibrator(preset.recalibration, horizonMicros);
}

/** Who votes, with what weight, about what, and how that is calibrated: what another vote has learned says nothing of this one. */
export function nameOfVote(preset: Preset): string {
  const names = voters(preset).map(([member, weight]) => {
    const name = preset.models?.find((model) => model.member === member)?.name ?? "rule";
    return `${member} ${name} ${weight}`;
  });
  const { meta, reliability, calibration, recalibration } = preset;
  return JSON.stringify([
    names,
    voteHorizon(preset),
    meta?.intercept,
    reliability,
    calibration,
    recalibration,
  ]);
}

/** Who has a weight, with it. */
function voters({ ballot, meta }: Preset): [MemberId, number][] {
  return MEMBERS.flatMap((member): [MemberId, number][] => {
    const weight = Math.abs(meta?.weights[member] ?? ballot.weights[member] ?? 0);
    return weight === 0 ? [] : [[member, weight]];
  });
}

/** What the vote is about: the horizon of the trained model that weighs most, of the first where several do; without one as of rules. */
function voteHorizon(preset: Preset): Micros {
  let heaviest = 0;
  let horizonMicros: Micros | undefined;
  for (const [member, weight] of voters(preset)) {
    const model = preset.models?.find((each) => each.member === member);
    if (model?.horizonMicros === undefined || weight <= heaviest) continue;
    heaviest = weight;
    horizonMicros = model.horizonMicros;
  }
  return horizonMicros ?? HORIZON_DEFAULT_MICROS;
}
