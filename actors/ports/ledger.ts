// The ledger: orders, deals, positions and epochs in SQL, a projection of the journal except for epochs, which it
// issues. Every write names the epoch it is made under and an older one is refused.

import type { Execution, OrderIntent, OrderSent, RiskRefusal } from "../domain/order.ts";
import type { Result } from "../base/result.ts";

export type LedgerRecord = OrderIntent | OrderSent | Execution | RiskRefusal;

export type LedgerFailure = "stale-epoch" | "unreachable";

export interface LedgerOrder {
  readonly intentId: string;
  readonly accountId: string;
  readonly instrumentId: number;
  readonly purpose: string;
  readonly side: string;
  readonly volumeMicros: number;
  readonly filledMicros: number;
  readonly state: string;
  readonly intentSeq: number;
}

export interface LedgerPosition {
  readonly positionId: string;
  readonly accountId: string;
  readonly instrumentId: number;
  readonly side: string;
  readonly volumeMicros: number;
  readonly openPricePoints: number;
}

export interface Ledger {
  /**
   * Issues the next epoch for `scope`: one higher than any before and not below `atLeast`, durable before it is returned.
   * The floor is the journal's own epoch: a ledger that was lost and rebuilt must not begin again from 1.
   */
  issueEpoch(scope: string, atLeast?: number): Promise<number>;
  /**
   * Applies records in order, in one transaction, under `epoch` of `scope`; moves the cursor to the last one. Records at
   * or before the cursor are skipped, so the same batch may come twice.
   */
  apply(
    scope: string,
    epoch: number,
    records: readonly LedgerRecord[],
  ): Promise<Result<{ cursorSeq: number }, LedgerFailure>>;
  /** Journal sequence of the last record applied for `scope`; 0 when none was. */
  cursor(scope: string): Promise<number>;
  orders(accountId: string): Promise<readonly LedgerOrder[]>;
  positions(accountId: string): Promise<readonly LedgerPosition[]>;
  close(): Promise<void>;
}
