// The graph is the journal told as causes: every order leads back to its tick and votes, open positions come to what the
// account's books hold, correlations are the market actor's - whatever the store and the process went through.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { MICROS_PER_HOUR } from "../../actors/base/clock.ts";
import { SeededRandom } from "../../actors/base/random.ts";
import { MICROS_PER_LOT } from "../../actors/domain/money.ts";
import { pointsPerUnit } from "../../actors/domain/instrument.ts";
import type { JournalRecord } from "../../actors/domain/records.ts";
import { type Edge, edgeKey, GraphUnavailable, refOf, type Vertex } from "../../actors/ports/graph.ts";
import { currencyExposures } from "../../edge/api/graph.ts";
import { type Lineage, lineageSchema } from "../../edge/explain/lineage.ts";
import { type EdgeRig, startEdge } from "../../scripts/edge-rig.ts";
import { MemoryGraph } from "../../storage/memory/graph.ts";
import { MemoryJournal } from "../../storage/memory/memory-journal.ts";
import { GraphSink } from "../../storage/projections/graph/sink.ts";
import type { JournalTail } from "../../storage/projections/journal-tail.ts";
import type { Projection } from "../../storage/projections/projection.ts";
import { INSTRUMENTS, makeRig, play, recordsOf, simulatedTicks } from "../fixtures/engine-rig.ts";
import { MemorySnapshots } from "../fixtures/memory-snapshots.ts";
import { projectTail, tailUntil, untilLevel } from "../fixtures/projected.ts";
import { playThrough } from "../fixtures/play-through.ts";

const SEED = 77;
const CRASHES = 15;
const ACCOUNT = "paper";
const ALWAYS = { fromMicros: 0, toMicros: Number.MAX_SAFE_INTEGER };

const disk = { journal: new MemoryJournal({ keep: true }), snapshots: new MemorySnapshots() };
const rig = makeRig(disk);
const ticks = simulatedTicks({ seed: SEED, count: 30_000, ticksPerSecond: 2 });
rig.live.begin(1, ticks[0]?.sourceTimeMicros ?? 0);
play(rig, ticks);
const records = recordsOf(disk.journal);

function sorted<T>(map: ReadonlyMap<string, T>): [string, T][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

function idOf(symbol = ""): number {
  return INSTRUMENTS.findIndex((each) => each.symbol === symbol);
}

function kinds({ nodes }: Lineage): Set<string> {
  return new Set(nodes.map(({ kind }) => kind));
}

/** Keeps what it was told; fails when told to, before or after it stored. */
class FragileGraph extends MemoryGraph {
  failing: () => "before" | "after" | undefined = () => undefined;
  readonly vertices = new Map<string, Vertex>();
  readonly edges = new Map<string, Edge>();

  override async store(
    parts: { vertices: readonly Vertex[]; edges: readonly Edge[] },
    seq: number,
  ): Promise<void> {
    const failing = this.failing();
    if (failing === "before") throw new GraphUnavailable("down");
    await super.store(parts, seq);
    for (const vertex of parts.vertices) {
      if (!this.vertices.has(refOf(vertex))) this.vertices.set(refOf(vertex), vertex);
    }
    for (const edge of parts.edges) if (!this.edges.has(edgeKey(edge))) this.edges.set(edgeKey(edge), edge);
    if (failing === "after") throw new GraphUnavailable("the answer was lost");
  }

  override async forget(seq: number): Promise<void> {
    await super.forget(seq);
    for (const [ref, vertex] of this.vertices) if (vertex.seq >= seq) this.vertices.delete(ref);
    for (const [key, edge] of this.edges) if (edge.seq >= seq) this.edges.delete(key);
  }

  get all(): unknown {
    return { vertices: sorted(this.vertices), edges: sorted(this.edges) };
  }
}

function project(graph: FragileGraph, durableSeq?: () => number): Projection<JournalRecord, JournalTail> {
  return projectTail(disk, new GraphSink(graph), durableSeq);
}

describe("the projection of the graph", () => {
  const whole = new FragileGraph();

  beforeAll(async () => await untilLevel(project(whole)), 60_000);

  test("leads every order back to the tick and the models that it rests on", async () => {
    const entries = records.filter((record) => record.kind === "intent" && record.purpose === "entry");
    expect(entries.length).toBeGreaterThan(5);
    for (const entry of entries) {
      if (entry.kind !== "intent") continue;
      const signal = records.find((record) => record.seq === entry.causeSeq);
      if (signal?.kind !== "signal") throw new Error("an entry without its signal");
      const back = new Set((await whole.lineage(entry.intentId, "back")).vertices.map(refOf));
      const wanted = [
        `order:${entry.intentId}`,
        `account:${ACCOUNT}`,
        `signal:${signal.seq}`,
        `tick:${signal.tickSeq}`,
        ...signal.components.map(({ member }) => `model:${member}`),
      ];
      expect(back).toEqual(new Set(wanted));
    }
  });

  test("leads every signal forward to all that came of it, closing deals included", async () => {
    const executions = records.filter((record) => record.kind === "execution");
    const deals = executions.filter((record) => record.kind === "execution" && record.dealId !== null);
    const reached = new Set<string>();
    const causes = new Set(records.map((record) => (record.kind === "intent" ? record.causeSeq : 0)));
    for (const record of records) {
      // A plain walk takes its time: those of which nothing came are passed over.
      if (record.kind !== "signal" || !causes.has(record.seq)) continue;
      for (const vertex of (await whole.lineage(`signal:${record.seq}`, "forward")).vertices)
        reached.add(refOf(vertex));
    }
    expect(deals.length).toBeGreaterThan(10);
    for (const deal of deals) {
      if (deal.kind === "execution") expect(reached).toContain(`deal:${ACCOUNT}/${deal.dealId}`);
    }
  }, 60_000);

  test("has open positions as the account's books have them, in their currencies", async () => {
    const opening = records.filter(
      (record) => record.kind === "execution" && record.reason.startsWith("signal:"),
    );
    let compared = 0;
    for (const { seq } of opening.slice(0, 40)) {
      const graph = new FragileGraph();
      await untilLevel(project(graph, () => seq));
      const tail = tailUntil(disk, seq);
      const positions = tail?.engine.account?.view().positions ?? [];
      const wanted = new Map<string, number>();
      for (const { instrumentId, side, volumeMicros, openPricePoints } of positions) {
        const instrument = INSTRUMENTS[instrumentId];
        if (instrument === undefined) continue;
        const units = ((side === "BUY" ? 1 : -1) * volumeMicros * instrument.contractSize) / MICROS_PER_LOT;
        const cost = (units * openPricePoints) / pointsPerUnit(instrument);
        wanted.set(instrument.baseCurrency, (wanted.get(instrument.baseCurrency) ?? 0) + units);
        wanted.set(instrument.quoteCurrency, (wanted.get(instrument.quoteCurrency) ?? 0) - cost);
      }
      tail?.close();
      const found = currencyExposures(await graph.openLegs(ACCOUNT));
      expect(new Set(found.map(({ currency }) => currency))).toEqual(new Set(wanted.keys()));
      for (const { currency, amount } of found) {
        expect(amount).toBeCloseTo(wanted.get(currency) ?? Number.NaN, 3);
        compared++;
      }
      if (compared >= 12) return;
    }
    throw new Error(`too few positions were ever open: ${compared} exposures`);
  }, 60_000);

  test("has correlations once an hour from when they are known, as the market actor had them", async () => {
    const points = await whole.correlations("EURUSD", ALWAYS);
    const hours = [...new Set(points.map(({ timeMicros }) => timeMicros))];
    const [first = 0, last = 0] = [hours[0], hours.at(-1)];
    expect(hours.length).toBe((last - first) / MICROS_PER_HOUR + 1);
    expect(hours.length).toBeGreaterThan(2);
    for (const { correlation } of points) expect(Math.abs(correlation)).toBeLessThanOrEqual(1);
    // A journal that ends with the record that brought the last hour's correlations has actors that still stand there.
    const edge = [...whole.edges.values()].findLast(
      ({ relation, from, to }) => relation === "correlates" && [from.key, to.key].includes("EURUSD"),
    );
    const tail = tailUntil(disk, edge?.seq ?? 0);
    const live = tail?.engine.market?.correlationOf(idOf(edge?.from.key), idOf(edge?.to.key));
    expect(edge?.weight).toBe(live ?? Number.NaN);
    tail?.close();
  });

  test(`is the same after ${CRASHES} crashes and a store that fails now and then`, async () => {
    const random = new SeededRandom(SEED);
    const graph = new FragileGraph();
    graph.failing = () => (["before", "after", undefined, undefined] as const)[random.integer(4)];
    for (let life = 1; life <= CRASHES; life++) {
      const durableSeq = Math.floor((disk.journal.durableSeq * life) / CRASHES);
      const projection = project(graph, () => durableSeq);
      // The process is gone after so many turns, wherever it is.
      for (let turn = random.integer(12); turn >= 0; turn--) await projection.advance();
    }
    graph.failing = () => undefined;
    await untilLevel(project(graph));
    expect(graph.all).toEqual(whole.all);
  }, 60_000);

  test("is the same when it was told anew, and when the store came back with less", async () => {
    const graph = new FragileGraph();
    const projection = project(graph);
    await untilLevel(projection);
    const middle = Math.floor(disk.journal.durableSeq / 2);
    await graph.forget(middle);
    for (let turn = 0; turn < 200 && (await graph.cursor()) < middle; turn++) await projection.advance();
    await untilLevel(projection);
    expect(graph.all).toEqual(whole.all);
    expect(await projection.rebuild()).toBe(true);
    await untilLevel(projection);
    expect(graph.all).toEqual(whole.all);
  }, 60_000);
});

describe("the graph of a running system", () => {
  let edge: EdgeRig;

  beforeAll(async () => {
    edge = await startEdge({ clock: "source", keepsTimeSeries: true });
    await playThrough(edge, ticks.slice(0, 15_000), { store: "graph", patienceMillis: 30_000 });
  }, 60_000);
  afterAll(async () => await edge.stop());

  async function lineage(path: string): Promise<Lineage> {
    const { status, body } = await edge.ask(`/api/v1/lineage/${path}`);
    expect([path, status]).toEqual([path, 200]);
    return lineageSchema.parse(body);
  }

  test("tells an order's lineage, either way or both, as a graph and for Mermaid", async () => {
    const { items } = (await edge.ask("/api/v1/orders?limit=1000")).body as {
      items: { id: string; event: string; purpose: string }[];
    };
    const exit = items.find(({ event, purpose }) => event === "intent" && purpose === "exit");
    const id = exit?.id ?? "";
    const [back, forward, both] = await Promise.all([
      lineage(`${id}?direction=back`),
      lineage(`${id}?direction=forward`),
      lineage(id),
    ]);
    expect([back.source, both.source]).toEqual(["graph", "graph"]);
    expect(kinds(back)).toEqual(new Set(["account", "tick", "model", "signal", "order", "deal", "position"]));
    expect(kinds(forward)).toEqual(new Set(["order", "deal"]));
    expect(new Set(both.nodes.map((node) => node.id))).toEqual(
      new Set([...back.nodes, ...forward.nodes].map((node) => node.id)),
    );
    const ids = new Set(both.nodes.map((node) => node.id));
    for (const { from, to } of both.edges) expect([ids.has(from), ids.has(to)]).toEqual([true, true]);
    expect(both.symbol).toMatch(/^[A-Z]{6}$/);
    const drawn = String((await edge.ask(`/api/v1/lineage/${id}?format=mermaid`)).body);
    expect(drawn).toStartWith("flowchart LR\n");
    expect((await edge.ask("/api/v1/lineage/paper-999999999")).status).toBe(404);
    expect((await edge.ask(`/api/v1/lineage/${id}?direction=sideways`)).status).toBe(400);
  }, 30_000);

  test("tells exposures by currency and correlations by partner", async () => {
    const exposures = (await edge.ask("/api/v1/exposures")).body as {
      account: string;
      items: { amount: number; through: { amount: number }[] }[];
    };
    expect(exposures.account).toBe(ACCOUNT);
    for (const { amount, through } of exposures.items) {
      expect(through.reduce((sum, part) => sum + part.amount, 0)).toBeCloseTo(amount, 6);
    }
    const correlations = (await edge.ask("/api/v1/correlations/EURUSD")).body as {
      items: { symbol: string; mean: number; points: object[] }[];
    };
    expect(correlations.items.length).toBeGreaterThan(1);
    const means = correlations.items.map(({ mean }) => Math.abs(mean));
    expect(means).toEqual(means.toSorted((a, b) => b - a));
    const wide = "from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z";
    expect((await edge.ask(`/api/v1/correlations/EURUSD?${wide}`)).status).toBe(400);
    const without = await startEdge();
    expect((await without.ask("/api/v1/exposures")).status).toBe(503);
    await without.stop();
  }, 30_000);
});
