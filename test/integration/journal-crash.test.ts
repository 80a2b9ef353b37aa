// Real processes with the real journal: killed under load, out of disk, and traced. kill -9 shows that what was
// acknowledged had left the process; the trace, that it was synced first; the simulated disk, what the rest can do.

import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "../../actors/base/random.ts";
import type { RawRecord } from "../../actors/ports/journal.ts";
import { openJournal } from "../../storage/journal/journal.ts";
import { openJournalReader } from "../../storage/journal/reader.ts";
import { verifyJournal } from "../../storage/journal/verify.ts";

const KILLS = process.env["TICKFORGE_TORTURE"] === "1" ? 100 : 5;
const CHILD = join(import.meta.dir, "journal-child.ts");
const FILE_BLOCKS_MAX = 600;
const root = mkdtempSync(join(tmpdir(), "tickforge-crash-"));

afterAll(() => rmSync(root, { recursive: true }));

/** Runs the child, kills it right after the given acknowledgement, and returns the last one that it printed. */
async function killAfter(directory: string, acknowledgements: number): Promise<number> {
  const child = Bun.spawn([process.execPath, CHILD, directory], { stdout: "pipe", stderr: "inherit" });
  const decoder = new TextDecoder();
  let output = "";
  let killed = false;
  for await (const chunk of child.stdout) {
    output += decoder.decode(chunk, { stream: true });
    if (killed || output.split("\n").length <= acknowledgements) continue;
    child.kill("SIGKILL");
    killed = true;
  }
  await child.exited;
  expect(killed).toBe(true);
  // The last line may be cut: it counts only with its end.
  const lines = output.slice(0, output.lastIndexOf("\n")).split("\n");
  return Number(lines.at(-1)?.slice("ack ".length));
}

/** Whether it is the record that the child appends with this sequence. */
function isNumbered({ seq, kind, topic, timeMicros, view, offset, length }: RawRecord): boolean {
  if (kind !== 1 + (seq % 15) || topic !== seq % 6 || timeMicros !== seq * 1_000 || length !== seq % 131)
    return false;
  for (let i = 0; i < length; i++) if (view.getUint8(offset + i) !== ((seq * 7 + i) & 0xff)) return false;
  return true;
}

function expectIntact(directory: string): number {
  const verified = verifyJournal(directory);
  if (!verified.ok) throw new Error(verified.message);
  const reader = openJournalReader(directory);
  if (!reader.ok) throw new Error(reader.message);
  const cursor = reader.value.cursor(1);
  const wrong: number[] = [];
  for (let record = cursor.next(); record !== undefined; record = cursor.next()) {
    if (record.kind !== 0 && !isNumbered(record)) wrong.push(record.seq);
  }
  cursor.close();
  expect(wrong).toEqual([]);
  return reader.value.lastSeq;
}

test(`${KILLS} kills under load lose no acknowledged record`, async () => {
  const random = new SeededRandom(20);
  let directory = "";
  for (let kill = 0; kill < KILLS; kill++) {
    // A few lives for each journal, so that reopening what a kill left is part of it.
    if (kill % 5 === 0) directory = join(root, `kill-${kill}`);
    const acknowledged = await killAfter(directory, 1 + random.integer(20));
    const witnesses = [{ name: "the test", seq: acknowledged }];
    const opened = await openJournal({ directory, segmentBytes: 1 << 20, witnesses });
    if (!opened.ok) throw new Error(opened.message);
    await opened.value.close();
    expect(expectIntact(directory)).toBeGreaterThanOrEqual(acknowledged);
  }
}, 600_000);

test("out of disk, the journal stops, says what to do, and acknowledges nothing more", async () => {
  if (process.platform === "win32") {
    console.log("skipped: file size limits need a POSIX shell");
    return;
  }
  const directory = join(root, "full");
  // SIGXFSZ ignored, a write beyond the limit fails with EFBIG, as one on a full disk does with ENOSPC.
  const script = `trap '' XFSZ; ulimit -f ${FILE_BLOCKS_MAX}; exec "$0" "$1" "$2"`;
  const child = Bun.spawn(["sh", "-c", script, process.execPath, CHILD, directory], { stdout: "pipe" });
  const output = await new Response(child.stdout).text();
  await child.exited;
  const failed = /^failed (.*)$/m.exec(output)?.[1] ?? "";
  const report = JSON.parse(failed) as { durableSeq: number; taken: boolean; failure: string };
  expect(report.taken).toBe(false);
  expect(report.failure).toContain(`The disk of ${directory} is full: free some space`);
  expect(expectIntact(directory)).toBeGreaterThanOrEqual(report.durableSeq);
});

test("every acknowledgement comes after a sync that followed the record's write", async () => {
  const strace = Bun.which("strace");
  if (strace === null) {
    console.log("skipped: strace is not installed");
    return;
  }
  const log = join(root, "trace.txt");
  const calls = "trace=write,pwrite64,fdatasync,fsync";
  const command = [
    strace,
    "-f",
    "-qq",
    "-e",
    calls,
    "-o",
    log,
    process.execPath,
    CHILD,
    join(root, "trace"),
    "single",
  ];
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "pipe" });
  const acknowledged = (await new Response(child.stdout).text()).match(/^ack /gm)?.length ?? 0;
  const complaint = await new Response(child.stderr).text();
  if ((await child.exited) !== 0 && complaint.includes("ptrace")) {
    console.log(`skipped: this machine does not allow tracing (${complaint.trim()})`);
    return;
  }
  expect(acknowledged).toBe(20);
  expect(acknowledgementsOutOfOrder(readFileSync(log, "utf8"))).toEqual({ acknowledgements: 20, early: [] });
}, 60_000);

/**
 * Walks through the trace: since the last acknowledgement there must be a write of records, and then a sync of the same
 * file that succeeded. Writes of zeros prepare the next segment and prove nothing.
 */
function acknowledgementsOutOfOrder(trace: string): { acknowledgements: number; early: string[] } {
  let written = "";
  let syncing = "";
  let synced = false;
  let acknowledgements = 0;
  const early: string[] = [];
  for (const line of trace.split("\n")) {
    const write = /pwrite64\((\d+), "(?!\\0\\0\\0\\0)/.exec(line);
    if (write !== null) {
      written = write[1] ?? "";
      synced = false;
    }
    syncing = /fdatasync\((\d+)/.exec(line)?.[1] ?? syncing;
    if (/fdatasync.*= 0$/.test(line)) synced ||= syncing === written;
    if (!/write\(1, "ack /.test(line)) continue;
    acknowledgements++;
    if (!synced) early.push(line);
    written = "";
    synced = false;
  }
  return { acknowledgements, early };
}
