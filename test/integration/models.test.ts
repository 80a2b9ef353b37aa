// Trained models in a whole system: they vote and are journaled, others take their place while ticks come in, and a journal that
// holds all of it replays to the same decisions. What is wrong with one is said, and the others vote on.

import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MemberId, VoteStatus } from "../../actors/domain/prediction.ts";
import type { JournalRecord } from "../../actors/domain/records.ts";
import type { EngineConfig } from "../../actors/engine-config.ts";
import type { ModelCard } from "../../actors/ports/models.ts";
import { explain } from "../../edge/explain/gather.ts";
import { engineBuilder, openStation, type Station } from "../../edge/main.ts";
import { playTick, settleDurably } from "../../edge/play.ts";
import { parseSettings, type Settings } from "../../edge/settings.ts";
import { verifyReplay } from "../../scripts/commands/replay-verify.ts";
import { FileModels } from "../../storage/models/registry.ts";
import { openPast } from "../../storage/open-past.ts";
import { INSTRUMENTS, simulatedTicks } from "../fixtures/engine-rig.ts";
import { journalRecords } from "../fixtures/journal-records.ts";
import { TREES, treesCard, WINDOW, WINDOW_ROWS, windowCard } from "../fixtures/models.ts";

const root = mkdtempSync(join(tmpdir(), "tickforge-voting-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Two hours and a half of all symbols: every feature is warm for half of it. */
const TICKS = simulatedTicks({ seed: 21, count: 9_000, ticksPerSecond: 1 });

let number = 0;
let data = "";
let registry: FileModels;
let problems: string[] = [];

beforeEach(() => {
  data = join(root, `case-${++number}`);
  registry = new FileModels(join(data, "models"), (message) => problems.push(message));
  problems = [];
});

function settingsOf(folder: string): Settings {
  const settings = parseSettings({ data: folder, preset: "classic", timeSeries: false }, {});
  if (!settings.ok) throw new Error(settings.message);
  return settings.value;
}

async function start(options: { live?: boolean } = {}): Promise<Station> {
  const station = await openStation({
    settings: settingsOf(data),
    instruments: INSTRUMENTS,
    live: options.live ?? false,
    onProblem: (message) => problems.push(message),
  });
  if (!station.ok) throw new Error(station.message);
  return station.value;
}

async function play({ live, journal }: Station, from: number, to: number): Promise<void> {
  for (const tick of TICKS.slice(from, to)) await playTick(live, journal, tick, tick.sourceTimeMicros);
  await settleDurably(live, journal);
}

/** Makes a version the champion. */
function promote(content: Uint8Array, card: ModelCard, atMicros = number): void {
  const registered = registry.register(content, card, atMicros);
  if (!registered.ok) throw new Error(registered.message);
  const promoted = registry.promote(card.model, { version: card.version, by: "a test", atMicros });
  if (!promoted.ok) throw new Error(promoted.message);
}

function statusesOf(
  records: readonly JournalRecord[],
  member: MemberId,
): Partial<Record<VoteStatus, number>> {
  const counts: Partial<Record<VoteStatus, number>> = {};
  for (const record of records) {
    if (record.kind !== "votes") continue;
    for (const vote of record.votes) {
      if (vote.member === member) counts[vote.status] = (counts[vote.status] ?? 0) + 1;
    }
  }
  return counts;
}

function configsIn(records: readonly JournalRecord[]): { seq: number; models: string[] }[] {
  return records.flatMap((record) =>
    record.kind === "configured" ? [{ seq: record.seq, models: namesIn(record.config as EngineConfig) }] : [],
  );
}

function namesIn({ models = [] }: EngineConfig): string[] {
  return models.map(({ model, version }) => `${model} ${version}`);
}

async function recordsOf(station: Station): Promise<JournalRecord[]> {
  await station.journal.flush();
  return journalRecords(station.journal);
}

function expectSound(decisionHash: string): void {
  const verified = verifyReplay(settingsOf(data));
  if (!verified.ok) throw new Error(verified.message);
  const { recorded, recompute, sound } = verified.value;
  expect([recorded.report.examples.slice(0, 3), recompute.report.examples.slice(0, 3)]).toEqual([[], []]);
  expect([recorded.decisionHash, recompute.decisionHash]).toEqual([decisionHash, decisionHash]);
  expect([recorded.identical, recompute.identical, sound]).toEqual([true, true, true]);
}

describe("champions of a data folder", () => {
  test("vote at their cadences, from where they can, and are named in the configuration", async () => {
    promote(TREES, treesCard("1"));
    promote(WINDOW, windowCard("1", { symbols: ["EURUSD", "XAUUSD"] }));
    const station = await start();
    await play(station, 0, TICKS.length);
    const records = await recordsOf(station);
    expect(problems).toEqual([]);
    expect(configsIn(records)).toEqual([{ seq: 1, models: ["lightgbm 1", "lstm 1"] }]);
    expect(statusesOf(records, "lightgbm").voted).toBeGreaterThan(3_000);
    expect(Object.keys(statusesOf(records, "lightgbm")).sort()).toEqual(["abstained", "voted"]);
    const windows = statusesOf(records, "lstm");
    expect(windows.voted).toBeGreaterThan(50);
    expect(windows.abstained).toBeGreaterThanOrEqual(2 * (WINDOW_ROWS - 1));
    const symbols = new Set(
      records.flatMap((record) =>
        record.kind === "votes" && record.votes.some(({ member }) => member === "lstm")
          ? [INSTRUMENTS[record.instrumentId]?.symbol]
          : [],
      ),
    );
    expect(symbols).toEqual(new Set(["EURUSD", "XAUUSD"]));
    const decisionHash = station.live.engine.decisionHash();
    await station.close();
    expectSound(decisionHash);
  }, 60_000);

  test("change while ticks come in: from a record on, without a tick lost, and so it replays and recovers", async () => {
    promote(TREES, treesCard("1"));
    promote(WINDOW, windowCard("1"));
    const station = await start();
    await play(station, 0, 4_000);
    await station.refreshModels();
    const swapAt: number[] = [];
    const swap = async (from: number, to: number): Promise<void> => {
      await station.refreshModels();
      swapAt.push(station.live.router.lastSeq);
      await station.refreshModels();
      await play(station, from, to);
    };
    // Another model altogether, at another cadence; a window that was not read before; and back again.
    promote(WINDOW, { ...windowCard("2"), model: "lightgbm", member: "lightgbm" });
    await swap(4_000, 5_000);
    promote(WINDOW, windowCard("2", { symbols: ["EURUSD"] }));
    await swap(5_000, 6_000);
    registry.rollback("lightgbm", "a test", 9);
    await swap(6_000, 7_000);
    const records = await recordsOf(station);
    const configs = configsIn(records);
    expect(configs.map(({ models }) => models)).toEqual([
      ["lightgbm 1", "lstm 1"],
      ["lightgbm 2", "lstm 1"],
      ["lightgbm 2", "lstm 2"],
      ["lightgbm 1", "lstm 2"],
    ]);
    expect(configs.slice(1).map(({ seq }) => seq)).toEqual(swapAt);
    expect(records.filter(({ kind }) => kind === "tick")).toHaveLength(7_000);
    expect(records.filter(({ kind }) => kind === "gap" || kind === "fault")).toEqual([]);
    // The minutes that were read before are read on: who comes later votes at the next close.
    const second = records.filter(({ seq }) => seq > (swapAt[0] ?? 0) && seq < (swapAt[1] ?? 0));
    expect(statusesOf(second, "lightgbm")).toEqual({ voted: expect.any(Number) as never });
    expect(problems).toEqual(swapAt.map((seq) => expect.stringContaining(`from record ${seq} on`)) as never);
    const decisionHash = station.live.engine.decisionHash();
    await station.close();
    expectSound(decisionHash);
    const again = await start();
    expect(again.live.engine.decisionHash()).toBe(decisionHash);
    expect(namesIn(again.live.engine.config)).toEqual(["lightgbm 1", "lstm 2"]);
    await play(again, 7_000, TICKS.length);
    const whole = again.live.engine.decisionHash();
    await again.close();
    expectSound(whole);
  }, 120_000);

  test("are named in a dossier, each as it voted", async () => {
    promote(TREES, treesCard("1"));
    const station = await start();
    await play(station, 0, 5_000);
    promote(TREES, treesCard("2"));
    await station.refreshModels();
    await play(station, 5_000, TICKS.length);
    const records = await recordsOf(station);
    const changedSeq = configsIn(records)[1]?.seq ?? 0;
    await station.close();
    const signals = records.filter((record) => record.kind === "signal");
    const picked = [
      signals.find(({ seq }) => seq < changedSeq),
      signals.find(({ seq }) => seq > changedSeq + 500),
    ];
    const past = await openPast({
      data,
      build: (config, clock) =>
        engineBuilder({ scheduler: clock, stopwatch: clock, live: false, asksMembers: false })(config),
    });
    if (!past.ok) throw new Error(past.message);
    const versions = picked.map((signal) => {
      const dossier = explain(past.value, String(signal?.seq));
      if (!dossier.ok) throw new Error(dossier.message);
      const { votes } = dossier.value;
      expect(votes.find(({ member }) => member === "technical")?.model).toBeNull();
      return votes.find(({ member }) => member === "lightgbm")?.model;
    });
    const sha256 = registry.list("lightgbm")[0]?.sha256;
    expect(versions).toEqual([
      { name: "lightgbm", version: "1", sha256 },
      { name: "lightgbm", version: "2", sha256 },
    ] as never);
  }, 60_000);
});

describe("a model that cannot vote", () => {
  const broken: readonly { what: string; spoil: () => void; says: string[] }[] = [
    {
      what: "whose file was damaged",
      spoil: () => {
        promote(TREES, treesCard("2"));
        writeFileSync(join(data, "models", "lightgbm", "2", "model.onnx"), TREES.subarray(0, 5_000));
      },
      says: [
        "lightgbm 2 does not vote",
        "is damaged",
        "register it again",
        "lightgbm 1, a champion before it",
      ],
    },
    {
      what: "that was trained on other features",
      spoil: () => promote(TREES, treesCard("2", { featureSchema: "0123456789abcdef" })),
      says: ["schema-mismatch", "train it again", "lightgbm 1, a champion before it"],
    },
    {
      what: "of another shape than its card says",
      spoil: () => promote(WINDOW, treesCard("2")),
      says: ["shape-mismatch", "lightgbm 1, a champion before it"],
    },
    {
      what: "that is no model",
      spoil: () => promote(new TextEncoder().encode("nonsense"), treesCard("2")),
      says: ["model-unloadable", "lightgbm 1, a champion before it"],
    },
    {
      what: "whose event is not its member's",
      spoil: () => promote(TREES, treesCard("2", { event: "lively" })),
      says: ["correct the card", "lightgbm 1, a champion before it"],
    },
  ];
  for (const { what, spoil, says } of broken) {
    test(`${what} leaves its place to the champion before it, at a start and while running`, async () => {
      promote(TREES, treesCard("1"));
      const running = await start();
      await play(running, 0, 500);
      spoil();
      await running.refreshModels();
      await running.refreshModels();
      expect(namesIn(running.live.engine.config)).toEqual(["lightgbm 1"]);
      expect(problems).toHaveLength(1);
      for (const word of says) expect(problems[0]).toContain(word);
      await play(running, 500, 700);
      await running.close();
      const again = await start();
      expect(problems.slice(1)).toEqual([problems[0] ?? ""]);
      expect(namesIn(again.live.engine.config)).toEqual(["lightgbm 1"]);
      await play(again, 700, 900);
      const records = await recordsOf(again);
      // Nothing was changed by it, so nothing was journaled but the two starts.
      expect(configsIn(records)).toHaveLength(2);
      await again.close();
    }, 60_000);
  }

  test("and has nobody before it leaves the vote to the others", async () => {
    promote(TREES, treesCard("1", { trainedAt: "2020-01-01T00:00:00Z", expiresAfterMicros: 1_000_000 }));
    promote(WINDOW, windowCard("1"));
    const station = await start({ live: true });
    expect(namesIn(station.live.engine.config)).toEqual(["lstm 1"]);
    expect(problems).toHaveLength(1);
    for (const word of ["lightgbm 1", "expired on 2020-01-01", "others vote without it"]) {
      expect(problems[0]).toContain(word);
    }
    await station.close();
  });

  test("since the registry cannot be read leaves the vote to the others, until it can", async () => {
    mkdirSync(data, { recursive: true });
    writeFileSync(join(data, "models"), "not a folder");
    const station = await start();
    await play(station, 0, 100);
    await station.refreshModels();
    expect(problems).toEqual([
      expect.stringContaining("no trained model votes, since the registry cannot be read") as never,
      expect.stringContaining("those that vote go on") as never,
    ]);
    rmSync(join(data, "models"));
    promote(TREES, treesCard("1"));
    await station.refreshModels();
    expect(namesIn(station.live.engine.config)).toEqual(["lightgbm 1"]);
    await station.close();
  });

  test("in time is late, and after five times not asked for a while; the others vote on", async () => {
    promote(TREES, treesCard("1", { deadlineMicros: 1 }));
    const station = await start({ live: true });
    const nowMicros = station.clock.nowMicros();
    const shiftMicros = nowMicros - (TICKS[0]?.sourceTimeMicros ?? 0);
    // Far enough ahead of the clock that every feature is warm; no disk is waited for.
    for (const tick of TICKS.slice(0, 4_000)) {
      const timeMicros = tick.sourceTimeMicros + shiftMicros;
      station.live.step({ ...tick, sourceTimeMicros: timeMicros }, timeMicros);
      if (station.live.waitsForDisk) await station.journal.flush();
      station.live.settle();
    }
    const records = await recordsOf(station);
    const slow = statusesOf(records, "lightgbm");
    expect(slow.late).toBeGreaterThanOrEqual(5);
    expect(slow["breaker-open"]).toBeGreaterThan(0);
    expect(statusesOf(records, "quantum").voted).toBeGreaterThan(3_000);
    const decisionHash = station.live.engine.decisionHash();
    await station.close();
    const verified = verifyReplay(settingsOf(data));
    expect(verified.ok && verified.value.sound).toBe(true);
    expect(verified.ok && verified.value.recorded.decisionHash).toBe(decisionHash);
  }, 60_000);

  test("since it is gone can still be replayed as recorded; asked anew it fails, which is said first", async () => {
    promote(TREES, treesCard("1"));
    const station = await start();
    await play(station, 0, 4_000);
    const decisionHash = station.live.engine.decisionHash();
    await station.close();
    rmSync(join(data, "models"), { recursive: true });
    const verified = verifyReplay(settingsOf(data));
    if (!verified.ok) throw new Error(verified.message);
    const { recorded, recompute, sound } = verified.value;
    expect([recorded.identical, recorded.decisionHash, sound]).toEqual([true, decisionHash, true]);
    expect(recompute.report.differences.timing).toBeGreaterThan(100);
    const again = await start();
    expect(problems.some((message) => message.includes("the journal names lightgbm 1"))).toBe(true);
    expect(namesIn(again.live.engine.config)).toEqual([]);
    expect(again.live.engine.decisionHash()).toBe(decisionHash);
    await again.close();
  }, 60_000);
});
