// A real nats-server with JetStream in a folder of its own.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "@nats-io/transport-node";
import { findProgram, freePort, ServerProcess } from "./server-process.ts";

export const NATS = findProgram("nats-server");

export interface NatsServer {
  readonly url: string;
  readonly port: number;
  readonly process: ServerProcess;
  stop(): Promise<void>;
}

export async function startNats(options: { token?: string } = {}): Promise<NatsServer> {
  if (NATS === undefined) throw new Error("nats-server is not installed: apt-get install nats-server");
  const folder = mkdtempSync(join(tmpdir(), "tickforge-nats-"));
  const port = freePort();
  const token = options.token === undefined ? [] : ["--auth", options.token];
  const process = new ServerProcess({
    name: "nats-server",
    command: [NATS, "-js", "-sd", folder, "-a", "127.0.0.1", "-p", String(port), ...token],
    isReady: async () => {
      const connection = await connect({
        servers: `127.0.0.1:${port}`,
        timeout: 1_000,
        ...(options.token === undefined ? {} : { token: options.token }),
      });
      await connection.close();
      return true;
    },
  });
  await process.start();
  return {
    url: `nats://${options.token === undefined ? "" : `${options.token}@`}127.0.0.1:${port}`,
    port,
    process,
    stop: async () => {
      await process.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
