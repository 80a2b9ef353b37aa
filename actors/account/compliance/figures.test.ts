// The figures of compliance: worked examples of each, at the edges of their windows; and on generated order flows what a naive
// telling that keeps everything says, while the memory stays within its bounds and goes on alike after a restart.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { LoadArchive, SaveArchive } from "../../base/archive.ts";
import { SeededRandom } from "../../base/random.ts";
import type { Side } from "../../domain/order.ts";
import type { ComplianceFigures } from "../../domain/pretrade.ts";
import { COMPLIANCE_LIMITS as LIMITS } from "../risk/controls.fixture.ts";
import { FLOW_CHANGES_MAX, FLOW_FILLS_MAX, FLOW_ORDERS_MAX } from "./bounds.ts";
import { complianceFigures, type OwnInterest } from "./figures.ts";
import { type FlowMessage, OrderFlow, type FlowOrder } from "./order-flow.ts";

const NOW = 1_000_000_000_000;
const MINUTE = 60_000_000;
const QUOTE = { bidPoints: 110_000, askPoints: 110_010, timeMicros: NOW };

function place(intentId: string, side: Side, fields: Partial<FlowOrder> = {}): FlowMessage {
  const { pricePoints = 110_000, resting = false, dormant = false, timeMicros = NOW } = fields;
  return { what: "place", intentId, side, pricePoints, resting, dormant, timeMicros };
}

function flowOf(...messages: FlowMessage[]): OrderFlow {
  const flow = new OrderFlow(LIMITS);
  for (const message of messages) flow.sent(message);
  return flow;
}

function figures(
  flow: OrderFlow,
  inputs: Partial<
    Parameters<typeof complianceFigures>[0] & Pick<FlowOrder, "side" | "pricePoints" | "dormant">
  > = {},
): ComplianceFigures {
  const { side = "BUY", pricePoints = 110_010, dormant = false, ...rest } = inputs;
  const proposal = { side, pricePoints, dormant, nowMicros: NOW };
  return complianceFigures({ proposal, flow, quote: QUOTE, secondQuote: null, others: [], ...rest }, LIMITS);
}

function aged(micros: number): { secondQuote: typeof QUOTE } {
  return { secondQuote: { ...QUOTE, timeMicros: NOW - micros } };
}

describe("best execution", () => {
  test("holds the side that is taken against the second source's", () => {
    const secondQuote = { bidPoints: 110_022, askPoints: 109_900, timeMicros: NOW };
    const buy = figures(flowOf(), { secondQuote });
    expect(buy).toMatchObject({ secondSource: "fresh", quoteDeviation: 110 / 109_900 });
    expect(figures(flowOf(), { secondQuote, side: "SELL" }).quoteDeviation).toBe(22 / 110_022);
  });

  test("a better own quote is below zero, one that is unknown is no number", () => {
    const secondQuote = { bidPoints: 110_000, askPoints: 110_020, timeMicros: NOW };
    expect(figures(flowOf(), { secondQuote }).quoteDeviation).toBeLessThan(0);
    const quote = { ...QUOTE, askPoints: Number.NaN };
    expect(figures(flowOf(), { secondQuote, quote }).quoteDeviation).toBeNaN();
  });

  test("compares with nothing that is too old or not there, and says so", () => {
    expect(figures(flowOf(), aged(1_000_000)).secondSource).toBe("fresh");
    expect(figures(flowOf(), aged(1_000_001))).toMatchObject({ secondSource: "stale", quoteDeviation: null });
    expect(figures(flowOf())).toMatchObject({ secondSource: "none", quoteDeviation: null });
  });

  test("takes the mean of fills within the window once there are enough, worse above zero", () => {
    const flow = flowOf();
    const fill = (side: Side, pricePoints: number, timeMicros = NOW): void =>
      flow.filled({ side, pricePoints, arrivalPoints: 100_000, timeMicros });
    fill("BUY", 200_000, NOW - LIMITS.slippageWindowMicros);
    fill("BUY", 100_010);
    fill("SELL", 99_990);
    fill("SELL", 100_005);
    fill("BUY", 100_000);
    expect(figures(flow)).toMatchObject({ fills: 4, slippageMean: null });
    fill("BUY", 100_010, NOW);
    const { fills, slippageMean } = figures(flow);
    expect([fills, slippageMean]).toEqual([5, expect.closeTo((10 + 10 - 5 + 0 + 10) / 5 / 100_000, 12)]);
  });

  test("leaves out fills of orders that were decided on no quote", () => {
    const flow = flowOf();
    flow.filled({ side: "BUY", pricePoints: 1, arrivalPoints: Number.NaN, timeMicros: NOW });
    expect(figures(flow)).toMatchObject({ fills: 0, slippageMean: null, trades: 1 });
  });
});

describe("wash trades", () => {
  test("are own live orders on the other side at a price that crosses", () => {
    const flow = flowOf(
      place("a", "SELL", { pricePoints: 110_009, resting: true }),
      place("b", "SELL", { pricePoints: 110_010, resting: true }),
      place("c", "SELL", { pricePoints: 110_011, resting: true }),
      place("d", "BUY", { pricePoints: 110_010 }),
      place("e", "SELL", { pricePoints: 110_000 }),
    );
    flow.moved({ intentId: "e", live: false, cancelled: true, filledMicros: 0 });
    expect(figures(flow).washOrders).toBe(2);
    expect(figures(flow, { side: "SELL", pricePoints: 110_011 }).washOrders).toBe(0);
    expect(figures(flow, { side: "SELL", pricePoints: 110_010 }).washOrders).toBe(1);
    expect(figures(flow, { pricePoints: Number.NaN }).washOrders).toBeNaN();
  });

  test("are no stops that wait: until the market triggers them they trade with nobody", () => {
    const flow = flowOf(
      place("a", "SELL", { pricePoints: 109_900, dormant: true }),
      place("b", "SELL", { pricePoints: 110_010, resting: true }),
    );
    expect(figures(flow).washOrders).toBe(1);
    expect(figures(flow, { dormant: true }).washOrders).toBe(0);
  });

  test("are what other own accounts want at any time, and did within the window", () => {
    const interest = (fields: Partial<OwnInterest>): OwnInterest => ({
      side: "SELL",
      pricePoints: 110_000,
      timeMicros: NOW,
      live: false,
      dormant: false,
      ...fields,
    });
    const others = [
      interest({ timeMicros: NOW - MINUTE + 1 }),
      interest({ timeMicros: NOW - MINUTE }),
      interest({ timeMicros: NOW - 60 * MINUTE, live: true }),
      interest({ pricePoints: 110_011 }),
      interest({ pricePoints: Number.NaN }),
      interest({ side: "BUY" }),
    ];
    expect(figures(flowOf(), { others }).washOrders).toBe(3);
  });
});

describe("layering", () => {
  const layers = [110_020, 110_030, 110_030, 110_040].map((pricePoints, index) =>
    place(`layer-${index}`, "SELL", { pricePoints, resting: true }),
  );

  test("counts levels of untouched resting orders on the other side", () => {
    const flow = flowOf(...layers, place("taken", "SELL"), place("own", "BUY", { resting: true }));
    expect(figures(flow).layeringLevels).toBe(3);
    expect(figures(flow, { side: "SELL" }).layeringLevels).toBe(1);
    flow.moved({ intentId: "layer-0", live: true, cancelled: false, filledMicros: 1 });
    flow.moved({ intentId: "layer-3", live: false, cancelled: true, filledMicros: 0 });
    expect(figures(flow).layeringLevels).toBe(1);
  });

  test("follows an order to another price", () => {
    const flow = flowOf(...layers);
    flow.sent({ what: "change", intentId: "layer-3", pricePoints: 110_020, timeMicros: NOW });
    expect(figures(flow)).toMatchObject({ layeringLevels: 2, messages: 6 });
    flow.sent({ what: "change", intentId: "layer-3", pricePoints: null, timeMicros: NOW });
    expect(figures(flow)).toMatchObject({ layeringLevels: 2, messages: 7 });
  });

  test("counts cancellations of the window that came before anything was executed", () => {
    const edge = NOW - LIMITS.cancelWindowMicros;
    const flow = flowOf(
      place("old", "SELL", { timeMicros: edge }),
      place("new", "SELL", { timeMicros: edge + 1 }),
      place("part", "SELL"),
      place("live", "SELL"),
      place("own", "BUY"),
    );
    for (const intentId of ["old", "new", "own"]) {
      flow.moved({ intentId, live: false, cancelled: true, filledMicros: 0 });
    }
    flow.moved({ intentId: "part", live: false, cancelled: true, filledMicros: 1 });
    expect(figures(flow)).toMatchObject({ oppositeOrders: 3, oppositeCancelled: 1 });
  });
});

describe("ramping", () => {
  test("is a run of own aggressive orders that each pay more, and the market's rises since its first", () => {
    const flow = new OrderFlow(LIMITS);
    const at = (points: number): void => flow.quoted(2 * points);
    at(109_000);
    at(109_001);
    flow.sent(place("first", "BUY", { pricePoints: 110_001 }));
    at(109_002);
    at(109_000);
    flow.sent(place("sold", "SELL", { pricePoints: 100 }));
    flow.sent(place("second", "BUY", { pricePoints: 110_005 }));
    at(109_001);
    flow.sent(place("resting", "BUY", { pricePoints: 1, resting: true }));
    expect(figures(flow)).toMatchObject({ rampingOrders: 3, rampingMoves: 2 });
    expect(figures(flow, { pricePoints: 110_005 })).toMatchObject({ rampingOrders: 1, rampingMoves: 0 });
    expect(figures(flow, { side: "SELL", pricePoints: 99 })).toMatchObject({
      rampingOrders: 2,
      rampingMoves: 0,
    });
    expect(figures(flow, { pricePoints: Number.NaN }).rampingOrders).toBeNaN();
  });

  test("reaches no further back than its window", () => {
    const edge = NOW - LIMITS.rampingWindowMicros;
    const orders = [edge, edge + 1].map((timeMicros) => {
      return figures(flowOf(place("one", "BUY", { timeMicros }))).rampingOrders;
    });
    expect(orders).toEqual([1, 2]);
  });
});

/** Everything that ever happened, and the figures by definition. */
class NaiveFlow {
  readonly orders: FlowOrder[] = [];
  readonly changes: number[] = [];
  readonly fills: { timeMicros: number; side: Side; pricePoints: number; arrivalPoints: number }[] = [];
  readonly mids: number[] = [];

  figures(
    side: Side,
    pricePoints: number,
    now: number,
  ): Omit<ComplianceFigures, "secondSource" | "quoteDeviation"> {
    const recent = <T extends { timeMicros: number }>(list: readonly T[], window: number): T[] =>
      list.filter(({ timeMicros }) => timeMicros > now - window);
    const opposite = this.orders.filter((order) => order.side !== side);
    const fills = recent(this.fills, LIMITS.slippageWindowMicros);
    const worse = fills.map((fill) =>
      fill.side === "BUY"
        ? fill.pricePoints / fill.arrivalPoints - 1
        : 1 - fill.pricePoints / fill.arrivalPoints,
    );
    const resting = opposite.filter((order) => order.live && order.resting && order.filledMicros === 0);
    const window = LIMITS.orderToTradeWindowMicros;
    const changes = this.changes.map((timeMicros) => ({ timeMicros }));
    return {
      fills: fills.length,
      slippageMean: fills.length < 5 ? null : worse.reduce((sum, share) => sum + share, 0) / fills.length,
      washOrders: opposite.filter(
        (order) =>
          order.live &&
          (side === "BUY" ? order.pricePoints <= pricePoints : order.pricePoints >= pricePoints),
      ).length,
      layeringLevels: new Set(resting.map((order) => order.pricePoints)).size,
      oppositeOrders: recent(opposite, LIMITS.cancelWindowMicros).length,
      oppositeCancelled: recent(opposite, LIMITS.cancelWindowMicros).filter(
        (order) => order.cancelled && order.filledMicros === 0,
      ).length,
      ...this.#ramp(side, pricePoints, recent(this.orders, LIMITS.rampingWindowMicros)),
      messages: recent(this.orders, window).length + recent(changes, window).length + 1,
      trades: recent(this.fills, window).length,
    };
  }

  /** `movesBefore` is here the number of quotes there had been. */
  #ramp(
    side: Side,
    pricePoints: number,
    orders: readonly FlowOrder[],
  ): Pick<ComplianceFigures, "rampingOrders" | "rampingMoves"> {
    const away = side === "BUY" ? 1 : -1;
    const own = orders.filter((order) => order.side === side && !order.resting);
    const prices = [...own.map((order) => order.pricePoints * away), pricePoints * away];
    let first = prices.length - 1;
    while (first > 0 && prices[first - 1]! < prices[first]!) first--;
    const begun = own[first]?.movesBefore ?? this.mids.length;
    const moves = this.mids.filter((mid, index) => {
      const before = this.mids[index - 1];
      return index >= begun && before !== undefined && (mid - before) * away > 0;
    });
    return { rampingOrders: prices.length - first, rampingMoves: moves.length };
  }
}

const FLOWS = process.env["TICKFORGE_TORTURE"] === "1" ? 2_000 : 60;
const STEPS = 400;

/** Seconds between steps: mostly few, so that windows fill, and now and then long ones, so that they empty. */
function pause(random: SeededRandom): number {
  return random.integer(100) === 0 ? random.integer(30 * MINUTE) : random.integer(4_000_000);
}

/** One thing that happens, told to both. */
function step(
  random: SeededRandom,
  now: number,
  index: number,
  told: { flow: OrderFlow; naive: NaiveFlow },
): void {
  const { flow, naive } = told;
  const side = random.integer(2) === 0 ? "BUY" : "SELL";
  const pricePoints = 100_000 + random.integer(8);
  const chosen = naive.orders[naive.orders.length - 1 - random.integer(12)];
  switch (random.integer(6)) {
    case 0:
    case 1: {
      const resting = random.integer(2) === 0;
      const intentId = `intent-${index}`;
      flow.sent(place(intentId, side, { pricePoints, resting, timeMicros: now }));
      const movesBefore = naive.mids.length;
      const order = { intentId, side, pricePoints, resting, timeMicros: now, movesBefore } as const;
      naive.orders.push({ ...order, dormant: false, live: true, cancelled: false, filledMicros: 0 });
      return;
    }
    case 2: {
      if (chosen === undefined) return;
      const price = random.integer(2) === 0 ? pricePoints : null;
      flow.sent({ what: "change", intentId: chosen.intentId, pricePoints: price, timeMicros: now });
      naive.changes.push(now);
      if (price !== null) chosen.pricePoints = price;
      return;
    }
    case 3: {
      if (chosen === undefined) return;
      chosen.live = random.integer(3) === 0;
      chosen.cancelled = !chosen.live && random.integer(2) === 0;
      chosen.filledMicros += random.integer(2);
      flow.moved(chosen);
      return;
    }
    case 4: {
      const fill = { timeMicros: now, side, pricePoints, arrivalPoints: 100_000 } as const;
      flow.filled({ ...fill });
      naive.fills.push(fill);
      return;
    }
    default:
      flow.quoted(pricePoints);
      naive.mids.push(pricePoints);
  }
}

function restored(flow: OrderFlow): OrderFlow {
  const saved = new SaveArchive();
  flow.persist(saved);
  const archive = new LoadArchive(saved.finish());
  const copy = new OrderFlow(LIMITS);
  copy.persist(archive);
  archive.finish();
  return copy;
}

test(`${FLOWS} generated flows give the figures of a naive telling, through restarts`, () => {
  for (let seed = 1; seed <= FLOWS; seed++) {
    const random = new SeededRandom(seed);
    const naive = new NaiveFlow();
    let flow = new OrderFlow(LIMITS);
    let now = NOW;
    for (let index = 0; index < STEPS; index++) {
      now += pause(random);
      step(random, now, index, { flow, naive });
      if (random.integer(50) === 0) flow = restored(flow);
      const side = random.integer(2) === 0 ? "BUY" : "SELL";
      const pricePoints = 100_000 + random.integer(8);
      const proposal = { side, pricePoints, dormant: false, nowMicros: now } as const;
      const told = complianceFigures({ proposal, flow, quote: QUOTE, secondQuote: null, others: [] }, LIMITS);
      const { slippageMean, ...expected } = naive.figures(side, proposal.pricePoints, now);
      const where = { seed, index };
      expect({ ...where, ...told }).toMatchObject({ ...where, ...expected });
      if (slippageMean === null) expect(told.slippageMean).toBeNull();
      else expect(told.slippageMean).toBeCloseTo(slippageMean, 12);
    }
  }
}, 120_000);

describe("the memory", () => {
  test("stays within its bounds, and forgets no order that is live for one that is not", () => {
    const flow = flowOf(place("resting", "BUY", { resting: true }));
    for (let index = 0; index < 3 * FLOW_ORDERS_MAX; index++) {
      const intentId = String(index);
      flow.sent(place(intentId, "SELL"));
      flow.moved({ intentId, live: false, cancelled: false, filledMicros: 1 });
      flow.sent({ what: "change", intentId, pricePoints: null, timeMicros: NOW });
      flow.filled({ side: "SELL", pricePoints: 1, arrivalPoints: 1, timeMicros: NOW });
    }
    expect([flow.orders.length, flow.changes.length, flow.fills.length]).toEqual([
      FLOW_ORDERS_MAX,
      FLOW_CHANGES_MAX,
      FLOW_FILLS_MAX,
    ]);
    expect(flow.orders[0]?.intentId).toBe("resting");
  });

  test("keeps what some window still reaches, and live orders for ever", () => {
    const flow = flowOf(place("resting", "BUY", { resting: true }), place("gone", "BUY"));
    flow.moved({ intentId: "gone", live: false, cancelled: true, filledMicros: 0 });
    flow.sent(place("later", "BUY", { timeMicros: NOW + 60 * MINUTE - 1 }));
    expect(flow.orders.map(({ intentId }) => intentId)).toEqual(["resting", "gone", "later"]);
    flow.sent(place("last", "BUY", { timeMicros: NOW + 60 * MINUTE }));
    expect(flow.orders.map(({ intentId }) => intentId)).toEqual(["resting", "later", "last"]);
  });

  test("saves and loads alike whatever it holds", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.nat({ max: 200 }), (seed, steps) => {
        const random = new SeededRandom(seed);
        const told = { flow: new OrderFlow(LIMITS), naive: new NaiveFlow() };
        let now = NOW;
        for (let index = 0; index < steps; index++) step(random, (now += pause(random)), index, told);
        const copy = restored(told.flow);
        const states = [told.flow, copy].map((flow) => {
          const archive = new SaveArchive();
          flow.persist(archive);
          return String(archive.finish());
        });
        expect(states[1]).toBe(states[0]);
      }),
    );
  });
});
