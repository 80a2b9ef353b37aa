// Generated orders, positions and figures around their limits: what the controls say is what the naive telling says, control
// by control, and the first that fails is the refusal's code.

import { expect, test } from "bun:test";
import { KILL_MODES } from "../../domain/kill-switch.ts";
import { EURGBP, EURUSD, GBPUSD, NOON, USDJPY } from "../account.fixture.ts";
import { SeededRandom } from "../../base/random.ts";
import type { Instrument } from "../../domain/instrument.ts";
import { COMPLIANCE_CODES } from "../compliance/checks.ts";
import type { Side } from "../../domain/order.ts";
import { exposureOf } from "../exposure-book.ts";
import { DEFAULT_ACCOUNT_SETTINGS as ACCOUNT } from "../settings.ts";
import type { SizedOrder } from "../sizing.ts";
import { approveEntry } from "./approval.ts";
import type { RiskFigures } from "./check.ts";
import type { RefusalCode } from "./codes.ts";
import { FIGURES, ORDER, RISK } from "./controls.fixture.ts";
import { CONTROLS, entryChecks } from "./controls.ts";
import type { RiskLimits } from "./limits.ts";
import { type Held, type Holdings, oracle, type Totals, totalsWith } from "./oracle.fixture.ts";

const ORDERS = process.env["TICKFORGE_TORTURE"] === "1" ? 1_000_000 : 20_000;
const SEED = 20_260_106;

const INSTRUMENTS: readonly Instrument[] = [EURUSD, USDJPY, EURGBP, GBPUSD];
/** Whole even mids and rates that are powers of two: amounts are exact in either telling. */
const MIDS = [110_000, 128_000, 88_000, 125_000];
const RATES = [1, 1 / 128, 1.25, 1];
/** Of an instrument: none, mostly. */
const FLAWS: readonly Partial<Instrument>[] = [
  ...Array.from({ length: 98 }, () => ({})),
  { symbol: "USDRUB" },
  { volumeStepMicros: 0 },
];
const CORRELATIONS = [-1, -0.5, 0.5, 1, null];

class Cases {
  readonly #random: SeededRandom;

  constructor(seed: number) {
    this.#random = new SeededRandom(seed);
  }

  one<Choice>(choices: readonly Choice[]): Choice {
    return choices[this.#random.integer(choices.length)] as Choice;
  }

  chance(share: number): boolean {
    return this.#random.next() < share;
  }

  /** At, just below or just above `limit`; now and then far from it, or no number. */
  near(limit: number): number {
    if (this.chance(0.004)) return this.one([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]);
    if (this.chance(0.02)) return limit + 1;
    if (this.chance(0.3)) return limit;
    return limit - 1;
  }

  /** Just above, at or just below: of figures that have to be large. */
  nearFromAbove(limit: number): number {
    const below = this.near(limit);
    return 2 * limit - below;
  }

  held(): Held {
    const id = this.#random.integer(INSTRUMENTS.length);
    return {
      instrument: INSTRUMENTS[id] as Instrument,
      side: this.one(["BUY", "SELL"]),
      volumeMicros: 10_000 * (1 + this.#random.integer(500)),
      pricePoints: MIDS[id] as number,
      rate: RATES[id] as number,
    };
  }

  list(max: number): Held[] {
    return Array.from({ length: this.#random.integer(max + 1) }, () => this.held());
  }
}

function figuresOf(cases: Cases, order: SizedOrder): Omit<RiskFigures, "exposure"> {
  const { exposure: _exposure, ...calm } = FIGURES;
  return {
    ...calm,
    trader: cases.chance(0.02) ? "somebody" : cases.one([null, "operator"]),
    regime: cases.chance(0.02) ? "illiquid" : cases.one(["quiet-range", null]),
    signalTradable: !cases.chance(0.02),
    signalExpiresAtMicros: cases.nearFromAbove(NOON + 1),
    signalPricePoints: order.pricePoints,
    mode: cases.chance(0.02) ? cases.one(["halted", "reducing"]) : "active",
    killMode: cases.chance(0.02) ? cases.one(KILL_MODES) : null,
    oppositeVolumeMicros: cases.nearFromAbove(order.volumeMicros),
    dayLossMicros: cases.near(0.03 * FIGURES.dayStartEquityMicros - 1),
    trailingLossMicros: cases.near(RISK.trailingDrawdownMaxMicros! - 1),
    absoluteLossMicros: cases.near(RISK.absoluteDrawdownMaxMicros! - 1),
    consecutiveLosses: cases.near(RISK.consecutiveLossesMax! - 1),
    unknownOrders: cases.near(0),
    booksDiffer: cases.chance(0.02) ? cases.one([1, Number.NaN]) : cases.one([0, undefined]),
    liveOrders: cases.near(0),
    instrumentPositions: cases.near(0),
    exposedInstruments: cases.near(ACCOUNT.positionsMax - 1),
    accountLiveOrders: cases.near(FIGURES.liveOrdersMax - 1),
    messagesInSecond: cases.near(RISK.messagesPerSecondMax! - 1),
    messagesInMinute: cases.near(RISK.messagesPerMinuteMax! - 1),
    executionsInWindow: cases.near(RISK.executionsMax! - 1),
    sinceExitMicros: cases.nearFromAbove(RISK.cooldownAfterExitMicros!),
    sinceLossMicros: cases.nearFromAbove(RISK.cooldownAfterLossMicros!),
    closesInMicros: cases.nearFromAbove(RISK.sessionCloseGateMicros!),
    weekendInMicros: cases.nearFromAbove(RISK.weekendGateMicros!),
    newsEvents: cases.near(0),
    quoteTimeMicros: cases.nearFromAbove(NOON - ACCOUNT.quoteAgeMaxMicros),
    spreadPoints: cases.near(order.instrument.spreadMaxPoints),
    referencePricePoints: cases.one([
      order.pricePoints,
      order.pricePoints * 0.9901,
      order.pricePoints * 0.99,
    ]),
    marginTakenMicros: cases.near(FIGURES.equityMicros * ACCOUNT.marginUseFraction - order.marginMicros),
    conversionRate: cases.chance(0.005)
      ? cases.one([Number.NaN, 0, -1])
      : (RATES[order.instrument.id] as number),
    volumeBudgetMicros: cases.nearFromAbove(order.volumeMicros),
  };
}

/** Of every other order none; else right at the market's edge, and now and then past its time. */
function pendingOf(cases: Cases, side: Side, pricePoints: number): Pick<SizedOrder, "pending"> {
  if (cases.chance(0.5)) return {};
  const type = cases.one(["limit", "stop"] as const);
  const isAbove = (side === "BUY") === (type === "stop");
  const away = cases.chance(0.02) ? cases.one([-1, 0]) : 1 + Math.floor(cases.near(7));
  const timed = cases.chance(0.5);
  return {
    pending: {
      terms: {
        type,
        pricePoints: pricePoints + (isAbove ? away : -away),
        limitPricePoints: null,
        timeInForce: timed ? "until" : "gtc",
        untilMicros: timed ? cases.nearFromAbove(NOON + 1) : null,
      },
      bidPoints: pricePoints,
      askPoints: pricePoints,
    },
  };
}

function orderOf(cases: Cases): SizedOrder {
  const { instrument, side, volumeMicros, pricePoints } = cases.held();
  return {
    ...ORDER,
    ...pendingOf(cases, side, pricePoints),
    instrument: { ...instrument, ...cases.one(FLAWS) },
    side,
    pricePoints: cases.chance(0.003) ? Number.NaN : pricePoints,
    stopPoints: cases.nearFromAbove(52),
    volumeMicros: cases.chance(0.003) ? Number.NaN : volumeMicros,
  };
}

/** Limits at what the order comes to, or off. Of the root two off it: its last bit is not the same in another order of adding. */
function limitsAt(cases: Cases, order: SizedOrder, totals: Totals): RiskLimits {
  const at = (total: number): number | null => {
    if (cases.chance(0.1)) return null;
    const limit = cases.nearFromAbove(Number.isNaN(total) ? 1 : total);
    return Number.isFinite(limit) ? limit : 1;
  };
  return {
    ...RISK,
    tradersAllowed: cases.chance(0.2) ? null : RISK.tradersAllowed,
    orderVolumeMaxMicros: at(order.volumeMicros),
    orderValueMaxMicros: at(totals.value),
    longVolumeMaxMicros: at(totals.long),
    shortVolumeMaxMicros: at(totals.short),
    grossExposureMaxMicros: at(totals.gross),
    netExposureMaxMicros: at(totals.net),
    currencyExposureMaxMicros: at(totals.currency),
    correlatedExposureMaxMicros: Number.isNaN(totals.correlated)
      ? 1
      : totals.correlated + cases.one([-2, 2, 2, 2, 2, 2, 2, 2, 2, 2]),
  };
}

/** What the account's own sums make of the holdings. */
function exposureIn({ positions, live, correlations }: Holdings, instrument: Instrument) {
  const open = positions.map((held) => ({
    instrumentId: held.instrument.id,
    signedVolumeMicros: held.side === "BUY" ? held.volumeMicros : -held.volumeMicros,
  }));
  // Whose a position is makes no difference.
  const half = Math.ceil(open.length / 2);
  return exposureOf(
    {
      books: {
        positions: { open: open.slice(0, half) },
        external: { open: open.slice(half) },
        orders: {
          live: live.map(({ instrument: { id }, side, volumeMicros, pricePoints }) => ({
            instrumentId: id,
            purpose: "entry",
            side,
            volumeMicros: volumeMicros + 10_000,
            filledMicros: 10_000,
            pricePoints,
            changePricePoints: 0,
          })),
        },
        board: {
          bidPoints: (id) => (MIDS[id] as number) - 5,
          askPoints: (id) => (MIDS[id] as number) + 5,
        },
        conversionRate: (id) => RATES[id] as number,
      },
      instruments: INSTRUMENTS,
      currency: "USD",
      correlation: (id) => correlations[id] ?? null,
    },
    instrument,
  );
}

/** One position an instrument, as the account keeps them: two on opposite sides would be one. */
function holdingsOf(cases: Cases): Holdings {
  const positions = cases
    .list(4)
    .filter(
      (held, index, all) => all.findIndex(({ instrument: { id } }) => id === held.instrument.id) === index,
    );
  return {
    positions,
    live: cases.list(3),
    currency: "USD",
    correlations: INSTRUMENTS.map(() => cases.one(CORRELATIONS)),
  };
}

test(`${ORDERS.toLocaleString("en-US")} orders are judged as by a naive telling (seed ${SEED})`, () => {
  const cases = new Cases(SEED);
  const failures = new Map<RefusalCode, number>();
  let approved = 0;
  for (let index = 0; index < ORDERS; index++) {
    const order = orderOf(cases);
    const figures = figuresOf(cases, order);
    const holdings = holdingsOf(cases);
    const totals = totalsWith({ ...order, rate: figures.conversionRate }, holdings);
    const risk = limitsAt(cases, order, totals);
    const limits = { account: ACCOUNT, risk };
    const expected = oracle({ order, figures, totals, risk, account: ACCOUNT });
    const full = { ...figures, exposure: exposureIn(holdings, order.instrument) };
    const checks = entryChecks(order, full, limits);
    const where = `seed ${SEED}, order ${index}`;
    for (const { control, passed, value, limit } of checks) {
      if (expected.get(control as RefusalCode) === passed) continue;
      throw new Error(`${where}: ${control} said ${passed} to value ${value}, limit ${limit}`);
    }
    if (checks.length !== expected.size) throw new Error(`${where}: not the same controls are on`);
    const first = CONTROLS.find(({ code }) => expected.get(code) === false)?.code;
    const verdict = approveEntry(order, full, limits);
    if ((verdict.ok ? undefined : verdict.code) !== first)
      throw new Error(`${where}: not refused as ${first}`);
    if (verdict.ok) approved++;
    for (const [code, passes] of expected) if (!passes) failures.set(code, (failures.get(code) ?? 0) + 1);
  }
  // The generator reaches both answers of every control that it varies.
  expect(approved).toBeGreaterThan(ORDERS / 100);
  // Off here: compliance has an oracle of its own.
  const silent = CONTROLS.map(({ code }) => code).filter((code) => !failures.has(code));
  expect(silent).toEqual([...COMPLIANCE_CODES] as RefusalCode[]);
}, 600_000);
