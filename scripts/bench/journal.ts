// What durability costs: how many ticks a second the journal takes for minutes on end, what an append costs its caller, and
// how long an acknowledgement takes at 20,000 ticks a second, next to what a bare fdatasync takes on the same disk.

import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "../../actors/base/random.ts";
import { NOT_APPENDED } from "../../actors/ports/journal.ts";
import { type OpenedJournal, openJournal } from "../../storage/journal/journal.ts";
import { openJournalReader } from "../../storage/journal/reader.ts";
import { type Emit, median } from "./row.ts";

const PAYLOAD_BYTES = 56;
const TICKS_PER_SECOND = 20_000;
/** Short rounds and many, in turn with the bare disk: what else the disk does then falls on both alike. */
const ROUND_TICKS = 0.75 * TICKS_PER_SECOND;
const LATENCY_ROUNDS = 11;
const SUSTAINED_SECONDS = 5;
const SUSTAINED_BAR = 100_000;
const ACK_OVER_SYNC_BAR_MILLISECONDS = 1;
const SYNC_SAMPLES = 4_000;
/** A few records: at 20,000 ticks a second a commit finds as many waiting. */
const SYNC_BYTES = 512;
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
  const lateness: Float64Array[] = [];
  const syncs: Float64Array[] = [];
  const ideals: Float64Array[] = [];
  for (let round = 0; round < LATENCY_ROUNDS; round++) {
    const sync = syncMilliseconds(join(root, `probe-${round}`));
    ideals.push(idealAcks(sync));
    syncs.push(sync.sort());
    const { ack, late } = await meter.openLoop();
    acks.push(ack);
    lateness.push(late);
  }
  await journal.close();
  for (const [metric, share] of [
    ["durable ack at 20,000 ticks/s from its due time, p50", 0.5],
    ["durable ack at 20,000 ticks/s from its due time, p99", 0.99],
  ] as const) {
    const value = middle(acks, share);
    const baseline = middle(syncs, share);
    const row = { name: "journal", metric, value, unit: "ms", baseline, ratio: baseline / value };
    if (share < 0.99) emit(row);
    else {
      const met = value <= baseline + ACK_OVER_SYNC_BAR_MILLISECONDS;
      emit({ ...row, bar: "<= fdatasync p99 of the same disk + 1 ms", met });
    }
  }
  emit({
    name: "journal",
    metric: "the same arrivals over the bare disk's syncs alone, p99",
    value: middle(ideals, 0.99),
    unit: "ms",
  });
  emit({
    name: "journal",
    metric: "of which the load generator was late, p99",
    value: middle(lateness, 0.99),
    unit: "ms",
  });
}

/** Sorted milliseconds of one round, from when a tick was due. */
interface Round {
  /** Until the caller's thread heard that the tick is durable. */
  readonly ack: Float64Array;
  /** Until it was appended. */
  readonly late: Float64Array;
}

class AckMeter {
  readonly #journal: OpenedJournal;
  readonly #random = new SeededRandom(20);
  readonly #dueAt = new Float64Array(ROUND_TICKS);
  readonly #seqs = new Float64Array(ROUND_TICKS);
  #ack = new Float64Array(ROUND_TICKS);
  #late = new Float64Array(ROUND_TICKS);
  #sent = 0;
  #acknowledged = 0;

  constructor(journal: OpenedJournal) {
    this.#journal = journal;
    journal.onProgress(() => this.#acknowledge());
  }

  /**
   * Appends each tick when it is due, at Poisson's moments, which do not wait for the journal. The generator turns with the
   * event loop as fast as it goes, like a thread whose sockets are never empty: a timer's millisecond would be its own.
   */
  async openLoop(): Promise<Round> {
    this.#ack = new Float64Array(ROUND_TICKS);
    this.#late = new Float64Array(ROUND_TICKS);
    this.#sent = 0;
    this.#acknowledged = 0;
    let due = Bun.nanoseconds();
    for (let i = 0; i < ROUND_TICKS; i++) {
      due -= (Math.log(1 - this.#random.next()) / TICKS_PER_SECOND) * 1e9;
      this.#dueAt[i] = due;
    }
    await new Promise<void>((resolve, reject) => {
      const turn = (): void => {
        if (!this.#sendDue()) reject(new Error(`a tick was refused: ${this.#journal.failure}`));
        else if (this.#acknowledged < ROUND_TICKS) setImmediate(turn);
        else resolve();
      };
      turn();
    });
    return { ack: this.#ack.sort(), late: this.#late.sort() };
  }

  #sendDue(): boolean {
    const now = Bun.nanoseconds();
    while (this.#sent < ROUND_TICKS && (this.#dueAt[this.#sent] as number) <= now) {
      this.#late[this.#sent] = (now - (this.#dueAt[this.#sent] as number)) / 1e6;
      const seq = this.#journal.append(0, 1, this.#sent, PAYLOAD_BYTES);
      if (seq === NOT_APPENDED) return false;
      this.#seqs[this.#sent++] = seq;
    }
    return true;
  }

  #acknowledge(): void {
    const now = Bun.nanoseconds();
    const { durableSeq } = this.#journal;
    while (this.#acknowledged < this.#sent && (this.#seqs[this.#acknowledged] as number) <= durableSeq) {
      this.#ack[this.#acknowledged] = (now - (this.#dueAt[this.#acknowledged] as number)) / 1e6;
      this.#acknowledged++;
    }
  }
}

/**
 * Times of a write and fdatasync into a file that is already as large as it gets, as the journal's are; one after
 * the other, as its commits are under load.
 */
function syncMilliseconds(path: string): Float64Array {
  const handle = openSync(path, "w");
  const bytes = new Uint8Array(SYNC_BYTES);
  for (let i = 0; i < SYNC_SAMPLES; i++) writeSync(handle, bytes, 0, bytes.length, i * SYNC_BYTES);
  fdatasyncSync(handle);
  const times = new Float64Array(SYNC_SAMPLES);
  for (let i = 0; i < SYNC_SAMPLES; i++) {
    bytes.fill(i);
    const start = Bun.nanoseconds();
    writeSync(handle, bytes, 0, bytes.length, i * SYNC_BYTES);
    fdatasyncSync(handle);
    times[i] = (Bun.nanoseconds() - start) / 1e6;
  }
  closeSync(handle);
  return times;
}

/**
 * What acknowledgements would take if nothing but these syncs were to be waited for: a tick waits for the one that runs
 * when it arrives, which is a long one more often than not, and for its own. Sorted.
 */
function idealAcks(syncs: Float64Array): Float64Array {
  const random = new SeededRandom(21);
  const acks: number[] = [];
  let arrivesAt = 0;
  let startsAt = 0;
  for (let i = 0; i + 1 < syncs.length; i++) {
    const endsAt = startsAt + (syncs[i] as number);
    const nextEndsAt = endsAt + (syncs[i + 1] as number);
    while (arrivesAt < endsAt) {
      acks.push(nextEndsAt - arrivesAt);
      arrivesAt -= (Math.log(1 - random.next()) / TICKS_PER_SECOND) * 1e3;
    }
    startsAt = endsAt;
  }
  return Float64Array.from(acks).sort();
}

/** The median of the rounds' quantiles. */
function middle(rounds: readonly Float64Array[], share: number): number {
  return median(rounds.map((sorted) => quantile(sorted, share)));
}

function quantile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

if (import.meta.main) await bench((row) => console.log(JSON.stringify(row)));
