// What every store of signed heads must do: hold one chain a scope that grows at its end, take the same head twice and no head
// that does not follow.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { AuditHeadStore, SignedHead } from "../../actors/ports/audit-heads.ts";
import { MemoryAuditHeads } from "../../storage/memory/audit-heads.ts";
import { ACME, essence, type Opened, PAPER } from "./fenced.ts";

/** A chain of heads, told apart from another by its mark. */
function chain(length: number, mark = "a", before?: SignedHead): SignedHead[] {
  const heads: SignedHead[] = [];
  for (let i = 0; i < length; i++) {
    const last = heads.at(-1) ?? before;
    const seq = (last?.seq ?? 0) + 100;
    heads.push({
      at: new Date(1_783_000_000_000 + seq).toISOString(),
      seq,
      topics: { "market-data": `${mark}${seq}`, "it's; odd": "x" },
      previous: last?.hash ?? "",
      key: "key",
      signature: "c2lnbmF0dXJl+/==",
      hash: `${mark}-${seq}`,
    });
  }
  return heads;
}

/** @param open gives an empty store */
export function describeAuditHeads(name: string, open: () => Promise<Opened<AuditHeadStore>>): void {
  describe(`audit heads: ${name}`, () => {
    let opened: Opened<AuditHeadStore>;
    let store: AuditHeadStore;
    beforeEach(async () => {
      opened = await open();
      ({ store } = opened);
    });
    afterEach(async () => await opened.close?.());

    test("come back as they were appended, for their scope only", async () => {
      expect(await store.heads(PAPER)).toEqual([]);
      expect(await store.newest(PAPER)).toBeUndefined();
      expect(essence(await store.append(PAPER, []))).toBe(0);
      const heads = chain(3);
      expect(essence(await store.append(PAPER, heads))).toBe(300);
      expect(await store.heads(PAPER)).toEqual(heads);
      expect(await store.newest(PAPER)).toEqual(heads[2]);
      expect(await store.heads(ACME)).toEqual([]);
    });

    test("may come again, alone or with what follows them", async () => {
      const heads = chain(5);
      await store.append(PAPER, heads.slice(0, 3));
      expect(essence(await store.append(PAPER, heads.slice(1, 2)))).toBe(300);
      expect(essence(await store.append(PAPER, heads))).toBe(500);
      expect(await store.heads(PAPER)).toEqual(heads);
    });

    const [first, second] = chain(2) as [SignedHead, SignedHead];
    const forks: readonly [string, SignedHead[]][] = [
      ["that begin anew", chain(3, "b")],
      ["that leave one out", chain(1, "a", chain(3)[2])],
      ["with another in the place of one", [first, ...chain(1, "b", first)]],
      ["that follow an older one", chain(1, "b", { ...first, seq: 900 })],
      ["whose numbers do not rise", [{ ...second, hash: "c", previous: second.hash }]],
    ];
    for (const [what, fork] of forks) {
      test(`${what} are refused, and nothing of them stays`, async () => {
        await store.append(PAPER, [first, second]);
        expect(essence(await store.append(PAPER, fork))).toBe("audit-forked");
        expect(await store.heads(PAPER)).toEqual([first, second]);
      });
    }

    test("two processes that append the same ones at once append them once", async () => {
      const heads = chain(12);
      const answers = await Promise.all(
        heads.map(async (_, i) =>
          essence(await (i % 2 === 0 ? store : opened.other).append(PAPER, heads.slice(0, i + 1))),
        ),
      );
      expect(answers).not.toContain("audit-forked");
      expect(answers).not.toContain("unreachable");
      expect(await store.heads(PAPER)).toEqual(heads);
    });

    test("of two that follow the same one at once, one is refused", async () => {
      await store.append(PAPER, [first]);
      const answers = await Promise.all([
        store.append(PAPER, chain(1, "b", first)),
        opened.other.append(PAPER, chain(1, "c", first)),
      ]);
      expect(answers.map((answer) => (answer.ok ? "ok" : answer.code)).sort()).toEqual([
        "audit-forked",
        "ok",
      ]);
      expect(await store.heads(PAPER)).toHaveLength(2);
    });

    test("whatever is brought, the chain is the one the simplest store has", async () => {
      const pool = [...chain(5), ...chain(3, "b"), ...chain(3, "c", chain(2)[1])];
      const batches = fc.array(
        fc.record({ from: fc.nat({ max: pool.length - 1 }), count: fc.nat({ max: 5 }) }),
        { maxLength: 10 },
      );
      await fc.assert(
        fc.asyncProperty(batches, async (brought) => {
          const oracle = new MemoryAuditHeads();
          const subject = await open();
          try {
            for (const { from, count } of brought) {
              const heads = pool.slice(from, from + count);
              const expected = essence(await oracle.append(PAPER, heads));
              expect(essence(await subject.store.append(PAPER, heads))).toEqual(expected);
            }
            expect(await subject.store.heads(PAPER)).toEqual(await oracle.heads(PAPER));
          } finally {
            await subject.close?.();
          }
        }),
        { numRuns: 25 },
      );
    }, 60_000);
  });
}
