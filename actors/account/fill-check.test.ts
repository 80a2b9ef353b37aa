// What every fill is held against, and what people see of it.

import { describe, expect, test } from "bun:test";
import { LoadArchive, SaveArchive } from "../base/archive.ts";
import { execution, NOON, reportOf, signal, TestEngine, tick, waitingTrade } from "./account.fixture.ts";
import { FillLog } from "./fill-check.ts";
import { FILLS_KEPT_MAX } from "./limits.ts";

function quoted(): TestEngine {
  const engine = new TestEngine({ broker: "none" });
  engine.feed(tick({ timeMicros: NOON }));
  return engine;
}

describe("a fill", () => {
  test("is held against the quote it was decided on; how long it took is known", () => {
    const engine = quoted();
    engine.feed(signal({ timeMicros: NOON }));
    engine.feed(execution(engine.intents[0]!, { pricePoints: 110_013, timeMicros: NOON + 40_000 }));
    expect(engine.account.view()).toMatchObject({
      recentFills: [
        {
          by: "entry",
          expectedPoints: 110_010,
          slippagePoints: 3,
          // Three points of 2.5 lots.
          slippageMicros: 7_500_000,
          sendingMicros: 0,
          fillingMicros: 40_000,
        },
      ],
      fillSummaries: [{ instrumentId: 0, fills: 1, averageSlippagePoints: 3, worstSlippagePoints: 3 }],
      costs: { slippageMicros: 7_500_000 },
    });
  });

  test("of a stop order is held against its trigger, of a position's own stop against that", () => {
    const engine = quoted();
    const terms = { ...waitingTrade().terms!, type: "stop", pricePoints: 110_100 } as const;
    engine.command(waitingTrade({ terms }));
    const entry = engine.intents[0]!;
    engine.feed(reportOf(entry, "acknowledged"));
    engine.feed(execution(entry, { pricePoints: 110_104 }));
    engine.feed(execution(entry, { dealId: "stop", side: "SELL", pricePoints: 109_898, reason: "stop" }));
    expect(engine.account.view()).toMatchObject({
      recentFills: [
        { expectedPoints: 110_100, slippagePoints: 4 },
        { by: "broker", expectedPoints: 109_900, slippagePoints: 2 },
      ],
      fillSummaries: [{ fills: 2, averageSlippagePoints: 3, worstSlippagePoints: 4 }],
      anomalies: { "bad-fill-terms": 0 },
    });
  });

  for (const [what, fields, odd] of [
    ["at its limit", { pricePoints: 109_900 }, 0],
    ["better than its limit", { pricePoints: 109_890 }, 0],
    ["worse than its limit", { pricePoints: 109_901 }, 1],
    ["on another instrument", { pricePoints: 109_900, instrumentId: 3 }, 1],
  ] as const) {
    test(`of a limit order ${what}: ${odd} anomalies, and booked all the same`, () => {
      const engine = quoted();
      engine.command(waitingTrade());
      engine.feed(execution(engine.intents[0]!, fields));
      const view = engine.account.view();
      expect([view.anomalies["bad-fill-terms"], view.positions.length]).toEqual([odd, 1]);
    });
  }

  test("is kept among the newest, and counted with all", () => {
    const log = new FillLog(1);
    const engine = quoted();
    engine.feed(signal({ timeMicros: NOON }));
    for (let index = 0; index <= FILLS_KEPT_MAX; index++) {
      const deal = execution(engine.intents[0]!, { dealId: String(index), pricePoints: 100 + index });
      log.take(deal, undefined, { expectedPoints: 100, slippageMicros: 1 });
    }
    const saved = new SaveArchive();
    log.persist(saved);
    const restored = new FillLog(1);
    restored.persist(new LoadArchive(saved.finish()));
    expect(restored.recent()).toEqual(log.recent());
    expect(restored.recent().map(({ dealId }) => dealId)[0]).toBe("1");
    expect(restored.summaries()).toEqual([
      {
        instrumentId: 0,
        fills: FILLS_KEPT_MAX + 1,
        averageSlippagePoints: FILLS_KEPT_MAX / 2,
        worstSlippagePoints: FILLS_KEPT_MAX,
        slippageMicros: FILLS_KEPT_MAX + 1,
      },
    ]);
  });
});
