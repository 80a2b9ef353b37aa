// The edge over real sockets: the source documents' paths and shapes, the versioned API, the stream, and the same decisions
// whichever way the same ticks come in.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { IncomingTick } from "../../actors/router.ts";
import { riskAnswerSchema } from "../../edge/api/risk.ts";
import { signalSchema, symbolStateSchema, pageSchema, healthSchema } from "../../edge/api/schemas.ts";
import { playTick } from "../../edge/play.ts";
import type { ServerOptions } from "../../edge/server.ts";
import { type EdgeRig, startEdge } from "../../scripts/edge-rig.ts";
import { StreamEar } from "../fixtures/stream-ear.ts";
import { INSTRUMENTS, simulatedTicks } from "../fixtures/engine-rig.ts";
import seedTick from "../fixtures/seeds/market-tick.json" with { type: "json" };

const ticks = simulatedTicks({ seed: 31, count: 6_000, ticksPerSecond: 2 });

/** As a bridge sends it. Micros of a time are lost on the way, so the ticks of a comparison have none. */
function asMarket(tick: IncomingTick): object {
  return {
    symbol: INSTRUMENTS[tick.instrumentId]?.symbol,
    bid: tick.bid,
    ask: tick.ask,
    volume: 2,
    time: new Date(Math.floor(tick.sourceTimeMicros / 1_000)).toISOString(),
  };
}

/** What comes in at the other end of {@link asMarket}, numbered as it comes. */
function asTaken(given: readonly IncomingTick[]): IncomingTick[] {
  const seqs = new Map<number, number>();
  return given.map((tick) => {
    const sourceSeq = (seqs.get(tick.instrumentId) ?? 0) + 1;
    seqs.set(tick.instrumentId, sourceSeq);
    return {
      ...tick,
      sourceSeq,
      sourceId: 4,
      bidVolume: 1,
      askVolume: 1,
      sourceTimeMicros: Math.floor(tick.sourceTimeMicros / 1_000) * 1_000,
    };
  });
}

function floodOf(count: number): object[] {
  return Array.from({ length: count }, () => ({ ...seedTick, symbol: "GBPUSD" }));
}

function tickInDays(days: number): object {
  return { ...seedTick, time: new Date(Date.now() + days * 86_400_000).toISOString() };
}

describe("market data from outside", () => {
  let rig: EdgeRig;
  beforeAll(async () => {
    rig = await startEdge({ ticksPerSecond: 10 });
  });
  afterAll(async () => await rig.stop());

  test("POST /api/market takes the documents' tick and answers once it is durable", async () => {
    const before = rig.station.journal.durableSeq;
    const { status, body } = await rig.post("/api/market", seedTick);
    expect({ status, body }).toEqual({
      status: 200,
      body: { status: "received", timestamp: expect.any(Number) },
    });
    expect(rig.station.journal.durableSeq).toBeGreaterThan(before);
  });

  test("more than ten a second of one symbol are refused, of another taken", async () => {
    expect((await rig.post("/api/market", floodOf(20))).status).toBe(200);
    const refused = await rig.post("/api/market", floodOf(15));
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("1");
    // Never to pass however long one waits.
    const hopeless = await rig.post("/api/market", floodOf(21));
    expect([hopeless.status, JSON.stringify(hopeless.body)]).toEqual([
      400,
      expect.stringContaining("20 at most"),
    ]);
    expect((await rig.post("/api/market", { ...seedTick, symbol: "USDJPY" })).status).toBe(200);
  });

  const bad: readonly [string, unknown, number][] = [
    ["no JSON", "{symbol:", 400],
    ["NaN", '{"symbol":"EURUSD","bid":NaN,"ask":1}', 400],
    ["an infinity in disguise", '{"symbol":"EURUSD","bid":1e999,"ask":1}', 400],
    ["a text for a price", { ...seedTick, bid: "1.1" }, 400],
    ["a negative price", { ...seedTick, bid: -1 }, 400],
    ["no ticks", [], 400],
    ["too many ticks", Array.from({ length: 1_001 }, () => seedTick), 400],
    ["a symbol nobody trades", { ...seedTick, symbol: "DOGEUSD" }, 404],
    ["a statement for a symbol", { ...seedTick, symbol: "' OR 1=1 --" }, 404],
    ["a year nobody lives in", { ...seedTick, time: "9999-01-01T00:00:00Z" }, 400],
    ["no time", { ...seedTick, time: "yesterday" }, 400],
    ["another's prototype", '{"__proto__":{"admin":true},"symbol":"EURUSD"}', 400],
    ["a well of brackets", "[".repeat(5_000) + "]".repeat(5_000), 400],
    ["too much", `{"symbol":"${"x".repeat(600_000)}"}`, 413],
  ];
  for (const [what, body, status] of bad) {
    test(`${what} is refused with ${status} and a reason`, async () => {
      // Beats go on in between.
      const before = rig.station.live.router.counts.ticks;
      const answer = await rig.post("/api/market", body);
      expect(answer.status).toBe(status);
      expect(JSON.stringify(answer.body)).toMatch(/error|detail/);
      expect(rig.station.live.router.counts.ticks).toBe(before);
    });
  }

  test("plain text is refused: a page of another site could send it", async () => {
    const answer = await rig.ask("/api/market", { method: "POST", body: JSON.stringify(seedTick) });
    expect(answer.status).toBe(415);
  });

  test("nothing of what anybody may send crashes it or is slow (property)", async () => {
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 4 }), async (text) => {
        const startMillis = performance.now();
        const answer = await rig.post("/api/market", text);
        expect([400, 404, 429].includes(answer.status)).toBe(true);
        expect(performance.now() - startMillis).toBeLessThan(2_000);
      }),
      { numRuns: 100 },
    );
  });
});

test("a request that meets a full mailbox is carried through once it was begun: no tick is taken twice", async () => {
  const rig = await startEdge();
  const before = rig.station.live.router.counts.ticks;
  const batch = Array.from({ length: 1_000 }, () => seedTick);
  const answers = await Promise.all(Array.from({ length: 24 }, () => rig.post("/api/market", batch)));
  const taken = answers.filter(({ status }) => status === 200).length;
  expect(answers.every(({ status }) => status === 200 || status === 503)).toBe(true);
  expect(rig.station.live.router.counts.ticks - before).toBe(taken * batch.length);
  expect(rig.station.live.router.counts.busy).toBeGreaterThan(0);
  await rig.stop();
});

test("a tick that brings the clock along and comes from the future is refused", async () => {
  const rig = await startEdge({ clock: "source" });
  expect((await rig.post("/api/market", tickInDays(366))).status).toBe(400);
  expect((await rig.post("/api/market", tickInDays(0))).status).toBe(200);
  await rig.stop();
});

describe("a simulated market", () => {
  test("takes no ticks from outside, and says what to do", async () => {
    const rig = await startEdge({
      closedBecause: "prices come from the simulated market: start with --market none",
    });
    const { status, body } = await rig.post("/api/market", seedTick);
    expect([status, JSON.stringify(body)]).toEqual([409, expect.stringContaining("--market none")]);
    await rig.stop();
  });
});

describe("the same ticks", () => {
  test("through a replay, POST and a socket come to the same decisions", async () => {
    const played = await startEdge({ clock: "source" });
    const { live, journal } = played.station;
    for (const tick of asTaken(ticks)) await playTick(live, journal, tick, tick.sourceTimeMicros);
    const expected = live.engine.decisionHash();
    expect(live.engine.account?.view().fills).toBeGreaterThan(3);
    await played.stop();

    const posted = await startEdge({ clock: "source" });
    for (let i = 0; i < ticks.length; i += 1_000) {
      const { status } = await posted.post("/api/market", ticks.slice(i, i + 1_000).map(asMarket));
      expect(status).toBe(200);
    }
    expect(posted.station.live.engine.decisionHash()).toBe(expected);
    await posted.stop();

    const streamed = await startEdge({ clock: "source" });
    const ear = await StreamEar.connect(streamed.socketUrl);
    for (let i = 0; i < ticks.length; i += 500) {
      ear.say({ type: "market", id: String(i), ticks: ticks.slice(i, i + 500).map(asMarket) });
    }
    await ear.until(({ type, id }) => type === "accepted" && id === String(ticks.length - 500));
    expect(streamed.station.live.engine.decisionHash()).toBe(expected);
    ear.close();
    await streamed.stop();
  }, 30_000);
});

describe("what the system says of itself", () => {
  let rig: EdgeRig;
  beforeAll(async () => {
    rig = await startEdge({ clock: "source" });
    for (let i = 0; i < ticks.length; i += 1_000) {
      await rig.post("/api/market", ticks.slice(i, i + 1_000).map(asMarket));
    }
    rig.server.picture.poll();
  });
  afterAll(async () => await rig.stop());

  test("GET /api/signals has the documents' shape and its default of 0.7", async () => {
    const all = await rig.ask("/api/signals?min_confidence=0");
    const body = all.body as { signals: unknown[]; count: number; timestamp: string };
    expect(body.count).toBe(body.signals.length);
    expect(body.count).toBeGreaterThan(5);
    expect(Number.isNaN(Date.parse(body.timestamp))).toBe(false);
    for (const signal of body.signals) {
      expect(signal).toMatchObject({
        symbol: expect.any(String),
        timestamp: expect.any(String),
        prediction: expect.stringMatching(/^(BUY|SELL)$/),
        confidence: expect.any(Number),
        components: expect.any(Object),
      });
    }
    const sure = (await rig.ask("/api/signals")).body as { signals: { confidence: number }[] };
    expect(sure.signals.every(({ confidence }) => confidence >= 0.7)).toBe(true);
    expect((await rig.ask("/api/signals?min_confidence=much")).status).toBe(400);
  });

  test("GET /api/health has the documents' shape", async () => {
    const { body } = await rig.ask("/api/health");
    expect(body).toMatchObject({
      status: "healthy",
      uptime: expect.any(Number),
      connections: { mt4: expect.any(Boolean), ml: true, websocket_clients: 0 },
      data_flow: {
        last_market_update: expect.any(String),
        last_signal: expect.any(String),
        pending_trades: 0,
      },
      memory: { rss: expect.any(Number) },
      timestamp: expect.any(String),
    });
  });

  test("the versioned API answers by its schemas", async () => {
    expect(healthSchema.safeParse((await rig.ask("/api/v1/health")).body).error).toBeUndefined();
    const symbols = pageSchema(symbolStateSchema).parse((await rig.ask("/api/v1/symbols")).body);
    expect(symbols.items.map(({ symbol }) => symbol)).toEqual(INSTRUMENTS.map(({ symbol }) => symbol));
    const signals = pageSchema(signalSchema).parse((await rig.ask("/api/v1/signals?limit=3")).body);
    expect(signals.items).toHaveLength(3);
    for (const path of [
      "instruments",
      "account",
      "positions",
      "orders",
      "actors",
      "latency",
      "topology",
      "ready",
    ]) {
      expect([path, (await rig.ask(`/api/v1/${path}`)).status]).toEqual([path, 200]);
    }
  });

  test("GET /api/v1/risk tells limits, what is left before them, and what was refused", async () => {
    const risk = riskAnswerSchema.parse((await rig.ask("/api/v1/risk")).body);
    expect(risk).toMatchObject({ accountId: "paper", currency: "USD", mode: "active" });
    for (const { control, value, limit, headroom, unit } of risk.account) {
      expect([control, unit, Math.round((limit! - value!) * 1e6)]).toEqual([
        control,
        unit,
        Math.round(headroom! * 1e6),
      ]);
    }
    const daily = risk.account.find(({ control }) => control === "daily-loss-limit");
    expect(daily).toMatchObject({ unit: "money", limit: 3_000 });
    expect(risk.symbols.map(({ symbol }) => symbol)).toEqual(INSTRUMENTS.map(({ symbol }) => symbol));
    const euro = risk.symbols[0];
    expect(euro?.controls.find(({ control }) => control === "stale-quote")).toMatchObject({
      unit: "seconds",
      limit: 5,
    });
    expect(euro?.order.find(({ control }) => control === "volume-too-large")).toMatchObject({ unit: "lots" });
    const { refusals } = rig.station.live.engine.account!.view();
    expect(risk.refusals).toEqual(
      Object.fromEntries(Object.entries(refusals).filter(([, count]) => count > 0)),
    );
  });

  test("pages of signals follow each other without a gap or a repetition", async () => {
    const whole = (await rig.ask("/api/v1/signals?limit=1000")).body as { items: { id: number }[] };
    const ids: number[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const after: string = cursor === "" ? "" : `&cursor=${cursor}`;
      const page = (await rig.ask(`/api/v1/signals?limit=2${after}`)).body as {
        items: { id: number }[];
        cursor: string | null;
      };
      ids.push(...page.items.map(({ id }) => id));
      ({ cursor } = page);
    }
    expect(ids).toEqual(whole.items.map(({ id }) => id));
  });

  test("bars of every size come from memory while no time series is kept", async () => {
    for (const interval of ["1s", "1m", "5m", "15m", "1h"]) {
      const { status, body } = await rig.ask(`/api/v1/bars?symbol=EURUSD&interval=${interval}&limit=20`);
      expect([interval, status]).toEqual([interval, 200]);
      const { items } = body as { items: { time: string; high: number; low: number; closed: boolean }[] };
      expect(items.length).toBeGreaterThan(0);
      expect(items.every(({ high, low }) => high >= low)).toBe(true);
      expect(items.map(({ time }) => time)).toEqual(items.map(({ time }) => time).sort());
      expect(items.at(-1)?.closed).toBe(false);
    }
  });

  test("ticks are history: without a time series the answer says so", async () => {
    const { status, body, headers } = await rig.ask("/api/v1/ticks");
    expect([status, headers.get("content-type")]).toEqual([503, "application/problem+json"]);
    expect(JSON.stringify(body)).toContain("--no-time-series");
  });

  const wrong: readonly [string, number][] = [
    ["/api/v1/nothing", 404],
    ["/api/v1/bars", 400],
    ["/api/v1/bars?symbol=EURUSD&interval=3x", 400],
    ["/api/v1/bars?symbol=XXXYYY", 404],
    ["/api/v1/signals?limit=0", 400],
    ["/api/v1/signals?limit=1e9", 400],
    ["/api/v1/signals?cursor=';DROP TABLE ticks", 400],
    ["/api/v1/signals?cursor=99999999999999999-1", 400],
    ["/api/v1/signals?from=0001-01-01T00:00:00Z", 400],
    ["/api/v1/signals?symbol=' OR 1=1", 400],
  ];
  for (const [path, status] of wrong) {
    test(`${path} is a problem: ${status}`, async () => {
      const answer = await rig.ask(path);
      expect([answer.status, answer.headers.get("content-type")]).toEqual([
        status,
        "application/problem+json",
      ]);
      expect(answer.body).toMatchObject({ status, code: expect.any(String), detail: expect.any(String) });
    });
  }

  test("another method than the path knows is told which it knows", async () => {
    const answer = await rig.ask("/api/v1/symbols", { method: "DELETE" });
    expect([answer.status, answer.headers.get("allow")]).toEqual([405, "GET"]);
  });

  test("the OpenAPI document names every route, and the docs page reads from it", async () => {
    const { body } = await rig.ask("/api/v1/openapi.json");
    const paths = Object.keys((body as { paths: object }).paths);
    for (const name of [
      "health",
      "ready",
      "symbols",
      "ticks",
      "bars",
      "features",
      "signals",
      "predictions",
      "orders",
      "positions",
      "account",
      "risk",
      "quality",
      "actors",
      "latency",
      "topology",
      "instruments",
    ]) {
      expect(paths).toContain(`/api/v1/${name}`);
    }
    const page = await rig.ask("/api/docs");
    expect(String(page.body)).toContain("GET /api/v1/bars");
    expect(String(page.body)).not.toMatch(/https?:\/\//);
  });

  test("/metrics is for Prometheus", async () => {
    const { body } = await rig.ask("/metrics");
    expect(String(body)).toMatch(/^tickforge_ticks_total \d+$/m);
    expect(String(body)).toMatch(/tickforge_latency_microseconds\{stage="decision",quantile="0.99"\}/);
  });

  test("a page of another site, and a name that was bent to this machine, get nothing", async () => {
    const foreign = await rig.ask("/api/v1/account", { headers: { origin: "https://evil.example" } });
    expect(foreign.status).toBe(403);
    const rebound = await rig.ask("/api/v1/account", { headers: { host: "evil.example" } });
    expect(rebound.status).toBe(403);
  });
});

describe("a trade by hand", () => {
  test("is filled on paper through every control, or refused by name", async () => {
    const rig = await startEdge();
    await rig.post("/api/market", { symbol: "EURUSD", bid: 1.0855, ask: 1.0856 });
    // Paper fills on the next quotes: a bridge goes on sending.
    const feeder = setInterval(
      () => void rig.post("/api/market", { symbol: "EURUSD", bid: 1.0855, ask: 1.0856 }),
      100,
    );
    const trade = {
      symbol: "EURUSD",
      type: "BUY",
      lots: 0.1,
      stopLoss: 1.08,
      takeProfit: 1.095,
      comment: "by hand",
    };
    const answer = await rig.post("/api/trade", trade);
    expect(answer.body).toEqual({
      success: true,
      ticket: expect.any(String),
      message: "Trade executed successfully",
    });
    const positions = (await rig.ask("/api/v1/positions")).body as { items: object[] };
    expect(positions.items[0]).toMatchObject({ symbol: "EURUSD", type: "BUY", lots: 0.1, stopLoss: 1.08 });
    const refusals: readonly [object, string][] = [
      [{ ...trade, lots: 0.1 }, "position-open"],
      [{ ...trade, stopLoss: undefined }, "stopLoss"],
      [{ ...trade, stopLoss: 1.09 }, "stopLoss"],
      [{ ...trade, lots: -1 }, "lots"],
      [{ ...trade, symbol: "GBPUSD" }, "no price"],
    ];
    for (const [body, named] of refusals) {
      const refused = await rig.post("/api/trade", body);
      expect([refused.status, (refused.body as { success: boolean }).success]).toEqual([400, false]);
      const { error, code } = refused.body as { error: string; code?: string };
      expect(`${error} ${code ?? ""} ${named === "position-open" ? "position-open" : ""}`).toContain(named);
    }
    clearInterval(feeder);
    await rig.stop();
  }, 20_000);
});

/** Why a server does not start. */
async function failureOf(server: Partial<ServerOptions>): Promise<string> {
  try {
    await startEdge({ server });
    return "";
  } catch (error) {
    return String(error);
  }
}

describe("another interface than the loopback", () => {
  test("needs a token to start, and from everybody who asks", async () => {
    expect(await failureOf({ host: "0.0.0.0" })).toContain("TICKFORGE_TOKEN");
    const token = "a secret of some length";
    const rig = await startEdge({ server: { host: "0.0.0.0", token } });
    const url = `http://127.0.0.1:${rig.server.port}/api/v1/health`;
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(url, { headers: { authorization: "Bearer wrong" } })).status).toBe(401);
    expect((await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status).toBe(200);
    await rig.stop();
  });

  test("every address of the loopback is answered to; a token is asked for wherever there is one", async () => {
    const rig = await startEdge({ server: { host: "127.0.0.2" } });
    expect((await fetch(`http://127.0.0.2:${rig.server.port}/api/v1/health`)).status).toBe(200);
    await rig.stop();
    const guarded = await startEdge({ server: { token: "a secret of some length" } });
    expect((await guarded.ask("/api/v1/health")).status).toBe(401);
    await guarded.stop();
  });

  test("a port that is taken is named", async () => {
    const rig = await startEdge();
    expect(await failureOf({ port: rig.server.port })).toContain(`port ${rig.server.port} is taken`);
    await rig.stop();
  });
});
