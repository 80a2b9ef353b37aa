// The equity curve on a canvas, with the balance as a quiet second line.

import {
  AreaSeries,
  ColorType,
  createChart,
  type IChartApi,
  type ISeriesApi,
  LineSeries,
  LineStyle,
  type TickMarkType,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import type { EquityPoint } from "../../api/schemas.ts";
import { dayAndClock, money } from "./format.ts";
import { fontFamily, readPalette } from "./palette.ts";
import { tickMark } from "./tick-mark.ts";

export class EquityChart {
  readonly #chart: IChartApi;
  readonly #equity: ISeriesApi<"Area">;
  readonly #balance: ISeriesApi<"Line">;

  constructor(container: HTMLElement) {
    this.#chart = createChart(container, {
      autoSize: true,
      // The logo brings a style element, which the page's policy forbids; the help names whose charts these are.
      layout: { attributionLogo: false },
      handleScroll: false,
      handleScale: false,
      localization: {
        timeFormatter: (time: Time) => dayAndClock(Number(time) * 1_000),
        priceFormatter: (value: number) => money(value),
      },
      timeScale: {
        timeVisible: true,
        fixLeftEdge: true,
        fixRightEdge: true,
        borderVisible: false,
        minBarSpacing: 0.01,
        tickMarkFormatter: (time: Time, type: TickMarkType) => tickMark(Number(time) * 1_000, type),
      },
      rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.14, bottom: 0.08 } },
    });
    this.#balance = this.#chart.addSeries(LineSeries, {
      lineWidth: 1,
      lineStyle: LineStyle.Dashed,
      priceLineVisible: false,
      lastValueVisible: false,
      crosshairMarkerVisible: false,
    });
    this.#equity = this.#chart.addSeries(AreaSeries, { lineWidth: 2, priceLineVisible: false });
    this.recolour();
  }

  draw(curve: readonly EquityPoint[]): void {
    const bySecond = new Map<number, EquityPoint>();
    for (const point of curve) bySecond.set(Math.floor(Date.parse(point.time) / 1_000), point);
    const points = [...bySecond].sort(([a], [b]) => a - b);
    this.#equity.setData(points.map(([time, { equity }]) => ({ time: time as UTCTimestamp, value: equity })));
    this.#balance.setData(
      points.map(([time, { balance }]) => ({ time: time as UTCTimestamp, value: balance })),
    );
    this.#chart.timeScale().fitContent();
  }

  recolour(): void {
    const { panel, dim, grid, accent } = readPalette();
    this.#chart.applyOptions({
      layout: {
        background: { type: ColorType.Solid, color: panel },
        textColor: dim,
        fontFamily: fontFamily(),
        fontSize: 11,
      },
      grid: { vertLines: { visible: false }, horzLines: { color: grid } },
    });
    this.#equity.applyOptions({ lineColor: accent, topColor: `${accent}33`, bottomColor: `${accent}00` });
    this.#balance.applyOptions({ color: dim });
  }

  remove(): void {
    this.#chart.remove();
  }
}
