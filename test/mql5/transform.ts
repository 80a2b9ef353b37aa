// Turns the Expert Advisor's source into C++: literals and comments are set aside, what MQL5 spells differently is rewritten, and
// everything else is left alone, so that g++ complains about what it does not know - with the .mq5 file and line. What the source
// may not use, because it is no MQL5 or because the two languages differ on it, is refused before.

import { join } from "node:path";

export interface Refusal {
  readonly path: string;
  readonly line: number;
  readonly message: string;
}

export interface Program {
  readonly cpp: string;
  readonly refusals: readonly Refusal[];
}

export interface Source {
  /** As `#line` names it. */
  readonly path: string;
  readonly text: string;
}

/** Finds the text of `#include <name>`; undefined when there is none. */
export type Includes = (name: string) => Source | undefined;

const LITERAL = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g;

interface Masked {
  readonly code: string;
  readonly literals: readonly string[];
}

/** Comments become blanks, literals become a sign with their number; lines stay where they are. */
function mask(text: string): Masked {
  const literals: string[] = [];
  const code = text.replaceAll(LITERAL, (literal) => {
    if (literal.startsWith("/")) return literal.replaceAll(/[^\n]/g, " ");
    literals.push(literal);
    return `\u0001${literals.length - 1}\u0002`;
  });
  return { code, literals };
}

function restore({ code, literals }: Masked): string {
  // oxlint-disable-next-line no-control-regex
  return code.replaceAll(/\u0001(\d+)\u0002/g, (_, index: string) => {
    const literal = literals[Number(index)] ?? "";
    return literal.startsWith('"') ? `String(u${literal})` : `static_cast<ushort>(u${literal})`;
  });
}

const BANNED: readonly (readonly [RegExp, string])[] = [
  [/\b(?:new|delete)\b/g, "no objects on the heap: hold them by value"],
  [
    /\b(?:interface|operator|template|typename|union|virtual)\b/g,
    "outside of the subset: plain structs, classes and functions",
  ],
  [
    /\b(?:namespace|using|typedef|auto|decltype|constexpr|nullptr|noexcept|goto|try|catch|throw|friend|explicit|mutable)\b/g,
    "C++, no MQL5",
  ],
  [/\b(?:static|const|dynamic|reinterpret)_cast\b|\bstd\s*::/g, "C++, no MQL5"],
  [
    /\b(?:unsigned|signed|size_t|u?int(?:8|16|32|64)_t|long\s+long|long\s+double|char16_t|wchar_t)\b/g,
    "a type that MQL5 has not",
  ],
  [/\b(?:and|or|not|xor|bitand|bitor|compl)\b/g, "write the operator as a sign"],
  [/->/g, "no pointers: hold objects by value"],
  [/(?:[=(,]|\breturn)\s*&\s*\w/g, "no addresses: pass by reference"],
  [
    /\b(?:bool|char|uchar|short|ushort|int|uint|long|ulong|float|double|string|datetime|color|void)\s*\*/g,
    "no pointers",
  ],
  [/\]\s*\[/g, "no arrays of two dimensions"],
  [/[\w)\]]\s*\.\s*[a-z]\w*\s*\(/g, "no methods of arrays and strings: use the functions of MQL5"],
  [/\bfor\s*\(\s*(?:const\s+)?\w+\s*&?\s*\w+\s*:/g, "no range loops"],
  [/(?:^|[;{}])\s*(?:const\s+)?\w+\s*&\s*\w+\s*=/gm, "no references but parameters"],
  [/\[[&=]?\]\s*(?:\(|\{)/g, "no lambdas"],
  [/(?:^|[;{}])[ \t]*(?:const\s+)?\w+\s+\w+\s*\[\w*\]\s*,/gm, "one array per declaration"],
  [
    /(?:^|[;{}])[ \t]*(?!return\b|else\b|struct\b|class\b|enum\b)\w+\s+\w+\s*\{[^};]*\}\s*;/gm,
    "no braces as initialisers: use =",
  ],
  // oxlint-disable-next-line no-control-regex
  [/\u0002\s*\u0001/g, "literals side by side: join them with +"],
  // oxlint-disable-next-line no-control-regex
  [/\w\u0001/g, "no prefixes of literals"],
  [/\bFILE_(?:CSV|TXT|UNICODE)\b|\bCP_ACP\b/g, "files are FILE_BIN, texts CP_UTF8"],
  [/^[ \t]*#\s*(?:import|resource|pragma|if|elif)\b/gm, "no imports, resources and conditions"],
];

function lineOf(code: string, offset: number): number {
  let line = 1;
  for (let at = code.indexOf("\n"); at !== -1 && at < offset; at = code.indexOf("\n", at + 1)) line++;
  return line;
}

/** Names of structs and classes: MQL5 passes those by reference only. */
function recordNames(code: string): string[] {
  return [...code.matchAll(/\b(?:struct|class)\s+(\w+)/g)].map(([, name]) => name ?? "");
}

/** `int x=1;` directly in the body of a struct or class. */
function memberInitialisers(code: string): number[] {
  const offsets: number[] = [];
  for (const head of code.matchAll(/\b(?:struct|class)\s+\w+[^;{]*\{/g)) {
    let depth = 1;
    for (let at = head.index + head[0].length; at < code.length && depth > 0; at++) {
      if (code[at] === "{" || code[at] === "(") depth++;
      else if (code[at] === "}" || code[at] === ")") depth--;
      else if (code[at] === "=" && depth === 1) offsets.push(at);
    }
  }
  return offsets;
}

/** Where the bracket that opens at `open` closes. */
function closing(code: string, open: number): number {
  let depth = 0;
  for (let at = open; at < code.length; at++) {
    if (code[at] === "(") depth++;
    else if (code[at] === ")" && --depth === 0) return at;
  }
  return code.length;
}

/** Functions that return a struct: what they return must be kept in a variable, since references bind to nothing else in MQL5. */
function returnsRecord(code: string, records: readonly string[]): string[] {
  const heads = new RegExp(`\\b(?:${[...records, "Mql\\w+"].join("|")})\\s+(\\w+)\\s*\\(`, "g");
  return [...code.matchAll(heads)].map(([, name]) => name ?? "");
}

/** Calls of those functions whose value goes into something other than a variable. */
function passedOn(code: string, functions: readonly string[]): number[] {
  if (functions.length === 0) return [];
  const calls = new RegExp(`\\.(?:${functions.join("|")})\\s*\\(`, "g");
  return [...code.matchAll(calls)]
    .filter(({ index, 0: text }) => code[closing(code, index + text.length - 1) + 1] !== ";")
    .map(({ index }) => index);
}

interface Declared {
  readonly records: readonly string[];
  /** Those that return one. */
  readonly functions: readonly string[];
}

function refusalsOf(path: string, { code, literals }: Masked, { records, functions }: Declared): Refusal[] {
  const refusals: Refusal[] = [];
  const refuse = (offset: number, message: string): void => {
    // A pattern may begin at the end of the line before.
    const from = offset + (/^\s*/.exec(code.slice(offset))?.[0].length ?? 0);
    refusals.push({ path, line: lineOf(code, from), message });
  };
  for (const [pattern, message] of BANNED)
    for (const { index } of code.matchAll(pattern)) refuse(index, message);
  const byValue = new RegExp(
    `[(,]\\s*(?:const\\s+)?(?:${[...records, "Mql\\w+"].join("|")})\\s+\\w+\\s*(?=[,)])`,
    "g",
  );
  for (const { index } of code.matchAll(byValue))
    refuse(index + 1, "structs and classes are passed by reference");
  const pointer = new RegExp(`\\b(?:${[...records, "Mql\\w+"].join("|")})\\s*\\*`, "g");
  for (const { index } of code.matchAll(pointer)) refuse(index, "no pointers");
  // oxlint-disable-next-line no-control-regex
  for (const { index, 1: at } of code.matchAll(/[=!]=\s*\u0001(\d+)\u0002/g)) {
    if (literals[Number(at)] === '""')
      refuse(index, "a text that was never set is not equal to an empty one: ask StringLen");
  }
  for (const offset of passedOn(code, functions))
    refuse(offset, "what a function returns cannot be passed by reference: keep it in a variable");
  for (const offset of memberInitialisers(code))
    refuse(offset, "members get their values in the constructor");
  return refusals;
}

const INCLUDE = /^[ \t]*#\s*include\s*<([^>]+)>.*$/gm;

const NO_TYPE = new Set(["return", "else", "case", "in", "input", "const", "static"]);

/** Arrays become objects: `T a[]`, `T &a[]`, `T a[N]`. */
function rewriteArrays(code: string): string {
  return code.replaceAll(
    /\b(\w+)(\s+|\s*(&)\s*)(\w+)\s*\[\s*(\w*)\s*\]/g,
    (whole, type: string, gap: string, ampersand: string | undefined, name: string, size: string) => {
      if (NO_TYPE.has(type) || /^\d/.test(type) || (ampersand !== undefined && size !== "")) return whole;
      const blanks = gap.replaceAll(/[^\n]/g, "") || " ";
      const array = size === "" ? `Array<${type}>` : `Fixed<${type},${size}>`;
      return `${array}${blanks}${ampersand ?? ""}${name}`;
    },
  );
}

function rewrite(code: string): string {
  return rewriteArrays(
    code
      .replaceAll(/^[ \t]*#\s*property\b.*$/gm, "")
      .replaceAll(/^[ \t]*input\s+group\b.*$/gm, "")
      .replaceAll(/^[ \t]*input\s+(\w+)\s+(\w+)\s*=([^;]*);/gm, 'static $1 $2=inputValue("$2",$1($3));'),
  );
}

const PREAMBLE = `#include "program.hpp"
#include "api.hpp"
#include "world.hpp"
namespace program {
using namespace terminal;
static inline std::string given(const char *name, bool &is) {
  const std::string text = inputText(name);
  is = !text.empty();
  return is ? text.substr(1) : text;
}
static inline String inputValue(const char *name, const String &otherwise) {
  bool is = false;
  const std::string text = given(name, is);
  return is ? String(text) : otherwise;
}
static inline int inputValue(const char *name, int otherwise) {
  bool is = false;
  const std::string text = given(name, is);
  return is ? std::stoi(text) : otherwise;
}
static inline double inputValue(const char *name, double otherwise) {
  bool is = false;
  const std::string text = given(name, is);
  return is ? std::stod(text) : otherwise;
}
static inline bool inputValue(const char *name, bool otherwise) {
  bool is = false;
  const std::string text = given(name, is);
  return is ? text == "true" : otherwise;
}
`;

const HANDLERS = `
int onInit() { return OnInit(); }
void onDeinit(int reason) { OnDeinit(reason); }
void onTick() { OnTick(); }
void onTimer() { OnTimer(); }
void onTradeTransaction(const MqlTradeTransaction &transaction) {
  MqlTradeRequest request{};
  MqlTradeResult result{};
  OnTradeTransaction(transaction, request, result);
}
void onClick(const String &object) { OnChartEvent(CHARTEVENT_OBJECT_CLICK, 0L, 0.0, object); }
}
`;

/** The C++ of one program with everything that it includes. */
export function transform(main: Source, includes: Includes): Program {
  const refusals: Refusal[] = [];
  const seen = new Set<string>();
  const records: string[] = [];
  const functions: string[] = [];

  // Every file once, behind those that it includes: names are declared before they are used.
  const emit = (source: Source): string => {
    seen.add(source.path);
    const masked = mask(source.text);
    let before = "";
    const code = masked.code.replaceAll(INCLUDE, (text, name: string, offset: number) => {
      const included = includes(name);
      if (included === undefined)
        refusals.push({
          path: source.path,
          line: lineOf(masked.code, offset),
          message: `no file ${name} to include`,
        });
      else if (!seen.has(included.path)) before += emit(included);
      return text.replaceAll(/[^\n]/g, "");
    });
    records.push(...recordNames(code));
    functions.push(...returnsRecord(code, records));
    refusals.push(...refusalsOf(source.path, { code, literals: masked.literals }, { records, functions }));
    return `${before}#line 1 "${source.path}"\n${restore({ code: rewrite(code), literals: masked.literals })}\n`;
  };

  const body = emit(main);
  return { cpp: PREAMBLE + body + HANDLERS, refusals };
}

const ROOT = join(import.meta.dir, "../../mql5");

/** The Expert Advisor as it is in mql5/. */
export async function transformExpert(): Promise<Program> {
  const texts = new Map<string, string>();
  for await (const name of new Bun.Glob("**/*.mqh").scan(join(ROOT, "Include"))) {
    texts.set(name, await Bun.file(join(ROOT, "Include", name)).text());
  }
  const main = await Bun.file(join(ROOT, "Experts/Tickforge.mq5")).text();
  return transform({ path: "mql5/Experts/Tickforge.mq5", text: main }, (name) => {
    const text = texts.get(name.replaceAll("\\", "/"));
    return text === undefined ? undefined : { path: `mql5/Include/${name}`, text };
  });
}
