// A whole system whose account trades at a terminal with the Expert Advisor's own source: server, bridge and terminal, each of which can
// go and come back while the others stay.

import { bridgeView } from "../../edge/mt5/view.ts";
import { eventually } from "../fixtures/eventually.ts";
import { TradingServer } from "../fixtures/trading-server.ts";
import { Harness } from "./harness.ts";
import { inTurn } from "./rig.ts";

export class Traded extends TradingServer {
  readonly terminal = new Harness();

  async startTerminal(): Promise<void> {
    await this.terminal.start({
      InpServer: this.bridge.url,
      InpCode: this.code,
      InpSymbols: "EURUSD,GBPUSD",
    });
  }

  quote(bid = this.bid): void {
    this.bid = bid;
    this.terminal.tick("EURUSD", bid, Number((bid + 0.0002).toFixed(5)));
  }

  override trade(changes: Parameters<TradingServer["trade"]>[0] = {}): void {
    this.quote();
    super.trade(changes);
  }

  /** Entries may go. */
  async ready(): Promise<void> {
    await eventually(() => {
      this.quote();
      return this.isReady;
    });
  }

  async end(): Promise<void> {
    await this.terminal.close();
    await this.stopServing();
    this.removeData();
  }

  async discard(): Promise<void> {
    await this.terminal.discard();
    await this.stopServing();
    this.removeData();
  }
}

/** Runs `work` on a system that is ready to trade, takes it down afterwards, and says what it knew where it fails. */
export async function withTraded(work: (traded: Traded) => Promise<void>): Promise<void> {
  await inTurn(async () => {
    await onTraded(work);
  });
}

async function onTraded(work: (traded: Traded) => Promise<void>): Promise<void> {
  const traded = new Traded();
  try {
    await traded.serve();
    await traded.startTerminal();
    await traded.ready();
    await work(traded);
  } catch (error) {
    const state = traded.isServing
      ? { account: traded.account, view: bridgeView(traded.bridge).trading }
      : {};
    const said = JSON.stringify({ problems: traded.problems, ...state }).slice(0, 6_000);
    const words = await traded.terminal.lastWords();
    await traded.discard();
    throw new Error(`${words} ${said}`, { cause: error });
  }
  await traded.end();
}
