// The breaker's whole life: closed, open, half-open, and what a snapshot keeps of it.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { LoadArchive, SaveArchive } from "../base/archive.ts";
import { MICROS_PER_SECOND } from "../base/clock.ts";
import { CircuitBreaker } from "./breaker.ts";

const OPTIONS = { failuresMax: 3, delayMicros: 100, delayMicrosMax: 350 };

function opened(): CircuitBreaker {
  const breaker = new CircuitBreaker(OPTIONS);
  for (let i = 0; i < 3; i++) breaker.failed(0);
  return breaker;
}

describe("closed", () => {
  test("opens after five failures in a row by default, for a second", () => {
    const breaker = new CircuitBreaker();
    for (let i = 0; i < 4; i++) breaker.failed(0);
    expect(breaker.state).toBe("closed");
    breaker.failed(0);
    expect(breaker.state).toBe("open");
    expect(breaker.allows(MICROS_PER_SECOND - 1)).toBe(false);
    expect(breaker.allows(MICROS_PER_SECOND)).toBe(true);
  });

  test("a success starts the count again", () => {
    const breaker = new CircuitBreaker(OPTIONS);
    for (let i = 0; i < 10; i++) {
      breaker.failed(i);
      breaker.failed(i);
      breaker.succeeded();
    }
    expect(breaker.state).toBe("closed");
    expect(breaker.trips).toBe(0);
  });
});

describe("open", () => {
  test("answers to questions asked before it opened change nothing", () => {
    const breaker = opened();
    breaker.succeeded();
    breaker.failed(50);
    expect(breaker.state).toBe("open");
    expect(breaker.probeAtMicros).toBe(100);
    expect(breaker.trips).toBe(1);
  });
});

describe("half-open", () => {
  test("lets one probe through", () => {
    const breaker = opened();
    expect(breaker.allows(100)).toBe(true);
    expect(breaker.state).toBe("half-open");
    expect(breaker.allows(101)).toBe(false);
  });

  test("a good probe closes it and forgets the longer delay", () => {
    const breaker = opened();
    breaker.allows(100);
    breaker.failed(100);
    breaker.allows(300);
    breaker.succeeded();
    expect(breaker.state).toBe("closed");
    for (let i = 0; i < 3; i++) breaker.failed(1_000);
    expect(breaker.probeAtMicros).toBe(1_100);
  });

  test("failed probes double the delay up to its maximum", () => {
    const breaker = opened();
    const delays: number[] = [];
    for (let i = 0; i < 4; i++) {
      const askedMicros = breaker.probeAtMicros;
      expect(breaker.allows(askedMicros)).toBe(true);
      breaker.failed(askedMicros);
      delays.push(breaker.probeAtMicros - askedMicros);
    }
    expect(delays).toEqual([200, 350, 350, 350]);
    expect(breaker.trips).toBe(5);
  });

  test("a probe nobody reports on is followed by another after the delay", () => {
    const breaker = opened();
    expect(breaker.allows(100)).toBe(true);
    expect(breaker.allows(199)).toBe(false);
    expect(breaker.allows(200)).toBe(true);
  });
});

test("property: a breaker loaded from a snapshot goes on exactly like the one it was taken of", () => {
  const steps = fc.array(fc.tuple(fc.constantFrom("ask", "good", "bad"), fc.integer({ min: 0, max: 120 })), {
    maxLength: 80,
  });
  fc.assert(
    fc.property(steps, steps, (before, after) => {
      let nowMicros = 0;
      const run = (breaker: CircuitBreaker, todo: typeof before, fromMicros: number): string => {
        let log = "";
        nowMicros = fromMicros;
        for (const [what, passedMicros] of todo) {
          nowMicros += passedMicros;
          if (what === "ask") log += breaker.allows(nowMicros) ? "y" : "n";
          else if (what === "good") breaker.succeeded();
          else breaker.failed(nowMicros);
          log += `${breaker.state}${breaker.trips}${breaker.probeAtMicros} `;
        }
        return log;
      };
      const original = new CircuitBreaker(OPTIONS);
      run(original, before, 0);
      const halfTimeMicros = nowMicros;
      const saved = new SaveArchive();
      original.persist(saved);
      const loaded = new CircuitBreaker(OPTIONS);
      const archive = new LoadArchive(saved.finish());
      loaded.persist(archive);
      archive.finish();
      expect(run(loaded, after, halfTimeMicros)).toBe(run(original, after, halfTimeMicros));
    }),
  );
});
