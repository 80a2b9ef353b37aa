// Advice from outside has its place in the order: what it says becomes the member's vote, every replay takes it from the
// journal and asks nobody, and without a weight it changes nothing.

import { describe, expect, test } from "bun:test";
import { MICROS_PER_MINUTE } from "../../actors/base/clock.ts";
import type { Advice } from "../../actors/domain/advice.ts";
import type { Votes } from "../../actors/domain/prediction.ts";
import type { JournalRecord } from "../../actors/domain/records.ts";
import type { Signal } from "../../actors/domain/signal.ts";
import type { EngineConfig } from "../../actors/engine-config.ts";
import { SKIP_INFERENCE_DEPTH } from "../../actors/limits.ts";
import { INGEST_DUPLICATE, type IncomingAdvice } from "../../actors/router.ts";
import { MemoryJournal } from "../../storage/memory/memory-journal.ts";
import { MemorySnapshots } from "../fixtures/memory-snapshots.ts";
import {
  DEMO_CONFIG,
  INSTRUMENTS,
  makeRig,
  NO_DIFFERENCES,
  play,
  recordsOf,
  replay,
  type Rig,
  simulatedTicks,
} from "../fixtures/engine-rig.ts";

const TICKS = simulatedTicks({ seed: 11, count: 20_000, ticksPerSecond: 8 });
/** Ticks between two answers. */
const EVERY = 400;
const WEIGHTED: EngineConfig = {
  ...DEMO_CONFIG,
  adviser: { weight: 0.5, voteLifeMicros: 20 * MICROS_PER_MINUTE },
};

function adviceFor(instrumentId: number, turn: number): IncomingAdvice {
  const isFailure = turn % 5 === 4;
  const probabilityUp = 0.05 + (0.9 * ((turn * 7) % 11)) / 10;
  return {
    instrumentId,
    askedSeq: 1,
    askedMicros: 0,
    horizonMicros: 60 * MICROS_PER_MINUTE,
    status: isFailure ? "failed" : "voted",
    probabilityUp: isFailure ? Number.NaN : probabilityUp,
    answers: [],
  };
}

/** Ticks with advice between them, for every symbol in turn. */
function run(rig: Rig, advised: boolean, ticks = TICKS): void {
  for (let from = 0; from < ticks.length; from += EVERY) {
    const portion = ticks.slice(from, from + EVERY);
    play(rig, portion);
    if (!advised) continue;
    const turn = from / EVERY;
    const nowMicros = portion.at(-1)?.sourceTimeMicros ?? 0;
    const isTaken = rig.live.advise(adviceFor(turn % INSTRUMENTS.length, turn), nowMicros);
    expect(isTaken).toBe(true);
    rig.live.settle();
  }
}

function recorded(config: EngineConfig, advised: boolean) {
  const journal = new MemoryJournal({ keep: true });
  const rig = makeRig({ journal, config });
  rig.live.begin(1, TICKS[0]?.sourceTimeMicros ?? 0);
  run(rig, advised);
  return { rig, records: recordsOf(journal) };
}

function signalsOf(records: readonly JournalRecord[]): Partial<Signal>[] {
  return records
    .filter((record) => record.kind === "signal")
    .map(({ seq: _seq, causeSeq: _causeSeq, tickSeq: _tickSeq, ...signal }) => signal);
}

describe("advice", () => {
  const { rig, records } = recorded(WEIGHTED, true);
  const advices = records.filter((record): record is Advice => record.kind === "advice");

  test("becomes the member's vote, right behind it", () => {
    expect(advices.length).toBe(TICKS.length / EVERY);
    for (const advice of advices) {
      const votes = records.find(
        (record): record is Votes => record.kind === "votes" && record.causeSeq === advice.seq,
      );
      expect(votes).toMatchObject({ instrumentId: advice.instrumentId, timeMicros: advice.timeMicros });
      expect(votes?.votes).toEqual([
        { member: "adviser", status: advice.status, probabilityUp: advice.probabilityUp },
      ]);
    }
  });

  test("counts in decisions that follow, by its weight, until it is withdrawn", () => {
    const signals = records.filter((record): record is Signal => record.kind === "signal");
    const counted = signals.flatMap(({ components }) =>
      components.filter(({ member }) => member === "adviser"),
    );
    expect(counted.length).toBeGreaterThan(3);
    for (const { weight, ageMicros } of counted) {
      expect(weight).toBeGreaterThan(0.3);
      expect(ageMicros).toBeLessThanOrEqual(20 * MICROS_PER_MINUTE);
    }
    for (const signal of signals) {
      const last = advices.findLast(
        ({ seq, instrumentId }) => instrumentId === signal.instrumentId && seq < signal.seq,
      );
      const component = signal.components.find(({ member }) => member === "adviser");
      expect(component?.probabilityUp).toBe(last?.status === "voted" ? last.probabilityUp : undefined);
    }
  });

  test("makes no decision itself", () => {
    const causes = new Set(records.flatMap((record) => (record.kind === "signal" ? [record.causeSeq] : [])));
    for (const record of records) {
      if (record.kind !== "votes" || record.votes[0]?.member !== "adviser") continue;
      expect(causes.has(record.seq)).toBe(false);
    }
  });

  test.each(["recorded", "recompute", "recover"] as const)("a %s replay decides alike", (mode) => {
    const outcome = replay(records, mode);
    expect(outcome.decisionHash).toBe(rig.engine.decisionHash());
    expect(outcome.report.differences).toEqual(NO_DIFFERENCES);
  });

  test("without a weight no signal differs from those of a run without advice", () => {
    const [unweighted, without] = [recorded(DEMO_CONFIG, true), recorded(DEMO_CONFIG, false)];
    expect(unweighted.records.some(({ kind }) => kind === "advice")).toBe(true);
    expect(signalsOf(unweighted.records).length).toBeGreaterThan(10);
    expect(signalsOf(unweighted.records)).toEqual(signalsOf(without.records));
    expect(signalsOf(records)).not.toEqual(signalsOf(without.records));
  });

  test("that was journaled when the process died is voted after it: recovery ends where the run did", () => {
    const journal = new MemoryJournal({ keep: true });
    const snapshots = new MemorySnapshots();
    const first = makeRig({ journal, config: WEIGHTED, snapshots });
    first.live.begin(1, TICKS[0]?.sourceTimeMicros ?? 0);
    run(first, true, TICKS.slice(0, 6_000));
    const second = makeRig({ journal, config: WEIGHTED, snapshots });
    expect(second.live.recover().report.differences).toEqual(NO_DIFFERENCES);
    expect(second.engine.decisionHash()).toBe(first.engine.decisionHash());
  });

  test("is not taken for a symbol that is behind, nor for one that is unknown", () => {
    const busy = makeRig({ journal: new MemoryJournal({ keep: true }), config: WEIGHTED });
    busy.live.begin(1, TICKS[0]?.sourceTimeMicros ?? 0);
    const own = TICKS.filter(({ instrumentId }) => instrumentId === 0).slice(0, SKIP_INFERENCE_DEPTH);
    for (const tick of own) {
      expect(busy.live.router.ingest(tick, tick.sourceTimeMicros)).toBeGreaterThan(INGEST_DUPLICATE);
    }
    expect(busy.live.advise(adviceFor(0, 1), 0)).toBe(false);
    expect(busy.live.advise(adviceFor(INSTRUMENTS.length, 1), 0)).toBe(false);
    busy.engine.run();
    expect(busy.live.advise(adviceFor(0, 1), 0)).toBe(true);
  });

  test("of two members counts for each of them, by its own weight and life", () => {
    const both = makeRig({
      journal: new MemoryJournal({ keep: true }),
      config: { ...WEIGHTED, analogs: { weight: 0.25, voteLifeMicros: MICROS_PER_MINUTE } },
    });
    both.live.begin(1, TICKS[0]?.sourceTimeMicros ?? 0);
    const nowMicros = TICKS[0]?.sourceTimeMicros ?? 0;
    expect(both.live.advise(adviceFor(0, 1), nowMicros)).toBe(true);
    expect(both.live.advise({ ...adviceFor(0, 2), member: "analogs" }, nowMicros)).toBe(true);
    both.live.settle();
    both.engine.run();
    const votesAt = (timeMicros: number) =>
      both.engine
        .symbol(0)
        ?.chain.votesAt(timeMicros)
        .map(({ member, weight, probabilityUp }) => [member, weight, probabilityUp]);
    const [first, second] = [adviceFor(0, 1).probabilityUp, adviceFor(0, 2).probabilityUp];
    expect(votesAt(nowMicros)).toEqual([
      ["adviser", 2 / 3, first],
      ["analogs", 1 / 3, second],
    ]);
    expect(votesAt(nowMicros + 2 * MICROS_PER_MINUTE)).toEqual([["adviser", 1, first]]);
  });
});
