// The questions to the graph, in AQL. Collections are named by us, everything else is bound.

import { aql, type AqlQuery, literal } from "arangojs/aql";
import {
  CORRELATIONS_MAX,
  LINEAGE_KINDS,
  LINEAGE_RELATIONS,
  LINEAGE_STEPS_MAX,
  LINEAGE_VERTICES_MAX,
  type LineageDirection,
  RELATIONS,
  VERTEX_KINDS,
} from "../../actors/ports/graph.ts";
import { GRAPH_NAME, PROGRESS, VERTEX_COLLECTIONS } from "./collections.ts";

const COLLECTIONS = VERTEX_KINDS.map((kind) => VERTEX_COLLECTIONS[kind]);

/** What is there already stays as it is. */
export function insertQuery(collection: string, documents: readonly object[]): AqlQuery {
  return aql`
    FOR document IN ${documents}
      INSERT document INTO ${literal(collection)} OPTIONS { overwriteMode: "ignore" }`;
}

/** On disk, and with it everything before, once it answers. */
export function noteQuery(seq: number): AqlQuery {
  return aql`
    INSERT ${{ _key: "journal", seq }} INTO ${literal(PROGRESS)}
      OPTIONS { overwriteMode: "replace", waitForSync: true }`;
}

export function forgetQueries(seq: number): readonly AqlQuery[] {
  return [...RELATIONS, ...COLLECTIONS].map(
    (collection) => aql`
      FOR document IN ${literal(collection)}
        FILTER document.seq >= ${seq}
        REMOVE document IN ${literal(collection)}`,
  );
}

/** Vertices by what people call them or by kind and key, and all that a walk from there reaches, the nearest first. */
export function reachedQuery(name: string, direction: LineageDirection): AqlQuery {
  const starts = LINEAGE_KINDS.map((kind) => VERTEX_COLLECTIONS[kind]).map(
    (collection) =>
      `(FOR vertex IN ${collection} FILTER vertex.name == @name OR vertex.ref == @name RETURN vertex._id)`,
  );
  const way = direction === "forward" ? "OUTBOUND" : "INBOUND";
  return {
    query: `
      LET starts = UNION(${starts.join(", ")})
      FOR start IN starts
        FOR vertex IN 0..${LINEAGE_STEPS_MAX} ${way} start GRAPH "${GRAPH_NAME}"
          OPTIONS { order: "bfs", uniqueVertices: "global", edgeCollections: @relations }
          FILTER vertex != null
          LIMIT ${LINEAGE_VERTICES_MAX}
          RETURN DISTINCT vertex`,
    bindVars: { name, relations: [...LINEAGE_RELATIONS] },
  };
}

/** Edges of lineage whose two ends are among these. */
export function betweenQuery(ids: readonly string[]): AqlQuery {
  const parts = LINEAGE_RELATIONS.map(
    (relation) => `(FOR edge IN ${relation} FILTER edge._from IN @ids AND edge._to IN @ids RETURN edge)`,
  );
  return { query: `FOR edge IN UNION(${parts.join(", ")}) RETURN edge`, bindVars: { ids: [...ids] } };
}

/** Exposure by currency through the pairs: what is open of each position, with the currencies of its symbol. */
export function openLegsQuery(account: string): AqlQuery {
  return aql`
    FOR edge IN traded
      FILTER edge.account == ${account}
      COLLECT position = edge.position, target = edge._to
        AGGREGATE
          bought = SUM(edge.weight > 0 ? edge.weight : 0),
          boughtCost = SUM(edge.weight > 0 ? edge.weight * edge.value : 0),
          sold = SUM(edge.weight < 0 ? -edge.weight : 0),
          soldCost = SUM(edge.weight < 0 ? -edge.weight * edge.value : 0)
      FILTER bought != sold
      LET symbol = DOCUMENT(target)
      FOR currency, quote IN 1..1 OUTBOUND target quotes
        RETURN {
          position: position == null ? "" : position,
          symbol: symbol.key,
          currency: currency.key,
          perLot: quote.weight,
          bought, boughtCost, sold, soldCost
        }`;
}

/** The newest first. */
export function correlationsQuery(
  ref: string,
  { fromMicros, toMicros }: { fromMicros: number; toMicros: number },
): AqlQuery {
  return aql`
    FOR symbol IN symbols
      FILTER symbol.ref == ${ref}
      FOR other, edge IN 1..1 ANY symbol correlates
        FILTER edge.timeMicros >= ${fromMicros} AND edge.timeMicros < ${toMicros}
        SORT edge.timeMicros DESC
        LIMIT ${CORRELATIONS_MAX}
        RETURN {
          symbol: other.key,
          timeMicros: edge.timeMicros,
          correlation: edge.weight,
          halfLifeMinutes: edge.value
        }`;
}

export function newestCorrelationQuery(): AqlQuery {
  return aql`
    FOR edge IN correlates
      SORT edge.timeMicros DESC
      LIMIT 1
      RETURN edge.timeMicros`;
}
