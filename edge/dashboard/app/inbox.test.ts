// Batches: how often, what is conflated and what never is.

import { expect, test } from "bun:test";
import type { StreamMessage } from "../../api/schemas.ts";
import { Inbox } from "./inbox.ts";
import { BATCH_MILLIS } from "./limits.ts";

function rig(): { inbox: Inbox; batches: (readonly StreamMessage[])[]; waits: number[]; flush: () => void } {
  const batches: (readonly StreamMessage[])[] = [];
  const waits: number[] = [];
  let task: (() => void) | undefined;
  const inbox = new Inbox(
    (millis, scheduled) => {
      waits.push(millis);
      task = scheduled;
      return () => undefined;
    },
    (batch) => void batches.push(batch),
  );
  return { inbox, batches, waits, flush: () => task?.() };
}

function message(type: string, sequence: number, data: object = {}): StreamMessage {
  return { type, sequence, timestamp: "", data } as StreamMessage;
}

test("a burst is one batch, and the next one comes no sooner than the batch time", () => {
  const { inbox, batches, waits, flush } = rig();
  for (let sequence = 1; sequence <= 500; sequence++) inbox.add(message("signal", sequence));
  expect(waits).toEqual([BATCH_MILLIS]);
  flush();
  expect(batches.map(({ length }) => length)).toEqual([500]);
  inbox.add(message("signal", 501));
  expect(waits).toEqual([BATCH_MILLIS, BATCH_MILLIS]);
});

test("prices, states and bars are conflated to the newest of their place", () => {
  const { inbox, batches, flush } = rig();
  const time = "2014-05-02T12:30:00Z";
  inbox.add(message("price_update", 1, { symbol: "EURUSD" }));
  inbox.add(message("price_update", 2, { symbol: "USDJPY" }));
  inbox.add(message("bar", 1, { symbol: "EURUSD", interval: "1m", time }));
  inbox.add(message("bar", 2, { symbol: "EURUSD", interval: "5m", time }));
  inbox.add(message("bar", 3, { symbol: "EURUSD", interval: "1m", time }));
  inbox.add(message("price_update", 3, { symbol: "EURUSD" }));
  inbox.add(message("heartbeat", 1));
  inbox.add(message("heartbeat", 2));
  flush();
  expect(batches[0]!.map(({ type, sequence }) => `${type} ${sequence}`)).toEqual([
    "price_update 2",
    "bar 2",
    "bar 3",
    "price_update 3",
    "heartbeat 2",
  ]);
});

test("signals, orders and changes of positions are all kept", () => {
  const { inbox, batches, flush } = rig();
  for (const type of ["signal", "order", "position_update"]) {
    inbox.add(message(type, 1, { symbol: "EURUSD" }));
    inbox.add(message(type, 2, { symbol: "EURUSD" }));
  }
  flush();
  expect(batches[0]!.length).toBe(6);
});
