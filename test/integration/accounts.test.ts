// Several accounts in one engine: each hears the signals that its policy lets through, trades with a broker of its own and fails
// alone; crashes, replays and new settings keep every one of them.

import { afterAll, beforeAll, describe, expect, mock, spyOn, test } from "bun:test";
import { AccountActor } from "../../actors/account/account-actor.ts";
import type { AccountView } from "../../actors/account/account-view.ts";
import type { AccountSettings } from "../../actors/account/settings.ts";
import { encodePayload, KIND_NUMBER, TOPIC_NUMBER_OF } from "../../actors/domain/codec.ts";
import type { JournalRecord } from "../../actors/domain/records.ts";
import type { Signal } from "../../actors/domain/signal.ts";
import type { EngineFault } from "../../actors/engine.ts";
import { accountsOf, type EngineConfig, type FurtherAccount } from "../../actors/engine-config.ts";
import { STEP_WAITS } from "../../actors/live-engine.ts";
import { MemoryJournal } from "../../storage/memory/memory-journal.ts";
import {
  countKinds,
  DEMO_CONFIG,
  INSTRUMENTS,
  makeRig,
  NO_DIFFERENCES,
  play,
  recordsOf,
  replay,
  type Rig,
  simulatedTicks,
  START_MICROS,
} from "../fixtures/engine-rig.ts";
import { EURUSD } from "../fixtures/instruments.ts";
import { eachLeanTick, REAL_TICKS_MISSING } from "../fixtures/lean-ticks.ts";
import { MemorySnapshots } from "../fixtures/memory-snapshots.ts";

const EURUSD_ID = INSTRUMENTS.findIndex(({ symbol }) => symbol === "EURUSD");

function paper(accountId: string, other: Partial<AccountSettings> = {}): FurtherAccount {
  return { account: { accountId, ...other } };
}

const CONFIDENCE_MIN = 0.56;

const THREE: EngineConfig = {
  ...DEMO_CONFIG,
  accounts: [
    paper("euro-only", { signals: { symbols: ["EURUSD"] }, riskFraction: 0.002 }),
    paper("choosy", { signals: { confidenceMin: CONFIDENCE_MIN } }),
  ],
};

const ticks = simulatedTicks({ seed: 99, count: 6_000, ticksPerSecond: 1 });

function played(config: EngineConfig, watch: (rig: Rig) => void = () => {}) {
  const disk = { journal: new MemoryJournal({ keep: true }), snapshots: new MemorySnapshots() };
  const rig = makeRig({ ...disk, config });
  rig.live.begin(1, 0);
  watch(rig);
  play(rig, ticks);
  return { rig, disk, records: recordsOf(disk.journal) };
}

function viewsOf({ engine }: Pick<Rig, "engine">): Record<string, AccountView> {
  return Object.fromEntries([...engine.accounts].map(([id, actor]) => [id, actor.view()]));
}

type OfKind<Kind extends JournalRecord["kind"]> = Extract<JournalRecord, { kind: Kind }>;

function intentsOf(records: readonly JournalRecord[], accountId: string): OfKind<"intent">[] {
  return records.filter((record) => record.kind === "intent").filter((each) => each.accountId === accountId);
}

/** Signals that an account's intents and refusals name as their cause, by sequence. */
function heardSignals(records: readonly JournalRecord[], accountId: string): Set<Signal> {
  const signals = new Map(
    records.filter((record) => record.kind === "signal").map((signal) => [signal.seq, signal]),
  );
  const heard = new Set<Signal>();
  for (const record of records) {
    if (record.kind !== "intent" && record.kind !== "refusal") continue;
    const signal = signals.get(record.causeSeq);
    if (record.accountId === accountId && signal !== undefined) heard.add(signal);
  }
  return heard;
}

function copyOf(records: readonly JournalRecord[]): MemoryJournal {
  const journal = new MemoryJournal({ keep: true });
  for (const record of records) {
    const bytes = encodePayload(record, journal.staging);
    journal.append(TOPIC_NUMBER_OF[record.kind], KIND_NUMBER[record.kind], record.timeMicros, bytes);
  }
  return journal;
}

const one = played(DEMO_CONFIG);
const three = played(THREE);

describe("three accounts in one engine", () => {
  test("all of them trade, each with its own broker and in its own books", () => {
    expect([...three.rig.engine.accounts.keys()]).toEqual(["paper", "euro-only", "choosy"]);
    for (const [accountId, view] of Object.entries(viewsOf(three.rig))) {
      expect(intentsOf(three.records, accountId).length).toBeGreaterThan(3);
      expect(view.accountId).toBe(accountId);
      const deals = three.records.filter(
        (record) =>
          record.kind === "execution" && record.accountId === accountId && (record.dealId ?? "") !== "",
      );
      expect(view.fills).toBe(deals.length);
      expect(view.anomalies).toEqual(one.rig.engine.account?.view().anomalies as never);
    }
  });

  test("the first is what it is alone", () => {
    expect(three.rig.engine.account?.view()).toEqual({
      ...(one.rig.engine.account?.view() as AccountView),
    });
    const [alone, together] = [one, three].map(({ records }) =>
      intentsOf(records, "paper").map(({ intentId, volumeMicros, checks }) => ({
        intentId,
        volumeMicros,
        checks,
      })),
    );
    expect(together).toEqual(alone as never);
  });

  test("hear the signals that their policies let through, and say nothing of the others", () => {
    const all = heardSignals(three.records, "paper");
    expect(all.size).toBeGreaterThan(20);
    const euro = [...heardSignals(three.records, "euro-only")];
    expect(new Set(euro.map(({ instrumentId }) => instrumentId))).toEqual(new Set([EURUSD_ID]));
    expect([...all].some(({ instrumentId }) => instrumentId !== EURUSD_ID)).toBe(true);
    const entries = new Set(
      intentsOf(three.records, "choosy")
        .filter(({ purpose }) => purpose === "entry")
        .map(({ causeSeq }) => causeSeq),
    );
    const choosy = [...heardSignals(three.records, "choosy")];
    const opened = choosy.filter(({ seq }) => entries.has(seq));
    expect(opened.length).toBeGreaterThan(0);
    expect(Math.min(...opened.map(({ confidence }) => confidence))).toBeGreaterThanOrEqual(CONFIDENCE_MIN);
    expect([...all].some(({ confidence }) => confidence < CONFIDENCE_MIN)).toBe(true);
  });

  test("a command is for the account it names", () => {
    const halted = played(THREE, ({ live }) =>
      live.command({ command: "halt-entries", accountId: "euro-only", by: "test" }, START_MICROS),
    );
    const entries = intentsOf(halted.records, "euro-only").filter(({ purpose }) => purpose === "entry");
    expect(entries).toEqual([]);
    expect(halted.rig.engine.accountOf("euro-only")?.mode).toBe("halted");
    expect(halted.rig.engine.accountOf("choosy")?.mode).toBe("active");
    expect(viewsOf(halted.rig)["paper"]).toEqual(viewsOf(three.rig)["paper"] as never);
    expect(viewsOf(halted.rig)["choosy"]).toEqual(viewsOf(three.rig)["choosy"] as never);
  });

  for (const mode of ["recorded", "recompute"] as const) {
    test(`a ${mode} replay says the same of every account`, () => {
      const replayed = replay(three.records, mode);
      expect(replayed.report.differences).toEqual(NO_DIFFERENCES);
      expect(replayed.decisionHash).toBe(three.rig.engine.decisionHash());
      expect(viewsOf(replayed)).toEqual(viewsOf(three.rig));
    });
  }

  test("a run with other intents of a further account has another hash", () => {
    expect(three.rig.engine.decisionHash()).not.toBe(one.rig.engine.decisionHash());
  });

  test("crashes after orders of each account end as the uninterrupted run", () => {
    const cuts = ["paper", "euro-only", "choosy"].flatMap((accountId) => {
      const intents = intentsOf(three.records, accountId);
      const middle = intents[Math.floor(intents.length / 2)]?.seq ?? 0;
      return [middle - 1, middle, middle + 1];
    });
    for (const cut of cuts) {
      const rig = makeRig({
        journal: copyOf(three.records.slice(0, cut)),
        snapshots: new MemorySnapshots(three.disk.snapshots),
        config: THREE,
      });
      expect(rig.live.recover().report.differences).toEqual(NO_DIFFERENCES);
      rig.live.begin(1, rig.live.router.timeMicros);
      play(rig, ticks);
      expect(viewsOf(rig)).toEqual(viewsOf(three.rig));
      expect(rig.engine.decisionHash()).toBe(three.rig.engine.decisionHash());
    }
  }, 60_000);
});

describe("an account that comes later", () => {
  const half = ticks.length / 2;
  const journal = new MemoryJournal({ keep: true });
  const rig = makeRig({ journal, snapshots: new MemorySnapshots() });
  rig.live.begin(1, 0);
  play(rig, ticks.slice(0, half));
  const before = rig.engine.account?.view();
  const prepared = rig.live.prepare({ ...DEMO_CONFIG, accounts: [paper("late")] });
  if (!prepared.ok) throw new Error(prepared.message);
  const changed = rig.live.reconfigure(prepared.value, rig.live.router.timeMicros);
  const after = rig.engine.account?.view();
  play(rig, ticks.slice(half));
  const records = recordsOf(journal);

  test("begins with nothing while the first goes on as it was", () => {
    expect(changed.ok).toBe(true);
    expect(after).toEqual(before as AccountView);
    expect(intentsOf(records, "late").length).toBeGreaterThan(0);
    expect(rig.engine.account?.view()).toEqual(one.rig.engine.account?.view() as AccountView);
  });

  test("replays and recovers with it, and cannot be left out again", () => {
    expect(replay(records, "recorded").report.differences).toEqual(NO_DIFFERENCES);
    const reader = makeRig({ journal: copyOf(records), config: DEMO_CONFIG });
    expect(reader.live.recover().report.differences).toEqual(NO_DIFFERENCES);
    expect(viewsOf(reader)).toEqual(viewsOf(rig));
    const begun = reader.live.begin(2, reader.live.router.timeMicros);
    expect(begun.ok ? "" : begun.message).toContain("account late is in this journal");
  });
});

describe("an account that throws", () => {
  const receive: (this: AccountActor, record: JournalRecord) => void = Reflect.get(
    AccountActor.prototype,
    "receive",
  );
  let signals = 0;
  beforeAll(() => {
    spyOn(AccountActor.prototype, "receive").mockImplementation(function poisoned(
      this: AccountActor,
      record: JournalRecord,
    ) {
      receive.call(this, record);
      if (record.kind === "signal" && this.view().accountId === "choosy" && ++signals === 5)
        throw new Error("the account broke");
    });
  });
  afterAll(() => {
    mock.restore();
  });

  test("is restarted, and the others never notice", async () => {
    const journal = new MemoryJournal({ keep: true });
    const faults: EngineFault[] = [];
    const rig = makeRig({ journal, config: THREE, onFault: (fault) => faults.push(fault) });
    rig.live.begin(1, 0);
    for (const tick of ticks) {
      if (tick.sourceTimeMicros > rig.clock.nowMicros()) rig.clock.advanceTo(tick.sourceTimeMicros);
      // A rebuild lets the journal be flushed between its portions.
      await Promise.resolve();
      if (rig.live.waitsForDisk) rig.live.settle();
      expect(rig.live.step(tick, tick.sourceTimeMicros)).not.toBe(STEP_WAITS);
    }
    expect(faults.map(({ path, what }) => `${path} ${what}`)).toEqual(["account/choosy actor-restarted"]);
    const faulted = faults[0]?.seq ?? 0;
    const records = recordsOf(journal);
    expect(intentsOf(records, "choosy").some(({ seq }) => seq > faulted)).toBe(true);
    for (const accountId of ["paper", "euro-only"]) {
      expect(viewsOf(rig)[accountId]).toEqual(viewsOf(three.rig)[accountId] as AccountView);
    }
  }, 60_000);
});

describe("a thousand accounts", () => {
  const ACCOUNTS = 1_000;
  const config: EngineConfig = {
    ...DEMO_CONFIG,
    instruments: [EURUSD],
    accounts: Array.from({ length: ACCOUNTS - 1 }, (_, index) => paper(`paper-${index + 2}`)),
  };

  test("answer one signal without losing anything on its way", () => {
    const journal = new MemoryJournal({ keep: true });
    const rig = makeRig({ journal, config });
    rig.live.begin(1, START_MICROS);
    const quote = (sourceSeq: number): void => {
      const tick = {
        sourceSeq,
        sourceTimeMicros: START_MICROS + sourceSeq * 100_000,
        bid: 1.08,
        ask: 1.08001,
      };
      const volumes = { bidVolume: 1, askVolume: 1, flags: 0 };
      rig.live.step({ instrumentId: 0, sourceId: 1, ...tick, ...volumes }, tick.sourceTimeMicros);
    };
    quote(1);
    rig.live.router.emit({
      kind: "signal",
      seq: 0,
      timeMicros: rig.live.router.timeMicros,
      instrumentId: 0,
      causeSeq: 1,
      tickSeq: 1,
      action: "BUY",
      probabilityUp: 0.7,
      confidence: 0.7,
      regime: "quiet-range",
      components: [],
      reasons: [],
      bidPoints: 108_000,
      askPoints: 108_001,
      stopPoints: 200,
      targetPoints: 400,
      expiresAtMicros: START_MICROS + 5_000_000,
      tradable: true,
    });
    rig.live.settle();
    for (let seq = 2; seq < 6; seq++) quote(seq);
    expect(rig.engine.gate.dropped).toBe(0);
    const records = recordsOf(journal);
    // Nobody's votes led to the signal, so it is no emission that a replay could compare; everything after it is.
    const replayed = replay(records, "recorded");
    expect(replayed.report.examples.map(({ kind, how }) => `${kind} ${how}`)).toEqual(["signal missing"]);
    expect(viewsOf(replayed)).toEqual(viewsOf(rig));
    const counts = countKinds(records);
    expect([counts.intent, counts.sent, counts.fault ?? 0]).toEqual([ACCOUNTS, ACCOUNTS, 0]);
    for (const { account } of accountsOf(config)) {
      const view = rig.engine.accountOf(account.accountId)?.view();
      expect([account.accountId, view?.positions.length, view?.fills]).toEqual([account.accountId, 1, 1]);
    }
  }, 60_000);
});

describe("a paper account beside one at a terminal", () => {
  test("trades with its own broker, and the terminal hears nothing of it", () => {
    const journal = new MemoryJournal({ keep: true });
    const account = { ...DEMO_CONFIG.account, terminal: { intentTag: 1 } };
    const rig = makeRig({ journal, config: { ...DEMO_CONFIG, account, accounts: [paper("beside")] } });
    rig.live.begin(1, 0);
    const heard: string[] = [];
    rig.live.connect({
      intended: ({ intentId }) => heard.push(intentId),
      sent: ({ intentId }) => heard.push(intentId),
      reconciled: ({ accountId }) => heard.push(accountId),
    });
    play(rig, ticks);
    expect(heard).toEqual([]);
    expect(intentsOf(recordsOf(journal), "paper")).toEqual([]);
    expect(rig.engine.accountOf("beside")?.view().fills).toBeGreaterThan(10);
    const replayed = replay(recordsOf(journal), "recorded");
    expect(replayed.report.differences).toEqual(NO_DIFFERENCES);
    expect(viewsOf(replayed)).toEqual(viewsOf(rig));
  });
});

const onRealTicks = REAL_TICKS_MISSING === undefined ? describe : describe.skip;
if (REAL_TICKS_MISSING !== undefined) console.log(`skipped: ${REAL_TICKS_MISSING}`);

onRealTicks("a real day with two accounts", () => {
  test("is the same twice", () => {
    const day = {
      set: "oanda-eurusd",
      day: "20140502",
      instrumentId: 0,
      sourceId: 1,
      hoursBehindUtc: 0,
      firstSeq: 1,
    };
    const config = {
      ...DEMO_CONFIG,
      instruments: [EURUSD],
      accounts: [paper("choosy", { signals: { confidenceMin: CONFIDENCE_MIN } })],
    };
    const runs = [1, 2].map(() => {
      const journal = new MemoryJournal({ keep: true });
      const rig = makeRig({ journal, config });
      rig.live.begin(1, 0);
      const realTicks: Parameters<typeof play>[1] = [];
      eachLeanTick(day, (tick) => (realTicks as unknown[]).push({ ...tick }));
      play(rig, realTicks);
      return { hash: rig.engine.decisionHash(), views: viewsOf(rig), records: recordsOf(journal) };
    });
    const [first, second] = runs;
    expect(intentsOf(first?.records ?? [], "choosy").length).toBeGreaterThan(0);
    expect(second?.hash).toBe(first?.hash ?? "");
    expect(second?.views).toEqual(first?.views ?? {});
    expect(second?.records).toEqual(first?.records as never);
  }, 120_000);
});
