// A journal whose first days were archived replays from the snapshots kept of the day it now begins in, to the same
// decisions; the same where settings changed in between.

import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MICROS_PER_DAY } from "../../actors/base/clock.ts";
import type { PresetName } from "../../actors/chain/presets.ts";
import { type IncomingTick } from "../../actors/router.ts";
import { openStation, type Station } from "../../edge/main.ts";
import { playTick, settleDurably } from "../../edge/play.ts";
import { parseSettings, type Settings } from "../../edge/settings.ts";
import { replayRecorded } from "../../scripts/commands/replay-recorded.ts";
import { runRetention } from "../../storage/journal/retention-round.ts";
import { INSTRUMENTS, simulatedTicks } from "../fixtures/engine-rig.ts";

const data = mkdtempSync(join(tmpdir(), "tickforge-archived-"));
afterAll(() => rmSync(data, { recursive: true }));

/** About four days, in segments of a fraction of a day. */
const ticks = simulatedTicks({ seed: 3, count: 36_000, ticksPerSecond: 0.1 });
const SHARE_BEFORE_CHANGE = 0.8;

function settingsOf(preset: PresetName): Settings {
  const parsed = parseSettings({ data, preset }, {});
  if (!parsed.ok) throw new Error(parsed.message);
  return { ...parsed.value, journal: { ...parsed.value.journal, segmentBytes: 1 << 20 } };
}

async function run(settings: Settings, played: readonly IncomingTick[]): Promise<string> {
  const station = await openStation({ settings, instruments: INSTRUMENTS, live: false });
  if (!station.ok) throw new Error(station.message);
  const { live, journal } = station.value;
  for (const [index, tick] of played.entries()) {
    await playTick(live, journal, tick, tick.sourceTimeMicros);
    if (index % 500 === 0) await breathe(station.value);
  }
  await settleDurably(live, journal);
  const hash = live.engine.decisionHash();
  await station.value.close();
  return hash;
}

/** Snapshots are written between turns. */
async function breathe({ journal }: Station): Promise<void> {
  await journal.flush();
  await new Promise((resolve) => setImmediate(resolve));
}

const change = Math.floor(ticks.length * SHARE_BEFORE_CHANGE);
await run(settingsOf("demo"), ticks.slice(0, change));
const settings = settingsOf("classic");
const decisionHash = await run(settings, ticks.slice(change));
const first = ticks[0] as IncomingTick;

describe("after the first day and a half was archived", () => {
  test("segments have left the journal", async () => {
    const kept = await runRetention({
      journalDirectory: join(data, "journal"),
      archiveDirectory: join(data, "archive"),
      cursors: [],
      nowMicros: first.sourceTimeMicros + 8.5 * MICROS_PER_DAY,
    });
    expect(kept.ok && kept.value.archived.length).toBeGreaterThan(1);
  });

  for (const mode of ["recorded", "recompute"] as const) {
    test(`it replays (${mode}) to the same decisions, from a kept snapshot on`, () => {
      const replayed = replayRecorded(settings, mode);
      if (!replayed.ok) throw new Error(replayed.message);
      expect(replayed.value.fromSeq).toBeGreaterThan(1);
      expect(replayed.value.report.examples).toEqual([]);
      expect(replayed.value.identical).toBe(true);
      expect(replayed.value.decisionHash).toBe(decisionHash);
      expect(replayed.value.report.compared).toBeGreaterThan(1_000);
    }, 30_000);
  }

  test("without snapshots it says what is missing", () => {
    rmSync(join(data, "snapshots"), { recursive: true });
    const replayed = replayRecorded(settings, "recorded");
    expect(replayed).toMatchObject({ ok: false, code: "journal-begins-late" });
  });

  test("nor does a start pretend that the beginning was never there", async () => {
    const started = await openStation({ settings, instruments: INSTRUMENTS, live: false });
    expect(started).toMatchObject({ ok: false, code: "recovery-failed" });
    expect(started.ok ? "" : started.message).toContain("archived");
  });
});
