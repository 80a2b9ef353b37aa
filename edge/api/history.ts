// Answers that need the past: what the process remembers first, the time series for the rest.

import { BAR_INTERVAL_MICROS, type BarInterval } from "../../actors/domain/bar.ts";
import type {
  TimeSeries,
  TimeSeriesPlace,
  TimeSeriesTable,
  TimeSeriesTables,
} from "../../actors/ports/time-series.ts";
import type { LivePicture } from "../live/live-picture.ts";
import { barMessage, isoTime, orderShape, signalShape } from "../live/shapes.ts";
import { Problem } from "./problem.ts";
import { cursorOf, type PageQuery, placeOf } from "./queries.ts";
import type { BarMessage, EquityPoint, OrderMessage, SignalMessage } from "./schemas.ts";

export interface Page<T> {
  readonly items: T[];
  readonly cursor: string | null;
}

type Stored = Exclude<TimeSeriesTable, "bars">;

export class History {
  readonly #picture: LivePicture;

  constructor(picture: LivePicture) {
    this.#picture = picture;
  }

  get #store(): TimeSeries | undefined {
    return this.#picture.station.timeSeries;
  }

  /** A page of a stored table, newest first. */
  async page<T extends Stored>(table: T, query: PageQuery): Promise<Page<TimeSeriesTables[T]>> {
    const rows = await this.#rows(table, query, placeOf(query.cursor));
    return { items: rows, cursor: nextCursor(rows, query.limit) };
  }

  /** Newest first: what was just heard is there before the store has it. */
  async signals(query: PageQuery & { min_confidence: number }): Promise<Page<SignalMessage>> {
    const before = placeOf(query.cursor);
    const isRecent = query.from === undefined && query.to === undefined;
    const recent = isRecent
      ? this.#picture.signals({
          limit: query.limit,
          beforeSeq: before?.seq ?? Number.POSITIVE_INFINITY,
          symbol: query.symbol,
          confidenceMin: query.min_confidence,
        })
      : [];
    const items = await this.#filledUp(recent, { query, before }, async (place, limit) => {
      const rows = await this.#rows("signals", { ...query, limit }, place);
      return rows
        .filter(({ seq, confidence }) => isBefore(seq, place) && confidence >= query.min_confidence)
        .map((row) => signalShape(row));
    });
    return { items, cursor: pageEnd(items, query.limit, ({ timestamp, id }) => [timestamp, id]) };
  }

  async orders(query: PageQuery): Promise<Page<OrderMessage>> {
    const before = placeOf(query.cursor);
    const isRecent = query.from === undefined && query.to === undefined;
    const recent = isRecent
      ? this.#picture.orders({
          limit: query.limit,
          beforeSeq: before?.seq ?? Number.POSITIVE_INFINITY,
          symbol: query.symbol,
        })
      : [];
    const items = await this.#filledUp(recent, { query, before }, async (place, limit) => {
      const rows = await this.#rows("orders", { ...query, limit }, place);
      return rows
        .filter(({ seq, event }) => isBefore(seq, place) && event !== "sent")
        .map((row) => orderShape(row));
    });
    return { items, cursor: pageEnd(items, query.limit, ({ time, seq }) => [time, seq]) };
  }

  /** Oldest first: the newest `limit` bars of the range, the one in the making last unless `to` is given. */
  async bars(query: {
    symbol: string;
    interval: BarInterval;
    from?: number | undefined;
    to?: number | undefined;
    limit: number;
    source?: string | undefined;
  }): Promise<Page<BarMessage>> {
    const instrument = this.#picture.instrument(query.symbol);
    const forming =
      instrument === undefined || query.to !== undefined || query.source !== undefined
        ? undefined
        : this.#picture.engine.symbol(instrument.id)?.chain.forming(query.interval);
    const range = { beforeMicros: query.to ?? Number.POSITIVE_INFINITY, limit: query.limit };
    const recent =
      instrument === undefined || query.source !== undefined
        ? []
        : this.#picture.bars
            .newest(instrument.id, query.interval, range)
            .filter(({ openTimeMicros }) => openTimeMicros >= (query.from ?? 0));
    // Asked for a stretch of the past, what was imported may be nearer to it than what was heard here.
    const isPast = query.to !== undefined;
    const missing = isPast ? query.limit : query.limit - recent.length;
    const stored =
      missing > 0
        ? await this.#storedBars(query, {
            untilMicros: isPast ? query.to : recent[0]?.openTimeMicros,
            limit: missing,
          }).catch((error: unknown) => {
            // What the process remembers is better than nothing.
            if (recent.length > 0 || forming !== undefined) return [];
            throw error;
          })
        : [];
    if (instrument === undefined && stored.length === 0) {
      throw new Problem(
        404,
        "unknown-symbol",
        `there is nothing about ${query.symbol}: neither traded nor imported`,
      );
    }
    const heard =
      instrument === undefined ? [] : recent.map((bar) => barMessage(instrument, query.interval, bar, true));
    const items = mergeBars(stored, heard).slice(-query.limit);
    if (instrument !== undefined && forming !== undefined && forming.ticks > 0) {
      items.push(barMessage(instrument, query.interval, forming, false));
    }
    const first = items[0];
    const more = items.length >= query.limit && first !== undefined;
    return { items, cursor: more ? cursorOf({ timeMicros: Date.parse(first.time) * 1_000, seq: 0 }) : null };
  }

  /** Oldest first. */
  async equity(query: PageQuery): Promise<Page<EquityPoint>> {
    const recent = this.#picture.equity(query.limit);
    const store = this.#store;
    if (store === undefined) return { items: recent, cursor: null };
    const untilMicros = recent[0] === undefined ? query.to : Date.parse(recent[0].time) * 1_000;
    const rows = await store
      .select("equity", {
        order: "descending",
        limit: query.limit,
        ...(query.from === undefined ? {} : { fromMicros: query.from }),
        ...(untilMicros === undefined ? {} : { toMicros: untilMicros }),
      })
      // What the process remembers is better than nothing.
      .catch(() => []);
    const stored = rows
      .map(({ timeMicros, balance, equity }) => ({ time: isoTime(timeMicros), balance, equity }))
      .reverse();
    return { items: [...stored, ...recent].slice(-query.limit), cursor: null };
  }

  async #storedBars(
    query: { symbol: string; interval: BarInterval; from?: number | undefined; source?: string | undefined },
    range: { untilMicros: number | undefined; limit: number },
  ): Promise<BarMessage[]> {
    const store = this.#store;
    if (store === undefined) return [];
    const rows = await store.bars({
      symbol: query.symbol,
      interval: query.interval,
      limit: range.limit,
      ...(query.from === undefined ? {} : { fromMicros: query.from }),
      ...(range.untilMicros === undefined ? {} : { toMicros: range.untilMicros }),
      ...(query.source === undefined ? {} : { source: query.source }),
    });
    const lengthMicros = BAR_INTERVAL_MICROS[query.interval];
    return rows.map((row) => ({
      symbol: row.symbol,
      interval: row.interval,
      time: isoTime(row.openTimeMicros),
      open: row.open,
      high: row.high,
      low: row.low,
      close: row.close,
      volume: row.volume,
      ticks: row.ticks,
      closed: row.openTimeMicros + lengthMicros <= Date.now() * 1_000,
      source: row.source,
    }));
  }

  async #rows<T extends Stored>(
    table: T,
    query: PageQuery,
    after: TimeSeriesPlace | undefined,
  ): Promise<TimeSeriesTables[T][]> {
    const store = this.#store;
    if (store === undefined) {
      throw new Problem(
        503,
        "no-time-series",
        "no time series is kept: start without --no-time-series to have history",
      );
    }
    return await store.select(table, {
      order: "descending",
      limit: query.limit,
      ...(query.symbol === undefined ? {} : { symbol: query.symbol }),
      ...(query.from === undefined ? {} : { fromMicros: query.from }),
      ...(query.to === undefined ? {} : { toMicros: query.to }),
      ...(after === undefined ? {} : { after }),
    });
  }

  /** What is remembered, then as much from the store as the page still has room for. */
  async #filledUp<T extends { readonly time?: string; readonly timestamp?: string }>(
    recent: T[],
    asked: { query: PageQuery; before: TimeSeriesPlace | undefined },
    fetch: (after: TimeSeriesPlace | undefined, limit: number) => Promise<T[]>,
  ): Promise<T[]> {
    const missing = asked.query.limit - recent.length;
    if (missing === 0) return recent;
    if (this.#store === undefined && (recent.length > 0 || asked.query.from === undefined)) return recent;
    const last = recent.at(-1);
    const place = last === undefined ? asked.before : placeOfItem(last);
    try {
      return [...recent, ...(await fetch(place, missing))];
    } catch (error) {
      if (recent.length > 0) return recent;
      throw error;
    }
  }
}

/** Both in the order of time; of two bars of one time the one that was heard here. */
function mergeBars(stored: readonly BarMessage[], heard: readonly BarMessage[]): BarMessage[] {
  const byTime = new Map(stored.map((bar) => [bar.time, bar]));
  for (const bar of heard) byTime.set(bar.time, bar);
  return [...byTime.values()].sort((a, b) => (a.time < b.time ? -1 : 1));
}

function isBefore(seq: number, place: TimeSeriesPlace | undefined): boolean {
  return place === undefined || seq < place.seq;
}

/** Times of messages are cut to milliseconds: the place is at the end of its millisecond, and sequences say the rest. */
function placeAt(time: string, seq: number): TimeSeriesPlace {
  return { timeMicros: Date.parse(time) * 1_000 + 999, seq };
}

function placeOfItem(item: object): TimeSeriesPlace {
  const { time, timestamp, id, seq } = item as {
    time?: string;
    timestamp?: string;
    id?: unknown;
    seq?: number;
  };
  return placeAt(time ?? timestamp ?? "", seq ?? (typeof id === "number" ? id : 0));
}

function pageEnd<T>(
  items: readonly T[],
  limit: number,
  placeOfLast: (item: T) => readonly [string, number],
): string | null {
  const last = items.at(-1);
  if (last === undefined || items.length < limit) return null;
  const [time, seq] = placeOfLast(last);
  return cursorOf(placeAt(time, seq));
}

function nextCursor(rows: readonly { readonly timeMicros: number }[], limit: number): string | null {
  const last = rows.at(-1);
  if (last === undefined || rows.length < limit) return null;
  return cursorOf({ timeMicros: last.timeMicros, seq: "seq" in last ? Number(last.seq) : 0 });
}
