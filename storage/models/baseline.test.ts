// Shipped models are put into a registry once and never over a person's choice; and those that ship can be loaded, say probabilities,
// and belong to the features of this build.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chooseModels, unfit } from "../../actors/voting-models.ts";
import type { ModelCard } from "../../actors/ports/models.ts";
import { TREES, treesCard } from "../../test/fixtures/models.ts";
import { MemoryModels } from "../memory/models.ts";
import { BASELINE_AUTHOR, installBaseline } from "./baseline.ts";
import { openOnnx } from "./onnx.ts";

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "tickforge-baseline-"));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function shipped(name: string, table: Record<string, string>, cards: readonly ModelCard[]): string {
  const folder = join(root, name);
  mkdirSync(folder);
  writeFileSync(join(folder, "baseline.json"), JSON.stringify(table));
  for (const card of cards) {
    mkdirSync(join(folder, card.model));
    writeFileSync(join(folder, card.model, "card.json"), JSON.stringify(card));
    writeFileSync(join(folder, card.model, "model.onnx"), TREES);
  }
  return folder;
}

const BOTH = { lightgbm: "champion", "lightgbm-5m": "shadow" };

function bothCards(version: string): ModelCard[] {
  return [treesCard(version), treesCard(version, { model: "lightgbm-5m" })];
}

describe("shipped models", () => {
  test("are made known, and champions where they are meant to be, once", () => {
    const folder = shipped("once", BOTH, bothCards("1"));
    const models = new MemoryModels();
    expect(installBaseline(models, 5, folder)).toEqual({ ok: true, value: ["lightgbm 1"] });
    expect(models.list().map(({ card, status }) => [card.model, status])).toEqual([
      ["lightgbm", "champion"],
      ["lightgbm-5m", "shadow"],
    ]);
    expect(models.promotions("lightgbm")).toEqual([{ version: "1", by: BASELINE_AUTHOR, atMicros: 5 }]);
    expect(installBaseline(models, 6, folder)).toEqual({ ok: true, value: [] });
    expect(models.promotions("lightgbm")).toHaveLength(1);
  });

  test("of a newer program take the place of older ones, and of nothing that a person chose", () => {
    const [older, newer] = [shipped("older", BOTH, bothCards("1")), shipped("newer", BOTH, bothCards("2"))];
    const [untouched, chosen] = [new MemoryModels(), new MemoryModels()];
    for (const models of [untouched, chosen]) installBaseline(models, 1, older);
    chosen.register(TREES, treesCard("mine"), 2);
    chosen.promote("lightgbm", { version: "mine", by: "ann", atMicros: 2 });
    expect(installBaseline(untouched, 3, newer)).toMatchObject({ value: ["lightgbm 2"] });
    expect(installBaseline(chosen, 3, newer)).toMatchObject({ value: [] });
    expect(untouched.champion("lightgbm")?.card.version).toBe("2");
    expect(chosen.champion("lightgbm")?.card.version).toBe("mine");
    expect(chosen.list("lightgbm").map(({ card }) => card.version)).toContain("2");
  });

  test("that a person went back from stay away", () => {
    const folder = shipped("back", { lightgbm: "champion" }, [treesCard("2")]);
    const models = new MemoryModels();
    models.register(TREES, treesCard("1"), 1);
    models.promote("lightgbm", { version: "1", by: BASELINE_AUTHOR, atMicros: 1 });
    installBaseline(models, 2, folder);
    models.rollback("lightgbm", "ann", 3);
    expect(installBaseline(models, 4, folder)).toMatchObject({ value: [] });
    expect(models.champion("lightgbm")?.card.version).toBe("1");
  });

  test("that cannot be read are named, with what to do", () => {
    const folder = shipped("damaged", BOTH, [treesCard("1")]);
    const refused = installBaseline(new MemoryModels(), 1, folder);
    expect(refused).toMatchObject({ ok: false, code: "baseline-unreadable" });
    expect(refused.ok ? "" : refused.message).toContain("lightgbm-5m");
    expect(installBaseline(new MemoryModels(), 1, join(root, "nowhere"))).toMatchObject({ ok: false });
  });
});

describe("the models that ship with this build", () => {
  const models = new MemoryModels();

  test("can be put into a registry, none over the other", () => {
    const installed = installBaseline(models, 1);
    expect(installed).toMatchObject({ ok: true });
    expect(models.list().map(({ card }) => card.model)).toEqual(
      readdirSync(join(import.meta.dir, "baseline"), { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name)
        .sort(),
    );
    const champions = models.list().filter(({ status }) => status === "champion");
    const choice = chooseModels(
      champions.map(({ card, sha256 }) => ({
        voting: {
          model: card.model,
          version: card.version,
          sha256,
          member: card.member,
          symbols: card.symbols,
        },
        sinceMicros: 1,
      })),
      ["EURUSD", "NZDUSD", "XAUUSD"],
    );
    expect(choice.problems).toEqual([]);
    expect(choice.models).toHaveLength(champions.length);
  });

  test("are of this build's features, may vote now, and say probabilities", () => {
    for (const { card } of models.list()) {
      expect([card.model, unfit(card, Date.parse(card.trainedAt) * 1_000)]).toEqual([card.model, undefined]);
      const content = models.load(card.model, card.version);
      const inference = content.ok ? openOnnx(content.value, card) : content;
      if (!inference.ok) throw new Error(inference.message);
      const [no = 0, yes = 0] = inference.value.run();
      expect(yes).toBeGreaterThan(0);
      expect(yes).toBeLessThan(1);
      expect(no + yes).toBeCloseTo(1, 5);
      inference.value.close();
    }
  });
});
