// A crash after any record: a fresh engine over what the journal held by then ends as if nothing had happened.

import { describe, expect, test } from "bun:test";
import { SeededRandom } from "../../actors/base/random.ts";
import { encodePayload, KIND_NUMBER, TOPIC_NUMBER_OF } from "../../actors/domain/codec.ts";
import { type JournalRecord, TOPIC_OF } from "../../actors/domain/records.ts";
import { MemoryJournal } from "../../storage/memory/memory-journal.ts";
import { countKinds, makeRig, play, recordsOf, type Rig, simulatedTicks } from "../fixtures/engine-rig.ts";
import { MemorySnapshots } from "../fixtures/memory-snapshots.ts";

const TORTURE = process.env["TICKFORGE_TORTURE"] === "1";
const CRASHES = TORTURE ? 500 : 25;
const SEED = 4_711;

const ticks = simulatedTicks({ seed: 99, count: TORTURE ? 12_000 : 6_000, ticksPerSecond: 1 });

/** What a journal holds that was cut after its first `count` records. */
function cutJournal(records: readonly JournalRecord[], count: number): MemoryJournal {
  const journal = new MemoryJournal({ keep: true });
  for (const record of records.slice(0, count)) {
    const bytes = encodePayload(record, journal.staging);
    const seq = journal.append(
      TOPIC_NUMBER_OF[record.kind],
      KIND_NUMBER[record.kind],
      record.timeMicros,
      bytes,
    );
    if (seq !== record.seq) throw new Error(`record ${record.seq} came back as ${seq}`);
  }
  return journal;
}

/** Everything that must not depend on whether there was a crash. */
function outcomeOf({ engine }: Rig): unknown {
  return {
    decisionHash: engine.decisionHash(),
    account: engine.account?.view(),
    counts: engine.config.instruments.map(({ id }) => engine.symbol(id)?.counts),
  };
}

const whole = { journal: new MemoryJournal({ keep: true }), snapshots: new MemorySnapshots() };
const uninterrupted = makeRig(whole);
uninterrupted.live.begin(1, 0);
play(uninterrupted, ticks);
const records = recordsOf(whole.journal);

/** Every other crash falls on an order's way, where most is at stake. */
const trading = records.filter(({ kind }) => TOPIC_OF[kind] === "trading").map(({ seq }) => seq);

function cutPoint(random: SeededRandom): number {
  if (random.integer(2) === 0) return 1 + random.integer(records.length);
  return (trading[random.integer(trading.length)] ?? 1) - random.integer(2);
}

/** Recovers from the first `count` records, plays everything again and returns what came of it. */
function crashAfter(count: number, options: { withSnapshots: boolean; epoch: number }): Rig {
  const journal = cutJournal(records, count);
  const snapshots = options.withSnapshots ? new MemorySnapshots(whole.snapshots) : undefined;
  const rig = makeRig({ journal, ...(snapshots === undefined ? {} : { snapshots }) });
  const recovery = rig.live.recover();
  expect(recovery.report.differences).toEqual({ timing: 0, model: 0, numeric: 0, fill: 0, data: 0, code: 0 });
  rig.live.begin(options.epoch, rig.live.router.timeMicros);
  play(rig, ticks);
  return rig;
}

describe("recovery", () => {
  test("the run it is tried on decides, trades and saves its actors' state", () => {
    const counts = countKinds(records);
    expect(counts.signal).toBeGreaterThan(20);
    expect(counts.execution).toBeGreaterThan(10);
    expect(counts.beat).toBeGreaterThan(0);
    expect(counts.checkpoint).toBeGreaterThan(0);
    expect(whole.snapshots.saved.length).toBeGreaterThan(20);
  });

  for (const withSnapshots of [false, true]) {
    test(`${CRASHES} crashes ${withSnapshots ? "with" : "without"} snapshots end as the uninterrupted run (seed ${SEED})`, () => {
      const random = new SeededRandom(SEED + (withSnapshots ? 1 : 0));
      const expected = outcomeOf(uninterrupted);
      for (let crash = 0; crash < CRASHES; crash++) {
        const count = cutPoint(random);
        const rig = crashAfter(count, { withSnapshots, epoch: 1 });
        expect({ count, outcome: outcomeOf(rig) }).toEqual({ count, outcome: expected });
      }
    }, 600_000);
  }
});
