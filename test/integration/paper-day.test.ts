// Days traded on paper, twice: the same orders, the same money, and no difference in a replay. Once by the whole engine on
// its own signals, and once by a scripted hand that uses everything the paper broker can do, held against a naive telling
// at every answer.

import { describe, expect, test } from "bun:test";
import { NOON } from "../../actors/account/account.fixture.ts";
import { Desk, orderIntent, pending } from "../../actors/account/paper/broker.fixture.ts";
import { NaiveLedger } from "../../actors/account/paper/naive-ledger.fixture.ts";
import { DEFAULT_ACCOUNT_SETTINGS, type PaperBrokerSettings } from "../../actors/account/settings.ts";
import { MICROS_PER_SECOND } from "../../actors/base/clock.ts";
import { StateHash } from "../../actors/base/hash.ts";
import type { OrderIntent } from "../../actors/domain/order.ts";
import type { JournalRecord } from "../../actors/domain/records.ts";
import type { Tick } from "../../actors/domain/tick.ts";
import type { AccountView } from "../../actors/account/account-view.ts";
import type { IncomingTick } from "../../actors/router.ts";
import { MemoryJournal } from "../../storage/memory/memory-journal.ts";
import {
  countKinds,
  DEMO_CONFIG,
  INSTRUMENTS,
  makeRig,
  NO_DIFFERENCES,
  play,
  recordsOf,
  replay,
  simulatedTicks,
  START_MICROS,
} from "../fixtures/engine-rig.ts";
import { EURUSD } from "../fixtures/instruments.ts";
import { eachLeanTick, leanDays, REAL_TICKS_MISSING } from "../fixtures/lean-ticks.ts";

const onRealTicks = REAL_TICKS_MISSING === undefined ? describe : describe.skip;
if (REAL_TICKS_MISSING !== undefined) console.log(`skipped: ${REAL_TICKS_MISSING}`);

const SET = "oanda-eurusd";
const PAYROLLS = "20140502";

/** Everything that is not as with a perfect broker. */
const ROUGH: Partial<PaperBrokerSettings> = {
  latencyLogDeviation: 0.8,
  slippageSpreadShare: 0.3,
  slippageVolatilityShare: 0.5,
  rejectionProbability: 0.02,
  requoteDeviationPoints: 30,
  commissionFraction: 0.000_01,
  volumePerQuoteMicros: 400_000,
  stopsLevelPoints: 10,
  swap: { unit: "points", rates: { EURUSD: { long: -2.1, short: 0.4 } }, tripleWeekday: 3 },
};

function ticksOf(days: readonly string[]): Tick[] {
  const ticks: Tick[] = [];
  let firstSeq = 1;
  for (const day of days) {
    firstSeq = eachLeanTick(
      { set: SET, day, instrumentId: EURUSD.id, sourceId: 1, hoursBehindUtc: 0, firstSeq },
      (tick) => ticks.push({ ...tick }),
    );
  }
  return ticks;
}

function trade(
  ticks: readonly IncomingTick[],
  seed: number,
): { answers: JournalRecord[]; view: AccountView | undefined } {
  const journal = new MemoryJournal({ keep: true });
  const broker = { ...DEMO_CONFIG.broker, ...ROUGH };
  const config = { ...DEMO_CONFIG, instruments: [EURUSD], broker, seed };
  const rig = makeRig({ journal, config });
  play(rig, ticks);
  const answers = recordsOf(journal).filter(
    ({ kind }) => kind === "intent" || kind === "execution" || kind === "adjustment",
  );
  return { answers, view: rig.engine.account?.view() };
}

test("a broker with every mood replays from its journal without a difference, swap and late answers included", () => {
  const journal = new MemoryJournal({ keep: true });
  const rates = Object.fromEntries(INSTRUMENTS.map(({ symbol }) => [symbol, { long: -3, short: 1 }]));
  const broker = {
    ...DEMO_CONFIG.broker,
    ...ROUGH,
    // A quarter of an hour in, when positions are open.
    rolloverMinuteUtc: 13 * 60 + 15,
    swap: { unit: "points" as const, rates, tripleWeekday: 3 },
    silence: { probability: 0.1, lostShare: 0.5, revealMicros: 5 * MICROS_PER_SECOND },
  };
  const rig = makeRig({ journal, config: { ...DEMO_CONFIG, broker } });
  rig.live.begin(1, START_MICROS);
  play(rig, simulatedTicks({ seed: 5, count: 30_000 }));
  const records = recordsOf(journal);
  expect(countKinds(records).adjustment).toBeGreaterThan(0);
  const { report, decisionHash } = replay(records, "recorded");
  expect(report).toMatchObject({ differences: NO_DIFFERENCES, examples: [] });
  expect(decisionHash).toBe(rig.engine.decisionHash());
}, 60_000);

onRealTicks("the day of a payrolls release, traded by the engine", () => {
  test("twice brings the same orders and the same money, and another seed other ones", () => {
    const ticks = ticksOf([PAYROLLS]);
    const once = trade(ticks, 7);
    const again = trade(ticks, 7);
    const other = trade(ticks, 8);
    console.log(`${ticks.length} ticks, ${once.answers.length} intents and answers`);
    expect(once.answers.length).toBeGreaterThan(100);
    expect(again).toEqual(once);
    expect(other.answers).not.toEqual(once.answers);
  }, 120_000);
});

/** Brackets the market with two stops, lets the one that fills cancel the other, trails, closes half, then the rest. */
class Hand {
  readonly desk = new Desk(ROUGH);
  readonly ledger = new NaiveLedger({
    startMicros: DEFAULT_ACCOUNT_SETTINGS.startingBalanceMicros,
    prompt: true,
  });
  readonly #hash = new StateHash();
  #heard = 0;
  #ticks = 0;
  #intents = 0;
  #nowMicros = NOON;

  hear(tick: Tick): void {
    this.#nowMicros = tick.timeMicros;
    this.#feed(tick);
    this.#ticks++;
    const bid = Math.round(tick.bid * 100_000);
    const ask = Math.round(tick.ask * 100_000);
    if (this.#ticks % 400 === 0) this.#act(bid, ask);
    if (this.desk.broker.nextDueMicros <= this.#nowMicros) {
      this.#feed({ kind: "beat", seq: 0, timeMicros: this.#nowMicros });
    }
  }

  get fingerprint(): { hash: string; answers: number; balanceMicros: number; equityMicros: number } {
    const { balanceMicros, equityMicros } = this.desk.broker.view();
    return { hash: this.#hash.hex(), answers: this.desk.said.length, balanceMicros, equityMicros };
  }

  #act(bid: number, ask: number): void {
    const waiting = this.ledger.unfinished.filter(
      ({ intent }) => intent.terms !== undefined && intent.purpose === "entry",
    );
    const open = [...this.ledger.held].filter(([, { micros }]) => micros !== 0);
    const turn = (this.#ticks / 400) % 12;
    if (open.length > 0)
      for (const { intent } of waiting) this.#intend({ purpose: "cancel", orderIntentId: intent.intentId });
    else if (waiting.length === 0) this.#bracket(bid, ask, turn);
    else if (turn % 4 === 0) for (const { intent } of waiting) this.#reprice(intent, bid, ask);
    for (const [positionId, { micros }] of open) this.#manage(positionId, { micros, bid, ask, turn });
  }

  #bracket(bid: number, ask: number, turn: number): void {
    const volumeMicros = 700_000;
    const timeInForce = turn % 2 === 0 ? "gtc" : "day";
    const type = turn % 3 === 0 ? "stop-limit" : "stop";
    const above = pending(type, ask + 60, {
      timeInForce,
      limitPricePoints: type === "stop" ? null : ask + 50,
    });
    const below = turn % 5 === 0 ? pending("limit", bid - 60) : pending("stop", bid - 60, { timeInForce });
    const side = below.type === "limit" ? "BUY" : "SELL";
    this.#intend({ volumeMicros, terms: above, stopPricePoints: ask - 60, targetPricePoints: ask + 110 });
    this.#intend({
      volumeMicros,
      terms: below,
      side,
      stopPricePoints: side === "BUY" ? bid - 160 : bid + 60,
    });
  }

  #reprice({ intentId, terms, side, stopPricePoints }: OrderIntent, bid: number, ask: number): void {
    if (terms === undefined || terms.type === "stop-limit") return;
    const away = terms.type === "limit" ? -40 : 40;
    const pricePoints = side === "BUY" ? ask + away : bid - away;
    this.#intend({
      purpose: "modify",
      orderIntentId: intentId,
      side,
      terms: { ...terms, pricePoints },
      stopPricePoints,
    });
  }

  #manage(
    positionId: string,
    { micros, bid, ask, turn }: { micros: number; bid: number; ask: number; turn: number },
  ): void {
    const long = micros > 0;
    const side = long ? "SELL" : "BUY";
    const stopPricePoints = long ? bid - 80 : ask + 80;
    if (turn === 7)
      this.#intend({
        purpose: "exit",
        positionId,
        side,
        volumeMicros: Math.ceil(Math.abs(micros) / 20_000) * 10_000,
      });
    else if (turn === 11) this.#intend({ purpose: "exit", positionId, side, volumeMicros: Math.abs(micros) });
    else this.#intend({ purpose: "modify", positionId, stopPricePoints });
  }

  #intend(fields: Partial<OrderIntent>): void {
    const intentId = `paper-${++this.#intents}`;
    this.#feed(orderIntent(this.#nowMicros, { intentId, ...fields }));
    this.#feed({ kind: "sent", seq: 0, timeMicros: this.#nowMicros, accountId: "paper", intentId });
  }

  #feed(record: JournalRecord): void {
    this.ledger.given(record);
    this.desk.feed(record);
    const { said } = this.desk;
    if (this.#heard === said.length) return;
    for (; this.#heard < said.length; this.#heard++) {
      const draft = said[this.#heard];
      this.#hash.text(JSON.stringify(draft));
      if (draft?.kind === "execution") this.ledger.said(draft);
      if (draft?.kind === "adjustment") this.ledger.adjusted(draft);
    }
    expect(this.desk.broker.view().equityMicros).toBe(this.ledger.equityMicros);
  }
}

onRealTicks("a week of EURUSD, traded by a hand that follows a script", () => {
  test("twice brings the same answers and the same money, which add up at every answer", () => {
    const ticks = ticksOf(leanDays(SET));
    const [once, again] = [new Hand(), new Hand()];
    for (const tick of ticks) {
      once.hear(tick);
      again.hear(tick);
    }
    console.log(`${ticks.length} ticks:`, once.fingerprint);
    expect(again.fingerprint).toEqual(once.fingerprint);
    const kinds = new Set(
      once.desk.reports.map(({ status, reason }) => (status === "filled" ? `filled ${reason}` : status)),
    );
    for (const kind of [
      "acknowledged",
      "cancelled",
      "rejected",
      "done",
      "partially-filled",
      "filled stop",
      "filled target",
      "filled signal",
    ]) {
      expect(kinds).toContain(kind);
    }
    expect(once.desk.adjustments.length).toBeGreaterThan(0);
  }, 120_000);
});
