// A real broker's side of an account: hears at once what concerns it, outside any mailbox. It is called live only; what recovery and
// replays go through has been said before.

import type { Reconciled } from "../domain/broker-books.ts";
import type { OrderIntent } from "../domain/order.ts";

export interface BrokerLink {
  /** It was decided, and is not durable yet: nothing may leave. */
  intended(intent: OrderIntent): void;
  /** It is durable and marked as sent: now it leaves, or is reported as what never left. */
  sent(intent: OrderIntent): void;
  /** The account has compared its books with those that were reported. */
  reconciled(record: Reconciled): void;
}
