// The scores of one symbol: its votes as the journal has them and its shadows, asked on the rows that members were asked on.

import type { Archive } from "../../../actors/base/archive.ts";
import type { Clock, Micros } from "../../../actors/base/clock.ts";
import type { Advice } from "../../../actors/domain/advice.ts";
import type { Bar } from "../../../actors/domain/bar.ts";
import { FEATURE_NAMES } from "../../../actors/domain/features.ts";
import type { Vote, Votes } from "../../../actors/domain/prediction.ts";
import type { Quote } from "../../../actors/domain/quote.ts";
import type { Regime } from "../../../actors/domain/regime.ts";
import { ABSTAIN } from "../../../actors/ports/forecaster.ts";
import type { Shadow, SymbolQuality } from "../../../actors/ports/model-quality.ts";
import { MODEL_WINDOW_MAX } from "../../../actors/ports/models.ts";
import { Scorecard } from "../../../actors/quality/scorecard.ts";
import { CircuitBreaker } from "../../../actors/runtime/breaker.ts";
import { MinuteHistory } from "../../../actors/symbol/minute-history.ts";
import { AskedScores } from "./asked-scores.ts";
import { subjectQuality } from "./subject-quality.ts";
import type { Subject } from "./subjects.ts";

/** Features that are named for how far they moved. */
const DRIFT_NAMED = 12;

/** Where votes were given, as the actors stand when their record is heard. */
export interface VoteScene {
  readonly features: Float64Array;
  readonly regime: Regime;
  /** The last tick or beat of the symbol was the one that asked: the row is the members'. */
  readonly isSameRow: boolean;
  /** Undefined where shadows are not to be asked now. */
  readonly budget: Budget | undefined;
}

/** Time that is left for shadows; it may go below nothing by one answer. */
export interface Budget {
  readonly stopwatch: Clock;
  leftMicros: number;
}

interface Asked {
  readonly name: string;
  readonly shadow: Shadow;
  readonly breaker: CircuitBreaker;
}

export class SymbolScores {
  readonly subjects: readonly Subject[];
  readonly #instrumentId: number;
  readonly #card: Scorecard<string>;
  readonly #askedScores = new AskedScores();
  readonly #minutes = new MinuteHistory(MODEL_WINDOW_MAX);
  /** Under which name a member's votes are scored. */
  readonly #names: ReadonlyMap<string, string>;
  readonly #shadows: readonly Asked[];
  #asked = 0;
  #skipped = 0;
  #failed = 0;

  constructor(instrumentId: number, subjects: readonly Subject[]) {
    this.subjects = subjects;
    this.#instrumentId = instrumentId;
    this.#card = new Scorecard<string>(subjects);
    this.#names = new Map(
      subjects.filter(({ kind }) => kind !== "shadow").map(({ seat, name }) => [seat, name]),
    );
    this.#shadows = subjects.flatMap(({ name, shadow }) =>
      shadow === undefined ? [] : { name, shadow, breaker: new CircuitBreaker() },
    );
  }

  /** A minute closed; before the quote that follows is in the features. */
  onMinute(bar: Bar, closeMicros: Micros, features: Float64Array): void {
    this.#card.onMinute(closeMicros, bar);
    this.#askedScores.onMinute(closeMicros, bar);
    this.#minutes.push(features, closeMicros);
  }

  onQuote({ timeMicros, midPoints, spreadPoints }: Readonly<Quote>): void {
    this.#card.onQuote(timeMicros, midPoints, spreadPoints);
  }

  /** Whoever is answered beside the tick path has answered. */
  onAdvice(advice: Advice, regime: Regime): void {
    this.#askedScores.onAdvice(advice, regime);
  }

  onVotes({ timeMicros, votes }: Votes, scene: VoteScene): void {
    const named: { member: string; status: Vote["status"]; probabilityUp: number }[] = [];
    for (const { member, status, probabilityUp } of votes) {
      const name = this.#names.get(member);
      if (name !== undefined) named.push({ member: name, status, probabilityUp });
    }
    // Members that answer by records of their own are not asked with the others.
    if (named.length === 0) return;
    for (const asked of this.#shadows) {
      const { name } = asked;
      if (!this.#isDue(asked, timeMicros)) continue;
      const probabilityUp = this.#ask(asked, timeMicros, scene);
      if (probabilityUp !== undefined) named.push({ member: name, status: "voted", probabilityUp });
    }
    this.#card.onVotes({ timeMicros, votes: named }, scene.regime, scene.features);
  }

  report(symbol: string, seq: number, timeMicros: Micros): SymbolQuality {
    return {
      symbol,
      seq,
      timeMicros,
      subjects: [
        ...this.subjects.map(({ seat, ...subject }) =>
          subjectQuality(this.#card, Object.assign(subject, { member: seat })),
        ),
        ...this.#askedScores.report(),
      ],
      shadows: { asked: this.#asked, skipped: this.#skipped, failed: this.#failed },
      drift: FEATURE_NAMES.map((feature, place) => ({ feature, index: this.#card.driftOf(place) }))
        .filter(({ index }) => !Number.isNaN(index))
        .sort((a, b) => b.index - a.index)
        .slice(0, DRIFT_NAMED),
    };
  }

  persist(archive: Archive): void {
    this.#asked = archive.number(this.#asked);
    this.#skipped = archive.number(this.#skipped);
    this.#failed = archive.number(this.#failed);
    this.#card.persist(archive);
    this.#minutes.persist(archive);
    this.#askedScores.persist(archive);
    archive.parts(new Map(this.#shadows.map(({ name, breaker }) => [name, breaker])));
  }

  /** At moments that are scored. Those of ticks that had nothing to say yet are asked again, as the member would be. */
  #isDue({ name, shadow }: Asked, timeMicros: Micros): boolean {
    const { cadence, horizonMicros } = shadow.card;
    return (
      this.#card.isDue(horizonMicros, timeMicros) ||
      (cadence === "tick" && this.#card.isMissing(name, timeMicros))
    );
  }

  /** Undefined where it said nothing, for whatever reason. */
  #ask({ shadow, breaker }: Asked, timeMicros: Micros, scene: VoteScene): number | undefined {
    const { budget, isSameRow, features } = scene;
    if (budget === undefined || budget.leftMicros <= 0 || !isSameRow) {
      this.#skipped++;
      return undefined;
    }
    if (!breaker.allows(timeMicros)) {
      this.#failed++;
      return undefined;
    }
    const startMicros = budget.stopwatch.nowMicros();
    let probability = Number.NaN;
    try {
      const instrumentId = this.#instrumentId;
      probability = shadow.forecaster.forecast({
        features,
        minutes: this.#minutes,
        timeMicros,
        instrumentId,
      });
    } catch {
      // As nonsense is: it is counted and, after some, left alone.
    }
    budget.leftMicros -= budget.stopwatch.nowMicros() - startMicros;
    this.#asked++;
    const isVote = probability > 0 && probability < 1;
    if (isVote || probability === ABSTAIN) breaker.succeeded();
    else {
      this.#failed++;
      breaker.failed(timeMicros);
    }
    return isVote ? probability : undefined;
  }
}
