// A promise that nobody handles is told once and ends nothing; an exception still ends the process.

import { expect, test } from "bun:test";
import { join } from "node:path";

const FILE = JSON.stringify(join(import.meta.dir, "unhandled.ts"));

async function run(script: string): Promise<{ said: string; complained: string; exitCode: number }> {
  const source = `import { tellUnhandled } from ${FILE}; tellUnhandled((message) => console.log(message)); ${script}`;
  const child = Bun.spawn([process.execPath, "-e", source], { stdout: "pipe", stderr: "pipe" });
  const [said, complained] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { said, complained, exitCode: await child.exited };
}

test("a promise that nobody handles is told once, and what runs goes on", async () => {
  const { said, complained, exitCode } = await run(
    'const error = new Error("57P01"); for (let i = 0; i < 3; i++) Promise.reject(error); setTimeout(() => console.log("alive"), 20)',
  );
  expect(
    said.match(/nobody handled an error; trading goes on, please report it: Error: 57P01/g),
  ).toHaveLength(1);
  expect([said.endsWith("alive\n"), complained, exitCode]).toEqual([true, "", 0]);
});

test("an exception ends the process", async () => {
  const { said, complained, exitCode } = await run('setTimeout(() => { throw new Error("a bug") }, 1)');
  expect([said, complained.includes("a bug"), exitCode]).toEqual(["", true, 1]);
});
