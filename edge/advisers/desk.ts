// Asks external advisers about every symbol on the quarter of the hour, or however often, and brings what they said to the
// engine as a record.

import {
  type Clock,
  MICROS_PER_MINUTE,
  MICROS_PER_SECOND,
  type Micros,
  type Scheduler,
} from "../../actors/base/clock.ts";
import type { Instrument } from "../../actors/domain/instrument.ts";
import type { VoteStatus } from "../../actors/domain/prediction.ts";
import type { LiveEngine } from "../../actors/live-engine.ts";
import type { MarketSummary } from "../../actors/ports/adviser.ts";
import type { IncomingAdvice } from "../../actors/router.ts";
import { DEADLINE_GRACE_MICROS } from "../asked/limits.ts";
import { Rounds } from "../asked/rounds.ts";
import type { Budget, BudgetLimits } from "./budget.ts";
import { type AnswerOutcome, type Consultant, type ConsultantStatus, STATUS_OF } from "./consultant.ts";
import { ROUNDS_AT_ONCE } from "./limits.ts";
import type { NewsFile } from "./news.ts";
import type { AdviserSettings } from "./settings.ts";
import { summarize } from "./summary.ts";

export interface DeskOptions {
  readonly live: LiveEngine;
  readonly clock: Scheduler;
  readonly consultants: readonly Consultant[];
  readonly budget: Budget;
  readonly settings: Pick<AdviserSettings, "everyMinutes" | "horizonMinutes" | "timeoutSeconds">;
  readonly news: NewsFile | undefined;
  readonly onProblem: (message: string) => void;
}

export interface DeskStatus {
  readonly advisers: readonly ConsultantStatus[];
  readonly spent: { readonly calls: number; readonly costMicros: number };
  readonly limits: BudgetLimits;
  /** What was journaled, and what came too late for that or met a symbol that was behind. */
  readonly advised: number;
  readonly dropped: number;
}

export class AdviserDesk {
  readonly #options: DeskOptions;
  readonly #rounds: Rounds<MarketSummary>;

  constructor(options: DeskOptions) {
    this.#options = options;
    const { live, clock, settings, onProblem } = options;
    this.#rounds = new Rounds({
      live,
      clock,
      everyMinutes: settings.everyMinutes,
      atOnce: ROUNDS_AT_ONCE,
      look: (actor, { symbol }) =>
        summarize(actor, { symbol, nowMicros: clock.nowMicros(), horizonMinutes: settings.horizonMinutes }),
      ask: async (measured, instrument) => await this.#ask(measured, instrument),
      onError: (symbol, error) => onProblem(`advisers were not heard on ${symbol}: ${String(error)}`),
    });
  }

  get status(): DeskStatus {
    const { consultants, budget } = this.#options;
    const { calls, costMicros } = budget.spent;
    return {
      advisers: consultants.map(({ status }) => status),
      spent: { calls, costMicros },
      limits: budget.limits,
      advised: this.#rounds.advised,
      dropped: this.#rounds.dropped,
    };
  }

  /** On the clock: 15 minutes are at :00, :15, :30 and :45. */
  start(): void {
    this.#rounds.start();
  }

  /** Answers that are under way are no longer wanted. */
  async stop(): Promise<void> {
    this.#rounds.stop();
    for (const consultant of this.#options.consultants) consultant.close();
    await this.#rounds.settled();
  }

  askAll(): void {
    this.#rounds.askAll();
  }

  /** Resolves once nobody is asked. */
  async idle(): Promise<void> {
    await this.#rounds.idle();
  }

  async #ask(measured: MarketSummary, instrument: Instrument): Promise<IncomingAdvice> {
    const { live, clock, consultants, settings, news } = this.#options;
    const askedMicros = clock.nowMicros();
    const askedSeq = live.router.lastSeq;
    const told = await news?.about(instrument, askedMicros);
    const summary = { ...measured, ...told };
    const outcomes = await Promise.all(
      consultants.map(async (consultant) => await consultant.consult(summary)),
    );
    return adviceOf(outcomes, {
      instrumentId: instrument.id,
      askedSeq,
      askedMicros,
      horizonMicros: settings.horizonMinutes * MICROS_PER_MINUTE,
      isLate: this.#isLate(askedMicros, clock),
    });
  }

  /** The market they were asked about is gone, whatever kept them. */
  #isLate(askedMicros: Micros, clock: Clock): boolean {
    const deadlineMicros = this.#options.settings.timeoutSeconds * MICROS_PER_SECOND + DEADLINE_GRACE_MICROS;
    return clock.nowMicros() - askedMicros > deadlineMicros;
  }
}

/** What stands for all where nobody has an opinion: what weighs most is said. */
const WORST_FIRST: readonly VoteStatus[] = ["late", "invalid", "failed", "breaker-open", "abstained"];

type AskedAbout = Pick<IncomingAdvice, "instrumentId" | "askedSeq" | "askedMicros" | "horizonMicros">;

/** One vote of all: the plain mean of their opinions, since nobody knows yet whose is better. */
export function adviceOf(
  outcomes: readonly Pick<AnswerOutcome, "opinion" | "answer">[],
  { isLate, ...asked }: AskedAbout & { readonly isLate: boolean },
): IncomingAdvice {
  const answers = outcomes.map(({ answer }) => answer);
  const given = outcomes.flatMap(({ opinion }) => (opinion.ok ? [opinion.value.probabilityUp] : []));
  if (isLate || given.length === 0) {
    const statuses = new Set(outcomes.map(({ opinion }) => (opinion.ok ? "late" : STATUS_OF[opinion.code])));
    const status = isLate ? "late" : (WORST_FIRST.find((one) => statuses.has(one)) ?? "abstained");
    return { ...asked, status, probabilityUp: Number.NaN, answers };
  }
  const sum = given.reduce((total, probabilityUp) => total + probabilityUp, 0);
  return { ...asked, status: "voted", probabilityUp: sum / given.length, answers };
}
