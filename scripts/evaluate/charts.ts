// Small charts as SVG, in the page's own colours.

import { escaped } from "../../edge/html.ts";

const WIDTH = 340;
const HEIGHT = 230;
const LEFT = 46;
const RIGHT = 10;
const TOP = 26;
const BOTTOM = 36;
/** Lines across at most, at round numbers. */
const GRID_LINES = 6;

interface Range {
  readonly from: number;
  readonly to: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

interface ChartOptions {
  readonly title: string;
  readonly x: { readonly label: string; readonly range: Range; readonly format: (value: number) => string };
  readonly y: { readonly label: string; readonly range: Range; readonly format: (value: number) => string };
}

/** Somewhat more than the values need. */
export function rangeAround(values: readonly number[], least: number): Range {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const middle = (low + high) / 2;
  const half = Math.max(least / 2, ((high - low) / 2) * 1.1);
  return { from: middle - half, to: middle + half };
}

export class Chart {
  readonly #options: ChartOptions;
  readonly #marks: string[] = [];

  constructor(options: ChartOptions) {
    this.#options = options;
  }

  line(points: readonly Point[], style: string): this {
    const path = points.map(({ x, y }) => `${this.#x(x)},${this.#y(y)}`).join(" ");
    this.#marks.push(`<polyline class="${style}" points="${path}"/>`);
    return this;
  }

  dots(points: readonly Point[], style: string): this {
    for (const { x, y } of points)
      this.#marks.push(`<circle class="${style}" cx="${this.#x(x)}" cy="${this.#y(y)}" r="3"/>`);
    return this;
  }

  /** From the bottom of the chart, `width` in its own unit. */
  bars(points: readonly Point[], width: number, style: string): this {
    for (const { x, y } of points) {
      const left = this.#x(x);
      const top = this.#y(y);
      this.#marks.push(
        `<rect class="${style}" x="${left}" y="${top}" width="${round(this.#x(x + width) - left)}" height="${round(HEIGHT - BOTTOM - top)}"/>`,
      );
    }
    return this;
  }

  svg(): string {
    const { title, x, y } = this.#options;
    const bottom = HEIGHT - BOTTOM;
    const across = ticksOf(y.range).map(
      (value) =>
        `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${this.#y(value)}" y2="${this.#y(value)}"/>` +
        `<text class="number" x="${LEFT - 5}" y="${this.#y(value) + 4}" text-anchor="end">${escaped(y.format(value))}</text>`,
    );
    const along = ticksOf(x.range).map(
      (value) =>
        `<text class="number" x="${this.#x(value)}" y="${bottom + 14}" text-anchor="middle">${escaped(x.format(value))}</text>`,
    );
    const middle = (LEFT + WIDTH - RIGHT) / 2;
    return (
      `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${escaped(title)}"><text class="title" x="2" y="14">${escaped(title)}</text>` +
      `${across.join("")}${along.join("")}${this.#marks.join("")}` +
      `<text class="number" x="${middle}" y="${HEIGHT - 5}" text-anchor="middle">${escaped(x.label)}</text></svg>`
    );
  }

  #x(value: number): number {
    const { from, to } = this.#options.x.range;
    return round(LEFT + ((value - from) / (to - from)) * (WIDTH - LEFT - RIGHT));
  }

  #y(value: number): number {
    const { from, to } = this.#options.y.range;
    const share = Math.min(1, Math.max(0, (value - from) / (to - from)));
    return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM));
  }
}

/** Round numbers within a range: multiples of 1, 2 or 5 of a power of ten. */
function ticksOf({ from, to }: Range): number[] {
  const rough = (to - from) / GRID_LINES;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((times) => times * power >= rough) ?? 10) * power;
  const first = Math.ceil(from / step);
  const count = Math.floor(to / step + 1e-9) - first + 1;
  return Array.from({ length: Math.max(0, count) }, (_, index) => (first + index) * step);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
