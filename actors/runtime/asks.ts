// Questions with a deadline. The answer is a promise, for the world outside the actors; an actor itself never waits.

import type { Scheduler } from "../base/clock.ts";
import { failure, ok, type Result } from "../base/result.ts";
import type { ActorRef, AskFailure, Reply } from "./actor.ts";
import type { DeadLetters } from "./dead-letters.ts";
import { ASKS_MAX } from "./limits.ts";

export class Asks {
  readonly #scheduler: Scheduler;
  readonly #deadLetters: DeadLetters;
  readonly #pending = new Set<Pending>();

  constructor(options: { scheduler: Scheduler; deadLetters: DeadLetters }) {
    this.#scheduler = options.scheduler;
    this.#deadLetters = options.deadLetters;
  }

  /** @param answers false when the target would take the question and never handle it */
  ask<M, R>(
    target: ActorRef<M>,
    question: { make: (reply: Reply<R>) => M; timeoutMicros: number; answers: boolean },
  ): Promise<Result<R, AskFailure>> {
    const { make, timeoutMicros, answers } = question;
    const { promise, resolve } = Promise.withResolvers<Result<R, AskFailure>>();
    if (!answers || this.#pending.size >= ASKS_MAX) {
      resolve(refused(target.path));
      return promise;
    }
    const pending: Pending = { refuse: () => settle(refused(target.path)) };
    const settle = (result: Result<R, AskFailure>): void => {
      cancel();
      this.#pending.delete(pending);
      resolve(result);
    };
    const message = make((answer) => {
      if (this.#pending.has(pending)) settle(ok(answer));
      else this.#deadLetters.add(target.path, answer, "late-answer");
    });
    this.#pending.add(pending);
    const cancel = this.#scheduler.after(timeoutMicros, () => {
      settle(
        failure(
          "ask-timeout",
          `${target.path} did not answer within ${timeoutMicros} us; look at its depth and state, then ask again`,
          { recoverable: true },
        ),
      );
    });
    if (!target.tell(message)) pending.refuse();
    return promise;
  }

  /** Refuses everything still open. */
  abandon(): void {
    for (const pending of this.#pending) pending.refuse();
  }
}

interface Pending {
  readonly refuse: () => void;
}

function refused<R>(path: string): Result<R, AskFailure> {
  return failure(
    "ask-refused",
    `${path} did not take the question: its mailbox is full or it is out of service; look at its state, then ask again`,
    { recoverable: true },
  );
}
