// Asks external advisers about every symbol on the quarter of the hour, or however often, and brings what they said to the
// engine as a record. It stands beside the tick path: it reads actors, waits for nobody's ticks, and nobody waits for it.

import {
  type Cancel,
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
import type { Budget, BudgetLimits } from "./budget.ts";
import { type AnswerOutcome, type Consultant, type ConsultantStatus, STATUS_OF } from "./consultant.ts";
import { DEADLINE_GRACE_MICROS, ROUNDS_AT_ONCE } from "./limits.ts";
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
  /** Symbols that are asked about now. */
  readonly #asking = new Map<number, Promise<void>>();
  /** Symbols that are to be asked about next. */
  #line: Instrument[] = [];
  #cancel: Cancel | undefined;
  #stopped = false;
  #advised = 0;
  #dropped = 0;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  get status(): DeskStatus {
    const { consultants, budget } = this.#options;
    const { calls, costMicros } = budget.spent;
    return {
      advisers: consultants.map(({ status }) => status),
      spent: { calls, costMicros },
      limits: budget.limits,
      advised: this.#advised,
      dropped: this.#dropped,
    };
  }

  /** Begins at the next point of the grid: a start that is repeated asks nothing. */
  start(): void {
    const { clock, settings } = this.#options;
    const everyMicros = settings.everyMinutes * MICROS_PER_MINUTE;
    const again = (): void => {
      const nowMicros = clock.nowMicros();
      const dueMicros = (Math.floor(nowMicros / everyMicros) + 1) * everyMicros;
      this.#cancel = clock.after(dueMicros - nowMicros, () => {
        this.askAll();
        again();
      });
    };
    again();
  }

  /** Answers that are under way are no longer wanted. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    this.#line = [];
    for (const consultant of this.#options.consultants) consultant.close();
    await Promise.all(this.#asking.values());
  }

  /** Puts every symbol in line, but for those that have answers coming; who is still in line from before waits on. */
  askAll(): void {
    const { instruments } = this.#options.live.engine.config;
    this.#line = instruments.filter(({ id }) => !this.#asking.has(id));
    this.#next();
  }

  /** Resolves once nobody is asked. */
  async idle(): Promise<void> {
    while (this.#asking.size > 0) await Promise.all(this.#asking.values());
  }

  #next(): void {
    while (!this.#stopped && this.#asking.size < ROUNDS_AT_ONCE) {
      const instrument = this.#line.shift();
      if (instrument === undefined) return;
      const summary = this.#summarize(instrument);
      if (summary === undefined) continue;
      const round = this.#round(instrument, summary)
        .catch((error: unknown) => {
          this.#dropped++;
          this.#options.onProblem(`advisers were not heard on ${instrument.symbol}: ${String(error)}`);
        })
        .finally(() => {
          this.#asking.delete(instrument.id);
          this.#next();
        });
      this.#asking.set(instrument.id, round);
    }
  }

  /** Undefined where there is nothing to ask, or nowhere to put an answer. */
  #summarize(instrument: Instrument): MarketSummary | undefined {
    const { live, clock, settings } = this.#options;
    const actor = live.engine.symbol(instrument.id);
    if (actor === undefined || live.router.detached || live.engine.troubleOf(instrument.id) !== "")
      return undefined;
    return summarize(actor, {
      instrument,
      nowMicros: clock.nowMicros(),
      horizonMinutes: settings.horizonMinutes,
    });
  }

  async #round(instrument: Instrument, measured: MarketSummary): Promise<void> {
    const { live, clock, consultants, settings, news } = this.#options;
    const askedMicros = clock.nowMicros();
    const askedSeq = live.router.lastSeq;
    const told = await news?.about(instrument, askedMicros);
    const summary = { ...measured, ...told };
    const outcomes = await Promise.all(
      consultants.map(async (consultant) => await consultant.consult(summary)),
    );
    if (this.#stopped) return;
    const advice = adviceOf(outcomes, {
      instrumentId: instrument.id,
      askedSeq,
      askedMicros,
      horizonMicros: settings.horizonMinutes * MICROS_PER_MINUTE,
      isLate: this.#isLate(askedMicros, clock),
    });
    if (live.advise(advice, clock.nowMicros())) this.#advised++;
    else this.#dropped++;
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
