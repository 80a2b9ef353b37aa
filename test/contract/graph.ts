// What every store of the graph has to do, whatever is behind it. The memory's plain walk says what is right.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { SeededRandom } from "../../actors/base/random.ts";
import {
  type Edge,
  edgeKey,
  type Graph,
  type Lineage,
  LINEAGE_VERTICES_MAX,
  type OpenLeg,
  refOf,
  type Relation,
  type Vertex,
  type VertexKind,
  type VertexRef,
} from "../../actors/ports/graph.ts";
import { MemoryGraph } from "../../storage/memory/graph.ts";

const START_MICROS = Date.UTC(2026, 0, 5) * 1_000;
const HOUR_MICROS = 3_600_000_000;

function at(ref: string): VertexRef {
  const colon = ref.indexOf(":");
  return { kind: ref.slice(0, colon) as VertexKind, key: ref.slice(colon + 1) };
}

function vertex(ref: string, seq: number, changes: Partial<Vertex> = {}): Vertex {
  const { kind, key } = at(ref);
  return {
    kind,
    key,
    name: key,
    label: `the ${kind} "${key}"`,
    symbol: null,
    seq,
    timeMicros: START_MICROS + seq,
    ...changes,
  };
}

function edge(relation: Relation, from: string, to: string, seq: number, changes: Partial<Edge> = {}): Edge {
  return {
    relation,
    from: at(from),
    to: at(to),
    seq,
    timeMicros: START_MICROS + seq,
    weight: null,
    value: null,
    account: null,
    position: null,
    ...changes,
  };
}

function traded(
  deal: string,
  symbol: string,
  seq: number,
  [lots, price, position]: [number, number, string],
): Edge {
  const of = { weight: lots * 1_000_000, value: price, account: "paper", position };
  return edge("traded", `deal:${deal}`, `symbol:${symbol}`, seq, of);
}

/** Two trades with their causes: one closed, one open, and one half closed; names as wild as brokers give them. */
const WORLD: { vertices: Vertex[]; edges: Edge[] } = {
  vertices: [
    ...[
      "symbol:EURUSD",
      "symbol:USDJPY",
      "symbol:XAU'; --",
      "currency:EUR",
      "currency:USD",
      "currency:JPY",
    ].map((ref) => vertex(ref, 1)),
    vertex("account:paper", 1),
    vertex("currency:XAU", 1),
    vertex("model:trend", 9),
    vertex("model:momentum", 9),
    vertex("regime:quiet-range", 10),
    vertex("tick:8", 10, { name: "tick:8", symbol: "EURUSD" }),
    vertex("signal:10", 10, { name: "signal:10", symbol: "EURUSD" }),
    vertex("order:paper-1", 11, { symbol: "EURUSD" }),
    vertex("deal:paper/D1", 12, { name: "D1", symbol: "EURUSD" }),
    vertex("position:paper/P 1", 12, { name: "P 1", symbol: "EURUSD" }),
    vertex("order:paper-2", 20, { symbol: "EURUSD" }),
    vertex("deal:paper/D2", 21, { name: "D2", symbol: "EURUSD" }),
    vertex("command:30", 30, { name: "command:30" }),
    vertex("order:paper-3", 31, { symbol: "USDJPY" }),
    vertex("deal:paper/D3", 32, { name: "D3", symbol: "USDJPY" }),
    vertex("position:paper/P2", 32, { name: "P2", symbol: "USDJPY" }),
    vertex("deal:paper/D4", 40, { name: "D4", symbol: "USDJPY" }),
    vertex("deal:paper/D5", 41, { name: "D5", symbol: "XAU'; --" }),
  ],
  edges: [
    edge("quotes", "symbol:EURUSD", "currency:EUR", 1, { weight: 100_000 }),
    edge("quotes", "symbol:EURUSD", "currency:USD", 1, { weight: -100_000 }),
    edge("quotes", "symbol:USDJPY", "currency:USD", 1, { weight: 100_000 }),
    edge("quotes", "symbol:USDJPY", "currency:JPY", 1, { weight: -100_000 }),
    edge("quotes", "symbol:XAU'; --", "currency:XAU", 1, { weight: 100 }),
    edge("quotes", "symbol:XAU'; --", "currency:USD", 1, { weight: -100 }),
    edge("caused", "tick:8", "signal:10", 10),
    edge("votedFor", "model:trend", "signal:10", 10, { weight: 0.75, value: 0.61 }),
    edge("votedFor", "model:momentum", "signal:10", 10, { weight: 0.25, value: 0.57 }),
    edge("inRegime", "signal:10", "regime:quiet-range", 10),
    edge("caused", "signal:10", "order:paper-1", 11),
    edge("placed", "account:paper", "order:paper-1", 11),
    edge("filledBy", "order:paper-1", "deal:paper/D1", 12),
    edge("opened", "deal:paper/D1", "position:paper/P 1", 12),
    traded("paper/D1", "EURUSD", 12, [0.3, 1.085, "P 1"]),
    edge("closedBy", "position:paper/P 1", "order:paper-2", 20),
    edge("placed", "account:paper", "order:paper-2", 20),
    edge("filledBy", "order:paper-2", "deal:paper/D2", 21),
    traded("paper/D2", "EURUSD", 21, [-0.3, 1.09, "P 1"]),
    edge("caused", "command:30", "order:paper-3", 31),
    edge("filledBy", "order:paper-3", "deal:paper/D3", 32),
    edge("opened", "deal:paper/D3", "position:paper/P2", 32),
    traded("paper/D3", "USDJPY", 32, [-0.5, 150.25, "P2"]),
    // Half of it, by the broker itself.
    edge("filledBy", "order:paper-3", "deal:paper/D4", 40),
    edge("closedBy", "position:paper/P2", "deal:paper/D4", 40),
    traded("paper/D4", "USDJPY", 40, [0.2, 150, "P2"]),
    traded("paper/D5", "XAU'; --", 41, [0.01, 2_400.5, "P3"]),
    ...[0, 1, 2].flatMap((hour) => [
      edge("correlates", "symbol:EURUSD", "symbol:USDJPY", 50 + hour, {
        timeMicros: START_MICROS + hour * HOUR_MICROS,
        weight: -0.5 - hour / 10,
        value: 60,
      }),
      edge("correlates", "symbol:USDJPY", "symbol:XAU'; --", 50 + hour, {
        timeMicros: START_MICROS + hour * HOUR_MICROS,
        weight: 0.25,
        value: 60,
      }),
    ]),
  ],
};

function sortedBy<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  return items.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

function sorted({ vertices, edges }: Lineage): Lineage {
  return { vertices: sortedBy(vertices, refOf), edges: sortedBy(edges, edgeKey) };
}

function legsOf(legs: readonly OpenLeg[]): readonly OpenLeg[] {
  return sortedBy(legs, ({ position, currency }) => `${position} ${currency}`);
}

function names({ vertices }: Lineage): string[] {
  return vertices.map(refOf).sort();
}

/** @param open a store without anything in it; called again, the same store anew */
export function describeGraph(store: string, open: () => Promise<Graph>): void {
  describe(`graph: ${store}`, () => {
    let graph: Graph;
    const oracle = new MemoryGraph();

    beforeAll(async () => {
      graph = await open();
      await graph.prepare();
    }, 60_000);
    afterAll(async () => await graph.close());

    test("a new one is empty, and made twice is made once", async () => {
      await graph.prepare();
      expect(await graph.cursor()).toBe(0);
      expect(await graph.correlatedMicros()).toBe(0);
      expect(await graph.lineage("D1", "back")).toEqual({ vertices: [], edges: [] });
      expect(await graph.openLegs("paper")).toEqual([]);
      const always = { fromMicros: 0, toMicros: Number.MAX_SAFE_INTEGER };
      expect(await graph.correlations("EURUSD", always)).toEqual([]);
    });

    test("what is stored comes back, once however often it is told, as it was first told", async () => {
      await graph.store(WORLD, 60);
      await oracle.store(WORLD, 60);
      const later = WORLD.vertices.map(({ kind, key }) =>
        vertex(`${kind}:${key}`, 900, { label: "another" }),
      );
      await graph.store({ vertices: later, edges: [edge("caused", "tick:8", "signal:10", 900)] }, 61);
      expect(await graph.cursor()).toBe(61);
      const found = await graph.lineage("D2", "back");
      expect(found.vertices.find(({ name }) => name === "D2")).toEqual(
        vertex("deal:paper/D2", 21, { name: "D2", symbol: "EURUSD" }),
      );
      const [first] = found.edges
        .filter(({ relation }) => relation === "votedFor")
        .sort((a, b) => (b.weight ?? 0) - (a.weight ?? 0));
      expect(first).toEqual(edge("votedFor", "model:trend", "signal:10", 10, { weight: 0.75, value: 0.61 }));
    });

    test("back from a closing deal lies everything that led to it, down to the tick and the votes", async () => {
      expect(names(await graph.lineage("D2", "back"))).toEqual(
        [
          "account:paper",
          "deal:paper/D1",
          "deal:paper/D2",
          "model:momentum",
          "model:trend",
          "order:paper-1",
          "order:paper-2",
          "position:paper/P 1",
          "signal:10",
          "tick:8",
        ].sort(),
      );
    });

    test("forward from a signal lies everything that came of it, up to the deal that closed it", async () => {
      expect(names(await graph.lineage("signal:10", "forward"))).toEqual(
        [
          "deal:paper/D1",
          "deal:paper/D2",
          "order:paper-1",
          "order:paper-2",
          "position:paper/P 1",
          "regime:quiet-range",
          "signal:10",
        ].sort(),
      );
    });

    test("any vertex has the lineage that a plain walk finds, by its name and by its kind and key", async () => {
      for (const each of WORLD.vertices) {
        for (const direction of ["back", "forward"] as const) {
          for (const called of [each.name, refOf(each)]) {
            const [found, wanted] = await Promise.all([
              graph.lineage(called, direction),
              oracle.lineage(called, direction),
            ]);
            expect(sorted(found)).toEqual(sorted(wanted));
          }
        }
      }
      expect((await graph.lineage("D1' OR '1'='1", "back")).vertices).toEqual([]);
      for (const hub of [
        "account:paper",
        "model:trend",
        "regime:quiet-range",
        "symbol:EURUSD",
        "currency:EUR",
      ]) {
        expect([hub, (await graph.lineage(hub, "forward")).vertices]).toEqual([hub, []]);
      }
    });

    test("open positions have a leg for each currency of theirs; closed ones have none", async () => {
      const legs = await graph.openLegs("paper");
      expect(legsOf(legs)).toEqual(legsOf(await oracle.openLegs("paper")));
      expect(new Set(legs.map(({ position }) => position))).toEqual(new Set(["P2", "P3"]));
      expect(legs.find(({ position, currency }) => position === "P2" && currency === "JPY")).toEqual({
        position: "P2",
        symbol: "USDJPY",
        currency: "JPY",
        perLot: -100_000,
        bought: 200_000,
        boughtCost: 200_000 * 150,
        sold: 500_000,
        soldCost: 500_000 * 150.25,
      });
      expect(await graph.openLegs("another")).toEqual([]);
    });

    test("correlations of a symbol, whichever end it is, over a stretch of time", async () => {
      const range = { fromMicros: START_MICROS, toMicros: START_MICROS + 2 * HOUR_MICROS };
      expect(await graph.correlations("EURUSD", range)).toEqual([
        { symbol: "USDJPY", timeMicros: START_MICROS, correlation: -0.5, halfLifeMinutes: 60 },
        { symbol: "USDJPY", timeMicros: START_MICROS + HOUR_MICROS, correlation: -0.6, halfLifeMinutes: 60 },
      ]);
      expect(await graph.correlations("USDJPY", range)).toHaveLength(4);
      expect((await graph.correlations("XAU'; --", range))[0]?.symbol).toBe("USDJPY");
      expect(await graph.correlatedMicros()).toBe(START_MICROS + 2 * HOUR_MICROS);
    });

    test("it outlives the connection", async () => {
      const again = await open();
      expect(await again.cursor()).toBe(61);
      expect(names(await again.lineage("D2", "back"))).toEqual(names(await oracle.lineage("D2", "back")));
      await again.close();
    });

    test("what was first told at or after a record is forgotten, and can be told anew", async () => {
      await graph.forget(31);
      expect(await graph.cursor()).toBe(30);
      expect(names(await graph.lineage("signal:10", "forward"))).toContain("deal:paper/D2");
      expect(names(await graph.lineage("command:30", "forward"))).toEqual(["command:30"]);
      expect(await graph.correlatedMicros()).toBe(0);
      await graph.store(WORLD, 60);
      expect(sorted(await graph.lineage("command:30", "forward"))).toEqual(
        sorted(await oracle.lineage("command:30", "forward")),
      );
      expect(legsOf(await graph.openLegs("paper"))).toEqual(legsOf(await oracle.openLegs("paper")));
    });

    test("many: a random web is walked as the plain walk does, and an answer has its bound", async () => {
      const random = new SeededRandom(8);
      const refs = Array.from({ length: 300 }, (_, n) => `signal:web-${n}`);
      const web = {
        vertices: refs.map((ref, n) => vertex(ref, 1_000 + n)),
        // Cycles and edges that lead nowhere included.
        edges: Array.from({ length: 400 }, (_, n) =>
          edge(
            "caused",
            refs[random.integer(refs.length)] ?? "",
            random.integer(20) === 0 ? "signal:nowhere" : (refs[random.integer(refs.length)] ?? ""),
            2_000 + n,
          ),
        ),
      };
      const crowd = {
        vertices: [
          vertex("order:busy", 3_000),
          ...Array.from({ length: 3_000 }, (_, n) => vertex(`deal:b-${n}`, 3_000 + n)),
        ],
        edges: Array.from({ length: 3_000 }, (_, n) =>
          edge("filledBy", "order:busy", `deal:b-${n}`, 3_000 + n),
        ),
      };
      for (const parts of [web, crowd]) {
        await graph.store(parts, 10_000);
        await oracle.store(parts, 10_000);
      }
      for (const ref of refs.slice(0, 40)) {
        for (const direction of ["back", "forward"] as const) {
          const [found, wanted] = await Promise.all([
            graph.lineage(ref, direction),
            oracle.lineage(ref, direction),
          ]);
          expect(names(found)).toEqual(names(wanted));
        }
      }
      const busy = await graph.lineage("order:busy", "forward");
      expect(busy.vertices).toHaveLength(LINEAGE_VERTICES_MAX);
      expect(busy.edges.length).toBeLessThan(LINEAGE_VERTICES_MAX);
    }, 30_000);
  });
}
