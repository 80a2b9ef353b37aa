// A system whose ledger is a PostgreSQL database: the same books as with a file, through restarts and while the database is
// away.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LedgerOrder } from "../../actors/ports/ledger.ts";
import { openStation, type Station } from "../../edge/main.ts";
import { playTick, settleDurably } from "../../edge/play.ts";
import { parseSettings } from "../../edge/settings.ts";
import { verifyHeads } from "../../storage/sign-heads.ts";
import { INSTRUMENTS, simulatedTicks } from "../fixtures/engine-rig.ts";
import { FaultProxy } from "../fixtures/fault-proxy.ts";
import { POSTGRES, type PostgresServer, startPostgres } from "../../scripts/servers/postgres-server.ts";
import { describeWith } from "../fixtures/describe-with.ts";

const ACCOUNT = "paper";
const folder = mkdtempSync(join(tmpdir(), "tickforge-ledger-server-"));
const ticks = simulatedTicks({ seed: 12, count: 16_000, ticksPerSecond: 4 });
const HALF = ticks.length / 2;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function openOn(name: string, url: string | undefined) {
  const settings = parseSettings(
    { data: join(folder, name), preset: "demo" },
    url === undefined ? {} : { TICKFORGE_LEDGER_URL: url },
  );
  if (!settings.ok) throw new Error(settings.message);
  return await openStation({ settings: settings.value, instruments: INSTRUMENTS, live: false });
}

async function open(name: string, url: string | undefined): Promise<Station> {
  const station = await openOn(name, url);
  if (!station.ok) throw new Error(station.message);
  return station.value;
}

async function play({ live, journal }: Station, from: number, to: number): Promise<void> {
  for (const tick of ticks.slice(from, to)) await playTick(live, journal, tick, tick.sourceTimeMicros);
  await settleDurably(live, journal);
  await journal.flush();
}

/** Without the epoch, which a restart raises. */
function books(orders: readonly LedgerOrder[]): unknown {
  return orders.map(({ intentId, state, filledMicros, intentSeq }) => [
    intentId,
    state,
    filledMicros,
    intentSeq,
  ]);
}

describeWith(POSTGRES, "a ledger on PostgreSQL", () => {
  let server: PostgresServer;
  let url = "";
  let proxy: FaultProxy;
  beforeAll(async () => {
    server = await startPostgres();
    proxy = new FaultProxy(() => Number(new URL(server.url).port));
    const through = new URL(server.url);
    through.port = String(proxy.port);
    url = through.href;
  }, 60_000);
  afterAll(async () => {
    proxy.stop();
    await server.stop();
  });

  test("has the books a file would have, also of what happened while it was away", async () => {
    const onFile = await open("file", undefined);
    await play(onFile, 0, HALF);
    await onFile.close();
    const fileAgain = await open("file", undefined);
    await play(fileAgain, HALF, ticks.length);
    await fileAgain.projection.catchUp();
    const expected = books(await fileAgain.ledger.orders(ACCOUNT));
    await fileAgain.close();

    const first = await open("server", url);
    await play(first, 0, HALF);
    await first.close();
    const second = await open("server", url);
    expect(second.epoch).toBeGreaterThan(first.epoch);
    proxy.mode = "refuse";
    await play(second, HALF, ticks.length);
    expect(await second.projection.catchUp()).toBe(false);
    expect(second.projection.status.lagRecords).toBeGreaterThan(0);
    proxy.mode = "pass";
    for (let i = 0; i < 100 && !(await second.projection.catchUp()); i++) await Bun.sleep(50);
    expect(books(await second.ledger.orders(ACCOUNT))).toEqual(expected);
    expect((expected as unknown[]).length).toBeGreaterThan(20);
    await second.close();
  }, 60_000);

  test("that is away at a stop does not keep the journal from being signed, and has the heads after the next", async () => {
    const data = join(folder, "signed");
    const ledger = {
      url: await server.database("signed"),
      scope: { level: "account", accountId: ACCOUNT },
    } as const;
    const through = new URL(ledger.url);
    through.port = String(proxy.port);
    const first = await open("signed", through.href);
    await play(first, 0, 2_000);
    proxy.mode = "refuse";
    await first.close();
    expect(await verifyHeads({ data, ledger })).toMatchObject({
      ok: true,
      value: { heads: 1, inLedger: { ok: true, value: 0 } },
    });
    proxy.mode = "pass";
    const second = await open("signed", through.href);
    await play(second, 2_000, 4_000);
    await second.close();
    expect(await verifyHeads({ data, ledger })).toMatchObject({
      ok: true,
      value: { heads: 2, inLedger: { ok: true, value: 2 } },
    });
    const nowhere = { ...ledger, url: ledger.url.replace(/\/signed$/, "/nowhere") };
    expect(await verifyHeads({ data, ledger: nowhere })).toMatchObject({
      ok: true,
      value: { heads: 2, inLedger: { ok: false, code: "ledger-unreadable" } },
    });
  }, 60_000);

  test("that is away at the start is named, without its password", async () => {
    proxy.mode = "refuse";
    const station = await openOn("away", url);
    expect(station).toMatchObject({ ok: false, code: "ledger-unreadable" });
    expect(station.ok ? "" : station.message).toContain("***@127.0.0.1");
    proxy.mode = "pass";
  }, 30_000);
});
