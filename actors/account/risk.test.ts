// Every control at its limit, one below and one above; and that no figure that is not a number ever passes.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { EURUSD, NOON } from "./account.fixture.ts";
import {
  approveEntry,
  approveExit,
  dailyLossLimit,
  entryChecks,
  marginLimit,
  type RefusalCode,
  REFUSAL_CODES,
  type RiskFigures,
} from "./risk.ts";
import { DEFAULT_ACCOUNT_SETTINGS as SETTINGS } from "./settings.ts";
import type { SizedOrder } from "./sizing.ts";

const ORDER: SizedOrder = {
  instrument: EURUSD,
  side: "BUY",
  pricePoints: 110_010,
  stopPoints: 200,
  targetPoints: 400,
  volumeMicros: 1_000_000,
  riskMicros: 200_000_000,
  marginMicros: 3_667_000_000,
};

const FIGURES: RiskFigures = {
  nowMicros: NOON,
  signalTradable: true,
  signalExpiresAtMicros: NOON + 1_000_000,
  signalPricePoints: 110_000,
  entriesHalted: false,
  dayLossMicros: 0,
  dayStartEquityMicros: 100_000_000_000,
  unknownOrders: 0,
  liveOrders: 0,
  instrumentPositions: 0,
  exposedInstruments: 0,
  accountLiveOrders: 0,
  liveOrdersMax: 256,
  quoteTimeMicros: NOON,
  spreadPoints: 10,
  conversionRate: 1,
  equityMicros: 100_000_000_000,
  marginTakenMicros: 0,
  volumeBudgetMicros: 200_000_000,
};

function failedControls(order: Partial<SizedOrder>, figures: Partial<RiskFigures>): string[] {
  const checks = entryChecks({ ...ORDER, ...order }, { ...FIGURES, ...figures }, SETTINGS);
  return checks.filter((check) => !check.passed).map((check) => check.control);
}

interface Case {
  readonly code: RefusalCode;
  /** The figures with which the control's value lies `offset` above its limit. */
  readonly at: (offset: number) => { order?: Partial<SizedOrder>; figures?: Partial<RiskFigures> };
  /** Whether it passes at limit - 1, limit, limit + 1. */
  readonly passes: readonly [boolean, boolean, boolean];
}

const lossLimit = dailyLossLimit(FIGURES.dayStartEquityMicros, SETTINGS);
const marginMax = marginLimit(FIGURES.equityMicros, SETTINGS);

const CASES: readonly Case[] = [
  {
    code: "signal-expired",
    at: (o) => ({ figures: { signalExpiresAtMicros: NOON - o } }),
    passes: [true, false, false],
  },
  {
    code: "daily-loss-limit",
    at: (o) => ({ figures: { dayLossMicros: lossLimit + o } }),
    passes: [true, false, false],
  },
  { code: "unknown-order", at: (o) => ({ figures: { unknownOrders: o } }), passes: [true, true, false] },
  { code: "duplicate-intent", at: (o) => ({ figures: { liveOrders: o } }), passes: [true, true, false] },
  {
    code: "position-open",
    at: (o) => ({ figures: { instrumentPositions: o } }),
    passes: [true, true, false],
  },
  {
    code: "too-many-positions",
    at: (o) => ({ figures: { exposedInstruments: SETTINGS.positionsMax - 1 + o } }),
    passes: [true, true, false],
  },
  {
    code: "too-many-orders",
    at: (o) => ({ figures: { accountLiveOrders: FIGURES.liveOrdersMax - 1 + o } }),
    passes: [true, true, false],
  },
  {
    code: "stale-quote",
    at: (o) => ({ figures: { quoteTimeMicros: NOON - SETTINGS.quoteAgeMaxMicros - o } }),
    passes: [true, true, false],
  },
  {
    code: "spread-too-wide",
    at: (o) => ({ figures: { spreadPoints: EURUSD.spreadMaxPoints + o } }),
    passes: [true, true, false],
  },
  { code: "price-moved", at: (o) => ({ order: { pricePoints: 110_220 + o } }), passes: [true, true, false] },
  { code: "no-stop", at: (o) => ({ order: { stopPoints: 11 + o } }), passes: [false, true, true] },
  {
    code: "stop-too-far",
    at: (o) => ({ order: { stopPoints: ORDER.pricePoints + o } }),
    passes: [true, false, false],
  },
  {
    code: "volume-too-small",
    at: (o) => ({ order: { volumeMicros: EURUSD.volumeMinMicros + o } }),
    passes: [false, true, true],
  },
  {
    code: "volume-too-large",
    at: (o) => ({ order: { volumeMicros: EURUSD.volumeMaxMicros + o } }),
    passes: [true, true, false],
  },
  {
    code: "over-risk-budget",
    at: (o) => ({ figures: { volumeBudgetMicros: ORDER.volumeMicros - o } }),
    passes: [true, true, false],
  },
  {
    code: "margin",
    at: (o) => ({ figures: { marginTakenMicros: marginMax - ORDER.marginMicros + o } }),
    passes: [true, true, false],
  },
];

describe("entry controls", () => {
  test("everything in order is approved, with every control's figures", () => {
    const verdict = approveEntry(ORDER, FIGURES, SETTINGS);
    expect(verdict.ok).toBe(true);
    if (!verdict.ok) return;
    expect(verdict.value.checks.map((check) => check.control)).toEqual([...REFUSAL_CODES]);
  });

  for (const { code, at, passes } of CASES) {
    for (const [index, offset] of [-1, 0, 1].entries()) {
      const expected = passes[index] === true;
      test(`${code} at its limit ${offset >= 0 ? "+" : "-"} ${Math.abs(offset)} ${expected ? "passes" : "refuses"}`, () => {
        const { order = {}, figures = {} } = at(offset);
        expect(failedControls(order, figures)).toEqual(expected ? [] : [code]);
      });
    }
  }

  for (const [code, figures] of [
    ["signal-not-tradable", { signalTradable: false }],
    ["entries-halted", { entriesHalted: true }],
    ["no-conversion-rate", { conversionRate: 0 }],
  ] as const) {
    test(`${code} refuses`, () => {
      expect(failedControls({}, figures)).toEqual([code]);
    });
  }

  test("a refusal names the first control that failed, what to do, and carries all checks", () => {
    const verdict = approveEntry(ORDER, { ...FIGURES, entriesHalted: true, spreadPoints: 51 }, SETTINGS);
    expect(verdict).toMatchObject({ ok: false, code: "entries-halted" });
    if (verdict.ok) return;
    expect(verdict.message).toBe(
      "BUY EURUSD refused: entries are halted; resume them when the reason is settled (value 1, limit 0).",
    );
    expect(verdict.checks).toHaveLength(REFUSAL_CODES.length);
  });

  test("NaN or an infinity in any figure never passes", () => {
    const figureNames = Object.keys(FIGURES).filter(
      (name) => typeof FIGURES[name as keyof RiskFigures] === "number",
    );
    const orderNames = ["pricePoints", "stopPoints", "volumeMicros", "marginMicros"];
    const bad = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
    fc.assert(
      fc.property(fc.constantFrom(...figureNames, ...orderNames), bad, (name, value) => {
        const failed = failedControls(
          orderNames.includes(name) ? { [name]: value } : {},
          orderNames.includes(name) ? {} : { [name]: value },
        );
        expect(failed.length).toBeGreaterThan(0);
      }),
    );
  });
});

describe("exits", () => {
  test("are approved whatever the figures say, which are recorded", () => {
    const approved = approveExit(
      { volumeMicros: 10, positionVolumeMicros: 10 },
      { nowMicros: NOON, quoteTimeMicros: Number.NaN, spreadPoints: 1_000, spreadMaxPoints: 50 },
      SETTINGS,
    );
    expect(approved.checks.map(({ control, passed }) => [control, passed])).toEqual([
      ["volume-too-large", true],
      ["stale-quote", false],
      ["spread-too-wide", false],
    ]);
  });
});
