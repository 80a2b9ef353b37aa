// One picture of the running system as lines of text.

import { MICROS_PER_UNIT } from "../../actors/domain/money.ts";
import { clip, type Palette, table, widthOf } from "./table.ts";
import type { LiveView, SymbolRow } from "./view.ts";

const SIGNALS_UP = 0.5;

/** @param size the terminal's; longer lines are clipped, rows beyond the bottom left out */
export function frameOf(view: LiveView, colours: Palette, size: { columns: number; rows: number }): string[] {
  const lines = [
    header(view, colours),
    "",
    ...symbolTable(view, colours, size.columns),
    "",
    ...accountLines(view, colours).flatMap((line) => fold(line, size.columns)),
    "",
    ...healthLines(view, colours).flatMap((line) => fold(line, size.columns)),
  ];
  return lines.slice(0, size.rows).map((line) => clip(line, size.columns));
}

function header(view: LiveView, colours: Palette): string {
  const time = view.timeMicros === 0 ? "waiting for the first tick" : utc(view.timeMicros);
  return `${colours.bold("Tickforge")}  ${colours.yellow(`[${view.badge}]`)}  ${time}`;
}

/** Breaks a line of parts that stand three spaces apart where it would be clipped. */
function fold(line: string, columns: number): string[] {
  if (widthOf(line) <= columns) return [line];
  const lines: string[] = [];
  for (const part of line.split("   ")) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(`${last}   ${part}`) <= columns)
      lines[lines.length - 1] = `${last}   ${part}`;
    else lines.push(part);
  }
  return lines;
}

/** Below this width the columns that can be missed are left out. */
const COLUMNS_FULL = 100;

function symbolTable(view: LiveView, colours: Palette, columns: number): string[] {
  if (columns < COLUMNS_FULL) {
    return table(
      ["symbol", "bid", "ask", "signal", "p(up)", "bad", "signals", ""].map((title, index) => ({
        title,
        align: [0, 3, 7].includes(index) ? ("left" as const) : ("right" as const),
      })),
      view.symbols.map((row) => {
        const [symbol, bid, ask, , , action, probability, , bad, signals, trouble] = symbolCells(
          row,
          colours,
        );
        return [symbol, bid, ask, action, probability, bad, signals, trouble].map((cell) => cell ?? "");
      }),
      colours,
    );
  }
  return table(
    [
      { title: "symbol", align: "left" },
      { title: "bid", align: "right" },
      { title: "ask", align: "right" },
      { title: "spread", align: "right" },
      { title: "regime", align: "left" },
      { title: "signal", align: "left" },
      { title: "p(up)", align: "right" },
      { title: "ticks", align: "right" },
      { title: "bad", align: "right" },
      { title: "signals", align: "right" },
      { title: "", align: "left" },
    ],
    view.symbols.map((row) => symbolCells(row, colours)),
    colours,
  );
}

function symbolCells(row: SymbolRow, colours: Palette): string[] {
  return [
    colours.bold(row.symbol),
    price(row.bidPoints, row.digits),
    price(row.askPoints, row.digits),
    Number.isFinite(row.bidPoints) ? String(row.askPoints - row.bidPoints) : "-",
    row.regime,
    paintAction(row.action, colours),
    Number.isFinite(row.probabilityUp) ? row.probabilityUp.toFixed(2) : "-",
    String(row.ticks),
    row.quarantined === 0 ? "0" : colours.yellow(String(row.quarantined)),
    String(row.signals),
    row.trouble === "" ? "" : colours.red(row.trouble),
  ];
}

function paintAction(action: string, colours: Palette): string {
  if (action === "BUY") return colours.green(action);
  if (action === "SELL") return colours.red(action);
  return colours.dim(action === "" ? "-" : action);
}

function accountLines(view: LiveView, colours: Palette): string[] {
  const { account } = view;
  if (account === undefined) return [colours.red("the account is out of service: no entries")];
  const lines = [
    [
      `${colours.bold("paper account")} ${account.accountId}`,
      `equity ${money(account.equityMicros)} ${account.currency}`,
      `today ${signed(account.dayProfitMicros, colours)}`,
      `realised ${signed(account.realisedAfterCostsMicros, colours)}`,
      `orders ${account.entries + account.exits}`,
      `fills ${account.fills}`,
      account.entriesHalted ? colours.red("ENTRIES HALTED") : "",
    ]
      .filter((part) => part !== "")
      .join("   "),
  ];
  if (account.positions.length === 0) return [...lines, colours.dim("no open position")];
  const rows = account.positions.map((position) => {
    const row = view.symbols[position.instrumentId];
    return [
      row?.symbol ?? String(position.instrumentId),
      paintAction(position.side, colours),
      (position.volumeMicros / MICROS_PER_UNIT).toFixed(2),
      price(position.openPricePoints, row?.digits ?? 0),
      position.stopPricePoints === null ? "-" : price(position.stopPricePoints, row?.digits ?? 0),
      position.targetPricePoints === null ? "-" : price(position.targetPricePoints, row?.digits ?? 0),
      Number.isFinite(position.unrealisedMicros) ? signed(position.unrealisedMicros, colours) : "-",
    ];
  });
  return [
    ...lines,
    ...table(
      [
        { title: "position", align: "left" },
        { title: "side", align: "left" },
        { title: "lots", align: "right" },
        { title: "open", align: "right" },
        { title: "stop", align: "right" },
        { title: "target", align: "right" },
        { title: "profit", align: "right" },
      ],
      rows,
      colours,
    ),
  ];
}

/** Behind by more than this, history is being caught up with, and how far it is gets a bar. */
const CATCHING_UP_RECORDS = 20_000;
const BAR_WIDTH = 10;

function historyParts({ history }: LiveView): string[] {
  if (history === undefined) return [];
  if (!history.up) return ["history away"];
  if (history.lagRecords < CATCHING_UP_RECORDS) return ["history level"];
  const filled = Math.floor(history.share * BAR_WIDTH);
  const bar = "#".repeat(filled) + "-".repeat(BAR_WIDTH - filled);
  return [`history [${bar}] ${history.lagRecords} records behind`];
}

function healthLines(view: LiveView, colours: Palette): string[] {
  const lines = [
    colours.dim(
      [
        `${view.ticksPerSecond.toFixed(1)} ticks/s`,
        `decision p50 ${micros(view.decisionP50Micros)} p99 ${micros(view.decisionP99Micros)}`,
        `journal ${view.journalSeq} (${view.journalBehind} not yet durable)`,
        ...historyParts(view),
        `decisions ${view.decisionHash}`,
      ].join("   "),
    ),
  ];
  if (view.journalTrouble !== "") lines.push(colours.red(`JOURNAL FAILED: ${view.journalTrouble}`));
  lines.push(colours.dim("Ctrl-C stops: everything is flushed and saved first"));
  return lines;
}

/** One plain line, for output that is not a terminal. */
export function plainLine(view: LiveView): string {
  const { account } = view;
  const up = view.symbols.filter((row) => row.probabilityUp > SIGNALS_UP).length;
  return [
    `[${view.badge}]`,
    utc(view.timeMicros),
    `ticks ${view.ticks} (${view.ticksPerSecond.toFixed(1)}/s)`,
    `leaning up ${up}/${view.symbols.length}`,
    `signals ${view.symbols.reduce((sum, row) => sum + row.signals, 0)}`,
    account === undefined
      ? "account out of service"
      : `positions ${account.positions.length} equity ${money(account.equityMicros)} ${account.currency}`,
    `p99 ${micros(view.decisionP99Micros)}`,
    view.journalTrouble === "" ? "" : `JOURNAL FAILED: ${view.journalTrouble}`,
  ]
    .filter((part) => part !== "")
    .join("  ");
}

function price(points: number, digits: number): string {
  return Number.isFinite(points) ? (points / 10 ** digits).toFixed(digits) : "-";
}

/** Whole cents with thousands marked. */
export function money(valueMicros: number): string {
  if (!Number.isFinite(valueMicros)) return "-";
  const text = Math.abs(valueMicros / MICROS_PER_UNIT).toFixed(2);
  const [units = "0", cents = "00"] = text.split(".");
  const grouped = units.replaceAll(/\B(?=(\d{3})+$)/g, ",");
  return `${valueMicros < 0 ? "-" : ""}${grouped}.${cents}`;
}

function signed(valueMicros: number, colours: Palette): string {
  const text = `${valueMicros >= 0 ? "+" : ""}${money(valueMicros)}`;
  return valueMicros >= 0 ? colours.green(text) : colours.red(text);
}

export function micros(value: number): string {
  if (value >= 1_000_000) return `${(value / 1_000_000).toFixed(2)} s`;
  if (value >= 1_000) return `${(value / 1_000).toFixed(2)} ms`;
  return `${value.toFixed(1)} us`;
}

export function utc(timeMicros: number): string {
  return new Date(timeMicros / 1_000).toISOString().replace("T", " ").replace("Z", " UTC");
}
