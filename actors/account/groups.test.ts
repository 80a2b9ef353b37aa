// Orders of which one cancels the others: what a fill does to the rest of its group, and what two fills at once come to.

import { describe, expect, test } from "bun:test";
import { MICROS_PER_SECOND } from "../base/clock.ts";
import type { OrderIntent } from "../domain/order.ts";
import { execution, LIMIT, NOON, reportOf, TestEngine, tick, waitingTrade } from "./account.fixture.ts";

type Options = ConstructorParameters<typeof TestEngine>[0];

const SECOND = MICROS_PER_SECOND;
const STOP = { ...LIMIT, type: "stop", pricePoints: 110_100 } as const;

/** A BUY limit below the market and, unless `second` says otherwise, a BUY stop above it: one cancels the other. */
function pair(
  second: Parameters<typeof waitingTrade>[0] = { terms: STOP },
  options: Options = {},
): { engine: TestEngine; low: OrderIntent; high: OrderIntent } {
  const engine = new TestEngine({ broker: "none", ...options });
  engine.feed(tick({ timeMicros: NOON }));
  engine.command(waitingTrade({ group: "g" }));
  engine.command(waitingTrade({ group: "g", ...second }));
  const [low, high] = engine.intents as [OrderIntent, OrderIntent];
  engine.feed(reportOf(low, "acknowledged"), reportOf(high, "acknowledged"));
  return { engine, low, high };
}

const OPPOSITE = { side: "SELL", terms: { ...STOP, pricePoints: 109_800 } } as const;

describe("a group", () => {
  test("may wait on one instrument together; another order may not join them", () => {
    const { engine, high } = pair();
    expect(high).toMatchObject({ group: "g", terms: STOP });
    engine.command(waitingTrade({ group: "another" }));
    expect(engine.refusals.map(({ code }) => code)).toEqual(["duplicate-intent"]);
  });

  for (const [what, volumeMicros, status] of [
    ["whole", 1_000_000, "filled"],
    ["part", 100_000, "partially-filled"],
  ] as const) {
    test(`is cancelled with the first fill of a ${what}, caused by it`, () => {
      const { engine, low, high } = pair();
      engine.feed(execution(low, { status, volumeMicros, pricePoints: 109_900 }));
      const cancel = engine.intents[2]!;
      expect(cancel).toMatchObject({
        purpose: "cancel",
        orderIntentId: high.intentId,
        reason: "group",
        causeSeq: engine.executions.at(-1)!.seq,
      });
      engine.feed(reportOf(cancel, "done"), reportOf(high, "cancelled"));
      expect(engine.account.view().followUps).toEqual([]);
      engine.command(waitingTrade({ group: "g" }));
      expect(engine.refusals.at(-1)?.code).toBe("group-over");
    });
  }

  test("whose cancellation is refused or unanswered is cancelled again, ever more slowly, for as long as it lives, and people are told once", () => {
    const { engine, low, high } = pair();
    engine.feed(execution(low, { pricePoints: 109_900 }));
    engine.feed(reportOf(engine.intents[2]!, "rejected"));
    engine.passTo(NOON + SECOND);
    expect(engine.intents[3]).toMatchObject({ purpose: "cancel" });
    // Sent, and nobody answers: lost after 15 s, and asked for again.
    const cancels = (): number => engine.intents.filter(({ purpose }) => purpose === "cancel").length;
    engine.passTo(NOON + 3_600 * SECOND);
    const before = cancels();
    expect(before).toBeGreaterThan(8);
    expect(engine.account.view()).toMatchObject({
      followUps: [{ kind: "cancel-order" }],
      anomalies: { "follow-up-failed": 1 },
    });
    engine.passTo(NOON + 7_200 * SECOND);
    // Once a minute, and 15 s until silence counts as a failure.
    expect(cancels() - before).toBeLessThanOrEqual(3_600 / 60);
    engine.feed(reportOf(high, "cancelled"));
    expect(engine.account.view().followUps).toEqual([]);
  });

  test("of which two have filled closes what the second one opened", () => {
    const { engine, low, high } = pair(OPPOSITE);
    engine.feed(execution(low, { pricePoints: 109_900 }), execution(high, { pricePoints: 109_800 }));
    expect(engine.intents.at(-1)).toMatchObject({
      purpose: "exit",
      positionId: `position-of-${high.intentId}`,
      side: "BUY",
      volumeMicros: 1_000_000,
      reason: "group",
    });
    expect(engine.account.view().anomalies["group-filled-twice"]).toBe(1);
  });

  test("of which two have filled into one position closes what is too much", () => {
    const { engine, low, high } = pair();
    engine.feed(execution(low, { pricePoints: 109_900, positionId: "p" }));
    engine.feed(execution(high, { pricePoints: 110_100, positionId: "p" }));
    const exit = engine.intents.at(-1)!;
    expect(exit).toMatchObject({ purpose: "exit", positionId: "p", volumeMicros: 1_000_000 });
    engine.feed(execution(exit, { pricePoints: 110_000 }));
    expect(engine.account.view()).toMatchObject({
      positions: [{ positionId: "p", side: "BUY", volumeMicros: 1_000_000, exitReason: "" }],
      followUps: [],
    });
  });

  test("of which the second has brought its stop along gets that of the first again where it is nearer", () => {
    for (const [stopPoints, moves] of [
      [600, 1],
      [150, 0],
    ] as const) {
      const { engine, low, high } = pair({ terms: STOP, stopPoints, volumeMicros: 300_000 });
      engine.feed(execution(low, { pricePoints: 109_900, positionId: "p" }));
      engine.feed(execution(high, { pricePoints: 110_100, positionId: "p" }));
      expect(engine.account.view().positions[0]?.stopPricePoints).toBe(110_100 - stopPoints);
      const changes = engine.intents.filter(({ purpose }) => purpose === "modify");
      expect(changes.map(({ stopPricePoints }) => stopPricePoints)).toEqual([109_700].slice(0, moves));
    }
  });

  test("of which the second filled in parts closes each of them, and what is left of one that was closed in part", () => {
    const { engine, low, high } = pair();
    engine.feed(execution(low, { pricePoints: 109_900, positionId: "p" }));
    for (const [dealId, volumeMicros] of [
      ["first", 600_000],
      ["second", 400_000],
    ] as const) {
      const status = "partially-filled";
      engine.feed(execution(high, { pricePoints: 110_100, positionId: "p", dealId, volumeMicros, status }));
    }
    const exit = engine.intents.at(-1)!;
    expect(exit).toMatchObject({ purpose: "exit", volumeMicros: 600_000 });
    engine.feed(execution(exit, { status: "partially-filled", volumeMicros: 500_000, dealId: "third" }));
    engine.feed(reportOf(exit, "cancelled"));
    for (let second = 1; second <= 20; second++) {
      engine.passTo(NOON + second * SECOND);
      const last = engine.intents.at(-1)!;
      const isLive = engine.account.view().liveOrders.some(({ intentId }) => intentId === last.intentId);
      if (last.purpose === "exit" && isLive) engine.feed(execution(last));
    }
    expect(engine.account.view()).toMatchObject({
      positions: [{ positionId: "p", side: "BUY", volumeMicros: 1_000_000, exitReason: "" }],
      followUps: [],
    });
  });

  test("of which the second turned the position of the first round closes all that is left", () => {
    const { engine, low, high } = pair({ ...OPPOSITE, volumeMicros: 1_500_000 });
    engine.feed(execution(low, { pricePoints: 109_900, positionId: "p" }));
    engine.feed(execution(high, { pricePoints: 109_800, positionId: "p" }));
    expect(engine.intents.at(-1)).toMatchObject({
      purpose: "exit",
      positionId: "p",
      side: "BUY",
      volumeMicros: 500_000,
    });
  });

  test("stands as it is when one of it is cancelled or refused without a fill", () => {
    const { engine, low } = pair();
    engine.feed(reportOf(low, "cancelled"));
    expect(engine.intents).toHaveLength(2);
    expect(engine.account.view().liveOrders).toHaveLength(1);
  });

  test("remembers after a restart that it is over", () => {
    const { engine, low, high } = pair();
    engine.feed(execution(low, { pricePoints: 109_900 }));
    const restarted = new TestEngine({ broker: "none" });
    restarted.load(engine.save(), engine.records.length);
    restarted.feed(execution(high, { pricePoints: 110_100 }));
    expect(restarted.intents).toMatchObject([{ purpose: "exit", reason: "group" }]);
  });
});
