// From a broker's spelling to an instrument. A spelling is guessed only where a wrong guess cannot pass - a known
// pattern, the same digits, contract size and quote currency; everything else a person maps.

import { z } from "zod";
import { type Failure, failure, ok, type Result } from "../../actors/base/result.ts";
import type { Instrument } from "../../actors/domain/instrument.ts";
import { MAPPINGS_MAX } from "./limits.ts";

export interface BrokerSymbol {
  /** The account's or feed's name, as in {@link SymbolMapping.source}. */
  readonly source: string;
  /** As the broker spells it. */
  readonly symbol: string;
  readonly digits: number;
  readonly contractSize: number;
  /** What prices are in; left out where the source does not say. */
  readonly quoteCurrency?: string;
}

/** What a person said: this spelling of this source is that instrument. */
export interface SymbolMapping {
  readonly source: string;
  readonly brokerSymbol: string;
  /** Canonical symbol. */
  readonly symbol: string;
}

export type SymbolMapFailure = "unknown-symbol" | "terms-differ";

/** Names brokers use for the same thing. */
const ALIASES: Readonly<Record<string, string>> = { GOLD: "XAUUSD", SILVER: "XAGUSD" };

/** What brokers append to name a kind of account: EURUSD.m, EURUSDpro, EURUSD_i, EURUSD-ECN, EURUSD#. */
const SUFFIX = /^(?:[._-]?(?:m|c|i|e|r|z|pro|raw|ecn|std|stp|prime)|[#+!.])$/i;

/**
 * The instrument behind a broker's spelling: what a person mapped, else the same name, else a known alias or suffix. A
 * mapped symbol may have fewer decimals than the instrument; its contract size must be the same, since volumes are lots.
 */
export function mapBrokerSymbol(
  broker: BrokerSymbol,
  options: { instruments: readonly Instrument[]; mappings?: readonly SymbolMapping[] },
): Result<Instrument, SymbolMapFailure> {
  const mapping = options.mappings?.find(
    ({ source, brokerSymbol }) => source === broker.source && brokerSymbol === broker.symbol,
  );
  const wanted = mapping?.symbol;
  const instrument = options.instruments.find(({ symbol }) =>
    wanted === undefined ? looksLike(broker.symbol, symbol) : symbol === wanted,
  );
  if (instrument === undefined) return unknownSymbol(broker, wanted);
  const digitsFit =
    wanted === undefined ? broker.digits === instrument.digits : broker.digits <= instrument.digits;
  const quote = broker.quoteCurrency ?? instrument.quoteCurrency;
  const termsFit = broker.contractSize === instrument.contractSize && quote === instrument.quoteCurrency;
  if (digitsFit && termsFit) return ok(instrument);
  return failure(
    "terms-differ",
    `"${broker.symbol}" of ${broker.source} looks like ${instrument.symbol}, but has ${broker.digits} digits and contract ` +
      `size ${broker.contractSize} in ${quote} where ${instrument.digits} and ${instrument.contractSize} in ` +
      `${instrument.quoteCurrency} are expected. Describe it as an instrument of its own, or map it to the right one.`,
  );
}

function unknownSymbol(broker: BrokerSymbol, wanted: string | undefined): Failure<"unknown-symbol"> {
  const what =
    wanted === undefined
      ? `"${broker.symbol}" of ${broker.source} looks like no instrument here`
      : `"${broker.symbol}" of ${broker.source} is mapped to ${wanted}, which is no instrument here`;
  return failure(
    "unknown-symbol",
    `${what}. Map it: { "source": "${broker.source}", "brokerSymbol": "${broker.symbol}", "symbol": ... }`,
  );
}

function looksLike(spelling: string, symbol: string): boolean {
  const upper = spelling.toUpperCase();
  for (const [alias, meaning] of Object.entries(ALIASES)) {
    if (meaning === symbol && isSpelling(upper, alias)) return true;
  }
  return isSpelling(upper, symbol);
}

function isSpelling(upper: string, name: string): boolean {
  if (!upper.startsWith(name)) return false;
  const rest = upper.slice(name.length);
  return rest === "" || SUFFIX.test(rest);
}

/** What people mapped. One spelling of one source means one instrument. */
export const mappingsSchema = z
  .array(
    z.strictObject({
      source: z.string().min(1).max(64),
      brokerSymbol: z.string().min(1).max(64),
      symbol: z.string().regex(/^[A-Z0-9]{3,12}$/, "a symbol is 3 to 12 capitals and digits"),
    }),
  )
  .max(MAPPINGS_MAX)
  .superRefine((mappings, context) => {
    const seen = new Set<string>();
    for (const [index, { source, brokerSymbol }] of mappings.entries()) {
      const key = JSON.stringify([source, brokerSymbol]);
      if (seen.has(key)) {
        const message = `"${brokerSymbol}" of ${source} is mapped twice: keep one`;
        context.addIssue({ code: "custom", path: [index], message });
      }
      seen.add(key);
    }
  });
