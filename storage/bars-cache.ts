// Bars of the past for whoever asks over and over: pages that are complete are remembered in this process, and for all
// processes in the named Dragonfly; what may still change only for as long as a burst of questions lasts.

import { z } from "zod";
import type { Clock, Micros } from "../actors/base/clock.ts";
import { type BarSize, barSizeMicros } from "../actors/domain/bar.ts";
import type { BarRow, BarsQuery, TimeSeries } from "../actors/ports/time-series.ts";
import { type CacheCounts, TwoLevelCache } from "./guarded/two-level-cache.ts";
import type { HotStores } from "./open-hot-stores.ts";

/** Pages in memory, and the longest that is remembered at all. */
const PAGES_MAX = 256;
const PAGE_ROWS_MAX = 1_000;
/** Imports into the past are other processes' doing: a page that was complete is looked at again after this time. */
const SETTLED = { freshMillis: 60_000, ttlMillis: 300_000, nothingMillis: 2_000 };
/** Ranges that touch now. */
const MOVING = { freshMillis: 1_000, ttlMillis: 2_000, nothingMillis: 500 };

const pageSchema = z.array(
  z.strictObject({
    seq: z.number(),
    symbol: z.string(),
    source: z.string(),
    interval: z.custom<BarSize>((size) => typeof size === "string" && barSizeMicros(size) !== undefined),
    openTimeMicros: z.number(),
    open: z.number(),
    high: z.number(),
    low: z.number(),
    close: z.number(),
    volume: z.number(),
    ticks: z.number(),
    spreadMean: z.number(),
  }),
);

type BarsPage = readonly BarRow[];

export interface BarsCacheOptions {
  readonly bars: TimeSeries["bars"];
  readonly hot: Pick<HotStores, "cache" | "pubSub" | "guard" | "shared">;
  readonly clock: Clock;
  /** Every bar that ended by then is stored. */
  readonly storedMicros: () => Micros;
}

export class BarsCache {
  readonly #options: BarsCacheOptions;
  readonly #settled: TwoLevelCache<BarsPage>;
  readonly #moving: TwoLevelCache<BarsPage>;

  constructor(options: BarsCacheOptions) {
    this.#options = options;
    const { hot, clock } = options;
    const common = {
      clock,
      store: hot.shared ? hot.cache : undefined,
      pubSub: hot.pubSub,
      guard: hot.guard,
      entriesMax: PAGES_MAX,
      encode: (page: BarsPage) => JSON.stringify(page),
      decode: pageOf,
    };
    this.#settled = new TwoLevelCache({ ...common, ...SETTLED, name: "bars" });
    this.#moving = new TwoLevelCache({ ...common, ...MOVING, name: "bars-now" });
  }

  get counts(): CacheCounts {
    const [settled, moving] = [this.#settled.counts, this.#moving.counts];
    return {
      memoryHits: settled.memoryHits + moving.memoryHits,
      storeHits: settled.storeHits + moving.storeHits,
      shared: settled.shared + moving.shared,
      loads: settled.loads + moving.loads,
      loadFailures: settled.loadFailures + moving.loadFailures,
      storeAway: settled.storeAway + moving.storeAway,
    };
  }

  /** As the time series answers, and its failures are. */
  async read(query: BarsQuery): Promise<BarsPage> {
    const { bars, storedMicros } = this.#options;
    if (query.limit > PAGE_ROWS_MAX) return await bars(query);
    const asked = wholeBars(query);
    const isSettled = (asked.toMicros ?? Number.POSITIVE_INFINITY) <= storedMicros();
    const cache = isSettled ? this.#settled : this.#moving;
    const page = await cache.read(keyOf(asked), async () => {
      const rows = await bars(asked);
      return rows.length === 0 ? undefined : rows;
    });
    return page ?? [];
  }
}

/** The same bars, asked for from and to where one opens: questions that differ by less than a bar are one. */
function wholeBars(query: BarsQuery): BarsQuery {
  const lengthMicros = barSizeMicros(query.interval) ?? 1;
  const whole = (micros: number): number => Math.ceil(micros / lengthMicros) * lengthMicros;
  return {
    ...query,
    ...(query.fromMicros === undefined ? {} : { fromMicros: whole(query.fromMicros) }),
    ...(query.toMicros === undefined ? {} : { toMicros: whole(query.toMicros) }),
  };
}

function keyOf({ symbol, interval, fromMicros, toMicros, limit, source }: BarsQuery): string {
  return [symbol, interval, source ?? "", fromMicros ?? "", toMicros ?? "", limit].join("|");
}

/** What another version of the program left is not believed. */
function pageOf(text: string): BarsPage | undefined {
  try {
    return pageSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
