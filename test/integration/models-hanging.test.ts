// The real program with models that pass their trial and never answer once they trade: it is ended, comes back by itself and goes on
// without them, and nothing that was acknowledged is lost.

import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEdge } from "../../scripts/edge-rig.ts";
import { freePort } from "../../scripts/running-system.ts";
import { FileModels } from "../../storage/models/registry.ts";
import { eventually } from "../fixtures/eventually.ts";
import { SNARE, SNARE_LIMIT, snareCard, TREES, treesCard } from "../fixtures/models.ts";

const PROGRAM = join(import.meta.dir, "../../scripts/tickforge.ts");
const root = mkdtempSync(join(tmpdir(), "tickforge-hanging-"));
const config = join(root, "config.json");
writeFileSync(config, JSON.stringify({ http: { ticksPerSecond: 0 } }));
const children: Bun.Subprocess[] = [];
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await Promise.all(children.map(async (child) => await child.exited));
  rmSync(root, { recursive: true, force: true });
});

/** Its output goes into files: two processes write it, one after the other. */
function tickforge(data: string, ...args: string[]) {
  const [out, err] = [`${data}-${children.length}.out`, `${data}-${children.length}.err`];
  const child = Bun.spawn([process.execPath, PROGRAM, ...args, "--data", data], {
    stdin: "ignore",
    stdout: Bun.file(out),
    stderr: Bun.file(err),
    env: { ...process.env, TICKFORGE_CONFIG: config, TICKFORGE_DATA: undefined },
  });
  children.push(child);
  return { child, out: () => readFileSync(out, "utf8"), err: () => readFileSync(err, "utf8") };
}

async function said(data: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const { child, out, err } = tickforge(data, ...args);
  const code = await child.exited;
  return { code, out: out(), err: err() };
}

/** The last line of a system that was stopped. */
function reportIn(out: string) {
  return JSON.parse(out.trim().split("\n").at(-1) ?? "") as {
    decisionHash: string;
    symbols: Record<string, { ticks: number }>;
  };
}

interface Health {
  readonly models: readonly { model: string; version: string }[];
}

async function health(port: number): Promise<Health> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/health`);
  return (await answer.json()) as Health;
}

const DAY = Date.UTC(2026, 0, 7, 9);
const POINT = 0.00001;
const NARROW = 2;
const ROUNDS = 30;

describe("a model that hangs at a quote", () => {
  test("costs its own vote: the version before stands in, and every acknowledged tick is there", async () => {
    const data = join(root, "version-before");
    const registry = new FileModels(join(data, "models"), () => undefined);
    registry.register(TREES, treesCard("1"), 1);
    registry.register(SNARE, snareCard("2"), 2);
    for (const version of ["1", "2"]) registry.promote("lightgbm", { version, by: "a test", atMicros: 1 });
    const port = await freePort();
    const market = ["start", "--market", "none", "--clock", "source", "--no-time-series"];
    const run = tickforge(data, ...market, "--port", String(port), "--json");
    let sent = 0;
    let acknowledged = 0;
    const send = async (points: number): Promise<boolean> => {
      const bid = 1.1 + (sent % 7) * POINT;
      const time = new Date(DAY + ++sent * 1_000).toISOString();
      const answer = await fetch(`http://127.0.0.1:${port}/api/market`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify([
          { symbol: "EURUSD", bid, ask: Number((bid + points * POINT).toFixed(5)), time },
        ]),
      }).catch(() => undefined);
      if (answer?.status === 200) acknowledged++;
      return answer?.status === 200;
    };
    const votes = async (version: string): Promise<void> =>
      await eventually(async () => (await health(port)).models.some((each) => each.version === version));

    await votes("2");
    for (let round = 0; round < ROUNDS; round++) expect(await send(NARROW)).toBe(true);
    expect(await send(SNARE_LIMIT + NARROW)).toBe(false);
    await votes("1");
    for (let round = 0; round < ROUNDS; round++) expect(await send(SNARE_LIMIT + NARROW)).toBe(true);
    const listed = await fetch(`http://127.0.0.1:${port}/api/v1/models`);
    expect(await listed.json()).toMatchObject({
      items: [
        {
          version: "2",
          status: "quarantined",
          quarantine: {
            reason: expect.stringMatching(/^its native call had not returned after \d+ ms$/) as never,
          },
        },
        { version: "1", status: "champion", quarantine: null },
      ],
    });
    run.child.kill("SIGINT");
    expect([run.err(), await run.child.exited]).toEqual([
      expect.stringMatching(
        /trained models: lightgbm 2[^]*model lightgbm 2 stopped the trading process: [^]*lightgbm 1, a champion before it, votes in its place[^]*trained models: lightgbm 1/,
      ) as never,
      0,
    ]);
    const { symbols, decisionHash } = reportIn(run.out());
    // The tick that it hung at was in the journal's buffer: it may be there, and was not acknowledged.
    expect([acknowledged, acknowledged + 1]).toContain(symbols["EURUSD"]?.ticks ?? 0);
    const verified = await said(data, "replay", "--verify", "--json");
    expect(JSON.parse(verified.out)).toMatchObject({
      sound: true,
      recorded: { identical: true, decisionHash },
    });

    // Nothing changes by itself: whoever starts it again has the same.
    const again = await said(data, ...market, "--port", String(port), "--json", "--seconds", "1");
    expect([again.code, again.err]).toEqual([
      0,
      expect.stringContaining("trained models: lightgbm 1 (") as never,
    ]);
    expect(again.err).toContain("lightgbm 2 does not vote: it is in quarantine since");
    registry.promote("lightgbm", { version: "2", by: "a test", atMicros: 2 });
    expect(registry.list().map(({ card, status }) => [card.version, status])).toEqual([
      ["2", "champion"],
      ["1", "shadow"],
    ]);
  }, 120_000);

  test("is absent where it has no version before, and the others decide on", async () => {
    const data = join(root, "no-version-before");
    const registry = new FileModels(join(data, "models"), () => undefined);
    registry.register(SNARE, snareCard("1", { model: "xgboost", member: "xgboost" }), 1);
    registry.promote("xgboost", { version: "1", by: "a test", atMicros: 1 });
    const port = await freePort();
    const run = tickforge(data, "start", "--no-time-series", "--port", String(port), "--json");
    const decides = async (since: number): Promise<boolean> => {
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1/signals?limit=1`);
      const { items } = (await answer.json()) as { items: { timestamp: string }[] };
      return Date.parse(items[0]?.timestamp ?? "") > since;
    };
    await eventually(async () => await Promise.resolve(run.err().includes("members that vote: technical")));
    await eventually(async () => await Promise.resolve(run.err().includes("started again")));
    const againMillis = Date.now();
    await eventually(async () => (await health(port)).models.length === 0);
    await eventually(async () => await decides(againMillis));
    run.child.kill("SIGTERM");
    expect(await run.child.exited).toBe(0);
    expect(run.err()).toContain("xgboost 1 does not vote: it is in quarantine since");
    expect(run.err()).toContain("so others vote without it");
  }, 120_000);
});

describe("a shadow that hangs", () => {
  test("costs what is stored a moment, and is not asked again", async () => {
    const problems: string[] = [];
    const registries: FileModels[] = [];
    const rig = await startEdge({
      keepsTimeSeries: true,
      clock: "source",
      onProblem: (message) => problems.push(message),
      before: (data) => {
        const registry = new FileModels(join(data, "models"), () => undefined);
        registry.register(SNARE, snareCard("1"), 1);
        registries.push(registry);
      },
    });
    const { journal, projector } = rig.station;
    let seconds = 0;
    const send = async (): Promise<void> => {
      // A shadow is asked when a minute is scored.
      seconds += 20;
      const time = new Date(DAY + seconds * 1_000).toISOString();
      const tick = { symbol: "EURUSD", bid: 1.1, ask: 1.1001, time };
      expect((await rig.post("/api/market", [tick])).status).toBe(200);
    };
    await eventually(async () => {
      await send();
      return registries[0]?.list()[0]?.status === "quarantined";
    });
    expect(problems.join()).toMatch(
      /model lightgbm 1 stopped the projector: its native call had not returned/,
    );
    await send();
    await eventually(async () => {
      const { appliedSeq, up } = projector?.statusOf("quality") ?? { appliedSeq: 0, up: false };
      return await Promise.resolve(up && appliedSeq >= journal.durableSeq);
    });
    expect(problems.join()).not.toContain("nobody notices");
    await rig.stop();
  }, 120_000);
});
