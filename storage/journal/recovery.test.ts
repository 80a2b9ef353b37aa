// What is left after a crash, a cut, a flipped bit or a failing disk. CI runs a sample; TICKFORGE_TORTURE=1 runs it all.

import { expect, test } from "bun:test";
import { SeededRandom } from "../../actors/base/random.ts";
import { NOT_APPENDED } from "../../actors/ports/journal.ts";
import { appendNumbered, drain, numbered, type PlainRecord } from "../../test/contract/journal.ts";
import { JournalDamaged } from "./cursor.ts";
import { SEGMENT_HEADER_BYTES, segmentName } from "./format.ts";
import { type InlineJournal, openInlineJournal } from "./inline-journal.ts";
import type { Witness } from "./open.ts";
import { listSegments, scanSegment } from "./scan.ts";
import { SimulatedDisk } from "./simulated-disk.ts";
import { TopicChains } from "./topic-chains.ts";
import { verifyDisk } from "./verify.ts";

const TORTURE = process.env["TICKFORGE_TORTURE"] === "1";
const CRASH_POINTS = TORTURE ? 10_000 : 300;
const SEGMENT_BYTES = 8_192;
const FIRST = segmentName(1);

function open(disk: SimulatedDisk, witnesses: readonly Witness[] = []) {
  return openInlineJournal({ disk, segmentBytes: SEGMENT_BYTES, bufferBytes: 4_096, witnesses });
}

function opened(disk: SimulatedDisk): InlineJournal {
  const journal = open(disk);
  if (!journal.ok) throw new Error(journal.message);
  return journal.value;
}

function readAll(journal: InlineJournal): PlainRecord[] {
  const cursor = journal.cursor(1);
  const records = drain(cursor);
  cursor.close();
  return records;
}

/** The first segment without the zeros that wait behind its records. */
function firstSegment(disk: SimulatedDisk): Uint8Array {
  const scan = scanSegment(disk, 1, new TopicChains());
  if ("what" in scan) throw new Error(scan.what);
  return disk.contents(FIRST).subarray(0, scan.endOffset);
}

/** Commits of one to three records each; the journal is left open, as a crash would. */
async function written(disk: SimulatedDisk, records: number): Promise<PlainRecord[]> {
  const journal = opened(disk);
  const expected: PlainRecord[] = [];
  for (let number = 1; number <= records; number++) {
    expected.push(numbered(number, appendNumbered(journal, number)));
    if (number % 4 !== 2) journal.commit();
  }
  await journal.flush();
  return expected;
}

/** One life of the journal, ended by the power going at a random operation. */
function live(disk: SimulatedDisk, random: SeededRandom, records: PlainRecord[]) {
  disk.inject({ after: random.integer(60), error: "power" });
  const journal = open(disk);
  if (!journal.ok) return { epoch: 0, acknowledged: 0 };
  for (let step = 0; step < 200 && journal.value.health === "ok"; step++) {
    const choice = random.next();
    if (choice < 0.2) journal.value.commit();
    else if (choice < 0.3) journal.value.prepare();
    else {
      const number = random.integer(1_000);
      const seq = appendNumbered(journal.value, number);
      if (seq !== NOT_APPENDED) records.push(numbered(number, seq));
    }
  }
  return { epoch: journal.value.epoch, acknowledged: journal.value.durableSeq };
}

test(`${CRASH_POINTS} crashes lose no acknowledged record and leave an intact journal that goes on`, () => {
  for (let seed = 1, crashes = 0; crashes < CRASH_POINTS; seed++) {
    const random = new SeededRandom(seed);
    const disk = new SimulatedDisk();
    let records: PlainRecord[] = [];
    let epoch = 0;
    for (let crash = 0; crash < 5; crash++, crashes++) {
      const life = live(disk, random, records);
      disk.restart(random);
      const journal = opened(disk);
      const context = `seed ${seed}, crash ${crash}`;
      expect(journal.lastSeq, context).toBeGreaterThanOrEqual(life.acknowledged);
      expect(journal.epoch, context).toBeGreaterThan(Math.max(epoch, life.epoch));
      const left = readAll(journal);
      expect(left, context).toEqual(records.slice(0, left.length));
      expect(records[left.length]?.seq ?? Number.POSITIVE_INFINITY, context).toBeGreaterThan(
        life.acknowledged,
      );
      expect(verifyDisk(disk), context).toMatchObject({ ok: true });
      records = left;
      epoch = journal.epoch;
    }
  }
}, 600_000);

test("cut at every byte, the journal opens with a right prefix or names the damage", async () => {
  const origin = new SimulatedDisk();
  const expected = await written(origin, 24);
  const whole = firstSegment(origin);
  for (let length = 0; length < whole.length; length++) {
    const disk = new SimulatedDisk();
    disk.replace(FIRST, whole.subarray(0, length));
    const journal = open(disk);
    expect(journal.ok, `cut at ${length}`).toBe(length >= SEGMENT_HEADER_BYTES);
    if (!journal.ok) {
      expect(journal.message).toContain(`${FIRST} at byte 0`);
      continue;
    }
    const left = readAll(journal.value);
    expect(left, `cut at ${length}`).toEqual(expected.slice(0, left.length));
    appendNumbered(journal.value, 77);
    journal.value.commit();
    expect(readAll(journal.value).length, `cut at ${length}`).toBe(left.length + 1);
  }
});

test("a cut below what a witness has seen does not open", async () => {
  const origin = new SimulatedDisk();
  const expected = await written(origin, 24);
  const seq = expected.at(-1)!.seq;
  const witnesses = [{ name: "the ledger", seq }];
  const whole = firstSegment(origin);
  const uncut = new SimulatedDisk();
  uncut.replace(FIRST, whole);
  expect(open(uncut, witnesses).ok).toBe(true);
  for (let length = SEGMENT_HEADER_BYTES; length < whole.length - 8; length++) {
    const disk = new SimulatedDisk();
    disk.replace(FIRST, whole.subarray(0, length));
    expect(open(disk, witnesses), `cut at ${length}`).toMatchObject({ ok: false, code: "journal-behind" });
  }
});

test("with any bit flipped, the journal opens with a right prefix or names the damage", async () => {
  const origin = new SimulatedDisk();
  const expected = await written(origin, 14);
  const whole = firstSegment(origin);
  const outcomes = { prefix: 0, damaged: 0 };
  for (let bit = 0; bit < whole.length * 8; bit += TORTURE ? 1 : 3) {
    const flipped = whole.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    const disk = new SimulatedDisk();
    disk.replace(FIRST, flipped);
    const journal = open(disk);
    if (!journal.ok) {
      expect(journal.code, `bit ${bit}`).toBe("journal-damaged");
      expect(journal.message, `bit ${bit}`).toContain(FIRST);
      outcomes.damaged++;
      continue;
    }
    const left = readAll(journal.value);
    expect(left, `bit ${bit}`).toEqual(expected.slice(0, left.length));
    outcomes.prefix++;
  }
  expect(outcomes.damaged).toBeGreaterThan(outcomes.prefix);
});

test("a bit flipped in an older segment is found by verifying and by reading", async () => {
  const origin = new SimulatedDisk();
  const expected = await written(origin, 300);
  const [first, second] = listSegments(origin);
  expect(second).toBeGreaterThan(first!);
  const random = new SeededRandom(7);
  const whole = firstSegment(origin);
  for (let round = 0; round < 100; round++) {
    const bit =
      (SEGMENT_HEADER_BYTES + random.integer(whole.length - SEGMENT_HEADER_BYTES)) * 8 + random.integer(8);
    const flipped = whole.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    origin.replace(FIRST, flipped);
    expect(verifyDisk(origin), `bit ${bit}`).toMatchObject({ ok: false, code: "journal-damaged" });
    const journal = opened(origin);
    const cursor = journal.cursor(1);
    const left: PlainRecord[] = [];
    expect(() => left.push(...drain(cursor)), `bit ${bit}`).toThrow(JournalDamaged);
    expect(left).toEqual(expected.slice(0, left.length));
  }
});

test("damage in the middle halts with file, byte, sequence and what to do; nothing is changed", () => {
  const disk = new SimulatedDisk();
  const journal = opened(disk);
  for (let number = 1; number <= 3; number++) {
    appendNumbered(journal, number);
    journal.commit();
  }
  const damaged = disk.contents(FIRST);
  damaged[SEGMENT_HEADER_BYTES + 48 + 41]! ^= 1;
  disk.replace(FIRST, damaged);
  const again = open(disk);
  expect(again).toMatchObject({ ok: false, code: "journal-damaged" });
  if (again.ok) return;
  expect(again.message).toContain(`${FIRST} at byte ${SEGMENT_HEADER_BYTES + 48}, where record 2 belongs`);
  expect(again.message).toContain("Restore the folder from a backup");
  expect(disk.contents(FIRST)).toEqual(damaged);
});

test("a record changed together with its checksum is found by the next seal", async () => {
  const disk = new SimulatedDisk();
  const journal = opened(disk);
  appendNumbered(journal, 1);
  await journal.close();
  const other = new SimulatedDisk();
  const forger = opened(other);
  forger.staging.setUint8(0, 99);
  forger.append(1, 2, 1_000, 1);
  forger.commit();
  const bytes = disk.contents(FIRST);
  bytes.set(
    other.contents(FIRST).subarray(SEGMENT_HEADER_BYTES, SEGMENT_HEADER_BYTES + 48),
    SEGMENT_HEADER_BYTES,
  );
  disk.replace(FIRST, bytes);
  const verified = verifyDisk(disk);
  expect(verified).toMatchObject({ ok: false, code: "journal-damaged" });
  expect(!verified.ok && verified.message).toContain("the seal does not match the records of feature");
});

test("a missing segment and one under another's name are refused", async () => {
  const origin = new SimulatedDisk();
  await written(origin, 500);
  const segments = listSegments(origin);
  expect(segments.length).toBeGreaterThanOrEqual(3);
  const [first, second, third] = segments.map(segmentName) as [string, string, string];
  const secondBytes = origin.contents(second);
  origin.remove(second);
  const without = open(origin);
  expect(without).toMatchObject({ ok: false, code: "journal-damaged" });
  expect(!without.ok && without.message).toContain(`${second}, which is missing`);
  expect(verifyDisk(origin)).toMatchObject({ ok: false, code: "journal-damaged" });
  origin.replace(second, origin.contents(third));
  expect(open(origin)).toMatchObject({ ok: false, code: "journal-damaged" });
  origin.replace(second, secondBytes);
  origin.remove(first);
  expect(open(origin).ok).toBe(true);
});

const FAULTS = [
  { operation: "write", error: "EIO", advice: "kernel log" },
  { operation: "sync", error: "EIO", advice: "kernel log" },
  { operation: "write", error: "ENOSPC", advice: "free some space" },
  { operation: "sync", error: "ENOSPC", advice: "free some space" },
] as const;

test.each(FAULTS)(
  "after $error on $operation nothing more is acknowledged",
  async ({ operation, error, advice }) => {
    const disk = new SimulatedDisk();
    const journal = opened(disk);
    appendNumbered(journal, 1);
    journal.commit();
    let heard = 0;
    journal.onProgress(() => heard++);
    disk.inject({ operation, after: 0, error });
    appendNumbered(journal, 2);
    journal.commit();
    disk.inject(undefined);
    expect([journal.health, journal.durableSeq, heard]).toEqual(["failed", 1, 1]);
    expect(journal.failure).toContain(error);
    expect(journal.failure).toContain(advice);
    expect(appendNumbered(journal, 3)).toBe(NOT_APPENDED);
    expect(await journal.flush().catch((reason: Error) => reason.message)).toBe(journal.failure);
    expect(journal.durableSeq).toBe(1);
    disk.restart(new SeededRandom(1));
    expect(readAll(opened(disk))[0]).toEqual(numbered(1, 1));
  },
);

test("a next segment that cannot be prepared is no failure until it is needed", async () => {
  const disk = new SimulatedDisk();
  const journal = opened(disk);
  disk.inject({ operation: "write", after: 0, error: "ENOSPC" });
  expect(journal.prepare()).toBe(false);
  expect(journal.health).toBe("ok");
  disk.inject(undefined);
  appendNumbered(journal, 1);
  await journal.flush();
  expect(journal.durableSeq).toBe(1);
});
