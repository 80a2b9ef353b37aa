// The real program, killed: a replay that is cut down again and again and started again ends where one that was left alone
// does, its journal intact. And a journal that was tampered with says where.

import { afterAll, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SeededRandom } from "../../actors/base/random.ts";
import { makeZip } from "../../edge/feeds/zip.fixture.ts";
import { INSTRUMENTS, simulatedTicks } from "../fixtures/engine-rig.ts";

const TORTURE = process.env["TICKFORGE_TORTURE"] === "1";
const KILLS = TORTURE ? 100 : 3;
const TICKS = 40_000;
const SYMBOLS = new Set(["EURUSD", "USDJPY", "XAUUSD"]);
const DAY = "20240515";
const SEED = 17;
const FLIPPED_BYTE = 100_000;

const root = mkdtempSync(join(tmpdir(), "tickforge-kill-"));
const feeds = join(root, "feeds");
const program = join(import.meta.dir, "../../scripts/tickforge.ts");

afterAll(() => rmSync(root, { recursive: true }));

/** A day of generated ticks as Lean day zips. */
function writeFeeds(): void {
  const rows = new Map<number, string[]>();
  const midnight = Date.UTC(2024, 4, 15) * 1_000;
  for (const { instrumentId, sourceTimeMicros, bid, ask } of simulatedTicks({
    seed: 8,
    count: TICKS,
    ticksPerSecond: 2,
  })) {
    const list = rows.get(instrumentId) ?? [];
    rows.set(instrumentId, list);
    list.push(`${Math.floor((sourceTimeMicros - midnight) / 1_000)},${bid},${ask}\n`);
  }
  for (const { id, symbol } of INSTRUMENTS) {
    if (!SYMBOLS.has(symbol)) continue;
    const folder = join(feeds, `oanda-${symbol.toLowerCase()}`);
    mkdirSync(folder, { recursive: true });
    const content = (rows.get(id) ?? []).join("");
    const name = `${DAY}_${symbol.toLowerCase()}_tick_quote.csv`;
    writeFileSync(join(folder, `${DAY}_quote.zip`), makeZip([{ name, content }]));
  }
}

function tickforge(...args: string[]) {
  return Bun.spawn([process.execPath, program, ...args], {
    stdout: "pipe",
    stderr: "pipe",
    env: { ...process.env, TICKFORGE_CONFIG: undefined, TICKFORGE_DATA: undefined },
  });
}

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function ended(child: ReturnType<typeof tickforge>): Promise<Ended> {
  const [stdout, stderr] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { exitCode: await child.exited, stdout, stderr };
}

function replayInto(data: string): ReturnType<typeof tickforge> {
  return tickforge("replay", feeds, "--data", data, "--preset", "demo", "--json");
}

interface Report {
  readonly decisionHash: string;
  readonly signals: number;
  readonly account: unknown;
}

/** What a finished replay says, but for how long it took. */
function reportIn({ exitCode, stdout, stderr }: Ended): Report {
  if (exitCode !== 0) throw new Error(`replay ended with ${exitCode}: ${stderr}`);
  const parsed = JSON.parse(stdout) as Report;
  const { decisionHash, signals, account } = parsed;
  return { decisionHash, signals, account };
}

/** The one replay's folder in `data`; undefined before it exists. */
function folderIn(data: string): string | undefined {
  const replays = join(data, "replays");
  const name = existsSync(replays) ? readdirSync(replays)[0] : undefined;
  return name === undefined ? undefined : join(replays, name);
}

writeFeeds();
const quiet = join(root, "quiet");
const startedMillis = performance.now();
const expected = reportIn(await ended(replayInto(quiet)));
const wholeMillis = performance.now() - startedMillis;

/** The journal's files and their bytes, in order. */
function journalFiles(data: string): { name: string; path: string; bytes: number }[] {
  const folder = join(folderIn(data) ?? "", "journal");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((name) => ({ name, path: join(folder, name), bytes: statSync(join(folder, name)).size }));
}

function journalBytes(data: string): number {
  return journalFiles(data).reduce((sum, { bytes }) => sum + bytes, 0);
}

describe("a replay", () => {
  test(`killed ${KILLS} times ends as one that was left alone (seed ${SEED})`, async () => {
    const random = new SeededRandom(SEED);
    const data = join(root, "killed");
    let killed = 0;
    let begun = 0;
    for (let attempt = 0; killed < KILLS && attempt < 4 * KILLS; attempt++) {
      const child = replayInto(data);
      const output = ended(child);
      await Promise.race([output, Bun.sleep(wholeMillis * (0.25 + 0.5 * random.next()))]);
      if (child.exitCode !== null) continue;
      child.kill("SIGKILL");
      await output;
      killed++;
      if (journalBytes(data) > 0) begun++;
    }
    expect(killed).toBe(KILLS);
    expect(begun).toBeGreaterThan(0);
    expect(expected.signals).toBeGreaterThan(100);
    expect(reportIn(await ended(replayInto(data)))).toEqual(expected);
    const verified = await ended(tickforge("journal", "verify", "--data", folderIn(data) ?? ""));
    expect(verified).toEqual({
      exitCode: 0,
      stdout: expect.stringContaining("intact: ") as never,
      stderr: "",
    });
    const recorded = await ended(tickforge("replay", "--recorded", "--data", folderIn(data) ?? "", "--json"));
    expect(JSON.parse(recorded.stdout)).toMatchObject({
      decisionHash: expected.decisionHash,
      identical: true,
    });
  }, 600_000);
});

describe("a tampered journal", () => {
  test("is not intact: verify ends with 1 and names the file and the byte", async () => {
    const file = journalFiles(quiet).find(({ bytes }) => bytes > 2 * FLIPPED_BYTE);
    if (file === undefined) throw new Error("the journal is too short to tamper with");
    const bytes = readFileSync(file.path);
    bytes[FLIPPED_BYTE] = (bytes[FLIPPED_BYTE] as number) ^ 4;
    writeFileSync(file.path, bytes);
    const { exitCode, stdout, stderr } = await ended(
      tickforge("journal", "verify", "--data", folderIn(quiet) ?? ""),
    );
    expect(exitCode).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toContain(file.name);
    // The record that holds the byte begins there.
    const named = Number(/at byte (\d+)/.exec(stderr)?.[1]);
    expect(named).toBeLessThanOrEqual(FLIPPED_BYTE);
    expect(named).toBeGreaterThan(FLIPPED_BYTE - 4_096);
  });
});
