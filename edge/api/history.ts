// Answers that need the past: what the process remembers first, the time series for the rest.

import type { z } from "@hono/zod-openapi";
import { BAR_INTERVALS, type BarInterval, barSizeMicros } from "../../actors/domain/bar.ts";
import type { Instrument } from "../../actors/domain/instrument.ts";
import type {
  TimeSeries,
  TimeSeriesPlace,
  TimeSeriesQuery,
  TimeSeriesTable,
  TimeSeriesTables,
} from "../../actors/ports/time-series.ts";
import type { LivePicture } from "../live/live-picture.ts";
import type { ClosedBar } from "../live/recent-bars.ts";
import { barMessage, fillShape, isoTime, orderShape, signalShape } from "../live/shapes.ts";
import { Problem } from "./problem.ts";
import { type barsQuery, cursorOf, type PageQuery, placeOf, untilOf } from "./queries.ts";
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

  /** A page of a stored table, newest first; a few rows longer where some belong to one record. */
  async page<T extends Stored>(table: T, query: PageQuery): Promise<Page<TimeSeriesTables[T]>> {
    const after = placeOf(query.cursor);
    const rows = await this.#rows(table, query, after === undefined ? {} : { after });
    const last = rows.at(-1);
    if (last === undefined || rows.length < query.limit) return { items: rows, cursor: null };
    return {
      items: rows,
      cursor: cursorOf({ timeMicros: last.timeMicros, seq: "seq" in last ? last.seq : 0 }),
    };
  }

  /** Newest first: what was just heard is there before the store has it. */
  async signals(query: PageQuery & { min_confidence: number }): Promise<Page<SignalMessage>> {
    const { symbol, min_confidence: confidenceMin } = query;
    return await this.#newest(query, {
      recent: (limit, beforeSeq) => this.#picture.signals({ limit, beforeSeq, symbol, confidenceMin }),
      stored: async (limit, before) => {
        const rows = await this.#rows("signals", { ...query, limit }, { ...before, confidenceMin });
        return rows.map((row) => signalShape(row));
      },
      placeOf: ({ timestamp, id }) => ({ timeMicros: Date.parse(timestamp) * 1_000, seq: id }),
    });
  }

  /** Newest first: intents, refusals and what the broker reported. */
  async orders(query: PageQuery): Promise<Page<OrderMessage>> {
    const { symbol } = query;
    return await this.#newest(query, {
      recent: (limit, beforeSeq) => this.#picture.orders({ limit, beforeSeq, symbol }),
      stored: async (limit, before) => {
        const asked = { ...query, limit };
        const of = { ...before, accountId: this.#accountId };
        const [orders, fills] = await Promise.all([
          this.#rows("orders", asked, { ...of, events: ["intent", "refusal"] }),
          this.#rows("fills", asked, of),
        ]);
        const purposes = new Map(orders.map(({ intentId, purpose }) => [intentId, purpose]));
        const steps = [
          ...orders.map((row) => orderShape(row)),
          ...fills.map((row) => fillShape(row, purposes.get(row.intentId) ?? "")),
        ];
        return steps.sort((a, b) => b.seq - a.seq).slice(0, limit);
      },
      placeOf: ({ time, seq }) => ({ timeMicros: Date.parse(time) * 1_000, seq }),
    });
  }

  /** Oldest first: the newest `limit` bars of the range, the one in the making last unless the range ends. */
  async bars(query: BarsRequest): Promise<Page<BarMessage>> {
    const instrument = this.#picture.instrument(query.symbol);
    const untilMicros = untilOf(query);
    const isPast = untilMicros !== undefined;
    // Other sizes than the actors build are put together from what is stored.
    const built = BAR_INTERVALS.find((interval) => interval === query.interval);
    const [recent, forming] =
      instrument === undefined || query.source !== undefined || built === undefined
        ? [[], undefined]
        : this.#heardBars(instrument, { ...query, interval: built }, untilMicros);
    // Asked for a stretch of the past, what was imported may be nearer to it than what was heard here.
    const missing = isPast ? query.limit : query.limit - recent.length;
    const stored =
      missing > 0
        ? await this.#storedBars(query, {
            untilMicros: isPast ? untilMicros : (recent[0] ?? forming)?.openTimeMicros,
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
    const first = items[0];
    const more = items.length >= query.limit && first !== undefined;
    if (instrument !== undefined && forming !== undefined) {
      items.push(barMessage(instrument, query.interval, forming, false));
    }
    return { items, cursor: more ? cursorOf({ timeMicros: Date.parse(first.time) * 1_000, seq: 0 }) : null };
  }

  /** What this process saw close, oldest first, and the bar it is building, if the range has no end. */
  #heardBars(
    instrument: Instrument,
    { interval, limit, from = 0 }: BarsRequest & { interval: BarInterval },
    untilMicros: number | undefined,
  ): [ClosedBar[], ClosedBar | undefined] {
    const recent = this.#picture.bars
      .newest(instrument.id, interval, { beforeMicros: untilMicros ?? Number.POSITIVE_INFINITY, limit })
      .filter(({ openTimeMicros }) => openTimeMicros >= from);
    if (untilMicros !== undefined) return [recent, undefined];
    const forming = this.#picture.engine.symbol(instrument.id)?.chain.forming(interval);
    return [recent, forming !== undefined && forming.ticks > 0 ? forming : undefined];
  }

  /** Oldest first: the newest of the range. Every deal and minute is stored; what came since is remembered by the second. */
  async equity(query: PageQuery): Promise<Page<EquityPoint>> {
    const { from = 0, limit } = query;
    const until = untilOf(query) ?? Number.POSITIVE_INFINITY;
    const recent = this.#picture.equity(limit, { from, until });
    const rows =
      (await this.#store
        ?.select("equity", { order: "descending", limit, fromMicros: from, ...toMicros(until) })
        .catch((error: unknown) => {
          // What the process remembers is better than nothing.
          if (recent.length > 0) return [];
          throw error;
        })) ?? [];
    const storedUntil = rows[0]?.timeMicros ?? 0;
    // Of a range that has ended everything is stored, unless the store is away.
    const isOpen = until === Number.POSITIVE_INFINITY || rows.length === 0;
    const since = isOpen ? recent.filter(({ time }) => Date.parse(time) * 1_000 > storedUntil) : [];
    const stored = rows.slice(0, limit - since.length).reverse();
    const [oldest] = stored;
    return {
      items: [
        ...stored.map(({ timeMicros, balance, equity: value }) => ({
          time: isoTime(timeMicros),
          balance,
          equity: value,
        })),
        ...since,
      ],
      cursor:
        oldest === undefined || rows.length < limit
          ? null
          : cursorOf({ timeMicros: oldest.timeMicros, seq: 0 }),
    };
  }

  async #storedBars(
    query: BarsRequest,
    range: { untilMicros: number | undefined; limit: number },
  ): Promise<BarMessage[]> {
    const { bars } = this.#picture.station;
    if (bars === undefined) return [];
    const rows = await bars.read({
      symbol: query.symbol,
      interval: query.interval,
      limit: range.limit,
      ...(query.from === undefined ? {} : { fromMicros: query.from }),
      ...(range.untilMicros === undefined ? {} : { toMicros: range.untilMicros }),
      ...(query.source === undefined ? {} : { source: query.source }),
    });
    const lengthMicros = barSizeMicros(query.interval) ?? 0;
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

  /** Lists are the first account's. */
  get #accountId(): string {
    return this.#picture.engine.config.account.accountId;
  }

  async #rows<T extends Stored>(
    table: T,
    query: PageQuery,
    also: Partial<TimeSeriesQuery>,
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
      ...toMicros(query.to),
      ...also,
    });
  }

  /** A page by journal sequence, whose order is that of time: what is remembered, then the store for the rest. */
  async #newest<T extends object>(query: PageQuery, kind: Kind<T>): Promise<Page<T>> {
    const { limit } = query;
    const asked = placeOf(query.cursor);
    const isOpen = query.from === undefined && query.to === undefined;
    const items = isOpen ? kind.recent(limit, asked?.seq ?? Number.POSITIVE_INFINITY) : [];
    const last = items.at(-1);
    const before = last === undefined ? asked : kind.placeOf(last);
    const mayAsk = this.#store !== undefined || (items.length === 0 && !isOpen);
    if (items.length < limit && mayAsk) {
      const stored = kind.stored(limit - items.length, before === undefined ? {} : { beforeSeq: before.seq });
      items.push(
        ...(await stored.catch((error: unknown) => {
          if (items.length > 0) return [];
          throw error;
        })),
      );
    }
    const end = items.at(-1);
    return { items, cursor: end === undefined || items.length < limit ? null : cursorOf(kind.placeOf(end)) };
  }
}

/** Items that are remembered for a while and stored for good. */
interface Kind<T> {
  readonly recent: (limit: number, beforeSeq: number) => T[];
  readonly stored: (limit: number, before: { readonly beforeSeq?: number }) => Promise<T[]>;
  readonly placeOf: (item: T) => TimeSeriesPlace;
}

type BarsRequest = z.infer<typeof barsQuery>;

function toMicros(micros: number | undefined): { toMicros?: number } {
  return micros === undefined || micros === Number.POSITIVE_INFINITY ? {} : { toMicros: micros };
}

/** Both in the order of time; of two bars of one time the one that was heard here. */
function mergeBars(stored: readonly BarMessage[], heard: readonly BarMessage[]): BarMessage[] {
  const byTime = new Map(stored.map((bar) => [bar.time, bar]));
  for (const bar of heard) byTime.set(bar.time, bar);
  return [...byTime.values()].sort((a, b) => (a.time < b.time ? -1 : 1));
}
