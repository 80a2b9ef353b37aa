// The registry in a folder: the contract, and what it makes of files that were touched, cut short or cannot be written.

import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ModelCard } from "../../actors/ports/models.ts";
import { bytesOf, cardOf, describeModels } from "../../test/contract/models.ts";
import { FileModels } from "./registry.ts";

const root = mkdtempSync(join(tmpdir(), "tickforge-models-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describeModels("a folder", () => new FileModels(join(root, "contract"), () => undefined));

describe("a registry in a folder", () => {
  let number = 0;
  let folder = "";
  let problems: string[] = [];
  let models: FileModels;

  beforeEach(() => {
    folder = join(root, `case-${++number}`);
    problems = [];
    models = new FileModels(folder, (message) => problems.push(message));
    for (const version of ["1", "2"]) {
      models.register(bytesOf("lstm", version), cardOf("lstm", version), Number(version));
      models.promote("lstm", { version, by: "ann", atMicros: Number(version) });
    }
  });

  test("finds bytes that were touched, and the champion before votes on", () => {
    appendFileSync(join(folder, "lstm", "2", "model.onnx"), "x");
    expect(models.load("lstm", "2")).toMatchObject({ ok: false, code: "model-damaged" });
    expect(models.champion("lstm")?.card.version).toBe("1");
    expect(models.promote("lstm", { version: "2", by: "ann", atMicros: 3 })).toMatchObject({
      code: "model-damaged",
    });
    expect(problems.join()).toContain("lstm 2");
    rmSync(join(folder, "lstm", "2", "model.onnx"));
    expect(models.load("lstm", "2")).toMatchObject({ ok: false, code: "model-damaged" });
  });

  test("leaves a version out whose card was touched, and takes it again when it is registered anew", () => {
    writeFileSync(join(folder, "lstm", "2", "card.json"), "{");
    expect(models.list("lstm").map(({ card }) => card.version)).toEqual(["1"]);
    expect(models.champion("lstm")?.card.version).toBe("1");
    expect(problems.join()).toContain("card.json");
    expect(models.register(bytesOf("lstm", "2"), cardOf("lstm", "2"), 9)).toMatchObject({ ok: true });
    expect(models.champion("lstm")?.card.version).toBe("2");
  });

  test("goes by the copy where the file of who counts was cut short, and the next promotion writes both anew", () => {
    const path = join(folder, "lstm.json");
    truncateSync(path, Math.floor(statSync(path).size / 2));
    expect(models.champion("lstm")?.card.version).toBe("2");
    expect(models.promotions("lstm")).toHaveLength(2);
    expect(problems.join()).toContain(`${path} cannot be read`);
    expect(problems.join()).toContain("its copy");
    expect(models.rollback("lstm", "ann", 5)).toMatchObject({ ok: true });
    problems = [];
    writeFileSync(`${path}.copy`, "");
    expect(models.champion("lstm")?.card.version).toBe("1");
    expect(models.promotions("lstm")).toHaveLength(3);
    expect(problems).toEqual([]);
  });

  test("lets nobody vote whose standing cannot be read, and a promotion puts that right", () => {
    for (const name of ["lstm.json", "lstm.json.copy"])
      writeFileSync(join(folder, name), '{"champions":["2"');
    expect(models.champion("lstm")).toBeUndefined();
    expect(problems.join()).toContain("no version of lstm votes");
    expect(models.promote("lstm", { version: "1", by: "ann", atMicros: 5 })).toMatchObject({ ok: true });
    expect(models.champion("lstm")?.card.version).toBe("1");
  });

  test("does not mind files that people left there", () => {
    for (const name of ["notes", join("lstm", "notes")]) writeFileSync(join(folder, name), "");
    expect(models.list().map(({ card }) => card.version)).toEqual(["2", "1"]);
    expect(models.list("notes")).toEqual([]);
    expect(problems).toEqual([]);
  });

  test("does not see what was not finished when the process died", () => {
    const unfinished = join(folder, "lstm", "3~");
    models.register(bytesOf("lstm", "3"), cardOf("lstm", "3"), 3);
    rmSync(join(folder, "lstm", "3"), { recursive: true });
    writeFileSync(unfinished, "");
    expect(models.list("lstm").map(({ card }) => card.version)).toEqual(["2", "1"]);
    rmSync(unfinished);
    expect(models.register(bytesOf("lstm", "3"), cardOf("lstm", "3"), 3)).toMatchObject({ ok: true });
  });

  test("takes no names that lead elsewhere, and no card that says too little", () => {
    const elsewhere: Partial<ModelCard>[] = [
      { model: "../lstm" },
      { model: "LSTM" },
      { version: "../2" },
      { version: ".." },
      { version: "" },
      { trainedAt: "yesterday" },
      { featureSchema: "none" },
      { inputs: [] },
      { features: [] },
      { window: 0 },
      { symbols: [] },
      { horizonMicros: 0 },
    ];
    for (const changes of elsewhere) {
      const refused = models.register(bytesOf("lstm", "4"), cardOf("lstm", "4", changes), 4);
      expect([changes, refused]).toEqual([
        changes,
        expect.objectContaining({ ok: false, code: "card-invalid" }),
      ]);
    }
    expect(models.load("..", "case-1")).toMatchObject({ ok: false, code: "unknown-model" });
    expect(readdirSync(folder).sort()).toEqual(["lstm", "lstm.json", "lstm.json.copy"]);
  });

  test("says where it cannot write, and changes nothing", () => {
    const file = join(root, "a-file");
    writeFileSync(file, "");
    const nowhere = new FileModels(join(file, "models"), () => undefined);
    const refused = nowhere.register(bytesOf("lstm", "1"), cardOf("lstm", "1"), 1);
    expect(refused).toMatchObject({ ok: false, code: "registry-unwritable" });
    expect(refused.ok ? "" : refused.message).toContain(file);
    expect(nowhere.list()).toEqual([]);
  });
});
