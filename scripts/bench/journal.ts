// What durability costs: how long an acknowledgement takes, what an append costs its caller, how many ticks a second the
// journal takes for seconds on end, and how fast it is read again.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NOT_APPENDED } from "../../actors/ports/journal.ts";
import { type OpenedJournal, openJournal } from "../../storage/journal/journal.ts";
import { openJournalReader } from "../../storage/journal/reader.ts";
import { latency } from "./journal-latency.ts";
import { type Emit, median } from "./row.ts";

const PAYLOAD_BYTES = 56;
const SUSTAINED_SECONDS = 5;
const SUSTAINED_BAR = 100_000;
const APPEND_ROUNDS = 21;
const APPENDS_PER_ROUND = 20_000;
const BURST_TICKS = 200;
const READ_PASSES = 5;
const READ_BAR = 2_000_000;

export async function bench(emit: Emit): Promise<void> {
  const root = mkdtempSync(join(process.env["TICKFORGE_BENCH_FOLDER"] ?? tmpdir(), "tickforge-bench-"));
  try {
    // Lightest first: what the disk was given before is felt afterwards.
    await latency(root, emit);
    await appendCost(join(root, "append"), emit);
    await sustained(join(root, "sustained"), emit);
  } finally {
    rmSync(root, { recursive: true });
  }
}

async function open(directory: string): Promise<OpenedJournal> {
  const opened = await openJournal({ directory });
  if (!opened.ok) throw new Error(opened.message);
  return opened.value;
}

async function appendCost(directory: string, emit: Emit): Promise<void> {
  const journal = await open(directory);
  const costs: number[] = [];
  for (let round = 0; round < APPEND_ROUNDS; round++) {
    const start = Bun.nanoseconds();
    for (let i = 0; i < APPENDS_PER_ROUND; i++) {
      if (journal.append(0, 1, i, PAYLOAD_BYTES) === NOT_APPENDED) throw new Error("the ring is too small");
    }
    costs.push((Bun.nanoseconds() - start) / APPENDS_PER_ROUND);
    await journal.flush();
  }
  await journal.close();
  emit({ name: "journal", metric: "append, caller's cost", value: median(costs), unit: "ns" });
}

async function sustained(directory: string, emit: Emit): Promise<void> {
  const journal = await open(directory);
  const start = Bun.nanoseconds();
  const end = start + SUSTAINED_SECONDS * 1e9;
  let ticks = 0;
  while (Bun.nanoseconds() < end) {
    for (let i = 0; i < BURST_TICKS; i++) {
      if (journal.append(0, 1, ticks, PAYLOAD_BYTES) === NOT_APPENDED) break;
      ticks++;
    }
    if (journal.pressure > 0.5) await nextProgress(journal);
  }
  await journal.flush();
  const perSecond = ticks / ((Bun.nanoseconds() - start) / 1e9);
  if (journal.health === "failed") throw new Error(journal.failure);
  await journal.close();
  emit({
    name: "journal",
    metric: `durable ticks, sustained ${SUSTAINED_SECONDS} s`,
    value: perSecond,
    unit: "ticks/s",
    bar: ">= 100,000 ticks/s",
    met: perSecond >= SUSTAINED_BAR,
  });
  readBack(directory, emit);
}

function nextProgress(journal: OpenedJournal): Promise<void> {
  const before = journal.durableSeq;
  return new Promise((resolve) => {
    const look = (): void => {
      if (journal.durableSeq > before || journal.health === "failed") resolve();
      else setImmediate(look);
    };
    look();
  });
}

/** The first passes compile the code; the median is what it runs at then. */
function readBack(directory: string, emit: Emit): void {
  const reader = openJournalReader(directory);
  if (!reader.ok) throw new Error(reader.message);
  const rates: number[] = [];
  for (let pass = 0; pass < READ_PASSES; pass++) {
    const cursor = reader.value.cursor(1);
    const start = Bun.nanoseconds();
    let records = 0;
    while (cursor.next() !== undefined) records++;
    rates.push(records / ((Bun.nanoseconds() - start) / 1e9));
    cursor.close();
    if (records !== reader.value.lastSeq) throw new Error("the cursor missed records");
  }
  const value = median(rates);
  emit({
    name: "journal",
    metric: "cursor, checksums verified",
    value,
    unit: "records/s",
    bar: ">= 2,000,000 records/s",
    met: value >= READ_BAR,
  });
}

if (import.meta.main) await bench((row) => console.log(JSON.stringify(row)));
