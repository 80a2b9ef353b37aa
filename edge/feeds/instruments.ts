// The registry of instruments: what Tickforge knows without being told, and a file for what it does not. Ids are positions
// in the table an engine is built with, so they are given here and nowhere else.

import { z } from "zod";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import { type Instrument, MINUTES_PER_WEEK, type WeeklySession } from "../../actors/domain/instrument.ts";
import { CONFIG_ISSUES_SHOWN, INSTRUMENTS_MAX, SESSIONS_MAX } from "./limits.ts";
import {
  ALWAYS_OPEN,
  FOREX_SUMMER_WEEK,
  FOREX_WEEK,
  METAL_SUMMER_WEEK,
  overlapOf,
  weekMinute,
  weeklySessions,
} from "./sessions.ts";

/** An instrument before it has its place in an engine's table. */
export type InstrumentTerms = Omit<Instrument, "id">;

const VOLUME_STEP_MICROS = 10_000;
const VOLUME_MAX_MICROS = 100_000_000;
const FOREX_LOT = 100_000;

function currencyPair(symbol: string, spreadMaxPoints: number): InstrumentTerms {
  const quoteCurrency = symbol.slice(3);
  return {
    symbol,
    baseCurrency: symbol.slice(0, 3),
    quoteCurrency,
    digits: quoteCurrency === "JPY" ? 3 : 5,
    contractSize: FOREX_LOT,
    volumeStepMicros: VOLUME_STEP_MICROS,
    volumeMinMicros: VOLUME_STEP_MICROS,
    volumeMaxMicros: VOLUME_MAX_MICROS,
    spreadMaxPoints,
    sessions: FOREX_WEEK,
  };
}

function metal(symbol: string, terms: { ounces: number; spreadMaxPoints: number }): InstrumentTerms {
  const { ounces, spreadMaxPoints } = terms;
  return { ...currencyPair(symbol, spreadMaxPoints), digits: 3, contractSize: ounces };
}

/**
 * Spread limits are about twice the widest quotes of releases, daily rollover and weekly opening (EURUSD 150 points,
 * NZDUSD 400, gold 2,800 in a week of OANDA ticks with a payrolls release): a wider quote is a mistake, not a market.
 */
export const KNOWN_INSTRUMENTS: readonly InstrumentTerms[] = [
  currencyPair("EURUSD", 300),
  currencyPair("GBPUSD", 500),
  currencyPair("USDJPY", 400),
  currencyPair("USDCHF", 500),
  currencyPair("USDCAD", 500),
  currencyPair("AUDUSD", 600),
  currencyPair("NZDUSD", 800),
  metal("XAUUSD", { ounces: 100, spreadMaxPoints: 6_000 }),
  currencyPair("EURGBP", 500),
  currencyPair("EURJPY", 600),
  currencyPair("GBPJPY", 800),
  currencyPair("EURCHF", 600),
];

/** The symbols of the simulated market. */
export const SIMULATED_SYMBOLS = [
  "EURUSD",
  "GBPUSD",
  "USDJPY",
  "USDCHF",
  "USDCAD",
  "AUDUSD",
  "NZDUSD",
  "XAUUSD",
] as const;

export type InstrumentFailure = "unknown-instrument" | "instruments-invalid";

/**
 * Instruments by the order of `symbols`: the first has id 0.
 * @param options.known the table to choose from; the built-in one by default
 * @param options.sessions trading hours instead of each instrument's own
 */
export function instrumentsOf(
  symbols: readonly string[],
  options: { sessions?: readonly WeeklySession[]; known?: readonly InstrumentTerms[] } = {},
): Result<Instrument[], InstrumentFailure> {
  const known = options.known ?? KNOWN_INSTRUMENTS;
  const instruments: Instrument[] = [];
  for (const symbol of symbols) {
    const terms = known.find((candidate) => candidate.symbol === symbol);
    if (terms === undefined) {
      return failure(
        "unknown-instrument",
        `no instrument is called ${symbol}. Known are ${known.map((each) => each.symbol).join(", ")}; ` +
          "describe others in an instruments file.",
      );
    }
    if (instruments.some((instrument) => instrument.symbol === symbol)) {
      return failure("instruments-invalid", `${symbol} is asked for twice. Name it once.`);
    }
    instruments.push({ ...terms, id: instruments.length, sessions: options.sessions ?? terms.sessions });
  }
  return ok(instruments);
}

/**
 * The instruments of the simulated market with the hours it keeps: currencies Sunday 21:00 to Friday 21:00 UTC, gold an
 * hour later and with its daily break.
 * @param options.alwaysOpen trade at all times, so that there is something to see on a Saturday
 */
export function simulatedInstruments(options: { alwaysOpen: boolean }): Instrument[] {
  const instruments: Instrument[] = [];
  for (const terms of KNOWN_INSTRUMENTS) {
    if (!SIMULATED_SYMBOLS.some((symbol) => symbol === terms.symbol)) continue;
    const week = terms.baseCurrency === "XAU" ? METAL_SUMMER_WEEK : FOREX_SUMMER_WEEK;
    instruments.push({
      ...terms,
      id: instruments.length,
      sessions: options.alwaysOpen ? ALWAYS_OPEN : week,
    });
  }
  return instruments;
}

/** Ids by canonical symbol. */
export function symbolToId(instruments: readonly Instrument[]): ReadonlyMap<string, number> {
  return new Map(instruments.map(({ symbol, id }) => [symbol, id]));
}

const positive = z.number().int().positive();

const minuteSessionSchema = z
  .strictObject({
    openMinute: z.number().int().gte(0).lt(MINUTES_PER_WEEK),
    closeMinute: z.number().int().gt(0).lte(MINUTES_PER_WEEK),
  })
  .refine((session) => session.openMinute < session.closeMinute, "a session opens before it closes");

const weekTime = z.string().transform((text, context) => {
  const minute = weekMinute(text);
  if (minute !== undefined) return minute;
  context.addIssue(`"${text}" is not a time of the UTC week such as "Sun 21:00"`);
  return z.NEVER;
});

/** `{ "open": "Sun 21:00", "close": "Fri 22:00" }` in UTC, over the end of the week if need be. */
const namedSessionSchema = z
  .strictObject({ open: weekTime, close: weekTime })
  .transform(({ open, close }) => ({ openMinute: open, closeMinute: close }));

const sessionsSchema = z
  .array(z.union([namedSessionSchema, minuteSessionSchema]))
  .min(1)
  .max(SESSIONS_MAX)
  .transform(weeklySessions)
  .refine((sessions) => overlapOf(sessions) === undefined, "two sessions overlap");

const instrumentSchema = z
  .strictObject({
    symbol: z.string().regex(/^[A-Z0-9]{3,12}$/, "a symbol is 3 to 12 capitals and digits"),
    baseCurrency: z.string().regex(/^[A-Z]{3}$/, "a currency is three capitals"),
    quoteCurrency: z.string().regex(/^[A-Z]{3}$/, "a currency is three capitals"),
    digits: z.number().int().gte(0).lte(8),
    contractSize: z.number().positive(),
    volumeStepMicros: positive,
    volumeMinMicros: positive,
    volumeMaxMicros: positive,
    spreadMaxPoints: positive,
    sessions: sessionsSchema,
  })
  .refine((terms) => terms.volumeMinMicros <= terms.volumeMaxMicros, {
    path: ["volumeMinMicros"],
    message: "the smallest volume is above the largest",
  })
  .refine((terms) => terms.volumeMinMicros % terms.volumeStepMicros === 0, {
    path: ["volumeMinMicros"],
    message: "the smallest volume is not a multiple of the step",
  });

const fileSchema = z.array(instrumentSchema).min(1).max(INSTRUMENTS_MAX);

/** The instruments of a file's JSON; ids follow the file's order. */
export function parseInstruments(json: unknown): Result<Instrument[], InstrumentFailure> {
  const parsed = fileSchema.safeParse(json);
  if (!parsed.success) {
    const issues = parsed.error.issues.slice(0, CONFIG_ISSUES_SHOWN);
    const lines = issues.map((issue) => `  ${issue.path.join(".") || "the file"}: ${issue.message}`);
    return failure("instruments-invalid", `the instruments file is not valid:\n${lines.join("\n")}`);
  }
  const seen = new Set<string>();
  for (const { symbol } of parsed.data) {
    if (seen.has(symbol)) {
      return failure(
        "instruments-invalid",
        `${symbol} is described twice in the instruments file. Keep one.`,
      );
    }
    seen.add(symbol);
  }
  return ok(parsed.data.map((terms, id) => Object.assign({ id }, terms)));
}
