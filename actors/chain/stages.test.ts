// Which runs are timed, and whose the time is.

import { describe, expect, test } from "bun:test";
import { VirtualClock } from "../base/clock.ts";
import { STAGES, StageTimer } from "./stages.ts";

/** Runs the chain `count` times; every stage takes its position in the chain plus one, in microseconds. */
function run(timer: StageTimer, clock: VirtualClock, count: number): void {
  for (let i = 0; i < count; i++) {
    timer.begin();
    for (const [position, stage] of STAGES.entries()) {
      clock.advance(position + 1);
      timer.done(stage);
    }
  }
}

function counts(timer: StageTimer): number[] {
  return STAGES.map((stage) => timer.histograms[stage].count);
}

describe("stage timer", () => {
  test("has a histogram for every stage", () => {
    const { histograms } = new StageTimer(new VirtualClock());
    expect(Object.keys(histograms)).toEqual([...STAGES]);
  });

  test.each([
    [0, 0],
    [15, 0],
    [16, 1],
    [31, 1],
    [320, 20],
  ])("of %d runs times %d", (runs, timed) => {
    const clock = new VirtualClock();
    const timer = new StageTimer(clock);
    run(timer, clock, runs);
    expect(counts(timer)).toEqual(STAGES.map(() => timed));
  });

  test("gives each stage its own time", () => {
    const clock = new VirtualClock();
    const timer = new StageTimer(clock);
    run(timer, clock, 64);
    expect(STAGES.map((stage) => timer.histograms[stage].meanMicros)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test("does not count the wait between asking for votes and hearing them", () => {
    const clock = new VirtualClock();
    const timer = new StageTimer(clock);
    run(timer, clock, 15);
    timer.begin();
    clock.advance(3);
    timer.done("forecast");
    clock.advance(50_000);
    timer.resume();
    clock.advance(2);
    timer.done("vote");
    expect(timer.histograms.forecast.maxMicros).toBe(3);
    expect(timer.histograms.vote.maxMicros).toBe(2);
  });

  test("a stage that is skipped has no time, and costs the next one none", () => {
    const clock = new VirtualClock();
    const timer = new StageTimer(clock);
    run(timer, clock, 15);
    timer.begin();
    timer.done("validate");
    clock.advance(4);
    timer.done("policy");
    expect(timer.histograms.bars.count).toBe(0);
    expect(timer.histograms.policy.maxMicros).toBe(4);
  });
});
