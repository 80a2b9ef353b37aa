// What every store of source cursors must do: forward only, in numbers and in lives, and only for whoever has the scope.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { isAhead, type SourceCursor, type SourceCursors } from "../../actors/ports/source-cursors.ts";
import { MemoryEpochs } from "../../storage/memory/epochs.ts";
import { MemorySourceCursors } from "../../storage/memory/source-cursors.ts";
import { ACME, describeFence, essence, type Fenced, issued, PAPER } from "./fenced.ts";

const cursors: fc.Arbitrary<SourceCursor> = fc.record({
  source: fc.constantFrom("bridge-1", "bridge-2", "it's; odd"),
  boot: fc.constantFrom(1, 2, 1_783_000_000_000_000),
  seq: fc.oneof(fc.nat({ max: 5 }), fc.maxSafeNat()),
});

function furthest(all: readonly SourceCursor[], source: string): SourceCursor | undefined {
  let best: SourceCursor | undefined;
  for (const next of all) {
    if (next.source === source && (best === undefined || isAhead(next, best))) best = next;
  }
  return best;
}

/** @param open gives an empty store */
export function describeSourceCursors(name: string, open: () => Promise<Fenced<SourceCursors>>): void {
  describe(`source cursors: ${name}`, () => {
    let opened: Fenced<SourceCursors>;
    let store: SourceCursors;
    beforeEach(async () => {
      opened = await open();
      ({ store } = opened);
    });
    afterEach(async () => await opened.close?.());

    test("nothing was taken in before the first, and nothing in another scope", async () => {
      expect(await store.cursor(PAPER, "bridge")).toBeUndefined();
      const epoch = await issued(opened, PAPER);
      const cursor = { source: "bridge", boot: 1, seq: 7 };
      expect(essence(await store.advance(PAPER, epoch, [cursor]))).toEqual([cursor]);
      expect(await store.cursor(PAPER, "bridge")).toEqual(cursor);
      expect(await store.cursor(ACME, "bridge")).toBeUndefined();
    });

    test("a lower number of a later life is further", async () => {
      const epoch = await issued(opened, PAPER);
      await store.advance(PAPER, epoch, [{ source: "bridge", boot: 1, seq: 900 }]);
      const restarted = { source: "bridge", boot: 2, seq: 1 };
      await store.advance(PAPER, epoch, [restarted]);
      const late = await store.advance(PAPER, epoch, [{ source: "bridge", boot: 1, seq: 901 }]);
      expect(essence(late)).toEqual([restarted]);
    });

    test("nothing is asked, nothing moves", async () => {
      expect(essence(await store.advance(PAPER, await issued(opened, PAPER), []))).toEqual([]);
    });

    test("however they are sent, in whatever order and how often, the furthest of each source stands", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(fc.array(cursors, { maxLength: 6 }), { maxLength: 8 }), async (batches) => {
          const subject = await open();
          const epochs = new MemoryEpochs();
          const oracle = { store: new MemorySourceCursors(epochs), epochs };
          try {
            const epoch = await issued(subject, PAPER);
            await issued(oracle, PAPER);
            for (const batch of batches) {
              const answered = await subject.store.advance(PAPER, epoch, batch);
              expect(essence(answered)).toEqual(essence(await oracle.store.advance(PAPER, epoch, batch)));
            }
            for (const source of ["bridge-1", "bridge-2", "it's; odd"]) {
              expect(await subject.store.cursor(PAPER, source)).toEqual(furthest(batches.flat(), source));
            }
          } finally {
            await subject.close?.();
          }
        }),
        { numRuns: 25 },
      );
    }, 60_000);

    test("batches that cross each other lose nothing", async () => {
      const epoch = await issued(opened, PAPER);
      const seqs = Array.from({ length: 40 }, (_, i) => ((i * 17) % 40) + 1);
      const answers = await Promise.all(
        seqs.map(async (seq) =>
          essence(
            await (seq % 2 === 0 ? store : opened.other).advance(PAPER, epoch, [
              { source: "bridge", boot: 1, seq },
            ]),
          ),
        ),
      );
      expect(answers).not.toContain("unreachable");
      expect(await store.cursor(PAPER, "bridge")).toMatchObject({ seq: 40 });
    });
  });

  describeFence(`source cursors: ${name}`, open, [
    {
      name: "a cursor",
      scope: PAPER,
      write: async (store, epoch) =>
        await store.advance(PAPER, epoch, [{ source: "bridge", boot: 1, seq: 7 }]),
      look: async (store) => await store.cursor(PAPER, "bridge"),
    },
  ]);
}
