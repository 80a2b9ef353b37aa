// `tickforge orders`: orders of a running system, over its API.

import { Command, Option } from "commander";
import type { DeedMessage, PendingOrderMessage } from "../../edge/api/order-schemas.ts";
import type { OrderMessage } from "../../edge/api/schemas.ts";
import { countFlag, valueOrExit } from "./common.ts";
import { decimalFlag, type DeedFlags, keyed, levelFlag, levelOf, sideArgument, told } from "./deeds.ts";
import { ask, personOf, printTable, talking, type TalkFlags } from "./running.ts";

interface ListFlags extends TalkFlags {
  readonly pending: boolean;
  readonly limit: number;
}

interface PlaceFlags extends DeedFlags {
  readonly type: string;
  readonly price?: number;
  readonly limitPrice?: number;
  readonly stop: number;
  readonly target?: number;
  readonly timeInForce?: string;
  readonly until?: string;
  readonly group?: string;
  readonly comment?: string;
}

interface ModifyFlags extends DeedFlags {
  readonly price?: number;
  readonly limitPrice?: number;
  readonly stop?: number;
  readonly target?: number;
  readonly until?: string;
}

const left = (title: string) => ({ title, align: "left" }) as const;
const right = (title: string) => ({ title, align: "right" }) as const;
const STEP_TITLES = [
  left("time"),
  left("order"),
  left("symbol"),
  left("side"),
  right("lots"),
  right("price"),
  left("status"),
  left("reason"),
];

export function ordersCommand(): Command {
  return new Command("orders")
    .description("orders of a running system: list, place, modify, cancel")
    .addCommand(
      talking(
        new Command("list")
          .description("the newest steps of orders, or those that wait at the broker")
          .option("--pending", "only orders that wait", false)
          .option("--limit <count>", "steps", countFlag, 20),
      ).action(async (_: ListFlags, command: Command) => await list(command.optsWithGlobals<ListFlags>())),
    )
    .addCommand(
      keyed(
        new Command("place")
          .description("place an order; every control of entries decides on it")
          .argument("<side>", "buy or sell", sideArgument)
          .argument("<symbol>")
          .argument("<lots>", "", decimalFlag)
          .addOption(
            new Option("--type <type>", "kind of order")
              .choices(["market", "limit", "stop", "stop-limit"])
              .default("market"),
          )
          .option("--price <price>", "the limit, or what triggers a stop", decimalFlag)
          .option("--limit-price <price>", "of a stop-limit", decimalFlag)
          .requiredOption("--stop <price>", "stop loss", decimalFlag)
          .option("--target <price>", "take profit", decimalFlag)
          .addOption(
            new Option("--time-in-force <how>", "how long it waits").choices(["gtc", "day", "until"]),
          )
          .option("--until <time>", "ISO 8601")
          .option("--group <name>", "one cancels the other")
          .option("--comment <text>"),
      ).action(place),
    )
    .addCommand(
      keyed(
        new Command("modify")
          .description("change an order that waits; what is not named stays")
          .argument("<id>")
          .option("--price <price>", "the limit, or what triggers a stop", decimalFlag)
          .option("--limit-price <price>", "of a stop-limit", decimalFlag)
          .option("--stop <price>", "stop loss", decimalFlag)
          .option("--target <price>", 'take profit, or "none"', levelFlag)
          .option("--until <time>", "ISO 8601"),
      ).action(modify),
    )
    .addCommand(
      keyed(new Command("cancel").description("cancel an order that waits").argument("<id>")).action(cancel),
    );
}

async function list(flags: ListFlags): Promise<void> {
  if (flags.pending) {
    const { items } = valueOrExit(await ask<{ items: PendingOrderMessage[] }>(flags, "orders/pending"));
    if (flags.json) console.log(JSON.stringify(items));
    else printPending(items);
    return;
  }
  const { items } = valueOrExit(await ask<{ items: OrderMessage[] }>(flags, `orders?limit=${flags.limit}`));
  if (flags.json) {
    console.log(JSON.stringify(items));
    return;
  }
  printTable(
    STEP_TITLES,
    items.map((step) => [
      step.time,
      step.id,
      step.symbol,
      step.side,
      step.lots === 0 ? "" : String(step.lots),
      step.price === null ? "" : String(step.price),
      step.status === "" ? step.event : step.status,
      step.reason,
    ]),
  );
}

function printPending(items: readonly PendingOrderMessage[]): void {
  printTable(
    [
      left("order"),
      left("symbol"),
      left("side"),
      left("type"),
      right("lots"),
      right("price"),
      right("stop"),
      right("target"),
      left("waits"),
      left("state"),
    ],
    items.map((order) => [
      order.id,
      order.symbol,
      order.side,
      order.type,
      String(order.lots),
      `${order.price}${order.limitPrice === null ? "" : ` -> ${order.limitPrice}`}`,
      String(order.stopLoss ?? ""),
      String(order.takeProfit ?? ""),
      order.until ?? order.timeInForce,
      order.state,
    ]),
  );
}

async function place(
  side: string,
  symbol: string,
  lots: number,
  _: PlaceFlags,
  command: Command,
): Promise<void> {
  const flags = command.optsWithGlobals<PlaceFlags>();
  const { type, price, limitPrice, stop, target, timeInForce, until, group, comment } = flags;
  const body = {
    type,
    symbol,
    side,
    lots,
    price,
    limitPrice,
    stopLoss: stop,
    takeProfit: target,
    timeInForce: timeInForce ?? (until === undefined ? undefined : "until"),
    until,
    group,
    comment,
    by: personOf(flags),
  };
  told(flags, await ask<DeedMessage>(flags, "orders", { body, key: flags.key }));
}

async function modify(id: string, _: ModifyFlags, command: Command): Promise<void> {
  const flags = command.optsWithGlobals<ModifyFlags>();
  const { price, limitPrice, stop, target, until } = flags;
  const waits = until === undefined ? {} : { timeInForce: "until", until };
  const takeProfit = levelOf(target);
  const body = { price, limitPrice, stopLoss: stop, takeProfit, ...waits, by: personOf(flags) };
  const path = `orders/${encodeURIComponent(id)}`;
  told(flags, await ask<DeedMessage>(flags, path, { method: "PATCH", body, key: flags.key }));
}

async function cancel(id: string, _: DeedFlags, command: Command): Promise<void> {
  const flags = command.optsWithGlobals<DeedFlags>();
  const path = `orders/${encodeURIComponent(id)}`;
  const sent = { method: "DELETE", body: { by: personOf(flags) }, key: flags.key } as const;
  told(flags, await ask<DeedMessage>(flags, path, sent));
}
