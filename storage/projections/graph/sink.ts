// The graph as a sink: what caused what, as the records name it, and once an hour how the symbols move together.

import { MICROS_PER_HOUR } from "../../../actors/base/clock.ts";
import { pointsPerUnit, type Instrument } from "../../../actors/domain/instrument.ts";
import { MICROS_PER_LOT } from "../../../actors/domain/money.ts";
import type { Execution, OrderIntent, RiskRefusal } from "../../../actors/domain/order.ts";
import type { JournalRecord } from "../../../actors/domain/records.ts";
import type { Signal } from "../../../actors/domain/signal.ts";
import { CORRELATION_HALF_LIFE_MINUTES } from "../../../actors/market/market-limits.ts";
import {
  type Edge,
  edgeKey,
  type Graph,
  refOf,
  type Relation,
  type Vertex,
  type VertexRef,
} from "../../../actors/ports/graph.ts";
import type { BatchEdges } from "../batch-edges.ts";
import type { JournalTail } from "../journal-tail.ts";
import type { Sink } from "../sink.ts";

/** Without anything to store, the cursor moves after so many records: they are read again after a crash. */
const COMMIT_RECORDS = 250_000;
/** A pair is kept when it is among so many strongest ones of either symbol. */
const PARTNERS_MAX = 8;
/** Parts after which a batch leaves. */
const PARTS_MAX = 5_000;
/** What the paper broker calls deals that no order of ours asked for. */
const BROKERS_OWN: ReadonlySet<string> = new Set(["stop", "target", "stop-out"]);
/** How the account begins the reason of an order that opens, and of one that a person asked for. */
const OPENING = /^(?:signal|manual):/;
const MANUAL = "manual:";

/** When a record was, for all that is told by it. */
type When = Pick<Vertex, "seq" | "timeMicros">;

export class GraphSink implements Sink<JournalRecord, JournalTail> {
  readonly name = "the graph";
  readonly keepsCursor = true;
  readonly #graph: Graph;
  readonly #vertices = new Map<string, Vertex>();
  readonly #edges = new Map<string, Edge>();
  #rowSeq = 0;
  /** What the store must say it has, or it lost something since. */
  #committedSeq = 0;
  /** Hour of the newest correlations, stored and with the batch in it. */
  #storedHour = -1;
  #hour = -1;

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  get rowSeq(): number {
    return this.#rowSeq;
  }

  get full(): boolean {
    return this.#vertices.size + this.#edges.size >= PARTS_MAX;
  }

  async prepare(): Promise<void> {
    await this.#graph.prepare();
  }

  async storedSeq(): Promise<number> {
    this.#committedSeq = await this.#graph.cursor();
    await this.#readHour();
    return this.#committedSeq;
  }

  async forget(fromSeq: number): Promise<void> {
    await this.#graph.forget(fromSeq);
    this.#committedSeq = fromSeq - 1;
    await this.#readHour();
  }

  async check(): Promise<void> {
    const heldSeq = await this.#graph.cursor();
    if (heldSeq === this.#committedSeq) return;
    throw new Error(
      `the store ends at record ${heldSeq} although it had ${this.#committedSeq}: the rest is told again`,
    );
  }

  async send({ toSeq }: BatchEdges): Promise<void> {
    const isEmpty = this.#vertices.size === 0 && this.#edges.size === 0;
    if (!isEmpty || toSeq - this.#committedSeq >= COMMIT_RECORDS) {
      await this.#graph.store(
        { vertices: [...this.#vertices.values()], edges: [...this.#edges.values()] },
        toSeq,
      );
      this.#committedSeq = toSeq;
    }
    this.#storedHour = this.#hour;
  }

  clear(): void {
    this.#vertices.clear();
    this.#edges.clear();
    this.#rowSeq = 0;
    this.#hour = this.#storedHour;
  }

  collect(record: JournalRecord, tail: JournalTail): void {
    const { instruments } = tail.engine.config;
    switch (record.kind) {
      case "configured":
        this.#symbols(instruments, record);
        return;
      case "market":
        this.#correlations(tail, record);
        return;
      case "signal":
        this.#signal(record, instruments[record.instrumentId]);
        return;
      case "commanded":
        if (record.command.command !== "trade") return;
        this.#vertex("command", String(record.seq), record, {
          label: `${record.command.side} by ${record.command.by}`,
          name: `command:${record.seq}`,
        });
        return;
      case "refusal":
        this.#refusal(record, instruments[record.instrumentId]);
        return;
      case "intent":
        this.#order(record, instruments[record.instrumentId]);
        return;
      case "execution":
        this.#deal(record, instruments[record.instrumentId]);
        return;
      default:
    }
  }

  async #readHour(): Promise<void> {
    const newestMicros = await this.#graph.correlatedMicros();
    this.#storedHour = newestMicros === 0 ? -1 : Math.floor(newestMicros / MICROS_PER_HOUR);
    this.clear();
  }

  #symbols(instruments: readonly Instrument[], when: When): void {
    for (const { symbol, baseCurrency, quoteCurrency, contractSize } of instruments) {
      const vertex = this.#vertex("symbol", symbol, when, { symbol });
      const currencies = [
        [baseCurrency, contractSize],
        [quoteCurrency, -contractSize],
      ] as const;
      for (const [currency, weight] of currencies) {
        this.#edge("quotes", vertex, this.#vertex("currency", currency, when), when, { weight });
      }
    }
  }

  #correlations(tail: JournalTail, when: When): void {
    const hour = Math.floor(when.timeMicros / MICROS_PER_HOUR);
    const { market, config } = tail.engine;
    if (hour <= this.#hour || market === undefined) return;
    const { instruments } = config;
    const pairs = strongestPairs(instruments.length, (a, b) => market.correlationOf(a, b));
    // Once an hour, as soon as any is known.
    if (pairs.length === 0) return;
    this.#hour = hour;
    const atHour = { seq: when.seq, timeMicros: hour * MICROS_PER_HOUR };
    for (const { first, second, correlation } of pairs) {
      const ends = [first, second].map((id) => {
        const symbol = instruments[id]?.symbol ?? String(id);
        return this.#vertex("symbol", symbol, when, { symbol });
      }) as [VertexRef, VertexRef];
      this.#edge("correlates", ...ends, atHour, {
        weight: correlation,
        value: CORRELATION_HALF_LIFE_MINUTES,
      });
    }
  }

  #signal(signal: Signal, instrument: Instrument | undefined): void {
    if (instrument === undefined) return;
    const { symbol } = instrument;
    const vertex = this.#vertex("signal", String(signal.seq), signal, {
      name: `signal:${signal.seq}`,
      label: `${signal.action} ${signal.confidence.toFixed(3)} ${signal.regime}`,
      symbol,
    });
    const [bid, ask] = [signal.bidPoints, signal.askPoints].map((points) => priceText(instrument, points));
    const tick = this.#vertex("tick", String(signal.tickSeq), signal, {
      name: `tick:${signal.tickSeq}`,
      label: `${symbol} ${bid} / ${ask}`,
      symbol,
    });
    this.#edge("caused", tick, vertex, signal);
    this.#edge("inRegime", vertex, this.#vertex("regime", signal.regime, signal), signal);
    for (const { member, weight, probabilityUp } of signal.components) {
      const model = this.#vertex("model", member, signal);
      this.#edge("votedFor", model, vertex, signal, { weight, value: probabilityUp });
    }
  }

  #refusal(refusal: RiskRefusal, instrument: Instrument | undefined): void {
    const vertex = this.#vertex("refusal", String(refusal.seq), refusal, {
      name: `refusal:${refusal.seq}`,
      label: refusal.code,
      symbol: instrument?.symbol ?? null,
    });
    // Which of the two it was the record does not say: the one that is not there leads nowhere.
    this.#edge("refused", { kind: "signal", key: String(refusal.causeSeq) }, vertex, refusal);
    this.#edge("refused", { kind: "command", key: String(refusal.causeSeq) }, vertex, refusal);
  }

  #order(order: OrderIntent, instrument: Instrument | undefined): void {
    const { accountId, intentId, purpose, side, volumeMicros, causeSeq, positionId, reason } = order;
    const vertex = this.#vertex("order", intentId, order, {
      label: `${purpose} ${side} ${volumeMicros / MICROS_PER_LOT}`,
      symbol: instrument?.symbol ?? null,
    });
    this.#edge("placed", this.#vertex("account", accountId, order), vertex, order);
    if (purpose === "entry") {
      const kind = reason.startsWith(MANUAL) ? "command" : "signal";
      this.#edge("caused", { kind, key: String(causeSeq) }, vertex, order);
    }
    if (positionId !== null) this.#edge("closedBy", positionOf(accountId, positionId), vertex, order);
  }

  #deal(execution: Execution, instrument: Instrument | undefined): void {
    const { accountId, intentId, dealId, positionId, side, volumeMicros, pricePoints, reason } = execution;
    if (dealId === null || instrument === undefined) return;
    const { symbol } = instrument;
    const deal = this.#vertex("deal", `${accountId}/${dealId}`, execution, {
      name: dealId,
      label: `${side} ${volumeMicros / MICROS_PER_LOT} at ${priceText(instrument, pricePoints)}`,
      symbol,
    });
    this.#edge("filledBy", { kind: "order", key: intentId }, deal, execution);
    this.#edge("traded", deal, this.#vertex("symbol", symbol, execution, { symbol }), execution, {
      weight: side === "BUY" ? volumeMicros : -volumeMicros,
      value: pricePoints / pointsPerUnit(instrument),
      account: accountId,
      position: positionId,
    });
    if (positionId === null) return;
    if (OPENING.test(reason)) {
      const { kind, key } = positionOf(accountId, positionId);
      const position = this.#vertex(kind, key, execution, { name: positionId, label: symbol, symbol });
      this.#edge("opened", deal, position, execution);
    } else if (BROKERS_OWN.has(reason)) {
      this.#edge("closedBy", positionOf(accountId, positionId), deal, execution);
    }
  }

  #vertex(
    kind: Vertex["kind"],
    key: string,
    { seq, timeMicros }: When,
    { name = key, label = key, symbol = null }: Partial<Pick<Vertex, "name" | "label" | "symbol">> = {},
  ): VertexRef {
    const vertex: Vertex = { kind, key, name, label, symbol, seq, timeMicros };
    const ref = refOf(vertex);
    if (!this.#vertices.has(ref)) this.#vertices.set(ref, vertex);
    this.#rowSeq = Math.max(this.#rowSeq, seq);
    return { kind, key };
  }

  #edge(
    relation: Relation,
    from: VertexRef,
    to: VertexRef,
    { seq, timeMicros }: When,
    { weight = null, value = null, account = null, position = null }: Partial<Edge> = {},
  ): void {
    const edge = { relation, from, to, seq, timeMicros, weight, value, account, position };
    const key = edgeKey(edge);
    if (!this.#edges.has(key)) this.#edges.set(key, edge);
  }
}

function positionOf(accountId: string, positionId: string): VertexRef {
  return { kind: "position", key: `${accountId}/${positionId}` };
}

function priceText(instrument: Instrument, points: number): string {
  return (points / pointsPerUnit(instrument)).toFixed(instrument.digits);
}

interface Pair {
  readonly first: number;
  readonly second: number;
  readonly correlation: number;
}

/** Every pair that is among the strongest of one of its two, each once. */
function strongestPairs(count: number, correlationOf: (a: number, b: number) => number): readonly Pair[] {
  const kept = new Map<string, Pair>();
  for (let id = 0; id < count; id++) {
    const pairs: Pair[] = [];
    for (let other = 0; other < count; other++) {
      const correlation = other === id ? Number.NaN : correlationOf(id, other);
      if (Number.isNaN(correlation)) continue;
      pairs.push({ first: Math.min(id, other), second: Math.max(id, other), correlation });
    }
    pairs.sort((a, b) => Math.abs(b.correlation) - Math.abs(a.correlation));
    for (const pair of pairs.slice(0, PARTNERS_MAX)) kept.set(`${pair.first} ${pair.second}`, pair);
  }
  return [...kept.values()];
}
