// Reads a decision's dossier out of the journal: first what was traded, then the ticks before it, then the actors' state.

import { createHash } from "node:crypto";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import { embedState, WINDOW_EMBEDDING } from "../../actors/chain/embedding.ts";
import type { Advice } from "../../actors/domain/advice.ts";
import { decodeRecord, KIND_NUMBER } from "../../actors/domain/codec.ts";
import { FEATURE_NAMES, FEATURE_SCHEMA_HASH } from "../../actors/domain/features.ts";
import { type Instrument, pointsPerUnit } from "../../actors/domain/instrument.ts";
import { MICROS_PER_LOT, MICROS_PER_UNIT } from "../../actors/domain/money.ts";
import type { Execution, OrderIntent, OrderSent, RiskRefusal } from "../../actors/domain/order.ts";
import type { PreTrade } from "../../actors/domain/pretrade.ts";
import type { Votes } from "../../actors/domain/prediction.ts";
import type { Quarantined } from "../../actors/domain/quarantine.ts";
import type { Configured } from "../../actors/domain/records.ts";
import type { Signal } from "../../actors/domain/signal.ts";
import type { Tick } from "../../actors/domain/tick.ts";
import type { Engine } from "../../actors/engine.ts";
import type { EngineConfig } from "../../actors/engine-config.ts";
import type { JournalCursor } from "../../actors/ports/journal.ts";
import { type Vectors, VectorsUnavailable } from "../../actors/ports/vectors.ts";
import { votingModel } from "../../actors/voting-models.ts";
import { isoTime, priceOf, signalShape } from "../live/shapes.ts";
import { adviceAt, analogVoteAt } from "./advice.ts";
import { findAnalogs } from "./analogs.ts";
import { shownChecks } from "./checks.ts";
import { shownCompliance } from "./compliance.ts";
import { shownLayers } from "./layers.ts";
import { inForceAt, votesOf } from "./votes.ts";
import { type Dossier, DOSSIER_VERSION } from "./dossier.ts";

/** Ticks of the symbol that are shown. */
const TICKS_SHOWN = 20;
/** Past moments like it that are shown. */
const ANALOGS_SHOWN = 10;
/** Records looked back over for them. */
const LOOK_BACK_RECORDS = 20_000;

/** The journal and what can be brought back of its actors. */
export interface Past {
  cursor(fromSeq: number): JournalCursor;
  /** The actors as they stood when record `seq` had been heard; undefined where nothing reaches so far back. */
  stateAt(seq: number): Engine | undefined;
  /** The first seal at or after a record, and the hash chains' heads there; undefined while that stretch is open. */
  sealAfter(
    seq: number,
  ): { readonly seq: number; readonly heads: Readonly<Record<string, string>> } | undefined;
}

export type ExplainFailure = "unknown-id";

interface Found {
  readonly signals: Map<number, Signal>;
  readonly intents: Map<string, OrderIntent>;
  readonly sents: Map<string, OrderSent>;
  readonly executions: Execution[];
  readonly refusals: RiskRefusal[];
  readonly configurations: Configured[];
  readonly advices: Advice[];
  readonly pretrades: PreTrade[];
}

const TRADING = new Set([
  KIND_NUMBER.signal,
  KIND_NUMBER.intent,
  KIND_NUMBER.sent,
  KIND_NUMBER.execution,
  KIND_NUMBER.refusal,
  KIND_NUMBER.configured,
  KIND_NUMBER.advice,
  KIND_NUMBER.pretrade,
]);

/** @param id a signal's sequence, with or without `signal:` before it; the id of a refusal, an order, a deal or a position */
export function explain(past: Past, id: string): Result<Dossier, ExplainFailure> {
  const found = readTrading(past);
  const subject = subjectOf(found, id);
  if (subject === undefined) {
    return failure(
      "unknown-id",
      `the journal has no "${id}": a signal's number (see /api/v1/signals), an order such as paper-000000012, a deal or a ` +
        "position are explained, as far back as the journal goes",
    );
  }
  const { signal, orders, fills, refusals } = subject;
  const instrumentId = signal?.instrumentId ?? orders[0]?.instrumentId ?? fills[0]?.instrumentId ?? 0;
  const decidedSeq = signal?.tickSeq ?? orders[0]?.causeSeq ?? fills[0]?.causeSeq ?? 1;
  const configured = found.configurations.findLast(({ seq }) => seq <= decidedSeq) ?? found.configurations[0];
  const config = configured?.config as EngineConfig | undefined;
  const instrument = config?.instruments[instrumentId];
  if (config === undefined || instrument === undefined) {
    return failure("unknown-id", `the journal no longer holds the configuration "${id}" was made under`);
  }
  const before = readBefore(past, { instrumentId, signal, decidedSeq, sources: config.sources });
  const lastSeq = Math.max(
    decidedSeq,
    signal?.seq ?? 0,
    ...orders.map(({ seq }) => seq),
    ...fills.map(({ seq }) => seq),
  );
  const decidedAt = before.ticks.at(-1)?.time ?? isoTime((orders[0] ?? fills[0])?.timeMicros ?? 0);
  const stood = standing(past, { seq: decidedSeq, time: decidedAt, instrumentId });
  const decided = { instrumentId, seq: decidedSeq, timeMicros: Date.parse(decidedAt) * 1_000 };
  return ok({
    version: DOSSIER_VERSION,
    id,
    symbol: instrument.symbol,
    digits: instrument.digits,
    ticks: before.ticks,
    ...stood,
    featureSchema: FEATURE_SCHEMA_HASH,
    analogs: null,
    votes: votesOf(before.votes, signal, (member, timeMicros) => {
      const inForce = timeMicros === undefined ? configured : inForceAt(found.configurations, timeMicros);
      return votingModel((inForce?.config as EngineConfig | undefined) ?? {}, member, instrument.symbol);
    }),
    advice: adviceAt(found.advices, decided),
    analogVote: analogVoteAt(found.advices, decided),
    signal: signal === undefined ? null : shownSignal(signal, instrument),
    refusals: refusals.map(({ seq, timeMicros, causeSeq, accountId, code, message, checks }) => ({
      seq,
      time: isoTime(timeMicros),
      code,
      message,
      checks: shownChecks(checks),
      compliance: shownCompliance(
        found.pretrades.find(
          (record) =>
            record.intentId === null && record.causeSeq === causeSeq && record.accountId === accountId,
        ),
        instrument,
        config.sources,
      ),
    })),
    orders: orders.map((order) => shownOrder(order, found, { instrument, sources: config.sources })),
    fills: fills.map((fill) => shownFill(fill, found.intents.get(fill.intentId), instrument)),
    profit: profitOf(fills, instrument),
    profitCurrency: instrument.quoteCurrency,
    configuration:
      configured === undefined
        ? null
        : { seq: configured.seq, preset: config.preset, sha256: hashOf(configured.config) },
    seal: past.sealAfter(lastSeq) ?? null,
  });
}

function readTrading(past: Past): Found {
  const found: Found = {
    signals: new Map(),
    intents: new Map(),
    sents: new Map(),
    executions: [],
    refusals: [],
    configurations: [],
    advices: [],
    pretrades: [],
  };
  const cursor = past.cursor(1);
  try {
    for (let raw = cursor.next(); raw !== undefined; raw = cursor.next()) {
      if (!TRADING.has(raw.kind)) continue;
      const record = decodeRecord(raw);
      switch (record.kind) {
        case "signal":
          found.signals.set(record.seq, record);
          break;
        case "intent":
          found.intents.set(record.intentId, record);
          break;
        case "sent":
          found.sents.set(record.intentId, record);
          break;
        case "execution":
          found.executions.push(record);
          break;
        case "refusal":
          found.refusals.push(record);
          break;
        case "configured":
          found.configurations.push(record);
          break;
        case "advice":
          found.advices.push(record);
          break;
        case "pretrade":
          found.pretrades.push(record);
          break;
        default:
      }
    }
    return found;
  } finally {
    cursor.close();
  }
}

interface Subject {
  readonly signal: Signal | undefined;
  readonly orders: readonly OrderIntent[];
  readonly fills: readonly Execution[];
  readonly refusals: readonly RiskRefusal[];
}

/** The whole of it, whichever part was named: signal, entry, its position, and the orders that closed it. */
function subjectOf(found: Found, id: string): Subject | undefined {
  const refused = Number(/^refusal[:-](\d+)$/.exec(id)?.[1] ?? Number.NaN);
  const refusal = found.refusals.find(({ seq }) => seq === refused);
  const number = refusal?.causeSeq ?? Number(/^(?:signal:)?(\d+)$/.exec(id)?.[1] ?? Number.NaN);
  const named =
    found.intents.get(id) ??
    found.intents.get(
      found.executions.find(({ dealId, positionId }) => dealId === id || positionId === id)?.intentId ?? "",
    );
  const signal =
    found.signals.get(number) ?? found.signals.get(entryOf(found, named)?.causeSeq ?? Number.NaN);
  // Of a signal that several accounts heard, what the named one made of it, or the first.
  const first = (found.configurations.at(-1)?.config as EngineConfig | undefined)?.account.accountId;
  const owner = named?.accountId ?? refusal?.accountId ?? first;
  const isOwn = ({ accountId }: { readonly accountId: string }): boolean =>
    owner === undefined || accountId === owner;
  const entries =
    signal === undefined
      ? [entryOf(found, named) ?? named].filter((intent) => intent !== undefined)
      : [...found.intents.values()].filter(
          (intent) => intent.causeSeq === signal.seq && intent.purpose === "entry" && isOwn(intent),
        );
  const refusals =
    signal === undefined ? [] : found.refusals.filter((each) => each.causeSeq === signal.seq && isOwn(each));
  if (signal === undefined && entries.length === 0) return undefined;
  const entryIds = new Set(entries.map(({ intentId }) => intentId));
  const positions = new Set(
    found.executions.filter(({ intentId }) => entryIds.has(intentId)).map(({ positionId }) => positionId),
  );
  const exits = [...found.intents.values()].filter(
    ({ intentId, positionId }) => !entryIds.has(intentId) && positionId !== null && positions.has(positionId),
  );
  const orders = [...entries, ...exits];
  const orderIds = new Set(orders.map(({ intentId }) => intentId));
  return {
    signal,
    orders,
    fills: found.executions.filter(({ intentId }) => orderIds.has(intentId)),
    refusals,
  };
}

/** The order that opened the position an exit closes. */
function entryOf({ intents, executions }: Found, intent: OrderIntent | undefined): OrderIntent | undefined {
  if (intent === undefined || intent.purpose === "entry") return intent;
  const opening = executions.find(({ positionId, intentId }) => {
    return positionId === intent.positionId && intents.get(intentId)?.purpose === "entry";
  });
  return opening === undefined ? undefined : intents.get(opening.intentId);
}

/** The symbol's last ticks up to the one decided on, and the members' answers. */
function readBefore(
  past: Past,
  {
    instrumentId,
    signal,
    decidedSeq,
    sources,
  }: { instrumentId: number; signal: Signal | undefined; decidedSeq: number; sources: readonly string[] },
): { ticks: Dossier["ticks"]; votes: Votes | undefined } {
  const ticks: Tick[] = [];
  const quarantined = new Map<number, Quarantined>();
  let votes: Votes | undefined;
  const untilSeq = signal?.seq ?? decidedSeq;
  const cursor = past.cursor(Math.max(1, decidedSeq - LOOK_BACK_RECORDS));
  try {
    for (let raw = cursor.next(); raw !== undefined && raw.seq <= untilSeq; raw = cursor.next()) {
      if (raw.kind === KIND_NUMBER.tick && raw.seq <= decidedSeq) {
        const tick = decodeRecord(raw) as Tick;
        if (tick.instrumentId !== instrumentId) continue;
        ticks.push(tick);
        if (ticks.length > TICKS_SHOWN) ticks.shift();
      } else if (raw.kind === KIND_NUMBER.quarantined) {
        const bad = decodeRecord(raw) as Quarantined;
        quarantined.set(bad.causeSeq, bad);
      } else if (raw.kind === KIND_NUMBER.votes && raw.seq === signal?.causeSeq) {
        votes = decodeRecord(raw) as Votes;
      }
    }
  } finally {
    cursor.close();
  }
  return {
    votes,
    ticks: ticks.map((tick) => ({
      seq: tick.seq,
      time: isoTime(tick.timeMicros),
      sourceTime: isoTime(tick.sourceTimeMicros),
      bid: tick.bid,
      ask: tick.ask,
      source: sources[tick.sourceId] ?? "unknown",
      quarantined: quarantined.get(tick.seq)?.code ?? "",
    })),
  };
}

/** Features and market state as they were at a record. */
function standing(
  past: Past,
  { seq, time, instrumentId }: { seq: number; time: string; instrumentId: number },
): Pick<Dossier, "features" | "state"> {
  const observed = past.stateAt(seq)?.symbol(instrumentId)?.chain.features;
  if (observed === undefined) return { features: {}, state: null };
  const vector = embedState(observed);
  return {
    features: Object.fromEntries(
      FEATURE_NAMES.map((name, index) => {
        const value = observed.vector[index] ?? Number.NaN;
        return [name, Number.isFinite(value) ? value : null];
      }),
    ),
    state: vector === undefined ? null : { embedding: WINDOW_EMBEDDING, time, vector },
  };
}

/** The same with the past moments most like it; without, where nothing can be found now. */
export async function withAnalogs(dossier: Dossier, vectors: Vectors | undefined): Promise<Dossier> {
  const { state, symbol } = dossier;
  if (state === null || vectors === undefined) return dossier;
  const analogs = await findAnalogs(vectors, {
    ...state,
    symbol,
    timeMicros: Date.parse(state.time) * 1_000,
    limit: ANALOGS_SHOWN,
    allSymbols: false,
  }).catch((error: unknown) => {
    if (error instanceof VectorsUnavailable) return null;
    throw error;
  });
  return { ...dossier, analogs };
}

function shownSignal(signal: Signal, instrument: Instrument): Dossier["signal"] {
  const price = (points: number): number => priceOf(instrument, points);
  const shape = signalShape({
    ...signal,
    symbol: instrument.symbol,
    bid: price(signal.bidPoints),
    ask: price(signal.askPoints),
    stopDistance: price(signal.stopPoints),
    targetDistance: price(signal.targetPoints),
  });
  return {
    seq: signal.seq,
    time: shape.timestamp,
    action: signal.action,
    probabilityUp: signal.probabilityUp,
    confidence: signal.confidence,
    regime: signal.regime,
    reasons: shape.reasons,
    confirmations: shownLayers(signal),
    bid: shape.bid,
    ask: shape.ask,
    stopLoss: shape.stopLoss,
    takeProfit: shape.takeProfit,
    expiresAt: shape.expiresAt,
    tradable: signal.tradable,
  };
}

function shownOrder(
  order: OrderIntent,
  { sents, pretrades }: Found,
  { instrument, sources }: { instrument: Instrument; sources: readonly string[] },
): Dossier["orders"][number] {
  const sent = sents.get(order.intentId);
  const price = (points: number | null): number | null =>
    points === null ? null : priceOf(instrument, points);
  return {
    intentId: order.intentId,
    seq: order.seq,
    time: isoTime(order.timeMicros),
    purpose: order.purpose,
    side: order.side,
    lots: order.volumeMicros / MICROS_PER_LOT,
    bid: priceOf(instrument, order.bidPoints),
    ask: priceOf(instrument, order.askPoints),
    stopLoss: price(order.stopPricePoints),
    takeProfit: price(order.targetPricePoints),
    positionId: order.positionId,
    epoch: order.epoch,
    reason: order.reason,
    checks: shownChecks(order.checks),
    compliance: shownCompliance(
      pretrades.find(({ intentId }) => intentId === order.intentId),
      instrument,
      sources,
    ),
    sentAt: sent === undefined ? null : isoTime(sent.timeMicros),
  };
}

function shownFill(
  fill: Execution,
  order: OrderIntent | undefined,
  instrument: Instrument,
): Dossier["fills"][number] {
  const isOrders = order !== undefined && order.side === fill.side && fill.pricePoints > 0;
  const quoted = order === undefined ? 0 : order.side === "BUY" ? order.askPoints : order.bidPoints;
  const worse = fill.side === "BUY" ? 1 : -1;
  return {
    seq: fill.seq,
    time: isoTime(fill.timeMicros),
    intentId: fill.intentId,
    status: fill.status,
    dealId: fill.dealId,
    positionId: fill.positionId,
    side: fill.side,
    lots: fill.volumeMicros / MICROS_PER_LOT,
    price: fill.pricePoints > 0 ? priceOf(instrument, fill.pricePoints) : null,
    commission: fill.commissionMicros / MICROS_PER_UNIT,
    reason: fill.reason,
    slippagePoints: isOrders ? worse * (fill.pricePoints - quoted) : null,
  };
}

/** What deals brought in and cost, once as much was sold as was bought; null before. In the quote currency, commission apart. */
function profitOf(fills: readonly Execution[], instrument: Instrument): number | null {
  let volume = 0;
  let paid = 0;
  for (const { side, volumeMicros, pricePoints, dealId } of fills) {
    if (dealId === null) continue;
    const towards = side === "BUY" ? 1 : -1;
    volume += towards * volumeMicros;
    paid += towards * (volumeMicros / MICROS_PER_LOT) * (pricePoints / pointsPerUnit(instrument));
  }
  if (volume !== 0 || fills.every(({ dealId }) => dealId === null)) return null;
  return -paid * instrument.contractSize;
}

function hashOf(config: unknown): string {
  return createHash("sha256").update(JSON.stringify(config)).digest("hex");
}
