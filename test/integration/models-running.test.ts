// The real program with trained models: another version is promoted while it runs, it is killed, started again and rolled back,
// and what it wrote replays to what it decided.

import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
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
    env: { ...process.env, TICKFORGE_CONFIG: undefined, TICKFORGE_DATA: undefined },
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

/** A journal in which every feature is warm. */
async function warm(): Promise<void> {
  const settings = parseSettings({ data, timeSeries: false }, {});
  if (!settings.ok) throw new Error(settings.message);
  const station = await openStation({ settings: settings.value, instruments: INSTRUMENTS, live: false });
  if (!station.ok) throw new Error(station.message);
  const { live, journal } = station.value;
  for (const tick of simulatedTicks({ seed: 4, count: 5_000, ticksPerSecond: 1 })) {
    await playTick(live, journal, tick, tick.sourceTimeMicros);
  }
  await settleDurably(live, journal);
  await station.value.close();
}

interface Health {
  readonly ticks: number;
  readonly models: readonly { model: string; version: string; sha256: string }[];
}

class Running {
  readonly child: ReturnType<typeof tickforge>;
  readonly #port: number;

  constructor(port: number) {
    this.#port = port;
    this.child = tickforge("start", "--port", String(port), "--no-time-series", "--json");
  }

  async health(): Promise<Health | undefined> {
    const answer = await fetch(`http://127.0.0.1:${this.#port}/api/v1/health`).catch(() => undefined);
    return (await answer?.json()) as Health | undefined;
  }

  /** Resolves once `version` votes and ticks came in since. */
  async votes(version: string): Promise<void> {
    await eventually(async () => (await this.health())?.models[0]?.version === version);
    const before = (await this.health())?.ticks ?? 0;
    await eventually(async () => ((await this.health())?.ticks ?? 0) > before + 20);
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
    console.log(secondSaid);
    expect([secondSaid, await second.child.exited]).toEqual([
      expect.stringContaining("trained models: lightgbm 2") as never,
      0,
    ]);
    const stopped = (await new Response(second.child.stdout).text()).trim().split("\n").at(-1) ?? "";
    const { decisionHash } = JSON.parse(stopped) as { decisionHash: string };
    const verified = await said("replay", "--verify", "--json");
    expect(JSON.parse(verified.stdout)).toMatchObject({
      sound: true,
      recorded: { identical: true, decisionHash },
    });
    const listed = await said("models", "list");
    expect(listed.stdout).toMatch(/lightgbm +1 +champion +lightgbm +up +any/);
  }, 120_000);
});
