// Orders over HTTP on a real station: placed once however often they are sent, refused by name, unknown when nobody answered, and
// remembered by their keys through a crash.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type DeedMessage,
  deedSchema,
  type FillsMessage,
  type PendingOrderMessage,
  verdictSchema,
} from "../../edge/api/order-schemas.ts";
import { type ReconciliationMessage, reconciliationSchema } from "../../edge/api/reconciliation.ts";
import { accountSchema, pageSchema } from "../../edge/api/schemas.ts";
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

function deedOf(said: Said): DeedMessage {
  return deedSchema.parse(said.body);
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

describe("orders that wait, and positions", () => {
  let rig: EdgeRig;
  let send: ReturnType<typeof sender>;
  let feeder: ReturnType<typeof setInterval>;
  beforeAll(async () => {
    rig = await startEdge();
    send = sender(rig);
    await rig.post("/api/market", QUOTE);
    feeder = setInterval(() => void rig.post("/api/market", QUOTE).catch(() => undefined), 50);
  });
  afterAll(async () => {
    clearInterval(feeder);
    await rig.stop();
  });

  const LIMIT = { ...MARKET, type: "limit", price: 1.08, stopLoss: 1.07, takeProfit: undefined };
  const waiting = async (): Promise<PendingOrderMessage[]> =>
    ((await rig.ask("/api/v1/orders/pending")).body as { items: PendingOrderMessage[] }).items;

  test("a limit waits, is changed, and is cancelled, each once", async () => {
    const placed = await send("POST", ORDERS, LIMIT, "limit-1");
    const { id, status } = deedOf(placed);
    expect([placed.status, status]).toEqual([201, "working"]);
    expect(await waiting()).toMatchObject([
      { id, type: "limit", price: 1.08, stopLoss: 1.07, takeProfit: null, timeInForce: "gtc" },
    ]);
    const change = { price: 1.081, takeProfit: 1.09, by: "ben" };
    const changed = await send("PATCH", `${ORDERS}/${id}`, change, "change-1");
    expect([changed.status, deedOf(changed).status]).toEqual([200, "done"]);
    expect(await waiting()).toMatchObject([{ id, price: 1.081, stopLoss: 1.07, takeProfit: 1.09 }]);
    const twice = await send("PATCH", `${ORDERS}/${id}`, change, "change-1");
    expect([twice.headers.get("idempotent-replayed"), twice.body]).toEqual(["true", changed.body]);
    const nonsense = await send("PATCH", `${ORDERS}/${id}`, { limitPrice: 1.08 });
    expect(nonsense).toMatchObject({ status: 400, body: { code: "no-limit-price" } });
    const endless = await send("PATCH", `${ORDERS}/${id}`, { until: "2099-01-01T00:00:00Z" });
    expect(endless).toMatchObject({ status: 400, body: { code: "no-until" } });
    const refused = await send("PATCH", `${ORDERS}/${id}`, { stopLoss: 1.085 });
    expect(refused).toMatchObject({ status: 422, body: { code: "refused" } });
    const cancelled = await send("DELETE", `${ORDERS}/${id}`, undefined, "cancel-1");
    expect([cancelled.status, deedOf(cancelled).status]).toEqual([200, "done"]);
    expect(await waiting()).toEqual([]);
    // Its own key is still answered; without it, it is over.
    expect((await send("DELETE", `${ORDERS}/${id}`, undefined, "cancel-1")).body).toEqual(cancelled.body);
    expect(await send("DELETE", `${ORDERS}/${id}`)).toMatchObject({ status: 404 });
    const first = await send("POST", ORDERS, LIMIT, "limit-1");
    expect(first.body).toEqual(placed.body);
  }, 20_000);

  test("a position's levels are set, a part of it is closed, and then the rest", async () => {
    const { positionId: id } = deedOf(await send("POST", ORDERS, MARKET));
    const path = `/api/v1/positions/${id}`;
    const levels = await send("PATCH", path, { stopLoss: 1.081 });
    expect(deedOf(levels).status).toBe("done");
    const open = async (): Promise<Record<string, unknown>[]> =>
      ((await rig.ask("/api/v1/positions")).body as { items: Record<string, unknown>[] }).items;
    expect(await open()).toMatchObject([{ ticket: id, stopLoss: 1.081, takeProfit: 1.095, lots: 0.1 }]);
    expect(await send("POST", `${path}/close`, { lots: 1 })).toMatchObject({ body: { code: "bad-volume" } });
    const part = deedOf(await send("POST", `${path}/close`, { lots: 0.04 }, "part"));
    expect(part).toMatchObject({ status: "filled", filledLots: 0.04, positionId: id });
    expect(await send("POST", `${path}/close`, { lots: 0.04 }, "part")).toMatchObject({ body: part });
    expect(await open()).toMatchObject([{ lots: 0.06 }]);
    const rest = await send("DELETE", path, undefined, "rest");
    expect(deedOf(rest)).toMatchObject({ status: "filled", filledLots: 0.06 });
    expect(await open()).toEqual([]);
    expect((await send("DELETE", path, undefined, "rest")).body).toEqual(rest.body);
    const fills = (await rig.ask("/api/v1/account/fills?limit=2")).body as FillsMessage;
    expect(fills.items).toMatchObject([
      { symbol: "EURUSD", side: "SELL", lots: 0.06, purpose: "exit" },
      { lots: 0.04 },
    ]);
    expect(fills.items[0]!.slippage).toBeGreaterThanOrEqual(0);
    expect(fills.bySymbol).toMatchObject([{ symbol: "EURUSD" }]);
  }, 20_000);

  test("a dry run says what would become of each and does nothing", async () => {
    const before = commandsOf(rig).length;
    const orders = [
      MARKET,
      { ...MARKET, lots: 4_000 },
      { ...MARKET, stopLoss: 1.2 },
      { ...MARKET, symbol: "DOGEUSD" },
      { ...LIMIT, price: 1.09, stopLoss: 1.08 },
    ];
    const { status, body } = await send("POST", `${ORDERS}/validate`, { orders });
    expect(status).toBe(200);
    const { items } = pageSchema(verdictSchema).parse(body);
    expect(items.map(({ approved }) => approved)).toEqual([true, false, false, false, false]);
    expect(items.slice(2, 4).map(({ code }) => code)).toEqual(["bad-stop", "unknown-symbol"]);
    expect(items[0]!.checks.length).toBeGreaterThan(20);
    expect(items[0]!.orders).toEqual([{ purpose: "entry", side: "BUY", lots: 0.1 }]);
    const daily = items[0]!.checks.find(({ control }) => control === "daily-loss-limit");
    expect(daily).toMatchObject({ unit: "money", passed: true, limit: 3_000 });
    expect(commandsOf(rig)).toHaveLength(before);
    const many = { orders: Array.from({ length: 101 }, () => MARKET) };
    expect((await send("POST", `${ORDERS}/validate`, many)).status).toBe(400);
    expect((await send("POST", `${ORDERS}/validate`, { orders: [] })).status).toBe(400);
  });

  test("the account's mode is set and kept, and refuses what it says", async () => {
    const set = await send("POST", "/api/v1/account/mode", { mode: "halted", by: "ann" });
    expect(set).toMatchObject({ status: 200, body: { mode: "halted", durable: true } });
    expect(await send("POST", ORDERS, MARKET)).toMatchObject({ status: 422 });
    const account = accountSchema.parse((await rig.ask("/api/v1/account")).body);
    expect(account).toMatchObject({ mode: "halted", positionsMode: "netting", marginLevel: null });
    expect(await send("POST", "/api/v1/account/mode", { mode: "open" })).toMatchObject({ status: 400 });
    expect(await send("POST", "/api/v1/account/mode", { mode: "active" })).toMatchObject({ status: 200 });
    expect(await send("POST", "/api/v1/account/reset-drawdown", {})).toMatchObject({ status: 200 });
    // Answers of now are made once for everybody who asks within a few milliseconds.
    await Bun.sleep(20);
    expect(accountSchema.parse((await rig.ask("/api/v1/account")).body).drawdown).toEqual({
      fromHigh: 0,
      fromStart: 0,
    });
    const symbol = { symbol: "EURUSD" };
    expect(await send("POST", "/api/v1/account/re-enable", symbol)).toMatchObject({ status: 200 });
    expect(await send("POST", "/api/v1/account/re-enable", { symbol: "DOGE" })).toMatchObject({
      status: 404,
    });
  });

  test("on paper there are no books of a broker", async () => {
    const books = reconciliationSchema.parse((await rig.ask("/api/v1/reconciliation")).body);
    expect(books).toMatchObject({ enabled: false, agrees: true, last: null, standing: [] });
    for (const [path, body] of [
      ["accept", { symbol: null }],
      ["look", {}],
    ] as const) {
      const said = await send("POST", `/api/v1/reconciliation/${path}`, body);
      expect(said).toMatchObject({ status: 409, body: { code: "no-terminal" } });
    }
  });

  test("everything is in the API's document", async () => {
    const { paths } = (await rig.ask("/api/v1/openapi.json")).body as { paths: Record<string, object> };
    const deeds = [
      ["/orders", "post"],
      ["/orders/{id}", "patch"],
      ["/orders/{id}", "delete"],
      ["/orders/validate", "post"],
      ["/positions/{id}", "patch"],
      ["/positions/{id}", "delete"],
      ["/positions/{id}/close-by", "post"],
      ["/account/mode", "post"],
      ["/reconciliation/accept", "post"],
    ] as const;
    for (const [path, method] of deeds) {
      expect([path, method, Object.keys(paths[`/api/v1${path}`] ?? {}).includes(method)]).toEqual([
        path,
        method,
        true,
      ]);
    }
  });
});

test("a broker's books that differ are told, accepted by a person, and then entries go on", async () => {
  const rig = await startEdge({ account: { terminal: { intentTag: 7 } } });
  const send = sender(rig);
  const { live } = rig.station;
  await rig.post("/api/market", QUOTE);
  const books = async (): Promise<ReconciliationMessage> => {
    // Answers of now are made once for everybody who asks within a few milliseconds.
    await Bun.sleep(30);
    return reconciliationSchema.parse((await rig.ask("/api/v1/reconciliation")).body);
  };
  expect(await books()).toMatchObject({ enabled: true, reconciled: false, agrees: false, last: null });
  const balanceMicros = 100_000e6;
  const picture = {
    kind: "broker-books",
    seq: 0,
    timeMicros: 0,
    accountId: "paper",
    part: 1,
    last: true,
    why: "joined",
    commandSeq: 0,
    balanceMicros,
    equityMicros: balanceMicros,
    marginMicros: 0,
    orders: [],
    deals: [],
    intents: [],
    complete: true,
  } as const;
  const position = {
    positionId: "900",
    intentId: "paper-t7-000000099",
    instrumentId: 0,
    symbol: "EURUSD.x",
    side: "BUY",
    volumeMicros: 100_000,
    openPricePoints: 108_500,
    stopPricePoints: 108_000,
    targetPricePoints: null,
    openTimeMicros: 1,
    profitMicros: 0,
    swapMicros: 0,
  } as const;
  expect(live.router.report({ ...picture, positions: [position] }, live.router.timeMicros)).toBe(true);
  const differs = await books();
  expect(differs).toMatchObject({ reconciled: true, agrees: false, last: { why: "joined", complete: true } });
  expect(differs.standing.map(({ symbol }) => symbol)).toEqual(["EURUSD"]);
  const judged = await send("POST", `${ORDERS}/validate`, { orders: [MARKET] });
  expect(judged.body).toMatchObject({ items: [{ approved: false, code: "books-differ" }] });
  const accept = "/api/v1/reconciliation/accept";
  expect(await send("POST", accept, { symbol: null })).toMatchObject({
    status: 409,
    body: { code: "nothing-stands" },
  });
  expect(await send("POST", accept, { symbol: "EURUSD", by: "ann" })).toMatchObject({ status: 200 });
  expect(await books()).toMatchObject({
    agrees: true,
    standing: [],
    accepted: [{ symbol: "EURUSD", by: "ann" }],
  });
  // There is no terminal to ask: the bridge is not there.
  expect(await send("POST", "/api/v1/reconciliation/look", {})).toMatchObject({ status: 409 });
  await rig.stop();
}, 20_000);

test("the command line places, lists, changes and cancels, and says what was refused", async () => {
  const rig = await startEdge();
  await rig.post("/api/market", QUOTE);
  const feeder = setInterval(() => void rig.post("/api/market", QUOTE).catch(() => undefined), 100);
  const program = join(import.meta.dir, "../../scripts/tickforge.ts");
  const tickforge = async (...args: string[]): Promise<{ code: number; out: string; err: string }> => {
    const child = Bun.spawn(
      [process.execPath, program, ...args, "--url", rig.server.url, "--data", rig.data, "--by", "ann"],
      { stdout: "pipe", stderr: "pipe" },
    );
    const [out, err] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    return { code: await child.exited, out, err };
  };
  const limit = [
    "orders",
    "place",
    "buy",
    "EURUSD",
    "0.1",
    "--type",
    "limit",
    "--price",
    "1.08",
    "--stop",
    "1.07",
  ];
  const placed = await tickforge(...limit, "--key", "cli-1", "--json");
  expect([placed.code, placed.err]).toEqual([0, ""]);
  const { id } = deedSchema.parse(JSON.parse(placed.out));
  expect((await tickforge(...limit, "--key", "cli-1", "--json")).out).toBe(placed.out);
  expect((await tickforge("orders", "list", "--pending")).out).toContain(`${id}  EURUSD  BUY`);
  const modified = await tickforge("orders", "modify", id!, "--price", "1.081", "--target", "none");
  expect(modified).toMatchObject({ code: 0, out: expect.stringContaining("done") });
  expect(await tickforge("orders", "cancel", id!)).toMatchObject({ code: 0 });
  const refused = await tickforge("orders", "place", "sell", "EURUSD", "4000", "--stop", "1.2");
  expect(refused).toMatchObject({ code: 1, out: "", err: expect.stringMatching(/^refused: [a-z-]+: SELL/) });
  expect(await tickforge("orders", "place", "hold", "EURUSD", "1", "--stop", "1")).toMatchObject({ code: 2 });
  const opened = await tickforge("orders", "place", "buy", "EURUSD", "0.1", "--stop", "1.07");
  expect(opened.out).toContain("filled 0.1 lots");
  const [ticket = ""] = /paper-\S+$/.exec(opened.out.trim()) ?? [];
  expect((await tickforge("positions", "modify", ticket, "--stop", "1.075")).code).toBe(0);
  expect((await tickforge("positions", "list")).out).toContain("1.075");
  expect((await tickforge("positions", "close", ticket)).out).toContain("filled 0.1 lots");
  expect((await tickforge("account", "mode", "reducing")).out).toContain("it is reducing now");
  expect((await tickforge("account", "show")).out).toContain("account paper: reducing, netting");
  expect((await tickforge("reconcile", "show")).out).toContain("trades on paper");
  expect(await tickforge("reconcile", "accept")).toMatchObject({ code: 1 });
  clearInterval(feeder);
  await rig.stop();
}, 120_000);
