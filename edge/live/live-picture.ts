// What the running system looks like from outside, now and lately: read from the actors, which it never changes, and from
// the journal's durable records. The API answers from it and the stream tells its changes.

import type { Instrument } from "../../actors/domain/instrument.ts";
import { MICROS_PER_UNIT } from "../../actors/domain/money.ts";
import type { OrderIntent } from "../../actors/domain/order.ts";
import type { Engine } from "../../actors/engine.ts";
import { accountsOf } from "../../actors/engine-config.ts";
import packageJson from "../../package.json" with { type: "json" };
import type {
  AccountMessage,
  ActorMessage,
  EquityPoint,
  HealthMessage,
  LatencyMessage,
  OrderMessage,
  PositionMessage,
  PositionUpdate,
  SignalMessage,
  SymbolState,
} from "../api/schemas.ts";
import type { AdviserDesk } from "../advisers/desk.ts";
import type { AnalogDesk } from "../analogs/desk.ts";
import type { Bridge } from "../mt5/bridge.ts";
import type { Station } from "../main.ts";
import { JournalTap, type ShownRecord } from "./journal-tap.ts";
import { latencyRows } from "./latency.ts";
import { Recent } from "./recent.ts";
import type { RecentBars } from "./recent-bars.ts";
import {
  accountMessage,
  executionMessage,
  intentMessage,
  isoTime,
  positionMessages,
  refusalMessage,
  signalMessage,
  symbolState,
} from "./shapes.ts";

export type Badge = HealthMessage["badge"];

/** What the tap made of a record, for whoever streams it. */
export interface PictureListener {
  signal(signal: SignalMessage): void;
  order(order: OrderMessage): void;
  position(update: PositionUpdate): void;
}

const SIGNALS_MAX = 1_000;
const ORDERS_MAX = 2_000;
const EQUITY_MAX = 4_096;
const PROBLEMS_MAX = 50;
/** Records before the start that are looked at for what to show first. */
const LOOK_BACK_RECORDS = 200_000;
const EQUITY_SECONDS = 5;

interface Heard<T> {
  readonly seq: number;
  readonly message: T;
}

export class LivePicture {
  readonly station: Station;
  readonly bars: RecentBars;
  readonly badge: Badge;
  /** Whether records carry the wall clock's time, rather than their ticks' own. */
  readonly clockIsWall: boolean;
  /** Undefined where nobody is asked. */
  readonly advisers: AdviserDesk | undefined;
  readonly analogs: AnalogDesk | undefined;
  /** Undefined where no terminal can connect. */
  readonly bridge: Bridge | undefined;
  /** This process's life. */
  readonly boot = crypto.randomUUID().slice(0, 8);
  readonly #startedMillis = Date.now();
  readonly #tap: JournalTap;
  readonly #signals = new Recent<Heard<SignalMessage>>(SIGNALS_MAX);
  readonly #orders = new Recent<Heard<OrderMessage>>(ORDERS_MAX);
  readonly #equity = new Recent<EquityPoint & { readonly seq: number }>(EQUITY_MAX);
  readonly #problems = new Recent<Heard<string>>(PROBLEMS_MAX);
  /** What an order was for, by its id; executions do not say. */
  readonly #intents = new Map<string, OrderIntent>();
  readonly #positions = new Map<string, PositionMessage>();
  readonly #clients: () => number;
  #listener: PictureListener | undefined;
  #equitySecond = 0;
  #equityMicros = 0;
  #samples = 0;
  #rateTicks = 0;
  #rateMillis = Date.now();
  #ticksPerSecond = 0;

  constructor(options: {
    station: Station;
    bars: RecentBars;
    badge: Badge;
    clockIsWall: boolean;
    advisers: AdviserDesk | undefined;
    analogs: AnalogDesk | undefined;
    bridge: Bridge | undefined;
    clients: () => number;
  }) {
    const { station } = options;
    this.station = station;
    this.clockIsWall = options.clockIsWall;
    this.advisers = options.advisers;
    this.analogs = options.analogs;
    this.bridge = options.bridge;
    this.bars = options.bars;
    this.badge = options.badge;
    this.#clients = options.clients;
    this.#rateTicks = station.live.router.counts.ticks;
    this.#tap = new JournalTap({
      journal: station.journal,
      fromSeq: Math.max(1, station.journal.lastSeq - LOOK_BACK_RECORDS),
      hear: (record) => this.#hear(record),
    });
    // What was there before is known, not news.
    while (!this.#tap.poll()) continue;
  }

  get engine(): Engine {
    return this.station.live.engine;
  }

  get instruments(): readonly Instrument[] {
    return this.engine.config.instruments;
  }

  instrument(symbol: string): Instrument | undefined {
    return this.instruments.find((instrument) => instrument.symbol === symbol);
  }

  /** From now on what becomes durable is told. */
  listen(listener: PictureListener): void {
    this.#listener = listener;
  }

  /** Call every few milliseconds. */
  poll(): void {
    this.#tap.poll();
    this.#comparePositions();
    this.#sampleEquity();
  }

  close(): void {
    this.#tap.close();
  }

  problem(message: string): void {
    this.#problems.add({ seq: ++this.#samples, message: `${new Date().toISOString()} ${message}` });
  }

  symbols(): SymbolState[] {
    const nowMicros = this.station.live.router.timeMicros;
    return this.instruments.map((instrument) => symbolState(this.engine, instrument, nowMicros));
  }

  /** @param accountId left out, the first */
  account(accountId = this.engine.config.account.accountId): AccountMessage | undefined {
    const view = this.engine.accountOf(accountId)?.view();
    if (view === undefined) return undefined;
    const settings = accountsOf(this.engine.config).find(({ account }) => account.accountId === accountId);
    return accountMessage(view, settings?.account.positionMode);
  }

  positions(accountId = this.engine.config.account.accountId): PositionMessage[] {
    return positionMessages(this.engine, accountId);
  }

  /** Newest first, and whether older ones may be elsewhere. */
  signals(page: {
    limit: number;
    beforeSeq: number;
    symbol: string | undefined;
    confidenceMin: number;
  }): SignalMessage[] {
    return this.#signals
      .newest(
        page.limit,
        page.beforeSeq,
        ({ message }) =>
          (page.symbol === undefined || message.symbol === page.symbol) &&
          message.confidence >= page.confidenceMin,
      )
      .map(({ message }) => message);
  }

  orders(page: { limit: number; beforeSeq: number; symbol: string | undefined }): OrderMessage[] {
    return this.#orders
      .newest(
        page.limit,
        page.beforeSeq,
        ({ message }) => page.symbol === undefined || message.symbol === page.symbol,
      )
      .map(({ message }) => message);
  }

  /** Every step of one order that is still remembered, oldest first. */
  stepsOf(id: string): OrderMessage[] {
    return this.#orders
      .newest(ORDERS_MAX, Number.POSITIVE_INFINITY, ({ message }) => message.id === id)
      .map(({ message }) => message)
      .reverse();
  }

  /** What was ordered; undefined for what is not remembered. */
  intent(intentId: string): OrderIntent | undefined {
    return this.#intents.get(intentId);
  }

  /** Of a position that is remembered, open or not. */
  symbolOfPosition(positionId: string): string | undefined {
    const [step] = this.#orders.newest(
      1,
      Number.POSITIVE_INFINITY,
      ({ message }) => message.positionId === positionId,
    );
    return step?.message.symbol;
  }

  /** Oldest first: the newest of a range, in microseconds. */
  equity(limit: number, range: { from: number; until: number }): EquityPoint[] {
    return this.#equity
      .newest(limit, Number.POSITIVE_INFINITY, ({ time }) => {
        const micros = Date.parse(time) * 1_000;
        return micros >= range.from && micros < range.until;
      })
      .reverse()
      .map(({ time, balance, equity }) => ({ time, balance, equity }));
  }

  actors(): ActorMessage[] {
    return this.engine.system.tree().map((row) => ({
      path: row.path,
      parent: row.path.includes("/") ? row.path.slice(0, row.path.lastIndexOf("/")) : null,
      state: row.state,
      mailboxDepth: row.depth,
      mailboxCapacity: row.capacity,
      processed: row.processed,
      restarts: row.restarts,
      lastError: row.lastError,
      p50Micros: row.p50Micros,
      p99Micros: row.p99Micros,
    }));
  }

  /** The whole decision first, then its stages. */
  latency(): LatencyMessage[] {
    return latencyRows(this.engine, this.station.live.router.timeMicros).map(
      ({ stage, count, p50Micros, p99Micros }) => ({ stage, count, p50Micros, p99Micros }),
    );
  }

  health(): HealthMessage {
    const { live, journal, projector, timeSeries } = this.station;
    const { router } = live;
    const [decision] = this.latency();
    const gaps = router.gaps.counts();
    const symbols = this.instruments
      .map(({ id }) => this.engine.troubleOf(id))
      .filter((trouble) => trouble !== "");
    const projection = timeSeries === undefined ? undefined : projector?.statusOf("time-series");
    const failed = journal.health === "failed" || router.detached;
    const degraded = symbols.length > 0 || (projection !== undefined && !projection.up);
    return {
      status: failed ? "failed" : degraded ? "degraded" : "ok",
      badge: this.badge,
      version: packageJson.version,
      boot: this.boot,
      time: isoTime(Math.max(router.timeMicros, 0)),
      uptimeSeconds: (Date.now() - this.#startedMillis) / 1_000,
      ticks: router.counts.ticks,
      ticksPerSecond: this.#rate(router.counts.ticks),
      decisionP50Micros: decision?.p50Micros ?? 0,
      decisionP99Micros: decision?.p99Micros ?? 0,
      journal: { seq: journal.lastSeq, durableSeq: journal.durableSeq, trouble: journal.failure },
      projection: {
        up: projection?.up ?? false,
        seq: projection?.appliedSeq ?? 0,
        lagRecords: projection?.lagRecords ?? journal.durableSeq,
        lagSeconds: (projection?.lagMicros ?? 0) / 1e6,
      },
      gapsMissing: gaps.reduce((sum, { missing }) => sum + missing, 0),
      quarantined: gaps.reduce((sum, { quarantined }) => sum + quarantined, 0),
      clients: this.#clients(),
      models: structuredClone(this.engine.config.models ?? []) as HealthMessage["models"],
      problems: this.#problems.newest(PROBLEMS_MAX, Number.POSITIVE_INFINITY).map(({ message }) => message),
    };
  }

  /** Over the last second or so; asked more often, it says the same again. */
  #rate(ticks: number): number {
    const elapsedMillis = Date.now() - this.#rateMillis;
    if (elapsedMillis < 1_000) return this.#ticksPerSecond;
    this.#ticksPerSecond = ((ticks - this.#rateTicks) / elapsedMillis) * 1_000;
    this.#rateTicks = ticks;
    this.#rateMillis = Date.now();
    return this.#ticksPerSecond;
  }

  #hear(record: ShownRecord): void {
    switch (record.kind) {
      case "signal": {
        const instrument = this.instruments[record.instrumentId];
        if (instrument === undefined) return;
        const message = signalMessage(instrument, record);
        this.#signals.add({ seq: record.seq, message });
        this.#listener?.signal(message);
        return;
      }
      case "fault":
        this.problem(`${record.what}: ${record.subject}: ${record.message}`);
        return;
      case "sent":
        return;
      default: {
        // Lists and streams are the first account's; the others answer for themselves.
        if (record.accountId !== this.engine.config.account.accountId) return;
        const message = this.#orderMessage(record);
        if (message === undefined) return;
        this.#orders.add({ seq: record.seq, message });
        this.#listener?.order(message);
      }
    }
  }

  #orderMessage(
    record: Extract<ShownRecord, { kind: "intent" | "refusal" | "execution" }>,
  ): OrderMessage | undefined {
    const instrument = this.instruments[record.instrumentId];
    if (instrument === undefined) return undefined;
    switch (record.kind) {
      case "intent":
        this.#remember(record);
        return intentMessage(instrument, record);
      case "refusal":
        return refusalMessage(instrument, record);
      case "execution":
        return executionMessage(instrument, record, this.#intents.get(record.intentId));
    }
  }

  #remember(intent: OrderIntent): void {
    this.#intents.set(intent.intentId, intent);
    if (this.#intents.size <= ORDERS_MAX) return;
    for (const oldest of this.#intents.keys()) {
      this.#intents.delete(oldest);
      return;
    }
  }

  /** Positions are told by what changed about them, prices apart: those have a stream of their own. */
  #comparePositions(): void {
    const now = new Map(this.positions().map((position) => [position.ticket, position]));
    for (const [ticket, position] of now) {
      const before = this.#positions.get(ticket);
      this.#positions.set(ticket, position);
      if (before === undefined) this.#listener?.position({ ...position, status: "opened", reason: "" });
      else if (before.lots !== position.lots || before.stopLoss !== position.stopLoss) {
        this.#listener?.position({ ...position, status: "changed", reason: "" });
      }
    }
    for (const [ticket, position] of this.#positions) {
      if (now.has(ticket)) continue;
      this.#positions.delete(ticket);
      const [closing] = this.#orders.newest(
        1,
        Number.POSITIVE_INFINITY,
        ({ message }) => message.positionId === ticket,
      );
      this.#listener?.position({ ...position, status: "closed", reason: closing?.message.reason ?? "" });
    }
  }

  #sampleEquity(): void {
    const second = Math.floor(Date.now() / 1_000);
    if (second < this.#equitySecond + EQUITY_SECONDS) return;
    this.#equitySecond = second;
    const view = this.engine.account?.view();
    const { timeMicros } = this.station.live.router;
    // Where ticks bring their own time along, it may stand still.
    if (view === undefined || timeMicros === this.#equityMicros) return;
    this.#equityMicros = timeMicros;
    this.#equity.add({
      seq: ++this.#samples,
      time: isoTime(timeMicros),
      balance: view.balanceMicros / MICROS_PER_UNIT,
      equity: view.equityMicros / MICROS_PER_UNIT,
    });
  }
}
