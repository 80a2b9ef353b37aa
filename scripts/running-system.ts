// Starts the whole system as a person would, for whoever looks at it from outside: tests and screenshots.

import { createServer } from "node:net";
import { join } from "node:path";

const READY_MILLIS_MAX = 40_000;
const STOP_MILLIS_MAX = 15_000;
const POLL_MILLIS = 50;

export class RunningSystem {
  readonly url: string;
  readonly #child: Bun.Subprocess<"ignore", "ignore", "pipe">;

  private constructor(url: string, child: Bun.Subprocess<"ignore", "ignore", "pipe">) {
    this.url = url;
    this.#child = child;
  }

  /** `tickforge start` on a simulated market; resolves once it says that it is healthy. */
  static async start(options: {
    port: number;
    data: string;
    args?: readonly string[];
    /** Beside what this process has. */
    env?: Readonly<Record<string, string>>;
  }): Promise<RunningSystem> {
    const { port, data, args = [], env = {} } = options;
    const entry = join(import.meta.dir, "tickforge.ts");
    const command = ["start", "--port", String(port), "--data", data, ...args];
    const child = Bun.spawn([process.execPath, entry, ...command], {
      stdin: "ignore",
      stdout: "ignore",
      stderr: "pipe",
      env: { ...process.env, ...env },
    });
    const system = new RunningSystem(`http://127.0.0.1:${port}/`, child);
    const deadline = Date.now() + READY_MILLIS_MAX;
    while (Date.now() < deadline && child.exitCode === null) {
      const answer = await fetch(new URL("api/v1/health", system.url)).catch(() => undefined);
      if (answer?.ok === true) return system;
      await Bun.sleep(POLL_MILLIS);
    }
    child.kill();
    throw new Error(`the system did not come up on port ${port}: ${await new Response(child.stderr).text()}`);
  }

  /** Cuts it down in the middle of whatever it does. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#child.exited;
  }

  /** Asks it to stop, as Ctrl-C does; its exit code. */
  async stop(): Promise<number> {
    this.#child.kill("SIGINT");
    const patience = setTimeout(() => this.#child.kill("SIGKILL"), STOP_MILLIS_MAX);
    const exitCode = await this.#child.exited;
    clearTimeout(patience);
    return exitCode;
  }
}

/** A port nobody listens on just now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
