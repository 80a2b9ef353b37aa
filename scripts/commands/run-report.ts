// Prints the summary of a run, for people or for machines.

import { micros } from "../../edge/terminal/frame.ts";
import { palette, table } from "../../edge/terminal/table.ts";
import type { RunReport } from "../../edge/report.ts";

export function printRun(
  report: RunReport,
  run: { json: boolean; ticks: number; seconds: number; folder: string },
): void {
  const ticksPerSecond = run.ticks / run.seconds;
  if (run.json) {
    console.log(
      JSON.stringify({
        ...report,
        ticks: run.ticks,
        seconds: run.seconds,
        ticksPerSecond,
        folder: run.folder,
      }),
    );
    return;
  }
  const colours = palette(process.stdout.isTTY);
  console.log(`${colours.bold("decision hash")} ${report.decisionHash}`);
  console.log(
    `${run.ticks} ticks in ${run.seconds.toFixed(1)} s (${Math.round(ticksPerSecond)}/s), journaled in ${run.folder}`,
  );
  printSymbols(report);
  console.log(`quarantined: ${listOf(report.quarantined)}`);
  printAccount(report);
  printLatency(report);
}

function printSymbols(report: RunReport): void {
  const rows = Object.entries(report.symbols).map(([symbol, counts]) => [
    symbol,
    String(counts.ticks),
    String(counts.quarantined),
    String(counts.decisions),
    String(counts.signals),
    counts.decisionHash,
  ]);
  const columns = ["symbol", "ticks", "quarantined", "decisions", "signals", "hash"].map((title, index) => ({
    title,
    align: index === 0 || index === 5 ? ("left" as const) : ("right" as const),
  }));
  for (const line of table(columns, rows, palette(process.stdout.isTTY))) console.log(line);
}

function printAccount({ account }: RunReport): void {
  if (account === undefined) return;
  console.log(
    `paper account: ${account.entries} entries, ${account.exits} exits, ${account.fills} fills; profit after costs ` +
      `${figure(account.profitAfterCosts)} ${account.currency} (commission ${figure(account.commission)}, spread ` +
      `${figure(account.spreadCost)}, slippage ${figure(account.slippage)})`,
  );
  console.log(`refused: ${listOf(account.refusals)}`);
}

function figure(value: number): string {
  return value.toFixed(2);
}

function printLatency(report: RunReport): void {
  const rows = Object.entries(report.latency).map(([stage, { p50Micros, p99Micros }]) => [
    stage,
    micros(p50Micros),
    micros(p99Micros),
  ]);
  const columns = ["stage", "p50", "p99"].map((title, index) => ({
    title,
    align: index === 0 ? ("left" as const) : ("right" as const),
  }));
  for (const line of table(columns, rows, palette(process.stdout.isTTY))) console.log(line);
}

function listOf(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  return parts.length === 0 ? "none" : parts.join(", ");
}
