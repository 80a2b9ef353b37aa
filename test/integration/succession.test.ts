// Other instruments, settings or presets on a journal that was written under others: actors take their states along, and
// recovery and replay follow the same way through every change.

import { describe, expect, test } from "bun:test";
import { type EngineConfig } from "../../actors/engine-config.ts";
import { encodePayload, KIND_NUMBER, TOPIC_NUMBER_OF } from "../../actors/domain/codec.ts";
import type { JournalRecord } from "../../actors/domain/records.ts";
import type { IncomingTick } from "../../actors/router.ts";
import { MemoryJournal } from "../../storage/memory/memory-journal.ts";
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
import { MemorySnapshots } from "../fixtures/memory-snapshots.ts";

const FEW: EngineConfig = { ...DEMO_CONFIG, instruments: INSTRUMENTS.slice(0, 5) };
const CAREFUL: EngineConfig = {
  ...DEMO_CONFIG,
  account: { ...DEMO_CONFIG.account, riskFraction: 0.001, positionsMax: 1 },
};
/** In another order, without the first: ids must not move. */
const TURNED: EngineConfig = {
  ...DEMO_CONFIG,
  preset: "classic",
  instruments: INSTRUMENTS.slice(1)
    .reverse()
    .map((instrument, id) => Object.assign({}, instrument, { id })),
};
const LIVES = [FEW, DEMO_CONFIG, CAREFUL, TURNED] as const;

const ticks = simulatedTicks({ seed: 17, count: 6_000, ticksPerSecond: 1 });
const share = ticks.length / LIVES.length;

function ticksOf(life: number): IncomingTick[] {
  const known = life === 0 ? FEW.instruments.length : INSTRUMENTS.length;
  return ticks.slice(life * share, (life + 1) * share).filter(({ instrumentId }) => instrumentId < known);
}

interface Disk {
  readonly journal: MemoryJournal;
  readonly snapshots?: MemorySnapshots;
}

/** Starts on what is there, under `config`, as a process does. */
function startOn(disk: Disk, config: EngineConfig): Rig {
  const rig = makeRig({ ...disk, config });
  const recovery = rig.live.recover();
  expect(recovery.report.differences).toEqual(NO_DIFFERENCES);
  const begun = rig.live.begin(1, rig.live.router.timeMicros);
  if (!begun.ok) throw new Error(begun.message);
  return rig;
}

/** A life for each configuration, one after the other, each ending in a crash. */
function liveThrough(disk: Disk, from = 0): Rig {
  let rig = startOn(disk, LIVES[from] as EngineConfig);
  play(rig, ticksOf(from));
  for (let life = from + 1; life < LIVES.length; life++) {
    rig = startOn(disk, LIVES[life] as EngineConfig);
    play(rig, ticksOf(life));
  }
  return rig;
}

function outcomeOf({ engine }: Rig): unknown {
  return {
    decisionHash: engine.decisionHash(),
    account: engine.account?.view(),
    counts: engine.config.instruments.map(({ id }) => engine.symbol(id)?.counts),
  };
}

function copyOf(records: readonly JournalRecord[]): MemoryJournal {
  const journal = new MemoryJournal({ keep: true });
  for (const record of records) {
    const bytes = encodePayload(record, journal.staging);
    journal.append(TOPIC_NUMBER_OF[record.kind], KIND_NUMBER[record.kind], record.timeMicros, bytes);
  }
  return journal;
}

const disk = { journal: new MemoryJournal({ keep: true }), snapshots: new MemorySnapshots() };
const lived = liveThrough(disk);
const records = recordsOf(disk.journal);
const changes = records.filter(({ kind }) => kind === "configured");

describe("a journal under four configurations", () => {
  test("keeps balance, positions, counts and ids from one to the next", () => {
    expect(changes.map(({ seq }) => seq)).toHaveLength(LIVES.length);
    expect(lived.engine.config.instruments.map(({ symbol }) => symbol)).toEqual(
      INSTRUMENTS.map(({ symbol }) => symbol),
    );
    for (const { id } of INSTRUMENTS) {
      const heard = LIVES.flatMap((_, life) => ticksOf(life)).filter(
        ({ instrumentId }) => instrumentId === id,
      );
      expect([id, lived.engine.symbol(id)?.counts.ticks]).toEqual([id, heard.length]);
    }
    const fills = records.filter((record) => record.kind === "execution" && record.status === "filled");
    expect(fills.length).toBeGreaterThan(4);
    expect(lived.engine.account?.view().fills).toBe(fills.length);
    expect(fills.some(({ seq }) => seq > (changes[2]?.seq ?? 0))).toBe(true);
  });

  test("obeys the settings in force: one position at most, small ones", () => {
    const from = changes[2]?.seq ?? 0;
    const to = changes[3]?.seq ?? 0;
    const entries = records.filter(
      (record) =>
        record.kind === "intent" && record.purpose === "entry" && record.seq > from && record.seq < to,
    );
    const checks = entries.flatMap((record) => (record.kind === "intent" ? record.checks : []));
    const limits = checks.filter(({ control }) => control === "too-many-positions").map(({ limit }) => limit);
    expect(limits.length).toBeGreaterThan(0);
    for (const limit of limits) expect(limit).toBe(1);
  });

  for (const mode of ["recorded", "recompute"] as const) {
    test(`replays (${mode}) to the same decisions, with no difference`, () => {
      const { decisionHash, report } = replay(records, mode);
      expect(report.examples).toEqual([]);
      expect(decisionHash).toBe(lived.engine.decisionHash());
    });
  }

  for (const withSnapshots of [true, false]) {
    test(`recovers ${withSnapshots ? "from snapshots" : "from its first record"} to where it was`, () => {
      const again = makeRig({
        journal: disk.journal,
        config: TURNED,
        ...(withSnapshots ? { snapshots: new MemorySnapshots(disk.snapshots) } : {}),
      });
      const recovery = again.live.recover();
      expect(recovery.report.differences).toEqual(NO_DIFFERENCES);
      expect(outcomeOf(again)).toEqual(outcomeOf(lived));
    });
  }

  test("goes on the same way after a crash anywhere near a change", () => {
    const last = changes[3]?.seq ?? 0;
    const before = changes[2]?.seq ?? 0;
    for (const count of [
      before - 1,
      before,
      before + 1,
      before + 40,
      last - 3,
      last - 1,
      last,
      last + 1,
      last + 200,
    ]) {
      const life = count >= last ? 3 : count >= before ? 2 : 1;
      for (const snapshots of [undefined, new MemorySnapshots(disk.snapshots)]) {
        const journal = copyOf(records.slice(0, count));
        const rig = startOn({ journal, ...(snapshots === undefined ? {} : { snapshots }) }, LIVES[life]);
        play(rig, ticksOf(life));
        for (let next = life + 1; next < LIVES.length; next++) {
          const successor = startOn(
            { journal, ...(snapshots === undefined ? {} : { snapshots }) },
            LIVES[next] as EngineConfig,
          );
          play(successor, ticksOf(next));
          if (next === LIVES.length - 1)
            expect([count, outcomeOf(successor)]).toEqual([count, outcomeOf(lived)]);
        }
        if (life === LIVES.length - 1) expect([count, outcomeOf(rig)]).toEqual([count, outcomeOf(lived)]);
      }
    }
  }, 60_000);
});

describe("other settings while ticks come in", () => {
  const own = { journal: new MemoryJournal({ keep: true }), snapshots: new MemorySnapshots() };
  const rig = startOn(own, FEW);
  play(rig, ticksOf(0));
  for (const [life, config] of LIVES.entries()) {
    if (life === 0) continue;
    const prepared = rig.live.prepare(config);
    if (!prepared.ok) throw new Error(prepared.message);
    const done = rig.live.reconfigure(prepared.value, rig.live.router.timeMicros);
    if (!done.ok) throw new Error(done.message);
    play(rig, ticksOf(life));
  }
  const written = recordsOf(own.journal);

  test("lead where a start under each of them led", () => {
    expect(written.filter(({ kind }) => kind === "configured").map(({ seq }) => seq)).toEqual(
      changes.map(({ seq }) => seq),
    );
    expect(outcomeOf(rig)).toEqual(outcomeOf(lived));
  });

  test("say nothing where they are the same", () => {
    const prepared = rig.live.prepare({ ...rig.engine.config });
    expect(prepared).toEqual({ ok: true, value: rig.engine });
    rig.live.reconfigure(rig.engine, rig.live.router.timeMicros);
    expect(recordsOf(own.journal)).toHaveLength(written.length);
  });

  for (const snapshots of [undefined, own.snapshots]) {
    test(`replay and recover ${snapshots === undefined ? "from the first record" : "from snapshots"}`, () => {
      const { decisionHash, report } = replay(written, "recompute");
      expect([decisionHash, report.examples]).toEqual([rig.engine.decisionHash(), []]);
      const again = makeRig({
        journal: own.journal,
        config: TURNED,
        ...(snapshots === undefined ? {} : { snapshots: new MemorySnapshots(snapshots) }),
      });
      expect(again.live.recover().report.differences).toEqual(NO_DIFFERENCES);
      expect(outcomeOf(again)).toEqual(outcomeOf(lived));
    });
  }
});

describe("a snapshot that is intact and does not load", () => {
  /** The same store, with `spoil` applied to what it gives. */
  class Spoilt extends MemorySnapshots {
    override load(query: Parameters<MemorySnapshots["load"]>[0]): ReturnType<MemorySnapshots["load"]> {
      const snapshot = super.load(query);
      if (snapshot === undefined || snapshot.appliedSeq < this.spoiltFromSeq) return snapshot;
      return { ...snapshot, state: snapshot.state.slice(0, -1) };
    }

    spoiltFromSeq = 0;
  }

  for (const [what, spoiltFromSeq] of [
    ["is passed over for an older one", (changes[3]?.seq ?? 0) + 500],
    ["leaves the era before", changes[3]?.seq ?? 0],
    ["leaves the journal's first record", 0],
  ] as const) {
    test(`${what}: nothing is lost`, () => {
      const snapshots = new Spoilt(disk.snapshots);
      snapshots.spoiltFromSeq = spoiltFromSeq;
      const again = makeRig({ journal: disk.journal, config: TURNED, snapshots });
      const { restored, report } = again.live.recover();
      expect(restored > 0).toBe(spoiltFromSeq > 0);
      expect(report.differences).toEqual(NO_DIFFERENCES);
      expect(outcomeOf(again)).toEqual(outcomeOf(lived));
    });
  }
});

test("settings that would change the meaning of the books are refused, and nothing is written", () => {
  const journal = copyOf(records);
  const rig = makeRig({ journal, config: { ...TURNED, account: { ...TURNED.account, currency: "EUR" } } });
  rig.live.recover();
  const { lastSeq } = journal;
  const begun = rig.live.begin(9, rig.live.router.timeMicros);
  expect(begun).toMatchObject({ ok: false, code: "config-incompatible" });
  expect(journal.lastSeq).toBe(lastSeq);
});
