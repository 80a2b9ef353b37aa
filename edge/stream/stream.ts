// The WebSocket side: hears what clients ask, tells them what happens. Prices, bars and regimes are looked at every few
// milliseconds and told where they changed; signals, orders and positions as they become durable.

import { z } from "zod";
import { BAR_INTERVALS } from "../../actors/domain/bar.ts";
import type { Instrument } from "../../actors/domain/instrument.ts";
import { type ClientMessage, clientMessageSchema } from "../api/client-message.ts";

import { parseJson } from "../api/body.ts";
import { Problem } from "../api/problem.ts";
import type { TickDesk } from "../ingest/tick-desk.ts";
import type { LivePicture } from "../live/live-picture.ts";
import { barMessage, isoTime, priceOf, regimeUpdate } from "../live/shapes.ts";
import { StreamClient, type StreamClients, type StreamSocket } from "./clients.ts";
import { StreamHub } from "./hub.ts";
import { HEARTBEAT_MILLIS, PRICE_MILLIS, REQUESTS_PER_SECOND_MAX, SWEEP_MILLIS } from "./limits.ts";

/** What was last told of a symbol. */
interface Told {
  seq: number;
  regime: string;
  /** By interval: when the bar told last had opened. */
  readonly barOpenMicros: Float64Array;
}

export class Stream {
  readonly clients: StreamClients;
  readonly hub: StreamHub;
  readonly #picture: LivePicture;
  readonly #ticks: TickDesk;
  readonly #told: Told[] = [];
  readonly #timers: ReturnType<typeof setInterval>[] = [];
  readonly #asked = new WeakMap<StreamClient, { count: number; second: number }>();

  constructor(options: { picture: LivePicture; ticks: TickDesk; clients: StreamClients }) {
    this.#picture = options.picture;
    this.#ticks = options.ticks;
    this.clients = options.clients;
    this.hub = new StreamHub(this.clients);
    this.#picture.listen({
      signal: (signal) => this.hub.publish("signal", signal, signal.symbol),
      order: (order) => this.hub.publish("order", order, order.symbol),
      position: (update) => {
        this.hub.publish("position_update", update, update.symbol);
        this.#tellAccount();
      },
    });
    this.#every(PRICE_MILLIS, () => this.#look());
    this.#every(SWEEP_MILLIS, () => this.clients.sweep(Date.now()));
    this.#every(HEARTBEAT_MILLIS, () => {
      this.hub.publish("heartbeat", this.#picture.health());
      this.#tellAccount();
    });
  }

  open(socket: StreamSocket): void {
    const client = new StreamClient(socket);
    socket.data.client = client;
    this.clients.add(client);
    client.say({ type: "welcome", boot: this.#picture.boot, heartbeatMillis: HEARTBEAT_MILLIS });
  }

  closed(socket: StreamSocket): void {
    if (socket.data.client !== undefined) this.clients.remove(socket.data.client);
  }

  drained(socket: StreamSocket): void {
    socket.data.client?.drained();
  }

  hear(socket: StreamSocket, text: string | Uint8Array): void {
    const { client } = socket.data;
    if (client === undefined) return;
    const message = typeof text === "string" ? readMessage(text) : binaryMessage();
    if (!message.ok) {
      client.say({ type: "error", code: message.code, message: message.message });
      return;
    }
    if (message.value.type !== "market" && !this.#mayAsk(client)) {
      client.say({
        type: "error",
        code: "too-many-requests",
        message: `at most ${REQUESTS_PER_SECOND_MAX} a second`,
      });
      return;
    }
    this.#answer(client, message.value);
  }

  /** Tells everybody that the server goes, and tells nothing more. */
  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.clients.closeAll();
  }

  #answer(client: StreamClient, message: ClientMessage): void {
    switch (message.type) {
      case "ping":
        client.say({ type: "pong", timestamp: new Date().toISOString() });
        return;
      case "unsubscribe":
        client.unsubscribe(message.topic);
        client.say({ type: "unsubscribed", topic: message.topic });
        return;
      case "subscribe":
        this.#subscribe(client, message);
        return;
      case "market":
        void this.#takeTicks(client, message);
    }
  }

  #subscribe(client: StreamClient, wish: Extract<ClientMessage, { type: "subscribe" }>): void {
    const { topic, symbols, after } = wish;
    const missed =
      after === undefined || after.boot !== this.#picture.boot
        ? undefined
        : this.hub.since(topic, after.sequence);
    client.subscribe(topic, { symbols, intervals: wish.intervals });
    client.say({
      type: "subscribed",
      topic,
      symbols: symbols ?? "*",
      sequence: this.hub.sequence(topic),
      resumed: missed !== undefined,
    });
    for (const frame of missed ?? []) if (client.wants(frame)) client.offer(frame);
  }

  async #takeTicks(
    client: StreamClient,
    { id, ticks }: Extract<ClientMessage, { type: "market" }>,
  ): Promise<void> {
    const taken = await this.#ticks.take(ticks);
    if (taken.ok) client.say({ type: "accepted", id, count: taken.value.count, seq: taken.value.seq });
    else client.say({ type: "error", code: taken.code, message: taken.message, id });
  }

  #mayAsk(client: StreamClient): boolean {
    const second = Math.floor(Date.now() / 1_000);
    const asked = this.#asked.get(client);
    if (asked === undefined || asked.second !== second) {
      this.#asked.set(client, { count: 1, second });
      return true;
    }
    return ++asked.count <= REQUESTS_PER_SECOND_MAX;
  }

  #look(): void {
    this.#picture.poll();
    for (const instrument of this.#picture.instruments) this.#lookAt(instrument);
  }

  #lookAt(instrument: Instrument): void {
    const { engine } = this.#picture;
    const actor = engine.symbol(instrument.id);
    const told = (this.#told[instrument.id] ??= {
      seq: 0,
      regime: "",
      barOpenMicros: new Float64Array(BAR_INTERVALS.length).fill(Number.NaN),
    });
    if (actor !== undefined && actor.chain.quote.seq !== told.seq) {
      told.seq = actor.chain.quote.seq;
      this.#tellPrice(instrument);
      this.#tellBars(instrument, told);
    }
    const update = regimeUpdate(engine, instrument);
    const regime = `${update.regime} ${update.action} ${update.probabilityUp?.toFixed(2) ?? ""} ${update.signals} ${update.trouble}`;
    if (regime === told.regime) return;
    told.regime = regime;
    this.hub.publish("regime", update, instrument.symbol);
  }

  #tellPrice(instrument: Instrument): void {
    const chain = this.#picture.engine.symbol(instrument.id)?.chain;
    if (chain === undefined) return;
    const { quote } = chain;
    const minute = chain.forming("1m");
    const price = (points: number): number =>
      priceOf(instrument, Number.isFinite(points) ? points : quote.midPoints);
    const time = isoTime(quote.timeMicros);
    this.hub.publish(
      "price_update",
      {
        symbol: instrument.symbol,
        bid: price(quote.bidPoints),
        ask: price(quote.askPoints),
        spread: price(quote.spreadPoints),
        time,
        timestamp: time,
        volume: minute.ticks === 0 ? 0 : minute.volume,
        high: price(minute.high),
        low: price(minute.low),
        open: price(minute.open),
        seq: quote.seq,
      },
      instrument.symbol,
    );
  }

  /** The bar in the making of every size, and before it the one that closed since. */
  #tellBars(instrument: Instrument, told: Told): void {
    const chain = this.#picture.engine.symbol(instrument.id)?.chain;
    if (chain === undefined) return;
    for (const [index, interval] of BAR_INTERVALS.entries()) {
      const about = `${instrument.symbol} ${interval}`;
      const forming = chain.forming(interval);
      const lastOpen = told.barOpenMicros[index] as number;
      if (!Number.isNaN(lastOpen) && forming.openTimeMicros !== lastOpen) {
        const [closed] = this.#picture.bars.newest(instrument.id, interval, {
          beforeMicros: lastOpen + 1,
          limit: 1,
        });
        if (closed !== undefined)
          this.hub.publish("bar", barMessage(instrument, interval, closed, true), about);
      }
      if (forming.ticks === 0) continue;
      told.barOpenMicros[index] = forming.openTimeMicros;
      this.hub.publish("bar", barMessage(instrument, interval, forming, false), about);
    }
  }

  #tellAccount(): void {
    const account = this.#picture.account();
    if (account === undefined) return;
    this.hub.publish("account", { ...account, positions: this.#picture.positions() });
  }

  #every(millis: number, task: () => void): void {
    this.#timers.push(setInterval(task, millis));
  }
}

type Read = { ok: true; value: ClientMessage } | { ok: false; code: string; message: string };

function readMessage(text: string): Read {
  try {
    const parsed = clientMessageSchema.safeParse(parseJson(text));
    if (parsed.success) return { ok: true, value: parsed.data };
    return { ok: false, code: "bad-message", message: z.prettifyError(parsed.error) };
  } catch (error) {
    if (error instanceof Problem) return { ok: false, code: error.code, message: error.message };
    throw error;
  }
}

function binaryMessage(): Read {
  return { ok: false, code: "not-text", message: "messages are JSON in text frames" };
}
