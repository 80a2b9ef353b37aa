// Orders that wait at the paper broker: where they may wait, what triggers and fills them, how they end, and what changes
// and cancels them.

import { describe, expect, test } from "bun:test";
import {
  MICROS_PER_DAY,
  MICROS_PER_HOUR,
  MICROS_PER_MILLISECOND,
  MICROS_PER_SECOND,
} from "../../base/clock.ts";
import type { OrderIntent, PendingTerms } from "../../domain/order.ts";
import { NOON } from "../account.fixture.ts";
import type { PaperBrokerSettings } from "../settings.ts";
import { Desk, opened, orderIntent, pending } from "./broker.fixture.ts";

const SECOND = MICROS_PER_SECOND;

/** An order that has arrived, over a market of 110000 to 110010. */
function placed(
  terms: PendingTerms,
  fields: Partial<OrderIntent> = {},
  settings: Partial<PaperBrokerSettings> = {},
): Desk {
  const desk = new Desk(settings);
  desk.quote(NOON, 110_000, 110_010);
  desk.order(NOON, { terms, ...fields });
  desk.beat(NOON + SECOND / 2);
  return desk;
}

describe("where an order may wait", () => {
  for (const [what, side, terms, expected] of [
    ["a BUY limit below the ask", "BUY", pending("limit", 110_009), "acknowledged"],
    ["not at the ask", "BUY", pending("limit", 110_010), "invalid-price"],
    ["a SELL limit above the bid", "SELL", pending("limit", 110_001), "acknowledged"],
    ["not at the bid", "SELL", pending("limit", 110_000), "invalid-price"],
    ["a BUY stop above the ask", "BUY", pending("stop", 110_011), "acknowledged"],
    ["not below the ask", "BUY", pending("stop", 110_009), "invalid-price"],
    ["a SELL stop below the bid", "SELL", pending("stop", 109_999), "acknowledged"],
    ["not above the bid", "SELL", pending("stop", 110_001), "invalid-price"],
    [
      "a stop-limit by its stop",
      "BUY",
      pending("stop-limit", 110_050, { limitPricePoints: 110_020 }),
      "acknowledged",
    ],
    ["but with a limit", "BUY", pending("stop-limit", 110_050), "invalid-price"],
    ["never at no price", "BUY", pending("limit", 0), "invalid-price"],
    ["never at half a point", "BUY", pending("limit", 109_000.5), "invalid-price"],
    [
      "not until a time that is over",
      "BUY",
      pending("limit", 109_000, { timeInForce: "until", untilMicros: NOON }),
      "invalid-expiration",
    ],
    ["not until no time", "BUY", pending("limit", 109_000, { timeInForce: "until" }), "invalid-expiration"],
  ] as const) {
    test(what, () => {
      const { status, reason } = placed(terms, { side }).reports[0]!;
      expect(expected === "acknowledged" ? status : reason).toBe(expected);
    });
  }

  test("with its stop and target on their sides of its own price", () => {
    const terms = pending("limit", 109_000);
    expect(placed(terms, { stopPricePoints: 109_000 }).told).toEqual([["rejected", 0, "invalid-stops"]]);
    expect(placed(terms, { targetPricePoints: 108_990 }).told).toEqual([["rejected", 0, "invalid-stops"]]);
    expect(placed(terms, { stopPricePoints: 108_900, targetPricePoints: 109_200 }).told).toEqual([
      ["acknowledged", 0, "signal"],
    ]);
  });

  test("as far away as the stops level says", () => {
    const settings = { stopsLevelPoints: 30 };
    expect(placed(pending("limit", 109_981), {}, settings).told).toEqual([["rejected", 0, "invalid-price"]]);
    expect(placed(pending("limit", 109_980), {}, settings).told).toEqual([["acknowledged", 0, "signal"]]);
    const near = { stopPricePoints: 109_951 };
    expect(placed(pending("limit", 109_980), near, settings).told).toEqual([
      ["rejected", 0, "invalid-stops"],
    ]);
  });

  test("not where there is no price yet", () => {
    const desk = new Desk();
    desk.order(NOON, { terms: pending("limit", 109_000) });
    desk.beat(NOON + SECOND);
    expect(desk.told).toEqual([["rejected", 0, "no-quote"]]);
  });
});

describe("an order that waits", () => {
  for (const [what, side, terms, quotes, expected] of [
    ["a BUY limit waits for the ask", "BUY", pending("limit", 109_900), [[109_890, 109_901]], undefined],
    ["and fills at it", "BUY", pending("limit", 109_900), [[109_890, 109_900]], 109_900],
    ["or better over a gap", "BUY", pending("limit", 109_900), [[109_700, 109_710]], 109_710],
    ["a SELL limit fills at the bid", "SELL", pending("limit", 110_100), [[110_100, 110_110]], 110_100],
    ["or better", "SELL", pending("limit", 110_100), [[110_150, 110_160]], 110_150],
    ["a BUY stop triggers on the ask", "BUY", pending("stop", 110_100), [[110_080, 110_100]], 110_100],
    [
      "and over a gap fills where the market reopens",
      "BUY",
      pending("stop", 110_100),
      [[110_300, 110_320]],
      110_320,
    ],
    ["a SELL stop triggers on the bid", "SELL", pending("stop", 109_900), [[109_900, 109_990]], 109_900],
    ["and waits above it", "SELL", pending("stop", 109_900), [[109_901, 109_902]], undefined],
    [
      "a stop-limit waits for both, one after the other",
      "BUY",
      pending("stop-limit", 110_100, { limitPricePoints: 110_050 }),
      [
        [110_040, 110_050],
        [110_095, 110_100],
        [110_045, 110_051],
        [110_040, 110_050],
      ],
      110_050,
    ],
    [
      "a stop-limit with its limit beyond the stop fills at once up to it",
      "BUY",
      pending("stop-limit", 110_100, { limitPricePoints: 110_120 }),
      [[110_100, 110_110]],
      110_110,
    ],
    [
      "and not beyond it",
      "BUY",
      pending("stop-limit", 110_100, { limitPricePoints: 110_120 }),
      [[110_120, 110_130]],
      undefined,
    ],
  ] as const) {
    test(what, () => {
      const desk = placed(terms, { side });
      for (const [i, [bid, ask]] of quotes.entries()) desk.quote(NOON + (1 + i) * SECOND, bid, ask);
      const fills = desk.reports.filter(({ dealId }) => dealId !== null);
      expect(fills.map(({ status, pricePoints }) => [status, pricePoints] as const)).toEqual(
        expected === undefined ? [] : [["filled", expected]],
      );
    });
  }

  test("slips when a stop has made it a market order, and not as a limit", () => {
    const slip = { slippageSpreadShare: 0.5 };
    const stop = placed(pending("stop", 110_100), {}, slip);
    stop.quote(NOON + SECOND, 110_080, 110_100);
    expect(stop.told.at(-1)).toEqual(["filled", 110_110, "signal"]);
    const limit = placed(pending("limit", 109_900), {}, slip);
    limit.quote(NOON + SECOND, 109_880, 109_900);
    expect(limit.told.at(-1)).toEqual(["filled", 109_900, "signal"]);
  });

  test("fills in parts: a limit while its price lasts, a triggered stop with the next quotes", () => {
    for (const [terms, prices] of [
      [pending("limit", 109_900), [109_900, 109_899]],
      [pending("stop", 110_100), [110_100, 109_900, 110_011]],
    ] as const) {
      const desk = placed(terms, { volumeMicros: 900_000 }, { volumePerQuoteMicros: 400_000 });
      if (terms.type === "stop") desk.quote(NOON + SECOND, 110_090, 110_100);
      desk.quote(NOON + 2 * SECOND, 109_890, 109_900);
      desk.quote(NOON + 3 * SECOND, 110_001, 110_011);
      desk.quote(NOON + 4 * SECOND, 109_889, 109_899);
      const fills = desk.reports.filter(({ dealId }) => dealId !== null);
      expect(fills.map(({ pricePoints }) => pricePoints)).toEqual([...prices]);
      expect(new Set(fills.map(({ positionId }) => positionId)).size).toBe(1);
    }
  });

  test("opens a position with its stop and target", () => {
    const desk = placed(pending("limit", 109_900), { stopPricePoints: 109_800 });
    desk.quote(NOON + SECOND, 109_890, 109_900);
    desk.quote(NOON + 2 * SECOND, 109_800, 109_810);
    expect(desk.told.at(-1)).toEqual(["filled", 109_800, "stop"]);
  });

  test("ends when its time in force does, before the quote of that time", () => {
    for (const [terms, endMicros] of [
      [
        pending("limit", 109_900, { timeInForce: "until", untilMicros: NOON + 60 * SECOND }),
        NOON + 60 * SECOND,
      ],
      // The day of an account that begins at 22:00.
      [pending("limit", 109_900, { timeInForce: "day" }), NOON + 10 * MICROS_PER_HOUR],
    ] as const) {
      const desk = placed(terms);
      expect(desk.broker.nextDueMicros).toBe(endMicros);
      desk.quote(endMicros, 109_890, 109_900);
      expect(desk.told).toEqual([
        ["acknowledged", 0, "signal"],
        ["cancelled", 0, "expired"],
      ]);
    }
  });

  test("until it is cancelled waits over days, however long it could have been sent", () => {
    const desk = placed(pending("limit", 109_900), { expiresAtMicros: NOON + SECOND });
    desk.beat(NOON + 9 * MICROS_PER_DAY);
    desk.quote(NOON + 10 * MICROS_PER_DAY, 109_890, 109_900);
    expect(desk.told.at(-1)).toEqual(["filled", 109_900, "signal"]);
    expect(desk.broker.nextDueMicros).toBe(Number.POSITIVE_INFINITY);
  });
});

function modified(fields: Partial<OrderIntent>, settings: Partial<PaperBrokerSettings> = {}): Desk {
  const desk = placed(pending("limit", 109_900), { stopPricePoints: 109_800 }, settings);
  desk.reports.length = 0;
  desk.order(NOON + SECOND, { intentId: "change", purpose: "modify", orderIntentId: "paper-1", ...fields });
  desk.beat(NOON + 2 * SECOND);
  return desk;
}

describe("changing an order", () => {
  for (const [what, fields, expected] of [
    ["its price", { terms: pending("limit", 109_950) }, "done signal"],
    ["its levels alone", { stopPricePoints: 109_700, targetPricePoints: 110_100 }, "done signal"],
    ["nothing", { terms: pending("limit", 109_900), stopPricePoints: 109_800 }, "done signal"],
    ["to a price it could not wait at", { terms: pending("limit", 110_020) }, "rejected invalid-price"],
    ["to a stop above it", { stopPricePoints: 109_950 }, "rejected invalid-stops"],
    ["to another kind of order", { terms: pending("stop", 110_100) }, "rejected invalid-terms"],
    [
      "to a time that is over",
      { terms: pending("limit", 109_950, { timeInForce: "until", untilMicros: NOON }) },
      "rejected invalid-expiration",
    ],
    ["that nobody knows", { orderIntentId: "paper-9" }, "rejected too-late"],
    ["when it is too late to be sent", { expiresAtMicros: NOON }, "rejected expired"],
  ] as const) {
    test(`${what}: ${expected}`, () => {
      expect(modified(fields).fates).toEqual([`change ${expected}`]);
    });
  }

  test("moves where it fills and what its position is watched for", () => {
    const desk = modified({ terms: pending("limit", 109_950), stopPricePoints: 109_940 });
    desk.quote(NOON + 3 * SECOND, 109_945, 109_950);
    desk.quote(NOON + 4 * SECOND, 109_940, 109_945);
    expect(desk.told.slice(1)).toEqual([
      ["filled", 109_950, "signal"],
      ["filled", 109_940, "stop"],
    ]);
  });

  test("moves its end", () => {
    const untilMicros = NOON + 60 * SECOND;
    const desk = modified({ terms: pending("limit", 109_900, { timeInForce: "until", untilMicros }) });
    expect(desk.broker.nextDueMicros).toBe(untilMicros);
  });

  test("refused changes nothing", () => {
    const desk = modified({ terms: pending("limit", 109_950), stopPricePoints: 109_950 });
    desk.quote(NOON + 3 * SECOND, 109_901, 109_902);
    expect(desk.fates).toEqual(["change rejected invalid-stops"]);
  });

  test("that has filled is too late", () => {
    const desk = placed(pending("limit", 109_900));
    desk.quote(NOON + SECOND, 109_890, 109_900);
    desk.order(NOON + SECOND, { intentId: "c", purpose: "modify", orderIntentId: "paper-1" });
    desk.beat(NOON + 2 * SECOND);
    expect(desk.fates.at(-1)).toBe("c rejected too-late");
  });
});

function modifiedPosition(levels: Partial<OrderIntent>): Desk {
  const desk = opened({ stopPricePoints: 109_800, targetPricePoints: 110_400 });
  desk.order(NOON + SECOND, { intentId: "c", purpose: "modify", positionId: "paper-P1", ...levels });
  desk.beat(NOON + 2 * SECOND);
  return desk;
}

describe("changing a position", () => {
  for (const [what, levels, expected] of [
    ["a nearer stop, no target", { stopPricePoints: 109_990 }, "done signal"],
    ["neither", {}, "done signal"],
    ["what it has", { stopPricePoints: 109_800, targetPricePoints: 110_400 }, "done signal"],
    ["a stop at the bid", { stopPricePoints: 110_000 }, "rejected invalid-stops"],
    ["a target below it", { targetPricePoints: 109_999 }, "rejected invalid-stops"],
    ["of a position that is not", { positionId: "paper-P9" }, "rejected no-position"],
  ] as const) {
    test(`${what}: ${expected}`, () => expect(modifiedPosition(levels).fates).toEqual([`c ${expected}`]));
  }

  test("moves what it is watched for", () => {
    const desk = modifiedPosition({ stopPricePoints: 109_990 });
    desk.quote(NOON + 3 * SECOND, 110_500, 110_510);
    desk.quote(NOON + 4 * SECOND, 109_990, 110_000);
    expect(desk.told.slice(1)).toEqual([["filled", 109_990, "stop"]]);
  });
});

describe("cancelling", () => {
  const cancel = { intentId: "c", purpose: "cancel", orderIntentId: "paper-1", reason: "oco" } as const;

  test("ends what waits", () => {
    const desk = placed(pending("limit", 109_900));
    desk.order(NOON + SECOND, cancel);
    desk.beat(NOON + 2 * SECOND);
    desk.quote(NOON + 3 * SECOND, 109_800, 109_810);
    expect(desk.fates).toEqual(["paper-1 acknowledged signal", "paper-1 cancelled oco", "c done oco"]);
  });

  test("ends the rest of what has filled in part", () => {
    const desk = placed(pending("limit", 109_900), {}, { volumePerQuoteMicros: 400_000 });
    desk.quote(NOON + SECOND, 109_890, 109_900);
    desk.order(NOON + SECOND, cancel);
    desk.beat(NOON + 2 * SECOND);
    expect(desk.reports.slice(-2).map(({ status, volumeMicros }) => [status, volumeMicros])).toEqual([
      ["cancelled", 600_000],
      ["done", 1_000_000],
    ]);
  });

  test("ends what has not arrived, or was never sent", () => {
    const underWay = new Desk();
    underWay.quote(NOON, 110_000, 110_010);
    underWay.order(NOON + 40 * MICROS_PER_MILLISECOND, { terms: pending("limit", 109_900) });
    underWay.order(NOON, cancel);
    underWay.beat(NOON + 50 * MICROS_PER_MILLISECOND);
    underWay.beat(NOON + SECOND);
    expect(underWay.fates).toEqual(["paper-1 cancelled oco", "c done oco"]);
    const unsent = new Desk();
    unsent.feed(orderIntent(NOON, { terms: pending("limit", 109_900) }));
    unsent.order(NOON, cancel);
    unsent.beat(NOON + SECOND);
    unsent.send(NOON + SECOND, "paper-1");
    unsent.beat(NOON + 2 * SECOND);
    expect(unsent.fates).toEqual(["paper-1 cancelled oco", "c done oco"]);
  });

  test("that arrives by the time of a quote comes before it, later is too late", () => {
    for (const [lateMicros, expected] of [
      [0, ["paper-1 cancelled oco", "c done oco"]],
      [1, ["paper-1 filled signal", "c rejected too-late"]],
    ] as const) {
      const desk = placed(pending("limit", 109_900));
      desk.order(NOON + SECOND + lateMicros, cancel);
      desk.quote(NOON + SECOND + 50 * MICROS_PER_MILLISECOND, 109_890, 109_900);
      desk.beat(NOON + 2 * SECOND);
      expect(desk.fates.slice(1)).toEqual([...expected]);
    }
  });
});

/** Two lots bought at 110010 and one sold at 110100, both open. */
function hedged(settings: Partial<PaperBrokerSettings> = {}): Desk {
  const desk = opened({ volumeMicros: 2_000_000 }, settings);
  desk.order(NOON + SECOND, { intentId: "paper-2", side: "SELL" });
  desk.quote(NOON + 2 * SECOND, 110_100, 110_110);
  desk.reports.length = 0;
  return desk;
}

describe("closing", () => {
  const closeBy = {
    intentId: "by",
    purpose: "exit",
    side: "SELL",
    positionId: "paper-P1",
    byPositionId: "paper-P2",
  } as const;

  test("a part leaves the rest watched", () => {
    const desk = opened({ stopPricePoints: 109_800 });
    desk.order(NOON + SECOND, {
      intentId: "part",
      purpose: "exit",
      side: "SELL",
      positionId: "paper-P1",
      volumeMicros: 300_000,
    });
    desk.quote(NOON + 2 * SECOND, 110_000, 110_010);
    desk.quote(NOON + 3 * SECOND, 109_800, 109_810);
    expect(desk.reports.map(({ status, volumeMicros }) => [status, volumeMicros])).toEqual([
      ["acknowledged", 300_000],
      ["filled", 300_000],
      ["filled", 700_000],
    ]);
  });

  test("by the opposite: the equal part of both, at the price that one was opened at, for nothing", () => {
    const desk = hedged();
    const before = desk.broker.view().balanceMicros;
    desk.order(NOON + 2 * SECOND, closeBy);
    desk.beat(NOON + 3 * SECOND);
    expect(
      desk.reports.map((each) => [
        each.status,
        each.positionId,
        each.side,
        each.volumeMicros,
        each.pricePoints,
        each.commissionMicros,
      ]),
    ).toEqual([
      ["partially-filled", "paper-P2", "BUY", 1_000_000, 110_100, 0],
      ["filled", "paper-P1", "SELL", 1_000_000, 110_100, 0],
    ]);
    // 90 points of a lot.
    expect(desk.broker.view()).toMatchObject({ balanceMicros: before + 90_000_000, positions: 1, orders: 0 });
  });

  test("with commission where the settings say so", () => {
    const desk = hedged({ closeByCommission: true });
    desk.order(NOON + 2 * SECOND, closeBy);
    desk.beat(NOON + 3 * SECOND);
    expect(desk.reports.map(({ commissionMicros }) => commissionMicros)).toEqual([3_500_000, 3_500_000]);
  });

  test("by the opposite: more than it holds ends with the rest cancelled", () => {
    const desk = hedged();
    desk.order(NOON + 2 * SECOND, { ...closeBy, volumeMicros: 2_000_000 });
    desk.beat(NOON + 3 * SECOND);
    expect(desk.fates).toEqual([
      "by partially-filled signal",
      "by partially-filled signal",
      "by cancelled position-closed",
    ]);
    expect(desk.reports.at(-1)).toMatchObject({ volumeMicros: 1_000_000 });
  });

  for (const [what, fields, reason] of [
    ["by itself", { byPositionId: "paper-P1" }, "invalid-close-by"],
    ["by one that is not", { byPositionId: "paper-P9" }, "no-position"],
    ["on its own side", { side: "BUY" }, "no-position"],
  ] as const) {
    test(`${what} is refused`, () => {
      const desk = hedged();
      desk.order(NOON + 2 * SECOND, { ...closeBy, ...fields });
      desk.beat(NOON + 3 * SECOND);
      expect(desk.fates).toEqual([`by rejected ${reason}`]);
    });
  }
});
