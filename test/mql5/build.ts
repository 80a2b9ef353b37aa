// Builds the Expert Advisor over the fake terminal with g++, warnings as errors and sanitizers on. What was built from the same
// sources lies in build/ of the repository and is taken again.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { transformExpert, type Program } from "./transform.ts";

const ROOT = join(import.meta.dir, "../..");
const TERMINAL = join(import.meta.dir, "terminal");
const OUT = join(ROOT, "build/mql5");

const SWEEP_MILLIS = 86_400_000;

/** Handlers have the parameters that MQL5 wants, used or not. */
const WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wconversion", "-Wno-unused-parameter"];
const COMMON = ["-std=c++17", "-O0", "-g1", ...WARNINGS];
const FLAGS = [...COMMON, "-fsanitize=address,undefined", "-fno-sanitize-recover=all"];
/** The fake terminal is not what is tested: half the sanitizers, half the time. */
const TERMINAL_FLAGS = [...COMMON, "-fsanitize=address"];

function compiler(): string {
  const found = Bun.which("g++");
  if (found === null)
    throw new Error(
      "g++ is missing: the Expert Advisor cannot be tested. Install it with `apt-get install g++` (Debian, Ubuntu) or " +
        "`dnf install gcc-c++ libasan libubsan` (Fedora).",
    );
  return found;
}

async function run(args: readonly string[]): Promise<string> {
  const child = Bun.spawn([compiler(), ...args], { stdout: "pipe", stderr: "pipe", cwd: ROOT });
  const [out, errors] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return (await child.exited) === 0 ? "" : out + errors || "g++ failed without a word";
}

async function terminalSources(): Promise<string> {
  const names = [...new Bun.Glob("*.{cpp,hpp}").scanSync(TERMINAL)].sort();
  const texts = await Promise.all(names.map(async (name) => await Bun.file(join(TERMINAL, name)).text()));
  return texts.join("\0");
}

function digest(...parts: readonly string[]): string {
  return createHash("sha256").update(parts.join("\0")).digest("hex").slice(0, 16);
}

/** Compiles into a name of its own and renames: two runs at once do not meet halfway. */
async function make(target: string, args: readonly string[]): Promise<void> {
  if (existsSync(target)) return;
  const fresh = `${target}.${process.pid}`;
  const errors = await run([...args, "-o", fresh]);
  if (errors !== "") throw new Error(errors.slice(0, 8_000));
  renameSync(fresh, target);
}

/** g++'s words about a program; empty when it takes it. Nothing is linked. */
export async function complaintsOf(program: Program): Promise<string> {
  mkdirSync(OUT, { recursive: true });
  const source = join(OUT, `snippet-${digest(program.cpp)}.cpp`);
  await Bun.write(source, program.cpp);
  return await run([...FLAGS, `-I${TERMINAL}`, "-fsyntax-only", source]);
}

/** What was built from older sources, once nobody can be running it. */
function sweep(): void {
  for (const name of new Bun.Glob("*").scanSync(OUT)) {
    const path = join(OUT, name);
    if (Date.now() - statSync(path).mtimeMs > SWEEP_MILLIS) rmSync(path, { force: true });
  }
}

async function build(): Promise<string> {
  const program = await transformExpert();
  if (program.refusals.length > 0)
    throw new Error(
      program.refusals.map(({ path, line, message }) => `${path}:${line} ${message}`).join("\n"),
    );
  mkdirSync(OUT, { recursive: true });
  const flags = FLAGS.join(" ");
  const sources = await terminalSources();
  const terminal = join(OUT, `terminal-${digest(TERMINAL_FLAGS.join(" "), sources)}.o`);
  const name = digest(flags, sources, program.cpp);
  const expert = join(OUT, `expert-${name}`);
  const source = `${expert}.cpp`;
  if (existsSync(expert)) return expert;
  sweep();
  await Bun.write(source, program.cpp);
  await Promise.all([
    make(terminal, [...TERMINAL_FLAGS, "-c", join(TERMINAL, "terminal.cpp")]),
    make(`${expert}.o`, [...FLAGS, `-I${TERMINAL}`, "-c", source]),
  ]);
  await make(expert, [...FLAGS, `${expert}.o`, terminal]);
  return expert;
}

let built: Promise<string> | undefined;

/** The path of the program; built once per run of tests at most. */
export async function expertProgram(): Promise<string> {
  built ??= build();
  return await built;
}
