// One connection of a terminal, from the first message to the last: opening, enrolment or greeting, then frames. Whatever is not as the
// protocol says ends it with a reason and touches nothing else.

import { randomBytes, randomUUID } from "node:crypto";
import type { Failure } from "../../actors/base/result.ts";
import type { Instrument } from "../../actors/domain/instrument.ts";
import type { LatencyHistogram } from "../../actors/base/histogram.ts";
import type { TerminalCredential } from "../../actors/ports/terminals.ts";
import type { AccountDesk, Accounts, Seated } from "./accounts.ts";
import type { Attempts } from "./attempts.ts";
import { Channel, type ChannelSocket, type HostileKind, type RefusalCode } from "./channel.ts";
import { ClockMap } from "./clocks.ts";
import type { Credentials } from "./credentials.ts";
import { CALENDAR_HOURS, CLOCK_AGE_MS_MAX, DEALS_SINCE_MS, SCAN_MS } from "./limits.ts";
import { openFrame, type TerminalFrame } from "./protocol/from-terminal.ts";
import { PROTOCOL_VERSION, SYMBOLS_MAX } from "./protocol/limits.ts";
import type { Command, Terminal, TerminalListener } from "./terminal.ts";
import {
  type Acknowledged,
  type HelloFrame,
  noTicks,
  type TickFeed,
  type TickIntake,
} from "./tick-intake.ts";
import { TickQueue } from "./tick-queue.ts";

/** Why a connection ended; counted by these names. */
export type EndReason = HostileKind | RefusalCode | "handshake" | "silent" | "replaced" | "left";

/** Of a welcome; the rest follows in frames of their own, since a message has a bound. */
const WELCOME_ACKS_MAX = 400;
const CHALLENGE_BYTES = 16;

/** What connections share. */
export interface ConnectionHost {
  readonly credentials: Credentials;
  readonly accounts: Accounts;
  readonly intake: TickIntake;
  readonly attempts: Attempts;
  readonly heartbeatMs: number;
  readonly silentMsMax: number;
  /** Null for never. */
  readonly flattenAfterMs: number | null;
  readonly nowMs: () => number;
  readonly onProblem: (message: string) => void;
  readonly onEnd: (connection: Connection, why: EndReason) => void;
  readonly listeners: readonly TerminalListener[];
  /** From a frame of ticks to its acknowledgement, of all connections. */
  readonly ackLatency: LatencyHistogram;
}

type Phase = "opening" | "keyed" | "enrolled" | "live" | "ended";

export class Connection implements Seated, Terminal {
  readonly session = randomUUID();
  readonly address: string;
  readonly openedMs: number;
  readonly clock = new ClockMap();
  heardMs: number;
  saidMs: number;
  frames = 0;
  /** From draining a tick at the terminal to here, beyond the shortest way; of the last live frame. */
  tickDelayMs = Number.NaN;
  isKilled = false;
  /** What it said of itself in its last heartbeat. */
  beat: Extract<TerminalFrame, { t: "heartbeat" }> | undefined;
  readonly #host: ConnectionHost;
  readonly #channel: Channel;
  #phase: Phase = "opening";
  #credential: TerminalCredential | undefined;
  #renewal: TerminalCredential | undefined;
  #desk: AccountDesk | undefined;
  #hello: HelloFrame | undefined;
  #feed: TickFeed | undefined;
  #queue: TickQueue | undefined;

  constructor(socket: ChannelSocket, address: string, host: ConnectionHost) {
    this.#host = host;
    this.#channel = new Channel(socket);
    this.address = address;
    this.openedMs = host.nowMs();
    this.heardMs = this.openedMs;
    this.saidMs = this.openedMs;
  }

  get isLive(): boolean {
    return this.#phase === "live";
  }

  /** Nothing was proved yet. */
  get isStranger(): boolean {
    return this.#phase === "opening" || this.#phase === "keyed" || this.#phase === "enrolled";
  }

  get accountId(): string {
    return this.#desk?.accountId ?? "";
  }

  get terminal(): string {
    return this.#credential?.terminal ?? "";
  }

  get hello(): HelloFrame {
    if (this.#hello === undefined) throw new Error("a connection has no greeting before its welcome");
    return this.#hello;
  }

  get account(): AccountDesk {
    if (this.#desk === undefined) throw new Error("a connection has no account before its welcome");
    return this.#desk;
  }

  get instruments(): ReadonlyMap<string, Instrument> {
    return this.#feed?.instruments ?? new Map();
  }

  get slot(): number {
    return this.#hello?.slot ?? 0;
  }

  get boot(): string {
    return this.#hello?.boot ?? "";
  }

  get watches(): boolean {
    return this.#feed?.watches ?? false;
  }

  get feed(): TickFeed | undefined {
    return this.#feed;
  }

  get ticksWaiting(): number {
    return this.#queue?.ticks ?? 0;
  }

  send(command: Command): boolean {
    if (this.#phase !== "live" || this.watches) return false;
    return this.#send(command);
  }

  hear(message: string | Buffer): void {
    if (this.#phase === "ended") return;
    this.heardMs = this.#host.nowMs();
    this.frames++;
    if (typeof message !== "string") {
      this.refuse("protocol", "binary", "frames are text");
      return;
    }
    try {
      if (this.#phase === "opening") this.#open(message);
      else this.#hearSigned(message);
    } catch (error) {
      this.#host.onProblem(`a terminal's frame could not be dealt with: ${String(error)}`);
      this.refuse("busy", "busy", "the server cannot write: come back");
    }
  }

  /** Says why, and ends. */
  refuse(code: RefusalCode, why: EndReason, words: string): void {
    if (this.#phase === "ended") return;
    // First, because closing tells us at once that the socket has closed.
    this.#end(why);
    this.#channel.refuse(code, words);
  }

  yield(): void {
    this.end("replaced");
  }

  /** Ends it without a word to be understood. */
  end(why: EndReason): void {
    if (this.#phase === "ended") return;
    this.#end(why);
    this.#channel.end(why);
  }

  /** The socket has closed. */
  gone(): void {
    this.#channel.gone();
    this.#end("left");
  }

  /** Says something where nothing was said for a while, so that a terminal knows that we are there. */
  keepAlive(): void {
    const nowMs = this.#host.nowMs();
    if (this.#phase !== "live" || nowMs - this.saidMs < this.#host.heartbeatMs) return;
    this.#send({ t: "heartbeat", beat: null, serverMs: Math.floor(nowMs) });
  }

  /** Sends a new token where the old one nears its end. Returns whether one is on its way. */
  renewToken(): boolean {
    const { credentials } = this.#host;
    if (this.#renewal !== undefined) return true;
    const token = this.#credential;
    if (this.#phase !== "live" || token === undefined || !credentials.isDueForRenewal(token)) return false;
    // Another connection of its terminal may have had it replaced.
    if (!credentials.find("token", token.id).ok) return false;
    this.#renewal = credentials.renew(token);
    const { id, secret, expiresAtMs } = this.#renewal;
    return this.#send({ t: "token", token: { id, secret, expiresAtMs } });
  }

  #send(frame: Parameters<Channel["send"]>[0]): boolean {
    this.saidMs = this.#host.nowMs();
    return this.#channel.send(frame);
  }

  #open(message: string): void {
    const { attempts, credentials } = this.#host;
    const json = jsonOf(message);
    if (json === undefined) {
      this.refuse("protocol", "malformed-json", "the first message is the JSON of open");
      return;
    }
    const version = (json as { v?: unknown }).v;
    if (version !== undefined && version !== PROTOCOL_VERSION) {
      this.refuse("wrong-version", "wrong-version", `this server speaks version ${PROTOCOL_VERSION}`);
      return;
    }
    const open = openFrame.safeParse(json);
    if (!open.success) {
      this.refuse("protocol", "bad-frame", "the first message is open");
      return;
    }
    // Enrolments only: behind a proxy all terminals have one address, and nobody's failures may keep the others out.
    const isCode = open.data.credential === "code";
    if (isCode && attempts.isOver(this.address)) {
      this.refuse("busy", "busy", "too many enrolments from this address: wait a minute");
      return;
    }
    if (isCode) attempts.count(this.address);
    const found = credentials.find(open.data.credential, open.data.id);
    if (!found.ok) {
      this.#refuseFor(found);
      return;
    }
    const nonce = randomBytes(CHALLENGE_BYTES).toString("hex");
    const challenge = JSON.stringify({ t: "challenge", v: PROTOCOL_VERSION, nonce });
    this.#credential = found.value;
    this.#channel.key(found.value.secret, { open: message, challenge });
    this.#phase = "keyed";
    this.#channel.sendBare(challenge);
  }

  #refuseFor({ code, message }: Failure<RefusalCode>): void {
    this.refuse(code, code, message);
  }

  #hearSigned(message: string): void {
    const frame = this.#channel.receive(message);
    if (!frame.ok) {
      this.refuse("protocol", frame.code, frame.message);
      return;
    }
    if (this.#phase === "live") this.#dispatch(frame.value);
    else this.#greet(frame.value);
  }

  #greet(frame: TerminalFrame): void {
    const kind = this.#credential?.kind;
    if (this.#phase === "keyed" && frame.t === "enrol" && kind === "code") this.#enrol(frame);
    else if (this.#phase === "keyed" && frame.t === "hello" && kind === "token") this.#welcome(frame);
    else this.refuse("protocol", "bad-frame", `${frame.t} is not what comes first with a ${kind}`);
  }

  #enrol(frame: Extract<TerminalFrame, { t: "enrol" }>): void {
    if (this.#credential === undefined) return;
    const token = this.#host.credentials.exchange(this.#credential, frame.account);
    if (!token.ok) {
      this.#refuseFor(token);
      return;
    }
    const { id, secret, expiresAtMs } = token.value;
    this.#phase = "enrolled";
    this.#send({ t: "enrolled", token: { id, secret, expiresAtMs } });
  }

  #welcome(hello: HelloFrame): void {
    const { accounts, credentials, intake, nowMs } = this.#host;
    if (this.#credential === undefined) return;
    if (hello.v !== PROTOCOL_VERSION) {
      this.refuse("wrong-version", "wrong-version", `this server speaks version ${PROTOCOL_VERSION}`);
      return;
    }
    if (intake.hasFailed) {
      this.refuse("busy", "busy", "the journal takes nothing more: look at the server");
      return;
    }
    const account = credentials.accept(this.#credential, hello.account);
    if (!account.ok) {
      this.#refuseFor(account);
      return;
    }
    const seat = accounts.seat(account.value, this.terminal, hello);
    if (!seat.ok) {
      this.#refuseFor(seat);
      return;
    }
    const feed: TickFeed = {
      side: seat.value.account,
      sourceId: seat.value.sourceId,
      watches: seat.value.watches,
      slot: hello.slot,
      boot: hello.boot,
      described: new Set(hello.symbols.map(({ symbol }) => symbol)),
      instruments: new Map(),
      counts: noTicks(),
      acknowledge: (acks) => this.#acknowledge(acks),
    };
    this.#desk = seat.value.account;
    this.#hello = hello;
    this.#feed = feed;
    this.#desk.connections.add(this);
    this.isKilled = hello.killed;
    this.clock.beat(hello.monotonicMs, nowMs());
    const acks = intake.open(feed, hello);
    if (!acks.ok) {
      this.#refuseFor(acks);
      return;
    }
    if (!feed.watches) this.#desk.picture.figures = hello.figures;
    this.#queue = new TickQueue({
      intake,
      feed,
      latency: this.#host.ackLatency,
      onFailure: (code, message) => this.refuse(code, code, message),
    });
    this.#phase = "live";
    this.#sayWelcome(acks.value);
    for (const listener of this.#host.listeners) listener.joined(this);
  }

  #sayWelcome(acks: readonly Acknowledged[]): void {
    const { heartbeatMs, silentMsMax, flattenAfterMs, nowMs } = this.#host;
    const serverMs = Math.floor(nowMs());
    this.#send({
      t: "welcome",
      session: this.session,
      serverMs,
      limits: {
        heartbeatMs,
        silentMsMax,
        flattenAfterMs,
        clockAgeMsMax: CLOCK_AGE_MS_MAX,
        scanMs: SCAN_MS,
        calendarHours: this.watches ? 0 : CALENDAR_HOURS,
      },
      mode: this.watches ? "halt" : "active",
      dealsSinceBrokerMs: serverMs + (this.#desk?.brokerTime.offsetMs ?? 0) - DEALS_SINCE_MS,
      acks: acks.slice(0, WELCOME_ACKS_MAX),
    });
    if (acks.length > WELCOME_ACKS_MAX) this.#acknowledge(acks.slice(WELCOME_ACKS_MAX));
  }

  #acknowledge(acks: readonly Acknowledged[]): void {
    if (this.#phase !== "live") return;
    for (let from = 0; from < acks.length; from += SYMBOLS_MAX) {
      this.#send({ t: "ack", acks: acks.slice(from, from + SYMBOLS_MAX) });
    }
    this.#queue?.acknowledged(acks);
  }

  #dispatch(frame: TerminalFrame): void {
    switch (frame.t) {
      case "ticks":
        if (!frame.backfill) this.tickDelayMs = this.clock.delayMs(frame.drainedMonotonicMs, this.heardMs);
        this.#queue?.push(frame);
        return;
      case "gap":
        this.#queue?.push(frame);
        return;
      case "heartbeat":
        this.#answerBeat(frame);
        return;
      case "hello":
      case "enrol":
        this.refuse("protocol", "bad-frame", `${frame.t} came twice`);
        return;
      case "token-kept":
        if (this.#renewal?.id !== frame.id) return;
        this.#credential = this.#renewal;
        this.#renewal = undefined;
        this.#host.credentials.kept(this.#credential);
        return;
      case "error":
        this.#host.onProblem(`the terminal of ${this.accountId} left, ${frame.code}: ${frame.words}`);
        break;
      case "kill":
        this.isKilled = frame.killed;
        break;
      case "account":
      case "position":
      case "order-state":
      case "deal":
      case "snapshot":
        if (!this.watches && this.#desk?.picture.hear(frame, this.slot, this.heardMs) === false) {
          this.refuse("protocol", "bad-frame", "a part of a snapshot is not the next one, or too much");
          return;
        }
        break;
      case "execution":
      case "refusal":
      case "fenced":
      case "calendar":
        break;
    }
    for (const listener of this.#host.listeners) listener.said(this, frame);
  }

  #answerBeat(frame: Extract<TerminalFrame, { t: "heartbeat" }>): void {
    this.beat = frame;
    this.clock.beat(frame.monotonicMs, this.heardMs);
    this.#send({ t: "heartbeat", beat: frame.beat, serverMs: Math.floor(this.#host.nowMs()) });
  }

  #end(why: EndReason): void {
    if (this.#phase === "ended") return;
    const wasLive = this.#phase === "live";
    this.#phase = "ended";
    this.#queue?.stop();
    if (this.#feed !== undefined) this.#host.intake.close(this.#feed);
    if (this.#desk !== undefined) this.#host.accounts.leave(this.#desk, this);
    if (wasLive) for (const listener of this.#host.listeners) listener.left(this);
    this.#host.onEnd(this, why);
  }
}

/** An object, or undefined. */
function jsonOf(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
