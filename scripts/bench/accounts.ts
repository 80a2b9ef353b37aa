// One signal to a thousand paper accounts: from its record to the last account's intent, and until the last order has left, every intent
// durable in between; next to what encoding as many intents takes by itself in the same run. And what a tick costs by the number of accounts.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_ACCOUNT_SETTINGS, DEFAULT_PAPER_BROKER_SETTINGS } from "../../actors/account/settings.ts";
import { MICROS_PER_SECOND } from "../../actors/base/clock.ts";
import { decodeRecord, encodePayload, KIND_NUMBER } from "../../actors/domain/codec.ts";
import type { JournalRecord } from "../../actors/domain/records.ts";
import type { Side } from "../../actors/domain/order.ts";
import type { EngineConfig } from "../../actors/engine-config.ts";
import { type Journal, PAYLOAD_BYTES_MAX } from "../../actors/ports/journal.ts";
import { type OpenedJournal, openJournal } from "../../storage/journal/journal.ts";
import { MemoryJournal } from "../../storage/memory/memory-journal.ts";
import type { IncomingTick } from "../../actors/router.ts";
import { type BenchEngine, benchEngine, fleetInstruments, FleetWalk } from "./fleet.ts";
import { type Emit, median, quantile } from "./row.ts";

const ACCOUNTS = 1_000;
/** Signals go round them. */
const SYMBOLS = 20;
/** In and out again, each a signal. */
const ROUNDS = 60;
const WARM_UP_ROUNDS = 10;
const BAR_MILLIS = 50;
const PATIENCE_MILLIS = 20_000;
const TICKING_ACCOUNTS = [1, 10, 100, 1_000] as const;
const TICKS = 500;
const TICK_ROUNDS = 5;
/** A Wednesday, UTC. */
const NOON_MICROS = Date.UTC(2024, 4, 15, 12) * 1_000;
const TICK_APART_MICROS = 10_000;
const FAR = 1_000_000;

/** As set up by default, but for what would refuse an order each second. */
function configOf(accounts: number): Partial<EngineConfig> {
  const { risk, ...account } = DEFAULT_ACCOUNT_SETTINGS;
  const often = {
    ...risk?.tenant,
    executionsMax: FAR,
    cooldownAfterExitMicros: 0,
    cooldownAfterLossMicros: 0,
    consecutiveLossesMax: FAR,
  };
  return {
    account: {
      ...account,
      riskFraction: 0.001,
      risk: { account: {}, symbols: {}, ...risk, tenant: often },
    },
    // Fills come with the next quote.
    broker: { ...DEFAULT_PAPER_BROKER_SETTINGS, latencyMicros: 0, latencyJitterMicros: 0 },
    accounts: Array.from({ length: accounts - 1 }, (_, index) => ({
      account: { accountId: `paper-${index + 2}` },
    })),
  };
}

/** A journal that keeps the time at which the last of a round's intents and orders came in. */
class WatchedJournal implements Journal {
  readonly #journal: OpenedJournal;
  intents = 0;
  sent = 0;
  intentsMillis = Number.NaN;
  sentMillis = Number.NaN;

  constructor(journal: OpenedJournal) {
    this.#journal = journal;
  }

  get staging(): DataView {
    return this.#journal.staging;
  }

  get lastSeq(): number {
    return this.#journal.lastSeq;
  }

  get durableSeq(): number {
    return this.#journal.durableSeq;
  }

  get health(): Journal["health"] {
    return this.#journal.health;
  }

  get failure(): string {
    return this.#journal.failure;
  }

  get epoch(): number {
    return this.#journal.epoch;
  }

  get pressure(): number {
    return this.#journal.pressure;
  }

  append(...record: Parameters<Journal["append"]>): number {
    const seq = this.#journal.append(...record);
    const kind = record[1];
    if (kind === KIND_NUMBER.intent && ++this.intents === ACCOUNTS) this.intentsMillis = performance.now();
    else if (kind === KIND_NUMBER.sent && ++this.sent === ACCOUNTS) this.sentMillis = performance.now();
    return seq;
  }

  onProgress(listener: () => void): void {
    this.#journal.onProgress(listener);
  }

  async flush(): Promise<void> {
    await this.#journal.flush();
  }

  cursor(fromSeq: number): ReturnType<Journal["cursor"]> {
    return this.#journal.cursor(fromSeq);
  }

  async close(): Promise<void> {
    await this.#journal.close();
  }

  forget(): void {
    this.intents = 0;
    this.sent = 0;
  }
}

async function until(reached: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MILLIS;
  while (!reached()) {
    if (performance.now() > deadline) throw new Error(`${what} did not come about`);
    await Bun.sleep(1);
  }
}

interface Took {
  /** Milliseconds from the signal's record to the last account's intent. */
  readonly intents: number;
  /** The same until the last order has left. */
  readonly sent: number;
}

class Accounts {
  readonly #bench: BenchEngine;
  readonly #journal: WatchedJournal;
  readonly #walks = Array.from({ length: SYMBOLS }, (_, id) => new FleetWalk(1, id + 1));

  constructor(journal: WatchedJournal) {
    this.#journal = journal;
    this.#bench = benchEngine(fleetInstruments(SYMBOLS), journal, { live: true, config: configOf(ACCOUNTS) });
  }

  /** Signals `side` and quotes until every account holds `positions`. */
  async signal(instrumentId: number, side: Side, positions: number): Promise<Took> {
    const { live, clock, engine } = this.#bench;
    const journal = this.#journal;
    const { bid, ask } = this.#quote(instrumentId);
    await until(() => engine.system.idle, "rest");
    journal.forget();
    const startMillis = performance.now();
    live.router.emit({
      kind: "signal",
      seq: 0,
      timeMicros: live.router.timeMicros,
      instrumentId,
      causeSeq: live.router.lastSeq,
      tickSeq: live.router.lastSeq,
      action: side,
      probabilityUp: side === "BUY" ? 0.7 : 0.3,
      confidence: 0.7,
      regime: "quiet-range",
      components: [],
      reasons: ["bench"],
      bidPoints: Math.round(bid * 1e5),
      askPoints: Math.round(ask * 1e5),
      stopPoints: 2_000,
      targetPoints: 4_000,
      expiresAtMicros: clock.nowMicros() + 5 * MICROS_PER_SECOND,
      tradable: true,
    });
    await until(() => journal.sent === ACCOUNTS, `an order of every account on a ${side}`);
    const took = { intents: journal.intentsMillis - startMillis, sent: journal.sentMillis - startMillis };
    this.#quote(instrumentId);
    const last = [...engine.accounts.values()].at(-1);
    await until(() => last?.view().positions.length === positions, `the fills of a ${side}`);
    return took;
  }

  #quote(instrumentId: number): IncomingTick {
    const { live, clock } = this.#bench;
    const tick = { ...(this.#walks[instrumentId] as FleetWalk).next(clock.nowMicros()), instrumentId };
    if (live.router.ingest(tick, clock.nowMicros()) < 0) throw new Error("a tick was not taken");
    return tick;
  }
}

async function signals(journal: WatchedJournal): Promise<Took[]> {
  const accounts = new Accounts(journal);
  const took: Took[] = [];
  for (let round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
    const instrumentId = (round + WARM_UP_ROUNDS) % SYMBOLS;
    const both = [
      await accounts.signal(instrumentId, "BUY", 1),
      await accounts.signal(instrumentId, "SELL", 0),
    ];
    if (round >= 0) took.push(...both);
  }
  return took;
}

/** Milliseconds of encoding an intent and its pre-trade record for each account, and nothing else. */
function bareMillis(records: readonly JournalRecord[]): number[] {
  const target = new DataView(new ArrayBuffer(PAYLOAD_BYTES_MAX));
  return Array.from({ length: 2 * ROUNDS }, () => {
    const start = performance.now();
    for (let i = 0; i < ACCOUNTS; i++) for (const record of records) encodePayload(record, target);
    return performance.now() - start;
  });
}

/** The newest record of each kind that an approved order leaves. */
function orderRecords(journal: WatchedJournal): JournalRecord[] {
  const found = new Map<number, JournalRecord>();
  const cursor = journal.cursor(Math.max(1, journal.durableSeq - 20 * ACCOUNTS));
  for (let raw = cursor.next(); raw !== undefined; raw = cursor.next()) {
    if (raw.kind === KIND_NUMBER.intent || raw.kind === KIND_NUMBER.pretrade)
      found.set(raw.kind, decodeRecord(raw));
  }
  cursor.close();
  return [...found.values()];
}

/** Microseconds a tick takes until everybody has heard it, by the number of accounts. */
function tickMicros(accounts: number): number {
  const { live } = benchEngine(fleetInstruments(1), new MemoryJournal({ keep: false }), {
    live: false,
    config: configOf(accounts),
  });
  const walk = new FleetWalk(1, 3);
  let micros = NOON_MICROS;
  const rounds = Array.from({ length: TICK_ROUNDS + 1 }, () => {
    const start = performance.now();
    for (let i = 0; i < TICKS; i++) {
      micros += TICK_APART_MICROS;
      live.router.ingest(walk.next(micros), micros);
      live.settle();
    }
    return ((performance.now() - start) * 1_000) / TICKS;
  });
  // The first is the compiler's.
  return median(rounds.slice(1));
}

export async function bench(emit: Emit): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tickforge-bench-"));
  const opened = await openJournal({ directory: folder });
  if (!opened.ok) throw new Error(opened.message);
  const journal = new WatchedJournal(opened.value);
  const took = await signals(journal);
  const bare = Float64Array.from(bareMillis(orderRecords(journal)));
  const whole = { intents: "its last intent", sent: "its last order sent, every intent durable" };
  for (const what of ["intents", "sent"] as const) {
    const times = Float64Array.from(took, (each) => each[what]);
    const metric = `one signal to ${ACCOUNTS} accounts until ${whole[what]}`;
    const [p50, p99] = [quantile(times, 0.5), quantile(times, 0.99)];
    emit({ name: "accounts", metric: `${metric}, p50`, value: p50, unit: "ms" });
    emit({
      name: "accounts",
      metric: `${metric}, p99; baseline: encoding as many records, p99`,
      value: p99,
      unit: "ms",
      baseline: quantile(bare, 0.99),
      ratio: quantile(bare, 0.99) / p99,
      bar: `<= ${BAR_MILLIS} ms`,
      met: p99 <= BAR_MILLIS,
    });
  }
  emit({ name: "accounts", metric: "encoding as many records, p50", value: quantile(bare, 0.5), unit: "ms" });
  for (const accounts of TICKING_ACCOUNTS) {
    emit({
      name: "accounts",
      metric: `a tick with ${accounts} account${accounts === 1 ? "" : "s"}`,
      value: tickMicros(accounts),
      unit: "us",
    });
  }
  await journal.close();
  rmSync(folder, { recursive: true });
}

if (import.meta.main) {
  await bench((row) => console.log(JSON.stringify(row)));
  // Its engines' timers would go on.
  process.exit(0);
}
