// The names of all controls. They are journaled with orders and refusals, counted, and shown.

/** Position is the number of its counter: append, never reorder. The order in which they are asked is that of the table of controls. */
export const REFUSAL_CODES = [
  "signal-not-tradable",
  "signal-expired",
  "entries-halted",
  "daily-loss-limit",
  "unknown-order",
  "duplicate-intent",
  "position-open",
  "too-many-positions",
  "too-many-orders",
  "stale-quote",
  "spread-too-wide",
  "price-moved",
  "no-conversion-rate",
  "no-stop",
  "stop-too-far",
  "volume-too-small",
  "volume-too-large",
  "margin",
  "over-risk-budget",
  "unauthorised-trader",
  "restricted-symbol",
  "instrument-not-tradable",
  "reduce-only",
  "regime-veto",
  "session-closing",
  "weekend-ahead",
  "news-blackout",
  "cooldown-after-loss",
  "cooldown-after-exit",
  "consecutive-losses",
  "trailing-drawdown",
  "absolute-drawdown",
  "messages-per-second",
  "messages-per-minute",
  "repeated-executions",
  "price-collar",
  "order-volume",
  "order-value",
  "long-position",
  "short-position",
  "gross-exposure",
  "net-exposure",
  "currency-exposure",
  "correlated-exposure",
  "kill-switch",
  "best-execution",
  "execution-slippage",
  "wash-trade",
  "layering",
  "cancel-share",
  "ramping",
  "quote-stuffing",
  "books-differ",
  "bad-terms",
  "pending-expired",
] as const;

export type RefusalCode = (typeof REFUSAL_CODES)[number];

const CODES: ReadonlySet<string> = new Set(REFUSAL_CODES);

export function isRefusalCode(code: string): code is RefusalCode {
  return CODES.has(code);
}
