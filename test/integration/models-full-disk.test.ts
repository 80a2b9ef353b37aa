// The registry of a running system on a disk that is full, and one whose files were cut short when it starts: what cannot be done is
// said, who voted before votes on, and once there is space again everything goes as if nothing had been.

import { afterAll, afterEach, describe, expect, test } from "bun:test";
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type EdgeRig, startEdge } from "../../scripts/edge-rig.ts";
import { FileModels } from "../../storage/models/registry.ts";
import { eventually } from "../fixtures/eventually.ts";
import { recordsOf } from "../fixtures/engine-rig.ts";
import { TREES, treesCard } from "../fixtures/models.ts";
import { EndlessTicks, namesVoting } from "../fixtures/running-models.ts";

const root = mkdtempSync(join(tmpdir(), "tickforge-full-"));
const disk = join(root, "disk");
/** For a few versions. */
const DISK_BYTES = 4 * TREES.length + (256 << 10);
/** Longer than two looks at the registry are apart. */
const LOOKS_MILLIS = 5_000;
const PROMOTE = "/api/v1/models/lightgbm/promote";

mkdirSync(disk);
const mounting = Bun.spawnSync(["mount", "-t", "tmpfs", "-o", `size=${DISK_BYTES}`, "tmpfs", disk]);
const isMounted = mounting.exitCode === 0;
if (!isMounted) console.warn(`no small disk is filled: ${mounting.stderr.toString().trim()}`);

afterAll(() => {
  if (isMounted) Bun.spawnSync(["umount", "--lazy", disk]);
  rmSync(root, { recursive: true, force: true });
});

function fill(path: string): void {
  const file = openSync(path, "w");
  const block = new Uint8Array(4_096);
  try {
    for (;;) writeSync(file, block);
  } catch (error) {
    expect(String(error)).toContain("ENOSPC");
  } finally {
    closeSync(file);
  }
}

function halve(path: string): void {
  truncateSync(path, Math.floor(statSync(path).size / 2));
}

/** Two versions, of which the first votes. */
function registryIn(folder: string): FileModels {
  const registry = new FileModels(folder, () => undefined);
  for (const version of ["1", "2"]) {
    expect(registry.register(TREES, treesCard(version), 1)).toMatchObject({ ok: true });
  }
  expect(registry.promote("lightgbm", { version: "1", by: "ann", atMicros: 1 })).toMatchObject({ ok: true });
  return registry;
}

/** Records with a vote of the model. */
function votesOf({ station }: EdgeRig): number {
  return recordsOf(station.journal).filter((record) => record.kind === "votes" && record.votes.some(isVote))
    .length;
}

function isVote({ member, status }: { member: string; status: string }): boolean {
  return member === "lightgbm" && status === "voted";
}

describe.skipIf(!isMounted)("a running system whose registry's disk is full", () => {
  test("says so, changes nothing, trades on with who voted, and promotes once there is space", async () => {
    const problems: string[] = [];
    const registry = registryIn(disk);
    const edge = await startEdge({
      clock: "source",
      before: (data) => symlinkSync(disk, join(data, "models")),
      onProblem: (message) => problems.push(message),
    });
    const ticks = new EndlessTicks(edge.station);
    ticks.start();
    await eventually(() => votesOf(edge) > 0);
    const [names, standing] = [readdirSync(disk), readFileSync(join(disk, "lightgbm.json"), "utf8")];
    fill(join(disk, "filler"));

    const refused = await edge.post(PROMOTE, { version: "2" });
    expect(refused).toMatchObject({ status: 503, body: { code: "registry-unwritable" } });
    const { detail } = refused.body as { detail: string };
    expect(detail).toMatch(/cannot write in .*: ENOSPC.*Nothing was changed; free some space/);
    const third = registry.register(TREES, treesCard("3"), 3);
    expect(third).toMatchObject({ ok: false, code: "registry-unwritable" });
    expect(third.ok ? "" : third.message).toContain("ENOSPC");
    expect(readFileSync(join(disk, "lightgbm.json"), "utf8")).toBe(standing);
    expect(readdirSync(disk).filter((name) => name !== "filler")).toEqual(names);
    expect(registry.list().map(({ card, status }) => [card.version, status])).toEqual([
      ["2", "shadow"],
      ["1", "champion"],
    ]);

    const [sent, votes] = [ticks.sent, votesOf(edge)];
    await Bun.sleep(LOOKS_MILLIS);
    expect(ticks.sent).toBeGreaterThan(sent);
    expect(votesOf(edge)).toBeGreaterThan(votes);
    expect(namesVoting(edge.station)).toEqual(["lightgbm 1"]);
    expect((await edge.ask("/api/v1/health")).body).toMatchObject({ status: "ok" });

    rmSync(join(disk, "filler"));
    expect(await edge.post(PROMOTE, { version: "2" })).toMatchObject({ status: 200 });
    await eventually(() => namesVoting(edge.station).join() === "lightgbm 2");
    expect(registry.register(TREES, treesCard("3"), 3)).toMatchObject({ ok: true });
    await ticks.pause();
    const records = recordsOf(edge.station.journal);
    expect(records.filter(({ kind }) => kind === "configured")).toHaveLength(2);
    expect(records.filter(({ kind }) => kind === "tick")).toHaveLength(ticks.sent);
    expect(problems.filter((problem) => !problem.includes("trained models that vote: lightgbm 2"))).toEqual(
      [],
    );
    await edge.stop();
  }, 90_000);
});

describe("a command that may write nothing", () => {
  test("says so, and the registry stays whole", () => {
    const data = join(root, "limited");
    const registry = registryIn(join(data, "models"));
    const entry = join(import.meta.dir, "../../scripts/tickforge.ts");
    const card = join(root, "card.json");
    const model = join(root, "model.onnx");
    writeFileSync(card, JSON.stringify(treesCard("3")));
    writeFileSync(model, TREES);
    // SIGXFSZ ignored, a write beyond the limit fails with EFBIG, as one on a full disk does with ENOSPC.
    const script = `trap '' XFSZ; ulimit -f 0; exec "$0" "$@"`;
    for (const wish of [
      ["promote", "lightgbm", "2"],
      ["register", model, "--card", card],
      ["retire", "lightgbm", "2"],
    ]) {
      const command = [process.execPath, entry, "models", ...wish, "--data", data];
      const run = Bun.spawnSync(["sh", "-c", script, ...command]);
      expect([run.exitCode, run.stderr.toString()]).toEqual([
        1,
        expect.stringMatching(/^registry-unwritable: .*EFBIG.*Nothing was changed/) as never,
      ]);
    }
    expect(registry.list().map(({ card: { version }, status }) => [version, status])).toEqual([
      ["2", "shadow"],
      ["1", "champion"],
    ]);
    expect(
      readdirSync(join(data, "models"), { recursive: true }).filter((name) => String(name).includes("~")),
    ).toEqual([]);
  }, 60_000);
});

describe("a start on a registry whose files were cut short", () => {
  let edge: EdgeRig | undefined;
  afterEach(async () => {
    await edge?.stop();
    edge = undefined;
  });

  async function startCut(...names: readonly string[]): Promise<{ running: EdgeRig; problems: string }> {
    const problems: string[] = [];
    edge = await startEdge({
      clock: "source",
      before: (data) => {
        const folder = join(data, "models");
        registryIn(folder).promote("lightgbm", { version: "2", by: "ann", atMicros: 2 });
        for (const name of names) halve(join(folder, name));
      },
      onProblem: (message) => problems.push(message),
    });
    return { running: edge, problems: problems.join("\n") };
  }

  test("goes by the copy where the file of who counts was", async () => {
    const { running, problems } = await startCut("lightgbm.json");
    expect(problems).toMatch(/lightgbm\.json cannot be read .*: its copy .* counts/);
    expect(namesVoting(running.station)).toEqual(["lightgbm 2"]);
    expect((await running.ask("/api/v1/models/lightgbm/2")).body).toMatchObject({
      status: "champion",
      promotions: [{ version: "1" }, { version: "2", by: "ann" }],
    });
  }, 60_000);

  test.each([
    ["model", "lightgbm/2/model.onnx", /lightgbm 2 .*is damaged.*lightgbm 1, a champion before it, votes/s],
    ["card", "lightgbm/2/card.json", /card\.json cannot be read .* this version is left out/],
  ])(
    "lets the champion before vote where its %s was",
    async (_, name, says) => {
      const { running, problems } = await startCut(name);
      expect(problems).toMatch(says);
      expect(namesVoting(running.station)).toEqual(["lightgbm 1"]);
    },
    60_000,
  );

  test("lets rules vote alone where both files were, until somebody promotes a version", async () => {
    const { running, problems } = await startCut("lightgbm.json", "lightgbm.json.copy");
    expect(problems).toContain("no version of lightgbm votes until one is promoted");
    expect(namesVoting(running.station)).toEqual([]);
    const ticks = new EndlessTicks(running.station);
    ticks.start();
    expect(await running.post(PROMOTE, { version: "2" })).toMatchObject({ status: 200 });
    await eventually(() => namesVoting(running.station).join() === "lightgbm 2");
    await ticks.pause();
  }, 60_000);
});
