// What durability costs: how many ticks a second the journal takes for minutes on end, what an append costs its caller, and
// how long an acknowledgement takes at 20,000 ticks a second, next to what a bare fdatasync takes on the same disk.

import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NOT_APPENDED } from "../../actors/ports/journal.ts";
import { type OpenedJournal, openJournal } from "../../storage/journal/journal.ts";
import { openJournalReader } from "../../storage/journal/reader.ts";
import { type Emit, median } from "./row.ts";

const PAYLOAD_BYTES = 56;
const TICKS_PER_SECOND = 20_000;
/** A second and a half. */
const ROUND_TICKS = 1.5 * TICKS_PER_SECOND;
const LATENCY_ROUNDS = 5;
const SUSTAINED_SECONDS = 5;
const SUSTAINED_BAR = 100_000;
const ACK_OVER_SYNC_BAR_MILLISECONDS = 1;
const SYNC_SAMPLES = 1_200;
/** What one commit at 20,000 ticks a second and a millisecond each comes to, about. */
const SYNC_BYTES = 2_048;
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

/**
 * The load and the bare disk take turns, and the medians of the rounds are compared: disks and machines change their mind.
 */
async function latency(root: string, emit: Emit): Promise<void> {
  const journal = await open(join(root, "latency"));
  const meter = new AckMeter(journal);
  // The first round is the compiler's.
  await meter.openLoop();
  const acks: Float64Array[] = [];
  const syncs: Float64Array[] = [];
  for (let round = 0; round < LATENCY_ROUNDS; round++) {
    syncs.push(await syncMilliseconds(join(root, `probe-${round}`)));
    acks.push(await meter.openLoop());
  }
  await journal.close();
  for (const [metric, share] of [
    ["durable ack at 20,000 ticks/s, p50", 0.5],
    ["durable ack at 20,000 ticks/s, p99", 0.99],
  ] as const) {
    const value = median(acks.map((sorted) => quantile(sorted, share)));
    const baseline = median(syncs.map((sorted) => quantile(sorted, share)));
    const row = { name: "journal", metric, value, unit: "ms", baseline, ratio: baseline / value };
    if (share < 0.99) emit(row);
    else {
      const met = value <= baseline + ACK_OVER_SYNC_BAR_MILLISECONDS;
      emit({ ...row, bar: "<= fdatasync p99 of the same disk + 1 ms", met });
    }
  }
}

class AckMeter {
  readonly #journal: OpenedJournal;
  readonly #seqs = new Float64Array(ROUND_TICKS);
  readonly #sentAt = new Float64Array(ROUND_TICKS);
  #latencies = new Float64Array(ROUND_TICKS);
  #start = 0;
  #sent = 0;
  #acknowledged = 0;

  constructor(journal: OpenedJournal) {
    this.#journal = journal;
    journal.onProgress(() => this.#acknowledge());
  }

  /**
   * Appends what is due each millisecond, on a schedule that does not wait for the journal. A latency counts from just
   * before the append to when the caller's thread hears that the record is durable; lateness of the timer is the load
   * generator's, not the journal's.
   * @returns milliseconds, sorted
   */
  async openLoop(): Promise<Float64Array> {
    this.#latencies = new Float64Array(ROUND_TICKS);
    this.#sent = 0;
    this.#acknowledged = 0;
    this.#start = Bun.nanoseconds();
    await new Promise<void>((resolve, reject) => {
      const turn = (): void => {
        if (!this.#sendDue()) reject(new Error(`a tick was refused: ${this.#journal.failure}`));
        else if (this.#acknowledged < ROUND_TICKS) setTimeout(turn, 1);
        else resolve();
      };
      turn();
    });
    return this.#latencies.sort();
  }

  #sendDue(): boolean {
    const now = Bun.nanoseconds();
    const due = Math.min(ROUND_TICKS, Math.floor(((now - this.#start) * TICKS_PER_SECOND) / 1e9));
    for (; this.#sent < due; this.#sent++) {
      this.#sentAt[this.#sent] = Bun.nanoseconds();
      const seq = this.#journal.append(0, 1, this.#sent, PAYLOAD_BYTES);
      if (seq === NOT_APPENDED) return false;
      this.#seqs[this.#sent] = seq;
    }
    return true;
  }

  #acknowledge(): void {
    const now = Bun.nanoseconds();
    const { durableSeq } = this.#journal;
    while (this.#acknowledged < this.#sent && (this.#seqs[this.#acknowledged] as number) <= durableSeq) {
      this.#latencies[this.#acknowledged] = (now - (this.#sentAt[this.#acknowledged] as number)) / 1e6;
      this.#acknowledged++;
    }
  }
}

/**
 * Sorted times of a write and fdatasync into a file that is already as large as it gets, as the journal's are; one each
 * millisecond, like the journal's commits, so that both see as much of what else the disk does.
 */
async function syncMilliseconds(path: string): Promise<Float64Array> {
  const handle = openSync(path, "w");
  const bytes = new Uint8Array(SYNC_BYTES);
  for (let i = 0; i < SYNC_SAMPLES; i++) writeSync(handle, bytes, 0, bytes.length, i * SYNC_BYTES);
  fdatasyncSync(handle);
  const times = new Float64Array(SYNC_SAMPLES);
  for (let i = 0; i < SYNC_SAMPLES; i++) {
    await Bun.sleep(1);
    bytes.fill(i);
    const start = Bun.nanoseconds();
    writeSync(handle, bytes, 0, bytes.length, i * SYNC_BYTES);
    fdatasyncSync(handle);
    times[i] = (Bun.nanoseconds() - start) / 1e6;
  }
  closeSync(handle);
  return times.sort();
}

function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

if (import.meta.main) await bench((row) => console.log(JSON.stringify(row)));
