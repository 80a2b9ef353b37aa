// Asks one address as fast as it answers, for a while, over a few connections, and prints requests a second.

import { connect, type Socket } from "node:net";

const SECONDS = 1;
const CONNECTIONS = 16;

const url = new URL(process.argv[2] ?? "");
const request = `GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`;
let answered = 0;
let stopped = false;

/** Reads answers by their length, and asks again after each. */
function ask(socket: Socket): void {
  let missing = 0;
  let head = "";
  socket.on("data", (chunk: Buffer) => {
    let rest = chunk;
    while (rest.length > 0) {
      if (missing === 0) {
        head += rest.toString("latin1");
        const end = head.indexOf("\r\n\r\n");
        if (end < 0) return;
        const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
        const consumed = end + 4 - (head.length - rest.length);
        head = "";
        missing = length;
        rest = rest.subarray(consumed);
      }
      const taken = Math.min(missing, rest.length);
      missing -= taken;
      rest = rest.subarray(taken);
      if (missing === 0) {
        answered++;
        if (!stopped) socket.write(request);
      }
    }
  });
  socket.write(request);
}

const sockets = Array.from({ length: CONNECTIONS }, () =>
  connect({ host: url.hostname, port: Number(url.port), noDelay: true }),
);
for (const socket of sockets) socket.on("connect", () => ask(socket));
const start = performance.now();
await Bun.sleep(SECONDS * 1_000);
stopped = true;
console.log(answered / ((performance.now() - start) / 1_000));
process.exit(0);
