// Production time: exact microseconds that never step back, whatever the machine's clocks and timers do.

import { describe, expect, test } from "bun:test";
import { type Machine, SystemClock } from "./system-clock.ts";

const WALL = 1_400_000_000_000;

/** A machine whose clocks are set by hand and whose timers are run by hand. */
class TestMachine implements Machine {
  monotonic = 5_000.25;
  wall = WALL;
  readonly timers: { milliseconds: number; task: () => void; cancelled: boolean }[] = [];
  readonly tasks: (() => void)[] = [];

  monotonicMilliseconds(): number {
    return this.monotonic;
  }

  wallMilliseconds(): number {
    return this.wall;
  }

  startTimer(milliseconds: number, task: () => void): () => void {
    const timer = { milliseconds, task, cancelled: false };
    this.timers.push(timer);
    return () => {
      timer.cancelled = true;
    };
  }

  soon(task: () => void): void {
    this.tasks.push(task);
  }

  pass(milliseconds: number): void {
    this.monotonic += milliseconds;
    this.wall += milliseconds;
  }
}

describe("the time", () => {
  test("starts at the wall clock and follows the monotonic one in whole microseconds", () => {
    const machine = new TestMachine();
    const clock = new SystemClock(machine);
    expect(clock.nowMicros()).toBe(WALL * 1_000);
    machine.pass(1.2345);
    expect(clock.nowMicros()).toBe(WALL * 1_000 + 1_234);
  });

  test("goes on where the wall clock is set back, and says so", () => {
    const machine = new TestMachine();
    const clock = new SystemClock(machine);
    machine.wall -= 3_600_000;
    machine.pass(2_000);
    expect(clock.nowMicros()).toBe((WALL + 2_000) * 1_000);
    expect(clock.aheadOfWallMicros()).toBe(3_600_000_000);
  });

  test("jumps forward with a wall clock that ran on while the machine slept", () => {
    const machine = new TestMachine();
    const clock = new SystemClock(machine);
    machine.wall += 7_200_000;
    machine.pass(1_500);
    expect(clock.nowMicros()).toBe((WALL + 7_201_500) * 1_000);
    expect(clock.aheadOfWallMicros()).toBe(0);
  });

  test("takes no notice of a wall clock that is a little off", () => {
    const machine = new TestMachine();
    const clock = new SystemClock(machine);
    machine.wall += 400;
    machine.pass(1_500);
    expect(clock.nowMicros()).toBe((WALL + 1_500) * 1_000);
  });

  test("of this machine is now, in integers, and does not step back", () => {
    const clock = new SystemClock();
    let last = clock.nowMicros();
    expect(Math.abs(last - Date.now() * 1_000)).toBeLessThan(1_000_000);
    for (let i = 0; i < 10_000; i++) {
      const now = clock.nowMicros();
      if (now < last || !Number.isInteger(now)) throw new Error(`${last} -> ${now}`);
      last = now;
    }
  });
});

describe("timers", () => {
  test("wait at least as long as asked, in whole milliseconds of the machine", () => {
    const machine = new TestMachine();
    const clock = new SystemClock(machine);
    clock.after(1_500, () => {});
    expect(machine.timers[0]?.milliseconds).toBe(2);
  });

  test("that fire early wait for the rest", () => {
    const machine = new TestMachine();
    const clock = new SystemClock(machine);
    let fired = 0;
    clock.after(10_000, () => fired++);
    machine.pass(9.4);
    machine.timers[0]?.task();
    expect([fired, machine.timers[1]?.milliseconds]).toEqual([0, 1]);
    machine.pass(0.6);
    machine.timers[1]?.task();
    expect([fired, machine.timers.length]).toEqual([1, 2]);
  });

  test("longer than the machine's longest are waited for in parts", () => {
    const machine = new TestMachine();
    const clock = new SystemClock(machine);
    let fired = 0;
    clock.after(40 * 86_400_000_000, () => fired++);
    expect(machine.timers[0]?.milliseconds).toBe(2 ** 31 - 1);
    machine.pass(2 ** 31 - 1);
    machine.timers[0]?.task();
    expect([fired, machine.timers[1]?.milliseconds]).toEqual([0, 40 * 86_400_000 - (2 ** 31 - 1)]);
  });

  test("are cancelled, in a later part too", () => {
    const machine = new TestMachine();
    const cancel = new SystemClock(machine).after(10_000, () => {});
    machine.timers[0]?.task();
    cancel();
    cancel();
    expect(machine.timers.map(({ cancelled }) => cancelled)).toEqual([false, true]);
  });

  test("of this machine run in order, and soon before later", async () => {
    const clock = new SystemClock();
    const order: string[] = [];
    const startMicros = clock.nowMicros();
    const tookMicros = await new Promise<number>((done) => {
      clock.after(2_000, () => {
        order.push("after");
        done(clock.nowMicros() - startMicros);
      });
      clock.after(1_000, () => order.push("cancelled"))();
      clock.soon(() => order.push("soon"));
      order.push("now");
    });
    expect(order).toEqual(["now", "soon", "after"]);
    expect(tookMicros).toBeGreaterThanOrEqual(2_000);
  });
});
