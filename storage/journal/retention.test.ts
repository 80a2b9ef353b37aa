// Old segments move to the archive: only after everybody has read them, only after their copy is proven good, and no crash
// on the way loses a record.

import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MICROS_PER_DAY } from "../../actors/base/clock.ts";
import { SeededRandom } from "../../actors/base/random.ts";
import { archiveSegment, readManifest, restoreSegment, verifyArchive } from "./archive.ts";
import { type Disk, type DiskFile, RealDisk } from "./disk.ts";
import { segmentName } from "./format.ts";
import { openInlineJournal } from "./inline-journal.ts";
import {
  applyRetention,
  type AttachedCursor,
  budgetAlarm,
  KEPT_MICROS_DEFAULT,
  planRetention,
} from "./retention.ts";
import { runRetention } from "./retention-round.ts";
import { listSealedSegments, listSegments } from "./scan.ts";
import { SimulatedDisk } from "./simulated-disk.ts";
import { verifyDisk } from "./verify.ts";

const SEGMENT_BYTES = 8_192;
const RECORDS = 600;
/** All records of a written journal are older than a week then. */
const LONG_AFTER = 100 * MICROS_PER_DAY;

/** A closed journal of several segments; record number n has the time n hours. */
async function writeJournal(disk: Disk): Promise<void> {
  const opened = openInlineJournal({ disk, segmentBytes: SEGMENT_BYTES });
  if (!opened.ok) throw new Error(opened.message);
  const journal = opened.value;
  for (let number = 1; number <= RECORDS; number++) {
    for (let at = 0; at < 64; at++) journal.staging.setUint8(at, (number + at) & 0xff);
    journal.append(number % 6, 1, number * (MICROS_PER_DAY / 24), 64);
    if (number % 20 === 0) await journal.flush();
  }
  await journal.close();
}

async function written(): Promise<SimulatedDisk> {
  const disk = new SimulatedDisk();
  await writeJournal(disk);
  return disk;
}

describe("planRetention", () => {
  const segments = [
    { firstSeq: 1, lastSeq: 99, endMicros: 1 },
    { firstSeq: 100, lastSeq: 199, endMicros: 2 },
    { firstSeq: 200, lastSeq: 299, endMicros: 3 },
  ];
  const cases: {
    name: string;
    cursors: AttachedCursor[];
    nowMicros: number;
    leaving: number[];
    heldBy: string;
  }[] = [
    { name: "nothing is old enough", cursors: [], nowMicros: 10, leaving: [], heldBy: "" },
    { name: "the oldest is just old enough", cursors: [], nowMicros: 11, leaving: [1], heldBy: "" },
    { name: "all are old", cursors: [], nowMicros: 99, leaving: [1, 100, 200], heldBy: "" },
    {
      name: "a reader has just passed the second",
      cursors: [
        { name: "ledger", seq: 199 },
        { name: "pages", seq: 500 },
      ],
      nowMicros: 99,
      leaving: [1, 100],
      heldBy: "ledger",
    },
    {
      name: "a reader is one record short of the second",
      cursors: [{ name: "ledger", seq: 198 }],
      nowMicros: 99,
      leaving: [1],
      heldBy: "ledger",
    },
    {
      name: "a reader has not begun",
      cursors: [{ name: "ledger", seq: 0 }],
      nowMicros: 99,
      leaving: [],
      heldBy: "ledger",
    },
    {
      name: "a slow reader of young segments holds nothing back",
      cursors: [{ name: "ledger", seq: 0 }],
      nowMicros: 10,
      leaving: [],
      heldBy: "",
    },
  ];
  for (const { name, cursors, nowMicros, leaving, heldBy } of cases) {
    test(name, () => {
      expect(planRetention({ segments, cursors, nowMicros, keptMicros: 10 })).toEqual({ leaving, heldBy });
    });
  }
});

test.each([
  [0, "none"],
  [79, "none"],
  [80, "warning"],
  [99, "warning"],
  [100, "exceeded"],
] as const)("%d of 100 bytes used: %s", (usedBytes, alarm) => {
  expect(budgetAlarm(usedBytes, 100)).toBe(alarm);
});

describe("applyRetention", () => {
  test("archives what is older than a week, and what is left is a good journal", async () => {
    const journal = await written();
    const archive = new SimulatedDisk();
    const sealed = listSealedSegments(journal);
    const third = sealed[2]!;
    // Record times are hours: the first three segments end before this, the fourth does not.
    const nowMicros = (third.lastSeq + 1) * (MICROS_PER_DAY / 24) + KEPT_MICROS_DEFAULT;
    const report = applyRetention({ journal, archive, cursors: [], nowMicros, budgetBytes: 1 });
    expect(report).toMatchObject({
      ok: true,
      value: { archived: sealed.slice(0, 3).map(({ firstSeq }) => firstSeq), heldBy: "", alarm: "exceeded" },
    });
    expect(verifyDisk(journal)).toMatchObject({ ok: true, value: { firstSeq: third.lastSeq + 1 } });
    expect(verifyArchive(archive)).toMatchObject({ ok: true, value: { length: 3 } });
    expect(openInlineJournal({ disk: journal, segmentBytes: SEGMENT_BYTES }).ok).toBe(true);
  });

  test("never takes the segment that is written to", async () => {
    const journal = await written();
    const newest = listSegments(journal).at(-1)!;
    applyRetention({ journal, archive: new SimulatedDisk(), cursors: [], nowMicros: LONG_AFTER });
    expect(listSegments(journal)).toEqual([newest]);
  });

  test("keeps what a reader has not passed, and names it", async () => {
    const journal = await written();
    const [first, second] = listSealedSegments(journal);
    const report = applyRetention({
      journal,
      archive: new SimulatedDisk(),
      cursors: [{ name: "ledger", seq: second!.lastSeq - 1 }],
      nowMicros: LONG_AFTER,
    });
    expect(report).toMatchObject({ ok: true, value: { archived: [first!.firstSeq], heldBy: "ledger" } });
  });

  test("a restored archive is the journal as it was", async () => {
    const journal = await written();
    const before = verifyDisk(journal);
    const archive = new SimulatedDisk();
    applyRetention({ journal, archive, cursors: [], nowMicros: LONG_AFTER });
    const manifest = readManifest(archive);
    for (const segment of manifest.ok ? manifest.value : []) restoreSegment({ journal, archive }, segment);
    expect(verifyDisk(journal)).toEqual(before);
  });

  test("a crash at any step loses nothing, and the next round ends it", async () => {
    const pristine = await written();
    const segments = listSegments(pristine);
    const random = new SeededRandom(7);
    for (let after = 0; after < 30; after++) {
      for (const crashes of ["journal", "archive"] as const) {
        const disks = { journal: new SimulatedDisk(), archive: new SimulatedDisk() };
        for (const seq of segments) {
          disks.journal.replace(segmentName(seq), pristine.contents(segmentName(seq)));
        }
        disks[crashes].inject({ after, error: "power" });
        try {
          applyRetention({ ...disks, cursors: [], nowMicros: LONG_AFTER });
        } catch {
          // The power went.
        }
        disks.journal.restart(random);
        disks.archive.restart(random);
        expect(applyRetention({ ...disks, cursors: [], nowMicros: LONG_AFTER }).ok).toBe(true);
        const archived = verifyArchive(disks.archive);
        const kept = archived.ok ? archived.value.map(({ firstSeq }) => firstSeq) : [];
        expect([...kept, ...listSegments(disks.journal)]).toEqual(segments);
      }
    }
  });
});

describe("archiveSegment", () => {
  test("a damaged segment stays where it is", async () => {
    const journal = await written();
    const archive = new SimulatedDisk();
    const bytes = journal.contents(segmentName(1));
    bytes[2_000]! ^= 4;
    journal.replace(segmentName(1), bytes);
    expect(archiveSegment({ journal, archive }, 1)).toMatchObject({ ok: false, code: "segment-damaged" });
    expect(listSegments(journal)).toContain(1);
    expect(archive.list()).toEqual([]);
  });

  test("a copy that did not reach the disk whole keeps the segment in the journal", async () => {
    const journal = await written();
    const archive = new ForgetfulDisk();
    expect(archiveSegment({ journal, archive }, 1)).toMatchObject({ ok: false, code: "archive-damaged" });
    expect(listSegments(journal)).toContain(1);
  });

  const tampered: { name: string; tamper: (archive: SimulatedDisk) => void }[] = [
    {
      name: "a flipped bit in the archived file",
      tamper: (archive) => {
        const file = `${segmentName(1)}.zst`;
        const bytes = archive.contents(file);
        bytes[100]! ^= 1;
        archive.replace(file, bytes);
      },
    },
    { name: "a missing file", tamper: (archive) => archive.remove(`${segmentName(1)}.zst`) },
    {
      name: "a changed line of the manifest",
      tamper: (archive) => {
        const text = new TextDecoder().decode(archive.contents("manifest.jsonl"));
        const changed = text.replace('"firstSeq":1,', '"firstSeq":2,');
        archive.replace("manifest.jsonl", new TextEncoder().encode(changed));
      },
    },
    {
      name: "a line that is gone",
      tamper: (archive) => {
        const text = new TextDecoder().decode(archive.contents("manifest.jsonl"));
        archive.replace("manifest.jsonl", new TextEncoder().encode(text.slice(text.indexOf("\n") + 1)));
      },
    },
  ];
  for (const { name, tamper } of tampered) {
    test(`the archive notices ${name}`, async () => {
      const journal = await written();
      const archive = new SimulatedDisk();
      applyRetention({ journal, archive, cursors: [], nowMicros: LONG_AFTER });
      tamper(archive);
      expect(verifyArchive(archive)).toMatchObject({ ok: false, code: "archive-damaged" });
    });
  }

  test("a segment of another journal does not pass for the archived one", async () => {
    const archive = new SimulatedDisk();
    await archiveFirst(archive, 1);
    const other = new SimulatedDisk();
    const opened = openInlineJournal({ disk: other, segmentBytes: SEGMENT_BYTES });
    if (opened.ok) {
      opened.value.append(0, 1, 1, 8);
      await opened.value.close();
    }
    expect(archiveSegment({ journal: other, archive }, 1)).toMatchObject({ code: "archive-damaged" });
    expect(listSegments(other)).toEqual([1]);
  });
});

/** Says that it has written all and has left out the last byte. */
class ForgetfulDisk extends SimulatedDisk {
  override open(name: string, mode: "read" | "write" | "create"): DiskFile {
    const file = super.open(name, mode);
    if (!name.includes(".seg.zst")) return file;
    return {
      get bytes() {
        return file.bytes;
      },
      read: (target, position) => file.read(target, position),
      write: (source, position) => file.write(source.subarray(0, -1), position),
      sync: () => file.sync(),
      close: () => file.close(),
    };
  }
}

async function archiveFirst(archive: SimulatedDisk, firstSeq: number): Promise<void> {
  const archived = archiveSegment({ journal: await written(), archive }, firstSeq);
  if (!archived.ok) throw new Error(archived.message);
}

describe("runRetention", () => {
  test("works on real folders, on its own thread", async () => {
    const folder = mkdtempSync(join(tmpdir(), "tickforge-retention-"));
    const journalDirectory = join(folder, "journal");
    const archiveDirectory = join(folder, "archive");
    const journal = new RealDisk(journalDirectory);
    await writeJournal(journal);
    const sealed = listSealedSegments(journal).map(({ firstSeq }) => firstSeq);
    const report = await runRetention({
      journalDirectory,
      archiveDirectory,
      cursors: [],
      nowMicros: LONG_AFTER,
    });
    expect(report).toMatchObject({ ok: true, value: { archived: sealed } });
    expect(verifyArchive(new RealDisk(archiveDirectory)).ok).toBe(true);
    rmSync(folder, { recursive: true });
  });

  test("says what is wrong with a folder that is not there", async () => {
    const folder = join(tmpdir(), "tickforge-no-such-folder");
    const report = await runRetention({
      journalDirectory: folder,
      archiveDirectory: join(tmpdir(), "tickforge-no-archive"),
      cursors: [],
      nowMicros: 0,
    });
    expect(report).toMatchObject({ ok: false, code: "retention-failed", recoverable: true });
    rmSync(join(tmpdir(), "tickforge-no-archive"), { recursive: true, force: true });
  });
});
