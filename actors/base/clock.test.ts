// The virtual clock: timers run at their time, in the order (time, creation), and time moves only when told to.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { VirtualClock } from "./clock.ts";

describe("a virtual clock", () => {
  test("runs what is due, each at its own time, and then stands at the end", () => {
    const clock = new VirtualClock(1_000);
    const log: string[] = [];
    for (const delay of [30, 10, 20, 50]) clock.after(delay, () => log.push(`${delay}@${clock.nowMicros()}`));
    clock.advance(40);
    expect(log).toEqual(["10@1010", "20@1020", "30@1030"]);
    expect(clock.nowMicros()).toBe(1_040);
    expect(clock.pending).toBe(1);
  });

  test("runs timers of the same moment in the order they were made", () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    clock.soon(() => {
      log.push("first");
      clock.soon(() => log.push("third"));
    });
    clock.soon(() => log.push("second"));
    clock.advance(0);
    expect(log).toEqual(["first", "second", "third"]);
  });

  test("does not run a cancelled timer, however often it is cancelled", () => {
    const clock = new VirtualClock();
    const log: string[] = [];
    const cancel = clock.after(10, () => log.push("cancelled"));
    clock.after(10, () => log.push("kept"));
    cancel();
    cancel();
    clock.advance(10);
    cancel();
    expect(log).toEqual(["kept"]);
  });

  test("never goes backwards and takes no timer from the past", () => {
    const clock = new VirtualClock(5);
    expect(() => clock.advanceTo(4)).toThrow("time cannot go backwards");
    expect(() => clock.after(-1, () => {})).toThrow("a timer cannot be due in the past");
  });
});

test("property: timers run in the order of a stable sort by time", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (delays) => {
      const clock = new VirtualClock();
      const ran: number[] = [];
      for (const [order, delay] of delays.entries()) clock.after(delay, () => ran.push(order));
      clock.advance(20);
      const orders = [...delays.keys()];
      expect(ran).toEqual(orders.toSorted((a, b) => delays[a]! - delays[b]! || a - b));
    }),
  );
});
