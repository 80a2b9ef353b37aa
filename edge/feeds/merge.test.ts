// Several sources become one stream in source time, the same one every time.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { failure, type Failure } from "../../actors/base/result.ts";
import { MergedSource } from "./merge.ts";
import { emptySourceTick, type SourceProgress, type SourceTick, type TickSource } from "./source.ts";

/** A source of given times that reuses its tick, as real ones do. */
class ListSource implements TickSource {
  failure: Failure<string> | undefined;
  readonly #tick: SourceTick;
  readonly #times: readonly number[];
  readonly #end: Failure<string> | undefined;
  #next = 0;

  constructor(sourceId: number, times: readonly number[], end?: Failure<string>) {
    this.#tick = { ...emptySourceTick(), sourceId };
    this.#times = times;
    this.#end = end;
  }

  describe(): string {
    return `list ${this.#tick.sourceId}`;
  }

  next(): SourceTick | undefined {
    const time = this.#times[this.#next];
    if (time === undefined) {
      this.failure = this.#end;
      return undefined;
    }
    this.#tick.sourceTimeMicros = time;
    this.#tick.sourceSeq = ++this.#next;
    return this.#tick;
  }

  progress(): SourceProgress {
    return { ticks: this.#next, ticksEstimate: this.#times.length, bytes: this.#next, bytesTotal: 10 };
  }
}

function drain(source: TickSource): string[] {
  const seen: string[] = [];
  for (let tick = source.next(); tick !== undefined; tick = source.next()) {
    seen.push(`${tick.sourceTimeMicros}:${tick.sourceId}#${tick.sourceSeq}`);
  }
  return seen;
}

test("ticks come in the order of their times", () => {
  const merged = new MergedSource([
    new ListSource(1, [1, 4, 6]),
    new ListSource(2, [2, 3, 7]),
    new ListSource(3, [5]),
  ]);
  expect(drain(merged)).toEqual(["1:1#1", "2:2#1", "3:2#2", "4:1#2", "5:3#1", "6:1#3", "7:2#3"]);
  expect(merged.next()).toBeUndefined();
  expect(merged.failure).toBeUndefined();
});

test("of ticks at one time the lower source id comes first, whatever the order of the sources", () => {
  const merged = new MergedSource([new ListSource(2, [5, 5]), new ListSource(1, [5, 5])]);
  expect(drain(merged)).toEqual(["5:1#1", "5:1#2", "5:2#1", "5:2#2"]);
});

test("a source keeps its own order where its times step back", () => {
  const merged = new MergedSource([new ListSource(1, [5, 2, 9]), new ListSource(2, [6])]);
  expect(drain(merged)).toEqual(["5:1#1", "2:1#2", "6:2#1", "9:1#3"]);
});

describe("a source that fails ends the stream", () => {
  const broken = failure("bad-rows", "line 3");
  test.each([
    ["at once", [], []],
    ["after its last good tick", [1, 4], ["1:1#1", "2:2#1", "3:2#2", "4:1#2"]],
  ] as const)("%s", (_name, times, expected) => {
    const merged = new MergedSource([new ListSource(1, times, broken), new ListSource(2, [2, 3, 5])]);
    expect(drain(merged)).toEqual([...expected]);
    expect(merged.failure).toBe(broken);
    expect(merged.next()).toBeUndefined();
  });
});

test("progress and description are those of all", () => {
  const merged = new MergedSource([new ListSource(1, [1]), new ListSource(2, [2, 3])]);
  merged.next();
  expect(merged.describe()).toBe("list 1; list 2");
  expect(merged.progress()).toMatchObject({ ticksEstimate: 3, bytesTotal: 20 });
});

test("no sources are an empty stream", () => {
  expect(drain(new MergedSource([]))).toEqual([]);
});

test("it equals sorting all ticks by time, source and place", () => {
  const times = fc.array(fc.nat(20), { maxLength: 12 }).map((list) => list.sort((a, b) => a - b));
  fc.assert(
    fc.property(fc.array(times, { maxLength: 7 }), (lists) => {
      const merged = new MergedSource(lists.map((list, index) => new ListSource(index % 3, list)));
      const naive = lists
        .flatMap((list, source) =>
          list.map((time, place) => ({ time, id: source % 3, source, seq: place + 1 })),
        )
        .sort((a, b) => a.time - b.time || a.id - b.id || a.source - b.source || a.seq - b.seq)
        .map(({ time, id, seq }) => `${time}:${id}#${seq}`);
      expect(drain(merged)).toEqual(naive);
    }),
    { numRuns: 200 },
  );
});
