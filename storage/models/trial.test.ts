// A model is tried where it can do no harm: one that never answers is named and ended, and the next one is tried all the same.

import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ENDLESS, endlessCard, TREES, treesCard } from "../../test/fixtures/models.ts";
import { FileModels } from "./registry.ts";
import { ModelTrial } from "./trial.ts";

const folder = mkdtempSync(join(tmpdir(), "tickforge-trial-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a model that never answers is named, and so is one that is none; sound ones pass before and after", async () => {
  const registry = new FileModels(folder, () => undefined);
  registry.register(TREES, treesCard("sound"), 1);
  registry.register(ENDLESS, endlessCard("endless"), 1);
  registry.register(new TextEncoder().encode("nonsense"), treesCard("nonsense"), 1);
  const trial = new ModelTrial(10_000);
  const said: [string, string | undefined][] = [];
  for (const version of ["sound", "endless", "nonsense", "unknown", "sound"]) {
    said.push([version, await trial.refusal({ folder, model: "lightgbm", version })]);
  }
  trial.close();
  expect(said).toEqual([
    ["sound", undefined],
    ["endless", "model-hangs: it has not run within 10 s"],
    ["nonsense", expect.stringContaining("model-unloadable") as never],
    ["unknown", expect.stringContaining("unknown-model") as never],
    ["sound", undefined],
  ]);
}, 60_000);
