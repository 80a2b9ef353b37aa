// Terminals' ticks into the journal: each frame signed, checked, mapped, journaled and gone through actors, acknowledged when durable.
// Beside it a bare WebSocket server that sends back what it gets, in the same run. Terminals are a process of their own.

import { join } from "node:path";
import { z } from "zod";
import { Bridge } from "../../edge/mt5/bridge.ts";
import { openTerminals } from "../../storage/terminals/store.ts";
import { startEdge } from "../edge-rig.ts";
import { enrol } from "../mt5-terminal.ts";
import { type Emit, median } from "./row.ts";

const ROUNDS = 3;
const SECONDS = 3;
const MESSAGES_BAR = 15_000;
const BATCH_TICKS = 100;
/** Between frames of each of the four connections where latency is measured: a lively market. */
const PACED_MILLIS = 5;

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
}

if (import.meta.main) await bench((figures) => console.log(JSON.stringify(figures)));
