// Shows the running system: a picture redrawn in place on a terminal, one plain line every few seconds elsewhere.

import type { WriteStream } from "node:tty";
import { MICROS_PER_SECOND, type Scheduler } from "../../actors/base/clock.ts";
import { frameOf, plainLine } from "./frame.ts";
import { ENTER, LEAVE } from "./screen.ts";
import { clip, palette } from "./table.ts";
import type { LiveView } from "./view.ts";

const FRAME_MICROS = 500_000;
const LINE_MICROS = 5 * MICROS_PER_SECOND;
const PROBLEMS_SHOWN = 3;
const COLUMNS_DEFAULT = 120;
const ROWS_DEFAULT = 40;

const HOME = "\u001b[H";
const CLEAR_LINE = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";

export interface TerminalViewOptions {
  readonly out: WriteStream;
  /** One JSON object a line instead of text. */
  readonly json: boolean;
  readonly badge: string;
  readonly clock: Scheduler;
  readonly look: (ticksPerSecond: number) => LiveView;
  /** Grows while running; the newest are shown. */
  readonly problems: readonly string[];
}

export class TerminalView {
  readonly #options: TerminalViewOptions;
  readonly #full: boolean;
  #ticks: number;
  #lookedMicros: number;
  #stopped = false;

  constructor(options: TerminalViewOptions) {
    this.#options = options;
    this.#full = options.out.isTTY && !options.json;
    this.#ticks = options.look(0).ticks;
    this.#lookedMicros = options.clock.nowMicros();
    if (this.#full) options.out.write(ENTER);
    this.#schedule();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#full) this.#options.out.write(LEAVE);
  }

  #schedule(): void {
    this.#options.clock.after(this.#full ? FRAME_MICROS : LINE_MICROS, () => {
      if (this.#stopped) return;
      this.#show();
      this.#schedule();
    });
  }

  #show(): void {
    const { out, json, problems } = this.#options;
    const view = this.#look();
    if (json) {
      out.write(`${JSON.stringify(view)}\n`);
      return;
    }
    if (!this.#full) {
      out.write(`${plainLine(view)}\n`);
      return;
    }
    const colours = palette(true);
    const columns = out.columns ?? COLUMNS_DEFAULT;
    const shown = problems.slice(-PROBLEMS_SHOWN).map((problem) => clip(colours.red(problem), columns));
    const rows = Math.max(1, (out.rows ?? ROWS_DEFAULT) - 1 - shown.length);
    const lines = [...frameOf(view, colours, { columns, rows }), ...shown];
    out.write(`${HOME}${lines.map((line) => line + CLEAR_LINE).join("\n")}${CLEAR_BELOW}`);
  }

  #look(): LiveView {
    const nowMicros = this.#options.clock.nowMicros();
    const seconds = Math.max(1, nowMicros - this.#lookedMicros) / MICROS_PER_SECOND;
    const ticks = this.#options.look(0).ticks;
    const rate = (ticks - this.#ticks) / seconds;
    this.#ticks = ticks;
    this.#lookedMicros = nowMicros;
    return this.#options.look(rate);
  }
}
