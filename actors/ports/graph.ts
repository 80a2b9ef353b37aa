// The market and what was decided in it as a graph: symbols and their currencies, how symbols move together, and what led from
// a tick over votes and signal to orders and deals. A projection of the journal; nothing in it ever changes.

import type { Micros } from "../base/clock.ts";

export const VERTEX_KINDS = [
  "symbol",
  "currency",
  "regime",
  "model",
  "account",
  "tick",
  "command",
  "signal",
  "refusal",
  "order",
  "deal",
  "position",
] as const;
export type VertexKind = (typeof VERTEX_KINDS)[number];

export const RELATIONS = [
  /** Symbol to currency. Weight: units of it that one lot bought brings, and that it costs for each unit of price. */
  "quotes",
  /** Symbol to symbol, in either direction. Weight: the correlation; value: its half-life in minutes. */
  "correlates",
  /** Model to signal. Weight: its share of the vote; value: its probability of a rise. */
  "votedFor",
  /** Signal to regime. */
  "inRegime",
  /** Tick to signal; signal or command to order. */
  "caused",
  /** Signal or command to refusal. */
  "refused",
  /** Account to order. */
  "placed",
  /** Order to deal. */
  "filledBy",
  /** Deal to position. */
  "opened",
  /** Position to the order that closes it, or to the broker's own deal. */
  "closedBy",
  /** Deal to symbol. Weight: millionths of a lot, negative for sold ones; value: the price. */
  "traded",
] as const;
export type Relation = (typeof RELATIONS)[number];

/** Those that lead from a cause to what came of it. */
export const LINEAGE_RELATIONS = [
  "votedFor",
  "inRegime",
  "caused",
  "refused",
  "placed",
  "filledBy",
  "opened",
  "closedBy",
] as const satisfies readonly Relation[];

/** Where lineage may begin. All that ever was came of a model, an account or a symbol: that is no answer, and long to find. */
export const LINEAGE_KINDS = [
  "tick",
  "command",
  "signal",
  "refusal",
  "order",
  "deal",
  "position",
] as const satisfies readonly VertexKind[];

/** Steps that are followed from one vertex, and what an answer holds at most. */
export const LINEAGE_STEPS_MAX = 12;
export const LINEAGE_VERTICES_MAX = 500;
export const CORRELATIONS_MAX = 10_000;

export interface Vertex {
  readonly kind: VertexKind;
  /** Unique in its kind. */
  readonly key: string;
  /** What people call it; two accounts may have deals of the same name. */
  readonly name: string;
  readonly label: string;
  /** Whose it is, where it is one symbol's. */
  readonly symbol: string | null;
  /** The first record that spoke of it. */
  readonly seq: number;
  readonly timeMicros: Micros;
}

export interface VertexRef {
  readonly kind: VertexKind;
  readonly key: string;
}

export interface Edge {
  readonly relation: Relation;
  readonly from: VertexRef;
  readonly to: VertexRef;
  readonly seq: number;
  readonly timeMicros: Micros;
  /** See {@link RELATIONS}; null where the relation has none. */
  readonly weight: number | null;
  readonly value: number | null;
  /** Of deals: whose, and of which position. */
  readonly account: string | null;
  readonly position: string | null;
}

export interface Lineage {
  readonly vertices: readonly Vertex[];
  readonly edges: readonly Edge[];
}

export type LineageDirection = "back" | "forward";

/** What was dealt of one position that is open, and a currency its symbol is of. */
export interface OpenLeg {
  readonly position: string;
  readonly symbol: string;
  readonly currency: string;
  /** The `quotes` edge's weight: positive for the base currency, negative for the quote currency. */
  readonly perLot: number;
  /** Millionths of lots, and the same times price. */
  readonly bought: number;
  readonly boughtCost: number;
  readonly sold: number;
  readonly soldCost: number;
}

export interface CorrelationPoint {
  /** The other one. */
  readonly symbol: string;
  readonly timeMicros: Micros;
  readonly correlation: number;
  readonly halfLifeMinutes: number;
}

/** Expected failures are thrown as GraphUnavailable. */
export interface Graph {
  /** Makes what is missing; safe to call again. */
  prepare(): Promise<void>;
  /** What is there already stays as it was first told. Then notes that everything up to `seq` is stored. */
  store(parts: { vertices: readonly Vertex[]; edges: readonly Edge[] }, seq: number): Promise<void>;
  /** What was noted last; 0 in a new graph. */
  cursor(): Promise<number>;
  /** Removes what was first told at or after record `seq`, and notes the record before it. */
  forget(seq: number): Promise<void>;
  /** Time of the newest `correlates` edge; 0 where there is none. */
  correlatedMicros(): Promise<Micros>;
  /**
   * What led to whatever has this name or key, or came of it, itself included; empty where nothing of {@link LINEAGE_KINDS} is
   * called that.
   * @param name of a vertex, or kind and key as in `signal:12`
   */
  lineage(name: string, direction: LineageDirection): Promise<Lineage>;
  /** The legs of an account's open positions. */
  openLegs(account: string): Promise<readonly OpenLeg[]>;
  /** Of one symbol, oldest first; `fromMicros` inclusive, `toMicros` exclusive. */
  correlations(
    symbol: string,
    range: { fromMicros: Micros; toMicros: Micros },
  ): Promise<readonly CorrelationPoint[]>;
  close(): Promise<void>;
}

/** Known by its ends, and among correlations by its time. */
export function edgeKey({ relation, from, to, timeMicros }: Edge): string {
  const when = relation === "correlates" ? ` ${timeMicros}` : "";
  return `${relation} ${refOf(from)} ${refOf(to)}${when}`;
}

export function refOf({ kind, key }: VertexRef): string {
  return `${kind}:${key}`;
}

/** The store cannot be reached, or does not answer in time. */
export class GraphUnavailable extends Error {
  override readonly name = "GraphUnavailable";
}
