// One adviser as the desk deals with it: what it said before of such a market is said again, what keeps failing is left alone,
// and nothing is asked that is not paid for.

import { type Clock, MICROS_PER_MILLISECOND, type Micros } from "../../actors/base/clock.ts";
import { LatencyHistogram } from "../../actors/base/histogram.ts";
import type { Result } from "../../actors/base/result.ts";
import type { AdviserAnswer } from "../../actors/domain/advice.ts";
import type { VoteStatus } from "../../actors/domain/prediction.ts";
import type {
  Adviser,
  AdviserFailure,
  Consultation,
  MarketSummary,
  Opinion,
} from "../../actors/ports/adviser.ts";
import type { CacheStore } from "../../actors/ports/cache-store.ts";
import { type BreakerState, CircuitBreaker } from "../../actors/runtime/breaker.ts";
import type { Budget } from "./budget.ts";
import { FAILURES_MAX, PROBE_MICROS, PROBE_MICROS_MAX } from "./limits.ts";
import { readOpinion, writeOpinion } from "./opinion.ts";
import { bucketOf } from "./prompt.ts";

/** Why there is no opinion: the adviser's doing, or that it was not asked. */
export type AnswerFailure =
  | AdviserFailure
  | "breaker-open"
  | "paused"
  | "budget-spent"
  | "spending-unwritten";

/** What a failure is in the member's vote. */
export const STATUS_OF: Readonly<Record<AnswerFailure, VoteStatus>> = {
  nonsense: "invalid",
  "too-large": "invalid",
  timeout: "late",
  unreachable: "failed",
  unauthorized: "failed",
  "rate-limited": "failed",
  "server-error": "failed",
  refused: "failed",
  "no-schema": "failed",
  "breaker-open": "breaker-open",
  paused: "breaker-open",
  "budget-spent": "abstained",
  "spending-unwritten": "abstained",
};

export interface AnswerOutcome {
  readonly opinion: Result<Opinion, AnswerFailure>;
  readonly answer: AdviserAnswer;
}

export interface Prices {
  readonly pricePerMillionInput: number;
  readonly pricePerMillionOutput: number;
}

export interface ConsultantOptions {
  readonly adviser: Adviser;
  readonly prices: Prices;
  readonly budget: Budget;
  /** Says nothing and keeps nothing while it is away. */
  readonly cache: CacheStore;
  readonly cacheMillis: number;
  readonly timeoutMillis: number;
  readonly clock: Clock;
  readonly onProblem: (message: string) => void;
}

export interface ConsultantStatus {
  readonly name: string;
  readonly breaker: BreakerState;
  /** Questions that left. */
  readonly calls: number;
  readonly cached: number;
  readonly opinions: number;
  readonly failures: Readonly<Partial<Record<AnswerFailure, number>>>;
  readonly p50Micros: number;
  readonly p99Micros: number;
}

export class Consultant {
  readonly #options: ConsultantOptions;
  readonly #breaker = new CircuitBreaker({
    failuresMax: FAILURES_MAX,
    delayMicros: PROBE_MICROS,
    delayMicrosMax: PROBE_MICROS_MAX,
  });
  readonly #latency = new LatencyHistogram();
  readonly #failures: Partial<Record<AnswerFailure, number>> = {};
  #calls = 0;
  #cached = 0;
  #opinions = 0;
  #pausedUntilMicros: Micros = 0;
  /** What a person was told last; empty while it answers. */
  #told: AnswerFailure | "" = "";
  /** The day whose budget's end was told. */
  #toldSpentDay = "";

  constructor(options: ConsultantOptions) {
    this.#options = options;
  }

  get status(): ConsultantStatus {
    return {
      name: this.#options.adviser.name,
      breaker: this.#breaker.state,
      calls: this.#calls,
      cached: this.#cached,
      opinions: this.#opinions,
      failures: { ...this.#failures },
      p50Micros: this.#latency.quantileMicros(0.5),
      p99Micros: this.#latency.quantileMicros(0.99),
    };
  }

  close(): void {
    this.#options.adviser.close();
  }

  async consult(summary: MarketSummary): Promise<AnswerOutcome> {
    const { clock } = this.#options;
    const startMicros = clock.nowMicros();
    const known = await this.#remembered(summary);
    const isCached = known !== undefined;
    const opinion = isCached ? known : await this.#askAnew(summary);
    if (isCached) this.#cached++;
    if (opinion.ok) this.#opinions++;
    else this.#failures[opinion.code] = (this.#failures[opinion.code] ?? 0) + 1;
    if (!isCached) this.#tell(opinion);
    const latencyMillis = Math.round((clock.nowMicros() - startMicros) / MICROS_PER_MILLISECOND);
    return { opinion, answer: this.#answerOf(opinion, { cached: isCached, latencyMillis }) };
  }

  async #askAnew(summary: MarketSummary): Promise<Result<Opinion, AnswerFailure>> {
    const first = await this.#ask(summary);
    // Once in a process' life: it is asked without a schema from then on.
    const opinion = !first.ok && first.code === "no-schema" ? await this.#ask(summary) : first;
    if (opinion.ok) await this.#remember(summary, opinion.value);
    return opinion;
  }

  async #ask(summary: MarketSummary): Promise<Result<Opinion, AnswerFailure>> {
    const { adviser, budget, clock, timeoutMillis } = this.#options;
    const askedMicros = clock.nowMicros();
    if (askedMicros < this.#pausedUntilMicros)
      return notAsked("paused", "it asked to be left alone for a while");
    if (!this.#breaker.allows(askedMicros)) {
      return notAsked("breaker-open", "it failed too often and is left alone for a while");
    }
    const reservedMicros = this.#costMicros(adviser.tokensMax(summary));
    const reserved = await budget.reserve(reservedMicros);
    if (!reserved.ok) return reserved;
    this.#calls++;
    const consultation = await adviser.ask(summary, timeoutMillis);
    const doneMicros = clock.nowMicros();
    this.#latency.record(doneMicros - askedMicros);
    await budget.settle(reserved.value, this.#billed(consultation, reservedMicros));
    this.#judge(consultation, doneMicros);
    return consultation.opinion;
  }

  #judge({ opinion, retryAfterMillis }: Consultation, nowMicros: Micros): void {
    if (opinion.ok) this.#breaker.succeeded();
    // What it does not know yet is no failure.
    else if (opinion.code !== "no-schema") this.#breaker.failed(nowMicros);
    if (retryAfterMillis > 0) {
      this.#pausedUntilMicros = nowMicros + retryAfterMillis * MICROS_PER_MILLISECOND;
    }
  }

  /** What it says it used, else nothing where it did not work, else the most it could. */
  #billed({ opinion, tokens }: Consultation, reservedMicros: number): number {
    if (tokens !== undefined) return this.#costMicros(tokens);
    return !opinion.ok && UNBILLED.has(opinion.code) ? 0 : reservedMicros;
  }

  /** Prices are for a million tokens, so that one costs as many millionths. */
  #costMicros({ input, output }: { input: number; output: number }): number {
    const { pricePerMillionInput, pricePerMillionOutput } = this.#options.prices;
    return input * pricePerMillionInput + output * pricePerMillionOutput;
  }

  async #remembered(summary: MarketSummary): Promise<Result<Opinion, AnswerFailure> | undefined> {
    const { cache, cacheMillis } = this.#options;
    const text = cacheMillis === 0 ? undefined : await cache.get(this.#keyOf(summary));
    const opinion = text === undefined ? undefined : readOpinion(text);
    return opinion?.ok === true ? opinion : undefined;
  }

  async #remember(summary: MarketSummary, opinion: Opinion): Promise<void> {
    const { cache, cacheMillis } = this.#options;
    if (cacheMillis > 0) await cache.set(this.#keyOf(summary), writeOpinion(opinion), cacheMillis);
  }

  #keyOf(summary: MarketSummary): string {
    const { name, model } = this.#options.adviser;
    return `advice:${name}:${model}:${bucketOf(summary)}`;
  }

  #answerOf(
    opinion: Result<Opinion, AnswerFailure>,
    how: { readonly cached: boolean; readonly latencyMillis: number },
  ): AdviserAnswer {
    const { name: adviser, model } = this.#options.adviser;
    return {
      adviser,
      model,
      failure: opinion.ok ? "" : opinion.code,
      probabilityUp: opinion.ok ? opinion.value.probabilityUp : null,
      confidence: opinion.ok ? opinion.value.confidence : null,
      reasons: opinion.ok ? opinion.value.reasons : [],
      ...how,
    };
  }

  /** The first of a kind, and the end of it: not every quarter of an hour. */
  #tell(opinion: Result<Opinion, AnswerFailure>): void {
    const { adviser, budget, onProblem } = this.#options;
    const code = opinion.ok ? "" : opinion.code;
    // That it is left alone follows from what was told, and the budget says nothing of the adviser.
    if (code === this.#told || code === "breaker-open" || code === "paused") return;
    if (code === "budget-spent") {
      const { day } = budget.spent;
      if (day === this.#toldSpentDay) return;
      this.#toldSpentDay = day;
    } else {
      this.#told = code;
    }
    onProblem(
      opinion.ok ? `adviser ${adviser.name} answers again` : `adviser ${adviser.name}: ${opinion.message}`,
    );
  }
}

/** Nobody bills these. A question that was too slow, or answered with too much, may be billed. */
const UNBILLED: ReadonlySet<AnswerFailure> = new Set([
  "unreachable",
  "unauthorized",
  "rate-limited",
  "server-error",
  "refused",
  "no-schema",
]);

function notAsked<Code extends AnswerFailure>(code: Code, message: string): Result<never, Code> {
  return { ok: false, code, message, recoverable: true };
}
