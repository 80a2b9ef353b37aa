// Signed heads: whatever is done to the journal or to the heads themselves after they were signed is found and named.

import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Scope } from "../../actors/ports/fence.ts";
import { openStation, type Station } from "../../edge/main.ts";
import { playTick, settleDurably } from "../../edge/play.ts";
import { parseSettings } from "../../edge/settings.ts";
import { signHeadsAside, verifyHeads } from "../../storage/sign-heads.ts";
import { INSTRUMENTS, simulatedTicks } from "../fixtures/engine-rig.ts";

const folder = mkdtempSync(join(tmpdir(), "tickforge-audit-"));
const signed = join(folder, "signed");
const anchor = join(folder, "elsewhere", "heads.jsonl");
const RUNS = 3;
const TICKS_A_RUN = 2_000;

const PAPER: Scope = { level: "account", accountId: "paper" };

async function open(data: string, environment: Record<string, string>): Promise<Station> {
  const settings = parseSettings({ data, preset: "demo" }, environment);
  if (!settings.ok) throw new Error(settings.message);
  const station = await openStation({ settings: settings.value, instruments: INSTRUMENTS, live: false });
  if (!station.ok) throw new Error(station.message);
  return station.value;
}

/** A folder of three runs, each of which signed its end. */
async function record(data: string, seed: number, environment: Record<string, string>): Promise<void> {
  const ticks = simulatedTicks({ seed, count: RUNS * TICKS_A_RUN, ticksPerSecond: 4 });
  for (let run = 0; run < RUNS; run++) {
    const station = await open(data, environment);
    const { live, journal } = station;
    for (const tick of ticks.slice(run * TICKS_A_RUN, (run + 1) * TICKS_A_RUN)) {
      await playTick(live, journal, tick, tick.sourceTimeMicros);
    }
    await settleDurably(live, journal);
    await station.close();
  }
}

beforeAll(async () => {
  await record(signed, 12, { TICKFORGE_AUDIT_ANCHOR: anchor });
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let copies = 0;

/** A copy of the folder to be tampered with. */
function copyOf(): { data: string; heads: string; segment: string } {
  const data = join(folder, `copy-${copies++}`);
  cpSync(signed, data, { recursive: true });
  const name = readdirSync(join(data, "journal")).find((file) => file.endsWith(".seg")) ?? "";
  return { data, heads: join(data, "audit", "heads.jsonl"), segment: join(data, "journal", name) };
}

function edit(path: string, change: (lines: string[]) => string[]): void {
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  writeFileSync(path, `${change(lines).join("\n")}\n`);
}

describe("a folder nobody touched", () => {
  test("has a signed head of every stop, here and elsewhere, and a key only its owner reads", async () => {
    expect(await verifyHeads({ data: signed, anchor })).toMatchObject({ ok: true, value: { heads: RUNS } });
    expect(readFileSync(anchor, "utf8")).toBe(readFileSync(join(signed, "audit", "heads.jsonl"), "utf8"));
    expect(statSync(join(signed, "keys", "audit-ed25519.pem")).mode & 0o777).toBe(0o600);
    expect(existsSync(join(signed, "keys", "audit-ed25519.pub.pem"))).toBe(true);
  });

  test("is not signed again while nothing was sealed since", async () => {
    const { data } = copyOf();
    expect(await signHeadsAside({ data })).toBe("");
    expect(await verifyHeads({ data })).toMatchObject({ ok: true, value: { heads: RUNS } });
  });
});

const TAMPERED: readonly [string, (copy: ReturnType<typeof copyOf>) => void | Promise<void>, RegExp][] = [
  [
    "a signature",
    ({ heads }) =>
      edit(heads, ([a = "", ...rest]) => [
        a.replace(/(?<="signature":").../, (begin) => (begin === "AAA" ? "BBB" : "AAA")),
        ...rest,
      ]),
    /line 1 .*changed after it was signed/,
  ],
  [
    "a hash",
    ({ heads }) =>
      edit(heads, ([a = "", b = "", c = ""]) => [
        a,
        b.replace(/"market-data":"[0-9a-f]{4}/, '"market-data":"0000'),
        c,
      ]),
    /line 2 .*changed after it was signed/,
  ],
  [
    "the time of a head",
    ({ heads }) => edit(heads, ([a = "", ...rest]) => [a.replace(/"at":"20/, '"at":"19'), ...rest]),
    /line 1 .*changed/,
  ],
  [
    "a head taken away",
    ({ heads }) => edit(heads, ([a = "", , c = ""]) => [a, c]),
    /line 2 .*does not follow the line before/,
  ],
  [
    "the first head taken away",
    ({ heads }) => edit(heads, ([, ...rest]) => rest),
    /line 1 .*does not follow/,
  ],
  [
    "the last head taken away, with a copy elsewhere",
    ({ heads }) => edit(heads, (lines) => lines.slice(0, -1)),
    /is missing from/,
  ],
  [
    "heads in another order",
    ({ heads }) => edit(heads, ([a = "", b = "", c = ""]) => [b, a, c]),
    /line 1 .*does not follow/,
  ],
  [
    "a line that is none",
    ({ heads }) => edit(heads, ([a = "", ...rest]) => [a, "{}", ...rest]),
    /line 2 .*cannot be read/,
  ],
  [
    "a key taken away",
    ({ data }) => rmSync(join(data, "keys", "audit-ed25519.pub.pem")),
    /cannot be checked/,
  ],
  ["the journal's end taken away", ({ segment }) => truncateSync(segment, 200_000), /its end was taken away/],
  [
    "a journal written anew, seals and all",
    async ({ data }) => {
      const other = join(folder, `other-${copies++}`);
      await record(other, 99, {});
      rmSync(join(data, "journal"), { recursive: true });
      cpSync(join(other, "journal"), join(data, "journal"), { recursive: true });
    },
    /is not what was signed|its end was taken away/,
  ],
];

describe("what was changed after it was signed is found", () => {
  for (const [what, tamper, message] of TAMPERED) {
    test(
      what,
      async () => {
        const copy = copyOf();
        await tamper(copy);
        const verified = await verifyHeads({ data: copy.data, anchor });
        expect(verified.ok ? "nothing was found" : verified.message).toMatch(message);
      },
      30_000,
    );
  }
});

/** Changes the ledger of a copy behind everybody's back. */
function changeLedger(data: string, statement: string): void {
  const database = new Database(join(data, "ledger.db"));
  database.run(statement);
  database.close();
}

async function compared(data: string) {
  return await verifyHeads({ data, ledger: { url: `sqlite://${join(data, "ledger.db")}`, scope: PAPER } });
}

describe("the ledger's copy of the heads", () => {
  test("is there of every stop", async () => {
    const { data } = copyOf();
    expect(await compared(data)).toMatchObject({
      ok: true,
      value: { heads: RUNS, inLedger: { value: RUNS } },
    });
  });

  test("shows that journal, heads and keys were replaced together, which nothing in the folder does", async () => {
    const { data } = copyOf();
    const other = join(folder, "replacement");
    await record(other, 99, {});
    for (const name of ["journal", "audit", "keys"]) {
      rmSync(join(data, name), { recursive: true });
      cpSync(join(other, name), join(data, name), { recursive: true });
    }
    expect(await verifyHeads({ data })).toMatchObject({ ok: true, value: { heads: RUNS } });
    const verified = await compared(data);
    expect(verified.ok ? "" : verified.message).toMatch(
      /line 1 of .*heads.jsonl is not the head of record \d+/,
    );
    const script = join(import.meta.dir, "..", "..", "scripts", "tickforge.ts");
    const run = Bun.spawnSync([process.execPath, script, "journal", "verify", "--data", data]);
    expect(run.exitCode).toBe(1);
    expect(run.stderr.toString()).toMatch(/^audit-damaged: line 1 of .* that the ledger has/);
  }, 60_000);

  const different: readonly [string, (copy: ReturnType<typeof copyOf>) => void, RegExp][] = [
    [
      "the last head was taken away",
      ({ heads }) => edit(heads, (lines) => lines.slice(0, -1)),
      /head of record \d+, which the ledger has, is missing from/,
    ],
    ["the file was taken away", ({ heads }) => rmSync(heads), /is missing from/],
    [
      "the ledger's rows were changed",
      ({ data }) => changeLedger(data, "UPDATE audit_heads SET signature = 'x' WHERE previous <> ''"),
      /line 2 of .* is not the head of record/,
    ],
    [
      "the ledger's first row was taken away",
      ({ data }) => changeLedger(data, "DELETE FROM audit_heads WHERE previous = ''"),
      /line 1 of .* is not the head of record/,
    ],
  ];
  for (const [what, change, message] of different) {
    test(`shows that ${what}`, async () => {
      const copy = copyOf();
      change(copy);
      const verified = await compared(copy.data);
      expect(verified.ok ? "nothing was found" : verified.message).toMatch(message);
    });
  }

  test("is not missed where there is none", async () => {
    const { data } = copyOf();
    rmSync(join(data, "ledger.db"));
    expect(await compared(data)).toMatchObject({
      ok: true,
      value: { heads: RUNS, inLedger: { ok: false, code: "ledger-unreadable" } },
    });
    expect(existsSync(join(data, "ledger.db"))).toBe(false);
  });

  test("is brought what it lacks once it takes writes again", async () => {
    const { data } = copyOf();
    changeLedger(data, "DELETE FROM audit_heads");
    // It seals its start, which is signed as well.
    const station = await open(data, {});
    const busy = new Database(join(data, "ledger.db"));
    busy.run("BEGIN IMMEDIATE");
    await station.housekeep();
    expect(await compared(data)).toMatchObject({ value: { heads: RUNS + 1, inLedger: { value: 0 } } });
    busy.run("ROLLBACK");
    busy.close();
    await station.housekeep();
    expect(await compared(data)).toMatchObject({ value: { heads: RUNS + 1, inLedger: { value: RUNS + 1 } } });
    await station.close();
  }, 30_000);
});
