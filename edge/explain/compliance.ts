// What compliance said of an order before it left, out of its pre-trade record, for a dossier.

import { z } from "zod";
import type { Instrument } from "../../actors/domain/instrument.ts";
import { MICROS_PER_UNIT } from "../../actors/domain/money.ts";
import { type ArrivalQuote, type PreTrade, TRADING_CAPACITIES } from "../../actors/domain/pretrade.ts";
import { isoTime, priceOf } from "../live/shapes.ts";
import { checkSchema, shownChecks, shownFigure } from "./checks.ts";

const figure = z.number().nullable();
const quoteSchema = z.object({
  source: z.string(),
  bid: figure,
  ask: figure,
  time: z.iso.datetime().nullable(),
});

export const complianceSchema = z.object({
  /** Of the record, and its number among those of the account. */
  seq: z.number().int(),
  number: z.number().int(),
  verdict: z.enum(["approved", "refused", "exit"]),
  /** The control that refused. */
  code: z.string().nullable(),
  decisionBy: z.enum(["algorithm", "person", "kill-switch"]),
  decisionId: z.string().nullable(),
  executionAlgorithm: z.string(),
  capacity: z.enum(TRADING_CAPACITIES),
  tenantId: z.string(),
  clientLei: z.string().nullable(),
  firmLei: z.string().nullable(),
  venue: z.string(),
  isin: z.string().nullable(),
  orderType: z.string(),
  timeInForce: z.string(),
  quote: quoteSchema,
  /** Whether the quote was held against a second source's: with a fresh one, not with a stale one, or there was none. */
  secondSource: z.enum(["fresh", "stale", "none"]),
  secondQuote: quoteSchema.nullable(),
  expectedSpreadCost: figure,
  expectedSlippageCost: figure,
  costCurrency: z.string(),
  /** What the checks were computed from, by name. */
  figures: z.record(z.string(), figure),
  checks: z.array(checkSchema),
});

export type ShownCompliance = z.infer<typeof complianceSchema>;

/** @param sources names of them, by id */
export function shownCompliance(
  record: PreTrade | undefined,
  instrument: Instrument,
  sources: readonly string[],
): ShownCompliance | null {
  if (record === undefined) return null;
  const { secondSource, ...figures } = record.figures;
  const { secondQuote, expectedCost } = record;
  return {
    seq: record.seq,
    number: record.number,
    verdict: record.verdict,
    code: record.code,
    executionAlgorithm: record.executionAlgorithm,
    capacity: record.capacity,
    firmLei: record.firmLei,
    venue: record.venue,
    orderType: record.orderType,
    timeInForce: record.timeInForce,
    decisionBy: record.decision.by,
    decisionId: record.decision.id,
    tenantId: record.client.tenantId,
    clientLei: record.client.lei,
    isin: record.instrument.isin,
    quote: shownQuote(record.quote, instrument, sources),
    secondSource,
    secondQuote: secondQuote === null ? null : shownQuote(secondQuote, instrument, sources),
    expectedSpreadCost: shownMoney(expectedCost.spreadMicros),
    expectedSlippageCost: shownMoney(expectedCost.slippageMicros),
    costCurrency: expectedCost.currency,
    figures: Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, shownFigure(value)])),
    checks: shownChecks(record.checks),
  };
}

/** In a line: the verdict, who decided, and what the quote was held against. */
export function complianceText(shown: ShownCompliance): string {
  const { verdict, decisionBy, decisionId, executionAlgorithm, capacity, venue, secondSource, figures } =
    shown;
  const against = {
    fresh: `quote worse than the second source's by ${figures["quoteDeviation"] ?? "an unknown share"}`,
    stale: "the second source's quote was too old to compare with",
    none: "no second source to compare with",
  }[secondSource];
  return (
    `compliance record ${shown.seq} (number ${shown.number}): ${shown.code ?? verdict}; decided by ${decisionBy} ` +
    `${decisionId ?? "not named"}, executed by ${executionAlgorithm} as ${capacity} at ${venue}; ${against}`
  );
}

function shownQuote(
  { sourceId, bidPoints, askPoints, timeMicros }: ArrivalQuote,
  instrument: Instrument,
  sources: readonly string[],
): z.infer<typeof quoteSchema> {
  const price = (points: number): number | null =>
    Number.isFinite(points) ? priceOf(instrument, points) : null;
  return {
    source: sources[sourceId] ?? "unknown",
    bid: price(bidPoints),
    ask: price(askPoints),
    time: Number.isFinite(timeMicros) ? isoTime(timeMicros) : null,
  };
}

function shownMoney(micros: number | null): number | null {
  return micros !== null && Number.isFinite(micros) ? micros / MICROS_PER_UNIT : null;
}
