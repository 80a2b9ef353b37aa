// How often the watch on answers errs, how soon it acts, and that overlapping labels do not fool it.

import { describe, expect, test } from "bun:test";
import { SeededRandom } from "../../base/random.ts";
import { carryOver } from "../chain.fixture.ts";
import { AnswerWatch } from "./answer-watch.ts";

const HORIZON = 15;

/** Calls `visit` with block and answer of each minute: a lean times a move that it knows nothing of, labels overlapping. */
function eachUnskilled(
  options: { seed: number; blocks: number; persistence: number },
  visit: (block: number, worse: number) => void,
): void {
  const { seed, blocks, persistence } = options;
  const random = new SeededRandom(seed);
  const walk = [0];
  for (let i = 0; i < (blocks + 1) * HORIZON; i++) walk.push(walk.at(-1)! + random.normal());
  let lean = 0;
  for (let minute = 0; minute < blocks * HORIZON; minute++) {
    lean = persistence * lean + Math.sqrt(1 - persistence ** 2) * random.normal();
    const said = Math.max(-0.45, Math.min(0.45, 0.2 * lean));
    const outcome = walk[minute + HORIZON]! > walk[minute]! ? 0.5 : -0.5;
    visit(Math.floor(minute / HORIZON), -2 * said * outcome);
  }
}

/** A member that says 0.7 and is right so often, an answer a minute: what one of its answers is worse than nothing by. */
function confident(random: SeededRandom, right: number): number {
  return random.next() < right ? 0.2 ** 2 - 0.2 : 0.2 ** 2 + 0.2;
}

describe("a member without skill", () => {
  test.each([
    [0, 20_000],
    [0.99, 20_000],
  ])(
    "that holds to its opinion with %p from minute to minute is switched off less than once in %p blocks",
    (persistence, blocksEach) => {
      let alarms = 0;
      let blocks = 0;
      for (let seed = 1; seed <= 60; seed++) {
        const watch = new AnswerWatch();
        let wasOff = false;
        eachUnskilled({ seed, blocks: 2_000, persistence }, (block, worse) => {
          watch.add(block, worse);
          if (watch.isOff && !wasOff) alarms++;
          wasOff = watch.isOff;
        });
        blocks += 2_000;
      }
      expect(alarms).toBeLessThan(blocks / blocksEach);
    },
    30_000,
  );

  test("is not told from chance by a test that takes overlapping labels for independent ones, but by this one it is", () => {
    let fooled = 0;
    let switchedOff = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const watch = new AnswerWatch();
      const rows: number[] = [];
      eachUnskilled({ seed, blocks: 200, persistence: 0.99 }, (block, worse) => {
        rows.push(worse);
        watch.add(block, worse);
      });
      const mean = rows.reduce((sum, row) => sum + row, 0) / rows.length;
      const variance = rows.reduce((sum, row) => sum + (row - mean) ** 2, 0) / rows.length;
      // One-sided at 1 in 1,000.
      if (mean / Math.sqrt(variance / rows.length) > 3.09) fooled++;
      if (watch.isOff) switchedOff++;
    }
    expect(fooled).toBeGreaterThan(6);
    expect(switchedOff).toBe(0);
  });
});

describe("a confident member that was right seven times of ten and then is wrong as often", () => {
  test("is off within 20 blocks, watched on, and back within 90 of being right again", () => {
    const offAfter: number[] = [];
    const backAfter: number[] = [];
    for (let seed = 1; seed <= 50; seed++) {
      const random = new SeededRandom(seed);
      const watch = new AnswerWatch();
      const add = (block: number, right: number): void => {
        for (let row = 0; row < HORIZON; row++) watch.add(block, confident(random, right));
      };
      let block = 0;
      for (; block < 300; block++) add(block, 0.7);
      expect(watch.isOff).toBe(false);
      const wrongFrom = block;
      while (!watch.isOff && block < 1_000) add(block++, 0.3);
      offAfter.push(block - wrongFrom);
      for (; block < wrongFrom + 100; block++) add(block, 0.3);
      expect(watch.isOff).toBe(true);
      const rightFrom = block;
      while (watch.isOff && block < 2_000) add(block++, 0.7);
      backAfter.push(block - rightFrom);
    }
    expect(Math.max(...offAfter)).toBeLessThanOrEqual(20);
    expect(Math.max(...backAfter)).toBeLessThanOrEqual(90);
  });
});

test("a snapshot at any block changes nothing", () => {
  const random = new SeededRandom(5);
  const whole = new AnswerWatch();
  let restored = new AnswerWatch();
  for (let block = 0; block < 400; block++) {
    const worse = random.normal() + (block > 150 && block < 250 ? 1 : -0.2);
    whole.add(block, worse);
    restored.add(block, worse);
    restored = carryOver(restored, new AnswerWatch());
    expect([restored.isOff, restored.recent]).toEqual([whole.isOff, whole.recent]);
  }
});
