// The ledger on a real PostgreSQL: the contract, two processes at once, and what kills, hangs and wrong passwords do to it.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Ledger, LedgerRecord } from "../../actors/ports/ledger.ts";
import { describeLedger } from "../../test/contract/ledger.ts";
import { FaultProxy } from "../../test/fixtures/fault-proxy.ts";
import { POSTGRES, type PostgresServer, startPostgres } from "../../scripts/servers/postgres-server.ts";
import { describeWith } from "../../test/fixtures/describe-with.ts";
import { openLedger } from "./ledger.ts";

async function openGood(url: string): Promise<Ledger> {
  const opened = await openLedger(url);
  if (!opened.ok) throw new Error(opened.message);
  return opened.value;
}

async function untilAnswers(ledger: Ledger): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    try {
      await ledger.cursor("a");
      return;
    } catch {
      await Bun.sleep(50);
    }
  }
  throw new Error("it never answered again");
}

/** An order that was sent and filled. */
function trade(accountId: string, number: number, seq: number): LedgerRecord[] {
  const intentId = `${accountId}-${number}`;
  const place = { accountId, instrumentId: 0, side: "BUY", volumeMicros: 100_000, causeSeq: seq } as const;
  return [
    {
      ...place,
      kind: "intent",
      seq,
      timeMicros: seq,
      intentId,
      purpose: "entry",
      bidPoints: 108_550,
      askPoints: 108_560,
      stopPricePoints: 108_000,
      targetPricePoints: null,
      positionId: null,
      expiresAtMicros: seq + 1,
      epoch: 1,
      checks: [],
      reason: "test",
    },
    { kind: "sent", seq: seq + 1, timeMicros: seq, accountId, intentId },
    {
      ...place,
      kind: "execution",
      seq: seq + 2,
      timeMicros: seq,
      intentId,
      status: "filled",
      dealId: `deal-${number}`,
      pricePoints: 108_560,
      commissionMicros: 350_000,
      reason: "",
      positionId: `position-${number}`,
    },
  ];
}

describeWith(POSTGRES, "PostgreSQL", () => {
  let server: PostgresServer;
  let databases = 0;

  beforeAll(async () => {
    server = await startPostgres();
  }, 60_000);
  afterAll(async () => await server.stop());

  describeLedger("PostgreSQL", async () => await openGood(await server.database(`book_${databases++}`)));

  test("two processes that apply to one ledger at once lose nothing and double nothing", async () => {
    const url = await server.database("shared");
    const ledgers = await Promise.all([openGood(url), openGood(url)]);
    const scopes = ["a", "b"];
    const epochs = await Promise.all(
      scopes.map(async (scope, i) => await (ledgers[i] as Ledger).issueEpoch(scope)),
    );
    const work = scopes.map(async (scope, i) => {
      for (let number = 1; number <= 40; number++) {
        const records = trade(scope, number, number * 10);
        const applied = await (ledgers[i] as Ledger).apply(scope, epochs[i] ?? 0, records);
        expect(applied.ok ? "" : applied.message).toBe("");
      }
    });
    await Promise.all(work);
    for (const scope of scopes) {
      const orders = await ledgers[0].orders(scope);
      expect(orders.filter(({ state }) => state === "filled")).toHaveLength(40);
    }
    const issued = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => await (ledgers[i % 2] as Ledger).issueEpoch("a")),
    );
    expect(new Set(issued).size).toBe(40);
    for (const ledger of ledgers) await ledger.close();
  });

  test("killed in the middle of batches and started again, it has every record once", async () => {
    const other = await startPostgres();
    const ledger = await openGood(other.url);
    const epoch = await ledger.issueEpoch("a");
    let failures = 0;
    for (let number = 1; number <= 60; number++) {
      if (number % 20 === 10)
        setTimeout(() => void other.process.stop("SIGKILL").then(() => other.process.start()), 2);
      // As a projection does: again from the ledger's own cursor until it is taken.
      for (;;) {
        const applied = await ledger.apply("a", epoch, trade("a", number, number * 10));
        if (applied.ok) break;
        expect(applied.code).toBe("unreachable");
        failures++;
        await Bun.sleep(50);
      }
      if (number % 20 === 10) await untilAnswers(ledger);
    }
    expect(failures).toBeGreaterThan(0);
    const orders = await ledger.orders("a");
    expect(orders).toHaveLength(60);
    expect(orders.every(({ state, filledMicros }) => state === "filled" && filledMicros === 100_000)).toBe(
      true,
    );
    expect(await ledger.positions("a")).toHaveLength(60);
    await ledger.close();
    await other.stop();
  }, 60_000);

  test("hung, a call ends as unreachable; awake again, it is asked again and nothing is doubled", async () => {
    const url = new URL(await server.database("hung"));
    const proxy = new FaultProxy(() => Number(new URL(server.url).port));
    url.port = String(proxy.port);
    const ledger = await openGood(url.href);
    const epoch = await ledger.issueEpoch("a");
    proxy.mode = "hang";
    const startMillis = performance.now();
    const applied = await ledger.apply("a", epoch, trade("a", 1, 10));
    expect(applied).toMatchObject({ ok: false, code: "unreachable" });
    expect(performance.now() - startMillis).toBeLessThan(8_000);
    proxy.mode = "pass";
    await untilAnswers(ledger);
    expect(await ledger.apply("a", epoch, trade("a", 1, 10))).toMatchObject({ ok: true });
    expect(await ledger.orders("a")).toMatchObject([{ state: "filled", filledMicros: 100_000 }]);
    await ledger.close();
    proxy.stop();
  }, 30_000);

  describe("a server that", () => {
    test("does not take the password is named, the password is not", async () => {
      const opened = await openLedger(server.url.replace(/:[^:@/]+@/, ":wrong-password@"));
      expect(opened).toMatchObject({ ok: false, code: "ledger-unreadable" });
      const message = opened.ok ? "" : opened.message;
      expect(message).toMatch(/password authentication failed/);
      expect(message).not.toContain("wrong-password");
    });

    test("has no such database is told so", async () => {
      const opened = await openLedger(server.url.replace(/\/tickforge$/, "/nowhere"));
      expect(opened.ok ? "" : opened.message).toContain("nowhere");
    });
  });
});
