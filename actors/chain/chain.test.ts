// The chain as a whole on a seeded market: ticks become quotes, bars, features and decisions; what is refused or comes
// from a second source leaves no trace in them; and a chain restored half-way decides as if it had never stopped.

import { describe, expect, test } from "bun:test";
import { MICROS_PER_SECOND, type Micros, VirtualClock } from "../base/clock.ts";
import type { Bar } from "../domain/bar.ts";
import { FEATURE } from "../domain/features.ts";
import type { Vote, Votes } from "../domain/prediction.ts";
import type { QuarantineCode } from "../domain/quarantine.ts";
import { TICK_SECONDARY, type Tick } from "../domain/tick.ts";
import { ABSTAIN, type Forecaster } from "../ports/forecaster.ts";
import { carryOver } from "./chain.fixture.ts";
import { Chain, type SignalContent } from "./chain.ts";
import { ChaosForecaster } from "./chaos-forecaster.ts";
import type { Decision } from "./policy.ts";
import { EURUSD, marketOf, secondary, START_MICROS, tickOf } from "./market.fixture.ts";
import { type Preset, type PresetName, PRESETS } from "./presets.ts";
import { QuantumForecaster } from "./quantum-forecaster.ts";
import { TechnicalForecaster } from "./technical-forecaster.ts";

const MARKET = marketOf(11, 5_400);

function chainOf(
  options: { preset?: PresetName; changes?: Partial<Preset>; onBar?: (bar: Bar) => void } = {},
): Chain {
  const { preset = "demo", changes, onBar } = options;
  return new Chain({
    instrument: EURUSD,
    preset: { ...PRESETS[preset], ...changes },
    stopwatch: new VirtualClock(),
    ...(onBar && { onBar }),
  });
}

function votesOf(timeMicros: Micros, votes: readonly Vote[]): Votes {
  return { kind: "votes", seq: 0, timeMicros, instrumentId: EURUSD.id, causeSeq: 0, votes };
}

function voted(member: Vote["member"], probabilityUp: number): Vote {
  return { member, status: "voted", probabilityUp };
}

/** What each of the rule members answers; they remember nothing, so one of each serves all chains. */
const RULES: readonly Forecaster[] = [
  new TechnicalForecaster(),
  new QuantumForecaster(),
  new ChaosForecaster(),
];

function ask(chain: Chain, timeMicros: Micros): Votes {
  const barClosed = chain.takeMinuteClosed();
  const due = RULES.filter(({ cadence }) => cadence === "tick" || barClosed);
  const input = { features: chain.features.vector, timeMicros, instrumentId: EURUSD.id };
  const votes = due.map((forecaster): Vote => {
    const answer = forecaster.forecast(input);
    return answer === ABSTAIN
      ? { member: forecaster.member, status: "abstained", probabilityUp: Number.NaN }
      : voted(forecaster.member, answer);
  });
  return votesOf(timeMicros, votes);
}

interface Run {
  readonly decisions: Decision[];
  readonly signals: SignalContent[];
  readonly refused: (QuarantineCode | undefined)[];
}

/** Takes each tick and, where it is a good one of the primary source, asks and decides. */
function run(chain: Chain, ticks: readonly Tick[]): Run {
  const result: Run = { decisions: [], signals: [], refused: [] };
  for (const tick of ticks) {
    const code = chain.take(tick);
    if (code !== undefined) result.refused.push(code);
    if (code !== undefined || (tick.flags & TICK_SECONDARY) !== 0) continue;
    const decision = chain.decide(ask(chain, tick.timeMicros));
    result.decisions.push({ ...decision });
    if (decision.emit) result.signals.push(chain.describe(tick.timeMicros));
  }
  return result;
}

/** A chain that has seen the market and was asked for nothing. */
function warmed(options: Parameters<typeof chainOf>[0] = {}): { chain: Chain; nowMicros: Micros } {
  const chain = chainOf(options);
  for (const tick of MARKET) expect(chain.take(tick)).toBeUndefined();
  return { chain, nowMicros: MARKET.at(-1)?.timeMicros ?? 0 };
}

/** Decides on `votes` long enough after the last tick for the regime to change. */
function settled(ticks: readonly Tick[], votes: readonly Vote[]): { chain: Chain; decision: Decision } {
  const chain = chainOf({ preset: "rules" });
  for (const tick of ticks) chain.take(tick);
  const { timeMicros } = chain.quote;
  chain.decide(votesOf(timeMicros, []));
  return { chain, decision: chain.decide(votesOf(timeMicros + 30 * MICROS_PER_SECOND, votes)) };
}

describe("a good market", () => {
  const bars: Bar[] = [];
  const chain = chainOf({ onBar: (bar) => bars.push({ ...bar }) });
  const { decisions, signals, refused } = run(chain, MARKET);

  test("is taken tick by tick, and every tick is decided on", () => {
    expect(refused).toEqual([]);
    expect(decisions).toHaveLength(MARKET.length);
  });

  test("closes its bars", () => {
    const intervals = ["1s", "1m", "1h", "1d"];
    const counts = intervals.map((interval) => bars.filter((bar) => bar.interval === interval).length);
    expect(counts).toEqual([5_399, 89, 1, 0]);
  });

  test("moves the quote and the features", () => {
    const last = MARKET.at(-1) as Tick;
    expect(chain.quote.seq).toBe(last.seq);
    expect(chain.quote.bidPoints).toBe(Math.round(last.bid * 1e5));
    expect(chain.features.vector[FEATURE.spread]).toBe(8);
    expect(chain.features.vector[FEATURE.adx_14]).toBeFinite();
  });

  test("decides nothing before the indicators are warm, and gives signals after", () => {
    expect(decisions.slice(0, 60).every(({ action }) => action === "HOLD")).toBe(true);
    expect(signals.length).toBeGreaterThan(0);
  });

  test("gives signals that say what they rest on", () => {
    for (const signal of signals) {
      const sure = signal.action === "BUY" ? signal.probabilityUp : 1 - signal.probabilityUp;
      expect(signal.confidence).toBe(sure);
      expect(sure).toBeGreaterThan(0.5);
      expect(signal.components.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1, 12);
      expect(signal.components.every(({ ageMicros }) => ageMicros >= 0)).toBe(true);
      expect(signal.reasons.length).toBeGreaterThan(0);
      expect(signal.askPoints - signal.bidPoints).toBe(8);
      expect(signal.stopPoints).toBeGreaterThan(8);
      expect(signal.targetPoints).toBeGreaterThan(0);
    }
  });

  test("is decided on alike when it is seen again", () => {
    const again = run(chainOf(), MARKET);
    expect(again.decisions).toEqual(decisions);
    expect(again.signals).toEqual(signals);
  });
});

describe("a bad tick", () => {
  const bad: readonly [QuarantineCode, Partial<Tick>][] = [
    ["not-a-number", { bid: Number.NaN }],
    ["infinite-price", { ask: Infinity }],
    ["zero-price", { bid: 0 }],
    ["negative-price", { bid: -1.387 }],
    ["crossed-quote", { bid: 1.39, ask: 1.38 }],
    ["wide-spread", { bid: 1.3, ask: 1.5 }],
    ["stale", { sourceTimeMicros: START_MICROS - 5 * MICROS_PER_SECOND }],
  ];

  test.each(bad)("%s leaves quote, features and bars as they were", (code, change) => {
    const bars: Bar[] = [];
    const chain = chainOf({ onBar: (bar) => bars.push(bar) });
    run(chain, MARKET.slice(0, 300));
    const before = { quote: { ...chain.quote }, vector: [...chain.features.vector], bars: bars.length };
    expect(chain.take(tickOf(300, 138_700, change))).toBe(code);
    expect({ quote: chain.quote, vector: [...chain.features.vector], bars: bars.length }).toEqual(before);
  });

  test("among good ones changes no later decision", () => {
    const among = MARKET.flatMap((tick, i) => {
      const spoiled = bad[i % bad.length]?.[1] ?? {};
      return i % 50 === 49 ? [tick, { ...tick, ...spoiled }] : [tick];
    });
    const disturbed = run(chainOf(), among);
    expect(disturbed.refused).toHaveLength(MARKET.length / 50);
    expect(disturbed.decisions).toEqual(run(chainOf(), MARKET).decisions);
  });
});

describe("a second source", () => {
  test("alone moves nothing", () => {
    const chain = chainOf();
    for (const tick of MARKET.slice(0, 200)) expect(chain.take(secondary(tick))).toBeUndefined();
    expect(chain.nextDueMicros).toBe(Infinity);
    expect(chain.quote.bidPoints).toBeNaN();
    expect(chain.takeMinuteClosed()).toBe(false);
  });

  test("that agrees moves no bar and changes no decision", () => {
    const outcomes = [
      MARKET,
      MARKET.flatMap((tick) => [secondary(tick, { timeMicros: tick.timeMicros - 500 }), tick]),
    ].map((ticks) => {
      const bars: Bar[] = [];
      const { decisions, refused } = run(chainOf({ onBar: (bar) => bars.push({ ...bar }) }), ticks);
      return { bars, decisions, refused };
    });
    expect(outcomes[1]).toEqual(outcomes[0]);
  });

  test("is validated too", () => {
    expect(chainOf().take(secondary(tickOf(0, 138_700), { bid: 0 }))).toBe("zero-price");
  });

  /** Ten calm minutes, then the first source jumps by 24 points: too little for a spike, too much for two that agree. */
  const calm = Array.from({ length: 600 }, (_, second) => tickOf(second, 138_700 + (second % 3)));
  const jump = tickOf(600, 138_724);

  test("that stands still refutes a jump of the first", () => {
    const chain = chainOf();
    for (const tick of calm.flatMap((first) => [secondary(first), first])) {
      expect(chain.take(tick)).toBeUndefined();
    }
    const quote = { ...chain.quote };
    expect(chain.take(secondary(tickOf(600, 138_700)))).toBeUndefined();
    expect(chain.take(jump)).toBe("cross-source");
    expect(chain.quote).toEqual(quote);
  });

  test("that is missing refutes nothing", () => {
    const chain = chainOf();
    for (const tick of [...calm, jump]) expect(chain.take(tick)).toBeUndefined();
    expect(chain.quote.bidPoints).toBe(138_724);
  });

  test("that began with nonsense is heard all the same", () => {
    const chain = chainOf();
    chain.take(secondary(tickOf(-1, 138_700), { bid: 0 }));
    for (const tick of calm.flatMap((first) => [secondary(first), first])) chain.take(tick);
    chain.take(secondary(tickOf(600, 138_700)));
    expect(chain.take(jump)).toBe("cross-source");
  });

  test("is remembered across a restart", () => {
    const ticks = calm.flatMap((first) => [secondary(first), first]);
    const chain = chainOf();
    for (const tick of [...ticks, secondary(tickOf(600, 138_700))]) chain.take(tick);
    expect(carryOver(chain, chainOf()).take(jump)).toBe("cross-source");
  });
});

describe("a silent symbol", () => {
  test("closes its bars when time passes", () => {
    const intervals: string[] = [];
    const chain = chainOf({ onBar: ({ interval }) => intervals.push(interval) });
    chain.take(tickOf(0, 138_700));
    chain.advance(chain.nextDueMicros - 1);
    expect(intervals).toEqual([]);
    chain.advance(START_MICROS + 60 * MICROS_PER_SECOND);
    expect(intervals).toEqual(["1s", "1m"]);
    expect([chain.takeMinuteClosed(), chain.takeMinuteClosed()]).toEqual([true, false]);
  });
});

describe("votes", () => {
  test.each(["abstained", "late", "failed", "invalid", "breaker-open"] as const)(
    "of a member that %s are left out",
    (status) => {
      const { chain, nowMicros } = warmed({ preset: "rules" });
      chain.decide(votesOf(nowMicros, [voted("technical", 0.6), voted("quantum", 0.6)]));
      const missing = { member: "technical", status, probabilityUp: Number.NaN } as const;
      expect(chain.decide(votesOf(nowMicros, [missing])).probabilityUp).toBeCloseTo(0.6, 12);
      const nobody = chain.decide(votesOf(nowMicros, [missing, { ...missing, member: "quantum" }]));
      expect(nobody).toMatchObject({ action: "HOLD", held: "no-votes", probabilityUp: Number.NaN });
    },
  );

  test("of members that were not asked again stand until they expire", () => {
    const { chain, nowMicros } = warmed({ preset: "rules" });
    chain.decide(votesOf(nowMicros, [voted("technical", 0.6)]));
    expect(chain.decide(votesOf(nowMicros + 10 * MICROS_PER_SECOND, [])).probabilityUp).toBeCloseTo(0.6, 12);
    expect(chain.decide(votesOf(nowMicros + 10 * MICROS_PER_SECOND + 1, [])).probabilityUp).toBeNaN();
  });

  test("are calibrated before they are judged", () => {
    const { chain, nowMicros } = warmed({
      preset: "rules",
      changes: { calibration: { a: 1.5, b: 1.5, c: -4 } },
    });
    const decision = chain.decide(votesOf(nowMicros, [voted("quantum", 0.8)]));
    const expected = 1 / (1 + Math.exp(4 - 1.5 * Math.log(4)));
    expect(decision.probabilityUp).toBeCloseTo(expected, 12);
    expect(decision).toMatchObject({ action: "SELL" });
    expect(chain.describe(nowMicros).confirmations).toMatchObject({
      technical: null,
      vote: expect.closeTo(0.8, 12),
      meta: null,
      validated: expect.closeTo(0.8, 12),
      calibrated: expect.closeTo(expected, 12),
    });
  });

  test("that differ too much take no side", () => {
    const { chain, nowMicros } = warmed({ preset: "rules" });
    const decision = chain.decide(votesOf(nowMicros, [voted("technical", 0.99), voted("quantum", 0.4)]));
    expect(decision).toMatchObject({ action: "HOLD", held: "disagreement" });
  });

  test("on a chain that is not warm take a side but give no signal", () => {
    const chain = chainOf({ preset: "rules" });
    const tick = tickOf(0, 138_700);
    chain.take(tick);
    const decision = chain.decide(votesOf(tick.timeMicros, [voted("quantum", 0.9)]));
    expect(decision).toMatchObject({ action: "BUY", emit: false, held: "not-warm" });
  });
});

describe("a regime", () => {
  const climb = Array.from({ length: 3_600 }, (_, second) => tickOf(second, 138_700 + second));
  const thin = Array.from({ length: 120 }, (_, minute) => tickOf(60 * minute, 138_700 + (minute % 2)));

  test("that trends believes half of a vote against it, and all of one for it", () => {
    const against = settled(climb, [voted("quantum", 0.2)]);
    expect(against.chain.regime).toBe("strong-uptrend");
    expect(against.decision.probabilityUp).toBeCloseTo(0.35, 12);
    expect(settled(climb, [voted("quantum", 0.8)]).decision.probabilityUp).toBeCloseTo(0.8, 12);
  });

  test("that is thin forbids the entry, also after a restart", () => {
    const { chain, decision } = settled(thin, [voted("quantum", 0.9)]);
    expect(chain.regime).toBe("illiquid");
    expect(decision).toMatchObject({ action: "HOLD", held: "regime-veto" });
    const restored = carryOver(chain, chainOf({ preset: "rules" }));
    expect(restored.regime).toBe("illiquid");
  });
});

describe("a signal", () => {
  test("carries the decision, the quote and every member's part in it, the heaviest first", () => {
    const { chain, nowMicros } = warmed({ preset: "rules" });
    const votes = [voted("quantum", 0.8), voted("technical", 0.9)];
    const decision = chain.decide(votesOf(nowMicros, votes));
    expect(decision.emit).toBe(true);
    const signal = chain.describe(nowMicros);
    expect(signal).toMatchObject({
      action: "BUY",
      probabilityUp: decision.probabilityUp,
      confidence: decision.probabilityUp,
      regime: "active-range",
      bidPoints: chain.quote.bidPoints,
      askPoints: chain.quote.askPoints,
      stopPoints: decision.stopPoints,
      targetPoints: decision.targetPoints,
      expiresAtMicros: nowMicros + PRESETS.rules.policy.signalLifeMicros,
    });
    expect(signal.components).toEqual([
      { member: "technical", probabilityUp: 0.9, weight: expect.closeTo(0.5625, 12), ageMicros: 0 },
      { member: "quantum", probabilityUp: 0.8, weight: expect.closeTo(0.4375, 12), ageMicros: 0 },
    ]);
    expect(signal.probabilityUp).toBeCloseTo(0.5625 * 0.9 + 0.4375 * 0.8, 12);
    expect(signal.reasons.slice(0, 2)).toEqual(["technical:0.90", "quantum:0.80"]);
    expect(signal.reasons).toContain("regime:active-range");
  });

  test("of a HOLD there is none", () => {
    expect(() => chainOf().describe(START_MICROS)).toThrow();
  });
});

describe("a restored chain", () => {
  const whole = run(chainOf(), MARKET);

  test.each([0, 1, 59, 60, 1_799, 3_600, 4_321])("cut after %d ticks decides as one that went on", (cut) => {
    const first = chainOf();
    const before = run(first, MARKET.slice(0, cut));
    const restored = carryOver(first, chainOf());
    expect(restored.quote).toEqual(first.quote);
    expect(restored.nextDueMicros).toBe(first.nextDueMicros);
    expect(restored.regime).toBe(first.regime);
    const after = run(restored, MARKET.slice(cut));
    expect([...before.decisions, ...after.decisions]).toEqual(whole.decisions);
    expect([...before.signals, ...after.signals]).toEqual(whole.signals);
  });

  test("remembers that a minute closed and nobody was asked yet", () => {
    const chain = chainOf();
    for (const tick of MARKET.slice(0, 61)) chain.take(tick);
    expect(carryOver(chain, chainOf()).takeMinuteClosed()).toBe(true);
  });

  test("knows the votes that still count", () => {
    const { chain, nowMicros } = warmed({ preset: "rules" });
    chain.decide(votesOf(nowMicros, [voted("technical", 0.6)]));
    const restored = carryOver(chain, chainOf({ preset: "rules" }));
    expect(restored.decide(votesOf(nowMicros + 1, [])).probabilityUp).toBeCloseTo(0.6, 12);
  });

  test("knows the last tick of both sources when it is sent again", () => {
    const chain = chainOf();
    const ticks = [secondary(tickOf(0, 138_700)), tickOf(0, 138_700)];
    for (const tick of ticks) chain.take(tick);
    const restored = carryOver(chain, chainOf());
    expect(ticks.map((tick) => restored.take(tick))).toEqual(["duplicate", "duplicate"]);
  });
});
