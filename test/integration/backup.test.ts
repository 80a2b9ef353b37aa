// A copy of a folder that was made while its system took ticks is a whole folder: it opens, replays to the same decisions,
// has the same books and the same history. A copy that was touched is not restored.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LedgerOrder } from "../../actors/ports/ledger.ts";
import { openStation } from "../../edge/main.ts";
import { playTick } from "../../edge/play.ts";
import { parseSettings } from "../../edge/settings.ts";
import { replayRecorded } from "../../scripts/commands/replay-recorded.ts";
import { type EdgeRig, startEdge } from "../../scripts/edge-rig.ts";
import { createBackup, restoreBackup, verifyBackup } from "../../storage/backup.ts";
import { openHistory } from "../../storage/open-history.ts";
import { ledgerProjection } from "../../storage/projections/ledger.ts";
import { openLedger } from "../../storage/sql/ledger.ts";
import { INSTRUMENTS, simulatedTicks } from "../fixtures/engine-rig.ts";

const ACCOUNT = "paper";
const EMBEDDED = { username: "default", password: "", database: "tickforge", onProblem: () => undefined };
const SECRET = "a secret that is written nowhere";
const folder = mkdtempSync(join(tmpdir(), "tickforge-backup-"));
const backup = join(folder, "copy");
const ticks = simulatedTicks({ seed: 12, count: 20_000, ticksPerSecond: 4 });
let rig: EdgeRig;
let ordersThen: readonly LedgerOrder[];

beforeAll(async () => {
  rig = await startEdge({ keepsTimeSeries: true, clock: "source", server: { token: SECRET } });
  const { station } = rig;
  for (const tick of ticks.slice(0, 15_000))
    await playTick(station.live, station.journal, tick, tick.sourceTimeMicros);
  // The rest comes in while the copy is made.
  const playing = (async () => {
    for (const [index, tick] of ticks.slice(15_000).entries()) {
      await playTick(station.live, station.journal, tick, tick.sourceTimeMicros);
      if (index % 20 === 0) await Bun.sleep(1);
    }
  })();
  const history = await openHistory({ ...EMBEDDED, directory: join(rig.data, "time-series") });
  if (!history.ok) throw new Error(history.message);
  const made = await createBackup({ data: rig.data, target: backup, history: history.value });
  await history.value.close();
  await playing;
  if (!made.ok) throw new Error(made.message);
  await station.projection.catchUp();
  ordersThen = (await station.ledger.orders(ACCOUNT)).filter(
    ({ intentSeq }) => intentSeq <= made.value.lastSeq,
  );
}, 120_000);

afterAll(async () => {
  await rig.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function restore(data: string, from = backup) {
  const opened: { close(): Promise<void> }[] = [];
  const restored = await restoreBackup({
    backup: from,
    data,
    openHistory: async () => {
      const history = await openHistory({ ...EMBEDDED, directory: join(data, "time-series") });
      if (!history.ok) throw new Error(history.message);
      opened.push(history.value);
      return history.value;
    },
  });
  for (const history of opened) await history.close();
  return restored;
}

describe("a backup under load", () => {
  test("is whole, and holds no secret", async () => {
    const verified = await verifyBackup(backup);
    expect(verified.ok).toBe(true);
    expect(existsSync(`${backup}.partial`)).toBe(false);
    for (const name of readdirSync(backup, { recursive: true, encoding: "utf8" })) {
      const path = join(backup, name);
      if (statSync(path).isFile()) expect(readFileSync(path).includes(SECRET)).toBe(false);
    }
  });

  test("becomes a folder with the same decisions, books and history", async () => {
    const data = join(folder, "restored");
    const restored = await restore(data);
    if (!restored.ok) throw new Error(restored.message);
    const settings = parseSettings({ data, preset: "demo" }, {});
    if (!settings.ok) throw new Error(settings.message);
    const replayed = replayRecorded(settings.value, "recorded");
    expect(replayed).toMatchObject({ ok: true, value: { identical: true } });
    const station = await openStation({
      settings: settings.value,
      instruments: INSTRUMENTS,
      live: false,
      keepsTimeSeries: true,
    });
    if (!station.ok) throw new Error(station.message);
    const { projection, ledger, timeSeries, projector, journal } = station.value;
    await projection.catchUp();
    const orders = (await ledger.orders(ACCOUNT)).filter(
      ({ intentSeq }) => intentSeq <= restored.value.lastSeq,
    );
    expect(orders.map(({ intentId }) => intentId)).toEqual(ordersThen.map(({ intentId }) => intentId));
    expect(orders.filter(({ state }) => state === "filled").length).toBeGreaterThan(10);
    for (let i = 0; i < 400 && projector?.statusOf("time-series").appliedSeq !== journal.durableSeq; i++) {
      await Bun.sleep(50);
    }
    // To the bit what its journal makes of a ledger that knows nothing.
    const anew = await openLedger("sqlite://:memory:");
    if (!anew.ok) throw new Error(anew.message);
    await anew.value.issueEpoch(ACCOUNT, station.value.epoch);
    const rebuilt = ledgerProjection({ ...station.value, ledger: anew.value, scope: ACCOUNT });
    await rebuilt.catchUp();
    expect(await ledger.orders(ACCOUNT)).toEqual(await anew.value.orders(ACCOUNT));
    expect(await ledger.positions(ACCOUNT)).toEqual(await anew.value.positions(ACCOUNT));
    rebuilt.close();
    await anew.value.close();
    const held = (await timeSeries?.holdings()) ?? [];
    const stored = held.filter(({ table }) => table === "ticks").reduce((sum, { rows }) => sum + rows, 0);
    expect(stored).toBe(station.value.live.router.counts.ticks);
    await station.value.close();
  }, 60_000);

  test("is not restored over anything, nor when it was touched", async () => {
    expect(await restore(rig.data)).toMatchObject({ ok: false, code: "target-in-use" });
    expect(await createBackup({ data: rig.data, target: backup })).toMatchObject({ code: "target-in-use" });
    expect(await createBackup({ data: join(folder, "nothing"), target: join(folder, "x") })).toMatchObject({
      code: "no-data",
    });
    const [name = ""] = readdirSync(join(backup, "journal"));
    appendFileSync(join(backup, "journal", name), "x");
    const touched = await restore(join(folder, "never"));
    expect(touched).toMatchObject({ ok: false, code: "backup-damaged" });
    expect(touched.ok ? "" : touched.message).toContain(name);
    expect(existsSync(join(folder, "never"))).toBe(false);
  });
});
