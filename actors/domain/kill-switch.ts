// How a kill switch can stand once it is tripped. Under none of these can exposure grow, and exits leave under all of them.

/**
 * In rising strictness: nothing new goes in; nothing but what makes positions smaller happens; everything open is closed, and what
 * still fills, too.
 */
export const KILL_MODES = ["halt-entries", "reduce-only", "flatten"] as const;

export type KillMode = (typeof KILL_MODES)[number];
