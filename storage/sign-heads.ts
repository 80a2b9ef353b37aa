// Signs the head of a data folder's journal: in a process of its own while the system runs, since finding the newest seal may
// mean reading a day; in the system's own when it stops. What is signed is copied to the ledger, and compared with it.

import { join } from "node:path";
import { failure, ok, type Result } from "../actors/base/result.ts";
import type { AuditHeadsFailure, AuditHeadStore, SignedHead } from "../actors/ports/audit-heads.ts";
import type { Scope } from "../actors/ports/fence.ts";
import { type AuditFailure, AuditHeads, type Seal } from "./audit/heads.ts";
import { SegmentCursor } from "./journal/cursor.ts";
import { RealDisk } from "./journal/disk.ts";
import { SEAL_KIND } from "./journal/format.ts";
import { listSegments } from "./journal/scan.ts";
import { stableEndOf } from "./journal/stable-end.ts";
import { TopicChains } from "./journal/topic-chains.ts";
import { SqlAuditHeads } from "./sql/audit-heads.ts";
import { openDatabaseToRead } from "./sql/database.ts";

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

/**
 * Brings the ledger the signed heads that it has not got yet: all of them, where it was away. Whatever becomes of it, they
 * are signed.
 */
export async function copyHeads(
  data: string,
  { store, scope }: { store: AuditHeadStore; scope: Scope },
): Promise<Result<number, AuditFailure | AuditHeadsFailure>> {
  let newest: SignedHead | undefined;
  try {
    newest = await store.newest(scope);
  } catch (error) {
    return failure("unreachable", `the ledger does not answer: ${String(error)}`, { recoverable: true });
  }
  try {
    return await store.append(scope, new AuditHeads({ data }).after(newest?.hash));
  } catch (error) {
    return failure("audit-damaged", `the signed heads in ${data} cannot be read: ${String(error)}`);
  }
}

export interface HeadsReport {
  readonly heads: number;
  readonly lastSeq: number;
  /** How many of them the ledger has, or why they are not compared; undefined where no ledger was named. */
  readonly inLedger: Result<number, "ledger-unreadable"> | undefined;
}

/** Checks the signed heads of a folder against its journal and against the ledger's copy, where that can be opened. */
export async function verifyHeads({
  data,
  anchor,
  ledger,
}: SignOptions & { ledger?: { url: string; scope: Scope } }): Promise<Result<HeadsReport, AuditFailure>> {
  // Before the file: what is signed meanwhile is in the file first.
  const stored = ledger === undefined ? undefined : await headsInLedger(ledger);
  const verified = await verifyFile({ data, anchor });
  if (!verified.ok) return verified;
  const inLedger = stored?.ok === true ? ok(stored.value.length) : stored;
  const difference = stored?.ok === true ? new AuditHeads({ data }).differenceFrom(stored.value) : undefined;
  if (difference !== undefined) return failure("audit-damaged", difference);
  return ok({ ...verified.value, inLedger });
}

async function headsInLedger({
  url,
  scope,
}: {
  url: string;
  scope: Scope;
}): Promise<Result<readonly SignedHead[], "ledger-unreadable">> {
  const database = await openDatabaseToRead(url);
  if (!database.ok) return database;
  try {
    return ok(await new SqlAuditHeads(database.value).heads(scope));
  } catch (error) {
    return failure("ledger-unreadable", `the ledger's signed heads cannot be read: ${String(error)}`);
  } finally {
    await database.value.close();
  }
}

async function verifyFile({
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
