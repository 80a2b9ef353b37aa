// Brings the chart its bars: the newest page when symbol or size change, older pages when someone scrolls left, the stream's bars
// and prices in between. Knows nothing of drawing.

import { type ReadonlySignal, signal } from "@preact/signals";
import type { Result } from "../../../actors/base/result.ts";
import type { BarMessage, StreamMessage } from "../../api/schemas.ts";
import type { ApiFailure, Page } from "./api.ts";
import { type BarChange, BarSeries, widerOf } from "./bars.ts";
import { BARS_RETRY_MILLIS } from "./limits.ts";
import type { BarWish } from "./stream.ts";

export type ChartState =
  | { readonly kind: "loading" }
  | { readonly kind: "ready" }
  /** No history: the reason, for a person. Live bars are drawn all the same. */
  | { readonly kind: "failed"; readonly message: string };

export interface ChartFeedPorts {
  readonly fetchBars: (
    wish: BarWish & { beforeSeconds?: number },
  ) => Promise<Result<Page<BarMessage>, ApiFailure>>;
  readonly after: (millis: number, task: () => void) => () => void;
  /** Draws: `reset` when the series is another one. */
  readonly draw: (series: BarSeries, change: BarChange, reset: boolean) => void;
}

export class ChartFeed {
  readonly #ports: ChartFeedPorts;
  readonly #state = signal<ChartState>({ kind: "loading" });
  #wish: BarWish | undefined;
  #series = new BarSeries("1m");
  /** Whether the beginning of what is stored has been reached. */
  #isExhausted = false;
  #isFetchingOlder = false;
  #cancelRetry: () => void = () => undefined;

  constructor(ports: ChartFeedPorts) {
    this.#ports = ports;
  }

  get state(): ReadonlySignal<ChartState> {
    return this.#state;
  }

  get series(): BarSeries {
    return this.#series;
  }

  show(wish: BarWish): void {
    if (this.#wish?.symbol === wish.symbol && this.#wish.interval === wish.interval) return;
    this.#wish = wish;
    this.#series = new BarSeries(wish.interval);
    this.#isExhausted = false;
    this.#isFetchingOlder = false;
    this.#state.value = { kind: "loading" };
    this.#ports.draw(this.#series, { kind: "all" }, true);
    void this.reload();
  }

  /** The newest page again: after a subscription began, or on a person's wish. */
  async reload(): Promise<void> {
    const wish = this.#wish;
    if (wish === undefined) return;
    this.#cancelRetry();
    const page = await this.#ports.fetchBars(wish);
    if (wish !== this.#wish) return;
    if (page.ok) {
      const isFirst = this.#series.bars.length < 2;
      const change = this.#series.merge(page.value.items);
      this.#state.value = { kind: "ready" };
      this.#ports.draw(this.#series, change, isFirst);
      return;
    }
    this.#state.value = { kind: "failed", message: page.message };
    this.#cancelRetry = this.#ports.after(BARS_RETRY_MILLIS, () => void this.reload());
  }

  /** Someone looks at the left end. */
  async wantOlder(): Promise<void> {
    const wish = this.#wish;
    const beforeSeconds = this.#series.oldestSeconds;
    if (wish === undefined || beforeSeconds === undefined || this.#state.value.kind !== "ready") return;
    if (this.#isExhausted || this.#isFetchingOlder || this.#series.isFull) return;
    this.#isFetchingOlder = true;
    const page = await this.#ports.fetchBars({ ...wish, beforeSeconds });
    if (wish !== this.#wish) return;
    this.#isFetchingOlder = false;
    if (!page.ok) return;
    const older = page.value.items.filter((bar) => Date.parse(bar.time) / 1_000 < beforeSeconds);
    this.#isExhausted = older.length === 0;
    if (older.length > 0) this.#ports.draw(this.#series, this.#series.merge(older), false);
  }

  /** The bars and prices of one batch. */
  apply(messages: readonly StreamMessage[]): void {
    const wish = this.#wish;
    if (wish === undefined) return;
    let change: BarChange = { kind: "none" };
    for (const message of messages) {
      if (message.type === "bar") {
        const { data } = message;
        if (data.symbol === wish.symbol && data.interval === wish.interval) {
          change = widerOf(change, this.#series.put(data));
        }
      } else if (message.type === "price_update" && message.data.symbol === wish.symbol) {
        const { bid, ask, time } = message.data;
        change = widerOf(change, this.#series.tick((bid + ask) / 2, Date.parse(time)));
      }
    }
    if (change.kind !== "none") this.#ports.draw(this.#series, change, false);
  }
}
