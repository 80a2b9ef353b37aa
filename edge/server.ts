// The door: one port for the page, the API and the stream.

import type { Server } from "bun";
import { failure, ok, type Result } from "../actors/base/result.ts";
import type { AdviserDesk } from "./advisers/desk.ts";
import type { AnalogDesk } from "./analogs/desk.ts";
import { makeApp } from "./api/app.ts";
import { BODY_BYTES_MAX } from "./api/body.ts";
import type { Explain } from "./api/explain.ts";
import type { DoModelDeed } from "./api/model-standing.ts";
import { type Guard, isLoopback, makeGuard } from "./api/guard.ts";
import { Problem, problemResponse } from "./api/problem.ts";
import { TickDesk, type TickDeskOptions } from "./ingest/tick-desk.ts";
import { AccountDesk } from "./ingest/account-desk.ts";
import { KillDesk } from "./ingest/kill-desk.ts";
import { OrderDesk } from "./ingest/order-desk.ts";
import { OrderKeys } from "./ingest/order-keys.ts";
import { ORDER_PATIENCE_MILLIS } from "./ingest/limits.ts";
import { type WideKill, wideKillOf } from "./ingest/wide-kill.ts";
import { TradeDesk } from "./ingest/trade-desk.ts";
import { type Badge, LivePicture } from "./live/live-picture.ts";
import type { RecentBars } from "./live/recent-bars.ts";
import type { Station } from "./main.ts";
import type { Bridge } from "./mt5/bridge.ts";
import { type SocketData, StreamClients } from "./stream/clients.ts";
import { HOPELESS_BYTES, IDLE_SECONDS, MESSAGE_BYTES_MAX, SOCKETS_MAX } from "./stream/limits.ts";
import { Stream } from "./stream/stream.ts";

export const STREAM_PATH = "/ws";
const REQUEST_IDLE_SECONDS = 30;

export interface ServerOptions {
  readonly station: Station;
  readonly bars: RecentBars;
  readonly badge: Badge;
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  /** Needed on any interface but the loopback; asked for wherever there is one. */
  readonly token: string | undefined;
  readonly ingest: Omit<TickDeskOptions, "station">;
  /** Whose account it is. */
  readonly tenantId: string;
  readonly onProblem?: (message: string) => void;
  /** External advisers, where any are asked. */
  readonly advisers?: AdviserDesk | undefined;
  /** The vote of similar market states, where it is wanted. */
  readonly analogs?: AnalogDesk | undefined;
  /** The server of terminals, where there is one. */
  readonly bridge?: Bridge | undefined;
  /** How long the outcome of an order is waited for, where not as long as usual. */
  readonly orderPatienceMillis?: number;
  /** Makes dossiers of decisions, aside from the tick path; left out, none are made. */
  readonly explain?: Explain;
  /** Promotes, rolls back and retires models, aside from the tick path; left out, nobody does. */
  readonly models?: DoModelDeed;
  /** Answers for the page at `/` and its files. */
  readonly page: (request: Request) => Response | undefined;
}

export interface RunningServer {
  /** Where a browser finds it. */
  readonly url: string;
  readonly port: number;
  readonly picture: LivePicture;
  readonly stream: Stream;
  /** To be asked to look every second: see Upkeep. */
  readonly wideKill: WideKill;
  stop(): Promise<void>;
}

export type ServerFailure = "port-in-use" | "no-token" | "cannot-listen";

export function startServer(options: ServerOptions): Result<RunningServer, ServerFailure> {
  const { station, host, port } = options;
  if (!isLoopback(host) && options.token === undefined) {
    return failure(
      "no-token",
      `${host} can be reached by other machines: set TICKFORGE_TOKEN to a secret of 16 characters or more that clients must send`,
    );
  }
  const clients = new StreamClients();
  const wideKill = wideKillOf(station, {
    tenantId: options.tenantId,
    clockIsWall: options.ingest.clock === "wall",
    onProblem: options.onProblem ?? (() => undefined),
  });
  const picture = new LivePicture({
    station,
    bars: options.bars,
    badge: options.badge,
    clockIsWall: options.ingest.clock === "wall",
    advisers: options.advisers,
    analogs: options.analogs,
    bridge: options.bridge,
    clients: () => clients.size,
  });
  const ticks = new TickDesk({ station, ...options.ingest });
  const guard = makeGuard({ token: options.token });
  const keys = new OrderKeys(station.journal, station.live.router.timeMicros);
  const orders = new OrderDesk({
    picture,
    keys,
    patienceMillis: options.orderPatienceMillis ?? ORDER_PATIENCE_MILLIS,
  });
  const app = makeApp({
    picture,
    ticks,
    trades: new TradeDesk(orders),
    orders,
    account: new AccountDesk(picture),
    kills: new KillDesk({
      picture,
      wide: wideKill,
      random: (count) => crypto.getRandomValues(new Uint8Array(count)),
      nowMillis: () => performance.now(),
    }),
    guard,
    page: options.page,
    explain: options.explain,
    models: options.models,
  });
  const stream = new Stream({ picture, ticks, clients });
  const listening = listen({ host, port, guard, stream, answer: (request) => app.fetch(request) });
  if (!listening.ok) {
    keys.close();
    stream.stop();
    picture.close();
    return listening;
  }
  const server = listening.value;
  clients.attach(server);
  return ok({
    url: `http://${host}:${server.port}`,
    port: server.port ?? port,
    picture,
    stream,
    wideKill,
    stop: async () => {
      keys.close();
      stream.stop();
      await server.stop(true);
      picture.close();
    },
  });
}

function listen(options: {
  host: string;
  port: number;
  guard: Guard;
  stream: Stream;
  answer: (request: Request) => Response | Promise<Response>;
}): Result<Server<SocketData>, ServerFailure> {
  const { host, port, stream } = options;
  try {
    return ok(
      Bun.serve<SocketData>({
        hostname: host,
        port,
        idleTimeout: REQUEST_IDLE_SECONDS,
        // Beyond it the connection is cut without a word; below it the reason is given.
        maxRequestBodySize: 4 * BODY_BYTES_MAX,
        fetch: (request, server) => {
          if (!isStream(request.url)) return options.answer(request);
          return upgrade(request, server, options);
        },
        websocket: {
          open: (socket) => stream.open(socket),
          message: (socket, message) => stream.hear(socket, message),
          drain: (socket) => stream.drained(socket),
          close: (socket) => stream.closed(socket),
          perMessageDeflate: true,
          maxPayloadLength: MESSAGE_BYTES_MAX,
          backpressureLimit: 2 * HOPELESS_BYTES,
          closeOnBackpressureLimit: true,
          idleTimeout: IDLE_SECONDS,
          sendPings: true,
        },
      }),
    );
  } catch (error) {
    const code = (error as { code?: string }).code ?? "";
    if (code === "EADDRINUSE") {
      return failure(
        "port-in-use",
        `port ${port} is taken on ${host}: stop what uses it, or choose another with --port`,
      );
    }
    return failure("cannot-listen", `cannot listen on ${host}:${port}: ${String(error)}`);
  }
}

/** Without making an object of every address. */
function isStream(url: string): boolean {
  const at = url.indexOf(STREAM_PATH, url.indexOf("//") + 2);
  if (at < 0 || url.indexOf("/", url.indexOf("//") + 2) !== at) return false;
  const next = url[at + STREAM_PATH.length];
  return next === undefined || next === "?";
}

function upgrade(
  request: Request,
  server: Server<SocketData>,
  { guard, stream }: { guard: Guard; stream: Stream },
): Response | undefined {
  try {
    guard(request, false);
  } catch (error) {
    if (error instanceof Problem) return problemResponse(error);
    throw error;
  }
  if (stream.clients.size >= SOCKETS_MAX) {
    return problemResponse({
      status: 503,
      code: "too-many-sockets",
      message: `${SOCKETS_MAX} sockets are open: come back later`,
    });
  }
  const offersToken = request.headers.get("sec-websocket-protocol") !== null;
  const upgraded = server.upgrade(request, {
    data: { client: undefined },
    ...(offersToken ? { headers: { "sec-websocket-protocol": "tickforge" } } : {}),
  });
  if (upgraded) return undefined;
  return problemResponse({
    status: 400,
    code: "not-a-socket",
    message: `${STREAM_PATH} is a WebSocket: connect with one`,
  });
}
