// The whole page. On a wide screen everything is in sight; on a phone one part at a time, chosen at the bottom.

import type { VNode } from "preact";
import { useRef } from "preact/hooks";
import { type View, VIEWS } from "../app/store.ts";
import { Positions, Wallet } from "./account.tsx";
import { Banner } from "./banner.tsx";
import { ChartPane } from "./chart-pane.tsx";
import { usePage } from "./context.ts";
import { Header } from "./header.tsx";
import { Help } from "./help.tsx";
import { Icon } from "./icons.tsx";
import { KillBanner, KillDialog } from "./kill-switch.tsx";
import { Market } from "./market.tsx";
import { ModelWishDialog } from "./model-deeds.tsx";
import { Models } from "./models.tsx";
import { Orders } from "./orders.tsx";
import { Risk } from "./risk.tsx";
import { Signals } from "./signals.tsx";
import { System } from "./system.tsx";
import { Terminals } from "./terminals.tsx";
import { TokenDialog } from "./token-dialog.tsx";
import { TradeDialog } from "./trade-dialog.tsx";

const DESK_VIEWS = ["account", "orders", "risk", "models", "mt5", "system"] as const;
type DeskView = (typeof DESK_VIEWS)[number];

const TITLES: Readonly<Record<View, string>> = {
  market: "Market",
  chart: "Chart",
  signals: "Signals",
  account: "Account",
  orders: "Orders",
  risk: "Risk",
  models: "Models",
  mt5: "MT5",
  system: "System",
};

export function PageView(): VNode {
  const { store } = usePage();
  return (
    <div class="page" data-view={store.view.value} data-connection={store.connection.value.kind}>
      <Header />
      <Banner />
      <KillBanner />
      <main class="panes">
        <Market />
        <ChartPane />
        <Wallet />
        <Desk />
        <Signals />
      </main>
      <PhoneTabs />
      <Help />
      <ModelWishDialog />
      <KillDialog />
      <TradeDialog />
      <TokenDialog />
    </div>
  );
}

function Desk(): VNode {
  const { store } = usePage();
  const last = useRef<DeskView>("account");
  const view = DESK_VIEWS.find((name) => name === store.view.value) ?? last.current;
  last.current = view;
  const step = (event: KeyboardEvent): void => {
    const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (by === 0) return;
    const next = DESK_VIEWS[(DESK_VIEWS.indexOf(view) + by + DESK_VIEWS.length) % DESK_VIEWS.length];
    if (next === undefined) return;
    store.view.value = next;
    document.getElementById(`tab-${next}`)?.focus();
  };
  return (
    <section class="pane desk" aria-label="Positions, orders, risk, models, terminals and system">
      <div class="pane-head desk-tabs" role="tablist" onKeyDown={step}>
        {DESK_VIEWS.map((name) => (
          <button
            key={name}
            id={`tab-${name}`}
            type="button"
            role="tab"
            aria-selected={name === view}
            aria-controls="desk-panel"
            tabIndex={name === view ? 0 : -1}
            onClick={() => (store.view.value = name)}
          >
            {name === "account" ? "Positions" : TITLES[name]}
            <TabCount name={name} />
          </button>
        ))}
      </div>
      <h2 class="desk-title">{view === "account" ? "Positions" : TITLES[view]}</h2>
      <div id="desk-panel" class="desk-panel" role="tabpanel" aria-labelledby={`tab-${view}`}>
        <DeskBody view={view} />
      </div>
    </section>
  );
}

function DeskBody({ view }: { view: DeskView }): VNode {
  switch (view) {
    case "account":
      return <Positions />;
    case "orders":
      return <Orders />;
    case "risk":
      return <Risk />;
    case "models":
      return <Models />;
    case "mt5":
      return <Terminals />;
    case "system":
      return <System />;
  }
}

function TabCount({ name }: { name: View }): VNode | null {
  const { store } = usePage();
  const problems = store.health.value?.problems.length ?? 0;
  if (name === "account") {
    const { length } = store.positions.value;
    return length === 0 ? null : <span class="count">{length}</span>;
  }
  if (name === "system" && problems > 0) return <span class="count is-warn">{problems}</span>;
  return null;
}

function PhoneTabs(): VNode {
  const { store } = usePage();
  return (
    <nav class="phone-tabs" aria-label="Parts of the page">
      {VIEWS.map((name) => (
        <button
          key={name}
          type="button"
          aria-label={TITLES[name]}
          aria-current={store.view.value === name ? "page" : undefined}
          onClick={() => (store.view.value = name)}
        >
          <Icon name={name} size={20} />
          <span>{TITLES[name]}</span>
          <TabCount name={name} />
        </button>
      ))}
    </nav>
  );
}
