// The state of the market as a whole, computed once a minute and applied by every symbol as a record.

import type { Micros } from "../base/clock.ts";

export interface MarketState {
  readonly kind: "market";
  readonly seq: number;
  readonly timeMicros: Micros;
  readonly causeSeq: number;
  /** Synthetic dollar index, ICE formula over the pairs present; NaN is journaled as null when none is. */
  readonly dollarIndex: number | null;
  /** Log return of the index over 5 minutes, bp. */
  readonly dollarIndexReturn: number | null;
  /** By instrument id: correlation of 1-minute returns with the dollar index; null when not warm. */
  readonly dollarCorrelations: readonly (number | null)[];
  /** By instrument id: mean absolute correlation with the other instruments; null when not warm. */
  readonly peerCorrelations: readonly (number | null)[];
}
