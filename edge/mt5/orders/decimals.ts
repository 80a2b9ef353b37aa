// The protocol's decimal strings as the integers that books are kept in, and back: digit by digit, so that no floating point rounds.

/**
 * `text` in units of 10^-digits. Further decimals are rounded half away from zero.
 * @returns NaN for more than a double holds exactly
 */
export function unitsOf(text: string, digits: number): number {
  const isNegative = text.startsWith("-");
  const [whole = "0", fraction = ""] = (isNegative ? text.slice(1) : text).split(".");
  const kept = fraction.slice(0, digits).padEnd(digits, "0");
  const roundsUp = (fraction[digits] ?? "0") >= "5";
  const units = Number(BigInt(whole + kept) + (roundsUp ? 1n : 0n));
  if (!Number.isSafeInteger(units)) return Number.NaN;
  return isNegative && units !== 0 ? -units : units;
}

/** `units` of 10^-digits as a plain decimal number; the opposite of {@link unitsOf}. */
export function decimalOf(units: number, digits: number): string {
  const text = String(Math.abs(units)).padStart(digits + 1, "0");
  const sign = units < 0 ? "-" : "";
  if (digits === 0) return sign + text;
  return `${sign}${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** Prices in points of `from` digits as text of `to` digits, as a broker writes it. */
export function priceOf(points: number, digits: { readonly from: number; readonly to: number }): string {
  const { from, to } = digits;
  return to >= from
    ? decimalOf(points * 10 ** (to - from), to)
    : decimalOf(Math.round(points / 10 ** (from - to)), to);
}

/** A price in points of an instrument; of a symbol that is none here, in the points in which it is written. */
export function pointsOf(price: string, instrument: { readonly digits: number } | undefined): number {
  const written = price.split(".")[1]?.length ?? 0;
  return unitsOf(price, instrument?.digits ?? written);
}

const MICRO_DIGITS = 6;

/** Lots or money in millionths. */
export function microsOf(text: string): number {
  return unitsOf(text, MICRO_DIGITS);
}

/** Lots from millionths of a lot, without zeros at the end. */
export function lotsOf(micros: number): string {
  return decimalOf(micros, MICRO_DIGITS).replace(/\.?0+$/, "");
}
