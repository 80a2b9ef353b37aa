// The one thing bar indicators need of a bar, so that a closed bar and one in the making are the same to them.

import type { Micros } from "../../base/clock.ts";

/** A bar, closed or with the last quote as its newest; prices are mids in points. Without a quote `ticks` is 0. */
export interface FormingBar {
  readonly openTimeMicros: Micros;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly ticks: number;
}
