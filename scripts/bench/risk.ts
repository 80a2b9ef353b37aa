// What the controls cost: all of them on one order, every limit on, and the whole way from a signal to its intent in an
// account that holds positions and has orders on their way.

import { AccountActor } from "../../actors/account/account-actor.ts";
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
  const limits: EntryLimits = { account: DEFAULT_ACCOUNT_SETTINGS, risk: LIMITS };
  return timesOf(
    (index) => {
      const verdict = approveEntry(ORDER, all[index % all.length] as RiskFigures, limits);
      if (!verdict.ok) throw new Error(verdict.message);
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
    };
    const emitter = {
      emit: (draft: Draft): void => {
        if (draft.kind === "intent") this.#intents.push(draft);
      },
    };
    this.#actor = new AccountActor({ settings, instruments: INSTRUMENTS, emitter, epoch: 1 });
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

export async function bench(emit: Emit): Promise<void> {
  const controls = controlTimes();
  const signals = signalTimes();
  const p99 = quantile(controls, 0.99);
  const all = "all controls on one order";
  emit({ name: "risk", metric: `${all}, p50`, value: quantile(controls, 0.5), unit: "us" });
  emit({
    name: "risk",
    metric: `${all}, p99`,
    value: p99,
    unit: "us",
    bar: `<= ${P99_MICROS_MAX} us`,
    met: p99 <= P99_MICROS_MAX,
  });
  const whole = "signal to intent, 20 positions and 10 orders";
  emit({ name: "risk", metric: `${whole}, p50`, value: quantile(signals, 0.5), unit: "us" });
  emit({ name: "risk", metric: `${whole}, p99`, value: quantile(signals, 0.99), unit: "us" });
}

if (import.meta.main) await bench((row) => console.log(JSON.stringify(row)));
