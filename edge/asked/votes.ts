// What the engine is told of the members that are answered beside the tick path.

import { MICROS_PER_MINUTE } from "../../actors/base/clock.ts";
import type { AskedVote, AskedVotes } from "../../actors/chain/presets.ts";

interface AskedSettings {
  readonly enabled: boolean;
  readonly weight: number;
  readonly voteLifeMinutes: number;
}

/** Those whose vote is worth something. */
export function askedVotesOf(settings: {
  readonly advisers: AskedSettings;
  readonly analogs: AskedSettings;
}): AskedVotes {
  const adviser = voteOf(settings.advisers);
  const analogs = voteOf(settings.analogs);
  return {
    ...(adviser === undefined ? {} : { adviser }),
    ...(analogs === undefined ? {} : { analogs }),
  };
}

function voteOf({ enabled, weight, voteLifeMinutes }: AskedSettings): AskedVote | undefined {
  if (!enabled || weight === 0) return undefined;
  return { weight, voteLifeMicros: voteLifeMinutes * MICROS_PER_MINUTE };
}
