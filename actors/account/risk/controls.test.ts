// Every control at its limit, one below and one above; and that no figure that is not a number ever passes.

import { describe, expect, test } from "bun:test";
import { EURUSD, NOON } from "../account.fixture.ts";
import { COMPLIANCE_CODES, evidenceOf } from "../compliance/checks.ts";
import type { PendingTerms } from "../../domain/order.ts";
import { DEFAULT_ACCOUNT_SETTINGS as SETTINGS } from "../settings.ts";
import type { SizedOrder } from "../sizing.ts";
import { approveEntry, approveExit } from "./approval.ts";
import type { RiskFigures } from "./check.ts";
import { type RefusalCode, REFUSAL_CODES } from "./codes.ts";
import {
  COMPLIANCE,
  COMPLIANCE_LIMITS,
  EXPOSURE,
  FIGURES,
  LIMITS,
  ORDER,
  ORDER_VALUE,
  RISK,
  WAITING,
} from "./controls.fixture.ts";
import { CONTROLS, entryChecks } from "./controls.ts";
import type { ExposureFigures } from "./exposure.ts";
import { NO_RISK_LIMITS } from "./limits.ts";
import { marginLimit } from "./order-controls.ts";
import { dailyLossLimit } from "./standing-controls.ts";

interface Change {
  readonly order?: Partial<SizedOrder>;
  readonly figures?: Partial<RiskFigures>;
  readonly exposure?: Partial<ExposureFigures>;
}

function failedControls({ order = {}, figures = {}, exposure = {} }: Change): string[] {
  const changed = { ...FIGURES, ...figures, exposure: { ...EXPOSURE, ...exposure } };
  const checks = entryChecks({ ...ORDER, ...order }, changed, LIMITS);
  return checks.filter((check) => !check.passed).map((check) => check.control);
}

type Passes = readonly [below: boolean, at: boolean, above: boolean];

/** Passes while value <= limit, value < limit, value >= limit. */
const AT_MOST: Passes = [true, true, false];
const BELOW: Passes = [true, false, false];
const AT_LEAST: Passes = [false, true, true];

function numbers(of: object): string[] {
  return Object.entries(of)
    .filter(([, value]) => typeof value === "number")
    .map(([name]) => name);
}

interface Case {
  readonly code: RefusalCode;
  /** The figures with which the control's value lies `offset` above its limit. */
  readonly at: (offset: number) => Change;
  readonly passes: Passes;
}

function figure(code: RefusalCode, name: keyof RiskFigures, limit: number, passes: Passes): Case {
  return { code, at: (offset) => ({ figures: { [name]: limit + offset } }), passes };
}

const lossLimit = dailyLossLimit(FIGURES.dayStartEquityMicros, SETTINGS);
const marginMax = marginLimit(FIGURES.equityMicros, SETTINGS);

const NO_LIMIT = { limitPricePoints: null, timeInForce: "gtc", untilMicros: null } as const;

/** What makes the order one that waits; its own price stays, so that other controls have nothing to say. */
function waiting(terms: Partial<PendingTerms>): Partial<SizedOrder> {
  const { bidPoints, askPoints } = WAITING.pending!;
  return {
    pending: { terms: { type: "limit", pricePoints: 110_000, ...NO_LIMIT, ...terms }, bidPoints, askPoints },
  };
}

const STANDING: readonly Case[] = [
  figure("daily-loss-limit", "dayLossMicros", lossLimit, BELOW),
  figure("trailing-drawdown", "trailingLossMicros", RISK.trailingDrawdownMaxMicros!, BELOW),
  figure("absolute-drawdown", "absoluteLossMicros", RISK.absoluteDrawdownMaxMicros!, BELOW),
  figure("consecutive-losses", "consecutiveLosses", RISK.consecutiveLossesMax!, BELOW),
  figure("unknown-order", "unknownOrders", 0, AT_MOST),
  figure("books-differ", "booksDiffer", 0, AT_MOST),
  figure("duplicate-intent", "liveOrders", 0, AT_MOST),
  figure("position-open", "instrumentPositions", 0, AT_MOST),
  figure("too-many-positions", "exposedInstruments", SETTINGS.positionsMax - 1, AT_MOST),
  figure("too-many-orders", "accountLiveOrders", FIGURES.liveOrdersMax - 1, AT_MOST),
  figure("messages-per-second", "messagesInSecond", RISK.messagesPerSecondMax! - 1, AT_MOST),
  figure("messages-per-minute", "messagesInMinute", RISK.messagesPerMinuteMax! - 1, AT_MOST),
  figure("repeated-executions", "executionsInWindow", RISK.executionsMax!, BELOW),
  {
    code: "reduce-only",
    at: (o) => ({ figures: { mode: "reducing", oppositeVolumeMicros: ORDER.volumeMicros - o } }),
    passes: AT_MOST,
  },
];

const TIMING: readonly Case[] = [
  {
    code: "signal-expired",
    at: (o) => ({ figures: { signalExpiresAtMicros: NOON - o } }),
    passes: BELOW,
  },
  figure("cooldown-after-loss", "sinceLossMicros", RISK.cooldownAfterLossMicros!, AT_LEAST),
  figure("cooldown-after-exit", "sinceExitMicros", RISK.cooldownAfterExitMicros!, AT_LEAST),
  figure("session-closing", "closesInMicros", RISK.sessionCloseGateMicros!, AT_LEAST),
  figure("weekend-ahead", "weekendInMicros", RISK.weekendGateMicros!, AT_LEAST),
  figure("news-blackout", "newsEvents", 0, AT_MOST),
  {
    code: "stale-quote",
    at: (o) => ({ figures: { quoteTimeMicros: NOON - SETTINGS.quoteAgeMaxMicros - o } }),
    passes: AT_MOST,
  },
  figure("spread-too-wide", "spreadPoints", EURUSD.spreadMaxPoints, AT_MOST),
];

const OF_THE_ORDER: readonly Case[] = [
  { code: "price-moved", at: (o) => ({ order: { pricePoints: 110_220 + o } }), passes: AT_MOST },
  {
    // The order's price stays: 1 % of 108,920 is 1,089.2, and of 108,921 it is 1,089.21.
    code: "price-collar",
    at: (o) => ({ figures: { referencePricePoints: 108_921 - o } }),
    passes: AT_MOST,
  },
  { code: "no-stop", at: (o) => ({ order: { stopPoints: 11 + o } }), passes: AT_LEAST },
  { code: "stop-too-far", at: (o) => ({ order: { stopPoints: ORDER.pricePoints + o } }), passes: BELOW },
  {
    code: "volume-too-small",
    at: (o) => ({ order: { volumeMicros: EURUSD.volumeMinMicros + o } }),
    passes: AT_LEAST,
  },
  {
    code: "over-risk-budget",
    at: (o) => ({ figures: { volumeBudgetMicros: ORDER.volumeMicros - o } }),
    passes: AT_MOST,
  },
  {
    // A BUY limit order: the ask is at 110,010.
    code: "bad-terms",
    at: (o) => ({ order: waiting({ pricePoints: 110_009 - o }) }),
    passes: AT_LEAST,
  },
  {
    code: "pending-expired",
    at: (o) => ({ order: waiting({ timeInForce: "until", untilMicros: NOON - o }) }),
    passes: BELOW,
  },
  {
    code: "margin",
    at: (o) => ({ figures: { marginTakenMicros: marginMax - ORDER.marginMicros + o } }),
    passes: AT_MOST,
  },
];

const net = (highMicros: number, lowMicros = 0) => ({ highMicros, lowMicros });

const EXPOSED: readonly Case[] = [
  {
    code: "long-position",
    at: (o) => ({ exposure: { longVolumeMicros: RISK.longVolumeMaxMicros! - ORDER.volumeMicros + o } }),
    passes: AT_MOST,
  },
  {
    code: "short-position",
    at: (o) => ({
      order: { side: "SELL" },
      exposure: { shortVolumeMicros: RISK.shortVolumeMaxMicros! - ORDER.volumeMicros + o },
    }),
    passes: AT_MOST,
  },
  {
    code: "gross-exposure",
    at: (o) => ({ exposure: { grossMicros: RISK.grossExposureMaxMicros! - ORDER_VALUE + o } }),
    passes: AT_MOST,
  },
  {
    code: "net-exposure",
    at: (o) => ({ exposure: { net: net(RISK.netExposureMaxMicros! - ORDER_VALUE + o) } }),
    passes: AT_MOST,
  },
  {
    code: "currency-exposure",
    at: (o) => ({ exposure: { base: net(RISK.currencyExposureMaxMicros! - ORDER_VALUE + o) } }),
    passes: AT_MOST,
  },
  {
    // Nobody's correlation is known: amounts add up.
    code: "correlated-exposure",
    at: (o) => ({
      exposure: {
        correlation: null,
        unknownMicros: RISK.correlatedExposureMaxMicros! - ORDER_VALUE + o,
      },
    }),
    passes: AT_MOST,
  },
];

describe("every control at its limit", () => {
  const cases = [...STANDING, ...TIMING, ...OF_THE_ORDER, ...EXPOSED];
  for (const { code, at, passes } of cases) {
    for (const [index, offset] of [-1, 0, 1].entries()) {
      const expected = passes[index] === true;
      test(`${code} at its limit ${offset >= 0 ? "+" : "-"} ${Math.abs(offset)} ${expected ? "passes" : "refuses"}`, () => {
        expect(failedControls(at(offset))).toEqual(expected ? [] : [code]);
      });
    }
  }

  // Limits that another control shares figures with: theirs is set beside them.
  for (const [code, risk, volumeMicros] of [
    ["volume-too-large", { orderVolumeMaxMicros: null }, EURUSD.volumeMaxMicros],
    ["order-volume", {}, RISK.orderVolumeMaxMicros!],
    ["order-value", { orderVolumeMaxMicros: null, orderValueMaxMicros: ORDER_VALUE }, 1_000_000],
  ] as const) {
    for (const [offset, passes] of [
      [-1, true],
      [0, true],
      [1, false],
    ] as const) {
      test(`${code} at its limit + ${offset} ${passes ? "passes" : "refuses"}`, () => {
        const order = { ...ORDER, volumeMicros: volumeMicros + offset };
        const limits = { account: SETTINGS, risk: { ...NO_RISK_LIMITS, ...RISK, ...risk } };
        const check = entryChecks(order, FIGURES, limits).find(({ control }) => control === code);
        expect(check?.passed).toBe(passes);
      });
    }
  }

  const covered = new Set<string>([
    ...cases.map(({ code }) => code),
    "volume-too-large",
    "order-volume",
    "order-value",
  ]);
  const FLAGS: readonly [RefusalCode, Change][] = [
    ["signal-not-tradable", { figures: { signalTradable: false } }],
    ["kill-switch", { figures: { killMode: "halt-entries" } }],
    ["kill-switch", { figures: { killMode: "flatten" } }],
    ["kill-switch", { figures: { killMode: "reduce-only", oppositeVolumeMicros: 0 } }],
    ["entries-halted", { figures: { mode: "halted" } }],
    ["no-conversion-rate", { figures: { conversionRate: 0 } }],
    ["unauthorised-trader", { figures: { trader: "somebody", regime: null } }],
    ["restricted-symbol", { order: { instrument: { ...EURUSD, symbol: "USDRUB" } } }],
    ["instrument-not-tradable", { order: { instrument: { ...EURUSD, sessions: [] } } }],
    ["instrument-not-tradable", { order: { instrument: { ...EURUSD, volumeStepMicros: 0 } } }],
    ["regime-veto", { figures: { regime: "illiquid" } }],
  ];
  for (const [code, change] of FLAGS) {
    test(`${code} refuses`, () => {
      expect(failedControls(change)).toEqual([code]);
    });
  }

  test("all controls are among these cases, each once in the table", () => {
    for (const [code] of FLAGS) covered.add(code);
    // Those of compliance have a test of their own.
    for (const code of COMPLIANCE_CODES) covered.add(code);
    expect([...covered].sort()).toEqual([...REFUSAL_CODES].sort());
    expect(CONTROLS.map(({ code }) => code).sort()).toEqual([...REFUSAL_CODES].sort());
  });
});

describe("entry controls", () => {
  test("everything in order is approved, with the figures of every control that is on", () => {
    const figures = { ...FIGURES, mode: "reducing", killMode: "reduce-only" } as const;
    const verdict = approveEntry({ ...ORDER, ...WAITING }, figures, LIMITS);
    expect(verdict.ok).toBe(true);
    if (!verdict.ok) return;
    expect(verdict.value.checks.map((check) => check.control)).toEqual(CONTROLS.map(({ code }) => code));
  });

  test("without limits of their own they are those of journals of before, in their order", () => {
    const { booksDiffer: _terminal, ...figures } = FIGURES;
    const checks = entryChecks(ORDER, figures, { account: SETTINGS, risk: NO_RISK_LIMITS });
    expect(checks.map(({ control }) => control)).toEqual(REFUSAL_CODES.slice(0, 19));
  });

  const TERMS: readonly [string, "BUY" | "SELL", Partial<PendingTerms>, boolean][] = [
    ["a BUY limit at the ask", "BUY", { pricePoints: 110_010 }, false],
    ["a SELL limit above the bid", "SELL", { pricePoints: 110_001 }, true],
    ["a SELL limit at the bid", "SELL", { pricePoints: 110_000 }, false],
    ["a BUY stop above the ask", "BUY", { type: "stop", pricePoints: 110_011 }, true],
    ["a BUY stop below the ask", "BUY", { type: "stop", pricePoints: 110_009 }, false],
    ["a SELL stop below the bid", "SELL", { type: "stop", pricePoints: 109_999 }, true],
    ["a SELL stop at the bid", "SELL", { type: "stop", pricePoints: 110_000 }, false],
    [
      "a BUY stop-limit with its limit below",
      "BUY",
      { type: "stop-limit", pricePoints: 110_100, limitPricePoints: 110_050 },
      true,
    ],
    [
      "a BUY stop-limit with its limit above",
      "BUY",
      { type: "stop-limit", pricePoints: 110_100, limitPricePoints: 110_101 },
      false,
    ],
    ["a stop-limit without a limit", "BUY", { type: "stop-limit", pricePoints: 110_100 }, false],
    ["a limit with a limit", "BUY", { limitPricePoints: 110_000 }, false],
    ["half a point", "BUY", { pricePoints: 109_999.5 }, false],
    ["until no time", "BUY", { timeInForce: "until" }, false],
    ["a day with a time", "BUY", { timeInForce: "day", untilMicros: NOON + 1 }, false],
  ];
  for (const [what, side, terms, passes] of TERMS) {
    test(`of terms: ${what} ${passes ? "passes" : "is refused"}`, () => {
      const failed = failedControls({ order: { side, ...waiting(terms) } });
      expect(failed).toEqual(passes ? [] : ["bad-terms"]);
    });
  }

  test("an order that waits far from the market is measured from the market it was decided in", () => {
    const order = { ...waiting({ pricePoints: 100_000 }), pricePoints: 109_500 };
    expect(failedControls({ order })).toEqual([]);
    const figures = { signalPricePoints: 100_000 };
    expect(failedControls({ order, figures })).toEqual(["price-moved"]);
  });

  test("a trader on the list may trade, and a signal needs none", () => {
    expect(failedControls({ figures: { trader: "operator", regime: null } })).toEqual([]);
  });

  test("a refusal names the first control that failed, what to do, and carries all checks", () => {
    const verdict = approveEntry(ORDER, { ...FIGURES, mode: "halted", spreadPoints: 51 }, LIMITS);
    expect(verdict).toMatchObject({ ok: false, code: "entries-halted" });
    if (verdict.ok) return;
    expect(verdict.message).toBe(
      "BUY EURUSD refused: entries are halted; resume them when the reason is settled (value 1, limit 0).",
    );
    // All but the two that only speak while the account is reducing and while the kill switch is tripped, and the two of waiting orders.
    expect(verdict.checks).toHaveLength(REFUSAL_CODES.length - 4);
  });

  test("books that were never compared are refused in other words than books that differ", () => {
    const words = [Number.NaN, 2].map((booksDiffer) => {
      const verdict = approveEntry(ORDER, { ...FIGURES, booksDiffer }, LIMITS);
      return verdict.ok ? "" : verdict.message;
    });
    expect(words[0]).toContain("were not compared with the broker's since the start");
    expect(words[1]).toContain("our books and the broker's differ");
  });

  const bad = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const REDUCING: Partial<RiskFigures> = { mode: "reducing" };

  for (const value of bad) {
    test(`${value} in any figure never passes`, () => {
      for (const name of numbers(FIGURES)) {
        expect([name, failedControls({ figures: { ...REDUCING, [name]: value } }).length > 0]).toEqual([
          name,
          true,
        ]);
      }
      for (const name of ["pricePoints", "stopPoints", "volumeMicros", "marginMicros"]) {
        expect([name, failedControls({ order: { [name]: value } }).length > 0]).toEqual([name, true]);
      }
      for (const name of numbers(EXPOSURE)) {
        expect([name, failedControls({ exposure: { [name]: value } }).length > 0]).toEqual([name, true]);
      }
      for (const name of ["net", "base", "dollar"]) {
        expect([name, failedControls({ exposure: { [name]: net(value) } }).length > 0]).toEqual([name, true]);
      }
    });
  }
});

describe("exits", () => {
  test("are approved whatever the figures say, which are recorded", () => {
    const approved = approveExit(
      { volumeMicros: 10, positionVolumeMicros: 10 },
      {
        nowMicros: NOON,
        quoteTimeMicros: Number.NaN,
        spreadPoints: 1_000,
        spreadMaxPoints: 50,
        compliance: evidenceOf({ ...COMPLIANCE, washOrders: 1 }, COMPLIANCE_LIMITS),
      },
      SETTINGS,
    );
    expect(approved.checks.map(({ control, passed }) => [control, passed])).toEqual([
      ["volume-too-large", true],
      ["stale-quote", false],
      ["spread-too-wide", false],
    ]);
    const failed = approved.compliance.checks.filter(({ passed }) => !passed);
    expect(failed.map(({ control }) => control)).toEqual(["wash-trade"]);
  });
});
