// Stops that follow the price, and parts that are closed on the way to the target.

import { describe, expect, test } from "bun:test";
import { MICROS_PER_SECOND } from "../base/clock.ts";
import type { OrderIntent } from "../domain/order.ts";
import { execution, NOON, reportOf, signal, TestEngine, tick } from "./account.fixture.ts";
import type { ExitSettings } from "./exit-settings.ts";
import type { AccountSettings } from "./settings.ts";

/** A position of 2.5 lots, opened at 110,010 (SELL: 110,000), stop 200 points away, target 400. */
class Held {
  readonly engine: TestEngine;
  #nowMicros = NOON;

  constructor(
    exits: ExitSettings,
    options: { side?: "BUY" | "SELL"; settings?: Partial<AccountSettings> } = {},
  ) {
    this.engine = new TestEngine({ broker: "none", settings: { exits, ...options.settings } });
    const confirmations = {
      technical: null,
      vote: 0.7,
      meta: null,
      validated: 0.7,
      calibrated: 0.7,
      movePoints: 60,
      costPoints: 10,
    };
    this.engine.feed(
      tick({ timeMicros: NOON }),
      signal({ timeMicros: NOON, action: options.side ?? "BUY", confirmations }),
    );
    this.engine.feed(execution(this.engine.intents[0]!));
  }

  /** A quote ten points wide, a second later. */
  quote(bidPoints: number): void {
    this.#nowMicros += MICROS_PER_SECOND;
    const bid = bidPoints / 100_000;
    this.engine.feed(tick({ timeMicros: this.#nowMicros, bid, ask: bid + 0.0001 }));
  }

  get last(): OrderIntent {
    return this.engine.intents.at(-1)!;
  }

  done(): void {
    this.engine.feed(reportOf(this.last, "done", this.#nowMicros));
  }

  get stop(): number | null | undefined {
    return this.engine.account.view().positions[0]?.stopPricePoints;
  }
}

describe("a stop that follows the price", () => {
  test("never goes back behind one that a person has set meanwhile, nor takes his target away", () => {
    const held = new Held({ trailing: { distancePoints: 150, stepFraction: 0.2 } });
    const [position] = held.engine.account.view().positions;
    const by = { accountId: "paper", by: "x", positionId: position!.positionId } as const;
    const set = (stopPricePoints: number, targetPricePoints: number): void => {
      const command = { ...by, command: "modify-position", stopPricePoints, targetPricePoints } as const;
      held.engine.command(command);
      held.done();
    };
    held.quote(110_100);
    expect(held.last).toMatchObject({ purpose: "modify", stopPricePoints: 109_950 });
    held.engine.feed(reportOf(held.last, "rejected"));
    set(109_900, 110_500);
    held.engine.passTo(NOON + 3 * MICROS_PER_SECOND);
    expect(held.last).toMatchObject({ stopPricePoints: 109_950, targetPricePoints: 110_500 });
    held.engine.feed(reportOf(held.last, "rejected"));
    set(110_000, 110_500);
    held.engine.passTo(NOON + 60 * MICROS_PER_SECOND);
    expect([held.stop, held.engine.intents.length]).toEqual([110_000, 5]);
    expect(held.engine.account.view().followUps).toEqual([]);
  });

  test("moves by a step at least, nearer only, and keeps the target", () => {
    const held = new Held({ trailing: { distancePoints: 150, stepFraction: 0.2 } });
    // 109,810 is 29 points below 109,839, and a step is 30.
    held.quote(109_989);
    expect(held.engine.intents).toHaveLength(1);
    held.quote(109_990);
    expect(held.last).toMatchObject({
      purpose: "modify",
      positionId: "position-of-paper-000000001",
      stopPricePoints: 109_840,
      targetPricePoints: 110_410,
      reason: "trailing-stop",
      causeSeq: held.engine.records.findLast(({ kind }) => kind === "tick")!.seq,
    });
    held.quote(110_100);
    expect(held.engine.intents).toHaveLength(2);
    held.done();
    expect(held.stop).toBe(109_840);
    held.quote(110_101);
    expect(held.last).toMatchObject({ stopPricePoints: 109_951 });
    held.done();
    held.quote(109_960);
    expect(held.engine.intents).toHaveLength(3);
  });

  test("follows the ask of a SELL, downwards", () => {
    const held = new Held({ trailing: { distancePoints: 100, stepFraction: 0.1 } }, { side: "SELL" });
    held.quote(109_900);
    expect(held.last).toMatchObject({ purpose: "modify", side: "SELL", stopPricePoints: 110_010 });
  });

  test("is measured in moves that the signal foretold", () => {
    const held = new Held({ trailing: { moveMultiple: 2.5, stepFraction: 0.1 } });
    held.quote(110_000);
    expect(held.last).toMatchObject({ purpose: "modify", stopPricePoints: 109_850 });
  });

  test("that is refused is moved again, and given up for the one that stands", () => {
    const held = new Held({ trailing: { distancePoints: 150, stepFraction: 0.2 } });
    held.quote(110_000);
    for (let attempt = 0; attempt < 3; attempt++) {
      held.engine.feed(reportOf(held.last, "rejected", NOON + (attempt * 10 + 1) * MICROS_PER_SECOND));
      held.engine.passTo(NOON + (attempt + 1) * 10 * MICROS_PER_SECOND);
    }
    expect(held.engine.intents.filter(({ purpose }) => purpose === "modify")).toHaveLength(3);
    expect(held.engine.account.view()).toMatchObject({
      positions: [{ stopPricePoints: 109_810, exitReason: "" }],
      followUps: [],
      anomalies: { "follow-up-failed": 1 },
    });
  });

  test("leaves the last message of a minute to entries and exits", () => {
    const risk = { tenant: {}, account: { messagesPerMinuteMax: 3 }, symbols: {} };
    const held = new Held({ trailing: { distancePoints: 100, stepFraction: 0.1 } }, { settings: { risk } });
    for (const bid of [110_000, 110_100, 110_200]) {
      held.quote(bid);
      if (held.last.purpose === "modify") held.done();
    }
    expect(held.engine.intents.map(({ purpose }) => purpose)).toEqual(["entry", "modify"]);
  });
});

describe("a part of the volume", () => {
  const PARTIAL: ExitSettings = { partial: { atTargetFraction: 0.5, volumeFraction: 0.4 } };

  test("is closed on the way to the target, once", () => {
    const held = new Held(PARTIAL);
    held.quote(110_209);
    expect(held.engine.intents).toHaveLength(1);
    held.quote(110_210);
    expect(held.last).toMatchObject({
      purpose: "exit",
      side: "SELL",
      volumeMicros: 1_000_000,
      reason: "part-of-target",
    });
    held.engine.feed(execution(held.last));
    held.quote(110_300);
    expect(held.engine.intents).toHaveLength(2);
    expect(held.engine.account.view().positions).toMatchObject([
      { volumeMicros: 1_500_000, stopPricePoints: 109_810, targetPricePoints: 110_410, exitReason: "" },
    ]);
  });

  test("whose exit is refused is closed again a few times, and else stays", () => {
    const held = new Held(PARTIAL);
    held.quote(110_210);
    held.engine.feed(reportOf(held.last, "rejected"));
    held.engine.passTo(NOON + 3 * MICROS_PER_SECOND);
    expect(held.engine.intents.map(({ purpose }) => purpose)).toEqual(["entry", "exit", "exit"]);
  });

  test("of unknown outcome is not sent a second time", () => {
    const held = new Held(PARTIAL);
    held.quote(110_210);
    held.engine.passTo(NOON + 600 * MICROS_PER_SECOND);
    expect(held.engine.intents).toHaveLength(2);
    expect(held.engine.account.view().liveOrders).toMatchObject([{ state: "unknown" }]);
  });

  test("that would be too small to close, or to leave, is not", () => {
    const held = new Held({ partial: { atTargetFraction: 0.5, volumeFraction: 0.001 } });
    held.quote(110_400);
    expect(held.engine.intents).toHaveLength(1);
  });
});

test("without settings nothing follows and nothing is closed in part", () => {
  const held = new Held({});
  held.quote(110_400);
  expect(held.engine.intents).toHaveLength(1);
});
