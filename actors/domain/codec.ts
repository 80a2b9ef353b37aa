// How records lie in the journal. The frequent kinds are fixed binary layouts that cost no allocation to write; the
// rare ones are JSON, so that a person with the file and this page can read them.

import type { Micros } from "../base/clock.ts";
import { assert } from "../base/assert.ts";
import {
  MEMBERS,
  type MemberId,
  VOTE_STATUSES,
  type Vote,
  type Votes,
  type VoteStatus,
} from "./prediction.ts";
import { QUARANTINE_CODES, type QuarantineCode, type Quarantined } from "./quarantine.ts";
import type { RiskCheck } from "./order.ts";
import { type Beat, type JournalRecord, RECORD_KINDS, type Topic, TOPIC_OF, TOPICS } from "./records.ts";
import type { Tick } from "./tick.ts";

/** A record as it comes out of the journal: header fields, and a payload inside `view`. */
export interface EncodedRecord {
  readonly seq: number;
  readonly kind: number;
  readonly timeMicros: Micros;
  readonly view: DataView;
  readonly offset: number;
  readonly length: number;
}

type Kind = JournalRecord["kind"];

/** Numbers of kinds and topics in the journal, by name. */
export const KIND_NUMBER = numbersOf<Kind>(RECORD_KINDS);
const TOPIC_NUMBER = numbersOf<Topic>(TOPICS);
export const TOPIC_NUMBER_OF: Readonly<Record<Kind, number>> = Object.freeze(
  Object.fromEntries(Object.entries(TOPIC_OF).map(([kind, topic]) => [kind, TOPIC_NUMBER[topic]])),
) as Record<Kind, number>;

const MEMBER_NUMBER = numbersOf<MemberId>(MEMBERS);
const STATUS_NUMBER = numbersOf<VoteStatus>(VOTE_STATUSES);
const CODE_NUMBER = numbersOf<QuarantineCode>(QUARANTINE_CODES);

function numbersOf<Name extends string>(names: readonly string[]): Readonly<Record<Name, number>> {
  return Object.freeze(Object.fromEntries(names.map((name, index) => [name, index]))) as Record<Name, number>;
}

/** A beat for everybody has no payload, one for a single symbol its number, one that no symbol hears a byte that says nothing. */
const BEAT_OF_ONE_BYTES = 2;
const BEAT_WITHOUT_SYMBOLS_BYTES = 1;

/** Writes the payload of `record` at the start of `view` and returns its length in bytes. */
export function encodePayload(record: JournalRecord, view: DataView): number {
  switch (record.kind) {
    case "tick":
      return encodeTick(record, view);
    case "votes":
      return encodeVotes(record, view);
    case "beat":
      return encodeBeat(record, view);
    case "quarantined":
      return encodeQuarantined(record, view);
    default:
      return encodeJson(record, view);
  }
}

function encodeBeat({ instrumentId, withoutSymbols }: Beat, view: DataView): number {
  if (instrumentId !== undefined) {
    view.setUint16(0, instrumentId, true);
    return BEAT_OF_ONE_BYTES;
  }
  if (withoutSymbols === undefined) return 0;
  view.setUint8(0, 0);
  return BEAT_WITHOUT_SYMBOLS_BYTES;
}

function decodeBeat(kind: "beat", { seq, timeMicros, view, offset, length }: EncodedRecord): Beat {
  if (length === 0) return { kind, seq, timeMicros };
  if (length === BEAT_WITHOUT_SYMBOLS_BYTES) return { kind, seq, timeMicros, withoutSymbols: true };
  return { kind, seq, timeMicros, instrumentId: view.getUint16(offset, true) };
}

/** Reads a record back. Damage is the journal's business: a payload that reached this point is intact. */
export function decodeRecord(raw: EncodedRecord): JournalRecord {
  const kind = RECORD_KINDS[raw.kind];
  switch (kind) {
    case "tick":
      return decodeTick(raw);
    case "votes":
      return decodeVotes(raw);
    case "beat":
      return decodeBeat(kind, raw);
    case "quarantined":
      return decodeQuarantined(raw);
    default:
      assert(
        kind !== undefined && kind !== "seal",
        `record ${raw.seq} has kind ${raw.kind}, which this version does not know`,
      );
      return decodeJson(kind, raw);
  }
}

/** Offset of a tick's instrument within its payload: readers that filter need not decode the rest. */
export const TICK_INSTRUMENT_OFFSET = 0;

function encodeTick(tick: Tick, view: DataView): number {
  view.setUint16(TICK_INSTRUMENT_OFFSET, tick.instrumentId, true);
  view.setUint16(2, tick.sourceId, true);
  view.setUint32(4, tick.flags, true);
  view.setFloat64(8, tick.sourceSeq, true);
  view.setFloat64(16, tick.sourceTimeMicros, true);
  view.setFloat64(24, tick.bid, true);
  view.setFloat64(32, tick.ask, true);
  view.setFloat64(40, tick.bidVolume, true);
  view.setFloat64(48, tick.askVolume, true);
  return 56;
}

function decodeTick(raw: EncodedRecord): Tick {
  const { view, offset } = raw;
  return {
    kind: "tick",
    seq: raw.seq,
    timeMicros: raw.timeMicros,
    instrumentId: view.getUint16(offset + TICK_INSTRUMENT_OFFSET, true),
    sourceId: view.getUint16(offset + 2, true),
    flags: view.getUint32(offset + 4, true),
    sourceSeq: view.getFloat64(offset + 8, true),
    sourceTimeMicros: view.getFloat64(offset + 16, true),
    bid: view.getFloat64(offset + 24, true),
    ask: view.getFloat64(offset + 32, true),
    bidVolume: view.getFloat64(offset + 40, true),
    askVolume: view.getFloat64(offset + 48, true),
  };
}

const VOTES_HEADER_BYTES = 16;
const VOTE_BYTES = 16;

function encodeVotes(record: Votes, view: DataView): number {
  const votes = record.votes;
  view.setUint16(0, record.instrumentId, true);
  view.setUint16(2, votes.length, true);
  view.setUint32(4, 0, true);
  view.setFloat64(8, record.causeSeq, true);
  let at = VOTES_HEADER_BYTES;
  for (let i = 0; i < votes.length; i++) {
    const vote = votes[i] as Vote;
    view.setUint32(at, MEMBER_NUMBER[vote.member], true);
    view.setUint32(at + 4, STATUS_NUMBER[vote.status], true);
    view.setFloat64(at + 8, vote.probabilityUp, true);
    at += VOTE_BYTES;
  }
  return at;
}

function decodeVotes(raw: EncodedRecord): Votes {
  const { view, offset } = raw;
  const votes: Vote[] = [];
  const count = view.getUint16(offset + 2, true);
  for (let i = 0; i < count; i++) {
    const at = offset + VOTES_HEADER_BYTES + i * VOTE_BYTES;
    const member = MEMBERS[view.getUint32(at, true)];
    const status = VOTE_STATUSES[view.getUint32(at + 4, true)];
    assert(member !== undefined && status !== undefined, `record ${raw.seq} has an unknown member or status`);
    votes.push({ member, status, probabilityUp: view.getFloat64(at + 8, true) });
  }
  return {
    kind: "votes",
    seq: raw.seq,
    timeMicros: raw.timeMicros,
    instrumentId: view.getUint16(offset, true),
    causeSeq: view.getFloat64(offset + 8, true),
    votes,
  };
}

function encodeQuarantined(record: Quarantined, view: DataView): number {
  view.setUint16(0, record.instrumentId, true);
  view.setUint16(2, CODE_NUMBER[record.code], true);
  view.setUint32(4, record.sourceId, true);
  view.setFloat64(8, record.causeSeq, true);
  return 16;
}

function decodeQuarantined(raw: EncodedRecord): Quarantined {
  const { view, offset } = raw;
  const code = QUARANTINE_CODES[view.getUint16(offset + 2, true)];
  assert(code !== undefined, `record ${raw.seq} has an unknown quarantine code`);
  return {
    kind: "quarantined",
    seq: raw.seq,
    timeMicros: raw.timeMicros,
    instrumentId: view.getUint16(offset, true),
    sourceId: view.getUint32(offset + 4, true),
    causeSeq: view.getFloat64(offset + 8, true),
    code,
  };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function encodeJson(record: JournalRecord, view: DataView): number {
  // The header carries these three; a payload never says them twice.
  const { kind: _kind, seq: _seq, timeMicros: _timeMicros, ...payload } = record;
  // A replacer takes several times as long, and hardly a record needs one.
  const text = isAllFinite(payload) ? JSON.stringify(payload) : JSON.stringify(payload, keepNonFinite);
  const { read, written } = encoder.encodeInto(
    text,
    new Uint8Array(view.buffer, view.byteOffset, view.byteLength),
  );
  assert(
    read === text.length,
    `a ${record.kind} record of ${text.length} characters is too large to journal`,
  );
  return written;
}

function decodeJson(kind: Kind, raw: EncodedRecord): JournalRecord {
  const bytes = new Uint8Array(raw.view.buffer, raw.view.byteOffset + raw.offset, raw.length);
  // A copy, since TextDecoder refuses shared memory.
  const payload = JSON.parse(decoder.decode(bytes.slice()), restoreNonFinite) as object;
  return { kind, seq: raw.seq, timeMicros: raw.timeMicros, ...payload } as JournalRecord;
}

/** Over arrays of values, which is a quarter of what a loop over keys takes. Most of a large record are checks. */
function isAllFinite(part: object): boolean {
  if (isRiskCheck(part)) return Number.isFinite(part.value) && Number.isFinite(part.limit);
  const values: readonly unknown[] = Array.isArray(part) ? part : Object.values(part);
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value === "number") {
      if (!Number.isFinite(value)) return false;
    } else if (typeof value === "object" && value !== null && !isAllFinite(value)) return false;
  }
  return true;
}

function isRiskCheck(part: object): part is RiskCheck {
  return "control" in part;
}

/** JSON has no NaN and no infinities; a refused risk figure may be one. */
function keepNonFinite(_key: string, value: unknown): unknown {
  return typeof value === "number" && !Number.isFinite(value) ? { nonFinite: String(value) } : value;
}

function restoreNonFinite(_key: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || !("nonFinite" in value)) return value;
  return Number(value.nonFinite);
}
