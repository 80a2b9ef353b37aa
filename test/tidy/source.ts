// Reads TypeScript well enough to judge it: which files it imports and how long its functions are. Not a parser: comments,
// strings and regular expressions are blanked out, and what is left has braces that match.

export interface SourceFile {
  /** Relative to the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** The text with comments, strings and regular expressions replaced by spaces; every offset and line stays. */
  readonly code: string;
}

export interface Located {
  readonly line: number;
}

export interface Reference extends Located {
  /** As written, for example `../base/clock.ts`; undefined when it is not a plain string. */
  readonly specifier: string | undefined;
}

export interface FunctionSpan extends Located {
  readonly lines: number;
}

export function sourceFile(path: string, text: string): SourceFile {
  return { path, text, code: blank(text) };
}

export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let i = text.indexOf("\n"); i !== -1 && i < offset; i = text.indexOf("\n", i + 1)) line++;
  return line;
}

/** Every place where `pattern` matches the code, comments and strings left out. */
export function placesIn({ code }: SourceFile, pattern: RegExp): Located[] {
  return [...code.matchAll(pattern)].map(({ index }) => ({ line: lineAt(code, index) }));
}

/** What stands before a file's name: imports and re-exports of any kind, workers, and URLs beside the file. */
const REFERENCE = /\bfrom(?=\s*["'])|\bimport(?=\s*["'])|\b(?:import|require|URL|Worker|resolve)\s*\(/g;

/** Every file or package the source names: type-only, dynamic and worker imports included. */
export function referencesOf({ text, code }: SourceFile): Reference[] {
  const references: Reference[] = [];
  for (const match of code.matchAll(REFERENCE)) {
    const word = /^\w+/.exec(match[0])?.[0] ?? "";
    const start = match.index + match[0].length;
    const specifier = stringAt(text, start);
    const line = lineAt(text, match.index);
    // Only names in this folder: `new URL("https://...")` and `Promise.resolve(x)` refer to no file.
    const namesFile = specifier !== undefined && specifier.startsWith(".");
    if (word === "URL" || word === "Worker" || word === "resolve") {
      if (namesFile) references.push({ specifier, line });
    } else {
      references.push({ specifier, line });
    }
  }
  return references;
}

function stringAt(text: string, offset: number): string | undefined {
  return /^\s*(["'])(.*?)\1/.exec(text.slice(offset, offset + 500))?.[2];
}

/** What has parentheses and a block and is no function. */
const CONTROL = new Set(["if", "for", "while", "switch", "catch", "with", "await"]);

/** Functions, methods and arrows that have a body, from the head's first line to the closing brace. */
export function functionsOf({ code }: SourceFile): FunctionSpan[] {
  const closers = matchBrackets(code);
  /** Where each body's function begins. */
  const heads = new Map<number, number>();
  for (const [open, close] of closers) {
    if (code[open] !== "(") continue;
    const word = /(\w+)\s*$/.exec(code.slice(Math.max(0, open - 20), open))?.[1] ?? "";
    if (CONTROL.has(word)) continue;
    const body = bodyAfter(code, close + 1, closers);
    if (body !== undefined) heads.set(body, Math.min(open, heads.get(body) ?? open));
  }
  for (const { index } of code.matchAll(/[\w$]\s*=>\s*\{/g)) {
    const body = code.indexOf("{", index);
    if (!heads.has(body)) heads.set(body, index);
  }
  return [...heads]
    .toSorted(([a], [b]) => a - b)
    .flatMap(([body, head]) => {
      const end = closers.get(body);
      if (end === undefined) return [];
      const line = lineAt(code, head);
      return [{ line, lines: lineAt(code, end) - line + 1 }];
    });
}

/** Words of a type that want another type behind them. */
const TYPE_PREFIX = /^(?:is|asserts|keyof|typeof|readonly|unique|infer|extends)$/;

/**
 * Offset of the brace that opens a function's body, behind its parameters and return type; undefined when there is none,
 * as in a call or an overload.
 */
function bodyAfter(code: string, from: number, closers: ReadonlyMap<number, number>): number | undefined {
  const token = /\s*(?:(=>)|([\w$]+)|(\S))/y;
  /** Whether a type is wanted next: a brace there opens an object type, anywhere else the body. */
  let wantsType = false;
  let angles = 0;
  for (let first = true; ; first = false) {
    token.lastIndex = first ? from : token.lastIndex;
    const match = token.exec(code);
    if (match === null) return undefined;
    const [, arrow, word, sign] = match;
    const at = token.lastIndex - 1;
    if (sign === "{" && !wantsType) return at;
    if (first && arrow === undefined && sign !== ":") return undefined;
    if (word !== undefined) {
      wantsType = TYPE_PREFIX.test(word);
    } else if (sign !== undefined && "([{".includes(sign)) {
      const close = closers.get(at);
      if (close === undefined) return undefined;
      token.lastIndex = close + 1;
      wantsType = false;
    } else if (sign === ">") {
      angles--;
      wantsType = false;
    } else if (sign !== undefined && ":|&<?".includes(sign)) {
      if (sign === "<") angles++;
      wantsType = true;
    } else if (sign === "," && angles > 0) {
      wantsType = true;
    } else if (arrow === undefined && !`"'\`.`.includes(sign ?? "")) {
      return undefined;
    }
  }
}

/** Offsets of opening brackets and the ones that close them. */
function matchBrackets(code: string): Map<number, number> {
  const closers = new Map<number, number>();
  const open: number[] = [];
  for (let i = 0; i < code.length; i++) {
    const char = code[i] as string;
    if ("([{".includes(char)) open.push(i);
    else if (")]}".includes(char)) {
      const start = open.pop();
      if (start !== undefined) closers.set(start, i);
    }
  }
  return closers;
}

/** What a slash can follow and still begin a regular expression. */
const BEFORE_EXPRESSION =
  /(?:^|[(,=:[&|?{};+\-*%<>~^]|(?<![\w$)\]])!|\b(?:return|typeof|case|in|of|do|else|void|delete|await))\s*$/;

/** Replaces what is no code by spaces. Quotes stay, so that a string can be found; what templates embed stays, too. */
function blank(text: string): string {
  const out = text.split("");
  /** Brace depth at which each open template's `${` ends. */
  const embedded: number[] = [];
  let depth = 0;
  const erase = (from: number, to: number): void => {
    for (let i = from; i < to; i++) if (out[i] !== "\n") out[i] = " ";
  };
  for (let i = 0; i < text.length; i++) {
    const char = text[i] as string;
    let end = i;
    if (char === "/" && text[i + 1] === "/") {
      end = endOr(text.indexOf("\n", i), text.length);
      erase(i, end);
    } else if (char === "/" && text[i + 1] === "*") {
      end = endOr(text.indexOf("*/", i + 2) + 2, text.length);
      erase(i, end);
    } else if (char === '"' || char === "'") {
      end = endOfString(text, i);
      erase(i + 1, end - 1);
    } else if (char === "/" && BEFORE_EXPRESSION.test(out.slice(Math.max(0, i - 40), i).join(""))) {
      end = endOfExpression(text, i);
      erase(i, end);
    } else if (char === "`" || (char === "}" && embedded.at(-1) === depth)) {
      if (char === "}") embedded.pop();
      const stop = endOfTemplate(text, i + 1);
      erase(char === "}" ? i : i + 1, stop.embeds ? stop.at : stop.at - 1);
      // The braces of `${...}` are erased: what stands between them is code, they are not.
      if (stop.embeds) {
        embedded.push(depth);
        erase(stop.at, stop.at + 2);
        end = stop.at + 2;
      } else {
        end = stop.at;
      }
    } else if (char === "{") depth++;
    else if (char === "}") depth--;
    if (end > i) i = end - 1;
  }
  return out.join("");
}

function endOr(end: number, otherwise: number): number {
  return end > 1 ? end : otherwise;
}

function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === text[start] || text[i] === "\n") return i + 1;
  }
  return text.length;
}

function endOfExpression(text: string, start: number): number {
  let inClass = false;
  for (let i = start + 1; i < text.length; i++) {
    const char = text[i];
    if (char === "\\") i++;
    else if (char === "[") inClass = true;
    else if (char === "]") inClass = false;
    else if ((char === "/" && !inClass) || char === "\n") return i + 1;
  }
  return text.length;
}

/** Behind the closing backtick, or at the next `${`. */
function endOfTemplate(text: string, start: number): { at: number; embeds: boolean } {
  for (let i = start; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === "`") return { at: i + 1, embeds: false };
    else if (text[i] === "$" && text[i + 1] === "{") return { at: i, embeds: true };
  }
  return { at: text.length, embeds: false };
}
