// What a broker's picture proves about one live order of ours. Proof only: an order that may have gone out is never taken for dead
// because nobody has heard of it, and one that a later command could still change is left alone.

import type { Micros } from "../../base/clock.ts";
import type { BookedIntent } from "../../domain/broker-books.ts";
import type { TrackedOrder } from "../orders.ts";

export interface OrderEvidence {
  /** As the terminal has it on its disk; undefined where it has nothing. */
  readonly intent: BookedIntent | undefined;
  /** It is among the broker's waiting orders. */
  readonly waits: boolean;
  /** The picture has all there is. */
  readonly complete: boolean;
  /** Its command had reached the terminal before the picture, or never will. */
  readonly settled: boolean;
  /** It was sent so long ago that a broker who has it shows it. */
  readonly aged: boolean;
}

/**
 * `as-is`: nothing new. `open`: its outcome is unknown and stays so. `waits`: the broker has it. `done`: a change was carried out.
 * `cancelled`, `rejected`: it is over, after the broker had taken it or before. `lost`: the broker does not have it, and nothing says what
 * became of it.
 */
export type OrderVerdict = "as-is" | "open" | "waits" | "done" | "cancelled" | "rejected" | "lost";

type Judged = Pick<TrackedOrder, "state" | "purpose" | "filledMicros" | "volumeMicros">;

export function judgeOrder(order: Judged, evidence: OrderEvidence): OrderVerdict {
  const { intent, waits } = evidence;
  const unproved = order.state === "unknown" ? "open" : "as-is";
  // Nobody has been told that it left: its own time runs out, or its sending is still to come.
  if (order.state === "intended") return "as-is";
  if (waits) return order.state === "unknown" || order.state === "sent" ? "waits" : "as-is";
  switch (intent?.state) {
    case "sending":
    case "unknown":
      return unproved;
    case "rejected":
    case "refused":
      return over(order);
    case "working":
      return wasTaken(order) && absenceProves(evidence) ? "lost" : unproved;
    case "done":
      if (order.purpose === "modify" || order.purpose === "cancel") return "done";
      // Its deals are to come.
      if (order.filledMicros < intent.filledMicros) return unproved;
      if (intent.filledMicros > 0) return over(order);
      return absenceProves(evidence) ? over(order) : unproved;
    case undefined:
      return absenceProves(evidence) ? over(order) : unproved;
  }
}

/**
 * The terminal writes an intent down before it sends it, and keeps it until a day after its end. So one that it has had, or will never
 * get, and does not have, was refused before it left or ended long ago; with all deals booked and no order there, nothing more comes
 * of it. A terminal that lost its disk is what the waiting time is for: by then its order is at the broker, or its deal is.
 */
function absenceProves({ complete, settled, aged }: OrderEvidence): boolean {
  return complete && settled && aged;
}

function wasTaken({ state, filledMicros }: Judged): boolean {
  return state === "acknowledged" || state === "partially-filled" || filledMicros > 0;
}

function over(order: Judged): OrderVerdict {
  return wasTaken(order) ? "cancelled" : "rejected";
}

/** Whether it was sent at least as long ago as silence takes to count as an unknown outcome. */
export function isAged(sentMicros: Micros, nowMicros: Micros, reportTimeoutMicros: number): boolean {
  return nowMicros - sentMicros >= reportTimeoutMicros;
}
