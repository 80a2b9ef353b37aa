// Orders under seeded faults: a terminal that crashes at each step, answers that never come, fills that nobody tells of, partial ones,
// connections that break, a server that is started anew. Each intent makes at most one order at the broker; in the end our books are the
// broker's to the cent, and whatever is still unknown waits for a person. `bun run torture orders` runs many seeds and prints them.

import { SQL } from "bun";
import { expect, test } from "bun:test";
import { join } from "node:path";
import { SeededRandom } from "../../actors/base/random.ts";
import { magicOfIntent } from "../../actors/domain/intent-name.ts";
import { type Mishap, MadeTrader, STEPS } from "../../scripts/mt5-trader.ts";
import { MadeBroker } from "../../scripts/mt5-broker.ts";
import { replayRecorded } from "../../scripts/commands/replay-recorded.ts";
import { parseSettings } from "../../edge/settings.ts";
import { openLedger } from "../../storage/sql/ledger.ts";
import { eventually } from "../fixtures/eventually.ts";
import { tokenOf } from "../fixtures/mt5-rig.ts";
import { ACCOUNT, TradingServer } from "../fixtures/trading-server.ts";

const TORTURE = process.env["TICKFORGE_TORTURE"] === "1";
const SEEDS = TORTURE ? 100 : 3;
/** They mostly wait. */
const AT_ONCE = TORTURE ? 10 : 3;
const FIRST_SEED = 1_801;
const ROUNDS = TORTURE ? 8 : 4;
const BROKER_AHEAD_MS = 7_200_000;
const SECOND = 1_000_000;
/** Of orders, in the ledger. */
const ENDS = new Set(["filled", "cancelled", "rejected", "done"]);

interface Tally {
  readonly scenarios: Map<string, number>;
  orders: number;
  unknown: number;
}

/** An exit may fail a few times, and waits longer each time. */
async function patiently(reached: () => boolean): Promise<void> {
  const deadline = performance.now() + 90_000;
  while (!reached()) {
    if (performance.now() > deadline) throw new Error("it did not come about");
    await Bun.sleep(20);
  }
}

class Run {
  readonly server = new TradingServer({ account: { reportTimeoutMicros: SECOND } });
  readonly broker = new MadeBroker(() => Date.now() + BROKER_AHEAD_MS);
  readonly random: SeededRandom;
  readonly tally: Tally;
  isCalm = false;
  #trader: MadeTrader | undefined;
  #beats: ReturnType<typeof setInterval> | undefined;
  #isStarting = false;

  constructor(seed: number, tally: Tally) {
    this.random = new SeededRandom(seed);
    this.tally = tally;
  }

  get trader(): MadeTrader {
    if (this.#trader === undefined) throw new Error("there is no terminal");
    return this.#trader;
  }

  async begin(): Promise<void> {
    await this.server.serve();
    const token = await tokenOf(this.server.bridge, this.server.code);
    this.#trader = new MadeTrader({
      url: this.server.bridge.url,
      token,
      broker: this.broker,
      mishap: (command) => this.#mishap(command),
      tells: () => this.isCalm || this.random.next() < 0.5,
    });
    // Like a terminal's timer: quotes, a look at the books now and then, and a new connection when there is none.
    this.#beats = setInterval(() => void this.#beat(), 20);
    await this.ready();
  }

  async ready(): Promise<void> {
    await eventually(() => this.server.isServing && this.server.isReady && this.trader.mayTrade);
  }

  /** One order, in or out, and whatever goes wrong beside it. */
  async round(): Promise<void> {
    const { server, random } = this;
    this.broker.bid = Number((1.1 + (random.next() - 0.5) / 500).toFixed(5));
    server.bid = this.broker.bid;
    this.trader.quote();
    await Bun.sleep(30);
    if (!server.isServing) await server.serve();
    await this.ready();
    const isOpen = server.account.positions.length > 0;
    const decided = this.#decided();
    if (isOpen) server.command({ command: "flatten", accountId: ACCOUNT, by: "tester" });
    else {
      server.command({ command: "resume-entries", accountId: ACCOUNT, by: "tester" });
      server.trade({ side: random.next() < 0.5 ? "BUY" : "SELL", volumeMicros: 50_000 });
      await eventually(() => this.#decided() > decided);
    }
    const luck = random.next();
    if (luck < 0.15) this.#note("connection broken", () => this.trader.drop());
    else if (luck < 0.3) {
      await Bun.sleep(Math.floor(random.next() * 10));
      this.#note("server started anew", () => undefined);
      await server.stopServing();
      await server.serve();
    } else if (luck < 0.4 && isOpen) this.#closeByHand();
    await Bun.sleep(Math.floor(random.next() * 60));
    await this.#settle(isOpen);
  }

  /** Nothing goes wrong any more: all is told, all is proved. */
  async end(): Promise<void> {
    this.isCalm = true;
    await this.ready();
    await this.#settle(false);
    const { server } = this;
    await eventually(() => {
      this.trader.look();
      const { reconciliation, liveOrders } = server.account;
      const isKnown = liveOrders.every(({ state }) => state === "unknown");
      return (
        isKnown &&
        this.broker.deals.every(({ ticket }) => server.actor.hasBooked(ticket)) &&
        reconciliation !== null
      );
    });
    this.tally.unknown += server.account.liveOrders.length;
  }

  async stop(): Promise<void> {
    clearInterval(this.#beats);
    this.trader.drop();
    await this.server.stopServing();
    this.server.removeData();
  }

  violations(): string[] {
    const { server, broker, trader } = this;
    const found: string[] = [];
    for (const [intent, orders] of trader.orders)
      if (orders > 1) found.push(`${intent} made ${orders} orders`);
    const ours = server.account.positions.map(
      (each) => `${each.positionId} ${each.side} ${each.volumeMicros}`,
    );
    const theirs = this.#brokerPositions();
    if (ours.sort().join() !== theirs.join()) found.push(`positions ${ours.join()} for ${theirs.join()}`);
    const balance = server.account.balanceMicros / 1e6;
    if (Math.abs(balance - broker.balance) > 1e-6) found.push(`balance ${balance} for ${broker.balance}`);
    return found;
  }

  /** What the ledger has that the broker has not, or the other way round, once the server has stopped. */
  async ledgerViolations(unknown: readonly string[]): Promise<string[]> {
    const found: string[] = [];
    const url = `sqlite://${join(this.server.data, "ledger.db")}`;
    const ledger = await openLedger(url);
    if (!ledger.ok) return [ledger.message];
    const orders = await ledger.value.orders(ACCOUNT);
    const positions = await ledger.value.positions(ACCOUNT);
    await ledger.value.close();
    for (const { intentId, state, filledMicros } of orders) {
      const isOver = ENDS.has(state);
      if (!isOver && !unknown.includes(intentId)) found.push(`the ledger has ${intentId} as ${state}`);
      const soldMicros = this.broker.deals
        .filter(({ magic }) => magic === magicOfIntent(intentId))
        .reduce((sum, { volumeLots }) => sum + Math.round(volumeLots * 1e6), 0);
      if (soldMicros !== filledMicros)
        found.push(`the ledger has ${filledMicros} of ${intentId} filled, the broker ${soldMicros}`);
    }
    const ours = positions.map((each) => `${each.positionId} ${each.side} ${each.volumeMicros}`);
    const theirs = this.#brokerPositions();
    if (ours.sort().join() !== theirs.join())
      found.push(`the ledger has the positions ${ours.join()} for ${theirs.join()}`);
    const sql = new SQL(url);
    const deals: { deal_id: string }[] = await sql`SELECT deal_id FROM deals`;
    await sql.close();
    const told = deals.map(({ deal_id: ticket }) => ticket).sort();
    const made = this.broker.deals.map(({ ticket }) => ticket).sort();
    if (told.join() !== made.join()) found.push(`the ledger has the deals ${told.join()} for ${made.join()}`);
    return found;
  }

  #brokerPositions(): string[] {
    return [...this.broker.positions.values()]
      .map(
        ({ ticket, side, volumeLots }) => `${ticket} ${side.toUpperCase()} ${Math.round(volumeLots * 1e6)}`,
      )
      .sort();
  }

  /** Until what was asked for is done, or waits for a person: who then looks, and lets the symbol go. */
  async #settle(wantsOut: boolean): Promise<void> {
    const { server } = this;
    await patiently(() => {
      const { positions, liveOrders } = server.account;
      const [order] = liveOrders;
      // A person looks at the broker's books before: what was carried out is proved by them.
      if (order?.state === "unknown" && this.#isStuck(order.intentId)) {
        this.#note("decided by a person", () => {
          const { instrumentId } = server;
          server.command({ command: "release-symbol", instrumentId, by: "tester" });
        });
      }
      return liveOrders.length === 0 && (!wantsOut || positions.length === 0);
    });
  }

  /** Orders by hand that became intents, or were refused. */
  #decided(): number {
    const { entries, refusals } = this.server.account;
    return Object.values(refusals).reduce((sum, count) => sum + count, entries);
  }

  #isStuck(intentId: string): boolean {
    return this.trader.disk.intents.get(intentId)?.state === "unknown" && !this.trader.orders.has(intentId);
  }

  #mishap(command: "order" | "close"): Mishap {
    this.tally.orders++;
    // An exit that failed is tried again ever more slowly: most of them go well.
    if (this.isCalm || (command === "close" && this.random.next() < 0.6)) return {};
    const luck = this.random.next();
    if (luck < 0.3) {
      const step = STEPS[Math.floor(this.random.next() * STEPS.length)] ?? "after-claim";
      return this.#note(`crash ${step}`, () => ({ crashAt: step }));
    }
    if (luck < 0.4) return this.#note("timeout, carried out", () => ({ timeout: "executed" }));
    if (luck < 0.45) return this.#note("timeout, not carried out", () => ({ timeout: "not-executed" }));
    if (luck < 0.55) return this.#note("rejected", () => ({ retcode: 10_006 }));
    if (luck < 0.65) return this.#note("filled in part", () => ({ fills: 0.02 }));
    return this.#note("nothing", () => ({}));
  }

  #note<T>(what: string, act: () => T): T {
    this.tally.scenarios.set(what, (this.tally.scenarios.get(what) ?? 0) + 1);
    return act();
  }

  #closeByHand(): void {
    const [position] = this.broker.positions.values();
    if (position === undefined) return;
    const { ticket, symbol, volumeLots } = position;
    const side = position.side === "buy" ? "sell" : "buy";
    this.#note("closed by hand", () =>
      this.broker.trade({ symbol, side, volumeLots, magic: "0", position: ticket, reason: "person" }),
    );
  }

  async #beat(): Promise<void> {
    const trader = this.#trader;
    if (trader === undefined || this.#isStarting) return;
    if (trader.isUp) {
      trader.quote();
      if (this.random.next() < 0.2) trader.look();
      return;
    }
    this.#isStarting = true;
    await trader.start().catch(() => false);
    this.#isStarting = false;
  }
}

async function runSeed(seed: number, tally: Tally): Promise<string[]> {
  const run = new Run(seed, tally);
  try {
    await run.begin();
    for (let round = 0; round < ROUNDS; round++) await run.round();
    await run.end();
    const found = run.violations();
    const unknown = run.server.account.liveOrders.map(({ intentId }) => intentId);
    await run.server.stopServing();
    found.push(...(await run.ledgerViolations(unknown)));
    // Every decision follows from the journal, whatever the terminal said and however often the server was started.
    const settings = parseSettings({ data: run.server.data }, {});
    const replayed = settings.ok ? replayRecorded(settings.value, "recorded") : settings;
    if (!replayed.ok) found.push(replayed.message);
    else if (!replayed.value.identical)
      found.push(`replay: ${JSON.stringify(replayed.value.report.examples)}`);
    return found.map((what) => `seed ${seed}: ${what}`);
  } catch (error) {
    const account = run.server.isServing ? run.server.account : {};
    const said = JSON.stringify({ problems: run.server.problems.slice(-5), account }).slice(0, 5_000);
    throw new Error(`seed ${seed}: ${said}`, { cause: error });
  } finally {
    await run.stop();
  }
}

test(
  `${SEEDS} seeds from ${FIRST_SEED}: one order per intent at most, books that agree`,
  async () => {
    const tally: Tally = { scenarios: new Map(), orders: 0, unknown: 0 };
    const violations: string[] = [];
    const last = FIRST_SEED + SEEDS - 1;
    for (let seed = FIRST_SEED; seed <= last; seed += AT_ONCE) {
      const count = Math.min(AT_ONCE, last - seed + 1);
      const runs = Array.from({ length: count }, async (_, index) => await runSeed(seed + index, tally));
      violations.push(...(await Promise.all(runs)).flat());
    }
    const scenarios = [...tally.scenarios].map(([what, count]) => `${what} ${count}`).sort();
    console.log(
      `orders: seeds ${FIRST_SEED} to ${last}, ${tally.orders} commands; ${scenarios.join(", ")}; ` +
        `${tally.unknown} unknown at the end, ${violations.length} violations`,
    );
    expect(violations).toEqual([]);
  },
  SEEDS * 60_000,
);
