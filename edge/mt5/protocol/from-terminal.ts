// Everything a terminal says. One strict object per frame: a field too many is an error, so that both sides know what is meant.

import { z } from "zod";
import { accountFigures, brokerDeal, brokerOrder, brokerPosition, terminalIntent } from "./book.ts";
import { CONNECTIONS_MAX, LIST_MAX, SYMBOLS_MAX, TICKS_PER_FRAME_MAX } from "./limits.ts";
import {
  bootId,
  counter,
  credentialId,
  decimal,
  epoch,
  intentId,
  magic,
  millis,
  monotonicMs,
  nonce,
  price,
  symbol,
  ticket,
  words,
} from "./values.ts";

/** The first message, bare: which credential will be proved. */
export const openFrame = z.strictObject({
  t: z.literal("open"),
  v: z.int(),
  credential: z.enum(["code", "token"]),
  id: credentialId,
  nonce,
});

/** What a token is bound to: none of it may change without a new enrolment. */
export const accountIdentity = z.strictObject({
  login: z.string().regex(/^[1-9]\d{0,19}$/),
  /** The trade server's name. */
  server: z.string().min(1).max(64),
  mode: z.enum(["demo", "contest", "real"]),
  /** `exchange` nets, too. */
  margin: z.enum(["netting", "exchange", "hedging"]),
});

const enrol = z.strictObject({ t: z.literal("enrol"), n: counter, account: accountIdentity });

/** `[day of the week from Sunday = 0, from, to]`, seconds from midnight in broker time. */
const session = z.tuple([z.int().min(0).max(6), z.int().min(0).max(86_400), z.int().min(0).max(86_400)]);

const symbolFacts = z.strictObject({
  symbol,
  description: words,
  digits: z.int().min(0).max(8),
  point: decimal,
  tickSize: decimal,
  /** Worth of one tick size of one lot, in the account's currency, now. */
  tickValue: decimal,
  contractSize: decimal,
  volumeMin: decimal,
  volumeMax: decimal,
  volumeStep: decimal,
  /** Total volume in one direction; "0" for no limit. */
  volumeLimit: decimal,
  stopsLevelPoints: z.int().min(0),
  freezeLevelPoints: z.int().min(0),
  /** SYMBOL_FILLING_MODE: 1 fill or kill, 2 immediate or cancel, 4 book or cancel. */
  fillingMask: z.int().min(0),
  execution: z.enum(["request", "instant", "market", "exchange"]),
  /** SYMBOL_ORDER_MODE: which kinds of orders may be placed. */
  orderMask: z.int().min(0),
  /** SYMBOL_EXPIRATION_MODE. */
  expirationMask: z.int().min(0),
  tradeMode: z.enum(["disabled", "long-only", "short-only", "close-only", "full"]),
  currencyBase: z.string().max(16),
  currencyProfit: z.string().max(16),
  currencyMargin: z.string().max(16),
  quoteSessions: z.array(session).max(70),
  tradeSessions: z.array(session).max(70),
});

/** Ticks of one symbol of one boot that are not acknowledged: those after `acked` up to `last`. */
const tickStream = z.strictObject({ boot: bootId, symbol, acked: z.int().min(0), last: z.int().min(0) });

/** The first frame with a token. What was not acknowledged before it is told once more after `welcome`. */
const hello = z.strictObject({
  t: z.literal("hello"),
  n: counter,
  v: z.int(),
  eaVersion: z.string().max(16),
  terminalBuild: z.int().min(0),
  boot: bootId,
  /** Which of the account's connections this is. */
  slot: z
    .int()
    .min(0)
    .max(CONNECTIONS_MAX - 1),
  account: accountIdentity,
  currency: z.string().min(1).max(16),
  currencyDigits: z.int().min(0).max(8),
  leverage: z.int().min(0),
  company: words,
  /** What the terminal takes for its trade server's offset to UTC, in seconds; the server estimates its own from ticks. */
  brokerOffsetSeconds: z.int().min(-86_400).max(86_400),
  monotonicMs,
  symbols: z.array(symbolFacts).max(SYMBOLS_MAX),
  streams: z.array(tickStream).max(SYMBOLS_MAX * 8),
  /** Highest epoch that was flushed; 0 when none was. */
  epoch,
  /** Highest command number seen; 0 when none was. */
  commandSeq: z.int().min(0),
  killed: z.boolean(),
  figures: accountFigures,
});

/**
 * `[time in broker ms, bid, ask, last, volume, flags]`. Bid, ask and last as the symbol's digits say, "0" where there is none;
 * volume with up to 8 decimals; flags are those of MqlTick (2 bid, 4 ask, 8 last, 16 volume, 32 buy, 64 sell).
 */
const tick = z.tuple([millis, decimal, decimal, decimal, decimal, z.int().min(0)]);

/** Ticks `from`, `from` + 1, ... of one symbol of one boot. They were on the terminal's disk before they were sent. */
const ticks = z.strictObject({
  t: z.literal("ticks"),
  n: counter,
  boot: bootId,
  symbol,
  from: counter,
  /** Sent before on another connection, or read from the terminal's history: never opens a position. */
  backfill: z.boolean(),
  /** When the last of them was drained, by the terminal's monotonic clock. */
  drainedMonotonicMs: monotonicMs,
  ticks: z.array(tick).min(1).max(TICKS_PER_FRAME_MAX),
});

/**
 * Ticks that will never come. `overflow`: numbers `from` to `to` fell out of the ring before they were acknowledged.
 * `unread`: the terminal's history did not reach back to the cursor; they have no numbers, `from` and `to` are null.
 * Told again after each reconnect until an `ack` of `to` or later; without numbers, of any later tick.
 */
const gap = z.strictObject({
  t: z.literal("gap"),
  n: counter,
  boot: bootId,
  symbol,
  reason: z.enum(["overflow", "unread"]),
  from: counter.nullable(),
  to: counter.nullable(),
  fromBrokerMs: millis,
  toBrokerMs: millis,
});

/** What a trade server's return code means for an intent. */
const executionClass = z.enum([
  "done",
  "placed",
  "partial",
  "repriced",
  "unknown",
  "throttled",
  "no-change",
  "frozen",
  "filling",
  "disabled",
  "rejected",
]);

/**
 * What the broker said to an intent. Deals book fills, not this. `partial` and `unknown` are not the end; after `unknown`
 * nothing is sent again, and another `execution` follows once orders or deals with the intent's magic prove what became of it.
 */
const execution = z.strictObject({
  t: z.literal("execution"),
  n: counter,
  intentId,
  magic,
  epoch,
  class: executionClass,
  final: z.boolean(),
  /** `answer`: OrderSend's; `lookup`: found by magic later. */
  source: z.enum(["answer", "lookup"]),
  /** 0 where there was none: socket lost, or found by looking up. */
  retcode: z.int().min(0),
  retcodeExternal: z.int(),
  /** Of the broker, or the terminal's error number. */
  words,
  order: ticket.nullable(),
  deal: ticket.nullable(),
  volume: decimal,
  price: price.nullable(),
  bid: price.nullable(),
  ask: price.nullable(),
  /** How often it was sent: up to 3 on reprices, once more when the filling mode was refused. */
  tries: z.int().min(0),
  receivedMonotonicMs: monotonicMs,
  sentMonotonicMs: monotonicMs,
  answeredMonotonicMs: monotonicMs,
});

/** Codes with which the terminal refuses a command before anything left. */
const refusalCode = z.enum([
  "stale-epoch",
  "not-fenced",
  "expired",
  "clock-unknown",
  "repeated",
  "claimed-elsewhere",
  "quote-too-old",
  "spread-too-wide",
  "unknown-symbol",
  "bad-volume",
  "over-volume-cap",
  "over-position-cap",
  "over-rate-cap",
  "over-loss-cap",
  "no-stop-loss",
  "killed",
  "mode",
  "server-silent",
  "not-reconciled",
  "wrong-account",
  "no-such-position",
  "no-such-order",
  "trading-disabled",
  "not-supported",
  "storage-failed",
]);

/** A command that was not carried out; final for its intent, except `repeated`: then `state` says what became of it. */
const refusal = z.strictObject({
  t: z.literal("refusal"),
  n: counter,
  intentId,
  code: refusalCode,
  words,
  /** Where an intent that is known already stands. */
  intent: terminalIntent.nullable(),
});

const deal = z.strictObject({ t: z.literal("deal"), n: counter, deal: brokerDeal });

/** A position as it is now; `position` is null when it is gone. */
const position = z.strictObject({
  t: z.literal("position"),
  n: counter,
  ticket,
  position: brokerPosition.nullable(),
});

/** A pending order as it is now; `order` is null when it is neither pending nor in the history that the terminal has. */
const orderState = z.strictObject({
  t: z.literal("order-state"),
  n: counter,
  ticket,
  order: brokerOrder.nullable(),
});

const account = z.strictObject({ t: z.literal("account"), n: counter, figures: accountFigures });

/** One part of the whole picture, after `welcome` and on `resync`. No entries are taken before the last part has gone. */
const snapshot = z.strictObject({
  t: z.literal("snapshot"),
  n: counter,
  part: counter,
  last: z.boolean(),
  orders: z.array(brokerOrder).max(LIST_MAX),
  positions: z.array(brokerPosition).max(LIST_MAX),
  /** Since `welcome.dealsSinceBrokerMs`, oldest first. */
  deals: z.array(brokerDeal).max(LIST_MAX),
  /** Every intent that is not final, and the final ones of the last day. */
  intents: z.array(terminalIntent).max(LIST_MAX),
  figures: accountFigures,
});

/**
 * `beat` comes back in the server's heartbeat, which gives the terminal server time = `serverMs` + half the way there and back.
 */
const heartbeat = z.strictObject({
  t: z.literal("heartbeat"),
  n: counter,
  beat: counter,
  monotonicMs,
  /** What the terminal takes for UTC: shown, never used. */
  terminalMs: millis,
  brokerMs: millis,
  /** Whether the terminal has its trade server. */
  connected: z.boolean(),
  tradeAllowed: z.boolean(),
  pingMicros: z.int().min(0),
  /** Ticks that wait for an acknowledgement. */
  unacked: z.int().min(0),
  /** Age of the mapping of clocks; null when there is none. */
  clockAgeMs: z.int().min(0).nullable(),
});

/** The epoch is on the terminal's disk; `intents` are the first of those not final, of any epoch: the snapshot has them all. */
const fenced = z.strictObject({
  t: z.literal("fenced"),
  n: counter,
  epoch,
  intents: z.array(terminalIntent).max(LIST_MAX),
});

const calendarEvent = z.strictObject({
  id: ticket,
  eventId: ticket,
  brokerMs: millis,
  currency: z.string().max(8),
  country: z.string().max(8),
  name: z.string().max(200),
  importance: z.enum(["none", "low", "moderate", "high"]),
  /** `exact` times count to the minute; others are dates or guesses. */
  time: z.enum(["exact", "date", "none", "tentative"]),
  actual: decimal.nullable(),
  forecast: decimal.nullable(),
  previous: decimal.nullable(),
});

/** The whole window, in parts; what is not in it is no event of that window any more. */
const calendar = z.strictObject({
  t: z.literal("calendar"),
  n: counter,
  part: counter,
  last: z.boolean(),
  fromBrokerMs: millis,
  toBrokerMs: millis,
  events: z.array(calendarEvent).max(LIST_MAX),
});

/** The terminal's kill switch: a button or an input of the EA. It blocks entries; nothing is closed by it. */
const kill = z.strictObject({
  t: z.literal("kill"),
  n: counter,
  killed: z.boolean(),
  by: z.enum(["button", "input"]),
});

/** The token of `id` is on the terminal's disk: older ones may be forgotten. */
const tokenKept = z.strictObject({ t: z.literal("token-kept"), n: counter, id: credentialId });

/** What was wrong with a frame of the server's; the terminal closes after it. `mode` and `account-changed`: it leaves on its own. */
const error = z.strictObject({
  t: z.literal("error"),
  n: counter,
  code: z.enum([
    "malformed-json",
    "unknown-frame",
    "bad-frame",
    "stale-epoch",
    "account-changed",
    "storage-failed",
  ]),
  words,
});

/** Any signed frame of a terminal. */
export const terminalFrame = z.discriminatedUnion("t", [
  enrol,
  hello,
  ticks,
  gap,
  execution,
  refusal,
  deal,
  position,
  orderState,
  account,
  snapshot,
  heartbeat,
  fenced,
  calendar,
  kill,
  tokenKept,
  error,
]);

export type TerminalFrame = z.infer<typeof terminalFrame>;
