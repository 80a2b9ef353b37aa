// A whole system whose account trades at a terminal with the Expert Advisor's own source: server, bridge and terminal, each of which can
// go and come back while the others stay.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AccountView } from "../../actors/account/account-view.ts";
import type { Command } from "../../actors/domain/records.ts";
import type { Bridge } from "../../edge/mt5/bridge.ts";
import { type EdgeRig, startEdge } from "../../scripts/edge-rig.ts";
import { eventually } from "../fixtures/eventually.ts";
import { openedBridge } from "../fixtures/mt5-rig.ts";
import { Harness } from "./harness.ts";

export const TAG = 77;
const ACCOUNT = "expert";
const SECOND = 1_000_000;

type TradeCommand = Extract<Command, { command: "trade" }>;

export class Traded {
  readonly data = mkdtempSync(join(tmpdir(), "tickforge-traded-"));
  readonly terminal = new Harness();
  readonly problems: string[] = [];
  #edge: EdgeRig | undefined;
  #bridge: { bridge: Bridge; stop: () => Promise<void> } | undefined;
  #code = "";
  #port = 0;
  #price = 1.1;

  get edge(): EdgeRig {
    if (this.#edge === undefined) throw new Error("the server does not run");
    return this.#edge;
  }

  get bridge(): Bridge {
    if (this.#bridge === undefined) throw new Error("the server does not run");
    return this.#bridge.bridge;
  }

  get isServing(): boolean {
    return this.#edge !== undefined;
  }

  /** The server, on the data of the one before. */
  async serve(): Promise<void> {
    const onProblem = (message: string): void => void this.problems.push(message);
    this.#edge = await startEdge({
      data: this.data,
      onProblem,
      account: { accountId: ACCOUNT, terminal: { intentTag: TAG }, reportTimeoutMicros: 3 * SECOND },
    });
    this.#bridge = openedBridge(this.#edge, {
      port: this.#port,
      onProblem,
      tuning: { heartbeatMs: 100, reconcileMs: 500 },
    });
    const { bridge } = this.#bridge;
    const { store } = bridge;
    store.addAccount(ACCOUNT);
    if (store.trading(ACCOUNT) === undefined) {
      store.setTrading(ACCOUNT, { intentTag: TAG, sinceMs: Date.now(), reconciledMs: Date.now() });
    }
    this.#port = Number(new URL(bridge.url).port);
    if (this.#code === "") this.#code = bridge.credentials.makeCode(ACCOUNT, {}).code;
  }

  async stopServing(): Promise<void> {
    await this.#bridge?.stop();
    await this.#edge?.stop();
    this.#bridge = undefined;
    this.#edge = undefined;
  }

  async startTerminal(inputs: Readonly<Record<string, string | number>> = {}): Promise<void> {
    await this.terminal.start({
      InpServer: this.bridge.url,
      InpCode: this.#code,
      InpSymbols: "EURUSD,GBPUSD",
      ...inputs,
    });
  }

  quote(price = this.#price): void {
    this.#price = price;
    this.terminal.tick("EURUSD", price, Number((price + 0.0002).toFixed(5)));
  }

  get account(): AccountView {
    const view = this.edge.station.live.engine.account?.view();
    if (view === undefined) throw new Error("the account is out of service");
    return view;
  }

  /** Fenced, reconciled and quoted: entries may go. */
  async ready(): Promise<void> {
    await eventually(() => {
      this.quote();
      return this.isReady && this.bridge.intake.totals.ticks > 1;
    });
  }

  get isReady(): boolean {
    const seats = this.bridge.orders?.pool.seats ?? [];
    return seats.length > 0 && seats.every(({ isReconciled }) => isReconciled);
  }

  command(command: Command): void {
    const { live, clock } = this.edge.station;
    live.command(command, clock.nowMicros());
  }

  /** An order by hand on the present quote, EURUSD. */
  trade(changes: Partial<TradeCommand> = {}): void {
    const { clock, live } = this.edge.station;
    this.quote();
    const instrument = live.engine.config.instruments.find(({ symbol }) => symbol === "EURUSD");
    const bidPoints = Math.round(this.#price * 1e5);
    live.command(
      {
        command: "trade",
        accountId: ACCOUNT,
        by: "tester",
        instrumentId: instrument?.id ?? -1,
        side: "BUY",
        volumeMicros: 100_000,
        bidPoints,
        askPoints: bidPoints + 20,
        stopPoints: 500,
        targetPoints: 0,
        expiresAtMicros: clock.nowMicros() + 10 * SECOND,
        ...changes,
      },
      clock.nowMicros(),
    );
  }

  async end(): Promise<void> {
    await this.terminal.close();
    await this.stopServing();
    rmSync(this.data, { recursive: true, force: true });
  }

  async discard(): Promise<void> {
    await this.terminal.discard();
    await this.stopServing();
    rmSync(this.data, { recursive: true, force: true });
  }
}
