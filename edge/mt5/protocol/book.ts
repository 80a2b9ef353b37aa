// What a terminal tells of the account: orders, positions, deals and its own intents, as the broker has them.

import { z } from "zod";
import {
  anyMagic,
  counter,
  decimal,
  epoch,
  intentId,
  magic,
  millis,
  price,
  side,
  symbol,
  ticket,
  volume,
} from "./values.ts";

const orderType = z.enum(["market", "limit", "stop", "stop-limit", "close-by"]);

/** An order that waits at the broker, or how one ended. */
export const brokerOrder = z.strictObject({
  ticket,
  symbol,
  side,
  type: orderType,
  state: z.enum([
    "started",
    "placed",
    "cancelled",
    "partial",
    "filled",
    "rejected",
    "expired",
    "adding",
    "modifying",
    "cancelling",
  ]),
  volumeInitial: volume,
  /** What is not filled yet; "0" when nothing is. */
  volumeLeft: decimal,
  /** Null for a market order. */
  price: price.nullable(),
  /** Of a stop-limit order: where its limit order goes. */
  stopLimitPrice: price.nullable(),
  sl: price.nullable(),
  tp: price.nullable(),
  magic: anyMagic,
  /** The position it opened or closes; null for none. */
  position: ticket.nullable(),
  setupBrokerMs: millis,
  doneBrokerMs: millis.nullable(),
});

export const brokerPosition = z.strictObject({
  ticket,
  /** Stays with the position when netting changes its ticket; deals refer to it. */
  identifier: ticket,
  symbol,
  side,
  volume,
  openPrice: price,
  currentPrice: price,
  sl: price.nullable(),
  tp: price.nullable(),
  swap: decimal,
  profit: decimal,
  magic: anyMagic,
  openBrokerMs: millis,
  updateBrokerMs: millis,
});

/** The truth about fills. Balance operations are deals, too: they have no symbol, side, volume or price. */
export const brokerDeal = z.strictObject({
  ticket,
  /** The order that led to it; null for a balance operation. */
  order: ticket.nullable(),
  /** The position's identifier; null for a balance operation. */
  position: ticket.nullable(),
  symbol: symbol.nullable(),
  side: side.nullable(),
  /** `other`: the broker's balance, credit, charge, correction or tax entries; `profit` is their amount. */
  kind: z.enum(["trade", "other"]),
  entry: z.enum(["in", "out", "in-out", "out-by"]).nullable(),
  /** What made it: `expert` an order of an Expert Advisor, `stop` and `target` the broker, `person` by hand. */
  reason: z.enum(["expert", "person", "stop", "target", "stop-out", "other"]),
  volume: volume.nullable(),
  price: price.nullable(),
  profit: decimal,
  commission: decimal,
  fee: decimal,
  swap: decimal,
  magic: anyMagic,
  brokerMs: millis,
});

/**
 * Where an intent stands. `sending`: on the terminal's disk and perhaps out; after a crash that is UNKNOWN. `working`: the
 * broker has it and it is not done. `done`, `rejected` and `refused` are final.
 */
const intentState = z.enum(["sending", "unknown", "working", "done", "rejected", "refused"]);

/** An intent as the terminal's intent file has it. */
export const terminalIntent = z.strictObject({
  intentId,
  magic,
  epoch,
  commandSeq: counter.nullable(),
  /** `terminal`: the EA's own flatten while the server was silent. */
  origin: z.enum(["server", "terminal"]),
  command: z.enum(["order", "modify", "close", "close-by", "cancel"]),
  symbol,
  state: intentState,
  retcode: z.int().min(0),
  order: ticket.nullable(),
  deal: ticket.nullable(),
  /** Of this intent's deals so far; "0" when none is known. */
  volumeFilled: decimal,
});

/** The account's figures, in its currency. */
export const accountFigures = z.strictObject({
  balance: decimal,
  credit: decimal,
  equity: decimal,
  margin: decimal,
  marginFree: decimal,
  /** In percent; null when no margin is used. */
  marginLevel: decimal.nullable(),
  profit: decimal,
  /** Whether the broker and the terminal let an Expert Advisor trade right now. */
  tradeAllowed: z.boolean(),
});
