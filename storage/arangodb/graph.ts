// The graph on ArangoDB, by its own client: the named graph `market`, asked in AQL.

import { createHash } from "node:crypto";
import type { AqlQuery } from "arangojs/aql";
import { Database } from "arangojs/databases";
import { ArangoError, HttpError } from "arangojs/errors";
import {
  type CorrelationPoint,
  type Edge,
  edgeKey,
  type Graph,
  GraphUnavailable,
  type Lineage,
  type LineageDirection,
  type OpenLeg,
  refOf,
  RELATIONS,
  type Vertex,
  VERTEX_KINDS,
  type VertexRef,
} from "../../actors/ports/graph.ts";
import { EDGE_DEFINITIONS, GRAPH_NAME, INDEXES, PROGRESS, VERTEX_COLLECTIONS } from "./collections.ts";
import { ANSWER_MILLIS_MAX, BATCH_DOCUMENTS, CONFLICT_RETRIES, DATABASE_DEFAULT } from "./limits.ts";
import {
  betweenQuery,
  correlationsQuery,
  forgetQueries,
  insertQuery,
  newestCorrelationQuery,
  noteQuery,
  openLegsQuery,
  reachedQuery,
} from "./queries.ts";

interface StoredVertex extends Vertex {
  readonly _id: string;
}

type StoredEdge = Edge & { readonly _key: string; readonly _from: string; readonly _to: string };

export class ArangoGraph implements Graph {
  readonly #where: string;
  readonly #name: string;
  readonly #system: Database;
  readonly #database: Database;
  readonly #millisMax: number;

  /** @param url http://user:password@host:8529/database; without a database, `tickforge` */
  constructor(url: string, { answerMillisMax = ANSWER_MILLIS_MAX }: { answerMillisMax?: number } = {}) {
    this.#millisMax = answerMillisMax;
    const { origin, username, password, pathname } = new URL(url);
    this.#where = origin;
    this.#name = decodeURIComponent(pathname.replace(/^\//, "")) || DATABASE_DEFAULT;
    const auth = { username: decodeURIComponent(username), password: decodeURIComponent(password) };
    this.#system = new Database({
      url: origin,
      databaseName: "_system",
      timeout: answerMillisMax,
      maxRetries: false,
      retryOnConflict: CONFLICT_RETRIES,
      ...(username === "" ? {} : { auth }),
    });
    this.#database = this.#system.database(this.#name);
  }

  async prepare(): Promise<void> {
    await this.#ask(async (database) => {
      // Whoever may not see the system's database has been given this one.
      if (!(await database.exists())) await this.#system.createDatabase(this.#name);
      await unlessThere(async () => await database.createCollection(PROGRESS));
      const graph = database.graph(GRAPH_NAME);
      if (!(await graph.exists())) await unlessThere(async () => await graph.create(EDGE_DEFINITIONS));
      for (const { collection, fields } of INDEXES) {
        await database.collection(collection).ensureIndex({ type: "persistent", fields });
      }
    });
  }

  async store(
    { vertices, edges }: { vertices: readonly Vertex[]; edges: readonly Edge[] },
    seq: number,
  ): Promise<void> {
    await this.#ask(async () => {
      for (const kind of VERTEX_KINDS) {
        const documents = vertices.filter((vertex) => vertex.kind === kind).map(vertexDocument);
        await this.#insertAll(VERTEX_COLLECTIONS[kind], documents);
      }
      for (const relation of RELATIONS) {
        const documents = edges.filter((edge) => edge.relation === relation).map(edgeDocument);
        await this.#insertAll(relation, documents);
      }
      // Last: what is noted is there.
      await this.#answers(noteQuery(seq));
    });
  }

  async cursor(): Promise<number> {
    return await this.#ask(async (database) => {
      const progress = database.collection<{ seq: number }>(PROGRESS);
      if (!(await database.exists()) || !(await progress.exists())) return 0;
      return (await progress.document("journal", { graceful: true }))?.seq ?? 0;
    });
  }

  async forget(seq: number): Promise<void> {
    await this.#ask(async () => {
      // First: what is cut off here is told again.
      await this.#answers(noteQuery(seq - 1));
      for (const query of forgetQueries(seq)) await this.#answers(query);
    });
  }

  async correlatedMicros(): Promise<number> {
    return await this.#ask(async () => {
      const [newestMicros = 0] = await this.#answers<number>(newestCorrelationQuery());
      return newestMicros;
    });
  }

  async lineage(name: string, direction: LineageDirection): Promise<Lineage> {
    return await this.#ask(async () => {
      const vertices = await this.#answers<StoredVertex>(reachedQuery(name, direction));
      const ids = vertices.map(({ _id }) => _id);
      const edges = await this.#answers<StoredEdge>(betweenQuery(ids));
      return { vertices: vertices.map(vertexOf), edges: edges.map(edgeOf) };
    });
  }

  async openLegs(account: string): Promise<readonly OpenLeg[]> {
    const query = openLegsQuery(account);
    return await this.#ask(async () => await this.#answers<OpenLeg>(query));
  }

  async correlations(
    symbol: string,
    range: { fromMicros: number; toMicros: number },
  ): Promise<readonly CorrelationPoint[]> {
    const query = correlationsQuery(refOf({ kind: "symbol", key: symbol }), range);
    return await this.#ask(async () => {
      const points = await this.#answers<CorrelationPoint>(query);
      return points.reverse();
    });
  }

  /** What answers, for people. */
  async version(): Promise<string> {
    return await this.#ask(async () => `ArangoDB ${(await this.#system.version()).version}`);
  }

  async close(): Promise<void> {
    this.#system.close();
    await Promise.resolve();
  }

  async #insertAll(collection: string, documents: readonly object[]): Promise<void> {
    for (let from = 0; from < documents.length; from += BATCH_DOCUMENTS) {
      await this.#answers(insertQuery(collection, documents.slice(from, from + BATCH_DOCUMENTS)));
    }
  }

  /** The client's own time limit is not for queries unless it is named with each. */
  async #answers<T>(query: AqlQuery): Promise<T[]> {
    const cursor = await this.#database.query<T>(query, { timeout: this.#millisMax });
    return await cursor.all();
  }

  async #ask<T>(question: (database: Database) => Promise<T>): Promise<T> {
    try {
      return await question(this.#database);
    } catch (error) {
      throw new GraphUnavailable(
        `ArangoDB at ${this.#where}, database ${this.#name}, does not do what it is asked: ${explain(error)}`,
        { cause: error },
      );
    }
  }
}

/** ArangoDB's number for a name that is taken: another process was faster. */
const DUPLICATE_NAMES: ReadonlySet<number> = new Set([1207, 1925]);

async function unlessThere(make: () => Promise<unknown>): Promise<void> {
  try {
    await make();
  } catch (error) {
    if (!(error instanceof ArangoError && DUPLICATE_NAMES.has(error.errorNum))) throw error;
  }
}

function explain(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const status = error instanceof HttpError || error instanceof ArangoError ? error.code : 0;
  if (status === 401 || status === 403) {
    return `it refuses the user name or password (${message}): correct them in TICKFORGE_ARANGODB_URL`;
  }
  return `${message}. Start it, or mend TICKFORGE_ARANGODB_URL`;
}

function idOf({ kind, key }: VertexRef): string {
  return `${VERTEX_COLLECTIONS[kind]}/${keyOf(key)}`;
}

/** ArangoDB's keys have letters, digits and some signs; a per cent sign is one of them. */
function keyOf(key: string): string {
  return encodeURIComponent(key).replaceAll("~", "%7E");
}

function vertexDocument(vertex: Vertex): object {
  return { ...vertex, _key: keyOf(vertex.key), ref: refOf(vertex) };
}

function edgeDocument(edge: Edge): object {
  const _key = createHash("sha256").update(edgeKey(edge)).digest("hex").slice(0, 40);
  return { ...edge, _key, _from: idOf(edge.from), _to: idOf(edge.to) };
}

function vertexOf({ kind, key, name, label, symbol, seq, timeMicros }: StoredVertex): Vertex {
  return { kind, key, name, label, symbol, seq, timeMicros };
}

function edgeOf(stored: StoredEdge): Edge {
  const { relation, from, to, seq, timeMicros, weight, value, account, position } = stored;
  return { relation, from, to, seq, timeMicros, weight, value, account, position };
}
