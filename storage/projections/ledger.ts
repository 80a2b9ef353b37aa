// The ledger as a sink: what the account did becomes orders, deals and positions, in transactions that move its cursor along.

import type { Clock } from "../../actors/base/clock.ts";
import { SeededRandom } from "../../actors/base/random.ts";
import { decodeRecord, KIND_NUMBER } from "../../actors/domain/codec.ts";
import type { Journal, RawRecord } from "../../actors/ports/journal.ts";
import type { Ledger, LedgerRecord } from "../../actors/ports/ledger.ts";
import { NoEdges } from "./batch-edges.ts";
import { Projection } from "./projection.ts";
import { RawTail } from "./raw-tail.ts";
import type { Sink } from "./sink.ts";

/** Records applied in one transaction. */
const BATCH_RECORDS_MAX = 500;
/** Journal records looked at before the caller's thread is given back: half a millisecond's worth, as ticks are waiting. */
const TURN_RECORDS = 1_000;

const TRADING_KINDS = new Set([
  KIND_NUMBER.intent,
  KIND_NUMBER.sent,
  KIND_NUMBER.execution,
  KIND_NUMBER.refusal,
]);

export interface LedgerProjectionOptions {
  readonly journal: Journal;
  readonly ledger: Ledger;
  readonly scope: string;
  /** The ledger refuses writes once a newer one was issued for `scope`. */
  readonly epoch: number;
  readonly clock: Clock;
  readonly onProblem?: (message: string) => void;
}

export type LedgerProjection = Projection<RawRecord, RawTail>;

export function ledgerProjection(options: LedgerProjectionOptions): LedgerProjection {
  const { journal, clock } = options;
  return new Projection({
    sink: new LedgerSink(options),
    durableSeq: () => journal.durableSeq,
    open: (fromSeq) => new RawTail(journal.cursor(fromSeq), fromSeq),
    edges: new NoEdges(),
    clock,
    random: new SeededRandom(options.epoch),
    onProblem: options.onProblem ?? (() => undefined),
    turnRecords: TURN_RECORDS,
    idleRecords: 1,
  });
}

class LedgerSink implements Sink<RawRecord, RawTail> {
  readonly name = "the ledger";
  readonly keepsCursor = true;
  readonly #options: LedgerProjectionOptions;
  #batch: LedgerRecord[] = [];

  constructor(options: LedgerProjectionOptions) {
    this.#options = options;
  }

  get rowSeq(): number {
    return this.#batch.at(-1)?.seq ?? 0;
  }

  get full(): boolean {
    return this.#batch.length >= BATCH_RECORDS_MAX;
  }

  async prepare(): Promise<void> {
    // Whoever opened the ledger has brought its tables up to date.
  }

  async storedSeq(): Promise<number> {
    return await this.#options.ledger.cursor(this.#options.scope);
  }

  collect(raw: RawRecord): void {
    if (TRADING_KINDS.has(raw.kind)) this.#batch.push(decodeRecord(raw) as LedgerRecord);
  }

  async send(): Promise<void> {
    if (this.#batch.length === 0) return;
    const { ledger, scope, epoch } = this.#options;
    const applied = await ledger.apply(scope, epoch, this.#batch);
    if (!applied.ok) throw new Error(`${applied.code}: ${applied.message}`);
  }

  clear(): void {
    this.#batch = [];
  }

  /** It issues epochs, which no journal can give back. */
  forget(): Promise<void> {
    return Promise.reject(
      new Error(
        "the ledger is not rebuilt while it issues epochs: stop, move ledger.db away and start again",
      ),
    );
  }
}
