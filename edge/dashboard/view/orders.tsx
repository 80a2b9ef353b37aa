// Orders, newest first, each with the steps of its life.

import type { VNode } from "preact";
import { lots, NOTHING, price, reasonParts, words } from "../app/format.ts";
import type { OrderMessage } from "../../api/schemas.ts";
import type { Order } from "../app/lists.ts";
import { isFill } from "../app/markers.ts";
import type { Store } from "../app/store.ts";
import { Empty, SideTag, Skeleton, Time, Trouble } from "./bits.tsx";
import { usePage } from "./context.ts";

export function Orders(): VNode {
  const { store } = usePage();
  const { isLoaded, trouble } = store.part("orders").value;
  const all = store.orders.value;
  const areRefusalsShown = store.areRefusalsShown.value;
  const orders = areRefusalsShown ? all : all.filter((order) => !isRefusal(order));
  return (
    <div class="desk-body scroll">
      {trouble === "" ? "" : <Trouble text={trouble} />}
      {all.some(isRefusal) ? <RefusalSwitch count={all.filter(isRefusal).length} /> : ""}
      {isLoaded || trouble !== "" || all.length > 0 ? "" : <Skeleton rows={5} />}
      {isLoaded && orders.length === 0 ? (
        <Empty icon="orders" title="No order yet">
          An order follows a tradable signal once every risk check has passed.
        </Empty>
      ) : (
        ""
      )}
      {orders.length === 0 ? (
        ""
      ) : (
        <table class="rows orders">
          <thead>
            <tr>
              <th scope="col">Time</th>
              <th scope="col">Symbol</th>
              <th scope="col">Side</th>
              <th scope="col" class="roomy-only">
                Purpose
              </th>
              <th scope="col" class="right">
                Lots
              </th>
              <th scope="col" class="right">
                Price
              </th>
              <th scope="col">Status</th>
              <th scope="col" class="wide-only">
                Reason
              </th>
            </tr>
          </thead>
          <tbody>
            {orders.map((order) => (
              <OrderRow key={order.id} order={order} />
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

/** Risk refuses far more than it lets through: what was ordered is not to drown in it. */
function RefusalSwitch({ count }: { count: number }): VNode {
  const { store } = usePage();
  return (
    <label class="check refusals">
      <input
        type="checkbox"
        checked={store.areRefusalsShown.value}
        onChange={(event) => (store.areRefusalsShown.value = event.currentTarget.checked)}
      />
      <span>
        show <span class="num">{count}</span> refused by risk
      </span>
    </label>
  );
}

function isRefusal(order: Order): boolean {
  return order.steps[0]?.event === "refusal";
}

/** What was wanted: a refusal names no side, the signal behind it does. */
function sideOf(store: Store, step: OrderMessage): string {
  if (step.side !== "" || step.signalId === null) return step.side;
  return store.signals.value.find(({ id }) => id === step.signalId)?.prediction ?? "";
}

/** The reason's code without where it came from: "signal:trend:-1.00" is read as "trend -1.00". */
function shortReason(step: OrderMessage, reason: string): string {
  if (step.event === "refusal" && step.status !== "") return words(step.status);
  const { name, value } = reasonParts(reason.replace(/^signal:/, ""));
  return `${name} ${value}`.trim();
}

function OrderRow({ order }: { order: Order }): VNode | null {
  const { store, select } = usePage();
  const first = order.steps[0];
  const last = order.steps.at(-1);
  if (first === undefined || last === undefined) return null;
  const priced = order.steps.findLast((step) => step.price !== null);
  const { text, tone } = statusOf(order);
  const reason = last.reason || first.reason;
  const side = sideOf(store, first);
  return (
    <tr>
      <td class="num dim">
        <Time iso={first.time} />
      </td>
      <td>
        <button
          type="button"
          class="button-text"
          onClick={() => select(first.symbol)}
          title="Show in the chart"
        >
          <b>{first.symbol}</b>
        </button>
      </td>
      <td>{side === "" ? <span class="dim">{NOTHING}</span> : <SideTag side={side} />}</td>
      <td class="dim roomy-only">{first.purpose === "" ? NOTHING : first.purpose}</td>
      <td class="num right">{first.lots > 0 ? lots(first.lots) : NOTHING}</td>
      <td class="num right">{price(priced?.price ?? null, store.digitsOf(first.symbol))}</td>
      <td title={order.steps.map((step) => `${words(step.event)} ${step.status}`.trim()).join(" → ")}>
        <span class={`status ${tone}`}>{text}</span>
      </td>
      <td class="dim wide-only reason" title={reason}>
        {shortReason(last, reason)}
      </td>
    </tr>
  );
}

/** What became of an order, in a word and a tone. */
export function statusOf(order: Order): { text: string; tone: string } {
  const last = order.steps.at(-1);
  if (last === undefined) return { text: "", tone: "" };
  if (last.event === "refusal") return { text: "refused", tone: "is-warn" };
  if (last.event !== "execution") return { text: last.event, tone: "is-pending" };
  const filled = order.steps.findLast(isFill);
  if (filled !== undefined) return { text: words(filled.status), tone: "is-good" };
  return {
    text: words(last.status),
    tone: /reject|cancel|expire|unknown/i.test(last.status) ? "is-bad" : "is-pending",
  };
}
