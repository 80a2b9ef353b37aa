// The shapes that leave and enter over HTTP and WebSocket, in one place: server, OpenAPI document, dashboard and tests share
// them. Prices are decimals, times ISO 8601 in UTC, money in units of the account's currency, volumes in lots.

import { z } from "@hono/zod-openapi";
import { BAR_INTERVALS, barSizeMicros } from "../../actors/domain/bar.ts";
import { MEMBERS } from "../../actors/domain/prediction.ts";
import { REGIMES } from "../../actors/domain/regime.ts";
import { tripSchema } from "./kill-switch-schema.ts";

const time = z.iso.datetime();
const price = z.number();
const symbol = z.string().regex(/^[A-Z0-9._]{2,16}$/);
/** Journal sequence. */
const seq = z.number().int().nonnegative();
/** Null where nothing is known yet. */
const maybe = <T extends z.ZodType>(schema: T): z.ZodNullable<T> => schema.nullable();

/** Any size: "45m", "2h"; those that actors build come live as well. */
export const barSizeSchema = z
  .templateLiteral([z.number().int().positive(), z.enum(["s", "m", "h", "d"])])
  .refine((size) => barSizeMicros(size) !== undefined, "a size such as 45m, up to 9999 of s, m, h or d");

/** Of a control's figures. */
export const controlUnitSchema = z.enum(["seconds", "lots", "money", "points", "count", "flag", "rate"]);

export const barIntervalSchema = z.enum(BAR_INTERVALS);

const recalibrationSchema = z.object({
  isActive: z.boolean(),
  slope: z.number(),
  shift: z.number(),
  /** Stretches of the vote's horizon that it was learned from. */
  blocks: z.number().int(),
  /** By how much it lowered the Brier score of answers it had not learned from, and that in standard errors. */
  gain: z.number(),
  certainty: z.number(),
});

export const symbolStateSchema = z.object({
  symbol,
  digits: z.number().int(),
  bid: maybe(price),
  ask: maybe(price),
  /** As a price difference. */
  spread: maybe(z.number()),
  /** Change of the mid since the UTC day began, as a fraction. */
  dayChange: maybe(z.number()),
  regime: z.enum(REGIMES),
  action: z.enum(["BUY", "SELL", "HOLD"]),
  probabilityUp: maybe(z.number()),
  ticks: z.number().int(),
  quarantined: z.number().int(),
  signals: z.number().int(),
  time: maybe(time),
  /** Whether its session is open now. */
  open: z.boolean(),
  /** Why its actor does not work at present; empty while it does. */
  trouble: z.string(),
  /** Members that are not listened to: their answers were worse than none, or its quoting has changed. */
  switchedOff: z.array(z.object({ member: z.enum(MEMBERS), why: z.enum(["answers", "quoting"]) })).optional(),
  /** Set while it does not move with the dollar as it usually does: correlations of its minutes with the dollar index. */
  correlationBreak: z.object({ usual: z.number(), now: z.number() }).nullish(),
  /** Of its vote's probabilities, while it trades: log odds become slope x log odds + shift where it is active; null where there is none. */
  recalibration: recalibrationSchema.nullish(),
});
export type SymbolState = z.infer<typeof symbolStateSchema>;

export const barSchema = z.object({
  symbol,
  interval: barSizeSchema,
  /** When the bar opened. */
  time,
  open: price,
  high: price,
  low: price,
  close: price,
  volume: z.number(),
  ticks: z.number().int(),
  /** False for the bar that is still being built. */
  closed: z.boolean(),
  source: z.string(),
});
export type BarMessage = z.infer<typeof barSchema>;

export const componentSchema = z.object({
  member: z.string(),
  probabilityUp: z.number(),
  /** Share of the vote. */
  weight: z.number(),
  ageMillis: z.number(),
});

/** Fields the source documents name first: symbol, timestamp, prediction, confidence, components, features. */
export const signalSchema = z.object({
  /** The signal's journal sequence. */
  id: seq,
  symbol,
  timestamp: time,
  prediction: z.enum(["BUY", "SELL"]),
  confidence: z.number(),
  probabilityUp: z.number(),
  regime: z.enum(REGIMES),
  /** Probability of an up move by member. */
  components: z.record(z.string(), z.number()),
  /** The same with weights and ages. */
  votes: z.array(componentSchema),
  reasons: z.array(z.string()),
  bid: price,
  ask: price,
  stopLoss: price,
  takeProfit: price,
  expiresAt: time,
  tradable: z.boolean(),
  tickSeq: seq,
});
export type SignalMessage = z.infer<typeof signalSchema>;

export const positionSchema = z.object({
  ticket: z.string(),
  symbol,
  type: z.enum(["BUY", "SELL"]),
  lots: z.number(),
  openPrice: price,
  openTime: time,
  stopLoss: maybe(price),
  takeProfit: maybe(price),
  currentPrice: maybe(price),
  profit: maybe(z.number()),
  /** Not opened by us: shown, counted as exposure, never closed by us. */
  external: z.literal(true).optional(),
});
export type PositionMessage = z.infer<typeof positionSchema>;

/** `ticket`, `symbol`, `type` and `status` are the source documents' names. */
export const positionUpdateSchema = positionSchema
  .partial({ lots: true, openPrice: true, openTime: true, stopLoss: true, takeProfit: true })
  .extend({ status: z.enum(["opened", "changed", "closed"]), reason: z.string() });
export type PositionUpdate = z.infer<typeof positionUpdateSchema>;

/** A step in an order's life. */
export const orderSchema = z.object({
  id: z.string(),
  seq,
  time,
  event: z.enum(["intent", "refusal", "sent", "execution"]),
  symbol,
  /** entry or exit. */
  purpose: z.string(),
  side: z.string(),
  lots: z.number(),
  price: maybe(price),
  /** The broker's word for an execution: accepted, filled, rejected, ... */
  status: z.string(),
  reason: z.string(),
  positionId: maybe(z.string()),
  signalId: maybe(seq),
});
export type OrderMessage = z.infer<typeof orderSchema>;

export const accountSchema = z.object({
  accountId: z.string(),
  currency: z.string(),
  balance: z.number(),
  equity: z.number(),
  marginUsed: z.number(),
  /** Equity that neither open positions nor orders on their way take. */
  marginFree: z.number(),
  /** Equity against the margin in use; null while none is. */
  marginLevel: maybe(z.number()),
  /** Deepest falls since they were last reset. */
  drawdown: z.object({ fromHigh: z.number(), fromStart: z.number() }),
  /** netting: one position an instrument. */
  positionsMode: z.enum(["netting", "hedging"]),
  dayProfit: z.number(),
  realised: z.number(),
  /** What it lets in: everything, what makes positions smaller, or nothing. Exits always leave. */
  mode: z.enum(["active", "reducing", "halted"]),
  /** In mode `halted`. */
  entriesHalted: z.boolean(),
  /** What tripped its kill switch; null while that is armed. */
  trip: maybe(tripSchema),
  entries: z.number().int(),
  exits: z.number().int(),
  fills: z.number().int(),
  costs: z.object({ commission: z.number(), spread: z.number(), slippage: z.number() }),
  refusals: z.record(z.string(), z.number().int()),
});
export type AccountMessage = z.infer<typeof accountSchema>;

export const equityPointSchema = z.object({ time, balance: z.number(), equity: z.number() });
export type EquityPoint = z.infer<typeof equityPointSchema>;

export const latencySchema = z.object({
  /** decision (arrival to decided), a stage of the chain, or an HTTP route. */
  stage: z.string(),
  count: z.number().int(),
  p50Micros: z.number(),
  p99Micros: z.number(),
});
export type LatencyMessage = z.infer<typeof latencySchema>;

export const actorSchema = z.object({
  path: z.string(),
  parent: maybe(z.string()),
  state: z.string(),
  mailboxDepth: z.number().int(),
  mailboxCapacity: z.number().int(),
  processed: z.number().int(),
  restarts: z.number().int(),
  lastError: z.string(),
  p50Micros: z.number(),
  p99Micros: z.number(),
});
export type ActorMessage = z.infer<typeof actorSchema>;

/** Sent about once a second on topic `heartbeat`, and the answer of /api/v1/health. */
export const healthSchema = z.object({
  /** ok; degraded: something waits or is out of service; failed: the journal takes nothing more. */
  status: z.enum(["ok", "degraded", "failed"]),
  /** SIMULATED, REPLAY or LIVE. */
  badge: z.enum(["SIMULATED", "REPLAY", "LIVE"]),
  version: z.string(),
  /** This process's life: sequences of topics start again with another. */
  boot: z.string(),
  time,
  uptimeSeconds: z.number(),
  ticks: z.number().int(),
  ticksPerSecond: z.number(),
  decisionP50Micros: z.number(),
  decisionP99Micros: z.number(),
  journal: z.object({ seq, durableSeq: seq, trouble: z.string() }),
  projection: z.object({
    /** Whether the time series store answers. */
    up: z.boolean(),
    seq,
    lagRecords: z.number().int(),
    lagSeconds: z.number(),
  }),
  /** Ticks missing from their sources' numbers, over all streams. */
  gapsMissing: z.number().int(),
  quarantined: z.number().int(),
  clients: z.number().int(),
  /** Trained models that vote now. */
  models: z.array(
    z.object({
      model: z.string(),
      version: z.string(),
      /** Of its bytes, hex. */
      sha256: z.string(),
      member: z.string(),
      /** Null for any that no other model of its member names. */
      symbols: z.array(z.string()).nullable(),
    }),
  ),
  /** What a person should know, newest first. */
  problems: z.array(z.string()),
});
export type HealthMessage = z.infer<typeof healthSchema>;

/** `data` of a `price_update`: the source documents' market data and their client's `timestamp`. */
export const priceUpdateSchema = z.object({
  symbol,
  bid: price,
  ask: price,
  spread: z.number(),
  time,
  timestamp: time,
  volume: z.number(),
  /** Of the current minute. */
  high: price,
  low: price,
  open: price,
  seq,
});
export type PriceUpdate = z.infer<typeof priceUpdateSchema>;

export const regimeUpdateSchema = z.object({
  symbol,
  regime: z.enum(REGIMES),
  action: z.enum(["BUY", "SELL", "HOLD"]),
  probabilityUp: maybe(z.number()),
  ticks: z.number().int(),
  quarantined: z.number().int(),
  signals: z.number().int(),
  trouble: z.string(),
});
export type RegimeUpdate = z.infer<typeof regimeUpdateSchema>;

export const instrumentSchema = z.object({
  symbol,
  baseCurrency: z.string(),
  quoteCurrency: z.string(),
  digits: z.number().int(),
  /** Units of the base currency in one lot. */
  contractSize: z.number(),
  lotStep: z.number(),
  lotMin: z.number(),
  lotMax: z.number(),
  /** A wider quote is quarantined. */
  spreadMax: z.number(),
});

export const tickSchema = z.object({
  seq,
  symbol: z.string(),
  time,
  sourceTime: time,
  source: z.string(),
  sourceSeq: z.number(),
  bid: price,
  ask: price,
  bidVolume: z.number(),
  askVolume: z.number(),
  flags: z.number().int(),
});

export const featuresSchema = z.object({
  seq,
  symbol: z.string(),
  time,
  schemaHash: z.string(),
  /** By name; null where one is not warm. */
  features: z.record(z.string(), maybe(z.number())),
});

export const predictionSchema = z.object({
  seq,
  symbol: z.string(),
  time,
  causeSeq: seq,
  member: z.string(),
  status: z.string(),
  probabilityUp: maybe(z.number()),
});
export type PredictionMessage = z.infer<typeof predictionSchema>;

export const qualitySchema = z.object({
  seq,
  symbol: z.string(),
  time,
  source: z.string(),
  causeSeq: seq,
  code: z.string(),
  ticks: z.number().int(),
});

export const TOPICS = [
  "price_update",
  "signal",
  "position_update",
  "order",
  "bar",
  "regime",
  "account",
  "heartbeat",
] as const;
export type StreamTopic = (typeof TOPICS)[number];

export interface TopicData {
  readonly price_update: PriceUpdate;
  readonly signal: SignalMessage;
  readonly position_update: PositionUpdate;
  readonly order: OrderMessage;
  readonly bar: BarMessage;
  readonly regime: RegimeUpdate;
  readonly account: AccountMessage & { readonly positions: readonly PositionMessage[] };
  readonly heartbeat: HealthMessage;
}

/** A message of the server: `{type, data, timestamp}` as in the source documents, numbered within its topic from 1 per boot. */
export type StreamMessage = {
  [T in StreamTopic]: {
    readonly type: T;
    readonly data: TopicData[T];
    readonly timestamp: string;
    readonly sequence: number;
  };
}[StreamTopic];

/** First message on a new socket, and answers to what a client asked for. */
export type ControlMessage =
  | { readonly type: "welcome"; readonly boot: string; readonly heartbeatMillis: number }
  | {
      readonly type: "subscribed";
      readonly topic: StreamTopic;
      readonly symbols: readonly string[] | "*";
      /** Newest sequence of the topic: anything after it will follow. */
      readonly sequence: number;
      /** Whether everything after the sequence asked for is still there and follows; otherwise fetch over REST. */
      readonly resumed: boolean;
    }
  | { readonly type: "unsubscribed"; readonly topic: StreamTopic }
  | { readonly type: "pong"; readonly timestamp: string }
  | { readonly type: "accepted"; readonly id: string; readonly count: number; readonly seq: number }
  | { readonly type: "error"; readonly code: string; readonly message: string; readonly id?: string };

export const marketTickSchema = z.object({
  symbol: z.string().min(1).max(32),
  bid: z.number().positive(),
  ask: z.number().positive(),
  spread: z.number().optional(),
  /** ISO 8601, or the time of arrival when left out. */
  time: z.iso.datetime({ offset: true }).optional(),
  volume: z.number().nonnegative().optional(),
  high: z.number().optional(),
  low: z.number().optional(),
  open: z.number().optional(),
});

/** A market order by hand, on the paper account. */
export const tradeSchema = z.object({
  symbol: z.string().min(1).max(32),
  type: z.enum(["BUY", "SELL"]),
  lots: z.number().positive().max(10_000),
  stopLoss: z.number().positive().optional(),
  takeProfit: z.number().positive().optional(),
  /** Half a surrogate pair is replaced: it could be stored nowhere. */
  comment: z
    .string()
    .max(64)
    .overwrite((text) => text.toWellFormed())
    .optional(),
});
export type TradeRequest = z.infer<typeof tradeSchema>;

export const pageSchema = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    /** Ask for the next page with it; null on the last one. */
    cursor: maybe(z.string()),
  });
