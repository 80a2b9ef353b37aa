// The way out for orders: lets the gate release what is durable and tells a real broker's side of it, where there is one.

import type { Engine } from "./engine.ts";
import type { BrokerLink } from "./ports/broker-link.ts";
import type { Draft } from "./ports/emitter.ts";
import type { Journal } from "./ports/journal.ts";
import type { TickRouter } from "./router.ts";

export class OrderExit {
  link: BrokerLink | undefined;
  readonly #router: TickRouter;
  readonly #journal: Journal;
  /** Orders to a terminal wait until there is a link. */
  readonly #awaitsLink: boolean;

  constructor(options: { router: TickRouter; journal: Journal; awaitsLink: boolean }) {
    this.#router = options.router;
    this.#journal = options.journal;
    this.#awaitsLink = options.awaitsLink;
  }

  /** Only the first account's: the others have paper brokers. */
  hear(draft: Draft, { config: { account } }: Engine): void {
    if (this.link === undefined || (draft.kind !== "intent" && draft.kind !== "reconciled")) return;
    if (draft.accountId !== account.accountId) return;
    if (draft.kind === "intent") this.link.intended(draft);
    else this.link.reconciled(draft);
  }

  /** Lets out what may leave; returns how many did. */
  release({ gate, config }: Engine): number {
    const { link } = this;
    const { accountId } = config.account;
    if (link === undefined && this.#awaitsLink && config.account.terminal !== undefined) return 0;
    return gate.release(this.#router, {
      durableSeq: this.#journal.durableSeq,
      timeMicros: this.#router.timeMicros,
      exitsOnly: this.#router.detached,
      onSent:
        link === undefined
          ? undefined
          : (intent) => {
              if (intent.accountId === accountId) link.sent(intent);
            },
    });
  }
}
