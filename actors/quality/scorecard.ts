// What those who vote on one symbol, and models that only might, have been worth of late: their answers are held until their horizon has passed, settled by the same
// definition as everywhere, and scored over a rolling window, altogether and by regime; beside it, how far the features they rest on
// have moved. Bounded: rings of numbers, whatever comes.

import type { Archive } from "../base/archive.ts";
import { assert } from "../base/assert.ts";
import { MICROS_PER_MINUTE, MICROS_PER_SECOND, type Micros } from "../base/clock.ts";
import type { MemberId, VoteStatus } from "../domain/prediction.ts";
import { FEATURE_COUNT } from "../domain/features.ts";
import { type Regime, REGIMES } from "../domain/regime.ts";
import { FeatureDrift } from "./drift.ts";
import {
  areaUnderCurve,
  baseRate,
  brierScore,
  brierSkill,
  type CalibrationBin,
  calibrationCurve,
  calibrationError,
  coverageCurve,
  type CoverageStep,
  type Interval,
  logLoss,
  rightGuesses,
  wilsonInterval,
} from "./measures.ts";
import { happened, MinuteOutcomes, type OutcomeEvent, QuoteOutcomes } from "./outcomes.ts";
import { SortedScores } from "./sorting.ts";

/** Settled votes of a member that are looked back on. */
export const SETTLED_MAX = 2_000;
/** Fewer say nothing. */
export const SETTLED_MIN = 30;
/** Of horizons below a minute, so many votes are taken per horizon at most: those between would say the same again. */
const VOTES_PER_HORIZON = 5;

/** Minutes between the rows that drift is followed by: features of minutes that follow each other are nearly the same. */
const DRIFT_EVERY = 5;
/** Two days of them to learn from, and a day to compare. */
const DRIFT_REFERENCE = 576;
const DRIFT_RECENT = 288;

const NO_ROWS = { probabilities: new Float32Array(), outcomes: new Uint8Array() };

/**
 * What a member's votes are probabilities of. Whoever scores models beside members, or versions of one member, gives them names
 * of their own.
 */
export interface ScoredMember<Name extends string = MemberId> {
  readonly member: Name;
  readonly event: OutcomeEvent;
  readonly horizonMicros: Micros;
  /** The feature that a range has to exceed: its place in the vector; -1 for directions. */
  readonly medianFeature: number;
  /** Time between two of its answers, of horizons of minutes; left out, it answers every minute. */
  readonly everyMicros?: Micros;
}

/** What was said at one moment; a record of votes is such. */
export interface ScoredVotes {
  readonly timeMicros: Micros;
  readonly votes: readonly {
    readonly member: string;
    readonly status: VoteStatus;
    readonly probabilityUp: number;
  }[];
}

export interface MemberScore<Name extends string = MemberId> {
  readonly member: Name;
  /** Undefined for all regimes together. */
  readonly regime: Regime | undefined;
  readonly rows: number;
  /** About how many of them do not overlap. */
  readonly rowsApart: number;
  readonly baseRate: number;
  readonly accuracy: number;
  /** As if only rows counted whose horizons do not overlap. */
  readonly accuracyInterval: Interval;
  readonly brier: number;
  /** NaN, as the area is, where all outcomes are the same. */
  readonly brierSkill: number;
  readonly logLoss: number;
  readonly ece: number;
  readonly auc: number;
}

/** How the last votes of one member lie: for plots. */
export interface MemberCurves {
  readonly calibration: readonly CalibrationBin[];
  readonly coverage: readonly CoverageStep[];
}

/** The last settled votes of one member. */
class SettledVotes {
  readonly #probabilities = new Float64Array(SETTLED_MAX);
  readonly #outcomes = new Float64Array(SETTLED_MAX);
  readonly #regimes = new Float64Array(SETTLED_MAX);
  #count = 0;

  add(probability: number, outcome: number, regime: number): void {
    const place = this.#count++ % SETTLED_MAX;
    this.#probabilities[place] = probability;
    this.#outcomes[place] = outcome;
    this.#regimes[place] = regime;
  }

  get length(): number {
    return Math.min(this.#count, SETTLED_MAX);
  }

  /** @param regime by its number; -1 for all */
  rows(regime: number): { probabilities: Float32Array; outcomes: Uint8Array } {
    const { length } = this;
    const isWanted = (_: number, place: number): boolean => regime < 0 || this.#regimes[place] === regime;
    return {
      probabilities: Float32Array.from(this.#probabilities.subarray(0, length).filter(isWanted)),
      outcomes: Uint8Array.from(this.#outcomes.subarray(0, length).filter(isWanted)),
    };
  }

  persist(archive: Archive): void {
    this.#count = archive.number(this.#count);
    archive.numbers(this.#probabilities);
    archive.numbers(this.#outcomes);
    archive.numbers(this.#regimes);
  }
}

/** Votes of one horizon that wait: a slot a moment, in it a number for each member. */
class Waiting {
  readonly members: readonly ScoredMember<string>[];
  readonly #settled: ReadonlyMap<string, SettledVotes>;
  readonly #slots: number;
  readonly #probabilities: Float64Array;
  readonly #medians: Float64Array;
  readonly #regimes: Float64Array;
  #count = 0;

  constructor(
    members: readonly ScoredMember<string>[],
    settled: ReadonlyMap<string, SettledVotes>,
    slots: number,
  ) {
    this.members = members;
    this.#settled = settled;
    this.#slots = slots;
    this.#probabilities = new Float64Array(slots * members.length).fill(Number.NaN);
    this.#medians = new Float64Array(slots * members.length).fill(Number.NaN);
    this.#regimes = new Float64Array(slots);
  }

  /** The newest slot. */
  get last(): number {
    return this.#count - 1;
  }

  begin(regime: number): number {
    const slot = this.#count++;
    const place = slot % this.#slots;
    const from = place * this.members.length;
    this.#probabilities.fill(Number.NaN, from, from + this.members.length);
    this.#regimes[place] = regime;
    return slot;
  }

  /** The first vote of a moment counts. */
  put(slot: number, index: number, vote: { probability: number; median: number }): void {
    const place = (slot % this.#slots) * this.members.length + index;
    if (!Number.isNaN(this.#probabilities[place])) return;
    this.#probabilities[place] = vote.probability;
    this.#medians[place] = vote.median;
  }

  /** Whether the newest slot has no vote of a member that belongs in it. */
  isMissing(member: string): boolean {
    const index = this.members.findIndex((each) => each.member === member);
    const place = (this.last % this.#slots) * this.members.length + index;
    return index >= 0 && this.last >= 0 && Number.isNaN(this.#probabilities[place]);
  }

  settle(slot: number, move: number, range: number): void {
    const place = slot % this.#slots;
    for (const [index, { member, event }] of this.members.entries()) {
      const at = place * this.members.length + index;
      const probability = this.#probabilities[at] as number;
      const outcome = happened(event, event === "up" ? move : range, this.#medians[at] as number);
      if (Number.isNaN(probability) || Number.isNaN(outcome)) continue;
      this.#settled.get(member)?.add(probability, outcome, this.#regimes[place] as number);
    }
  }

  persist(archive: Archive): void {
    this.#count = archive.number(this.#count);
    archive.numbers(this.#probabilities);
    archive.numbers(this.#medians);
    archive.numbers(this.#regimes);
  }
}

interface MinuteLane {
  readonly waiting: Waiting;
  readonly outcomes: MinuteOutcomes;
}

interface QuoteLane {
  readonly waiting: Waiting;
  readonly outcomes: QuoteOutcomes;
  readonly spacingMicros: number;
  takenMicros: Micros;
}

export class Scorecard<Name extends string = MemberId> {
  readonly #members: readonly ScoredMember<Name>[];
  readonly #settled: ReadonlyMap<Name, SettledVotes>;
  readonly #minuteLanes: readonly MinuteLane[];
  readonly #quoteLanes: readonly QuoteLane[];
  readonly #drift: FeatureDrift;
  /** The minute whose close the newest slots of minute lanes belong to. */
  #minute = Number.NaN;
  #closedMinute = Number.NaN;

  /**
   * @param members each at most once
   * @param width of a row of features
   */
  constructor(members: readonly ScoredMember<Name>[], width: number = FEATURE_COUNT) {
    this.#members = members;
    this.#drift = new FeatureDrift({ width, referenceRows: DRIFT_REFERENCE, recentRows: DRIFT_RECENT });
    assert(new Set(members.map(({ member }) => member)).size === members.length, "a member is scored twice");
    this.#settled = new Map(members.map(({ member }) => [member, new SettledVotes()]));
    const horizons = [...new Set(members.map(({ horizonMicros }) => horizonMicros))].sort((a, b) => a - b);
    const ofHorizon = (horizonMicros: number): ScoredMember<Name>[] =>
      members.filter((each) => each.horizonMicros === horizonMicros);
    this.#minuteLanes = horizons
      .filter((horizonMicros) => horizonMicros >= MICROS_PER_MINUTE)
      .map((horizonMicros) => {
        const waiting = new Waiting(ofHorizon(horizonMicros), this.#settled, slotsOf(horizonMicros));
        const outcomes = new MinuteOutcomes(horizonMicros, (slot, move, range) =>
          waiting.settle(slot, move, range),
        );
        return { waiting, outcomes };
      });
    this.#quoteLanes = horizons
      .filter((horizonMicros) => horizonMicros < MICROS_PER_MINUTE)
      .map((horizonMicros) => {
        // One that is due when a quote comes is settled by it: one more may wait than are taken in a horizon.
        const waitingMax = VOTES_PER_HORIZON + 2;
        const waiting = new Waiting(ofHorizon(horizonMicros), this.#settled, waitingMax);
        const outcomes = new QuoteOutcomes({ horizonMicros, delayMicros: 0, waitingMax }, (slot, move) =>
          waiting.settle(slot, move, Number.NaN),
        );
        const spacingMicros = spacingOf(horizonMicros);
        return { waiting, outcomes, spacingMicros, takenMicros: Number.NEGATIVE_INFINITY };
      });
  }

  /** A valid quote of the symbol; before the votes that it caused. */
  onQuote(timeMicros: Micros, midPoints: number, spreadPoints: number): void {
    for (const { outcomes } of this.#quoteLanes) outcomes.onQuote(timeMicros, midPoints, spreadPoints);
  }

  /** A minute closed; before the votes that it caused. */
  onMinute(
    closeMicros: Micros,
    bar: { readonly high: number; readonly low: number; readonly close: number },
  ): void {
    for (const { outcomes } of this.#minuteLanes) outcomes.onBar(closeMicros, bar);
    this.#closedMinute = Math.round(closeMicros / MICROS_PER_MINUTE);
  }

  /**
   * Votes of the symbol. Of horizons of minutes a member's first vote after each close counts, and only while that minute is the
   * last: what is said later is said of another moment.
   * @param features those the votes were given on, for the medians of ranges
   */
  onVotes({ timeMicros, votes }: ScoredVotes, regime: Regime, features: Float64Array): void {
    const number = REGIMES.indexOf(regime);
    const isMinute = Math.floor(timeMicros / MICROS_PER_MINUTE) === this.#closedMinute;
    if (isMinute && this.#minute !== this.#closedMinute) {
      this.#minute = this.#closedMinute;
      for (const { waiting, outcomes } of this.#minuteLanes) outcomes.add(waiting.begin(number), timeMicros);
      if (this.#minute % DRIFT_EVERY === 0) this.#drift.add(features);
    }
    if (isMinute) for (const { waiting } of this.#minuteLanes) take(waiting, votes, features);
    for (const lane of this.#quoteLanes) {
      if (timeMicros < lane.takenMicros + lane.spacingMicros) continue;
      lane.takenMicros = timeMicros;
      lane.outcomes.add(lane.waiting.begin(number), timeMicros);
      take(lane.waiting, votes, features);
    }
  }

  /** Whether votes that come now would be taken for a horizon: whoever is asked only to be scored is asked only then. */
  isDue(horizonMicros: number, timeMicros: Micros): boolean {
    if (horizonMicros >= MICROS_PER_MINUTE) {
      return (
        Math.floor(timeMicros / MICROS_PER_MINUTE) === this.#closedMinute &&
        this.#minute !== this.#closedMinute
      );
    }
    const lane = this.#quoteLanes.find(({ outcomes }) => outcomes.horizonMicros === horizonMicros);
    return lane !== undefined && timeMicros >= lane.takenMicros + lane.spacingMicros;
  }

  /** Whether the moment of the last close, which is not over, still lacks a member's vote: it would be taken yet. */
  isMissing(member: Name, timeMicros: Micros): boolean {
    if (Math.floor(timeMicros / MICROS_PER_MINUTE) !== this.#minute) return false;
    return this.#minuteLanes.some(({ waiting }) => waiting.isMissing(member));
  }

  /**
   * What a member is worth over its last votes; undefined while there are too few.
   * @param regime undefined for all
   */
  scoreOf(member: Name, regime?: Regime): MemberScore<Name> | undefined {
    const found = this.#settled.get(member)?.rows(regime === undefined ? -1 : REGIMES.indexOf(regime));
    const scored = this.#members.find((each) => each.member === member);
    if (found === undefined || scored === undefined || found.outcomes.length < SETTLED_MIN) return undefined;
    const { probabilities, outcomes } = found;
    const sorted = new SortedScores(probabilities, outcomes);
    const rate = baseRate(outcomes);
    const brier = brierScore(probabilities, outcomes);
    const right = rightGuesses(probabilities, outcomes);
    const overlap = overlapOf(scored);
    return {
      member,
      regime,
      rows: outcomes.length,
      rowsApart: outcomes.length / overlap,
      baseRate: rate,
      accuracy: right / outcomes.length,
      accuracyInterval: wilsonInterval(right / overlap, outcomes.length / overlap),
      brier,
      brierSkill: rate > 0 && rate < 1 ? brierSkill(brier, rate) : Number.NaN,
      logLoss: logLoss(probabilities, outcomes),
      ece: calibrationError(calibrationCurve(probabilities, outcomes, sorted)),
      auc: areaUnderCurve(probabilities, outcomes, sorted),
    };
  }

  /** Undefined while there are too few votes. */
  curvesOf(member: Name): MemberCurves | undefined {
    const { probabilities, outcomes } = this.#settled.get(member)?.rows(-1) ?? NO_ROWS;
    if (outcomes.length < SETTLED_MIN) return undefined;
    return {
      calibration: calibrationCurve(probabilities, outcomes),
      coverage: coverageCurve(probabilities, outcomes),
    };
  }

  /** By regime, those with too few votes left out. */
  regimesOf(member: Name): (MemberScore<Name> & { readonly regime: Regime })[] {
    return REGIMES.flatMap((regime) => {
      const score = this.scoreOf(member, regime);
      return score === undefined ? [] : [Object.assign(score, { regime })];
    });
  }

  /** Every score there is: of each member altogether, then by regime. */
  scores(): MemberScore<Name>[] {
    return this.#members.flatMap(({ member }) => [
      ...[this.scoreOf(member)].filter((score) => score !== undefined),
      ...this.regimesOf(member),
    ]);
  }

  /** Votes of a member that are settled and looked back on, few or many. */
  settledOf(member: Name): number {
    return this.#settled.get(member)?.length ?? 0;
  }

  /** Population stability index of a feature against how it first was; NaN until there is a day to compare. */
  driftOf(feature: number): number {
    return this.#drift.isReady ? this.#drift.index(feature) : Number.NaN;
  }

  /**
   * What is settled stays; what waits for minutes waits on; what waits for seconds is let go. Another set of members goes on with
   * those it has in common, and what waited for a horizon whose members changed is let go.
   */
  persist(archive: Archive): void {
    this.#minute = archive.number(this.#minute);
    this.#closedMinute = archive.number(this.#closedMinute);
    this.#drift.persist(archive);
    archive.parts(this.#settled);
    archive.parts(
      new Map(
        this.#minuteLanes.map(({ waiting, outcomes }) => [
          nameOf(waiting, outcomes),
          {
            persist: (inner: Archive) => {
              waiting.persist(inner);
              outcomes.persist(inner);
            },
          },
        ]),
      ),
    );
  }
}

/** Votes that wait at once, the one that is due included: a minute each. */
function slotsOf(horizonMicros: number): number {
  return horizonMicros / MICROS_PER_MINUTE + 2;
}

/** Time between two votes of a horizon below a minute that are taken; at most one a second is. */
function spacingOf(horizonMicros: number): number {
  return Math.max(MICROS_PER_SECOND, horizonMicros / VOTES_PER_HORIZON);
}

/** So many votes that follow each other say about the same. */
function overlapOf({
  horizonMicros,
  everyMicros = MICROS_PER_MINUTE,
}: Pick<ScoredMember, "horizonMicros" | "everyMicros">): number {
  const apartMicros = horizonMicros < MICROS_PER_MINUTE ? spacingOf(horizonMicros) : everyMicros;
  return Math.max(1, horizonMicros / apartMicros);
}

function nameOf({ members }: Waiting, { horizonMicros }: MinuteOutcomes): string {
  return `${horizonMicros}: ${members.map(({ member, event }) => `${member} ${event}`).join(", ")}`;
}

function take(waiting: Waiting, votes: ScoredVotes["votes"], features: Float64Array): void {
  if (waiting.last < 0) return;
  for (const [index, { member, medianFeature }] of waiting.members.entries()) {
    for (let i = 0; i < votes.length; i++) {
      const vote = votes[i] as ScoredVotes["votes"][number];
      if (vote.member !== member || vote.status !== "voted") continue;
      const median = features[medianFeature] ?? Number.NaN;
      waiting.put(waiting.last, index, { probability: vote.probabilityUp, median });
    }
  }
}
