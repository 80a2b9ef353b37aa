// Runs every test and ends with one plain line that counts them: `N passed, N failed` (`, N skipped` where some were).
// Further arguments go to `bun test`.

export interface TestOutcome {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** `N passed, N failed`, with `, N skipped` behind it where some were. */
  readonly summary: string;
  readonly exitCode: number;
}

/** Bytes of the end of the output that are searched for the runner's own count. */
const TAIL_CHARACTERS = 4_096;

/**
 * The outcome of a `bun test` that printed `output` and ended with `exitCode`. A file that does not load counts as failed, and
 * so does a run that ended without its count: a test that ends the process must not look like success.
 */
export function outcomeOf(output: string, exitCode: number): TestOutcome {
  const plain = Bun.stripANSI(output);
  const counted = /^Ran \d+ tests? across \d+ files?\./m.test(plain);
  const passed = countOf(plain, /^ *(\d+) pass$/m);
  const skipped = countOf(plain, /^ *(\d+) skip$/m) + countOf(plain, /^ *(\d+) todo$/m);
  const reported = countOf(plain, /^ *(\d+) fail$/m);
  const failed = reported === 0 && (exitCode !== 0 || !counted) ? 1 : reported;
  return outcome({ passed, failed, skipped, exitCode: failed === 0 ? 0 : exitCode || 1 });
}

function outcome(counts: Omit<TestOutcome, "summary">): TestOutcome {
  const { passed, failed, skipped } = counts;
  const tail = skipped === 0 ? "" : `, ${skipped} skipped`;
  return { ...counts, summary: `${passed} passed, ${failed} failed${tail}` };
}

/** Of two runs, one after the other. */
export function together(one: TestOutcome, other: TestOutcome): TestOutcome {
  return outcome({
    passed: one.passed + other.passed,
    failed: one.failed + other.failed,
    skipped: one.skipped + other.skipped,
    exitCode: one.exitCode || other.exitCode,
  });
}

function countOf(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? 0);
}

/** A test that starts real processes takes seconds, on a busy machine several times as long; beyond this it hangs. */
const TEST_TIMEOUT_MILLIS = 60_000;

/** It gathers tests that a run of all finds where they lie. */
const GATHERED = "--path-ignore-patterns=test/contract/**";

/** Most files wait for processes and clocks more than they compute. */
const IN_TWO = "--parallel=2";

/**
 * A page shows what a whole system has stored in the meantime, and what stores gives way to everybody: beside another test on a
 * small machine it would not get its turn.
 */
const BROWSER = { folder: "./test/browser", left: "--path-ignore-patterns=test/browser/**" };

/** Runs tests with `args` of `bun test`, of which later ones win, and passes the output on as it comes; without any, all of them. */
export async function runTests(args: readonly string[]): Promise<TestOutcome> {
  if (args.some((arg) => !arg.startsWith("-"))) return await runBun(args);
  if (args.length > 0) return await runBun([GATHERED, IN_TWO, ...args]);
  const most = await runBun([GATHERED, IN_TWO, BROWSER.left]);
  return together(most, await runBun([BROWSER.folder]));
}

async function runBun(args: readonly string[]): Promise<TestOutcome> {
  const colours = process.stderr.isTTY ? { FORCE_COLOR: "1" } : {};
  const child = Bun.spawn([process.execPath, "test", `--timeout=${TEST_TIMEOUT_MILLIS}`, ...args], {
    cwd: `${import.meta.dir}/..`,
    env: { ...process.env, ...colours },
    stdio: ["inherit", "inherit", "pipe"],
  });
  const decoder = new TextDecoder();
  let tail = "";
  for await (const chunk of child.stderr) {
    process.stderr.write(chunk);
    tail = (tail + decoder.decode(chunk, { stream: true })).slice(-TAIL_CHARACTERS);
  }
  return outcomeOf(tail, await child.exited);
}

if (import.meta.main) {
  const { summary, exitCode } = await runTests(process.argv.slice(2));
  process.stdout.write(`${summary}\n`);
  process.exitCode = exitCode;
}
