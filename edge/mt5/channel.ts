// One socket as the protocol has it: signed both ways, numbered both ways. What is not authentic is never parsed, and what does not
// leave ends the connection, since its number would be missing at the other side.

import type { ServerWebSocket } from "bun";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import { seal, sessionKey, unseal } from "./protocol/envelope.ts";
import type { refuseFrame, ServerFrame } from "./protocol/from-server.ts";
import { terminalFrame, type TerminalFrame } from "./protocol/from-terminal.ts";
import type { z } from "zod";

export type RefusalCode = z.infer<typeof refuseFrame>["code"];

/** Of each kind of frame, without its number: that is given when it leaves. */
type Unnumbered<F> = F extends { n: number } ? Omit<F, "n"> : never;
export type Outgoing = Unnumbered<ServerFrame>;

/** Why a message was not understood; counted by these names. */
export type HostileKind =
  | "binary"
  | "malformed-envelope"
  | "bad-mac"
  | "malformed-json"
  | "bad-frame"
  | "bad-number";

const CLOSE_POLICY = 1008;
const WORDS_MAX = 256;

export interface ChannelSocket extends Pick<ServerWebSocket<unknown>, "send" | "close" | "terminate"> {}

export class Channel {
  readonly #socket: ChannelSocket;
  #keys: { readonly terminal: Uint8Array; readonly server: Uint8Array } | undefined;
  #sent = 0;
  #received = 0;
  #isOpen = true;

  constructor(socket: ChannelSocket) {
    this.#socket = socket;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Both opening messages have gone: everything from here on is signed. */
  key(secret: string, opening: { open: string; challenge: string }): void {
    this.#keys = {
      terminal: sessionKey(secret, "terminal", opening),
      server: sessionKey(secret, "server", opening),
    };
  }

  /** The next frame in `message`. */
  receive(message: string): Result<TerminalFrame, HostileKind> {
    if (this.#keys === undefined) return failure("bad-frame", "a signed frame before there are keys");
    const body = unseal(this.#keys.terminal, message);
    if (!body.ok) return body;
    let json: unknown;
    try {
      json = JSON.parse(body.value);
    } catch {
      return failure("malformed-json", "a frame is no JSON");
    }
    const parsed = terminalFrame.safeParse(json);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      return failure("bad-frame", `a frame is not of version 1: ${issue?.path.join(".")}: ${issue?.message}`);
    }
    if (parsed.data.n !== this.#received + 1) {
      return failure("bad-number", `frame ${parsed.data.n} came where ${this.#received + 1} was due`);
    }
    this.#received++;
    return ok(parsed.data);
  }

  /** False, and closed, when it could not leave. */
  send(frame: Outgoing): boolean {
    if (this.#keys === undefined) return false;
    this.#sent++;
    return this.#write(seal(this.#keys.server, JSON.stringify({ ...frame, n: this.#sent })));
  }

  /** A message of the opening, which nobody can sign yet. */
  sendBare(text: string): boolean {
    return this.#write(text);
  }

  /** Says why and closes. */
  refuse(code: RefusalCode, why: string): void {
    if (!this.#isOpen) return;
    const frame = { t: "refuse" as const, code, words: why.slice(0, WORDS_MAX) };
    if (this.#keys === undefined) this.sendBare(JSON.stringify(frame));
    else this.send(frame);
    this.end(code);
  }

  end(why: string): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#socket.close(CLOSE_POLICY, why);
  }

  /** The socket is gone. */
  gone(): void {
    this.#isOpen = false;
  }

  #write(text: string): boolean {
    if (!this.#isOpen) return false;
    // 0: dropped, because the other side does not read.
    if (this.#socket.send(text) !== 0) return true;
    this.#isOpen = false;
    this.#socket.terminate();
    return false;
  }
}
