// Brings a file into the time series: looks at every line first, and stores nothing of a file that has bad ones unless it was
// said that they may be left out. The same file again adds nothing.

import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { failure, ok, type Result } from "../../../actors/base/result.ts";
import { BAR_INTERVAL_MICROS, BAR_INTERVALS, type BarInterval } from "../../../actors/domain/bar.ts";
import type { BarRow, TickRow, TimeSeries } from "../../../actors/ports/time-series.ts";
import { type Bad, type BadCode, type Bar, HARMLESS, type Tick } from "./lines.ts";
import { type ImportPlan, REJECTS } from "./plan.ts";

const BATCH_ROWS = 20_000;
/** Bad lines kept in detail; beyond it they are counted. */
const BAD_KEPT = 1_000;
const MINUTE_MICROS = BAR_INTERVAL_MICROS["1m"];
/** Bars whose distances say what size they are. */
const SIZE_SAMPLE = 200;

export interface Examined {
  readonly good: number;
  /** Lines that cannot be imported. */
  readonly bad: number;
  /** Lines that say again what was said: left out, no reason to refuse the file. */
  readonly repeated: number;
  readonly byCode: Readonly<Partial<Record<BadCode, number>>>;
  /** The first ones. */
  readonly examples: readonly Bad[];
  readonly firstMicros: number;
  readonly lastMicros: number;
  readonly interval: BarInterval;
}

/** Reads the whole file and says what is in it. */
export function examine(plan: ImportPlan): Examined {
  const byCode: Partial<Record<BadCode, number>> = {};
  const examples: Bad[] = [];
  const steps: number[] = [];
  let [good, bad, repeated] = [0, 0, 0];
  let [firstMicros, lastMicros] = [Number.NaN, Number.NaN];
  for (const line of plan.lines()) {
    if (line.kind === "bad") {
      byCode[line.code] = (byCode[line.code] ?? 0) + 1;
      if (HARMLESS.has(line.code)) repeated++;
      else bad++;
      if (examples.length < BAD_KEPT) examples.push(line);
      continue;
    }
    good++;
    if (Number.isNaN(firstMicros)) firstMicros = line.timeMicros;
    else if (steps.length < SIZE_SAMPLE) steps.push(line.timeMicros - lastMicros);
    lastMicros = line.timeMicros;
  }
  return { good, bad, repeated, byCode, examples, firstMicros, lastMicros, interval: sizeOf(steps) };
}

/** The bars' own size: the commonest distance between two of them. */
function sizeOf(steps: readonly number[]): BarInterval {
  const counts = new Map<number, number>();
  for (const step of steps) counts.set(step, (counts.get(step) ?? 0) + 1);
  const [commonest] = [...counts].sort((a, b) => b[1] - a[1])[0] ?? [MINUTE_MICROS];
  return BAR_INTERVALS.find((interval) => BAR_INTERVAL_MICROS[interval] === commonest) ?? "1m";
}

export interface Imported {
  readonly rows: number;
  readonly bars: number;
}

export type ImportFailure = "bad-lines" | "nothing-in-it";

export interface StoreOptions {
  readonly store: TimeSeries;
  /** Leave bad lines out, and keep them in a file beside the one that was imported. */
  readonly skipBad: boolean;
  readonly onProgress?: (rows: number) => void;
}

/** Stores what {@link examine} found good. Ticks are stored with the minute bars of their mids. */
export async function storeFile(
  plan: ImportPlan,
  examined: Examined,
  options: StoreOptions,
): Promise<Result<Imported, ImportFailure>> {
  if (examined.bad > 0 && !options.skipBad) {
    return failure(
      "bad-lines",
      `${plan.path} has ${examined.bad} lines that cannot be imported (${summaryOf(examined)}), so nothing of it was: put them ` +
        `right, or leave them out with --skip-bad, which keeps them in ${rejectPathOf(plan.path)}`,
    );
  }
  if (examined.good === 0) return failure("nothing-in-it", `${plan.path} holds nothing that can be imported`);
  if (examined.bad > 0) writeRejects(plan);
  const batches = new Batches(plan, options);
  const minutes = new MinuteBars(plan);
  let number = 0;
  let lastMicros = Number.NaN;
  for (const line of plan.lines()) {
    if (line.kind === "bad") continue;
    if (line.kind === "bar") await batches.bar(barRow(plan, examined.interval, line));
    else {
      // Numbered within its microsecond: the same tick out of a longer file is the same tick.
      number = line.timeMicros === lastMicros ? number + 1 : 1;
      lastMicros = line.timeMicros;
      await batches.tick(tickRow(plan, line, number));
      const closed = minutes.fold(line);
      if (closed !== undefined) await batches.bar(closed);
    }
  }
  const last = minutes.take();
  if (last !== undefined) await batches.bar(last);
  await batches.flush();
  return ok({ rows: batches.ticks, bars: batches.bars });
}

export function summaryOf({ byCode }: Pick<Examined, "byCode">): string {
  return Object.entries(byCode)
    .map(([code, count]) => `${count} ${code}`)
    .join(", ");
}

export function rejectPathOf(path: string): string {
  return `${path}${REJECTS}`;
}

/** line, code, reason, text: a cell that a spreadsheet would run as a formula is quoted first. */
function writeRejects(plan: ImportPlan): void {
  const rows = ["line\tcode\treason\ttext"];
  for (const line of plan.lines()) {
    if (line.kind === "bad")
      rows.push([String(line.line), line.code, line.reason, line.text].map(safeCell).join("\t"));
  }
  writeFileSync(rejectPathOf(plan.path), `${rows.join("\n")}\n`);
}

function safeCell(text: string): string {
  const flat = text.replaceAll(/[\t\r\n]/g, " ");
  return /^[=+\-@]/.test(flat) ? `'${flat}` : flat;
}

/** Rows on their way, in batches that are named by the file's content: the store knows them again. */
class Batches {
  readonly #store: TimeSeries;
  readonly #name: string;
  readonly #onProgress: (rows: number) => void;
  #ticks: TickRow[] = [];
  #bars: BarRow[] = [];
  #batch = 0;
  ticks = 0;
  bars = 0;

  constructor(plan: ImportPlan, { store, onProgress }: StoreOptions) {
    this.#store = store;
    this.#onProgress = onProgress ?? (() => undefined);
    const hash = createHash("sha256").update(plan.bytes).digest("hex").slice(0, 24);
    this.#name = `import:${plan.source}:${plan.symbol}:${plan.timezone}:${hash}`;
  }

  async tick(row: TickRow): Promise<void> {
    this.#ticks.push(row);
    if (this.#ticks.length >= BATCH_ROWS) await this.flush();
  }

  async bar(row: BarRow): Promise<void> {
    this.#bars.push(row);
    if (this.#bars.length >= BATCH_ROWS) await this.flush();
  }

  async flush(): Promise<void> {
    this.#batch++;
    await this.#store.insert("ticks", this.#ticks, `${this.#name}:ticks:${this.#batch}`);
    await this.#store.insert("bars", this.#bars, `${this.#name}:bars:${this.#batch}`);
    this.ticks += this.#ticks.length;
    this.bars += this.#bars.length;
    this.#ticks = [];
    this.#bars = [];
    this.#onProgress(this.ticks + this.bars);
  }
}

function barRow({ symbol, source }: ImportPlan, interval: BarInterval, bar: Bar): BarRow {
  const { timeMicros, open, high, low, close, volume, ticks, spread } = bar;
  return {
    seq: 0,
    symbol,
    source,
    interval,
    openTimeMicros: timeMicros,
    open,
    high,
    low,
    close,
    volume,
    ticks,
    spreadMean: spread,
  };
}

function tickRow({ symbol, source }: ImportPlan, tick: Tick, number: number): TickRow {
  const { timeMicros, bid, ask, bidVolume, askVolume } = tick;
  return {
    seq: 0,
    timeMicros,
    sourceTimeMicros: timeMicros,
    symbol,
    source,
    sourceSeq: number,
    bid,
    ask,
    bidVolume,
    askVolume,
    flags: 0,
  };
}

/** Minute bars of the mid, from ticks in order. */
class MinuteBars {
  readonly #plan: ImportPlan;
  #openMicros = Number.NaN;
  #bar = { open: 0, high: 0, low: 0, close: 0, volume: 0, ticks: 0, spreadSum: 0 };

  constructor(plan: ImportPlan) {
    this.#plan = plan;
  }

  /** Returns the bar that the tick's minute ended. */
  fold(tick: Tick): BarRow | undefined {
    const openMicros = tick.timeMicros - (tick.timeMicros % MINUTE_MICROS);
    const mid = (tick.bid + tick.ask) / 2;
    const closed = openMicros === this.#openMicros ? undefined : this.take();
    const bar = this.#bar;
    if (Number.isNaN(this.#openMicros)) {
      this.#openMicros = openMicros;
      this.#bar = {
        open: mid,
        high: mid,
        low: mid,
        close: mid,
        volume: volumeOf(tick),
        ticks: 1,
        spreadSum: tick.ask - tick.bid,
      };
      return closed;
    }
    bar.high = Math.max(bar.high, mid);
    bar.low = Math.min(bar.low, mid);
    bar.close = mid;
    bar.volume += volumeOf(tick);
    bar.ticks++;
    bar.spreadSum += tick.ask - tick.bid;
    return closed;
  }

  take(): BarRow | undefined {
    if (Number.isNaN(this.#openMicros)) return undefined;
    const { symbol, source } = this.#plan;
    const { spreadSum, ...bar } = this.#bar;
    const openTimeMicros = this.#openMicros;
    this.#openMicros = Number.NaN;
    return {
      seq: 0,
      symbol,
      source,
      interval: "1m",
      openTimeMicros,
      ...bar,
      spreadMean: spreadSum / bar.ticks,
    };
  }
}

function volumeOf({ bidVolume, askVolume }: Tick): number {
  return bidVolume + askVolume;
}
