// The chart with its head: the selected symbol's price as dealers read it, bar sizes, and the bar under the pointer.

import { type Signal, useSignal, useSignalEffect } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { BAR_INTERVALS } from "../../../actors/domain/bar.ts";
import type { ChartBar } from "../app/bars.ts";
import {
  clock,
  compact,
  dayAndClock,
  points,
  price,
  priceParts,
  probability,
  utc,
  words,
} from "../app/format.ts";
import { marksOf } from "../app/markers.ts";
import { PriceChart } from "../app/price-chart.ts";
import type { SymbolView } from "../app/symbols.ts";
import { Change, Empty, Lean, SideTag } from "./bits.tsx";
import { type ChartHolder, type Page, usePage } from "./context.ts";
import { Icon } from "./icons.tsx";
import { isStale, quotedAt } from "./market.tsx";

export function ChartPane(): VNode {
  const { store } = usePage();
  const hovered = useSignal<ChartBar | undefined>(undefined);
  const view = store.symbol(store.selected.value)?.value;
  return (
    <section class="pane chart-pane" aria-label="Chart">
      {view === undefined ? <div class="chart-head" /> : <ChartHead view={view} />}
      <div class="chart-tools">
        <Intervals />
        <Legend hovered={hovered} />
      </div>
      <Canvas hovered={hovered} />
    </section>
  );
}

function ChartHead({ view }: { view: SymbolView }): VNode {
  const { now } = usePage();
  const { symbol, digits, bid, ask, probabilityUp } = view;
  const stale = isStale(view, now.value);
  return (
    <div class="chart-head">
      <div class="chart-title">
        <h2>{symbol}</h2>
        <span class="chart-regime">
          {view.open ? words(view.regime) : <span class="tag is-warn">market closed</span>}
          {stale ? <span class="tag is-warn">no tick for {ageText(view, now.value)}</span> : ""}
        </span>
      </div>
      <div class={`quotes${stale ? " is-stale" : ""}`} title={quotedAt(view)}>
        <Quote label="Bid" value={bid} digits={digits} />
        <span class="quote-spread num" title="Spread in points">
          {points(view.spread, digits)}
        </span>
        <Quote label="Ask" value={ask} digits={digits} />
      </div>
      <dl class="chart-facts">
        <div>
          <dt>Day</dt>
          <dd>
            <Change fraction={view.dayChange} />
          </dd>
        </div>
        <div>
          <dt>P(up)</dt>
          <dd class="num">
            {probability(probabilityUp)}
            {probabilityUp === null ? "" : <Lean probability={probabilityUp} label="" />}
          </dd>
        </div>
        <div>
          <dt>Decision</dt>
          <dd>
            <SideTag side={view.action} />
          </dd>
        </div>
      </dl>
    </div>
  );
}

function ageText(view: SymbolView, nowMillis: number): string {
  const age = view.time === null ? 0 : (nowMillis - Date.parse(view.time)) / 1_000;
  return age < 120 ? `${Math.floor(age)} s` : `${Math.floor(age / 60)} min`;
}

function Quote({ label, value, digits }: { label: string; value: number | null; digits: number }): VNode {
  const { big, pips, fraction } = priceParts(value, digits);
  return (
    <div class="quote">
      <span class="quote-label">{label}</span>
      <span class="quote-price num" aria-label={`${label} ${price(value, digits)}`}>
        {big}
        <b>{pips}</b>
        <sup>{fraction}</sup>
      </span>
    </div>
  );
}

function Intervals(): VNode {
  const { store } = usePage();
  return (
    <div class="segments" role="radiogroup" aria-label="Bar size">
      {BAR_INTERVALS.map((interval, index) => (
        <button
          key={interval}
          type="button"
          role="radio"
          aria-checked={store.interval.value === interval}
          title={`Bars of ${interval} (${index + 1})`}
          onClick={() => (store.interval.value = interval)}
        >
          {interval}
        </button>
      ))}
    </div>
  );
}

/** Open, high, low and close of the bar under the pointer, else of the newest. */
function Legend({ hovered }: { hovered: Signal<ChartBar | undefined> }): VNode {
  const { store, now } = usePage();
  const bar = hovered.value;
  const digits = store.digitsOf(store.selected.value);
  if (bar === undefined) return <LiveLegend nowMillis={now.value} />;
  const figures = [
    ["O", bar.open],
    ["H", bar.high],
    ["L", bar.low],
    ["C", bar.close],
  ] as const;
  return (
    <p class="legend num" title={utc(bar.timeSeconds * 1_000)}>
      <span class="dim">{dayAndClock(bar.timeSeconds * 1_000)}</span>
      {figures.map(([name, value]) => (
        <span key={name} class={bar.close >= bar.open ? "is-up" : "is-down"}>
          <i>{name}</i> {price(value, digits)}
        </span>
      ))}
      <span class="dim">
        <i>V</i> {compact(bar.volume)}
      </span>
    </p>
  );
}

function LiveLegend({ nowMillis }: { nowMillis: number }): VNode {
  return (
    <p class="legend legend-keys dim" title={utc(nowMillis)}>
      <span>
        <i class="key key-signal" /> signal
      </span>
      <span>
        <i class="key key-entry" /> entry
      </span>
      <span>
        <i class="key key-exit" /> exit
      </span>
      <span class="num">{clock(nowMillis)}</span>
    </p>
  );
}

function Canvas({ hovered }: { hovered: Signal<ChartBar | undefined> }): VNode {
  const page = usePage();
  const { store, feed, appearance } = page;
  const container = useRef<HTMLDivElement>(null);
  const holder: ChartHolder = page.chart;
  useEffect(() => {
    const element = container.current;
    if (element === null) return undefined;
    const chart = new PriceChart(element, {
      onWantOlder: () => void feed.wantOlder(),
      onHover: (bar) => {
        hovered.value = bar;
      },
    });
    holder.current.value = chart;
    return () => {
      holder.current.value = undefined;
      chart.remove();
    };
  }, []);
  useSignalEffect(() => {
    const chart = holder.current.value;
    if (chart === undefined) return;
    chart.setDigits(store.digitsOf(store.selected.value));
    chart.setSecondsVisible(store.interval.value === "1s");
  });
  useSignalEffect(() => {
    void appearance.shown.value;
    holder.current.value?.recolour();
  });
  useSignalEffect(() => {
    const symbol = store.selected.value;
    void appearance.shown.value;
    holder.current.value?.setPositions(
      store.positions.value.filter((position) => position.symbol === symbol),
    );
  });
  useSignalEffect(() => {
    void holder.drawn.value;
    void appearance.shown.value;
    const shown = { signals: store.signals.value, orders: store.orders.value };
    holder.current.value?.setMarks(marksOf(store.selected.value, feed.series, shown));
  });
  return (
    <div class="chart-body">
      <div ref={container} class="chart-canvas" aria-label={chartLabel(page)} role="img" />
      <ChartOverlay />
    </div>
  );
}

/** What a canvas shows, for those who cannot see it. */
function chartLabel({ store, feed, chart }: Page): string {
  void chart.drawn.value;
  const { bars } = feed.series;
  const last = bars.at(-1)?.close ?? null;
  const digits = store.digitsOf(store.selected.value);
  return `Candlestick chart of ${store.selected.value}, ${bars.length} bars of ${store.interval.value}, last ${price(last, digits)}`;
}

function ChartOverlay(): VNode | null {
  const { store, feed, chart } = usePage();
  const state = feed.state.value;
  void chart.drawn.value;
  if (state.kind === "failed") {
    return (
      <div class="chart-notice" role="status">
        <Icon name="warning" size={14} />
        <span>No history: {state.message}</span>
        <button type="button" class="button" onClick={() => void feed.reload()}>
          Try again
        </button>
      </div>
    );
  }
  if (state.kind === "loading") return <div class="chart-loading" role="status" aria-label="Loading bars" />;
  if (feed.series.bars.length > 0) return null;
  return (
    <div class="chart-empty">
      <Empty icon="chart" title={`No ${store.interval.value} bars of ${store.selected.value} yet`}>
        The first appears with the next tick. Import history to see more.
      </Empty>
    </div>
  );
}
