// A server that speaks WebSocket by hand, so that it can speak it wrongly.

import { createHash } from "node:crypto";
import { WAIT_MILLIS } from "./peer.ts";

interface Behaviour {
  /** How the handshake is answered: rightly, with a wrong digest, as plain HTTP, or with headers without end. */
  readonly accepts: true | "wrong" | "none" | "endless";
  /** What is said after a right handshake. */
  readonly says: readonly Uint8Array[];
}

/** A short text message of a server. */
export function textFrame(text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  return new Uint8Array([0x81, bytes.length, ...bytes]);
}

export class RawServer {
  opened = 0;
  closed = 0;
  readonly heard: number[] = [];
  readonly #listener;

  constructor({ accepts, says }: Behaviour) {
    this.#listener = Bun.listen<{ greeted: boolean }>({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        open: (socket) => {
          socket.data = { greeted: false };
          this.opened++;
        },
        close: () => {
          this.closed++;
        },
        data: (socket, bytes) => {
          if (socket.data.greeted) {
            this.heard.push(...bytes);
            return;
          }
          socket.data.greeted = true;
          const key = /sec-websocket-key: (\S+)/i.exec(bytes.toString())?.[1] ?? "";
          socket.write(answerOf(accepts, key));
          if (accepts === true) for (const said of says) socket.write(said);
        },
      },
    });
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#listener.port}/mt5`;
  }

  async until(look: () => boolean): Promise<void> {
    const deadline = performance.now() + WAIT_MILLIS;
    while (!look()) {
      if (performance.now() > deadline)
        throw new Error(`it did not happen: ${this.opened} opened, ${this.closed} closed`);
      await Bun.sleep(10);
    }
  }

  stop(): void {
    this.#listener.stop(true);
  }
}

function answerOf(accepts: Behaviour["accepts"], key: string): string {
  if (accepts === "none") return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
  if (accepts === "endless") return `HTTP/1.1 101 Switching Protocols\r\nX: ${"x".repeat(20_000)}`;
  const digest = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  const accept = accepts === "wrong" ? "AAAAAAAAAAAAAAAAAAAAAAAAAAA=" : digest;
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
}
