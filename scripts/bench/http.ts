// What the way through guard, routing, state and JSON costs a request: GET /api/v1/symbols against a bare server that answers
// the same bytes. The client is a process of its own.

import { join } from "node:path";
import { type EdgeRig, startEdge } from "../edge-rig.ts";
import { type Emit, median } from "./row.ts";

const ROUNDS = 7;
const RATIO_BAR = 0.6;

export async function bench(emit: Emit): Promise<void> {
  const rig: EdgeRig = await startEdge();
  for (const symbol of ["EURUSD", "GBPUSD", "USDJPY"]) {
    await rig.post("/api/market", { symbol, bid: 1.0855, ask: 1.0856 });
  }
  const answer = await fetch(`${rig.server.url}/api/v1/symbols`);
  const bytes = await answer.text();
  const headers = { "content-type": "application/json" };
  const bare = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response(bytes, { headers }) });
  const urls = {
    ours: `${rig.server.url}/api/v1/symbols`,
    bare: `http://127.0.0.1:${bare.port}/api/v1/symbols`,
  };
  const rates = { ours: [] as number[], bare: [] as number[] };
  // The first round is the compiler's. The two take turns, so that the machine's moods fall on both.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const which of ["bare", "ours"] as const) {
      const rate = await load(urls[which]);
      if (round > 0) rates[which].push(rate);
    }
  }
  await bare.stop(true);
  await rig.stop();
  const value = median(rates.ours);
  const baseline = median(rates.bare);
  emit({
    name: "http",
    metric: `GET /api/v1/symbols, ${bytes.length} bytes, through everything`,
    value,
    unit: "requests/s",
    baseline,
    ratio: value / baseline,
    bar: `>= ${RATIO_BAR} of a bare Bun.serve`,
    met: value / baseline >= RATIO_BAR,
  });
}

/** Requests a second, as another process sees it. */
async function load(url: string): Promise<number> {
  const client = Bun.spawn([process.execPath, join(import.meta.dir, "http-client.ts"), url], {
    stdout: "pipe",
  });
  return Number((await new Response(client.stdout).text()).trim());
}

if (import.meta.main) await bench((figures) => console.log(JSON.stringify(figures)));
