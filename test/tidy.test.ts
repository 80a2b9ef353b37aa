// The house rules that no linter knows, as tests: which folder may import which, no clocks in actors/, sizes, leftovers.
// Each rule is also shown samples that break it and samples that do not, so that a rule which sees nothing fails.

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { Glob } from "bun";
import { FILE_LINES_MAX, forbiddenArrow, FUNCTION_LINES_MAX, RULES, type Rule } from "./tidy/rules.ts";
import { functionsOf, referencesOf, sourceFile } from "./tidy/source.ts";

const root = join(import.meta.dir, "..");

const files = await Promise.all(
  [
    ...new Glob("{actors,edge,storage,mql5,scripts,test}/**/*.{ts,mjs,mq5,mqh,py,yml,yaml}").scanSync(root),
    ...new Glob("*.{json,yml,md,toml}").scanSync(root),
  ]
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => !path.includes("node_modules") && !path.includes(".venv"))
    .sort()
    .map(async (path) => sourceFile(path, await Bun.file(join(root, path)).text())),
);

test("there is something to check", () => {
  for (const folder of ["actors/", "storage/", "edge/", "scripts/", "test/"]) {
    expect(files.some(({ path }) => path.startsWith(folder))).toBe(true);
  }
});

describe("the house", () => {
  for (const rule of RULES) {
    test(rule.name, () => {
      const violations = files.flatMap((file) => rule.check(file));
      const lines = violations.map(({ path, line, message }) => `${path}:${line} ${message}`);
      if (lines.length > 0) throw new Error(`${lines.length} against "${rule.name}":\n${lines.join("\n")}`);
    });
  }
});

const body = (lines: number): string => "  work();\n".repeat(lines);

interface Sample {
  readonly path: string;
  readonly text: string;
  /** Lines the rule must complain about. */
  readonly lines: readonly number[];
}

/** Files that break the rule of that name, and files that look like it and do not. */
const SAMPLES: Readonly<Record<string, readonly Sample[]>> = {
  "imports go down only": [
    { path: "actors/base/a.ts", text: 'import { b } from "../domain/b.ts";', lines: [1] },
    { path: "actors/base/a.ts", text: 'import type { B } from "../domain/b.ts";', lines: [1] },
    { path: "actors/base/a.ts", text: 'import {\n  type B,\n  c,\n} from "../domain/b.ts";', lines: [4] },
    { path: "actors/domain/a.ts", text: 'type B = import("../ports/b.ts").B;', lines: [1] },
    { path: "actors/runtime/a.ts", text: 'import "../domain/b.ts";', lines: [1] },
    { path: "actors/chain/a.ts", text: 'import { b } from "../runtime/b.ts";', lines: [1] },
    { path: "actors/quality/a.ts", text: 'import { b } from "../chain/b.ts";', lines: [1] },
    { path: "actors/chain/features/a.ts", text: 'import { b } from "../../symbol/b.ts";', lines: [1] },
    { path: "actors/symbol/a.ts", text: 'import { b } from "../account/b.ts";', lines: [1] },
    { path: "actors/account/a.ts", text: 'import { b } from "../engine.ts";', lines: [1] },
    { path: "actors/account/a.ts", text: 'const b = await import("../../storage/sql/b.ts");', lines: [1] },
    { path: "actors/novelty/a.ts", text: 'import { b } from "../base/b.ts";', lines: [1] },
    { path: "storage/sql/a.ts", text: 'import { b } from "../journal/b.ts";', lines: [1] },
    {
      path: "storage/sql/a.ts",
      text: 'const w = new Worker(new URL("../journal/b.ts", import.meta.url));',
      lines: [1],
    },
    { path: "storage/sql/a.ts", text: 'import { b } from "../../edge/b.ts";', lines: [1] },
    { path: "edge/feeds/a.ts", text: 'import { b } from "../../storage/sql/b.ts";', lines: [1] },
    { path: "edge/main.ts", text: 'import { b } from "../scripts/b.ts";', lines: [1] },
    { path: "scripts/a.ts", text: 'export { b } from "../test/b.ts";', lines: [1] },
    { path: "storage/sql/a.ts", text: "const b = await import(name);", lines: [1] },
    {
      path: "actors/base/a.ts",
      text: '// import { b } from "../domain/b.ts";\nconst c = "from \'../chain/c.ts\'";',
      lines: [],
    },
    { path: "actors/engine.ts", text: 'import { b } from "./account/b.ts";', lines: [] },
    { path: "actors/account/a.ts", text: 'import { b } from "../market/b.ts";', lines: [] },
    { path: "storage/open.ts", text: 'import { b } from "./sql/b.ts";', lines: [] },
    { path: "edge/main.ts", text: 'import { b } from "../storage/sql/b.ts";', lines: [] },
    { path: "actors/base/a.test.ts", text: 'import { b } from "../domain/b.ts";', lines: [] },
  ],
  "actors import no package": [
    { path: "actors/base/a.ts", text: 'import { join } from "node:path";', lines: [1] },
    { path: "actors/base/a.ts", text: 'import type { z } from "zod";', lines: [1] },
    { path: "actors/base/a.ts", text: 'import { b } from "./b.ts";', lines: [] },
    { path: "actors/base/a.test.ts", text: 'import { test } from "bun:test";', lines: [] },
  ],
  "actors use nothing of the process they run in": [
    { path: "actors/base/a.ts", text: "const n = Bun.nanoseconds();", lines: [1] },
    { path: "actors/base/a.ts", text: "if (process.env.X) console.log(1);", lines: [1, 1] },
    { path: "actors/base/a.ts", text: "void fetch(url);", lines: [1] },
    { path: "actors/base/a.ts", text: "// Bun.sleep\nprocessRecord(a); this.process(b);", lines: [] },
  ],
  "actors compute the same bits on every machine": [
    { path: "actors/chain/a.ts", text: "const y = Math.exp(-x);\nmap(values, Math.log);", lines: [1, 2] },
    { path: "actors/chain/a.ts", text: "// Math.exp(x)\nconst y = Math.sqrt(x) + Math.log2(64);", lines: [] },
  ],
  "actors know no wall clock, no chance and no timers of their own": [
    { path: "actors/chain/a.ts", text: "const t = Date.now();", lines: [1] },
    { path: "actors/chain/a.ts", text: "const t =\n  new Date();", lines: [2] },
    { path: "actors/chain/a.ts", text: "const t = performance.now();", lines: [1] },
    { path: "actors/chain/a.ts", text: "const r = `${Math.random()}`;", lines: [1] },
    { path: "actors/chain/a.ts", text: "setTimeout(f, 1); setInterval(f, 1);", lines: [1, 1] },
    { path: "actors/chain/a.ts", text: "setImmediate(f);\nqueueMicrotask(f);", lines: [1, 2] },
    {
      path: "actors/chain/a.ts",
      text: '// Date.now()\nconst a = new Date(t); const b = "Date.now()";',
      lines: [],
    },
    { path: "actors/chain/a.test.ts", text: "const t = Date.now();", lines: [] },
    { path: "edge/a.ts", text: "const t = Date.now();", lines: [] },
  ],
  "files have at most 450 lines": [
    { path: "edge/a.ts", text: "//\n".repeat(FILE_LINES_MAX + 1), lines: [FILE_LINES_MAX + 1] },
    { path: "edge/a.ts", text: "//\n".repeat(FILE_LINES_MAX), lines: [] },
    { path: "mql5/a.mqh", text: "//\n".repeat(FILE_LINES_MAX + 1), lines: [FILE_LINES_MAX + 1] },
  ],
  "functions have at most 80 lines": [
    { path: "edge/a.ts", text: `function f() {\n${body(FUNCTION_LINES_MAX - 1)}}`, lines: [1] },
    {
      path: "edge/a.ts",
      text: `class A {\n  #f<T>(a: T): Map<T, { b: 1 }> {\n${body(79)}  }\n}`,
      lines: [2],
    },
    { path: "edge/a.ts", text: `const f = async (a: A): Promise<B> => {\n${body(79)}};`, lines: [1] },
    { path: "edge/a.ts", text: `list.map((a) => {\n${body(79)}});`, lines: [1] },
    { path: "edge/a.ts", text: `list.map(a => {\n${body(79)}});`, lines: [1] },
    { path: "edge/a.ts", text: `function f() {\n${body(FUNCTION_LINES_MAX - 2)}}`, lines: [] },
    {
      path: "mql5/a.mqh",
      text: `class A\n  {\n   void f(const int a)\n     {\n${body(79)}     }\n  };`,
      lines: [3],
    },
    { path: "edge/a.ts", text: `if (a) {\n${body(100)}}`, lines: [] },
    { path: "mql5/a.mq5", text: `void f(void)\n  {\n   if(a)\n     {\n${body(70)}     }\n  }`, lines: [] },
    { path: "edge/a.ts", text: `class A {\n${"  f() {}\n".repeat(100)}}`, lines: [] },
    { path: "edge/a.ts", text: `const a = b ? c(d) : {\n${"  e: 1,\n".repeat(100)}};`, lines: [] },
    { path: "edge/a.test.ts", text: `function f() {\n${body(100)}}`, lines: [] },
  ],
  "only the command line and the terminal print": [
    { path: "storage/sql/a.ts", text: "console.log(1);", lines: [1] },
    { path: "edge/feeds/a.ts", text: "console.error(1);", lines: [1] },
    { path: "edge/terminal/a.ts", text: "console.log(1);", lines: [] },
    { path: "scripts/a.ts", text: "console.log(1);", lines: [] },
  ],
  "no default exports": [
    { path: "edge/a.ts", text: "export default 1;", lines: [1] },
    { path: "edge/a.ts", text: "export const defaults = 1; // export default", lines: [] },
  ],
  "no re-exports": [
    { path: "edge/a.ts", text: 'export * from "./b.ts";', lines: [1] },
    { path: "edge/a.ts", text: 'export {\n  b,\n} from "./b.ts";', lines: [1] },
    { path: "edge/a.ts", text: 'export type { B } from "./b.ts";', lines: [1] },
    { path: "edge/a.ts", text: "export { b };", lines: [] },
  ],
  "no barrel files": [
    { path: "edge/index.ts", text: "", lines: [1] },
    { path: "edge/dollar-index.ts", text: "", lines: [] },
  ],
  "files open with what they are": [
    { path: "edge/a.ts", text: "export const a = 1;", lines: [1] },
    { path: "edge/a.ts", text: "// What it is.\n", lines: [] },
  ],
  "no test is singled out or put off": [
    { path: "edge/a.test.ts", text: 'test.only("a", f);', lines: [1] },
    { path: "edge/a.test.ts", text: 'describe("a", () => {\n  test.todo("b");\n});', lines: [2] },
    { path: "edge/a.test.ts", text: 'test("an.only(", f);', lines: [] },
  ],
  "nothing is left over": [
    { path: "edge/a.ts", text: "// TODO: later", lines: [1] },
    { path: "README.md", text: "a\nFIXME", lines: [2] },
    { path: "edge/a.ts", text: "XXX is a currency; test.todo();", lines: [] },
  ],
  "no path of one machine": [
    { path: "edge/a.ts", text: 'open("/tmp/a");', lines: [1] },
    { path: "README.md", text: "see\n/home/somebody/a", lines: [2] },
    { path: "edge/a.ts", text: 'import "../work/a.ts"; open("./tmp/a");', lines: [] },
    { path: "edge/a.test.ts", text: 'open("/tmp/a");', lines: [] },
  ],
};

describe("the rules see what they forbid", () => {
  for (const rule of RULES) {
    test(rule.name, () => {
      const samples = SAMPLES[rule.name] ?? [];
      expect(samples.some(({ lines }) => lines.length > 0)).toBe(true);
      expect(samples.some(({ lines }) => lines.length === 0)).toBe(true);
      for (const sample of samples)
        expect<Sample>({ ...sample, lines: complaints(rule, sample) }).toEqual(sample);
    });
  }

  test("no sample is of a rule that does not exist", () => {
    expect(Object.keys(SAMPLES).sort()).toEqual(RULES.map(({ name }) => name).sort());
  });

  test("nobody imports scripts or mql5 files", () => {
    for (const from of ["actors/a.ts", "storage/sql/a.ts", "edge/a.ts", "mql5/a.ts"]) {
      expect(forbiddenArrow(from, "scripts/b.ts")).toBeString();
    }
  });
});

function complaints(rule: Rule, { path, text }: Sample): number[] {
  return rule.check(sourceFile(path, text)).map(({ line }) => line);
}

describe("the reader", () => {
  test("blanks comments, strings and expressions and keeps the lines", () => {
    const text = 'a = /[/"{]/.test(b) ? "}" : `x${{ c: "}" }.c}y${`{`}`; // {\n/* {\n */ d = 4 / 2 / 1;';
    const { code } = sourceFile("a.ts", text);
    expect(code.length).toBe(text.length);
    expect(code.split("\n").length).toBe(text.split("\n").length);
    expect(code.replaceAll(/\s+/g, " ")).toBe('a = .test(b) ? " " : ` { c: " " }.c ` ` `; d = 4 / 2 / 1;');
  });

  test("finds every kind of reference", () => {
    const text =
      'import a from "./a.ts";\nimport "./b.ts";\nexport * from "./c.ts";\ntype D = import("./d.ts").D;\n' +
      'new Worker(new URL("./e.ts", import.meta.url));\nimport type { F } from \'./f.ts\';\nArray.from("g");\n' +
      'new URL("https://h.example");\nPromise.resolve("i");\nimport data from "./j.json" with { type: "json" };';
    const names = referencesOf(sourceFile("a.ts", text)).map(({ specifier }) => specifier);
    expect(names).toEqual(["./a.ts", "./b.ts", "./c.ts", "./d.ts", "./e.ts", "./f.ts", "./j.json"]);
  });

  test("measures functions from head to brace", () => {
    const text =
      "export function f(\n  a: { b: 1 },\n): a is {} & B {\n  if (a) {\n  }\n}\n\nget g(): string {\n}";
    expect(functionsOf(sourceFile("a.ts", text))).toEqual([
      { line: 1, lines: 6 },
      { line: 8, lines: 2 },
    ]);
  });
});
