// Why the account refused, in a sentence for a person: what a control is there for. Its own message has the figures.

import type { RefusalCode } from "../../../actors/account/risk/codes.ts";
import { words } from "./format.ts";

const SENTENCES: Readonly<Partial<Record<RefusalCode, string>>> = {
  "signal-not-tradable": "The signal was only to be shown.",
  "signal-expired": "It came too late: the signal's life was over.",
  "entries-halted": "The account lets nothing in.",
  "daily-loss-limit": "As much was lost today as may be lost in a day.",
  "unknown-order": "The outcome of an order on the symbol is not known.",
  "duplicate-intent": "An order on the symbol is on its way already.",
  "position-open": "A position on the symbol is open already.",
  "too-many-positions": "As many positions are open as may be.",
  "too-many-orders": "As many orders are on their way as may be.",
  "stale-quote": "The last price is too old.",
  "spread-too-wide": "Bid and ask are too far apart.",
  "price-moved": "The price has moved since it was decided.",
  "no-conversion-rate": "Nothing quoted converts the profit to the account's currency.",
  "no-stop": "It has no stop.",
  "stop-too-far": "Its stop is too far away.",
  "volume-too-small": "What the risk budget allows is less than the smallest order.",
  "volume-too-large": "It is larger than the largest order.",
  margin: "It needs more margin than may be used.",
  "over-risk-budget": "More would be lost at its stop than one trade may lose.",
  "unauthorised-trader": "Who asked may not trade.",
  "restricted-symbol": "The symbol is not to be traded.",
  "instrument-not-tradable": "The symbol cannot be traded now.",
  "reduce-only": "Only what makes a position smaller is let in.",
  "regime-veto": "Signals are not followed in this state of the market.",
  "session-closing": "The session ends soon.",
  "weekend-ahead": "The market closes for long soon.",
  "news-blackout": "News that moves the market is near.",
  "cooldown-after-loss": "It is too soon after a loss.",
  "cooldown-after-exit": "It is too soon after an exit.",
  "consecutive-losses": "Too many losses came in a row.",
  "trailing-drawdown": "Equity has fallen too far from its highest.",
  "absolute-drawdown": "Equity has fallen too far below its start.",
  "messages-per-second": "Too many orders were sent in a second.",
  "messages-per-minute": "Too many orders were sent in a minute.",
  "repeated-executions": "Signals on the symbol were executed too often: it is to be re-enabled.",
  "price-collar": "The price is too far from where it was lately.",
  "order-volume": "One order may not be so large.",
  "order-value": "One order may not be worth so much.",
  "long-position": "So much of the symbol may not be bought.",
  "short-position": "So much of the symbol may not be sold.",
  "gross-exposure": "All positions together would be too large.",
  "net-exposure": "Positions would lean too far to one side.",
  "currency-exposure": "Too much would hang on one currency.",
  "correlated-exposure": "Too much would hang on symbols that move together.",
  "kill-switch": "The kill switch is tripped.",
  "bad-terms": "Its price is on the wrong side of the market, or its terms do not fit together.",
  "pending-expired": "Its time is over already.",
  "books-differ": "The broker's books differ from ours, or were not compared yet.",
};

/** @param message its own, which follows where there is one */
export function refusalText(code: string, message = ""): string {
  const sentence = (SENTENCES as Readonly<Record<string, string>>)[code] ?? `${words(code)}.`;
  return message === "" ? sentence : `${sentence} ${message}`;
}
