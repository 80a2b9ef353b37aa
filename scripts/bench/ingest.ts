// Ticks from outside, each acknowledged once it is durable and has gone through actors: over HTTP in batches and over sockets,
// one tick a message. Clients are processes of their own.

import { join } from "node:path";
import { startEdge } from "../edge-rig.ts";
import { type Emit, median } from "./row.ts";

const ROUNDS = 3;
const MESSAGES_BAR = 15_000;

export async function bench(emit: Emit): Promise<void> {
  for (const [how, metric, bar] of [
    ["post", "POST /api/market, 100 ticks a request", undefined],
    ["socket", "WebSocket, one tick a message", MESSAGES_BAR],
  ] as const) {
    const rates: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const rig = await startEdge();
      const client = Bun.spawn(
        [process.execPath, join(import.meta.dir, "ingest-client.ts"), how, rig.server.url],
        { stdout: "pipe" },
      );
      rates.push(Number((await new Response(client.stdout).text()).trim()));
      await rig.stop();
    }
    const value = median(rates);
    emit({
      name: "ingest",
      metric: `${metric}, durable`,
      value,
      unit: how === "post" ? "ticks/s" : "messages/s",
      ...(bar === undefined ? {} : { bar: ">= 15,000 messages/s", met: value >= bar }),
    });
  }
}

if (import.meta.main) await bench((figures) => console.log(JSON.stringify(figures)));
