// A paper broker on a desk of its own: hand-made quotes and orders go in, what it says is kept.

import { LoadArchive, SaveArchive } from "../../base/archive.ts";
import { MICROS_PER_SECOND, type Micros } from "../../base/clock.ts";
import type { Adjustment } from "../../domain/broker-books.ts";
import type { Execution, OrderIntent, PendingTerms } from "../../domain/order.ts";
import type { JournalRecord } from "../../domain/records.ts";
import type { Draft } from "../../ports/emitter.ts";
import { INSTRUMENTS, NOON, tick } from "../account.fixture.ts";
import {
  type AccountSettings,
  DEFAULT_ACCOUNT_SETTINGS,
  DEFAULT_PAPER_BROKER_SETTINGS,
  type PaperBrokerSettings,
} from "../settings.ts";
import { PaperBroker } from "./paper-broker.ts";

/** No jitter and no slippage unless a test asks for them, so that prices are what the quotes say. */
const PLAIN = { latencyJitterMicros: 0, slippageSpreadShare: 0, slippageVolatilityShare: 0 };

export class Desk {
  readonly reports: Execution[] = [];
  readonly adjustments: Adjustment[] = [];
  /** All of the above, in the order they were said. */
  readonly said: Draft[] = [];
  broker: PaperBroker;
  readonly #settings: PaperBrokerSettings;
  readonly #account: AccountSettings;
  readonly #seed: number;
  #seq = 0;

  constructor(
    settings: Partial<PaperBrokerSettings> = {},
    { account = {}, seed = 1 }: { account?: Partial<AccountSettings>; seed?: number } = {},
  ) {
    this.#settings = { ...DEFAULT_PAPER_BROKER_SETTINGS, ...PLAIN, ...settings };
    this.#account = { ...DEFAULT_ACCOUNT_SETTINGS, ...account };
    this.#seed = seed;
    this.broker = this.#open();
  }

  feed(...records: JournalRecord[]): void {
    for (const record of records) this.broker.receive({ ...record, seq: ++this.#seq });
  }

  quote(timeMicros: Micros, bidPoints: number, askPoints: number, instrumentId = 0): void {
    const points = 10 ** (INSTRUMENTS[instrumentId]?.digits ?? 5);
    this.feed(tick({ timeMicros, instrumentId, bid: bidPoints / points, ask: askPoints / points }));
  }

  beat(timeMicros: Micros): void {
    this.feed({ kind: "beat", seq: 0, timeMicros });
  }

  order(timeMicros: Micros, fields: Partial<OrderIntent> = {}): OrderIntent {
    const intent = orderIntent(timeMicros, fields);
    this.feed(intent);
    this.send(timeMicros, intent.intentId);
    return intent;
  }

  send(timeMicros: Micros, intentId: string): void {
    this.feed({ kind: "sent", seq: 0, timeMicros, accountId: "paper", intentId });
  }

  /** Goes on with another broker that has the state of this one. */
  restart(): void {
    const saved = new SaveArchive();
    this.broker.persist(saved);
    this.broker = this.#open();
    const loaded = new LoadArchive(saved.finish());
    this.broker.persist(loaded);
    loaded.finish();
  }

  get told(): (readonly [string, number, string])[] {
    return this.reports.map(({ status, pricePoints, reason }) => [status, pricePoints, reason] as const);
  }

  /** By order, without prices. */
  get fates(): string[] {
    return this.reports.map(({ intentId, status, reason }) => `${intentId} ${status} ${reason}`);
  }

  #open(): PaperBroker {
    return new PaperBroker({
      settings: this.#settings,
      account: this.#account,
      instruments: INSTRUMENTS,
      seed: this.#seed,
      emitter: { emit: (draft) => this.#hear(draft) },
    });
  }

  #hear(draft: Draft): void {
    this.said.push(draft);
    if (draft.kind === "execution") this.reports.push(draft);
    if (draft.kind === "adjustment") this.adjustments.push(draft);
  }
}

export function orderIntent(timeMicros: Micros, fields: Partial<OrderIntent> = {}): OrderIntent {
  return {
    kind: "intent",
    seq: 0,
    timeMicros,
    accountId: "paper",
    intentId: "paper-1",
    instrumentId: 0,
    purpose: "entry",
    side: "BUY",
    volumeMicros: 1_000_000,
    causeSeq: 0,
    bidPoints: 0,
    askPoints: 0,
    stopPricePoints: null,
    targetPricePoints: null,
    positionId: null,
    expiresAtMicros: timeMicros + 4 * MICROS_PER_SECOND,
    epoch: 1,
    checks: [],
    reason: "signal",
    ...fields,
  };
}

export function pending(
  type: PendingTerms["type"],
  pricePoints: number,
  fields: Partial<PendingTerms> = {},
): PendingTerms {
  return { type, pricePoints, limitPricePoints: null, timeInForce: "gtc", untilMicros: null, ...fields };
}

/** A position opened at 110010 (BUY) or 110000 (SELL), with the given stop and target. */
export function opened(fields: Partial<OrderIntent>, settings: Partial<PaperBrokerSettings> = {}): Desk {
  const desk = new Desk(settings);
  desk.order(NOON, fields);
  desk.quote(NOON + MICROS_PER_SECOND, 110_000, 110_010);
  desk.reports.length = 0;
  return desk;
}
