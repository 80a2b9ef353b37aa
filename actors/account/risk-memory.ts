// What the controls have to remember of the past: messages sent, executions, exits and losses, news to come, and how
// instruments have moved with the dollar. State of the account: it survives restarts.

import type { Archive } from "../base/archive.ts";
import { MICROS_PER_MINUTE, MICROS_PER_SECOND, type Micros } from "../base/clock.ts";
import { NumberWindow } from "../base/ring.ts";
import { type CalendarEvent, CALENDAR_EVENTS_MAX, type Importance, IMPORTANCES } from "../domain/calendar.ts";
import type { Instrument } from "../domain/instrument.ts";
import type { MarketState } from "../domain/market.ts";
import { EXECUTIONS_KEPT_MAX, MESSAGES_KEPT_MAX } from "./limits.ts";
import { persistList } from "./persist-list.ts";
import { PriceReference } from "./price-reference.ts";
import type { RiskLimits } from "./risk/limits.ts";

export class RiskMemory {
  readonly prices: PriceReference;
  readonly #limits: readonly RiskLimits[];
  readonly #messages = new NumberWindow(MESSAGES_KEPT_MAX);
  /** By instrument: when signals on it were executed, oldest first, as far back as its window and limit ask. */
  readonly #executions: Micros[][];
  /** By instrument: the executions at which it was stopped; 0 while it is not. */
  readonly #stoppedAt: Float64Array;
  readonly #exitMicros: Float64Array;
  readonly #lossMicros: Float64Array;
  /** By instrument: correlation with the dollar index; NaN while unknown. */
  readonly #correlations: Float64Array;
  readonly #events: CalendarEvent[] = [];
  #consecutiveLosses = 0;

  /** @param limits by instrument id */
  constructor(limits: readonly RiskLimits[]) {
    this.#limits = limits;
    this.prices = new PriceReference(limits.map(({ priceCollarWindowMicros }) => priceCollarWindowMicros));
    this.#executions = limits.map(() => []);
    this.#stoppedAt = new Float64Array(limits.length);
    this.#exitMicros = new Float64Array(limits.length);
    this.#lossMicros = new Float64Array(limits.length);
    this.#correlations = new Float64Array(limits.length).fill(Number.NaN);
  }

  get consecutiveLosses(): number {
    return this.#consecutiveLosses;
  }

  /** An order, a change or a cancellation goes out. */
  messageSent(nowMicros: Micros): void {
    this.#messages.push(nowMicros);
  }

  /** Messages of the last second and the last minute, those of exactly as long ago not among them. */
  messages(nowMicros: Micros): { readonly inSecond: number; readonly inMinute: number } {
    return {
      inSecond: this.#messagesAfter(nowMicros - MICROS_PER_SECOND),
      inMinute: this.#messagesAfter(nowMicros - MICROS_PER_MINUTE),
    };
  }

  /** A signal's entry was executed. At the limit its instrument is stopped until {@link reEnable}. */
  executed(instrumentId: number, nowMicros: Micros): void {
    const { executionsMax, executionsWindowMicros } = this.#limits[instrumentId] as RiskLimits;
    const times = this.#executions[instrumentId] as Micros[];
    times.push(nowMicros);
    while (times.length > EXECUTIONS_KEPT_MAX || nowMicros - (times[0] as Micros) >= executionsWindowMicros) {
      times.shift();
    }
    const count = this.#countExecutions(instrumentId, nowMicros);
    if (executionsMax !== null && count >= executionsMax) this.#stoppedAt[instrumentId] = count;
  }

  /** Executions within the window, or those that stopped the instrument. */
  executions(instrumentId: number, nowMicros: Micros): number {
    const stoppedAt = this.#stoppedAt[instrumentId] as number;
    return stoppedAt > 0 ? stoppedAt : this.#countExecutions(instrumentId, nowMicros);
  }

  /** A person allows entries on the instrument again. */
  reEnable(instrumentId: number): void {
    const times = this.#executions[instrumentId];
    if (times === undefined) return;
    this.#stoppedAt[instrumentId] = 0;
    times.length = 0;
  }

  /** A position was closed. */
  closed(instrumentId: number, profitMicros: number, nowMicros: Micros): void {
    this.#exitMicros[instrumentId] = nowMicros;
    if (profitMicros < 0) {
      this.#lossMicros[instrumentId] = nowMicros;
      this.#consecutiveLosses++;
    } else this.#consecutiveLosses = 0;
  }

  /** Another trading day, or a person who has looked at the losses. */
  forgiveLosses(): void {
    this.#consecutiveLosses = 0;
  }

  /** Since 1970 while there was none. */
  sinceExit(instrumentId: number, nowMicros: Micros): number {
    return nowMicros - (this.#exitMicros[instrumentId] as number);
  }

  sinceLoss(instrumentId: number, nowMicros: Micros): number {
    return nowMicros - (this.#lossMicros[instrumentId] as number);
  }

  hearMarket({ dollarCorrelations }: MarketState): void {
    const known = this.#correlations;
    for (let id = 0; id < known.length; id++) known[id] = dollarCorrelations[id] ?? Number.NaN;
  }

  /** In [-1, 1]; null while unknown. */
  correlation(instrumentId: number): number | null {
    const correlation = this.#correlations[instrumentId] ?? Number.NaN;
    return correlation >= -1 && correlation <= 1 ? correlation : null;
  }

  hearCalendar(events: readonly CalendarEvent[]): void {
    this.#events.length = 0;
    for (const event of events.slice(0, CALENDAR_EVENTS_MAX)) this.#events.push(event);
  }

  /** Events that keep entries on `instrument` away now: from so long before, up to and not at so long after. */
  newsEvents(instrument: Instrument, limits: RiskLimits, nowMicros: Micros): number {
    const { newsBeforeMicros, newsAfterMicros, newsImportanceMin } = limits;
    const gradeMin = IMPORTANCES.indexOf(newsImportanceMin);
    let count = 0;
    for (const { timeMicros, currency, importance } of this.#events) {
      if (currency !== instrument.baseCurrency && currency !== instrument.quoteCurrency) continue;
      if (IMPORTANCES.indexOf(importance) < gradeMin) continue;
      const begins = timeMicros - (newsBeforeMicros ?? 0);
      if (nowMicros >= begins && nowMicros < timeMicros + (newsAfterMicros ?? 0)) count++;
    }
    return count;
  }

  persist(archive: Archive): void {
    this.prices.persist(archive);
    this.#messages.persist(archive);
    this.#persistExecutions(archive);
    archive.growing(this.#stoppedAt);
    archive.growing(this.#exitMicros);
    archive.growing(this.#lossMicros);
    archive.growing(this.#correlations);
    this.#consecutiveLosses = archive.number(this.#consecutiveLosses);
    persistList(archive, this.#events as Writable[], emptyEvent, persistEvent);
  }

  /** Times only rise, so halving finds how many are later. */
  #messagesAfter(timeMicros: Micros): number {
    let later = 0;
    let sooner = this.#messages.size;
    while (later < sooner) {
      const middle = (later + sooner) >> 1;
      if (this.#messages.back(middle) > timeMicros) later = middle + 1;
      else sooner = middle;
    }
    return later;
  }

  #countExecutions(instrumentId: number, nowMicros: Micros): number {
    const { executionsWindowMicros } = this.#limits[instrumentId] as RiskLimits;
    const times = this.#executions[instrumentId] as Micros[];
    let count = 0;
    while (count < times.length && nowMicros - (times.at(-1 - count) as Micros) < executionsWindowMicros) {
      count++;
    }
    return count;
  }

  /** Lists grow at their end with the table of instruments. */
  #persistExecutions(archive: Archive): void {
    const count = archive.number(this.#executions.length);
    for (let id = 0; id < count; id++) {
      const times = (this.#executions[id] ?? []).map((timeMicros) => ({ timeMicros }));
      persistList(
        archive,
        times,
        () => ({ timeMicros: 0 }),
        (entry) => {
          entry.timeMicros = archive.number(entry.timeMicros);
        },
      );
      if (archive.loading) this.#executions[id] = times.map(({ timeMicros }) => timeMicros);
    }
  }
}

interface Writable {
  timeMicros: Micros;
  currency: string;
  importance: Importance;
  name: string;
}

function emptyEvent(): Writable {
  return { timeMicros: 0, currency: "", importance: "none", name: "" };
}

function persistEvent(event: Writable, archive: Archive): void {
  event.timeMicros = archive.number(event.timeMicros);
  event.currency = archive.text(event.currency);
  event.importance = IMPORTANCES[archive.number(IMPORTANCES.indexOf(event.importance))] ?? "high";
  event.name = archive.text(event.name);
}
