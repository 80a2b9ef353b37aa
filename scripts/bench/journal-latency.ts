// How long an acknowledgement takes at 20,000 ticks a second, counted from when a tick was due, next to what a bare write and
// fdatasync take on the same disk under the same arrivals.

import { cpus } from "node:os";
import { join } from "node:path";
import { NOT_APPENDED } from "../../actors/ports/journal.ts";
import { recordBytes } from "../../storage/journal/format.ts";
import { type OpenedJournal, openJournal } from "../../storage/journal/journal.ts";
import { SEGMENT_BYTES_DEFAULT } from "../../storage/journal/limits.ts";
import { Arrivals, clockMilliseconds } from "./journal-arrivals.ts";
import type { BareDisk, BareDiskWord } from "./journal-sync-thread.ts";
import { type Emit, median, quantile } from "./row.ts";

const TICKS_PER_SECOND = 20_000;
const PAYLOAD_BYTES = 56;
/** Short rounds and many, in turn with the bare disk: what else the disk does then falls on both alike. */
const ROUND_TICKS = 0.75 * TICKS_PER_SECOND;
const ROUNDS = 11;
/** Rounds before these: the compiler's. */
const WARM_UP_ROUNDS = 2;
/** So small that segments are changed and prepared in every round; at full size that happens every half minute. */
const SMALL_SEGMENT_BYTES = 2 << 20;
const OVER_SYNC_BAR_MILLISECONDS = 1;

/** Milliseconds of one round, of every tick in order of arrival unless said otherwise. */
interface AckRound {
  /** From when it was due until the caller's thread heard that it is durable. */
  readonly ack: Float64Array;
  /** From when it was due until the generator sent it. */
  readonly late: Float64Array;
}

interface BareRound {
  /** From when it was due until it was durable. */
  readonly ack: Float64Array;
  /** Of every write and fdatasync. */
  readonly sync: Float64Array;
}

interface Rounds {
  readonly bare: BareRound[];
  readonly ack: AckRound[];
  /** In small segments. */
  readonly small: AckRound[];
}

/** Rounds of each kind take turns, and the medians of their quantiles are compared: machines change their mind. */
export async function latency(root: string, emit: Emit): Promise<void> {
  const journal = await open(join(root, "latency"), SEGMENT_BYTES_DEFAULT);
  const small = await open(join(root, "small"), SMALL_SEGMENT_BYTES);
  const arrivals = new Arrivals({ ticksPerSecond: TICKS_PER_SECOND, roundTicks: ROUND_TICKS });
  const meters = { ack: new AckMeter(journal, arrivals), small: new AckMeter(small, arrivals) };
  const rounds: Rounds = { bare: [], ack: [], small: [] };
  const load = new LoadMeter();
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    if (round === 0) load.start();
    const bare = await bareRound(join(root, `bare-${round}`), arrivals);
    const ack = await meters.ack.round();
    const inSmall = await meters.small.round();
    if (round < 0) continue;
    rounds.bare.push(bare);
    rounds.ack.push(ack);
    rounds.small.push(inSmall);
  }
  load.stop();
  arrivals.stop();
  await journal.close();
  await small.close();
  emitLatency(rounds, emit);
  load.emit(emit);
}

async function open(directory: string, segmentBytes: number): Promise<OpenedJournal> {
  const opened = await openJournal({ directory, segmentBytes });
  if (!opened.ok) throw new Error(opened.message);
  return opened.value;
}

function emitLatency({ bare, ack, small }: Rounds, emit: Emit): void {
  const acks = ack.map((round) => round.ack);
  const syncs = bare.map((round) => round.sync);
  const compare = (metric: string, figures: { value: number; baseline: number }, bar = {}): void => {
    emit({
      name: "journal",
      metric,
      unit: "ms",
      ...figures,
      ratio: figures.baseline / figures.value,
      ...bar,
    });
  };
  const tell = (metric: string, value: number, unit = "ms"): void => {
    emit({ name: "journal", metric, value, unit });
  };
  const metric = "durable ack at 20,000 ticks/s from its due time";
  compare(`${metric}, p50`, { value: middle(acks, 0.5), baseline: middle(syncs, 0.5) });
  const p99 = { value: middle(acks, 0.99), baseline: middle(syncs, 0.99) };
  compare(`${metric}, p99`, p99, {
    bar: "<= fdatasync p99 of the same disk + 1 ms",
    met: p99.value <= p99.baseline + OVER_SYNC_BAR_MILLISECONDS,
  });
  tell("ack p99 over fdatasync p99", p99.value - p99.baseline);
  const least = bare.map((round) => round.ack);
  tell("the same arrivals over a bare write and fdatasync, p99", middle(least, 0.99));
  const inSmall = small.map((round) => round.ack);
  tell("ack p99 while segments are changed and prepared", middle(inSmall, 0.99));
  compare("ack p99, all rounds together", {
    value: quantile(joined(acks), 0.99),
    baseline: quantile(joined(syncs), 0.99),
  });
  const late = ack.map((round) => round.late);
  tell("of the ack, the load generator's lateness, p99", middle(late, 0.99));
  tell("share of that lateness in the slowest 1 %", 100 * median(ack.map(lateShareOfTail)), "%");
}

/** How much of the slowest hundredth's time passed before the generator sent them. */
function lateShareOfTail({ ack, late }: AckRound): number {
  const limit = quantile(ack, 0.99);
  let total = 0;
  let before = 0;
  for (let i = 0; i < ack.length; i++) {
    if ((ack[i] as number) < limit) continue;
    total += ack[i] as number;
    before += late[i] as number;
  }
  return before / total;
}

class AckMeter {
  readonly #journal: OpenedJournal;
  readonly #arrivals: Arrivals;
  readonly #seqs = new Float64Array(ROUND_TICKS);
  readonly #ackedAt = new Float64Array(ROUND_TICKS);
  #appended = 0;
  #acknowledged = 0;
  #end: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(journal: OpenedJournal, arrivals: Arrivals) {
    this.#journal = journal;
    this.#arrivals = arrivals;
    journal.onProgress(() => this.#acknowledge());
  }

  async round(): Promise<AckRound> {
    this.#appended = 0;
    this.#acknowledged = 0;
    this.#end = Promise.withResolvers();
    collectGarbage();
    this.#arrivals.start((from, to) => this.#append(from, to));
    await this.#end.promise;
    const { dueAt, sentAt } = this.#arrivals.memory;
    return { ack: this.#ackedAt.map((at, i) => at - (dueAt[i] as number)), late: differences(sentAt, dueAt) };
  }

  #append(from: number, to: number): void {
    for (let i = from; i < to; i++) {
      const seq = this.#journal.append(0, 1, i, PAYLOAD_BYTES);
      if (seq === NOT_APPENDED) this.#end.reject(new Error(`a tick was refused: ${this.#journal.failure}`));
      this.#seqs[i] = seq;
    }
    this.#appended = to;
  }

  #acknowledge(): void {
    const now = clockMilliseconds();
    const { durableSeq } = this.#journal;
    while (this.#acknowledged < this.#appended && (this.#seqs[this.#acknowledged] as number) <= durableSeq) {
      this.#ackedAt[this.#acknowledged++] = now;
    }
    if (this.#acknowledged === ROUND_TICKS) this.#end.resolve();
  }
}

/** The same arrivals by the same way, made durable by as little as possible. */
async function bareRound(path: string, arrivals: Arrivals): Promise<BareRound> {
  const disk: BareDisk = {
    path,
    recordBytes: recordBytes(PAYLOAD_BYTES),
    offered: new Int32Array(new SharedArrayBuffer(4)),
    durableAt: new Float64Array(new SharedArrayBuffer(8 * ROUND_TICKS)),
    syncs: new Float64Array(new SharedArrayBuffer(8 * ROUND_TICKS)),
  };
  const worker = new Worker(new URL("journal-sync-thread.ts", import.meta.url));
  const done = Promise.withResolvers<number>();
  worker.onerror = (event) => done.reject(new Error(event.message));
  worker.onmessage = ({ data }: MessageEvent<BareDiskWord>) => {
    if (data.word === "done") return done.resolve(data.syncs);
    collectGarbage();
    arrivals.start((_from, to) => {
      Atomics.store(disk.offered, 0, to);
      Atomics.notify(disk.offered, 0);
    });
  };
  worker.postMessage(disk);
  const syncs = await done.promise;
  worker.terminate();
  return { ack: differences(disk.durableAt, arrivals.memory.dueAt), sync: disk.syncs.slice(0, syncs) };
}

/** What the rounds before left behind is theirs to pay for. */
function collectGarbage(): void {
  Bun.gc(true);
}

/** How many processors were busy meanwhile, with everything that runs on the machine. */
class LoadMeter {
  #startMilliseconds = 0;
  #all = 0;
  #own = 0;

  start(): void {
    this.#startMilliseconds = clockMilliseconds();
    this.#all = busyMilliseconds();
    this.#own = ownMilliseconds();
  }

  stop(): void {
    const elapsed = clockMilliseconds() - this.#startMilliseconds;
    this.#all = (busyMilliseconds() - this.#all) / elapsed;
    this.#own = (ownMilliseconds() - this.#own) / elapsed;
  }

  emit(emit: Emit): void {
    const metric = `processors busy meanwhile, of ${cpus().length}, beside this bench's own`;
    emit({ name: "journal", metric, value: this.#all, unit: "cores", baseline: this.#own });
  }
}

function busyMilliseconds(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0);
}

function ownMilliseconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
}

function differences(later: Float64Array, earlier: Float64Array): Float64Array {
  return Float64Array.from(later, (at, i) => at - (earlier[i] as number));
}

function joined(rounds: readonly Float64Array[]): Float64Array {
  return Float64Array.from(rounds.flatMap((round) => [...round]));
}

/** The median of the rounds' quantiles. */
function middle(rounds: readonly Float64Array[], share: number): number {
  return median(rounds.map((round) => quantile(round, share)));
}
