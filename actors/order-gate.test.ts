// The causality rule, case by case.

import { describe, expect, test } from "bun:test";
import { LoadArchive, SaveArchive } from "./base/archive.ts";
import type { OrderIntent, OrderPurpose } from "./domain/order.ts";
import { OrderGate } from "./order-gate.ts";
import type { Draft } from "./ports/emitter.ts";

function intent(seq: number, purpose: OrderPurpose = "entry"): OrderIntent {
  return {
    kind: "intent",
    seq,
    timeMicros: 1_000 + seq,
    accountId: "paper",
    intentId: `paper-${seq}`,
    instrumentId: 0,
    purpose,
    side: "BUY",
    volumeMicros: 100_000,
    causeSeq: seq - 1,
    bidPoints: 108_550,
    askPoints: 108_560,
    stopPricePoints: 108_000,
    targetPricePoints: 109_000,
    positionId: null,
    expiresAtMicros: 10_000_000,
    epoch: 1,
    checks: [],
    reason: "",
  };
}

function collector(): { sent: string[]; emitter: { emit(draft: Draft): void } } {
  const sent: string[] = [];
  return {
    sent,
    emitter: {
      emit(draft) {
        if (draft.kind === "sent") sent.push(draft.intentId);
      },
    },
  };
}

describe("order gate", () => {
  test("an intent leaves when the journal has reached it, not before", () => {
    const gate = new OrderGate();
    const { sent, emitter } = collector();
    gate.hold(intent(5));
    gate.hold(intent(8));
    expect(gate.release(emitter, { durableSeq: 4, timeMicros: 0, exitsOnly: false })).toBe(0);
    expect(gate.release(emitter, { durableSeq: 7, timeMicros: 0, exitsOnly: false })).toBe(1);
    expect(gate.release(emitter, { durableSeq: 8, timeMicros: 0, exitsOnly: false })).toBe(1);
    expect(sent).toEqual(["paper-5", "paper-8"]);
    expect(gate.waiting).toBe(0);
  });

  test("with a failed journal exits leave and entries are dropped", () => {
    const gate = new OrderGate();
    const { sent, emitter } = collector();
    gate.hold(intent(3));
    gate.hold(intent(5));
    gate.hold(intent(6, "exit"));
    gate.release(emitter, { durableSeq: 4, timeMicros: 0, exitsOnly: true });
    expect(sent).toEqual(["paper-3", "paper-6"]);
    expect(gate.dropped).toBe(1);
  });

  test("what the journal shows as sent is not sent again", () => {
    const gate = new OrderGate();
    const { sent, emitter } = collector();
    gate.hold(intent(5));
    gate.hold(intent(6));
    gate.markSent("paper-5");
    gate.release(emitter, { durableSeq: 9, timeMicros: 0, exitsOnly: false });
    expect(sent).toEqual(["paper-6"]);
  });

  test("waiting intents are part of a snapshot and are not held twice", () => {
    const gate = new OrderGate();
    gate.hold(intent(5));
    gate.hold(intent(6));
    const save = new SaveArchive();
    gate.persist(save);
    expect(gate.waiting).toBe(2);

    const restored = new OrderGate();
    const load = new LoadArchive(save.finish());
    restored.persist(load);
    load.finish();
    restored.appliedSeq = 6;
    restored.hold(intent(5));
    restored.hold(intent(7));
    const { sent, emitter } = collector();
    restored.release(emitter, { durableSeq: 9, timeMicros: 0, exitsOnly: false });
    expect(sent).toEqual(["paper-5", "paper-6", "paper-7"]);
  });
});
