// One terminal with the Expert Advisor in it: a process, a folder that outlives it, orders over stdin, what it says on stdout.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Subprocess } from "bun";
import { expertProgram } from "./build.ts";
import { WAIT_MILLIS } from "./peer.ts";

export interface SentRequest {
  readonly magic: string;
  readonly action: number;
  readonly filling: number;
  readonly volume: number;
  readonly position: string;
  readonly type: number;
}

export interface BrokerBooks {
  readonly deals: readonly { ticket: string; magic: string; volume: number; entry: number; type: number }[];
  readonly positions: readonly { ticket: string; magic: string; volume: number; sl: number; type: number }[];
  readonly orders: readonly { ticket: string; magic: string; type: number; price: number }[];
}

type Inputs = Readonly<Record<string, string | number | boolean>>;
type Child = Subprocess<"pipe", "pipe", "pipe">;

export class Harness {
  readonly folder = mkdtempSync(join(tmpdir(), "tickforge-mql5-"));
  readonly lines: string[] = [];
  #child: Child | undefined;
  #errors: Promise<string> = Promise.resolve("");
  #reading: Promise<void> = Promise.resolve();
  #wakers: (() => void)[] = [];

  /** Starts the terminal; its folder is as the last one left it. */
  async start(inputs: Inputs): Promise<void> {
    const path = await expertProgram();
    const given = Object.entries({ InpBackoffMinMs: 20, InpBackoffMaxMs: 60, InpTimerMs: 10, ...inputs });
    const child: Child = Bun.spawn([path, this.folder], {
      env: {
        ASAN_OPTIONS: "detect_leaks=0",
        HARNESS_INPUTS: given.map(([name, value]) => `${name}=${value}`).join("\n"),
      },
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    });
    this.#child = child;
    this.#errors = new Response(child.stderr).text();
    this.#reading = this.#read(child);
    const from = this.lines.length;
    await this.line((line) => line.startsWith("init "), from);
  }

  async #read(child: Child): Promise<void> {
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of child.stdout) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = parts.pop() ?? "";
      this.lines.push(...parts);
      for (const wake of this.#wakers.splice(0)) wake();
    }
    for (const wake of this.#wakers.splice(0)) wake();
  }

  #write(text: string): void {
    const child = this.#child;
    if (child === undefined) throw new Error("the terminal does not run");
    void child.stdin.write(`${text}\n`);
    void child.stdin.flush();
  }

  /** Ticks are taken when the terminal comes by; nobody waits for them. */
  tick(symbol: string, bid: number, ask: number, ms?: number): void {
    this.#write(`tick ${symbol} ${bid} ${ask}${ms === undefined ? "" : ` ${ms}`}`);
  }

  /** An order to the loop; it holds when this resolves. */
  async order(text: string): Promise<void> {
    const from = this.lines.length;
    this.#write(text);
    await this.line((line) => line === "ok", from);
  }

  /** The first line from `from` on that fits. */
  async line(fits: (line: string) => boolean, from = 0): Promise<string> {
    const deadline = performance.now() + WAIT_MILLIS;
    for (;;) {
      const found = this.lines.slice(from).find(fits);
      if (found !== undefined) return found;
      if (!this.#alive || performance.now() > deadline) {
        await Bun.sleep(20);
        const late = this.lines.slice(from).find(fits);
        if (late !== undefined) return late;
        throw new Error(
          `the terminal did not say it; it said ${JSON.stringify(this.lines.slice(-8))} ${await this.lastWords()}`,
        );
      }
      await Promise.race([
        Bun.sleep(50),
        new Promise<void>((wake) => {
          this.#wakers.push(wake);
        }),
      ]);
    }
  }

  get #alive(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** What a terminal that died said last; empty while it lives, or where it was killed. */
  async lastWords(): Promise<string> {
    if (this.#alive) return "";
    await this.#reading;
    const hard = this.lines.filter((line) => line.startsWith("hard error")).join(" ");
    return `${hard}${await this.#errors}`.slice(0, 4_000);
  }

  async #ask(order: string, answer: string): Promise<string> {
    const from = this.lines.length;
    this.#write(order);
    return (await this.line((line) => line.startsWith(`${answer} `), from)).slice(answer.length + 1);
  }

  async broker(): Promise<BrokerBooks> {
    return JSON.parse(await this.#ask("broker", "broker")) as BrokerBooks;
  }

  async panel(): Promise<string> {
    return await this.#ask("panel", "panel");
  }

  /** Waits until the panel says so. */
  async until(words: string): Promise<void> {
    const deadline = performance.now() + WAIT_MILLIS;
    while (!(await this.panel()).includes(words)) {
      if (performance.now() > deadline)
        throw new Error(`the panel does not say ${words}: ${await this.panel()}`);
      await Bun.sleep(50);
    }
  }

  /** Every request that left for the broker, over all lives. */
  get sent(): SentRequest[] {
    return this.lines
      .filter((line) => line.startsWith("sent "))
      .map((line) => JSON.parse(line.slice(5)) as SentRequest);
  }

  sentOf(magic: string): number {
    return this.sent.filter((request) => request.magic === magic).length;
  }

  path(name: string): string {
    return join(this.folder, "common/Tickforge/5001_Demo-Server_demo", name);
  }

  /** A file of the account in the terminal's common folder; empty when there is none. */
  file(name: string): string {
    try {
      return readFileSync(this.path(name), "utf8");
    } catch {
      return "";
    }
  }

  /** Waits for the end of a process that kills itself at a point that was armed. */
  async killedAt(point: string): Promise<void> {
    await this.line((line) => line === `killed at ${point}`);
    await this.#child?.exited;
    await this.#reading;
  }

  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#child?.exited;
    await this.#reading;
  }

  /** Ends it for good, whatever it is doing. */
  async discard(): Promise<void> {
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Ends it in order; sanitizers and hard errors of the run surface here. */
  async close(): Promise<void> {
    const child = this.#child;
    if (child !== undefined && this.#alive) {
      try {
        this.#write("quit");
      } catch {
        // It ended just now: what it said is looked at below.
      }
      await child.exited;
    }
    const words = await this.lastWords();
    rmSync(this.folder, { recursive: true, force: true });
    if (words !== "") throw new Error(words);
  }
}
