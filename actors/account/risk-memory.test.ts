// What controls remember: windows that end exactly when they should, stops that only a person lifts, marks that only rise.

import { describe, expect, test } from "bun:test";
import { LoadArchive, type Persistent, SaveArchive } from "../base/archive.ts";
import { MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND } from "../base/clock.ts";
import type { CalendarEvent } from "../domain/calendar.ts";
import { closesInMicros, NEVER_CLOSES } from "../domain/instrument.ts";
import { EURUSD, instrument, NOON, USDJPY } from "./account.fixture.ts";
import { Drawdown } from "./drawdown.ts";
import { PriceReference } from "./price-reference.ts";
import { RiskMemory } from "./risk-memory.ts";
import { NO_RISK_LIMITS, resolveLimits, type RiskLimits } from "./risk/limits.ts";

const SECOND = MICROS_PER_SECOND;
const MINUTE = MICROS_PER_MINUTE;

function memory(changes: Partial<RiskLimits> = {}): RiskMemory {
  const limits = { ...NO_RISK_LIMITS, ...changes };
  return new RiskMemory([limits, limits]);
}

/** As another process would find it. */
function reloaded<Part extends Persistent>(part: Part, fresh: Part): Part {
  const saving = new SaveArchive();
  part.persist(saving);
  const loading = new LoadArchive(saving.finish());
  fresh.persist(loading);
  loading.finish();
  return fresh;
}

describe("limits", () => {
  test("a symbol's lie over the account's, those over the tenant's, and null switches off", () => {
    const risk = {
      tenant: { executionsMax: 5, orderVolumeMaxMicros: 7, priceCollarFraction: 0.1 },
      account: { executionsMax: 4, priceCollarFraction: null },
      symbols: { EURUSD: { executionsMax: 3, orderVolumeMaxMicros: undefined } },
    };
    const [ofEuro, ofYen] = [resolveLimits(risk, EURUSD), resolveLimits(risk, USDJPY)];
    expect(ofEuro).toEqual({ ...NO_RISK_LIMITS, executionsMax: 3, orderVolumeMaxMicros: 7 });
    expect(ofYen).toEqual({ ...NO_RISK_LIMITS, executionsMax: 4, orderVolumeMaxMicros: 7 });
    expect(resolveLimits(undefined, EURUSD)).toBe(NO_RISK_LIMITS);
  });
});

describe("messages", () => {
  test("are counted for a second and a minute, and no longer", () => {
    const sent = memory();
    for (const age of [60 * SECOND, 60 * SECOND - 1, SECOND, SECOND - 1, 0]) sent.messageSent(NOON - age);
    expect(sent.messages(NOON)).toEqual({ inSecond: 2, inMinute: 4 });
    expect(reloaded(sent, memory()).messages(NOON + 1)).toEqual({ inSecond: 1, inMinute: 3 });
  });
});

describe("executions", () => {
  const limits = { executionsMax: 3, executionsWindowMicros: MINUTE };

  test("leave the window one by one while they are few", () => {
    const executed = memory(limits);
    executed.executed(0, NOON);
    executed.executed(0, NOON + SECOND);
    expect(executed.executions(0, NOON + MINUTE - 1)).toBe(2);
    expect(executed.executions(0, NOON + MINUTE)).toBe(1);
  });

  test("stop their instrument at the limit until a person allows it again, and no other", () => {
    const executed = memory(limits);
    for (let i = 0; i < 3; i++) executed.executed(0, NOON + i);
    const later = reloaded(executed, memory(limits));
    expect([later.executions(0, NOON + MICROS_PER_HOUR), later.executions(1, NOON)]).toEqual([3, 0]);
    later.reEnable(0);
    expect(later.executions(0, NOON)).toBe(0);
    later.reEnable(99);
  });
});

describe("losses and exits", () => {
  test("a profit ends a row of losses, and each instrument has its own pauses", () => {
    const closed = memory();
    closed.closed(0, -1, NOON);
    closed.closed(1, -1, NOON + SECOND);
    expect(closed.consecutiveLosses).toBe(2);
    expect([closed.sinceLoss(0, NOON + MINUTE), closed.sinceExit(1, NOON + MINUTE)]).toEqual([
      MINUTE,
      MINUTE - SECOND,
    ]);
    closed.closed(0, 0, NOON + MINUTE);
    expect([
      closed.consecutiveLosses,
      closed.sinceExit(0, NOON + MINUTE),
      closed.sinceLoss(0, NOON + MINUTE),
    ]).toEqual([0, 0, MINUTE]);
  });
});

describe("news", () => {
  const limits: RiskLimits = {
    ...NO_RISK_LIMITS,
    newsBeforeMicros: 30 * MINUTE,
    newsAfterMicros: 10 * MINUTE,
    newsImportanceMin: "moderate",
  };
  const event: CalendarEvent = { timeMicros: NOON, currency: "USD", importance: "high", name: "CPI" };

  for (const [what, atMicros, count] of [
    ["before the blackout", NOON - 30 * MINUTE - 1, 0],
    ["when it begins", NOON - 30 * MINUTE, 1],
    ["in its last moment", NOON + 10 * MINUTE - 1, 1],
    ["when it is over", NOON + 10 * MINUTE, 0],
  ] as const) {
    test(`${what}: ${count}`, () => {
      const heard = memory();
      heard.hearCalendar([event]);
      expect(reloaded(heard, memory()).newsEvents(EURUSD, limits, atMicros)).toBe(count);
    });
  }

  test("of other currencies or of less importance keep nobody away, and a calendar replaces the one before", () => {
    const heard = memory();
    heard.hearCalendar([
      { ...event, currency: "NZD" },
      { ...event, importance: "low" },
      { ...event, importance: "moderate", currency: "EUR" },
    ]);
    expect([heard.newsEvents(EURUSD, limits, NOON), heard.newsEvents(USDJPY, limits, NOON)]).toEqual([1, 0]);
    heard.hearCalendar([]);
    expect(heard.newsEvents(EURUSD, limits, NOON)).toBe(0);
  });
});

describe("correlations", () => {
  test("are unknown until the market says them, and no number is none", () => {
    const heard = memory();
    expect(heard.correlation(0)).toBeNull();
    const market = {
      kind: "market" as const,
      seq: 1,
      timeMicros: NOON,
      causeSeq: 1,
      dollarIndex: null,
      dollarIndexReturn: null,
      dollarCorrelations: [-0.5, Number.NaN],
      peerCorrelations: [],
    };
    heard.hearMarket(market);
    expect([heard.correlation(0), heard.correlation(1), heard.correlation(7)]).toEqual([-0.5, null, null]);
    heard.hearMarket({ ...market, dollarCorrelations: [1.5] });
    expect(heard.correlation(0)).toBeNull();
  });
});

describe("the reference price", () => {
  const window = 8 * MINUTE;

  test("is the mean of the last mids of the parts before the present one", () => {
    const prices = new PriceReference([window, window]);
    expect(prices.points(0, NOON)).toBeNaN();
    prices.take(0, 200, NOON);
    expect(prices.points(0, NOON)).toBe(100);
    prices.take(0, 220, NOON + MINUTE - 1);
    prices.take(0, 260, NOON + MINUTE);
    prices.take(0, 9_000, NOON + 2 * MINUTE);
    expect(reloaded(prices, new PriceReference([window, window])).points(0, NOON + 2 * MINUTE)).toBe(120);
  });

  test("forgets what is older than the window", () => {
    const prices = new PriceReference([window]);
    prices.take(0, 200, NOON);
    expect(prices.points(0, NOON + window - 1)).toBe(100);
    expect(prices.points(0, NOON + window)).toBeNaN();
  });
});

test("a reference price under another window forgets what the one before had gathered", () => {
  for (const other of [MINUTE, MICROS_PER_HOUR]) {
    const prices = new PriceReference([8 * MINUTE]);
    prices.take(0, 200, NOON - 2 * MINUTE);
    const changed = reloaded(prices, new PriceReference([other]));
    expect(changed.points(0, NOON)).toBeNaN();
    changed.take(0, 220, NOON);
    expect(changed.points(0, NOON)).toBe(110);
  }
});

describe("drawdown", () => {
  test("is measured from each mark, at its deepest, and unknown equity changes nothing", () => {
    const drawdown = new Drawdown(1_000);
    drawdown.note(1_200, 1_100);
    drawdown.note(900, 1_100);
    drawdown.note(Number.NaN, 1_100);
    drawdown.note(1_150, 1_100);
    const kept = reloaded(drawdown, new Drawdown(1_000));
    const falls = () => [
      kept.trailing("equity"),
      kept.trailing("balance"),
      kept.trailing("day-start"),
      kept.absolute,
    ];
    expect(falls()).toEqual([300, 200, 100, 100]);
    kept.beginDay(1_150);
    kept.note(1_000, 1_100);
    expect(falls()).toEqual([300, 200, 150, 100]);
    kept.reset(1_000);
    expect(falls()).toEqual([0, 0, 0, 0]);
    kept.note(990, 990);
    expect(falls()).toEqual([10, 10, 10, 10]);
  });
});

describe("until a market closes", () => {
  const DAY = 24 * 60;
  /** 22:00 to 21:00 from Sunday to Friday. */
  const daily = [
    { openMinute: 0, closeMinute: 21 * 60 },
    ...[0, 1, 2, 3].map((day) => ({
      openMinute: day * DAY + 22 * 60,
      closeMinute: (day + 1) * DAY + 21 * 60,
    })),
    { openMinute: 6 * DAY + 22 * 60, closeMinute: 7 * DAY },
  ];
  const forex = instrument(0, "EURUSD", { sessions: daily });

  for (const [what, hours, session, weekend] of [
    ["on Wednesday noon", 0, 9, 57],
    ["in the break of an hour", 9.5, 0, 47.5],
    ["in the break before another day", 10, 23, 47],
    ["on Friday 20:59:59.999999", 57 - 1e-6 / 3_600, 1e-6 / 3_600, 1e-6 / 3_600],
    ["at the weekend", 58, 0, 0],
    ["on Sunday 22:00, over the end of the week", 106, 23, 119],
  ] as const) {
    test(what, () => {
      const at = NOON + Math.round(hours * MICROS_PER_HOUR);
      expect([closesInMicros(forex, at, 1), closesInMicros(forex, at, DAY)]).toEqual([
        Math.round(session * MICROS_PER_HOUR),
        Math.round(weekend * MICROS_PER_HOUR),
      ]);
    });
  }

  test("a market that never closes has no end, and one without sessions is closed", () => {
    expect(closesInMicros(EURUSD, NOON, 1)).toBe(NEVER_CLOSES);
    expect(closesInMicros(instrument(0, "EURUSD", { sessions: [] }), NOON, 1)).toBe(0);
  });
});
