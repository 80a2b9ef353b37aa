// Controls on who asks and on how the account stands: modes, permissions, and losses that end a day or an account.

import { type MicroMoney, roundHalfAway } from "../../domain/money.ts";
import type { AccountSettings } from "../settings.ts";
import type { RiskCheck } from "../../domain/order.ts";
import { atLeast, atMost, below, type Control, type EntryLimits, type RiskFigures } from "./check.ts";
import { unusableTerms } from "./instrument-terms.ts";

type LossFigures = Pick<
  RiskFigures,
  "dayLossMicros" | "dayStartEquityMicros" | "trailingLossMicros" | "absoluteLossMicros" | "consecutiveLosses"
>;

interface LossControl extends Omit<Control, "check"> {
  readonly check: (order: unknown, figures: LossFigures, limits: EntryLimits) => RiskCheck | undefined;
}

/** The loss at which the day is over. */
export function dailyLossLimit(dayStartEquityMicros: MicroMoney, settings: AccountSettings): MicroMoney {
  return roundHalfAway(dayStartEquityMicros * settings.dailyLossFraction);
}

export const permissionControls: readonly Control[] = [
  {
    code: "unauthorised-trader",
    unit: "flag",
    of: "order",
    bound: "most",
    check: (_order, { trader }, { risk }) => {
      if (risk.tradersAllowed === null) return undefined;
      const known = trader === null || risk.tradersAllowed.includes(trader);
      return atMost("unauthorised-trader", known ? 0 : 1, 0);
    },
    advice: "whoever gave it may not trade by hand here; add the name to tradersAllowed",
  },
  {
    code: "restricted-symbol",
    unit: "flag",
    of: "symbol",
    bound: "most",
    check: ({ instrument }, _figures, { risk }) => {
      if (risk.restrictedSymbols.length === 0) return undefined;
      return atMost("restricted-symbol", risk.restrictedSymbols.includes(instrument.symbol) ? 1 : 0, 0);
    },
    advice: "the symbol is restricted; take it off restrictedSymbols",
  },
  {
    code: "instrument-not-tradable",
    unit: "count",
    of: "symbol",
    bound: "most",
    check: ({ instrument }, _figures, { risk }) =>
      risk.checksInstruments ? atMost("instrument-not-tradable", unusableTerms(instrument), 0) : undefined,
    advice: "terms of the instrument cannot be computed with; check how the broker's symbol is mapped",
  },
];

export const signalControls: readonly Control[] = [
  {
    code: "signal-not-tradable",
    unit: "flag",
    of: "order",
    bound: "least",
    check: (_order, { signalTradable }) => atLeast("signal-not-tradable", signalTradable ? 1 : 0, 1),
    advice: "the signal rests on backfilled or stale data; wait for live quotes",
  },
  {
    code: "signal-expired",
    unit: "time",
    of: "order",
    bound: "most",
    check: (_order, { nowMicros, signalExpiresAtMicros }) =>
      below("signal-expired", nowMicros, signalExpiresAtMicros),
    advice: "the signal expired before it was acted on; the next one decides anew",
  },
  {
    code: "regime-veto",
    unit: "flag",
    of: "order",
    bound: "most",
    check: (_order, { regime }, { risk }) => {
      if (risk.regimesVetoed.length === 0) return undefined;
      return atMost("regime-veto", regime !== null && risk.regimesVetoed.includes(regime) ? 1 : 0, 0);
    },
    advice: "the market is in a regime that is not traded; see regimesVetoed",
  },
];

/** Losses after which nothing is let in, whatever is asked for. */
const lossControls: readonly LossControl[] = [
  {
    code: "daily-loss-limit",
    unit: "money",
    of: "account",
    bound: "most",
    check: (_order, { dayLossMicros, dayStartEquityMicros }, { account }) =>
      below("daily-loss-limit", dayLossMicros, dailyLossLimit(dayStartEquityMicros, account)),
    advice: "the day's loss has reached its limit; entries resume with the next trading day",
  },
  {
    code: "trailing-drawdown",
    unit: "money",
    of: "account",
    bound: "most",
    check: (_order, { trailingLossMicros }, { risk: { trailingDrawdownMaxMicros: limit } }) =>
      limit === null ? undefined : below("trailing-drawdown", trailingLossMicros, limit),
    advice: "equity has fallen too far below its high-water mark; a person has to reset it",
  },
  {
    code: "absolute-drawdown",
    unit: "money",
    of: "account",
    bound: "most",
    check: (_order, { absoluteLossMicros }, { risk: { absoluteDrawdownMaxMicros: limit } }) =>
      limit === null ? undefined : below("absolute-drawdown", absoluteLossMicros, limit),
    advice:
      "equity has fallen too far below the starting balance; a person has to reset it once it is back, or raise the limit",
  },
  {
    code: "consecutive-losses",
    unit: "count",
    of: "account",
    bound: "most",
    check: (_order, { consecutiveLosses }, { risk: { consecutiveLossesMax: limit } }) =>
      limit === null ? undefined : below("consecutive-losses", consecutiveLosses, limit),
    advice: "too many positions in a row were closed at a loss; entries resume with the next trading day",
  },
];

export const standingControls: readonly Control[] = [
  {
    code: "kill-switch",
    unit: "flag",
    of: "account",
    bound: "most",
    check: ({ volumeMicros }, { killMode, oppositeVolumeMicros }) => {
      if (killMode === null) return undefined;
      const reduces = killMode === "reduce-only" && volumeMicros <= oppositeVolumeMicros;
      return atMost("kill-switch", reduces ? 0 : 1, 0);
    },
    advice: "the kill switch is tripped; re-arm it with its code when the reason is settled",
  },
  {
    code: "entries-halted",
    unit: "flag",
    of: "account",
    bound: "most",
    check: (_order, { mode }) => atMost("entries-halted", mode === "halted" ? 1 : 0, 0),
    advice: "entries are halted; resume them when the reason is settled",
  },
  {
    code: "reduce-only",
    unit: "lots",
    of: "account",
    bound: "most",
    check: ({ volumeMicros }, { mode, oppositeVolumeMicros }) =>
      mode === "reducing" ? atMost("reduce-only", volumeMicros, oppositeVolumeMicros) : undefined,
    advice: "the account only takes what makes a position smaller; set its mode to active",
  },
  ...lossControls,
];

/** As an entry would find them. */
export function lossChecks(figures: LossFigures, limits: EntryLimits): readonly RiskCheck[] {
  return lossControls.flatMap((control) => control.check(undefined, figures, limits) ?? []);
}
