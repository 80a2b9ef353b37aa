// The stores beside the ledger on SQLite and on a real PostgreSQL: the contracts, processes at once, restarts, and a database
// that is away.

import { SQL } from "bun";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { GLOBAL_SCOPE } from "../../actors/ports/fence.ts";
import { POSTGRES, type PostgresServer, startPostgres } from "../../scripts/servers/postgres-server.ts";
import { describeAuditHeads } from "../../test/contract/audit-heads.ts";
import { ACME, type Fenced, issued, PAPER, T0_MICROS } from "../../test/contract/fenced.ts";
import { describeIdentities, TENANT_IDS } from "../../test/contract/identities.ts";
import { describeKillSwitches } from "../../test/contract/kill-switch-store.ts";
import { describeRegistry } from "../../test/contract/registry.ts";
import { describeSourceCursors } from "../../test/contract/source-cursors.ts";
import { describeWith } from "../../test/fixtures/describe-with.ts";
import { eventually, failureOf } from "../../test/fixtures/eventually.ts";
import { FaultProxy } from "../../test/fixtures/fault-proxy.ts";
import { type Books, openBooks, WRITES } from "./books.fixture.ts";
import { openDatabaseToRead } from "./database.ts";

const folder = mkdtempSync(join(tmpdir(), "tickforge-books-"));
let files = 0;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function freshFile(): Promise<string> {
  return Promise.resolve(`sqlite://${join(folder, `books-${files++}.db`)}`);
}

/** @param isShared whether another connection of this process may write to the same database at the same time */
function describeStores(name: string, freshUrl: () => Promise<string>, isShared: boolean): void {
  const opening =
    <Store>(pick: (books: Books) => Store, prepare?: (books: Books) => Promise<void>) =>
    async (): Promise<Fenced<Store>> => {
      const url = await freshUrl();
      const books = await openBooks(url);
      await prepare?.(books);
      const other = isShared ? await openBooks(url) : books;
      const close = async (): Promise<void> => {
        await books.close();
        if (other !== books) await other.close();
      };
      return { store: pick(books), other: pick(other), epochs: books.epochs, close };
    };
  describeRegistry(
    name,
    opening(({ registry }) => registry),
  );
  describeKillSwitches(
    name,
    opening(({ switches }) => switches),
  );
  describeSourceCursors(
    name,
    opening(({ cursors }) => cursors),
  );
  describeIdentities(
    name,
    opening(({ identities }) => identities, addTenants),
  );
  describeAuditHeads(
    name,
    opening(({ heads }) => heads),
  );
}

async function addTenants({ registry, epochs }: Books): Promise<void> {
  const epoch = await issued({ epochs }, GLOBAL_SCOPE);
  for (const tenantId of TENANT_IDS) {
    await registry.addTenant({ tenantId, name: tenantId, createdMicros: T0_MICROS }, epoch);
  }
}

const LIMIT = {
  scope: PAPER,
  symbol: null,
  name: "daily-loss",
  value: 0.02,
  by: "ann",
  setMicros: T0_MICROS,
};
const HALT = { mode: "flatten", by: "ann", reason: "test", atMicros: T0_MICROS, rearmHash: "hash" } as const;
const USER = {
  userId: "user-1",
  tenantId: "acme",
  name: "ann",
  passwordHash: "$argon2id$one",
  role: "owner",
  createdMicros: T0_MICROS,
};
const TOKEN = {
  tokenId: "token-1",
  userId: "user-1",
  tokenHash: "a".repeat(64),
  scopes: ["read"],
  createdMicros: T0_MICROS,
  expiresMicros: null,
};
const HEAD = {
  at: "2026-07-01T00:00:00.000Z",
  seq: 10,
  topics: { orders: "x" },
  previous: "",
  key: "key",
  signature: "signature",
  hash: "head-1",
};
const CURSOR = { source: "bridge", boot: 1, seq: 7 };

type Epochs = Readonly<Record<"global" | "acme" | "paper", number>>;

/** Every write there is, in an order in which each finds what it needs. */
const WRITERS: readonly [
  string,
  (books: Books, epochs: Epochs) => Promise<{ ok: boolean; code?: string }>,
][] = [
  [
    "tenant",
    async ({ registry }, { global }) =>
      await registry.addTenant({ tenantId: "acme", name: "Acme", createdMicros: T0_MICROS }, global),
  ],
  [
    "account",
    async ({ registry }, { acme }) =>
      await registry.openAccount(
        { accountId: "paper", tenantId: "acme", currency: "EUR", openedMicros: T0_MICROS },
        acme,
      ),
  ],
  ["limit", async ({ registry }, { paper }) => await registry.setLimit(LIMIT, paper)],
  [
    "limit that is taken away",
    async ({ registry }, { paper }) => await registry.removeLimit({ ...LIMIT, name: "another" }, paper),
  ],
  ["engagement", async ({ switches }, { paper }) => await switches.engage(PAPER, paper, HALT)],
  [
    "rearming",
    async ({ switches }, { acme }) => await switches.rearm(ACME, acme, { ...HALT, rearmHash: "none" }),
  ],
  ["cursor", async ({ cursors }, { paper }) => await cursors.advance(PAPER, paper, [CURSOR])],
  ["user", async ({ identities }) => await identities.addUser(USER)],
  [
    "password",
    async ({ identities }) =>
      await identities.changePassword("user-1", { from: USER.passwordHash, to: "$argon2id$two" }),
  ],
  ["token", async ({ identities }) => await identities.addToken(TOKEN)],
  ["use of a token", async ({ identities }) => await identities.useToken(TOKEN.tokenHash, T0_MICROS)],
  ["revocation", async ({ identities }) => await identities.revokeToken("token-1", T0_MICROS + 1)],
  ["end of a user", async ({ identities }) => await identities.disableUser("user-1", T0_MICROS + 2)],
  ["signed head", async ({ heads }) => await heads.append(PAPER, [HEAD])],
];

const QUESTIONS: readonly [string, (books: Books) => Promise<unknown>][] = [
  ["tenants", async ({ registry }) => await registry.tenants()],
  ["accounts", async ({ registry }) => await registry.accounts("acme")],
  ["limits", async ({ registry }) => await registry.limits(PAPER)],
  ["a kill switch", async ({ switches }) => await switches.state(PAPER)],
  ["kill switches", async ({ switches }) => await switches.engaged()],
  ["a cursor", async ({ cursors }) => await cursors.cursor(PAPER, "bridge")],
  ["a user", async ({ identities }) => await identities.user("acme", "ann")],
  ["users", async ({ identities }) => await identities.users("acme")],
  ["tokens", async ({ identities }) => await identities.tokens("user-1")],
  ["signed heads", async ({ heads }) => await heads.heads(PAPER)],
  ["the newest head", async ({ heads }) => await heads.newest(PAPER)],
];

async function answers(books: Books): Promise<unknown[]> {
  const seen: unknown[] = [];
  for (const [, ask] of QUESTIONS) seen.push(await ask(books));
  return seen;
}

/** Issues epochs and makes every write; returns the epochs. */
async function fill(books: Books): Promise<Epochs> {
  const epochs = {
    global: await issued(books, GLOBAL_SCOPE),
    acme: await issued(books, ACME),
    paper: await issued(books, PAPER),
  };
  for (const [name, write] of WRITERS)
    expect([name, await write(books, epochs)]).toMatchObject([name, { ok: true }]);
  return epochs;
}

const childSchema = z.object({ wrong: z.array(z.string()), epochs: z.array(z.number()) });

async function inAnotherProcess(url: string, mark: string, epochs: Epochs) {
  const script = join(import.meta.dir, "books.fixture.ts");
  const child = Bun.spawn(
    [process.execPath, script, url, mark, String(epochs.global), String(epochs.paper)],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const said = await new Response(child.stdout).text();
  expect(await child.exited).toBe(0);
  return childSchema.parse(JSON.parse(said));
}

function describeDatabase(name: string, freshUrl: () => Promise<string>): void {
  describe(`books: ${name}`, () => {
    test("everything written is there after a restart, and all of it may be written again", async () => {
      const url = await freshUrl();
      const first = await openBooks(url);
      const epochs = await fill(first);
      const before = await answers(first);
      await first.close();
      const second = await openBooks(url);
      expect(await answers(second)).toEqual(before);
      // The password is another one by now, and who is disabled gets no token.
      const over = new Set(["user", "token", "use of a token"]);
      for (const [what, write] of WRITERS) {
        expect([what, (await write(second, epochs)).ok]).toEqual([what, !over.has(what)]);
      }
      expect(await answers(second)).toEqual(before);
      expect(await issued(second, PAPER)).toBe(epochs.paper + 1);
      await second.close();
    });

    test("three processes that write at once lose nothing, and no two have one epoch", async () => {
      const url = await freshUrl();
      const books = await openBooks(url);
      const epochs = {
        global: await issued(books, GLOBAL_SCOPE),
        acme: 0,
        paper: await issued(books, PAPER),
      };
      const marks = ["a", "b", "c"];
      const done = await Promise.all(marks.map(async (mark) => await inAnotherProcess(url, mark, epochs)));
      expect(done.flatMap(({ wrong }) => wrong)).toEqual([]);
      expect(new Set(done.flatMap(({ epochs: own }) => own)).size).toBe(marks.length * WRITES);
      expect(await books.registry.tenants()).toHaveLength(marks.length * WRITES);
      expect(await books.cursors.cursor(PAPER, "bridge")).toMatchObject({ seq: WRITES });
      await books.close();
    }, 60_000);

    test("is looked at without a trace: nothing can be written, and what is not there is not made", async () => {
      const url = await freshUrl();
      const nowhere = await openDatabaseToRead(`${url}_nowhere`);
      expect(nowhere).toMatchObject({ ok: false, code: "ledger-unreadable" });
      const books = await openBooks(url);
      await fill(books);
      const looking = await openDatabaseToRead(url);
      if (!looking.ok) throw new Error(looking.message);
      const rows: { n: number | string }[] = await looking.value.read(
        async (sql) => await sql`SELECT count(*) AS n FROM audit_heads`,
      );
      expect(Number(rows[0]?.n)).toBe(1);
      expect(
        await failureOf(looking.value.read(async (sql) => await sql`DELETE FROM audit_heads`)),
      ).toBeInstanceOf(Error);
      await looking.value.close();
      expect(await books.heads.newest(PAPER)).toEqual(HEAD);
      await books.close();
    });
  });
}

/** Holds for whatever cannot be asked: every write says so and every question throws. */
async function expectUnreachable(books: Books): Promise<void> {
  const epochs = { global: 1, acme: 1, paper: 1 };
  for (const [what, write] of WRITERS) {
    expect([what, await write(books, epochs)]).toMatchObject([
      what,
      { ok: false, code: "unreachable", recoverable: true },
    ]);
  }
  for (const [what, ask] of QUESTIONS) {
    expect([what, await failureOf(ask(books))]).toEqual([what, expect.any(Error) as Error]);
  }
}

describeStores("SQLite in memory", async () => await Promise.resolve("sqlite://:memory:"), false);
describeStores("SQLite on disk", freshFile, false);
describeDatabase("SQLite", freshFile);

test("a SQLite file that is closed is unreachable", async () => {
  const books = await openBooks(await freshFile());
  await fill(books);
  await books.close();
  await expectUnreachable(books);
});

describeWith(POSTGRES, "PostgreSQL", () => {
  let server: PostgresServer;
  let sweeper: SQL;
  let url = "";

  /** One database for all: to make one for each run of a property would take most of the time. */
  const emptied = async (): Promise<string> => {
    const tables: { tablename: string }[] = await sweeper`
      SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migrations'`;
    const names = tables.map(({ tablename }) => tablename).join(", ");
    if (names !== "") await sweeper.unsafe(`TRUNCATE ${names}`);
    return url;
  };

  beforeAll(async () => {
    server = await startPostgres();
    url = await server.database("books");
    sweeper = new SQL(url, { max: 1 });
  }, 60_000);
  afterAll(async () => {
    await sweeper.close();
    await server.stop();
  });

  describeStores("PostgreSQL", emptied, true);
  describeDatabase("PostgreSQL", emptied);

  test("that takes a connection and says nothing is not waited for by who only looks", async () => {
    const proxy = new FaultProxy(() => Number(new URL(server.url).port));
    proxy.mode = "hang";
    const hung = new URL(url);
    hung.port = String(proxy.port);
    const startMillis = performance.now();
    expect(await openDatabaseToRead(hung.href)).toMatchObject({ ok: false, code: "ledger-unreadable" });
    expect(performance.now() - startMillis).toBeLessThan(12_000);
    proxy.stop();
  }, 30_000);

  test("that is away is unreachable; back again, it has what it had and takes more", async () => {
    const another = await startPostgres();
    const books = await openBooks(another.url);
    const epochs = await fill(books);
    const before = await answers(books);
    await another.process.stop("SIGKILL");
    await expectUnreachable(books);
    await another.process.start();
    await eventually(async () => (await books.registry.tenants()).length > 0);
    expect(await answers(books)).toEqual(before);
    const limit = { ...LIMIT, name: "later" };
    expect(await books.registry.setLimit(limit, epochs.paper)).toMatchObject({ ok: true });
    await books.close();
    await another.stop();
  }, 60_000);
});
