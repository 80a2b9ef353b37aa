// What every hot state must do, in memory and on a server: the newest stays, everything ends, nothing is mixed up.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { HotEntry, HotState } from "../../actors/ports/hot-state.ts";
import type { FeatureRow, SignalRow, TickRow } from "../../actors/ports/time-series.ts";

const TTL_MILLIS = 60_000;

export function hotTick(symbol: string, seq: number, changes: Partial<TickRow> = {}): TickRow {
  return {
    seq,
    timeMicros: 1_700_000_000_000_000 + seq,
    sourceTimeMicros: 1_700_000_000_000_000,
    symbol,
    source: "oanda",
    sourceSeq: seq,
    bid: 1.08712,
    ask: 1.08713 + seq / 1e5,
    bidVolume: 0.1 + 0.2,
    askVolume: 0,
    flags: 1,
    ...changes,
  };
}

export function hotEntry(symbol: string, seq: number, changes: Partial<TickRow> = {}): HotEntry {
  return { kind: "tick", row: hotTick(symbol, seq, changes) };
}

const FEATURES: FeatureRow = {
  seq: 9,
  timeMicros: 1_700_000_000_000_000,
  symbol: "EURUSD",
  schemaHash: "abc",
  values: [1 / 3, null, -0.5, 5e-324],
};

const SIGNAL: SignalRow = {
  seq: 10,
  timeMicros: 1_700_000_000_000_000,
  symbol: "EURUSD",
  causeSeq: 9,
  tickSeq: 8,
  action: "BUY",
  probabilityUp: 0.7,
  confidence: 0.7,
  regime: "weak-uptrend",
  components: [{ member: "chaos", probabilityUp: 0.7, weight: 1, ageMicros: 12 }],
  reasons: ["'quoted' \\ \"and\" ünïcode \u{1f4c9}\n\0"],
  bid: 1.1,
  ask: 1.2,
  stopDistance: 0.1,
  targetDistance: 0.2,
  expiresAtMicros: 1_700_000_000_000_001,
  tradable: true,
};

export interface OpenedHotState {
  readonly store: HotState;
  /** Lets `millis` pass, and a little more. */
  readonly pass: (millis: number) => Promise<void> | void;
  readonly close?: () => Promise<void> | void;
}

/** @param open one that is empty */
export function describeHotState(name: string, open: () => Promise<OpenedHotState>): void {
  describe(`hot state: ${name}`, () => {
    let opened: OpenedHotState;
    let store: HotState;
    const options = { ttlMillis: TTL_MILLIS };
    beforeAll(async () => {
      opened = await open();
      ({ store } = opened);
      expect(await store.cursor()).toBe(0);
    }, 60_000);
    afterAll(async () => await opened.close?.());

    test("answers", async () => expect(await store.ping()).toBeUndefined());

    test("a row of each kind comes back as it went in", async () => {
      const tick = hotEntry("EURUSD", 8);
      await store.setMany(
        [tick, { kind: "features", row: FEATURES }, { kind: "signal", row: SIGNAL }],
        options,
      );
      expect(await store.get("tick", "EURUSD")).toEqual(hotTick("EURUSD", 8));
      expect(await store.get("features", "EURUSD")).toEqual(FEATURES);
      expect(await store.get("signal", "EURUSD")).toEqual(SIGNAL);
    });

    test("what nobody set is not there", async () => {
      expect(await store.get("tick", "NOBODY")).toBeUndefined();
      expect(await store.get("signal", "GBPUSD")).toBeUndefined();
      expect(await store.getMany("tick", [])).toEqual([]);
      await store.setMany([], options);
    });

    test("the newest stays, however often and late older ones come", async () => {
      const batch = [hotEntry("USDJPY", 20), hotEntry("USDCHF", 21)];
      for (let again = 0; again < 2; again++) await store.setMany(batch, options);
      await store.setMany([hotEntry("USDJPY", 30)], options);
      await store.setMany([...batch, hotEntry("USDJPY", 29)], options);
      expect((await store.get("tick", "USDJPY"))?.seq).toBe(30);
      expect((await store.get("tick", "USDCHF"))?.seq).toBe(21);
      await store.setMany([hotEntry("USDJPY", 100_000_000_000)], options);
      expect((await store.get("tick", "USDJPY"))?.seq).toBe(100_000_000_000);
    });

    test("in one batch the newest of a symbol wins, wherever it stands", async () => {
      await store.setMany([hotEntry("NZDUSD", 2), hotEntry("NZDUSD", 3), hotEntry("NZDUSD", 1)], options);
      expect((await store.get("tick", "NZDUSD"))?.seq).toBe(3);
    });

    test("many are set and read at once, in order, with holes", async () => {
      const symbols = Array.from({ length: 300 }, (_, index) => `S${index}`);
      await store.setMany(
        symbols.filter((_, index) => index % 3 !== 0).map((symbol, index) => hotEntry(symbol, index + 1)),
        options,
      );
      const found = await store.getMany("tick", symbols);
      expect(found.map((row) => row?.symbol)).toEqual(
        symbols.map((symbol, index) => (index % 3 === 0 ? undefined : symbol)),
      );
      expect((await store.getMany("tick", ["S1", "S0", "S1"])).map((row) => row?.symbol)).toEqual([
        "S1",
        undefined,
        "S1",
      ]);
    });

    for (const symbol of ["", "{", "}", "{}{hot:1}", "a b", "ünï\u{1f4c9}", "tick:EURUSD", "\n\0"]) {
      test(`a symbol called ${JSON.stringify(symbol)} is one like any other`, async () => {
        expect(await store.get("tick", symbol)).toBeUndefined();
        await store.setMany([hotEntry(symbol, 5)], options);
        expect((await store.getMany("tick", [symbol]))[0]).toEqual(hotTick(symbol, 5));
      });
    }

    test("cleared, it is as it was at first, and takes what is older than what it had", async () => {
      const symbols = Array.from({ length: 50 }, (_, index) => `C${index}`);
      const batch = (seq: number) => symbols.map((symbol) => hotEntry(symbol, seq));
      await store.setMany(batch(9), { ...options, cursorSeq: 9 });
      await store.clear();
      expect(await store.getMany("tick", symbols)).toEqual(symbols.map(() => undefined));
      expect(await store.cursor()).toBe(0);
      await store.setMany(batch(2), { ...options, cursorSeq: 2 });
      expect((await store.getMany("tick", symbols)).every((row) => row?.seq === 2)).toBe(true);
      expect(await store.cursor()).toBe(2);
      await store.clear();
      await store.clear();
    });

    test("an entry ends with its time; one that is renewed does not", async () => {
      await store.setMany([hotEntry("SHORT", 1), hotEntry("RENEWED", 1)], { ttlMillis: 80 });
      await store.setMany([hotEntry("RENEWED", 2)], options);
      await opened.pass(80);
      expect(await store.get("tick", "SHORT")).toBeUndefined();
      expect((await store.get("tick", "RENEWED"))?.seq).toBe(2);
      await store.setMany([hotEntry("SHORT", 1)], options);
      expect((await store.get("tick", "SHORT"))?.seq).toBe(1);
    });

    test("the cursor is kept and does not go back", async () => {
      await store.setMany([hotEntry("EURUSD", 40)], { ...options, cursorSeq: 45 });
      await store.setMany([hotEntry("EURUSD", 30)], { ...options, cursorSeq: 35 });
      expect(await store.cursor()).toBe(45);
      await store.setMany([], { ...options, cursorSeq: 50 });
      expect(await store.cursor()).toBe(50);
    });
  });
}
