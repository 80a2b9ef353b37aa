// What every part of the page may use: the store to read and the deeds to do. Handed down once instead of through every component.

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { ReadonlySignal, Signal } from "@preact/signals";
import type { AppearanceSwitch } from "../app/appearance.ts";
import type { ChartFeed } from "../app/chart-feed.ts";
import type { KillPanel } from "../app/kill-panel.ts";
import type { ModelWish } from "../app/model-deeds.ts";
import type { PriceChart } from "../app/price-chart.ts";
import type { TradePanel } from "../app/trade-panel.ts";
import type { Store } from "../app/store.ts";

/** The chart comes and goes with its element; bars are drawn while it is there. */
export interface ChartHolder {
  readonly current: Signal<PriceChart | undefined>;
  /** Counts the bars that began: marks are placed again then. */
  readonly drawn: Signal<number>;
}

export interface Page {
  readonly store: Store;
  readonly kill: KillPanel;
  readonly trade: TradePanel;
  readonly feed: ChartFeed;
  readonly chart: ChartHolder;
  readonly appearance: AppearanceSwitch;
  /** Milliseconds since 1970, moving once a second. */
  readonly now: ReadonlySignal<number>;
  readonly retryNow: () => void;
  /** Does to a model what a person has confirmed. */
  readonly doModelWish: (wish: ModelWish) => void;
  /** Shows a symbol in the chart. */
  readonly select: (symbol: string) => void;
}

const PageContext = createContext<Page | undefined>(undefined);

export const PageProvider = PageContext.Provider;

export function usePage(): Page {
  const page = useContext(PageContext);
  if (page === undefined) throw new Error("a part of the page was drawn outside of it");
  return page;
}
