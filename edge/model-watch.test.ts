// Who looks after other models while the system runs: asks once for each change, tries again what cannot be yet, and says each
// thing once.

import { describe, expect, test } from "bun:test";
import { failure, ok } from "../actors/base/result.ts";
import type { Engine } from "../actors/engine.ts";
import type { EngineConfig } from "../actors/engine-config.ts";
import type { VotingModel } from "../actors/voting-models.ts";
import { DEMO_CONFIG, INSTRUMENTS } from "../test/fixtures/engine-rig.ts";
import { ModelWatch, type ModelWatchOptions, votersText, withModels } from "./model-watch.ts";

function voting(version: string): VotingModel {
  return { model: "trees", version, sha256: `${version}0123456789abcdef`, member: "lightgbm", symbols: null };
}

interface Scene {
  /** What the registry would let vote; throws where it is an error. */
  chosen: readonly VotingModel[] | Error;
  revision: string;
  /** Why the engine cannot change now; empty where it can. */
  trouble: string;
  readonly log: string[];
}

/** As far as it is looked at. */
function engineOf(config: EngineConfig): Engine {
  return { config } as Engine;
}

/** A watch over a scene, and the configuration in force. */
function watchOf(scene: Scene): { watch: ModelWatch; config: () => EngineConfig } {
  let config = withModels(DEMO_CONFIG, scene.chosen instanceof Error ? [] : scene.chosen);
  const live: ModelWatchOptions["live"] = {
    get engine() {
      return engineOf(config);
    },
    eraSeq: 77,
    prepare: (wanted) => {
      if (scene.trouble !== "") return failure("actor-out-of-service", scene.trouble, { recoverable: true });
      return ok(engineOf(Bun.deepEquals(wanted, config) ? config : wanted));
    },
    reconfigure: (prepared) => {
      config = prepared.config;
      return ok(undefined);
    },
  };
  const shelf = {
    get revision() {
      return scene.revision;
    },
    choose: async (symbols: readonly string[]) => {
      scene.log.push(`choose for ${symbols.length}`);
      if (scene.chosen instanceof Error) throw scene.chosen;
      return await Promise.resolve(scene.chosen);
    },
    keepOnly: (models: readonly VotingModel[]) => void scene.log.push(`keep ${votersText(models)}`),
  };
  const watch = new ModelWatch({
    shelf,
    live,
    instruments: INSTRUMENTS,
    chosen: scene.chosen instanceof Error ? [] : scene.chosen,
    revision: scene.revision,
    nowMicros: () => 5,
    onProblem: (message) => void scene.log.push(message),
  });
  return { watch, config: () => config };
}

function sceneOf(version: string): Scene {
  return { chosen: [voting(version)], revision: "a", trouble: "", log: [] };
}

const ONE = "trees 1 (10123456789a) as lightgbm on any symbol";
const TWO = "trees 2 (20123456789a) as lightgbm on any symbol";

describe("who looks after other models", () => {
  test("asks only when something changed, and says who votes then", async () => {
    const scene = sceneOf("1");
    const { watch, config } = watchOf(scene);
    await watch.refresh();
    await watch.refresh();
    expect(scene.log).toEqual([`keep ${ONE}`]);
    scene.chosen = [voting("2")];
    await watch.refresh();
    expect(scene.log).toHaveLength(1);
    scene.revision = "b";
    await watch.refresh();
    await watch.refresh();
    expect(scene.log.slice(1)).toEqual([
      `choose for ${INSTRUMENTS.length}`,
      `keep ${TWO}`,
      `from record 77 on, trained models that vote: ${TWO}`,
    ]);
    expect(config().models).toEqual([voting("2")]);
    scene.chosen = [];
    scene.revision = "c";
    await watch.refresh();
    expect(scene.log.at(-1)).toBe("from record 77 on, trained models that vote: none");
    expect(config()).toEqual(DEMO_CONFIG);
  });

  test("tries again while an actor is out of service, and says so once", async () => {
    const scene = sceneOf("1");
    const { watch, config } = watchOf(scene);
    await watch.refresh();
    Object.assign(scene, { chosen: [voting("2")], revision: "b", trouble: "symbol/EURUSD failed" });
    for (let time = 0; time < 3; time++) await watch.refresh();
    expect(config().models).toEqual([voting("1")]);
    expect(scene.log.slice(1)).toEqual([
      `choose for ${INSTRUMENTS.length}`,
      "other models are to vote, and cannot yet: actor-out-of-service: symbol/EURUSD failed",
    ]);
    scene.trouble = "";
    await watch.refresh();
    expect(config().models).toEqual([voting("2")]);
    expect(scene.log.at(-1)).toContain("from record 77 on");
  });

  test("lets those that vote go on where the registry cannot be read, and asks again", async () => {
    const scene = sceneOf("1");
    const { watch, config } = watchOf(scene);
    Object.assign(scene, { chosen: new Error("no such disk"), revision: "b" });
    for (let time = 0; time < 3; time++) await watch.refresh();
    expect(scene.log.filter((line) => line.includes("no such disk"))).toHaveLength(1);
    expect(config().models).toEqual([voting("1")]);
    scene.chosen = [voting("2")];
    await watch.refresh();
    expect(config().models).toEqual([voting("2")]);
  });
});
