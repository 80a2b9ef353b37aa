// What stands between an account and its broker, scene by scene: what is refused meanwhile, what a person can do, and what money it is.

import { describe, expect, test } from "bun:test";
import { MICROS_PER_DAY, MICROS_PER_SECOND } from "../../base/clock.ts";
import {
  type Adjustment,
  type BookedPosition,
  type BrokerBooks,
  FINDINGS_MAX,
  type Reconciled,
} from "../../domain/broker-books.ts";
import type { Command } from "../../domain/records.ts";
import { execution, NOON, signal, TestEngine, tick } from "../account.fixture.ts";
import type { AccountSettings } from "../settings.ts";

const UNIT = 1_000_000;
const BALANCE = 20_000 * UNIT;
const TERMINAL = { intentTag: 7 };
const BUY_EURUSD = 0;
const USDJPY = 1;

class Scene {
  readonly engine: TestEngine;
  now = NOON;

  constructor(settings: Partial<AccountSettings> = {}) {
    this.engine = new TestEngine({
      settings: { terminal: TERMINAL, risk: undefined, sizing: undefined, ...settings },
      broker: "none",
    });
    this.configure(1);
    this.quote();
  }

  get view() {
    return this.engine.account.view();
  }

  get books() {
    return this.view.reconciliation!;
  }

  get reconciled(): Reconciled[] {
    return this.engine.records.filter((record) => record.kind === "reconciled");
  }

  get refusals(): string[] {
    return this.engine.refusals.map(({ code }) => code);
  }

  configure(epoch: number): void {
    this.engine.feed({ kind: "configured", seq: 0, timeMicros: this.now, epoch, config: null });
  }

  quote(): void {
    this.engine.feed(tick({ timeMicros: this.now }));
    this.engine.feed(tick({ timeMicros: this.now, instrumentId: USDJPY, bid: 150, ask: 150.01 }));
  }

  /** A signal to buy; returns whether an intent came of it. */
  buys(instrumentId: number): boolean {
    const before = this.engine.intents.length;
    this.now += MICROS_PER_SECOND;
    this.quote();
    const quote = instrumentId === USDJPY ? { bidPoints: 150_000, askPoints: 150_010 } : {};
    this.engine.feed(signal({ timeMicros: this.now, instrumentId, ...quote }));
    return this.engine.intents.length > before;
  }

  /** Buys EURUSD and has it filled: the position is "p1". */
  holds(): string {
    this.buys(BUY_EURUSD);
    const intent = this.engine.intents.at(-1)!;
    this.engine.feed(
      execution(intent, {
        dealId: "d1",
        positionId: "p1",
        profitMicros: 0,
        commissionMicros: 0,
        timeMicros: this.now,
      }),
    );
    return intent.intentId;
  }

  command(command: Command): void {
    this.engine.feed({ kind: "commanded", seq: 0, timeMicros: this.now, command });
  }

  accept(instrumentId: number): void {
    this.command({ command: "accept-books", accountId: "paper", instrumentId, by: "maria" });
  }

  picture(fields: Partial<BrokerBooks> = {}): void {
    this.now += MICROS_PER_SECOND;
    const seq = this.engine.records.at(-1)?.seq ?? 0;
    this.engine.feed({
      kind: "broker-books",
      seq: 0,
      timeMicros: this.now,
      accountId: "paper",
      part: 1,
      last: true,
      why: "asked",
      commandSeq: 0,
      settledSeq: seq,
      askedSeq: seq,
      balanceMicros: BALANCE,
      equityMicros: BALANCE,
      marginMicros: 0,
      positions: [],
      orders: [],
      deals: [],
      intents: [],
      complete: true,
      ...fields,
    });
  }

  adjust(fields: Partial<Adjustment>): void {
    this.engine.feed({
      kind: "adjustment",
      seq: 0,
      timeMicros: this.now,
      accountId: "paper",
      adjustmentId: "a1",
      positionId: null,
      amountMicros: 0,
      reason: "deposit",
      causeSeq: 0,
      ...fields,
    });
  }
}

function position(fields: Partial<BookedPosition>): BookedPosition {
  return {
    positionId: "x1",
    intentId: "",
    instrumentId: USDJPY,
    symbol: "USDJPY",
    side: "BUY",
    volumeMicros: 100_000,
    openPricePoints: 150_000,
    stopPricePoints: null,
    targetPricePoints: null,
    openTimeMicros: NOON,
    profitMicros: 0,
    swapMicros: 0,
    ...fields,
  };
}

/** The position "p1" as the broker has it. */
function held(scene: Scene, fields: Partial<BookedPosition> = {}): BookedPosition {
  const ours = scene.view.positions.find(({ positionId }) => positionId === "p1")!;
  return position({ ...ours, symbol: "EURUSD", ...fields });
}

describe("before the first comparison", () => {
  test("entries wait for it, in words of their own, and again after a restart", () => {
    const scene = new Scene();
    expect(scene.buys(BUY_EURUSD)).toBe(false);
    expect(scene.engine.refusals.at(-1)?.message).toContain(
      "were not compared with the broker's since the start",
    );
    scene.picture();
    expect(scene.buys(BUY_EURUSD)).toBe(true);
    scene.configure(2);
    expect(scene.buys(USDJPY)).toBe(false);
    scene.picture();
    expect(scene.buys(USDJPY)).toBe(true);
  });

  test("an account begins with the broker's balance, and its day and drawdowns with it", () => {
    const scene = new Scene();
    scene.adjust({ amountMicros: BALANCE, adjustmentId: "first deposit" });
    scene.picture();
    expect(scene.view).toMatchObject({ balanceMicros: BALANCE, dayProfitMicros: 0 });
    expect(scene.reconciled.at(-1)).toMatchObject({
      agrees: true,
      findings: [{ what: "balance-differs", resolved: true }],
    });
    const { controls } = scene.engine.account.risk();
    expect(controls.find(({ code }) => code === "daily-loss-limit")?.value).toBe(0);
  });

  test("nothing is compared where orders go to the paper broker, or for another account", () => {
    const paper = new Scene({ terminal: undefined });
    paper.picture();
    expect([paper.reconciled, paper.view.reconciliation, paper.buys(BUY_EURUSD)]).toEqual([[], null, true]);
    const other = new Scene();
    other.picture({ accountId: "another" });
    expect(other.reconciled).toEqual([]);
  });
});

describe("a difference that stands", () => {
  test("keeps entries off its symbol alone until a person takes the broker's position", () => {
    const scene = new Scene();
    scene.picture();
    scene.holds();
    scene.picture({ positions: [held(scene, { volumeMicros: 10_000 })] });
    expect(scene.reconciled.at(-1)).toMatchObject({
      agrees: false,
      findings: [{ what: "position-differs", instrumentId: 0, subject: "p1", resolved: false }],
    });
    scene.buys(BUY_EURUSD);
    const last = scene.engine.refusals.at(-1);
    expect(last?.checks.find(({ control }) => control === "books-differ")).toMatchObject({
      value: 1,
      passed: false,
    });
    expect(scene.buys(USDJPY)).toBe(true);
    scene.accept(0);
    expect(scene.view.positions.find(({ positionId }) => positionId === "p1")?.volumeMicros).toBe(10_000);
    expect(scene.books).toMatchObject({
      agrees: true,
      standing: [],
      accepted: [{ instrumentId: 0, by: "maria" }],
    });
    expect(scene.reconciled.at(-1)).toMatchObject({ agrees: true, findings: [] });
    scene.picture({ positions: [held(scene)] });
    expect(scene.books.agrees).toBe(true);
  });

  test("ends with a picture that does not show it", () => {
    const scene = new Scene();
    scene.picture();
    scene.holds();
    scene.picture();
    expect(scene.books.standing).toMatchObject([{ what: "missing-position", subject: "p1" }]);
    const since = scene.books.standing[0]?.sinceMicros;
    scene.picture();
    expect(scene.books.standing[0]?.sinceMicros).toBe(since);
    scene.picture({ positions: [held(scene)] });
    expect(scene.books).toMatchObject({ agrees: true, standing: [] });
  });

  test("does not end with a picture that is not whole", () => {
    const scene = new Scene();
    scene.picture();
    scene.holds();
    scene.picture();
    scene.picture({ complete: false, positions: [held(scene)] });
    expect(scene.books.standing.map(({ what }) => what)).toEqual(["incomplete", "missing-position"]);
  });

  test("of money keeps entries off everything, and accepted it is ours", () => {
    const scene = new Scene();
    scene.picture();
    scene.picture({ balanceMicros: BALANCE - 1 });
    expect(scene.buys(USDJPY)).toBe(false);
    expect(scene.refusals.at(-1)).toBe("books-differ");
    expect(scene.view.balanceMicros).toBe(BALANCE);
    scene.accept(-1);
    expect(scene.view.balanceMicros).toBe(BALANCE - 1);
    expect(scene.buys(USDJPY)).toBe(true);
  });

  test("trips the kill switch where settings say so, once", () => {
    const scene = new Scene({ killSwitch: { onMismatch: "reduce-only" } });
    scene.picture();
    expect(scene.view.trip).toBeNull();
    scene.picture({ balanceMicros: BALANCE + UNIT });
    scene.picture({ balanceMicros: BALANCE + UNIT });
    expect(scene.view.trip).toMatchObject({ mode: "reduce-only", by: "books-differ" });
    expect(scene.engine.records.filter(({ kind }) => kind === "tripped")).toHaveLength(1);
  });

  test("what positions that are not ours lose is a loss of the day with each quote", () => {
    const scene = new Scene({ dailyLossFraction: 0.03, killSwitch: { onDailyLoss: "reduce-only" } });
    scene.picture({ positions: [position({ positionId: "x1", volumeMicros: 10_000_000 })] });
    scene.engine.feed(tick({ timeMicros: scene.now, instrumentId: USDJPY, bid: 149, ask: 149.01 }));
    expect(scene.view.trip).toMatchObject({ by: "daily-loss" });
    expect(scene.engine.intents).toEqual([]);
  });

  test("exits leave while it stands", () => {
    const scene = new Scene();
    scene.picture();
    scene.holds();
    scene.picture({ balanceMicros: BALANCE + UNIT, positions: [held(scene)] });
    scene.command({ command: "flatten", accountId: "paper", by: "maria" });
    expect(scene.engine.intents.at(-1)).toMatchObject({ purpose: "exit", positionId: "p1" });
  });

  test("many of them are told in one record, those that stand first, and all of them count", () => {
    const scene = new Scene();
    scene.picture();
    const positions = Array.from({ length: 150 }, (_, index) =>
      position({ positionId: `x${index}`, intentId: index % 2 === 0 ? "" : `lost-${index}` }),
    );
    scene.picture({ positions });
    const findings = scene.reconciled.at(-1)?.findings ?? [];
    expect(findings).toHaveLength(FINDINGS_MAX);
    expect(findings.findIndex(({ resolved }) => resolved)).toBe(75);
    expect(findings.at(-1)?.message).toEndWith("(and 50 more findings)");
    expect(scene.books.externalPositions).toHaveLength(150);
  });
});

describe("an order of unknown outcome", () => {
  test("is rejected once it is proved that it never arrived, and not before", () => {
    const scene = new Scene();
    scene.picture();
    scene.buys(BUY_EURUSD);
    scene.engine.passTo(scene.now + 20 * MICROS_PER_SECOND);
    scene.now += 20 * MICROS_PER_SECOND;
    scene.picture({ settledSeq: 0 });
    expect(scene.view.liveOrders).toMatchObject([{ state: "unknown" }]);
    expect(scene.books.standing).toMatchObject([{ what: "outcome-open", instrumentId: 0 }]);
    scene.picture();
    expect(scene.view.liveOrders).toEqual([]);
    expect(scene.reconciled.at(-1)).toMatchObject({ agrees: true, findings: [{ what: "outcome-proved" }] });
    expect(scene.buys(BUY_EURUSD)).toBe(true);
  });

  test("is booked from the broker's deals, once, though the report comes after", () => {
    const scene = new Scene();
    scene.picture();
    scene.buys(BUY_EURUSD);
    const intent = scene.engine.intents.at(-1)!;
    const report = execution(intent, {
      dealId: "d9",
      positionId: "p9",
      profitMicros: 0,
      commissionMicros: UNIT,
    });
    scene.picture({
      balanceMicros: BALANCE - UNIT,
      deals: [
        { ...report, dealId: "d9", positionId: "p9", symbol: "EURUSD", costMicros: UNIT, profitMicros: 0 },
      ],
      positions: [
        position({
          ...report,
          positionId: "p9",
          openPricePoints: report.pricePoints,
          stopPricePoints: intent.stopPricePoints,
          targetPricePoints: intent.targetPricePoints,
        }),
      ],
    });
    scene.engine.feed({ ...report, timeMicros: scene.now });
    expect(scene.view.positions).toMatchObject([{ positionId: "p9", volumeMicros: intent.volumeMicros }]);
    expect(scene.view).toMatchObject({ balanceMicros: BALANCE - UNIT, fills: 1, liveOrders: [] });
    expect(scene.books.last?.findings.map(({ what }) => what)).toEqual(["missed-fill"]);
  });

  test("that a person declares dead no longer stands", () => {
    const scene = new Scene();
    scene.picture();
    scene.buys(BUY_EURUSD);
    scene.engine.passTo(scene.now + 20 * MICROS_PER_SECOND);
    scene.now += 20 * MICROS_PER_SECOND;
    scene.picture({ settledSeq: 0 });
    scene.command({ command: "release-symbol", instrumentId: 0, by: "maria" });
    expect(scene.books.agrees).toBe(true);
    expect(scene.buys(BUY_EURUSD)).toBe(true);
  });
});

describe("positions that are not ours", () => {
  test("are shown, count as exposure and margin, keep entries off their symbol, and are never closed", () => {
    const scene = new Scene();
    scene.picture();
    const before = scene.view.marginUsedMicros;
    scene.picture({ positions: [position({})] });
    expect(scene.view.positions).toMatchObject([{ positionId: "x1", external: true, exitReason: "" }]);
    expect(scene.view.marginUsedMicros).toBeGreaterThan(before);
    expect(scene.books.agrees).toBe(true);
    expect(scene.buys(USDJPY)).toBe(false);
    expect(scene.refusals.at(-1)).toBe("position-open");
    scene.command({ command: "flatten", accountId: "paper", by: "maria" });
    scene.command({ command: "trip", accountId: "paper", mode: "flatten", by: "maria", reason: "" });
    expect(scene.engine.intents).toEqual([]);
    scene.picture();
    expect([scene.view.positions, scene.view.marginUsedMicros]).toEqual([[], before]);
  });

  test("with our magic number stand until a person takes them for somebody else's", () => {
    const scene = new Scene();
    scene.picture();
    const positions = [position({ intentId: "paper-t7-000000077" })];
    scene.picture({ positions });
    expect(scene.books.standing).toMatchObject([{ what: "unexpected-position", instrumentId: USDJPY }]);
    scene.accept(USDJPY);
    scene.picture({ positions });
    expect(scene.books).toMatchObject({
      agrees: true,
      externalPositions: [{ positionId: "x1", accepted: true }],
    });
  });

  test("a position of ours that a person closed by hand is closed here", () => {
    const scene = new Scene();
    scene.picture();
    scene.holds();
    const { volumeMicros } = scene.view.positions[0]!;
    const byHand = { intentId: "", dealId: "d2", positionId: "p1", side: "SELL", reason: "person" } as const;
    const intent = scene.engine.intents.at(-1)!;
    scene.engine.feed(
      execution(intent, { ...byHand, volumeMicros, profitMicros: -3 * UNIT, timeMicros: scene.now }),
    );
    expect(scene.view).toMatchObject({ positions: [], balanceMicros: BALANCE - 3 * UNIT });
    expect(scene.view.anomalies["unknown-intent"]).toBe(0);
  });
});

describe("levels that somebody moved", () => {
  test("are taken over", () => {
    const scene = new Scene();
    scene.picture();
    scene.holds();
    scene.picture({ positions: [held(scene, { stopPricePoints: 109_000, targetPricePoints: null })] });
    expect(scene.view.positions[0]).toMatchObject({ stopPricePoints: 109_000, targetPricePoints: null });
    expect(scene.books.last?.findings).toMatchObject([{ what: "levels-differ", resolved: true }]);
    expect(scene.books.agrees).toBe(true);
  });
});

describe("adjustments", () => {
  test("move the balance once", () => {
    const scene = new Scene();
    scene.picture();
    scene.adjust({ amountMicros: 5 * UNIT });
    scene.adjust({ amountMicros: 5 * UNIT });
    expect(scene.view.balanceMicros).toBe(BALANCE + 5 * UNIT);
    expect(scene.view.anomalies["duplicate-adjustment"]).toBe(1);
    scene.picture({ balanceMicros: BALANCE + 5 * UNIT });
    expect(scene.books.agrees).toBe(true);
  });

  test("that a picture is older than explain what it does not have", () => {
    const scene = new Scene();
    scene.picture();
    const askedSeq = scene.engine.records.at(-1)!.seq;
    scene.adjust({ amountMicros: 5 * UNIT });
    scene.picture({ askedSeq });
    expect(scene.books.agrees).toBe(true);
    scene.picture();
    expect(scene.books.standing).toMatchObject([{ what: "balance-differs", difference: -5 * UNIT }]);
  });

  for (const [reason, amount, profit] of [
    ["deposit", 1_000, 0],
    ["withdrawal", -1_000, 0],
    ["negative-balance", 10, 0],
    ["swap", -7, -7],
    ["fee", -2, -2],
    ["correction", 3, 3],
  ] as const) {
    test(`a ${reason} ${profit === 0 ? "is neither won nor lost" : "counts as won or lost"}`, () => {
      const scene = new Scene({ terminal: undefined });
      const { balanceMicros } = scene.view;
      scene.adjust({ amountMicros: amount * UNIT, reason });
      expect(scene.view).toMatchObject({
        balanceMicros: balanceMicros + amount * UNIT,
        dayProfitMicros: profit * UNIT,
      });
      const loss = scene.engine.account.risk().controls.find(({ code }) => code === "daily-loss-limit");
      expect(loss?.value).toBe(Math.max(0, -profit * UNIT));
    });
  }

  test("of a deposit does not begin a lost day anew, and gives one that is not lost its share", () => {
    for (const [feeMicros, passed] of [
      [-3_000 * UNIT, false],
      [-2_900 * UNIT, true],
    ] as const) {
      const scene = new Scene({ terminal: undefined });
      scene.adjust({ amountMicros: feeMicros, reason: "fee" });
      scene.adjust({ amountMicros: 50_000 * UNIT, reason: "deposit", adjustmentId: "a2" });
      const loss = scene.engine.account.risk().controls.find(({ code }) => code === "daily-loss-limit");
      expect(loss).toMatchObject({ passed, limit: 4_500 * UNIT });
    }
  });

  test("of a withdrawal is no drawdown, and what is lost afterwards is", () => {
    const risk = {
      tenant: {},
      account: { trailingDrawdownMaxMicros: 500 * UNIT, absoluteDrawdownMaxMicros: 500 * UNIT },
      symbols: {},
    };
    const scene = new Scene({ terminal: undefined, risk });
    scene.adjust({ amountMicros: -1_000 * UNIT, reason: "withdrawal" });
    scene.adjust({ amountMicros: -30 * UNIT, reason: "fee", adjustmentId: "a2" });
    const { controls } = scene.engine.account.risk();
    for (const code of ["trailing-drawdown", "absolute-drawdown"]) {
      expect(controls.find((control) => control.code === code)?.value).toBe(30 * UNIT);
    }
  });
});

describe("parts of a picture", () => {
  test("are compared when the last one is here, and a first one voids what was begun", () => {
    const scene = new Scene();
    scene.picture({ last: false, positions: [position({ positionId: "void" })] });
    scene.picture({ last: false, positions: [position({})] });
    expect(scene.reconciled).toEqual([]);
    scene.picture({ part: 2, positions: [position({ positionId: "x2" })] });
    expect(scene.books.externalPositions.map(({ positionId }) => positionId)).toEqual(["x1", "x2"]);
  });

  test("that do not follow void the picture", () => {
    const scene = new Scene();
    scene.picture({ last: false });
    scene.picture({ part: 3 });
    scene.picture({ part: 2 });
    expect(scene.reconciled).toEqual([]);
    expect(scene.view.anomalies["books-out-of-order"]).toBe(2);
  });

  test("of before a restart are void", () => {
    const scene = new Scene();
    scene.picture({ last: false });
    scene.configure(2);
    scene.picture({ part: 2 });
    expect(scene.reconciled).toEqual([]);
  });

  test("with figures that nothing can be made of are not whole", () => {
    const scene = new Scene();
    scene.picture({ positions: [position({ volumeMicros: Number.NaN })] });
    expect(scene.books).toMatchObject({
      reconciled: false,
      standing: [{ what: "incomplete", instrumentId: -1 }],
    });
    expect(scene.buys(BUY_EURUSD)).toBe(false);
  });

  test("that were asked for before those that were compared last tell nothing new", () => {
    const scene = new Scene();
    scene.picture();
    scene.picture({ positions: [position({})] });
    scene.now += MICROS_PER_DAY;
    scene.picture({ askedSeq: 0 });
    expect(scene.books.externalPositions).toHaveLength(1);
    expect(scene.reconciled.at(-1)).toMatchObject({ agrees: true, findings: [] });
  });
});
