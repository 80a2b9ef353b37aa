// `bun test test/contract`: every port's suite on every adapter, from the tests that lie beside the adapters. A run of all
// tests finds those by itself and leaves this file out.

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const HOUSE = join(import.meta.dir, "../..");

const paths = [...new Bun.Glob("{actors,storage}/**/*.test.ts").scanSync(HOUSE)]
  .map((path) => join(HOUSE, path))
  .filter((path) => /from "[./]+\/test\/contract\//.test(readFileSync(path, "utf8")))
  .sort();

for (const path of paths) await import(path);

test("adapters were found", () => expect(paths.length).toBeGreaterThan(15));
