// The journal's records as rows of the time series: points become prices, ids become names. Pure, so that a batch that is
// told twice is the same twice.

import type { Bar } from "../../../actors/domain/bar.ts";
import { FEATURE_SCHEMA_HASH } from "../../../actors/domain/features.ts";
import { type Instrument, pointsPerUnit } from "../../../actors/domain/instrument.ts";
import { MICROS_PER_LOT, MICROS_PER_UNIT } from "../../../actors/domain/money.ts";
import type { Execution, OrderIntent, OrderSent, RiskRefusal } from "../../../actors/domain/order.ts";
import type { Votes } from "../../../actors/domain/prediction.ts";
import type { Quarantined } from "../../../actors/domain/quarantine.ts";
import type { Gap, JournalRecord } from "../../../actors/domain/records.ts";
import type { Signal } from "../../../actors/domain/signal.ts";
import type { Tick } from "../../../actors/domain/tick.ts";
import type { EngineConfig } from "../../../actors/engine-config.ts";
import type {
  BarRow,
  FeatureRow,
  FillRow,
  OrderRow,
  PredictionRow,
  QualityRow,
  SignalRow,
  TickRow,
  TimeSeriesTable,
  TimeSeriesTables,
} from "../../../actors/ports/time-series.ts";

/** The source of bars that were folded from the journal's own ticks. */
export const OWN_SOURCE = "tickforge";

const UNKNOWN = "unknown";

/** Rows on their way to the store, by table. */
export class RowBatch {
  readonly #rows: { readonly [T in TimeSeriesTable]: TimeSeriesTables[T][] } = {
    ticks: [],
    bars: [],
    features: [],
    predictions: [],
    signals: [],
    orders: [],
    fills: [],
    equity: [],
    latency: [],
    quality: [],
  };
  #lastSeq = 0;

  add<T extends TimeSeriesTable>(table: T, row: TimeSeriesTables[T]): void {
    this.#rows[table].push(row);
    if ("seq" in row && row.seq > this.#lastSeq) this.#lastSeq = row.seq;
  }

  of<T extends TimeSeriesTable>(table: T): readonly TimeSeriesTables[T][] {
    return this.#rows[table];
  }

  /** Highest sequence of any row; 0 without rows. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  clear(): void {
    this.#lastSeq = 0;
    for (const rows of Object.values(this.#rows)) rows.length = 0;
  }
}

/** Names and scales of one configuration. */
export class RowNames {
  readonly #instruments: readonly Instrument[];
  readonly #sources: readonly string[];

  constructor(config: Pick<EngineConfig, "instruments" | "sources">) {
    this.#instruments = config.instruments;
    this.#sources = config.sources;
  }

  symbol(instrumentId: number): string {
    return this.#instruments[instrumentId]?.symbol ?? UNKNOWN;
  }

  source(sourceId: number): string {
    return this.#sources[sourceId] ?? UNKNOWN;
  }

  /** Exact to the instrument's digits; halves of a point survive. */
  price(instrumentId: number, points: number): number {
    const instrument = this.#instruments[instrumentId];
    return instrument === undefined ? 0 : finite(points / pointsPerUnit(instrument));
  }
}

/** Adds what `record` says to `batch`. */
export function addRecord(batch: RowBatch, record: JournalRecord, names: RowNames): void {
  switch (record.kind) {
    case "tick":
      batch.add("ticks", tickRow(record, names));
      return;
    case "votes":
      for (const row of predictionRows(record, names)) batch.add("predictions", row);
      return;
    case "signal":
      batch.add("signals", signalRow(record, names));
      return;
    case "intent":
    case "refusal":
    case "sent":
      batch.add("orders", orderRow(record, names));
      return;
    case "execution":
      batch.add("fills", fillRow(record, names));
      return;
    case "quarantined":
    case "gap":
      batch.add("quality", qualityRow(record, names));
      return;
    case "beat":
    case "market":
    case "commanded":
    case "configured":
    case "fault":
    case "checkpoint":
    case "advice":
    case "calendar":
    case "tripped":
    case "broker-books":
    case "reconciled":
    case "adjustment":
    case "pretrade":
      return;
  }
}

/** @param seq the record that closed it */
export function barRow(bar: Bar, seq: number, names: RowNames): BarRow {
  const price = (points: number): number => names.price(bar.instrumentId, points);
  return {
    seq,
    symbol: names.symbol(bar.instrumentId),
    source: OWN_SOURCE,
    interval: bar.interval,
    openTimeMicros: bar.openTimeMicros,
    open: price(bar.open),
    high: price(bar.high),
    low: price(bar.low),
    close: price(bar.close),
    volume: finite(bar.volume),
    ticks: bar.ticks,
    spreadMean: price(bar.spreadMean),
  };
}

/** The vector as it stood when the minute closed. */
export function featureRow(bar: Bar, seq: number, vector: Float64Array, names: RowNames): FeatureRow {
  return {
    seq,
    timeMicros: bar.openTimeMicros + 60_000_000,
    symbol: names.symbol(bar.instrumentId),
    schemaHash: FEATURE_SCHEMA_HASH,
    values: Array.from(vector, (value) => (Number.isFinite(value) ? value : null)),
  };
}

export function tickRow(tick: Tick, names: RowNames): TickRow {
  return {
    seq: tick.seq,
    timeMicros: tick.timeMicros,
    sourceTimeMicros: finite(tick.sourceTimeMicros),
    symbol: names.symbol(tick.instrumentId),
    source: names.source(tick.sourceId),
    sourceSeq: finite(tick.sourceSeq),
    bid: finite(tick.bid),
    ask: finite(tick.ask),
    bidVolume: finite(tick.bidVolume),
    askVolume: finite(tick.askVolume),
    flags: tick.flags,
  };
}

function predictionRows(votes: Votes, names: RowNames): PredictionRow[] {
  const { seq, timeMicros, causeSeq, instrumentId } = votes;
  const symbol = names.symbol(instrumentId);
  return votes.votes.map(({ member, status, probabilityUp }) => ({
    seq,
    timeMicros,
    symbol,
    causeSeq,
    member,
    status,
    probabilityUp: Number.isFinite(probabilityUp) ? probabilityUp : null,
  }));
}

export function signalRow(signal: Signal, names: RowNames): SignalRow {
  const { instrumentId: id } = signal;
  return {
    seq: signal.seq,
    timeMicros: signal.timeMicros,
    symbol: names.symbol(id),
    causeSeq: signal.causeSeq,
    tickSeq: signal.tickSeq,
    action: signal.action,
    probabilityUp: signal.probabilityUp,
    confidence: signal.confidence,
    regime: signal.regime,
    components: signal.components,
    reasons: signal.reasons,
    bid: names.price(id, signal.bidPoints),
    ask: names.price(id, signal.askPoints),
    stopDistance: names.price(id, signal.stopPoints),
    targetDistance: names.price(id, signal.targetPoints),
    expiresAtMicros: signal.expiresAtMicros,
    tradable: signal.tradable,
  };
}

const NO_ORDER = {
  intentId: "",
  symbol: "",
  purpose: "",
  side: "",
  lots: 0,
  causeSeq: 0,
  bid: 0,
  ask: 0,
  stopPrice: null,
  targetPrice: null,
  positionId: "",
  reason: "",
  checks: [],
} as const;

function orderRow(record: OrderIntent | RiskRefusal | OrderSent, names: RowNames): OrderRow {
  const { seq, timeMicros, accountId, kind: event } = record;
  const place = { ...NO_ORDER, seq, timeMicros, event, accountId };
  switch (record.kind) {
    case "sent":
      return { ...place, event: "sent", intentId: record.intentId };
    case "refusal":
      return {
        ...place,
        event: "refusal",
        symbol: names.symbol(record.instrumentId),
        purpose: "entry",
        causeSeq: record.causeSeq,
        reason: `${record.code}: ${record.message}`,
        checks: finiteChecks(record.checks),
      };
    case "intent": {
      const { instrumentId: id } = record;
      const orNull = (points: number | null): number | null =>
        points === null ? null : names.price(id, points);
      return {
        ...place,
        event: "intent",
        intentId: record.intentId,
        symbol: names.symbol(id),
        purpose: record.purpose,
        side: record.side,
        lots: record.volumeMicros / MICROS_PER_LOT,
        causeSeq: record.causeSeq,
        bid: names.price(id, record.bidPoints),
        ask: names.price(id, record.askPoints),
        stopPrice: orNull(record.stopPricePoints),
        targetPrice: orNull(record.targetPricePoints),
        positionId: record.positionId ?? "",
        reason: record.reason,
        checks: finiteChecks(record.checks),
      };
    }
  }
}

function fillRow(deal: Execution, names: RowNames): FillRow {
  return {
    seq: deal.seq,
    timeMicros: deal.timeMicros,
    accountId: deal.accountId,
    intentId: deal.intentId,
    symbol: names.symbol(deal.instrumentId),
    event: deal.status,
    dealId: deal.dealId ?? "",
    positionId: deal.positionId ?? "",
    side: deal.side,
    lots: deal.volumeMicros / MICROS_PER_LOT,
    price: names.price(deal.instrumentId, deal.pricePoints),
    commission: deal.commissionMicros / MICROS_PER_UNIT,
    reason: deal.reason,
  };
}

function qualityRow(record: Quarantined | Gap, names: RowNames): QualityRow {
  const { seq, timeMicros, instrumentId, sourceId } = record;
  const isGap = record.kind === "gap";
  return {
    seq,
    timeMicros,
    symbol: names.symbol(instrumentId),
    source: names.source(sourceId),
    causeSeq: isGap ? seq : record.causeSeq,
    code: isGap ? "gap" : record.code,
    ticks: isGap ? record.toSourceSeq - record.fromSourceSeq + 1 : 1,
  };
}

function finiteChecks(checks: OrderIntent["checks"]): OrderRow["checks"] {
  return checks.map(({ control, passed, value, limit }) => ({
    control,
    passed,
    value: finite(value),
    limit: finite(limit),
  }));
}

/** A store's number; what is none was quarantined, and the quality table says so. */
function finite(value: number): number {
  return Number.isFinite(value) ? value : 0;
}
