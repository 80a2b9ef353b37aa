// What the tests of this folder share: instruments, records with sensible defaults, and a small engine that gives
// records their place and delivers them as the real one does.

import { LoadArchive, SaveArchive } from "../base/archive.ts";
import { MICROS_PER_DAY, type Micros, MICROS_PER_SECOND } from "../base/clock.ts";
import { type Instrument, MINUTES_PER_WEEK } from "../domain/instrument.ts";
import { MICROS_PER_LOT } from "../domain/money.ts";
import type { Execution, OrderIntent, PendingTerms, RiskRefusal } from "../domain/order.ts";
import type { PreTrade } from "../domain/pretrade.ts";
import type { Command, JournalRecord, TradeCommand } from "../domain/records.ts";
import type { Signal } from "../domain/signal.ts";
import type { Tick } from "../domain/tick.ts";
import type { Draft, Emitter } from "../ports/emitter.ts";
import { AccountActor } from "./account-actor.ts";
import { PaperBroker } from "./paper/paper-broker.ts";
import {
  type AccountSettings,
  DEFAULT_ACCOUNT_SETTINGS,
  DEFAULT_PAPER_BROKER_SETTINGS,
  type PaperBrokerSettings,
} from "./settings.ts";

/** Wednesday 2024-01-03 12:00 UTC. */
export const NOON: Micros = Date.UTC(2024, 0, 3, 12) * 1_000;

export function instrument(id: number, symbol: string, changes: Partial<Instrument> = {}): Instrument {
  return {
    id,
    symbol,
    baseCurrency: symbol.slice(0, 3),
    quoteCurrency: symbol.slice(3),
    digits: symbol.endsWith("JPY") ? 3 : 5,
    contractSize: 100_000,
    volumeStepMicros: 10_000,
    volumeMinMicros: 10_000,
    volumeMaxMicros: 100 * MICROS_PER_LOT,
    spreadMaxPoints: 50,
    sessions: [{ openMinute: 0, closeMinute: MINUTES_PER_WEEK }],
    ...changes,
  };
}

export const EURUSD = instrument(0, "EURUSD");
export const USDJPY = instrument(1, "USDJPY");
export const EURGBP = instrument(2, "EURGBP");
export const GBPUSD = instrument(3, "GBPUSD");
export const INSTRUMENTS = [EURUSD, USDJPY, EURGBP, GBPUSD];

export type Place<Kind extends JournalRecord["kind"]> = Partial<Extract<JournalRecord, { kind: Kind }>>;

export function tick(fields: Place<"tick"> & { timeMicros: Micros }): Tick {
  return {
    kind: "tick",
    seq: 0,
    instrumentId: 0,
    sourceId: 0,
    sourceSeq: 1,
    sourceTimeMicros: fields.timeMicros,
    bid: 1.1,
    ask: 1.1001,
    bidVolume: 0,
    askVolume: 0,
    flags: 0,
    ...fields,
  };
}

export function signal(fields: Place<"signal"> & { timeMicros: Micros }): Signal {
  return {
    kind: "signal",
    seq: 0,
    instrumentId: 0,
    causeSeq: 0,
    tickSeq: 0,
    action: "BUY",
    probabilityUp: 0.7,
    confidence: 0.7,
    regime: "quiet-range",
    components: [],
    reasons: ["test"],
    bidPoints: 110_000,
    askPoints: 110_010,
    stopPoints: 200,
    targetPoints: 400,
    expiresAtMicros: fields.timeMicros + 10_000_000,
    tradable: true,
    ...fields,
  };
}

/** A report about `intent`; by default it fills all of it at its ask or bid. */
export function execution(intent: OrderIntent, fields: Place<"execution"> = {}): Execution {
  return {
    kind: "execution",
    seq: 0,
    timeMicros: intent.timeMicros,
    accountId: intent.accountId,
    intentId: intent.intentId,
    status: "filled",
    dealId: `deal-of-${intent.intentId}`,
    instrumentId: intent.instrumentId,
    side: intent.side,
    volumeMicros: intent.volumeMicros,
    pricePoints: intent.side === "BUY" ? intent.askPoints : intent.bidPoints,
    commissionMicros: 0,
    reason: intent.reason,
    positionId: intent.positionId ?? `position-of-${intent.intentId}`,
    causeSeq: intent.seq,
    ...fields,
  };
}

/** A report about `intent` that is no fill. */
export function reportOf(intent: OrderIntent, status: Execution["status"], timeMicros?: Micros): Execution {
  const at = timeMicros === undefined ? {} : { timeMicros };
  return execution(intent, { status, dealId: null, ...at });
}

export const LIMIT: PendingTerms = {
  type: "limit",
  pricePoints: 109_900,
  limitPricePoints: null,
  timeInForce: "gtc",
  untilMicros: null,
};

/** A BUY by hand at the market, good for a second after noon, unless `changes` say otherwise. */
export function handTrade(changes: Partial<TradeCommand> = {}): TradeCommand {
  return {
    command: "trade",
    accountId: "paper",
    by: "trader",
    instrumentId: 0,
    side: "BUY",
    volumeMicros: 1_000_000,
    bidPoints: 110_000,
    askPoints: 110_010,
    stopPoints: 200,
    targetPoints: 400,
    expiresAtMicros: NOON + MICROS_PER_SECOND,
    ...changes,
  };
}

/** A BUY limit order by hand, 110 points below the ask, unless `changes` say otherwise. */
export function waitingTrade(changes: Partial<TradeCommand> = {}): TradeCommand {
  return handTrade({ expiresAtMicros: NOON + MICROS_PER_DAY, terms: LIMIT, ...changes });
}

/** Journal, gate and delivery in one, synchronous. Records are handled in the order they are placed. */
export class TestEngine implements Emitter {
  readonly records: JournalRecord[] = [];
  readonly account: AccountActor;
  readonly broker: PaperBroker | undefined;
  readonly settings: AccountSettings;
  /** Called with each execution of the broker; what it returns is delivered instead. */
  distort: (report: Execution) => readonly Execution[] = (report) => [report];
  onIntent: (intent: OrderIntent) => void = () => {};
  /** Off: intents stay unsent. */
  sends = true;
  #waiting: JournalRecord[] = [];
  #seq = 0;
  #running = false;

  constructor(
    options: {
      settings?: Partial<AccountSettings>;
      broker?: Partial<PaperBrokerSettings> | "none";
      instruments?: readonly Instrument[];
      seed?: number;
    } = {},
  ) {
    const instruments = options.instruments ?? INSTRUMENTS;
    this.settings = { ...DEFAULT_ACCOUNT_SETTINGS, ...options.settings };
    this.account = new AccountActor({
      settings: this.settings,
      instruments,
      emitter: this,
      decisionAlgorithm: "test",
      epoch: 1,
    });
    if (options.broker === "none") return;
    const settings = { ...DEFAULT_PAPER_BROKER_SETTINGS, ...options.broker };
    const { seed = 1 } = options;
    this.broker = new PaperBroker({ settings, account: this.settings, instruments, emitter: this, seed });
  }

  emit(draft: Draft): void {
    const drafts = draft.kind === "execution" ? this.distort(draft) : [draft];
    for (const each of drafts) this.#place({ ...each });
  }

  /** Places input records and lets everything that follows from them happen. */
  feed(...inputs: JournalRecord[]): void {
    for (const input of inputs) {
      this.#place(input);
      if (!this.#running) this.#run();
    }
  }

  command(command: Command, timeMicros: Micros = NOON): void {
    this.feed({ kind: "commanded", seq: 0, timeMicros, command });
  }

  beat(timeMicros: Micros): void {
    this.feed({ kind: "beat", seq: 0, timeMicros });
  }

  /** Beats whenever somebody wants one, up to `untilMicros`. */
  passTo(untilMicros: Micros): void {
    for (;;) {
      const due = Math.min(
        this.account.nextDueMicros,
        this.broker?.nextDueMicros ?? Number.POSITIVE_INFINITY,
      );
      if (due > untilMicros) break;
      this.beat(due);
    }
    this.beat(untilMicros);
  }

  /** Of the record placed last. */
  get lastSeq(): number {
    return this.#seq;
  }

  get intents(): OrderIntent[] {
    return this.records.filter((record) => record.kind === "intent");
  }

  get pretrades(): PreTrade[] {
    return this.records.filter((record) => record.kind === "pretrade");
  }

  get refusals(): RiskRefusal[] {
    return this.records.filter((record) => record.kind === "refusal");
  }

  get executions(): Execution[] {
    return this.records.filter((record) => record.kind === "execution");
  }

  /** The state of account and broker as a snapshot would keep it. */
  save(): Float64Array<ArrayBuffer>[] {
    return [this.account, this.broker].flatMap((actor) => {
      if (actor === undefined) return [];
      const archive = new SaveArchive();
      actor.persist(archive);
      return [archive.finish()];
    });
  }

  /** Goes on from a snapshot, numbering records from after `seq`. */
  load(states: readonly Float64Array[], seq: number): void {
    this.#seq = seq;
    for (const [index, actor] of [this.account, this.broker].entries()) {
      const state = states[index];
      if (actor === undefined || state === undefined) continue;
      const archive = new LoadArchive(state);
      actor.persist(archive);
      archive.finish();
    }
  }

  #place(record: JournalRecord): void {
    const placed = { ...record, seq: ++this.#seq };
    this.records.push(placed);
    this.#waiting.push(placed);
  }

  #run(): void {
    this.#running = true;
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (next.kind !== "intent") this.account.receive(next);
      if (next.kind !== "execution") this.broker?.receive(next);
      if (next.kind !== "intent") continue;
      this.onIntent(next);
      if (!this.sends) continue;
      const { timeMicros, accountId, intentId } = next;
      this.#place({ kind: "sent", seq: 0, timeMicros, accountId, intentId });
    }
    this.#running = false;
  }
}

/** The start of the UTC day of {@link NOON}. */
export const MIDNIGHT: Micros = Math.floor(NOON / MICROS_PER_DAY) * MICROS_PER_DAY;
