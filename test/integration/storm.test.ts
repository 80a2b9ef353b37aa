// Ticks faster than anybody can decide: mailboxes stay within their bounds, inferences are skipped and say so, nothing that
// was accepted is lost, and the whole of it replays to the same decisions.

import { describe, expect, test } from "bun:test";
import { TICK_SKIP_INFERENCE } from "../../actors/domain/tick.ts";
import {
  MAILBOX_RESERVE_RECORDS,
  SHARED_MAILBOX_RECORDS,
  SKIP_INFERENCE_DEPTH,
  SYMBOL_MAILBOX_RECORDS,
} from "../../actors/limits.ts";
import { INGEST_BUSY } from "../../actors/router.ts";
import { MemoryJournal } from "../../storage/memory/memory-journal.ts";
import {
  countKinds,
  makeRig,
  NO_DIFFERENCES,
  recordsOf,
  replay,
  simulatedTicks,
} from "../fixtures/engine-rig.ts";

const TICKS = process.env["TICKFORGE_TORTURE"] === "1" ? 1_000_000 : 100_000;

const ticks = simulatedTicks({ seed: 3, count: TICKS, ticksPerSecond: 60 });
const journal = new MemoryJournal({ keep: true });
const { live, engine } = makeRig({ journal });
const { router } = live;
live.begin(1, (ticks[0]?.sourceTimeMicros ?? 0) - 1);

let busy = 0;
let deepestSymbol = 0;
let deepestShared = 0;
for (const tick of ticks) {
  // Nobody gets a turn until the door is shut.
  while (router.ingest(tick, tick.sourceTimeMicros) === INGEST_BUSY) {
    busy++;
    const { symbols, accounts, market } = engine.switchboard.seats;
    const [{ account, broker } = { account: market }] = accounts;
    const shared = [account, broker ?? account, market];
    deepestSymbol = Math.max(deepestSymbol, ...symbols.map(({ depth }) => depth));
    deepestShared = Math.max(deepestShared, ...shared.map(({ depth }) => depth));
    live.settle();
  }
}
live.settle();
const records = recordsOf(journal);

describe(`a storm of ${TICKS} ticks`, () => {
  test("is let in until a mailbox is nearly full, and again when it has been worked off", () => {
    expect(busy).toBeGreaterThan(0);
    expect(deepestSymbol).toBeLessThanOrEqual(SYMBOL_MAILBOX_RECORDS - MAILBOX_RESERVE_RECORDS);
    expect(deepestShared).toBeLessThanOrEqual(SHARED_MAILBOX_RECORDS - MAILBOX_RESERVE_RECORDS);
  });

  test("loses nothing: every tick is in the journal once, and was heard by its symbol", () => {
    const taken = records.filter((record) => record.kind === "tick");
    expect(taken.map(({ instrumentId, sourceSeq }) => instrumentId * 1e9 + sourceSeq)).toEqual(
      ticks.map(({ instrumentId, sourceSeq }) => instrumentId * 1e9 + sourceSeq),
    );
    const heard = engine.config.instruments.map(({ id }) => engine.symbol(id)?.counts.ticks ?? 0);
    expect(heard.reduce((sum, count) => sum + count, 0)).toBe(TICKS);
    expect(
      router.gaps.counts().every(({ missing, lost, duplicated }) => missing + lost + duplicated === 0),
    ).toBe(true);
  });

  test("skips inferences from the depth on, and every skip is flagged", () => {
    const skipped = records.filter(
      (record) => record.kind === "tick" && (record.flags & TICK_SKIP_INFERENCE) !== 0,
    );
    expect(skipped.length).toBe(router.counts.skippedInference);
    expect(skipped.length).toBeGreaterThan(TICKS / 2);
    const rounds = busy + 1;
    const asked = TICKS - skipped.length;
    expect(asked).toBeLessThanOrEqual(rounds * SKIP_INFERENCE_DEPTH * engine.config.instruments.length);
    const skippedSeqs = new Set(skipped.map(({ seq }) => seq));
    const votes = records.filter((record) => record.kind === "votes");
    expect(votes.length).toBeGreaterThan(0);
    expect(votes.some(({ causeSeq }) => skippedSeqs.has(causeSeq))).toBe(false);
  });

  test("replays from its records to the same decisions", () => {
    const outcome = replay(records, "recorded");
    expect(outcome.report.differences).toEqual(NO_DIFFERENCES);
    expect(outcome.decisionHash).toBe(engine.decisionHash());
    expect(countKinds(records).votes).toBeGreaterThan(0);
  });
});
