// Backups that a running system makes of itself: by a timetable and when people ask, through the jobs of one process and of a
// server, and by the hourly chore while that server is away.

import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VirtualClock } from "../../actors/base/clock.ts";
import { type EdgeRig, startEdge } from "../../scripts/edge-rig.ts";
import { REDIS, startRedis } from "../../scripts/servers/redis-server.ts";
import { verifyBackup } from "../../storage/backup.ts";
import { backupMillis, backupName, backupsIn } from "../../storage/backup-folder.ts";
import { openBackups } from "../../storage/backups.ts";
import { describeWith } from "../fixtures/describe-with.ts";
import { eventually } from "../fixtures/eventually.ts";

const HOUR_MILLIS = 3_600_000;
const TICKS = Array.from({ length: 50 }, () => ({ symbol: "EURUSD", bid: 1.1, ask: 1.1001 }));
const root = mkdtempSync(join(tmpdir(), "tickforge-backups-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Asks for one, and waits until it is there and whole. */
async function ask(edge: EdgeRig, folder: string): Promise<string> {
  await edge.post("/api/market", TICKS);
  const asked = await edge.post("/api/v1/backups", {});
  expect(asked.status).toBe(202);
  const { name } = asked.body as { name: string };
  await eventually(() => backupsIn(folder).includes(name));
  const verified = await verifyBackup(join(folder, name));
  expect(verified).toMatchObject({ ok: true });
  return name;
}

test("names tell times, and nothing else is taken for a backup", () => {
  const millis = Date.UTC(2026, 1, 3, 4, 5, 6);
  expect(backupName(millis)).toBe("tickforge-2026-02-03T04-05-06Z");
  expect(backupMillis(backupName(millis))).toBe(millis);
  const folder = mkdtempSync(join(root, "names-"));
  for (const name of ["mine", backupName(millis), `${backupName(millis)}.partial`]) {
    mkdirSync(join(folder, name));
  }
  expect(backupsIn(folder)).toEqual([]);
  expect(backupsIn(join(folder, "nowhere"))).toEqual([]);
});

test("in one process: the first comes by itself, others when they are asked for; a start goes on", async () => {
  const folder = join(root, "own");
  const problems: string[] = [];
  const edge = await startEdge({ backups: folder, onProblem: (message) => problems.push(message) });
  const name = await ask(edge, folder);
  await eventually(() => backupsIn(folder).length > 0);
  const state = (await edge.ask("/api/v1/backups")).body as { items: object[]; failed: object[] };
  expect(state.items).toContainEqual({ name });
  expect(state.failed).toEqual([]);
  await edge.stop();
  expect(problems).toEqual([]);
  expect(readdirSync(folder).filter((each) => each.endsWith(".partial"))).toEqual([]);
}, 60_000);

test("without a folder none are made, and that is said", async () => {
  const edge = await startEdge();
  const { status, body } = await edge.post("/api/v1/backups", {});
  expect([status, (body as { code: string }).code]).toEqual([503, "no-backups"]);
  expect(existsSync(join(edge.data, "jobs"))).toBe(false);
  await edge.stop();
});

describe("the hourly chore", () => {
  test("makes what is overdue although the jobs' server is away, and lets the oldest go", async () => {
    const edge = await startEdge();
    await edge.post("/api/market", TICKS);
    const folder = join(root, "chore");
    const clock = new VirtualClock(Date.UTC(2026, 1, 3) * 1_000);
    const problems: string[] = [];
    const backups = openBackups({
      data: edge.data,
      folder,
      everyHours: 24,
      keep: 2,
      timeSeries: null,
      dragonflyUrl: "redis://127.0.0.1:1",
      clock,
      onProblem: (message) => problems.push(message),
    });
    const made: string[] = [];
    for (const hours of [0, 24, 2, 26, 26]) {
      clock.advance(hours * HOUR_MILLIS * 1_000);
      await backups?.makeOverdue();
      made.push(...backupsIn(folder).filter((name) => !made.includes(name)));
    }
    // At once, then a day and two hours after it: the first 24 hours are the jobs' own to keep.
    expect(made.map((name) => backupMillis(name) - Date.UTC(2026, 1, 3))).toEqual(
      [0, 26, 52, 78].map((hours) => hours * HOUR_MILLIS),
    );
    expect(backupsIn(folder)).toEqual(made.slice(-2).reverse());
    expect(problems.filter((problem) => problem.includes("was not made"))).toEqual([]);
    await backups?.close();
    await edge.stop();
  }, 60_000);
});

describeWith(REDIS, "with jobs on redis-server", () => {
  test("they are made; while it is away none can be asked for, and once it is back they can", async () => {
    const server = await startRedis();
    const folder = join(root, "server");
    const edge = await startEdge({ backups: folder, dragonfly: server.url });
    await eventually(async () => (await edge.ask("/api/v1/backups")).status === 200);
    await ask(edge, folder);
    await server.kill9();
    const { status, body } = await edge.post("/api/v1/backups", {});
    expect([status, (body as { code: string }).code]).toEqual([503, "jobs-unavailable"]);
    await server.restart();
    await eventually(async () => (await edge.ask("/api/v1/backups")).status === 200);
    await ask(edge, folder);
    await edge.stop();
    await server.stop();
  }, 90_000);
});
