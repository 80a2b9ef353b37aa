// The tests at their full counts: thousands of crashes, kills and flipped bits where CI takes a sample. Runs each of the
// suites that know the difference and prints what ran. Further arguments name suites: `bun run torture kill storm`.

import { Glob } from "bun";
import { join } from "node:path";
import { runTests } from "./test.ts";

/** What a test file reads to know that it is to do all it can. */
const VARIABLE = "TICKFORGE_TORTURE";
/** A suite takes minutes; beyond this per test something hangs. */
const TEST_TIMEOUT_MILLIS = 3_600_000;

const root = join(import.meta.dir, "..");

async function suites(names: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for await (const path of new Glob("{actors,edge,scripts,storage,test}/**/*.test.ts").scan(root)) {
    if (names.length > 0 && !names.some((name) => path.includes(name))) continue;
    if ((await Bun.file(join(root, path)).text()).includes(`"${VARIABLE}"`)) found.push(path);
  }
  return found.sort();
}

const chosen = await suites(process.argv.slice(2));
if (chosen.length === 0) {
  console.error("no suite has such a name: `bun run torture` without names runs all of them");
  process.exit(2);
}
process.env[VARIABLE] = "1";
const report: string[] = [];
let failures = 0;
for (const suite of chosen) {
  const startedMillis = performance.now();
  const { summary, exitCode } = await runTests([`--timeout=${TEST_TIMEOUT_MILLIS}`, `./${suite}`]);
  const seconds = ((performance.now() - startedMillis) / 1_000).toFixed(1);
  if (exitCode !== 0) failures++;
  report.push(`${exitCode === 0 ? "ok    " : "FAILED"}  ${seconds.padStart(7)} s  ${suite}: ${summary}`);
}
console.log(`\n${report.join("\n")}`);
process.exitCode = failures === 0 ? 0 : 1;
