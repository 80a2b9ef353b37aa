// The symbols: price, spread, change of the day, regime and what the ensemble says, one row each. Each row listens to its own
// symbol alone.

import type { ReadonlySignal } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { points, price, probability, utc, words } from "../app/format.ts";
import { FILTER_SYMBOLS_MIN, STALE_MILLIS } from "../app/limits.ts";
import type { SymbolView } from "../app/symbols.ts";
import { Change, Empty, Flash, Lean, Regime, SideTag, Skeleton, Trouble } from "./bits.tsx";
import { usePage } from "./context.ts";
import { Icon } from "./icons.tsx";

export function Market(): VNode {
  const { store } = usePage();
  const { isLoaded, trouble } = store.part("symbols").value;
  const names = store.names.value;
  const filter = store.filter.value.trim().toUpperCase();
  const shown = filter === "" ? names : names.filter((name) => name.includes(filter));
  return (
    <section class="pane market" aria-label="Symbols">
      <div class="pane-head">
        <h2>Market</h2>
        <span class="dim num">{names.length === 0 ? "" : names.length}</span>
        {names.length >= FILTER_SYMBOLS_MIN || filter !== "" ? <Filter /> : ""}
      </div>
      <div class="market-columns" aria-hidden="true">
        <span>Symbol</span>
        <span>Bid</span>
        <span>Ask</span>
        <span>Day</span>
      </div>
      {trouble === "" ? "" : <Trouble text={trouble} />}
      {isLoaded ? "" : <Skeleton rows={8} />}
      {isLoaded && names.length === 0 ? (
        <Empty icon="market" title="No symbols">
          No instrument is configured. Add some to the configuration and start again.
        </Empty>
      ) : (
        ""
      )}
      {names.length > 0 && shown.length === 0 ? (
        <Empty icon="search" title={`Nothing matches “${store.filter.value}”`} />
      ) : (
        ""
      )}
      <ul class="market-rows scroll" role="listbox" aria-label="Symbols">
        {shown.map((name) => {
          const view = store.symbol(name);
          return view === undefined ? "" : <Row key={name} name={name} view={view} />;
        })}
      </ul>
    </section>
  );
}

function Filter(): VNode {
  const { store } = usePage();
  return (
    <label class="filter">
      <Icon name="search" size={13} />
      <input
        id="filter"
        type="search"
        placeholder="Find  /"
        aria-label="Find a symbol"
        value={store.filter.value}
        onInput={(event) => (store.filter.value = event.currentTarget.value)}
      />
    </label>
  );
}

function Row({ name, view }: { name: string; view: ReadonlySignal<SymbolView> }): VNode {
  const { store, select } = usePage();
  const row = useRef<HTMLLIElement>(null);
  const isSelected = store.selected.value === name;
  const state = view.value;
  useEffect(() => {
    if (isSelected) row.current?.scrollIntoView({ block: "nearest" });
  }, [isSelected]);
  const open = (): void => {
    select(name);
    if (store.view.value === "market") store.view.value = "chart";
  };
  return (
    <li
      ref={row}
      class={`market-row${state.open ? "" : " is-closed"}`}
      role="option"
      aria-selected={isSelected}
      tabIndex={isSelected ? 0 : -1}
      onClick={open}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        open();
      }}
    >
      <b class="market-name">{name}</b>
      <Flash value={state.bid} text={price(state.bid, state.digits)} />
      <Flash value={state.ask} text={price(state.ask, state.digits)} />
      <Change fraction={state.dayChange} />
      <Note state={state} />
      <span class="market-spread dim num" title="Spread in points">
        {points(state.spread, state.digits)}
        {state.spread === null ? "" : " pt"}
      </span>
      <Opinion state={state} />
    </li>
  );
}

/** Under the name: the regime, or why there is none. */
function Note({ state }: { state: SymbolView }): VNode {
  if (state.trouble !== "") {
    return (
      <span class="market-note is-warn" title={state.trouble}>
        <Icon name="warning" size={12} />
        <span class="regime">{state.trouble}</span>
      </span>
    );
  }
  return (
    <span class="market-note dim" title={words(state.regime)}>
      {state.open ? state.time === null ? "no tick yet" : <Regime name={state.regime} /> : "market closed"}
    </span>
  );
}

function Opinion({ state }: { state: SymbolView }): VNode {
  const { probabilityUp, action } = state;
  if (probabilityUp === null) return <span class="market-opinion dim" />;
  const label = `probability of an up move ${probability(probabilityUp)}`;
  return (
    <span class="market-opinion" title={label}>
      <Lean probability={probabilityUp} label={label} />
      {action === "HOLD" ? (
        <span class="tag num">{probability(probabilityUp)}</span>
      ) : (
        <SideTag side={action} note={probability(probabilityUp)} />
      )}
    </span>
  );
}

/** Whether the price is older than a living market's would be. */
export function isStale(state: SymbolView, nowMillis: number): boolean {
  return state.open && state.time !== null && nowMillis - Date.parse(state.time) > STALE_MILLIS;
}

/** For hovering over a price: when it was. */
export function quotedAt(state: SymbolView): string {
  return state.time === null ? "no tick yet" : `quoted ${utc(Date.parse(state.time))}`;
}
