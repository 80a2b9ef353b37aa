// Bars of the past for whoever asks over and over: pages that are complete are remembered in this process, and for all
// processes in the named Dragonfly; what may still change only for as long as a burst of questions lasts.

import type { Clock, Micros } from "../actors/base/clock.ts";
import { barSizeMicros } from "../actors/domain/bar.ts";
import type { BarRow, BarsQuery, TimeSeries } from "../actors/ports/time-series.ts";
import { type BarsPage, pageOf, readPage, rowsOf, writePage } from "./bars-page.ts";
import { type CacheCounts, TwoLevelCache } from "./guarded/two-level-cache.ts";
import type { HotStores } from "./open-hot-stores.ts";

/** Pages in memory, and the longest that is remembered at all. */
const PAGES_MAX = 256;
const PAGE_ROWS_MAX = 1_000;
/** Imports into the past are other processes' doing: a page that was complete is looked at again after this time. */
const SETTLED = { freshMillis: 60_000, ttlMillis: 300_000, nothingMillis: 2_000 };
/** Ranges that touch now. */
const MOVING = { freshMillis: 1_000, ttlMillis: 2_000, nothingMillis: 500 };

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
      encode: writePage,
      decode: readPage,
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
  async read(query: BarsQuery): Promise<readonly BarRow[]> {
    const { bars, storedMicros } = this.#options;
    if (query.limit > PAGE_ROWS_MAX) return await bars(query);
    const asked = wholeBars(query);
    const isSettled = (asked.toMicros ?? Number.POSITIVE_INFINITY) <= storedMicros();
    const cache = isSettled ? this.#settled : this.#moving;
    const page = await cache.read(keyOf(asked), async () => pageOf(await bars(asked)));
    return page === undefined ? [] : rowsOf(page);
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
