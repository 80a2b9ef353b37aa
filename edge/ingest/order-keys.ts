// Which keyed commands the journal holds, so that a request that is sent again after a restart is known. What was journaled before the
// start is read once, aside from ticks; what comes later is remembered as it is given out.

import { decodeRecord, KIND_NUMBER } from "../../actors/domain/codec.ts";
import { MICROS_PER_DAY, type Micros } from "../../actors/base/clock.ts";
import type { Commanded, OrderCommand, TradeCommand } from "../../actors/domain/records.ts";
import type { Journal } from "../../actors/ports/journal.ts";
import { type Meaning, meaningOf } from "./order-command.ts";
import { KEYS_MAX, TURN_RECORDS_MAX } from "./limits.ts";

/** A key is known for so long; after it the account itself still does nothing twice. */
const KEY_LIFE_MICROS = MICROS_PER_DAY;

export interface KeyedCommand {
  readonly seq: number;
  readonly timeMicros: Micros;
  readonly meaning: Meaning;
}

export class OrderKeys {
  readonly #known = new Map<string, KeyedCommand>();
  /** Once everything that was journaled before the start has been read. */
  readonly ready: Promise<void>;
  #closed = false;

  constructor(journal: Journal, nowMicros: Micros) {
    this.ready = this.#read(journal, nowMicros - KEY_LIFE_MICROS);
  }

  find(key: string, nowMicros: Micros): KeyedCommand | undefined {
    const known = this.#known.get(key);
    return known !== undefined && known.timeMicros > nowMicros - KEY_LIFE_MICROS ? known : undefined;
  }

  remember(
    key: string,
    command: TradeCommand | OrderCommand,
    place: { seq: number; timeMicros: Micros },
  ): void {
    this.#known.delete(key);
    this.#known.set(key, { ...place, meaning: meaningOf(command) });
    if (this.#known.size <= KEYS_MAX) return;
    for (const oldest of this.#known.keys()) {
      this.#known.delete(oldest);
      return;
    }
  }

  close(): void {
    this.#closed = true;
  }

  async #read(journal: Journal, sinceMicros: Micros): Promise<void> {
    const lastSeq = journal.durableSeq;
    const cursor = journal.cursor(firstSince(journal, lastSeq, sinceMicros));
    try {
      for (;;) {
        for (let i = 0; i < TURN_RECORDS_MAX; i++) {
          const raw = cursor.next();
          if (raw === undefined || raw.seq > lastSeq) return;
          if (raw.kind === KIND_NUMBER.commanded) this.#hear(decodeRecord(raw) as Commanded);
        }
        await Bun.sleep(0);
        if (this.#closed) return;
      }
    } finally {
      cursor.close();
    }
  }

  #hear({ seq, timeMicros, command }: Commanded): void {
    // What was given out since the start is newer.
    if (!isKeyed(command) || this.#known.has(command.key)) return;
    this.remember(command.key, command, { seq, timeMicros });
  }
}

function isKeyed(
  command: Commanded["command"],
): command is (TradeCommand | OrderCommand) & { readonly key: string } {
  return "key" in command && command.key !== undefined;
}

/** The first record since a time, by halving: times of records never fall. */
function firstSince(journal: Journal, lastSeq: number, sinceMicros: Micros): number {
  let low = 1;
  let high = Math.max(1, lastSeq);
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const cursor = journal.cursor(middle);
    const timeMicros = cursor.next()?.timeMicros ?? Number.POSITIVE_INFINITY;
    cursor.close();
    if (timeMicros < sinceMicros) low = middle + 1;
    else high = middle;
  }
  return low;
}
