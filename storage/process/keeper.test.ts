// A program under a keeper is as if nobody kept it - exit codes, signals, death - until a marked call hangs or kills it: then it is
// started again, somebody is blamed, and there is an end to that too.

import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../../test/fixtures/eventually.ts";

const FIXTURE = join(import.meta.dir, "keeper.fixture.ts");

interface Said {
  readonly born?: string;
  readonly pid?: number;
  readonly millisLeft?: number;
  readonly ready?: true;
  readonly heard?: string[];
  readonly blame?: { name: string; what: string; folder: string };
  readonly problem?: string;
}

let started: Bun.Subprocess<"ignore", "pipe", "ignore"> | undefined;
afterEach(async () => {
  started?.kill("SIGKILL");
  await started?.exited;
});

function start(...lives: string[]) {
  const child = Bun.spawn([process.execPath, FIXTURE, "keep", ...lives], {
    stdio: ["ignore", "pipe", "ignore"],
    // A group of its own, as a shell gives every command.
    detached: true,
  });
  started = child;
  const said: Said[] = [];
  const read = async (): Promise<void> => {
    const decoder = new TextDecoder();
    let text = "";
    for await (const chunk of child.stdout) {
      text += decoder.decode(chunk, { stream: true });
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) if (line.startsWith("{")) said.push(JSON.parse(line) as Said);
    }
  };
  const done = read();
  return {
    child,
    said,
    ended: async () => {
      await done;
      return await child.exited;
    },
    until: async (is: (each: Said) => boolean) => {
      await eventually(async () => await Promise.resolve(said.some(is)));
    },
  };
}

const blamesOf = (said: readonly Said[]) => said.flatMap(({ blame }) => blame ?? []);
const livesOf = (said: readonly Said[]) => said.flatMap(({ born }) => born ?? []);

describe("a keeper", () => {
  test("ends with its child's exit code, and starts nothing again that died by itself", async () => {
    const { said, ended } = start("exits", "exits");
    expect(await ended()).toBe(7);
    expect(livesOf(said)).toEqual(["exits"]);
  });

  test.each([
    ["spins", "the spins"],
    ["sleeps", "the sleeps"],
  ])("ends a child that %s in a call, blames the call and starts it again", async (life, name) => {
    const { said, ended } = start(life, "exits");
    expect(await ended()).toBe(7);
    expect(livesOf(said)).toEqual([life, "exits"]);
    expect(blamesOf(said)).toEqual([
      {
        name,
        what: expect.stringMatching(/^its native call had not returned after \d+ ms$/) as never,
        folder: "/the/folder",
      },
    ]);
    // The time that the first life was given goes on.
    const [first = 0, second = 0] = said.flatMap(({ millisLeft }) => millisLeft ?? []);
    expect(second).toBeLessThan(first - 400);
  });

  test("blames nobody for many short calls, nor for silence without one", async () => {
    const { said, ended } = start("calls");
    expect(await ended()).toBe(0);
    expect(blamesOf(said)).toEqual([]);
  });

  test("blames the call that a child died in, and goes on", async () => {
    const { said, ended } = start("crashes", "exits");
    expect(await ended()).toBe(7);
    expect(blamesOf(said)).toMatchObject([
      { name: "the crashes", what: expect.stringContaining("its native call ended with SIG") as never },
    ]);
  });

  test("ends as a child does that dies outside of calls", async () => {
    const { said, ended } = start("crashes outside", "exits");
    expect(await ended()).toBeGreaterThan(128);
    expect(livesOf(said)).toEqual(["crashes outside"]);
  });

  test("gives up after five short lives, with a reason", async () => {
    const { said, ended } = start("spins", ...Array.from({ length: 6 }, () => "crashes"));
    expect(await ended()).toBe(1);
    expect(livesOf(said)).toHaveLength(6);
    expect(said.at(-1)?.problem).toContain("left alone now");
  }, 20_000);

  test("does not count the time that a child was stopped", async () => {
    const { child, said, until, ended } = start("spins", "exits");
    await until(({ born }) => born === "spins");
    const pid = said[0]?.pid ?? 0;
    process.kill(pid, "SIGSTOP");
    await Bun.sleep(1_200);
    expect(blamesOf(said)).toEqual([]);
    expect(child.exitCode).toBeNull();
    process.kill(pid, "SIGCONT");
    expect(await ended()).toBe(7);
    expect(blamesOf(said)).toHaveLength(1);
  });

  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "passes %s on once, whether it came to the keeper or to its whole group",
    async (signal) => {
      for (const toGroup of [false, true]) {
        const { child, said, until, ended } = start("waits");
        await until(({ ready }) => ready === true);
        process.kill(toGroup ? -child.pid : child.pid, signal);
        expect(await ended()).toBe(3);
        expect(said.at(-1)).toEqual({ heard: [signal] });
      }
    },
    20_000,
  );

  test("that is told to stop while its child hangs ends, and starts nothing", async () => {
    const { child, said, until, ended } = start("spins", "exits");
    await until(({ born }) => born === "spins");
    child.kill("SIGINT");
    expect(await ended()).toBeGreaterThan(128);
    expect(livesOf(said)).toEqual(["spins"]);
    expect(blamesOf(said)).toHaveLength(1);
  });

  test("that is killed outright takes its child along, even one that hangs", async () => {
    const { child, said, until } = start("sleeps");
    await until(({ born }) => born === "sleeps");
    const pid = said[0]?.pid ?? 0;
    child.kill("SIGKILL");
    await child.exited;
    await eventually(async () => await Promise.resolve(!isRunning(pid)));
  });

  test("leaves no file behind", async () => {
    const before = marks();
    const { until, ended, child } = start("spins", "waits");
    await until(({ ready }) => ready === true);
    // Another test's may be there for the moment that its two processes take to open it.
    await eventually(() => marks().every((name) => before.includes(name)));
    child.kill("SIGTERM");
    await ended();
  });
});

function marks(): string[] {
  if (!existsSync("/dev/shm")) return [];
  return readdirSync("/dev/shm").filter((name) => name.includes("tickforge-calls"));
}

/** A zombie that nobody has asked about is not. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const asked = Bun.spawnSync(["ps", "-o", "state=", "-p", String(pid)])
    .stdout.toString()
    .trim();
  return asked !== "" && !asked.startsWith("Z");
}
