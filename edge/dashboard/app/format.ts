// How figures and times are written: tabular, signed where direction matters, digits by instrument, local time with UTC at
// hand. Pure, so that each format has its test.

/** Stands where nothing is known yet. */
export const NOTHING = "–";
/** A true minus is as wide as a plus: columns stay straight. */
const MINUS = "−";

function grouped(value: number, digits: number): string {
  const [units = "0", fraction] = Math.abs(value).toFixed(digits).split(".");
  const text = units.replaceAll(/\B(?=(\d{3})+$)/g, ",");
  return fraction === undefined ? text : `${text}.${fraction}`;
}

/** Whether `value` shows as anything but zero with so many digits. */
function isZeroAt(value: number, digits: number): boolean {
  return Math.abs(value) < 0.5 * 10 ** -digits;
}

export function price(value: number | null, digits: number): string {
  return value === null || !Number.isFinite(value) ? NOTHING : value.toFixed(digits);
}

/** A price difference in points of the instrument. */
export function points(value: number | null, digits: number): string {
  if (value === null || !Number.isFinite(value)) return NOTHING;
  const count = value * 10 ** digits;
  return grouped(count, Math.abs(count - Math.round(count)) < 0.05 ? 0 : 1);
}

export interface PriceParts {
  /** What hardly changes. */
  readonly big: string;
  /** The two digits traders watch. */
  readonly pips: string;
  /** Tenths of a pip; empty for even digits. */
  readonly fraction: string;
}

/** A price as dealers read it: 1.08|52|3 for five digits, 157.|21|4 for three. */
export function priceParts(value: number | null, digits: number): PriceParts {
  const text = price(value, digits);
  if (text === NOTHING) return { big: NOTHING, pips: "", fraction: "" };
  const tenths = digits % 2;
  const end = text.length - tenths;
  return { big: text.slice(0, end - 2), pips: text.slice(end - 2, end), fraction: text.slice(end) };
}

export function money(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return NOTHING;
  return `${value < 0 && !isZeroAt(value, 2) ? MINUS : ""}${grouped(value, 2)}`;
}

/** With its sign: zero has none. */
export function signedMoney(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return NOTHING;
  return `${signOf(value, 2)}${grouped(value, 2)}`;
}

/** A fraction as a signed percentage with two digits. */
export function signedPercent(fraction: number | null): string {
  if (fraction === null || !Number.isFinite(fraction)) return NOTHING;
  return `${signOf(fraction * 100, 2)}${grouped(fraction * 100, 2)}%`;
}

/** A share in [0, 1] as a whole percentage. */
export function percent(fraction: number | null): string {
  if (fraction === null || !Number.isFinite(fraction)) return NOTHING;
  return `${(fraction * 100).toFixed(0)}%`;
}

function signOf(value: number, digits: number): string {
  if (isZeroAt(value, digits)) return "";
  return value > 0 ? "+" : MINUS;
}

export type Direction = "up" | "down" | "flat";

/** What colour and arrow a figure gets, by what is shown of it. */
export function directionOf(value: number | null, digits: number): Direction {
  if (value === null || !Number.isFinite(value) || isZeroAt(value, digits)) return "flat";
  return value > 0 ? "up" : "down";
}

export function probability(value: number | null): string {
  return value === null || !Number.isFinite(value) ? NOTHING : value.toFixed(2);
}

export function lots(value: number): string {
  return value.toFixed(2);
}

export function whole(value: number): string {
  return `${value < 0 ? MINUS : ""}${grouped(value, 0)}`;
}

/** 950 -> "950", 12,345 -> "12.3k", 4,200,000 -> "4.20M". */
export function compact(value: number): string {
  if (value < 10_000) return grouped(value, 0);
  if (value < 1_000_000) return `${significant(value / 1_000)}k`;
  return `${significant(value / 1_000_000)}M`;
}

/** Three figures that matter. */
function significant(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

export function micros(value: number): string {
  if (!Number.isFinite(value)) return NOTHING;
  if (value >= 1_000_000) return `${significant(value / 1_000_000)} s`;
  if (value >= 1_000) return `${significant(value / 1_000)} ms`;
  return `${value >= 100 ? value.toFixed(0) : value.toFixed(1)} µs`;
}

export function seconds(value: number): string {
  if (value < 1) return `${(value * 1_000).toFixed(0)} ms`;
  if (value < 60) return `${significant(value)} s`;
  return duration(value);
}

/** 59 -> "59s", 3,725 -> "1h 2m", 90,000 -> "1d 1h". */
export function duration(totalSeconds: number): string {
  const total = Math.max(0, Math.floor(totalSeconds));
  const days = Math.floor(total / 86_400);
  const hours = Math.floor(total / 3_600) % 24;
  const minutes = Math.floor(total / 60) % 60;
  if (days > 0) return `${days}d ${hours}h`;
  if (hours > 0) return `${hours}h ${minutes}m`;
  if (minutes > 0) return `${minutes}m ${total % 60}s`;
  return `${total}s`;
}

/** "weak-uptrend" -> "weak uptrend"; the sign of a number stays. */
export function words(name: string): string {
  return name.replaceAll(/(?<=\w)[-_](?=\w)/g, " ");
}

export interface Reason {
  readonly name: string;
  /** Empty where the code has none. */
  readonly value: string;
}

/** "regime:weak-uptrend" -> regime, weak uptrend; "technical:0.62" -> technical, 0.62. */
export function reasonParts(code: string): Reason {
  const at = code.indexOf(":");
  if (at < 0) return { name: words(code), value: "" };
  return { name: words(code.slice(0, at)), value: words(code.slice(at + 1)) };
}

/** What `clock` formats in: the browser's zone unless a test says otherwise. */
const localFormats = new Map<string, Intl.DateTimeFormat>();

function formatOf(key: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  let format = localFormats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-GB", options);
    localFormats.set(key, format);
  }
  return format;
}

const CLOCK = { hour: "2-digit", minute: "2-digit", second: "2-digit" } as const;
const DAY = { day: "2-digit", month: "short" } as const;

/** Local time of day, 14:03:07. */
export function clock(millis: number, timeZone?: string): string {
  return formatOf(`clock ${timeZone ?? ""}`, { ...CLOCK, ...zone(timeZone) }).format(millis);
}

/** Local day and time, 02 May 14:03. */
export function dayAndClock(millis: number, timeZone?: string): string {
  const options = { ...DAY, hour: "2-digit", minute: "2-digit", ...zone(timeZone) } as const;
  return formatOf(`day ${timeZone ?? ""}`, options)
    .format(millis)
    .replace(",", "");
}

/** Local day, 02 May. */
export function day(millis: number, timeZone?: string): string {
  return formatOf(`date ${timeZone ?? ""}`, { ...DAY, ...zone(timeZone) }).format(millis);
}

function zone(timeZone: string | undefined): { timeZone?: string } {
  return timeZone === undefined ? {} : { timeZone };
}

/** For hovering: 2014-05-02 12:30:00.250 UTC. */
export function utc(millis: number): string {
  return new Date(millis).toISOString().replace("T", " ").replace("Z", " UTC");
}
