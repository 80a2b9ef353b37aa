// An account that trades at a terminal in TypeScript, order after order: how long each stage of an order takes.

import { DEFAULT_ACCOUNT_SETTINGS } from "../../actors/account/settings.ts";
import { Bridge } from "../../edge/mt5/bridge.ts";
import type { Stages } from "../../edge/mt5/orders/stages.ts";
import { openTerminals } from "../../storage/terminals/store.ts";
import { startEdge } from "../edge-rig.ts";
import { enrol } from "../mt5-terminal.ts";
import { MadeTrader } from "../mt5-trader.ts";

const ACCOUNT = "bench";
const QUOTE_MILLIS = 20;
const PATIENCE_MILLIS = 20_000;
const ENTRY_LIFE_MICROS = 5_000_000;
/** A hundredth of a lot: losses of thousands of orders stay small. */
const VOLUME_MICROS = 10_000;

export interface OrderRig {
  readonly stages: Stages;
  /** Goes in and out again so many times. */
  run(rounds: number): Promise<void>;
  stop(): Promise<void>;
}

async function until(reached: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MILLIS;
  while (!reached()) {
    if (performance.now() > deadline) throw new Error("an order did not come about");
    await Bun.sleep(1);
  }
}

/** @param timerMs how often the terminal reads its socket; left out, at once */
export async function openOrders(timerMs?: number): Promise<OrderRig> {
  const { risk: _risk, ...account } = DEFAULT_ACCOUNT_SETTINGS;
  const rig = await startEdge({
    account: { ...account, risk: undefined, accountId: ACCOUNT, terminal: { intentTag: 1 } },
  });
  const opened = openTerminals({ data: rig.data, keyHex: undefined });
  if (!opened.ok) throw new Error(opened.message);
  const store = opened.value;
  const onProblem = (message: string): void => console.error(message);
  const listening = { host: "127.0.0.1", port: 0, tls: undefined, symbols: [] };
  const bridge = new Bridge({ station: rig.station, store, onProblem, ...listening }).listen();
  if (!bridge.ok || bridge.value.orders === undefined) throw new Error("no bridge that trades");
  const { orders } = bridge.value;
  const enrolled = await enrol(bridge.value.url, bridge.value.credentials.makeCode(ACCOUNT, {}).code);
  if ("refused" in enrolled) throw new Error(enrolled.refused);
  const trader = new MadeTrader({
    url: bridge.value.url,
    token: enrolled.token,
    ...(timerMs === undefined ? {} : { timerMs }),
  });
  await trader.start();
  const quotes = setInterval(() => trader.quote(), QUOTE_MILLIS);
  const { live, clock } = rig.station;
  const actor = live.engine.account;
  const instrumentId = live.engine.config.instruments.findIndex(({ symbol }) => symbol === "EURUSD");
  await until(() => trader.mayTrade && bridge.value.intake.totals.ticks > 1);
  const positions = (): number => actor?.view().positions.length ?? 0;
  const command = (what: Parameters<typeof live.command>[0]): void => live.command(what, clock.nowMicros());
  const trade = (): void => {
    const bidPoints = Math.round(trader.broker.bid * 1e5);
    command({
      command: "trade",
      accountId: ACCOUNT,
      by: "bench",
      instrumentId,
      side: "BUY",
      volumeMicros: VOLUME_MICROS,
      bidPoints,
      askPoints: bidPoints + 20,
      stopPoints: 500,
      targetPoints: 0,
      expiresAtMicros: clock.nowMicros() + ENTRY_LIFE_MICROS,
    });
  };
  return {
    stages: orders.stages,
    run: async (rounds) => {
      for (let round = 0; round < rounds; round++) {
        command({ command: "resume-entries", accountId: ACCOUNT, by: "bench" });
        trade();
        await until(() => positions() === 1);
        command({ command: "flatten", accountId: ACCOUNT, by: "bench" });
        await until(() => positions() === 0);
      }
    },
    stop: async () => {
      clearInterval(quotes);
      trader.drop();
      await bridge.value.stop();
      store.close();
      await rig.stop();
    },
  };
}
