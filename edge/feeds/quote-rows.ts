// Parses a day of `milliseconds,bid,ask` rows straight from bytes into columns: no string and no object per row. A day is
// parsed whole before any of it is used, so a bad file is never half-taken.

import { MICROS_PER_DAY, MICROS_PER_MILLISECOND, type Micros } from "../../actors/base/clock.ts";
import { BAD_ROWS_SHOWN, BAD_ROW_TEXT_MAX } from "./limits.ts";

const COMMA = 44;
const DOT = 46;
const ZERO = 48;
const NEWLINE = 10;
const RETURN = 13;
const COLUMNS = 3;

/** Integers below 10^15 and powers of ten up to 10^15 are exact doubles, so their quotient is correctly rounded. */
const DIGITS_EXACT_MAX = 15;
const POWERS_OF_TEN = Float64Array.from({ length: DIGITS_EXACT_MAX + 1 }, (_, exponent) => 10 ** exponent);

/** A decimal as Number() reads it, but without blanks, hexadecimal, Infinity or an empty text. */
const DECIMAL = /^-?\d+(\.\d*)?([eE][+-]?\d+)?$/;

const ROWS_INITIAL = 65_536;

export interface BadRow {
  /** Counted from 1. */
  readonly line: number;
  readonly problem: string;
  readonly text: string;
}

/** The rows of one day, by column. Reused from day to day; grows to the largest. */
export class QuoteColumns {
  rows = 0;
  times = new Float64Array(ROWS_INITIAL);
  bids = new Float64Array(ROWS_INITIAL);
  asks = new Float64Array(ROWS_INITIAL);
  /** The first {@link BAD_ROWS_SHOWN} rows that could not be read. */
  readonly badRows: BadRow[] = [];
  badRowCount = 0;

  #bytes: Uint8Array = new Uint8Array(0);
  #position = 0;
  #fractionDigits = 0;
  #line = 0;
  #dayMicros: Micros = 0;

  /**
   * Replaces the columns with the rows of `bytes`. Times become microseconds since the epoch, cut below a microsecond.
   * @param dayMicros midnight of the file's day in its own time zone, as UTC
   */
  parse(bytes: Uint8Array, dayMicros: Micros): void {
    this.rows = 0;
    this.badRows.length = 0;
    this.badRowCount = 0;
    this.#bytes = bytes;
    this.#position = 0;
    this.#line = 0;
    this.#dayMicros = dayMicros;
    while (this.#position < bytes.length) {
      this.#line++;
      const start = this.#position;
      if (!this.#fastRow()) this.#slowRow(start);
    }
    this.#bytes = new Uint8Array(0);
  }

  /** Reads a plain row and moves past it; false leaves it to the slow way. */
  #fastRow(): boolean {
    const milliseconds = this.#digits();
    const micros = this.#toMicros(milliseconds);
    if (!(micros < MICROS_PER_DAY) || this.#bytes[this.#position++] !== COMMA) return false;
    const bid = this.#decimal();
    if (Number.isNaN(bid) || this.#bytes[this.#position++] !== COMMA) return false;
    const ask = this.#decimal();
    if (Number.isNaN(ask) || !this.#endOfRow()) return false;
    this.#add(micros, bid, ask);
    return true;
  }

  #decimal(): number {
    return this.#digits() / (POWERS_OF_TEN[this.#fractionDigits] as number);
  }

  /** The digits at the position as one integer, their decimal places in `#fractionDigits`; NaN for anything odd. */
  #digits(): number {
    const bytes = this.#bytes;
    const length = bytes.length;
    const start = this.#position;
    let position = start;
    let mantissa = 0;
    let dots = 0;
    let dotAt = 0;
    for (; position < length; position++) {
      const byte = bytes[position] as number;
      const digit = byte - ZERO;
      if (digit >= 0 && digit <= 9) {
        mantissa = mantissa * 10 + digit;
      } else if (byte === DOT) {
        dots++;
        dotAt = position;
      } else break;
    }
    this.#position = position;
    const digits = position - start - dots;
    this.#fractionDigits = dots === 0 ? 0 : position - dotAt - 1;
    if (digits === 0 || digits > DIGITS_EXACT_MAX || dots > 1 || (dots === 1 && dotAt === start)) {
      return Number.NaN;
    }
    return mantissa;
  }

  #toMicros(milliseconds: number): number {
    const places = this.#fractionDigits;
    if (places <= COLUMNS) return milliseconds * (POWERS_OF_TEN[3 - places] as number);
    return Math.floor(milliseconds / (POWERS_OF_TEN[places - 3] as number));
  }

  #endOfRow(): boolean {
    const bytes = this.#bytes;
    if (bytes[this.#position] === RETURN) this.#position++;
    if (this.#position >= bytes.length) return true;
    return bytes[this.#position++] === NEWLINE;
  }

  #add(micros: number, bid: number, ask: number): void {
    const row = this.rows;
    if (row === this.times.length) this.#grow();
    this.times[row] = this.#dayMicros + micros;
    this.bids[row] = bid;
    this.asks[row] = ask;
    this.rows = row + 1;
  }

  #grow(): void {
    const capacity = this.times.length * 2;
    this.times = enlarged(this.times, capacity);
    this.bids = enlarged(this.bids, capacity);
    this.asks = enlarged(this.asks, capacity);
  }

  /** Signs, exponents and long numbers by Number(); everything else is a bad row. Moves past the row. */
  #slowRow(start: number): void {
    let end = this.#bytes.indexOf(NEWLINE, start);
    if (end < 0) end = this.#bytes.length;
    this.#position = end + 1;
    const text = new TextDecoder().decode(this.#bytes.subarray(start, end)).replace(/\r$/, "");
    if (text === "" && this.#restIsBlank(end)) return;
    const fields = text.split(",");
    if (fields.length !== COLUMNS) {
      this.#bad(`${fields.length} columns where milliseconds, bid and ask are expected`, text);
      return;
    }
    const wrong = fields.findIndex((field) => !DECIMAL.test(field));
    if (wrong >= 0) {
      this.#bad(`${["the time", "the bid", "the ask"][wrong]} is not a number`, text);
      return;
    }
    const micros = Math.floor(Number(fields[0]) * MICROS_PER_MILLISECOND);
    if (!(micros >= 0 && micros < MICROS_PER_DAY)) this.#bad("the time is outside the day", text);
    else this.#add(micros, Number(fields[1]), Number(fields[2]));
  }

  /** Empty lines are taken at the end of a file and nowhere else. */
  #restIsBlank(from: number): boolean {
    for (let at = from; at < this.#bytes.length; at++) {
      const byte = this.#bytes[at];
      if (byte !== NEWLINE && byte !== RETURN) return false;
    }
    return true;
  }

  #bad(problem: string, text: string): void {
    this.badRowCount++;
    if (this.badRows.length >= BAD_ROWS_SHOWN) return;
    const printable = text.slice(0, BAD_ROW_TEXT_MAX).replaceAll(/[^\u0020-\u007e]/g, "?");
    this.badRows.push({ line: this.#line, problem, text: printable });
  }
}

function enlarged(values: Float64Array<ArrayBuffer>, capacity: number): Float64Array<ArrayBuffer> {
  const copy = new Float64Array(capacity);
  copy.set(values);
  return copy;
}
