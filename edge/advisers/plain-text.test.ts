// Whatever a stranger writes becomes one short line of visible characters.

import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { plainText } from "./plain-text.ts";

test.each([
  ["an escape sequence", "\u001B[31mred\u001B[0m", "[31mred [0m"],
  ["lines and tabs", " a\r\n\tb\u2028c\u0085d ", "a b c d"],
  ["text turned around", "buy\u202Elles", "buy lles"],
  ["hidden characters", "b\u200Bu\u2060y\uFEFF", "b u y"],
  ["half of a character at the end", "aaaaaaaaaaaaaaaaaaa😀", "aaaaaaaaaaaaaaaaaaa\uFFFD"],
  ["what is too long", "x".repeat(1_000), "x".repeat(20)],
  ["other scripts", "利上げ für Öl", "利上げ für Öl"],
])("%s", (_, text, line) => {
  expect(plainText(text, 20)).toBe(line);
});

test("of any text at all", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 400 }), fc.nat({ max: 80 }), (text, charactersMax) => {
      const line = plainText(text, charactersMax);
      expect(line.length).toBeLessThanOrEqual(charactersMax);
      expect(line.isWellFormed()).toBe(true);
      expect(line).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
    }),
  );
});
