// Orders that wait at the broker and what people ask for about orders and positions, against hand-made reports.

import { describe, expect, test } from "bun:test";
import { MICROS_PER_DAY, MICROS_PER_HOUR, MICROS_PER_SECOND } from "../base/clock.ts";
import type { OrderIntent } from "../domain/order.ts";
import type { OrderCommand } from "../domain/records.ts";
import {
  execution,
  instrument,
  INSTRUMENTS,
  LIMIT,
  NOON,
  reportOf,
  signal,
  TestEngine,
  tick,
  waitingTrade,
} from "./account.fixture.ts";
import { Answers } from "./answers.ts";
import { LoadArchive, SaveArchive } from "../base/archive.ts";

type Options = ConstructorParameters<typeof TestEngine>[0];

const SECOND = MICROS_PER_SECOND;

function quoted(options: Options = {}): TestEngine {
  const engine = new TestEngine({ broker: "none", ...options });
  engine.feed(tick({ timeMicros: NOON }));
  return engine;
}

/** A BUY limit order of one lot at 109,900 that waits at the broker. */
function waiting(options: Options = {}): { engine: TestEngine; entry: OrderIntent } {
  const engine = quoted(options);
  engine.command(waitingTrade());
  const entry = engine.intents[0]!;
  engine.feed(reportOf(entry, "acknowledged"));
  return { engine, entry };
}

/** A BUY position of one lot at 110,010, stop 109,810, target 110,410. */
function holding(options: Options = {}): { engine: TestEngine; positionId: string } {
  const engine = quoted(options);
  const { terms: _terms, ...trade } = waitingTrade();
  engine.command(trade);
  engine.feed(execution(engine.intents[0]!));
  return { engine, positionId: engine.account.view().positions[0]!.positionId };
}

const BY = { accountId: "paper", by: "trader" } as const;

function codes(engine: TestEngine): string[] {
  return engine.refusals.map(({ code }) => code);
}

function last(engine: TestEngine): OrderIntent {
  return engine.intents.at(-1)!;
}

function live(engine: TestEngine): (readonly [string, string])[] {
  return engine.account.view().liveOrders.map(({ intentId, state }) => [intentId, state] as const);
}

const change = (intentId: string, changes: Partial<OrderCommand> = {}): OrderCommand =>
  ({
    ...BY,
    command: "modify-order",
    intentId,
    terms: { ...LIMIT, pricePoints: 109_950 },
    stopPricePoints: 109_750,
    targetPricePoints: null,
    ...changes,
  }) as OrderCommand;

test("is an order of its own; terms and levels change when it is done, and the dearer stays reserved until then", () => {
  const { engine, entry } = waiting();
  engine.command(change(entry.intentId));
  expect(last(engine)).toMatchObject({
    purpose: "modify",
    intentId: "paper-000000002",
    orderIntentId: entry.intentId,
    terms: { pricePoints: 109_950 },
    stopPricePoints: 109_750,
    targetPricePoints: null,
  });
  expect(engine.account.view().marginReservedMicros).toBe(3_665_000_000);
  expect(engine.account.view().liveOrders[0]).toMatchObject({ terms: LIMIT, stopPricePoints: 109_700 });
  engine.feed(reportOf(last(engine), "done"));
  expect(engine.account.view()).toMatchObject({
    marginReservedMicros: 3_665_000_000,
    liveOrders: [{ intentId: entry.intentId, terms: { pricePoints: 109_950 }, stopPricePoints: 109_750 }],
  });
});

test("at a terminal keeps the time it waits, since that cannot be said there; its price may change", () => {
  const engine = quoted({ settings: { terminal: { intentTag: 7 } } });
  const none = { positions: [], orders: [], deals: [], intents: [], complete: true };
  const figures = { balanceMicros: 100_000_000_000, equityMicros: 100_000_000_000, marginMicros: 0 };
  const whole = { part: 1, last: true, why: "joined", commandSeq: 0, ...figures, ...none } as const;
  engine.feed({ kind: "broker-books", seq: 0, timeMicros: NOON, accountId: "paper", ...whole });
  engine.command(waitingTrade());
  const entry = engine.intents[0]!;
  engine.feed(reportOf(entry, "acknowledged"));
  const terms = { ...LIMIT, timeInForce: "until", untilMicros: NOON + 60 * SECOND } as const;
  engine.command(change(entry.intentId, { terms }));
  expect(codes(engine)).toEqual(["not-possible"]);
  engine.command(change(entry.intentId));
  expect(last(engine)).toMatchObject({ purpose: "modify", terms: { pricePoints: 109_950 } });
});

const levels = (positionId: string, stopPricePoints: number | null, target: number | null): OrderCommand => ({
  ...BY,
  command: "modify-position",
  positionId,
  stopPricePoints,
  targetPricePoints: target,
});

const close = (positionId: string, volumeMicros: number | null): OrderCommand => ({
  ...BY,
  command: "close-position",
  positionId,
  volumeMicros,
});

const cancel = (intentId: string): OrderCommand => ({ ...BY, command: "cancel-order", intentId });

const HEDGING = { settings: { positionMode: "hedging", positionsPerInstrumentMax: 2 } } as const;

function both(): { engine: TestEngine; long: string; short: string } {
  const { engine, positionId: long } = holding(HEDGING);
  const { terms: _terms, ...trade } = waitingTrade({ side: "SELL", volumeMicros: 400_000 });
  engine.command(trade);
  engine.feed(execution(last(engine)));
  return { engine, long, short: engine.account.view().positions[1]!.positionId };
}

describe("an order that waits", () => {
  test("is an intent with its terms; stop and target are measured from its own price", () => {
    const { entry } = waiting();
    expect(entry).toMatchObject({
      purpose: "entry",
      side: "BUY",
      volumeMicros: 1_000_000,
      terms: LIMIT,
      stopPricePoints: 109_700,
      targetPricePoints: 110_300,
      positionId: null,
    });
    expect(entry.checks.some(({ control, passed }) => control === "bad-terms" && passed)).toBe(true);
  });

  test("reserves margin at its own price, and for as long as it waits", () => {
    const { engine, entry } = waiting();
    // 109,900 x 1 lot of 100,000 at a leverage of 30.
    expect(engine.account.view().marginReservedMicros).toBe(3_663_333_333);
    engine.passTo(NOON + 30 * MICROS_PER_DAY);
    expect(live(engine)).toEqual([[entry.intentId, "acknowledged"]]);
    engine.feed(reportOf(entry, "cancelled", NOON + 30 * MICROS_PER_DAY));
    expect(engine.account.view()).toMatchObject({ marginReservedMicros: 0, liveOrders: [] });
  });

  test("of which nobody says that it has arrived is unknown like any other", () => {
    const engine = quoted();
    engine.command(waitingTrade());
    engine.passTo(NOON + 15 * SECOND);
    expect(live(engine)).toEqual([["paper-000000001", "unknown"]]);
  });

  test("until a time is unknown when no report of its end has come by then", () => {
    const engine = quoted();
    const terms = { ...LIMIT, timeInForce: "until", untilMicros: NOON + 60 * SECOND } as const;
    engine.command(waitingTrade({ terms }));
    engine.feed(reportOf(engine.intents[0]!, "acknowledged"));
    engine.passTo(NOON + 75 * SECOND - 1);
    expect(live(engine)).toEqual([["paper-000000001", "acknowledged"]]);
    engine.passTo(NOON + 75 * SECOND);
    expect(live(engine)).toEqual([["paper-000000001", "unknown"]]);
  });

  test("fills into a position with the stop and target it was given", () => {
    const { engine, entry } = waiting();
    engine.feed(
      execution(entry, { pricePoints: 109_900, status: "partially-filled", volumeMicros: 400_000 }),
    );
    expect(engine.account.view().marginReservedMicros).toBe(2_198_000_000);
    engine.feed(execution(entry, { pricePoints: 109_900, dealId: "rest", volumeMicros: 600_000 }));
    expect(engine.account.view()).toMatchObject({
      positions: [{ volumeMicros: 1_000_000, stopPricePoints: 109_700, targetPricePoints: 110_300 }],
      liveOrders: [],
      marginReservedMicros: 0,
    });
  });

  test("is refused by name where it would not wait, and where its time has passed", () => {
    const engine = quoted();
    engine.command(waitingTrade({ terms: { ...LIMIT, pricePoints: 110_010 } }));
    const terms = { ...LIMIT, timeInForce: "until", untilMicros: NOON } as const;
    engine.command(waitingTrade({ terms }));
    expect(codes(engine)).toEqual(["bad-terms", "pending-expired"]);
  });

  test("keeps other entries on its instrument away where the account nets", () => {
    const { engine } = waiting();
    engine.feed(signal({ timeMicros: NOON }));
    expect(codes(engine)).toEqual(["duplicate-intent"]);
  });
});

describe("changing an order that waits", () => {
  test("that is rejected leaves everything as it was", () => {
    const { engine, entry } = waiting();
    engine.command(change(entry.intentId));
    engine.feed(reportOf(last(engine), "rejected"));
    expect(engine.account.view()).toMatchObject({
      marginReservedMicros: 3_663_333_333,
      liveOrders: [{ intentId: entry.intentId, terms: LIMIT }],
    });
  });

  test("of which nobody hears stays unknown, keeps the dearer reserved and no other change comes after it", () => {
    const { engine, entry } = waiting();
    engine.command(change(entry.intentId));
    engine.passTo(NOON + 15 * SECOND);
    expect(live(engine)).toEqual([
      [entry.intentId, "acknowledged"],
      ["paper-000000002", "unknown"],
    ]);
    const restarted = new TestEngine({ broker: "none" });
    restarted.load(engine.save(), engine.lastSeq);
    for (const { account } of [engine, restarted])
      expect(account.view().marginReservedMicros).toBe(3_665_000_000);
    engine.command(change(entry.intentId), NOON + 15 * SECOND);
    expect(codes(engine)).toEqual(["under-way"]);
    // Once the order itself has ended it makes no difference any more.
    engine.feed(reportOf(entry, "cancelled", NOON + 16 * SECOND));
    expect(live(engine)).toEqual([]);
  });

  test("that expired unsent and is sent nevertheless reserves again what it may come to", () => {
    const { engine, entry } = waiting();
    engine.sends = false;
    engine.command(change(entry.intentId));
    const { intentId } = last(engine);
    engine.passTo(NOON + 5 * SECOND);
    expect(engine.account.view().marginReservedMicros).toBe(3_663_333_333);
    engine.feed({ kind: "sent", seq: 0, timeMicros: NOON + 6 * SECOND, accountId: "paper", intentId });
    expect(engine.account.view().marginReservedMicros).toBe(3_665_000_000);
  });

  test("goes through the controls with its own order out of the way", () => {
    const { engine, entry } = waiting();
    engine.command(change(entry.intentId, { terms: { ...LIMIT, pricePoints: 110_050 } }));
    engine.command(change(entry.intentId, { stopPricePoints: null }));
    engine.command(change(entry.intentId, { stopPricePoints: 109_000 }));
    expect(codes(engine)).toEqual(["bad-terms", "no-stop", "over-risk-budget"]);
    engine.command(change(entry.intentId), NOON + 6 * SECOND);
    expect(codes(engine).at(-1)).toBe("stale-quote");
  });

  test("that is done after it has filled changes the levels of what it opened", () => {
    const { engine, entry } = waiting();
    engine.command(change(entry.intentId));
    const modify = last(engine);
    engine.feed(execution(entry, { pricePoints: 109_900 }));
    engine.feed(reportOf(modify, "done"));
    expect(engine.account.view()).toMatchObject({
      positions: [{ stopPricePoints: 109_750, targetPricePoints: null }],
      anomalies: { "illegal-transition": 0 },
    });
  });

  test("leaves the levels of what a part of it had opened before", () => {
    const { engine, entry } = waiting(HEDGING);
    engine.feed(
      execution(entry, { status: "partially-filled", volumeMicros: 400_000, pricePoints: 109_900 }),
    );
    engine.feed(tick({ timeMicros: NOON + SECOND }));
    engine.command(change(entry.intentId), NOON + SECOND);
    engine.feed(reportOf(last(engine), "done", NOON + SECOND));
    expect(engine.account.view()).toMatchObject({
      positions: [{ stopPricePoints: 109_700, targetPricePoints: 110_300 }],
      liveOrders: [{ stopPricePoints: 109_750, targetPricePoints: null }],
    });
  });

  test("of an order that is not there, has ended, does not wait, or would become one of another type is refused by name", () => {
    const { engine, entry } = waiting();
    engine.command(change("paper-000000009"));
    engine.feed(reportOf(entry, "cancelled"));
    engine.command(change(entry.intentId));
    const other = waiting();
    other.engine.command(change(entry.intentId, { terms: { ...LIMIT, type: "stop", pricePoints: 110_100 } }));
    expect(codes(other.engine)).toEqual(["not-possible"]);
    const unsent = quoted();
    unsent.command(waitingTrade());
    unsent.command(change("paper-000000001"));
    expect([codes(engine), codes(unsent)]).toEqual([["not-there", "not-there"], ["not-possible"]]);
  });
});

describe("cancelling an order", () => {
  test("ends it when its own report says so", () => {
    const { engine, entry } = waiting();
    engine.command(cancel(entry.intentId));
    expect(last(engine)).toMatchObject({ purpose: "cancel", orderIntentId: entry.intentId });
    engine.command(cancel(entry.intentId));
    expect(codes(engine)).toEqual(["under-way"]);
    engine.feed(reportOf(last(engine), "done"));
    expect(live(engine)).toEqual([[entry.intentId, "acknowledged"]]);
    engine.feed(reportOf(entry, "cancelled"));
    expect(live(engine)).toEqual([]);
  });

  for (const [reason, command] of [
    ["kill-switch", { command: "trip", mode: "halt-entries", by: "x", reason: "test" }],
    ["kill-switch", { command: "trip", mode: "reduce-only", by: "x", reason: "test" }],
    ["entries-halted", { command: "halt-entries", by: "x" }],
    ["entries-halted", { command: "flatten", by: "x" }],
    ["reduce-only", { command: "set-mode", mode: "reducing", by: "x" }],
  ] as const) {
    test(`is done by the account where it lets nothing in any more: ${reason} by ${command.command}`, () => {
      const { engine, entry } = waiting();
      engine.command({ ...command, accountId: "paper" });
      expect(last(engine)).toMatchObject({ purpose: "cancel", orderIntentId: entry.intentId, reason });
      engine.feed(reportOf(last(engine), "done"), reportOf(entry, "cancelled"));
      expect([engine.intents.length, live(engine).length]).toEqual([2, 0]);
    });
  }

  test("is done by the account when its day is lost, also while the market moves elsewhere", () => {
    const engine = quoted({ settings: { dailyLossFraction: 0.001 } });
    engine.command(waitingTrade());
    engine.feed(reportOf(engine.intents[0]!, "acknowledged"));
    engine.feed(tick({ timeMicros: NOON, instrumentId: 3, bid: 1.25, ask: 1.2501 }));
    engine.feed(
      signal({ timeMicros: NOON, instrumentId: 3, bidPoints: 125_000, askPoints: 125_010 }),
      execution(engine.intents[0]!, { intentId: "x", dealId: "far", instrumentId: 3, pricePoints: 125_010 }),
    );
    engine.feed(tick({ timeMicros: NOON + 1, instrumentId: 3, bid: 1.2488, ask: 1.2489 }));
    expect(last(engine)).toMatchObject({ purpose: "cancel", reason: "daily-loss-limit" });
  });

  const HOUR = MICROS_PER_HOUR;
  const wednesday = { openMinute: 2 * 1_440, closeMinute: 2 * 1_440 + 14 * 60 };
  for (const [reason, limits, sessions] of [
    ["news-blackout", { newsBeforeMicros: HOUR, newsAfterMicros: HOUR }, undefined],
    ["session-closing", { sessionCloseGateMicros: HOUR }, [wednesday]],
    ["weekend-ahead", { weekendGateMicros: HOUR }, [wednesday]],
  ] as const) {
    test(`is done by the account when the calendar keeps entries away: ${reason}`, () => {
      const instruments = INSTRUMENTS.map((each) =>
        sessions === undefined ? each : instrument(each.id, each.symbol, { sessions }),
      );
      const risk = { tenant: {}, account: limits, symbols: {} };
      const { engine, entry } = waiting({ instruments, settings: { risk } });
      const news = {
        timeMicros: NOON + 2 * HOUR,
        currency: "USD",
        importance: "high",
        name: "Payrolls",
      } as const;
      engine.feed({ kind: "calendar", seq: 0, timeMicros: NOON, events: [news] });
      engine.feed(tick({ timeMicros: NOON + HOUR - SECOND }));
      expect(engine.intents).toHaveLength(1);
      engine.feed(tick({ timeMicros: NOON + HOUR + SECOND }));
      expect(last(engine)).toMatchObject({ purpose: "cancel", orderIntentId: entry.intentId, reason });
    });
  }

  test("that is done without a report of the order's end leaves the order unknown", () => {
    const { engine, entry } = waiting();
    engine.command(cancel(entry.intentId));
    engine.feed(reportOf(last(engine), "done"));
    engine.passTo(NOON + 15 * SECOND);
    expect(live(engine)).toEqual([[entry.intentId, "unknown"]]);
  });

  test("that comes too late is rejected; the fill counts", () => {
    const { engine, entry } = waiting();
    engine.command(cancel(entry.intentId));
    const order = last(engine);
    engine.feed(execution(entry, { pricePoints: 109_900 }), reportOf(order, "rejected"));
    expect(engine.account.view()).toMatchObject({ positions: [{ volumeMicros: 1_000_000 }], liveOrders: [] });
  });
});

describe("the levels of a position", () => {
  test("change when the broker says so", () => {
    const { engine, positionId } = holding();
    engine.command(levels(positionId, 109_900, null));
    expect(last(engine)).toMatchObject({
      purpose: "modify",
      positionId,
      stopPricePoints: 109_900,
      targetPricePoints: null,
    });
    expect(engine.account.view().positions[0]).toMatchObject({ stopPricePoints: 109_810 });
    engine.command(levels(positionId, 109_950, null));
    expect(codes(engine)).toEqual(["under-way"]);
    engine.feed(reportOf(engine.intents[1]!, "done"));
    expect(engine.account.view().positions[0]).toMatchObject({
      stopPricePoints: 109_900,
      targetPricePoints: null,
    });
  });

  test("stay as a later change has set them when an earlier one is heard of at last", () => {
    const { engine, positionId } = holding();
    engine.command(levels(positionId, 109_850, null));
    const first = last(engine);
    engine.feed(reportOf(first, "unknown"));
    engine.command(levels(positionId, 109_900, null));
    engine.feed(reportOf(last(engine), "done"), reportOf(first, "done"));
    expect(engine.account.view()).toMatchObject({
      positions: [{ stopPricePoints: 109_900 }],
      liveOrders: [],
    });
  });

  test("are not loosened once the day is lost, and still tightened", () => {
    const { engine, positionId } = holding({ settings: { dailyLossFraction: 0.0005 } });
    engine.feed(tick({ timeMicros: NOON + 1, bid: 1.0995, ask: 1.0996 }));
    engine.command(levels(positionId, 109_800, null), NOON + 1);
    expect([codes(engine), engine.intents.length]).toEqual([["daily-loss-limit"], 1]);
    expect(engine.pretrades.at(-1)).toMatchObject({
      purpose: "modify",
      verdict: "refused",
      code: "daily-loss-limit",
      positionId,
      stopPricePoints: 109_800,
      decision: { by: "person", id: "trader" },
    });
    engine.command(levels(positionId, 109_820, null), NOON + 1);
    expect(last(engine)).toMatchObject({ purpose: "modify", stopPricePoints: 109_820 });
  });

  test("a change under way does not keep an exit away", () => {
    const { engine, positionId } = holding();
    engine.command(levels(positionId, 109_900, null));
    engine.feed(signal({ timeMicros: NOON, action: "SELL" }));
    expect(last(engine)).toMatchObject({ purpose: "exit", positionId });
  });

  for (const [what, stop, target, code] of [
    ["a stop taken away", null, 110_410, "bad-levels"],
    ["a stop at the bid", 110_000, null, "bad-levels"],
    ["a target at the bid", 109_900, 110_000, "bad-levels"],
    ["half a point", 109_900.5, null, "bad-levels"],
    ["a stop that would cost more than one trade may", 109_400, null, "over-risk-budget"],
  ] as const) {
    test(`are not changed to ${what}`, () => {
      const { engine, positionId } = holding();
      engine.command(levels(positionId, stop, target));
      expect([engine.intents.length, codes(engine)]).toEqual([1, [code]]);
    });
  }

  test("may be loosened within the budget while entries are let in, and tightened always", () => {
    const { engine, positionId } = holding();
    engine.command({ command: "set-mode", accountId: "paper", mode: "reducing", by: "operator" });
    engine.command(levels(positionId, 109_700, 110_410));
    expect(codes(engine)).toEqual(["reduce-only"]);
    engine.command({ command: "set-mode", accountId: "paper", mode: "active", by: "operator" });
    engine.command(levels(positionId, 109_700, 110_410));
    expect(last(engine)).toMatchObject({ purpose: "modify", stopPricePoints: 109_700 });
    engine.feed(reportOf(last(engine), "done"));
    engine.command({ command: "trip", accountId: "paper", mode: "reduce-only", by: "x", reason: "test" });
    engine.command(levels(positionId, 109_600, null));
    expect(codes(engine).at(-1)).toBe("kill-switch");
    engine.command(levels(positionId, 109_990, null));
    expect(last(engine)).toMatchObject({ purpose: "modify", stopPricePoints: 109_990 });
  });
});

describe("closing a position", () => {
  test("as a whole is tried until it is closed", () => {
    const { engine, positionId } = holding();
    engine.command(close(positionId, null));
    expect(last(engine)).toMatchObject({ purpose: "exit", volumeMicros: 1_000_000, reason: "manual:trader" });
    engine.feed(reportOf(last(engine), "rejected"));
    engine.passTo(NOON + 5 * SECOND);
    expect(engine.intents).toHaveLength(3);
  });

  test("is tried at once, however long the next attempt is away, when a person asks for it or the kill switch does", () => {
    for (const command of [
      (positionId: string) => close(positionId, null),
      () => ({ command: "flatten", accountId: "paper", by: "x" }) as const,
      () => ({ command: "trip", mode: "flatten", accountId: "paper", by: "x", reason: "test" }) as const,
    ]) {
      const { engine, positionId } = holding();
      engine.command(close(positionId, null));
      for (let attempt = 0; attempt < 6; attempt++) {
        engine.feed(reportOf(last(engine), "rejected"));
        engine.passTo(engine.account.nextDueMicros);
      }
      engine.feed(reportOf(last(engine), "rejected"));
      const before = engine.intents.length;
      engine.command(command(positionId), engine.records.at(-1)!.timeMicros);
      expect(engine.intents).toHaveLength(before + 1);
      expect(last(engine)).toMatchObject({ purpose: "exit", positionId });
    }
  });

  test("in part goes out once and leaves the rest with its stop", () => {
    const { engine, positionId } = holding();
    engine.command(close(positionId, 304_999));
    expect(last(engine)).toMatchObject({ purpose: "exit", side: "SELL", volumeMicros: 300_000, positionId });
    engine.command(close(positionId, 100_000));
    expect(codes(engine)).toEqual(["under-way"]);
    engine.feed(execution(last(engine), { pricePoints: 110_000 }));
    expect(engine.account.view().positions).toMatchObject([
      { volumeMicros: 700_000, stopPricePoints: 109_810, exitReason: "" },
    ]);
  });

  test("in a part that is too small, or leaves too little, is refused; one that is too large closes all", () => {
    const { engine, positionId } = holding();
    engine.command(close(positionId, 9_999));
    engine.command(close(positionId, 999_999));
    expect(codes(engine)).toEqual(["not-possible"]);
    expect(last(engine)).toMatchObject({ volumeMicros: 990_000 });
    const all = holding();
    all.engine.command(close(positionId, 2_000_000));
    expect(last(all.engine)).toMatchObject({ purpose: "exit", volumeMicros: 1_000_000 });
  });
});

describe("an account that hedges", () => {
  test("holds both sides of an instrument, as many as it may", () => {
    const { engine } = both();
    expect(engine.account.view().positions.map(({ side, volumeMicros }) => [side, volumeMicros])).toEqual([
      ["BUY", 1_000_000],
      ["SELL", 400_000],
    ]);
    engine.command(waitingTrade());
    expect(codes(engine)).toEqual(["position-open"]);
  });

  test("takes no entry while it only reduces, also none against what it holds", () => {
    const { engine } = holding(HEDGING);
    const { terms: _terms, ...trade } = waitingTrade({ side: "SELL", volumeMicros: 400_000 });
    engine.command({ command: "set-mode", accountId: "paper", mode: "reducing", by: "x" });
    engine.command(trade);
    engine.command({ command: "set-mode", accountId: "paper", mode: "active", by: "x" });
    engine.command({ command: "trip", accountId: "paper", mode: "reduce-only", by: "x", reason: "test" });
    engine.command(trade);
    expect([codes(engine), engine.intents.length]).toEqual([["reduce-only", "kill-switch"], 1]);
  });

  for (const [limit, code] of [
    [{ longVolumeMaxMicros: 1_500_000 }, "long-position"],
    [{ grossExposureMaxMicros: 250_000_000_000 }, "gross-exposure"],
  ] as const) {
    test(`counts both of two positions that hedge each other: ${code}`, () => {
      const risk = { tenant: {}, account: limit, symbols: {} };
      const { engine } = holding({ settings: { ...HEDGING.settings, positionsPerInstrumentMax: 3, risk } });
      const { terms: _terms, ...trade } = waitingTrade({ side: "SELL" });
      engine.command(trade);
      engine.feed(execution(last(engine)));
      engine.command({ ...trade, side: "BUY" });
      expect([codes(engine), engine.intents.length]).toEqual([[code], 2]);
    });
  }

  test("counts an order that waits as the position it may become", () => {
    const { engine } = holding(HEDGING);
    engine.command(waitingTrade());
    engine.feed(reportOf(last(engine), "acknowledged"));
    engine.command(waitingTrade());
    expect(codes(engine)).toEqual(["position-open"]);
  });

  test("closes by a signal what stands against it, and opens nothing with the same", () => {
    const { engine, short } = both();
    engine.feed(signal({ timeMicros: NOON, action: "BUY" }));
    expect(last(engine)).toMatchObject({ purpose: "exit", positionId: short, reason: "signal" });
    expect(engine.intents).toHaveLength(3);
  });

  test("closes two positions by each other: one order, a deal on either, and the rest remains", () => {
    const { engine, long, short } = both();
    engine.command({ ...BY, command: "close-by", positionId: long, byPositionId: short });
    const order = last(engine);
    expect(order).toMatchObject({
      purpose: "exit",
      positionId: long,
      byPositionId: short,
      side: "SELL",
      volumeMicros: 400_000,
    });
    engine.command({ ...BY, command: "close-position", positionId: short, volumeMicros: 100_000 });
    expect(codes(engine)).toEqual(["under-way"]);
    engine.feed(
      execution(order, { dealId: "b", side: "BUY", positionId: short, pricePoints: 110_010 }),
      execution(order, { dealId: "a", pricePoints: 110_000 }),
    );
    expect(engine.account.view()).toMatchObject({
      positions: [{ positionId: long, volumeMicros: 600_000 }],
      liveOrders: [],
      // Ten points of 0.4 lots on either side.
      realisedMicros: -8_000_000,
      anomalies: { overfilled: 0, "illegal-transition": 0 },
    });
  });

  test("does not close by itself what is on one side, or not there", () => {
    const { engine, long } = both();
    engine.command({ ...BY, command: "close-by", positionId: long, byPositionId: long });
    engine.command({ ...BY, command: "close-by", positionId: long, byPositionId: "nobody" });
    engine.command({ ...BY, command: "close-by", positionId: "nobody", byPositionId: long });
    expect(codes(engine)).toEqual(["not-possible", "not-there", "not-there"]);
  });
});

describe("a position that is turned round by one entry where the broker nets", () => {
  test("is what that entry has made of it", () => {
    const { engine, positionId } = holding(HEDGING);
    const { terms: _terms, ...trade } = waitingTrade({ side: "SELL", volumeMicros: 1_500_000 });
    engine.command(trade);
    const turning = last(engine);
    engine.feed(execution(turning, { positionId }));
    expect(engine.account.view().positions).toMatchObject([
      {
        positionId,
        side: "SELL",
        volumeMicros: 500_000,
        intentId: turning.intentId,
        stopPricePoints: 110_200,
      },
    ]);
  });
});

describe("a request said twice", () => {
  test("is done once and answered alike, also after a restart", () => {
    const engine = quoted();
    engine.command(waitingTrade({ key: "one" }));
    engine.command(waitingTrade({ key: "one" }));
    engine.command(waitingTrade({ key: "two" }));
    expect(engine.intents).toHaveLength(1);
    expect(codes(engine)).toEqual(["duplicate-intent"]);
    const restarted = new TestEngine({ broker: "none" });
    restarted.load(engine.save(), engine.records.length);
    restarted.command(waitingTrade({ key: "one" }));
    restarted.command(waitingTrade({ key: "two" }));
    expect([restarted.intents.length, restarted.refusals.length]).toEqual([0, 0]);
    expect(restarted.account.answerOf("one")).toEqual({ intentId: "paper-000000001", code: "", message: "" });
    expect(restarted.account.answerOf("two")).toMatchObject({ intentId: null, code: "duplicate-intent" });
    expect(restarted.account.answerOf("three")).toBeUndefined();
  });

  test("is forgotten when it is the oldest of more than are kept", () => {
    const answers = new Answers(2);
    let acts = 0;
    const act = () => ({ intentId: String(++acts), code: "", message: "" });
    for (const key of ["a", "b", "a", "c", "b", "a"]) answers.once(key, act);
    const saved = new SaveArchive();
    answers.persist(saved);
    const restored = new Answers(2);
    restored.persist(new LoadArchive(saved.finish()));
    expect([acts, restored.of("c")?.intentId, restored.of("a")?.intentId, restored.of("b")]).toEqual([
      4,
      "3",
      "4",
      undefined,
    ]);
  });
});
