// What every journal must do, whatever it is made of. Each implementation's test calls it.

import { expect, test } from "bun:test";
import { type Journal, type JournalCursor, NOT_APPENDED } from "../../actors/ports/journal.ts";

export interface JournalContract {
  /** An empty journal. */
  readonly open: () => Promise<Journal>;
  /** Closes the journal and opens it again; absent where nothing outlives the process. */
  readonly reopen?: (journal: Journal) => Promise<Journal>;
}

export interface PlainRecord {
  readonly seq: number;
  readonly topic: number;
  readonly kind: number;
  readonly timeMicros: number;
  readonly payload: readonly number[];
}

/** Appends a record whose topic, kind, time, length and bytes all follow from `number`. */
export function appendNumbered(journal: Journal, number: number): number {
  const length = number % 131;
  for (let i = 0; i < length; i++) journal.staging.setUint8(i, (number * 7 + i) & 0xff);
  return journal.append(number % 6, 1 + (number % 15), number * 1_000, length);
}

/** The record that {@link appendNumbered} makes. */
export function numbered(number: number, seq: number): PlainRecord {
  return {
    seq,
    topic: number % 6,
    kind: 1 + (number % 15),
    timeMicros: number * 1_000,
    payload: Array.from({ length: number % 131 }, (_, i) => (number * 7 + i) & 0xff),
  };
}

/** Everything a cursor gives, without the journal's own seals. */
export function drain(cursor: JournalCursor): PlainRecord[] {
  const records: PlainRecord[] = [];
  for (let record = cursor.next(); record !== undefined; record = cursor.next()) {
    if (record.kind === 0) continue;
    const { seq, topic, kind, timeMicros, view, offset, length } = record;
    const payload = Array.from({ length }, (_, i) => view.getUint8(offset + i));
    records.push({ seq, topic, kind, timeMicros, payload });
  }
  return records;
}

function readAll(journal: Journal, fromSeq = 1): PlainRecord[] {
  const cursor = journal.cursor(fromSeq);
  try {
    return drain(cursor);
  } finally {
    cursor.close();
  }
}

export function journalContract(name: string, contract: JournalContract): void {
  test(`${name}: an empty journal has nothing to read`, async () => {
    const journal = await contract.open();
    expect([journal.lastSeq, journal.durableSeq, journal.health]).toEqual([0, 0, "ok"]);
    expect(readAll(journal)).toEqual([]);
    await journal.flush();
    await journal.close();
  });

  test(`${name}: sequences rise and records come back as they were`, async () => {
    const journal = await contract.open();
    const expected: PlainRecord[] = [];
    let previous = 0;
    for (let number = 0; number < 500; number++) {
      const seq = appendNumbered(journal, number);
      expect(seq).toBeGreaterThan(previous);
      previous = seq;
      expected.push(numbered(number, seq));
    }
    await journal.flush();
    expect(journal.durableSeq).toBe(journal.lastSeq);
    expect(readAll(journal)).toEqual(expected);
    expect(readAll(journal, expected[300]!.seq)).toEqual(expected.slice(300));
    expect(readAll(journal, journal.lastSeq + 1)).toEqual([]);
    await journal.close();
  });

  test(`${name}: a cursor that has caught up goes on when more is durable`, async () => {
    const journal = await contract.open();
    const first = appendNumbered(journal, 1);
    await journal.flush();
    const cursor = journal.cursor(1);
    expect(drain(cursor)).toEqual([numbered(1, first)]);
    const second = appendNumbered(journal, 2);
    await journal.flush();
    expect(drain(cursor)).toEqual([numbered(2, second)]);
    cursor.close();
    expect(cursor.next()).toBeUndefined();
    await journal.close();
  });

  test(`${name}: a payload of the largest size fits`, async () => {
    const journal = await contract.open();
    for (let i = 0; i < journal.staging.byteLength; i++) journal.staging.setUint8(i, i % 251);
    const seq = journal.append(5, 3, 42, journal.staging.byteLength);
    expect(seq).not.toBe(NOT_APPENDED);
    await journal.flush();
    const [record] = readAll(journal, seq);
    expect(record?.payload.length).toBe(journal.staging.byteLength);
    expect(record?.payload.every((byte, i) => byte === i % 251)).toBe(true);
    await journal.close();
  });

  const { reopen } = contract;
  if (reopen === undefined) return;

  test(`${name}: closed and opened again, it goes on in a higher epoch`, async () => {
    let journal = await contract.open();
    const { epoch } = journal;
    const first = appendNumbered(journal, 1);
    journal = await reopen(journal);
    expect(journal.epoch).toBeGreaterThan(epoch);
    const second = appendNumbered(journal, 2);
    await journal.flush();
    expect(readAll(journal)).toEqual([numbered(1, first), numbered(2, second)]);
    await journal.close();
  });

  test(`${name}: an opening that appended nothing counts as an epoch`, async () => {
    let journal = await contract.open();
    const epochs = [journal.epoch];
    for (let i = 0; i < 3; i++) {
      journal = await reopen(journal);
      epochs.push(journal.epoch);
    }
    expect(epochs).toEqual([1, 2, 3, 4]);
    await journal.close();
  });

  test(`${name}: what is appended after closing is not taken`, async () => {
    const journal = await contract.open();
    appendNumbered(journal, 1);
    await journal.close();
    expect(appendNumbered(journal, 2)).toBe(NOT_APPENDED);
  });
}
