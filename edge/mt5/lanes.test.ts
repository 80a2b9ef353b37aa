// Numbers of terminals' lives laid into one run of numbers, against a gap ledger that forgets nothing: no number is given twice, whatever
// comes first, and whatever is forgotten in between.

import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { GapLedger } from "../../actors/market/gap-ledger.ts";
import type { TerminalStore } from "../../actors/ports/terminals.ts";
import { openTerminals } from "../../storage/terminals/store.ts";
import { type Lane, LaneBook, type LaneWish } from "./lanes.ts";

class Rig {
  readonly folder = mkdtempSync(join(tmpdir(), "tickforge-lanes-"));
  readonly store: TerminalStore;
  readonly gaps = new GapLedger({ onGap: () => undefined });
  book: LaneBook;

  constructor() {
    const store = openTerminals({ data: this.folder, keyHex: undefined });
    if (!store.ok) throw new Error(store.message);
    this.store = store.value;
    this.book = new LaneBook({ store: this.store, gaps: this.gaps });
  }

  /** As after a crash. */
  restart(): void {
    this.book = new LaneBook({ store: this.store, gaps: this.gaps });
  }

  open(boot: string, changes: Partial<LaneWish> = {}): Lane {
    const wish = {
      sourceId: 1_002,
      instrumentId: 0,
      boot,
      symbol: "EURUSD",
      slot: 0,
      firstSeq: 1,
      lastSeq: 0,
    };
    return this.book.open([{ ...wish, ...changes }])[0]!;
  }

  take(lane: Lane, from: number, to: number): number[] {
    this.book.hearFirst(lane, from);
    const numbers: number[] = [];
    for (let seq = from; seq <= to; seq++) {
      const number = this.book.numberOf(lane, seq);
      this.gaps.take(lane.sourceId, lane.instrumentId, number, 0, 0);
      numbers.push(number);
    }
    this.book.took(lane, from, to);
    return numbers;
  }

  lose(lane: Lane, from: number, to: number): void {
    const { sourceId, boot, symbol } = lane;
    this.book.lose(lane, {
      sourceId,
      boot,
      symbol,
      reason: "overflow",
      from,
      to,
      fromBrokerMs: 1,
      toBrokerMs: 2,
    });
  }

  find(boot: string): Lane {
    return this.book.find({ sourceId: 1_002, instrumentId: 0, boot, symbol: "EURUSD" })!;
  }

  close(): void {
    this.store.close();
    rmSync(this.folder, { recursive: true });
  }
}

test("a new life's numbers follow what the old one still owes, which keeps its place", () => {
  const rig = new Rig();
  const old = rig.open("a", { lastSeq: 5 });
  expect(rig.take(old, 1, 3)).toEqual([1, 2, 3]);
  const next = rig.open("b");
  expect(rig.take(next, 1, 2)).toEqual([6, 7]);
  rig.restart();
  expect(rig.find("a").takenSeq).toBe(3);
  expect(rig.find("b").takenSeq).toBe(2);
  expect(rig.take(rig.find("a"), 4, 5)).toEqual([4, 5]);
  expect(rig.find("a").takenSeq).toBe(5);
  // It went on after all: behind the other, which then goes on behind it.
  expect(rig.take(rig.find("a"), 6, 7)).toEqual([8, 9]);
  expect(rig.take(rig.find("b"), 3, 3)).toEqual([10]);
  rig.restart();
  expect([rig.find("a").takenSeq, rig.find("b").takenSeq]).toEqual([7, 3]);
  rig.close();
});

test("out of order nothing is acknowledged before what comes before it, lost ones are passed over", () => {
  const rig = new Rig();
  const lane = rig.open("a", { lastSeq: 20 });
  rig.take(lane, 11, 15);
  expect(lane.takenSeq).toBe(0);
  rig.take(lane, 1, 4);
  expect(lane.takenSeq).toBe(4);
  rig.lose(lane, 5, 8);
  expect(lane.takenSeq).toBe(8);
  rig.restart();
  const again = rig.find("a");
  expect(again.takenSeq).toBe(8);
  rig.lose(again, 16, 18);
  rig.take(again, 9, 10);
  expect(again.takenSeq).toBe(18);
  rig.take(again, 19, 20);
  expect(again.takenSeq).toBe(20);
  expect(rig.gaps.counts()[0]).toMatchObject({ received: 13, missing: 7 });
  rig.close();
});

test("a life whose beginning went to others begins where it is first heard of, also after a restart; one that was told of does not", () => {
  const rig = new Rig();
  const lane = rig.open("a", { firstSeq: undefined });
  rig.restart();
  expect(rig.take(rig.find("a"), 500, 502)).toEqual([1, 2, 3]);
  expect(rig.find("a").takenSeq).toBe(502);
  expect(rig.book.numberOf(rig.find("a"), 499)).toBe(0);
  expect(lane.boot).toBe("a");
  rig.open("b", { firstSeq: undefined });
  rig.restart();
  rig.open("b", { firstSeq: 1, lastSeq: 9 });
  // The later ones come first: the earlier ones keep their places.
  expect(rig.take(rig.find("b"), 5, 9)).toEqual([8, 9, 10, 11, 12]);
  expect(rig.take(rig.find("b"), 1, 4)).toEqual([4, 5, 6, 7]);
  expect(rig.find("b").takenSeq).toBe(9);
  rig.close();
});

test("lives that nobody speaks of any more are forgotten, but for the newest", () => {
  const rig = new Rig();
  rig.take(rig.open("a"), 1, 3);
  rig.lose(rig.find("a"), 4, 6);
  rig.book.forget({ sourceId: 1_002, slot: 0, spokenOf: new Set(["b"]) });
  // Its end is not known before another begins: the lost ones keep their places, and are missing.
  expect(rig.take(rig.open("b"), 1, 1)).toEqual([7]);
  expect(rig.gaps.missing(1_002, 0)).toMatchObject([{ fromSourceSeq: 4, toSourceSeq: 6 }]);
  rig.book.forget({ sourceId: 1_002, slot: 1, spokenOf: new Set() });
  rig.book.forget({ sourceId: 1_002, slot: 0, spokenOf: new Set(["b"]) });
  expect(rig.book.instrumentOf({ sourceId: 1_002, boot: "a", symbol: "EURUSD" })).toBeUndefined();
  rig.restart();
  expect(rig.take(rig.find("b"), 2, 2)).toEqual([8]);
  expect(rig.store.extents().length).toBe(1);
  rig.close();
});

test("two lives that take turns forever are stopped", () => {
  const rig = new Rig();
  const lanes = [rig.open("a"), rig.open("b")];
  let seq = 0;
  let numbers: number[] = [];
  while (!numbers.includes(-1) && seq < 1_000) {
    seq++;
    numbers = lanes.map((lane) => rig.book.numberOf(lane, seq));
    for (const number of numbers) if (number > 0) rig.gaps.take(1_002, 0, number, 0, 0);
    for (const lane of lanes) rig.book.took(lane, seq, seq);
  }
  expect(seq).toBeLessThan(100);
  rig.close();
});
