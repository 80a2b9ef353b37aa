// Entries that wait at the broker were let in when they were given. Where the account lets nothing in any more, or the calendar keeps
// entries off the symbol, they are cancelled: one that filled later would be an entry that no control would allow.
//
// What comes and goes with a quote - its age, the spread, the margin that is free - cancels nothing, nor do pauses after an exit or a
// loss: an order that waits was given to meet another moment. Nor do books that differ: a person looks at those first.

import { closesInMicros, type Instrument, WEEKEND_GAP_MINUTES } from "../domain/instrument.ts";
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
    const limits = desk.limits[instrumentId] as EntryLimits;
    const instrument = desk.instruments[instrumentId] as Instrument;
    const reason = standingAgainst(desk, limits) || calendarAgainst(desk, instrument, limits);
    if (reason === "" || followUps.has("cancel-order", subject)) continue;
    followUps.begin({ kind: "cancel-order", subject, reason });
    hasBegun = true;
  }
  return hasBegun;
}

/** Named as the control that would refuse it; empty where none of those on the account's standing would. */
function standingAgainst({ mode, killSwitch, books, memory }: Desk, { account, risk }: EntryLimits): string {
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

/** As {@link standingAgainst}, of what is about the symbol and the time. */
function calendarAgainst({ memory, nowMicros }: Desk, instrument: Instrument, { risk }: EntryLimits): string {
  const { restrictedSymbols, sessionCloseGateMicros, weekendGateMicros } = risk;
  if (restrictedSymbols.includes(instrument.symbol)) return "restricted-symbol";
  const isClosing = (gateMicros: number | null, gapMinutes: number): boolean =>
    gateMicros !== null && closesInMicros(instrument, nowMicros, gapMinutes) < gateMicros;
  if (isClosing(sessionCloseGateMicros, 1)) return "session-closing";
  if (isClosing(weekendGateMicros, WEEKEND_GAP_MINUTES)) return "weekend-ahead";
  if (risk.newsBeforeMicros === null && risk.newsAfterMicros === null) return "";
  return memory.newsEvents(instrument, risk, nowMicros) > 0 ? "news-blackout" : "";
}
