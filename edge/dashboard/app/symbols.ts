// One symbol as the list shows it: its state over REST, moved on by prices and decisions of the stream.

import type { PriceUpdate, RegimeUpdate, SymbolState } from "../../api/schemas.ts";

export interface SymbolView extends SymbolState {
  /** Mid at the beginning of the UTC day; null until known. */
  readonly dayOpen: number | null;
}

const MILLIS_PER_DAY = 86_400_000;

export function viewOf(state: SymbolState): SymbolView {
  const { bid, ask, dayChange } = state;
  const isKnown = bid !== null && ask !== null && dayChange !== null;
  return { ...state, dayOpen: isKnown ? (bid + ask) / 2 / (1 + dayChange) : null };
}

/** `state` over REST, with the newer price where the stream was faster. */
export function fresher(view: SymbolView, state: SymbolState): SymbolView {
  const next = viewOf(state);
  if (view.time === null || (state.time !== null && Date.parse(state.time) >= Date.parse(view.time)))
    return next;
  const { bid, ask, spread, dayChange, time, dayOpen } = view;
  return { ...next, bid, ask, spread, dayChange, time, dayOpen };
}

export function afterPrice(view: SymbolView, update: PriceUpdate): SymbolView {
  const { bid, ask, spread, time } = update;
  if (view.time !== null && Date.parse(time) < Date.parse(view.time)) return view;
  const mid = (bid + ask) / 2;
  const dayOpen = isNewDay(view.time, time) ? mid : view.dayOpen;
  return { ...view, bid, ask, spread, time, dayOpen, dayChange: dayOpen === null ? null : mid / dayOpen - 1 };
}

function isNewDay(before: string | null, after: string): boolean {
  if (before === null) return false;
  return Math.floor(Date.parse(before) / MILLIS_PER_DAY) !== Math.floor(Date.parse(after) / MILLIS_PER_DAY);
}

export function afterRegime(view: SymbolView, update: RegimeUpdate): SymbolView {
  const { regime, action, probabilityUp, ticks, quarantined, signals, trouble } = update;
  return { ...view, regime, action, probabilityUp, ticks, quarantined, signals, trouble };
}
