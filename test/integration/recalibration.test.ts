// Re-calibration in a whole engine: a vote that leans too little is corrected once that has shown, every signal says so, and replays and
// restarts correct the same votes by the same amounts.

import { describe, expect, test } from "bun:test";
import { MICROS_PER_MINUTE, MICROS_PER_SECOND } from "../../actors/base/clock.ts";
import { SeededRandom } from "../../actors/base/random.ts";
import { RECALIBRATION_DEFAULTS } from "../../actors/chain/recalibration/settings.ts";
import type { Instrument } from "../../actors/domain/instrument.ts";
import type { EngineConfig } from "../../actors/engine-config.ts";
import { ruleForecasters } from "../../actors/ensemble.ts";
import type { Forecaster } from "../../actors/ports/forecaster.ts";
import type { IncomingTick } from "../../actors/router.ts";
import type { VotingModel } from "../../actors/voting-models.ts";
import { symbolState } from "../../edge/live/shapes.ts";
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
import { Seer } from "../fixtures/seer.ts";

const MODEL = {
  member: "lightgbm",
  event: "up",
  horizonMicros: MICROS_PER_MINUTE,
  voteLifeMicros: 10 * MICROS_PER_SECOND,
  cadence: "tick",
} as const;

const SEER: VotingModel = { ...MODEL, model: "seer", version: "1", sha256: "00", symbols: null };

/** As short as can be: what a month shows by default is shown in an hour. */
const SETTINGS = {
  ...RECALIBRATION_DEFAULTS,
  windowBlocks: 128,
  windowBlocksMin: 32,
  trialBlocks: 64,
  trialBlocksMin: 48,
  slopeDeviation: 1,
  onAt: 1,
  offAt: 0,
};

const CONFIG: EngineConfig = {
  ...DEMO_CONFIG,
  preset: "ensemble",
  instruments: INSTRUMENTS.slice(0, 1),
  models: [SEER],
  recalibration: SETTINGS,
};

const TICKS: readonly IncomingTick[] = simulatedTicks({ seed: 21, count: 50_000, ticksPerSecond: 4 }).filter(
  ({ instrumentId }) => instrumentId === 0,
);

/** Says 0.6 and is right in nine of ten minutes. One that leaned too far would be switched off. */
function lean(timeMicros: number): number {
  return new SeededRandom(Math.floor(timeMicros / MICROS_PER_MINUTE)).next() < 0.9 ? 0.6 : 0.4;
}

function forecasters(_instrument: Instrument): readonly Forecaster[] {
  return [...ruleForecasters(), new Seer({ ...MODEL, ticks: TICKS, lean })];
}

interface Disk {
  readonly journal: MemoryJournal;
  readonly snapshots: MemorySnapshots;
}

function emptyDisk(): Disk {
  return { journal: new MemoryJournal({ keep: true }), snapshots: new MemorySnapshots() };
}

function startOn(disk: Disk, config = CONFIG): Rig {
  const rig = makeRig({ ...disk, config, forecasters });
  expect(rig.live.recover().report.differences).toEqual(NO_DIFFERENCES);
  expect(rig.live.begin(1, rig.live.router.timeMicros).ok).toBe(true);
  return rig;
}

function stateIn({ engine }: Pick<Rig, "engine">) {
  return engine.symbol(0)?.chain.recalibration;
}

const disk = emptyDisk();
const rig = startOn(disk);
play(rig, TICKS);
const records = recordsOf(disk.journal);
const signals = records.flatMap((record) => (record.kind === "signal" ? [record] : []));

describe("a vote that leans too little", () => {
  test("is corrected away from one half", () => {
    expect(stateIn(rig)).toMatchObject({ isActive: true, slope: 1 + SETTINGS.slopeChangeMax });
    const corrected = signals.filter(({ confirmations }) => confirmations?.recalibration?.isActive === true);
    expect(corrected.length).toBeGreaterThan(0);
    for (const { confirmations, probabilityUp } of corrected) {
      expect(confirmations!.calibrated).toBe(probabilityUp);
      const before = confirmations!.recalibration!.before;
      expect(Math.abs(probabilityUp - before)).toBeLessThanOrEqual(SETTINGS.changeMax + 1e-12);
      expect(probabilityUp).not.toBe(before);
    }
  });

  test("shows with its symbol", () => {
    const { recalibration } = symbolState(rig.engine, INSTRUMENTS[0]!, rig.live.router.timeMicros);
    expect(recalibration).toEqual(stateIn(rig));
  });

  test.each(["recorded", "recompute"] as const)(
    "is corrected in a replay (%s) as it was",
    (mode) => {
      const replayed = replay(records, mode, forecasters);
      expect(replayed.report.differences).toEqual(NO_DIFFERENCES);
      expect(replayed.decisionHash).toBe(rig.engine.decisionHash());
      expect(stateIn(replayed)).toEqual(stateIn(rig));
    },
    60_000,
  );

  test("is so though the process ends and starts again now and then", () => {
    const again = emptyDisk();
    let life = startOn(again);
    for (let from = 0; from < TICKS.length; from += Math.ceil(TICKS.length / 7)) {
      play(life, TICKS.slice(from, from + Math.ceil(TICKS.length / 7)));
      life.live.end();
      life = startOn(again);
    }
    expect(life.engine.decisionHash()).toBe(rig.engine.decisionHash());
    expect(stateIn(life)).toEqual(stateIn(rig));
  }, 60_000);
});

test("another model in the vote begins anew, and without the setting nothing is corrected", () => {
  const again = emptyDisk();
  const some = TICKS.slice(0, 4_000);
  const life = startOn(again);
  play(life, some);
  life.live.end();
  expect(stateIn(life)!.blocks).toBeGreaterThan(0);
  const models = [{ ...SEER, version: "2" }];
  expect(stateIn(startOn(again, { ...CONFIG, models }))).toMatchObject({ blocks: 0, isActive: false });
  const { recalibration: _, ...without } = CONFIG;
  expect(stateIn(startOn(again, without))).toBeUndefined();
});
