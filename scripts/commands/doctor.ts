// `tickforge doctor`: looks at the machine and the data folder before money depends on them.

import {
  closeSync,
  existsSync,
  fdatasyncSync,
  mkdirSync,
  openSync,
  statfsSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { availableParallelism, freemem, totalmem } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import packageJson from "../../package.json" with { type: "json" };
import { lookAtAdvisers } from "../../edge/advisers/look.ts";
import { parseSettings, type Settings, weaviateOf } from "../../edge/settings.ts";
import { Credentials } from "../../edge/mt5/credentials.ts";
import { palette, table } from "../../edge/terminal/table.ts";
import { lockDataFolder } from "../../storage/journal/data-lock.ts";
import { checkSystems } from "../../storage/check-systems.ts";
import { FileModels } from "../../storage/models/registry.ts";
import { verifyJournal } from "../../storage/journal/verify.ts";
import { PROJECTION_IDS, ProjectionControl } from "../../storage/projections/control.ts";
import { openTerminals, TERMINALS_FILE } from "../../storage/terminals/store.ts";
import { type CommonFlags, EXIT_FAILED, withSettings } from "./common.ts";

type Verdict = "ok" | "warning" | "problem";

interface Finding {
  readonly check: string;
  readonly verdict: Verdict;
  readonly detail: string;
}

const DISK_FREE_BYTES_MIN = 5 * 2 ** 30;
const MEMORY_BYTES_MIN = 2 ** 30;
const SYNC_P99_MICROS_MAX = 20_000;
const SYNC_SAMPLES = 100;
const SYNC_BYTES = 4_096;
const YEAR_MIN = 2025;

export function doctorCommand(): Command {
  return withSettings(
    new Command("doctor").description("check this machine and the data folder, and say what to do"),
  ).action(async (flags: CommonFlags) => {
    const findings = await examine(flags);
    if (flags.json) for (const finding of findings) console.log(JSON.stringify(finding));
    else print(findings);
    if (findings.some((finding) => finding.verdict === "problem")) process.exitCode = EXIT_FAILED;
  });
}

async function examine(flags: CommonFlags): Promise<Finding[]> {
  const settings = parseSettings(flags, process.env);
  if (!settings.ok) return [{ check: "settings", verdict: "problem", detail: settings.message }];
  const folder = settings.value.data;
  return [
    { check: "settings", verdict: "ok", detail: `data folder ${folder}` },
    runtime(),
    machine(),
    clock(),
    ...dataFolder(folder),
    ...stores(folder),
    ...quarantinedModels(folder),
    ...terminals(settings.value),
    ...(await systems(settings.value)),
    ...(await advisers(settings.value)),
  ];
}

/** Servers in the embedded parts' places; what is embedded is looked at when it is opened. */
async function systems(settings: Settings): Promise<Finding[]> {
  const { ledger, streams, dragonfly, graph, timeSeries } = settings;
  const found = await checkSystems({
    ledgerUrl: ledger.url,
    streamsUrl: streams.url,
    dragonflyUrl: dragonfly.url,
    weaviate: weaviateOf(settings),
    arangoUrl: graph.url,
    timeSeries,
  });
  return found.map(({ system, verdict, detail }) => ({ check: system, verdict, detail }));
}

async function advisers(settings: Settings): Promise<Finding[]> {
  const found = await lookAtAdvisers(settings.advisers);
  return found.map(({ name, verdict, detail }) => ({ check: `adviser ${name}`, verdict, detail }));
}

/** How far the stores at the journal's side were when they were last heard of. */
function stores(folder: string): Finding[] {
  return PROJECTION_IDS.flatMap((id): Finding[] => {
    const control = new ProjectionControl(folder, id);
    const report = control.report();
    if (report === undefined) return [];
    const detail = `stored up to record ${report.appliedSeq}, ${report.lagRecords} behind at ${report.at}`;
    if (control.paused) {
      const what = `${detail}; paused: tickforge projections resume ${id}`;
      return [{ check: `store ${id}`, verdict: "warning", detail: what }];
    }
    if (report.lastError === "") return [{ check: `store ${id}`, verdict: "ok", detail }];
    return [{ check: `store ${id}`, verdict: "warning", detail: `${detail}; it says: ${report.lastError}` }];
  });
}

/** Versions that stopped the trading process; others are the registry's business. */
function quarantinedModels(folder: string): Finding[] {
  const registry = new FileModels(join(folder, "models"), () => undefined);
  return registry.list().flatMap(({ card, quarantine }): Finding[] => {
    if (quarantine === null) return [];
    const name = `${card.model} ${card.version}`;
    const detail = `in quarantine: ${quarantine.reason}; it votes again after: tickforge models promote ${name}`;
    return [{ check: `model ${name}`, verdict: "warning", detail }];
  });
}

/** Accounts whose terminals may connect. */
function terminals({ data, mt5 }: Settings): Finding[] {
  const check = "terminals";
  if (!existsSync(join(data, TERMINALS_FILE))) {
    if (!mt5.enabled) return [];
    return [{ check, verdict: "warning", detail: "none may connect: tickforge mt5 enrol --account <name>" }];
  }
  const store = openTerminals({ data, keyHex: mt5.key });
  if (!store.ok) return [{ check, verdict: "problem", detail: store.message }];
  const accounts = store.value.accounts();
  const valid = new Credentials({ store: store.value, nowMs: Date.now }).terminals().size;
  store.value.close();
  const detail = `${accounts.length} accounts, ${valid} terminals whose token is valid`;
  if (valid > 0 || accounts.length === 0) return [{ check, verdict: "ok", detail }];
  return [{ check, verdict: "warning", detail: `${detail}: tickforge mt5 enrol --account <name>` }];
}

function runtime(): Finding {
  const wanted = packageJson.devDependencies.bun;
  return Bun.version === wanted
    ? { check: "runtime", verdict: "ok", detail: `Bun ${Bun.version}` }
    : {
        check: "runtime",
        verdict: "warning",
        detail: `Bun ${Bun.version} runs, ${wanted} is pinned: start with npm, or install ${wanted}`,
      };
}

function machine(): Finding {
  const cores = availableParallelism();
  const detail = `${cores} cores, ${gibibytes(freemem())} of ${gibibytes(totalmem())} memory free`;
  if (cores >= 2 && freemem() >= MEMORY_BYTES_MIN) return { check: "machine", verdict: "ok", detail };
  return {
    check: "machine",
    verdict: "warning",
    detail: `${detail}: two cores and 1 GiB free keep trading and journal apart`,
  };
}

function clock(): Finding {
  const now = new Date();
  if (now.getUTCFullYear() >= YEAR_MIN) return { check: "clock", verdict: "ok", detail: now.toISOString() };
  return {
    check: "clock",
    verdict: "problem",
    detail: `the clock says ${now.toISOString()}: set it, ticks are dated by it`,
  };
}

function dataFolder(folder: string): Finding[] {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    return [
      { check: "data folder", verdict: "problem", detail: `cannot create ${folder}: ${String(error)}` },
    ];
  }
  const lock = lockDataFolder(folder);
  if (!lock.ok) {
    const inUse = lock.code === "data-locked";
    return [{ check: "data folder", verdict: inUse ? "warning" : "problem", detail: lock.message }];
  }
  try {
    return [diskSpace(folder), diskSyncSafely(folder), journal(folder)];
  } finally {
    lock.value.release();
  }
}

function diskSpace(folder: string): Finding {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  const detail = `${gibibytes(free)} free at ${folder}`;
  if (free >= DISK_FREE_BYTES_MIN) return { check: "disk space", verdict: "ok", detail };
  return {
    check: "disk space",
    verdict: "warning",
    detail: `${detail}: a busy week of ticks needs ${gibibytes(DISK_FREE_BYTES_MIN)}; free some or move the folder`,
  };
}

function diskSyncSafely(folder: string): Finding {
  try {
    return diskSync(folder);
  } catch (error) {
    const detail = `cannot write in ${folder}: ${String(error)}. Free space or mend its permissions`;
    return { check: "disk sync", verdict: "problem", detail };
  }
}

/** The disk decides how soon a tick can be acknowledged and an order may leave. */
function diskSync(folder: string): Finding {
  const path = join(folder, `doctor-${process.pid}.tmp`);
  const file = openSync(path, "w");
  const block = Buffer.alloc(SYNC_BYTES, 1);
  const tookMicros: number[] = [];
  try {
    for (let i = 0; i < SYNC_SAMPLES; i++) {
      writeSync(file, block, 0, SYNC_BYTES, i * SYNC_BYTES);
      const startMillis = performance.now();
      fdatasyncSync(file);
      tookMicros.push((performance.now() - startMillis) * 1_000);
    }
  } finally {
    closeSync(file);
    unlinkSync(path);
  }
  tookMicros.sort((a, b) => a - b);
  const p50 = tookMicros[SYNC_SAMPLES / 2] ?? 0;
  const p99 = tookMicros[SYNC_SAMPLES - 1] ?? 0;
  const detail = `fdatasync p50 ${(p50 / 1_000).toFixed(2)} ms, slowest of ${SYNC_SAMPLES} ${(p99 / 1_000).toFixed(2)} ms`;
  if (p99 <= SYNC_P99_MICROS_MAX) return { check: "disk sync", verdict: "ok", detail };
  return {
    check: "disk sync",
    verdict: "warning",
    detail: `${detail}: orders wait for it; a faster disk helps`,
  };
}

function journal(folder: string): Finding {
  if (!existsSync(join(folder, "journal"))) return { check: "journal", verdict: "ok", detail: "none yet" };
  const verified = verifyJournal(join(folder, "journal"));
  if (verified.ok) {
    return {
      check: "journal",
      verdict: "ok",
      detail: `${verified.value.records} records, intact${verified.value.torn ? " up to a torn end, which the next start cuts off" : ""}`,
    };
  }
  return { check: "journal", verdict: "problem", detail: verified.message };
}

function print(findings: readonly Finding[]): void {
  const colours = palette(process.stdout.isTTY);
  const paint: Record<Verdict, (text: string) => string> = {
    ok: colours.green,
    warning: colours.yellow,
    problem: colours.red,
  };
  const rows = findings.map(({ check, verdict, detail }) => [paint[verdict](verdict), check, detail]);
  const columns = ["", "check", "finding"].map((title) => ({ title, align: "left" as const }));
  for (const line of table(columns, rows, colours)) console.log(line);
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
