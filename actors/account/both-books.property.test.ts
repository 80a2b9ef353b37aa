// An account and the paper broker keep books of their own on the same trading. Whatever people, signals and prices do, and however
// the broker misbehaves, once everything has been answered the two have the same positions, levels, orders and money.

import { describe, expect, test } from "bun:test";
import { MICROS_PER_HOUR, MICROS_PER_SECOND, type Micros } from "../base/clock.ts";
import { SeededRandom } from "../base/random.ts";
import type { OrderPurpose, PendingTerms, Position, Side } from "../domain/order.ts";
import type { Command, JournalRecord } from "../domain/records.ts";
import { EURUSD, GBPUSD, NOON, signal, TestEngine, tick } from "./account.fixture.ts";
import type { AccountSettings, PaperBrokerSettings } from "./settings.ts";

const SECOND = MICROS_PER_SECOND;
/** More for a long night: `BOTH_BOOKS_SEEDS=5000 bun test ...`. */
const SEEDS = Number(process.env["BOTH_BOOKS_SEEDS"] ?? 200);
const STEPS = 150;
/** Each deal's profit is rounded to a millionth, and in another order to another one. */
const ROUNDING_MICROS = 1_000;
const PAIRS = [EURUSD.id, GBPUSD.id] as const;
const FIRST_POINTS = new Map<number, number>([
  [EURUSD.id, 110_000],
  [GBPUSD.id, 125_000],
]);

class Day {
  engine: TestEngine;
  isSilent = false;
  readonly records: JournalRecord[] = [];
  readonly #random: SeededRandom;
  readonly #open: () => TestEngine;
  readonly #bids = new Map(FIRST_POINTS);
  readonly #spreads = new Map<number, number>(PAIRS.map((id) => [id, 10]));
  #nowMicros: Micros = NOON;
  #keys = 0;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
    const mode = this.#chance(0.5) ? "hedging" : "netting";
    const settings = this.#account(mode);
    // A broker that keeps every entry apart is what an account that nets has by default.
    const broker = this.#moods(mode === "netting" && this.#chance(0.4) ? "hedging" : mode);
    this.#open = () => new TestEngine({ settings, broker, seed });
    this.engine = this.#open();
    for (const id of PAIRS) this.#quote(id, 0);
  }

  step(): void {
    const random = this.#random;
    this.#wait(this.#chance(0.01) ? random.integer(10 * MICROS_PER_HOUR) : random.integer(3 * SECOND));
    const id = this.#one(PAIRS);
    const draw = random.integer(20);
    if (draw < 8) this.#quote(id, this.#chance(0.04) ? random.integer(1_200) - 600 : random.integer(80) - 40);
    else if (draw < 10) this.#signal(id);
    else if (draw < 14) this.#trade(id);
    else if (draw < 19) this.#meddle();
    if (this.#chance(this.engine.account.mode === "active" ? 0.02 : 0.2)) this.#brake();
  }

  /** Prices stand still until whatever is under way has been answered. */
  settle(): void {
    for (let round = 0; round < 400 || (round < 4_000 && !this.#isQuiet()); round++) {
      this.#wait(SECOND);
      for (const id of PAIRS) this.#quote(id, 0);
    }
  }

  /** Nothing is under way but orders that wait. */
  #isQuiet(): boolean {
    const { liveOrders, positions, followUps } = this.engine.account.view();
    const waits = liveOrders.every(
      ({ terms, state, purpose }) =>
        terms !== null && purpose === "entry" && state !== "sent" && state !== "unknown",
    );
    return waits && followUps.length === 0 && positions.every(({ exitReason }) => exitReason === "");
  }

  /** Whatever is open is closed. */
  flatten(): void {
    this.#command({ command: "flatten", accountId: "paper", by: "person" });
    for (let round = 0; round < 20; round++) {
      this.settle();
      const { positions, liveOrders } = this.engine.account.view();
      if (positions.length + liveOrders.length === 0) return;
    }
  }

  /** Goes on in other actors that have the state of these. */
  restart(): void {
    const states = this.engine.save();
    const seq = this.engine.lastSeq;
    this.records.push(...this.engine.records);
    this.engine = this.#open();
    this.engine.load(states, seq);
  }

  get said(): readonly JournalRecord[] {
    return [...this.records, ...this.engine.records];
  }

  #account(positionMode: "hedging" | "netting"): Partial<AccountSettings> {
    const exits = {
      trailing: { distancePoints: 90, stepFraction: 0.2 },
      partial: { atTargetFraction: 0.4, volumeFraction: 0.5 },
    };
    return {
      positionMode,
      positionsPerInstrumentMax: 4,
      positionsMax: 8,
      marginUseFraction: 1,
      dailyLossFraction: this.#chance(0.7) ? 0.9 : 0.02,
      ...(this.#chance(0.5) ? { exits } : {}),
    };
  }

  #moods(positionMode: "hedging" | "netting"): Partial<PaperBrokerSettings> {
    const probability = this.#one([0, 0, 0.15]);
    this.isSilent = probability > 0;
    return {
      positionMode,
      volumePerQuoteMicros: this.#one([100_000_000, 130_000]),
      stopsLevelPoints: this.#one([undefined, 15]),
      rejectionProbability: this.#one([0, 0, 0.15]),
      requoteDeviationPoints: this.#one([undefined, 5]),
      latencyLogDeviation: this.#one([0, 1.5]),
      closeByCommission: this.#chance(0.5),
      silence: { probability, lostShare: 0.5, revealMicros: 40 * SECOND },
      swap: {
        unit: "points",
        rates: { EURUSD: { long: -6.3, short: 1.7 }, GBPUSD: { long: 3, short: -9 } },
        tripleWeekday: 3,
      },
    };
  }

  /** Beats as often as somebody wants one. */
  #wait(micros: Micros): void {
    this.#nowMicros += micros;
    const { account, broker } = this.engine;
    for (;;) {
      const due = Math.min(account.nextDueMicros, broker?.nextDueMicros ?? Number.POSITIVE_INFINITY);
      if (due >= this.#nowMicros) return;
      this.engine.beat(due);
    }
  }

  #quote(id: number, movePoints: number): void {
    const bid = (this.#bids.get(id) ?? 0) + movePoints;
    this.#bids.set(id, bid);
    if (movePoints !== 0) this.#spreads.set(id, 5 + this.#random.integer(10));
    const ask = bid + (this.#spreads.get(id) ?? 0);
    this.engine.feed(
      tick({ timeMicros: this.#nowMicros, instrumentId: id, bid: bid / 100_000, ask: ask / 100_000 }),
    );
  }

  #signal(id: number): void {
    this.#quote(id, 0);
    const bidPoints = this.#bids.get(id) ?? 0;
    const askPoints = bidPoints + (this.#spreads.get(id) ?? 0);
    const action = this.#side();
    this.engine.feed(
      signal({
        timeMicros: this.#nowMicros,
        instrumentId: id,
        action,
        bidPoints,
        askPoints,
        stopPoints: 120,
      }),
    );
  }

  #trade(id: number): void {
    this.#quote(id, 0);
    const bidPoints = this.#bids.get(id) ?? 0;
    const askPoints = bidPoints + (this.#spreads.get(id) ?? 0);
    const side = this.#side();
    this.#command({
      command: "trade",
      accountId: "paper",
      by: "trader",
      instrumentId: id,
      side,
      volumeMicros: (1 + this.#random.integer(80)) * 10_000,
      bidPoints,
      askPoints,
      stopPoints: 60 + this.#random.integer(100),
      targetPoints: this.#one([0, 70, 150]),
      expiresAtMicros: this.#nowMicros + 5 * SECOND,
      key: `key-${this.#keys++}`,
      ...(this.#chance(0.3) ? {} : { terms: this.#terms(this.#one(TYPES), side, id) }),
      ...(this.#chance(0.5) ? { group: `group-${this.#keys >> 3}` } : {}),
    });
  }

  #terms(type: PendingTerms["type"], side: Side, id: number): PendingTerms {
    const bid = this.#bids.get(id) ?? 0;
    const market = side === "BUY" ? bid + (this.#spreads.get(id) ?? 0) : bid;
    const away = (side === "BUY") === (type !== "limit") ? 1 : -1;
    const pricePoints = market + away * (1 + this.#random.integer(60));
    const timeInForce = this.#one(["gtc", "gtc", "day", "until"] as const);
    const better = side === "BUY" ? -1 : 1;
    return {
      type,
      pricePoints,
      limitPricePoints: type === "stop-limit" ? pricePoints + better * this.#random.integer(20) : null,
      timeInForce,
      untilMicros: timeInForce === "until" ? this.#nowMicros + this.#random.integer(120 * SECOND) : null,
    };
  }

  #meddle(): void {
    const { liveOrders, positions } = this.engine.account.view();
    const waiting = liveOrders.filter(({ purpose, terms }) => purpose === "entry" && terms !== null);
    const order = waiting[this.#random.integer(waiting.length + 1)];
    const position = positions[this.#random.integer(positions.length + 1)];
    const by = { accountId: "paper", by: "person" } as const;
    if (order?.terms !== undefined && order.terms !== null && this.#chance(0.6)) {
      const { intentId, side, instrumentId } = order;
      if (this.#chance(0.3)) {
        this.#command({ ...by, command: "cancel-order", intentId });
        return;
      }
      this.#quote(instrumentId, 0);
      const terms = this.#terms(order.terms.type, side, instrumentId);
      const from = terms.limitPricePoints ?? terms.pricePoints;
      const away = side === "BUY" ? 1 : -1;
      const stopPricePoints = from - away * (60 + this.#random.integer(60));
      const targetPricePoints = this.#chance(0.5) ? null : from + away * 90;
      this.#command({ ...by, command: "modify-order", intentId, terms, stopPricePoints, targetPricePoints });
      return;
    }
    if (position === undefined) return;
    const { positionId, side, instrumentId } = position;
    const other = positions.find((each) => each.instrumentId === instrumentId && each.side !== side);
    const away = side === "BUY" ? 1 : -1;
    const bid = this.#bids.get(instrumentId) ?? 0;
    const stopPricePoints = bid - away * (30 + this.#random.integer(80));
    const commands: readonly Command[] = [
      { ...by, command: "modify-position", positionId, stopPricePoints, targetPricePoints: bid + away * 200 },
      { ...by, command: "close-position", positionId, volumeMicros: this.#one([null, 50_000]) },
      { ...by, command: "close-by", positionId, byPositionId: other?.positionId ?? "nothing" },
    ];
    this.#command(this.#one(commands));
  }

  /** What was stopped is let go again soon, so that there is something to stop. */
  #brake(): void {
    const trip = this.engine.account.view().trip;
    const accountId = "paper";
    if (trip !== null) this.#command({ command: "rearm", accountId, by: "person", tripSeq: trip.seq });
    else if (this.engine.account.mode !== "active")
      this.#command({ command: "resume-entries", accountId, by: "person" });
    else {
      const mode = this.#one(["halt-entries", "reduce-only", "flatten"] as const);
      const commands: readonly Command[] = [
        { command: "flatten", accountId, by: "person" },
        { command: "halt-entries", accountId, by: "person" },
        { command: "set-mode", accountId, by: "person", mode: "reducing" },
        { command: "trip", accountId, by: "person", mode, reason: "test" },
      ];
      this.#command(this.#one(commands));
    }
  }

  #command(command: Command): void {
    this.engine.command(command, this.#nowMicros);
  }

  #side(): Side {
    return this.#chance(0.5) ? "BUY" : "SELL";
  }

  #chance(share: number): boolean {
    return this.#random.next() < share;
  }

  #one<Choice>(choices: readonly Choice[]): Choice {
    return choices[this.#random.integer(choices.length)] as Choice;
  }
}

const TYPES = ["limit", "stop", "stop-limit"] as const;

interface Levels {
  readonly stopPricePoints: number | null;
  readonly targetPricePoints: number | null;
}

type PositionRow = Levels & Pick<Position, "positionId" | "instrumentId" | "side" | "volumeMicros">;

interface OrderRow extends Levels {
  readonly intentId: string;
  readonly purpose: OrderPurpose;
  readonly volumeMicros: number;
  readonly filledMicros: number;
}

interface Books {
  readonly positions: readonly PositionRow[];
  readonly orders: readonly OrderRow[];
}

/** One side's books in one order, and without levels where nobody can tell them. */
function comparable({ positions, orders }: Books, hasLevels: boolean): unknown {
  return {
    positions: positions
      .toSorted((a, b) => (a.positionId < b.positionId ? -1 : 1))
      .map((position) => positionRow(position, hasLevels)),
    orders: orders.toSorted((a, b) => (a.intentId < b.intentId ? -1 : 1)).map(orderRow),
  };
}

function positionRow(position: PositionRow, hasLevels: boolean): PositionRow {
  const { positionId, instrumentId, side, volumeMicros } = position;
  const levels = hasLevels ? position : { stopPricePoints: null, targetPricePoints: null };
  return { positionId, instrumentId, side, volumeMicros, ...levelsOf(levels) };
}

function orderRow(order: OrderRow): OrderRow {
  const { intentId, purpose, volumeMicros, filledMicros } = order;
  return { intentId, purpose, volumeMicros, filledMicros, ...levelsOf(order) };
}

function levelsOf({ stopPricePoints, targetPricePoints }: Levels): Levels {
  return { stopPricePoints: orNull(stopPricePoints), targetPricePoints: orNull(targetPricePoints) };
}

/** The broker has NaN for none. */
function orNull(points: number | null): number | null {
  return Number.isNaN(points) ? null : points;
}

/** Each intent has one pre-trade record, which comes before it; no more of it fills than it asks for. */
function expectOneOrderEach(said: readonly JournalRecord[]): void {
  const asked = new Map<string, number>();
  const approved = new Set<string>();
  for (const record of said) {
    if (record.kind === "pretrade" && record.intentId !== null) {
      expect(approved.has(record.intentId)).toBe(false);
      approved.add(record.intentId);
    } else if (record.kind === "intent") {
      expect(approved.has(record.intentId)).toBe(true);
      expect(asked.has(record.intentId)).toBe(false);
      asked.set(record.intentId, record.volumeMicros);
    } else if (record.kind === "execution" && record.dealId !== null) {
      const own = said.find(
        (each) => each.kind === "intent" && each.intentId === record.intentId && each.side === record.side,
      );
      if (own === undefined) continue;
      const rest = (asked.get(record.intentId) ?? 0) - record.volumeMicros;
      expect(rest).toBeGreaterThanOrEqual(0);
      asked.set(record.intentId, rest);
    }
  }
}

function play(seed: number, restartAt = -1): Day {
  const day = new Day(seed);
  for (let step = 0; step < STEPS; step++) {
    if (step === restartAt) day.restart();
    day.step();
  }
  day.settle();
  return day;
}

/**
 * Positions, levels and orders, and what they are worth. Where a silent answer came late the two have booked deals in another order, and
 * what was won is split otherwise between what is closed and what is open.
 */
function expectSameBooks(seed: number, { engine, isSilent }: Day): void {
  const { anomalies, equityMicros, positions, liveOrders } = engine.account.view();
  // A position has the levels of the newest of two that filled into it: where silence kept a fill back, which one was that?
  const hasLevels = !isSilent || anomalies["group-filled-twice"] === 0;
  const ours = comparable({ positions, orders: liveOrders }, hasLevels);
  expect({ seed, books: ours }).toEqual({ seed, books: comparable(engine.broker!.books(), hasLevels) });
  expect(Math.abs(equityMicros - engine.broker!.view().equityMicros)).toBeLessThanOrEqual(ROUNDING_MICROS);
}

function expectSameMoney(seed: number, { engine }: Day): void {
  const { balanceMicros, positions, liveOrders } = engine.account.view();
  expect({ seed, positions, liveOrders }).toEqual({ seed, positions: [], liveOrders: [] });
  expect(Math.abs(balanceMicros - engine.broker!.view().balanceMicros)).toBeLessThanOrEqual(ROUNDING_MICROS);
}

describe("an account and its paper broker", () => {
  test(`agree after ${SEEDS} days of everything, and to the cent when all is closed`, () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const day = play(seed);
      expectSameBooks(seed, day);
      const { anomalies } = day.engine.account.view();
      expect({ seed, anomalies }).toMatchObject({
        anomalies: { "illegal-transition": 0, overfilled: 0, "duplicate-deal": 0, "bad-fill": 0 },
      });
      if (seed % 10 === 0) expectOneOrderEach(day.said);
      day.flatten();
      expectSameMoney(seed, day);
    }
  }, 600_000);

  test("go on after a restart as if there had been none", () => {
    for (let seed = 1; seed <= SEEDS / 10; seed++) {
      const whole = play(seed);
      const halves = play(seed, (seed * 7) % STEPS);
      expect({ seed, hash: halves.engine.account.intentHash }).toEqual({
        seed,
        hash: whole.engine.account.intentHash,
      });
      // Anomalies are counted for good; their words are for whoever watches.
      const words = { recentAnomalies: [] };
      expect({ ...halves.engine.account.view(), ...words }).toEqual({
        ...whole.engine.account.view(),
        ...words,
      });
    }
  }, 600_000);
});
