// Terminals' ticks into the journal: each frame signed, checked, mapped, journaled and gone through actors, acknowledged when durable.
// Beside it a bare WebSocket server that sends back what it gets, in the same run. Terminals are a process of their own.

import { join } from "node:path";
import { z } from "zod";
import { Bridge } from "../../edge/mt5/bridge.ts";
import { openTerminals } from "../../storage/terminals/store.ts";
import { startEdge } from "../edge-rig.ts";
import { enrol } from "../mt5-terminal.ts";
import { openOrders } from "./order-rig.ts";
import { type Emit, median, quantile } from "./row.ts";

const ROUNDS = 3;
const SECONDS = 3;
const MESSAGES_BAR = 15_000;
const BATCH_TICKS = 100;
/** Between frames of each of the four connections where latency is measured: a lively market. */
const PACED_MILLIS = 5;

/** Of an Expert Advisor: terminals fire no faster than every 10 to 16 ms. */
const TIMER_MILLIS = 16;
const ORDERS_PER_ROUND = 40;
const WARM_UP_ORDERS = 10;
const ORDER_BAR_MILLIS = 40;
/** Of a signed frame that carries an order. */
const ORDER_BYTES = 500;
const ECHOES = 500;

const figuresSchema = z.strictObject({
  framesPerSecond: z.number(),
  p50Micros: z.number(),
  p99Micros: z.number(),
});
type Figures = z.infer<typeof figuresSchema>;

async function client(...args: readonly string[]): Promise<Figures> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "mt5-client.ts"), ...args], {
    stdout: "pipe",
  });
  return figuresSchema.parse(JSON.parse((await new Response(child.stdout).text()).trim()));
}

/** Terminals of a fresh account, against a station of its own. */
async function terminals(ticksPerFrame: number, gapMillis: number): Promise<Figures> {
  const rig = await startEdge();
  const store = openTerminals({ data: rig.data, keyHex: undefined });
  if (!store.ok) throw new Error(store.message);
  const bridge = new Bridge({
    station: rig.station,
    store: store.value,
    host: "127.0.0.1",
    port: 0,
    tls: undefined,
    symbols: [],
    onProblem: (message) => console.error(message),
  }).listen();
  if (!bridge.ok) throw new Error(bridge.message);
  const login = "5001";
  const { code } = bridge.value.credentials.makeCode("bench", {});
  const enrolled = await enrol(bridge.value.url, code, { login });
  if ("refused" in enrolled) throw new Error(enrolled.refused);
  const counts = [ticksPerFrame, SECONDS, gapMillis].map(String);
  const figures = await client("ticks", bridge.value.url, JSON.stringify(enrolled.token), login, ...counts);
  await bridge.value.stop();
  store.value.close();
  await rig.stop();
  return figures;
}

async function echo(): Promise<Figures> {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request, self) => (self.upgrade(request) ? undefined : new Response("no", { status: 426 })),
    websocket: {
      perMessageDeflate: false,
      message: (socket, message) => {
        socket.send(message);
      },
    },
  });
  const figures = await client("echo", `ws://127.0.0.1:${server.port}`, "", "", "1", String(SECONDS), "0");
  await server.stop(true);
  return figures;
}

export async function bench(emit: Emit): Promise<void> {
  const [bare, single, batch, paced]: [Figures[], Figures[], Figures[], Figures[]] = [[], [], [], []];
  for (let round = 0; round < ROUNDS; round++) {
    bare.push(await echo());
    single.push(await terminals(1, 0));
    batch.push(await terminals(BATCH_TICKS, 0));
    paced.push(await terminals(1, PACED_MILLIS));
  }
  const middle = (all: readonly Figures[], of: keyof Figures): number => median(all.map((each) => each[of]));
  const frames = middle(single, "framesPerSecond");
  const echoes = middle(bare, "framesPerSecond");
  emit({
    name: "mt5",
    metric: "frames of one tick, durable; baseline: a bare WebSocket echo",
    value: frames,
    unit: "messages/s",
    baseline: echoes,
    ratio: frames / echoes,
    bar: ">= 15,000 messages/s",
    met: frames >= MESSAGES_BAR,
  });
  emit({
    name: "mt5",
    metric: `ticks in frames of ${BATCH_TICKS}, durable`,
    value: middle(batch, "framesPerSecond") * BATCH_TICKS,
    unit: "ticks/s",
  });
  const every = `4 connections, a frame each ${PACED_MILLIS} ms`;
  emit({
    name: "mt5",
    metric: `acknowledgement p50, ${every}`,
    value: middle(paced, "p50Micros") / 1_000,
    unit: "ms",
  });
  emit({
    name: "mt5",
    metric: `acknowledgement p99, ${every}`,
    value: middle(paced, "p99Micros") / 1_000,
    unit: "ms",
  });
  await orders(emit);
}

/** Orders to a terminal that reads its socket as the Expert Advisor does, and messages to a bare server that sends them back. */
async function orders(emit: Emit): Promise<void> {
  const rig = await openOrders(TIMER_MILLIS);
  await rig.run(WARM_UP_ORDERS);
  const { histograms } = rig.stages;
  const [total, back]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round++) {
    for (const histogram of Object.values(histograms)) histogram.reset();
    await rig.run(ORDERS_PER_ROUND);
    total.push(histograms.total.quantileMicros(0.99) / 1_000);
    back.push(await roundTrip());
  }
  await rig.stop();
  const value = median(total);
  emit({
    name: "mt5",
    metric: `order to the broker's answer heard, terminal on a timer of ${TIMER_MILLIS} ms, p99; baseline: a bare WebSocket echo's p99`,
    value,
    unit: "ms",
    baseline: median(back),
    ratio: median(back) / value,
    bar: "<= 40 ms",
    met: value <= ORDER_BAR_MILLIS,
  });
}

/** 99th percentile, in milliseconds, of messages there and back, one at a time. */
async function roundTrip(): Promise<number> {
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request, self) => (self.upgrade(request) ? undefined : new Response("no", { status: 426 })),
    websocket: {
      message: (socket, message) => {
        socket.send(message);
      },
    },
  });
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}`);
  const took: number[] = [];
  const done = Promise.withResolvers<void>();
  let sentMillis = 0;
  const say = (): void => {
    sentMillis = performance.now();
    socket.send("x".repeat(ORDER_BYTES));
  };
  socket.onopen = say;
  socket.onmessage = () => {
    took.push(performance.now() - sentMillis);
    if (took.length < ECHOES) say();
    else done.resolve();
  };
  await done.promise;
  await server.stop(true);
  return quantile(Float64Array.from(took), 0.99);
}

if (import.meta.main) await bench((figures) => console.log(JSON.stringify(figures)));
