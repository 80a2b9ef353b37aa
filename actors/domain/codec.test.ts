// Every kind of record survives the journal, to the last bit.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { CALENDAR_EVENTS_MAX, CALENDAR_NAME_LENGTH_MAX } from "./calendar.ts";
import { decodeRecord, encodePayload, KIND_NUMBER, TOPIC_NUMBER_OF } from "./codec.ts";
import { MEMBERS, VOTE_STATUSES } from "./prediction.ts";
import { QUARANTINE_CODES } from "./quarantine.ts";
import { type JournalRecord, RECORD_KINDS, TOPIC_OF, TOPICS } from "./records.ts";

const view = new DataView(new ArrayBuffer(65_536), 16);

function roundTrip(record: JournalRecord): JournalRecord {
  const length = encodePayload(record, view);
  return decodeRecord({
    seq: record.seq,
    kind: KIND_NUMBER[record.kind],
    timeMicros: record.timeMicros,
    view,
    offset: 0,
    length,
  });
}

const seq = fc.nat({ max: 2 ** 31 });
const anyDouble = fc.double();
const id = fc.nat({ max: 65_535 });

describe("record codec", () => {
  test("a tick keeps every bit of what was received, NaN and infinities included", () => {
    const tick = fc.record({
      kind: fc.constant("tick" as const),
      seq,
      timeMicros: seq,
      instrumentId: id,
      sourceId: id,
      sourceSeq: seq,
      sourceTimeMicros: anyDouble,
      bid: anyDouble,
      ask: anyDouble,
      bidVolume: anyDouble,
      askVolume: anyDouble,
      flags: fc.nat({ max: 2 ** 32 - 1 }),
    });
    fc.assert(fc.property(tick, (record) => expect(roundTrip(record)).toEqual(record)));
  });

  test.each([{}, { instrumentId: 0 }, { instrumentId: 99 }, { withoutSymbols: true as const }])(
    "a beat keeps whom it is for: %p",
    (whom) => {
      const record: JournalRecord = { kind: "beat", seq: 7, timeMicros: 9, ...whom };
      expect(roundTrip(record)).toEqual(record);
    },
  );

  test("votes keep member, status and probability", () => {
    const vote = fc.record({
      member: fc.constantFrom(...MEMBERS),
      status: fc.constantFrom(...VOTE_STATUSES),
      probabilityUp: anyDouble,
    });
    const votes = fc.record({
      kind: fc.constant("votes" as const),
      seq,
      timeMicros: seq,
      instrumentId: id,
      causeSeq: seq,
      votes: fc.array(vote, { maxLength: MEMBERS.length }),
    });
    fc.assert(fc.property(votes, (record) => expect(roundTrip(record)).toEqual(record)));
  });

  test.each(QUARANTINE_CODES.map((code) => [code] as const))("quarantine for %s", (code) => {
    const record: JournalRecord = {
      kind: "quarantined",
      seq: 7,
      timeMicros: 9,
      instrumentId: 3,
      sourceId: 2,
      causeSeq: 6,
      code,
    };
    expect(roundTrip(record)).toEqual(record);
  });

  test("a refused risk figure may be no number at all", () => {
    const record: JournalRecord = {
      kind: "refusal",
      seq: 7,
      timeMicros: 9,
      accountId: "paper",
      instrumentId: 1,
      causeSeq: 6,
      code: "margin",
      message: "margin use is not a number",
      checks: [
        { control: "margin", passed: false, value: Number.NaN, limit: Number.POSITIVE_INFINITY },
        { control: "spread", passed: false, value: Number.NEGATIVE_INFINITY, limit: 3 },
      ],
    };
    expect(roundTrip(record)).toEqual(record);
  });

  test("text of any language survives in a rare record", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 200 }), (message) => {
        const record: JournalRecord = {
          kind: "fault",
          atSeq: 17,
          seq: 1,
          timeMicros: 2,
          what: "actor-restarted",
          subject: "symbol/EURUSD",
          message,
        };
        expect(roundTrip(record)).toEqual(record);
      }),
    );
  });

  test("advice keeps its reasons, and that it holds no probability", () => {
    const record: JournalRecord = {
      kind: "advice",
      seq: 7,
      timeMicros: 9,
      instrumentId: 3,
      askedSeq: 5,
      askedMicros: 6,
      horizonMicros: 60_000_000,
      status: "late",
      probabilityUp: Number.NaN,
      answers: [
        {
          adviser: "a",
          model: "m",
          failure: "",
          probabilityUp: 0.6,
          confidence: 0.5,
          reasons: ["der Dollar fällt", "利上げ"],
          cached: false,
          latencyMillis: 812,
        },
      ],
    };
    expect(roundTrip(record)).toEqual(record);
  });

  test("advice of the past keeps whose it is and what it is based on", () => {
    const record: JournalRecord = {
      kind: "advice",
      seq: 7,
      timeMicros: 9,
      instrumentId: 3,
      member: "analogs",
      askedSeq: 5,
      askedMicros: 6,
      horizonMicros: 900_000_000,
      status: "voted",
      probabilityUp: 0.55,
      answers: [],
      analogs: {
        failure: "",
        neighbours: 40,
        rose: 22,
        unmoved: 1,
        meanBasisPoints: 0.4,
        spreadBasisPoints: 3.1,
        nearestDistance: 0.12,
        nearestMicros: [1, 2],
      },
    };
    expect(roundTrip(record)).toEqual(record);
  });

  test("the fullest calendar fits, with every event as it was", () => {
    const record: JournalRecord = {
      kind: "calendar",
      seq: 7,
      timeMicros: 9,
      events: Array.from({ length: CALENDAR_EVENTS_MAX }, (_, index) => ({
        timeMicros: 1_700_000_000_000_000 + index,
        currency: "JPY",
        importance: "moderate",
        name: "雇".repeat(CALENDAR_NAME_LENGTH_MAX),
      })),
    };
    expect(roundTrip(record)).toEqual(record);
  });

  test("a record too large to journal is refused, not cut", () => {
    const record: JournalRecord = {
      kind: "configured",
      seq: 1,
      timeMicros: 2,
      epoch: 1,
      config: { text: "x".repeat(70_000) },
    };
    expect(() => encodePayload(record, view)).toThrow("too large to journal");
  });

  test("every kind has a number of its own and a topic", () => {
    const kinds = RECORD_KINDS.filter((kind) => kind !== "seal");
    expect(new Set(kinds.map((kind) => KIND_NUMBER[kind])).size).toBe(kinds.length);
    for (const kind of kinds) expect(TOPICS[TOPIC_NUMBER_OF[kind]]).toBe(TOPIC_OF[kind]);
  });
});
