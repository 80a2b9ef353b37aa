// What people see of an account's reconciliation: the newest comparison, what stands, and what is at the broker that is not ours.

import type { BookedOrder } from "../../domain/broker-books.ts";
import type { MicroMoney } from "../../domain/money.ts";
import type { Position } from "../../domain/order.ts";
import type { Desk } from "../desk.ts";
import { type ExternalPosition, toExternalView } from "./external-book.ts";
import type { StandingDifference } from "./standing.ts";
import type { Acceptance, LastPicture } from "./state.ts";

export interface ExternalPositionView extends Position {
  readonly symbol: string;
  readonly unrealisedMicros: MicroMoney;
  /** It carries one of our magic numbers, and a person has taken it for one that is not ours. */
  readonly accepted: boolean;
}

export interface ReconciliationView {
  /** Whether a picture was compared, or accepted, since this epoch began: entries wait for it. */
  readonly reconciled: boolean;
  /** Nothing stands: entries may go on. */
  readonly agrees: boolean;
  /** Null before the first one. */
  readonly last: LastPicture | null;
  readonly standing: readonly StandingDifference[];
  readonly externalPositions: readonly ExternalPositionView[];
  readonly externalOrders: readonly BookedOrder[];
  /** The newest last. */
  readonly accepted: readonly Acceptance[];
}

export function buildReconciliationView(desk: Desk): ReconciliationView | null {
  const { books, epoch, reconciliation } = desk;
  if (!reconciliation.required) return null;
  const { reconciledEpoch, standing, externalOrders, accepted, last } = reconciliation.memory;
  const reconciled = reconciledEpoch === epoch;
  return {
    reconciled,
    agrees: reconciled && standing.length === 0,
    last,
    standing,
    externalPositions: books.external.open.map((position) =>
      toView(position, books.externalMicros(position)),
    ),
    externalOrders,
    accepted,
  };
}

function toView(position: ExternalPosition, unrealisedMicros: MicroMoney): ExternalPositionView {
  const { symbol, accepted } = position;
  return { ...toExternalView(position), symbol, accepted, unrealisedMicros };
}
