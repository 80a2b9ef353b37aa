// The candlestick chart: draws a BarSeries with volume, marks and the levels of open positions on a canvas. Only drawing; which
// bars there are is the feed's business.

import {
  CandlestickSeries,
  ColorType,
  createChart,
  createSeriesMarkers,
  CrosshairMode,
  HistogramSeries,
  type IChartApi,
  type IPriceLine,
  type ISeriesApi,
  type ISeriesMarkersPluginApi,
  LineStyle,
  type SeriesMarker,
  type TickMarkType,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import type { PositionMessage } from "../../api/schemas.ts";
import type { BarChange, BarSeries, ChartBar } from "./bars.ts";
import { dayAndClock, lots as lotsText } from "./format.ts";
import { BARS_AHEAD } from "./limits.ts";
import type { ChartMark } from "./markers.ts";
import { fontFamily, readPalette, type Palette } from "./palette.ts";
import { tickMark } from "./tick-mark.ts";

export interface PriceChartEvents {
  readonly onWantOlder: () => void;
  /** The bar under the pointer; undefined when it left. */
  readonly onHover: (bar: ChartBar | undefined) => void;
}

const BAR_SPACING_PIXELS = 7;
const RIGHT_OFFSET_BARS = 12;

export class PriceChart {
  readonly #chart: IChartApi;
  readonly #candles: ISeriesApi<"Candlestick">;
  readonly #volume: ISeriesApi<"Histogram">;
  readonly #markers: ISeriesMarkersPluginApi<Time>;
  readonly #levels: IPriceLine[] = [];
  #palette: Palette = readPalette();
  readonly #resizes: ResizeObserver;
  /** Of the bars that are drawn. */
  #newestSeconds = 0;
  #wasShown = true;
  #series: BarSeries | undefined;

  constructor(container: HTMLElement, events: PriceChartEvents) {
    this.#chart = createChart(container, {
      autoSize: true,
      // The logo brings a style element, which the page's policy forbids; the help names whose charts these are.
      layout: { attributionLogo: false },
      crosshair: { mode: CrosshairMode.Normal },
      localization: { timeFormatter: (time: Time) => dayAndClock(Number(time) * 1_000) },
      timeScale: {
        timeVisible: true,
        secondsVisible: true,
        rightOffset: RIGHT_OFFSET_BARS,
        barSpacing: BAR_SPACING_PIXELS,
        minBarSpacing: 1.5,
        tickMarkFormatter: (time: Time, type: TickMarkType) => tickMark(Number(time) * 1_000, type),
      },
      rightPriceScale: { scaleMargins: { top: 0.12, bottom: 0.2 } },
      kineticScroll: { touch: true, mouse: false },
    });
    this.#volume = this.#chart.addSeries(HistogramSeries, {
      priceScaleId: "",
      priceFormat: { type: "volume" },
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.#volume.priceScale().applyOptions({ scaleMargins: { top: 0.86, bottom: 0 } });
    this.#candles = this.#chart.addSeries(CandlestickSeries, { priceLineStyle: LineStyle.Dotted });
    this.#markers = createSeriesMarkers(this.#candles, []);
    this.recolour();
    // A chart filled while it was out of sight has squeezed its bars into no width at all.
    this.#resizes = new ResizeObserver(() => {
      const isShown = container.clientWidth > 0;
      if (isShown && !this.#wasShown) requestAnimationFrame(() => this.#frame());
      this.#wasShown = isShown;
    });
    this.#resizes.observe(container);
    this.#chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      if (range !== null && range.from < BARS_AHEAD) events.onWantOlder();
    });
    this.#chart.subscribeCrosshairMove(({ time }) => {
      events.onHover(time === undefined ? undefined : this.#series?.barAt(Number(time) * 1_000));
    });
  }

  draw(series: BarSeries, change: BarChange, reset: boolean): void {
    this.#series = series;
    const { bars } = series;
    if (change.kind === "all") {
      this.#candles.setData(bars.map(candleOf));
      this.#volume.setData(bars.map((bar) => this.#columnOf(bar)));
      this.#newestSeconds = bars.at(-1)?.timeSeconds ?? 0;
    } else if (change.kind === "tail") {
      for (const bar of bars.slice(change.from)) {
        // Two bars may have begun since it was last drawn: then the first of them is not there yet, either.
        const isOlder = bar.timeSeconds < this.#newestSeconds;
        this.#candles.update(candleOf(bar), isOlder);
        this.#volume.update(this.#columnOf(bar), isOlder);
        this.#newestSeconds = Math.max(this.#newestSeconds, bar.timeSeconds);
      }
    }
    if (reset) this.#frame();
  }

  /** Back to the newest bar. */
  showLatest(): void {
    this.#chart.timeScale().scrollToRealTime();
  }

  setDigits(digits: number): void {
    this.#candles.applyOptions({ priceFormat: { type: "price", precision: digits, minMove: 10 ** -digits } });
  }

  setSecondsVisible(isVisible: boolean): void {
    this.#chart.applyOptions({ timeScale: { secondsVisible: isVisible } });
  }

  setMarks(marks: readonly ChartMark[]): void {
    this.#markers.setMarkers(marks.map((mark) => this.#markerOf(mark)));
  }

  setPositions(positions: readonly PositionMessage[]): void {
    for (const line of this.#levels.splice(0)) this.#candles.removePriceLine(line);
    for (const { type, lots, openPrice, stopLoss, takeProfit } of positions) {
      const colour = type === "BUY" ? this.#palette.up : this.#palette.down;
      this.#level({ price: openPrice, colour, title: `${type} ${lotsText(lots)}`, style: LineStyle.Solid });
      const { dim } = this.#palette;
      if (stopLoss !== null)
        this.#level({ price: stopLoss, colour: dim, title: "SL", style: LineStyle.Dashed });
      if (takeProfit !== null)
        this.#level({ price: takeProfit, colour: dim, title: "TP", style: LineStyle.Dashed });
    }
  }

  /** Takes the style sheet's colours, after they changed. */
  recolour(): void {
    this.#palette = readPalette();
    const { panel, dim, grid, line, up, down } = this.#palette;
    this.#chart.applyOptions({
      layout: {
        background: { type: ColorType.Solid, color: panel },
        textColor: dim,
        fontFamily: fontFamily(),
        fontSize: 11,
      },
      grid: { vertLines: { color: grid }, horzLines: { color: grid } },
      rightPriceScale: { borderColor: line },
      timeScale: { borderColor: line },
      crosshair: {
        vertLine: { color: dim, labelBackgroundColor: dim },
        horzLine: { color: dim, labelBackgroundColor: dim },
      },
    });
    this.#candles.applyOptions({
      upColor: up,
      wickUpColor: up,
      borderUpColor: up,
      downColor: down,
      wickDownColor: down,
      borderDownColor: down,
    });
    if (this.#series !== undefined) this.draw(this.#series, { kind: "all" }, false);
  }

  remove(): void {
    this.#resizes.disconnect();
    this.#chart.remove();
  }

  #frame(): void {
    this.#chart.priceScale("right").applyOptions({ autoScale: true });
    this.#chart.timeScale().resetTimeScale();
  }

  #level(level: { price: number; colour: string; title: string; style: LineStyle }): void {
    const { price, colour: color, title, style: lineStyle } = level;
    this.#levels.push(
      this.#candles.createPriceLine({ price, color, title, lineStyle, lineWidth: 1, axisLabelVisible: true }),
    );
  }

  #columnOf(bar: ChartBar): { time: UTCTimestamp; value: number; color: string } {
    const color = bar.close >= bar.open ? this.#palette["up-soft"] : this.#palette["down-soft"];
    return { time: bar.timeSeconds as UTCTimestamp, value: bar.volume, color };
  }

  #markerOf({ kind, side, timeSeconds, price }: ChartMark): SeriesMarker<Time> {
    const isBuy = side === "BUY";
    const time = timeSeconds as UTCTimestamp;
    const color = isBuy ? this.#palette.up : this.#palette.down;
    if (kind === "signal") {
      const position = isBuy ? "belowBar" : "aboveBar";
      return { time, color, position, shape: isBuy ? "arrowUp" : "arrowDown", size: 0.9 };
    }
    const isEntry = kind === "entry";
    const fill = isEntry ? this.#palette.accent : this.#palette.text;
    return {
      time,
      price,
      position: "atPriceMiddle",
      shape: isEntry ? "circle" : "square",
      color: fill,
      size: 0.8,
    };
  }
}

function candleOf(bar: ChartBar): {
  time: UTCTimestamp;
  open: number;
  high: number;
  low: number;
  close: number;
} {
  const { timeSeconds, open, high, low, close } = bar;
  return { time: timeSeconds as UTCTimestamp, open, high, low, close };
}
