// The ledger on SQLite: the common contract in memory and on disk, and what only a file can get wrong.

import { Database } from "bun:sqlite";
import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Ledger } from "../../actors/ports/ledger.ts";
import { describeLedger } from "../../test/contract/ledger.ts";
import { openLedger } from "./ledger.ts";

const folder = mkdtempSync(join(tmpdir(), "tickforge-ledger-"));
let files = 0;
let path = "";

beforeEach(() => {
  path = join(folder, `ledger-${files++}.db`);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function openGood(url: string): Promise<Ledger> {
  const opened = await openLedger(url);
  if (!opened.ok) throw new Error(opened.message);
  return opened.value;
}

/** Changes the file behind the ledger's back. */
function tamper(statement: string): void {
  const database = new Database(path);
  database.run(statement);
  database.close();
}

describeLedger("SQLite in memory", async () => await openGood("sqlite://:memory:"));
describeLedger(
  "SQLite on disk",
  async () => await openGood(`sqlite://${join(folder, `book-${files++}.db`)}`),
);

describe("the file", () => {
  test("keeps epochs and cursors over a restart", async () => {
    const first = await openGood(`sqlite://${path}`);
    const epoch = await first.issueEpoch("paper");
    await first.apply("paper", epoch, [
      { kind: "sent", seq: 7, timeMicros: 0, accountId: "paper", intentId: "paper-1" },
    ]);
    await first.close();
    const second = await openGood(`sqlite://${path}`);
    expect(await second.cursor("paper")).toBe(7);
    expect(await second.issueEpoch("paper")).toBe(epoch + 1);
    await second.close();
  });

  test("may lie in a folder with any name", async () => {
    const odd = join(folder, "a b?c#d%20e");
    mkdirSync(odd);
    const ledger = await openGood(`sqlite://${join(odd, "ledger.db")}`);
    expect(await ledger.issueEpoch("paper")).toBe(1);
    await ledger.close();
    expect(await Bun.file(join(odd, "ledger.db")).exists()).toBe(true);
  });

  test("a closed ledger says that it cannot be reached", async () => {
    const ledger = await openGood(`sqlite://${path}`);
    const epoch = await ledger.issueEpoch("paper");
    await ledger.close();
    expect(await ledger.apply("paper", epoch, [])).toMatchObject({
      ok: false,
      code: "unreachable",
      recoverable: true,
    });
  });

  const broken: { name: string; prepare: () => void | Promise<void>; code: string }[] = [
    {
      name: "no database",
      prepare: () => writeFileSync(path, "no database".repeat(500)),
      code: "ledger-unreadable",
    },
    { name: "a folder", prepare: () => mkdirSync(path), code: "ledger-unreadable" },
    {
      name: "written by a newer version",
      prepare: async () => {
        await (await openGood(`sqlite://${path}`)).close();
        tamper("INSERT INTO migrations VALUES (99, 'later', 'x')");
      },
      code: "ledger-newer",
    },
    {
      name: "made by other steps",
      prepare: async () => {
        await (await openGood(`sqlite://${path}`)).close();
        tamper("UPDATE migrations SET checksum = 'x'");
      },
      code: "ledger-changed",
    },
  ];
  for (const { name, prepare, code } of broken) {
    test(`is refused where it is ${name}`, async () => {
      await prepare();
      expect(await openLedger(`sqlite://${path}`)).toMatchObject({ ok: false, code });
    });
  }
});
