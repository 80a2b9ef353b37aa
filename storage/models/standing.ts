// What a model's versions stand for: which votes, which did before, which are put away. Pure: stores keep it as they like.

import { z } from "zod";
import type { ModelStatus, Promotion, Quarantine, Retirement } from "../../actors/ports/models.ts";

const promotionSchema = z.strictObject({
  version: z.string(),
  by: z.string(),
  atMicros: z.number().int().nonnegative(),
});

const quarantineSchema = z.strictObject({
  version: z.string(),
  reason: z.string(),
  atMicros: z.number().int().nonnegative(),
});

export const standingSchema = z.strictObject({
  /** Every promotion there was, oldest first. */
  promotions: z.array(promotionSchema),
  /** The champion last, before it those it can go back to. */
  champions: z.array(z.string()),
  retired: z.array(z.string()),
  /** Every time one was put away, oldest first. Files of before do not say it. */
  retirements: z.array(promotionSchema).default([]),
  /** Left out in files of before there were any. */
  quarantined: z.array(quarantineSchema).default([]),
});
export type Standing = z.infer<typeof standingSchema>;

export const NOTHING_YET: Standing = {
  promotions: [],
  champions: [],
  retired: [],
  retirements: [],
  quarantined: [],
};

/** Champions that can be gone back to. */
const CHAMPIONS_MAX = 32;

export function statusOf(standing: Standing, version: string): ModelStatus {
  if (standing.retired.includes(version)) return "retired";
  if (quarantineOf(standing, version) !== null) return "quarantined";
  return championOf(standing) === version ? "champion" : "shadow";
}

/** The one that was promoted last, or who stands in for it. */
function championOf(standing: Standing): string | undefined {
  return standby(standing).find((version) => quarantineOf(standing, version) === null);
}

export function quarantineOf({ quarantined }: Standing, version: string): Quarantine | null {
  const found = quarantined.find((each) => each.version === version);
  return found === undefined ? null : { reason: found.reason, atMicros: found.atMicros };
}

/** The champion and those before it that may vote again, the newest first, each once. */
export function standby({ champions, retired }: Standing): string[] {
  return [...new Set(champions.toReversed())].filter((version) => !retired.includes(version));
}

export function promoted(standing: Standing, promotion: Promotion): Standing {
  const { promotions, champions, retired, quarantined } = standing;
  const isChampion = statusOf(standing, promotion.version) === "champion";
  // Whoever only stands in is made the champion.
  if (isChampion && champions.at(-1) === promotion.version) return standing;
  return {
    ...standing,
    quarantined: quarantined.filter(({ version }) => version !== promotion.version),
    promotions: [...promotions, { ...promotion }],
    champions: [...champions, promotion.version].slice(-CHAMPIONS_MAX),
    retired: retired.filter((version) => version !== promotion.version),
  };
}

/**
 * The champion before, of those that may be one and were not put away.
 * @returns undefined where there is none
 */
export function rolledBack(
  standing: Standing,
  { by, atMicros, isSound }: Omit<Promotion, "version"> & { isSound: (version: string) => boolean },
): Standing | undefined {
  const { promotions, champions, retired } = standing;
  const current = champions.at(-1);
  const place = champions.findLastIndex(
    (each) =>
      each !== current && !retired.includes(each) && quarantineOf(standing, each) === null && isSound(each),
  );
  const version = champions[place];
  if (version === undefined) return undefined;
  return {
    ...standing,
    promotions: [...promotions, { version, by, atMicros }],
    champions: champions.slice(0, place + 1),
  };
}

export function retiredFrom(standing: Standing, retirement: Retirement): Standing {
  const { retired, retirements } = standing;
  if (retired.includes(retirement.version)) return standing;
  return {
    ...standing,
    retired: [...retired, retirement.version],
    retirements: [...retirements, { ...retirement }],
  };
}

export function quarantinedIn(standing: Standing, version: string, quarantine: Quarantine): Standing {
  const others = standing.quarantined.filter((each) => each.version !== version);
  return { ...standing, quarantined: [...others, { version, ...quarantine }] };
}
