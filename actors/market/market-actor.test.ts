// The market actor: one record a minute, returns only between minutes in a row, and nothing said in silence.

import { describe, expect, test } from "bun:test";
import { LoadArchive, SaveArchive } from "../base/archive.ts";
import { MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND, type Micros } from "../base/clock.ts";
import { SeededRandom } from "../base/random.ts";
import type { Instrument } from "../domain/instrument.ts";
import type { MarketState } from "../domain/market.ts";
import type { JournalRecord } from "../domain/records.ts";
import { type Tick, TICK_BACKFILL, TICK_SECONDARY } from "../domain/tick.ts";
import type { Draft } from "../ports/emitter.ts";
import { MarketActor } from "./market-actor.ts";

const MINUTE = MICROS_PER_MINUTE;
const START: Micros = Date.UTC(2024, 0, 3, 12) * 1_000;
const INSTRUMENTS = ["EURUSD", "USDJPY", "XAUUSD"].map((symbol, id) => ({ id, symbol }) as Instrument);

function tick(timeMicros: Micros, instrumentId: number, mid: number, fields: Partial<Tick> = {}): Tick {
  return {
    kind: "tick",
    seq: 0,
    instrumentId,
    sourceId: 0,
    sourceSeq: 1,
    sourceTimeMicros: timeMicros,
    timeMicros,
    bid: mid,
    ask: mid,
    bidVolume: 0,
    askVolume: 0,
    flags: 0,
    ...fields,
  };
}

function beat(timeMicros: Micros): JournalRecord {
  return { kind: "beat", seq: 0, timeMicros };
}

class Market {
  readonly said: MarketState[] = [];
  readonly actor: MarketActor;
  #seq: number;

  constructor(lastSeq = 0) {
    this.#seq = lastSeq;
    const emit = (draft: Draft): void => void this.said.push(draft as MarketState);
    this.actor = new MarketActor({ instruments: INSTRUMENTS, emitter: { emit } });
  }

  feed(...records: JournalRecord[]): void {
    for (const record of records) this.actor.receive({ ...record, seq: ++this.#seq });
  }
}

/** Minutes of a market in which the dollar moves everything: EUR falls when it rises, JPY and gold follow. */
function dollarMarket(minutes: number): Tick[] {
  const random = new SeededRandom(11);
  let dollar = 0;
  return Array.from({ length: minutes }, (_, minute) => {
    dollar += 1e-4 * random.normal();
    const time = START + minute * MINUTE + 30 * MICROS_PER_SECOND;
    return [
      tick(time, 0, 1.1 * Math.exp(-dollar)),
      tick(time + 1, 1, 150 * Math.exp(dollar)),
      tick(time + 2, 2, 2_000 * Math.exp(-dollar + 1e-4 * random.normal())),
    ];
  }).flat();
}

describe("market actor", () => {
  test("says how the market stands once a minute, with the record that ended the minute as cause", () => {
    const market = new Market();
    market.feed(tick(START, 0, 1.1), tick(START + 1, 1, 150), beat(START + MINUTE - 1));
    expect(market.said).toEqual([]);
    expect(market.actor.nextDueMicros).toBe(START + MINUTE);
    market.feed(beat(START + MINUTE));
    expect(market.said).toEqual([
      {
        kind: "market",
        seq: 0,
        timeMicros: START + MINUTE,
        causeSeq: 4,
        dollarIndex: expect.closeTo(
          50.14348112 * 1.1 ** (-0.576 / 0.712) * 150 ** (0.136 / 0.712),
          9,
        ) as number,
        dollarIndexReturn: null,
        dollarCorrelations: [null, null, null],
        peerCorrelations: [null, null, null],
      },
    ]);
  });

  test("silence says nothing and wants no beat", () => {
    const market = new Market();
    market.feed(beat(START), tick(START + 1, 0, 1.1), beat(START + MINUTE));
    expect(market.actor.nextDueMicros).toBe(Number.POSITIVE_INFINITY);
    market.feed(beat(START + 2 * MINUTE), beat(START + MICROS_PER_HOUR));
    expect(market.said).toHaveLength(1);
  });

  test("gives correlations with the dollar and with peers once warm", () => {
    const market = new Market();
    market.feed(...dollarMarket(31));
    expect(market.said.at(-1)?.dollarCorrelations).toEqual([null, null, null]);
    market.feed(...dollarMarket(60).slice(3 * 31));
    const [euro, yen, gold] = market.said.at(-1)!.dollarCorrelations;
    expect(euro).toBeCloseTo(-1, 9);
    expect(yen).toBeCloseTo(1, 9);
    expect(gold).toBeLessThan(-0.4);
    expect(market.said.at(-1)!.peerCorrelations[0]).toBeGreaterThan(0.7);
  });

  test("the index return is that of five minutes in a row", () => {
    const market = new Market();
    for (let minute = 0; minute <= 6; minute++) {
      market.feed(tick(START + minute * MINUTE, 0, 1.1 * Math.exp(-1e-4 * minute)));
    }
    const returns = market.said.map((state) => state.dollarIndexReturn);
    expect(returns.slice(0, 5)).toEqual([null, null, null, null, null]);
    expect(returns[5]).toBeCloseTo(5, 9);
  });

  test("a gap of time is no minute's return", () => {
    const market = new Market();
    market.feed(...dollarMarket(10));
    market.feed(tick(START + 48 * MICROS_PER_HOUR, 0, 1.05), beat(START + 48 * MICROS_PER_HOUR + MINUTE));
    const state = market.said.at(-1)!;
    expect(state.dollarIndexReturn).toBeNull();
    // The yen was last quoted two days ago: the index rests on the euro alone.
    expect(state.dollarIndex).toBeCloseTo(50.14348112 / 1.05, 9);
  });

  test("one bad tick at the end of a minute does not own the correlations", () => {
    const [clean, spoilt] = [0, 1].map((bad) => {
      const market = new Market();
      const ticks = dollarMarket(90);
      if (bad === 1) ticks.splice(3 * 60 + 3, 0, tick(ticks[3 * 60 + 2]!.timeMicros + 1, 2, 2_080));
      market.feed(...ticks);
      return market.said.at(-1)!.dollarCorrelations[2]!;
    });
    expect(Math.abs(clean! - spoilt!)).toBeLessThan(0.5);
    expect(spoilt).toBeLessThan(0);
  });

  for (const [what, fields] of [
    ["NaN", { bid: Number.NaN }],
    ["a crossed quote", { bid: 2 }],
    ["zero", { bid: 0, ask: 0 }],
    ["an infinity", { ask: Number.POSITIVE_INFINITY }],
    ["a second source", { flags: TICK_SECONDARY }],
    ["an unknown instrument", { instrumentId: 9 }],
  ] as const) {
    test(`${what} is passed over`, () => {
      const market = new Market();
      market.feed(tick(START, 0, 1.1, fields), beat(START + MINUTE));
      expect(market.said).toEqual([]);
    });
  }

  test("a backfilled tick counts", () => {
    const market = new Market();
    market.feed(tick(START, 0, 1.1, { flags: TICK_BACKFILL }), beat(START + MINUTE));
    expect(market.said).toHaveLength(1);
  });

  test("saved and loaded anywhere it goes on identically", () => {
    const ticks = dollarMarket(80);
    const whole = new Market();
    whole.feed(...ticks);
    for (const cut of [1, 50, 100, 150, 239]) {
      const first = new Market();
      first.feed(...ticks.slice(0, cut));
      const saved = new SaveArchive();
      first.actor.persist(saved);
      const second = new Market(cut);
      const loading = new LoadArchive(saved.finish());
      second.actor.persist(loading);
      loading.finish();
      second.feed(...ticks.slice(cut));
      expect(second.said).toEqual(whole.said.slice(first.said.length));
    }
  });
});
