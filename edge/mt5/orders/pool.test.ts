// Who is given a command: by load, by symbol, by trust; and what becomes of those that nobody answers.

import { expect, test } from "bun:test";
import type { Instrument } from "../../../actors/domain/instrument.ts";
import type { OrderIntent } from "../../../actors/domain/order.ts";
import type { Terminal } from "../terminal.ts";
import { ANSWER_MS_MAX, EXPIRY_MARGIN_MS } from "./limits.ts";
import { Pool } from "./pool.ts";

const SYMBOLS = ["EURUSD", "GBPUSD", "AUDUSD"];

/** As much of a connection as a pool looks at. */
function connection(slot: number, streams: readonly string[] = SYMBOLS, session = `s${slot}`): Terminal {
  const instruments = new Map(streams.map((name) => [name, { id: SYMBOLS.indexOf(name) } as Instrument]));
  const symbols = SYMBOLS.map((symbol) => ({ symbol, digits: 5 }));
  return { slot, session, terminal: "pc", isKilled: false, instruments, hello: { symbols } } as never;
}

let counter = 0;

function intentOf(instrumentId: number, purpose: OrderIntent["purpose"] = "entry"): OrderIntent {
  return { intentId: `main-t1-${++counter}`, instrumentId, purpose, expiresAtMicros: 1e6 * 1e3 } as never;
}

function pooled(slots: readonly number[]): Pool {
  const pool = new Pool();
  for (const slot of slots) {
    const seat = pool.join(connection(slot));
    seat.isFenced = true;
    seat.isReconciled = true;
  }
  return pool;
}

function give(pool: Pool, intent: OrderIntent, nowMs = 0): number | undefined {
  const [seat] = pool.candidates(intent, nowMs);
  if (seat === undefined) return undefined;
  pool.bind(seat, intent, { counter, sentSeq: counter, sentMs: nowMs });
  return seat.terminal.slot;
}

test("the least loaded connection is given the next command, the lowest number where they are alike", () => {
  const pool = pooled([2, 0, 1]);
  expect([0, 1, 2].map((id) => give(pool, intentOf(id)))).toEqual([0, 1, 2]);
});

test("one symbol's commands stay where one of them is not answered", () => {
  const pool = pooled([0, 1]);
  const first = intentOf(0);
  expect(give(pool, first)).toBe(0);
  expect(give(pool, intentOf(0, "exit"))).toBe(0);
  expect(give(pool, intentOf(1))).toBe(1);
  expect(pool.answered(first.intentId)?.intent).toBe(first);
  expect(pool.answered(first.intentId)).toBeUndefined();
  expect(give(pool, intentOf(0, "exit"))).toBe(0);
});

test("entries want a connection that was fenced, compared, is not killed and has the symbol; exits take any", () => {
  const pool = new Pool();
  const seat = pool.join(connection(0, ["EURUSD"]));
  expect(give(pool, intentOf(0))).toBeUndefined();
  expect(give(pool, intentOf(0, "exit"))).toBe(0);
  seat.isFenced = true;
  expect(pool.candidates(intentOf(1, "entry"), 0)).toEqual([]);
  seat.isReconciled = true;
  expect(pool.candidates(intentOf(0, "entry"), 0)).toHaveLength(1);
  expect(pool.symbolOf(2)).toBeUndefined();
  expect(pool.candidates(intentOf(2, "entry"), 0)).toEqual([]);
});

test("a connection that does not answer gets no entries for a while; its commands are nobody else's", () => {
  const pool = pooled([0, 1]);
  const given = [intentOf(0), intentOf(0)];
  for (const intent of given) expect(give(pool, intent)).toBe(0);
  expect(pool.overdue(ANSWER_MS_MAX)).toEqual([]);
  expect(pool.overdue(ANSWER_MS_MAX + 1).map(({ intent }) => intent)).toEqual(given);
  expect(pool.overdue(ANSWER_MS_MAX + 2)).toEqual([]);
  expect(pool.unanswered).toHaveLength(2);
  expect(give(pool, intentOf(2), ANSWER_MS_MAX + 2)).toBe(1);
  const [before] = given;
  pool.overdue((before?.expiresAtMicros ?? 0) / 1_000 + EXPIRY_MARGIN_MS + 1);
  expect(pool.unanswered).toEqual([]);
});

test("a picture settles what was given at the same place, or came before what is open elsewhere", () => {
  const pool = pooled([0, 1]);
  give(pool, intentOf(0));
  const [first, second] = pool.seats;
  if (first === undefined || second === undefined) throw new Error("two connections");
  expect(pool.oldestOpen(first)).toBeUndefined();
  expect(pool.oldestOpen(second)?.counter).toBe(counter);
  // It comes anew: what its old connection had not read, nobody reads any more.
  pool.leave(first.terminal);
  expect(pool.oldestOpen(pool.join(connection(0, SYMBOLS, "again")))).toBeUndefined();
  expect(pool.oldestOpen(second)?.counter).toBe(counter);
});
