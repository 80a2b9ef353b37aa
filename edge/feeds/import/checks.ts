// What a line must be beside what came before it: in order, once, within reason. A price that jumps by a tenth and back is a
// slipped decimal point, not a market.

import type { Bad, BadCode, Bar, Line, Tick } from "./lines.ts";

const MINUTE_MICROS = 60_000_000;
/** Farther from the last believed price than this share of it, a price is not believed. */
const JUMP_MAX = 0.1;
/** So many in a row that agree with each other are believed after all: the market did move. */
const BELIEVED_AFTER = 20;
/** Lines whose median the first price is held against. */
const SAMPLE_LINES = 201;

/** Gives every line of `lines` on, the bad ones named. */
export function* checked(lines: Iterable<Line>): Generator<Line> {
  const buffered: Line[] = [];
  let check: Checks | undefined;
  for (const line of lines) {
    if (check !== undefined) {
      yield check.check(line);
      continue;
    }
    buffered.push(line);
    if (buffered.length < SAMPLE_LINES) continue;
    check = new Checks(medianPrice(buffered));
    for (const early of buffered) yield check.check(early);
  }
  if (check !== undefined) return;
  check = new Checks(medianPrice(buffered));
  for (const early of buffered) yield check.check(early);
}

function priceOf(line: Bar | Tick): number {
  return line.kind === "bar" ? line.close : (line.bid + line.ask) / 2;
}

function medianPrice(lines: readonly Line[]): number {
  const prices = lines
    .filter((line) => line.kind !== "bad")
    .map(priceOf)
    .filter((price) => price > 0);
  prices.sort((a, b) => a - b);
  return prices[prices.length >> 1] ?? Number.NaN;
}

class Checks {
  #lastMicros = -Infinity;
  #lastPrice: number;
  /** Bars by their time: what was told for it. */
  readonly #bars = new Map<number, string>();
  #jumps = 0;
  #jumpPrice = Number.NaN;

  constructor(price: number) {
    this.#lastPrice = price;
  }

  check(line: Line): Line {
    if (line.kind === "bad") return line;
    const wrong = line.kind === "bar" ? this.#barWrong(line) : this.#tickWrong(line);
    if (wrong !== undefined) return bad(line, ...wrong);
    this.#lastMicros = Math.max(this.#lastMicros, line.timeMicros);
    if (line.kind === "bar") this.#bars.set(line.timeMicros, fingerprint(line));
    this.#lastPrice = priceOf(line);
    this.#jumps = 0;
    return line;
  }

  #barWrong(bar: Bar): readonly [BadCode, string] | undefined {
    const { open, high, low, close, timeMicros } = bar;
    if (!(Math.min(open, high, low, close) > 0)) return ["not-positive", "a price is not above 0"];
    if (timeMicros % MINUTE_MICROS !== 0) return ["off-the-minute", "a bar begins on a full minute"];
    if (this.#bars.has(timeMicros)) {
      return this.#bars.get(timeMicros) === fingerprint(bar)
        ? ["repeated", "the same bar again, to the last digit"]
        : ["duplicate", "another bar of a time that was given before"];
    }
    if (timeMicros < this.#lastMicros) return ["out-of-order", "its time lies before that of the line above"];
    for (const price of [open, high, low, close]) {
      if (this.#jumps < BELIEVED_AFTER && this.#isJump(price)) return this.#jump(close, price);
    }
    if (high < low) return ["high-below-low", `high ${high} is below low ${low}`];
    if (Math.max(open, close) > high || Math.min(open, close) < low) {
      return ["outside-range", "open or close lies outside high and low"];
    }
    return undefined;
  }

  #tickWrong(tick: Tick): readonly [BadCode, string] | undefined {
    const { bid, ask, timeMicros } = tick;
    if (!(bid > 0 && ask > 0)) return ["not-positive", "a price is not above 0"];
    if (bid > ask) return ["crossed-quote", `bid ${bid} is above ask ${ask}`];
    if (timeMicros < this.#lastMicros) return ["out-of-order", "its time lies before that of the line above"];
    for (const price of [bid, ask]) {
      if (this.#jumps < BELIEVED_AFTER && this.#isJump(price)) return this.#jump(priceOf(tick), price);
    }
    return undefined;
  }

  #isJump(price: number): boolean {
    return !(Math.abs(price - this.#lastPrice) <= JUMP_MAX * this.#lastPrice);
  }

  #jump(close: number, price: number): readonly [BadCode, string] {
    const agrees = Math.abs(close - this.#jumpPrice) <= JUMP_MAX * this.#jumpPrice;
    this.#jumps = agrees ? this.#jumps + 1 : 1;
    this.#jumpPrice = close;
    return ["price-jump", `${price} is more than ${JUMP_MAX * 100} % from ${this.#lastPrice}`];
  }
}

function fingerprint({ open, high, low, close }: Bar): string {
  return `${open} ${high} ${low} ${close}`;
}

function bad(line: Bar | Tick, code: BadCode, reason: string): Bad {
  const { kind, line: number, raw, ...values } = line;
  return { kind: "bad", line: number, code, reason, text: raw ?? JSON.stringify({ [kind]: values }) };
}
