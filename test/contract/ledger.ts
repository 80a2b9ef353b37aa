// What every ledger has to do, whatever database is behind it. An adapter's test calls this with a way to open an empty one.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Execution, OrderIntent, OrderSent, RiskRefusal } from "../../actors/domain/order.ts";
import type { Ledger, LedgerRecord } from "../../actors/ports/ledger.ts";

const SCOPE = "paper";
const LOT = 1_000_000;

function intent(seq: number, changes: Partial<OrderIntent> = {}): OrderIntent {
  return {
    kind: "intent",
    seq,
    timeMicros: 1_783_000_000_000_000 + seq,
    accountId: "paper",
    intentId: "paper-1",
    instrumentId: 3,
    purpose: "entry",
    side: "BUY",
    volumeMicros: LOT,
    causeSeq: seq - 1,
    bidPoints: 108_000,
    askPoints: 108_010,
    stopPricePoints: 107_800,
    targetPricePoints: null,
    positionId: null,
    expiresAtMicros: 1_783_000_001_000_000,
    epoch: 1,
    checks: [{ control: "daily-loss", passed: true, value: 0, limit: 100 }],
    reason: "it's a test; with a quote",
    ...changes,
  };
}

function sent(seq: number, intentId = "paper-1"): OrderSent {
  return { kind: "sent", seq, timeMicros: seq, accountId: "paper", intentId };
}

function execution(seq: number, changes: Partial<Execution> = {}): Execution {
  return {
    kind: "execution",
    seq,
    timeMicros: seq,
    accountId: "paper",
    intentId: "paper-1",
    status: "filled",
    dealId: `deal-${seq}`,
    instrumentId: 3,
    side: "BUY",
    volumeMicros: LOT,
    pricePoints: 108_010,
    commissionMicros: 3_500_000,
    reason: "",
    positionId: "position-1",
    causeSeq: seq - 1,
    ...changes,
  };
}

function report(seq: number, status: Execution["status"]): Execution {
  return execution(seq, { status, dealId: null, positionId: null, volumeMicros: 0 });
}

function refusal(seq: number): RiskRefusal {
  return {
    kind: "refusal",
    seq,
    timeMicros: seq,
    accountId: "paper",
    instrumentId: 3,
    causeSeq: seq - 1,
    code: "daily-loss",
    message: "the day's loss is at its limit",
    checks: [],
  };
}

const ENTRY: readonly LedgerRecord[] = [intent(10), sent(11), execution(12)];

interface Story {
  readonly name: string;
  readonly records: readonly LedgerRecord[];
  /** State and filled lots of each order. */
  readonly orders: [state: string, filledLots: number][];
  /** Side, lots and open price of each open position. */
  readonly positions: [side: string, lots: number, openPricePoints: number][];
}

const HALF = LOT / 2;

const STORIES: readonly Story[] = [
  { name: "an intent", records: [intent(10)], orders: [["intended", 0]], positions: [] },
  { name: "an order on its way", records: [intent(10), sent(11)], orders: [["sent", 0]], positions: [] },
  {
    name: "an order of unknown fate",
    records: [intent(10), sent(11), report(12, "unknown")],
    orders: [["unknown", 0]],
    positions: [],
  },
  {
    name: "a rejected order",
    records: [intent(10), sent(11), report(12, "rejected")],
    orders: [["rejected", 0]],
    positions: [],
  },
  { name: "an entry", records: ENTRY, orders: [["filled", 1]], positions: [["BUY", 1, 108_010]] },
  {
    name: "an entry in two parts at two prices",
    records: [
      intent(10),
      execution(12, { status: "partially-filled", volumeMicros: HALF, pricePoints: 108_000 }),
      execution(13, { volumeMicros: HALF, pricePoints: 108_020 }),
    ],
    orders: [["filled", 1]],
    positions: [["BUY", 1, 108_010]],
  },
  {
    name: "a part of an entry, the rest of it cancelled",
    records: [
      intent(10),
      execution(12, { status: "partially-filled", volumeMicros: HALF }),
      report(13, "cancelled"),
    ],
    orders: [["cancelled", 0.5]],
    positions: [["BUY", 0.5, 108_010]],
  },
  {
    name: "a fill that is reported after the cancellation that it beat",
    records: [intent(10), report(12, "cancelled"), execution(13)],
    orders: [["filled", 1]],
    positions: [["BUY", 1, 108_010]],
  },
  {
    name: "an acknowledgement that comes after the fill",
    records: [intent(10), execution(12), report(13, "acknowledged")],
    orders: [["filled", 1]],
    positions: [["BUY", 1, 108_010]],
  },
  {
    name: "a deal that is reported twice",
    records: [...ENTRY, execution(13, { dealId: "deal-12" })],
    orders: [["filled", 1]],
    positions: [["BUY", 1, 108_010]],
  },
  {
    name: "a position closed by an order",
    records: [
      ...ENTRY,
      intent(20, { intentId: "paper-2", purpose: "exit", side: "SELL", positionId: "position-1" }),
      sent(21, "paper-2"),
      execution(22, { intentId: "paper-2", side: "SELL", pricePoints: 108_100 }),
    ],
    orders: [
      ["filled", 1],
      ["filled", 1],
    ],
    positions: [],
  },
  {
    name: "a position that the broker stopped out: no fill of the entry",
    records: [...ENTRY, execution(20, { side: "SELL", reason: "stop", pricePoints: 107_800 })],
    orders: [["filled", 1]],
    positions: [],
  },
  {
    name: "a part of a position that the broker took at the target",
    records: [...ENTRY, execution(20, { side: "SELL", reason: "target", volumeMicros: HALF })],
    orders: [["filled", 1]],
    positions: [["BUY", 0.5, 108_010]],
  },
  {
    name: "a part closed before its opening deal was reported",
    records: [
      intent(10),
      execution(11, { side: "SELL", reason: "target", volumeMicros: HALF, pricePoints: 108_200 }),
      execution(12),
    ],
    orders: [["filled", 1]],
    positions: [["BUY", 0.5, 108_010]],
  },
  { name: "a refusal", records: [refusal(10)], orders: [], positions: [] },
];

/** @param open gives an empty ledger */
export function describeLedger(name: string, open: () => Promise<Ledger>): void {
  let ledger: Ledger;

  beforeEach(async () => {
    ledger = await open();
  });

  afterEach(async () => {
    await ledger.close();
  });

  describe(`${name}: epochs`, () => {
    test("rise by one, each scope by itself", async () => {
      expect(await ledger.issueEpoch(SCOPE)).toBe(1);
      expect(await ledger.issueEpoch(SCOPE)).toBe(2);
      expect(await ledger.issueEpoch("other")).toBe(1);
      expect(await ledger.issueEpoch("other", 7)).toBe(7);
      expect(await ledger.issueEpoch("other", 3)).toBe(8);
    });

    test("no two are equal, however many ask at once", async () => {
      const epochs = await Promise.all(
        Array.from({ length: 20 }, async () => await ledger.issueEpoch(SCOPE)),
      );
      expect(new Set(epochs).size).toBe(20);
    });

    test("a write under an ended one changes nothing", async () => {
      const old = await ledger.issueEpoch(SCOPE);
      await ledger.issueEpoch(SCOPE);
      expect(await ledger.apply(SCOPE, old, ENTRY)).toMatchObject({ ok: false, code: "stale-epoch" });
      expect(await ledger.cursor(SCOPE)).toBe(0);
      expect(await ledger.orders("paper")).toEqual([]);
      expect(await ledger.positions("paper")).toEqual([]);
    });

    test("a write under one that was never issued changes nothing", async () => {
      expect(await ledger.apply(SCOPE, 1, ENTRY)).toMatchObject({ ok: false, code: "stale-epoch" });
      expect(await ledger.orders("paper")).toEqual([]);
    });

    test("one that is issued while writes wait ends the epoch of those behind it", async () => {
      const epoch = await ledger.issueEpoch(SCOPE);
      const [before, , after] = await Promise.all([
        ledger.apply(SCOPE, epoch, ENTRY),
        ledger.issueEpoch(SCOPE),
        ledger.apply(SCOPE, epoch, [intent(20, { intentId: "paper-2" })]),
      ]);
      expect(before.ok).toBe(true);
      expect(after).toMatchObject({ code: "stale-epoch" });
      expect(await ledger.orders("paper")).toHaveLength(1);
    });
  });

  describe(`${name}: books`, () => {
    for (const { name: story, records, orders, positions } of STORIES) {
      test(story, async () => {
        const epoch = await ledger.issueEpoch(SCOPE);
        const applied = await ledger.apply(SCOPE, epoch, records);
        expect(applied).toMatchObject({ ok: true, value: { cursorSeq: records.at(-1)!.seq } });
        const booked = await ledger.orders("paper");
        expect(booked.map((order) => [order.state, order.filledMicros / LOT])).toEqual(orders);
        const held = await ledger.positions("paper");
        expect(held.map((each) => [each.side, each.volumeMicros / LOT, each.openPricePoints])).toEqual(
          positions,
        );
      });
    }

    test("orders and positions come back as they went in, for their account only", async () => {
      await ledger.apply(SCOPE, await ledger.issueEpoch(SCOPE), ENTRY);
      expect(await ledger.orders("paper")).toEqual([
        {
          intentId: "paper-1",
          accountId: "paper",
          instrumentId: 3,
          purpose: "entry",
          side: "BUY",
          volumeMicros: LOT,
          filledMicros: LOT,
          state: "filled",
          intentSeq: 10,
        },
      ]);
      expect(await ledger.positions("paper")).toEqual([
        {
          positionId: "position-1",
          accountId: "paper",
          instrumentId: 3,
          side: "BUY",
          volumeMicros: LOT,
          openPricePoints: 108_010,
        },
      ]);
      expect(await ledger.orders("another")).toEqual([]);
      expect(await ledger.positions("another")).toEqual([]);
    });
  });

  describe(`${name}: batches`, () => {
    test("however the records are cut, and whatever comes twice, the books are the same", async () => {
      const records = [...ENTRY, execution(20, { side: "SELL", reason: "target", volumeMicros: HALF })];
      const epoch = await ledger.issueEpoch(SCOPE);
      for (let end = 1; end <= records.length; end++) {
        await ledger.apply(SCOPE, epoch, records.slice(0, end));
        await ledger.apply(SCOPE, epoch, records.slice(Math.max(0, end - 2), end));
      }
      expect(await ledger.cursor(SCOPE)).toBe(20);
      expect(await ledger.orders("paper")).toMatchObject([{ state: "filled", filledMicros: LOT }]);
      expect(await ledger.positions("paper")).toMatchObject([{ side: "BUY", volumeMicros: HALF }]);
    });

    test("writes and questions at the same time do not mix", async () => {
      const epoch = await ledger.issueEpoch(SCOPE);
      const writes = Array.from({ length: 10 }, async (_, index) => {
        const written = await ledger.apply(SCOPE, epoch, [
          intent(100 + index, { intentId: `paper-${index}` }),
        ]);
        const seen = await ledger.orders("paper");
        return written.ok && seen.length > index;
      });
      expect(await Promise.all(writes)).not.toContain(false);
      expect(await ledger.cursor(SCOPE)).toBe(109);
    });

    test("an empty batch is applied and moves nothing", async () => {
      const epoch = await ledger.issueEpoch(SCOPE);
      expect(await ledger.apply(SCOPE, epoch, [])).toMatchObject({ ok: true, value: { cursorSeq: 0 } });
    });

    test("cursors are kept for each scope", async () => {
      await ledger.apply(SCOPE, await ledger.issueEpoch(SCOPE), [intent(10)]);
      expect(await ledger.cursor("other")).toBe(0);
    });
  });
}
