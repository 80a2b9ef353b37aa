// What the controls cost: all of them on one order, every limit on; what compliance is judged by, over a full memory; and the whole
// way from a signal to its intent in an account that holds positions and has orders on their way.

import { AccountActor } from "../../actors/account/account-actor.ts";
import { FLOW_ORDERS_MAX } from "../../actors/account/compliance/bounds.ts";
import { complianceFigures } from "../../actors/account/compliance/figures.ts";
import { OrderFlow } from "../../actors/account/compliance/order-flow.ts";
import {
  type ComplianceLimits,
  DEFAULT_COMPLIANCE_SETTINGS,
} from "../../actors/account/compliance/settings.ts";
import { ACCOUNT_MODES, type EntryLimits, type RiskFigures } from "../../actors/account/risk/check.ts";
import { approveEntry } from "../../actors/account/risk/approval.ts";
import type { RiskLimits } from "../../actors/account/risk/limits.ts";
import { type AccountSettings, DEFAULT_ACCOUNT_SETTINGS } from "../../actors/account/settings.ts";
import type { SizedOrder } from "../../actors/account/sizing.ts";
import { MICROS_PER_HOUR, MICROS_PER_MINUTE, MICROS_PER_SECOND } from "../../actors/base/clock.ts";
import { SeededRandom } from "../../actors/base/random.ts";
import type { Instrument } from "../../actors/domain/instrument.ts";
import type { OrderIntent } from "../../actors/domain/order.ts";
import type { Signal } from "../../actors/domain/signal.ts";
import type { Draft } from "../../actors/ports/emitter.ts";
import { type Emit, quantile } from "./row.ts";

const ORDERS = 200_000;
const WARM_ORDERS = 50_000;
const SIGNALS = 50_000;
const WARM_SIGNALS = 10_000;
const P99_MICROS_MAX = 50;
/** Of the account in the second measurement: half of them held, a quarter on their way. */
const SYMBOLS = 40;
const NOW = Date.UTC(2024, 0, 3, 12) * 1_000;

/** Far away, so that every control computes and none refuses. */
const FAR = 1_000_000_000_000_000;

const LIMITS: RiskLimits = {
  messagesPerSecondMax: 1_024,
  messagesPerMinuteMax: 1_024,
  grossExposureMaxMicros: FAR,
  netExposureMaxMicros: FAR,
  currencyExposureMaxMicros: FAR,
  correlatedExposureMaxMicros: FAR,
  trailingDrawdownMaxMicros: FAR,
  trailingDrawdownFrom: "equity",
  absoluteDrawdownMaxMicros: FAR,
  consecutiveLossesMax: 10,
  tradersAllowed: ["operator"],
  restrictedSymbols: ["USDRUB"],
  checksInstruments: true,
  quoteAgeMaxMicros: MICROS_PER_SECOND,
  priceDeviationFraction: 0.002,
  spreadMaxPoints: 50,
  priceCollarFraction: 0.05,
  priceCollarWindowMicros: 5 * MICROS_PER_MINUTE,
  orderVolumeMaxMicros: FAR,
  orderValueMaxMicros: FAR,
  longVolumeMaxMicros: FAR,
  shortVolumeMaxMicros: FAR,
  cooldownAfterLossMicros: 1,
  cooldownAfterExitMicros: 1,
  executionsMax: 1_000,
  executionsWindowMicros: MICROS_PER_HOUR,
  sessionCloseGateMicros: 15 * MICROS_PER_MINUTE,
  weekendGateMicros: MICROS_PER_HOUR,
  newsBeforeMicros: MICROS_PER_MINUTE,
  newsAfterMicros: MICROS_PER_MINUTE,
  newsImportanceMin: "high",
  regimesVetoed: ["illiquid"],
};

const COMPLIANCE: ComplianceLimits = {
  quoteDeviationMax: 1,
  secondQuoteAgeMaxMicros: MICROS_PER_HOUR,
  secondSourceRequired: false,
  slippageMeanMax: 1,
  slippageWindowMicros: MICROS_PER_HOUR,
  slippageFillsMin: 1,
  washOrdersMax: FAR,
  washWindowMicros: MICROS_PER_HOUR,
  layeringLevelsMax: FAR,
  cancelShareMax: 1,
  cancelWindowMicros: MICROS_PER_HOUR,
  cancelOrdersMin: 1,
  rampingOrdersMax: FAR,
  rampingWindowMicros: MICROS_PER_HOUR,
  rampingMoveShareMin: 0,
  orderToTradeMax: FAR,
  orderToTradeWindowMicros: MICROS_PER_HOUR,
};

function instrumentOf(id: number): Instrument {
  return {
    id,
    symbol: `S${String(id).padStart(2, "0")}USD`,
    baseCurrency: `S${String(id).padStart(2, "0")}`,
    quoteCurrency: "USD",
    digits: 5,
    contractSize: 100_000,
    volumeStepMicros: 10_000,
    volumeMinMicros: 10_000,
    volumeMaxMicros: 100_000_000,
    spreadMaxPoints: 50,
    sessions: [{ openMinute: 0, closeMinute: 5 * 24 * 60 }],
  };
}

const INSTRUMENTS = Array.from({ length: SYMBOLS }, (_, id) => instrumentOf(id));

const ORDER: SizedOrder = {
  instrument: INSTRUMENTS[0] as Instrument,
  side: "BUY",
  pricePoints: 110_010,
  stopPoints: 200,
  targetPoints: 400,
  volumeMicros: 1_000_000,
  riskMicros: 200_000_000,
  marginMicros: 3_667_000_000,
};

function figuresAt(random: SeededRandom): RiskFigures {
  const amount = (): number => random.integer(1_000_000_000);
  const range = () => ({ highMicros: amount(), lowMicros: -amount() });
  return {
    nowMicros: NOW,
    trader: null,
    regime: "quiet-range",
    signalTradable: true,
    signalExpiresAtMicros: NOW + 1,
    signalPricePoints: 110_000,
    mode: ACCOUNT_MODES[0],
    killMode: null,
    oppositeVolumeMicros: 0,
    dayLossMicros: amount(),
    dayStartEquityMicros: 100_000_000_000,
    trailingLossMicros: amount(),
    absoluteLossMicros: amount(),
    consecutiveLosses: random.integer(9),
    unknownOrders: 0,
    booksDiffer: 0,
    liveOrders: 0,
    instrumentPositions: 0,
    exposedInstruments: 0,
    accountLiveOrders: random.integer(100),
    liveOrdersMax: 256,
    messagesInSecond: random.integer(100),
    messagesInMinute: random.integer(1_000),
    executionsInWindow: random.integer(999),
    sinceExitMicros: amount() + 1,
    sinceLossMicros: amount() + 1,
    closesInMicros: FAR,
    weekendInMicros: FAR,
    newsEvents: 0,
    quoteTimeMicros: NOW,
    spreadPoints: random.integer(50),
    referencePricePoints: 110_000,
    conversionRate: 1,
    equityMicros: 100_000_000_000,
    marginTakenMicros: amount(),
    exposure: {
      longVolumeMicros: amount(),
      shortVolumeMicros: amount(),
      grossMicros: amount(),
      net: range(),
      base: range(),
      quote: range(),
      dollar: range(),
      otherVariance: amount() ** 2,
      ownMicros: amount(),
      unknownMicros: amount(),
      correlation: random.next(),
    },
    compliance: {
      secondSource: "fresh",
      quoteDeviation: random.next(),
      fills: 100,
      slippageMean: random.next(),
      washOrders: random.integer(10),
      layeringLevels: random.integer(10),
      oppositeOrders: 100,
      oppositeCancelled: random.integer(100),
      rampingOrders: 1 + random.integer(10),
      rampingMoves: 1 + random.integer(100),
      messages: random.integer(1_000),
      trades: random.integer(100),
    },
    volumeBudgetMicros: 2_000_000,
  };
}

/** Microseconds of each of `count` calls, after `warm` that are not counted. */
function timesOf(
  call: (index: number) => void,
  { warm, count }: { warm: number; count: number },
): Float64Array {
  const micros = new Float64Array(count);
  for (let i = -warm; i < count; i++) {
    const startNanos = Bun.nanoseconds();
    call(i + warm);
    if (i >= 0) micros[i] = (Bun.nanoseconds() - startNanos) / 1_000;
  }
  return micros;
}

function controlTimes(): Float64Array {
  const random = new SeededRandom(1);
  const all = Array.from({ length: 1_024 }, () => figuresAt(random));
  const limits: EntryLimits = { account: DEFAULT_ACCOUNT_SETTINGS, risk: LIMITS, compliance: COMPLIANCE };
  return timesOf(
    (index) => {
      const verdict = approveEntry(ORDER, all[index % all.length] as RiskFigures, limits);
      if (!verdict.ok) throw new Error(verdict.message);
    },
    { warm: WARM_ORDERS, count: ORDERS },
  );
}

/** Figures of compliance over a memory that holds as much as it can, all of it within every window. */
function complianceTimes(): Float64Array {
  const random = new SeededRandom(2);
  const flow = new OrderFlow(COMPLIANCE);
  for (let index = 0; index < FLOW_ORDERS_MAX; index++) {
    const side = random.integer(2) === 0 ? "BUY" : "SELL";
    const pricePoints = 110_000 + random.integer(50);
    const resting = random.integer(4) === 0;
    const intentId = String(index);
    flow.sent({ what: "place", intentId, side, pricePoints, resting, dormant: false, timeMicros: NOW });
    flow.moved({ intentId, live: random.integer(4) === 0, cancelled: false, filledMicros: 0 });
    flow.sent({ what: "change", intentId, pricePoints: null, timeMicros: NOW });
    flow.filled({ side, pricePoints, arrivalPoints: 110_000, timeMicros: NOW });
  }
  const quote = { bidPoints: 110_000, askPoints: 110_010, timeMicros: NOW };
  return timesOf(
    (index) => {
      const side = index % 2 === 0 ? "BUY" : "SELL";
      const proposal = { side, pricePoints: 110_010, dormant: false, nowMicros: NOW } as const;
      complianceFigures({ proposal, flow, quote, secondQuote: quote, others: [] }, COMPLIANCE);
    },
    { warm: WARM_ORDERS, count: ORDERS },
  );
}

/** An account with positions in half of its symbols and entries on their way in a quarter, and what it says. */
class BusyAccount {
  readonly #actor: AccountActor;
  readonly #intents: OrderIntent[] = [];
  #seq = 0;

  constructor() {
    const settings: AccountSettings = {
      ...DEFAULT_ACCOUNT_SETTINGS,
      riskFraction: 0.0001,
      positionsMax: SYMBOLS,
      risk: { tenant: LIMITS, account: {}, symbols: {} },
      compliance: { ...DEFAULT_COMPLIANCE_SETTINGS, tenant: COMPLIANCE },
    };
    const emitter = {
      emit: (draft: Draft): void => {
        if (draft.kind === "intent") this.#intents.push(draft);
      },
    };
    this.#actor = new AccountActor({
      settings,
      instruments: INSTRUMENTS,
      emitter,
      decisionAlgorithm: "bench",
      epoch: 1,
    });
    for (const { id } of INSTRUMENTS) this.#quote(id);
    for (let id = 0; id < (3 * SYMBOLS) / 4; id++) this.signal(id);
    if (this.#intents.length !== (3 * SYMBOLS) / 4)
      throw new Error("an entry was refused before the measurement");
    for (const intent of this.#intents.slice(0, SYMBOLS / 2)) this.#report(intent, "filled");
    this.#intents.length = 0;
  }

  /** Considers a signal; returns the intent it became. */
  signal(instrumentId: number): OrderIntent | undefined {
    const signal: Signal = {
      kind: "signal",
      seq: ++this.#seq,
      timeMicros: NOW,
      instrumentId,
      causeSeq: 0,
      tickSeq: 0,
      action: "BUY",
      probabilityUp: 0.6,
      confidence: 0.6,
      regime: "quiet-range",
      components: [],
      reasons: ["bench"],
      bidPoints: 110_000,
      askPoints: 110_010,
      stopPoints: 200,
      targetPoints: 400,
      expiresAtMicros: NOW + MICROS_PER_SECOND,
      tradable: true,
    };
    this.#actor.receive(signal);
    return this.#intents.at(-1);
  }

  /** Gives an intent up, so that the next signal finds the account as it was. */
  reject(intent: OrderIntent): void {
    this.#report(intent, "rejected");
    this.#intents.length = 0;
  }

  #report(intent: OrderIntent, status: "filled" | "rejected"): void {
    const { accountId, intentId, instrumentId, side, volumeMicros } = intent;
    this.#actor.receive({
      kind: "execution",
      seq: ++this.#seq,
      timeMicros: NOW,
      accountId,
      intentId,
      status,
      dealId: status === "filled" ? `deal-${intentId}` : null,
      instrumentId,
      side,
      volumeMicros,
      pricePoints: 110_010,
      commissionMicros: 0,
      reason: "",
      positionId: intentId,
      causeSeq: 0,
    });
  }

  #quote(instrumentId: number): void {
    this.#actor.receive({
      kind: "tick",
      seq: ++this.#seq,
      timeMicros: NOW,
      instrumentId,
      sourceId: 0,
      sourceSeq: 1,
      sourceTimeMicros: NOW,
      bid: 1.1,
      ask: 1.1001,
      bidVolume: 0,
      askVolume: 0,
      flags: 0,
    });
  }
}

/** A minute's worth of messages fits its limit, so a fresh account takes over before it is reached. */
const SIGNALS_OF_ACCOUNT = 900;

function signalTimes(): Float64Array {
  let account = new BusyAccount();
  const micros = new Float64Array(SIGNALS);
  for (let i = -WARM_SIGNALS; i < SIGNALS; i++) {
    if (Math.abs(i) % SIGNALS_OF_ACCOUNT === 0) account = new BusyAccount();
    const startNanos = Bun.nanoseconds();
    const intent = account.signal(SYMBOLS - 1);
    const nanos = Bun.nanoseconds() - startNanos;
    if (intent === undefined) throw new Error("a signal was refused during the measurement");
    account.reject(intent);
    if (i >= 0) micros[i] = nanos / 1_000;
  }
  return micros;
}

function emitHeld(emit: Emit, metric: string, micros: Float64Array): void {
  const p99 = quantile(micros, 0.99);
  emit({ name: "risk", metric: `${metric}, p50`, value: quantile(micros, 0.5), unit: "us" });
  emit({
    name: "risk",
    metric: `${metric}, p99`,
    value: p99,
    unit: "us",
    bar: `<= ${P99_MICROS_MAX} us`,
    met: p99 <= P99_MICROS_MAX,
  });
}

export async function bench(emit: Emit): Promise<void> {
  emitHeld(emit, "all controls and compliance on one order", controlTimes());
  emitHeld(emit, "figures of compliance over a full memory", complianceTimes());
  const signals = signalTimes();
  const whole = "signal to intent, 20 positions and 10 orders";
  emit({ name: "risk", metric: `${whole}, p50`, value: quantile(signals, 0.5), unit: "us" });
  emit({ name: "risk", metric: `${whole}, p99`, value: quantile(signals, 0.99), unit: "us" });
}

if (import.meta.main) await bench((row) => console.log(JSON.stringify(row)));
