// The journal as it runs: on its thread, over a real disk; and its inline twin over a simulated one.

import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Journal, NOT_APPENDED } from "../../actors/ports/journal.ts";
import { appendNumbered, drain, journalContract } from "../../test/contract/journal.ts";
import { openInlineJournal } from "./inline-journal.ts";
import { openJournal } from "./journal.ts";
import { openJournalReader, statJournal } from "./reader.ts";
import { SimulatedDisk } from "./simulated-disk.ts";
import { verifyJournal } from "./verify.ts";

const SEGMENT_BYTES = 1 << 16;
const root = mkdtempSync(join(tmpdir(), "tickforge-journal-"));
let folders = 0;

afterAll(() => rmSync(root, { recursive: true }));

async function openIn(directory: string) {
  const opened = await openJournal({ directory, segmentBytes: SEGMENT_BYTES, ringBytes: 1 << 18 });
  if (!opened.ok) throw new Error(opened.message);
  return opened.value;
}

function freshFolder(): string {
  return join(root, String(folders++));
}

const directories = new WeakMap<Journal, string>();
journalContract("threaded, real disk", {
  open: async () => {
    const directory = freshFolder();
    const journal = await openIn(directory);
    directories.set(journal, directory);
    return journal;
  },
  reopen: async (journal) => {
    await journal.close();
    const directory = directories.get(journal)!;
    const again = await openIn(directory);
    directories.set(again, directory);
    return again;
  },
});

const disks = new WeakMap<Journal, SimulatedDisk>();
function openOver(disk: SimulatedDisk): Journal {
  const opened = openInlineJournal({ disk, segmentBytes: SEGMENT_BYTES });
  if (!opened.ok) throw new Error(opened.message);
  disks.set(opened.value, disk);
  return opened.value;
}
journalContract("inline, simulated disk", {
  open: async () => openOver(new SimulatedDisk()),
  reopen: async (journal) => {
    await journal.close();
    return openOver(disks.get(journal)!);
  },
});

test("records of many segments are verified, measured and read again after closing", async () => {
  const directory = freshFolder();
  const journal = await openIn(directory);
  const seqs: number[] = [];
  for (let number = 0; number < 5_000; number++) {
    let seq = appendNumbered(journal, number);
    while (seq === NOT_APPENDED) {
      await journal.flush();
      seq = appendNumbered(journal, number);
    }
    seqs.push(seq);
  }
  await journal.flush();
  const sealed = journal.sealedSegments();
  expect(sealed.length).toBeGreaterThan(3);
  for (const [i, segment] of sealed.slice(1).entries()) {
    expect(segment.firstSeq).toBe(sealed[i]!.lastSeq + 1);
  }
  expect(journal.stats().commits).toBeGreaterThan(0);
  await journal.close();
  const verified = verifyJournal(directory);
  expect(verified).toMatchObject({
    ok: true,
    value: { firstSeq: 1, lastSeq: journal.lastSeq, records: journal.lastSeq, epochs: 1, torn: false },
  });
  expect(statJournal(directory)).toMatchObject({
    ok: true,
    value: { firstSeq: 1, lastSeq: journal.lastSeq, lastEpoch: 1, torn: false },
  });
  const reader = openJournalReader(directory);
  if (!reader.ok) throw new Error(reader.message);
  const cursor = reader.value.cursor(1);
  expect(drain(cursor).map(({ seq }) => seq)).toEqual(seqs);
  cursor.close();
  expect(readdirSync(directory)).not.toContain("spare.tmp");
});

test("a full buffer refuses without giving a sequence, and takes again once drained", async () => {
  const directory = freshFolder();
  const journal = await openIn(directory);
  let pressureMax = 0;
  let before = journal.lastSeq;
  while (journal.append(0, 1, 0, 60_000) !== NOT_APPENDED) {
    before = journal.lastSeq;
    pressureMax = Math.max(pressureMax, journal.pressure);
  }
  expect(journal.lastSeq).toBe(before);
  expect(pressureMax).toBeGreaterThan(0.2);
  await journal.flush();
  expect(journal.pressure).toBe(0);
  expect(journal.append(0, 1, 0, 60_000)).toBe(before + 1);
  await journal.close();
});

test("a full buffer does not keep the journal from closing with a seal", async () => {
  const directory = freshFolder();
  const journal = await openIn(directory);
  while (journal.append(0, 1, 0, 1_000) !== NOT_APPENDED);
  await journal.close();
  expect(verifyJournal(directory)).toMatchObject({ ok: true, value: { lastSeq: journal.lastSeq } });
});

test("listeners hear of progress after the commit", async () => {
  const directory = freshFolder();
  const journal = await openIn(directory);
  const heard = Promise.withResolvers<number>();
  journal.onProgress(() => heard.resolve(journal.durableSeq));
  const seq = appendNumbered(journal, 1);
  expect(await heard.promise).toBeGreaterThanOrEqual(seq);
  await journal.close();
});

test("a journal behind a witness does not open, and says who has seen more", async () => {
  const directory = freshFolder();
  const journal = await openIn(directory);
  appendNumbered(journal, 1);
  await journal.close();
  const witnesses = [{ name: "the source mt5-1", seq: 1_000 }];
  const opened = await openJournal({ directory, segmentBytes: SEGMENT_BYTES, witnesses });
  expect(opened).toMatchObject({ ok: false, code: "journal-behind" });
  expect(!opened.ok && opened.message).toContain("the source mt5-1 has seen record 1000");
});

test("a folder that is not there is not readable, and is not made", () => {
  expect(openJournalReader(join(root, "nowhere"))).toMatchObject({ ok: false, code: "journal-unreadable" });
  expect(readdirSync(root)).not.toContain("nowhere");
});
