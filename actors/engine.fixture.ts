// A journal of numbers and an engine over it, for tests inside actors/: nothing is stored, everything can be refused.

import { DEFAULT_ACCOUNT_SETTINGS, DEFAULT_PAPER_BROKER_SETTINGS } from "./account/settings.ts";
import type { Instrument } from "./domain/instrument.ts";
import type { JournalRecord } from "./domain/records.ts";
import type { EngineConfig } from "./engine-config.ts";
import {
  type Journal,
  type JournalCursor,
  type JournalHealth,
  NOT_APPENDED,
  PAYLOAD_BYTES_MAX,
} from "./ports/journal.ts";
import type { IncomingTick } from "./router.ts";
import type { Seat } from "./switchboard.ts";

const WEEK_MINUTES = 7 * 24 * 60;

function instrument(id: number, symbol: string): Instrument {
  return {
    id,
    symbol,
    baseCurrency: symbol.slice(0, 3),
    quoteCurrency: symbol.slice(3),
    digits: 5,
    contractSize: 100_000,
    volumeStepMicros: 10_000,
    volumeMinMicros: 10_000,
    volumeMaxMicros: 100_000_000,
    spreadMaxPoints: 300,
    sessions: [{ openMinute: 0, closeMinute: WEEK_MINUTES }],
  };
}

export const TEST_INSTRUMENTS: readonly Instrument[] = [instrument(0, "EURUSD"), instrument(1, "GBPUSD")];

export const TEST_CONFIG: EngineConfig = {
  instruments: TEST_INSTRUMENTS,
  sources: ["none", "test"],
  preset: "rules",
  account: DEFAULT_ACCOUNT_SETTINGS,
  broker: DEFAULT_PAPER_BROKER_SETTINGS,
  seed: 1,
};

/** A Wednesday at noon, UTC. */
export const NOON_MICROS = Date.UTC(2024, 4, 15, 12) * 1_000;

/** Durable only where the test says so. */
export class NumberJournal implements Journal {
  readonly staging = new DataView(new ArrayBuffer(PAYLOAD_BYTES_MAX));
  readonly failure = "";
  readonly epoch = 1;
  lastSeq = 0;
  durableSeq = 0;
  pressure = 0;
  health: JournalHealth = "ok";
  /** No room for another record. */
  full = false;

  append(): number {
    return this.health === "failed" || this.full ? NOT_APPENDED : ++this.lastSeq;
  }

  onProgress(): void {}

  flush(): Promise<void> {
    return Promise.resolve();
  }

  cursor(): JournalCursor {
    throw new Error("this journal keeps nothing");
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** A listener that remembers what it was told. */
export class TestSeat implements Seat {
  readonly path: string;
  appliedSeq = 0;
  depth = 0;
  readonly heard: JournalRecord[] = [];

  constructor(path: string) {
    this.path = path;
  }

  tell(record: JournalRecord): boolean {
    this.heard.push(record);
    return true;
  }
}

export interface TestSeats {
  readonly symbols: readonly TestSeat[];
  readonly accounts: readonly {
    readonly accountId: string;
    readonly account: TestSeat;
    readonly broker?: TestSeat;
  }[];
  /** Those of the first. */
  readonly account: TestSeat;
  readonly broker: TestSeat;
  readonly market: TestSeat;
}

/** @param further ids of accounts beside "paper", each with a paper broker */
export function testSeats(further: readonly string[] = []): TestSeats {
  const symbols = TEST_INSTRUMENTS.map(({ symbol }) => new TestSeat(`symbol/${symbol}`));
  const [account, broker] = [new TestSeat("account/paper"), new TestSeat("broker/paper")];
  const accounts = further.map((accountId) => ({
    accountId,
    account: new TestSeat(`account/${accountId}`),
    broker: new TestSeat(`broker/${accountId}`),
  }));
  return {
    symbols,
    accounts: [{ accountId: "paper", account, broker }, ...accounts],
    account,
    broker,
    market: new TestSeat("market"),
  };
}

export function seatsOf(seats: TestSeats): readonly TestSeat[] {
  const accounts = seats.accounts.flatMap(({ account, broker }) => [account, ...(broker ? [broker] : [])]);
  return [...seats.symbols, ...accounts, seats.market];
}

export function incoming(sourceSeq: number, other: Partial<IncomingTick> = {}): IncomingTick {
  return {
    instrumentId: 0,
    sourceId: 1,
    sourceSeq,
    sourceTimeMicros: NOON_MICROS + sourceSeq * 1_000,
    bid: 1.0855,
    ask: 1.08556,
    bidVolume: 1,
    askVolume: 1,
    flags: 0,
    ...other,
  };
}
