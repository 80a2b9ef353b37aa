// The order lifecycle as a table, and the order table's bounds.

import { describe, expect, test } from "bun:test";
import { LoadArchive, SaveArchive } from "../base/archive.ts";
import { CLOSED_ORDERS_MAX } from "./limits.ts";
import {
  emptyOrder,
  isLive,
  ORDER_STATES,
  ORDER_TRIGGERS,
  OrderTable,
  type OrderState,
  type OrderTrigger,
  type TrackedOrder,
  transition,
} from "./orders.ts";

function order(intentId: string, changes: Partial<TrackedOrder> = {}): TrackedOrder {
  return {
    ...emptyOrder(),
    intentId,
    volumeMicros: 1_000_000,
    bidPoints: 1,
    askPoints: 2,
    bySignal: true,
    marginMicros: 100,
    expiresAtMicros: 10,
    deadlineMicros: 10,
    ...changes,
  };
}

describe("order lifecycle", () => {
  const legal: readonly (readonly [OrderState, OrderTrigger, OrderState])[] = [
    ["intended", "send", "sent"],
    ["intended", "expire", "expired"],
    ["sent", "acknowledge", "acknowledged"],
    ["sent", "reject", "rejected"],
    ["sent", "cancel", "cancelled"],
    ["sent", "lose", "unknown"],
    ["sent", "fill-rest", "filled"],
    ["acknowledged", "fill-part", "partially-filled"],
    ["acknowledged", "lose", "unknown"],
    ["partially-filled", "fill-rest", "filled"],
    ["partially-filled", "cancel", "cancelled"],
    ["partially-filled", "acknowledge", "partially-filled"],
    ["unknown", "acknowledge", "acknowledged"],
    ["unknown", "fill-rest", "filled"],
    ["unknown", "reject", "rejected"],
    ["unknown", "release", "cancelled"],
    ["filled", "acknowledge", "filled"],
    ["cancelled", "fill-part", "cancelled"],
    ["expired", "send", "sent"],
    ["sent", "done", "done"],
    ["acknowledged", "done", "done"],
    ["unknown", "done", "done"],
    ["done", "acknowledge", "done"],
    ["cancelled", "done", "done"],
    ["cancelled", "reject", "cancelled"],
  ];
  for (const [state, trigger, next] of legal) {
    test(`${state} + ${trigger} -> ${next}`, () => {
      expect(transition(state, trigger)).toEqual({ previous: state, current: next, legal: true });
    });
  }

  for (const [state, trigger] of [
    ["filled", "fill-part"],
    ["filled", "cancel"],
    ["rejected", "fill-rest"],
    ["intended", "fill-rest"],
    ["sent", "send"],
    ["acknowledged", "release"],
    ["rejected", "done"],
    ["partially-filled", "done"],
  ] as const) {
    test(`${state} + ${trigger} is an anomaly`, () => {
      expect(transition(state, trigger).legal).toBe(false);
    });
  }

  test("only a report or a human gets an order out of unknown", () => {
    const leaving = ORDER_TRIGGERS.filter((trigger) => transition("unknown", trigger).current !== "unknown");
    expect(leaving).toEqual(["acknowledge", "fill-part", "fill-rest", "cancel", "reject", "release", "done"]);
  });

  test("a fill is never lost: whatever the state, it leaves the order partially or wholly filled or closed", () => {
    for (const state of ORDER_STATES) {
      expect(transition(state, "fill-rest").current).toBe("filled");
      expect(["partially-filled", "filled", "cancelled"]).toContain(transition(state, "fill-part").current);
    }
  });
});

describe("order table", () => {
  test("lists live orders, oldest first, until they are closed", () => {
    const table = new OrderTable();
    const [first, second] = [order("1"), order("2")];
    table.add(first);
    table.add(second);
    table.apply(first, "send");
    table.apply(first, "reject");
    expect(table.live).toEqual([second]);
    expect(table.find("1")?.state).toBe("rejected");
  });

  test("takes back an order that was sent after it expired, in its old place", () => {
    const table = new OrderTable();
    const [first, second] = [order("1"), order("2")];
    table.add(first);
    table.add(second);
    table.apply(first, "expire");
    expect(table.live).toEqual([second]);
    table.apply(first, "send");
    expect(table.live).toEqual([first, second]);
  });

  test("forgets the order that closed first beyond its bound", () => {
    const table = new OrderTable();
    for (let i = 0; i <= CLOSED_ORDERS_MAX; i++) {
      const each = order(String(i));
      table.add(each);
      table.apply(each, "expire");
    }
    expect(table.find("0")).toBeUndefined();
    expect(table.find("1")).toBeDefined();
    expect(table.find(String(CLOSED_ORDERS_MAX))).toBeDefined();
  });

  test("is the same after saving and loading", () => {
    const table = new OrderTable();
    for (const [id, triggers] of [
      ["a", ["send", "acknowledge", "fill-part"]],
      ["b", ["expire"]],
      ["c", ["send", "lose"]],
    ] as const) {
      const each = order(id, { purpose: "exit", side: "SELL", positionId: "p" });
      table.add(each);
      for (const trigger of triggers) table.apply(each, trigger);
    }
    const saved = new SaveArchive();
    table.persist(saved);
    const restored = new OrderTable();
    const loading = new LoadArchive(saved.finish());
    restored.persist(loading);
    loading.finish();
    expect(restored.live).toEqual(table.live);
    expect(restored.live.every(({ state }) => isLive(state))).toBe(true);
    expect(restored.find("b")).toEqual(table.find("b"));
  });
});
