// Signs the head of a data folder's journal: in a process of its own while the system runs, since finding the newest seal may
// mean reading a day; in the system's own when it stops.

import { join } from "node:path";
import { ok, type Result } from "../actors/base/result.ts";
import { type AuditFailure, AuditHeads, type Seal } from "./audit/heads.ts";
import { SegmentCursor } from "./journal/cursor.ts";
import { RealDisk } from "./journal/disk.ts";
import { SEAL_KIND } from "./journal/format.ts";
import { listSegments } from "./journal/scan.ts";
import { stableEndOf } from "./journal/stable-end.ts";
import { TopicChains } from "./journal/topic-chains.ts";

export interface SignOptions {
  readonly data: string;
  readonly anchor?: string | undefined;
}

/** Does nothing where nothing was sealed since. */
export async function signHeads({ data, anchor }: SignOptions): Promise<Result<number, AuditFailure>> {
  const heads = new AuditHeads({ data, anchor });
  const lastSeq = heads.last()?.seq ?? 0;
  const seal = await newestSeal(join(data, "journal"), lastSeq + 1);
  if (seal === undefined) return ok(lastSeq);
  const signed = heads.append(seal, new Date().toISOString());
  return signed.ok ? ok(signed.value.seq) : signed;
}

/** Checks the signed heads of a folder against its journal. */
export async function verifyHeads({
  data,
  anchor,
}: SignOptions): Promise<Result<{ heads: number; lastSeq: number }, AuditFailure>> {
  const directory = join(data, "journal");
  const disk = new RealDisk(directory);
  const [firstSeq = 1] = listSegments(disk);
  const lastSeq = await endSeq(disk);
  return new AuditHeads({ data, anchor }).verify((seq) => {
    if (seq < firstSeq || seq > lastSeq) return undefined;
    // A record that is there and is no seal is not the one that was signed.
    return sealOf(disk, { fromSeq: seq, lastSeq, only: seq }) ?? { seq, heads: {} };
  }, lastSeq);
}

async function newestSeal(directory: string, fromSeq: number): Promise<Seal | undefined> {
  const disk = new RealDisk(directory);
  const [firstSeq = 1] = listSegments(disk);
  return sealOf(disk, { fromSeq: Math.max(firstSeq, fromSeq), lastSeq: await endSeq(disk) });
}

async function endSeq(disk: RealDisk): Promise<number> {
  const newest = listSegments(disk).at(-1);
  return newest === undefined ? 0 : ((await stableEndOf(disk, newest))?.lastSeq ?? 0);
}

/** The last seal from a record on, or the one at exactly `only`. */
function sealOf(
  disk: RealDisk,
  { fromSeq, lastSeq, only }: { fromSeq: number; lastSeq: number; only?: number },
): Seal | undefined {
  const cursor = new SegmentCursor({ disk, fromSeq, durableSeq: () => lastSeq });
  const chains = new TopicChains();
  let found: Seal | undefined;
  try {
    for (let raw = cursor.next(); raw !== undefined; raw = cursor.next()) {
      if (raw.kind === SEAL_KIND) {
        chains.load(new Uint8Array(raw.view.buffer, raw.view.byteOffset + raw.offset, raw.length));
        const heads = Object.fromEntries(chains.listing().map(({ topic, head }) => [topic, head]));
        found = { seq: raw.seq, heads };
      }
      if (only !== undefined) return found;
    }
    return found;
  } finally {
    cursor.close();
  }
}

/** The same in a process of its own. Returns what went wrong; empty when nothing did. */
export async function signHeadsAside({ data, anchor }: SignOptions): Promise<string> {
  const script = join(import.meta.dir, "sign-heads-child.ts");
  const child = Bun.spawn([process.execPath, script, data, anchor ?? ""], {
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  const said = await new Response(child.stderr).text();
  return (await child.exited) === 0 ? "" : said.trim();
}
