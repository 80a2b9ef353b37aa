// MetaTrader terminals as they are now: who is connected, how late their ticks are, what was lost, what their accounts hold.

import { type OpenAPIHono, z } from "@hono/zod-openapi";
import type { LivePicture } from "../live/live-picture.ts";
import { STAGES } from "../mt5/orders/stages.ts";
import { bridgeView, NO_BRIDGE } from "../mt5/view.ts";
import { addStateRoute } from "./routes.ts";

const time = z.iso.datetime();
const count = z.number().int();

const connectionSchema = z.object({
  /** Which of the account's up to five connections. */
  slot: count,
  session: z.string(),
  address: z.string(),
  /** Of a second terminal: it only watches. */
  isReadOnly: z.boolean(),
  openedTime: time,
  heardTime: time,
  eaVersion: z.string(),
  terminalBuild: count,
  boot: z.string(),
  /** By the terminal's own kill switch. */
  isKilled: z.boolean(),
  /** Whether the terminal has its trade server; null before its first heartbeat. */
  isBrokerThere: z.boolean().nullable(),
  brokerPingMillis: z.number().nullable(),
  clockAgeSeconds: z.number(),
  /** Of the last live ticks, from the terminal to here, beyond the shortest way. */
  tickDelayMillis: z.number().nullable(),
  /** Ticks that the terminal keeps until they are acknowledged. */
  unacknowledged: count.nullable(),
  /** Ticks that arrived and wait for journal or actors. */
  waiting: count,
  frames: count,
  ticks: count,
  duplicates: count,
  backfilled: count,
  lost: count,
  unread: count,
});

const positionSchema = z.object({
  ticket: z.string(),
  /** As the broker spells it. */
  symbol: z.string(),
  side: z.enum(["buy", "sell"]),
  volume: z.number(),
  openPrice: z.number(),
  currentPrice: z.number(),
  stopLoss: z.number().nullable(),
  takeProfit: z.number().nullable(),
  swap: z.number(),
  profit: z.number(),
  magic: z.string(),
  /** `EXTERNAL`: not opened by Tickforge, and never closed by it. */
  origin: z.enum(["OURS", "EXTERNAL"]),
  openTime: time,
});

const accountSchema = z.object({
  account: z.string(),
  login: z.string(),
  server: z.string(),
  mode: z.enum(["demo", "contest", "real"]),
  margining: z.enum(["netting", "exchange", "hedging"]),
  company: z.string(),
  currency: z.string(),
  leverage: count,
  /** How far the trade server's time is ahead of UTC, and whether ticks have shown it. */
  brokerOffsetSeconds: z.number(),
  isOffsetProven: z.boolean(),
  balance: z.number(),
  equity: z.number(),
  margin: z.number(),
  marginFree: z.number(),
  profit: z.number(),
  tradeAllowed: z.boolean(),
  /** When the whole picture last came; null before the first. */
  snapshotTime: time.nullable(),
  connections: z.array(connectionSchema),
  streams: z.array(
    z.object({
      symbol: z.string(),
      boot: z.string(),
      slot: count,
      takenSeq: count,
      acknowledgedSeq: count,
      lost: count,
    }),
  ),
  /** Spellings that mean no instrument here, and what to do. */
  unmapped: z.array(z.object({ symbol: z.string(), ticks: count, how: z.string() })),
  positions: z.array(positionSchema),
  orders: count,
  deals: count,
});

const tradingSchema = z.object({
  account: z.string(),
  epoch: count,
  connections: z.array(
    z.object({
      slot: count,
      /** Our epoch is on its disk. */
      isFenced: z.boolean(),
      /** The books were compared since it came: it takes entries. */
      isReconciled: z.boolean(),
      /** As it was told: active, reducing or halted. */
      mode: z.string(),
      unanswered: count,
      /** Opens when commands are not answered: no entries then. */
      breaker: z.enum(["closed", "open", "half-open"]),
    }),
  ),
  /** When the broker's books were last held against ours; null before the first time. */
  comparedTime: time.nullable(),
  agrees: z.boolean().nullable(),
  /** Since the start: commands on a socket, intents that never left, commands without an answer in time. */
  sent: count,
  neverLeft: count,
  overdue: count,
  /** Reports that wait for room in the journal. */
  reportsWaiting: count,
  /** From the tick to the broker's answer, stage by stage. */
  stages: z.array(
    z.object({
      stage: z.enum(STAGES),
      count,
      p50Micros: z.number().nullable(),
      p99Micros: z.number().nullable(),
    }),
  ),
});

export const mt5Schema = z.object({
  enabled: z.boolean(),
  url: z.string().nullable(),
  accounts: z.array(accountSchema),
  /** Null where orders go to the paper broker. */
  trading: tradingSchema.nullable(),
  /** Newest first; times are the trade server's own. */
  gaps: z.array(
    z.object({
      symbol: z.string(),
      reason: z.enum(["overflow", "unread"]),
      /** Null where nobody knows how many. */
      ticks: count.nullable(),
      fromBrokerTime: z.string(),
      toBrokerTime: z.string(),
    }),
  ),
  /** From a frame of ticks to the word that it is durable. */
  acknowledgements: z.object({
    count,
    p50Micros: z.number().nullable(),
    p99Micros: z.number().nullable(),
  }),
  /** Connections that ended since the start, by reason. */
  ended: z.array(z.object({ why: z.string(), count })),
});

export type Mt5Message = z.infer<typeof mt5Schema>;

export function addMt5(app: OpenAPIHono, { bridge }: LivePicture): void {
  addStateRoute(app, "/mt5", {
    summary: "MetaTrader terminals: connections, streams, gaps, accounts",
    answer: mt5Schema,
    build: () => (bridge === undefined ? NO_BRIDGE : bridgeView(bridge)),
  });
}
