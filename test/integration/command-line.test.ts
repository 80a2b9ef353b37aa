// The command line as its users meet it: real processes, their exit codes and what they say.

import { afterAll, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "tickforge-cli-"));
const entry = join(import.meta.dir, "../../scripts/tickforge.ts");
/** Any port that is free: others may be running. */
const ENVIRONMENT = { ...process.env, TICKFORGE_PORT: "0" };

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function tickforge(args: readonly string[], environment: Record<string, string> = {}) {
  const run = Bun.spawnSync([process.execPath, entry, ...args], {
    cwd: folder,
    env: { ...ENVIRONMENT, ...environment },
  });
  return { code: run.exitCode, out: run.stdout.toString(), err: run.stderr.toString() };
}

test.each([
  ["an unknown command", ["nope"]],
  ["an unknown flag", ["start", "--nope"]],
  ["an argument too many", ["start", "extra"]],
  ["no whole number", ["start", "--seconds", "abc"]],
  ["a negative time", ["start", "--seconds=-5"]],
  ["an unknown preset", ["start", "--preset", "nope"]],
  ["no paths", ["replay"]],
  ["a bad speed", ["replay", "nowhere", "--speed", "fast"]],
  ["a missing configuration", ["start", "--config", "nowhere.json"]],
])("%s is wrong usage: exit code 2, nothing on stdout", (_, args) => {
  const run = tickforge(args);
  expect({ code: run.code, out: run.out }).toEqual({ code: 2, out: "" });
  expect(run.err).not.toBe("");
});

test("help is no failure", () => {
  expect(tickforge(["--help"]).code).toBe(0);
  expect(tickforge(["replay", "--help"]).code).toBe(0);
});

test.each([
  { args: ["journal", "verify"] },
  { args: ["journal", "stat"] },
  { args: ["journal", "tail"] },
  { args: ["replay", "--recorded"] },
])("$args says that there is no journal and creates nothing", ({ args }) => {
  const data = join(folder, "absent");
  const run = tickforge([...args, "--data", data]);
  expect({ code: run.code, out: run.out }).toEqual({ code: 1, out: "" });
  expect(run.err).toStartWith("no-journal:");
  expect(existsSync(data)).toBe(false);
});

test("a data path that is a file is refused by name", () => {
  const path = join(folder, "file");
  writeFileSync(path, "");
  const run = tickforge(["start", "--seconds", "1", "--data", path]);
  expect(run.code).toBe(1);
  expect(run.err).toContain(path);
});

test("start stops cleanly on SIGTERM, and its journal is intact", async () => {
  const data = join(folder, "stopped");
  const child = Bun.spawn([process.execPath, entry, "start", "--json", "--data", data], {
    stderr: "pipe",
    env: ENVIRONMENT,
  });
  const reader = child.stderr.getReader();
  expect(new TextDecoder().decode((await reader.read()).value)).toStartWith("running on");
  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
  for (const line of (await new Response(child.stdout).text()).trim().split("\n")) JSON.parse(line);
  expect(tickforge(["journal", "verify", "--data", data]).code).toBe(0);
}, 60_000);

test("other settings go on with the same journal; settings that its records contradict are refused by name", () => {
  const data = join(folder, "settings");
  expect(tickforge(["start", "--seconds", "1", "--data", data]).code).toBe(0);
  expect(tickforge(["start", "--seconds", "1", "--data", data, "--preset", "rules"]).code).toBe(0);
  const config = join(folder, "euros.json");
  writeFileSync(config, JSON.stringify({ account: { currency: "EUR" } }));
  const run = tickforge(["start", "--seconds", "1", "--data", data, "--config", config]);
  expect({ code: run.code, out: run.out }).toEqual({ code: 1, out: "" });
  expect(run.err).toContain("account.currency");
  const verified = tickforge(["replay", "--verify", "--json", "--data", data]);
  expect(JSON.parse(verified.out)).toMatchObject({
    sound: true,
    recorded: { identical: true, mode: "recorded" },
    recompute: { mode: "recompute" },
  });
  expect(tickforge(["replay", "--verify", "--data", data]).out).toContain("\nsound: ");
  const replayed = tickforge(["replay", "--recorded", "--json", "--data", data]);
  expect(JSON.parse(replayed.out)).toMatchObject({ identical: true });
}, 60_000);

test("a folder that took ticks from outside goes on with the simulated market, and back", async () => {
  const data = join(folder, "markets");
  const outside = ["start", "--no-time-series", "--market", "none", "--data", data];
  const child = Bun.spawn([process.execPath, entry, ...outside], { stderr: "pipe", env: ENVIRONMENT });
  const url = /http:\S+/.exec(new TextDecoder().decode((await child.stderr.getReader().read()).value))?.[0];
  const ticks = ["EURUSD", "EURGBP"].map((symbol) => ({ symbol, bid: 1.1, ask: 1.1001 }));
  const answer = await fetch(`${url}/api/market`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(ticks),
  });
  expect(answer.status).toBe(200);
  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
  for (const market of ["simulated", "none", "simulated"]) {
    const run = tickforge([
      "start",
      "--no-time-series",
      "--market",
      market,
      "--seconds",
      "2",
      "--data",
      data,
    ]);
    expect({ code: run.code, err: run.err }).toEqual({ code: 0, err: expect.stringContaining("running on") });
  }
  const replayed = tickforge(["replay", "--recorded", "--json", "--data", data]);
  expect(JSON.parse(replayed.out)).toMatchObject({ identical: true });
  // Each source goes on with its own numbers: nothing is missing.
  expect(tickforge(["journal", "stat", "--data", data]).out).not.toMatch(/^gap /m);
}, 60_000);

test("stores are listed, paused and told to begin anew beside a system that is stopped", () => {
  const data = join(folder, "projections");
  const list = (): unknown => {
    const [first = ""] = tickforge(["projections", "list", "--json", "--data", data]).out.split("\n");
    return JSON.parse(first);
  };
  expect(list()).toMatchObject({ id: "time-series", state: "not running", rebuilds: false });
  expect(tickforge(["projections", "pause", "time-series", "--data", data]).out).toContain("paused");
  expect(tickforge(["projections", "rebuild", "time-series", "--data", data]).code).toBe(0);
  expect(list()).toMatchObject({ state: "paused", rebuilds: true });
  expect(tickforge(["projections", "resume", "time-series", "--data", data]).code).toBe(0);
  expect(list()).toMatchObject({ state: "not running" });
  expect(tickforge(["projections", "pause", "nothing", "--data", data])).toMatchObject({ code: 2, out: "" });
}, 30_000);

test("a journal whose time this machine has not reached is not gone on with", async () => {
  const data = join(folder, "future");
  const outside = ["start", "--no-time-series", "--market", "none", "--data", data];
  const child = Bun.spawn([process.execPath, entry, ...outside, "--clock", "source"], {
    stderr: "pipe",
    env: ENVIRONMENT,
  });
  const url = /http:\S+/.exec(new TextDecoder().decode((await child.stderr.getReader().read()).value))?.[0];
  const time = new Date(Date.now() + 20 * 3_600_000).toISOString();
  await fetch(`${url}/api/market`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ symbol: "EURUSD", bid: 1.1, ask: 1.1001, time }),
  });
  child.kill("SIGTERM");
  expect(await child.exited).toBe(0);
  const run = tickforge([...outside, "--seconds", "1"]);
  expect(run.code).toBe(1);
  expect(run.err).toStartWith("clock-behind:");
}, 60_000);

function cardOf(version: string): string {
  return JSON.stringify({
    model: "lightgbm",
    version,
    trainedAt: "2026-01-05T00:00:00Z",
    member: "lightgbm",
    event: "up",
    symbols: ["EURUSD"],
    featureSchema: "0123456789abcdef",
    features: ["returns"],
    window: 1,
    inputs: [{ name: "features", shape: [null, 59] }],
    outputs: [{ name: "probability", shape: [null, 1] }],
    cadence: "tick",
    horizonMicros: 300_000_000,
    deadlineMicros: 2_000,
    voteLifeMicros: 60_000_000,
    acceptsMissing: true,
    expiresAfterMicros: null,
    details: { auc: 0.53 },
  });
}

test("models are registered, promoted, rolled back and shown; what is wrong with one is said", () => {
  const data = join(folder, "models");
  const model = join(folder, "model.onnx");
  const card = join(folder, "card.json");
  writeFileSync(model, "the bytes of a model");
  expect(tickforge(["models", "list", "--data", data]).out).toContain("rule members vote alone");
  for (const version of ["1", "2"]) {
    writeFileSync(card, cardOf(version));
    expect(tickforge(["models", "register", model, "--card", card, "--data", data]).code).toBe(0);
    expect(tickforge(["models", "promote", "lightgbm", version, "--by", "ann", "--data", data]).code).toBe(0);
  }
  expect(tickforge(["models", "rollback", "lightgbm", "--data", data]).out).toBe("lightgbm 1 votes again\n");
  expect(tickforge(["models", "retire", "lightgbm", "2", "--data", data]).code).toBe(0);
  const listed = tickforge(["models", "list", "--json", "--data", data]).out.trim().split("\n");
  expect(listed.map((line) => JSON.parse(line) as { status: string }).map(({ status }) => status)).toEqual([
    "retired",
    "champion",
  ]);
  expect(tickforge(["models", "card", "lightgbm", "1", "--data", data]).out).toContain('"auc": 0.53');
  writeFileSync(card, "{}");
  for (const [args, said] of [
    [["register", model, "--card", card], "card-invalid"],
    [["register", join(folder, "nothing.onnx"), "--card", card], "card-invalid"],
    [["register", model, "--card", join(folder, "no-card.json")], "card-unreadable"],
    [["promote", "lightgbm", "9"], "unknown-model"],
    [["retire", "lightgbm", "1"], "is-champion"],
    [["rollback", "lstm"], "no-earlier-champion"],
    [["card", "lstm", "1"], "unknown-model"],
  ] as const) {
    const run = tickforge(["models", ...args, "--data", data]);
    expect([args, run.code, run.err]).toEqual([args, 1, expect.stringContaining(said)]);
  }
}, 60_000);
