// The server's side of the protocol, on the real schemas and a real WebSocket: as much of it as tests of the terminal need. Every
// frame that comes in is checked by signature, number and schema; whatever is wrong with one fails the test that waits.

import type { Server, ServerWebSocket } from "bun";
import { seal, sessionKey, unseal } from "../../edge/mt5/protocol/envelope.ts";
import {
  challengeFrame,
  refuseFrame,
  serverFrame,
  type ServerFrame,
} from "../../edge/mt5/protocol/from-server.ts";
import { openFrame, terminalFrame, type TerminalFrame } from "../../edge/mt5/protocol/from-terminal.ts";
import { FROM_TERMINAL_BYTES_MAX, PROTOCOL_VERSION } from "../../edge/mt5/protocol/limits.ts";

/** On a busy machine everything takes longer; beyond this it does not happen. */
export const WAIT_MILLIS = 12_000;

type Kind = TerminalFrame["t"];
type Frame<K extends Kind> = Extract<TerminalFrame, { t: K }>;
type Unnumbered<F> = F extends { n: number } ? Omit<F, "n"> : never;
export type Outgoing = Unnumbered<ServerFrame>;

const LIMITS = {
  heartbeatMs: 50,
  silentMsMax: 10_000,
  flattenAfterMs: null as number | null,
  clockAgeMsMax: 10_000,
  scanMs: 60,
  calendarHours: 0,
};

export interface Manners {
  limits: typeof LIMITS;
  mode: "active" | "reduce" | "halt";
  /** Ticks are acknowledged as they come. */
  acknowledges: boolean;
  answersHeartbeats: boolean;
  /** The epoch that is fenced after a snapshot; 0 for none. */
  epoch: number;
  reconciles: boolean;
  dealsSinceBrokerMs: number;
  /** What `serverMs` says is off by so much: nobody's clock but the server's counts. */
  clockOffMs: number;
}

interface Data {
  session: Session | undefined;
}

/** One connection. */
export class Session {
  readonly frames: TerminalFrame[] = [];
  readonly socket: ServerWebSocket<Data>;
  opening: { open: string; challenge: string } | undefined;
  secret = "";
  closed: { code: number; reason: string } | undefined;
  #sent = 0;
  #received = 0;

  constructor(socket: ServerWebSocket<Data>) {
    this.socket = socket;
  }

  key(direction: "terminal" | "server"): Uint8Array {
    if (this.opening === undefined) throw new Error("no keys before a challenge");
    return sessionKey(this.secret, direction, this.opening);
  }

  take(message: string): TerminalFrame {
    const body = unseal(this.key("terminal"), message);
    if (!body.ok) throw new Error(body.message);
    const frame = terminalFrame.parse(JSON.parse(body.value));
    this.#received++;
    if (frame.n !== this.#received) throw new Error(`frame ${frame.n} where ${this.#received} was due`);
    this.frames.push(frame);
    return frame;
  }

  /** A frame as the schemas want it. */
  send(frame: Outgoing): void {
    this.sendBody({ ...frame, n: this.#sent + 1 });
  }

  sendBody(frame: ServerFrame): void {
    this.sendSigned(JSON.stringify(serverFrame.parse(frame)));
  }

  /** Anything, properly signed. */
  sendSigned(body: string): void {
    this.#sent++;
    this.socket.send(seal(this.key("server"), body));
  }

  /** Number that a signed frame of a test must carry to be the next. */
  get next(): number {
    return this.#sent + 1;
  }
}

export class Peer {
  readonly sessions: Session[] = [];
  readonly manners: Manners = {
    limits: { ...LIMITS },
    mode: "active",
    acknowledges: true,
    answersHeartbeats: true,
    epoch: 1,
    reconciles: true,
    dealsSinceBrokerMs: 0,
    clockOffMs: 0,
  };
  /** By id: kind and secret of what is accepted. */
  readonly credentials = new Map<string, { kind: "code" | "token"; secret: string }>();
  /** Ticks by `boot symbol`, each by its number. */
  readonly ticks = new Map<string, Map<number, string>>();
  readonly gaps: Frame<"gap">[] = [];
  /** Every kind of frame that was ever sent, for the sake of saying so. */
  fault: Error | undefined;
  refusesAll: string | undefined;
  #server: Server<Data>;
  #wakers: (() => void)[] = [];
  #tokens = 0;
  readonly #port: number;

  constructor() {
    this.credentials.set("CODE01", { kind: "code", secret: "a-one-time-code-of-128bits" });
    this.#server = this.#listen(0);
    this.#port = this.#server.port ?? 0;
  }

  #listen(port: number): Server<Data> {
    return Bun.serve<Data>({
      hostname: "127.0.0.1",
      port,
      fetch: (request, server) =>
        server.upgrade(request, { data: { session: undefined } })
          ? undefined
          : new Response("no", { status: 426 }),
      websocket: {
        maxPayloadLength: FROM_TERMINAL_BYTES_MAX,
        perMessageDeflate: false,
        message: (socket, message) => {
          this.#message(socket, message);
        },
        close: (socket, code, reason) => {
          if (socket.data.session !== undefined) socket.data.session.closed = { code, reason };
          this.#wake();
        },
      },
    });
  }

  get url(): string {
    return `ws://127.0.0.1:${this.#port}/mt5`;
  }

  get code(): string {
    return "CODE01-a-one-time-code-of-128bits";
  }

  /** The newest connection that got as far as `open`. */
  get session(): Session {
    const session = this.sessions.at(-1);
    if (session === undefined) throw new Error("nobody has connected");
    return session;
  }

  #wake(): void {
    for (const wake of this.#wakers.splice(0)) wake();
  }

  #message(socket: ServerWebSocket<Data>, message: string | Buffer): void {
    try {
      if (typeof message !== "string") throw new Error("a binary message from the terminal");
      for (const { secret } of this.credentials.values())
        if (message.includes(secret)) throw new Error("a secret on the wire");
      if (socket.data.session === undefined) this.#open(socket, message);
      else this.#answer(socket.data.session, socket.data.session.take(message));
    } catch (error) {
      this.fault ??= error instanceof Error ? error : new Error(String(error));
    }
    this.#wake();
  }

  #open(socket: ServerWebSocket<Data>, message: string): void {
    const open = openFrame.parse(JSON.parse(message));
    const known = this.credentials.get(open.id);
    const code = this.refusesAll ?? (known?.kind === open.credential ? undefined : "unknown-credential");
    const session = new Session(socket);
    socket.data.session = session;
    this.sessions.push(session);
    if (code !== undefined || known === undefined) {
      socket.send(JSON.stringify(refuseFrame.parse({ t: "refuse", code, words: "by the test" })));
      socket.close(1008);
      return;
    }
    const nonce = crypto.randomUUID().replaceAll("-", "");
    const challenge = JSON.stringify(challengeFrame.parse({ t: "challenge", v: PROTOCOL_VERSION, nonce }));
    session.secret = known.secret;
    session.opening = { open: message, challenge };
    socket.send(challenge);
  }

  #serverMs(): number {
    return Date.now() + this.manners.clockOffMs;
  }

  /** A new token; accepted from now on. */
  issue(): { id: string; secret: string; expiresAtMs: number } {
    const id = `TOKEN${++this.#tokens}`;
    const secret = crypto.randomUUID();
    this.credentials.set(id, { kind: "token", secret });
    return { id, secret, expiresAtMs: this.#serverMs() + 86_400_000 };
  }

  durable(boot: string, symbol: string): number {
    let seq = 0;
    const stored = this.ticks.get(`${boot} ${symbol}`);
    const lost = this.gaps.filter((gap) => gap.boot === boot && gap.symbol === symbol);
    for (;;) {
      const next = seq + 1;
      const gap = lost.find(({ from, to }) => from !== null && to !== null && from <= next && next <= to);
      if (stored?.has(next) === true) seq = next;
      else if (gap?.to !== undefined && gap.to !== null) seq = gap.to;
      else return seq;
    }
  }

  #answer(session: Session, frame: TerminalFrame): void {
    const { manners } = this;
    switch (frame.t) {
      case "enrol":
        session.send({ t: "enrolled", token: this.issue() });
        break;
      case "hello":
        session.send({
          t: "welcome",
          session: `s${this.sessions.length}`,
          serverMs: this.#serverMs(),
          limits: manners.limits,
          mode: manners.mode,
          dealsSinceBrokerMs: manners.dealsSinceBrokerMs,
          acks: frame.streams.map(({ boot, symbol }) => ({ boot, symbol, seq: this.durable(boot, symbol) })),
        });
        break;
      case "snapshot":
        if (frame.last && manners.epoch > 0) session.send({ t: "fence", epoch: manners.epoch });
        break;
      case "fenced":
        if (manners.reconciles) session.send({ t: "reconciled" });
        break;
      case "heartbeat":
        if (manners.answersHeartbeats)
          session.send({ t: "heartbeat", beat: frame.beat, serverMs: this.#serverMs() });
        break;
      case "ticks":
        this.#keep(session, frame);
        break;
      case "gap":
        this.gaps.push(frame);
        break;
      default:
    }
  }

  #keep(session: Session, frame: Frame<"ticks">): void {
    const name = `${frame.boot} ${frame.symbol}`;
    const stored = this.ticks.get(name) ?? new Map<number, string>();
    this.ticks.set(name, stored);
    for (const [at, tick] of frame.ticks.entries()) {
      const text = JSON.stringify(tick);
      const before = stored.get(frame.from + at);
      if (before !== undefined && before !== text)
        throw new Error(`tick ${frame.from + at} came twice, differently`);
      stored.set(frame.from + at, text);
    }
    if (!this.manners.acknowledges) return;
    const seq = this.durable(frame.boot, frame.symbol);
    if (seq > 0) session.send({ t: "ack", acks: [{ boot: frame.boot, symbol: frame.symbol, seq }] });
  }

  /** Waits until `look` gives something. */
  async until<T>(what: string, look: () => T | undefined | false): Promise<T> {
    const deadline = performance.now() + WAIT_MILLIS;
    for (;;) {
      if (this.fault !== undefined) throw this.fault;
      const found = look();
      if (found !== undefined && found !== false) return found;
      if (performance.now() > deadline)
        throw new Error(
          `${what} did not happen; last frames: ${JSON.stringify(this.sessions.at(-1)?.frames.slice(-4)).slice(0, 2_000)}`,
        );
      await Promise.race([
        Bun.sleep(25),
        new Promise<void>((wake) => {
          this.#wakers.push(wake);
        }),
      ]);
    }
  }

  /** All frames of a kind, over all connections. */
  all<K extends Kind>(kind: K): Frame<K>[] {
    return this.sessions.flatMap(({ frames }) =>
      frames.filter((frame): frame is Frame<K> => frame.t === kind),
    );
  }

  /** The first frame of a kind that fits, of any connection. */
  async frame<K extends Kind>(kind: K, fits: (frame: Frame<K>) => boolean = () => true): Promise<Frame<K>> {
    return await this.until(`a frame ${kind}`, () => this.all(kind).find(fits));
  }

  /** The newest connection has been fenced and reconciled, and knows the clock. */
  async ready(after = 0): Promise<Session> {
    return await this.until("a connection that is ready", () => {
      const session = this.sessions.at(-1);
      const ready =
        this.sessions.length > after &&
        session?.closed === undefined &&
        session?.frames.some(({ t }) => t === "fenced") === true;
      return ready ? session : undefined;
    });
  }

  async stop(): Promise<void> {
    await this.#server.stop(true);
  }

  /** Away, and back on the same port. */
  async vanish(): Promise<() => void> {
    await this.#server.stop(true);
    return () => {
      this.#server = this.#listen(this.#port);
    };
  }
}
