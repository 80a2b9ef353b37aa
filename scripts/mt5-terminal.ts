// A terminal as the protocol has it, in TypeScript: what tests and benches connect to the bridge with. Like the Expert Advisor it numbers
// its ticks per symbol and life, keeps them until they are acknowledged, and sends the rest again after a reconnect. The Expert
// Advisor itself runs in test/mql5.

import { randomBytes } from "node:crypto";
import type { z } from "zod";
import { seal, sessionKey, unseal } from "../edge/mt5/protocol/envelope.ts";
import {
  challengeFrame,
  refuseFrame,
  serverFrame,
  type ServerFrame,
} from "../edge/mt5/protocol/from-server.ts";
import type { accountIdentity, TerminalFrame } from "../edge/mt5/protocol/from-terminal.ts";
import { PROTOCOL_VERSION, TICKS_PER_FRAME_MAX } from "../edge/mt5/protocol/limits.ts";

type Unnumbered<F> = F extends { n: number } ? Omit<F, "n"> : never;
export type ToServer = Unnumbered<TerminalFrame>;
export type FromServer<K extends ServerFrame["t"]> = Extract<ServerFrame, { t: K }>;
type Hello = Extract<TerminalFrame, { t: "hello" }>;
type WireTick = Extract<TerminalFrame, { t: "ticks" }>["ticks"][number];

export interface Credential {
  readonly kind: "code" | "token";
  readonly id: string;
  readonly secret: string;
}

const IDENTITY: z.infer<typeof accountIdentity> = {
  login: "5001",
  server: "Broker-Demo",
  mode: "demo",
  margin: "hedging",
};

export const FIGURES: Hello["figures"] = {
  balance: "10000.00",
  credit: "0",
  equity: "10000.00",
  margin: "0",
  marginFree: "10000.00",
  marginLevel: null,
  profit: "0",
  tradeAllowed: true,
};

/** Facts of a currency pair of five digits, as a broker may spell it. */
export function pairFacts(symbol: string, changes: Partial<Hello["symbols"][number]> = {}) {
  const facts: Hello["symbols"][number] = {
    symbol,
    description: symbol,
    digits: 5,
    point: "0.00001",
    tickSize: "0.00001",
    tickValue: "1",
    contractSize: "100000",
    volumeMin: "0.01",
    volumeMax: "100",
    volumeStep: "0.01",
    volumeLimit: "0",
    stopsLevelPoints: 0,
    freezeLevelPoints: 0,
    fillingMask: 3,
    execution: "market",
    orderMask: 127,
    expirationMask: 15,
    tradeMode: "full",
    currencyBase: symbol.slice(0, 3),
    currencyProfit: symbol.slice(3, 6),
    currencyMargin: symbol.slice(0, 3),
    quoteSessions: [],
    tradeSessions: [],
  };
  return { ...facts, ...changes };
}

/** `<id>-<secret>`, as a person types it. */
export function credentialOf(code: string): Credential {
  const dash = code.indexOf("-");
  return { kind: "code", id: code.slice(0, dash), secret: code.slice(dash + 1) };
}

/** One WebSocket with the protocol's signatures and numbers. */
export class Wire {
  readonly socket: WebSocket;
  readonly frames: ServerFrame[] = [];
  /** The bare or signed refusal, once there was one. */
  refused: { code: string; words: string } | undefined;
  closed: { code: number; reason: string } | undefined;
  onFrame: ((frame: ServerFrame) => void) | undefined;
  readonly #credential: Credential;
  readonly #openText: string;
  readonly #keyed = Promise.withResolvers<boolean>();
  #keys: { terminal: Uint8Array; server: Uint8Array } | undefined;
  #sent = 0;
  #received = 0;
  readonly #wakers: (() => void)[] = [];

  /** @param options.trusts a certificate besides those that everybody trusts, in PEM */
  constructor(
    url: string,
    credential: Credential,
    options: { version?: number; trusts?: string | undefined } = {},
  ) {
    this.#credential = credential;
    this.#openText = JSON.stringify({
      t: "open",
      v: options.version ?? PROTOCOL_VERSION,
      credential: credential.kind,
      id: credential.id,
      nonce: randomBytes(16).toString("hex"),
    });
    const tls = options.trusts === undefined ? {} : { tls: { ca: options.trusts } };
    this.socket = new WebSocket(url, { perMessageDeflate: false, ...tls } as never);
    this.socket.onopen = () => this.socket.send(this.#openText);
    this.socket.onmessage = ({ data }) => this.#hear(String(data));
    this.socket.onclose = ({ code, reason }) => {
      this.closed = { code, reason };
      this.#keyed.resolve(false);
      this.#wake();
    };
  }

  /** Whether the server has answered with its challenge. */
  async keyed(): Promise<boolean> {
    return await this.#keyed.promise;
  }

  send(frame: ToServer): void {
    this.sendBody(JSON.stringify({ ...frame, n: this.#sent + 1 }));
  }

  /** Any text, properly signed; counts as a frame. */
  sendBody(body: string): void {
    if (this.#keys === undefined) throw new Error("no keys before a challenge");
    this.#sent++;
    this.socket.send(seal(this.#keys.terminal, body));
  }

  get nextNumber(): number {
    return this.#sent + 1;
  }

  /** Waits for a frame, of those that come from now on or are here. */
  async frame<K extends ServerFrame["t"]>(
    kind: K,
    fits: (frame: FromServer<K>) => boolean = () => true,
  ): Promise<FromServer<K>> {
    return await this.until(
      `a frame ${kind}`,
      () =>
        this.frames.find((each) => each.t === kind && fits(each as FromServer<K>)) as
          | FromServer<K>
          | undefined,
    );
  }

  async ended(): Promise<{ code: number; reason: string }> {
    return await this.until("the end of the connection", () => this.closed);
  }

  async until<T>(what: string, look: () => T | undefined, patienceMillis = 10_000): Promise<T> {
    const deadline = performance.now() + patienceMillis;
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (performance.now() > deadline) {
        const seen = `refused ${JSON.stringify(this.refused)}, closed ${JSON.stringify(this.closed)}`;
        throw new Error(`${what} did not come; ${seen}`);
      }
      await Promise.race([
        Bun.sleep(20),
        new Promise<void>((wake) => {
          this.#wakers.push(wake);
        }),
      ]);
    }
  }

  close(): void {
    this.socket.close();
  }

  /** The cable is pulled. */
  drop(): void {
    (this.socket as WebSocket & { terminate(): void }).terminate();
  }

  #wake(): void {
    for (const wake of this.#wakers.splice(0)) wake();
  }

  #hear(message: string): void {
    if (this.#keys === undefined) this.#hearBare(message);
    else {
      const body = unseal(this.#keys.server, message);
      if (!body.ok) throw new Error(body.message);
      const frame = serverFrame.parse(JSON.parse(body.value));
      this.#received++;
      if (frame.n !== this.#received) throw new Error(`frame ${frame.n} where ${this.#received} was due`);
      if (frame.t === "refuse") this.refused = { code: frame.code, words: frame.words };
      this.frames.push(frame);
      this.onFrame?.(frame);
    }
    this.#wake();
  }

  #hearBare(message: string): void {
    const json: unknown = JSON.parse(message);
    const refused = refuseFrame.safeParse(json);
    if (refused.success) {
      this.refused = refused.data;
      return;
    }
    challengeFrame.parse(json);
    const opening = { open: this.#openText, challenge: message };
    this.#keys = {
      terminal: sessionKey(this.#credential.secret, "terminal", opening),
      server: sessionKey(this.#credential.secret, "server", opening),
    };
    this.#keyed.resolve(true);
  }
}

interface Stream {
  readonly boot: string;
  readonly symbol: string;
  acked: number;
  last: number;
  /** Those not acknowledged, by number. */
  readonly ticks: Map<number, WireTick>;
  lost: { from: number; to: number } | undefined;
}

export interface MadeTerminalOptions {
  readonly url: string;
  readonly token: Credential;
  readonly account?: Partial<z.infer<typeof accountIdentity>>;
  readonly slot?: number;
  readonly symbols?: Hello["symbols"];
  /** How far broker time is ahead of UTC. */
  readonly brokerAheadMs?: number;
}

/** A terminal with a memory: what it numbered and nobody acknowledged is sent again. */
export class MadeTerminal {
  readonly options: MadeTerminalOptions;
  token: Credential;
  /** A certificate besides those that everybody trusts, in PEM. */
  trusts: string | undefined;
  boot = randomBytes(8).toString("hex");
  readonly streams: Stream[] = [];
  wire: Wire | undefined;

  constructor(options: MadeTerminalOptions) {
    this.options = options;
    this.token = options.token;
  }

  /** The same life, with all it remembers, before another server. */
  at(url: string): MadeTerminal {
    const moved = new MadeTerminal({ ...this.options, url, token: this.token });
    moved.streams.push(...this.streams);
    moved.boot = this.boot;
    return moved;
  }

  get symbols(): Hello["symbols"] {
    return this.options.symbols ?? [pairFacts("EURUSD"), pairFacts("GBPUSD")];
  }

  /** Started anew: numbers begin again, what is owed stays. */
  reboot(): void {
    this.boot = randomBytes(8).toString("hex");
  }

  hello(changes: Partial<Hello> = {}): ToServer {
    return {
      t: "hello",
      v: PROTOCOL_VERSION,
      eaVersion: "1.00",
      terminalBuild: 5_000,
      boot: this.boot,
      slot: this.options.slot ?? 0,
      account: { ...IDENTITY, ...this.options.account },
      currency: "EUR",
      currencyDigits: 2,
      leverage: 100,
      company: "Broker",
      brokerOffsetSeconds: (this.options.brokerAheadMs ?? 7_200_000) / 1_000,
      monotonicMs: Math.floor(performance.now()),
      symbols: this.symbols,
      streams: this.streams
        .filter(({ last, acked }) => last > acked)
        .map(({ boot, symbol, acked, last }) => ({ boot, symbol, acked, last })),
      epoch: 0,
      commandSeq: 0,
      killed: false,
      figures: FIGURES,
      ...changes,
    };
  }

  /** Connects and greets; the welcome's acknowledgements are taken to heart. Undefined where it was refused. */
  async connect(changes: Partial<Hello> = {}): Promise<Wire | undefined> {
    const wire = new Wire(this.options.url, this.token, { trusts: this.trusts });
    this.wire = wire;
    wire.onFrame = (frame) => this.#hear(wire, frame);
    if (!(await wire.keyed())) return undefined;
    wire.send(this.hello(changes));
    return await wire
      .until("an answer to the greeting", () => {
        if (wire.frames.some(({ t }) => t === "welcome")) return wire;
        return wire.refused === undefined && wire.closed === undefined ? undefined : null;
      })
      .then((welcomed) => welcomed ?? undefined);
  }

  stream(symbol: string, boot = this.boot): Stream {
    const known = this.streams.find((each) => each.boot === boot && each.symbol === symbol);
    if (known !== undefined) return known;
    const made: Stream = { boot, symbol, acked: 0, last: 0, ticks: new Map(), lost: undefined };
    this.streams.push(made);
    return made;
  }

  /** One more tick of `symbol`, kept; nothing is sent. */
  tick(symbol: string, bid: number, digits = 5): number {
    const stream = this.stream(symbol);
    stream.last++;
    const brokerMs = Date.now() + (this.options.brokerAheadMs ?? 7_200_000);
    const spread = 2 * 10 ** -digits;
    stream.ticks.set(stream.last, [
      brokerMs,
      bid.toFixed(digits),
      (bid + spread).toFixed(digits),
      "0",
      "0",
      6,
    ]);
    return stream.last;
  }

  /** The ring was too small: the oldest of a stream up to `to` are gone. */
  overflow(stream: Stream, to: number): void {
    const from = Math.min(...stream.ticks.keys());
    for (let seq = from; seq <= to; seq++) stream.ticks.delete(seq);
    stream.lost = { from: stream.lost?.from ?? from, to };
  }

  /** Sends a stream's numbers `from` to `to`, those that are kept. */
  sendTicks(stream: Stream, from: number, to: number, backfill: boolean): void {
    const ticks: WireTick[] = [];
    for (let seq = from; seq <= to; seq++) {
      const tick = stream.ticks.get(seq);
      if (tick !== undefined) ticks.push(tick);
    }
    if (ticks.length === 0) return;
    this.wire?.send({
      t: "ticks",
      boot: stream.boot,
      symbol: stream.symbol,
      from,
      backfill,
      drainedMonotonicMs: Math.floor(performance.now()),
      ticks,
    });
  }

  /** Everything that is not acknowledged, once more: gaps first, then ticks as they are numbered. */
  resend(): void {
    for (const stream of this.streams) {
      if (stream.lost !== undefined) this.sendGap(stream, stream.lost);
      const numbers = [...stream.ticks.keys()].filter((seq) => seq > stream.acked);
      for (let at = 0; at < numbers.length; at += TICKS_PER_FRAME_MAX) {
        const part = numbers.slice(at, at + TICKS_PER_FRAME_MAX);
        this.sendTicks(stream, part[0] ?? 1, part.at(-1) ?? 0, true);
      }
    }
  }

  sendGap(stream: Stream, { from, to }: { from: number; to: number }): void {
    const { boot, symbol } = stream;
    const at = Date.now();
    this.wire?.send({
      t: "gap",
      boot,
      symbol,
      reason: "overflow",
      from,
      to,
      fromBrokerMs: at,
      toBrokerMs: at,
    });
  }

  /** Until nothing is owed. */
  async settled(): Promise<void> {
    await this.wire?.until("the last acknowledgement", () =>
      this.streams.every(({ acked, last }) => acked >= last) ? true : undefined,
    );
  }

  #hear(wire: Wire, frame: ServerFrame): void {
    if (frame.t === "token") {
      const { id, secret } = frame.token;
      this.token = { kind: "token", id, secret };
      wire.send({ t: "token-kept", id });
    }
    if (frame.t !== "ack" && frame.t !== "welcome") return;
    for (const { boot, symbol, seq } of frame.acks) {
      const stream = this.streams.find((each) => each.boot === boot && each.symbol === symbol);
      if (stream === undefined || seq <= stream.acked) continue;
      if (seq > stream.last) throw new Error(`${symbol} ${seq} acknowledged, ${stream.last} is the last`);
      for (let gone = stream.acked + 1; gone <= seq; gone++) stream.ticks.delete(gone);
      stream.acked = seq;
      if (stream.lost !== undefined && seq >= stream.lost.to) stream.lost = undefined;
    }
  }
}

/** Exchanges a code for a token; undefined where it was refused. */
export async function enrol(
  url: string,
  code: string,
  account: Partial<z.infer<typeof accountIdentity>> = {},
): Promise<{ token: Credential; expiresAtMs: number } | { refused: string }> {
  const wire = new Wire(url, credentialOf(code));
  if (!(await wire.keyed())) return { refused: wire.refused?.code ?? "closed" };
  wire.send({ t: "enrol", account: { ...IDENTITY, ...account } });
  const answer = await wire.until("an answer to a code", () => {
    const enrolled = wire.frames.find((frame) => frame.t === "enrolled");
    return enrolled ?? wire.refused;
  });
  wire.close();
  if ("code" in answer) return { refused: answer.code };
  const { id, secret, expiresAtMs } = answer.token;
  return { token: { kind: "token", id, secret }, expiresAtMs };
}
