// The budget of restarts against its definition: count what lies in the window, and grow the delay with the count.

import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { SeededRandom } from "../base/random.ts";
import { BUDGET_EXHAUSTED, DEFAULT_SUPERVISION, RestartBudget } from "./supervision.ts";

test("property: never more than n restarts in any window, and every delay within its bounds", () => {
  const gaps = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 60 });
  fc.assert(
    fc.property(gaps, fc.integer({ min: 0, max: 5 }), fc.integer(), (steps, restartsMax, seed) => {
      const backoff = { minMicros: 10, maxMicros: 100, factor: 3, jitter: 0.3 };
      const rules = { ...DEFAULT_SUPERVISION, restartsMax, windowMicros: 1_000, backoff };
      const budget = new RestartBudget(rules, new SeededRandom(seed));
      const granted: number[] = [];
      let nowMicros = 0;
      for (const step of steps) {
        nowMicros += step;
        const recent = granted.filter((at) => at > nowMicros - 1_000).length;
        const delayMicros = budget.spend(nowMicros);
        expect(delayMicros === BUDGET_EXHAUSTED).toBe(recent >= restartsMax);
        if (delayMicros === BUDGET_EXHAUSTED) continue;
        const full = Math.min(100, 10 * 3 ** recent);
        expect(delayMicros).toBeGreaterThanOrEqual(Math.round(full * 0.7));
        expect(delayMicros).toBeLessThanOrEqual(full);
        granted.push(nowMicros);
      }
    }),
  );
});

test("a policy that cannot work is a bug", () => {
  const random = new SeededRandom(1);
  const { backoff } = DEFAULT_SUPERVISION;
  const wrong = [
    { restartsMax: -1 },
    { restartsMax: 1_001 },
    { windowMicros: 0 },
    { backoff: { ...backoff, factor: 0.5 } },
    { backoff: { ...backoff, minMicros: backoff.maxMicros + 1 } },
    { backoff: { ...backoff, jitter: 1.1 } },
  ];
  for (const policy of wrong) {
    expect(() => new RestartBudget({ ...DEFAULT_SUPERVISION, ...policy }, random)).toThrow();
  }
});
