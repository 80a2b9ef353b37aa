// Terminals' ticks into the journal: names become instruments, numbers become ours, and a terminal is told how far its ticks are durable,
// once for everything that a write made durable.

import { MICROS_PER_MILLISECOND } from "../../actors/base/clock.ts";
import { RingQueue } from "../../actors/base/ring.ts";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import type { Instrument } from "../../actors/domain/instrument.ts";
import { TICK_BACKFILL, TICK_SECONDARY } from "../../actors/domain/tick.ts";
import type { TerminalStore } from "../../actors/ports/terminals.ts";
import { INGEST_BUSY } from "../../actors/router.ts";
import { emptySourceTick } from "../feeds/source.ts";
import { mapBrokerSymbol, type SymbolMapping } from "../feeds/symbol-map.ts";
import type { Station } from "../main.ts";
import type { BrokerTime } from "./clocks.ts";
import { type Lane, LaneBook, type LaneWish } from "./lanes.ts";
import { ACKS_WAITING_MAX, PRIMARY_HOLD_MS, SEQ_AHEAD_MAX, UNMAPPED_MAX } from "./limits.ts";
import type { TerminalFrame } from "./protocol/from-terminal.ts";

export type HelloFrame = Extract<TerminalFrame, { t: "hello" }>;
export type TicksFrame = Extract<TerminalFrame, { t: "ticks" }>;
export type GapFrame = Extract<TerminalFrame, { t: "gap" }>;

export interface Acknowledged {
  readonly boot: string;
  readonly symbol: string;
  readonly seq: number;
}

/** What of an account concerns its ticks, whichever connection they come over. */
export interface TickSide {
  readonly accountId: string;
  readonly brokerTime: BrokerTime;
  /** Spellings that nobody has mapped: how many ticks came of each, and what to do. */
  readonly unmapped: Map<string, { ticks: number; how: string }>;
  /** By source and instrument: the connection and spelling that its live ticks come by. */
  readonly claims: Map<string, { feed: TickFeed; symbol: string }>;
}

export interface TickCounts {
  ticks: number;
  duplicates: number;
  backfilled: number;
  /** Told to be lost. */
  lost: number;
  /** Stretches of the terminal's history that it could not read: how many ticks nobody knows. */
  unread: number;
}

export const noTicks = (): TickCounts => ({ ticks: 0, duplicates: 0, backfilled: 0, lost: 0, unread: 0 });

/** One connection's ticks. */
export interface TickFeed {
  readonly side: TickSide;
  readonly sourceId: number;
  /** Of a terminal that only watches. */
  readonly watches: boolean;
  readonly slot: number;
  readonly boot: string;
  /** Symbols that its terminal has, by the broker's spelling. */
  readonly described: ReadonlySet<string>;
  /** Those of them that mean an instrument here. */
  readonly instruments: Map<string, Instrument>;
  readonly counts: TickCounts;
  readonly acknowledge: (acks: readonly Acknowledged[]) => void;
}

export type IntakeFailure = "busy" | "protocol";

interface Waiting {
  readonly lane: Lane;
  readonly feed: TickFeed;
  readonly seq: number;
  readonly journalSeq: number;
}

export interface TickIntakeOptions {
  readonly station: Pick<Station, "live" | "journal" | "clock">;
  readonly store: TerminalStore;
  readonly mappings: readonly SymbolMapping[];
  readonly onProblem: (message: string) => void;
}

export class TickIntake {
  readonly lanes: LaneBook;
  /** Of all connections since the start. */
  readonly totals = noTicks();
  readonly #options: TickIntakeOptions;
  readonly #waiting = new RingQueue<Waiting>(ACKS_WAITING_MAX);
  readonly #tick = emptySourceTick();
  /** By instrument: the source that moves its bars; others check it. */
  readonly #primaries = new Map<number, { sourceId: number; liveMs: number }>();

  constructor(options: TickIntakeOptions) {
    this.#options = options;
    this.lanes = new LaneBook({ store: options.store, gaps: options.station.live.router.gaps });
    options.station.journal.onProgress(() => this.#acknowledge());
  }

  get hasFailed(): boolean {
    return this.#options.station.live.router.detached;
  }

  /**
   * Finds out what a connection brings, and gives its numbers their places.
   * @returns how far each stream it spoke of is durable
   */
  open(feed: TickFeed, hello: HelloFrame): Result<Acknowledged[], IntakeFailure> {
    for (const facts of hello.symbols) this.#mapSymbol(feed, facts);
    const wishes: LaneWish[] = [];
    for (const { boot, symbol, acked, last } of hello.streams) {
      if (last < acked || last - acked > SEQ_AHEAD_MAX)
        return failure("protocol", `${symbol} cannot have numbers up to ${last} after ${acked}`);
      wishes.push(...this.#wishes(feed, { boot, symbol, firstSeq: acked + 1, lastSeq: last }));
    }
    // Behind those that it still owes.
    for (const symbol of feed.instruments.keys())
      wishes.push(...this.#wishes(feed, { boot: hello.boot, symbol, firstSeq: undefined, lastSeq: 0 }));
    const lanes = new Set(this.lanes.open(wishes));
    const spokenOf = new Set([hello.boot, ...hello.streams.map(({ boot }) => boot)]);
    this.lanes.forget({ sourceId: feed.sourceId, slot: feed.slot, spokenOf });
    return ok([...lanes].filter(({ durableSeq }) => durableSeq > 0).map((lane) => acknowledgementOf(lane)));
  }

  /** The connection is gone: others may bring what it brought. */
  close(feed: TickFeed): void {
    for (const [key, claim] of feed.side.claims) if (claim.feed === feed) feed.side.claims.delete(key);
    for (const [instrumentId, { sourceId }] of this.#primaries) {
      if (sourceId === feed.sourceId) this.#primaries.delete(instrumentId);
    }
  }

  /**
   * Takes the frame's ticks from its `start`th on.
   * @returns how many of all are taken: fewer than it has when journal or actors are busy
   */
  take(feed: TickFeed, frame: TicksFrame, start: number): Result<number, IntakeFailure> {
    const { router } = this.#options.station.live;
    const lane = this.#laneOf(feed, frame);
    const to = frame.from + frame.ticks.length - 1;
    if (lane === undefined) {
      this.#countUnmapped(feed, frame.symbol, frame.ticks.length);
      feed.acknowledge([{ boot: frame.boot, symbol: frame.symbol, seq: to }]);
      return ok(frame.ticks.length);
    }
    if (to - lane.takenSeq > SEQ_AHEAD_MAX)
      return failure("protocol", `${frame.symbol} has no number ${to} after ${lane.takenSeq}`);
    if (this.#waiting.full) return ok(start);
    const flags = this.#flagsOf(feed, lane, frame.backfill);
    let taken = start;
    for (; taken < frame.ticks.length; taken++) {
      const placed = this.#place(feed, lane, frame, taken, flags);
      if (placed === INGEST_BUSY) break;
      if (placed === TOO_MANY_PIECES)
        return failure("protocol", `${frame.symbol} of ${frame.boot} comes in too many pieces: start anew`);
    }
    if (taken === start) return ok(start);
    this.lanes.took(lane, frame.from + start, frame.from + taken - 1);
    this.#waiting.push({ lane, feed, seq: lane.takenSeq, journalSeq: router.lastSeq });
    this.#acknowledge();
    if (!frame.backfill && taken === frame.ticks.length) this.#hearTime(feed, frame);
    return ok(taken);
  }

  /** Ticks that will never come. */
  lose(feed: TickFeed, frame: GapFrame): Result<void, IntakeFailure> {
    const { boot, symbol, reason, from, to, fromBrokerMs, toBrokerMs } = frame;
    const gap = { sourceId: feed.sourceId, boot, symbol, reason, fromBrokerMs, toBrokerMs };
    if (reason === "unread") {
      this.#count(feed, "unread", 1);
      this.#options.store.addGap({ ...gap, from: 0, to: 0 });
      return ok(undefined);
    }
    if (from === null || to === null || from > to) return failure("protocol", "a gap without its numbers");
    const lane = this.#laneOf(feed, { boot, symbol, from });
    if (lane === undefined) {
      feed.acknowledge([{ boot, symbol, seq: to }]);
      return ok(undefined);
    }
    if (to - lane.takenSeq > SEQ_AHEAD_MAX || !this.lanes.lose(lane, { ...gap, from, to }))
      return failure("protocol", `${symbol} of ${boot} has more gaps than anybody can keep: start anew`);
    this.#count(feed, "lost", to - from + 1);
    const { journal, live } = this.#options.station;
    this.#waiting.push({ lane, feed, seq: lane.takenSeq, journalSeq: live.router.lastSeq });
    if (journal.health === "ok") this.#acknowledge();
    return ok(undefined);
  }

  #mapSymbol(feed: TickFeed, facts: HelloFrame["symbols"][number]): void {
    const { side } = feed;
    const mapped = mapBrokerSymbol(
      {
        source: side.accountId,
        symbol: facts.symbol,
        digits: facts.digits,
        contractSize: Number(facts.contractSize),
        quoteCurrency: facts.currencyProfit,
      },
      {
        instruments: this.#options.station.live.engine.config.instruments,
        mappings: this.#options.mappings,
      },
    );
    if (!mapped.ok) {
      this.#leaveUnmapped(side, facts.symbol, mapped.message);
      return;
    }
    const key = `${feed.sourceId}:${mapped.value.id}`;
    const claim = side.claims.get(key);
    if (claim !== undefined && (claim.feed !== feed || claim.symbol !== facts.symbol)) {
      const other = `connection ${claim.feed.slot} sends as "${claim.symbol}"`;
      const how = `"${facts.symbol}" is ${mapped.value.symbol}, which ${other}: leave one of them out`;
      this.#leaveUnmapped(side, facts.symbol, how);
      return;
    }
    side.claims.set(key, { feed, symbol: facts.symbol });
    side.unmapped.delete(facts.symbol);
    feed.instruments.set(facts.symbol, mapped.value);
  }

  #leaveUnmapped({ unmapped }: TickSide, symbol: string, how: string): void {
    if (unmapped.get(symbol)?.how === how || unmapped.size >= UNMAPPED_MAX) return;
    unmapped.set(symbol, { ticks: unmapped.get(symbol)?.ticks ?? 0, how });
    this.#options.onProblem(`ticks are not used: ${how}`);
  }

  #countUnmapped({ side }: TickFeed, symbol: string, ticks: number): void {
    const known = side.unmapped.get(symbol);
    if (known !== undefined) known.ticks += ticks;
    else if (side.unmapped.size < UNMAPPED_MAX) {
      const how = `"${symbol}" was not among the symbols that its terminal described: add it to the terminal's list`;
      side.unmapped.set(symbol, { ticks, how });
    }
  }

  /** None for a symbol of no instrument. */
  #wishes(feed: TickFeed, wanted: Pick<LaneWish, "boot" | "symbol" | "firstSeq" | "lastSeq">): LaneWish[] {
    const { sourceId, slot } = feed;
    const instrumentId = this.#instrumentOf(feed, wanted);
    return instrumentId === undefined ? [] : [{ ...wanted, sourceId, slot, instrumentId }];
  }

  /** What a symbol is mapped to now; of one that its terminal no longer has, what it was. */
  #instrumentOf(feed: TickFeed, { boot, symbol }: { boot: string; symbol: string }): number | undefined {
    if (feed.described.has(symbol)) return feed.instruments.get(symbol)?.id;
    return this.lanes.instrumentOf({ sourceId: feed.sourceId, boot, symbol });
  }

  #laneOf(feed: TickFeed, { boot, symbol, from }: { boot: string; symbol: string; from: number }) {
    const { sourceId } = feed;
    const instrumentId = this.#instrumentOf(feed, { boot, symbol });
    if (instrumentId === undefined) return undefined;
    const lane =
      this.lanes.find({ sourceId, instrumentId, boot, symbol }) ??
      this.lanes.open(this.#wishes(feed, { boot, symbol, firstSeq: from, lastSeq: 0 }))[0];
    if (lane !== undefined) this.lanes.hearFirst(lane, from);
    return lane;
  }

  #place(feed: TickFeed, lane: Lane, frame: TicksFrame, index: number, flags: number): number {
    const { live, clock } = this.#options.station;
    const seq = this.lanes.numberOf(lane, frame.from + index);
    if (seq < 0) return TOO_MANY_PIECES;
    if (seq === 0) return 0;
    const said = frame.ticks[index] as TicksFrame["ticks"][number];
    const tick = this.#tick;
    tick.instrumentId = lane.instrumentId;
    tick.sourceId = feed.sourceId;
    tick.sourceSeq = seq;
    tick.sourceTimeMicros = (said[0] - feed.side.brokerTime.offsetMs) * MICROS_PER_MILLISECOND;
    tick.bid = Number(said[1]);
    tick.ask = Number(said[2]);
    tick.flags = flags;
    const placed = live.router.ingest(tick, clock.nowMicros());
    if (placed === INGEST_BUSY) return placed;
    this.#count(feed, placed < 0 ? "duplicates" : "ticks", 1);
    if (placed > 0 && frame.backfill) this.#count(feed, "backfilled", 1);
    return placed;
  }

  #count({ counts }: TickFeed, what: keyof TickCounts, by: number): void {
    counts[what] += by;
    this.totals[what] += by;
  }

  #flagsOf(feed: TickFeed, { instrumentId }: Lane, isBackfill: boolean): number {
    const nowMs = this.#nowMs();
    const primary = this.#primaries.get(instrumentId);
    const isFree = primary === undefined || nowMs - primary.liveMs > PRIMARY_HOLD_MS;
    let isPrimary = primary?.sourceId === feed.sourceId;
    if (!isBackfill && !feed.watches && (isPrimary || isFree)) {
      this.#primaries.set(instrumentId, { sourceId: feed.sourceId, liveMs: nowMs });
      isPrimary = true;
    }
    const isSecondary = feed.watches || (!isPrimary && !isFree);
    return (isBackfill ? TICK_BACKFILL : 0) | (isSecondary ? TICK_SECONDARY : 0);
  }

  #hearTime({ side }: TickFeed, frame: TicksFrame): void {
    const brokerMs = frame.ticks.at(-1)?.[0] ?? 0;
    const nowMs = this.#nowMs();
    if (!side.brokerTime.hear(brokerMs, nowMs)) return;
    const { offsetMs } = side.brokerTime;
    this.#options.store.addOffset({ accountId: side.accountId, atMs: Math.floor(nowMs), offsetMs });
  }

  #nowMs(): number {
    return this.#options.station.clock.nowMicros() / MICROS_PER_MILLISECOND;
  }

  /** Tells what has become durable. After a failure of the journal nothing ever is. */
  #acknowledge(): void {
    const { journal } = this.#options.station;
    if (this.hasFailed) return;
    const feeds = new Map<TickFeed, Set<Lane>>();
    for (let next = this.#waiting.peek(); next !== undefined; next = this.#waiting.peek()) {
      if (next.journalSeq > journal.durableSeq) break;
      this.#waiting.shift();
      const { lane, feed, seq } = next;
      lane.durableSeq = Math.max(lane.durableSeq, seq);
      const lanes = feeds.get(feed);
      if (lanes === undefined) feeds.set(feed, new Set([lane]));
      else lanes.add(lane);
    }
    for (const [feed, lanes] of feeds) {
      feed.acknowledge([...lanes].map((lane) => acknowledgementOf(lane)));
    }
  }
}

/** Of a lane that is in more pieces than may be. */
const TOO_MANY_PIECES = -3;

function acknowledgementOf({ boot, symbol, durableSeq }: Lane): Acknowledged {
  return { boot, symbol, seq: durableSeq };
}
