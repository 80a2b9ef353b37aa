// The API's models on a running system: every version with its card and live scores, shadows that change no decision, and those that
// are broken named and left out.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MICROS_PER_MINUTE } from "../../actors/base/clock.ts";
import type { IncomingAdvice } from "../../actors/router.ts";
import type { ModelsMessage } from "../../edge/api/models.ts";
import { playTick, settleDurably } from "../../edge/play.ts";
import { type EdgeRig, startEdge } from "../../scripts/edge-rig.ts";
import { FileModels } from "../../storage/models/registry.ts";
import { eventually } from "../fixtures/eventually.ts";
import { recordsOf, simulatedTicks } from "../fixtures/engine-rig.ts";
import { TREES, treesCard, WINDOW, windowCard } from "../fixtures/models.ts";

const TICKS = simulatedTicks({ seed: 12, count: 9_000, ticksPerSecond: 0.75 });
const backups = mkdtempSync(join(tmpdir(), "tickforge-models-api-"));
const problems: string[] = [];
let edge: EdgeRig;
let hashWithout = "";

/** The past is asked about EURUSD so often, and answers about so far ahead. */
const ASKED_MICROS = MICROS_PER_MINUTE;
/** By then the minute before has closed, whoever is quoted seldom. */
const AFTER_MICROS = 40_000_000;
const HORIZON_MICROS = 5 * MICROS_PER_MINUTE;

function answerOf(turn: number): IncomingAdvice {
  return {
    member: "analogs",
    instrumentId: 0,
    askedSeq: 1,
    askedMicros: turn * ASKED_MICROS,
    horizonMicros: HORIZON_MICROS,
    status: "voted",
    probabilityUp: 0.4 + (turn % 5) / 20,
    answers: [],
  };
}

async function playAll({ station }: EdgeRig): Promise<string> {
  const { live, journal } = station;
  let turn = 0;
  for (const tick of TICKS) {
    const timeMicros = tick.sourceTimeMicros;
    await playTick(live, journal, tick, timeMicros);
    const asked = Math.floor((timeMicros - AFTER_MICROS) / ASKED_MICROS);
    if (asked === turn) continue;
    turn = asked;
    await settleDurably(live, journal);
    expect(live.advise(answerOf(turn), timeMicros)).toBe(true);
  }
  await settleDurably(station.live, station.journal);
  return station.live.engine.decisionHash();
}

const DETAILS = {
  training: { from: "2018-01-01T00:00:00Z", until: "2018-12-31T00:00:00Z" },
  holdout: { rows: 7_104, auc: 0.52, brierSkill: 0.001, ece: 0.02, accuracy: 0.51 },
};

function registerShadows(data: string): void {
  const path = join(data, "models");
  const registry = new FileModels(path, () => undefined);
  registry.register(TREES, treesCard("1", { details: DETAILS, expiresAfterMicros: 30 * 86_400e6 }), 1);
  registry.register(WINDOW, windowCard("1"), 1);
  registry.register(TREES, treesCard("damaged"), 1);
  writeFileSync(join(path, "lightgbm", "damaged", "model.onnx"), "something else");
}

beforeAll(async () => {
  const without = await startEdge({ clock: "source" });
  hashWithout = await playAll(without);
  await without.stop();
  edge = await startEdge({
    clock: "source",
    backups,
    before: registerShadows,
    onProblem: (message) => problems.push(message),
  });
}, 60_000);
afterAll(async () => {
  await edge.stop();
  rmSync(backups, { recursive: true, force: true });
});

async function models(query = ""): Promise<ModelsMessage> {
  const { status, body } = await edge.ask(`/api/v1/models${query}`);
  expect(status).toBe(200);
  return body as ModelsMessage;
}

describe("models of a running system", () => {
  test("without a record yet have training and no scores", async () => {
    const { items, rules } = await models();
    expect(items.map(({ model, version, status }) => [model, version, status])).toEqual([
      ["lightgbm", "damaged", "shadow"],
      ["lightgbm", "1", "shadow"],
      ["lstm", "1", "shadow"],
    ]);
    expect(rules).toEqual([]);
    expect(items[1]).toMatchObject({
      expiresAt: "2026-02-04T00:00:00.000Z",
      training: { from: "2018-01-01T00:00:00.000Z" },
      holdout: { rows: 7_104, ece: 0.02, logLoss: null },
      live: [],
    });
    expect(items[2]).toMatchObject({ expiresAt: null, training: null, holdout: null });
  });

  test("are asked and scored as shadows, which changes no decision and no record", async () => {
    expect(await playAll(edge)).toBe(hashWithout);
    const { journal, projector } = edge.station;
    await eventually(() => Promise.resolve(projector?.statusOf("quality").appliedSeq === journal.durableSeq));
    // What has fallen silent is told within seconds.
    await eventually(async () => {
      const { items } = await models("?symbol=EURUSD");
      return items.some(({ live }) => live.some(({ settled }) => settled > 0));
    });
    const members = recordsOf(journal).flatMap((record) =>
      record.kind === "votes" ? record.votes.map(({ member }) => member as string) : [],
    );
    expect([...new Set(members)].sort()).toEqual(["analogs", "chaos", "quantum", "technical"]);
    const { items, rules, symbols } = await models("?symbol=EURUSD");
    expect(symbols.map(({ symbol }) => symbol)).toEqual(["EURUSD"]);
    expect(rules.map(({ member }) => member)).toEqual(["technical", "quantum", "chaos", "analogs"]);
    const [damaged, trees] = items;
    expect(damaged?.live).toEqual([]);
    expect(trees?.live[0]?.kind).toBe("shadow");
    expect(problems.filter((problem) => problem.includes("lightgbm damaged"))).not.toEqual([]);
  }, 60_000);

  test("have those beside them that are asked beside the tick path, over the horizon they claim", async () => {
    const ofAnalogs = async () =>
      (await models("?symbol=EURUSD")).rules.find(({ member }) => member === "analogs");
    await eventually(async () => ((await ofAnalogs())?.live[0]?.settled ?? 0) > 40);
    const analogs = await ofAnalogs();
    expect(analogs).toMatchObject({ kind: "asked", event: "up", horizonSeconds: 300 });
    const live = analogs?.live[0];
    expect(live).toMatchObject({ symbol: "EURUSD", kind: "asked" });
    expect(live?.all?.rows).toBe(live?.settled);
    for (const figure of ["accuracy", "brier", "ece", "logLoss"] as const) {
      expect([figure, live?.all?.[figure]]).toEqual([figure, expect.any(Number) as number]);
    }
    expect(live?.coverage.at(-1)?.coverage).toBe(1);
    expect((await models("?symbol=USDJPY")).rules.map(({ member }) => member)).not.toContain("analogs");
  }, 60_000);

  test("are told to Prometheus", async () => {
    const { body } = await edge.ask("/metrics");
    expect(body).toMatch(/tickforge_model_settled\{symbol="EURUSD",name="technical",kind="rule"\} \d+/);
    expect(body).toMatch(/tickforge_model_settled\{symbol="EURUSD",name="analogs",kind="asked"\} \d+/);
    expect(body).toMatch(/tickforge_model_shadows_total\{symbol="EURUSD",outcome="asked"\} \d+/);
    expect(body).toMatch(/tickforge_store_up\{store="quality"\} 1/);
  });

  test("have their whole card at an address of their own", async () => {
    const { status, body } = await edge.ask("/api/v1/models/lightgbm/1");
    expect([status, body]).toEqual([
      200,
      expect.objectContaining({
        version: "1",
        card: expect.objectContaining({ details: DETAILS, window: 1 }) as never,
        promotions: [],
      }) as never,
    ]);
  });

  test.each([
    ["/models/lightgbm/none", 404],
    ["/models/..%2f..%2fetc/1", 400],
    ["/models/LIGHT/1", 400],
    ["/models?symbol=../etc", 400],
  ])("that are not there are refused: %s", async (path, status) => {
    expect((await edge.ask(`/api/v1${path}`)).status).toBe(status);
  });
});
