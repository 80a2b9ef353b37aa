// Nothing that is said or written anywhere holds a password or a token: not the terminal, not the data folder and its copy, not
// what clients are answered - least of all when something is wrong.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { POSTGRES, type PostgresServer, startPostgres } from "../../scripts/servers/postgres-server.ts";
import { REDIS, type StartedRedis, startRedis } from "../../scripts/servers/redis-server.ts";
import { describeWith } from "../fixtures/describe-with.ts";

const ENTRY = join(import.meta.dir, "../../scripts/tickforge.ts");
const TOKEN = "the-token-of-all-clients";
const SECRETS = {
  redis: "the-password-of-redis",
  clickhouse: "the-password-of-clickhouse",
  weaviate: "the-key-of-weaviate",
  arangodb: "the-password-of-arangodb",
  kafka: "the-password-of-kafka",
  nats: "the-password-of-nats",
  adviser: "the-key-of-the-adviser",
};

const folder = mkdtempSync(join(tmpdir(), "tickforge-secrets-"));
const data = join(folder, "data");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describeWith(REDIS === undefined ? undefined : POSTGRES, "secrets", () => {
  let redis: StartedRedis;
  let postgres: PostgresServer;
  let environment: Record<string, string>;
  const said: string[] = [];

  beforeAll(async () => {
    [redis, postgres] = await Promise.all([startRedis({ password: SECRETS.redis }), startPostgres()]);
    environment = {
      PATH: process.env["PATH"] ?? "",
      HOME: process.env["HOME"] ?? "",
      TICKFORGE_DATA: data,
      TICKFORGE_PORT: "0",
      TICKFORGE_TOKEN: TOKEN,
      TICKFORGE_LEDGER_URL: postgres.url,
      TICKFORGE_STREAMS_URL: redis.url,
      TICKFORGE_DRAGONFLY_URL: redis.url,
      // Nobody answers there: what is wrong is said.
      TICKFORGE_CLICKHOUSE_URL: "http://127.0.0.1:1",
      TICKFORGE_CLICKHOUSE_PASSWORD: SECRETS.clickhouse,
      TICKFORGE_WEAVIATE_URL: "http://127.0.0.1:1",
      TICKFORGE_WEAVIATE_API_KEY: SECRETS.weaviate,
      TICKFORGE_CONFIG: adviserConfig(),
      ADVISER_KEY: SECRETS.adviser,
      TICKFORGE_ARANGODB_URL: `http://root:${SECRETS.arangodb}@127.0.0.1:1/tickforge`,
    };
  }, 60_000);

  afterAll(async () => {
    await redis.stop();
    await postgres.stop();
  });

  /** Runs a command and keeps what it says. */
  async function run(args: readonly string[], changes: Record<string, string> = {}): Promise<void> {
    const child = Bun.spawn([process.execPath, ENTRY, ...args], {
      env: { ...environment, ...changes },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const [out, err] = await Promise.all([
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    await child.exited;
    said.push(`$ ${args.join(" ")}\n${out}\n${err}`);
  }

  test("are in nothing that is said, stored, copied or answered", async () => {
    const child = Bun.spawn([process.execPath, ENTRY, "start", "--market", "none"], {
      env: environment,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    const out = new Response(child.stdout).text();
    let err = "";
    const reader = child.stderr.getReader();
    const decoder = new TextDecoder();
    const reading = (async () => {
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        err += decoder.decode(piece.value, { stream: true });
      }
    })();
    for (let i = 0; i < 400 && !/http:\S+/.test(err); i++) await Bun.sleep(50);
    const url = /http:\/\/127[^\s/]+/.exec(err)?.[0] ?? "";
    const paths = ["", "api/v1/health", "api/v1/openapi.json", "metrics", "api/v1/ticks", "api/v1/exposures"];
    paths.push("api/v1/analogs/EURUSD", "api/v1/lineage/1", "api/v1/nothing");
    const askAll = async (): Promise<void> => {
      for (const path of paths) {
        for (const token of [TOKEN, `${TOKEN.slice(0, -1)}x`]) {
          const answer = await fetch(`${url}/${path}`, { headers: { authorization: `Bearer ${token}` } });
          said.push(
            `${path} ${answer.status} ${JSON.stringify([...answer.headers])}\n${await answer.text()}`,
          );
        }
      }
    };
    const ticks = Array.from({ length: 5 }, (_, i) => ({
      symbol: "EURUSD",
      bid: 1.08 + i / 1e5,
      ask: 1.0801 + i / 1e5,
    }));
    const taken = await fetch(`${url}/api/market`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify(ticks),
    });
    said.push(await taken.text());
    expect(taken.status).toBe(200);
    await askAll();
    // Everything that can go away does, and is missed.
    await redis.kill9();
    await postgres.process.stop("SIGKILL");
    await Bun.sleep(2_000);
    await askAll();
    await redis.restart();
    await postgres.process.start();
    await Bun.sleep(2_000);
    child.kill("SIGTERM");
    await child.exited;
    await reading;
    said.push(await out, err);
    await run(["start", "--market", "none", "--seconds", "1"], { TICKFORGE_LEDGER_URL: wrong(postgres.url) });
    const streams = [
      `kafka://user:${SECRETS.kafka}@127.0.0.1:1`,
      `nats://user:${SECRETS.nats}@127.0.0.1:1`,
      `nats://${SECRETS.nats}@127.0.0.1:1`,
      `unknown://user:${SECRETS.kafka}@127.0.0.1:1`,
    ];
    await Promise.all([
      run(["doctor"]),
      run(["doctor"], {
        TICKFORGE_LEDGER_URL: wrong(postgres.url),
        TICKFORGE_STREAMS_URL: wrong(redis.url),
        TICKFORGE_DRAGONFLY_URL: wrong(redis.url),
      }),
      ...streams.map(async (address) => await run(["doctor"], { TICKFORGE_STREAMS_URL: address })),
      run(["projections", "list"]),
      run(["journal", "verify"]),
      run(["journal", "tail", "--last", "20"]),
      run(["backup", join(folder, "copy")]),
    ]);

    const secrets = [TOKEN, ...Object.values(SECRETS), new URL(postgres.url).password];
    const everything = said.join("\n");
    // It was heard: failures of each system are among what was said.
    for (const system of ["adviser away", "ArangoDB", "Weaviate", "ClickHouse", "redis", "postgres"]) {
      expect(everything.toLowerCase()).toContain(system.toLowerCase());
    }
    for (const secret of secrets) expect([secret, passage(everything, secret)]).toEqual([secret, ""]);
    let files = 0;
    for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
      const path = join(folder, name);
      if (!statSync(path).isFile()) continue;
      files++;
      const bytes = readFileSync(path);
      for (const secret of secrets) expect([name, bytes.includes(secret)]).toEqual([name, false]);
    }
    expect(files).toBeGreaterThan(10);
  }, 120_000);
});

/** The same address with another password. */
function wrong(address: string): string {
  return address.replace(/:([^:@/]+)@/, ":$1-or-not@");
}

/** Where a secret is told; empty where it is not. */
function passage(text: string, secret: string): string {
  const at = text.indexOf(secret);
  return at < 0 ? "" : text.slice(Math.max(0, at - 200), at + secret.length + 50);
}

/** An adviser that nobody is. */
function adviserConfig(): string {
  const path = join(folder, "config.json");
  const service = {
    name: "away",
    baseUrl: "http://127.0.0.1:1/v1",
    model: "m",
    apiKeyEnv: "ADVISER_KEY",
    pricePerMillionInput: 1,
    pricePerMillionOutput: 1,
  };
  writeFileSync(path, JSON.stringify({ advisers: { enabled: true, everyMinutes: 1, services: [service] } }));
  return path;
}
