// What people see of an account's limits: each control's figure now, its limit, and what is left before it. Reading it changes
// nothing; it asks the controls themselves about an order of no volume.

import type { RiskCheck } from "../domain/order.ts";
import type { Instrument } from "../domain/instrument.ts";
import type { Desk } from "./desk.ts";
import type { EntryDesk, EntryWish } from "./entry-desk.ts";
import type { AccountMode, Control, ControlUnit, EntryLimits } from "./risk/check.ts";
import type { RefusalCode } from "./risk/codes.ts";
import { CONTROLS } from "./risk/controls.ts";
import type { SizedOrder } from "./sizing.ts";

export interface OrderLimitView {
  readonly code: RefusalCode;
  readonly unit: ControlUnit;
  readonly limit: number;
}

export interface ControlView extends OrderLimitView {
  /** NaN while it cannot be computed. */
  readonly value: number;
  /** Distance to the limit; below zero beyond it. */
  readonly headroom: number;
  readonly passed: boolean;
}

export interface SymbolRiskView {
  readonly instrumentId: number;
  readonly controls: readonly ControlView[];
  /** What one order on it is held to. */
  readonly orderLimits: readonly OrderLimitView[];
}

export interface RiskView {
  readonly accountId: string;
  readonly currency: string;
  readonly mode: AccountMode;
  /** Controls that are on and about the account as a whole. */
  readonly controls: readonly ControlView[];
  readonly symbols: readonly SymbolRiskView[];
  readonly refusals: Readonly<Record<RefusalCode, number>>;
}

export function buildRiskView(desk: Desk, entries: EntryDesk): RiskView {
  const { settings, instruments, effectiveMode: mode, tally } = desk;
  const views = instruments.map((instrument) => ({
    instrumentId: instrument.id,
    checks: probed(instrument, desk, entries),
  }));
  return {
    accountId: settings.accountId,
    currency: settings.currency,
    mode,
    // They say the same whatever the instrument.
    controls: (views[0]?.checks ?? []).filter(({ control }) => control.of === "account").map(controlView),
    symbols: views.map(({ instrumentId, checks }) => ({
      instrumentId,
      controls: checks.filter(({ control }) => control.of === "symbol").map(controlView),
      orderLimits: checks.filter(isOrderLimit).map(orderLimitView),
    })),
    refusals: tally.refusals(),
  };
}

interface Probed {
  readonly control: Control;
  readonly check: RiskCheck;
}

/** What the controls that are on say of an order of no volume. */
function probed(instrument: Instrument, desk: Desk, entries: EntryDesk): readonly Probed[] {
  const { board } = desk.books;
  const id = instrument.id;
  const probe: EntryWish = {
    instrumentId: id,
    action: "BUY",
    tradable: true,
    expiresAtMicros: Number.POSITIVE_INFINITY,
    bidPoints: board.bidPoints(id),
    askPoints: board.askPoints(id),
    stopPoints: 0,
    targetPoints: 0,
    reason: "",
    forecast: null,
    byHand: null,
  };
  const order: SizedOrder = {
    instrument,
    side: "BUY",
    pricePoints: board.askPoints(id),
    stopPoints: 0,
    targetPoints: 0,
    volumeMicros: 0,
    riskMicros: 0,
    marginMicros: 0,
  };
  // The budget depends on the stop of an order, which the probe has not.
  const figures = { ...entries.figures(probe, instrument), volumeBudgetMicros: Number.NaN };
  const limits = desk.limits[id] as EntryLimits;
  return CONTROLS.flatMap((control) => {
    const check = control.check(order, figures, limits);
    return check === undefined ? [] : [{ control, check }];
  });
}

/** Of an order: amounts that do not depend on who or what asks for it. */
function isOrderLimit({ control: { of, unit }, check: { limit } }: Probed): boolean {
  return (
    of === "order" && (unit === "lots" || unit === "money" || unit === "points") && Number.isFinite(limit)
  );
}

function orderLimitView({ control: { code, unit }, check: { limit } }: Probed): OrderLimitView {
  return { code, unit, limit };
}

function controlView({ control, check }: Probed): ControlView {
  const { value, limit, passed } = check;
  const headroom = control.bound === "least" ? value - limit : limit - value;
  return { code: control.code, unit: control.unit, value, limit, headroom, passed };
}
