// A played source arrives when its own clock says, faster by a factor, or as fast as it is taken, and never in one gulp.

import { describe, expect, test } from "bun:test";
import { AssertionError } from "../../actors/base/assert.ts";
import { VirtualClock } from "../../actors/base/clock.ts";
import { PACER_BATCH_TICKS, PACER_RETRY_MICROS } from "./limits.ts";
import { Pacer, type PacerOptions } from "./pacer.ts";
import { emptySourceTick, type SourceTick, type TickSource } from "./source.ts";

const START = 1_000_000;

function sourceOf(times: readonly number[]): TickSource {
  const tick = emptySourceTick();
  let next = 0;
  return {
    failure: undefined,
    describe: () => "a list",
    next(): SourceTick | undefined {
      const time = times[next];
      if (time === undefined) return undefined;
      tick.sourceTimeMicros = time;
      tick.sourceSeq = ++next;
      return tick;
    },
    progress: () => ({ ticks: next, ticksEstimate: times.length, bytes: 0, bytesTotal: 0 }),
  };
}

/** Plays `times`; `seen` fills with [source time, time taken, time due], the clock's start being 0. */
function played(times: readonly number[], options: Partial<PacerOptions> = {}) {
  const clock = new VirtualClock(START);
  const seen: [number, number, number][] = [];
  const ends: number[] = [];
  const pacer = new Pacer({
    source: sourceOf(times),
    scheduler: clock,
    speed: 1,
    fromMicros: times[0] ?? 0,
    take(tick, dueMicros) {
      seen.push([tick.sourceTimeMicros, clock.nowMicros() - START, dueMicros - START]);
      return true;
    },
    onEnd: () => ends.push(clock.nowMicros() - START),
    ...options,
  });
  return { clock, seen, ends, pacer };
}

describe("ticks are taken when they are due", () => {
  const cases: readonly [string, Partial<PacerOptions>, number[]][] = [
    ["in real time", { speed: 1 }, [0, 300, 300, 1_000]],
    ["ten times as fast", { speed: 10 }, [0, 30, 30, 100]],
    ["slower, rounded up", { speed: 0.3 }, [0, 1_000, 1_000, 3_334]],
    ["without pause", { speed: Number.POSITIVE_INFINITY }, [0, 0, 0, 0]],
    ["what is past at once", { fromMicros: 5_300 }, [0, 0, 0, 700]],
    ["after a lead-in", { fromMicros: 4_900 }, [100, 400, 400, 1_100]],
    ["with long silences cut short", { silenceMaxMicros: 400 }, [0, 300, 300, 700]],
    ["with the cut scaled too", { silenceMaxMicros: 400, speed: 2 }, [0, 150, 150, 350]],
  ];
  test.each(cases)("%s", (_name, options, expected) => {
    const { clock, seen, ends } = played([5_000, 5_300, 5_300, 6_000], options);
    clock.advance(10_000);
    expect(seen.map(([, taken]) => taken)).toEqual(expected);
    expect(ends).toEqual([expected.at(-1)!]);
  });

  test("a tick whose time steps back follows at once and shifts nothing", () => {
    const { clock, seen } = played([5_000, 5_500, 5_100, 5_900]);
    clock.advance(10_000);
    expect(seen.map(([, taken]) => taken)).toEqual([0, 500, 500, 900]);
  });
});

describe("a consumer without room", () => {
  test("is offered the same tick again, then the schedule is caught up with", () => {
    let room = true;
    const { clock, seen, ends, pacer } = played([0, 100, 200, 300, 5_000], {
      take(tick, dueMicros) {
        if (!room) return false;
        seen.push([tick.sourceTimeMicros, clock.nowMicros() - START, dueMicros - START]);
        return true;
      },
    });
    clock.advance(50);
    room = false;
    clock.advance(3 * PACER_RETRY_MICROS);
    expect(seen).toEqual([[0, 0, 0]]);
    expect(pacer.refused).toBeGreaterThan(1);
    room = true;
    clock.advance(10_000);
    const late = 100 + 3 * PACER_RETRY_MICROS;
    expect(seen.slice(1)).toEqual([
      [100, late, 100],
      [200, late, 200],
      [300, late, 300],
      [5_000, 5_000, 5_000],
    ]);
    expect(ends).toEqual([5_000]);
  });
});

test("other work runs between batches of bounded size", () => {
  const times = Array.from({ length: 3 * PACER_BATCH_TICKS + 1 }, () => 7);
  const { clock, seen } = played(times, { speed: Number.POSITIVE_INFINITY });
  const between: number[] = [];
  const watch = (): void => {
    between.push(seen.length);
    if (between.length < 6) clock.soon(watch);
  };
  clock.soon(watch);
  clock.advance(1);
  expect(between.slice(0, 4)).toEqual(
    [1, 2, 3].map((batch) => batch * PACER_BATCH_TICKS).concat(times.length),
  );
});

describe("stopping", () => {
  test("takes nothing more and reports no end", () => {
    const { clock, seen, ends, pacer } = played([0, 100, 200]);
    clock.advance(100);
    pacer.stop();
    pacer.stop();
    clock.advance(10_000);
    expect(seen).toHaveLength(2);
    expect(pacer.ticks).toBe(2);
    expect(ends).toEqual([]);
  });

  test("from within a batch ends the batch", () => {
    let taken = 0;
    const { clock, pacer } = played([0, 0, 0], {
      take() {
        taken++;
        pacer.stop();
        return true;
      },
    });
    clock.advance(10);
    expect([taken, pacer.ticks]).toEqual([1, 1]);
  });
});

test("an empty source ends at once", () => {
  const { clock, ends } = played([]);
  clock.advance(0);
  expect(ends).toEqual([0]);
});

test("a market is not played backwards", () => {
  expect(() => played([0], { speed: 0 })).toThrow(AssertionError);
  expect(() => played([0], { speed: Number.NaN })).toThrow(AssertionError);
});
