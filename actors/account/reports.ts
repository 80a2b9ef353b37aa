// What a broker's report means: which step of an order's life it is.

import type { Execution } from "../domain/order.ts";
import type { OrderTrigger, TrackedOrder } from "./orders.ts";

/** Only changes and cancellations are ever done; of another order such a report says that the broker has it. */
export function triggerOf(
  status: Execution["status"],
  order: TrackedOrder | undefined,
): OrderTrigger | "fill" {
  const trigger = TRIGGER_OF[status];
  const isEntryOrExit = order?.purpose === "entry" || order?.purpose === "exit";
  return trigger === "done" && isEntryOrExit ? "acknowledge" : trigger;
}

const TRIGGER_OF: Readonly<Record<Execution["status"], OrderTrigger | "fill">> = {
  acknowledged: "acknowledge",
  done: "done",
  rejected: "reject",
  "partially-filled": "fill",
  filled: "fill",
  cancelled: "cancel",
  unknown: "lose",
};
