// Minute bars as ticks: four quotes a bar - its open, its two extremes, its close - for history that has nothing finer. The
// path between them is not known: whatever rests on more than bars is worth nothing on such ticks.

import { type Failure, failure, ok, type Result } from "../../actors/base/result.ts";
import { MICROS_PER_SECOND } from "../../actors/base/clock.ts";
import { type Instrument, pointsPerUnit } from "../../actors/domain/instrument.ts";
import { type Bar, HARMLESS, type Line } from "./import/lines.ts";
import { findFiles, planImport } from "./import/plan.ts";
import { instrumentsOf } from "./instruments.ts";
import { MergedSource } from "./merge.ts";
import {
  emptySourceTick,
  sourceIdOf,
  type SourceProgress,
  type SourceTick,
  type TickSource,
} from "./source.ts";

/** Seconds after a bar's open at which its quotes come. */
const OFFSETS_MICROS = [0, 20, 40, 59].map((seconds) => seconds * MICROS_PER_SECOND);
/** Files without an ask get a spread: this share of the widest one that the instrument accepts, about what is usual. */
const SPREAD_SHARE = 1 / 30;

/** How a stream of bars can end early. */
type BarReadFailure = "bad-lines" | "out-of-order" | "not-bars";

export interface BarTickOptions {
  /** Pass lines over that cannot be read instead of ending there. */
  readonly skipBad: boolean;
}

/** Opens every file of bars at or below `paths`; those of one symbol follow each other in the order of their names. */
export function openBarTicks(
  paths: readonly string[],
  options: BarTickOptions,
): Result<{ readonly instruments: readonly Instrument[]; readonly ticks: TickSource }, string> {
  const files = findFiles(paths);
  if (!files.ok) return files;
  const bySymbol = new Map<string, string[]>();
  for (const path of files.value) {
    const plan = planImport(path, {});
    if (!plan.ok) return plan;
    const { kind, symbol } = plan.value;
    if (kind !== "bars")
      return failure("not-bars", `${path} holds ${kind}: name files of bars alone, or of ticks alone`);
    bySymbol.set(symbol, [...(bySymbol.get(symbol) ?? []), path]);
  }
  const instruments = instrumentsOf([...bySymbol.keys()].sort());
  if (!instruments.ok) return instruments;
  const sources = instruments.value.map(
    (instrument) => new BarSeries({ ...options, instrument, paths: bySymbol.get(instrument.symbol) ?? [] }),
  );
  return ok({ instruments: instruments.value, ticks: new MergedSource(sources) });
}

/** One symbol, a file in memory at a time. */
class BarSeries implements TickSource {
  readonly #options: BarTickOptions & { readonly instrument: Instrument; readonly paths: readonly string[] };
  readonly #spread: number;
  readonly #tick: SourceTick = emptySourceTick();
  #file = 0;
  #lines: Iterator<Line> | undefined;
  #bar: Bar | undefined;
  #quote = 0;
  #lastMicros = Number.NEGATIVE_INFINITY;
  #ticks = 0;
  #failure: Failure<string> | undefined;

  constructor(
    options: BarTickOptions & { readonly instrument: Instrument; readonly paths: readonly string[] },
  ) {
    this.#options = options;
    const { instrument } = options;
    this.#spread = Math.round(instrument.spreadMaxPoints * SPREAD_SHARE) / pointsPerUnit(instrument);
    this.#tick.instrumentId = instrument.id;
    this.#tick.sourceId = sourceIdOf("bars");
  }

  get failure(): Failure<string> | undefined {
    return this.#failure;
  }

  describe(): string {
    const { instrument, paths } = this.#options;
    return `${instrument.symbol}: minute bars of ${paths.length} files`;
  }

  next(): SourceTick | undefined {
    if (this.#failure !== undefined) return undefined;
    if (this.#bar === undefined || this.#quote === OFFSETS_MICROS.length) {
      this.#bar = this.#nextBar();
      this.#quote = 0;
    }
    if (this.#bar === undefined) return undefined;
    const { timeMicros, spread } = this.#bar;
    const tick = this.#tick;
    tick.bid = quotesOf(this.#bar)[this.#quote] as number;
    tick.ask = tick.bid + (spread > 0 ? spread : this.#spread);
    tick.sourceTimeMicros = timeMicros + (OFFSETS_MICROS[this.#quote] as number);
    tick.sourceSeq = ++this.#ticks;
    this.#quote++;
    return tick;
  }

  progress(): SourceProgress {
    const { paths } = this.#options;
    return {
      ticks: this.#ticks,
      ticksEstimate: Number.POSITIVE_INFINITY,
      bytes: this.#file,
      bytesTotal: paths.length,
    };
  }

  #nextBar(): Bar | undefined {
    for (;;) {
      if (this.#lines === undefined && !this.#openNext()) return undefined;
      const { done, value: line } = this.#lines?.next() ?? { done: true };
      if (done === true || line === undefined) {
        this.#lines = undefined;
        continue;
      }
      if (line.kind === "bad") {
        if (this.#options.skipBad || HARMLESS.has(line.code)) continue;
        return this.#fail(
          "bad-lines",
          `line ${line.line}: ${line.reason}. Pass such lines over with --skip-bad`,
        );
      }
      if (line.kind === "tick") return this.#fail("not-bars", `line ${line.line} is a tick among bars`);
      if (line.timeMicros <= this.#lastMicros) {
        return this.#fail(
          "out-of-order",
          `line ${line.line} is not after what came before: files of a symbol follow by name`,
        );
      }
      this.#lastMicros = line.timeMicros;
      return line;
    }
  }

  #openNext(): boolean {
    const path = this.#options.paths[this.#file++];
    if (path === undefined) return false;
    const plan = planImport(path, {});
    if (!plan.ok) {
      this.#failure = plan;
      return false;
    }
    this.#lines = plan.value.lines()[Symbol.iterator]();
    return true;
  }

  #fail(code: BarReadFailure, message: string): undefined {
    this.#failure = failure(code, `${this.#options.paths[this.#file - 1] ?? ""}, ${message}`);
    return undefined;
  }
}

/** A rising bar is taken to have gone down first, a falling one up. */
function quotesOf({ open, high, low, close }: Bar): readonly [number, number, number, number] {
  return close >= open ? [open, low, high, close] : [open, high, low, close];
}
