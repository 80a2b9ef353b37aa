// The embedded engine from outside: its process kept alive, and where it answers.

import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import { SupervisedProcess } from "../process/supervised-process.ts";
import type { Endpoint } from "./endpoint.ts";
import { ENGINE_SILENCE_MILLIS_MAX, ENGINE_START_MILLIS_MAX } from "./limits.ts";

const FAREWELL_MILLIS = 10_000;
const USERNAME = "tickforge";

export interface Engine {
  endpoint(): Endpoint;
  /** Undefined between two lives. */
  readonly processId: number | undefined;
  readonly lives: number;
  close(): Promise<void>;
}

/** Starts it on `directory` and resolves once it answers; it goes on trying when that takes too long. */
export async function startEngine(options: {
  directory: string;
  database: string;
  onProblem: (message: string) => void;
}): Promise<Result<Engine, "engine-not-started">> {
  const password = randomBytes(24).toString("hex");
  let port = 0;
  let lastProblem = "";
  const listening = Promise.withResolvers<void>();
  const child = new SupervisedProcess({
    name: "the embedded ClickHouse",
    script: join(import.meta.dir, "engine-child.ts"),
    greeting: () => ({ type: "start", directory: options.directory, username: USERNAME, password, port }),
    onMessage: (message) => {
      const said = message as { type: string; port?: number };
      if (said.type !== "listening") return;
      port = said.port ?? 0;
      listening.resolve();
    },
    onProblem: (message) => {
      lastProblem = message;
      options.onProblem(message);
    },
    silenceMillisMax: ENGINE_SILENCE_MILLIS_MAX,
  });
  const patience = setTimeout(() => listening.resolve(), ENGINE_START_MILLIS_MAX);
  await listening.promise;
  clearTimeout(patience);
  const stop = async (): Promise<void> => await child.stop({ type: "stop" }, FAREWELL_MILLIS);
  if (port === 0) {
    await stop();
    return failure(
      "engine-not-started",
      `the embedded ClickHouse did not start on ${options.directory}: ${lastProblem || "it said nothing"}. Give a server's ` +
        "address instead (--clickhouse), or go on without history (--no-time-series).",
    );
  }
  return ok({
    endpoint: () => ({
      url: `http://127.0.0.1:${port}`,
      username: USERNAME,
      password,
      database: options.database,
    }),
    get processId() {
      return child.processId;
    },
    get lives() {
      return child.lives;
    },
    close: stop,
  });
}
