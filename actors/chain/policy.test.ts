// When the policy speaks, when it keeps still, and what a signal carries.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { MICROS_PER_SECOND } from "../base/clock.ts";
import { type Regime, REGIMES } from "../domain/regime.ts";
import { carryOver, quoteOf, vectorOf } from "./chain.fixture.ts";
import { Outlook } from "./outlook.ts";
import {
  type Decision,
  POLICY_DEFAULTS,
  type PolicyInput,
  type PolicySettings,
  SignalPolicy,
} from "./policy.ts";

const SETTINGS: PolicySettings = {
  ...POLICY_DEFAULTS,
  buyAt: 0.7,
  sellAt: 0.3,
  holdMargin: 0.05,
  holdMinMicros: 5 * MICROS_PER_SECOND,
  signalLifeMicros: 60 * MICROS_PER_SECOND,
  agreementMin: 0.5,
  stopRanges: 10,
  targetPerStop: 1.5,
  targetSpreadsMin: 4,
};
const START_MICROS = 1_400_000_000 * MICROS_PER_SECOND;

interface Step {
  /** Seconds since the start. */
  readonly at: number;
  readonly up: number;
  readonly agreement?: number;
  readonly regime?: Regime;
  /** Average true range, bp. */
  readonly atr?: number;
  /** Points. */
  readonly spread?: number;
  readonly outlook?: { readonly moveBp?: number; readonly range60Bp?: number };
  readonly timingUp?: number;
}

/** ATR 2 bp of a mid near 100,000 points is 20 points. */
function inputOf(step: Step): PolicyInput {
  return {
    timeMicros: START_MICROS + step.at * MICROS_PER_SECOND,
    probabilityUp: step.up,
    agreement: step.agreement ?? 1,
    regime: step.regime ?? "active-range",
    quote: quoteOf({ bidPoints: 100_000, askPoints: 100_000 + (step.spread ?? 10) }),
    features: vectorOf({ atr_14: step.atr ?? 2 }),
    outlook: Object.assign(new Outlook(), step.outlook),
    timingUp: step.timingUp ?? Number.NaN,
  };
}

function decideAll(steps: readonly Step[], policy = new SignalPolicy(SETTINGS)): Decision[] {
  return steps.map((step) => ({ ...policy.decide(inputOf(step)) }));
}

/** One letter a step: B or S for a standing side, - for HOLD; upper case where a signal is made. */
function story(decisions: readonly Decision[]): string {
  return decisions
    .map(({ action, emit }) =>
      action === "HOLD" ? "-" : emit ? action.charAt(0) : action.charAt(0).toLowerCase(),
    )
    .join("");
}

describe("signal policy: sides", () => {
  test.each<[string, string, Step[]]>([
    [
      "between the thresholds nothing is wanted",
      "--",
      [
        { at: 0, up: 0.69 },
        { at: 1, up: 0.31 },
      ],
    ],
    ["a threshold itself is enough", "B", [{ at: 0, up: 0.7 }]],
    ["the other side likewise", "S", [{ at: 0, up: 0.3 }]],
    ["nobody voted", "-", [{ at: 0, up: Number.NaN }]],
    [
      "a side stands until its vote has fallen below the margin",
      "Bbb-",
      [
        { at: 0, up: 0.7 },
        { at: 10, up: 0.6 },
        { at: 20, up: 0.55 },
        { at: 30, up: 0.54 },
      ],
    ],
    [
      "a side is not dropped before the minimum hold",
      "Bb-",
      [
        { at: 0, up: 0.7 },
        { at: 4.9, up: 0.5 },
        { at: 5, up: 0.5 },
      ],
    ],
    [
      "nor turned",
      "BbS",
      [
        { at: 0, up: 0.7 },
        { at: 4.9, up: 0.2 },
        { at: 5, up: 0.2 },
      ],
    ],
    [
      "it is dropped when the votes stop",
      "Bb-",
      [
        { at: 0, up: 0.7 },
        { at: 4, up: Number.NaN },
        { at: 5, up: Number.NaN },
      ],
    ],
    [
      "one that stands is not signalled again",
      "Bbb",
      [
        { at: 0, up: 0.7 },
        { at: 1, up: 0.8 },
        { at: 59, up: 0.9 },
      ],
    ],
    [
      "but when its signal has expired",
      "BbB",
      [
        { at: 0, up: 0.7 },
        { at: 59, up: 0.7 },
        { at: 60, up: 0.7 },
      ],
    ],
    [
      "unless it merely has not been dropped",
      "Bbb",
      [
        { at: 0, up: 0.7 },
        { at: 60, up: 0.6 },
        { at: 61, up: 0.69 },
      ],
    ],
    [
      "a HOLD in between makes it news",
      "B-B",
      [
        { at: 0, up: 0.7 },
        { at: 6, up: 0.5 },
        { at: 7, up: 0.7 },
      ],
    ],
    [
      "so does the other side",
      "BSB",
      [
        { at: 0, up: 0.7 },
        { at: 6, up: 0.2 },
        { at: 12, up: 0.8 },
      ],
    ],
  ])("%s", (_name, expected, steps) => {
    expect(story(decideAll(steps))).toBe(expected);
  });
});

describe("signal policy: gates", () => {
  test.each<[string, Partial<Step>, string, Decision["held"]]>([
    ["too little agreement", { agreement: 0.49 }, "-", "disagreement"],
    ["agreement just enough", { agreement: 0.5 }, "B", ""],
    ["a regime that allows no entries", { regime: "illiquid" }, "-", "regime-veto"],
    ["a target of less than four spreads", { spread: 76 }, "b", "spread"],
    // 15 x 20.2577 points round up to 304.
    ["a target of just four spreads", { spread: 76, atr: 2.025 }, "B", ""],
    ["a range that is not known yet", { atr: Number.NaN }, "b", "not-warm"],
    ["a market that does not move", { atr: 0 }, "b", "not-warm"],
    ["nobody's vote", { up: Number.NaN }, "-", "no-votes"],
  ])("%s", (_name, change, expected, held) => {
    const decisions = decideAll([{ at: 0, up: 0.8, ...change }]);
    expect(story(decisions)).toBe(expected);
    expect(decisions[0]?.held).toBe(held);
  });

  test.each<[string, Partial<Step>, Decision["held"]]>([
    ["a regime that allows no entries", { regime: "illiquid" }, "regime-veto"],
    ["members that no longer agree", { agreement: 0.2 }, "disagreement"],
    ["a spread that has widened", { spread: 200 }, "spread"],
  ])("a standing side whose signal expired is not signalled again into %s", (_name, change, held) => {
    const decisions = decideAll([
      { at: 0, up: 0.8 },
      { at: 60, up: 0.8, ...change },
    ]);
    expect(story(decisions)).toBe("Bb");
    expect(decisions[1]?.held).toBe(held);
  });

  test("what was held back is signalled when the gate opens", () => {
    const steps: Step[] = [
      { at: 0, up: 0.8, spread: 200 },
      { at: 1, up: 0.8 },
    ];
    expect(story(decideAll(steps))).toBe("bB");
  });
});

describe("signal policy: what a signal carries", () => {
  test("stop: ten ranges and the spread; target: one and a half times the ranges; expiry: its life from now", () => {
    const [decision] = decideAll([{ at: 0, up: 0.8, spread: 10 }]);
    // The mid is 100,005 points, its range of 2 bp 20.001.
    expect(decision).toMatchObject({
      stopPoints: 211,
      targetPoints: 301,
      expiresAtMicros: START_MICROS + SETTINGS.signalLifeMicros,
    });
  });

  test("a decision without a signal has no distances", () => {
    const decisions = decideAll([
      { at: 0, up: 0.8 },
      { at: 1, up: 0.8 },
      { at: 60, up: 0.8, spread: 200 },
    ]);
    expect(decisions.slice(1).map(({ stopPoints, targetPoints }) => [stopPoints, targetPoints])).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  test.each([
    [0.8, 0.8],
    [0.25, 0.75],
    [0.45, 0.55],
    [Number.NaN, 0.5],
  ])("confidence at %d is %d", (up, confidence) => {
    expect(decideAll([{ at: 0, up }])[0]?.confidence).toBeCloseTo(confidence, 12);
  });
});

describe("signal policy: settings that make no sense", () => {
  test.each<[string, Partial<PolicySettings>]>([
    ["a BUY threshold below one half", { buyAt: 0.4 }],
    ["a SELL threshold above one half", { sellAt: 0.6 }],
    ["a threshold that is no number", { buyAt: Number.NaN }],
    ["a margin beyond the threshold: a side would be dropped as it is taken", { holdMargin: 0.25 }],
    ["no stop", { stopRanges: 0 }],
    ["no life", { signalLifeMicros: 0 }],
  ])("%s", (_name, change) => {
    expect(() => new SignalPolicy({ ...SETTINGS, ...change })).toThrow();
  });
});

/** Even over the range, which fc.double is not: it draws mostly tiny numbers. */
function between(low: number, high: number): fc.Arbitrary<number> {
  return fc.integer({ min: 0, max: 1_000 }).map((share) => low + ((high - low) * share) / 1_000);
}

const step: fc.Arbitrary<Step> = fc.record({
  at: fc.integer({ min: 0, max: 20 }),
  up: fc.oneof({ weight: 9, arbitrary: between(0.01, 0.99) }, fc.constant(Number.NaN)),
  agreement: between(0.3, 1),
  regime: fc.constantFrom(...REGIMES),
  atr: fc.oneof({ weight: 9, arbitrary: between(0, 10) }, fc.constant(Number.NaN)),
  spread: fc.integer({ min: 0, max: 100 }),
});
/** Steps whose times are the sums of the drawn waits. */
const walk = fc.array(step, { minLength: 1, maxLength: 60 }).map((steps) => {
  let at = 0;
  return steps.map((drawn) => ({ ...drawn, at: (at += drawn.at) }));
});

describe("signal policy: always", () => {
  test("a signal is confirmed, allowed, worth its spread and not said twice", () => {
    fc.assert(
      fc.property(walk, (steps) => {
        let lastSide = "HOLD";
        let expiresAtMicros = 0;
        for (const [index, decision] of decideAll(steps).entries()) {
          const { up, agreement, regime, spread } = steps[index] as Required<Step>;
          if (decision.action === "HOLD") lastSide = "HOLD";
          expect(decision.confidence).toBeGreaterThanOrEqual(0);
          expect(decision.confidence).toBeLessThanOrEqual(1);
          if (!decision.emit) continue;
          const timeMicros = inputOf(steps[index] as Step).timeMicros;
          expect(decision.action === "BUY" ? up >= SETTINGS.buyAt : up <= SETTINGS.sellAt).toBe(true);
          expect(agreement).toBeGreaterThanOrEqual(SETTINGS.agreementMin);
          expect(regime).not.toBe("illiquid");
          expect(decision.stopPoints).toBeGreaterThan(spread);
          expect(decision.targetPoints).toBeGreaterThanOrEqual(SETTINGS.targetSpreadsMin * spread);
          expect(decision.action !== lastSide || timeMicros >= expiresAtMicros).toBe(true);
          lastSide = decision.action;
          expiresAtMicros = decision.expiresAtMicros;
        }
      }),
    );
  });

  test("BUY and SELL are mirror images", () => {
    // Binary fractions, so that 1 - p loses nothing and no vote sits on a rounded threshold.
    const mirrored = { ...SETTINGS, buyAt: 0.75, sellAt: 0.25, holdMargin: 0.0625 };
    fc.assert(
      fc.property(walk, (steps) => {
        const exact = steps.map((drawn) => ({ ...drawn, up: Math.round(drawn.up * 64) / 64 }));
        const turned = exact.map((drawn) => ({ ...drawn, up: 1 - drawn.up }));
        const swapped = story(decideAll(turned, new SignalPolicy(mirrored))).replace(/[BbSs]/g, (letter) =>
          "BbSs".charAt(("BbSs".indexOf(letter) + 2) % 4),
        );
        expect(swapped).toBe(story(decideAll(exact, new SignalPolicy(mirrored))));
      }),
    );
  });

  test("a restored policy goes on as the one that was saved", () => {
    fc.assert(
      fc.property(walk, walk, (before, after) => {
        const offset = before.at(-1)?.at ?? 0;
        const later = after.map((drawn) => ({ ...drawn, at: drawn.at + offset }));
        const whole = new SignalPolicy(SETTINGS);
        decideAll(before, whole);
        const restored = carryOver(whole, new SignalPolicy(SETTINGS));
        expect(decideAll(later, restored)).toEqual(decideAll(later, whole));
      }),
    );
  });
});

test("a signal that may open nothing does not silence the one that may", () => {
  const policy = new SignalPolicy(SETTINGS);
  const untradable = { ...policy.decide(inputOf({ at: 0, up: 0.9 }), false) };
  const tradable = { ...policy.decide(inputOf({ at: 1, up: 0.9 }), true) };
  const repeated = { ...policy.decide(inputOf({ at: 2, up: 0.9 }), true) };
  expect([untradable.emit, tradable.emit, repeated.emit]).toEqual([true, true, false]);
  expect(untradable.expiresAtMicros).toBe(tradable.expiresAtMicros - MICROS_PER_SECOND);
});

describe("what an entry has to be worth", () => {
  // E|move| of 30 points at 3 bp, a spread of 10, half of one lost to slippage.
  const gated = { ...SETTINGS, edgeSpreadsMin: 0 };
  const decided = (up: number, moveBp: number): Decision =>
    new SignalPolicy(gated).decide(inputOf({ at: 0, up, outlook: { moveBp } }));

  test("is its costs: (2 p - 1) times the move that is expected", () => {
    expect(decided(0.74, 3)).toMatchObject({ action: "HOLD", held: "no-edge" });
    expect(decided(0.76, 3)).toMatchObject({ action: "BUY", emit: true });
    expect(decided(0.24, 3)).toMatchObject({ action: "SELL", emit: true });
    expect(decided(0.76, 2.8)).toMatchObject({ action: "HOLD", held: "no-edge" });
  });

  test("is more where more is asked for, and nothing is known to be worth it without a move", () => {
    const asking = new SignalPolicy({ ...gated, edgeSpreadsMin: 1 });
    expect(asking.decide(inputOf({ at: 0, up: 0.9, outlook: { moveBp: 3 } }))).toMatchObject({
      held: "no-edge",
    });
    expect(asking.decide(inputOf({ at: 1, up: 0.93, outlook: { moveBp: 3 } }))).toMatchObject({ emit: true });
    expect(decided(0.99, Number.NaN)).toMatchObject({ action: "HOLD", held: "no-edge" });
  });

  test("a standing side is not dropped because it would not be taken again", () => {
    const policy = new SignalPolicy(gated);
    policy.decide(inputOf({ at: 0, up: 0.8, outlook: { moveBp: 3 } }));
    expect(policy.decide(inputOf({ at: 10, up: 0.6, outlook: { moveBp: 3 } }))).toMatchObject({
      action: "BUY",
    });
  });
});

describe("the moment of an entry", () => {
  const patient = { ...SETTINGS, timingMin: 0.45 };

  test("waits while the next seconds speak against it, and comes when they do not", () => {
    const policy = new SignalPolicy(patient);
    expect(policy.decide(inputOf({ at: 0, up: 0.8, timingUp: 0.4 }))).toMatchObject({
      emit: false,
      held: "timing",
    });
    expect(policy.decide(inputOf({ at: 1, up: 0.8, timingUp: 0.46 }))).toMatchObject({
      action: "BUY",
      emit: true,
    });
    const seller = new SignalPolicy(patient);
    expect(seller.decide(inputOf({ at: 0, up: 0.2, timingUp: 0.6 }))).toMatchObject({ held: "timing" });
    expect(seller.decide(inputOf({ at: 1, up: 0.2 }))).toMatchObject({ action: "SELL", emit: true });
  });
});

function stopOf(range60Bp: number): number {
  return new SignalPolicy(SETTINGS).decide(inputOf({ at: 0, up: 0.8, outlook: { range60Bp } })).stopPoints;
}

describe("distances with a range that is foretold", () => {
  test("are counted in it, as that of a minute", () => {
    // 3 bp * sqrt(60) in an hour are 3 bp, 30 points, in a minute.
    expect(stopOf(3 * Math.sqrt(60))).toBe(10 * 30 + 10 + 1);
  });

  test("stay within twice and half of what was measured", () => {
    expect(stopOf(1_000)).toBe(10 * 40 + 10 + 1);
    expect(stopOf(0.001)).toBe(10 * 10 + 10 + 1);
    expect(stopOf(Number.NaN)).toBe(10 * 20 + 10 + 1);
  });
});
