// What an account holds, in its own currency: gross, net, by currency, and by how instruments move with the dollar. Live
// entries may fill or not, so every figure is that of the worst case, and no way of filling exceeds a limit that it keeps.

import { type MicroMoney, roundHalfAway } from "../../domain/money.ts";
import type { Side } from "../../domain/order.ts";

/** Net amounts: `high` if only live entries fill that raise it, `low` if only those that lower it do. */
export interface NetRange {
  readonly highMicros: MicroMoney;
  readonly lowMicros: MicroMoney;
}

/** What positions and live entries come to, seen from one instrument. Volumes are millionths of a lot. */
export interface ExposureFigures {
  readonly longVolumeMicros: number;
  readonly shortVolumeMicros: number;
  readonly grossMicros: MicroMoney;
  readonly net: NetRange;
  /** Of the instrument's two currencies; null for the account's own, holding which is no risk. */
  readonly base: NetRange | null;
  readonly quote: NetRange | null;
  /** Net of what follows the dollar: each instrument's notional times its correlation with the dollar index. */
  readonly dollar: NetRange;
  /** Sum over other instruments of what does not follow the dollar, squared: notional^2 x (1 - correlation^2). */
  readonly otherVariance: number;
  /** Notional of the instrument itself, both sides. */
  readonly ownMicros: MicroMoney;
  /** Notional of other instruments whose correlation is not known. */
  readonly unknownMicros: MicroMoney;
  /** The instrument's own with the dollar index, in [-1, 1]; null while it is not known. */
  readonly correlation: number | null;
}

/** What an order would add. */
export interface Addition {
  readonly side: Side;
  readonly valueMicros: MicroMoney;
}

export function grossWith(exposure: ExposureFigures, { valueMicros }: Addition): MicroMoney {
  return exposure.grossMicros + valueMicros;
}

export function netWith(exposure: ExposureFigures, { side, valueMicros }: Addition): MicroMoney {
  return worst(widened(exposure.net, side === "BUY" ? valueMicros : -valueMicros));
}

/** The larger of both currencies': who buys a pair is long of its base and short of its quote currency. */
export function currencyWith(exposure: ExposureFigures, { side, valueMicros }: Addition): MicroMoney {
  const signed = side === "BUY" ? valueMicros : -valueMicros;
  const { base, quote } = exposure;
  return Math.max(
    base === null ? 0 : worst(widened(base, signed)),
    quote === null ? 0 : worst(widened(quote, -signed)),
  );
}

/**
 * One-factor model (Sharpe 1963) with the dollar as its factor: two instruments correlate by the product of their correlations
 * with it, so that sum_ij w_i w_j rho_ij = (sum_i w_i rho_i)^2 + sum_i w_i^2 (1 - rho_i^2). What is not known adds in full.
 */
export function correlatedWith(exposure: ExposureFigures, { side, valueMicros }: Addition): MicroMoney {
  const { dollar, otherVariance, ownMicros, unknownMicros, correlation } = exposure;
  const own = ownMicros + valueMicros;
  if (correlation === null) {
    return roundHalfAway(Math.sqrt(worst(dollar) ** 2 + otherVariance)) + unknownMicros + own;
  }
  const following = roundHalfAway((side === "BUY" ? valueMicros : -valueMicros) * correlation);
  const factor = worst(widened(dollar, following));
  const variance = otherVariance + own ** 2 * (1 - correlation ** 2);
  return roundHalfAway(Math.sqrt(factor ** 2 + variance)) + unknownMicros;
}

function worst({ highMicros, lowMicros }: NetRange): MicroMoney {
  return Math.max(Math.abs(highMicros), Math.abs(lowMicros));
}

/** With an order more that may fill or not. */
function widened({ highMicros, lowMicros }: NetRange, signedMicros: MicroMoney): NetRange {
  return {
    highMicros: highMicros + Math.max(0, signedMicros),
    lowMicros: lowMicros + Math.min(0, signedMicros),
  };
}
