// One message to many clients: the stream with its sequences and rings against a bare publish of the same bytes. The clients
// live in a process of their own; time runs until the last of them has heard everything. And what one client that never reads
// does to the others.

import { join } from "node:path";
import { type EdgeRig, startEdge } from "../edge-rig.ts";
import type { OrderMessage } from "../../edge/api/schemas.ts";
import { type Emit, median } from "./row.ts";

const CLIENTS = 200;
const MESSAGES = 2_000;
const ROUNDS = 5;
/** Messages published before sockets get their turn. */
const TURN = 20;
const RATIO_BAR = 0.6;
/** One of them stalled. */
const MANY = 1_000;
const PACED_MESSAGES = 400;
const PACE_MILLIS = 25;
/** So much that what the stalled one is owed outgrows its socket's buffers. */
const PADDING = 16_000;
const STALLED_ROUNDS = 3;

const ORDER: OrderMessage = {
  id: "paper-000000001",
  seq: 1,
  time: "2026-01-01T00:00:00.000Z",
  event: "intent",
  symbol: "EURUSD",
  purpose: "entry",
  side: "BUY",
  lots: 1,
  price: 1.0855,
  status: "",
  reason: "signal:trend",
  positionId: null,
  signalId: 17,
};

export async function bench(emit: Emit): Promise<void> {
  await throughput(emit);
  await besideStalled(emit);
}

async function throughput(emit: Emit): Promise<void> {
  const rig = await startEdge();
  const { hub } = rig.server.stream;
  const bare = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (request, server) => (server.upgrade(request, { data: undefined }) ? undefined : new Response("")),
    websocket: { open: (socket) => void socket.subscribe("order"), message: () => undefined },
  });
  const frame = JSON.stringify({ type: "order", data: ORDER, timestamp: ORDER.time, sequence: 123_456 });
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const bareRate = await deliver(`ws://127.0.0.1:${bare.port}/`, () => bare.publish("order", frame));
    const ourRate = await deliver(rig.socketUrl, () => hub.publish("order", ORDER, "EURUSD"));
    // The first round is the compiler's.
    if (round === 0) continue;
    theirs.push(bareRate);
    ours.push(ourRate);
  }
  await bare.stop(true);
  await rig.stop();
  const value = median(ours);
  const baseline = median(theirs);
  emit({
    name: "fanout",
    metric: `messages delivered to ${CLIENTS} clients, ${frame.length} bytes each`,
    value,
    unit: "messages/s",
    baseline,
    ratio: value / baseline,
    bar: `>= ${RATIO_BAR} of a bare publish`,
    met: value / baseline >= RATIO_BAR,
  });
}

/** How much later the others hear when one of them stopped reading: its messages are kept until it is closed. */
async function besideStalled(emit: Emit): Promise<void> {
  const rig = await startEdge();
  const p99s: Record<"alone" | "beside", number[]> = { alone: [], beside: [] };
  const { clients } = rig.server.stream;
  for (let round = 0; round <= STALLED_ROUNDS; round++) {
    for (const kind of ["alone", "beside"] as const) {
      const p99 = await heardAfter(rig, kind === "beside");
      if (round > 0) p99s[kind].push(p99);
    }
  }
  const closed = clients.closedAsTooSlow;
  await rig.stop();
  const value = median(p99s.beside);
  const baseline = median(p99s.alone);
  emit({
    name: "fanout",
    metric: `p99 of ${MANY - 1} clients beside a stalled one, ${PADDING} bytes each`,
    value,
    unit: "ms",
    baseline,
    ratio: baseline / value,
    bar: "< 1.1 x of the same clients without it",
    met: value < 1.1 * baseline,
  });
  emit({ name: "fanout", metric: "stalled clients that were closed", value: closed, unit: "clients" });
}

async function heardAfter({ socketUrl, server }: EdgeRig, stalled: boolean): Promise<number> {
  const script = join(import.meta.dir, "stalled-client.ts");
  const args = [socketUrl, String(MANY - 1), String(PACED_MESSAGES), ...(stalled ? ["stalled"] : [])];
  const client = Bun.spawn([process.execPath, script, ...args], { stdout: "pipe" });
  const reader = client.stdout.getReader();
  await reader.read();
  const reason = "x".repeat(PADDING);
  for (let sent = 0; sent < PACED_MESSAGES; sent++) {
    const status = String(performance.timeOrigin + performance.now());
    server.stream.hub.publish("order", { ...ORDER, reason, status }, "EURUSD");
    await Bun.sleep(PACE_MILLIS);
  }
  const word = new TextDecoder().decode((await reader.read()).value);
  client.kill();
  await client.exited;
  return Number(/p99 ([\d.]+)/.exec(word)?.[1]);
}

/** Deliveries a second. */
async function deliver(url: string, publish: () => unknown): Promise<number> {
  const client = Bun.spawn(
    [process.execPath, join(import.meta.dir, "fanout-client.ts"), url, String(CLIENTS), String(MESSAGES)],
    { stdout: "pipe" },
  );
  const reader = client.stdout.getReader();
  await reader.read();
  const start = performance.now();
  for (let sent = 0; sent < MESSAGES; sent++) {
    publish();
    if (sent % TURN === TURN - 1) await Bun.sleep(0);
  }
  await reader.read();
  const seconds = (performance.now() - start) / 1_000;
  client.kill();
  return (CLIENTS * MESSAGES) / seconds;
}

if (import.meta.main) await bench((figures) => console.log(JSON.stringify(figures)));
