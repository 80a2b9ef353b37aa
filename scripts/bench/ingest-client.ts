// Sends ticks as fast as they are acknowledged, with so many on their way at once, and prints acknowledged ticks a second.

import { argv } from "node:process";

const [how = "", url = ""] = argv.slice(2);
const SECONDS = 2;
const SOCKETS = 4;
const ON_THE_WAY = 2_000;
const REQUESTS_AT_ONCE = 8;
const TICKS_PER_REQUEST = 100;
const SYMBOLS = ["EURUSD", "GBPUSD", "USDJPY", "USDCHF", "USDCAD", "AUDUSD", "NZDUSD", "XAUUSD"];

let number = 0;
let acknowledged = 0;

function tick(): object {
  number++;
  const bid = 1.08 + (number % 50) / 100_000;
  return { symbol: SYMBOLS[number % SYMBOLS.length], bid, ask: bid + 0.0001, volume: 2 };
}

const start = performance.now();
const isOver = (): boolean => performance.now() - start > SECONDS * 1_000;

async function post(): Promise<void> {
  while (!isOver()) {
    const answer = await fetch(`${url}/api/market`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(Array.from({ length: TICKS_PER_REQUEST }, tick)),
    });
    if (!answer.ok) throw new Error(await answer.text());
    acknowledged += TICKS_PER_REQUEST;
  }
}

async function stream(): Promise<void> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/ws`, { perMessageDeflate: false } as never);
  const done = Promise.withResolvers<void>();
  const say = (): void => socket.send(JSON.stringify({ type: "market", id: "", ticks: [tick()] }));
  socket.onmessage = ({ data }) => {
    const { type, message } = JSON.parse(String(data)) as { type: string; message?: string };
    if (type === "welcome") for (let i = 0; i < ON_THE_WAY / SOCKETS; i++) say();
    if (type === "error") done.reject(new Error(message));
    if (type !== "accepted") return;
    acknowledged++;
    if (isOver()) done.resolve();
    else say();
  };
  await done.promise;
}

if (how === "post") await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, post));
else await Promise.all(Array.from({ length: SOCKETS }, stream));
console.log(acknowledged / ((performance.now() - start) / 1_000));
process.exit(0);
