// The rules themselves, each a pure function from one file to what is wrong with it, so that the test can show each of
// them a file that breaks it.

import { posix } from "node:path";
import { functionsOf, lineAt, placesIn, referencesOf, type SourceFile } from "./source.ts";

export interface Violation {
  readonly path: string;
  readonly line: number;
  /** What is wrong and what to do instead. */
  readonly message: string;
}

export interface Rule {
  readonly name: string;
  readonly check: (file: SourceFile) => Violation[];
}

export const FILE_LINES_MAX = 450;
export const FUNCTION_LINES_MAX = 80;

/**
 * Files that a rule does not hold for, each with the reason why: `"actors/x.ts": "reason"`. An entry is a debt: prefer to
 * change the file.
 */
const EXCEPTIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {};

/** What stands above what in actors/: each folder may use itself and those before it that are named. */
const BELOW_ACTORS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  domain: ["base"],
  ports: ["base", "domain"],
  runtime: ["base", "ports"],
  quality: ["base", "domain"],
  chain: ["base", "domain", "ports", "quality"],
  symbol: ["base", "domain", "ports", "runtime", "quality", "chain"],
  market: ["base", "domain", "ports", "runtime", "chain", "symbol"],
  account: ["base", "domain", "ports", "runtime", "chain", "symbol", "market"],
  cluster: ["base", "domain", "ports", "runtime", "chain", "symbol", "market", "account"],
};

/** Tests, and what only tests use, may reach for everything. */
export function isTest(path: string): boolean {
  return path.startsWith("test/") || /\.(?:test|fixture|bench|fuzz)\.ts$/.test(path);
}

const isActors = (path: string): boolean => path.startsWith("actors/");
const isTypeScript = (path: string): boolean => path.endsWith(".ts");
/** TypeScript, or MQL5, whose functions, strings and comments look alike. */
const isSource = (path: string): boolean => isTypeScript(path) || /\.mq[5h]$/.test(path);

function rule(
  name: string,
  applies: (path: string) => boolean,
  check: (file: SourceFile) => readonly { line: number; message: string }[],
): Rule {
  return {
    name,
    check: (file) =>
      applies(file.path) && EXCEPTIONS[name]?.[file.path] === undefined
        ? check(file).map(({ line, message }) => ({ path: file.path, line, message }))
        : [],
  };
}

/** A rule that the code matches nowhere. */
function banned(name: string, applies: (path: string) => boolean, pattern: RegExp, message: string): Rule {
  return rule(name, applies, (file) => placesIn(file, pattern).map(({ line }) => ({ line, message })));
}

/** Why `from` must not import `to` (both paths of this repository); undefined when it may. */
export function forbiddenArrow(from: string, to: string): string | undefined {
  const [fromTop = "", fromFolder = ""] = from.split("/");
  const [toTop = "", toFolder = ""] = to.split("/");
  if (toTop === "test") return "only tests import test/: move what both need below the one that needs it";
  switch (fromTop) {
    case "actors":
      if (toTop !== "actors") return "actors/ imports nothing outside itself: define a port in actors/ports";
      return forbiddenActorsArrow({ from, fromFolder, toFolder, to });
    case "storage":
      if (toTop === "actors") return undefined;
      if (toTop !== "storage") return "storage/ imports only actors/: hand it in from the caller";
      // What lies in no folder puts adapters together; what runs a process apart is no adapter.
      if (fromFolder.endsWith(".ts") || toFolder === "process" || fromFolder === toFolder) return undefined;
      return "one storage folder never imports another: meet at a port in actors/ports, or in storage/open.ts";
    case "edge":
      if (toTop === "actors" || toTop === "edge") return undefined;
      if (toTop === "storage" && from === "edge/main.ts") return undefined;
      return "edge/ imports actors/ and itself; only edge/main.ts knows storage/: hand it in from there";
    case "scripts":
      return undefined;
    default:
      return `${fromTop}/ imports nothing`;
  }
}

function isRootFile(path: string): boolean {
  return path.split("/").length === 2;
}

function forbiddenActorsArrow(arrow: {
  from: string;
  fromFolder: string;
  to: string;
  toFolder: string;
}): string | undefined {
  // Files directly in actors/ wire everything; nothing below may look up at them.
  if (isRootFile(arrow.from)) return undefined;
  if (isRootFile(arrow.to)) return "folders of actors/ do not import the files that wire them: move it down";
  const allowed = BELOW_ACTORS[arrow.fromFolder];
  if (allowed === undefined)
    return `actors/${arrow.fromFolder}/ has no place in the order of folders yet: give it one`;
  if (arrow.fromFolder === arrow.toFolder || allowed.includes(arrow.toFolder)) return undefined;
  return `actors/${arrow.fromFolder}/ may import only ${["itself", ...allowed].join(", ")}`;
}

function arrows(file: SourceFile): { line: number; message: string }[] {
  const problems: { line: number; message: string }[] = [];
  for (const { specifier, line } of referencesOf(file)) {
    if (specifier === undefined) {
      if (!file.path.startsWith("scripts/")) {
        problems.push({
          line,
          message: "imports a name made at run time: write it out, so that it can be checked",
        });
      }
    } else if (specifier.startsWith(".")) {
      const target = posix.normalize(posix.join(posix.dirname(file.path), specifier));
      const why = target.includes("/") ? forbiddenArrow(file.path, target) : undefined;
      if (why !== undefined) problems.push({ line, message: `imports ${target}: ${why}` });
    }
  }
  return problems;
}

function packages(file: SourceFile): { line: number; message: string }[] {
  return referencesOf(file)
    .filter(({ specifier }) => specifier?.startsWith(".") === false)
    .map(({ line, specifier }) => ({
      line,
      message: `imports ${specifier}: actors/ uses no package, no node: and no bun: module; hide it behind a port`,
    }));
}

function longFunctions(file: SourceFile): { line: number; message: string }[] {
  return functionsOf(file)
    .filter(({ lines }) => lines > FUNCTION_LINES_MAX)
    .map(({ line, lines }) => ({
      line,
      message: `a function of ${lines} lines (at most ${FUNCTION_LINES_MAX}): find the noun that wants to leave`,
    }));
}

function longFile({ text }: SourceFile): { line: number; message: string }[] {
  const lines = lineAt(text, text.trimEnd().length);
  if (lines <= FILE_LINES_MAX) return [];
  return [
    { line: lines, message: `a file of ${lines} lines (at most ${FILE_LINES_MAX}): split it by nouns` },
  ];
}

function inText(pattern: RegExp, message: string): (file: SourceFile) => { line: number; message: string }[] {
  return ({ text }) =>
    [...text.matchAll(pattern)].map(({ index }) => ({ line: lineAt(text, index), message }));
}

/** The rules' own words and samples would break the rules about words. */
const isTidy = (path: string): boolean => path.startsWith("test/tidy");

export const RULES: readonly Rule[] = [
  rule("imports go down only", (path) => isTypeScript(path) && !isTest(path), arrows),
  rule("actors import no package", (path) => isActors(path) && !isTest(path), packages),
  banned(
    "actors use nothing of the process they run in",
    (path) => isActors(path) && !isTest(path),
    /\b(?:Bun|process|globalThis|console)\s*[.[]|\bfetch\s*\(/g,
    "reaches for the process: let a port or a parameter bring it",
  ),
  banned(
    "actors know no wall clock, no chance and no timers of their own",
    (path) => isActors(path) && !isTest(path),
    /\bDate\s*\.\s*now\b|\bDate\s*\(\s*\)|\bperformance\b|\bMath\s*\.\s*random\b|\bcrypto\s*\.|\b(?:setTimeout|setInterval|setImmediate|queueMicrotask)\b/g,
    "breaks replays: take the record's time, the injected Scheduler or Random",
  ),
  banned(
    "actors compute the same bits on every machine",
    (path) => isActors(path) && !isTest(path),
    /\bMath\s*\.\s*(?:a?(?:sin|cos|tan)h?|atan2|exp|expm1|log|log1p|log10|pow|cbrt|hypot)\s*[(),]/g,
    "differs in its last bits between machines: take base/exponential.ts or arithmetic",
  ),
  rule("files have at most 450 lines", (path) => isSource(path) && !isTest(path), longFile),
  rule("functions have at most 80 lines", (path) => isSource(path) && !isTest(path), longFunctions),
  banned(
    "only the command line and the terminal print",
    (path) => isTypeScript(path) && !isTest(path) && !/^(?:scripts|edge\/terminal)/.test(path),
    /\bconsole\s*\./g,
    "prints: return a value, or tell the caller's callback",
  ),
  banned(
    "no default exports",
    isTypeScript,
    /\bexport\s+default\b/g,
    "exports a default: give it a name, so that it is called the same everywhere",
  ),
  banned(
    "no re-exports",
    isTypeScript,
    /\bexport\s+(?:type\s+)?(?:\*|\{[^}]*\}\s*from\b)/g,
    "re-exports: import from where it lives",
  ),
  rule("no barrel files", isTypeScript, ({ path }) =>
    /(?:^|\/)index\.ts$/.test(path)
      ? [{ line: 1, message: "is called index: name it by what it holds" }]
      : [],
  ),
  rule("files open with what they are", isSource, ({ text }) =>
    /^(?:#!.*\n)?\/\/ \S/.test(text)
      ? []
      : [
          {
            line: 1,
            message: "does not say what it is and why it exists: begin with two or three lines of //",
          },
        ],
  ),
  banned(
    "no test is singled out or put off",
    (path) => isTypeScript(path) && isTest(path),
    /\.(?:only|todo)\s*\(|\b(?:fit|fdescribe|xit|xtest)\s*\(/g,
    "singles out or puts off a test: run all, write it now, or leave it out",
  ),
  rule(
    "nothing is left over",
    (path) => !isTidy(path),
    inText(/\b(?:TODO|FIXME|HACK)\b|\bXXX:|\b[Ll]orem ipsum\b/g, "a leftover: do it now or leave it out"),
  ),
  rule(
    "no path of one machine",
    (path) => !isTest(path) && !isTidy(path),
    inText(
      /(?<![\w.$}-])\/(?:work|root|tmp|home|Users)\//g,
      "a path of one machine: make it relative or a setting",
    ),
  ),
];
