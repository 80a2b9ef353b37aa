// The economic calendar as it comes in from outside: when which news is due, in which currency, and how much it matters.

import type { Micros } from "../base/clock.ts";

/** From the least to the most: the terminal's own four grades. */
export const IMPORTANCES = ["none", "low", "moderate", "high"] as const;
export type Importance = (typeof IMPORTANCES)[number];

export interface CalendarEvent {
  /** When it is published. */
  readonly timeMicros: Micros;
  /** ISO 4217. */
  readonly currency: string;
  readonly importance: Importance;
  /** For people. */
  readonly name: string;
}

/** The most events that one record holds; who feeds them sends the next ones, important ones first. */
export const CALENDAR_EVENTS_MAX = 128;

/** The longest name of an event, in UTF-16 units: a full record is then well below what the journal takes. */
export const CALENDAR_NAME_LENGTH_MAX = 80;

/** Everything that is due, as far as known: it replaces what was said before. */
export interface Calendar {
  readonly kind: "calendar";
  readonly seq: number;
  readonly timeMicros: Micros;
  readonly events: readonly CalendarEvent[];
}
