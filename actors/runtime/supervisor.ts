// One actor's record with its policy: what went wrong last, how often it has been restarted, what is to be done now.

import type { Clock } from "../base/clock.ts";
import type { Random } from "../base/random.ts";
import {
  BUDGET_EXHAUSTED,
  DEFAULT_SUPERVISION,
  type Directive,
  errorText,
  type Fault,
  RestartBudget,
  type SupervisionPolicy,
} from "./supervision.ts";

export class Supervisor {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #policy: SupervisionPolicy;
  readonly #budget: RestartBudget;
  readonly #onFault: (fault: Fault) => void;
  #restarts = 0;
  #lastError = "";

  constructor(options: {
    path: string;
    clock: Clock;
    random: Random;
    policy: Partial<SupervisionPolicy> | undefined;
    onFault: (fault: Fault) => void;
  }) {
    this.#path = options.path;
    this.#clock = options.clock;
    this.#policy = { ...DEFAULT_SUPERVISION, ...options.policy };
    this.#budget = new RestartBudget(this.#policy, options.random);
    this.#onFault = options.onFault;
  }

  get restarts(): number {
    return this.#restarts;
  }

  /** Empty when the actor never failed. */
  get lastError(): string {
    return this.#lastError;
  }

  /** @param resumable whether there is a sound instance that could go on */
  judge(error: Error, resumable: boolean): Directive {
    this.#lastError = errorText(error);
    try {
      const directive = this.#policy.decide(error);
      return directive === "resume" && !resumable ? "restart" : directive;
    } catch {
      return "escalate";
    }
  }

  /** The delay before the restart that is granted now, in microseconds, or {@link BUDGET_EXHAUSTED}. */
  grantRestart(): number {
    const delayMicros = this.#budget.spend(this.#clock.nowMicros());
    if (delayMicros !== BUDGET_EXHAUSTED) this.#restarts++;
    return delayMicros;
  }

  /** A person has looked at the actor: earlier restarts no longer count. */
  pardon(): void {
    this.#budget.reset();
  }

  report(error: Error, action: Fault["action"], delayMicros = 0): void {
    this.#onFault({ path: this.#path, error, action, restarts: this.#restarts, delayMicros });
  }
}
