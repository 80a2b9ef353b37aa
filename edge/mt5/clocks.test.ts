// The trade server's distance from UTC is believed only where live ticks agree on it, and a terminal's clock by its quickest heartbeat.

import { describe, expect, test } from "bun:test";
import { BrokerTime, ClockMap } from "./clocks.ts";

const HOUR = 3_600_000;
const NOW = Date.UTC(2025, 2, 30, 12);

function hear(time: BrokerTime, aheadMs: number, count: number, from = NOW): number {
  let changes = 0;
  for (let i = 0; i < count; i++) {
    const nowMs = from + i * 500;
    if (time.hear(nowMs + aheadMs - 80, nowMs)) changes++;
  }
  return changes;
}

describe("the trade server's time", () => {
  test("is what the terminal says, rounded, until ticks prove another", () => {
    const time = new BrokerTime({ provenMs: Number.NaN, saidMs: 2 * HOUR + 61_000 });
    expect({ offsetMs: time.offsetMs, isProven: time.isProven }).toEqual({
      offsetMs: 2 * HOUR,
      isProven: false,
    });
    expect(hear(time, 3 * HOUR, 9)).toBe(0);
    expect(hear(time, 3 * HOUR, 9, NOW + 4_500)).toBe(1);
    expect({ offsetMs: time.offsetMs, isProven: time.isProven }).toEqual({
      offsetMs: 3 * HOUR,
      isProven: true,
    });
  });

  test("moves with daylight saving and quarters of an hour, once", () => {
    const time = new BrokerTime({ provenMs: 2 * HOUR, saidMs: 0 });
    expect(hear(time, 2 * HOUR, 100)).toBe(0);
    expect(hear(time, 5.75 * HOUR, 100, NOW + HOUR)).toBe(1);
    expect(time.offsetMs).toBe(5.75 * HOUR);
  });

  test("is not learned from the last tick before a weekend, however often it comes, nor from a clock that is off", () => {
    const time = new BrokerTime({ provenMs: 2 * HOUR, saidMs: 0 });
    for (let i = 0; i < 1_000; i++) time.hear(NOW - 40 * HOUR, NOW + i * 500);
    for (let i = 0; i < 100; i++) time.hear(NOW + 2 * HOUR + 7 * 60_000 + i * 500, NOW + i * 500);
    // History that is read faster than it happened.
    for (let i = 0; i < 100; i++) time.hear(NOW - 10 * HOUR + i * 60_000, NOW + i * 10);
    expect(time.offsetMs).toBe(2 * HOUR);
  });
});

describe("the terminal's clock", () => {
  test("is that of the quickest heartbeat, until the machine starts anew", () => {
    const clock = new ClockMap();
    expect(clock.delayMs(1_000, NOW)).toBeNaN();
    clock.beat(1_000, NOW + 30);
    clock.beat(2_000, NOW + 1_005);
    clock.beat(3_000, NOW + 2_300);
    expect(clock.delayMs(4_000, NOW + 3_045)).toBe(40);
    expect(clock.ageMs(NOW + 2_500)).toBe(200);
    clock.beat(10, NOW + 5_000);
    expect(clock.delayMs(20, NOW + 5_015)).toBe(5);
  });
});
