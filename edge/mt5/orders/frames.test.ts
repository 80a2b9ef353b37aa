// What is said to a terminal for each kind of intent, and what is never said.

import { describe, expect, test } from "bun:test";
import { SeededRandom } from "../../../actors/base/random.ts";
import type { Instrument } from "../../../actors/domain/instrument.ts";
import { magicOfIntent, nameIntent } from "../../../actors/domain/intent-name.ts";
import type { OrderIntent, PendingTerms } from "../../../actors/domain/order.ts";
import { serverFrame } from "../protocol/from-server.ts";
import { decimalOf, lotsOf, microsOf, pointsOf, priceOf, unitsOf } from "./decimals.ts";
import { type FrameFacts, frameOf } from "./frames.ts";

const NOW_MS = 1_700_000_000_000;
const INTENT_ID = nameIntent("main", 12, 77);

const INSTRUMENT: Instrument = {
  id: 3,
  symbol: "XAUUSD",
  baseCurrency: "XAU",
  quoteCurrency: "USD",
  digits: 3,
  contractSize: 100,
  volumeStepMicros: 10_000,
  volumeMinMicros: 10_000,
  volumeMaxMicros: 100_000_000,
  spreadMaxPoints: 6_000,
  sessions: [],
};

function intentOf(changes: Partial<OrderIntent> = {}): OrderIntent {
  return {
    kind: "intent",
    seq: 9,
    timeMicros: NOW_MS * 1_000,
    accountId: "main",
    intentId: INTENT_ID,
    instrumentId: 3,
    purpose: "entry",
    side: "BUY",
    volumeMicros: 120_000,
    causeSeq: 8,
    bidPoints: 2_000_100,
    askPoints: 2_000_500,
    stopPricePoints: 1_990_005,
    targetPricePoints: null,
    positionId: null,
    expiresAtMicros: (NOW_MS + 5_000) * 1_000,
    epoch: 4,
    checks: [],
    reason: "test",
    ...changes,
  };
}

const FACTS: FrameFacts = {
  nowMs: NOW_MS,
  account: { quoteAgeMaxMicros: 5_000_000, priceDeviationFraction: 0.001 },
  instrument: INSTRUMENT,
  symbol: { name: "GOLD.m", digits: 2 },
  offsetMs: 7_200_000,
  positionTicket: (id) => (id === "500" ? "501" : undefined),
  orderTicket: (id) => (id === "main-t25-000000003" ? "700" : undefined),
};

const HEAD = {
  intentId: INTENT_ID,
  magic: magicOfIntent(INTENT_ID) ?? "",
  epoch: 4,
  commandSeq: 12,
  expiresAtMs: NOW_MS + 5_000,
};

const STOP_LIMIT: PendingTerms = {
  type: "stop-limit",
  pricePoints: 2_010_000,
  limitPricePoints: 2_009_000,
  timeInForce: "until",
  untilMicros: (NOW_MS + 60_000) * 1_000,
};

const PLAIN_ORDER = {
  t: "order",
  ...HEAD,
  symbol: "GOLD.m",
  side: "buy",
  volume: "0.12",
  type: "market",
  price: null,
  stopLimitPrice: null,
  sl: "1990.01",
  tp: null,
  deviationPoints: 200,
  quoteAgeMsMax: 5_000,
  spreadPointsMax: 600,
  timeInForce: "gtc",
  untilBrokerMs: null,
} as const;

const CASES: readonly { what: string; intent: Partial<OrderIntent>; frame: object }[] = [
  { what: "a market order in the broker's spelling and decimals", intent: {}, frame: PLAIN_ORDER },
  {
    what: "a pending order, which today's quote does not matter to, until a time of the broker's",
    intent: { side: "SELL", terms: STOP_LIMIT, targetPricePoints: 1_900_000 },
    frame: {
      ...PLAIN_ORDER,
      side: "sell",
      type: "stop-limit",
      price: "2010.00",
      stopLimitPrice: "2009.00",
      tp: "1900.00",
      quoteAgeMsMax: null,
      spreadPointsMax: null,
      timeInForce: "until",
      untilBrokerMs: NOW_MS + 60_000 + 7_200_000,
    },
  },
  {
    what: "a close by ticket, at any age of the quote",
    intent: { purpose: "exit", positionId: "500" },
    frame: {
      t: "close",
      ...HEAD,
      position: "501",
      volume: "0.12",
      deviationPoints: 1_000,
      quoteAgeMsMax: null,
    },
  },
  {
    what: "a close by the opposite position",
    intent: { purpose: "exit", positionId: "500", byPositionId: "500" },
    frame: { t: "close-by", ...HEAD, position: "501", by: "501" },
  },
  {
    what: "levels of a position",
    intent: { purpose: "modify", positionId: "500", targetPricePoints: 2_100_000 },
    frame: {
      t: "modify",
      ...HEAD,
      target: "position",
      ticket: "501",
      price: null,
      stopLimitPrice: null,
      sl: "1990.01",
      tp: "2100.00",
    },
  },
  {
    what: "terms of a pending order",
    intent: { purpose: "modify", orderIntentId: "main-t25-000000003", terms: STOP_LIMIT },
    frame: {
      t: "modify",
      ...HEAD,
      target: "order",
      ticket: "700",
      price: "2010.00",
      stopLimitPrice: "2009.00",
      sl: "1990.01",
      tp: null,
    },
  },
  {
    what: "a cancel",
    intent: { purpose: "cancel", orderIntentId: "main-t25-000000003" },
    frame: { t: "cancel", ...HEAD, order: "700" },
  },
];

describe("an intent becomes", () => {
  for (const { what, intent, frame } of CASES) {
    test(what, () => {
      const made = frameOf(intentOf(intent), FACTS);
      expect(made).toEqual({ ok: true, value: frame as never });
      expect(serverFrame.safeParse({ ...frame, n: 1 }).success).toBe(true);
    });
  }
});

const REFUSED: readonly [code: string, intent: Partial<OrderIntent>, facts: Partial<FrameFacts>][] = [
  ["no-magic-number", { intentId: "main-000000012" }, {}],
  ["expired", { expiresAtMicros: NOW_MS * 1_000 }, {}],
  ["unknown-symbol", {}, { symbol: undefined }],
  ["no-such-position", { purpose: "exit", positionId: "9" }, {}],
  ["no-such-position", { purpose: "exit", positionId: "500", byPositionId: "9" }, {}],
  ["no-such-position", { purpose: "modify", positionId: null }, {}],
  ["no-such-order", { purpose: "cancel", orderIntentId: "main-t25-000000009" }, {}],
  ["no-such-order", { purpose: "modify", orderIntentId: "main-t25-000000009" }, {}],
];

test("what cannot be said is refused by name, and never leaves", () => {
  for (const [code, intent, facts] of REFUSED)
    expect(frameOf(intentOf(intent), { ...FACTS, ...facts })).toMatchObject({ ok: false, code });
});

describe("decimals", () => {
  test("are read and written digit by digit", () => {
    const reads: [string, number, number][] = [
      ["1.10020", 5, 110_020],
      ["1.1", 5, 110_000],
      ["-0.005", 2, -1],
      ["0.0049", 2, 0],
      ["-0.004", 2, 0],
      ["2000", 0, 2_000],
      ["9007199254.740993", 6, Number.NaN],
    ];
    for (const [text, digits, units] of reads) expect(unitsOf(text, digits)).toBe(units);
    expect(decimalOf(-5, 3)).toBe("-0.005");
    expect(priceOf(2_000_505, { from: 3, to: 2 })).toBe("2000.51");
    expect(priceOf(200_051, { from: 2, to: 3 })).toBe("2000.510");
    expect(microsOf("-3.50")).toBe(-3_500_000);
    expect([10_000_000, 100_000, 10].map(lotsOf)).toEqual(["10", "0.1", "0.00001"]);
    expect(pointsOf("2000.50", undefined)).toBe(200_050);
    expect(pointsOf("2000.5", { digits: 3 })).toBe(2_000_500);
  });

  test("come back as they went, whatever they are", () => {
    const seed = 31;
    const random = new SeededRandom(seed);
    for (let round = 0; round < 10_000; round++) {
      const digits = Math.floor(random.next() * 9);
      const units = Math.floor((random.next() - 0.5) * 2 ** 50);
      if (unitsOf(decimalOf(units, digits), digits) !== units)
        throw new Error(`seed ${seed}, round ${round}`);
    }
  });
});
