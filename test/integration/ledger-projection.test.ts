// The ledger follows the journal: batches, restarts, refusals; each record counts once.

import { describe, expect, test } from "bun:test";
import { VirtualClock } from "../../actors/base/clock.ts";
import { encodePayload, KIND_NUMBER, TOPIC_NUMBER_OF } from "../../actors/domain/codec.ts";
import type { JournalRecord } from "../../actors/domain/records.ts";
import type { Ledger } from "../../actors/ports/ledger.ts";
import { MemoryJournal } from "../../storage/memory/memory-journal.ts";
import { type LedgerProjection, ledgerProjection } from "../../storage/projections/ledger.ts";
import { openLedger } from "../../storage/sql/ledger.ts";

const SCOPE = "paper";

function append(journal: MemoryJournal, record: JournalRecord): void {
  const bytes = encodePayload(record, journal.staging);
  journal.append(TOPIC_NUMBER_OF[record.kind], KIND_NUMBER[record.kind], record.timeMicros, bytes);
}

/** A bought order, filled at once, and some records the ledger has no use for. */
function trade(journal: MemoryJournal, number: number, epoch: number): void {
  const intentId = `paper-${number}`;
  append(journal, { kind: "beat", seq: 0, timeMicros: number });
  append(journal, {
    kind: "intent",
    seq: 0,
    timeMicros: number,
    accountId: SCOPE,
    intentId,
    instrumentId: 0,
    purpose: "entry",
    side: "BUY",
    volumeMicros: 100_000,
    causeSeq: 1,
    bidPoints: 108_550,
    askPoints: 108_560,
    stopPricePoints: 108_000,
    targetPricePoints: null,
    positionId: null,
    expiresAtMicros: 10_000_000,
    epoch,
    checks: [],
    reason: "test",
  });
  append(journal, { kind: "sent", seq: 0, timeMicros: number, accountId: SCOPE, intentId });
  append(journal, {
    kind: "execution",
    seq: 0,
    timeMicros: number,
    accountId: SCOPE,
    intentId,
    status: "filled",
    dealId: `deal-${number}`,
    instrumentId: 0,
    side: "BUY",
    volumeMicros: 100_000,
    pricePoints: 108_560,
    commissionMicros: 350_000,
    reason: "test",
    positionId: `position-${number}`,
    causeSeq: 1,
  });
}

async function memoryLedger(): Promise<Ledger> {
  const ledger = await openLedger("sqlite://:memory:");
  if (!ledger.ok) throw new Error(ledger.message);
  return ledger.value;
}

function projectionOf(journal: MemoryJournal, ledger: Ledger, epoch: number): LedgerProjection {
  return ledgerProjection({ journal, ledger, scope: SCOPE, epoch, clock: new VirtualClock(5) });
}

describe("the ledger's projection", () => {
  test("brings every trading record into the ledger, and reports no lag after", async () => {
    const journal = new MemoryJournal({ keep: true });
    const ledger = await memoryLedger();
    const epoch = await ledger.issueEpoch(SCOPE);
    for (let i = 1; i <= 700; i++) trade(journal, i, epoch);
    const projection = projectionOf(journal, ledger, epoch);
    expect(projection.status.lagRecords).toBe(journal.lastSeq);
    expect(await projection.catchUp()).toBe(true);
    expect(projection.status).toMatchObject({ lagRecords: 0, failures: 0, lastError: "" });
    expect((await ledger.orders(SCOPE)).filter((order) => order.state === "filled")).toHaveLength(700);
    expect(await ledger.positions(SCOPE)).toHaveLength(700);
    await ledger.close();
  });

  test("goes on after a restart where it stood, and takes nothing twice", async () => {
    const journal = new MemoryJournal({ keep: true });
    const ledger = await memoryLedger();
    const epoch = await ledger.issueEpoch(SCOPE);
    trade(journal, 1, epoch);
    const first = projectionOf(journal, ledger, epoch);
    await first.catchUp();
    first.close();
    trade(journal, 2, epoch);
    await projectionOf(journal, ledger, await ledger.issueEpoch(SCOPE)).catchUp();
    const orders = await ledger.orders(SCOPE);
    expect(orders.map((order) => [order.intentId, order.filledMicros])).toEqual([
      ["paper-1", 100_000],
      ["paper-2", 100_000],
    ]);
    await ledger.close();
  });

  test("asked to go on while it waits for the ledger, it loses nothing of what it reads meanwhile", async () => {
    const journal = new MemoryJournal({ keep: true });
    const ledger = await memoryLedger();
    const epoch = await ledger.issueEpoch(SCOPE);
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let calls = 0;
    const slow: Ledger = Object.assign(Object.create(ledger) as Ledger, {
      apply: async (...given: Parameters<Ledger["apply"]>) => {
        await gates[calls++]?.promise;
        return await ledger.apply(...given);
      },
      cursor: async (scope: string) => await ledger.cursor(scope),
    });
    const projection = projectionOf(journal, slow, epoch);
    trade(journal, 1, epoch);
    const first = projection.advance();
    const second = projection.advance();
    await Bun.sleep(0);
    gates[0]?.resolve();
    await first;
    // More than one turn reads: what is collected of it is still to be sent.
    trade(journal, 2, epoch);
    for (let i = 0; i < 2_000; i++) append(journal, { kind: "beat", seq: 0, timeMicros: 3 });
    await projection.advance();
    gates[1]?.resolve();
    await second;
    expect(await projection.catchUp()).toBe(true);
    expect(await ledger.orders(SCOPE)).toHaveLength(2);
    await ledger.close();
  });

  test("a projection of an older epoch is refused and loses nothing for the one that follows", async () => {
    const journal = new MemoryJournal({ keep: true });
    const ledger = await memoryLedger();
    const old = await ledger.issueEpoch(SCOPE);
    const stale = projectionOf(journal, ledger, old);
    trade(journal, 1, old);
    const epoch = await ledger.issueEpoch(SCOPE);
    expect(await stale.catchUp()).toBe(false);
    expect(stale.status.lastError).toContain("stale-epoch");
    expect(await ledger.orders(SCOPE)).toHaveLength(0);
    expect(await projectionOf(journal, ledger, epoch).catchUp()).toBe(true);
    expect(await ledger.orders(SCOPE)).toHaveLength(1);
    await ledger.close();
  });
});
