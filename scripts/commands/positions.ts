// `tickforge positions`: open positions of a running system, over its API.

import { Command } from "commander";
import type { DeedMessage } from "../../edge/api/order-schemas.ts";
import type { PositionMessage } from "../../edge/api/schemas.ts";
import { valueOrExit } from "./common.ts";
import { decimalFlag, type DeedFlags, keyed, levelFlag, levelOf, told } from "./deeds.ts";
import { ask, personOf, printTable, talking, type TalkFlags } from "./running.ts";

interface CloseFlags extends DeedFlags {
  readonly lots?: number;
  readonly with?: string;
}

interface ModifyFlags extends DeedFlags {
  readonly stop?: number;
  readonly target?: number;
}

export function positionsCommand(): Command {
  return new Command("positions")
    .description("open positions of a running system: list, close, modify")
    .addCommand(
      talking(new Command("list").description("what is open, and what it has won")).action(
        async (_: TalkFlags, command: Command) => await list(command.optsWithGlobals<TalkFlags>()),
      ),
    )
    .addCommand(
      keyed(
        new Command("close")
          .description("close a position at the market")
          .argument("<id>")
          .option("--lots <lots>", "only so many of it", decimalFlag)
          .option("--with <id>", "by this opposite position"),
      ).action(close),
    )
    .addCommand(
      keyed(
        new Command("modify")
          .description("set stop and target; what is not named stays")
          .argument("<id>")
          .option("--stop <price>", 'stop loss, or "none"', levelFlag)
          .option("--target <price>", 'take profit, or "none"', levelFlag),
      ).action(modify),
    );
}

async function list(flags: TalkFlags): Promise<void> {
  const { items } = valueOrExit(await ask<{ items: PositionMessage[] }>(flags, "positions"));
  if (flags.json) {
    console.log(JSON.stringify(items));
    return;
  }
  printTable(
    [
      { title: "position", align: "left" },
      { title: "symbol", align: "left" },
      { title: "side", align: "left" },
      { title: "lots", align: "right" },
      { title: "open", align: "right" },
      { title: "now", align: "right" },
      { title: "stop", align: "right" },
      { title: "target", align: "right" },
      { title: "profit", align: "right" },
    ],
    items.map((position) => [
      position.ticket,
      position.symbol,
      position.type,
      String(position.lots),
      String(position.openPrice),
      String(position.currentPrice ?? ""),
      String(position.stopLoss ?? ""),
      String(position.takeProfit ?? ""),
      position.profit === null ? "" : position.profit.toFixed(2),
    ]),
  );
}

async function close(id: string, _: CloseFlags, command: Command): Promise<void> {
  const flags = command.optsWithGlobals<CloseFlags>();
  const by = personOf(flags);
  const path = `positions/${encodeURIComponent(id)}/${flags.with === undefined ? "close" : "close-by"}`;
  const body = flags.with === undefined ? { lots: flags.lots, by } : { with: flags.with, by };
  told(flags, await ask<DeedMessage>(flags, path, { body, key: flags.key }));
}

async function modify(id: string, _: ModifyFlags, command: Command): Promise<void> {
  const flags = command.optsWithGlobals<ModifyFlags>();
  const body = { stopLoss: levelOf(flags.stop), takeProfit: levelOf(flags.target), by: personOf(flags) };
  const path = `positions/${encodeURIComponent(id)}`;
  told(flags, await ask<DeedMessage>(flags, path, { method: "PATCH", body, key: flags.key }));
}
