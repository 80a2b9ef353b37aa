// ClickHouse without a server: the engine as a library (chDB), in this process and no other, spoken to over the part of
// ClickHouse's own HTTP protocol that its client uses. It has threads and memory of its own and may die; it is started again.

import { Readable } from "node:stream";
import { createChdbConnection } from "chdb/connection";
import { z } from "zod";
import { stepBack } from "../process/step-back.ts";
import { ENGINE_ALIVE_MILLIS } from "./limits.ts";

const startSchema = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("start"),
    directory: z.string(),
    username: z.string(),
    password: z.string(),
    /** The port of its last life, so that clients find it again; 0 in the first. */
    port: z.number().int(),
  }),
  z.strictObject({ type: z.literal("stop") }),
]);

/** Parameters of a request that are no settings. */
const NO_SETTINGS = new Set([
  "query",
  "query_id",
  "database",
  "session_id",
  "session_check",
  "default_format",
  "role",
  "wait_end_of_query",
  "enable_http_compression",
  "send_progress_in_http_headers",
  "http_headers_progress_interval_ms",
]);

/** So much of an answer is waited for before it is sent, since an answer that has begun cannot say that it failed. */
const ANSWER_HEAD_BYTES = 1 << 20;
const BODY_BYTES_MAX = 256 << 20;
const engineErrorSchema = z.object({ code: z.string().regex(/^\d+$/), type: z.string().min(1) });
/** What the engine throws without a code: it answers, so it is no trouble of the network. */
const UNKNOWN_EXCEPTION = { code: "1002", type: "UNKNOWN_EXCEPTION" };

type Connection = ReturnType<typeof createChdbConnection>;

let close = async (): Promise<void> => {};

async function start(options: Extract<z.infer<typeof startSchema>, { type: "start" }>): Promise<void> {
  const connection = createChdbConnection({ path: options.directory });
  const { success } = await connection.ping({ select: true });
  if (!success) throw new Error(`the engine does not answer on ${options.directory}`);
  const expected = `Basic ${Buffer.from(`${options.username}:${options.password}`).toString("base64")}`;
  const serve = (port: number): ReturnType<typeof Bun.serve> =>
    Bun.serve({
      hostname: "127.0.0.1",
      port,
      idleTimeout: 0,
      maxRequestBodySize: BODY_BYTES_MAX,
      fetch: async (request) => {
        if (request.headers.get("authorization") !== expected) return refused();
        return await answer(connection, request);
      },
    });
  let server: ReturnType<typeof Bun.serve>;
  try {
    server = serve(options.port);
  } catch {
    server = serve(0);
  }
  close = async () => {
    await server.stop();
    await connection.close();
  };
  process.send?.({ type: "listening", port: server.port });
  setInterval(() => process.send?.({ type: "alive" }), ENGINE_ALIVE_MILLIS);
}

async function answer(connection: Connection, request: Request): Promise<Response> {
  const url = new URL(request.url);
  if (url.pathname === "/ping") return new Response("Ok.\n");
  const settings: Record<string, string> = {};
  const parameters: Record<string, string> = {};
  for (const [name, value] of url.searchParams) {
    if (name.startsWith("param_")) parameters[name.slice("param_".length)] = unescaped(value);
    else if (!NO_SETTINGS.has(name)) settings[name] = value;
  }
  const body = Buffer.from(await request.arrayBuffer());
  const statement = url.searchParams.get("query");
  try {
    if (statement !== null && body.length > 0) {
      await connection.insert({
        query: statement,
        values: Readable.from([body]),
        clickhouse_settings: settings,
      });
      return new Response("");
    }
    const { stream } = await connection.query({
      query: statement ?? body.toString(),
      clickhouse_settings: settings,
      ...(Object.keys(parameters).length === 0 ? {} : { query_params: parameters }),
    });
    return await begun(stream as AsyncIterable<Uint8Array>);
  } catch (error) {
    return failed(error);
  }
}

/** The answer once its beginning is there: what goes wrong before is said, what goes wrong after cuts it off. */
async function begun(stream: AsyncIterable<Uint8Array>): Promise<Response> {
  const chunks = stream[Symbol.asyncIterator]();
  const head: Uint8Array[] = [];
  let headBytes = 0;
  for (;;) {
    const { done, value } = await chunks.next();
    if (done === true) return new Response(Buffer.concat(head));
    head.push(value);
    headBytes += value.byteLength;
    if (headBytes > ANSWER_HEAD_BYTES) break;
  }
  let isFirst = true;
  return new Response(
    new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        if (isFirst) {
          isFirst = false;
          controller.enqueue(Buffer.concat(head));
          return;
        }
        const { done, value } = await chunks.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      cancel: async () => {
        await chunks.return?.();
      },
    }),
  );
}

/** The client escapes text as for tab-separated values, and so does the engine's binding. */
function unescaped(value: string): string {
  return value.replaceAll(/\\([\\tnr'0])/g, (_, letter: string) => UNESCAPED[letter] ?? letter);
}

const UNESCAPED: Readonly<Record<string, string>> = { t: "\t", n: "\n", r: "\r", "0": "\0" };

/** In a server's words, from which clients read code and type. */
function failed(error: unknown): Response {
  const message = error instanceof Error ? error.message.trim() : String(error);
  const known = engineErrorSchema.safeParse(error);
  const { code, type } = known.success ? known.data : UNKNOWN_EXCEPTION;
  return new Response(`Code: ${code}. DB::Exception: ${message} (${type})`, {
    status: 500,
    headers: { "x-clickhouse-exception-code": code },
  });
}

function refused(): Response {
  return new Response("Code: 516. DB::Exception: Authentication failed. (AUTHENTICATION_FAILED)", {
    status: 403,
    headers: { "x-clickhouse-exception-code": "516" },
  });
}

stepBack();
process.on("message", (message) => {
  const said = startSchema.parse(message);
  if (said.type === "start") {
    start(said).catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      process.exit(1);
    });
  } else {
    void close().finally(() => process.exit(0));
  }
});
// Whoever started it is gone.
process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches every process of a terminal; this one ends when it is told to.
process.on("SIGINT", () => undefined);
