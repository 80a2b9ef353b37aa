// What trips the kill switch by itself: at its limit and not before, once, journaled, and never where nobody asked for it.

import { describe, expect, test } from "bun:test";
import { MICROS_PER_DAY, MICROS_PER_HOUR, type Micros } from "../base/clock.ts";
import { type Instrument, openSinceMicros } from "../domain/instrument.ts";
import type { Command } from "../domain/records.ts";
import { EURUSD, execution, instrument, NOON, signal, TestEngine, tick } from "./account.fixture.ts";
import type { KillTriggerSettings } from "./kill-triggers.ts";
import type { AccountSettings } from "./settings.ts";

const SECOND = 1_000_000;
const PAPER = { accountId: "paper", by: "operator" };
/** Of an account of 100,000 that loses 3 % a day. */
const DAY_LIMIT = 3_000;
const FALL_MAX_MICROS = 2_000 * SECOND;
const RISK = {
  tenant: {},
  account: { trailingDrawdownMaxMicros: FALL_MAX_MICROS, absoluteDrawdownMaxMicros: FALL_MAX_MICROS },
  symbols: {},
};

/** Long 2.5 lots from 1.10010: a point is 2.5 USD. */
function holding(
  killSwitch: KillTriggerSettings | undefined,
  settings: Partial<AccountSettings> = {},
  traded: Instrument = EURUSD,
): TestEngine {
  const engine = new TestEngine({
    broker: "none",
    instruments: [traded],
    settings: { ...settings, killSwitch },
  });
  engine.feed(tick({ timeMicros: NOON }), signal({ timeMicros: NOON }));
  engine.feed(execution(engine.intents[0]!));
  return engine;
}

/** The bid at which the position has lost so much, in USD. */
function fall(engine: TestEngine, lossUsd: number, timeMicros: Micros = NOON): void {
  const bid = (110_010 - lossUsd / 2.5) / 100_000;
  engine.feed(tick({ timeMicros, bid, ask: bid + 0.0001 }));
}

function rearm(engine: TestEngine): void {
  const { trip } = engine.account.view();
  const order: Command = { command: "rearm", tripSeq: trip?.seq ?? 0, ...PAPER };
  engine.feed({ kind: "commanded", seq: 0, timeMicros: NOON, command: order });
}

function tripped(engine: TestEngine): string[] {
  return engine.records.flatMap((record) =>
    record.kind === "tripped" ? [`${record.by} ${record.mode}`] : [],
  );
}

const LOSSES: readonly [string, KillTriggerSettings, number][] = [
  ["daily-loss", { onDailyLoss: "halt-entries" }, DAY_LIMIT],
  ["trailing-drawdown", { onTrailingDrawdown: "halt-entries" }, 2_000],
  ["absolute-drawdown", { onAbsoluteDrawdown: "halt-entries" }, 2_000],
];

describe("losses", () => {
  for (const [by, settings, limitUsd] of LOSSES) {
    test(`${by} trips at its limit, once, and says why`, () => {
      const engine = holding(settings, { risk: RISK });
      fall(engine, limitUsd - 2.5);
      expect(engine.account.view().trip).toBeNull();
      fall(engine, limitUsd);
      const cause = engine.records.findLast(({ kind }) => kind === "tick");
      expect(engine.account.view().trip).toMatchObject({ mode: "halt-entries", by, seq: cause?.seq });
      expect(engine.records.at(-1)).toMatchObject({
        kind: "tripped",
        accountId: "paper",
        causeSeq: cause?.seq,
        reason: expect.stringContaining(`has reached ${limitUsd} USD of ${limitUsd}`) as string,
      });
      rearm(engine);
      fall(engine, limitUsd + 100);
      expect(engine.account.view().trip).toBeNull();
      expect(tripped(engine)).toEqual([`${by} halt-entries`]);
    });
  }

  test("of another day trip again", () => {
    const engine = holding({ onDailyLoss: "halt-entries" }, { positionAgeMaxMicros: 10 * MICROS_PER_DAY });
    fall(engine, DAY_LIMIT);
    rearm(engine);
    const tomorrow = NOON + MICROS_PER_DAY;
    fall(engine, DAY_LIMIT, tomorrow);
    expect(engine.account.view().trip).toBeNull();
    fall(engine, 2 * DAY_LIMIT, tomorrow);
    expect(tripped(engine)).toEqual(["daily-loss halt-entries", "daily-loss halt-entries"]);
  });

  test("in mode flatten close what is open, and the strictest of several counts", () => {
    const engine = holding({ onDailyLoss: "halt-entries", onAbsoluteDrawdown: "flatten" }, { risk: RISK });
    fall(engine, DAY_LIMIT);
    expect(tripped(engine)).toEqual(["daily-loss halt-entries", "absolute-drawdown flatten"]);
    expect(engine.account.view().trip).toMatchObject({ mode: "flatten", by: "absolute-drawdown" });
    expect(engine.intents.at(-1)).toMatchObject({ purpose: "exit", reason: "kill-switch" });
  });

  test("trip nothing where nobody asked for it", () => {
    for (const settings of [undefined, {}]) {
      const engine = holding(settings, { risk: RISK });
      fall(engine, 2 * DAY_LIMIT);
      engine.passTo(NOON + MICROS_PER_HOUR);
      expect([engine.account.view().trip, tripped(engine)]).toEqual([null, []]);
    }
  });
});

const STALL: KillTriggerSettings = { onStall: { mode: "reduce-only", afterMicros: 60 * SECOND } };

describe("silence", () => {
  test("of a symbol with a position trips when it is due, though nothing happens", () => {
    const engine = holding(STALL);
    engine.passTo(NOON + 60 * SECOND - 1);
    expect(engine.account.view().trip).toBeNull();
    engine.passTo(NOON + 60 * SECOND);
    expect(engine.account.view().trip).toMatchObject({
      mode: "reduce-only",
      by: "data-stall",
      reason: "EURUSD has a position and was not quoted for 60 s of its open market",
    });
  });

  test("that goes on after re-arming trips no more, another one does", () => {
    const engine = holding(STALL);
    engine.passTo(NOON + 60 * SECOND);
    rearm(engine);
    engine.passTo(NOON + 200 * SECOND);
    expect(engine.account.view().trip).toBeNull();
    engine.feed(tick({ timeMicros: NOON + 200 * SECOND }));
    engine.passTo(NOON + 320 * SECOND);
    expect(tripped(engine)).toEqual(["data-stall reduce-only", "data-stall reduce-only"]);
  });

  test("without a position, or while the market is closed, trips nothing", () => {
    const idle = new TestEngine({ broker: "none", settings: { killSwitch: STALL } });
    idle.feed(tick({ timeMicros: NOON }));
    idle.passTo(NOON + MICROS_PER_HOUR);
    expect(idle.account.view().trip).toBeNull();
    // NOON is a Wednesday's: open from 11:00 to 12:01, and again from 13:00.
    const wednesday = 2 * 24 * 60;
    const sessions = [
      { openMinute: wednesday + 660, closeMinute: wednesday + 721 },
      { openMinute: wednesday + 780, closeMinute: wednesday + 1_000 },
    ];
    const engine = holding(STALL, {}, instrument(0, "EURUSD", { sessions }));
    engine.feed(tick({ timeMicros: NOON + SECOND }));
    engine.passTo(NOON + MICROS_PER_HOUR + 59 * SECOND);
    expect(engine.account.view().trip).toBeNull();
    engine.passTo(NOON + MICROS_PER_HOUR + 121 * SECOND);
    expect(engine.account.view().trip).toMatchObject({ by: "data-stall" });
  });

  test("is remembered over a restart", () => {
    const engine = holding(STALL);
    engine.passTo(NOON + 60 * SECOND);
    rearm(engine);
    const restarted = new TestEngine({
      broker: "none",
      instruments: [EURUSD],
      settings: { killSwitch: STALL },
    });
    restarted.load(engine.save(), engine.records.length);
    restarted.passTo(NOON + 300 * SECOND);
    expect(restarted.account.view().trip).toBeNull();
  });
});

function minutes(...sessions: [number, number][]): Instrument {
  return instrument(0, "EURUSD", {
    sessions: sessions.map(([openMinute, closeMinute]) => ({ openMinute, closeMinute })),
  });
}

describe("a market's opening", () => {
  const MINUTE = 60 * SECOND;
  /** Monday 2024-01-01 00:00 UTC. */
  const MONDAY = Date.UTC(2024, 0, 1) * 1_000;

  test.each([
    ["of its session", minutes([100, 200], [300, 400]), 350, 300],
    ["of the first of sessions that follow each other", minutes([100, 200], [200, 400]), 350, 100],
    ["of the week before", minutes([0, 200], [9_000, 10_080]), 100, 9_000 - 10_080],
    ["never, where it never closes", minutes([0, 10_080]), 100, Number.NEGATIVE_INFINITY],
    ["unknown while it is closed", minutes([100, 200]), 200, Number.NaN],
  ])("is that %s", (_, traded, minute, opened) => {
    expect(openSinceMicros(traded, MONDAY + minute * MINUTE)).toBe(MONDAY + opened * MINUTE);
  });
});
