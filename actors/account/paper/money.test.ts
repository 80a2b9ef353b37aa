// The paper broker's money: netting, margin and its calls, swap, commission by value; and its moods.

import { describe, expect, test } from "bun:test";
import { MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_SECOND } from "../../base/clock.ts";
import { MICROS_PER_UNIT } from "../../domain/money.ts";
import type { OrderIntent } from "../../domain/order.ts";
import { NOON, USDJPY } from "../account.fixture.ts";
import { DEFAULT_PAPER_BROKER_SETTINGS, type PaperBrokerSettings, type SwapSettings } from "../settings.ts";
import { Desk, opened, pending } from "./broker.fixture.ts";
import { luckOf, slippagePoints } from "./fill-model.ts";
import { nextRolloverMicros, swapDays } from "./rollover.ts";

const SECOND = MICROS_PER_SECOND;
const LOT = 1_000_000;
/** NOON is a Wednesday's; the account's day, and the broker's, begins at 22:00. */
const ROLLOVER = NOON + 10 * MICROS_PER_HOUR;

describe("netting", () => {
  const NETTING = { positionMode: "netting", commissionPerLotMicros: 0 } as const;

  /** One lot bought at 110010 with a stop at 109800, then an order that fills at 110100 to 110110. */
  function then(fields: Partial<OrderIntent>, settings: Partial<PaperBrokerSettings> = {}): Desk {
    const desk = opened({ stopPricePoints: 109_800 }, { ...NETTING, ...settings });
    desk.order(NOON + SECOND, { intentId: "next", ...fields });
    desk.quote(NOON + 2 * SECOND, 110_100, 110_110);
    return desk;
  }

  test("an entry on the same side adds to the position and brings its levels", () => {
    const desk = then({ stopPricePoints: 110_050 });
    expect(desk.reports.at(-1)).toMatchObject({ positionId: "paper-P1", pricePoints: 110_110 });
    desk.quote(NOON + 3 * SECOND, 110_050, 110_060);
    expect(desk.reports.at(-1)).toMatchObject({
      positionId: "paper-P1",
      volumeMicros: 2 * LOT,
      reason: "stop",
    });
    // Bought at 110060 on average, sold at 110050: two lots lose 10 points each.
    expect(desk.broker.view().balanceMicros).toBe(100_000 * MICROS_PER_UNIT - 20 * MICROS_PER_UNIT);
  });

  test("one against it reduces it and leaves its levels", () => {
    const desk = then({ side: "SELL", volumeMicros: 400_000, stopPricePoints: 110_500 });
    expect(desk.broker.view()).toMatchObject({ positions: 1, balanceMicros: 100_036 * MICROS_PER_UNIT });
    desk.quote(NOON + 3 * SECOND, 109_800, 109_810);
    expect(desk.reports.at(-1)).toMatchObject({ volumeMicros: 600_000, reason: "stop", intentId: "paper-1" });
  });

  test("one larger than it turns it, with levels of its own", () => {
    const desk = then({ side: "SELL", volumeMicros: 3 * LOT, stopPricePoints: 110_500 });
    expect(desk.reports.at(-1)).toMatchObject({ positionId: "paper-P1", volumeMicros: 3 * LOT });
    desk.quote(NOON + 3 * SECOND, 110_490, 110_500);
    expect(desk.reports.at(-1)).toMatchObject({
      side: "BUY",
      volumeMicros: 2 * LOT,
      reason: "stop",
      intentId: "next",
    });
    expect(desk.broker.view().positions).toBe(0);
  });

  test("one as large closes it; the next opens another", () => {
    const desk = then({ side: "SELL" });
    expect(desk.broker.view().positions).toBe(0);
    desk.order(NOON + 2 * SECOND, { intentId: "third" });
    desk.quote(NOON + 3 * SECOND, 110_100, 110_110);
    expect(desk.reports.at(-1)).toMatchObject({ positionId: "paper-P2" });
  });

  test("hedging, every entry has a position of its own", () => {
    const desk = then({ side: "SELL" }, { positionMode: "hedging" });
    expect(desk.reports.at(-1)).toMatchObject({ positionId: "paper-P2" });
    expect(desk.broker.view().positions).toBe(2);
  });
});

/** An account of 10,000 at a leverage of 30: 2 lots of EURUSD at 1.10 take 7,334 of it. */
function small(settings: Partial<PaperBrokerSettings> = {}): Desk {
  const account = { startingBalanceMicros: 10_000 * MICROS_PER_UNIT, leverage: 30 };
  const desk = new Desk({ commissionPerLotMicros: 0, ...settings }, { account });
  desk.quote(NOON, 110_000, 110_010);
  return desk;
}

describe("margin", () => {
  test("an entry beyond free margin is rejected, one within it is not", () => {
    const desk = small();
    desk.order(NOON, { volumeMicros: 3 * LOT });
    desk.order(NOON, { intentId: "second", volumeMicros: 2 * LOT });
    desk.quote(NOON + SECOND, 110_000, 110_010);
    expect(desk.fates).toEqual([
      "paper-1 rejected no-money",
      "second acknowledged signal",
      "second filled signal",
    ]);
    expect(desk.broker.view()).toMatchObject({ marginMicros: 7_334 * MICROS_PER_UNIT, marginCall: false });
  });

  test("so is one whose price comes only then", () => {
    const desk = small();
    desk.order(NOON, { volumeMicros: 3 * LOT, terms: pending("limit", 109_900) });
    desk.quote(NOON + SECOND, 109_890, 109_900);
    expect(desk.fates).toEqual(["paper-1 acknowledged signal", "paper-1 rejected no-money"]);
  });

  test("netting, one that reduces needs none, and one that turns only for what goes beyond", () => {
    for (const [lots, status] of [
      [2, "filled"],
      [4, "filled"],
      [5, "rejected"],
    ] as const) {
      const desk = small({ positionMode: "netting" });
      desk.order(NOON, { volumeMicros: 2 * LOT });
      desk.quote(NOON + SECOND, 110_000, 110_010);
      desk.order(NOON + SECOND, { intentId: "against", side: "SELL", volumeMicros: lots * LOT });
      desk.quote(NOON + 2 * SECOND, 110_000, 110_010);
      expect(desk.reports.at(-1)?.status).toBe(status);
    }
  });

  test("the margin call is shown, the stop-out closes what loses most until the level is above it", () => {
    const desk = small();
    desk.order(NOON, { volumeMicros: 500_000 });
    desk.order(NOON, { intentId: "paper-2", volumeMicros: 1_100_000 });
    desk.order(NOON, { intentId: "paper-3", volumeMicros: 400_000 });
    desk.quote(NOON + SECOND, 110_000, 110_010);
    desk.reports.length = 0;
    // A loss of 2,680 of 10,000: 7,320 of 7,334.
    desk.quote(NOON + 2 * SECOND, 108_670, 108_680);
    expect(desk.broker.view().marginCall).toBe(true);
    desk.quote(NOON + 3 * SECOND, 106_844, 106_854);
    expect(desk.reports).toEqual([]);
    // 3,666 is half of 7,334.
    desk.quote(NOON + 4 * SECOND, 106_843, 106_853);
    expect(desk.fates).toEqual(["paper-2 filled stop-out"]);
    expect(desk.reports[0]).toMatchObject({ side: "SELL", pricePoints: 106_843, volumeMicros: 1_100_000 });
    expect(desk.broker.view().positions).toBe(2);
  });

  test("what a gap leaves owing is forgiven, once", () => {
    const desk = small();
    desk.order(NOON, { volumeMicros: 2 * LOT });
    desk.quote(NOON + SECOND, 110_000, 110_010);
    desk.quote(NOON + 2 * SECOND, 104_600, 104_610);
    expect(desk.said.at(-1)).toMatchObject({
      kind: "adjustment",
      adjustmentId: "paper-A1",
      positionId: null,
      amountMicros: 820 * MICROS_PER_UNIT,
      reason: "negative-balance",
      causeSeq: 5,
    });
    expect(desk.broker.view()).toMatchObject({ balanceMicros: 0, positions: 0 });
    desk.quote(NOON + 3 * SECOND, 104_600, 104_610);
    expect(desk.adjustments).toHaveLength(1);
  });

  test("left out, the broker lends without end and owes nothing", () => {
    const desk = small({ margin: undefined });
    desk.order(NOON, { volumeMicros: 20 * LOT });
    desk.quote(NOON + SECOND, 110_000, 110_010);
    desk.quote(NOON + 2 * SECOND, 105_000, 105_010);
    expect(desk.reports.map(({ status }) => status)).toEqual(["acknowledged", "filled"]);
    expect(desk.broker.view()).toMatchObject({ positions: 1, marginCall: false });
  });
});

describe("swap", () => {
  const POINTS: SwapSettings = {
    unit: "points",
    rates: { EURUSD: { long: -7.5, short: 2 } },
    tripleWeekday: 3,
  };

  test("is owed by longs and earned by shorts at the end of the day, three times on Wednesday", () => {
    for (const [side, amounts] of [
      ["BUY", [-22.5, -7.5]],
      ["SELL", [6, 2]],
    ] as const) {
      const desk = opened({ side }, { swap: POINTS });
      expect(desk.broker.nextDueMicros).toBe(ROLLOVER);
      desk.beat(ROLLOVER - 1);
      desk.restart();
      expect(desk.adjustments).toEqual([]);
      desk.beat(ROLLOVER);
      desk.beat(ROLLOVER + MICROS_PER_DAY);
      expect(desk.adjustments.map(({ amountMicros }) => amountMicros / MICROS_PER_UNIT)).toEqual([
        ...amounts,
      ]);
      expect(desk.adjustments[0]).toMatchObject({
        adjustmentId: "paper-A1",
        positionId: "paper-P1",
        reason: "swap",
      });
    }
  });

  test("by percent a year of the value, in the account's currency", () => {
    const swap: SwapSettings = {
      unit: "percent-a-year",
      rates: { USDJPY: { long: 3.6, short: 0 } },
      tripleWeekday: 0,
    };
    const desk = new Desk({ swap });
    desk.quote(NOON, 150_000, 150_000, USDJPY.id);
    desk.order(NOON, { instrumentId: USDJPY.id });
    desk.quote(NOON + SECOND, 150_000, 150_000, USDJPY.id);
    desk.beat(ROLLOVER);
    // 0.01 percent of 100,000 USD.
    expect(desk.adjustments.map(({ amountMicros }) => amountMicros)).toEqual([10 * MICROS_PER_UNIT]);
  });

  test("comes before the quote of its time, and once for every day that passed unheard", () => {
    const desk = opened({ stopPricePoints: 109_800 }, { swap: POINTS });
    desk.quote(ROLLOVER + 6 * MICROS_PER_DAY, 109_800, 109_810);
    // Wednesday three, Thursday, Friday, Monday and Tuesday one each, then the next Wednesday.
    const points = desk.adjustments.map(({ amountMicros }) => amountMicros / MICROS_PER_UNIT);
    expect(points).toEqual([-22.5, -7.5, -7.5, -7.5, -7.5]);
    expect(desk.said.at(-1)).toMatchObject({ kind: "execution", reason: "stop" });
    expect(desk.broker.nextDueMicros).toBe(Number.POSITIVE_INFINITY);
  });

  test("nothing is owed for a symbol without rates, nor by who holds nothing then", () => {
    const other = opened({}, { swap: { ...POINTS, rates: {} } });
    other.beat(ROLLOVER);
    const flat = opened({ stopPricePoints: 109_800 }, { swap: POINTS });
    flat.quote(NOON + 2 * SECOND, 109_700, 109_710);
    flat.beat(ROLLOVER);
    flat.order(ROLLOVER, { intentId: "later" });
    flat.quote(ROLLOVER + SECOND, 110_000, 110_010);
    expect([other.adjustments, flat.adjustments]).toEqual([[], []]);
    expect(flat.broker.nextDueMicros).toBe(ROLLOVER + MICROS_PER_DAY);
  });

  test("a day that ends at midnight is the one before it", () => {
    const monday = Date.UTC(2024, 0, 1) * 1_000;
    const midnights = Array.from({ length: 7 }, (_, i) => swapDays(monday + (i + 1) * MICROS_PER_DAY, 3));
    expect(midnights).toEqual([1, 1, 3, 1, 1, 0, 0]);
    const evenings = Array.from({ length: 7 }, (_, i) =>
      swapDays(monday + i * MICROS_PER_DAY + 22 * MICROS_PER_HOUR, 3),
    );
    expect(evenings).toEqual([1, 1, 3, 1, 1, 0, 0]);
    expect(nextRolloverMicros(monday, 0)).toBe(monday + MICROS_PER_DAY);
    expect(nextRolloverMicros(monday, 1_320)).toBe(monday + 22 * MICROS_PER_HOUR);
  });
});

describe("commission", () => {
  test("by value, beside what a lot costs", () => {
    const desk = opened({}, { commissionFraction: 0.000_02 });
    // 3.5 for the lot and 0.00002 of 110,010.
    expect(100_000 * MICROS_PER_UNIT - desk.broker.view().balanceMicros).toBe(5_700_200);
  });
});

describe("moods", () => {
  test("a share of all requests is rejected, the same ones for the same seed", () => {
    const [first, again, other] = [1, 1, 2].map((seed) => {
      const desk = new Desk({ rejectionProbability: 0.3, margin: undefined }, { seed });
      for (let i = 0; i < 200; i++) desk.order(NOON, { intentId: `paper-${i}`, volumeMicros: 10_000 });
      desk.quote(NOON + SECOND, 110_000, 110_010);
      return desk.fates;
    });
    const rejected = first?.filter((fate) => fate.endsWith("rejected rejected")).length;
    expect(rejected).toBeGreaterThan(40);
    expect(rejected).toBeLessThan(80);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  test("an order is requoted when its price became worse by more than allowed while it was under way", () => {
    for (const [side, bid, status] of [
      ["BUY", 110_005, "filled"],
      ["BUY", 110_006, "rejected"],
      ["BUY", 109_000, "filled"],
      ["SELL", 109_995, "filled"],
      ["SELL", 109_994, "rejected"],
    ] as const) {
      const desk = new Desk({ requoteDeviationPoints: 5 });
      desk.quote(NOON, 110_000, 110_010);
      desk.order(NOON, { side });
      desk.quote(NOON + SECOND, bid, bid + 10);
      expect(desk.reports.at(-1)).toMatchObject({
        status,
        reason: status === "filled" ? "signal" : "requote",
      });
    }
  });

  test("stops on the wrong side are refused where there is a stops level", () => {
    const desk = new Desk({ stopsLevelPoints: 20 });
    for (const [intentId, stopPricePoints] of [
      ["near", 109_981],
      ["far", 109_980],
    ] as const) {
      desk.order(NOON, { intentId, stopPricePoints });
    }
    desk.quote(NOON + SECOND, 110_000, 110_010);
    expect(desk.fates).toEqual([
      "near rejected invalid-stops",
      "far acknowledged signal",
      "far filled signal",
    ]);
  });

  test("a silent order was filled or never arrived, which comes out later", () => {
    for (const [lostShare, fates] of [
      [0, ["paper-1 acknowledged signal", "paper-1 filled signal"]],
      [1, ["paper-1 rejected never-arrived"]],
    ] as const) {
      const silence = { probability: 1, lostShare, revealMicros: 60 * SECOND };
      const desk = new Desk({ silence });
      desk.order(NOON);
      desk.quote(NOON + SECOND, 110_000, 110_010);
      desk.order(NOON + SECOND, { intentId: "c", purpose: "cancel", orderIntentId: "paper-1" });
      desk.beat(NOON + 59 * SECOND);
      expect(desk.reports).toEqual([]);
      expect(desk.broker.view().positions).toBe(1 - lostShare);
      expect(desk.broker.nextDueMicros).toBe(NOON + 60 * SECOND);
      desk.restart();
      desk.beat(NOON + 60 * SECOND);
      expect(desk.fates).toEqual([...fates]);
      desk.beat(NOON + 61 * SECOND);
      expect(desk.fates.at(-1)).toBe(lostShare === 1 ? "c rejected never-arrived" : "c rejected too-late");
    }
  });

  test("latencies with a heavy tail: half below the median, a few far above it", () => {
    const settings = { ...DEFAULT_PAPER_BROKER_SETTINGS, latencyLogDeviation: 1 };
    const latencies = Array.from(
      { length: 2_000 },
      (_, i) => luckOf(`paper-${i}`, 1, settings).latencyMicros,
    );
    const median = settings.latencyMicros;
    const share = (holds: (micros: number) => boolean): number =>
      latencies.filter(holds).length / latencies.length;
    expect(share((micros) => micros < median)).toBeCloseTo(0.5, 1);
    // Beyond two deviations lie 2.3 percent.
    expect(share((micros) => micros > median * Math.E ** 2)).toBeCloseTo(0.023, 2);
  });

  test("symmetric slippage helps as often as it harms", () => {
    const settings = { ...DEFAULT_PAPER_BROKER_SETTINGS, slippageSymmetric: true, slippageSpreadShare: 0 };
    const market = { spreadPoints: 20, volatilityPoints: 20 };
    expect([0, 0.5, 0.999].map((luck) => slippagePoints(market, luck, settings))).toEqual([-10, 0, 10]);
  });
});
