// Below the open positions: orders that wait at the broker, and what filled lately with its slippage.

import type { VNode } from "preact";
import type { FillMessage, PendingOrderMessage } from "../../api/order-schemas.ts";
import { lots, money, NOTHING, points, price, words } from "../app/format.ts";
import { Empty, SideTag, Time, Trouble } from "./bits.tsx";
import { usePage } from "./context.ts";

/** The button of a new order, and what was done last. */
export function TradeBar(): VNode {
  const { store, trade } = usePage();
  return (
    <div class="trade-bar">
      <button
        type="button"
        class="button is-meant"
        onClick={() => trade.ask({ about: "place", symbol: store.selected.value })}
      >
        New order …
      </button>
      <p class="dim" role="status">
        {trade.notice.value}
      </p>
    </div>
  );
}

export function PendingOrders(): VNode | null {
  const { store } = usePage();
  const orders = store.pending.value;
  const { trouble } = store.part("pending").value;
  if (orders.length === 0 && trouble === "") return null;
  return (
    <>
      <h3>
        Waiting orders <span class="dim num">{orders.length}</span>
      </h3>
      {trouble === "" ? "" : <Trouble text={trouble} />}
      <table class="rows pending">
        <thead>
          <tr>
            <th scope="col">Symbol</th>
            <th scope="col">Side</th>
            <th scope="col">Type</th>
            <th scope="col" class="right">
              Lots
            </th>
            <th scope="col" class="right">
              Price
            </th>
            <th scope="col" class="right wide-only">
              Stop
            </th>
            <th scope="col" class="right wide-only">
              Target
            </th>
            <th scope="col" class="roomy-only">
              Waits
            </th>
            <th scope="col">
              <span class="unseen">What to do</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {orders.map((order) => (
            <PendingRow key={order.id} order={order} />
          ))}
        </tbody>
      </table>
    </>
  );
}

function PendingRow({ order }: { order: PendingOrderMessage }): VNode {
  const { store, trade, select } = usePage();
  const { symbol, limitPrice } = order;
  const digits = store.digitsOf(symbol);
  return (
    <tr>
      <td>
        <button type="button" class="button-text" onClick={() => select(symbol)} title="Show in the chart">
          <b>{symbol}</b>
        </button>
      </td>
      <td>
        <SideTag side={order.side} />
      </td>
      <td class="dim" title={`${order.id}: ${words(order.state)}`}>
        {order.type}
      </td>
      <td class="num right">{lots(order.lots)}</td>
      <td class="num right">
        {price(order.price, digits)}
        {limitPrice === null ? "" : ` → ${price(limitPrice, digits)}`}
      </td>
      <td class="num right wide-only">{price(order.stopLoss, digits)}</td>
      <td class="num right wide-only">{price(order.takeProfit, digits)}</td>
      <td class="dim roomy-only">
        {order.until === null ? order.timeInForce : <Time iso={order.until} withDay />}
      </td>
      <td class="right deeds">
        <button
          type="button"
          class="button"
          onClick={() => trade.ask({ about: "change", order })}
          aria-label={`Change the ${order.type} on ${symbol}`}
        >
          Edit
        </button>
        <button
          type="button"
          class="button"
          onClick={() => trade.ask({ about: "cancel", order })}
          aria-label={`Cancel the ${order.type} on ${symbol}`}
        >
          Cancel
        </button>
      </td>
    </tr>
  );
}

export function Fills(): VNode | null {
  const { store } = usePage();
  const fills = store.fills.value;
  const { isLoaded, trouble } = store.part("fills").value;
  if (fills.length === 0 && trouble === "") {
    return isLoaded ? null : <Empty icon="orders" title="Fills are being fetched" />;
  }
  return (
    <>
      <h3>Recent fills</h3>
      {trouble === "" ? "" : <Trouble text={trouble} />}
      <table class="rows fills">
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Symbol</th>
            <th scope="col">Side</th>
            <th scope="col" class="right">
              Lots
            </th>
            <th scope="col" class="right">
              Price
            </th>
            <th
              scope="col"
              class="right"
              title="How much worse than it was decided on, in points; below zero is better"
            >
              Slippage
            </th>
            <th scope="col" class="right wide-only">
              Cost of it
            </th>
            <th scope="col" class="roomy-only">
              Why
            </th>
          </tr>
        </thead>
        <tbody>
          {fills.map((fill) => (
            <FillRow key={fill.dealId} fill={fill} />
          ))}
        </tbody>
      </table>
    </>
  );
}

function FillRow({ fill }: { fill: FillMessage }): VNode {
  const { store } = usePage();
  const digits = store.digitsOf(fill.symbol);
  const { slippage } = fill;
  const tone = slippage === null || slippage === 0 ? "" : slippage > 0 ? "is-down" : "is-up";
  return (
    <tr>
      <td class="num dim">
        <Time iso={fill.time} />
      </td>
      <td>
        <b>{fill.symbol}</b>
      </td>
      <td>
        <SideTag side={fill.side} />
      </td>
      <td class="num right">{lots(fill.lots)}</td>
      <td class="num right">{price(fill.price, digits)}</td>
      <td class={`num right ${tone}`}>{slippage === null ? NOTHING : points(slippage, digits)}</td>
      <td class="num right wide-only">{money(fill.slippageCost)}</td>
      <td class="dim roomy-only reason" title={fill.orderId}>
        {words(fill.purpose)}
      </td>
    </tr>
  );
}
