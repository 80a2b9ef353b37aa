// Entries that wait at the broker were let in when they were given. Where the account lets nothing in any more they are cancelled: one
// that filled later would be an entry that no control would allow.

import type { Desk } from "./desk.ts";
import type { FollowUps } from "./follow-ups.ts";
import type { TrackedOrder } from "./orders.ts";
import type { EntryLimits } from "./risk/check.ts";
import { dailyLossLimit } from "./risk/standing-controls.ts";

/** Looks at them after every record. Returns whether any cancellation was begun. */
export function cancelUnwanted(desk: Desk, followUps: FollowUps): boolean {
  let hasBegun = false;
  const { live } = desk.books.orders;
  // Cancellations join the list at its end while it is walked, and are none of those looked for.
  for (let i = 0; i < live.length; i++) {
    const { purpose, terms, instrumentId, intentId: subject } = live[i] as TrackedOrder;
    if (purpose !== "entry" || terms === null) continue;
    const reason = reasonAgainst(desk, desk.limits[instrumentId] as EntryLimits);
    if (reason === "" || followUps.has("cancel-order", subject)) continue;
    followUps.begin({ kind: "cancel-order", subject, reason });
    hasBegun = true;
  }
  return hasBegun;
}

/** Named as the control that would refuse it; empty where none of those on the account's standing would. */
function reasonAgainst({ mode, killSwitch, books, memory }: Desk, { account, risk }: EntryLimits): string {
  if (killSwitch.trip !== undefined) return "kill-switch";
  if (mode !== "active") return mode === "halted" ? "entries-halted" : "reduce-only";
  if (books.dayLossMicros >= dailyLossLimit(books.dayStartEquityMicros, account)) return "daily-loss-limit";
  const { trailingDrawdownMaxMicros, trailingDrawdownFrom, absoluteDrawdownMaxMicros } = risk;
  const trailing = books.drawdown.trailing(trailingDrawdownFrom);
  if (trailingDrawdownMaxMicros !== null && trailing >= trailingDrawdownMaxMicros) return "trailing-drawdown";
  const { absolute } = books.drawdown;
  if (absoluteDrawdownMaxMicros !== null && absolute >= absoluteDrawdownMaxMicros) return "absolute-drawdown";
  const { consecutiveLossesMax } = risk;
  const isOver = consecutiveLossesMax !== null && memory.consecutiveLosses >= consecutiveLossesMax;
  return isOver ? "consecutive-losses" : "";
}
