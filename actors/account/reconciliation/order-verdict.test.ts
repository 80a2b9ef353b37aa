// What a picture proves of an order and what it does not, case by case.

import { describe, expect, test } from "bun:test";
import type { BookedIntent } from "../../domain/broker-books.ts";
import type { OrderState } from "../orders.ts";
import { judgeOrder, type OrderEvidence, type OrderVerdict } from "./order-verdict.ts";

const LOT = 1_000_000;
const PROVING: OrderEvidence = { intent: undefined, waits: false, complete: true, settled: true, aged: true };

function intent(state: BookedIntent["state"], filledMicros = 0): Partial<OrderEvidence> {
  return { intent: { intentId: "a-1", state, brokerOrderId: null, filledMicros } };
}

function verdict(state: OrderState, evidence: Partial<OrderEvidence>, filledMicros = 0): OrderVerdict {
  return judgeOrder(
    { state, purpose: "entry", filledMicros, volumeMicros: LOT },
    { ...PROVING, ...evidence },
  );
}

describe("an order that the terminal and the broker do not have", () => {
  test("never arrived, where its command can no longer be on its way", () => {
    expect(verdict("unknown", {})).toBe("rejected");
    expect(verdict("sent", {})).toBe("rejected");
  });

  test("is over, where the broker had taken it", () => {
    expect(verdict("acknowledged", {})).toBe("cancelled");
    expect(verdict("unknown", {}, LOT / 2)).toBe("cancelled");
  });

  for (const missing of ["complete", "settled", "aged"] as const) {
    test(`proves nothing while the picture is not ${missing}`, () => {
      expect(verdict("unknown", { [missing]: false })).toBe("open");
      expect(verdict("sent", { [missing]: false })).toBe("as-is");
    });
  }

  test("stays as it is before it was sent", () => {
    expect(verdict("intended", {})).toBe("as-is");
  });
});

describe("an order that the terminal has", () => {
  test("stays unknown while the terminal does not know either", () => {
    expect(verdict("unknown", intent("sending"))).toBe("open");
    expect(verdict("unknown", intent("unknown"))).toBe("open");
    expect(verdict("sent", intent("sending"))).toBe("as-is");
  });

  test("is over when the terminal's intent is", () => {
    expect(verdict("unknown", intent("refused"))).toBe("rejected");
    expect(verdict("unknown", { ...intent("rejected"), complete: false, settled: false })).toBe("rejected");
    expect(verdict("acknowledged", intent("rejected"))).toBe("cancelled");
    expect(verdict("partially-filled", intent("done", LOT / 2), LOT / 2)).toBe("cancelled");
  });

  test("waits for deals that are told of and not here yet", () => {
    expect(verdict("unknown", intent("done", LOT), LOT / 2)).toBe("open");
  });

  test("done without a volume is not taken for nothing filled while a deal may be on its way", () => {
    expect(verdict("unknown", { ...intent("done"), aged: false })).toBe("open");
    expect(verdict("unknown", intent("done"))).toBe("rejected");
  });

  test("a change that was carried out is done", () => {
    const modify = { state: "unknown", purpose: "modify", filledMicros: 0, volumeMicros: LOT } as const;
    expect(judgeOrder(modify, { ...PROVING, ...intent("done") })).toBe("done");
  });

  test("is lost when it should wait at the broker and does not", () => {
    expect(verdict("acknowledged", intent("working"))).toBe("lost");
    expect(verdict("acknowledged", { ...intent("working"), complete: false })).toBe("as-is");
    expect(verdict("unknown", intent("working"))).toBe("open");
  });
});

describe("an order that waits at the broker", () => {
  test("is there, whatever the terminal says", () => {
    expect(verdict("unknown", { waits: true, ...intent("unknown") })).toBe("waits");
    expect(verdict("sent", { waits: true, complete: false })).toBe("waits");
    expect(verdict("acknowledged", { waits: true })).toBe("as-is");
  });
});
