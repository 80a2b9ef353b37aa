// What is marked on the chart: signals as small arrows beside their bar, fills at their price. One mark per bar, side and kind, so
// that a lively hour stays readable.

import type { SignalMessage } from "../../api/schemas.ts";
import type { BarSeries } from "./bars.ts";
import type { Order } from "./lists.ts";

export interface ChartMark {
  readonly kind: "signal" | "entry" | "exit";
  readonly side: "BUY" | "SELL";
  readonly timeSeconds: number;
  /** Of a fill; 0 for a signal. */
  readonly price: number;
}

/** Marks of `symbol` in the order of time; what lies outside the bars at hand is left out. */
export function marksOf(
  symbol: string,
  series: BarSeries,
  shown: { signals: readonly SignalMessage[]; orders: readonly Order[] },
): readonly ChartMark[] {
  const marks = new Map<string, ChartMark>();
  const add = (timeMillis: number, mark: Pick<ChartMark, "kind" | "side" | "price">): void => {
    const bar = series.barAt(timeMillis);
    if (bar === undefined) return;
    marks.set(`${mark.kind} ${mark.side} ${bar.timeSeconds}`, { ...mark, timeSeconds: bar.timeSeconds });
  };
  for (const signal of shown.signals) {
    if (signal.symbol === symbol) {
      add(Date.parse(signal.timestamp), { kind: "signal", side: signal.prediction, price: 0 });
    }
  }
  for (const { steps } of shown.orders) {
    for (const step of steps) {
      if (step.symbol !== symbol || !isFill(step) || step.price === null) continue;
      const kind = step.purpose === "exit" ? "exit" : "entry";
      add(Date.parse(step.time), { kind, side: step.side === "SELL" ? "SELL" : "BUY", price: step.price });
    }
  }
  return [...marks.values()].sort((a, b) => a.timeSeconds - b.timeSeconds || a.kind.localeCompare(b.kind));
}

/** Whether an order's step says that something was bought or sold. */
export function isFill(step: { event: string; status: string }): boolean {
  return step.event === "execution" && /fill/i.test(step.status);
}
