// The terminals' economic calendar as the engine's: one connection's word at a time, in UTC, what matters most where not all of it fits.

import { MICROS_PER_MILLISECOND, type Micros } from "../../actors/base/clock.ts";
import {
  CALENDAR_EVENTS_MAX,
  CALENDAR_NAME_LENGTH_MAX,
  type CalendarEvent,
  IMPORTANCES,
} from "../../actors/domain/calendar.ts";
import type { Station } from "../main.ts";
import { LIST_MAX } from "./protocol/limits.ts";
import type { TerminalFrame } from "./protocol/from-terminal.ts";
import type { Terminal, TerminalListener } from "./terminal.ts";

type CalendarFrame = Extract<TerminalFrame, { t: "calendar" }>;

/** Parts of one telling; a terminal that sends more is not listened to. */
const PARTS_MAX = 100;

/** What has a time, a currency and any importance: the most important first, then the soonest. */
export function eventsOf(
  rows: readonly CalendarFrame["events"][number][],
  { nowMicros, offsetMs }: { nowMicros: Micros; offsetMs: number },
): CalendarEvent[] {
  const events = rows
    .filter(({ time, currency }) => time === "exact" && /^[A-Z]{3}$/.test(currency))
    .map(({ brokerMs, currency, importance, name }) => ({
      timeMicros: (brokerMs - offsetMs) * MICROS_PER_MILLISECOND,
      currency,
      importance,
      name: name.slice(0, CALENDAR_NAME_LENGTH_MAX),
    }));
  const soon = (event: CalendarEvent): number => Math.abs(event.timeMicros - nowMicros);
  return events
    .sort(
      (a, b) => IMPORTANCES.indexOf(b.importance) - IMPORTANCES.indexOf(a.importance) || soon(a) - soon(b),
    )
    .slice(0, CALENDAR_EVENTS_MAX)
    .sort((a, b) => a.timeMicros - b.timeMicros || a.name.localeCompare(b.name, "en"));
}

export class CalendarDesk implements TerminalListener {
  readonly #station: Pick<Station, "live" | "clock">;
  /** Whose calendar counts, until it leaves. */
  #teller: string | undefined;
  #rows: CalendarFrame["events"] = [];
  #parts = 0;
  #told = "";

  constructor(station: Pick<Station, "live" | "clock">) {
    this.#station = station;
  }

  joined(): void {
    // Whoever tells first is listened to.
  }

  left({ session }: Terminal): void {
    if (this.#teller === session) this.#teller = undefined;
  }

  said(terminal: Terminal, frame: TerminalFrame): void {
    if (frame.t !== "calendar" || terminal.watches) return;
    this.#teller ??= terminal.session;
    if (this.#teller !== terminal.session) return;
    if (frame.part === 1) {
      this.#rows = [];
      this.#parts = 0;
    }
    if (frame.part !== this.#parts + 1 || frame.part > PARTS_MAX || frame.events.length > LIST_MAX) return;
    this.#parts++;
    this.#rows.push(...frame.events);
    if (frame.last) this.#tell(terminal.account.brokerTime.offsetMs);
  }

  #tell(offsetMs: number): void {
    const { live, clock } = this.#station;
    const nowMicros = clock.nowMicros();
    const events = eventsOf(this.#rows, { nowMicros, offsetMs });
    this.#rows = [];
    const text = JSON.stringify(events);
    // A terminal tells it every few minutes, mostly unchanged.
    if (text !== this.#told && live.router.schedule(events, nowMicros)) this.#told = text;
  }
}
