// What the terminal shows, as plain data taken between two records.

import type { AccountView } from "../../actors/account/account-view.ts";
import type { Micros } from "../../actors/base/clock.ts";
import { LatencyHistogram } from "../../actors/base/histogram.ts";
import type { LiveEngine } from "../../actors/live-engine.ts";
import type { Journal } from "../../actors/ports/journal.ts";

export interface SymbolRow {
  readonly symbol: string;
  readonly digits: number;
  /** Points; NaN before the first quote. */
  readonly bidPoints: number;
  readonly askPoints: number;
  readonly regime: string;
  readonly action: string;
  /** Probability of an up move; NaN before the first decision. */
  readonly probabilityUp: number;
  readonly ticks: number;
  readonly quarantined: number;
  readonly signals: number;
  /** "" while all is well. */
  readonly trouble: string;
}

export interface LiveView {
  /** SIMULATED, REPLAY or the sources' names. */
  readonly badge: string;
  readonly timeMicros: Micros;
  readonly symbols: readonly SymbolRow[];
  readonly account: AccountView | undefined;
  readonly ticks: number;
  readonly ticksPerSecond: number;
  readonly decisionP50Micros: number;
  readonly decisionP99Micros: number;
  readonly journalSeq: number;
  /** Records given out and not yet durable. */
  readonly journalBehind: number;
  readonly journalTrouble: string;
  /** How far the time series is behind the journal; undefined where none is kept. */
  readonly history: { readonly up: boolean; readonly lagRecords: number; readonly share: number } | undefined;
  readonly decisionHash: string;
}

const OVERFLOWED =
  "the disk is too slow: the journal's buffer overflowed. Entries are halted, exits go on. Start again on a faster disk.";

/** @param options.ticksPerSecond measured by the caller, who knows when it looked last */
export function viewOf(
  live: LiveEngine,
  journal: Journal,
  options: { badge: string; ticksPerSecond: number; history: ProjectorStatus | undefined },
): LiveView {
  const { engine, router } = live;
  const latency = new LatencyHistogram();
  const symbols = engine.config.instruments.map((instrument): SymbolRow => {
    const actor = engine.symbol(instrument.id);
    if (actor !== undefined) latency.merge(actor.decisionLatency);
    const counts = actor?.counts;
    return {
      symbol: instrument.symbol,
      digits: instrument.digits,
      bidPoints: actor?.chain.quote.bidPoints ?? Number.NaN,
      askPoints: actor?.chain.quote.askPoints ?? Number.NaN,
      regime: actor?.chain.regime ?? "",
      action: actor?.chain.decision.action ?? "",
      probabilityUp: actor?.chain.decision.probabilityUp ?? Number.NaN,
      ticks: counts?.ticks ?? 0,
      quarantined: counts?.quarantined ?? 0,
      signals: counts?.signals ?? 0,
      trouble: engine.troubleOf(instrument.id),
    };
  });
  return {
    badge: options.badge,
    timeMicros: router.timeMicros,
    symbols,
    account: engine.account?.view(),
    ticks: router.counts.ticks,
    ticksPerSecond: options.ticksPerSecond,
    decisionP50Micros: latency.quantileMicros(0.5),
    decisionP99Micros: latency.quantileMicros(0.99),
    journalSeq: router.lastSeq,
    journalBehind: Math.max(0, journal.lastSeq - journal.durableSeq),
    journalTrouble: router.detached && journal.failure === "" ? OVERFLOWED : journal.failure,
    history: options.history === undefined ? undefined : historyOf(options.history),
    decisionHash: engine.decisionHash(),
  };
}

/** What of a projector is shown. */
export interface ProjectorStatus {
  readonly up: boolean;
  readonly appliedSeq: number;
  readonly lagRecords: number;
}

function historyOf({ up, appliedSeq, lagRecords }: ProjectorStatus): LiveView["history"] {
  return { up, lagRecords, share: appliedSeq / Math.max(1, appliedSeq + lagRecords) };
}
