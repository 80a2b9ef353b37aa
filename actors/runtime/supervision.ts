// What happens after an actor fails: a decider names the directive, a budget limits restarts and spaces them out. The
// policy is one-for-one: it concerns the failed actor (and what it spawned), never its siblings.

import { assert } from "../base/assert.ts";
import { MICROS_PER_MILLISECOND, MICROS_PER_MINUTE, MICROS_PER_SECOND, type Micros } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import { NumberWindow } from "../base/ring.ts";
import { ERROR_TEXT_MAX, RESTARTS_MAX } from "./limits.ts";

/**
 * `resume`: forget the message, keep the state. `restart`: a fresh instance after a delay. `stop`: for good.
 * `escalate`: the parent fails with the same error and its own policy decides; without a parent, quarantine.
 */
export type Directive = "resume" | "restart" | "stop" | "escalate";

/** What was done about a failure. `ignore`: an instance failed while it left service; it is gone anyway. */
export interface Fault {
  readonly path: string;
  readonly error: Error;
  readonly action: Directive | "quarantine" | "ignore";
  /** Restarts of this actor so far, the coming one included. */
  readonly restarts: number;
  /** Time until the restart; 0 for every other action. */
  readonly delayMicros: number;
}

export interface Backoff {
  /** Delay before the first restart in a window. */
  readonly minMicros: number;
  readonly maxMicros: number;
  /** By how much each further restart in the window waits longer. */
  readonly factor: number;
  /** Share of the delay, 0..1, that chance may take away, so that actors that fell together do not rise together. */
  readonly jitter: number;
}

export interface SupervisionPolicy {
  /** A decider that throws is taken to have said `escalate`. */
  decide(error: Error): Directive;
  /** Restarts granted within `windowMicros`; the next failure quarantines the actor. */
  readonly restartsMax: number;
  readonly windowMicros: number;
  readonly backoff: Backoff;
}

export const DEFAULT_SUPERVISION: SupervisionPolicy = {
  decide: () => "restart",
  restartsMax: 5,
  windowMicros: MICROS_PER_MINUTE,
  backoff: {
    minMicros: 100 * MICROS_PER_MILLISECOND,
    maxMicros: 10 * MICROS_PER_SECOND,
    factor: 2,
    jitter: 0.2,
  },
};

/** Returned by {@link RestartBudget.spend} when the window's restarts are used up. */
export const BUDGET_EXHAUSTED = -1;

/** Counts restarts in a sliding window and says how long to wait before the next. */
export class RestartBudget {
  readonly #policy: SupervisionPolicy;
  readonly #random: Random;
  readonly #times: NumberWindow;

  constructor(policy: SupervisionPolicy, random: Random) {
    const { restartsMax, windowMicros, backoff } = policy;
    assert(
      Number.isInteger(restartsMax) && restartsMax >= 0 && restartsMax <= RESTARTS_MAX,
      `a policy grants 0 to ${RESTARTS_MAX} restarts, not ${restartsMax}`,
    );
    assert(windowMicros > 0, "a restart window is longer than nothing");
    assert(
      backoff.minMicros >= 0 && backoff.maxMicros >= backoff.minMicros && backoff.factor >= 1,
      "a backoff grows from its minimum to its maximum",
    );
    assert(backoff.jitter >= 0 && backoff.jitter <= 1, "jitter is a share from 0 to 1");
    this.#policy = policy;
    this.#random = random;
    this.#times = new NumberWindow(Math.max(1, restartsMax));
  }

  /**
   * Spends one restart at `nowMicros`.
   * @returns the delay before it in microseconds, uniform in [d (1 - jitter), d] with d = min(max, min factor^n) after n
   * restarts in the window; or {@link BUDGET_EXHAUSTED}
   */
  spend(nowMicros: Micros): number {
    const { restartsMax, backoff } = this.#policy;
    const recent = this.#recent(nowMicros);
    if (recent >= restartsMax) return BUDGET_EXHAUSTED;
    this.#times.push(nowMicros);
    const full = Math.min(backoff.maxMicros, backoff.minMicros * backoff.factor ** recent);
    return Math.round(full * (1 - backoff.jitter * this.#random.next()));
  }

  /** Forgets all restarts: a person has looked at the actor and let it go on. */
  reset(): void {
    this.#times.clear();
  }

  #recent(nowMicros: Micros): number {
    const sinceMicros = nowMicros - this.#policy.windowMicros;
    let recent = 0;
    while (recent < this.#times.size && this.#times.back(recent) > sinceMicros) recent++;
    return recent;
  }
}

/** Whatever was thrown, as an error. */
export function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

export function errorText(error: Error): string {
  return `${error.name}: ${error.message}`.slice(0, ERROR_TEXT_MAX);
}
