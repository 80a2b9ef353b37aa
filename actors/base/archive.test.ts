// What goes into an archive comes out the same, and a snapshot that does not fit is refused, not misread.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { type Archive, ArchiveMismatch, LoadArchive, SaveArchive, TEXT_LENGTH_MAX } from "./archive.ts";

interface Part {
  readonly number: number;
  readonly numbers: Float64Array;
  readonly flag: boolean;
  readonly text: string;
}

function persist(part: Part, archive: Archive): Part {
  archive.numbers(part.numbers);
  return {
    number: archive.number(part.number),
    numbers: part.numbers,
    flag: archive.boolean(part.flag),
    text: archive.text(part.text),
  };
}

const part: fc.Arbitrary<Part> = fc.record({
  number: fc.double(),
  numbers: fc.float64Array({ maxLength: 700 }),
  flag: fc.boolean(),
  text: fc.string({ unit: "binary", maxLength: 50 }),
});

test("property: everything survives, NaN, -0 and lone surrogates included", () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
      const saved = new SaveArchive();
      for (const one of parts) persist(one, saved);
      const archive = new LoadArchive(saved.finish());
      for (const one of parts) {
        const blank = { number: 0, numbers: new Float64Array(one.numbers.length), flag: false, text: "" };
        // As lists: two NaNs of different bits are the same number, and differ only as typed arrays.
        const loaded = persist(blank, archive);
        expect({ ...loaded, numbers: [...loaded.numbers] }).toEqual({ ...one, numbers: [...one.numbers] });
      }
      archive.finish();
    }),
  );
});

test("what was saved is a copy: later saving does not change it", () => {
  const archive = new SaveArchive();
  archive.number(1);
  const first = archive.finish();
  archive.number(2);
  expect([...first]).toEqual([1]);
  expect([...archive.finish()]).toEqual([1, 2]);
});

/** Something with a number of its own. */
class Counter {
  value: number;

  constructor(value: number) {
    this.value = value;
  }

  persist(archive: Archive): void {
    this.value = archive.number(this.value);
  }
}

describe("parts by their names", () => {
  test("come back to those that are still there; others are passed over, and new ones stay as they are", () => {
    const saved = new SaveArchive();
    saved.parts(
      new Map([
        ["one", new Counter(1)],
        ["two", new Counter(2)],
        ["three", new Counter(Number.NaN)],
      ]),
    );
    saved.number(99);
    const [three, one, four] = [new Counter(0), new Counter(0), new Counter(4)];
    const archive = new LoadArchive(saved.finish());
    archive.parts(
      new Map([
        ["three", three],
        ["one", one],
        ["four", four],
      ]),
    );
    expect([one.value, three.value, four.value]).toEqual([1, Number.NaN, 4]);
    expect(archive.number()).toBe(99);
    archive.finish();
  });

  test("that have another shape than they had are refused", () => {
    const saved = new SaveArchive();
    saved.parts(new Map([["one", new Counter(1)]]));
    const numbers = saved.finish();
    const larger = { persist: (archive: Archive) => archive.numbers(new Float64Array(3)) };
    expect(() => new LoadArchive(numbers).parts(new Map([["one", larger]]))).toThrow(ArchiveMismatch);
    const smaller = { persist: () => {} };
    expect(() => new LoadArchive(numbers).parts(new Map([["one", smaller]]))).toThrow("nobody read");
    for (let length = 0; length < numbers.length; length++) {
      const cut = new LoadArchive(numbers.slice(0, length));
      expect(() => cut.parts(new Map([["one", new Counter(0)]]))).toThrow(ArchiveMismatch);
    }
  });
});

describe("a snapshot that does not fit", () => {
  const cases: { what: string; read: () => void; message: string }[] = [
    {
      what: "ends too early",
      read: () => new LoadArchive(new Float64Array(0)).number(),
      message: "ends too early",
    },
    {
      what: "holds another length",
      read: () => new LoadArchive(new Float64Array([3, 1, 2, 3])).numbers(new Float64Array(2)),
      message: "snapshot holds 3 numbers where 2 are expected",
    },
    {
      what: "is cut within numbers",
      read: () => new LoadArchive(new Float64Array([2, 1])).numbers(new Float64Array(2)),
      message: "snapshot holds 2 numbers",
    },
    {
      what: "has no length for a text",
      read: () => new LoadArchive(new Float64Array([-1])).text(),
      message: "no length",
    },
    {
      what: "has NaN for a length",
      read: () => new LoadArchive(new Float64Array([Number.NaN])).text(),
      message: "no length",
    },
    {
      what: "is longer than what reads it",
      read: () => new LoadArchive(new Float64Array(2)).finish(),
      message: "2 numbers nobody read",
    },
  ];
  for (const { what, read, message } of cases) {
    test(what, () => {
      expect(read).toThrow(ArchiveMismatch);
      expect(read).toThrow(message);
    });
  }
});

test("a text beyond the bound is a bug", () => {
  expect(() => new SaveArchive().text("x".repeat(TEXT_LENGTH_MAX + 1))).toThrow("text too long");
});
