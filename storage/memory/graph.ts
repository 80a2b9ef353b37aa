// The graph in memory, walked step by step: what the other stores are measured against.

import {
  type CorrelationPoint,
  type Edge,
  edgeKey,
  type Graph,
  type Lineage,
  LINEAGE_KINDS,
  LINEAGE_RELATIONS,
  LINEAGE_STEPS_MAX,
  LINEAGE_VERTICES_MAX,
  type LineageDirection,
  type OpenLeg,
  refOf,
  type Vertex,
} from "../../actors/ports/graph.ts";

const LINEAGE: ReadonlySet<string> = new Set(LINEAGE_RELATIONS);
const BEGINNINGS: ReadonlySet<string> = new Set(LINEAGE_KINDS);

export class MemoryGraph implements Graph {
  readonly #vertices = new Map<string, Vertex>();
  readonly #edges = new Map<string, Edge>();
  #cursor = 0;

  async prepare(): Promise<void> {
    await Promise.resolve();
  }

  async store(
    { vertices, edges }: { vertices: readonly Vertex[]; edges: readonly Edge[] },
    seq: number,
  ): Promise<void> {
    await Promise.resolve();
    for (const vertex of vertices) keepFirst(this.#vertices, refOf(vertex), vertex);
    for (const edge of edges) keepFirst(this.#edges, edgeKey(edge), edge);
    this.#cursor = seq;
  }

  async cursor(): Promise<number> {
    return await Promise.resolve(this.#cursor);
  }

  async forget(seq: number): Promise<void> {
    await Promise.resolve();
    for (const [ref, vertex] of this.#vertices) if (vertex.seq >= seq) this.#vertices.delete(ref);
    for (const [key, edge] of this.#edges) if (edge.seq >= seq) this.#edges.delete(key);
    this.#cursor = seq - 1;
  }

  async correlatedMicros(): Promise<number> {
    await Promise.resolve();
    return Math.max(0, ...this.#of("correlates").map(({ timeMicros }) => timeMicros));
  }

  async lineage(name: string, direction: LineageDirection): Promise<Lineage> {
    await Promise.resolve();
    const reached = new Set(
      [...this.#vertices]
        .filter(([ref, vertex]) => BEGINNINGS.has(vertex.kind) && (ref === name || vertex.name === name))
        .map(([ref]) => ref),
    );
    const followed = [...this.#edges.values()].filter(({ relation }) => LINEAGE.has(relation));
    let front: ReadonlySet<string> = reached;
    for (let step = 0; step < LINEAGE_STEPS_MAX && front.size > 0; step++) {
      const next = new Set<string>();
      for (const { from, to } of followed) {
        const [near, far] = direction === "forward" ? [refOf(from), refOf(to)] : [refOf(to), refOf(from)];
        if (front.has(near) && this.#vertices.has(far) && !reached.has(far)) next.add(far);
      }
      for (const ref of next) if (reached.size < LINEAGE_VERTICES_MAX) reached.add(ref);
      front = next;
    }
    return {
      vertices: [...reached].flatMap((ref) => this.#vertices.get(ref) ?? []),
      edges: followed.filter(({ from, to }) => reached.has(refOf(from)) && reached.has(refOf(to))),
    };
  }

  async openLegs(account: string): Promise<readonly OpenLeg[]> {
    await Promise.resolve();
    const deals = this.#of("traded").filter((edge) => edge.account === account);
    return [...Map.groupBy(deals, ({ position, to }) => `${position} ${to.key}`).values()].flatMap(
      (traded) => {
        const { position, to } = traded[0] as Edge;
        const [bought, sold] = [sideOf(traded, 1), sideOf(traded, -1)];
        if (bought.volume === sold.volume) return [];
        return this.#of("quotes")
          .filter((edge) => edge.from.key === to.key)
          .map((edge) => ({
            position: position ?? "",
            symbol: to.key,
            currency: edge.to.key,
            perLot: edge.weight ?? 0,
            bought: bought.volume,
            boughtCost: bought.cost,
            sold: sold.volume,
            soldCost: sold.cost,
          }));
      },
    );
  }

  async correlations(
    symbol: string,
    { fromMicros, toMicros }: { fromMicros: number; toMicros: number },
  ): Promise<readonly CorrelationPoint[]> {
    await Promise.resolve();
    return this.#of("correlates")
      .filter(({ from, to }) => from.key === symbol || to.key === symbol)
      .filter(({ timeMicros }) => timeMicros >= fromMicros && timeMicros < toMicros)
      .map(({ from, to, timeMicros, weight, value }) => ({
        symbol: from.key === symbol ? to.key : from.key,
        timeMicros,
        correlation: weight ?? 0,
        halfLifeMinutes: value ?? 0,
      }))
      .toSorted((a, b) => a.timeMicros - b.timeMicros);
  }

  async close(): Promise<void> {
    await Promise.resolve();
  }

  #of(relation: Edge["relation"]): Edge[] {
    return [...this.#edges.values()].filter((edge) => edge.relation === relation);
  }
}

function keepFirst<T>(map: Map<string, T>, key: string, value: T): void {
  if (!map.has(key)) map.set(key, value);
}

/** Volume and cost of what was bought (1) or sold (-1). */
function sideOf(traded: readonly Edge[], sign: 1 | -1): { volume: number; cost: number } {
  let volume = 0;
  let cost = 0;
  for (const { weight, value } of traded) {
    const signed = sign * (weight ?? 0);
    if (signed <= 0) continue;
    volume += signed;
    cost += signed * (value ?? 0);
  }
  return { volume, cost };
}
