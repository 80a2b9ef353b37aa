// Feeds a recorded journal through the same actors that trade live and compares what they say with what they said
// then. Crash recovery is the same thing, except that what the journal does not yet hold is handed over to be appended.

import { RingQueue } from "./base/ring.ts";
import { encodePayload } from "./domain/codec.ts";
import type { Vote, Votes } from "./domain/prediction.ts";
import type { JournalRecord, RecordKind } from "./domain/records.ts";
import { DIFFERENCES_KEPT_MAX, UNPLACED_EMISSIONS_MAX } from "./limits.ts";
import type { EmissionTarget } from "./outlets.ts";
import type { Draft } from "./ports/emitter.ts";
import { PAYLOAD_BYTES_MAX } from "./ports/journal.ts";
import type { Seat, Switchboard } from "./switchboard.ts";

/**
 * What makes a replay differ:
 * `timing` - a vote was late, skipped or failed then and not now, or the other way round;
 * `model` - a member said something else; `numeric` - the same to nine digits (another CPU or build);
 * `fill` - the broker reported something else; `data` - a tick was judged differently; `code` - a decision differs
 * although everything it rests on is the same.
 */
export type DifferenceCause = "timing" | "model" | "numeric" | "fill" | "data" | "code";

export interface Difference {
  readonly cause: DifferenceCause;
  /** Journal sequence where it showed. */
  readonly seq: number;
  readonly emitter: string;
  readonly kind: RecordKind;
  /** `changed`: both said something, not the same; `missing`: only the journal has it; `extra`: only the replay. */
  readonly how: "changed" | "missing" | "extra";
}

export interface ReplayReport {
  readonly records: number;
  readonly compared: number;
  readonly differences: Readonly<Record<DifferenceCause, number>>;
  /** The first ones, in order. */
  readonly examples: readonly Difference[];
}

/**
 * `recorded`: votes come from the journal, no member runs. `recompute`: members run and their votes count, where the
 * journal has a vote. `recover`: members run (their memory must be right for what follows), the journal's votes count.
 */
export type ReplayMode = "recorded" | "recompute" | "recover";

interface Unplaced {
  readonly order: number;
  readonly draft: Draft;
}

/** What the replayer needs of an engine. */
export interface ReplayHost {
  readonly switchboard: Switchboard;
  /** Applies a record to what is not an actor: the router's time and gap ledger, the gate. */
  observe(record: JournalRecord): void;
  /** Lets every actor handle what it has been told. */
  run(): void;
}

const NUMERIC_TOLERANCE = 1e-9;

export class Replayer implements EmissionTarget {
  readonly #host: ReplayHost;
  readonly #mode: ReplayMode;
  readonly #unplaced = new Map<string, RingQueue<Unplaced>>();
  readonly #examples: Difference[] = [];
  readonly #differences: Record<DifferenceCause, number> = {
    timing: 0,
    model: 0,
    numeric: 0,
    fill: 0,
    data: 0,
    code: 0,
  };
  /** By emitter path: why it differed last. What follows from a difference is attributed to it. */
  readonly #tainted = new Map<string, DifferenceCause>();
  #order = 0;
  #records = 0;
  #compared = 0;

  constructor(host: ReplayHost, mode: ReplayMode) {
    this.#host = host;
    this.#mode = mode;
  }

  emitted(path: string, draft: Draft): void {
    let queue = this.#unplaced.get(path);
    if (queue === undefined) {
      queue = new RingQueue<Unplaced>(UNPLACED_EMISSIONS_MAX);
      this.#unplaced.set(path, queue);
    }
    if (queue.full) this.#extra(path, queue.shift());
    queue.push({ order: this.#order++, draft });
  }

  /** Applies the next record of the journal. */
  feed(record: JournalRecord): void {
    this.#records++;
    const emitter = this.#host.switchboard.emitterOf(record);
    const applied = emitter === undefined ? record : this.#place(emitter, record);
    this.#host.observe(record);
    this.#host.switchboard.deliver(applied);
    this.#host.run();
  }

  report(): ReplayReport {
    return {
      records: this.#records,
      compared: this.#compared,
      differences: { ...this.#differences },
      examples: [...this.#examples],
    };
  }

  /** What the actors said that the journal does not hold, in the order they said it. Recovery appends it. */
  takeUnplaced(): Draft[] {
    const left: Unplaced[] = [];
    for (const queue of this.#unplaced.values()) {
      for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) left.push(entry);
    }
    return left.sort((a, b) => a.order - b.order).map((entry) => entry.draft);
  }

  /** Finds the emission that `record` is, and returns what the actors are to hear. */
  #place(emitter: Seat, record: JournalRecord): JournalRecord {
    if (this.#mode === "recorded" && record.kind === "votes") return record;
    const cause = causeOf(record);
    // The snapshot was taken after the actor had said this.
    if (cause <= emitter.appliedSeq) return record;
    const queue = this.#unplaced.get(emitter.path);
    for (;;) {
      const head = queue?.peek();
      if (queue === undefined || head === undefined || causeOf(head.draft) > cause) {
        this.#differ(
          { seq: record.seq, emitter: emitter.path, kind: record.kind, how: "missing" },
          record,
          undefined,
        );
        return record;
      }
      queue.shift();
      if (causeOf(head.draft) < cause || head.draft.kind !== record.kind) {
        this.#extra(emitter.path, head);
        continue;
      }
      this.#compared++;
      if (!samePayload(head.draft, record) && !this.#onlyMasked(record, head.draft)) {
        this.#differ(
          { seq: record.seq, emitter: emitter.path, kind: record.kind, how: "changed" },
          record,
          head.draft,
        );
      }
      return this.#heard(record, head.draft);
    }
  }

  /** A member that was late or failed then is not believed now either: that it answers in time this time is no difference. */
  #onlyMasked(recorded: JournalRecord, replayed: Draft): boolean {
    if (this.#mode !== "recompute" || recorded.kind !== "votes" || replayed.kind !== "votes") return false;
    return recorded.votes.every((vote) => {
      if (vote.status !== "voted") return true;
      const other = replayed.votes.find(({ member }) => member === vote.member);
      return other?.status === "voted" && other.probabilityUp === vote.probabilityUp;
    });
  }

  /** Only a recomputing replay believes new votes over recorded ones, and only where a vote was given then. */
  #heard(recorded: JournalRecord, replayed: Draft): JournalRecord {
    if (this.#mode !== "recompute" || recorded.kind !== "votes" || replayed.kind !== "votes") return recorded;
    const votes = recorded.votes.map(({ member, status, probabilityUp }): Vote => {
      const other = replayed.votes.find((vote) => vote.member === member && vote.status === "voted");
      const believed = status === "voted" && other !== undefined ? other.probabilityUp : probabilityUp;
      return { member, status, probabilityUp: believed };
    });
    return { ...recorded, votes };
  }

  #extra(path: string, entry: Unplaced | undefined): void {
    if (entry === undefined) return;
    const { draft } = entry;
    this.#differ({ seq: causeOf(draft), emitter: path, kind: draft.kind, how: "extra" }, undefined, draft);
  }

  #differ(
    where: Omit<Difference, "cause">,
    recorded: JournalRecord | undefined,
    replayed: Draft | undefined,
  ): void {
    const cause = this.#attribute(where, recorded, replayed);
    this.#tainted.set(where.emitter, cause);
    this.#differences[cause]++;
    if (this.#examples.length < DIFFERENCES_KEPT_MAX) this.#examples.push({ cause, ...where });
  }

  #attribute(
    where: Omit<Difference, "cause">,
    recorded: JournalRecord | undefined,
    replayed: Draft | undefined,
  ): DifferenceCause {
    switch (where.kind) {
      case "votes":
        return recorded?.kind === "votes" && replayed?.kind === "votes"
          ? compareVotes(recorded, replayed, this.#mode)
          : "timing";
      case "execution":
        return "fill";
      case "quarantined":
      case "market":
        return "data";
      default:
        return this.#tainted.get(where.emitter) ?? "code";
    }
  }
}

function compareVotes(recorded: Votes, replayed: Pick<Votes, "votes">, mode: ReplayMode): DifferenceCause {
  let worst: DifferenceCause = "numeric";
  for (const vote of recorded.votes) {
    // Masked in a recomputing replay, so it explains nothing there.
    if (mode === "recompute" && vote.status !== "voted") continue;
    const other: Vote | undefined = replayed.votes.find((candidate) => candidate.member === vote.member);
    if (other === undefined || other.status !== vote.status) return "timing";
    if (Math.abs(other.probabilityUp - vote.probabilityUp) > NUMERIC_TOLERANCE) worst = "model";
  }
  return worst;
}

/** Journal sequence of the record whose handling made an actor say `record`. */
function causeOf(record: JournalRecord | Draft): number {
  return "causeSeq" in record ? record.causeSeq : record.seq;
}

const left = new DataView(new ArrayBuffer(PAYLOAD_BYTES_MAX));
const right = new DataView(new ArrayBuffer(PAYLOAD_BYTES_MAX));

function samePayload(a: JournalRecord, b: JournalRecord): boolean {
  const length = encodePayload(a, left);
  if (encodePayload(b, right) !== length) return false;
  for (let i = 0; i < length; i++) if (left.getUint8(i) !== right.getUint8(i)) return false;
  return true;
}
