// Money is an integer number of micro-units (millionths) of a currency; volume is an integer number of millionths of
// a lot; a price inside orders and positions is an integer number of points. Nothing here rounds twice.

import type { Instrument } from "./instrument.ts";
import { pointsPerUnit } from "./instrument.ts";

/** Millionths of one unit of the account's currency. */
export type MicroMoney = number;

export const MICROS_PER_UNIT = 1_000_000;
export const MICROS_PER_LOT = 1_000_000;

/**
 * Value of a price move, in millionths of the quote currency: points x volume x contract size / 10^digits,
 * rounded half away from zero.
 */
export function moveValueMicros(instrument: Instrument, points: number, volumeMicros: number): MicroMoney {
  return roundHalfAway(((points * instrument.contractSize) / pointsPerUnit(instrument)) * volumeMicros);
}

export function roundHalfAway(value: number): number {
  return value < 0 ? -Math.round(-value) : Math.round(value);
}
