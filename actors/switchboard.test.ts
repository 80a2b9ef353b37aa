// Who hears what: for every kind of record, what is handed over is what concerns, and whoever says a kind is known.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { JournalRecord, RecordKind } from "./domain/records.ts";
import { TICK_BACKFILL, TICK_SECONDARY, TICK_SKIP_INFERENCE } from "./domain/tick.ts";
import { seatsOf, testSeats } from "./engine.fixture.ts";
import { ACCOUNTS_THAT_HEAR_EACH_OTHER_MAX } from "./limits.ts";
import { Switchboard } from "./switchboard.ts";

/** Who hears a kind and who says it; a symbol is the one the record names. */
const TABLE: Readonly<Record<RecordKind, { hear: string; says: string }>> = {
  tick: { hear: "symbol account broker market", says: "" },
  // Of one symbol: one that names none is everybody's, see below.
  beat: { hear: "symbol", says: "" },
  votes: { hear: "symbol", says: "symbol" },
  signal: { hear: "account", says: "symbol" },
  quarantined: { hear: "", says: "symbol" },
  market: { hear: "symbols account", says: "market" },
  intent: { hear: "broker", says: "account" },
  refusal: { hear: "", says: "account" },
  tripped: { hear: "", says: "account" },
  reconciled: { hear: "", says: "account" },
  pretrade: { hear: "", says: "account" },
  sent: { hear: "account broker", says: "" },
  execution: { hear: "account", says: "broker" },
  adjustment: { hear: "account", says: "broker" },
  "broker-books": { hear: "account", says: "" },
  commanded: { hear: "account", says: "" },
  configured: { hear: "account", says: "" },
  gap: { hear: "", says: "" },
  fault: { hear: "", says: "" },
  checkpoint: { hear: "", says: "symbol" },
  advice: { hear: "symbol", says: "" },
  calendar: { hear: "account", says: "" },
};

const KINDS = Object.keys(TABLE) as RecordKind[];

/** The switchboard looks at these fields alone. */
function recordOf(
  kind: RecordKind,
  fields: { seq: number; instrumentId: number; flags: number; accountId?: string },
): JournalRecord {
  return { kind, timeMicros: 1, ...fields } as unknown as JournalRecord;
}

function setUp(further: readonly string[] = []) {
  const seats = testSeats(further);
  const held: number[] = [];
  const switchboard = new Switchboard(seats, { hold: ({ seq }) => held.push(seq) });
  return { seats, held, switchboard };
}

const ROLES: Readonly<Record<string, string>> = {
  account: "account/paper",
  broker: "broker/paper",
  market: "market",
};

/** The paths of a cell of the table. */
function pathsOf(roles: string, symbols: readonly string[], instrumentId: number): string[] {
  return roles
    .split(" ")
    .filter((role) => role !== "")
    .flatMap((role) => {
      if (role === "symbols") return symbols;
      if (role === "symbol") return symbols[instrumentId] ?? [];
      return ROLES[role] ?? [];
    });
}

describe("switchboard", () => {
  for (const kind of KINDS) {
    const { hear, says } = TABLE[kind];
    test(`${kind} is heard by ${hear || "nobody"} and said by ${says || "the outside"}`, () => {
      const { seats, held, switchboard } = setUp();
      const symbols = seats.symbols.map(({ path }) => path);
      const record = recordOf(kind, { seq: 1, instrumentId: 1, flags: 0 });
      switchboard.deliver(record);
      const heard = seatsOf(seats).filter((seat) => seat.heard.includes(record));
      expect(heard.map(({ path }) => path)).toEqual(pathsOf(hear, symbols, 1));
      expect(switchboard.emitterOf(record)?.path).toBe(pathsOf(says, symbols, 1)[0]);
      expect(held).toEqual(kind === "intent" ? [1] : []);
    });
  }

  test("what is handed over is what concerns, for any record and listener", () => {
    const records = fc.record({
      kind: fc.constantFrom(...KINDS),
      seq: fc.integer({ min: 1, max: 1_000 }),
      instrumentId: fc.integer({ min: 0, max: 3 }),
      flags: fc.constantFrom(
        0,
        TICK_BACKFILL,
        TICK_SKIP_INFERENCE,
        TICK_SECONDARY,
        TICK_SECONDARY | TICK_BACKFILL,
      ),
      accountId: fc.constantFrom("paper", "second", "third", "unknown"),
    });
    fc.assert(
      fc.property(records, ({ kind, ...fields }) => {
        // Only ticks come from outside with an instrument that nobody trades.
        fc.pre(kind === "tick" || fields.instrumentId < 2);
        const { seats, switchboard } = setUp(["second", "third"]);
        const record = recordOf(kind, fields);
        switchboard.deliver(record);
        const [emitter, says] = [switchboard.emitterOf(record)?.path ?? "", TABLE[kind].says];
        if (says === "account" || says === "broker") {
          const { accountId } = fields;
          expect(emitter).toBe(`${says}/${accountId === "unknown" ? "paper" : accountId}`);
        }
        for (const seat of seatsOf(seats)) {
          expect([seat.path, switchboard.concerns(seat.path, record)]).toEqual([
            seat.path,
            seat.heard.length === 1,
          ]);
        }
      }),
    );
  });

  for (const [kind, roles] of [
    ["sent", ["account", "broker"]],
    ["adjustment", ["account"]],
    ["broker-books", ["account"]],
  ] as const) {
    for (const [accountId, of] of [
      ["second", "second"],
      ["unknown", "paper"],
    ]) {
      test(`${kind} of the account ${accountId} is heard by ${roles.join(" and ")} of ${of} alone`, () => {
        const { seats, switchboard } = setUp(["second", "third"]);
        switchboard.deliver(
          recordOf(kind, { seq: 1, instrumentId: 0, flags: 0, accountId: accountId ?? "" }),
        );
        const heard = seatsOf(seats).filter((seat) => seat.heard.length > 0);
        expect(heard.map(({ path }) => path)).toEqual(roles.map((role) => `${role}/${of}`));
      });
    }
  }

  for (const [kind, roles] of [
    ["intent", ["broker"]],
    ["execution", ["account"]],
  ] as const) {
    test(`${kind} is heard by its account's ${roles[0]} and by the other accounts, while they are few`, () => {
      for (const count of [2, ACCOUNTS_THAT_HEAR_EACH_OTHER_MAX, ACCOUNTS_THAT_HEAR_EACH_OTHER_MAX + 1]) {
        const further = Array.from({ length: count - 1 }, (_, index) => `n${index}`);
        const { seats, switchboard } = setUp(further);
        switchboard.deliver(recordOf(kind, { seq: 1, instrumentId: 0, flags: 0, accountId: "n0" }));
        const heard = seatsOf(seats).filter((seat) => seat.heard.length > 0);
        const others = ["paper", ...further.slice(1)].map((accountId) => `account/${accountId}`);
        const told = count > ACCOUNTS_THAT_HEAR_EACH_OTHER_MAX ? [] : others;
        expect(new Set(heard.map(({ path }) => path))).toEqual(new Set([`${roles[0]}/n0`, ...told]));
      }
    });
  }

  test("a signal, a command and time are every account's", () => {
    const { seats, switchboard } = setUp(["second", "third"]);
    for (const [index, kind] of (["signal", "commanded"] as const).entries()) {
      switchboard.deliver(recordOf(kind, { seq: index + 1, instrumentId: 0, flags: 0, accountId: "second" }));
    }
    switchboard.deliver({ kind: "beat", seq: 3, timeMicros: 1 });
    const kinds = seats.accounts.map(({ account }) => account.heard.map(({ kind }) => kind));
    expect(kinds).toEqual(seats.accounts.map(() => ["signal", "commanded", "beat"]));
  });

  test("nobody says for an account with a terminal what its broker does", () => {
    const { account, market, symbols } = testSeats();
    const seats = { symbols, accounts: [{ accountId: "paper", account }], market };
    const switchboard = new Switchboard(seats, { hold: () => {} });
    const execution = recordOf("execution", { seq: 1, instrumentId: 0, flags: 0, accountId: "paper" });
    expect(switchboard.emitterOf(execution)).toBeUndefined();
    switchboard.deliver(recordOf("intent", { seq: 2, instrumentId: 0, flags: 0, accountId: "paper" }));
    switchboard.deliver(execution);
    expect(account.heard).toEqual([execution]);
  });

  test("a beat that names no symbol is everybody's", () => {
    const { seats, switchboard } = setUp();
    switchboard.deliver({ kind: "beat", seq: 1, timeMicros: 1 });
    for (const seat of seatsOf(seats)) {
      expect([seat.path, seat.heard.length]).toEqual([seat.path, 1]);
      expect(switchboard.concerns(seat.path, { kind: "beat", seq: 1, timeMicros: 1 })).toBe(true);
    }
  });

  test("a beat without symbols is heard by account, broker and market", () => {
    const { seats, switchboard } = setUp();
    const beat = { kind: "beat", seq: 1, timeMicros: 1, withoutSymbols: true } as const;
    switchboard.deliver(beat);
    for (const seat of seatsOf(seats)) {
      const isShared = seat === seats.account || seat === seats.broker || seat === seats.market;
      expect([seat.path, seat.heard.length]).toEqual([seat.path, isShared ? 1 : 0]);
      expect(switchboard.concerns(seat.path, beat)).toBe(isShared);
    }
  });

  test("a second source's tick is heard by its symbol and the account alone", () => {
    const { seats, switchboard } = setUp();
    switchboard.deliver(recordOf("tick", { seq: 1, instrumentId: 0, flags: TICK_SECONDARY }));
    expect(seatsOf(seats).map(({ heard }) => heard.length)).toEqual([1, 0, 1, 0, 0]);
  });

  test("a seat whose state holds a record already does not hear it again", () => {
    const { seats, switchboard } = setUp();
    seats.account.appliedSeq = 7;
    for (const seq of [6, 7, 8]) switchboard.deliver({ kind: "beat", seq, timeMicros: 1 });
    expect(seats.account.heard.map(({ seq }) => seq)).toEqual([8]);
    expect(seats.broker.heard.map(({ seq }) => seq)).toEqual([6, 7, 8]);
  });

  test("a mailbox that refuses is a bug, and says where", () => {
    const { seats, switchboard } = setUp();
    seats.account.tell = () => false;
    expect(() => switchboard.deliver(recordOf("signal", { seq: 9, instrumentId: 0, flags: 0 }))).toThrow(
      "the mailbox of account/paper overflowed its reserve at record 9",
    );
  });
});
