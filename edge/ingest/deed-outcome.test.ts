// What a request is told of its order, read from records that are in the journal already.

import { expect, test } from "bun:test";
import { execution, reportOf } from "../../actors/account/account.fixture.ts";
import { encodePayload, KIND_NUMBER, TOPIC_NUMBER_OF } from "../../actors/domain/codec.ts";
import type { OrderIntent } from "../../actors/domain/order.ts";
import type { JournalRecord } from "../../actors/domain/records.ts";
import { MemoryJournal } from "../../storage/memory/memory-journal.ts";
import { outcomeOf } from "./deed-outcome.ts";

const COMMAND_SEQ = 1;
const INTENT: OrderIntent = {
  kind: "intent",
  seq: 2,
  timeMicros: 1_000,
  accountId: "paper",
  intentId: "paper-000000001",
  instrumentId: 0,
  purpose: "entry",
  side: "BUY",
  volumeMicros: 100_000,
  causeSeq: COMMAND_SEQ,
  bidPoints: 110_000,
  askPoints: 110_010,
  stopPricePoints: 109_000,
  targetPricePoints: null,
  positionId: null,
  expiresAtMicros: 9_000,
  epoch: 1,
  checks: [],
  reason: "manual:tester",
};

function journalOf(records: readonly JournalRecord[]): MemoryJournal {
  const journal = new MemoryJournal({ keep: true });
  const close = { command: "close-position", positionId: "p", volumeMicros: null } as const;
  const command = { ...close, accountId: "paper", by: "tester" };
  for (const record of [{ kind: "commanded", seq: 0, timeMicros: 1, command } as const, ...records]) {
    const bytes = encodePayload(record, journal.staging);
    journal.append(TOPIC_NUMBER_OF[record.kind], KIND_NUMBER[record.kind], record.timeMicros, bytes);
  }
  return journal;
}

test("an outcome that was unknown for a while is told as it turned out", async () => {
  const doubted = [INTENT, reportOf(INTENT, "unknown")];
  expect(await outcomeOf(journalOf(doubted), COMMAND_SEQ, 0)).toMatchObject({ value: { status: "unknown" } });
  const filled = journalOf([...doubted, execution(INTENT)]);
  expect(await outcomeOf(filled, COMMAND_SEQ, 0)).toMatchObject({
    value: { status: "filled", filledMicros: 100_000 },
  });
  const dead = journalOf([...doubted, reportOf(INTENT, "rejected")]);
  expect(await outcomeOf(dead, COMMAND_SEQ, 0)).toMatchObject({ ok: false, code: "rejected" });
});
