// Several accounts behind one HTTP interface: each is listed, asked for and traded by its name; what one did is not among another's; and a
// kill switch of all reaches all.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { deedSchema } from "../../edge/api/order-schemas.ts";
import { type EdgeRig, startEdge } from "../../scripts/edge-rig.ts";

const KILL_SWITCH = "/api/v1/killswitch";
const QUOTE = { symbol: "EURUSD", bid: 1.0855, ask: 1.0856 };
const ORDER = { type: "market", symbol: "EURUSD", side: "BUY", lots: 0.1, stopLoss: 1.08, by: "ann" };
const ONE_TRADED = [
  ["paper", 0],
  ["second", 1],
  ["third", 0],
];

let rig: EdgeRig;
let feeder: ReturnType<typeof setInterval>;
beforeAll(async () => {
  rig = await startEdge({
    accounts: [
      { account: { accountId: "second", startingBalanceMicros: 50_000_000_000, currency: "EUR" } },
      { account: { accountId: "third", positionMode: "hedging" }, broker: { positionMode: "hedging" } },
    ],
  });
  await rig.post("/api/market", QUOTE);
  // Paper fills on the next quotes: a source goes on sending.
  feeder = setInterval(() => void rig.post("/api/market", QUOTE).catch(() => undefined), 100);
});
afterAll(async () => {
  clearInterval(feeder);
  await rig.stop();
});

type Listed = { accountId: string; openPositions: number; trip: { level: string; mode: string } | null };

async function listed(): Promise<Listed[]> {
  // An answer about now is given again for ten milliseconds.
  await Bun.sleep(15);
  return ((await rig.ask("/api/v1/accounts")).body as { items: Listed[] }).items;
}

async function itemsAt(path: string): Promise<unknown[]> {
  return ((await rig.ask(path)).body as { items: unknown[] }).items;
}

test("are listed, the first one first, and each has its own money and limits", async () => {
  expect(await listed()).toMatchObject([
    { accountId: "paper", broker: "paper", currency: "USD", balance: 100_000, mode: "active", trip: null },
    { accountId: "second", broker: "paper", currency: "EUR", balance: 50_000, equity: 50_000 },
    { accountId: "third", currency: "USD", openPositions: 0 },
  ]);
  expect((await rig.ask("/api/v1/account")).body).toMatchObject({ accountId: "paper", currency: "USD" });
  expect((await rig.ask("/api/v1/account?account=second")).body).toMatchObject({ currency: "EUR" });
  expect((await rig.ask("/api/v1/account?account=third")).body).toMatchObject({ positionsMode: "hedging" });
  expect((await rig.ask("/api/v1/risk?account=second")).body).toMatchObject({ accountId: "second" });
  for (const path of ["account", "positions", "risk"]) {
    expect(await rig.ask(`/api/v1/${path}?account=nobody`)).toMatchObject({
      status: 404,
      body: { code: "unknown-account" },
    });
  }
});

test("an order names its account; lists of the first one know nothing of it", async () => {
  const nobodys = await rig.post("/api/v1/orders", { ...ORDER, accountId: "nobody" });
  expect(nobodys).toMatchObject({ status: 404, body: { code: "unknown-account" } });
  const placed = await rig.post("/api/v1/orders", { ...ORDER, accountId: "second" });
  const { id, positionId } = deedSchema.parse(placed.body);
  expect(id).toStartWith("second-");
  expect((await listed()).map(({ accountId, openPositions }) => [accountId, openPositions])).toEqual(
    ONE_TRADED,
  );
  expect(await itemsAt("/api/v1/positions?account=second")).toMatchObject([{ ticket: positionId }]);
  expect(await itemsAt("/api/v1/positions")).toEqual([]);
  expect(await itemsAt("/api/v1/orders")).toEqual([]);
  expect((await rig.ask("/api/v1/account")).body).toMatchObject({ entries: 0, fills: 0, balance: 100_000 });
  const closed = await rig.post(`/api/v1/positions/${positionId}/close`, { by: "ann" });
  expect(deedSchema.parse(closed.body)).toMatchObject({ status: "filled", filledLots: 0.1 });
  expect(await itemsAt("/api/v1/positions?account=second")).toEqual([]);
});

test("a dry run is of the account that it names, and of one alone", async () => {
  const judged = await rig.post("/api/v1/orders/validate", { orders: [{ ...ORDER, accountId: "third" }] });
  expect(judged).toMatchObject({ status: 200, body: { items: [{ approved: true }] } });
  const mixed = { orders: [ORDER, { ...ORDER, accountId: "third" }] };
  expect(await rig.post("/api/v1/orders/validate", mixed)).toMatchObject({
    body: { code: "unknown-account" },
  });
});

test("a kill switch is of the account that it names, and one of all reaches all", async () => {
  const wish = { mode: "halt-entries", reason: "a drill", by: "ann" };
  const third = await rig.post(KILL_SWITCH, { ...wish, accountId: "third" });
  expect(third).toMatchObject({ status: 200, body: { accountId: "third", trip: { level: "account" } } });
  expect((await listed()).map(({ trip }) => trip?.level)).toEqual([undefined, undefined, "account"]);
  const { code } = (await rig.post(`${KILL_SWITCH}/rearm`, { by: "ben", accountId: "third" })).body as {
    code: string;
  };
  const lifted = await rig.post(`${KILL_SWITCH}/rearm`, { by: "ben", accountId: "third", code });
  expect(lifted).toMatchObject({ status: 200, body: { accountId: "third", trip: null } });

  const all = await rig.post(KILL_SWITCH, { ...wish, level: "global" });
  expect(all).toMatchObject({ status: 200, body: { accountId: "paper", shared: true } });
  expect((await listed()).map(({ trip }) => trip?.level)).toEqual(["global", "global", "global"]);
  const offer = (await rig.post(`${KILL_SWITCH}/rearm`, { by: "ben" })).body as { code: string };
  expect((await rig.post(`${KILL_SWITCH}/rearm`, { by: "ben", code: offer.code })).status).toBe(200);
  for (let tries = 0; tries < 100 && (await listed()).some(({ trip }) => trip !== null); tries++) {
    await rig.server.wideKill.look();
    await Bun.sleep(10);
  }
  expect((await listed()).map(({ trip }) => trip)).toEqual([null, null, null]);
});

test("the ledger keeps what each account did under its own name", async () => {
  const { ledger } = rig.station;
  for (let tries = 0; tries < 200 && (await ledger.orders("second")).length < 2; tries++) await Bun.sleep(20);
  const orders = await ledger.orders("second");
  expect(orders.map(({ purpose, state }) => [purpose, state])).toEqual([
    ["entry", "filled"],
    ["exit", "filled"],
  ]);
  expect(await ledger.orders("paper")).toEqual([]);
});
