// The trading server killed outright while orders are on their way, again and again: the terminal has at most one order per intent, and
// the last server's books are the broker's.

import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { SeededRandom } from "../../actors/base/random.ts";
import { MadeBroker } from "../../scripts/mt5-broker.ts";
import { credentialOf, enrol } from "../../scripts/mt5-terminal.ts";
import { MadeTrader } from "../../scripts/mt5-trader.ts";

const TORTURE = process.env["TICKFORGE_TORTURE"] === "1";
const KILLS = TORTURE ? 100 : 4;
const SEED = 15;
/** From an order's command to the kill, at most: some come before it leaves, some after its fill. */
const WINDOW_MILLIS = 40;
const PATIENCE_MILLIS = 30_000;
const BROKER_AHEAD_MS = 7_200_000;

const stateSchema = z.object({
  isReady: z.boolean(),
  agrees: z.boolean(),
  entries: z.number(),
  positions: z.array(z.object({ positionId: z.string(), volumeMicros: z.number() })),
  liveOrders: z.array(z.object({ intentId: z.string(), state: z.string() })),
  balanceMicros: z.number(),
});
type State = z.infer<typeof stateSchema>;

class Child {
  readonly #process;
  readonly #lines: string[] = [];

  constructor(data: string, port: number) {
    this.#process = Bun.spawn(
      [process.execPath, join(import.meta.dir, "orders-child.ts"), data, String(port)],
      {
        stdin: "pipe",
        stdout: "pipe",
        stderr: "inherit",
      },
    );
    void this.#read();
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of this.#process.stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      this.#lines.push(...lines);
    }
  }

  say(line: string): void {
    void this.#process.stdin.write(`${line}\n`);
    void this.#process.stdin.flush();
  }

  async line(): Promise<unknown> {
    const deadline = performance.now() + PATIENCE_MILLIS;
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) return JSON.parse(line);
      if (performance.now() > deadline) throw new Error("the server says nothing");
      await Bun.sleep(5);
    }
  }

  async state(): Promise<State> {
    this.say("state");
    return stateSchema.parse(await this.line());
  }

  /** Until `reached`, or its patience is over. */
  async until(reached: (state: State) => boolean): Promise<State> {
    const deadline = performance.now() + PATIENCE_MILLIS;
    for (;;) {
      const state = await this.state();
      if (reached(state)) return state;
      if (performance.now() > deadline) throw new Error(`it did not come about: ${JSON.stringify(state)}`);
      await Bun.sleep(20);
    }
  }

  async kill(): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.exited;
  }
}

test(
  `${KILLS} kills of the server, seed ${SEED}`,
  async () => {
    const random = new SeededRandom(SEED);
    const data = mkdtempSync(join(tmpdir(), "tickforge-orders-kill-"));
    let child = new Child(data, 0);
    const { url, code } = z.object({ url: z.string(), code: z.string() }).parse(await child.line());
    const port = Number(new URL(url).port);
    const enrolled = await enrol(url, code);
    if ("refused" in enrolled) throw new Error(`${credentialOf(code).id}: ${enrolled.refused}`);
    const broker = new MadeBroker(() => Date.now() + BROKER_AHEAD_MS);
    const trader = new MadeTrader({ url, token: enrolled.token, broker });
    let isStarting = false;
    const beats = setInterval(() => {
      if (trader.isUp) {
        trader.quote();
        trader.look();
      } else if (!isStarting) {
        isStarting = true;
        void trader
          .start()
          .catch(() => false)
          .finally(() => {
            isStarting = false;
          });
      }
    }, 20);
    for (let kill = 0; kill < KILLS; kill++) {
      const { positions } = await child.until(({ isReady, agrees, liveOrders }) => {
        return isReady && agrees && liveOrders.length === 0;
      });
      child.say(positions.length === 0 ? `trade ${broker.bid}` : "flatten");
      await Bun.sleep(Math.floor(random.next() * WINDOW_MILLIS));
      await child.kill();
      child = new Child(data, port);
      await child.line();
    }
    const last = await child.until(({ isReady, agrees, liveOrders }) => {
      return isReady && agrees && liveOrders.length === 0;
    });
    for (const [intent, orders] of trader.orders) expect([intent, orders]).toEqual([intent, 1]);
    expect(last.positions.map(({ positionId }) => positionId)).toEqual([...broker.positions.keys()]);
    expect(last.balanceMicros / 1e6).toBeCloseTo(broker.balance, 6);
    console.log(
      `${KILLS} kills, ${trader.orders.size} orders at the broker, ${last.entries} entries decided`,
    );
    clearInterval(beats);
    trader.drop();
    await child.kill();
    rmSync(data, { recursive: true, force: true });
  },
  KILLS * 30_000,
);
