// What every registry of models has to do, whatever is behind it. The memory's simple one says what is right.

import { beforeAll, describe, expect, test } from "bun:test";
import { SeededRandom } from "../../actors/base/random.ts";
import { FEATURE_NAMES, FEATURE_SCHEMA_HASH } from "../../actors/domain/features.ts";
import { MEMBERS } from "../../actors/domain/prediction.ts";
import { MODEL_BYTES_MAX, type ModelCard, type Models } from "../../actors/ports/models.ts";
import { MemoryModels } from "../../storage/memory/models.ts";

export function cardOf(model: string, version: string, changes: Partial<ModelCard> = {}): ModelCard {
  return {
    model,
    version,
    trainedAt: "2026-01-05T00:00:00Z",
    member: MEMBERS.find((each) => each === model) ?? "lightgbm",
    event: "up",
    symbols: null,
    featureSchema: FEATURE_SCHEMA_HASH,
    features: FEATURE_NAMES.slice(0, 59),
    window: 1,
    inputs: [{ name: "features", shape: [null, 59] }],
    outputs: [{ name: "probability", shape: [null, 1] }],
    cadence: "tick",
    horizonMicros: 300_000_000,
    deadlineMicros: 2_000,
    voteLifeMicros: 60_000_000,
    acceptsMissing: true,
    expiresAfterMicros: null,
    details: { auc: 0.53, folds: [{ from: "2018-01-02", rows: 100 }], note: "of a test" },
    ...changes,
  };
}

export function bytesOf(model: string, version: string): Uint8Array {
  return new TextEncoder().encode(`the bytes of ${model} ${version}`);
}

const MODELS = ["lightgbm", "lstm"];
const VERSIONS = ["1", "2", "2026-01-05.a"];
const STEPS = 400;

/** @param open a registry without models; called again, the same one anew */
export function describeModels(name: string, open: () => Models): void {
  describe(`models: ${name}`, () => {
    let models: Models;

    beforeAll(() => {
      models = open();
    });

    test("a new one has none", () => {
      expect(models.list()).toEqual([]);
      expect(models.champion("lightgbm")).toBeUndefined();
      expect(models.promotions("lightgbm")).toEqual([]);
      expect(models.load("lightgbm", "1")).toMatchObject({ ok: false, code: "unknown-model" });
      expect(models.rollback("lightgbm", "nobody", 1)).toMatchObject({
        ok: false,
        code: "no-earlier-champion",
      });
    });

    test("a version is made known as a shadow, once, and comes back as it was", () => {
      const [content, card] = [bytesOf("lightgbm", "1"), cardOf("lightgbm", "1")];
      const registered = models.register(content, card, 1_000);
      expect(registered).toMatchObject({
        ok: true,
        value: { card, status: "shadow", bytes: content.length },
      });
      expect(models.register(content, card, 2_000)).toEqual(registered);
      expect(models.load("lightgbm", "1")).toEqual({ ok: true, value: content });
      const other = models.register(bytesOf("lightgbm", "x"), card, 3_000);
      expect(other).toMatchObject({ ok: false, code: "taken" });
      const otherCard = models.register(content, cardOf("lightgbm", "1", { horizonMicros: 1 }), 3_000);
      expect(otherCard).toMatchObject({ ok: false, code: "taken" });
      const nothing = models.register(new Uint8Array(), cardOf("lightgbm", "0"), 4_000);
      expect(nothing).toMatchObject({ ok: false, code: "too-large" });
      const huge = models.register(new Uint8Array(MODEL_BYTES_MAX + 1), cardOf("lightgbm", "0"), 4_000);
      expect(huge).toMatchObject({ ok: false, code: "too-large" });
      expect(models.list()).toHaveLength(1);
    });

    test("one votes at a time; who voted before can come back, and who votes cannot be put away", () => {
      models.register(bytesOf("lightgbm", "2"), cardOf("lightgbm", "2"), 5_000);
      expect(models.promote("lightgbm", { version: "1", by: "ann", atMicros: 6_000 })).toMatchObject({
        ok: true,
      });
      expect(models.champion("lightgbm")?.card.version).toBe("1");
      models.promote("lightgbm", { version: "2", by: "ann", atMicros: 7_000 });
      expect(models.champions("lightgbm").map(({ card, status }) => [card.version, status])).toEqual([
        ["2", "champion"],
        ["1", "shadow"],
      ]);
      expect(models.list("lightgbm").map(({ card, status }) => [card.version, status])).toEqual([
        ["2", "champion"],
        ["1", "shadow"],
      ]);
      expect(models.retire("lightgbm", { version: "2", by: "ann", atMicros: 7_500 })).toMatchObject({
        ok: false,
        code: "is-champion",
      });
      expect(models.rollback("lightgbm", "ben", 8_000)).toMatchObject({
        ok: true,
        value: { status: "champion" },
      });
      expect(models.champion("lightgbm")?.card.version).toBe("1");
      expect(models.rollback("lightgbm", "ben", 9_000)).toMatchObject({
        ok: false,
        code: "no-earlier-champion",
      });
      expect(models.promotions("lightgbm")).toEqual([
        { version: "1", by: "ann", atMicros: 6_000 },
        { version: "2", by: "ann", atMicros: 7_000 },
        { version: "1", by: "ben", atMicros: 8_000 },
      ]);
      expect(models.promote("lightgbm", { version: "9", by: "ann", atMicros: 9_000 })).toMatchObject({
        ok: false,
        code: "unknown-model",
      });
    });

    test("who was champion before stands in for one in quarantine, which only a promotion brings back", () => {
      const quarantine = { reason: "it did not answer", atMicros: 9_500 };
      const retirement = { version: "1", by: "carl", atMicros: 9_850 };
      models.register(bytesOf("lstm", "1"), cardOf("lstm", "1"), 9_100);
      models.register(bytesOf("lstm", "2"), cardOf("lstm", "2"), 9_200);
      for (const version of ["1", "2"]) models.promote("lstm", { version, by: "ann", atMicros: 9_300 });
      const before = models.champion("lstm");
      expect(models.quarantine("lstm", "2", quarantine)).toMatchObject({
        ok: true,
        value: { status: "quarantined", quarantine },
      });
      expect(models.champion("lstm")).toMatchObject({ card: { version: "1" }, status: "champion" });
      expect(models.champions("lstm").map(({ card, status }) => [card.version, status])).toEqual([
        ["2", "quarantined"],
        ["1", "champion"],
      ]);
      expect(models.retire("lstm", retirement)).toMatchObject({ ok: false, code: "is-champion" });
      expect(models.register(bytesOf("lstm", "2"), cardOf("lstm", "2"), 9_600)).toMatchObject({
        value: { status: "quarantined" },
      });
      models.promote("lstm", { version: "2", by: "ben", atMicros: 9_700 });
      expect(models.champion("lstm")).toEqual(before);
      expect(models.champion("lstm")).toMatchObject({ card: { version: "2" }, quarantine: null });
      models.quarantine("lstm", "1", quarantine);
      expect(models.rollback("lstm", "ben", 9_800)).toMatchObject({ code: "no-earlier-champion" });
      expect(models.retire("lstm", retirement)).toMatchObject({ value: { status: "retired", quarantine } });
      expect(models.quarantine("lstm", "9", quarantine)).toMatchObject({ code: "unknown-model" });
    });

    test("one that was put away stays so until somebody means it, and nobody goes back to it", () => {
      const away = { version: "2", by: "carl", atMicros: 9_500 };
      for (let time = 0; time < 2; time++) {
        expect(models.retire("lightgbm", away)).toMatchObject({ ok: true, value: { status: "retired" } });
      }
      expect(models.retirements("lightgbm")).toEqual([away]);
      const promotion = { version: "2", by: "dora", atMicros: 9_600 };
      expect(models.promote("lightgbm", promotion)).toMatchObject({ ok: false, code: "is-retired" });
      expect(models.champion("lightgbm")?.card.version).toBe("1");
      models.register(bytesOf("lightgbm", "3"), cardOf("lightgbm", "3"), 9_700);
      models.promote("lightgbm", promotion, true);
      models.promote("lightgbm", { version: "3", by: "dora", atMicros: 9_800 });
      models.retire("lightgbm", { ...away, atMicros: 9_900 });
      expect(models.rollback("lightgbm", "ben", 9_950)).toMatchObject({
        ok: true,
        value: { card: { version: "1" } },
      });
      expect(models.retirements("lightgbm")).toHaveLength(2);
      expect(models.retire("lightgbm", { ...away, version: "9" })).toMatchObject({ code: "unknown-model" });
    });

    test("it outlives whoever opened it", () => {
      const again = open();
      expect(again.list()).toEqual(models.list());
      expect(again.champion("lightgbm")).toEqual(models.champion("lightgbm"));
      expect(again.promotions("lightgbm")).toEqual(models.promotions("lightgbm"));
      expect(again.retirements("lightgbm")).toEqual(models.retirements("lightgbm"));
    });

    test("whatever is done to it, it stands as the simplest registry does", () => {
      const random = new SeededRandom(17);
      const oracle = new MemoryModels();
      // What the tests before have done, done again.
      for (const version of ["1", "2"]) {
        oracle.register(
          bytesOf("lightgbm", version),
          cardOf("lightgbm", version),
          version === "1" ? 1_000 : 5_000,
        );
      }
      oracle.promote("lightgbm", { version: "1", by: "ann", atMicros: 6_000 });
      oracle.promote("lightgbm", { version: "2", by: "ann", atMicros: 7_000 });
      oracle.rollback("lightgbm", "ben", 8_000);
      const quarantine = { reason: "it did not answer", atMicros: 9_500 };
      oracle.register(bytesOf("lstm", "1"), cardOf("lstm", "1"), 9_100);
      oracle.register(bytesOf("lstm", "2"), cardOf("lstm", "2"), 9_200);
      for (const version of ["1", "2"]) oracle.promote("lstm", { version, by: "ann", atMicros: 9_300 });
      oracle.quarantine("lstm", "2", quarantine);
      oracle.promote("lstm", { version: "2", by: "ben", atMicros: 9_700 });
      oracle.quarantine("lstm", "1", quarantine);
      oracle.retire("lstm", { version: "1", by: "carl", atMicros: 9_850 });
      const away = { version: "2", by: "carl", atMicros: 9_500 };
      oracle.retire("lightgbm", away);
      oracle.register(bytesOf("lightgbm", "3"), cardOf("lightgbm", "3"), 9_700);
      oracle.promote("lightgbm", { version: "2", by: "dora", atMicros: 9_600 }, true);
      oracle.promote("lightgbm", { version: "3", by: "dora", atMicros: 9_800 });
      oracle.retire("lightgbm", { ...away, atMicros: 9_900 });
      oracle.rollback("lightgbm", "ben", 9_950);
      for (let step = 0; step < STEPS; step++) {
        const model = MODELS[random.integer(MODELS.length)] ?? "";
        const version = VERSIONS[random.integer(VERSIONS.length)] ?? "";
        const [by, atMicros] = ["carl", 10_000 + step];
        const act = [
          (on: Models) => on.register(bytesOf(model, version), cardOf(model, version), atMicros),
          (on: Models) => on.promote(model, { version, by, atMicros }, step % 2 === 0),
          (on: Models) => on.rollback(model, by, atMicros),
          (on: Models) => on.retire(model, { version, by, atMicros }),
          (on: Models) => on.quarantine(model, version, { reason: `at ${step}`, atMicros }),
        ][random.integer(5)];
        const [did, wanted] = [act?.(models), act?.(oracle)];
        expect([step, did?.ok, did?.ok === true ? did.value : did?.code]).toEqual([
          step,
          wanted?.ok,
          wanted?.ok === true ? wanted.value : wanted?.code,
        ]);
      }
      expect(models.list()).toEqual(oracle.list());
      for (const model of MODELS) {
        expect(models.champion(model)).toEqual(oracle.champion(model));
        expect(models.champions(model)).toEqual(oracle.champions(model));
        expect(models.promotions(model)).toEqual(oracle.promotions(model));
        expect(models.retirements(model)).toEqual(oracle.retirements(model));
      }
    }, 30_000);
  });
}
