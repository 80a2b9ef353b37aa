// How a terminal's tick numbers become ours. A terminal counts each symbol from 1 in each of its lives, and after a restart still
// owes ticks of earlier ones; the gap ledger knows one run of numbers per source and instrument. A lane is one symbol of one life; its
// numbers are laid into that run stretch by stretch, and every stretch is on disk before its first tick is taken. After any crash a
// tick that is sent again therefore has the number it had, and the gap ledger, which the journal restores, knows whether it came.

import type { GapLedger } from "../../actors/market/gap-ledger.ts";
import type { TerminalGap, TerminalStore, TickExtent } from "../../actors/ports/terminals.ts";
import { EXTENTS_PER_LANE_MAX, LOST_RANGES_MAX } from "./limits.ts";

interface Range {
  readonly from: number;
  readonly to: number;
}

/** Which lane: a symbol of a life of a source, as the instrument that it meant. */
interface LaneName {
  readonly sourceId: number;
  readonly instrumentId: number;
  readonly boot: string;
  readonly symbol: string;
}

/** A lane that is wanted, with what its terminal says of it. */
export interface LaneWish extends LaneName {
  readonly slot: number;
  /** Where it begins if nobody here knows it; undefined for where its first tick will be. */
  readonly firstSeq: number | undefined;
  /** The highest number its terminal says it gave. */
  readonly lastSeq: number;
}

export class Lane implements LaneName {
  readonly sourceId: number;
  readonly instrumentId: number;
  readonly boot: string;
  readonly symbol: string;
  readonly slot: number;
  /** Ascending. */
  readonly extents: TickExtent[] = [];
  readonly lost: Range[] = [];
  /** The highest number its terminal said it gave. */
  lastSeq = 0;
  /** Everything up to here was taken in or declared lost. */
  takenSeq = 0;
  /** And is on disk: what may be acknowledged. */
  durableSeq = 0;
  /** Whether numbers beyond {@link takenSeq} came before it. */
  isHoled = false;
  /** Whether it is open which number is its first. */
  isUnbegun = false;

  constructor({ sourceId, instrumentId, boot, symbol, slot }: Omit<LaneWish, "firstSeq" | "lastSeq">) {
    this.sourceId = sourceId;
    this.instrumentId = instrumentId;
    this.boot = boot;
    this.symbol = symbol;
    this.slot = slot;
  }
}

const keyOf = ({ sourceId, instrumentId, boot, symbol }: LaneName): string =>
  `${sourceId} ${instrumentId} ${boot} ${symbol}`;
const INSTRUMENT_IDS = 65_536;
const runOf = ({ sourceId, instrumentId }: { sourceId: number; instrumentId: number }): number =>
  sourceId * INSTRUMENT_IDS + instrumentId;

export class LaneBook {
  readonly #store: TerminalStore;
  readonly #gaps: Pick<GapLedger, "lastSourceSeq" | "missing">;
  readonly #lanes = new Map<string, Lane>();
  /** By source and instrument: whose numbers grow. */
  readonly #tops = new Map<number, Lane>();

  constructor(options: { store: TerminalStore; gaps: Pick<GapLedger, "lastSourceSeq" | "missing"> }) {
    this.#store = options.store;
    this.#gaps = options.gaps;
    for (const extent of this.#store.extents()) {
      const lane = this.#lanes.get(keyOf(extent)) ?? this.#add(new Lane(extent));
      lane.extents.push(extent);
      if (!Number.isFinite(extent.to)) this.#tops.set(runOf(lane), lane);
    }
    for (const gap of this.#store.gaps()) {
      if (gap.reason !== "overflow") continue;
      for (const lane of this.#livesOf(gap)) addRange(lane.lost, gap);
    }
    for (const lane of this.#lanes.values()) {
      lane.extents.sort((a, b) => a.from - b.from);
      lane.takenSeq = this.#contiguous(lane);
      lane.durableSeq = lane.takenSeq;
      lane.isHoled = true;
      const [first] = lane.extents;
      lane.isUnbegun =
        lane.takenSeq === 0 && lane.extents.length === 1 && this.#lastOf(lane) < (first?.base ?? 0);
    }
  }

  find(name: LaneName): Lane | undefined {
    return this.#lanes.get(keyOf(name));
  }

  /** What a symbol of a life meant when it was last described; undefined where it never was. */
  instrumentOf(name: Omit<LaneName, "instrumentId">): number | undefined {
    return this.#livesOf(name).at(-1)?.instrumentId;
  }

  of(sourceIds: readonly number[]): Lane[] {
    return [...this.#lanes.values()].filter(({ sourceId }) => sourceIds.includes(sourceId));
  }

  /** The lanes of `wishes`, in their order; those that are new are on disk, in one write, when this returns. */
  open(wishes: readonly LaneWish[]): Lane[] {
    const written: TickExtent[] = [];
    const lanes = wishes.map((wish) => {
      const known = this.find(wish);
      const lane = known ?? this.#add(new Lane(wish));
      lane.lastSeq = Math.max(lane.lastSeq, wish.lastSeq);
      if (known !== undefined) {
        if (wish.firstSeq !== undefined) this.hearFirst(lane, wish.firstSeq);
        return lane;
      }
      const firstSeq = wish.firstSeq ?? 1;
      written.push(...this.#begin(lane, firstSeq));
      lane.takenSeq = firstSeq - 1;
      lane.durableSeq = lane.takenSeq;
      lane.isUnbegun = wish.firstSeq === undefined;
      return lane;
    });
    if (written.length > 0) this.#store.changeExtents({ written, removed: [] });
    return lanes;
  }

  /** Forgets lives of a connection that its terminal no longer speaks of: everything of them was acknowledged. */
  forget(options: { sourceId: number; slot: number; spokenOf: ReadonlySet<string> }): void {
    const removed: TickExtent[] = [];
    for (const [key, lane] of this.#lanes) {
      if (lane.sourceId !== options.sourceId || lane.slot !== options.slot) continue;
      // The newest stays: the next one's numbers follow from it.
      if (options.spokenOf.has(lane.boot) || this.#tops.get(runOf(lane)) === lane) continue;
      removed.push(...lane.extents);
      this.#lanes.delete(key);
    }
    if (removed.length > 0) this.#store.changeExtents({ written: [], removed });
  }

  /** `seq` is the first that is heard of `lane`: where nobody knew its beginning, what came before went to others. */
  hearFirst(lane: Lane, seq: number): void {
    if (!lane.isUnbegun) return;
    lane.isUnbegun = false;
    const [extent] = lane.extents;
    if (seq <= 1 || extent === undefined || Number.isFinite(extent.to)) return;
    const begun = { ...extent, from: seq };
    this.#store.changeExtents({ written: [begun], removed: [] });
    lane.extents[0] = begun;
    lane.takenSeq = seq - 1;
    lane.durableSeq = seq - 1;
  }

  /**
   * Our number of the lane's `seq`.
   * @returns 0 for one before the lane began here, -1 where the lane is in too many pieces
   */
  numberOf(lane: Lane, seq: number): number {
    for (let index = lane.extents.length - 1; index >= 0; index--) {
      const extent = lane.extents[index] as TickExtent;
      if (seq >= extent.from && seq <= extent.to) return extent.base + (seq - extent.from);
    }
    const last = lane.extents.at(-1);
    if (last === undefined || seq < last.from) return 0;
    if (lane.extents.length >= EXTENTS_PER_LANE_MAX) return -1;
    // Another life went on in between: this one goes on behind it.
    this.#store.changeExtents({ written: this.#begin(lane, last.to + 1), removed: [] });
    return this.numberOf(lane, seq);
  }

  /** Numbers `from` to `to` went to the router. */
  took(lane: Lane, from: number, to: number): void {
    if (to > lane.lastSeq) lane.lastSeq = to;
    if (from > lane.takenSeq + 1) lane.isHoled = true;
    else if (to > lane.takenSeq) lane.takenSeq = to;
    if (lane.isHoled) this.#look(lane);
  }

  /** Its terminal will never send them. On disk when this returns; false where the lane has too many such holes. */
  lose(lane: Lane, gap: TerminalGap): boolean {
    if (lane.lost.length >= LOST_RANGES_MAX) return false;
    this.#store.addGap(gap);
    addRange(lane.lost, gap);
    if (gap.to > lane.lastSeq) lane.lastSeq = gap.to;
    this.#look(lane);
    return true;
  }

  #livesOf({ sourceId, boot, symbol }: Omit<LaneName, "instrumentId">): Lane[] {
    return [...this.#lanes.values()].filter(
      (lane) => lane.sourceId === sourceId && lane.boot === boot && lane.symbol === symbol,
    );
  }

  #look(lane: Lane): void {
    lane.takenSeq = Math.max(lane.takenSeq, this.#contiguous(lane));
    const { from = 0, base = 0 } = lane.extents.at(-1) ?? {};
    lane.isHoled = this.#lastOf(lane) - base + from > lane.takenSeq;
  }

  #lastOf({ sourceId, instrumentId }: Lane): number {
    return this.#gaps.lastSourceSeq(sourceId, instrumentId);
  }

  #add(lane: Lane): Lane {
    this.#lanes.set(keyOf(lane), lane);
    return lane;
  }

  /** The stretch that `lane` grows in from `seq` on, and the end of the one that grew before. Not yet on disk. */
  #begin(lane: Lane, seq: number): TickExtent[] {
    const run = runOf(lane);
    const last = this.#lastOf(lane);
    const before = this.#tops.get(run);
    const changed: TickExtent[] = [];
    let base = last + 1;
    if (before !== undefined) {
      const open = before.extents.at(-1) as TickExtent;
      // What its terminal still owes keeps its place.
      const end = Math.max(open.from - 1, before.lastSeq, before.takenSeq, open.from + (last - open.base));
      base = Math.max(base, open.base + (end - open.from) + 1);
      const closed = { ...open, to: end };
      before.extents[before.extents.length - 1] = closed;
      // One without numbers gives its place on disk to the next.
      if (end >= open.from) changed.push(closed);
    }
    const { sourceId, instrumentId, boot, symbol, slot } = lane;
    const opened = {
      sourceId,
      instrumentId,
      boot,
      symbol,
      slot,
      from: seq,
      to: Number.POSITIVE_INFINITY,
      base,
    };
    lane.extents.push(opened);
    changed.push(opened);
    this.#tops.set(run, lane);
    return changed;
  }

  /** The number up to which nothing is missing, lost ones aside. */
  #contiguous(lane: Lane): number {
    const missing = this.#gaps.missing(lane.sourceId, lane.instrumentId);
    const last = this.#lastOf(lane);
    let seq = (lane.extents[0]?.from ?? 1) - 1;
    for (const { from, to, base } of lane.extents) {
      const arrived = Math.min(to, from + (last - base));
      seq = Math.max(seq, from - 1);
      for (const { fromSourceSeq, toSourceSeq } of missing) {
        const hole = {
          from: from + (fromSourceSeq - base),
          to: Math.min(arrived, from + (toSourceSeq - base)),
        };
        if (hole.to < from || hole.from > arrived) continue;
        const reached = pastLost(lane.lost, Math.max(hole.from, from));
        if (reached <= hole.to) return reached - 1;
      }
      seq = Math.max(seq, arrived);
      seq = pastLost(lane.lost, seq + 1) - 1;
      if (seq < to) return seq;
    }
    return seq;
  }
}

/** The first number from `seq` on that was not declared lost. */
function pastLost(lost: readonly Range[], seq: number): number {
  let next = seq;
  for (const { from, to } of lost) if (from <= next && next <= to) next = to + 1;
  return next;
}

/** Sorted, touching ones as one. */
function addRange(ranges: Range[], { from, to }: Range): void {
  const apart = ranges.filter((each) => each.to < from - 1 || each.from > to + 1);
  const joined = ranges.filter((each) => each.to >= from - 1 && each.from <= to + 1);
  apart.push({
    from: Math.min(from, ...joined.map((each) => each.from)),
    to: Math.max(to, ...joined.map((each) => each.to)),
  });
  ranges.splice(0, ranges.length, ...apart.sort((a, b) => a.from - b.from));
}
