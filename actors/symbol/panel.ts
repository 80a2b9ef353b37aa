// Step 4 of the chain: asks the members that are due and makes one votes record of their answers. A member that
// throws, answers nonsense or is late loses its vote and, after five times, its turn; the others vote on.

import type { Archive, Persistent } from "../base/archive.ts";
import { assert } from "../base/assert.ts";
import type { Clock, Micros } from "../base/clock.ts";
import { LatencyHistogram } from "../base/histogram.ts";
import type { MemberId, Vote, Votes, VoteStatus } from "../domain/prediction.ts";
import type { Draft } from "../ports/emitter.ts";
import { ABSTAIN, type ForecastInput, type Forecaster, type MinuteRows } from "../ports/forecaster.ts";
import { CircuitBreaker } from "../runtime/breaker.ts";
import { VOTES_IN_FLIGHT_MAX } from "./limits.ts";
import { MinuteHistory } from "./minute-history.ts";

/** Calls of which one is timed where no deadline is judged. A power of two. */
const TIMED_ONE_IN = 16;

interface MutableVote extends Vote {
  status: VoteStatus;
  probabilityUp: number;
}

/** What a member said ahead of its symbol's turn; it counts where nothing that it read has changed. */
interface Ahead extends MutableVote {
  /** Of the turn; NaN where nothing was said. */
  timeMicros: Micros;
  /** Of the newest minute. */
  closeMicros: Micros;
  tookMicros: number;
}

interface Member {
  readonly forecaster: Forecaster;
  readonly breaker: CircuitBreaker;
  readonly latency: LatencyHistogram;
  readonly ahead: Ahead;
}

/** A votes record and the votes it can hold, reused once it has been heard. */
interface Slot {
  readonly draft: Draft<"votes">;
  readonly tickVotes: readonly MutableVote[];
  readonly allVotes: readonly MutableVote[];
}

export interface MemberHealth {
  readonly member: MemberId;
  readonly breaker: string;
  readonly p50Micros: number;
  readonly p99Micros: number;
}

export class ForecasterPanel {
  readonly #instrumentId: number;
  readonly #stopwatch: Clock;
  readonly #judgeDeadlines: boolean;
  readonly #tickMembers: readonly Member[];
  readonly #allMembers: readonly Member[];
  /** Undefined where no member reads it. */
  readonly #minutes: MinuteHistory | undefined;
  /** A ring of slots; those from `#oldest` on, `#inFlight` of them, hold votes that have not been heard. */
  #slots: Slot[];
  #oldest = 0;
  #inFlight = 0;
  #asked = 0;
  #aheadMicros = 0;
  #heardSeq = 0;

  /**
   * @param options.stopwatch real time, for latency and deadlines; actors' time never comes from it
   * @param options.judgeDeadlines false where the machine's speed must not matter: backtests and replays
   * @param options.minutesKept at least, whoever reads them
   */
  constructor(options: {
    instrumentId: number;
    forecasters: readonly Forecaster[];
    stopwatch: Clock;
    judgeDeadlines: boolean;
    minutesKept?: number;
  }) {
    this.#instrumentId = options.instrumentId;
    this.#stopwatch = options.stopwatch;
    this.#judgeDeadlines = options.judgeDeadlines;
    const members = options.forecasters
      .filter((forecaster) => forecaster.cadence !== "asynchronous")
      .map((forecaster) => ({
        forecaster,
        breaker: new CircuitBreaker(),
        latency: new LatencyHistogram(),
        ahead: {
          ...unasked(forecaster),
          timeMicros: Number.NaN,
          closeMicros: Number.NaN,
          tookMicros: 0,
        },
      }));
    this.#tickMembers = members.filter((member) => member.forecaster.cadence === "tick");
    this.#allMembers = [
      ...this.#tickMembers,
      ...members.filter((member) => member.forecaster.cadence === "bar-close"),
    ];
    const minutesRead = members.map(({ forecaster }) => forecaster.minutesRead ?? 0);
    const minutesKept = Math.max(options.minutesKept ?? 0, ...minutesRead);
    this.#minutes = minutesKept === 0 ? undefined : new MinuteHistory(minutesKept);
    this.#slots = [this.#newSlot(), this.#newSlot()];
  }

  /** What members read of the minutes before; the same object all along. */
  get minutes(): MinuteRows | undefined {
    return this.#minutes;
  }

  /** A minute closed, asked about or not, with the features as they are. */
  minuteClosed(features: Float64Array, closeMicros: Micros): void {
    this.#minutes?.push(features, closeMicros);
  }

  /** Whether any member answers when a bar closes; if none does, a silent symbol is not asked. */
  get hasBarMembers(): boolean {
    return this.#allMembers.length > this.#tickMembers.length;
  }

  get health(): MemberHealth[] {
    return this.#allMembers.map(({ forecaster, breaker, latency }) => ({
      member: forecaster.member,
      breaker: breaker.state,
      p50Micros: latency.quantileMicros(0.5),
      p99Micros: latency.quantileMicros(0.99),
    }));
  }

  /**
   * Asks the members due at a tick, or at a bar's close as well. The draft is the caller's until it has been heard.
   * @param causeSeq journal sequence of the tick or beat that makes them due
   */
  ask(input: ForecastInput, causeSeq: number, barClosed: boolean): Draft<"votes"> {
    const slot = this.#takeSlot();
    const members = barClosed ? this.#allMembers : this.#tickMembers;
    const votes = barClosed ? slot.allVotes : slot.tickVotes;
    // A clock reading costs as much as a cheap member: one's end is the next one's start, and where no deadline is judged
    // one call in sixteen is timed.
    this.#asked = (this.#asked + 1) | 0;
    const timed = this.#judgeDeadlines || (this.#asked & (TIMED_ONE_IN - 1)) === 0;
    this.#aheadMicros = 0;
    let markMicros = timed ? this.#stopwatch.nowMicros() : Number.NaN;
    for (let i = 0; i < members.length; i++) {
      markMicros = this.#askOne(members[i] as Member, votes[i] as MutableVote, input, markMicros);
    }
    return fill(slot, votes, causeSeq, input.timeMicros);
  }

  /**
   * Asks one of the members that answer on a bar's close ahead of {@link ask}, where it can say now what it will say then.
   * @returns false where there are not so many
   */
  askAhead(barMember: number, input: ForecastInput): boolean {
    const member = this.#allMembers[this.#tickMembers.length + barMember];
    if (member === undefined) return false;
    const { forecaster, breaker, ahead } = member;
    if (forecaster.readsMinutesAlone !== true || breaker.state !== "closed") return true;
    const startMicros = this.#stopwatch.nowMicros();
    ahead.probabilityUp = Number.NaN;
    ahead.status = runMember(member, ahead, input);
    ahead.tookMicros = this.#stopwatch.nowMicros() - startMicros;
    ahead.timeMicros = input.timeMicros;
    ahead.closeMicros = this.#minutes?.closeMicros ?? Number.NaN;
    return true;
  }

  /** What members took ahead of the last {@link ask}, beyond what that took itself. */
  get aheadMicros(): number {
    return this.#aheadMicros;
  }

  /**
   * The vote of a member that was answered outside. A probability that is none is no vote. The draft is the caller's until it
   * has been heard.
   * @param causeSeq journal sequence of the record that brought the answer
   */
  relay(answer: Vote, causeSeq: number, timeMicros: Micros): Draft<"votes"> {
    const { member, status, probabilityUp } = answer;
    const isVote = status === "voted" && probabilityUp > 0 && probabilityUp < 1;
    const vote: Vote = {
      member,
      status: status === "voted" && !isVote ? "invalid" : status,
      probabilityUp: isVote ? probabilityUp : Number.NaN,
    };
    return fill(this.#takeSlot(), [vote], causeSeq, timeMicros);
  }

  /**
   * Votes have been handled: the oldest slot in flight is free, since they are heard in the order they were asked. Breakers follow what
   * is heard, so that in a replay a member that was late then is asked at the same ticks as then.
   */
  heard({ seq, timeMicros, votes }: Votes): void {
    this.#judge(votes, timeMicros);
    this.#release(seq);
  }

  #judge(votes: readonly Vote[], timeMicros: Micros): void {
    for (let i = 0; i < votes.length; i++) {
      const { member, status } = votes[i] as Vote;
      // Who is answered outside has no breaker here; nor has one that another configuration asked.
      const asked = this.#allMembers[i];
      if (asked?.forecaster.member !== member) continue;
      if (status === "voted" || status === "abstained") asked.breaker.succeeded();
      else if (status !== "breaker-open") asked.breaker.failed(timeMicros);
    }
  }

  #release(seq: number): void {
    this.#heardSeq = seq;
    if (this.#inFlight === 0) return;
    this.#oldest = (this.#oldest + 1) % this.#slots.length;
    this.#inFlight--;
  }

  persist(archive: Archive): void {
    this.#heardSeq = archive.number(this.#heardSeq);
    // By name: another set of members goes on with those it has in common with the one before, and with its minutes.
    const parts = new Map<string, Persistent>(
      this.#allMembers.map((member) => [nameOf(member.forecaster), stateOf(member)]),
    );
    if (this.#minutes !== undefined) parts.set("minutes", this.#minutes);
    archive.parts(parts);
  }

  /** @returns when the member was done; NaN when nobody looks at the time */
  #askOne(member: Member, vote: MutableVote, input: ForecastInput, startMicros: Micros): Micros {
    vote.probabilityUp = Number.NaN;
    if (!member.breaker.allows(input.timeMicros)) {
      vote.status = "breaker-open";
      return startMicros;
    }
    const { ahead } = member;
    if (ahead.timeMicros === input.timeMicros && ahead.closeMicros === this.#minutes?.closeMicros) {
      this.#takeAhead(member, vote);
      return startMicros;
    }
    vote.status = runMember(member, vote, input);
    const doneMicros = Number.isNaN(startMicros) ? startMicros : this.#stopwatch.nowMicros();
    this.#judgeTime(member, vote, doneMicros - startMicros);
    return doneMicros;
  }

  #takeAhead(member: Member, vote: MutableVote): void {
    const { ahead } = member;
    vote.status = ahead.status;
    vote.probabilityUp = ahead.probabilityUp;
    ahead.timeMicros = Number.NaN;
    this.#aheadMicros += ahead.tookMicros;
    this.#judgeTime(member, vote, ahead.tookMicros);
  }

  #judgeTime({ latency, forecaster }: Member, vote: MutableVote, tookMicros: number): void {
    latency.record(tookMicros);
    if (!this.#judgeDeadlines || !(tookMicros > forecaster.deadlineMicros)) return;
    vote.status = "late";
    vote.probabilityUp = Number.NaN;
  }

  /**
   * A slot nobody holds. There are as many as were ever in flight at once, up to {@link VOTES_IN_FLIGHT_MAX}; a replay that
   * went another way may leave votes unheard, and then the oldest goes round again.
   */
  #takeSlot(): Slot {
    if (this.#inFlight === this.#slots.length) {
      if (this.#slots.length < VOTES_IN_FLIGHT_MAX) this.#grow();
      else this.#release(this.#heardSeq);
    }
    const slot = this.#slots[(this.#oldest + this.#inFlight) % this.#slots.length] as Slot;
    assert(slot.draft.seq <= this.#heardSeq, "more votes are in flight than the panel has slots for");
    this.#inFlight++;
    return slot;
  }

  #grow(): void {
    const inOrder = [...this.#slots.slice(this.#oldest), ...this.#slots.slice(0, this.#oldest)];
    const lengthMax = Math.min(2 * inOrder.length, VOTES_IN_FLIGHT_MAX);
    while (inOrder.length < lengthMax) inOrder.push(this.#newSlot());
    this.#slots = inOrder;
    this.#oldest = 0;
  }

  #newSlot(): Slot {
    const tickVotes = votesOf(this.#tickMembers);
    return {
      tickVotes,
      allVotes: votesOf(this.#allMembers),
      draft: {
        kind: "votes",
        seq: 0,
        timeMicros: 0 satisfies Micros,
        instrumentId: this.#instrumentId,
        causeSeq: 0,
        votes: tickVotes,
      },
    };
  }
}

function fill(slot: Slot, votes: readonly Vote[], causeSeq: number, timeMicros: Micros): Draft<"votes"> {
  const draft = slot.draft as { -readonly [Key in keyof Draft<"votes">]: Draft<"votes">[Key] };
  draft.seq = 0;
  draft.timeMicros = timeMicros;
  draft.causeSeq = causeSeq;
  draft.votes = votes;
  return draft;
}

function runMember(member: Member, vote: MutableVote, input: ForecastInput): VoteStatus {
  let probabilityUp: number;
  try {
    probabilityUp = member.forecaster.forecast(input);
  } catch {
    return "failed";
  }
  if (probabilityUp === ABSTAIN) return "abstained";
  if (!(probabilityUp > 0 && probabilityUp < 1)) return "invalid";
  vote.probabilityUp = probabilityUp;
  return "voted";
}

function votesOf(members: readonly Member[]): MutableVote[] {
  return members.map(({ forecaster }) => unasked(forecaster));
}

function unasked({ member }: Forecaster): MutableVote {
  return { member, status: "abstained", probabilityUp: Number.NaN };
}

function nameOf({ member, version }: Forecaster): string {
  return version === undefined ? member : `${member} ${version}`;
}

function stateOf({ forecaster, breaker }: Member): Persistent {
  return {
    persist: (archive) => {
      forecaster.persist(archive);
      breaker.persist(archive);
    },
  };
}
