// What the graph is made of on ArangoDB: a collection for each kind of vertex and each relation, and the named graph that
// holds them together.

import type { EdgeDefinitionOptions } from "arangojs/graphs";
import { type Relation, RELATIONS, VERTEX_KINDS, type VertexKind } from "../../actors/ports/graph.ts";

export const GRAPH_NAME = "market";
/** Its one document says how far the journal is stored. */
export const PROGRESS = "progress";

export const VERTEX_COLLECTIONS: Readonly<Record<VertexKind, string>> = {
  symbol: "symbols",
  currency: "currencies",
  regime: "regimes",
  model: "models",
  account: "accounts",
  tick: "ticks",
  command: "commands",
  signal: "signals",
  refusal: "refusals",
  order: "orders",
  deal: "deals",
  position: "positions",
};

const ENDS: Readonly<Record<Relation, readonly [from: readonly VertexKind[], to: readonly VertexKind[]]>> = {
  quotes: [["symbol"], ["currency"]],
  correlates: [["symbol"], ["symbol"]],
  votedFor: [["model"], ["signal"]],
  inRegime: [["signal"], ["regime"]],
  caused: [
    ["tick", "signal", "command"],
    ["signal", "order"],
  ],
  refused: [["signal", "command"], ["refusal"]],
  placed: [["account"], ["order"]],
  filledBy: [["order"], ["deal"]],
  opened: [["deal"], ["position"]],
  closedBy: [["position"], ["order", "deal"]],
  traded: [["deal"], ["symbol"]],
};

export const EDGE_DEFINITIONS: EdgeDefinitionOptions[] = RELATIONS.map((relation) => {
  const [from, to] = ENDS[relation];
  return {
    collection: relation,
    from: from.map((kind) => VERTEX_COLLECTIONS[kind]),
    to: to.map((kind) => VERTEX_COLLECTIONS[kind]),
  };
});

/** By collection, what its persistent indexes are on; ArangoDB has indexes on the ends of edges by itself. */
export const INDEXES: readonly { readonly collection: string; readonly fields: string[] }[] = [
  ...VERTEX_KINDS.flatMap((kind) =>
    [["name"], ["ref"], ["seq"]].map((fields) => ({ collection: VERTEX_COLLECTIONS[kind], fields })),
  ),
  ...RELATIONS.map((relation) => ({ collection: relation, fields: ["seq"] })),
  { collection: "correlates", fields: ["timeMicros"] },
  { collection: "traded", fields: ["account", "position"] },
];
