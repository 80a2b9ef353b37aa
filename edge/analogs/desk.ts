// Asks the stored past about every symbol on the clock, and brings what followed its most similar states to the engine as a record.
// A store that is slow or away costs a vote and nothing else.

import {
  type Micros,
  MICROS_PER_MINUTE,
  MICROS_PER_SECOND,
  type Scheduler,
} from "../../actors/base/clock.ts";
import { LatencyHistogram } from "../../actors/base/histogram.ts";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import { embedState, WINDOW_EMBEDDING } from "../../actors/chain/embedding.ts";
import type { AnalogsFound } from "../../actors/domain/advice.ts";
import { ANALOGS, type VoteStatus } from "../../actors/domain/prediction.ts";
import type { LiveEngine } from "../../actors/live-engine.ts";
import type { ModelEmbedding, Vectors } from "../../actors/ports/vectors.ts";
import type { IncomingAdvice } from "../../actors/router.ts";
import { CircuitBreaker } from "../../actors/runtime/breaker.ts";
import { DEADLINE_GRACE_MICROS } from "../asked/limits.ts";
import type { AskedStatus } from "../asked/metrics.ts";
import { Rounds } from "../asked/rounds.ts";
import {
  AFTER_CLOSE_MICROS,
  AFTER_STORED_MICROS,
  FAILURES_MAX,
  PROBE_MICROS,
  PROBE_MICROS_MAX,
  SEARCHES_AT_ONCE,
  STATE_AGE_MICROS_MAX,
} from "./limits.ts";
import { type Outlook, outlookOf, type OutlookQuestion } from "./outlook.ts";
import type { AnalogSettings } from "./settings.ts";

export interface AnalogDeskOptions {
  readonly live: LiveEngine;
  readonly clock: Scheduler;
  readonly vectors: Vectors;
  readonly settings: Pick<
    AnalogSettings,
    "everyMinutes" | "horizonMinutes" | "k" | "timeoutSeconds" | "embedding"
  >;
  readonly onProblem: (message: string) => void;
}

export interface AnalogDeskStatus extends AskedStatus {
  /** What was journaled, and what met a symbol that was behind. */
  readonly advised: number;
  readonly dropped: number;
}

type SearchFailure = "unreachable" | "timeout" | "breaker-open" | "no-embedding" | "too-few";

/** What is asked about a symbol; without a vector where the one that a model made is to be looked up. */
type Question = Omit<OutlookQuestion, "vector" | "model"> & {
  readonly vector: readonly number[] | undefined;
};

const STATUS_OF: Readonly<Record<SearchFailure, VoteStatus>> = {
  unreachable: "failed",
  timeout: "late",
  "breaker-open": "breaker-open",
  "no-embedding": "abstained",
  "too-few": "abstained",
};

const NOTHING_FOUND: Omit<AnalogsFound, "failure"> = {
  neighbours: 0,
  rose: 0,
  unmoved: 0,
  meanBasisPoints: null,
  spreadBasisPoints: null,
  nearestDistance: null,
  nearestMicros: [],
};

export class AnalogDesk {
  readonly #options: AnalogDeskOptions;
  readonly #rounds: Rounds<Question>;
  readonly #breaker = new CircuitBreaker({
    failuresMax: FAILURES_MAX,
    delayMicros: PROBE_MICROS,
    delayMicrosMax: PROBE_MICROS_MAX,
  });
  readonly #latency = new LatencyHistogram();
  readonly #failures: Partial<Record<SearchFailure, number>> = {};
  /** Ends the searches that are under way. */
  readonly #abandon = new Set<(answer: undefined) => void>();
  #calls = 0;
  #opinions = 0;
  /** What a person was told last; empty while the store answers. */
  #told = "";

  constructor(options: AnalogDeskOptions) {
    this.#options = options;
    const { live, clock, settings, onProblem } = options;
    const isModels = settings.embedding === "model";
    this.#rounds = new Rounds<Question>({
      live,
      clock,
      everyMinutes: settings.everyMinutes,
      delayMicros: isModels ? AFTER_STORED_MICROS : AFTER_CLOSE_MICROS,
      atOnce: SEARCHES_AT_ONCE,
      look: ({ chain }, { symbol }) => {
        // A market that is not warm has no stored state either.
        const vector = embedState(chain.features);
        if (vector === undefined) return undefined;
        return {
          embedding: WINDOW_EMBEDDING,
          vector: isModels ? undefined : vector,
          symbol,
          timeMicros: clock.nowMicros(),
          horizonMicros: settings.horizonMinutes * MICROS_PER_MINUTE,
          k: settings.k,
        };
      },
      ask: async (question, { id }) => await this.#ask(question, id),
      onError: (symbol, error) => onProblem(`analogs of ${symbol} were not heard: ${String(error)}`),
    });
  }

  get status(): AnalogDeskStatus {
    return {
      name: ANALOGS,
      breaker: this.#breaker.state,
      calls: this.#calls,
      opinions: this.#opinions,
      failures: { ...this.#failures },
      p50Micros: this.#latency.quantileMicros(0.5),
      p99Micros: this.#latency.quantileMicros(0.99),
      advised: this.#rounds.advised,
      dropped: this.#rounds.dropped,
    };
  }

  /** On the clock, once the minute's bar has closed. */
  start(): void {
    this.#rounds.start();
  }

  /** Answers that are under way are no longer wanted. */
  async stop(): Promise<void> {
    this.#rounds.stop();
    for (const end of this.#abandon) end(undefined);
    await this.#rounds.settled();
  }

  askAll(): void {
    this.#rounds.askAll();
  }

  /** Resolves once nothing is looked for. */
  async idle(): Promise<void> {
    await this.#rounds.idle();
  }

  async #ask(question: Question, instrumentId: number): Promise<IncomingAdvice | undefined> {
    const askedSeq = this.#options.live.router.lastSeq;
    const searched = await this.#search(question);
    if (searched === undefined) return undefined;
    this.#tell(searched);
    const found = searched.ok ? searched.value.found : { ...NOTHING_FOUND, failure: searched.code };
    const probabilityUp = searched.ok ? searched.value.probabilityUp : undefined;
    const code = searched.ok ? "too-few" : searched.code;
    if (probabilityUp === undefined) this.#failures[code] = (this.#failures[code] ?? 0) + 1;
    else this.#opinions++;
    return {
      member: ANALOGS,
      instrumentId,
      askedSeq,
      askedMicros: question.timeMicros,
      horizonMicros: question.horizonMicros,
      status: probabilityUp === undefined ? STATUS_OF[code] : "voted",
      probabilityUp: probabilityUp ?? Number.NaN,
      answers: [],
      analogs: found,
    };
  }

  /** Undefined once the desk is stopped. */
  async #search(question: Question): Promise<Result<Outlook, SearchFailure> | undefined> {
    const { clock, vectors, settings } = this.#options;
    const askedMicros = question.timeMicros;
    if (!this.#breaker.allows(askedMicros)) {
      return failure("breaker-open", "the store of market states failed too often and is left alone");
    }
    this.#calls++;
    const timeoutMicros = settings.timeoutSeconds * MICROS_PER_SECOND;
    const ended = Promise.withResolvers<Result<never, SearchFailure> | undefined>();
    const cancel = clock.after(timeoutMicros, () => ended.resolve(tooLate()));
    this.#abandon.add(ended.resolve);
    const first = await Promise.race([answerOf(vectors, question), ended.promise]);
    this.#abandon.delete(ended.resolve);
    cancel();
    const doneMicros = clock.nowMicros();
    // An answer may have waited here: the market it is about is gone.
    const isLate = doneMicros - askedMicros > timeoutMicros + DEADLINE_GRACE_MICROS;
    const answer = first?.ok === true && isLate ? tooLate() : first;
    if (answer === undefined) return undefined;
    this.#judge(answer.ok || answer.code === "no-embedding", askedMicros, doneMicros);
    return answer;
  }

  #judge(isAnswered: boolean, askedMicros: Micros, doneMicros: Micros): void {
    this.#latency.record(doneMicros - askedMicros);
    if (isAnswered) this.#breaker.succeeded();
    else this.#breaker.failed(doneMicros);
  }

  /** The first of a kind, and the end of it. That the store is left alone follows from what was told. */
  #tell(searched: Result<Outlook, SearchFailure>): void {
    const code = searched.ok ? "" : searched.code;
    if (code === this.#told || code === "breaker-open") return;
    this.#told = code;
    const { onProblem } = this.#options;
    if (searched.ok) onProblem("analogs are found again");
    else onProblem(`analogs do not vote: ${searched.message}`);
  }
}

async function answerOf(
  vectors: Vectors,
  { vector: own, ...question }: Question,
): Promise<Result<Outlook, "unreachable" | "no-embedding">> {
  try {
    if (own !== undefined) return ok(await outlookOf(vectors, { ...question, vector: own }));
    const made = await madeByModel(vectors, question);
    return made.ok ? ok(await outlookOf(vectors, { ...question, ...made.value })) : made;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return failure("unreachable", `the store of market states failed: ${reason}`, { recoverable: true });
  }
}

/** What a model made of the symbol's newest stored state. */
async function madeByModel(
  vectors: Vectors,
  { embedding, symbol, timeMicros }: Omit<Question, "vector">,
): Promise<Result<ModelEmbedding, "no-embedding">> {
  const state = await vectors.latest(embedding, symbol, timeMicros);
  const isNew = state !== undefined && timeMicros - state.timeMicros <= STATE_AGE_MICROS_MAX;
  if (isNew && state.modelEmbedding !== undefined) return ok(state.modelEmbedding);
  return failure(
    "no-embedding",
    isNew
      ? `no network made anything of the newest market state of ${symbol}: promote an lstm, transformer or cnn with an embedding, ` +
          "or set analogs.embedding to indicators"
      : `the newest market state of ${symbol} is missing or too old: see tickforge projections`,
    { recoverable: true },
  );
}

function tooLate(): Result<never, "timeout"> {
  return failure(
    "timeout",
    "the store of market states takes too long: see what keeps it busy, or raise analogs.timeoutSeconds",
    { recoverable: true },
  );
}
