// That a feed quoted as ever is left alone, and that a maker's change of manner is noticed within a few blocks.

import { describe, expect, test } from "bun:test";
import { SeededRandom } from "../../base/random.ts";
import { carryOver } from "../chain.fixture.ts";
import { QUOTING_CHANGES } from "./limits.ts";
import { QuotingWatch } from "./quoting-watch.ts";

/** A block of changes, of which a share that differs a little from block to block goes on. */
function block(watch: QuotingWatch, random: SeededRandom, share: number): void {
  const ofBlock = share + 0.04 * random.normal();
  for (let i = 0; i < QUOTING_CHANGES; i++) watch.onChange(random.next() < ofBlock ? 1 : 0);
}

describe("a feed that goes on in three of five changes", () => {
  test("is called shifted in none of 20,000 blocks while it does", () => {
    let alarms = 0;
    for (let seed = 1; seed <= 20; seed++) {
      const watch = new QuotingWatch();
      const random = new SeededRandom(seed);
      for (let i = 0; i < 1_000; i++) {
        block(watch, random, 0.6);
        if (watch.isShifted) alarms++;
      }
    }
    expect(alarms).toBe(0);
  });

  test.each([0.42, 0.78])(
    "and then in %p of them is shifted within 8 blocks, and not a while after it is back",
    (other) => {
      for (let seed = 1; seed <= 20; seed++) {
        const watch = new QuotingWatch();
        const random = new SeededRandom(seed);
        for (let i = 0; i < 200; i++) block(watch, random, 0.6);
        expect([watch.isShifted, watch.usual > 0.57, watch.usual < 0.63]).toEqual([false, true, true]);
        let blocks = 0;
        while (!watch.isShifted && blocks < 100) {
          block(watch, random, other);
          blocks++;
        }
        expect(blocks).toBeLessThanOrEqual(8);
        for (let i = 0; i < 20; i++) block(watch, random, other);
        expect(watch.isShifted).toBe(true);
        blocks = 0;
        while (watch.isShifted && blocks < 200) {
          block(watch, random, 0.6);
          blocks++;
        }
        expect(blocks).toBeLessThanOrEqual(40);
      }
    },
  );

  test("and stays in its new manner has that as its usual one in the end", () => {
    const watch = new QuotingWatch();
    const random = new SeededRandom(3);
    for (let i = 0; i < 300; i++) block(watch, random, 0.6);
    for (let i = 0; i < 1_000; i++) block(watch, random, 0.4);
    expect([watch.isShifted, Math.round(20 * watch.usual)]).toEqual([false, 8]);
  });
});

test("a snapshot after any change of the mid changes nothing", () => {
  const random = new SeededRandom(9);
  const whole = new QuotingWatch();
  let restored = new QuotingWatch();
  for (let change = 0; change < 90 * QUOTING_CHANGES; change++) {
    const wentOn = random.next() < (change > 75 * QUOTING_CHANGES ? 0.3 : 0.6) ? 1 : 0;
    const news = whole.onChange(wentOn);
    expect(restored.onChange(wentOn)).toBe(news);
    if (change % 97 === 0) restored = carryOver(restored, new QuotingWatch());
  }
  expect([whole.isShifted, restored.isShifted]).toEqual([true, true]);
});
