// What ordinary traders do is no abuse: under the default settings straddles, brackets, ladders, hedges and breakouts are let through.

import { describe, expect, test } from "bun:test";
import { MICROS_PER_SECOND } from "../../base/clock.ts";
import type { PendingTerms } from "../../domain/order.ts";
import type { TradeCommand } from "../../domain/records.ts";
import { execution, LIMIT, NOON, reportOf, TestEngine, tick, waitingTrade } from "../account.fixture.ts";

type Trade = Partial<TradeCommand>;

function terms(type: PendingTerms["type"], pricePoints: number): PendingTerms {
  return { ...LIMIT, type, pricePoints };
}

/** Hedges, and has room for many. */
function desk(): TestEngine {
  const settings = { positionMode: "hedging", positionsMax: 20, marginUseFraction: 1 } as const;
  const engine = new TestEngine({ broker: "none", settings });
  engine.feed(tick({ timeMicros: NOON }));
  return engine;
}

/** Gives an order a second after the one before it; one at the market fills. */
function give(engine: TestEngine, trade: Trade): void {
  const timeMicros = (engine.records.at(-1)?.timeMicros ?? NOON) + MICROS_PER_SECOND;
  engine.feed(tick({ timeMicros }));
  const { terms: _limit, ...market } = waitingTrade({ volumeMicros: 100_000 });
  engine.command({ ...market, ...trade }, timeMicros);
  const intent = engine.intents.at(-1)!;
  const report = trade.terms === undefined ? execution(intent) : reportOf(intent, "acknowledged");
  engine.feed({ ...report, timeMicros });
}

const FLOWS: readonly (readonly [string, readonly Trade[]])[] = [
  [
    "a straddle of stops",
    [
      { side: "BUY", terms: terms("stop", 110_100), group: "g" },
      { side: "SELL", terms: terms("stop", 109_900), group: "g" },
    ],
  ],
  [
    "a range of limits",
    [
      { side: "BUY", terms: terms("limit", 109_900), group: "g" },
      { side: "SELL", terms: terms("limit", 110_100), group: "g" },
    ],
  ],
  ["scaling in at the market", [{}, {}, {}, {}, {}]],
  ["a hedge, and a hedge of it", [{}, { side: "SELL" }, {}, { side: "SELL" }]],
  [
    "a ladder of breakouts",
    [40, 60, 80, 100, 120, 140, 160].map((above) => ({ terms: terms("stop", 110_010 + above) })),
  ],
  [
    "a ladder of bargains, then one against it",
    [
      ...[40, 60, 80].map((below) => ({ terms: terms("limit", 110_010 - below) })),
      { side: "SELL", terms: terms("limit", 110_200) },
      { side: "SELL" },
    ],
  ],
];

describe("nobody objects to", () => {
  for (const [what, trades] of FLOWS) {
    test(what, () => {
      const engine = desk();
      for (const trade of trades) give(engine, trade);
      expect(engine.refusals.map(({ code, message }) => [code, message])).toEqual([]);
      expect(engine.intents.length).toBeGreaterThanOrEqual(trades.length);
    });
  }

  test("breakouts that fill at their prices, far from where the market was when they were given", () => {
    const engine = desk();
    for (let index = 0; index < 6; index++) {
      give(engine, { terms: terms("stop", 110_200) });
      const entry = engine.intents.at(-1)!;
      engine.feed(execution(entry, { pricePoints: 110_201 }));
      const dealId = `target-${index}`;
      engine.feed(execution(entry, { side: "SELL", pricePoints: 110_300, dealId, reason: "target" }));
    }
    expect(engine.refusals).toEqual([]);
  });
});
