// What the parts of the paper broker share: its settings, quotes, tables, money and voice. Dealing fills, requests change,
// the broker listens; this is the floor they stand on.

import type { Archive } from "../../base/archive.ts";
import type { Micros } from "../../base/clock.ts";
import type { Instrument } from "../../domain/instrument.ts";
import type { MicroMoney } from "../../domain/money.ts";
import { QuoteBoard } from "../quote-board.ts";
import type { PaperBrokerSettings } from "../settings.ts";
import { type AccountTerms, BrokerMoney } from "./broker-money.ts";
import { type BrokerOrder, BrokerTables } from "./broker-tables.ts";
import { befalls, commissionMicros } from "./fill-model.ts";
import type { Emitter } from "../../ports/emitter.ts";
import type { Prices } from "./order-rules.ts";
import { Reports } from "./reports.ts";

export interface PaperBrokerOptions {
  readonly settings: PaperBrokerSettings;
  readonly account: AccountTerms;
  /** By id, without holes. */
  readonly instruments: readonly Instrument[];
  readonly emitter: Emitter;
  /** Another seed draws other latencies, slippages and moods. */
  readonly seed: number;
}

export class Floor {
  readonly settings: PaperBrokerSettings;
  readonly instruments: readonly Instrument[];
  readonly seed: number;
  readonly board: QuoteBoard;
  readonly tables = new BrokerTables();
  readonly money: BrokerMoney;
  readonly reports: Reports;
  readonly rolloverMinuteUtc: number;

  constructor({ settings, account, instruments, emitter, seed }: PaperBrokerOptions) {
    this.settings = settings;
    this.instruments = instruments;
    this.seed = seed;
    this.board = new QuoteBoard(instruments);
    this.money = new BrokerMoney({ instruments, account, board: this.board });
    this.reports = new Reports(settings.accountId, emitter);
    this.rolloverMinuteUtc = settings.rolloverMinuteUtc ?? account.dayResetMinuteUtc;
  }

  get nowMicros(): Micros {
    return this.reports.nowMicros;
  }

  /** Of pending orders and of levels that are changed, where no settings say how far. */
  get stopsLevelPoints(): number {
    return this.settings.stopsLevelPoints ?? 0;
  }

  /** NaN before the first quote. */
  prices(instrumentId: number): Prices {
    return {
      bidPoints: this.board.bidPoints(instrumentId),
      askPoints: this.board.askPoints(instrumentId),
    };
  }

  commissionMicros(instrumentId: number, volumeMicros: number, pricePoints: number): MicroMoney {
    const { settings, money } = this;
    const byValue = (settings.commissionFraction ?? 0) > 0;
    const notional = byValue ? money.valueMicros(instrumentId, pricePoints * volumeMicros) : 0;
    return commissionMicros(volumeMicros, notional, settings);
  }

  /** The broker takes the order, or is in no mood to: then that was its end. */
  accept(order: BrokerOrder): boolean {
    if (order.acknowledged) return true;
    if (!this.inMood(order)) return false;
    order.acknowledged = true;
    this.reports.order(order, "acknowledged", order.reason);
    return true;
  }

  inMood(order: BrokerOrder): boolean {
    const { seed, settings } = this;
    if (!befalls("rejection", { id: order.intentId, seed }, settings.rejectionProbability)) return true;
    this.end(order, "rejected", "rejected");
    return false;
  }

  end(order: BrokerOrder, status: "done" | "rejected" | "cancelled", reason: string): void {
    this.tables.remove(order);
    this.reports.order(order, status, reason);
  }

  persist(archive: Archive): void {
    this.board.persist(archive);
    this.tables.persist(archive);
    this.money.persist(archive);
    this.reports.nowMicros = archive.number(this.reports.nowMicros);
    this.reports.persist(archive);
  }
}
