// The account: its figures, the equity curve and what is open.

import { useSignalEffect } from "@preact/signals";
import type { VNode } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { AccountMessage, PositionMessage } from "../../api/schemas.ts";
import { EquityChart } from "../app/equity-chart.ts";
import { limitsOf } from "../app/risk-limits.ts";
import { lots, money, percent, price, whole, words } from "../app/format.ts";
import { Empty, Figure, Profit, SideTag, Skeleton, Time, Trouble } from "./bits.tsx";
import { usePage } from "./context.ts";
import { Fills, PendingOrders, TradeBar } from "./trading.tsx";

export function Wallet(): VNode {
  const { store } = usePage();
  const { trouble } = store.part("account").value;
  const account = store.account.value;
  return (
    <section class="pane wallet" aria-label="Account">
      {trouble === "" ? "" : <Trouble text={trouble} />}
      {account === undefined ? trouble === "" ? <Skeleton rows={4} /> : "" : <Figures account={account} />}
      <Equity />
    </section>
  );
}

const MODES = { reducing: "reduce only", halted: "entries halted" } as const;

function Figures({ account }: { account: AccountMessage }): VNode {
  const { store } = usePage();
  const limits = limitsOf(store.risk.value);
  const { commission, spread, slippage } = account.costs;
  const refusals = Object.entries(account.refusals);
  const refused = refusals.reduce((sum, [, count]) => sum + count, 0);
  return (
    <>
      <div class="wallet-head">
        <div>
          <h2>Equity</h2>
          <p class="wallet-equity num">
            {money(account.equity)} <span class="dim">{account.currency}</span>
          </p>
        </div>
        <div class="wallet-day">
          <span class="dim">Today</span>
          <Profit value={account.dayProfit} />
        </div>
        {account.mode === "active" ? "" : <strong class="tag is-bad halted">{MODES[account.mode]}</strong>}
      </div>
      <dl class="figures">
        <Figure label="Balance">{money(account.balance)}</Figure>
        <Figure label="Realised" title="After costs">
          <Profit value={account.realised} />
        </Figure>
        <Figure
          label="Margin"
          title={`${money(account.marginFree)} free, level ${account.marginLevel === null ? "–" : percent(account.marginLevel)}`}
        >
          {money(account.marginUsed)}
        </Figure>
        <Figure
          label="Drawdown"
          title={`from the highest equity; ${money(account.drawdown.fromStart)} below the start`}
        >
          {money(account.drawdown.fromHigh)}
        </Figure>
        <Figure
          label="Costs"
          title={`commission ${money(commission)}, spread ${money(spread)}, slippage ${money(slippage)}`}
        >
          {money(commission + spread + slippage)}
        </Figure>
        <Figure
          label="Refused"
          title={refusals.map(([code, count]) => `${words(code)}: ${count}`).join("\n") || "nothing refused"}
        >
          {whole(refused)}
        </Figure>
        <Figure label="Limits" title={`used of each limit\n${limits.all.join("\n")}`}>
          {limits.nearest}
        </Figure>
      </dl>
    </>
  );
}

export function Positions(): VNode {
  const { store } = usePage();
  const positions = store.positions.value;
  const { isLoaded, trouble } = store.part("account").value;
  return (
    <div class="desk-body scroll">
      <TradeBar />
      {isLoaded || trouble !== "" ? "" : <Skeleton rows={3} />}
      {positions.length === 0 ? (
        isLoaded ? (
          <Empty icon="account" title="No open position">
            Positions open on tradable signals that risk approves.
          </Empty>
        ) : (
          ""
        )
      ) : (
        <table class="rows">
          <thead>
            <tr>
              <th scope="col">Symbol</th>
              <th scope="col">Side</th>
              <th scope="col" class="right">
                Lots
              </th>
              <th scope="col" class="right ample-only">
                Opened
              </th>
              <th scope="col" class="right wide-only">
                Open
              </th>
              <th scope="col" class="right">
                Now
              </th>
              <th scope="col" class="right wide-only">
                Stop
              </th>
              <th scope="col" class="right wide-only">
                Target
              </th>
              <th scope="col" class="right">
                Profit
              </th>
              <th scope="col">
                <span class="unseen">What to do</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {positions.map((position) => (
              <PositionRow key={position.ticket} position={position} />
            ))}
          </tbody>
        </table>
      )}
      <PendingOrders />
      <Fills />
    </div>
  );
}

function PositionRow({ position }: { position: PositionMessage }): VNode {
  const { store, select } = usePage();
  const { symbol } = position;
  const digits = store.digitsOf(symbol);
  return (
    <tr>
      <td>
        <button type="button" class="button-text" onClick={() => select(symbol)} title="Show in the chart">
          <b>{symbol}</b>
        </button>
      </td>
      <td>
        <SideTag side={position.type} />
      </td>
      <td class="num right">{lots(position.lots)}</td>
      <td class="num right dim ample-only">
        <Time iso={position.openTime} />
      </td>
      <td class="num right wide-only">{price(position.openPrice, digits)}</td>
      <td class="num right">{price(position.currentPrice, digits)}</td>
      <td class="num right wide-only">{price(position.stopLoss, digits)}</td>
      <td class="num right wide-only">{price(position.takeProfit, digits)}</td>
      <td class="right">
        <Profit value={position.profit} />
      </td>
      <td class="right deeds">
        {position.external === true ? (
          <span class="dim" title="Not opened by this account: it is left alone">
            not ours
          </span>
        ) : (
          <PositionDeeds position={position} />
        )}
      </td>
    </tr>
  );
}

function PositionDeeds({ position }: { position: PositionMessage }): VNode {
  const { trade } = usePage();
  const { type, symbol } = position;
  return (
    <>
      <button
        type="button"
        class="button"
        onClick={() => trade.ask({ about: "levels", position })}
        aria-label={`Stop and target of ${type} ${symbol}`}
      >
        Edit
      </button>
      <button
        type="button"
        class="button"
        onClick={() => trade.ask({ about: "close", position })}
        aria-label={`Close ${type} ${symbol}`}
      >
        Close
      </button>
    </>
  );
}

function Equity(): VNode {
  const { store, appearance } = usePage();
  const container = useRef<HTMLDivElement>(null);
  const chart = useRef<EquityChart | undefined>(undefined);
  useEffect(() => {
    const element = container.current;
    if (element === null) return undefined;
    chart.current = new EquityChart(element);
    chart.current.draw(store.equity.peek());
    return () => chart.current?.remove();
  }, []);
  useSignalEffect(() => {
    const curve = store.equity.value;
    chart.current?.draw(curve);
  });
  useSignalEffect(() => {
    void appearance.shown.value;
    chart.current?.recolour();
  });
  const { trouble } = store.part("equity").value;
  return (
    <div class="equity">
      {trouble === "" ? (
        ""
      ) : (
        <p class="dim equity-note" title={trouble}>
          Only what came since this page was opened: earlier equity is not available.
        </p>
      )}
      <div ref={container} class="equity-canvas" role="img" aria-label="Equity curve" />
    </div>
  );
}
