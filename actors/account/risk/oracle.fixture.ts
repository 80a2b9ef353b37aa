// A second, naive telling of what every control means, for comparing: one sentence each, nothing shared with the controls,
// and exposure by trying out which of the live entries fill.

import { isOpen } from "../../domain/instrument.ts";
import type { Instrument } from "../../domain/instrument.ts";
import type { Side } from "../../domain/order.ts";
import type { AccountSettings } from "../settings.ts";
import type { SizedOrder } from "../sizing.ts";
import type { RiskFigures } from "./check.ts";
import type { RefusalCode } from "./codes.ts";
import type { RiskLimits } from "./limits.ts";

/** A position, or an entry on its way. */
export interface Held {
  readonly instrument: Instrument;
  readonly side: Side;
  readonly volumeMicros: number;
  readonly pricePoints: number;
  readonly rate: number;
}

export interface Holdings {
  readonly positions: readonly Held[];
  readonly live: readonly Held[];
  readonly currency: string;
  readonly correlations: readonly (number | null)[];
}

export interface Totals {
  readonly long: number;
  readonly short: number;
  readonly value: number;
  readonly gross: number;
  readonly net: number;
  readonly currency: number;
  readonly correlated: number;
}

function worth({ instrument, volumeMicros, pricePoints, rate }: Held): number {
  const inQuote = Math.round(
    ((pricePoints * instrument.contractSize) / 10 ** instrument.digits) * volumeMicros,
  );
  return Math.round(inQuote * rate);
}

function sign(side: Side): number {
  return side === "BUY" ? 1 : -1;
}

/** What buying a unit of an instrument makes of a holding in `currency`. */
function legOf({ baseCurrency, quoteCurrency }: Instrument, currency: string): number {
  if (baseCurrency === currency) return 1;
  return quoteCurrency === currency ? -1 : 0;
}

/** The largest amount either way over all ways in which live entries fill or do not. */
function worstOver(fixed: readonly Held[], maybe: readonly Held[], amountOf: (held: Held) => number): number {
  let worst = 0;
  for (let fills = 0; fills < 2 ** maybe.length; fills++) {
    let sum = 0;
    for (const held of fixed) sum += amountOf(held);
    for (const [index, held] of maybe.entries()) if ((fills >> index) % 2 === 1) sum += amountOf(held);
    if (Number.isNaN(sum)) return Number.NaN;
    worst = Math.max(worst, Math.abs(sum));
  }
  return worst;
}

/** What the account would hold with `order` in it. */
export function totalsWith(order: Held, { positions, live, currency, correlations }: Holdings): Totals {
  const maybe = [...live, order];
  const all = [...positions, ...maybe];
  const { instrument } = order;
  const volumeOn = (side: Side): number =>
    all
      .filter((held) => held.instrument.id === instrument.id && held.side === side)
      .reduce((sum, { volumeMicros }) => sum + volumeMicros, 0);
  const currencies = [instrument.baseCurrency, instrument.quoteCurrency].filter((each) => each !== currency);
  const rho = ({ instrument: { id } }: Held): number | null => correlations[id] ?? null;
  const ofFactor = worstOver(positions, maybe, (held) =>
    Math.round((rho(held) ?? 0) * sign(held.side) * worth(held)),
  );
  let variance = 0;
  let unknown = 0;
  for (const id of new Set(all.map((held) => held.instrument.id))) {
    const ofInstrument = all.filter((held) => held.instrument.id === id);
    const size = ofInstrument.reduce((sum, held) => sum + worth(held), 0);
    const correlation = correlations[id] ?? null;
    if (correlation === null) unknown += size;
    else variance += size * size * (1 - correlation * correlation);
  }
  return {
    long: volumeOn("BUY"),
    short: volumeOn("SELL"),
    value: worth(order),
    gross: all.reduce((sum, held) => sum + worth(held), 0),
    net: worstOver(positions, maybe, (held) => sign(held.side) * worth(held)),
    currency: Math.max(
      0,
      ...currencies.map((each) =>
        worstOver(positions, maybe, (held) => legOf(held.instrument, each) * sign(held.side) * worth(held)),
      ),
    ),
    correlated: Math.round(Math.sqrt(ofFactor * ofFactor + variance)) + unknown,
  };
}

/** Whether each control lets the order pass, by its name. Limits that are off are left out. */
export function oracle(input: {
  order: SizedOrder;
  figures: Omit<RiskFigures, "exposure">;
  totals: Totals;
  risk: RiskLimits;
  account: AccountSettings;
}): Map<RefusalCode, boolean> {
  const { order, figures: f, totals, risk, account } = input;
  const { instrument, volumeMicros } = order;
  const verdicts = new Map<RefusalCode, boolean>();
  const say = (code: RefusalCode, passes: boolean, ...of: number[]): void => {
    verdicts.set(code, passes && of.every((value) => Number.isFinite(value)));
  };
  const within = (code: RefusalCode, value: number, limit: number | null): void => {
    if (limit !== null) say(code, value <= limit, value, limit);
  };
  const under = (code: RefusalCode, value: number, limit: number | null): void => {
    if (limit !== null) say(code, value < limit, value, limit);
  };
  const least = (code: RefusalCode, value: number, limit: number | null): void => {
    if (limit !== null) say(code, value >= limit, value, limit);
  };
  if (risk.tradersAllowed !== null)
    say("unauthorised-trader", f.trader === null || risk.tradersAllowed.includes(f.trader));
  if (risk.restrictedSymbols.length > 0)
    say("restricted-symbol", !risk.restrictedSymbols.includes(instrument.symbol));
  if (risk.checksInstruments)
    say("instrument-not-tradable", instrument.volumeStepMicros > 0 && isOpen(instrument, f.nowMicros));
  say("signal-not-tradable", f.signalTradable);
  under("signal-expired", f.nowMicros, f.signalExpiresAtMicros);
  if (risk.regimesVetoed.length > 0)
    say("regime-veto", f.regime === null || !risk.regimesVetoed.includes(f.regime));
  if (f.killMode !== null) {
    say("kill-switch", f.killMode === "reduce-only" && volumeMicros <= f.oppositeVolumeMicros);
  }
  say("entries-halted", f.mode !== "halted");
  if (f.mode === "reducing") within("reduce-only", volumeMicros, f.oppositeVolumeMicros);
  under("daily-loss-limit", f.dayLossMicros, Math.round(f.dayStartEquityMicros * account.dailyLossFraction));
  under("trailing-drawdown", f.trailingLossMicros, risk.trailingDrawdownMaxMicros);
  under("absolute-drawdown", f.absoluteLossMicros, risk.absoluteDrawdownMaxMicros);
  under("consecutive-losses", f.consecutiveLosses, risk.consecutiveLossesMax);
  within("unknown-order", f.unknownOrders, 0);
  if (f.booksDiffer !== undefined) within("books-differ", f.booksDiffer, 0);
  within("duplicate-intent", f.liveOrders, 0);
  within("position-open", f.instrumentPositions, 0);
  under("too-many-positions", f.exposedInstruments, account.positionsMax);
  under("too-many-orders", f.accountLiveOrders, f.liveOrdersMax);
  under("messages-per-second", f.messagesInSecond, risk.messagesPerSecondMax);
  under("messages-per-minute", f.messagesInMinute, risk.messagesPerMinuteMax);
  under("repeated-executions", f.executionsInWindow, risk.executionsMax);
  least("cooldown-after-loss", f.sinceLossMicros, risk.cooldownAfterLossMicros);
  least("cooldown-after-exit", f.sinceExitMicros, risk.cooldownAfterExitMicros);
  least("session-closing", f.closesInMicros, risk.sessionCloseGateMicros);
  least("weekend-ahead", f.weekendInMicros, risk.weekendGateMicros);
  if (risk.newsBeforeMicros !== null) within("news-blackout", f.newsEvents, 0);
  within("stale-quote", f.nowMicros - f.quoteTimeMicros, account.quoteAgeMaxMicros);
  within("spread-too-wide", f.spreadPoints, instrument.spreadMaxPoints);
  within(
    "price-moved",
    Math.abs((order.pending?.askPoints ?? order.pricePoints) - f.signalPricePoints),
    f.signalPricePoints * account.priceDeviationFraction,
  );
  if (risk.priceCollarFraction !== null) {
    within(
      "price-collar",
      Math.abs(order.pricePoints - f.referencePricePoints),
      f.referencePricePoints * risk.priceCollarFraction,
    );
  }
  say("no-conversion-rate", f.conversionRate >= 1e-9, f.conversionRate);
  say("no-stop", order.stopPoints > f.spreadPoints, order.stopPoints, f.spreadPoints);
  under("stop-too-far", order.stopPoints, order.pricePoints);
  least("volume-too-small", volumeMicros, instrument.volumeMinMicros);
  within("volume-too-large", volumeMicros, instrument.volumeMaxMicros);
  within("order-volume", volumeMicros, risk.orderVolumeMaxMicros);
  within("order-value", totals.value, risk.orderValueMaxMicros);
  within(
    "margin",
    f.marginTakenMicros + order.marginMicros,
    Math.floor(f.equityMicros * account.marginUseFraction),
  );
  within("over-risk-budget", volumeMicros, f.volumeBudgetMicros);
  within("long-position", totals.long, risk.longVolumeMaxMicros);
  within("short-position", totals.short, risk.shortVolumeMaxMicros);
  within("gross-exposure", totals.gross, risk.grossExposureMaxMicros);
  within("net-exposure", totals.net, risk.netExposureMaxMicros);
  within("currency-exposure", totals.currency, risk.currencyExposureMaxMicros);
  within("correlated-exposure", totals.correlated, risk.correlatedExposureMaxMicros);
  if (order.pending !== undefined) {
    const { terms, askPoints: market } = order.pending;
    const isBelow = (order.side === "BUY") === (terms.type === "limit");
    const waits = isBelow ? terms.pricePoints < market : terms.pricePoints > market;
    say("bad-terms", waits && Number.isInteger(terms.pricePoints), terms.pricePoints);
    under("pending-expired", f.nowMicros, terms.untilMicros);
  }
  return verdicts;
}
