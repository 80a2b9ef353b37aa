// A dossier as a graph: which tick led to which votes, signal, order and deal, and what of it closed what.

import { z } from "zod";
import type { Dossier } from "./dossier.ts";

const KINDS = ["tick", "model", "signal", "refusal", "order", "deal", "position"] as const;
const RELATIONS = ["asked", "votedFor", "caused", "refused", "filledBy", "opened", "closed"] as const;

export const lineageSchema = z.object({
  id: z.string(),
  symbol: z.string(),
  nodes: z.array(z.object({ id: z.string(), kind: z.enum(KINDS), label: z.string() })),
  edges: z.array(
    z.object({ from: z.string(), to: z.string(), relation: z.enum(RELATIONS), label: z.string() }),
  ),
});

export type Lineage = z.infer<typeof lineageSchema>;

export function lineageOf(dossier: Dossier): Lineage {
  const graph = new Graph();
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
      graph.edge(order.intentId, order.positionId, "closed");
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
    const isEntry = dossier.orders.some(
      ({ intentId, purpose }) => intentId === fill.intentId && purpose === "entry",
    );
    if (fill.positionId !== null && isEntry) {
      graph.node(fill.positionId, "position", fill.positionId);
      graph.edge(fill.dealId, fill.positionId, "opened");
    }
  }
  return { id: dossier.id, symbol: dossier.symbol, ...graph.parts };
}

class Graph {
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
