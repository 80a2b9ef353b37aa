// How long to wait before the next attempt to connect: doubling from one second to thirty, each wait drawn from its upper
// half so that the clients of a restarted server do not all come back in the same instant.

import { RECONNECT_MILLIS_MAX, RECONNECT_MILLIS_MIN } from "./limits.ts";

/**
 * Milliseconds before the attempt after `failures` failed ones in a row (1 after the first).
 * @param random in [0, 1)
 */
export function backoffMillis(failures: number, random: number): number {
  const ceiling = Math.min(RECONNECT_MILLIS_MAX, RECONNECT_MILLIS_MIN * 2 ** Math.min(failures - 1, 16));
  const floor = Math.max(RECONNECT_MILLIS_MIN, ceiling / 2);
  return Math.round(floor + (ceiling - floor) * random);
}
