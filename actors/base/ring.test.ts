// Both rings against the plain array they stand for.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { LoadArchive, SaveArchive } from "./archive.ts";
import { NumberWindow, RingQueue } from "./ring.ts";

describe("NumberWindow", () => {
  test("property: holds the last numbers, returns the one that leaves, and looks back", () => {
    const numbers = fc.array(fc.double({ noNaN: true }), { maxLength: 60 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), numbers, (capacity, values) => {
        const window = new NumberWindow(capacity);
        const model: number[] = [];
        for (const value of values) {
          const leaves = model.length === capacity ? model.shift()! : Number.NaN;
          model.push(value);
          expect(window.push(value)).toBe(leaves);
          expect(window.size).toBe(model.length);
          expect(window.full).toBe(model.length === capacity);
          for (let age = 0; age <= capacity; age++) {
            expect(window.back(age)).toBe(model[model.length - 1 - age] ?? Number.NaN);
          }
        }
        const copy = new Float64Array(capacity);
        expect([...copy.subarray(0, window.copyTo(copy))]).toEqual(model);
      }),
    );
  });

  test("property: one that was saved and loaded goes on like the original", () => {
    const numbers = fc.array(fc.double(), { maxLength: 30 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), numbers, numbers, (capacity, before, after) => {
        const original = new NumberWindow(capacity);
        for (const value of before) original.push(value);
        const saved = new SaveArchive();
        original.persist(saved);
        const loaded = new NumberWindow(capacity);
        loaded.persist(new LoadArchive(saved.finish()));
        for (const value of after) expect(loaded.push(value)).toBe(original.push(value));
        expect(loaded.size).toBe(original.size);
      }),
    );
  });

  test("a cleared window is empty", () => {
    const window = new NumberWindow(3);
    window.push(1);
    window.clear();
    expect([window.size, window.back(0)]).toEqual([0, Number.NaN]);
  });

  test("needs room for one, and a copy's target room for all", () => {
    expect(() => new NumberWindow(0)).toThrow("at least one number");
    const window = new NumberWindow(2);
    window.push(1);
    expect(() => window.copyTo(new Float64Array(0))).toThrow("smaller than the window");
  });
});

describe("RingQueue", () => {
  test("property: first in, first out, never beyond its capacity", () => {
    const steps = fc.array(fc.option(fc.string({ minLength: 1 })), { maxLength: 100 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), steps, (capacityMin, plan) => {
        const queue = new RingQueue<string>(capacityMin);
        const model: string[] = [];
        expect(queue.capacity).toBe(2 ** Math.ceil(Math.log2(capacityMin)));
        for (const entry of plan) {
          if (entry === null) expect(queue.shift()).toBe(model.shift());
          else {
            expect(queue.push(entry)).toBe(model.length < queue.capacity);
            if (model.length < queue.capacity) model.push(entry);
          }
          expect(queue.peek()).toBe(model[0]);
          expect(queue.size).toBe(model.length);
          expect(queue.full).toBe(model.length === queue.capacity);
        }
        queue.clear();
        expect([queue.size, queue.shift(), queue.peek()]).toEqual([0, undefined, undefined]);
      }),
    );
  });
});
