// What a decoder makes of a file, line by line: a bar, a tick, or what is wrong with the line.

/** Why a line cannot be imported. Codes are counted and shown. */
export type BadCode =
  | "columns"
  | "not-a-number"
  | "not-a-time"
  | "not-positive"
  | "high-below-low"
  | "outside-range"
  | "price-jump"
  | "out-of-order"
  | "duplicate"
  | "repeated"
  | "crossed-quote"
  | "off-the-minute"
  | "no-quote-yet";

export interface Bar {
  readonly kind: "bar";
  readonly line: number;
  readonly timeMicros: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  readonly ticks: number;
  readonly spread: number;
  /** The line as it was, where the file has lines. */
  readonly raw?: string;
}

export interface Tick {
  readonly kind: "tick";
  readonly line: number;
  readonly timeMicros: number;
  readonly bid: number;
  readonly ask: number;
  readonly bidVolume: number;
  readonly askVolume: number;
  readonly raw?: string;
}

export interface Bad {
  readonly kind: "bad";
  /** From 1; a record's number where the file has no lines. */
  readonly line: number;
  readonly code: BadCode;
  readonly reason: string;
  /** The line as it was. */
  readonly text: string;
}

export type Line = Bar | Tick | Bad;

/** Identical lines told twice, as vendors do when a clock is set back: left out, counted, no reason to refuse a file. */
export const HARMLESS: ReadonlySet<BadCode> = new Set(["repeated"]);
