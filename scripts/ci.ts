// What has to hold before a change goes in: types, lint, format, no dead code, tests. Runs all of it, then fails if any
// part failed; the last line is the tests' own count.

import { join } from "node:path";
import { runTests } from "./test.ts";

interface Step {
  readonly name: string;
  readonly run: () => Promise<number>;
}

const root = join(import.meta.dir, "..");

/** A tool's entry file, run on this Bun: nothing depends on what the PATH holds. */
function tool(entry: string, ...args: string[]): () => Promise<number> {
  return async () => {
    const command = [process.execPath, join(root, "node_modules", entry), ...args];
    return await Bun.spawn(command, { cwd: root, stdio: ["ignore", "inherit", "inherit"] }).exited;
  };
}

let testSummary = "";

const steps: readonly Step[] = [
  { name: "types", run: tool("typescript/bin/tsc", "--noEmit") },
  { name: "lint", run: tool("oxlint/bin/oxlint", "--type-aware", "--deny-warnings") },
  { name: "format", run: tool("oxfmt/bin/oxfmt", "--check", ".") },
  { name: "dead code", run: tool("knip/bin/knip.js") },
  {
    name: "tests",
    run: async () => {
      const outcome = await runTests([]);
      testSummary = outcome.summary;
      return outcome.exitCode;
    },
  },
];

let failures = 0;
const report: string[] = [];
for (const { name, run } of steps) {
  console.log(`== ${name}`);
  const startedMillis = performance.now();
  const exitCode = await run();
  const seconds = ((performance.now() - startedMillis) / 1_000).toFixed(1);
  if (exitCode !== 0) failures++;
  report.push(`${exitCode === 0 ? "ok    " : "FAILED"}  ${name.padEnd(10)} ${seconds.padStart(6)} s`);
}
console.log(`\n${report.join("\n")}`);
console.log(testSummary);
process.exitCode = failures === 0 ? 0 : 1;
