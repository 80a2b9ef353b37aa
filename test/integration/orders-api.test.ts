// Orders over HTTP on a real station: placed once however often they are sent, refused by name, unknown when nobody answered, and
// remembered by their keys through a crash.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DeedMessage, deedSchema } from "../../edge/api/order-schemas.ts";
import { type EdgeRig, startEdge } from "../../scripts/edge-rig.ts";
import { freePort, RunningSystem } from "../../scripts/running-system.ts";
import { recordsOf } from "../fixtures/engine-rig.ts";

const ORDERS = "/api/v1/orders";
const QUOTE = { symbol: "EURUSD", bid: 1.0855, ask: 1.0856 };
const MARKET = {
  type: "market",
  symbol: "EURUSD",
  side: "BUY",
  lots: 0.1,
  stopLoss: 1.08,
  takeProfit: 1.095,
  by: "ann",
};

interface Said {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

function sender(rig: EdgeRig) {
  return async (method: string, path: string, body?: unknown, key?: string): Promise<Said> =>
    await rig.ask(path, {
      method,
      headers: {
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(key === undefined ? {} : { "idempotency-key": key }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
}

function commandsOf(rig: EdgeRig): Record<string, unknown>[] {
  return recordsOf(rig.station.journal)
    .filter((record) => record.kind === "commanded")
    .map(({ command }) => command as unknown as Record<string, unknown>);
}

describe("an order at the market", () => {
  let rig: EdgeRig;
  let send: ReturnType<typeof sender>;
  let feeder: ReturnType<typeof setInterval>;
  beforeAll(async () => {
    rig = await startEdge();
    send = sender(rig);
    await rig.post("/api/market", QUOTE);
    // Paper fills on the next quotes: a bridge goes on sending.
    feeder = setInterval(() => void rig.post("/api/market", QUOTE).catch(() => undefined), 100);
  });
  afterAll(async () => {
    clearInterval(feeder);
    await rig.stop();
  });

  test("is filled, journaled with who wants it, and done once under its key", async () => {
    const [first, twin] = await Promise.all([
      send("POST", ORDERS, { ...MARKET, comment: "breakout" }, "k-1"),
      send("POST", ORDERS, { ...MARKET, comment: "breakout" }, "k-1"),
    ]);
    expect([first.status, twin.status]).toContain(201);
    const deed = deedSchema.parse(first.body);
    expect(deed).toMatchObject({ status: "filled", symbol: "EURUSD", filledLots: 0.1 });
    expect(deed.price).toBeCloseTo(1.0856, 3);
    expect(twin.body).toEqual(first.body);
    const again = await send("POST", ORDERS, { ...MARKET, comment: "breakout" }, "k-1");
    expect([again.status, again.headers.get("idempotent-replayed")]).toEqual([200, "true"]);
    expect(again.body).toEqual(first.body);
    expect(commandsOf(rig)).toEqual([
      expect.objectContaining({ command: "trade", by: "ann", key: "k-1", comment: "breakout" }) as never,
    ]);
    await Bun.sleep(50);
    const positions = (await rig.ask("/api/v1/positions")).body as { items: object[] };
    expect(positions.items).toEqual([
      expect.objectContaining({
        ticket: deed.positionId,
        symbol: "EURUSD",
        lots: 0.1,
        stopLoss: 1.08,
      }) as never,
    ]);
    const detail = (await rig.ask(`${ORDERS}/${deed.id}`)).body as { steps: { event: string }[] };
    expect(detail.steps.map(({ event }) => event)).toContain("execution");
  });

  test("with the key of another is refused, and nothing is journaled", async () => {
    const before = commandsOf(rig).length;
    const other = await send("POST", ORDERS, { ...MARKET, lots: 0.2, comment: "breakout" }, "k-1");
    expect(other).toMatchObject({ status: 422, body: { code: "key-reused" } });
    expect(commandsOf(rig)).toHaveLength(before);
  });

  test("that a control refuses says which and why, also when it is sent again", async () => {
    const wish = { ...MARKET, lots: 5_000 };
    const refused = await send("POST", ORDERS, wish, "k-2");
    expect(refused).toMatchObject({ status: 422, body: { code: "refused" } });
    expect((refused.body as { detail: string }).detail).toMatch(/^[a-z-]+: /);
    expect((await send("POST", ORDERS, wish, "k-2")).body).toEqual(refused.body);
  });

  test.each([
    ["no type", { ...MARKET, type: undefined }, 400, "bad-body"],
    ["no stop", { ...MARKET, stopLoss: undefined }, 400, "bad-body"],
    ["a stop on the wrong side", { ...MARKET, stopLoss: 1.09 }, 400, "bad-stop"],
    ["a target on the wrong side", { ...MARKET, takeProfit: 1.08 }, 400, "bad-target"],
    ["a price of a market order", { ...MARKET, price: 1.08 }, 400, "bad-body"],
    ["a limit without a price", { ...MARKET, type: "limit" }, 400, "bad-body"],
    [
      "an until without its word",
      { ...MARKET, type: "limit", price: 1.08, until: "2030-01-01T00:00:00Z" },
      400,
      "bad-body",
    ],
    ["lots of nothing", { ...MARKET, lots: 0 }, 400, "bad-body"],
    ["somebody of two lines", { ...MARKET, by: "a\nb" }, 400, "bad-body"],
    ["a symbol nobody trades", { ...MARKET, symbol: "DOGEUSD" }, 404, "unknown-symbol"],
    ["one without a price", { ...MARKET, symbol: "GBPUSD" }, 409, "no-quote"],
  ])("%s is refused and journals nothing", async (_, body, status, code) => {
    const before = commandsOf(rig).length;
    expect(await send("POST", ORDERS, body)).toMatchObject({ status, body: { code } });
    expect(commandsOf(rig)).toHaveLength(before);
  });

  test.each([
    ["GET", `${ORDERS}/nothing`, undefined],
    ["PATCH", `${ORDERS}/nothing`, { price: 1.08 }],
    ["DELETE", `${ORDERS}/nothing`, undefined],
    ["PATCH", "/api/v1/positions/nothing", { stopLoss: 1.08 }],
    ["DELETE", "/api/v1/positions/nothing", undefined],
    ["POST", "/api/v1/positions/nothing/close", { lots: 0.01 }],
    ["POST", "/api/v1/positions/nothing/close-by", { with: "other" }],
  ])("%s %s is not found", async (method, path, body) => {
    expect((await send(method, path, body)).status).toBe(404);
  });

  test("a key of other characters, or a page of another site, does nothing", async () => {
    expect(await send("POST", ORDERS, MARKET, "a b")).toMatchObject({ status: 400 });
    const init = {
      method: "POST",
      headers: { "content-type": "application/json", origin: "https://evil.example" },
      body: JSON.stringify(MARKET),
    };
    expect((await rig.ask(ORDERS, init)).status).toBe(403);
  });
});

test("an order whose outcome takes longer than anybody waits is unknown, not failed, and asked again it is known", async () => {
  const rig = await startEdge({ server: { orderPatienceMillis: 1 } });
  const send = sender(rig);
  await rig.post("/api/market", QUOTE);
  const feeder = setInterval(() => void rig.post("/api/market", QUOTE).catch(() => undefined), 100);
  const early = await send("POST", ORDERS, MARKET, "late");
  expect(early).toMatchObject({ status: 202, body: { status: "unknown" } });
  expect((early.body as DeedMessage).reason).toContain("do not send it again without its key");
  await Bun.sleep(500);
  expect(await send("POST", ORDERS, MARKET, "late")).toMatchObject({
    status: 200,
    body: { status: "filled" },
  });
  expect(commandsOf(rig)).toHaveLength(1);
  clearInterval(feeder);
  await rig.stop();
}, 20_000);

describe("a key", () => {
  test("is known after the process was cut down", async () => {
    const data = mkdtempSync(join(tmpdir(), "tickforge-keys-"));
    const port = await freePort();
    const start = async (): Promise<RunningSystem> =>
      await RunningSystem.start({ port, data, args: ["--no-time-series"] });
    let system = await start();
    const place = async (lots: number): Promise<{ status: number; body: unknown }> => {
      const answer = await fetch(new URL("api/v1/orders", system.url), {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": "once" },
        body: JSON.stringify({ type: "market", symbol: "EURUSD", side: "BUY", lots, stopLoss: 0.5 }),
      });
      return { status: answer.status, body: await answer.json() };
    };
    try {
      let first = await place(0.01);
      const untilMillis = Date.now() + 10_000;
      while (first.status === 409 && Date.now() < untilMillis) first = await place(0.01);
      await system.kill();
      system = await start();
      const again = await place(0.01);
      expect(again.body).toEqual(first.body);
      expect((await place(0.02)).body).toMatchObject({ code: "key-reused" });
    } finally {
      await system.stop();
      rmSync(data, { recursive: true, force: true });
    }
  }, 60_000);
});
