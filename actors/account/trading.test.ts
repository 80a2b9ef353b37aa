// Account and paper broker together over generated markets: money is conserved, no limit is ever exceeded, and a run
// that is saved and loaded in its middle goes on as if nothing had been.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { MICROS_PER_HOUR, MICROS_PER_SECOND, type Micros } from "../base/clock.ts";
import { SeededRandom } from "../base/random.ts";
import { moveValueMicros } from "../domain/money.ts";
import type { Execution } from "../domain/order.ts";
import type { JournalRecord } from "../domain/records.ts";
import { instrument, MIDNIGHT, signal, TestEngine, tick } from "./account.fixture.ts";
import { marginLimit } from "./risk/order-controls.ts";

const SYMBOLS = ["EURUSD", "GBPUSD", "AUDUSD", "NZDUSD", "USDJPY", "USDCHF", "EURGBP", "EURJPY"];
const INSTRUMENTS = SYMBOLS.map((symbol, id) => instrument(id, symbol, { spreadMaxPoints: 40 }));
const START_MIDS = [1.1, 1.25, 0.66, 0.61, 150, 0.88, 0.88, 165];

const COMMANDS = ["halt-entries", "flatten"] as const;

/** A random market with random opinions: quotes, signals of every quality, beats, commands. */
class Scenario {
  readonly #random: SeededRandom;
  readonly #mids = [...START_MIDS];
  #nowMicros: Micros = MIDNIGHT;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  next(): JournalRecord {
    const random = this.#random;
    this.#nowMicros += this.#pause();
    const id = random.integer(INSTRUMENTS.length);
    const draw = random.integer(1_000);
    if (draw < 30) return { kind: "beat", seq: 0, timeMicros: this.#nowMicros };
    if (draw < 33) return this.#command();
    return draw < 400 ? this.#signal(id) : this.#tick(id);
  }

  /** Mostly a busy market; now and then silence, and sometimes for hours. */
  #pause(): number {
    const draw = this.#random.integer(1_000);
    if (draw === 0) return this.#random.integer(6 * MICROS_PER_HOUR);
    return this.#random.integer(draw < 10 ? 20 * MICROS_PER_SECOND : 200_000);
  }

  #tick(instrumentId: number): JournalRecord {
    const random = this.#random;
    const mid = (this.#mids[instrumentId] as number) * (1 + 2e-4 * random.normal());
    this.#mids[instrumentId] = mid;
    const half = mid * 2e-5 * (1 + random.integer(8));
    const broken = random.integer(50) === 0;
    const quote = broken ? { bid: Number.NaN, ask: mid } : { bid: mid - half, ask: mid + half };
    return tick({ timeMicros: this.#nowMicros, instrumentId, ...quote });
  }

  #signal(instrumentId: number): JournalRecord {
    const random = this.#random;
    const scale = 10 ** (INSTRUMENTS[instrumentId]?.digits ?? 0);
    const points = Math.round((this.#mids[instrumentId] as number) * scale);
    return signal({
      timeMicros: this.#nowMicros,
      instrumentId,
      action: random.integer(2) === 0 ? "BUY" : "SELL",
      bidPoints: points - 2,
      askPoints: points + 2,
      stopPoints: random.integer(20) === 0 ? 0 : 20 + random.integer(400),
      targetPoints: random.integer(600),
      tradable: random.integer(10) !== 0,
      expiresAtMicros: this.#nowMicros + random.integer(10 * MICROS_PER_SECOND),
    });
  }

  #command(): JournalRecord {
    const command = COMMANDS[this.#random.integer(30)] ?? "resume-entries";
    return {
      kind: "commanded",
      seq: 0,
      timeMicros: this.#nowMicros,
      command: { command, accountId: "paper", by: "test" },
    };
  }
}

/** Reports get lost on the way to UNKNOWN, come twice, or come late and out of order. */
function unreliable(seed: number): (report: Execution) => readonly Execution[] {
  const random = new SeededRandom(seed);
  const delayed: Execution[] = [];
  return (report) => {
    const draw = random.integer(10);
    if (draw === 0) return [report, report];
    if (draw === 1 && delayed.length < 20) {
      delayed.push(report);
      return [];
    }
    const late = delayed.splice(random.integer(delayed.length + 1));
    return [...late.reverse(), report];
  };
}

function engineOf(options: { seed: number; reliable: boolean }): TestEngine {
  const engine = new TestEngine({
    instruments: INSTRUMENTS,
    settings: {
      positionsMax: 4,
      riskFraction: 0.001,
      // Every other market has a day's loss that is soon reached.
      dailyLossFraction: options.seed % 2 === 0 ? 0.002 : 0.9,
      positionAgeMaxMicros: 10 * MICROS_PER_SECOND,
    },
    broker: { volumePerQuoteMicros: 2_000_000 },
  });
  if (!options.reliable) engine.distort = unreliable(options.seed);
  return engine;
}

/** Fails the test if what the account just decided to do breaks a limit it lives under. */
function guard(engine: TestEngine): void {
  engine.onIntent = (intent) => {
    if (intent.purpose === "exit") return;
    const view = engine.account.view();
    const exposed = new Set(view.positions.map((position) => position.instrumentId));
    for (const order of view.liveOrders) if (order.purpose === "entry") exposed.add(order.instrumentId);
    const taken = view.marginUsedMicros + view.marginReservedMicros;
    const loss = -view.dayProfitMicros;
    const equity = view.equityMicros;
    const traded = INSTRUMENTS[intent.instrumentId]!;
    const stop = Math.abs(
      (intent.side === "BUY" ? intent.askPoints : intent.bidPoints) - intent.stopPricePoints!,
    );
    const risk = moveValueMicros(traded, stop, intent.volumeMicros);
    expect(exposed.size).toBeLessThanOrEqual(engine.settings.positionsMax);
    expect(view.entriesHalted).toBe(false);
    // The margin of one order is rounded up by at most a millionth in the reserve.
    expect(taken).toBeLessThanOrEqual(marginLimit(equity, engine.settings) + 1);
    expect(loss).toBeLessThan((equity + loss) * engine.settings.dailyLossFraction + 1);
    expect(intent.volumeMicros % traded.volumeStepMicros).toBe(0);
    expect(intent.askPoints - intent.bidPoints).toBeLessThanOrEqual(traded.spreadMaxPoints);
    if (traded.quoteCurrency === "USD") {
      expect(risk).toBeLessThanOrEqual(equity * engine.settings.riskFraction + intent.volumeMicros);
    }
  };
}

/** What the broker charged, from its reports alone. */
function commissionOf(engine: TestEngine): number {
  const seen = new Set<string>();
  let commission = 0;
  for (const report of engine.executions) {
    if (report.dealId === null || seen.has(report.dealId)) continue;
    seen.add(report.dealId);
    commission += report.commissionMicros;
  }
  return commission;
}

describe("a generated market", () => {
  test("20,000 proposed orders: no limit is ever exceeded, money is conserved, nothing illegal happens", () => {
    let proposed = 0;
    let entries = 0;
    for (let seed = 1; proposed < 20_000; seed++) {
      const engine = engineOf({ seed, reliable: true });
      guard(engine);
      const scenario = new Scenario(seed);
      for (let i = 0; i < 10_000; i++) engine.feed(scenario.next());
      const view = engine.account.view();
      proposed += engine.intents.length + engine.refusals.length;
      entries += view.entries;
      expect(view.balanceMicros).toBe(
        engine.settings.startingBalanceMicros + view.realisedMicros - view.costs.commissionMicros,
      );
      expect(view.costs.commissionMicros).toBe(commissionOf(engine));
      expect(Object.values(view.anomalies).every((times) => times === 0)).toBe(true);
      const halting = seed % 2 === 0;
      expect(view.refusals["daily-loss-limit"] > 0).toBe(halting);
    }
    expect(entries).toBeGreaterThan(1_000);
  }, 20_000);

  test("with reports lost, doubled and shuffled every deal that arrives is booked once", () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const engine = engineOf({ seed, reliable: false });
        guard(engine);
        const scenario = new Scenario(seed);
        for (let i = 0; i < 1_500; i++) engine.feed(scenario.next());
        const deals = new Map<string, Execution>();
        for (const report of engine.executions) if (report.dealId !== null) deals.set(report.dealId, report);
        const view = engine.account.view();
        const held = new Map<string, number>();
        for (const { positionId, side, volumeMicros } of deals.values()) {
          const signed = side === "BUY" ? volumeMicros : -volumeMicros;
          held.set(positionId!, (held.get(positionId!) ?? 0) + signed);
        }
        const open = view.positions.map((each) => [
          each.positionId,
          each.side === "BUY" ? each.volumeMicros : -each.volumeMicros,
        ]);
        expect(new Map(open as [string, number][])).toEqual(
          new Map([...held].filter(([, signed]) => signed !== 0)),
        );
        expect(view.fills).toBe(deals.size);
        expect(view.balanceMicros).toBe(
          engine.settings.startingBalanceMicros + view.realisedMicros - view.costs.commissionMicros,
        );
      }),
      { numRuns: 30 },
    );
  }, 20_000);

  test("saved and loaded in its middle it goes on identically", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 1_499 }), (seed, cut) => {
        const whole = engineOf({ seed, reliable: true });
        const scenario = new Scenario(seed);
        const inputs = Array.from({ length: 1_500 }, () => scenario.next());
        whole.feed(...inputs);

        const first = engineOf({ seed, reliable: true });
        first.feed(...inputs.slice(0, cut));
        const second = engineOf({ seed, reliable: true });
        second.load(first.save(), first.records.length);
        second.feed(...inputs.slice(cut));
        expect(second.records).toEqual(whole.records.slice(first.records.length));
        expect(second.account.intentHash).toBe(whole.account.intentHash);
        expect(second.save().map(String)).toEqual(whole.save().map(String));
      }),
      { numRuns: 30 },
    );
  }, 20_000);

  test("the same market twice says the same", () => {
    const [a, b] = [7, 7].map((seed) => {
      const engine = engineOf({ seed, reliable: true });
      const scenario = new Scenario(seed);
      for (let i = 0; i < 3_000; i++) engine.feed(scenario.next());
      return engine.records;
    });
    expect(a).toEqual(b);
  });
});

describe("one trade from signal to books", () => {
  test("entry, stop over a weekend gap, and what it cost", () => {
    const engine = new TestEngine({ broker: { slippageSpreadShare: 0, slippageVolatilityShare: 0 } });
    const noon = MIDNIGHT + 12 * 3_600 * MICROS_PER_SECOND;
    engine.feed(tick({ timeMicros: noon }), signal({ timeMicros: noon }));
    engine.passTo(noon + MICROS_PER_SECOND);
    expect(engine.account.view().positions[0]).toMatchObject({
      volumeMicros: 2_500_000,
      openPricePoints: 110_010,
    });
    engine.feed(tick({ timeMicros: noon + 2 * MICROS_PER_SECOND, bid: 1.09, ask: 1.0905 }));
    const view = engine.account.view();
    expect(view.positions).toEqual([]);
    // 1,010 points of 2.5 lots lost instead of the 200 the stop allowed, and 3.50 a lot twice.
    expect(view.realisedMicros).toBe(-2_525_000_000);
    expect(view.costs.slippageMicros).toBe(2_025_000_000);
    expect(view.balanceMicros).toBe(100_000_000_000 - 2_525_000_000 - 17_500_000);
  });
});
