// What became of a command, read from the journal behind it: refused, or an intent and what the broker reported of it. The same reading
// answers a request that is sent again, long after and after a restart.

import type { Commanded } from "../../actors/domain/records.ts";
import { decodeRecord, KIND_NUMBER } from "../../actors/domain/codec.ts";
import type { Execution, OrderIntent, RiskRefusal } from "../../actors/domain/order.ts";
import type { Micros } from "../../actors/base/clock.ts";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import type { Journal } from "../../actors/ports/journal.ts";
import { TURN_RECORDS_MAX } from "./limits.ts";

export interface DeedOutcome {
  readonly commandSeq: number;
  /** Null while the account has not decided. */
  readonly intent: OrderIntent | null;
  readonly status: "filled" | "partially-filled" | "working" | "done" | "unknown";
  readonly filledMicros: number;
  /** Average of what filled; 0 for nothing. */
  readonly pricePoints: number;
  readonly positionId: string | null;
  readonly reason: string;
  readonly timeMicros: Micros;
}

export type OutcomeFailure = "refused" | "rejected";

const LOOK_MILLIS = 10;

const HEARD = new Set([
  KIND_NUMBER.commanded,
  KIND_NUMBER.intent,
  KIND_NUMBER.refusal,
  KIND_NUMBER.execution,
]);

type Told = Result<DeedOutcome, OutcomeFailure>;

/** @param patienceMillis how long more is waited for once everything that is durable has been read */
export async function outcomeOf(journal: Journal, commandSeq: number, patienceMillis: number): Promise<Told> {
  const watch = new OutcomeWatch(commandSeq);
  const cursor = journal.cursor(commandSeq);
  try {
    const untilMillis = performance.now() + patienceMillis;
    for (;;) {
      for (let i = 0; i < TURN_RECORDS_MAX; i++) {
        const raw = cursor.next();
        if (raw === undefined) {
          if (watch.doubt !== undefined) return ok(watch.doubt);
          if (performance.now() >= untilMillis) return ok(watch.unknown(patienceMillis));
          await Bun.sleep(LOOK_MILLIS);
          continue;
        }
        if (!HEARD.has(raw.kind)) continue;
        const told = watch.hear(decodeRecord(raw) as Commanded | OrderIntent | RiskRefusal | Execution);
        if (told !== undefined) return told;
      }
      await Bun.sleep(0);
    }
  } finally {
    cursor.close();
  }
}

class OutcomeWatch {
  /** The last that was heard: nobody knows. What follows it in the journal may know better. */
  doubt: DeedOutcome | undefined;
  readonly #commandSeq: number;
  /** Whose the command is: at its record others may have something to do, too. */
  #accountId = "";
  #intent: OrderIntent | null = null;
  #filledMicros = 0;
  /** Price x volume. */
  #paid = 0;
  #positionId: string | null = null;
  #timeMicros = 0;

  constructor(commandSeq: number) {
    this.#commandSeq = commandSeq;
  }

  /** Undefined while it is not decided. */
  hear(record: Commanded | OrderIntent | RiskRefusal | Execution): Told | undefined {
    if (record.kind === "commanded") {
      if (record.seq === this.#commandSeq && "accountId" in record.command) {
        this.#accountId = record.command.accountId;
      }
      return undefined;
    }
    if (record.accountId !== this.#accountId) return undefined;
    switch (record.kind) {
      case "refusal":
        if (record.causeSeq !== this.#commandSeq) return undefined;
        return failure("refused", `${record.code}: ${record.message}`);
      case "intent":
        if (this.#intent !== null || record.causeSeq !== this.#commandSeq) return undefined;
        this.#intent = record;
        this.#positionId = record.positionId;
        this.#timeMicros = record.timeMicros;
        return undefined;
      case "execution":
        return record.intentId === this.#intent?.intentId ? this.#onReport(record, this.#intent) : undefined;
    }
  }

  unknown(patienceMillis: number): DeedOutcome {
    const what =
      this.#intent === null
        ? "the account has not decided"
        : `order ${this.#intent.intentId} was sent and the broker has not answered`;
    return this.#outcome(
      "unknown",
      `${what} within ${patienceMillis / 1_000} s: look at /api/v1/orders, do not send it again without its key`,
    );
  }

  #onReport(report: Execution, intent: OrderIntent): Told | undefined {
    this.#timeMicros = report.timeMicros;
    this.doubt = undefined;
    this.#positionId = report.positionId ?? this.#positionId;
    if (report.status === "filled" || report.status === "partially-filled") {
      this.#filledMicros += report.volumeMicros;
      this.#paid += report.volumeMicros * report.pricePoints;
    }
    switch (report.status) {
      case "filled":
        return ok(this.#outcome("filled", report.reason));
      case "done":
        return ok(this.#outcome("done", report.reason));
      case "unknown":
        this.doubt = this.#outcome("unknown", `the broker does not know what became of it: ${report.reason}`);
        return undefined;
      case "acknowledged":
        return intent.purpose === "entry" && intent.terms !== undefined
          ? ok(this.#outcome("working", report.reason))
          : undefined;
      case "partially-filled":
        return intent.terms === undefined ? undefined : ok(this.#outcome("partially-filled", report.reason));
      case "cancelled":
        if (this.#filledMicros > 0) return ok(this.#outcome("partially-filled", report.reason));
        return failure("rejected", `the broker says cancelled: ${report.reason}`);
      case "rejected":
        return failure("rejected", `the broker says rejected: ${report.reason}`);
    }
  }

  #outcome(status: DeedOutcome["status"], reason: string): DeedOutcome {
    return {
      commandSeq: this.#commandSeq,
      intent: this.#intent,
      status,
      filledMicros: this.#filledMicros,
      pricePoints: this.#filledMicros === 0 ? 0 : this.#paid / this.#filledMicros,
      positionId: this.#positionId,
      reason,
      timeMicros: this.#timeMicros,
    };
  }
}
