// The door for MetaTrader terminals: a WebSocket server of its own port. TLS is its own or a proxy's; without either it stays on this
// machine.

import type { Server, ServerWebSocket } from "bun";
import { LatencyHistogram } from "../../actors/base/histogram.ts";
import { MICROS_PER_MILLISECOND } from "../../actors/base/clock.ts";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import type { TerminalStore } from "../../actors/ports/terminals.ts";
import { isLoopback } from "../api/guard.ts";
import type { SymbolMapping } from "../feeds/symbol-map.ts";
import type { Station } from "../main.ts";
import { Accounts } from "./accounts.ts";
import { Attempts } from "./attempts.ts";
import { Connection, type ConnectionHost, type EndReason } from "./connection.ts";
import { Credentials } from "./credentials.ts";
import {
  BACKLOG_BYTES_MAX,
  HANDSHAKE_MS_MAX,
  HEARTBEAT_MS,
  RECONCILE_MS,
  SILENT_MS_MAX,
  SOCKETS_MAX,
  STRANGERS_MAX,
  SWEEP_MS,
} from "./limits.ts";
import { FROM_TERMINAL_BYTES_MAX } from "./protocol/limits.ts";
import { CalendarDesk } from "./calendar.ts";
import { OrderDesk } from "./orders/order-desk.ts";
import type { Terminal, TerminalListener } from "./terminal.ts";
import { TickIntake } from "./tick-intake.ts";

const PATH = "/mt5";
const CLOSE_TOO_BIG = 1009;

export interface BridgeOptions {
  readonly station: Station;
  readonly store: TerminalStore;
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly symbols: readonly SymbolMapping[];
  readonly onProblem: (message: string) => void;
  /** Hears what terminals say beside those who are here for it. */
  readonly listener?: TerminalListener;
  /** Other times and bounds than those of limits.ts. */
  readonly tuning?: {
    readonly heartbeatMs?: number;
    readonly silentMsMax?: number;
    readonly sweepMs?: number;
    readonly ownerHoldMs?: number;
    readonly tokenLifeMs?: number;
    readonly attemptsMax?: number;
    readonly reconcileMs?: number;
    readonly flattenAfterMs?: number;
  };
}

export type BridgeFailure = "no-tls" | "port-in-use" | "cannot-listen";

interface SocketData {
  connection: Connection | undefined;
  readonly address: string;
}

export class Bridge {
  readonly accounts: Accounts;
  readonly credentials: Credentials;
  readonly intake: TickIntake;
  readonly store: TerminalStore;
  readonly ackLatency = new LatencyHistogram();
  /** Undefined where the account trades on paper. */
  readonly orders: OrderDesk | undefined;
  /** Connections that ended, by reason. */
  readonly ended = new Map<string, number>();
  readonly #options: BridgeOptions;
  readonly #host: ConnectionHost;
  readonly #connections = new Set<Connection>();
  readonly #sweeping: ReturnType<typeof setInterval>;
  #server: Server<SocketData> | undefined;

  constructor(options: BridgeOptions) {
    const { store, station, tuning, onProblem } = options;
    const nowMs = (): number => station.clock.nowMicros() / MICROS_PER_MILLISECOND;
    this.#options = options;
    const life = tuning?.tokenLifeMs === undefined ? {} : { tokenLifeMs: tuning.tokenLifeMs };
    this.credentials = new Credentials({ store, nowMs, ...life });
    this.store = store;
    this.intake = new TickIntake({ station, store, mappings: options.symbols, onProblem });
    this.orders = ordersOf(options);
    const listeners = [new CalendarDesk(station), this.orders, options.listener].filter(
      (each) => each !== undefined,
    );
    this.accounts = new Accounts({ store, nowMs, ownerHoldMs: tuning?.ownerHoldMs });
    this.#host = {
      credentials: this.credentials,
      accounts: this.accounts,
      intake: this.intake,
      attempts: new Attempts({ nowMs, max: tuning?.attemptsMax }),
      heartbeatMs: tuning?.heartbeatMs ?? HEARTBEAT_MS,
      silentMsMax: tuning?.silentMsMax ?? SILENT_MS_MAX,
      flattenAfterMs: tuning?.flattenAfterMs ?? null,
      nowMs,
      onProblem,
      onEnd: (connection, why) => this.#ended(connection, why),
      listeners,
      ackLatency: this.ackLatency,
    };
    this.#sweeping = setInterval(() => this.#sweep(), tuning?.sweepMs ?? SWEEP_MS);
  }

  get nowMs(): number {
    return this.#host.nowMs();
  }

  get url(): string {
    const { host, tls, port } = this.#options;
    return `${tls === undefined ? "ws" : "wss"}://${host}:${this.#server?.port ?? port}${PATH}`;
  }

  /** Connections that were welcomed, an account's or all. */
  terminals(accountId?: string): readonly (Terminal & Connection)[] {
    return [...this.#connections].filter(
      (each) => each.isLive && (accountId === undefined || each.accountId === accountId),
    );
  }

  listen(): Result<Bridge, BridgeFailure> {
    const { host, port, tls } = this.#options;
    if (!isLoopback(host) && tls === undefined) {
      void this.stop();
      return failure(
        "no-tls",
        `${host} can be reached by other machines: name certificate and key in mt5.tls, or put a TLS proxy before 127.0.0.1`,
      );
    }
    try {
      this.#server = this.#serve();
      // What waited since the recovery leaves now, or is reported as what cannot.
      if (this.orders !== undefined) this.#options.station.live.connect(this.orders);
      return ok(this);
    } catch (error) {
      void this.stop();
      if ((error as { code?: string }).code === "EADDRINUSE") {
        return failure(
          "port-in-use",
          `port ${port} is taken on ${host}: stop what uses it, or choose another with --mt5-port`,
        );
      }
      return failure("cannot-listen", `cannot listen for terminals on ${host}:${port}: ${String(error)}`);
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#sweeping);
    if (this.orders !== undefined) this.#options.station.live.connect(undefined);
    for (const connection of this.#connections) connection.end("left");
    this.orders?.stop();
    await this.#server?.stop(true);
  }

  #serve(): Server<SocketData> {
    const { host, port, tls } = this.#options;
    const files = tls === undefined ? {} : { tls: { cert: Bun.file(tls.cert), key: Bun.file(tls.key) } };
    return Bun.serve<SocketData>({
      hostname: host,
      port,
      ...files,
      fetch: (request, server) => this.#upgrade(request, server),
      websocket: {
        open: (socket) => this.#opened(socket),
        message: (socket, message) => socket.data.connection?.hear(message),
        close: (socket, code) => {
          if (code === CLOSE_TOO_BIG) this.#count("oversize");
          socket.data.connection?.gone();
        },
        perMessageDeflate: false,
        maxPayloadLength: FROM_TERMINAL_BYTES_MAX,
        backpressureLimit: BACKLOG_BYTES_MAX,
        closeOnBackpressureLimit: true,
        idleTimeout: Math.ceil((HANDSHAKE_MS_MAX + this.#host.silentMsMax) / 1_000),
        sendPings: false,
      },
    });
  }

  #upgrade(request: Request, server: Server<SocketData>): Response | undefined {
    if (new URL(request.url).pathname !== PATH) return new Response("not found\n", { status: 404 });
    const strangers = [...this.#connections].filter(({ isStranger }) => isStranger).length;
    if (this.#connections.size >= SOCKETS_MAX || strangers >= STRANGERS_MAX) {
      return new Response("too many connections\n", { status: 503, headers: { "retry-after": "5" } });
    }
    const address = server.requestIP(request)?.address ?? "";
    if (server.upgrade(request, { data: { connection: undefined, address } })) return undefined;
    return new Response("terminals connect here with a WebSocket\n", {
      status: 426,
      headers: { upgrade: "websocket", connection: "upgrade" },
    });
  }

  #opened(socket: ServerWebSocket<SocketData>): void {
    const connection = new Connection(socket, socket.data.address, this.#host);
    socket.data.connection = connection;
    this.#connections.add(connection);
  }

  #ended(connection: Connection, why: EndReason): void {
    this.#connections.delete(connection);
    this.#count(why);
  }

  #count(why: string): void {
    this.ended.set(why, (this.ended.get(why) ?? 0) + 1);
  }

  /** Ends what is silent or may no longer be here, and renews what nears its end. */
  #sweep(): void {
    const { nowMs, silentMsMax, onProblem } = this.#host;
    for (const connection of this.#connections) {
      if (nowMs() - connection.heardMs > silentMsMax) connection.end("silent");
      else if (connection.isStranger && nowMs() - connection.openedMs > HANDSHAKE_MS_MAX)
        connection.end("handshake");
      else connection.keepAlive();
    }
    try {
      this.#sweepCredentials();
      for (const heir of this.accounts.heirs()) heir.yield();
    } catch (error) {
      onProblem(`terminals' credentials cannot be looked at: ${String(error)}`);
    }
  }

  #sweepCredentials(): void {
    const valid = this.credentials.terminals();
    const renewing = new Set<string>();
    for (const connection of this.terminals()) {
      if (!valid.has(connection.terminal)) {
        connection.refuse("unknown-credential", "unknown-credential", "revoked or expired: enrol anew");
      } else if (!renewing.has(connection.terminal) && connection.renewToken()) {
        renewing.add(connection.terminal);
      }
    }
  }
}

/** Undefined where orders do not go to a terminal. */
function ordersOf({ station, store, onProblem, tuning }: BridgeOptions): OrderDesk | undefined {
  const { terminal } = station.live.engine.config.account;
  if (terminal === undefined) return undefined;
  const { intentTag } = terminal;
  return new OrderDesk({
    station,
    store,
    intentTag,
    reconcileMs: tuning?.reconcileMs ?? RECONCILE_MS,
    onProblem,
  });
}
