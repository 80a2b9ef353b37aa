// The one entrance, case by case: what is let in, what it is called, and that nothing that lags or fails behind it - the
// journal, the backup stream - keeps a tick from the actors or an exit from the broker.

import { describe, expect, test } from "bun:test";
import { VirtualClock } from "./base/clock.ts";
import { SaveArchive, LoadArchive } from "./base/archive.ts";
import { type CalendarEvent, CALENDAR_EVENTS_MAX, CALENDAR_NAME_LENGTH_MAX } from "./domain/calendar.ts";
import type { OrderIntent } from "./domain/order.ts";
import type { JournalRecord } from "./domain/records.ts";
import { type Tick, TICK_BACKFILL, TICK_SKIP_INFERENCE } from "./domain/tick.ts";
import {
  incoming,
  NOON_MICROS,
  NumberJournal,
  seatsOf,
  TEST_CONFIG,
  type TestSeat,
  type TestSeats,
  testSeats,
} from "./engine.fixture.ts";
import { Engine } from "./engine.ts";
import { ruleForecasters } from "./ensemble.ts";
import {
  FURTHER_MAILBOX_RECORDS,
  MAILBOX_RESERVE_RECORDS,
  SHARED_MAILBOX_RECORDS,
  SKIP_INFERENCE_DEPTH,
  SYMBOL_MAILBOX_RECORDS,
} from "./limits.ts";
import { LiveEngine } from "./live-engine.ts";
import { INGEST_BUSY, INGEST_DUPLICATE, TickRouter, UNKNOWN_INSTRUMENT } from "./router.ts";
import { Switchboard } from "./switchboard.ts";

function setUp(accounts: readonly string[] = []) {
  const journal = new NumberJournal();
  const seats = testSeats(accounts);
  const switchboard = new Switchboard(seats, { hold: () => {} });
  const router = new TickRouter({ journal, switchboard });
  const eurusd = seats.symbols[0];
  if (eurusd === undefined) throw new Error("the fixture has no symbols");
  return { journal, seats, router, eurusd };
}

/** The account and the broker that stand beside the first. */
function further(seats: TestSeats): { account: TestSeat; broker: TestSeat } {
  const { account, broker } = seats.accounts[1] ?? {};
  if (account === undefined || broker === undefined) throw new Error("there is no further account");
  return { account, broker };
}

function kindsOf(records: readonly JournalRecord[]): string[] {
  return records.map(({ kind, seq }) => `${seq} ${kind}`);
}

describe("a tick at the door", () => {
  test("gets the next sequence and goes to its symbol, the account, the broker and the market", () => {
    const { router, seats } = setUp();
    expect(router.ingest(incoming(1), NOON_MICROS)).toBe(1);
    expect(router.ingest(incoming(2), NOON_MICROS + 5)).toBe(2);
    expect(seatsOf(seats).map(({ heard }) => heard.length)).toEqual([2, 0, 2, 2, 2]);
    expect(seats.account.heard[1]).toEqual({
      kind: "tick",
      seq: 2,
      timeMicros: NOON_MICROS + 5,
      ...incoming(2),
    });
  });

  test("that came before is a duplicate: nothing is journaled, nobody hears it", () => {
    const { router, journal, eurusd } = setUp();
    router.ingest(incoming(1), NOON_MICROS);
    router.ingest(incoming(2), NOON_MICROS);
    expect(router.ingest(incoming(1), NOON_MICROS)).toBe(INGEST_DUPLICATE);
    expect(journal.lastSeq).toBe(2);
    expect(eurusd.heard).toHaveLength(2);
    // The same number of another source or instrument is another tick.
    expect(router.ingest(incoming(1, { sourceId: 2 }), NOON_MICROS)).toBe(3);
    expect(router.ingest(incoming(1, { instrumentId: 1 }), NOON_MICROS)).toBe(4);
  });

  test("after missing ones: the gap has its place before the tick", () => {
    const { router, journal, eurusd } = setUp();
    router.ingest(incoming(1), NOON_MICROS);
    expect(router.ingest(incoming(5), NOON_MICROS)).toBe(3);
    expect(journal.lastSeq).toBe(3);
    expect(kindsOf(eurusd.heard)).toEqual(["1 tick", "3 tick"]);
    expect(router.gaps.missing(1, 0)).toEqual([
      { sourceId: 1, instrumentId: 0, fromSourceSeq: 2, toSourceSeq: 4 },
    ]);
    expect(router.ingest(incoming(3, { flags: TICK_BACKFILL }), NOON_MICROS)).toBe(4);
    expect(router.gaps.missing(1, 0)).toHaveLength(2);
  });

  test("of a symbol nobody trades is journaled and quarantined, however often its number comes", () => {
    const { router, journal, seats } = setUp();
    const unknown = incoming(1, { instrumentId: UNKNOWN_INSTRUMENT });
    expect(router.ingest(unknown, NOON_MICROS)).toBe(1);
    expect(router.ingest(unknown, NOON_MICROS)).toBe(3);
    expect(journal.lastSeq).toBe(4);
    expect(seatsOf(seats).every(({ heard }) => heard.length === 0)).toBe(true);
  });

  test("never takes time back", () => {
    const { router, eurusd } = setUp();
    const times = [NOON_MICROS, NOON_MICROS - 1, NOON_MICROS + 2, 0];
    for (const [index, timeMicros] of times.entries()) router.ingest(incoming(index + 1), timeMicros);
    router.beat(5);
    expect(eurusd.heard.map(({ timeMicros }) => timeMicros - NOON_MICROS)).toEqual([0, 0, 2, 2, 2]);
    expect(router.timeMicros).toBe(NOON_MICROS + 2);
  });

  for (const { depth, skipped } of [
    { depth: 0, skipped: false },
    { depth: SKIP_INFERENCE_DEPTH - 1, skipped: false },
    { depth: SKIP_INFERENCE_DEPTH, skipped: true },
  ]) {
    test(`behind ${depth} others ${skipped ? "asks no member, and says so" : "asks its members"}`, () => {
      const { router, eurusd } = setUp();
      eurusd.depth = depth;
      router.ingest(incoming(1, { flags: TICK_BACKFILL }), NOON_MICROS);
      const expected = skipped ? TICK_BACKFILL | TICK_SKIP_INFERENCE : TICK_BACKFILL;
      expect((eurusd.heard[0] as Tick).flags).toBe(expected);
      expect(router.counts.skippedInference).toBe(skipped ? 1 : 0);
    });
  }

  const symbolFull = SYMBOL_MAILBOX_RECORDS - MAILBOX_RESERVE_RECORDS;
  const furtherFull = FURTHER_MAILBOX_RECORDS - MAILBOX_RESERVE_RECORDS;
  const sharedFull = SHARED_MAILBOX_RECORDS - MAILBOX_RESERVE_RECORDS;
  const doors: readonly { what: string; shut: (rig: ReturnType<typeof setUp>) => void; busy: boolean }[] = [
    {
      what: "the journal's buffer is at three quarters",
      shut: ({ journal }) => (journal.pressure = 0.75),
      busy: true,
    },
    {
      what: "the journal's buffer is just below",
      shut: ({ journal }) => (journal.pressure = 0.74),
      busy: false,
    },
    {
      what: "its mailbox has only its reserve",
      shut: ({ eurusd }) => (eurusd.depth = symbolFull),
      busy: true,
    },
    {
      what: "its mailbox has one place more",
      shut: ({ eurusd }) => (eurusd.depth = symbolFull - 1),
      busy: false,
    },
    {
      what: "the account's mailbox has only its reserve",
      shut: ({ seats }) => (seats.account.depth = sharedFull),
      busy: true,
    },
    { what: "the broker's has", shut: ({ seats }) => (seats.broker.depth = sharedFull), busy: true },
    {
      what: "a further account's has only its reserve",
      shut: ({ seats }) => (further(seats).account.depth = furtherFull),
      busy: true,
    },
    {
      what: "a further account's has one place more",
      shut: ({ seats }) => (further(seats).account.depth = furtherFull - 1),
      busy: false,
    },
    {
      what: "a further account's broker's has only its reserve",
      shut: ({ seats }) => (further(seats).broker.depth = furtherFull),
      busy: true,
    },
    { what: "the market's has", shut: ({ seats }) => (seats.market.depth = sharedFull), busy: true },
    {
      what: "another symbol's mailbox is full",
      shut: ({ seats }) => {
        for (const seat of seats.symbols.slice(1)) seat.depth = SYMBOL_MAILBOX_RECORDS;
      },
      busy: false,
    },
  ];
  for (const { what, shut, busy } of doors) {
    test(`${busy ? "waits outside" : "is let in"} when ${what}`, () => {
      const rig = setUp(["other"]);
      shut(rig);
      expect(rig.router.ingest(incoming(1), NOON_MICROS)).toBe(busy ? INGEST_BUSY : 1);
      expect(rig.router.counts.busy).toBe(busy ? 1 : 0);
      if (!busy) return;
      // It was not taken: sent again later, it is new.
      expect(rig.journal.lastSeq).toBe(0);
      for (const seat of seatsOf(rig.seats)) seat.depth = 0;
      rig.journal.pressure = 0;
      expect(rig.router.ingest(incoming(1), NOON_MICROS)).toBe(1);
    });
  }
});

describe("the calendar", () => {
  const event: CalendarEvent = {
    timeMicros: NOON_MICROS,
    currency: "USD",
    importance: "high",
    name: "x".repeat(CALENDAR_NAME_LENGTH_MAX),
  };
  const full = Array.from({ length: CALENDAR_EVENTS_MAX }, () => event);

  test("gets its place in the order, and the account alone hears it", () => {
    const { router, seats } = setUp();
    expect(router.schedule(full, NOON_MICROS)).toBe(true);
    expect(seats.account.heard).toEqual([
      { kind: "calendar", seq: 1, timeMicros: NOON_MICROS, events: full },
    ]);
    expect(seatsOf(seats).reduce((sum, { heard }) => sum + heard.length, 0)).toBe(1);
  });

  test("is not taken with too many events, too long a name, or after the journal has failed", () => {
    const { router, journal } = setUp();
    expect(router.schedule([...full, event], NOON_MICROS)).toBe(false);
    expect(router.schedule([{ ...event, name: `${event.name}x` }], NOON_MICROS)).toBe(false);
    journal.health = "failed";
    expect(router.schedule([event], NOON_MICROS)).toBe(false);
    expect(journal.lastSeq).toBe(0);
  });
});

describe("a saved router", () => {
  test("knows the time, its counts and what every source has sent", () => {
    const { router } = setUp();
    for (const seq of [1, 2, 5]) router.ingest(incoming(seq), NOON_MICROS + seq);
    const saved = new SaveArchive();
    router.persist(saved);
    const loaded = setUp().router;
    const archive = new LoadArchive(saved.finish());
    loaded.persist(archive);
    archive.finish();
    expect(loaded.timeMicros).toBe(router.timeMicros);
    expect(loaded.counts.ticks).toBe(3);
    expect(loaded.ingest(incoming(5), NOON_MICROS)).toBe(INGEST_DUPLICATE);
    expect(loaded.gaps.missing(1, 0)).toEqual(router.gaps.missing(1, 0));
  });
});

function liveEngine() {
  const journal = new NumberJournal();
  const clock = new VirtualClock(NOON_MICROS);
  const live = new LiveEngine({
    build: (config) =>
      new Engine({
        config,
        scheduler: clock,
        stopwatch: clock,
        live: false,
        asksMembers: true,
        forecasters: ruleForecasters,
      }),
    config: TEST_CONFIG,
    journal,
    scheduler: clock,
  });
  live.begin(1, NOON_MICROS);
  const { engine } = live;
  const sent: string[] = [];
  const { switchboard } = engine;
  const deliver = switchboard.deliver.bind(switchboard);
  switchboard.deliver = (record) => {
    if (record.kind === "sent") sent.push(record.intentId);
    deliver(record);
  };
  return { journal, engine, live, sent };
}

function intent(intentId: string, purpose: "entry" | "exit"): OrderIntent {
  return {
    kind: "intent",
    seq: 0,
    timeMicros: NOON_MICROS,
    accountId: TEST_CONFIG.account.accountId,
    intentId,
    instrumentId: 0,
    purpose,
    side: "SELL",
    volumeMicros: 100_000,
    causeSeq: 1,
    bidPoints: 108_550,
    askPoints: 108_556,
    stopPricePoints: null,
    targetPricePoints: null,
    positionId: null,
    expiresAtMicros: NOON_MICROS + 60_000_000,
    epoch: 1,
    checks: [],
    reason: "",
  };
}

describe("a journal that failed", () => {
  test("keeps no tick from the actors, and the sequences run on", () => {
    const { router, journal, eurusd } = setUp();
    router.ingest(incoming(1), NOON_MICROS);
    journal.health = "failed";
    journal.pressure = 1;
    expect(router.ingest(incoming(2), NOON_MICROS)).toBe(2);
    expect(router.ingest(incoming(3), NOON_MICROS)).toBe(3);
    expect(eurusd.heard.map(({ seq }) => seq)).toEqual([1, 2, 3]);
    expect(journal.lastSeq).toBe(1);
  });

  test("halts entries at the next progress, once; exits leave, entries do not", () => {
    const { journal, live, engine, sent } = liveEngine();
    live.router.emit(intent("entry-1", "entry"));
    live.router.emit(intent("exit-1", "exit"));
    live.onJournalProgress();
    expect(sent).toEqual([]);
    journal.health = "failed";
    live.onJournalProgress();
    engine.run();
    expect(sent).toEqual(["exit-1"]);
    expect(engine.gate.waiting).toBe(0);
    expect(engine.account?.view().entriesHalted).toBe(true);
    const lastSeq = live.router.lastSeq;
    live.onJournalProgress();
    expect(live.router.lastSeq).toBe(lastSeq);
    live.router.emit(intent("exit-2", "exit"));
    live.settle();
    expect(sent).toEqual(["exit-1", "exit-2"]);
  });

  test("so does one whose buffer overflowed: no sequence is given twice, and entries halt", () => {
    const { journal, live, engine, sent } = liveEngine();
    live.router.ingest(incoming(1), NOON_MICROS);
    journal.full = true;
    live.router.emit(intent("exit-1", "exit"));
    const lostSeq = live.router.lastSeq;
    journal.full = false;
    live.router.ingest(incoming(2), NOON_MICROS);
    expect(live.router.lastSeq).toBe(lostSeq + 1);
    expect(journal.lastSeq).toBe(lostSeq - 1);
    live.onJournalProgress();
    engine.run();
    expect(sent).toEqual(["exit-1"]);
    expect(engine.account?.view().entriesHalted).toBe(true);
  });

  test("an order never leaves before its intent is durable", () => {
    const { journal, live, sent } = liveEngine();
    live.router.emit(intent("entry-1", "entry"));
    live.settle();
    expect(live.waitsForDisk).toBe(true);
    expect(sent).toEqual([]);
    journal.durableSeq = journal.lastSeq;
    live.onJournalProgress();
    expect(sent).toEqual(["entry-1"]);
  });
});
