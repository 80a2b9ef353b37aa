// One actor per symbol: its state is the chain's, its mailbox is a view of the journal. It turns records into votes and
// signals and says each of them by a record of its own; nothing it does depends on anything but the records it heard.

import type { Archive } from "../base/archive.ts";
import { type Clock, MICROS_PER_MINUTE, type Micros } from "../base/clock.ts";
import { StateHash } from "../base/hash.ts";
import { LatencyHistogram } from "../base/histogram.ts";
import type { Chain } from "../chain/chain.ts";
import { type Advice, adviceMember } from "../domain/advice.ts";
import { isAsynchronous, type Vote, type Votes } from "../domain/prediction.ts";
import { QUARANTINE_CODES, type QuarantineCode } from "../domain/quarantine.ts";
import type { Beat, JournalRecord } from "../domain/records.ts";
import type { Action } from "../domain/signal.ts";
import { type Tick, TICK_BACKFILL, TICK_SECONDARY, TICK_SKIP_INFERENCE } from "../domain/tick.ts";
import type { Emitter } from "../ports/emitter.ts";
import type { ForecastInput } from "../ports/forecaster.ts";
import type { ForecasterPanel } from "./panel.ts";
import { QUOTE_AGE_MAX_MICROS } from "./limits.ts";

/** Ticks with these flags move bars and features; no member is asked. */
const NO_INFERENCE = TICK_BACKFILL | TICK_SECONDARY | TICK_SKIP_INFERENCE;

const TIMED_ONE_IN = 16;

const ACTION_NUMBER: Readonly<Record<Action, number>> = { HOLD: 0, BUY: 1, SELL: 2 };

export interface SymbolCounts {
  readonly ticks: number;
  readonly quarantined: number;
  readonly decisions: number;
  readonly signals: number;
}

export class SymbolActor {
  readonly instrumentId: number;
  readonly chain: Chain;
  readonly panel: ForecasterPanel;
  /** From tick to decision: since its arrival when trading live, since its handling began in a replay. */
  readonly decisionLatency = new LatencyHistogram();
  readonly #emitter: Emitter;
  readonly #asksMembers: boolean;
  readonly #live: boolean;
  readonly #stopwatch: Clock;
  readonly #hash = new StateHash();
  readonly #input: { features: Float64Array; timeMicros: Micros; instrumentId: number };
  /** By position in QUARANTINE_CODES. */
  readonly #quarantinedByCode = new Float64Array(QUARANTINE_CODES.length);
  #ticks = 0;
  #decisions = 0;
  #signals = 0;
  #lastTickSeq = 0;
  #checkpointMinute = 0;
  #askedMicros = 0;
  /** A minute closed: those who answer on that are asked when this symbol's turn comes. */
  #barMembersDue = false;

  /**
   * @param options.asksMembers false in a replay that takes the votes from the journal
   * @param options.live the stopwatch and the records' times are the same clock
   */
  constructor(options: {
    instrumentId: number;
    chain: Chain;
    panel: ForecasterPanel;
    emitter: Emitter;
    stopwatch: Clock;
    asksMembers: boolean;
    live: boolean;
  }) {
    this.chain = options.chain;
    this.panel = options.panel;
    this.#emitter = options.emitter;
    this.instrumentId = options.instrumentId;
    this.#stopwatch = options.stopwatch;
    this.#asksMembers = options.asksMembers;
    this.#live = options.live;
    this.#input = {
      features: options.chain.features.vector,
      ...(options.panel.minutes === undefined ? {} : { minutes: options.panel.minutes }),
      timeMicros: 0,
      instrumentId: options.instrumentId,
    } satisfies ForecastInput;
  }

  /** When a bar ends, should no tick come first: the engine sends a beat. */
  get nextDueMicros(): Micros {
    return this.chain.nextDueMicros;
  }

  /** When its minute ends, should no tick come first: a beat of its own closes it. */
  get minuteDueMicros(): Micros {
    return this.chain.minuteDueMicros;
  }

  /** Whether it waits for its turn, a beat of its own, to ask those who answer when a minute closes. */
  get waitsForTurn(): boolean {
    return this.#barMembersDue && this.panel.hasBarMembers;
  }

  /**
   * Has one of those who answer when a minute closes say ahead of its turn at `timeMicros` what it will say then, if it can.
   * @returns false where there are not so many
   */
  askAhead(barMember: number, timeMicros: Micros): boolean {
    this.#input.timeMicros = timeMicros;
    return this.#asksMembers && this.panel.askAhead(barMember, this.#input);
  }

  get counts(): SymbolCounts {
    return {
      ticks: this.#ticks,
      quarantined: this.#quarantinedByCode.reduce((sum, count) => sum + count, 0),
      decisions: this.#decisions,
      signals: this.#signals,
    };
  }

  /** How many ticks were quarantined for each reason that occurred. */
  quarantinedByCode(): Partial<Record<QuarantineCode, number>> {
    const counts: Partial<Record<QuarantineCode, number>> = {};
    for (const [index, code] of QUARANTINE_CODES.entries()) {
      const count = this.#quarantinedByCode[index] ?? 0;
      if (count > 0) counts[code] = count;
    }
    return counts;
  }

  /** Fingerprint of every decision so far: two runs that decided alike have the same one. */
  get decisionHash(): string {
    return this.#hash.hex();
  }

  receive(record: JournalRecord): void {
    switch (record.kind) {
      case "tick":
        this.#onTick(record);
        return;
      case "votes":
        this.#onVotes(record);
        return;
      case "advice":
        this.#onAdvice(record);
        return;
      case "beat":
        this.#onBeat(record);
        return;
      case "market":
        this.chain.onMarket(record);
        return;
      default:
        return;
    }
  }

  persist(archive: Archive): void {
    this.#ticks = archive.number(this.#ticks);
    archive.numbers(this.#quarantinedByCode);
    this.#decisions = archive.number(this.#decisions);
    this.#signals = archive.number(this.#signals);
    this.#lastTickSeq = archive.number(this.#lastTickSeq);
    this.#checkpointMinute = archive.number(this.#checkpointMinute);
    this.#barMembersDue = archive.boolean(this.#barMembersDue);
    this.#hash.persist(archive);
    this.chain.persist(archive);
    this.panel.persist(archive);
  }

  #onTick(tick: Tick): void {
    this.#ticks++;
    if (!this.#live) this.#askedMicros = this.#sampled() ? this.#stopwatch.nowMicros() : Number.NaN;
    const code = this.chain.take(tick);
    if (this.chain.takeMinuteClosed()) this.#barMembersDue = true;
    if (code !== undefined) {
      const index = QUARANTINE_CODES.indexOf(code);
      this.#quarantinedByCode[index] = (this.#quarantinedByCode[index] as number) + 1;
      this.#emitter.emit({
        kind: "quarantined",
        seq: 0,
        timeMicros: tick.timeMicros,
        instrumentId: this.instrumentId,
        sourceId: tick.sourceId,
        causeSeq: tick.seq,
        code,
      });
      return;
    }
    if ((tick.flags & NO_INFERENCE) !== 0) return;
    this.#lastTickSeq = tick.seq;
    this.#ask(tick.seq, tick.timeMicros, false);
  }

  /** In a replay one tick in so many is timed: reading the clock would be a tenth of the work. */
  #sampled(): boolean {
    return this.#ticks % TIMED_ONE_IN === 0;
  }

  /** A minute that closes at one beat of its own is asked about at the next: ahead of that everybody's models are run together. */
  #onBeat({ seq, timeMicros, instrumentId }: Beat): void {
    const isItsTurn = instrumentId !== undefined && this.waitsForTurn;
    this.chain.stages.begin();
    this.chain.advance(timeMicros);
    if (this.chain.takeMinuteClosed()) this.#barMembersDue = true;
    if (!isItsTurn) return;
    this.#barMembersDue = false;
    this.#ask(seq, timeMicros, true);
  }

  #ask(causeSeq: number, timeMicros: Micros, barClosed: boolean): void {
    if (!this.#asksMembers) return;
    this.#input.timeMicros = timeMicros;
    const votes = this.panel.ask(this.#input, causeSeq, barClosed);
    this.chain.stages.done("forecast", this.panel.aheadMicros);
    this.#emitter.emit(votes);
  }

  /** Answered outside, some time ago: it becomes a vote like any other, that a replay finds in its place. */
  #onAdvice(advice: Advice): void {
    if (!this.#asksMembers) return;
    const { seq, timeMicros, status, probabilityUp } = advice;
    const vote = { member: adviceMember(advice), status, probabilityUp };
    this.#emitter.emit(this.panel.relay(vote, seq, timeMicros));
  }

  #onVotes(record: Votes): void {
    if (isAnswer(record)) {
      // It waits for the next decision and makes none: when an answer happens to come must not decide when we trade.
      this.chain.cast(record);
      this.#hash.number((record.votes[0] as Vote).probabilityUp);
      this.panel.heard(record);
      return;
    }
    const quoteAgeMicros = record.timeMicros - this.chain.quote.timeMicros;
    const tradable = quoteAgeMicros <= QUOTE_AGE_MAX_MICROS && (this.chain.quote.flags & TICK_BACKFILL) === 0;
    const decision = this.chain.decide(record, tradable);
    this.#decisions++;
    this.#fingerprint(record, decision.action, decision.probabilityUp);
    if (decision.emit) this.#signal(record, tradable);
    this.#checkpoint(record);
    this.panel.heard(record);
    const sinceMicros = this.#live ? record.timeMicros : this.#askedMicros;
    if (!Number.isNaN(sinceMicros)) this.decisionLatency.record(this.#stopwatch.nowMicros() - sinceMicros);
  }

  #signal(record: Votes, tradable: boolean): void {
    this.#signals++;
    const signal = this.chain.describe(record.timeMicros);
    for (const reason of signal.reasons) this.#hash.text(reason);
    this.#hash.number(signal.stopPoints);
    this.#hash.number(signal.targetPoints);
    this.#emitter.emit({
      kind: "signal",
      seq: 0,
      timeMicros: record.timeMicros,
      instrumentId: this.instrumentId,
      causeSeq: record.seq,
      tickSeq: this.#lastTickSeq,
      tradable,
      ...signal,
    });
  }

  /** Covers the tick's number, every vote and what came of them; no latency, no time of day. */
  #fingerprint(record: Votes, action: Action, probabilityUp: number): void {
    const hash = this.#hash;
    hash.number(this.#ticks);
    const votes = record.votes;
    for (let i = 0; i < votes.length; i++) hash.number((votes[i] as Votes["votes"][number]).probabilityUp);
    hash.number(probabilityUp);
    hash.number(ACTION_NUMBER[action]);
  }

  /** Once a minute of the actor's time the fingerprint goes into the journal: a replay sees where it left the path. */
  #checkpoint(record: Votes): void {
    const minute = Math.floor(record.timeMicros / MICROS_PER_MINUTE);
    if (minute === this.#checkpointMinute) return;
    this.#checkpointMinute = minute;
    this.#emitter.emit({
      kind: "checkpoint",
      seq: 0,
      timeMicros: record.timeMicros,
      instrumentId: this.instrumentId,
      causeSeq: record.seq,
      decisions: this.#decisions,
      decisionHash: this.#hash.hex(),
    });
  }
}

/** Whoever is answered beside the tick path votes alone. */
function isAnswer({ votes }: Votes): boolean {
  return votes.length === 1 && isAsynchronous((votes[0] as Vote).member);
}
