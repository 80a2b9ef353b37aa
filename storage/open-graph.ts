// The graph by its address: a file of ours, or an ArangoDB server.

import type { Graph } from "../actors/ports/graph.ts";
import { ArangoGraph } from "./arangodb/graph.ts";
import { SqliteGraph } from "./sql/graph.ts";

const SQLITE = "sqlite://";

/** @param url `sqlite://<path>` or `http://user:password@host:8529/database` */
export function openGraph(url: string): Graph {
  return url.startsWith(SQLITE) ? new SqliteGraph(url.slice(SQLITE.length)) : new ArangoGraph(url);
}
