// A decision as a graph: which tick led to which votes, signal, order and deal, and what of it closed what. From a dossier, or
// from the graph that is kept beside the journal.

import { z } from "zod";
import {
  edgeKey,
  type Graph,
  type LineageDirection,
  refOf,
  RELATIONS,
  VERTEX_KINDS,
  type VertexRef,
} from "../../actors/ports/graph.ts";
import type { Dossier } from "./dossier.ts";

const LINKS = [...RELATIONS, "asked"] as const;

export const lineageSchema = z.object({
  id: z.string(),
  /** Whose it is; null where nothing in it is one symbol's. */
  symbol: z.string().nullable(),
  /** Read from the journal itself, or from the graph, which may be a moment behind it. */
  source: z.enum(["journal", "graph"]),
  nodes: z.array(z.object({ id: z.string(), kind: z.enum(VERTEX_KINDS), label: z.string() })),
  edges: z.array(z.object({ from: z.string(), to: z.string(), relation: z.enum(LINKS), label: z.string() })),
});

export type Lineage = z.infer<typeof lineageSchema>;

export function lineageOf(dossier: Dossier): Lineage {
  const graph = new Drawing();
  const price = (value: number | null): string => (value === null ? "" : value.toFixed(dossier.digits));
  const { signal } = dossier;
  const tick = dossier.ticks.at(-1);
  const tickId = tick === undefined ? undefined : `tick:${tick.seq}`;
  if (tick !== undefined)
    graph.node(`tick:${tick.seq}`, "tick", `${dossier.symbol} ${price(tick.bid)} / ${price(tick.ask)}`);
  const signalId = signal === null ? undefined : `signal:${signal.seq}`;
  if (signal !== null) {
    graph.node(
      `signal:${signal.seq}`,
      "signal",
      `${signal.action} ${signal.confidence.toFixed(3)} ${signal.regime}`,
    );
    graph.edge(tickId, signalId, "caused");
    for (const { member, status, probabilityUp, weight } of dossier.votes) {
      graph.node(`model:${member}`, "model", `${member} ${probabilityUp?.toFixed(3) ?? status}`);
      graph.edge(tickId, `model:${member}`, "asked");
      if (weight !== null) graph.edge(`model:${member}`, signalId, "votedFor", weight.toFixed(3));
    }
  }
  for (const { seq, code } of dossier.refusals) {
    graph.node(`refusal:${seq}`, "refusal", code);
    graph.edge(signalId, `refusal:${seq}`, "refused");
  }
  for (const order of dossier.orders) {
    graph.node(order.intentId, "order", `${order.purpose} ${order.side} ${order.lots}`);
    if (order.purpose === "entry") graph.edge(signalId ?? tickId, order.intentId, "caused");
    if (order.positionId !== null) {
      graph.node(order.positionId, "position", order.positionId);
      graph.edge(order.positionId, order.intentId, "closedBy");
    }
  }
  for (const fill of dossier.fills) {
    if (fill.dealId === null) continue;
    graph.node(fill.dealId, "deal", `${fill.side} ${fill.lots} at ${price(fill.price)}`);
    graph.edge(
      fill.intentId,
      fill.dealId,
      "filledBy",
      fill.slippagePoints === null ? "" : `slippage ${fill.slippagePoints}`,
    );
    const entry = dossier.orders.find(
      ({ intentId, purpose }) => intentId === fill.intentId && purpose === "entry",
    );
    if (fill.positionId === null || entry === undefined) continue;
    graph.node(fill.positionId, "position", fill.positionId);
    // The other way round it is the broker's own deal, which closed what the order opened.
    if (fill.side === entry.side) graph.edge(fill.dealId, fill.positionId, "opened");
    else graph.edge(fill.positionId, fill.dealId, "closedBy");
  }
  return { id: dossier.id, symbol: dossier.symbol, source: "journal", ...graph.parts };
}

export type LineageSide = LineageDirection | "both";

/** What the graph knows of it; undefined where it knows nothing called that. Throws GraphUnavailable. */
export async function lineageIn(graph: Graph, id: string, side: LineageSide): Promise<Lineage | undefined> {
  const sides = side === "both" ? (["back", "forward"] as const) : [side];
  // Signals are called by their number alone, too, and refusals as the list of orders has them.
  const name = /^\d+$/.test(id) ? `signal:${id}` : id.replace(/^refusal-/, "refusal:");
  const found = await Promise.all(sides.map(async (direction) => await graph.lineage(name, direction)));
  const vertices = new Map(found.flatMap((part) => part.vertices).map((vertex) => [refOf(vertex), vertex]));
  if (vertices.size === 0) return undefined;
  const edges = new Map(found.flatMap((part) => part.edges).map((edge) => [edgeKey(edge), edge]));
  const idOf = (ref: VertexRef): string => nodeId(vertices.get(refOf(ref)) ?? { ...ref, name: ref.key });
  return {
    id,
    symbol: [...vertices.values()].find((vertex) => vertex.symbol !== null)?.symbol ?? null,
    source: "graph",
    nodes: [...vertices.values()].map((vertex) => ({
      id: nodeId(vertex),
      kind: vertex.kind,
      label: vertex.label,
    })),
    edges: [...edges.values()].map(({ from, to, relation, weight, value }) => ({
      from: idOf(from),
      to: idOf(to),
      relation,
      label: relation === "votedFor" ? `${weight?.toFixed(3)} for ${value?.toFixed(3)}` : "",
    })),
  };
}

/** Orders, deals and positions are called by their own ids, everything else by its kind and key. */
function nodeId({ kind, key, name }: VertexRef & { readonly name: string }): string {
  return kind === "order" || kind === "deal" || kind === "position" ? name : refOf({ kind, key });
}

class Drawing {
  readonly #nodes = new Map<string, Lineage["nodes"][number]>();
  readonly #edges: Lineage["edges"] = [];

  get parts(): Pick<Lineage, "nodes" | "edges"> {
    return { nodes: [...this.#nodes.values()], edges: this.#edges };
  }

  node(id: string, kind: Lineage["nodes"][number]["kind"], label: string): void {
    if (!this.#nodes.has(id)) this.#nodes.set(id, { id, kind, label });
  }

  edge(
    from: string | undefined,
    to: string | undefined,
    relation: Lineage["edges"][number]["relation"],
    label = "",
  ): void {
    if (from !== undefined && to !== undefined) this.#edges.push({ from, to, relation, label });
  }
}

/** Nodes are numbered and labels stripped to what cannot mean anything to Mermaid: nothing that was written can break out. */
export function mermaidOf({ nodes, edges }: Lineage): string {
  const names = new Map(nodes.map(({ id }, index) => [id, `n${index}`]));
  const lines = nodes.map(({ id, kind, label }) => `  ${names.get(id)}["${plain(kind)}: ${plain(label)}"]`);
  for (const { from, to, relation, label } of edges) {
    lines.push(`  ${names.get(from)} -- "${plain(`${relation} ${label}`).trim()}" --> ${names.get(to)}`);
  }
  return `flowchart LR\n${lines.join("\n")}\n`;
}

function plain(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N} .,:/+-]/gu, "_");
}
