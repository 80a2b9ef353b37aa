// What the memory of own order flow may hold, of each instrument. Beyond a bound the oldest is forgotten.

/** Orders, live ones among them: an account may have 512 of those, so only finished ones are ever forgotten for room. */
export const FLOW_ORDERS_MAX = 1_024;

/** Times of changes and cancellations that were sent: ratios of orders to trades are limited to at most this. */
export const FLOW_CHANGES_MAX = 1_024;

/** Fills, with the quote at the decision and the price they were made at. */
export const FLOW_FILLS_MAX = 1_024;

/** Orders of the owner's other accounts, of all instruments together. */
export const OTHER_ORDERS_MAX = 2_048;
