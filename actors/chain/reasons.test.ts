// Why a signal was given: what speaks for it, strongest first.

import { describe, expect, test } from "bun:test";
import type { Component } from "../domain/signal.ts";
import { reasonsOf } from "./reasons.ts";
import type { RegimeEvidence } from "./regime.ts";

const NO_EVIDENCE: RegimeEvidence = {
  trend: 0,
  volatility: 0,
  range: 1,
  breakout: 0,
  reversal: 0,
  liquidity: 1,
};

function component(member: Component["member"], probabilityUp: number, weight: number): Component {
  return { member, probabilityUp, weight, ageMicros: 0 };
}

function reasons(decided: Partial<Parameters<typeof reasonsOf>[0]>): string[] {
  return reasonsOf({
    action: "BUY",
    components: [],
    regime: "active-range",
    evidence: NO_EVIDENCE,
    ...decided,
  });
}

describe("reasons", () => {
  test("members by weight times conviction, not by conviction alone", () => {
    const components = [
      component("technical", 0.7, 0.6),
      component("chaos", 0.9, 0.1),
      component("quantum", 0.8, 0.3),
    ];
    expect(reasons({ components })).toEqual([
      "technical:0.70",
      "quantum:0.80",
      "regime:active-range",
      "chaos:0.90",
    ]);
  });

  test("members that voted against the side are none", () => {
    const components = [component("technical", 0.2, 0.7), component("quantum", 0.9, 0.3)];
    expect(reasons({ action: "SELL", components })).toEqual(["technical:0.20", "regime:active-range"]);
  });

  test.each<[string, Partial<RegimeEvidence>, string[]]>([
    ["a trend of its side", { trend: 0.8 }, ["trend:0.80", "regime:strong-uptrend"]],
    ["a trend of the other side", { trend: -0.8 }, ["regime:strong-uptrend"]],
    ["a faint trend", { trend: 0.29 }, ["regime:strong-uptrend"]],
    [
      "a breakout and a reversal",
      { breakout: 0.9, reversal: 0.6 },
      ["breakout:0.90", "reversal:0.60", "regime:strong-uptrend"],
    ],
  ])("evidence: %s", (_name, evidence, expected) => {
    expect(reasons({ regime: "strong-uptrend", evidence: { ...NO_EVIDENCE, ...evidence } })).toEqual(
      expected,
    );
  });

  test("members that are not listened to, and why", () => {
    const switchedOff = [{ member: "fast", why: "quoting" }] as const;
    expect(reasons({ switchedOff })).toContain("off:fast:quoting");
  });

  test("six at most", () => {
    const components = (["technical", "chaos", "quantum", "lstm", "cnn", "xgboost", "lightgbm"] as const).map(
      (member) => component(member, 0.9, 1 / 7),
    );
    expect(reasons({ components })).toHaveLength(6);
  });
});

test("a correlation that broke down is among them", () => {
  expect(reasons({ correlationBreak: { usual: -0.8, now: 0.1 } })).toContain("dollar-correlation:-0.80>0.10");
});
