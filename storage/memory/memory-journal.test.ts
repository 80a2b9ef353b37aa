// The journal without a disk: the conformance suite, and what is its own.

import { expect, test } from "bun:test";
import { appendNumbered, journalContract } from "../../test/contract/journal.ts";
import { MemoryJournal } from "./memory-journal.ts";

journalContract("memory", { open: async () => new MemoryJournal({ keep: true }) });

test("a journal that keeps nothing still numbers", () => {
  const journal = new MemoryJournal({ keep: false });
  expect([appendNumbered(journal, 5), appendNumbered(journal, 6), journal.durableSeq]).toEqual([1, 2, 2]);
});

test("closing the memory journal's cursors survives more appends", () => {
  const journal = new MemoryJournal({ keep: true });
  const cursor = journal.cursor(1);
  cursor.close();
  appendNumbered(journal, 1);
  expect(cursor.next()).toBeUndefined();
});
