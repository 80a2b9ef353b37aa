// `bun run bench [name] [--json]`: every figure DESIGN promises, measured as ratios in one run. Each bench runs in a
// process of its own, so that one's garbage and compiled code are not another's.

import { parseArgs } from "node:util";
import { z } from "zod";
import { palette, table } from "../edge/terminal/table.ts";
import type { BenchRow } from "./bench/row.ts";

const BENCHES = [
  "mailbox",
  "features",
  "chain",
  "inference",
  "risk",
  "journal",
  "replay",
  "recover",
  "memory",
  "http",
  "fanout",
  "clickhouse",
  "projection",
  "import",
  "ingest",
  "mt5",
  "order",
  "accounts",
  "storage",
  "hot-state",
  "dashboard",
] as const;

const rowSchema = z.strictObject({
  name: z.string(),
  metric: z.string(),
  value: z.number(),
  unit: z.string(),
  baseline: z.number().optional(),
  ratio: z.number().optional(),
  bar: z.string().optional(),
  met: z.boolean().optional(),
});

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    args: process.argv.slice(2),
    options: {
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
    allowPositionals: true,
  });
  if (values.help) {
    console.log(`Usage: bun run bench [${BENCHES.join("|")}] [--json]`);
    return 0;
  }
  const unknown = positionals.filter((name) => !BENCHES.some((bench) => bench === name));
  if (unknown.length > 0) {
    console.error(`no bench is called ${unknown.join(", ")}; there are: ${BENCHES.join(", ")}`);
    return 2;
  }
  const chosen = positionals.length === 0 ? BENCHES : BENCHES.filter((name) => positionals.includes(name));
  let failed = 0;
  for (const name of chosen) {
    const rows = await run(name, (row) => {
      if (values.json) console.log(JSON.stringify(row));
    });
    if (rows === undefined) failed++;
    else if (!values.json) print(name, rows);
  }
  return failed === 0 ? 0 : 1;
}

/** Runs one bench in its own process; undefined when it failed. */
async function run(name: string, onRow: (row: BenchRow) => void): Promise<BenchRow[] | undefined> {
  const child = Bun.spawn([process.execPath, new URL(`bench/${name}.ts`, import.meta.url).pathname], {
    stdout: "pipe",
    stderr: "inherit",
  });
  const rows: BenchRow[] = [];
  for (const line of (await new Response(child.stdout).text()).split("\n")) {
    if (!line.startsWith("{")) continue;
    const { baseline, ratio, bar, met, ...rest } = rowSchema.parse(JSON.parse(line));
    const row: BenchRow = {
      ...rest,
      ...(baseline === undefined ? {} : { baseline }),
      ...(ratio === undefined ? {} : { ratio }),
      ...(bar === undefined ? {} : { bar }),
      ...(met === undefined ? {} : { met }),
    };
    rows.push(row);
    onRow(row);
  }
  const exitCode = await child.exited;
  if (exitCode === 0) return rows;
  console.error(`bench ${name} failed with exit code ${exitCode}`);
  return undefined;
}

function print(name: string, rows: readonly BenchRow[]): void {
  const colours = palette(process.stdout.isTTY);
  console.log(colours.bold(`\n${name}`));
  const cells = rows.map((row) => [
    row.metric,
    figure(row.value),
    row.unit,
    row.baseline === undefined ? "" : figure(row.baseline),
    row.ratio === undefined ? "" : `${row.ratio.toFixed(2)}x`,
    row.bar ?? "",
    row.met === undefined ? "" : row.met ? colours.green("met") : colours.red("NOT met"),
  ]);
  const columns = ["metric", "value", "unit", "baseline", "ratio", "bar", ""].map((title, index) => ({
    title,
    align: index === 1 || index === 3 || index === 4 ? ("right" as const) : ("left" as const),
  }));
  for (const line of table(columns, cells, colours)) console.log(line);
}

function figure(value: number): string {
  const digits = Math.abs(value) >= 1_000 ? 0 : Math.abs(value) >= 10 ? 1 : 3;
  return value.toLocaleString("en-US", { maximumFractionDigits: digits });
}

process.exit(await main());
