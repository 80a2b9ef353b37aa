// Bars: one OHLC summary of the mid price per interval.

import type { Micros } from "../base/clock.ts";
import { MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND } from "../base/clock.ts";

export const BAR_INTERVALS = ["1s", "1m", "5m", "15m", "1h", "4h", "1d"] as const;
export type BarInterval = (typeof BAR_INTERVALS)[number];

export const BAR_INTERVAL_MICROS: Readonly<Record<BarInterval, number>> = {
  "1s": MICROS_PER_SECOND,
  "1m": MICROS_PER_MINUTE,
  "5m": 5 * MICROS_PER_MINUTE,
  "15m": 15 * MICROS_PER_MINUTE,
  "1h": MICROS_PER_HOUR,
  "4h": 4 * MICROS_PER_HOUR,
  "1d": MICROS_PER_DAY,
};

/** Any size a bar can be put together in: a number of seconds, minutes, hours or days. */
export type BarSize = `${number}${"s" | "m" | "h" | "d"}`;

const SIZE = /^([1-9]\d{0,3})([smhd])$/;
const UNIT_MICROS: Readonly<Record<string, number>> = {
  s: MICROS_PER_SECOND,
  m: MICROS_PER_MINUTE,
  h: MICROS_PER_HOUR,
  d: MICROS_PER_DAY,
};

/** Microseconds of for example "45m"; undefined for what is no size. */
export function barSizeMicros(size: string): number | undefined {
  const [, count, unit = ""] = SIZE.exec(size) ?? [];
  const unitMicros = UNIT_MICROS[unit];
  return unitMicros === undefined ? undefined : Number(count) * unitMicros;
}

/** Prices are mids in points: halves occur, since the mid of two integers may end in .5. */
export interface Bar {
  readonly instrumentId: number;
  readonly interval: BarInterval;
  /** Inclusive start; a multiple of the interval since the Unix epoch (UTC days). */
  readonly openTimeMicros: Micros;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** Sum of tick volumes, or the number of ticks where the source sends no volume. */
  readonly volume: number;
  readonly ticks: number;
  /** Mean quoted spread in points over the bar's ticks. */
  readonly spreadMean: number;
}
