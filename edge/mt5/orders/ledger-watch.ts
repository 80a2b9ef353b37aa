// Whether the ledger answers and takes what the account does. It says which epoch is in force: while it is away nobody knows whether
// another server has taken the account over, so entries wait; exits go on under the last epoch that was fenced.

import type { Station } from "../../main.ts";
import { LEDGER_LOOK_MS, LEDGER_MS_MAX } from "./limits.ts";

export interface LedgerWatchOptions {
  readonly accountId: string;
  readonly station: Pick<Station, "ledger" | "projection">;
  readonly onProblem: (message: string) => void;
}

export class LedgerWatch {
  readonly #options: LedgerWatchOptions;
  /** When the answer that is due was asked for; NaN while none is. */
  #askedMs = Number.NaN;
  #dueMs = 0;
  /** Of the last answer; empty where it was one. */
  #failure = "";
  #wasAway = false;

  constructor(options: LedgerWatchOptions) {
    this.#options = options;
  }

  /** Why entries wait; empty while they need not. */
  why(nowMs: number): string {
    const { lastError } = this.#options.station.projection.status;
    if (this.#failure !== "") return this.#failure;
    return nowMs - this.#askedMs > LEDGER_MS_MAX ? "it does not answer" : lastError;
  }

  /** Asks it every so often, and says where it went or came back. */
  look(nowMs: number): void {
    const why = this.why(nowMs);
    const isAway = why !== "";
    if (isAway !== this.#wasAway) {
      const { accountId, onProblem } = this.#options;
      onProblem(
        isAway
          ? `the ledger is away, entries of ${accountId} wait until it is back, exits go on: ${why}`
          : `the ledger is back, entries of ${accountId} go on`,
      );
    }
    this.#wasAway = isAway;
    if (!Number.isNaN(this.#askedMs) || nowMs < this.#dueMs) return;
    this.#askedMs = nowMs;
    this.#dueMs = nowMs + LEDGER_LOOK_MS;
    void this.#ask();
  }

  async #ask(): Promise<void> {
    const { station, accountId } = this.#options;
    try {
      await station.ledger.cursor(accountId);
      this.#failure = "";
    } catch (error) {
      this.#failure = error instanceof Error ? error.message : String(error);
    }
    this.#askedMs = Number.NaN;
  }
}
