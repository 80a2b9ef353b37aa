// What doctor says of servers that are there, away, or want another password.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { describeWith } from "../test/fixtures/describe-with.ts";
import { NATS, startNats } from "../scripts/servers/nats-server.ts";
import { POSTGRES, type PostgresServer, startPostgres } from "../scripts/servers/postgres-server.ts";
import { REDIS, startRedis } from "../scripts/servers/redis-server.ts";
import { checkSystems, type SystemFinding, type SystemsOptions } from "./check-systems.ts";
import { openLedger } from "./sql/ledger.ts";

const NOTHING: SystemsOptions = {
  ledgerUrl: undefined,
  streamsUrl: undefined,
  dragonflyUrl: undefined,
  weaviate: undefined,
  arangoUrl: undefined,
  timeSeries: { username: "", password: "", database: "tickforge" },
};

async function only(options: Partial<SystemsOptions>): Promise<SystemFinding> {
  const [finding, ...others] = await checkSystems({ ...NOTHING, ...options });
  expect(others).toEqual([]);
  return finding as SystemFinding;
}

test("what is embedded is not asked for", async () => {
  expect(await checkSystems(NOTHING)).toEqual([]);
});

describeWith(POSTGRES, "PostgreSQL", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(async () => await server.stop());

  test("before its first start and after", async () => {
    expect(await only({ ledgerUrl: server.url })).toMatchObject({
      system: "ledger",
      verdict: "ok",
      detail: expect.stringMatching(/^PostgreSQL \d+.*no tables yet/) as string,
    });
    const ledger = await openLedger(server.url);
    if (ledger.ok) await ledger.value.close();
    expect((await only({ ledgerUrl: server.url })).detail).toMatch(/tables of step \d/);
  });

  test("with another password is a problem, told without ours", async () => {
    const finding = await only({ ledgerUrl: server.url.replace(/:[^:@/]+@/, ":wrong-password@") });
    expect(finding.verdict).toBe("problem");
    expect(finding.detail).toContain("password");
    expect(finding.detail).not.toContain("wrong-password");
  });
});

describeWith(REDIS, "a stream's server", () => {
  test("is named with its version and how far it is", async () => {
    const server = await startRedis();
    const finding = await only({ streamsUrl: server.url });
    expect([finding.verdict, finding.detail]).toEqual(["ok", expect.stringMatching(/^Redis \d.*record 0$/)]);
    await server.stop();
    expect((await only({ streamsUrl: server.url })).verdict).toBe("problem");
  }, 20_000);
});

describeWith(REDIS, "a Dragonfly's stand-in", () => {
  test("is named with its version and how far the hot state is; one that is away is a problem", async () => {
    const server = await startRedis();
    const finding = await only({ dragonflyUrl: server.url });
    expect([finding.verdict, finding.detail]).toEqual([
      "ok",
      expect.stringMatching(/^Redis \d.*hot state up to record 0$/),
    ]);
    await server.stop();
    expect(await only({ dragonflyUrl: server.url })).toMatchObject({
      system: "dragonfly",
      verdict: "problem",
    });
  }, 20_000);
});

describeWith(NATS, "a NATS server", () => {
  test("is named with its version and how far it is", async () => {
    const server = await startNats();
    const finding = await only({ streamsUrl: server.url });
    expect(finding.detail).toMatch(/^NATS \d/);
    await server.stop();
  }, 20_000);
});

test("a Kafka that is away, or an address that is none, is a problem with something to do, told without the password", async () => {
  for (const [streamsUrl, advice] of [
    ["kafka://me:secret@127.0.0.1:9", "Start it"],
    ["kafka://me:sec@ret@127.0.0.1:9", "Write kafka://user:password@host:9092"],
    ["kafkas://me/too:secret@127.0.0.1:9", "Write kafka://user:password@host:9092"],
  ] as const) {
    const finding = await only({ streamsUrl });
    expect(finding).toMatchObject({ system: "streams", verdict: "problem" });
    expect(finding.detail).toContain(advice);
    expect(finding.detail).not.toContain("ret");
  }
}, 20_000);

test("a ClickHouse that is away is a problem with something to do", async () => {
  const timeSeries = { ...NOTHING.timeSeries, url: "http://127.0.0.1:9" };
  const finding = await only({ timeSeries });
  expect(finding).toMatchObject({ system: "time series", verdict: "problem" });
  expect(finding.detail).toContain("Start it");
});
