// Who votes, changed over HTTP: what the API makes of good and bad wishes, with the real command and registry behind it, and a
// running system whose next signals name the version that was promoted while ticks came in.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OpenAPIHono } from "@hono/zod-openapi";
import type { EngineConfig } from "../../actors/engine-config.ts";
import { addModelStanding } from "../../edge/api/model-standing.ts";
import { Problem, problemResponse } from "../../edge/api/problem.ts";
import { type EdgeRig, startEdge } from "../../scripts/edge-rig.ts";
import { modelsAside } from "../../scripts/models-aside.ts";
import { FileModels } from "../../storage/models/registry.ts";
import { eventually } from "../fixtures/eventually.ts";
import { recordsOf } from "../fixtures/engine-rig.ts";
import { TREES, treesCard } from "../fixtures/models.ts";
import { EndlessTicks, namesVoting } from "../fixtures/running-models.ts";

const JSON_HEADERS = { "content-type": "application/json" };
const root = mkdtempSync(join(tmpdir(), "tickforge-standing-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Versions 1 to 4: the first votes, the third was put away, the fourth is damaged. */
function fill(data: string): FileModels {
  const folder = join(data, "models");
  const registry = new FileModels(folder, () => undefined);
  for (const version of ["1", "2", "3", "4"]) registry.register(TREES, treesCard(version), 1);
  registry.promote("lightgbm", { version: "1", by: "ann", atMicros: 1 });
  registry.retire("lightgbm", { version: "3", by: "ann", atMicros: 2 });
  appendFileSync(join(folder, "lightgbm", "4", "model.onnx"), "x");
  return registry;
}

describe("wishes over HTTP", () => {
  const data = join(root, "wishes");
  let registry: FileModels;
  let app: OpenAPIHono;

  beforeEach(() => {
    rmSync(data, { recursive: true, force: true });
    registry = fill(data);
    app = new OpenAPIHono();
    addModelStanding(app, modelsAside(data));
    app.onError((error) => {
      if (error instanceof Problem) return problemResponse(error);
      throw error;
    });
  });

  async function post(path: string, body: unknown): Promise<{ status: number; body: unknown }> {
    const answer = await app.request(`/models/${path}`, {
      method: "POST",
      headers: JSON_HEADERS,
      body: typeof body === "string" ? body : JSON.stringify(body),
    });
    return { status: answer.status, body: await answer.json() };
  }

  test("are done, and the registry's history says who wished them", async () => {
    expect(await post("lightgbm/promote", { version: "2", by: "ben" })).toEqual({
      status: 200,
      body: { model: "lightgbm", version: "2", status: "champion", by: "ben" },
    });
    expect(await post("lightgbm/rollback", {})).toEqual({
      status: 200,
      body: { model: "lightgbm", version: "1", status: "champion", by: "api" },
    });
    expect(await post("lightgbm/retire", { version: "2", by: "--json" })).toEqual({
      status: 200,
      body: { model: "lightgbm", version: "2", status: "retired", by: "--json" },
    });
    expect(await post("lightgbm/promote", { version: "3", evenRetired: true })).toMatchObject({
      status: 200,
    });
    expect(registry.promotions("lightgbm").map(({ version, by }) => [version, by])).toEqual([
      ["1", "ann"],
      ["2", "ben"],
      ["1", "api"],
      ["3", "api"],
    ]);
    expect(registry.retirements("lightgbm").map(({ version, by }) => [version, by])).toEqual([
      ["3", "ann"],
      ["2", "--json"],
    ]);
  }, 60_000);

  test("at the same time are done one after the other", async () => {
    const versions = ["2", "1", "2", "1"];
    const answers = await Promise.all(
      versions.map(async (version) => await post("lightgbm/promote", { version })),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(registry.promotions("lightgbm").map(({ version }) => version)).toEqual(["1", ...versions]);
  }, 60_000);

  test.each([
    ["of an unknown model", "nobody/promote", { version: "1" }, 404, "unknown-model", "there is no nobody 1"],
    ["of an unknown version", "lightgbm/promote", { version: "9" }, 404, "unknown-model", "lightgbm 9"],
    ["of a damaged version", "lightgbm/promote", { version: "4" }, 409, "model-damaged", "register it again"],
    ["of a retired version", "lightgbm/promote", { version: "3" }, 409, "is-retired", "was retired"],
    ["to retire who votes", "lightgbm/retire", { version: "1" }, 409, "is-champion", "promote another"],
    ["to retire an unknown one", "lightgbm/retire", { version: "9" }, 404, "unknown-model", "lightgbm 9"],
    ["to go back to nobody", "lightgbm/rollback", {}, 409, "no-earlier-champion", "no earlier champion"],
    ["of a model with a strange name", "LIGHT%2f..%2f/promote", { version: "1" }, 400, "bad-body", ""],
    ["of a version with a strange name", "lightgbm/promote", { version: "../1" }, 400, "bad-body", ""],
    ["without a version", "lightgbm/promote", {}, 400, "bad-body", ""],
    ["with what is not asked for", "lightgbm/rollback", { version: "1" }, 400, "bad-body", ""],
    ["by nobody", "lightgbm/rollback", { by: " " }, 400, "bad-body", ""],
    ["by whoever breaks lines", "lightgbm/rollback", { by: "a\nb" }, 400, "bad-body", ""],
    ["that are no JSON", "lightgbm/promote", "{", 400, "not-json", ""],
  ])(
    "%s are refused in words, and change nothing",
    async (_, path, body, status, code, says) => {
      const refused = await post(path, body);
      expect(refused).toMatchObject({ status, body: { status, code } });
      expect((refused.body as { detail: string }).detail).toContain(says);
      expect(registry.promotions("lightgbm")).toHaveLength(1);
      expect(registry.retirements("lightgbm")).toHaveLength(1);
    },
    60_000,
  );

  test("that are sent as a form are refused: a page of another site could do that", async () => {
    const answer = await app.request("/models/lightgbm/promote", { method: "POST", body: "version=2" });
    expect(answer.status).toBe(415);
  });

  test("are in the document of the API", () => {
    const { paths } = app.getOpenAPI31Document({ openapi: "3.1.0", info: { title: "", version: "" } });
    expect(Object.keys(paths ?? {})).toEqual(
      ["promote", "rollback", "retire"].map((verb) => `/models/{model}/${verb}`),
    );
  });
});

interface Vote {
  readonly member: string;
  readonly model: { readonly version: string } | null;
}

describe("a running system", () => {
  const problems: string[] = [];
  let edge: EdgeRig;
  let ticks: EndlessTicks;

  beforeAll(async () => {
    edge = await startEdge({
      clock: "source",
      before: (data) => void fill(data),
      onProblem: (message) => problems.push(message),
    });
    ticks = new EndlessTicks(edge.station);
  });
  afterEach(async () => await ticks.pause());
  afterAll(async () => await edge.stop());

  /** Of the first signal after a record, what its dossier says of the version behind a member. */
  async function versionBehindNextSignal(afterSeq: number): Promise<string | undefined> {
    let id = 0;
    await eventually(async () => {
      const { body } = await edge.ask("/api/v1/signals?limit=100");
      const { items } = body as { items: { id: number }[] };
      id = items.map((each) => each.id).findLast((each) => each > afterSeq) ?? 0;
      return id > 0;
    });
    await ticks.pause();
    const { status, body } = await edge.ask(`/api/v1/explain/${id}`);
    expect(status).toBe(200);
    return (body as { votes: Vote[] }).votes.find(({ member }) => member === "lightgbm")?.model?.version;
  }

  function configuredSeqs(): number[] {
    return recordsOf(edge.station.journal).flatMap(({ kind, seq }) => (kind === "configured" ? [seq] : []));
  }

  test("lets another version vote while ticks come in: the next signal's evidence names it", async () => {
    ticks.start();
    expect(await versionBehindNextSignal(0)).toBe("1");
    ticks.start();
    const answer = await edge.post("/api/v1/models/lightgbm/promote", { version: "2", by: "carl" });
    expect(answer).toMatchObject({ status: 200, body: { version: "2", status: "champion", by: "carl" } });
    await eventually(() => namesVoting(edge.station).join() === "lightgbm 2");
    const sent = ticks.sent;
    const seq = edge.station.live.eraSeq;
    expect(await versionBehindNextSignal(seq)).toBe("2");
    const records = recordsOf(edge.station.journal);
    expect(configuredSeqs()).toEqual([1, seq]);
    const configured = records.find((record) => record.seq === seq);
    expect(configured?.kind === "configured" && (configured.config as EngineConfig).models).toMatchObject([
      { model: "lightgbm", version: "2" },
    ]);
    expect(ticks.sent).toBeGreaterThan(sent);
    // Not one was lost on the way.
    expect(records.filter(({ kind }) => kind === "tick")).toHaveLength(ticks.sent);
    expect(problems.join()).toContain(`from record ${seq} on, trained models that vote: lightgbm 2`);
    expect((await edge.ask("/api/v1/models/lightgbm/2")).body).toMatchObject({
      status: "champion",
      promotions: [{ by: "ann" }, { version: "2", by: "carl" }],
      retirements: [{ version: "3", by: "ann" }],
    });
  }, 90_000);

  test("goes back as soon, and retires who voted", async () => {
    ticks.start();
    expect(await edge.post("/api/v1/models/lightgbm/rollback", { by: "carl" })).toMatchObject({
      status: 200,
      body: { version: "1" },
    });
    await eventually(() => namesVoting(edge.station).join() === "lightgbm 1");
    expect(await edge.post("/api/v1/models/lightgbm/retire", { version: "2" })).toMatchObject({
      status: 200,
      body: { status: "retired" },
    });
    const again = await edge.post("/api/v1/models/lightgbm/promote", { version: "2" });
    expect(again).toMatchObject({ status: 409, body: { code: "is-retired" } });
    expect(configuredSeqs()).toHaveLength(3);
  }, 90_000);

  test("does it for no page of another site", async () => {
    const answer = await edge.ask("/api/v1/models/lightgbm/rollback", {
      method: "POST",
      headers: { ...JSON_HEADERS, origin: "http://elsewhere.example" },
      body: "{}",
    });
    expect(answer).toMatchObject({ status: 403, body: { code: "other-origin" } });
  });
});

test("a server with a token does it only for those who have it", async () => {
  const edge = await startEdge({
    before: (data) => void fill(data),
    server: { token: "a-token-of-sixteen" },
  });
  const wish = { method: "POST", body: JSON.stringify({ version: "2" }) };
  const promote = "/api/v1/models/lightgbm/promote";
  expect(await edge.ask(promote, { ...wish, headers: JSON_HEADERS })).toMatchObject({ status: 401 });
  const headers = { ...JSON_HEADERS, authorization: "Bearer a-token-of-sixteen" };
  expect(await edge.ask(promote, { ...wish, headers })).toMatchObject({ status: 200 });
  await edge.stop();
}, 60_000);
