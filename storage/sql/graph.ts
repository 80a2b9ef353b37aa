// The graph in a SQLite file: two tables, walked by a recursive query. One process writes it, any may read it.

import { Database } from "bun:sqlite";
import {
  type CorrelationPoint,
  CORRELATIONS_MAX,
  type Edge,
  edgeKey,
  type Graph,
  GraphUnavailable,
  type Lineage,
  LINEAGE_KINDS,
  LINEAGE_RELATIONS,
  LINEAGE_STEPS_MAX,
  LINEAGE_VERTICES_MAX,
  type LineageDirection,
  type OpenLeg,
  refOf,
  type Relation,
  type Vertex,
  type VertexKind,
  type VertexRef,
} from "../../actors/ports/graph.ts";

/** Raised when the tables change. */
const SCHEMA_VERSION = 1;
const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS vertices (
    ref TEXT PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL, label TEXT NOT NULL, symbol TEXT,
    seq INTEGER NOT NULL, time_micros INTEGER NOT NULL) WITHOUT ROWID`,
  "CREATE INDEX IF NOT EXISTS vertices_by_name ON vertices (name)",
  "CREATE INDEX IF NOT EXISTS vertices_by_seq ON vertices (seq)",
  `CREATE TABLE IF NOT EXISTS edges (
    key TEXT PRIMARY KEY, relation TEXT NOT NULL, source TEXT NOT NULL, target TEXT NOT NULL, seq INTEGER NOT NULL,
    time_micros INTEGER NOT NULL, weight REAL, value REAL, account TEXT, position TEXT) WITHOUT ROWID`,
  "CREATE INDEX IF NOT EXISTS edges_by_source ON edges (source, relation, time_micros)",
  "CREATE INDEX IF NOT EXISTS edges_by_target ON edges (target, relation, time_micros)",
  "CREATE INDEX IF NOT EXISTS edges_by_relation ON edges (relation, time_micros)",
  // Holds all that an account's open positions are made of.
  `CREATE INDEX IF NOT EXISTS edges_by_account ON edges (account, position, target, weight, value)
    WHERE account IS NOT NULL`,
  "CREATE INDEX IF NOT EXISTS edges_by_seq ON edges (seq)",
  "CREATE TABLE IF NOT EXISTS progress (name TEXT PRIMARY KEY, seq INTEGER NOT NULL)",
];
const PROGRESS = "journal";
/** How long a question waits for another process that writes. */
const BUSY_MILLIS = 2_000;
const BEGINNINGS = LINEAGE_KINDS.map((kind) => `'${kind}'`).join(", ");
/** Steps of a walk, the nearest first. */
const WALK_MAX = 20_000;
const FOLLOWED = LINEAGE_RELATIONS.map((relation) => `'${relation}'`).join(", ");

interface VertexRow {
  readonly kind: VertexKind;
  readonly key: string;
  readonly name: string;
  readonly label: string;
  readonly symbol: string | null;
  readonly seq: number;
  readonly time_micros: number;
}

interface EdgeRow {
  readonly relation: Relation;
  readonly source: string;
  readonly target: string;
  readonly seq: number;
  readonly time_micros: number;
  readonly weight: number | null;
  readonly value: number | null;
  readonly account: string | null;
  readonly position: string | null;
}

/** Its questions are answered at once, in milliseconds: there is nothing to wait for in a file. */
export class SqliteGraph implements Graph {
  readonly #path: string;
  #database: Database | undefined;

  /** @param path of its file, made where it is missing */
  constructor(path: string) {
    this.#path = path;
  }

  async prepare(): Promise<void> {
    await this.#ask((database) => {
      const { user_version: version } = database.query("PRAGMA user_version").get() as {
        user_version: number;
      };
      if (version > SCHEMA_VERSION) {
        throw new Error(
          `its tables are of version ${version}, made by a newer Tickforge than this one, which knows ${SCHEMA_VERSION}`,
        );
      }
      for (const statement of SCHEMA) database.run(statement);
      database.run(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    });
  }

  async store(
    { vertices, edges }: { vertices: readonly Vertex[]; edges: readonly Edge[] },
    seq: number,
  ): Promise<void> {
    await this.#ask((database) => {
      const addVertex = database.query("INSERT OR IGNORE INTO vertices VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
      const addEdge = database.query("INSERT OR IGNORE INTO edges VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
      database.transaction(() => {
        for (const vertex of vertices) {
          const { kind, key, name, label, symbol, seq: firstSeq, timeMicros } = vertex;
          addVertex.run(refOf(vertex), kind, key, name, label, symbol, firstSeq, timeMicros);
        }
        for (const edge of edges) {
          const { relation, from, to, seq: firstSeq, timeMicros, weight, value, account, position } = edge;
          const ends = [refOf(from), refOf(to)] as const;
          addEdge.run(
            edgeKey(edge),
            relation,
            ...ends,
            firstSeq,
            timeMicros,
            weight,
            value,
            account,
            position,
          );
        }
        note(database, seq);
      })();
    });
  }

  async cursor(): Promise<number> {
    return await this.#ask((database) => {
      const row = database.query("SELECT seq FROM progress WHERE name = ?").get(PROGRESS);
      return (row as { seq: number } | null)?.seq ?? 0;
    });
  }

  async forget(seq: number): Promise<void> {
    await this.#ask((database) => {
      database.transaction(() => {
        database.query("DELETE FROM edges WHERE seq >= ?").run(seq);
        database.query("DELETE FROM vertices WHERE seq >= ?").run(seq);
        note(database, seq - 1);
      })();
    });
  }

  async correlatedMicros(): Promise<number> {
    return await this.#ask((database) => {
      const row = database.query(
        "SELECT max(time_micros) AS newest FROM edges WHERE relation = 'correlates'",
      );
      return (row.get() as { newest: number | null }).newest ?? 0;
    });
  }

  async lineage(name: string, direction: LineageDirection): Promise<Lineage> {
    const [near, far] = direction === "forward" ? ["source", "target"] : ["target", "source"];
    const reached = `WITH RECURSIVE walk (ref, step) AS (
        SELECT ref, 0 FROM vertices WHERE (ref = $name OR name = $name) AND kind IN (${BEGINNINGS})
        UNION
        SELECT edges.${far}, step + 1 FROM walk JOIN edges ON edges.${near} = walk.ref
          WHERE relation IN (${FOLLOWED}) AND step < ${LINEAGE_STEPS_MAX}
        ORDER BY 2 LIMIT ${WALK_MAX}
      ), reached (ref, step) AS (
        SELECT ref, min(step) FROM walk JOIN vertices USING (ref) GROUP BY ref ORDER BY min(step) LIMIT ${LINEAGE_VERTICES_MAX}
      )`;
    return await this.#ask((database) => {
      const vertices = database
        .query(
          `${reached} SELECT vertices.* FROM reached JOIN vertices USING (ref) ORDER BY step, vertices.seq`,
        )
        .all({ $name: name }) as VertexRow[];
      const edges = database
        .query(
          `${reached} SELECT edges.* FROM reached JOIN edges ON edges.source = reached.ref
            WHERE relation IN (${FOLLOWED}) AND edges.target IN (SELECT ref FROM reached) ORDER BY edges.seq, edges.key`,
        )
        .all({ $name: name }) as EdgeRow[];
      return { vertices: vertices.map(vertexOf), edges: edges.map(edgeOf) };
    });
  }

  async openLegs(account: string): Promise<readonly OpenLeg[]> {
    return await this.#ask(
      (database) =>
        database
          .query(
            `WITH positions AS (
              SELECT coalesce(position, '') AS position, target,
                sum(max(weight, 0)) AS bought, sum(max(weight, 0) * value) AS boughtCost,
                sum(max(-weight, 0)) AS sold, sum(max(-weight, 0) * value) AS soldCost
              FROM edges WHERE account = ? GROUP BY position, target
            )
            SELECT positions.position AS position, symbols.key AS symbol, currencies.key AS currency, edges.weight AS perLot,
              bought, boughtCost, sold, soldCost
            FROM positions
              JOIN edges ON edges.source = positions.target AND edges.relation = 'quotes'
              JOIN vertices AS symbols ON symbols.ref = positions.target
              JOIN vertices AS currencies ON currencies.ref = edges.target
            WHERE bought <> sold ORDER BY positions.position, symbol, currency`,
          )
          .all(account) as OpenLeg[],
    );
  }

  async correlations(
    symbol: string,
    { fromMicros, toMicros }: { fromMicros: number; toMicros: number },
  ): Promise<readonly CorrelationPoint[]> {
    const points = `SELECT time_micros AS timeMicros, weight AS correlation, value AS halfLifeMinutes`;
    const range = "relation = 'correlates' AND time_micros >= $from AND time_micros < $to";
    return await this.#ask((database) => {
      const rows = database
        .query(
          `${points}, target AS other FROM edges WHERE source = $symbol AND ${range}
            UNION ALL ${points}, source FROM edges WHERE target = $symbol AND ${range}
            ORDER BY time_micros DESC LIMIT ${CORRELATIONS_MAX}`,
        )
        .all({ $symbol: refOf({ kind: "symbol", key: symbol }), $from: fromMicros, $to: toMicros });
      return (rows as (Omit<CorrelationPoint, "symbol"> & { other: string })[])
        .map(({ other, ...point }) => Object.assign(point, { symbol: vertexRefOf(other).key }))
        .reverse();
    });
  }

  async close(): Promise<void> {
    await Promise.resolve();
    this.#database?.close();
    this.#database = undefined;
  }

  async #ask<T>(question: (database: Database) => T): Promise<T> {
    try {
      this.#database ??= this.#open();
      return question(this.#database);
    } catch (error) {
      // The next question opens it anew: the file may have been put right.
      await this.close();
      const message = error instanceof Error ? error.message : String(error);
      throw new GraphUnavailable(
        `the graph in ${this.#path} does not do what it is asked: ${message}. See that its disk has room and it may be ` +
          'written; one that is damaged is made anew by "tickforge projections rebuild graph" once it is moved away',
        { cause: error },
      );
    }
  }

  #open(): Database {
    const database = new Database(this.#path, { create: true });
    database.run(`PRAGMA busy_timeout = ${BUSY_MILLIS}`);
    database.run("PRAGMA journal_mode = WAL");
    // Its last commits may go with the power: the journal has them.
    database.run("PRAGMA synchronous = NORMAL");
    return database;
  }
}

function note(database: Database, seq: number): void {
  database.query("INSERT OR REPLACE INTO progress VALUES (?, ?)").run(PROGRESS, seq);
}

function vertexOf({ kind, key, name, label, symbol, seq, time_micros: timeMicros }: VertexRow): Vertex {
  return { kind, key, name, label, symbol, seq, timeMicros };
}

function edgeOf({ source, target, time_micros: timeMicros, ...edge }: EdgeRow): Edge {
  const { relation, seq, weight, value, account, position } = edge;
  return {
    relation,
    from: vertexRefOf(source),
    to: vertexRefOf(target),
    seq,
    timeMicros,
    weight,
    value,
    account,
    position,
  };
}

/** Kinds have no colon; keys may. */
function vertexRefOf(ref: string): VertexRef {
  const colon = ref.indexOf(":");
  return { kind: ref.slice(0, colon) as VertexKind, key: ref.slice(colon + 1) };
}
