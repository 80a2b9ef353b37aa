// Compliance through whole engines: every order and refusal has its pre-trade record right before it, numbered without a hole, and a
// replay says the same bytes; a journal of before compliance has none of it; and on real ticks of two brokers quotes are compared.

import { describe, expect, test } from "bun:test";
import type { PreTrade } from "../../actors/domain/pretrade.ts";
import type { JournalRecord } from "../../actors/domain/records.ts";
import { TICK_SECONDARY } from "../../actors/domain/tick.ts";
import type { EngineConfig } from "../../actors/engine-config.ts";
import type { IncomingTick } from "../../actors/router.ts";
import { MemoryJournal } from "../../storage/memory/memory-journal.ts";
import {
  countKinds,
  DEMO_CONFIG,
  makeRig,
  NO_DIFFERENCES,
  play,
  recordsOf,
  replay,
  simulatedTicks,
} from "../fixtures/engine-rig.ts";
import { EURUSD } from "../fixtures/instruments.ts";
import { eachLeanTick, REAL_TICKS_MISSING } from "../fixtures/lean-ticks.ts";

const onRealTicks = REAL_TICKS_MISSING === undefined ? describe : describe.skip;
if (REAL_TICKS_MISSING !== undefined) console.log(`skipped: ${REAL_TICKS_MISSING}`);

interface Run {
  readonly records: readonly JournalRecord[];
  readonly decisionHash: string;
}

function run(ticks: readonly IncomingTick[], config: EngineConfig): Run {
  const journal = new MemoryJournal({ keep: true });
  const rig = makeRig({ journal, config });
  rig.live.begin(1, (ticks[0]?.sourceTimeMicros ?? 1) - 1);
  play(rig, ticks);
  rig.live.settle();
  return { records: recordsOf(journal), decisionHash: rig.engine.decisionHash() };
}

/** What the account decided, each with its cause: records and the orders and refusals that they are about. */
function decisionsOf(records: readonly JournalRecord[]): {
  told: PreTrade[];
  about: Extract<JournalRecord, { kind: "intent" | "refusal" }>[];
} {
  const told: PreTrade[] = [];
  const about: Extract<JournalRecord, { kind: "intent" | "refusal" }>[] = [];
  for (const record of records) {
    if (record.kind === "pretrade") told.push(record);
    else if (record.kind === "intent" || record.kind === "refusal") about.push(record);
  }
  return { told, about };
}

/** Each record is about the order or refusal that the account said next, and cites it rightly. */
function expectComplete({ records }: Run): PreTrade[] {
  const { told, about } = decisionsOf(records);
  expect(told.map(({ number }) => number)).toEqual(about.map((_, index) => index + 1));
  for (const [index, record] of told.entries()) {
    const next = about[index];
    if (next === undefined) throw new Error(`record ${record.seq} is about nothing`);
    expect(record.seq).toBeLessThan(next.seq);
    expect(record.causeSeq).toBe(next.causeSeq);
    expect(record.intentId).toBe(next.kind === "intent" ? next.intentId : null);
    expect(record.code).toBe(next.kind === "refusal" ? next.code : null);
    if (next.kind === "intent") {
      const { side, volumeMicros, purpose, bidPoints, askPoints, epoch } = next;
      expect(record).toMatchObject({ side, volumeMicros, purpose, epoch, quote: { bidPoints, askPoints } });
    }
    const riskChecks = next.checks.filter(
      ({ control }) => !record.checks.some((check) => check.control === control),
    );
    expect(record.riskChecks).toEqual(riskChecks);
  }
  return told;
}

function expectSameBytes({ records, decisionHash }: Run): void {
  for (const mode of ["recorded", "recompute"] as const) {
    const again = replay(records, mode);
    expect(again.report.differences).toEqual(NO_DIFFERENCES);
    expect(again.report.compared).toBeGreaterThan(countKinds(records).pretrade ?? 0);
    expect(again.decisionHash).toBe(decisionHash);
  }
}

function ordersOf({ records }: Run): string[] {
  return records.flatMap((record) =>
    record.kind === "intent" ? [`${record.timeMicros} ${record.side} ${record.volumeMicros}`] : [],
  );
}

describe("a simulated market", () => {
  const ticks = simulatedTicks({ seed: 21, count: 12_000, ticksPerSecond: 4 });
  const withSecond = ticks.flatMap((tick): IncomingTick[] => [
    { ...tick, sourceId: 2, flags: TICK_SECONDARY },
    tick,
  ]);

  test("has a record for every order and refusal, and replays to the same bytes", () => {
    const recorded = run(withSecond, DEMO_CONFIG);
    const told = expectComplete(recorded);
    expect(new Set(told.map(({ verdict }) => verdict))).toEqual(new Set(["approved", "refused", "exit"]));
    // All but exits that come long after the last quote.
    const fresh = told.filter(({ figures }) => figures.secondSource === "fresh").length;
    expect(fresh).toBeGreaterThan(told.length * 0.9);
    expectSameBytes(recorded);
  }, 60_000);

  test("whose configuration is of before has none, decides alike, and replays to the same bytes", () => {
    const { compliance: _compliance, ...account } = DEMO_CONFIG.account;
    const before = run(withSecond, { ...DEMO_CONFIG, account });
    expect(countKinds(before.records).pretrade).toBeUndefined();
    expectSameBytes(before);
    // The default limits stop nothing of it, and the second source is no part of any decision.
    expect(run(withSecond, DEMO_CONFIG).decisionHash).toBe(before.decisionHash);
    const alone = run(ticks, { ...DEMO_CONFIG, account });
    expect(ordersOf(alone)).toEqual(ordersOf(before));
  }, 60_000);
});

/** A morning of both brokers' EURUSD as it came in, OANDA's the one that is traded on. */
function realTicks(untilHour: number): IncomingTick[] {
  const untilMicros = Date.UTC(2014, 4, 2, untilHour) * 1_000;
  const ticks: IncomingTick[] = [];
  const take = (set: string, sourceId: number, hoursBehindUtc: number): void => {
    const where = { set, day: "20140502", instrumentId: 0, sourceId, hoursBehindUtc, firstSeq: 1 };
    const flags = sourceId === 1 ? 0 : TICK_SECONDARY;
    eachLeanTick(where, (tick) => {
      if (tick.sourceTimeMicros < untilMicros) ticks.push({ ...tick, flags });
    });
  };
  take("oanda-eurusd", 1, 0);
  take("fxcm-eurusd", 2, 5);
  return ticks.sort((a, b) => a.sourceTimeMicros - b.sourceTimeMicros);
}

onRealTicks("EURUSD of OANDA and FXCM over a payrolls release", () => {
  const config: EngineConfig = { ...DEMO_CONFIG, instruments: [{ ...EURUSD, id: 0 }] };

  test("every order has one record before it, quotes are compared, and a replay says the same bytes", () => {
    const recorded = run(realTicks(14), config);
    const told = expectComplete(recorded);
    const orders = countKinds(recorded.records).intent ?? 0;
    expect(orders).toBeGreaterThan(20);
    expect(told.filter(({ intentId }) => intentId !== null).length).toBe(orders);
    const compared = told.filter(({ figures }) => figures.secondSource === "fresh");
    expect(compared.length).toBeGreaterThan(told.length / 4);
    expect(told.some(({ figures }) => figures.slippageMean !== null)).toBe(true);
    // Two real brokers are close to each other: the check does not get in the way of trading.
    const refused = told.filter(({ code }) => code === "best-execution").length;
    expect(refused).toBeLessThanOrEqual(told.length / 100);
    expectSameBytes(recorded);
  }, 180_000);
});
