// What each word of a terminal means for an account, as the table of return codes has it; and when entries wait because of it.

import { describe, expect, test } from "bun:test";
import { DISABLED_MS, THROTTLED_MS_MIN } from "./limits.ts";
import { Pauses } from "./pauses.ts";
import {
  adjustmentOf,
  bookedDealOf,
  type DealFrame,
  type ExecutionFrame,
  type IntentFrame,
  type RefusalFrame,
  type ReportedIntent,
  standingOf,
  standingOfIntent,
  standingOfOrder,
  standingOfRefusal,
} from "./reports.ts";

const ENTRY: ReportedIntent = {
  intentId: "main-t1-000000001",
  accountId: "main",
  instrumentId: 0,
  side: "BUY",
  volumeMicros: 100_000,
  purpose: "entry",
  reason: "test",
  isPending: false,
};
const MODIFY: ReportedIntent = { ...ENTRY, purpose: "modify" };
const PENDING: ReportedIntent = { ...ENTRY, isPending: true };

function execution(what: Partial<ExecutionFrame>): ExecutionFrame {
  return { source: "answer", final: true, retcode: 0, words: "", ...what } as ExecutionFrame;
}

const EXECUTIONS: readonly [Partial<ExecutionFrame>, ReportedIntent, string][] = [
  [{ class: "done" }, ENTRY, "acknowledged"],
  [{ class: "done" }, MODIFY, "done"],
  [{ class: "done" }, { ...ENTRY, purpose: "cancel" }, "done"],
  [{ class: "placed", final: false }, PENDING, "acknowledged"],
  [{ class: "partial", final: false }, ENTRY, "acknowledged"],
  [{ class: "partial", source: "lookup" }, ENTRY, "cancelled"],
  [{ class: "unknown", final: false }, ENTRY, "unknown"],
  [{ class: "no-change" }, MODIFY, "done"],
  [{ class: "rejected" }, ENTRY, "rejected"],
  [{ class: "rejected" }, PENDING, "rejected"],
  [{ class: "rejected", source: "lookup" }, PENDING, "cancelled"],
  ...(["repriced", "throttled", "frozen", "filling", "disabled"] as const).map(
    (meaning) => [{ class: meaning }, ENTRY, "rejected"] as [Partial<ExecutionFrame>, ReportedIntent, string],
  ),
];

describe("an intent stands where", () => {
  test("the broker's answer puts it", () => {
    for (const [frame, intent, status] of EXECUTIONS)
      expect([frame.class, standingOf(execution(frame), intent).status]).toEqual([
        frame.class,
        status as never,
      ]);
    const said = execution({ class: "rejected", retcode: 10_019, words: "No money" });
    expect(standingOf(said, ENTRY).reason).toBe("rejected 10019: No money");
  });

  test("the terminal's file has it, when it was asked twice", () => {
    const states: [IntentFrame["state"], string][] = [
      ["sending", "unknown"],
      ["unknown", "unknown"],
      ["working", "acknowledged"],
      ["done", "acknowledged"],
      ["rejected", "rejected"],
      ["refused", "rejected"],
    ];
    for (const [state, status] of states) {
      const intent = { state, retcode: 0 } as IntentFrame;
      expect(standingOfIntent(intent, ENTRY).status).toBe(status as never);
      const repeated = { code: "repeated", words: "", intent } as RefusalFrame;
      expect(standingOfRefusal(repeated, ENTRY).status).toBe(status as never);
    }
    const lost = { code: "repeated", words: "", intent: null } as RefusalFrame;
    expect(standingOfRefusal(lost, ENTRY).status).toBe("unknown");
  });

  test("a refusal before anything left is the end of it, except where another connection has it", () => {
    for (const code of ["stale-epoch", "expired", "killed", "over-volume-cap", "storage-failed"] as const)
      expect(standingOfRefusal({ code, words: "", intent: null } as RefusalFrame, ENTRY).status).toBe(
        "rejected",
      );
    const elsewhere = { code: "claimed-elsewhere", words: "", intent: null } as RefusalFrame;
    expect(standingOfRefusal(elsewhere, ENTRY).status).toBe("unknown");
  });

  test("a pending order ends where the broker ended it", () => {
    const states = ["placed", "cancelled", "expired", "rejected", "filled", "partial"] as const;
    expect(states.map((state) => standingOfOrder({ state } as never)?.status)).toEqual([
      "acknowledged",
      "cancelled",
      "cancelled",
      "rejected",
      undefined,
      undefined,
    ]);
  });
});

const DEAL: DealFrame = {
  ticket: "5",
  order: "4",
  position: "3",
  symbol: "EURUSD",
  side: "sell",
  kind: "trade",
  entry: "out",
  reason: "stop",
  volume: "0.30",
  price: "1.10025",
  profit: "-12.5",
  commission: "-1.05",
  fee: "-0.2",
  swap: "-0.75",
  magic: "0",
  brokerMs: 7_200_123,
};

test("a deal's figures are exact, its costs are one sum, and its time is UTC", () => {
  const instrument = { id: 4, digits: 5 } as never;
  expect(bookedDealOf(DEAL, { instrument, offsetMs: 7_200_000 })).toEqual({
    dealId: "5",
    positionId: "3",
    instrumentId: 4,
    symbol: "EURUSD",
    side: "SELL",
    volumeMicros: 300_000,
    pricePoints: 110_025,
    costMicros: 2_000_000,
    profitMicros: -12_500_000,
    reason: "stop",
    timeMicros: 123_000,
  });
  const other = { ...DEAL, kind: "other", side: null, volume: null, price: null } as const;
  expect(bookedDealOf(other, { instrument, offsetMs: 0 })).toBeUndefined();
});

test("a balance operation moves money by all of its amounts", () => {
  const bare = { ...DEAL, kind: "other", commission: "0", fee: "0", swap: "0", profit: "0" } as const;
  const of = (changes: Partial<DealFrame>) => adjustmentOf("main", { ...bare, position: null, ...changes });
  expect(of({ profit: "500" })).toMatchObject({ amountMicros: 500_000_000, reason: "deposit" });
  expect(of({ profit: "-20" })).toMatchObject({ amountMicros: -20_000_000, reason: "withdrawal" });
  expect(of({ swap: "-0.4" })).toMatchObject({ amountMicros: -400_000, reason: "swap" });
  expect(of({ fee: "-3" })).toMatchObject({ amountMicros: -3_000_000, reason: "fee" });
});

describe("entries wait", () => {
  const said = (what: ExecutionFrame["class"], retcode = 0) => execution({ class: what, retcode });

  test("on a symbol whose market is closed, on all where trading is off, and somebody is told once", () => {
    const pauses = new Pauses();
    expect(pauses.hear(said("disabled", 10_018), 3, 0)).toContain("10018");
    expect(pauses.hear(said("disabled", 10_018), 3, 10)).toBeUndefined();
    expect([pauses.isOn(3, 20), pauses.isOn(4, 20), pauses.isOn(3, DISABLED_MS + 11)]).toEqual([
      true,
      false,
      false,
    ]);
    pauses.hear(said("disabled", 10_026), 3, 0);
    expect(pauses.isOn(4, 20)).toBe(true);
  });

  test("longer with every request that was one too many, until one is carried out", () => {
    const pauses = new Pauses();
    pauses.hear(said("throttled"), 0, 0);
    expect([pauses.isOn(0, THROTTLED_MS_MIN - 1), pauses.isOn(0, THROTTLED_MS_MIN)]).toEqual([true, false]);
    pauses.hear(said("throttled"), 0, 10_000);
    expect(pauses.isOn(0, 10_000 + 2 * THROTTLED_MS_MIN - 1)).toBe(true);
    pauses.hear(said("done"), 0, 20_000);
    pauses.hear(said("throttled"), 0, 20_000);
    expect(pauses.isOn(0, 20_000 + THROTTLED_MS_MIN)).toBe(false);
  });
});
