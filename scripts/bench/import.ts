// Vendor formats into checked rows, beside the least that reading such text can cost: splitting lines and parsing numbers.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { examine } from "../../edge/feeds/import/importer.ts";
import { planImport } from "../../edge/feeds/import/plan.ts";
import { type Emit, median } from "./row.ts";

const ROWS = 200_000;
const ROUNDS = 5;

interface Case {
  readonly name: string;
  readonly file: string;
  readonly text: string;
  readonly separator: string;
}

export async function bench(emit: Emit): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "tickforge-bench-"));
  try {
    for (const each of cases()) await measure(folder, each, emit);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measure(folder: string, { name, file, text, separator }: Case, emit: Emit): Promise<void> {
  const path = join(folder, file);
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
  const ours: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const bareStart = performance.now();
    bareParse(await Bun.file(path).text(), separator);
    bare.push(ROWS / ((performance.now() - bareStart) / 1_000));
    const start = performance.now();
    const plan = planImport(path, { timezone: "utc" });
    if (!plan.ok) throw new Error(plan.message);
    const { good, bad } = examine(plan.value);
    if (good !== ROWS || bad > 0) throw new Error(`${name}: ${good} good, ${bad} bad`);
    ours.push(ROWS / ((performance.now() - start) / 1_000));
  }
  const value = median(ours);
  const baseline = median(bare);
  emit({
    name: "import",
    metric: `${name}, read and checked`,
    value,
    unit: "rows/s",
    baseline,
    ratio: value / baseline,
  });
}

function bareParse(text: string, separator: string): number {
  let sum = 0;
  for (const line of text.split("\n")) for (const cell of line.split(separator)) sum += Number(cell);
  return sum;
}

function digits(date: Date): string {
  return date.toISOString().replaceAll(/[-:T]/g, "").slice(0, 14);
}

function price(i: number): string {
  return (1.08 + ((i * 7) % 300) / 100_000).toFixed(5);
}

function cases(): Case[] {
  const start = Date.UTC(2024, 0, 1);
  const stamp = (i: number): Date => new Date(start + i * 60_000);
  const rows = Array.from({ length: ROWS }, (_, i) => i);
  return [
    {
      name: "HistData minute bars",
      file: "DAT_ASCII_EURUSD_M1_2024.csv",
      separator: ";",
      text: rows
        .map((i) => {
          const text = digits(stamp(i));
          return `${text.slice(0, 8)} ${text.slice(8)};${price(i)};${price(i)};${price(i)};${price(i)};0`;
        })
        .join("\n"),
    },
    {
      name: "MT5 ticks",
      file: "EURUSD-mt5-ticks.csv",
      separator: "\t",
      text: [
        "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>",
        ...rows.map((i) => {
          const [date = "", time = ""] = stamp(i).toISOString().split("T");
          return `${date.replaceAll("-", ".")}\t${time.slice(0, 12)}\t${price(i)}\t${(Number(price(i)) + 0.0001).toFixed(5)}\t\t\t6`;
        }),
      ].join("\n"),
    },
    {
      name: "CSV ticks with ISO times",
      file: "EURUSD-ticks.csv",
      separator: ",",
      text: [
        "time,bid,ask",
        ...rows.map((i) => `${stamp(i).toISOString()},${price(i)},${(Number(price(i)) + 0.0001).toFixed(5)}`),
      ].join("\n"),
    },
  ];
}

if (import.meta.main) await bench((figures) => console.log(JSON.stringify(figures)));
