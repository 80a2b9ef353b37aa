// The summary of a run as plain data: what went in, what was decided, what it cost, how long it took.

import { LatencyHistogram } from "../actors/base/histogram.ts";
import { STAGES } from "../actors/chain/stages.ts";
import { MICROS_PER_UNIT } from "../actors/domain/money.ts";
import type { Engine } from "../actors/engine.ts";

export interface Percentiles {
  readonly p50Micros: number;
  readonly p99Micros: number;
}

export interface RunReport {
  /** Equal for two runs that decided alike, tick for tick. */
  readonly decisionHash: string;
  readonly symbols: Readonly<Record<string, SymbolReport>>;
  readonly quarantined: Readonly<Record<string, number>>;
  readonly decisions: number;
  readonly signals: number;
  readonly account: AccountReport | undefined;
  readonly latency: Readonly<Record<string, Percentiles>>;
}

export interface SymbolReport {
  readonly ticks: number;
  readonly quarantined: number;
  readonly decisions: number;
  readonly signals: number;
  readonly decisionHash: string;
}

export interface AccountReport {
  readonly currency: string;
  readonly balance: number;
  readonly equity: number;
  /** After commission, spread and slippage. */
  readonly profitAfterCosts: number;
  readonly commission: number;
  readonly spreadCost: number;
  readonly slippage: number;
  readonly entries: number;
  readonly exits: number;
  readonly fills: number;
  readonly refusals: Readonly<Record<string, number>>;
}

export function reportOf(engine: Engine): RunReport {
  const quarantined: Record<string, number> = {};
  const symbols: Record<string, SymbolReport> = {};
  const decision = new LatencyHistogram();
  const stages = STAGES.map((stage) => ({ stage, histogram: new LatencyHistogram() }));
  let decisions = 0;
  let signals = 0;
  for (const { id, symbol } of engine.config.instruments) {
    const actor = engine.symbol(id);
    if (actor === undefined) continue;
    symbols[symbol] = { ...actor.counts, decisionHash: actor.decisionHash };
    decisions += actor.counts.decisions;
    signals += actor.counts.signals;
    for (const [code, count] of Object.entries(actor.quarantinedByCode())) {
      quarantined[code] = (quarantined[code] ?? 0) + count;
    }
    decision.merge(actor.decisionLatency);
    for (const { stage, histogram } of stages) histogram.merge(actor.chain.stages.histograms[stage]);
  }
  return {
    decisionHash: engine.decisionHash(),
    symbols,
    quarantined,
    decisions,
    signals,
    account: accountReportOf(engine),
    latency: {
      ...Object.fromEntries(stages.map(({ stage, histogram }) => [stage, percentilesOf(histogram)])),
      decision: percentilesOf(decision),
    },
  };
}

function accountReportOf(engine: Engine): AccountReport | undefined {
  const view = engine.account?.view();
  if (view === undefined) return undefined;
  return {
    currency: view.currency,
    balance: units(view.balanceMicros),
    equity: units(view.equityMicros),
    profitAfterCosts: units(view.equityMicros - engine.config.account.startingBalanceMicros),
    commission: units(view.costs.commissionMicros),
    spreadCost: units(view.costs.spreadMicros),
    slippage: units(view.costs.slippageMicros),
    entries: view.entries,
    exits: view.exits,
    fills: view.fills,
    refusals: Object.fromEntries(Object.entries(view.refusals).filter(([, count]) => count > 0)),
  };
}

function percentilesOf(histogram: LatencyHistogram): Percentiles {
  return { p50Micros: histogram.quantileMicros(0.5), p99Micros: histogram.quantileMicros(0.99) };
}

function units(micros: number): number {
  return micros / MICROS_PER_UNIT;
}
