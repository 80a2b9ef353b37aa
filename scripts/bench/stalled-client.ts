// Clients that measure how long messages were under way, and with "stalled" one more that never reads: prints the p99 of
// the others in milliseconds once they have heard so many.

import { argv } from "node:process";
import { quantile } from "./row.ts";

const [url = "", clients = "1", messages = "1", stalled = ""] = argv.slice(2);
const total = Number(clients) * Number(messages);
const millis: number[] = [];
let open = 0;

function isOpen(): void {
  if (++open === Number(clients) + (stalled === "" ? 0 : 1)) console.log("ready");
}

/** Shakes hands, asks for everything, and leaves what comes lying in its socket. */
async function stall(): Promise<void> {
  const { hostname, port, pathname } = new URL(url);
  const socket = await Bun.connect({ hostname, port: Number(port), socket: { data: () => undefined } });
  socket.write(
    `GET ${pathname} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  await Bun.sleep(200);
  const text = Buffer.from('{"type":"subscribe","topic":"order"}');
  socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]));
  await Bun.sleep(200);
  socket.pause();
  isOpen();
}

for (let i = 0; i < Number(clients); i++) {
  const socket = new WebSocket(url, { perMessageDeflate: false } as never);
  socket.onopen = () => {
    socket.send('{"type":"subscribe","topic":"order"}');
    setTimeout(isOpen, 300);
  };
  socket.onmessage = ({ data }) => {
    const sentAt = /"status":"([\d.]+)"/.exec(String(data))?.[1];
    if (sentAt === undefined) return;
    millis.push(performance.timeOrigin + performance.now() - Number(sentAt));
    if (millis.length === total) console.log(`p99 ${quantile(Float64Array.from(millis), 0.99)}`);
  };
}
if (stalled !== "") await stall();
