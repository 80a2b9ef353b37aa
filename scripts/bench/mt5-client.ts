// Terminals that send ticks as fast as they are acknowledged, with so many frames on their way at once, and print what came of it: frames
// a second and how long acknowledgements took. Or the same messages to a server that only sends them back.

import { argv } from "node:process";
import { type Credential, MadeTerminal, pairFacts } from "../mt5-terminal.ts";
import { quantile } from "./row.ts";

const [how = "", url = "", tokenText = "", account = "", ticksText = "1", secondsText = "3", gapText = "0"] =
  argv.slice(2);
const TICKS_PER_FRAME = Number(ticksText);
const SECONDS = Number(secondsText);
/** Milliseconds between frames of a connection; 0 for as fast as it goes. */
const GAP_MILLIS = Number(gapText);
const SYMBOLS = ["EURUSD", "GBPUSD", "AUDUSD", "NZDUSD"];
const ON_THE_WAY = 256;
/** The first second warms up. */
const WARM_MILLIS = 1_000;

const start = performance.now();
const elapsed = (): number => performance.now() - start;
let frames = 0;
let measuredMillis = 0;
const tookMicros: number[] = [];

function count(sentMillis: number, answered: number): void {
  if (elapsed() < WARM_MILLIS) return;
  frames += answered;
  measuredMillis = elapsed() - WARM_MILLIS;
  tookMicros.push((performance.now() - sentMillis) * 1_000);
}

const isOver = (): boolean => elapsed() > SECONDS * 1_000 + WARM_MILLIS;

/** One connection with a symbol of its own. */
async function chart(slot: number): Promise<void> {
  const symbol = SYMBOLS[slot] ?? "";
  const token = JSON.parse(tokenText) as Credential;
  const terminal = new MadeTerminal({
    url,
    token,
    slot,
    account: { login: account },
    symbols: [pairFacts(symbol)],
  });
  const wire = await terminal.connect();
  if (wire === undefined) throw new Error("refused");
  const stream = terminal.stream(symbol);
  /** Last number of each frame on its way, with when it left. */
  const sent: { to: number; atMillis: number }[] = [];
  const say = (): void => {
    const from = stream.last + 1;
    for (let i = 0; i < TICKS_PER_FRAME; i++) terminal.tick(symbol, 1.1 + ((from + i) % 100) / 1e5);
    sent.push({ to: stream.last, atMillis: performance.now() });
    terminal.sendTicks(stream, from, stream.last, false);
  };
  const done = Promise.withResolvers<void>();
  const hear = wire.onFrame;
  wire.onFrame = (frame) => {
    hear?.(frame);
    if (frame.t === "refuse") done.reject(new Error(frame.words));
    let answered = 0;
    for (let next = sent[0]; next !== undefined && next.to <= stream.acked; next = sent[0]) {
      sent.shift();
      answered++;
      count(next.atMillis, 1);
    }
    if (isOver()) done.resolve();
    else if (GAP_MILLIS === 0) for (let i = 0; i < answered; i++) say();
  };
  if (GAP_MILLIS === 0) for (let i = 0; i < ON_THE_WAY; i++) say();
  const beat = GAP_MILLIS === 0 ? undefined : setInterval(say, GAP_MILLIS);
  await done.promise;
  clearInterval(beat);
}

/** A message as long as a frame of one tick. */
async function echo(): Promise<void> {
  const socket = new WebSocket(url, { perMessageDeflate: false } as never);
  const message = "x".repeat(64 + 230);
  const done = Promise.withResolvers<void>();
  const sent: number[] = [];
  const say = (): void => {
    sent.push(performance.now());
    socket.send(message);
  };
  socket.onopen = () => {
    for (let i = 0; i < ON_THE_WAY; i++) say();
  };
  socket.onmessage = () => {
    count(sent.shift() ?? 0, 1);
    if (isOver()) done.resolve();
    else say();
  };
  await done.promise;
}

await Promise.all(SYMBOLS.map(async (_, slot) => await (how === "echo" ? echo() : chart(slot))));
console.log(
  JSON.stringify({
    framesPerSecond: frames / (measuredMillis / 1_000),
    p50Micros: quantile(Float64Array.from(tookMicros), 0.5),
    p99Micros: quantile(Float64Array.from(tookMicros), 0.99),
  }),
);
process.exit(0);
