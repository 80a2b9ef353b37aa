// Sealed segments that left the journal: compressed, one file each, listed with their hashes in a manifest whose lines are
// chained. A segment is only removed after its copy was read back from the disk and unpacked to the very same bytes.

import { createHash } from "node:crypto";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import type { Disk } from "./disk.ts";
import { segmentName } from "./format.ts";
import { describeDamage, scanSegment } from "./scan.ts";
import { TopicChains } from "./topic-chains.ts";

/** One line of the manifest. */
export interface ArchivedSegment {
  /** The archive's file. */
  readonly file: string;
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Bytes and hexadecimal SHA-256 of the segment. */
  readonly bytes: number;
  readonly sha256: string;
  /** The same of the compressed file. */
  readonly archivedBytes: number;
  readonly archivedSha256: string;
  /** SHA-256 of the line before; empty in the first. */
  readonly previous: string;
}

export type ArchiveFailure = "segment-damaged" | "archive-damaged";

const MANIFEST = "manifest.jsonl";
const WRITING_SUFFIX = ".tmp";

interface Places {
  readonly journal: Disk;
  readonly archive: Disk;
}

/**
 * Moves the oldest segment, which begins at `firstSeq`, from the journal to the archive. Whatever stops it half way, the
 * segment is still in the journal or safely in the archive, and the next call ends what this one began.
 */
export function archiveSegment(places: Places, firstSeq: number): Result<ArchivedSegment, ArchiveFailure> {
  const manifest = readManifest(places.archive);
  if (!manifest.ok) return manifest;
  const scan = scanSegment(places.journal, firstSeq, new TopicChains());
  if ("what" in scan) return failure("segment-damaged", describeDamage(scan));
  const segment = readAll(places.journal, segmentName(firstSeq));
  const sha256 = hashOf(segment);
  const listed = manifest.value.find((line) => line.firstSeq === firstSeq);
  if (listed !== undefined && listed.sha256 !== sha256) {
    return failure(
      "archive-damaged",
      `the archive already has another segment that begins at record ${firstSeq}: it belongs to another journal. Move the ` +
        "archive away; nothing was removed.",
    );
  }
  const archived =
    listed ?? add(places.archive, manifest.value, { firstSeq, lastSeq: scan.lastSeq, segment, sha256 });
  const intact = unpack(places.archive, archived);
  if (!intact.ok) return intact;
  places.journal.remove(segmentName(firstSeq));
  places.journal.syncNames();
  return ok(archived);
}

/** All segments in the archive, oldest first; a failure where the list was changed. */
export function readManifest(archive: Disk): Result<readonly ArchivedSegment[], ArchiveFailure> {
  if (!archive.list().includes(MANIFEST)) return ok([]);
  const lines = new TextDecoder().decode(readAll(archive, MANIFEST)).split("\n").slice(0, -1);
  const segments: ArchivedSegment[] = [];
  let previous = "";
  for (const line of lines) {
    const segment = parseLine(line);
    if (segment?.previous !== previous) {
      return failure(
        "archive-damaged",
        `line ${segments.length + 1} of the archive's ${MANIFEST} is not as it was written. Restore the file from a backup; ` +
          "nothing is archived until then.",
      );
    }
    segments.push(segment);
    previous = hashOf(line);
  }
  return ok(segments);
}

/** Compares every archived file with the manifest. */
export function verifyArchive(archive: Disk): Result<readonly ArchivedSegment[], ArchiveFailure> {
  const manifest = readManifest(archive);
  if (!manifest.ok) return manifest;
  for (const segment of manifest.value) {
    const unpacked = unpack(archive, segment);
    if (!unpacked.ok) return unpacked;
  }
  return manifest;
}

/** Writes the archived segment back as a file of a journal, for a replay from further back. The archive keeps it. */
export function restoreSegment(places: Places, segment: ArchivedSegment): Result<void, ArchiveFailure> {
  const unpacked = unpack(places.archive, segment);
  if (!unpacked.ok) return unpacked;
  writeWhole(places.journal, segmentName(segment.firstSeq), unpacked.value);
  return ok(undefined);
}

function add(
  archive: Disk,
  manifest: readonly ArchivedSegment[],
  added: { firstSeq: number; lastSeq: number; segment: Uint8Array<ArrayBuffer>; sha256: string },
): ArchivedSegment {
  const { firstSeq, lastSeq, segment, sha256 } = added;
  const compressed = Bun.zstdCompressSync(segment);
  const newest = manifest.at(-1);
  const archived: ArchivedSegment = {
    file: `${segmentName(firstSeq)}.zst`,
    firstSeq,
    lastSeq,
    bytes: segment.length,
    sha256,
    archivedBytes: compressed.length,
    archivedSha256: hashOf(compressed),
    previous: newest === undefined ? "" : hashOf(JSON.stringify(newest)),
  };
  writeWhole(archive, archived.file, compressed);
  const text = [...manifest, archived].map((line) => `${JSON.stringify(line)}\n`).join("");
  writeWhole(archive, MANIFEST, new TextEncoder().encode(text));
  return archived;
}

/** The segment's bytes, if the archive still has exactly those. */
function unpack(archive: Disk, segment: ArchivedSegment): Result<Uint8Array, ArchiveFailure> {
  if (!archive.list().includes(segment.file)) return damaged(segment, "is missing");
  const compressed = readAll(archive, segment.file);
  if (hashOf(compressed) !== segment.archivedSha256) return damaged(segment, "is not as it was written");
  const bytes = Bun.zstdDecompressSync(compressed);
  return hashOf(bytes) === segment.sha256
    ? ok(bytes)
    : damaged(segment, "does not unpack to what was packed");
}

function damaged(segment: ArchivedSegment, what: string): Result<never, ArchiveFailure> {
  return failure(
    "archive-damaged",
    `${segment.file} in the archive, with records ${segment.firstSeq} to ${segment.lastSeq}, ${what}. Restore it from a ` +
      "backup of the archive; check the disk.",
  );
}

/** Under another name first: a file is complete or not there. */
function writeWhole(disk: Disk, name: string, bytes: Uint8Array): void {
  const writing = `${name}${WRITING_SUFFIX}`;
  disk.remove(writing);
  const file = disk.open(writing, "create");
  try {
    file.write(bytes, 0);
    file.sync();
  } finally {
    file.close();
  }
  disk.rename(writing, name);
  disk.syncNames();
}

function readAll(disk: Disk, name: string): Uint8Array<ArrayBuffer> {
  const file = disk.open(name, "read");
  try {
    const bytes = new Uint8Array(file.bytes);
    file.read(bytes, 0);
    return bytes;
  } finally {
    file.close();
  }
}

function parseLine(line: string): ArchivedSegment | undefined {
  try {
    return JSON.parse(line) as ArchivedSegment;
  } catch {
    return undefined;
  }
}

function hashOf(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}
