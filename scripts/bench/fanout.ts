// One message to many clients: the stream with its sequences and rings against a bare publish of the same bytes. The clients
// live in a process of their own; time runs until the last of them has heard everything.

import { join } from "node:path";
import { startEdge } from "../edge-rig.ts";
import type { OrderMessage } from "../../edge/api/schemas.ts";
import { type Emit, median } from "./row.ts";

const CLIENTS = 200;
const MESSAGES = 2_000;
const ROUNDS = 5;
/** Messages published before sockets get their turn. */
const TURN = 20;
const RATIO_BAR = 0.6;

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
