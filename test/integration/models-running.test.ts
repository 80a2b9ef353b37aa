// The real program with trained models: another version is promoted while it runs, it is killed, started again and rolled back,
// and what it wrote replays to what it decided.

import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStation } from "../../edge/main.ts";
import { playTick, settleDurably } from "../../edge/play.ts";
import { parseSettings } from "../../edge/settings.ts";
import { freePort } from "../../scripts/running-system.ts";
import { FileModels } from "../../storage/models/registry.ts";
import { eventually } from "../fixtures/eventually.ts";
import { INSTRUMENTS, simulatedTicks } from "../fixtures/engine-rig.ts";
import { TREES, treesCard } from "../fixtures/models.ts";

const PROGRAM = join(import.meta.dir, "../../scripts/tickforge.ts");
const data = mkdtempSync(join(tmpdir(), "tickforge-models-running-"));
/** As many ticks as are sent. */
const config = join(data, "config.json");
writeFileSync(config, JSON.stringify({ http: { ticksPerSecond: 0 } }));
const children: Bun.Subprocess[] = [];
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(children.map(async (child) => await child.exited));
  rmSync(data, { recursive: true, force: true });
});

function tickforge(...args: string[]) {
  const child = Bun.spawn([process.execPath, PROGRAM, ...args, "--data", data], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, TICKFORGE_CONFIG: config, TICKFORGE_DATA: undefined },
  });
  children.push(child);
  return child;
}

async function said(...args: string[]): Promise<{ exitCode: number; stdout: string; stderr: string }> {
  const child = tickforge(...args);
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { exitCode: await child.exited, stdout, stderr };
}

const TICKS = simulatedTicks({ seed: 4, count: 9_000, ticksPerSecond: 1 });
/** Ticks of the market that are in the journal before the program starts: every feature is warm. */
const WARM = 5_000;
const BATCH = 20;

async function warm(): Promise<void> {
  const settings = parseSettings({ data, timeSeries: false }, {});
  if (!settings.ok) throw new Error(settings.message);
  const station = await openStation({ settings: settings.value, instruments: INSTRUMENTS, live: false });
  if (!station.ok) throw new Error(station.message);
  const { live, journal } = station.value;
  for (const tick of TICKS.slice(0, WARM)) await playTick(live, journal, tick, tick.sourceTimeMicros);
  await settleDurably(live, journal);
  await station.value.close();
}

interface Health {
  readonly ticks: number;
  readonly models: readonly { version: string }[];
}

/** How many of {@link TICKS} the program has acknowledged. */
let acknowledged = WARM;

class Running {
  readonly child: ReturnType<typeof tickforge>;
  readonly #url: string;

  constructor(port: number) {
    this.#url = `http://127.0.0.1:${port}/api`;
    const market = ["--market", "none", "--clock", "source"];
    this.child = tickforge("start", ...market, "--port", String(port), "--no-time-series", "--json");
  }

  /** Sends ticks on and on; resolves once some were taken in while `version` votes. */
  async votes(version: string): Promise<void> {
    await eventually(async () => {
      const before = await this.#version();
      if (before !== undefined) await this.#send();
      return before === version;
    });
  }

  async #version(): Promise<string | undefined> {
    const answer = await fetch(`${this.#url}/v1/health`).catch(() => undefined);
    return ((await answer?.json()) as Health | undefined)?.models[0]?.version;
  }

  async #send(): Promise<void> {
    const batch = TICKS.slice(acknowledged, acknowledged + BATCH).map(
      ({ instrumentId, bid, ask, sourceTimeMicros }) => ({
        symbol: INSTRUMENTS[instrumentId]?.symbol,
        bid,
        ask,
        time: new Date(sourceTimeMicros / 1_000).toISOString(),
      }),
    );
    const answer = await fetch(`${this.#url}/market`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(batch),
    });
    expect([answer.status, await answer.text()]).toEqual([200, expect.any(String) as never]);
    acknowledged += batch.length;
  }
}

describe("a running system", () => {
  test("takes another version without a restart, keeps it through a kill, and goes back", async () => {
    const registry = new FileModels(join(data, "models"), () => undefined);
    for (const version of ["1", "2"]) registry.register(TREES, treesCard(version), 1);
    registry.promote("lightgbm", { version: "1", by: "a test", atMicros: 1 });
    await warm();
    const first = new Running(await freePort());
    await first.votes("1");
    expect((await said("models", "promote", "lightgbm", "2")).exitCode).toBe(0);
    await first.votes("2");
    first.child.kill("SIGKILL");
    const firstSaid = await new Response(first.child.stderr).text();
    expect(firstSaid).toMatch(
      /members that vote: technical, .*; trained models: lightgbm 1 \([0-9a-f]{12}\)/,
    );
    expect(firstSaid).toMatch(/from record \d+ on, trained models that vote: lightgbm 2/);
    const second = new Running(await freePort());
    await second.votes("2");
    expect((await said("models", "rollback", "lightgbm")).exitCode).toBe(0);
    await second.votes("1");
    second.child.kill("SIGINT");
    const secondSaid = await new Response(second.child.stderr).text();
    expect([secondSaid, await second.child.exited]).toEqual([
      expect.stringContaining("trained models: lightgbm 2") as never,
      0,
    ]);
    const stopped = (await new Response(second.child.stdout).text()).trim().split("\n").at(-1) ?? "";
    const { decisionHash, symbols } = JSON.parse(stopped) as {
      decisionHash: string;
      symbols: Record<string, { ticks: number }>;
    };
    // Every tick was acknowledged before the next was sent, so there are no others.
    expect(Object.values(symbols).reduce((sum, { ticks }) => sum + ticks, 0)).toBe(acknowledged);
    const verified = await said("replay", "--verify", "--json");
    expect(JSON.parse(verified.stdout)).toMatchObject({
      sound: true,
      recorded: { identical: true, decisionHash },
    });
    const listed = await said("models", "list");
    expect(listed.stdout).toMatch(/lightgbm +1 +champion +lightgbm +up +any/);
  }, 120_000);
});
