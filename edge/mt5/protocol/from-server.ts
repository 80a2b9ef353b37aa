// Everything the server says to a terminal. The terminal is as strict: it closes on a field it does not know.
//
// A session after `hello`, in this order:
//
//     welcome                limits, mode, what of the ticks is durable        -> snapshot, in parts; ticks, gaps and heartbeats begin
//     fence {epoch}          the owner's epoch, committed to the ledger before -> fenced {intents that are not final}
//     reconciled             snapshot and ledger agree                            entries are taken from here on
//
// Exits (`close`, `close-by`, `cancel`, `modify`) are taken from `welcome` on, under the last fenced epoch. Each command is answered by
// one `refusal` or by an `execution` with source `answer`; more executions, with source `lookup`, follow while an intent is not final.
// After a restart of the terminal an intent may have no answer at all: the snapshot says where it stands.

import { z } from "zod";
import { SYMBOLS_MAX } from "./limits.ts";
import {
  bootId,
  counter,
  credentialId,
  epoch,
  intentId,
  magic,
  millis,
  nonce,
  price,
  secret,
  side,
  symbol,
  ticket,
  volume,
  words,
} from "./values.ts";

/** The answer to `open`, bare. */
export const challengeFrame = z.strictObject({ t: z.literal("challenge"), v: z.int(), nonce });

/** Why the server will not talk: bare instead of `challenge`, signed later; it closes after it. */
export const refuseFrame = z.strictObject({
  t: z.literal("refuse"),
  code: z.enum([
    "wrong-version",
    "unknown-credential",
    "expired",
    "wrong-account",
    "busy",
    "slot-taken",
    "protocol",
  ]),
  words,
});

const refuse = refuseFrame.extend({ n: counter });

const token = z.strictObject({ id: credentialId, secret, expiresAtMs: millis });

/** The code is spent when this token is first used, so that an answer that got lost costs nobody a new code. */
const enrolled = z.strictObject({ t: z.literal("enrolled"), n: counter, token });

/** Everything up to `seq` of one symbol of one boot is durable. */
const acknowledged = z.strictObject({ boot: bootId, symbol, seq: z.int().min(0) });

const ack = z.strictObject({
  t: z.literal("ack"),
  n: counter,
  acks: z.array(acknowledged).min(1).max(SYMBOLS_MAX),
});

/** Bounds that the server sets; the EA's own inputs hold beside them, whichever is tighter. */
const limits = z.strictObject({
  heartbeatMs: z.int().min(20).max(60_000),
  /** Silence after which the EA takes no entries. */
  silentMsMax: z.int().min(50).max(600_000),
  /** Silence after which it closes what it opened, if its input allows that; null for never. */
  flattenAfterMs: z.int().min(100).max(86_400_000).nullable(),
  /** How old the mapping of clocks may be for an entry. */
  clockAgeMsMax: z.int().min(50).max(60_000),
  /** How often orders, positions and deals are looked through, in case an event was lost. */
  scanMs: z.int().min(50).max(600_000),
  /** How far the calendar looks ahead; 0 for no calendar. */
  calendarHours: z.int().min(0).max(336),
});

/** `mode` of the account: `reduce` lets exits pass, `halt` too - exits always pass - and says that people must look. */
const tradingMode = z.enum(["active", "reduce", "halt"]);

const welcome = z.strictObject({
  t: z.literal("welcome"),
  n: counter,
  session: z.string().min(1).max(64),
  /** The server's clock; a first mapping before heartbeats refine it. */
  serverMs: millis,
  limits,
  mode: tradingMode,
  /** Deals at and after this time are told in the snapshot; those before are booked. */
  dealsSinceBrokerMs: millis,
  /** What of `hello.streams` is durable; the rest is sent again as backfill. */
  acks: z.array(acknowledged).max(SYMBOLS_MAX * 8),
});

/** Every command: who may give it, until when, and under which name it is known. */
const command = {
  n: counter,
  intentId,
  magic: magic.refine((text) => BigInt(text) < 1n << 62n, "a magic number of the terminal's own intents"),
  epoch,
  /** Rises by one per command of the account's; the terminal remembers the highest. */
  commandSeq: counter,
  /** By the server's clock: past it nothing is sent. */
  expiresAtMs: millis,
};

/** At most so old may the newest quote be, by the terminal's own clock; null for an exit at any price. */
const quoteAgeMsMax = z.int().min(1).max(600_000).nullable();
const deviationPoints = z.int().min(0).max(100_000);
const timeInForce = z.enum(["gtc", "day", "until"]);

/**
 * An order. `market`: price null. `limit`, `stop`: price. `stop-limit`: price triggers, `stopLimitPrice` is the limit. `sl` goes
 * with the entry: an entry without one is refused by the EA unless its input says otherwise. `untilBrokerMs` with `until` only.
 */
const order = z.strictObject({
  t: z.literal("order"),
  ...command,
  symbol,
  side,
  type: z.enum(["market", "limit", "stop", "stop-limit"]),
  volume,
  price: price.nullable(),
  stopLimitPrice: price.nullable(),
  sl: price.nullable(),
  tp: price.nullable(),
  deviationPoints,
  quoteAgeMsMax,
  /** Widest spread at which it is sent; null for any. */
  spreadPointsMax: z.int().min(0).nullable(),
  timeInForce,
  untilBrokerMs: millis.nullable(),
});

/** Changes stop and target of a position, or price, stop and target of a pending order. Null takes a level away. */
const modify = z.strictObject({
  t: z.literal("modify"),
  ...command,
  target: z.enum(["position", "order"]),
  ticket,
  price: price.nullable(),
  stopLimitPrice: price.nullable(),
  sl: price.nullable(),
  tp: price.nullable(),
});

/** Closes a position at market; `volume` null for all of it. Never opens another: the request names the position. */
const close = z.strictObject({
  t: z.literal("close"),
  ...command,
  position: ticket,
  volume: volume.nullable(),
  deviationPoints,
  quoteAgeMsMax,
});

/** Closes a position by an opposite one of the same symbol (hedging accounts). */
const closeBy = z.strictObject({ t: z.literal("close-by"), ...command, position: ticket, by: ticket });

const cancel = z.strictObject({ t: z.literal("cancel"), ...command, order: ticket });

/** A new owner's epoch: flushed, then answered by `fenced`; commands of lower ones are refused from then on. */
const fence = z.strictObject({ t: z.literal("fence"), n: counter, epoch });

const mode = z.strictObject({ t: z.literal("mode"), n: counter, mode: tradingMode, words });

/** `beat` of the heartbeat that it answers, null when it comes unasked. */
const heartbeat = z.strictObject({
  t: z.literal("heartbeat"),
  n: counter,
  beat: counter.nullable(),
  serverMs: millis,
});

/** A new token before the old one expires; answered by `token-kept` when it is on disk. */
const rotate = z.strictObject({ t: z.literal("token"), n: counter, token });

/** Asks for a snapshot. */
const resync = z.strictObject({ t: z.literal("resync"), n: counter, dealsSinceBrokerMs: millis });

/** The snapshot agrees with the ledger: entries may be taken. */
const reconciled = z.strictObject({ t: z.literal("reconciled"), n: counter });

/** Any signed frame of the server. */
export const serverFrame = z.discriminatedUnion("t", [
  refuse,
  enrolled,
  welcome,
  ack,
  order,
  modify,
  close,
  closeBy,
  cancel,
  fence,
  mode,
  heartbeat,
  rotate,
  resync,
  reconciled,
]);

export type ServerFrame = z.infer<typeof serverFrame>;
