// Every check of compliance at its limit, one step below and one above; what is off or has nothing to judge says nothing; and no
// figure that is not a number passes.

import { describe, expect, test } from "bun:test";
import type { ComplianceFigures } from "../../domain/pretrade.ts";
import { approveEntry, approveExit } from "../risk/approval.ts";
import { COMPLIANCE, COMPLIANCE_LIMITS, FIGURES, LIMITS, ORDER } from "../risk/controls.fixture.ts";
import { CONTROLS } from "../risk/controls.ts";
import { COMPLIANCE_CODES, evidenceOf } from "./checks.ts";
import { type ComplianceLimits, NO_COMPLIANCE_LIMITS } from "./settings.ts";

/** Those that only speak of an account that reduces, of a kill switch that is tripped, and two of orders that wait. */
const SILENT = 4;

function failed(figures: Partial<ComplianceFigures>, limits: Partial<ComplianceLimits> = {}): string[] {
  const { checks } = evidenceOf({ ...COMPLIANCE, ...figures }, { ...COMPLIANCE_LIMITS, ...limits });
  return checks.filter(({ passed }) => !passed).map(({ control }) => control);
}

function spoken(figures: Partial<ComplianceFigures>, limits: Partial<ComplianceLimits> = {}): string[] {
  const { checks } = evidenceOf({ ...COMPLIANCE, ...figures }, { ...COMPLIANCE_LIMITS, ...limits });
  return checks.map(({ control }) => control);
}

/** Figures with which the value lies at its limit, and so many steps off. */
const CASES: readonly [string, (offset: number) => Partial<ComplianceFigures>][] = [
  ["best-execution", (offset) => ({ quoteDeviation: 0.001 + offset * 1e-6 })],
  ["execution-slippage", (offset) => ({ slippageMean: 0.001 + offset * 1e-6 })],
  ["wash-trade", (offset) => ({ washOrders: offset })],
  ["layering", (offset) => ({ layeringLevels: 3 + offset })],
  ["cancel-share", (offset) => ({ oppositeOrders: 20, oppositeCancelled: 18 + offset })],
  ["ramping", (offset) => ({ rampingOrders: 5 + offset, rampingMoves: 5 })],
  // 505 messages for five trades are a hundred more than one for each.
  ["quote-stuffing", (offset) => ({ messages: 505 + offset, trades: 5 })],
];

describe("each check", () => {
  for (const [code, at] of CASES) {
    test(`${code} passes below its limit and at it, not above`, () => {
      expect([-1, 0, 1].map((offset) => failed(at(offset)))).toEqual([[], [], [code]]);
    });

    test(`${code} refuses an entry by its name, and stops no exit`, () => {
      const figures = { ...COMPLIANCE, ...at(1) };
      const verdict = approveEntry(ORDER, { ...FIGURES, compliance: figures }, LIMITS);
      expect(verdict).toMatchObject({ ok: false, code });
      const exit = approveExit(
        { volumeMicros: 1, positionVolumeMicros: 1 },
        {
          nowMicros: 0,
          quoteTimeMicros: 0,
          spreadPoints: 0,
          spreadMaxPoints: 1,
          compliance: evidenceOf(figures, LIMITS.compliance),
        },
        LIMITS.account,
      );
      expect(exit.checks.every(({ passed }) => passed)).toBe(true);
      const judged = exit.compliance.checks.find(({ control }) => control === code);
      expect(judged?.passed).toBe(false);
    });
  }

  test("is among these cases, and they end the table of controls", () => {
    const codes = CASES.map(([code]) => code);
    expect([...COMPLIANCE_CODES]).toEqual(codes);
    expect(CONTROLS.slice(-codes.length).map(({ code }) => code as string)).toEqual(codes);
  });

  test("is off where its limit is null, and everywhere without limits", () => {
    expect(evidenceOf(COMPLIANCE, NO_COMPLIANCE_LIMITS).checks).toEqual([]);
    expect(evidenceOf(COMPLIANCE, undefined).checks).toEqual([]);
    const verdict = approveEntry(ORDER, FIGURES, { ...LIMITS, compliance: undefined });
    if (!verdict.ok) throw new Error(verdict.message);
    expect(verdict.value.compliance.checks).toEqual([]);
    expect(verdict.value.checks).toHaveLength(CONTROLS.length - CASES.length - SILENT);
  });

  test("carries its verdict into the approval", () => {
    const verdict = approveEntry(ORDER, FIGURES, LIMITS);
    if (!verdict.ok) throw new Error(verdict.message);
    const { figures, checks } = verdict.value.compliance;
    expect(figures).toEqual(COMPLIANCE);
    expect(checks).toEqual(evidenceOf(COMPLIANCE, COMPLIANCE_LIMITS).checks);
  });
});

describe("what cannot be judged", () => {
  test("is not said to have passed", () => {
    expect(spoken({ quoteDeviation: null, secondSource: "none" })).not.toContain("best-execution");
    expect(spoken({ slippageMean: null })).not.toContain("execution-slippage");
    expect(spoken({ oppositeOrders: 9, oppositeCancelled: 9 })).not.toContain("cancel-share");
    expect(failed({ oppositeOrders: 10, oppositeCancelled: 10 })).toEqual(["cancel-share"]);
  });

  test("is refused where a second source is required", () => {
    const required = { secondSourceRequired: true };
    expect(failed({ quoteDeviation: null, secondSource: "stale" }, required)).toEqual(["best-execution"]);
    expect(failed({}, required)).toEqual([]);
  });

  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    test(`${value} in a figure that is judged never passes`, () => {
      const judged = ["quoteDeviation", "slippageMean", "washOrders", "layeringLevels"] as const;
      for (const name of [...judged, "oppositeCancelled", "rampingOrders", "messages"] as const) {
        expect([name, failed({ [name]: value }).length]).toEqual([name, 1]);
      }
    });
  }
});

describe("a run of orders at ever worse prices", () => {
  test("counts while it makes up its share of the moves, and is one order else", () => {
    // Five orders before this one: a fifth of 25 moves, less of 26.
    expect(failed({ rampingOrders: 6, rampingMoves: 25 })).toEqual(["ramping"]);
    expect(failed({ rampingOrders: 6, rampingMoves: 26 })).toEqual([]);
    expect(failed({ rampingOrders: 6, rampingMoves: 0 })).toEqual(["ramping"]);
  });
});
