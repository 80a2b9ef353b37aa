// All controls of an entry, in the order in which a refusal names the first that failed: first whether anybody may trade at
// all, then whether this is the moment, then the order itself, then what the account would hold, at last compliance.

import type { RiskCheck } from "../../domain/order.ts";
import { complianceControls } from "../compliance/checks.ts";
import type { SizedOrder } from "../sizing.ts";
import type { Control, EntryLimits, RiskFigures } from "./check.ts";
import type { RefusalCode } from "./codes.ts";
import { exposureControls } from "./exposure-controls.ts";
import { pendingControls, priceControls, standingOrderControls, volumeControls } from "./order-controls.ts";
import { permissionControls, signalControls, standingControls } from "./standing-controls.ts";
import { calendarControls, flowControls, quoteControls } from "./timing-controls.ts";

export const CONTROLS: readonly Control[] = [
  ...permissionControls,
  ...signalControls,
  ...standingControls,
  ...standingOrderControls,
  ...flowControls,
  ...calendarControls,
  ...quoteControls,
  ...priceControls,
  ...volumeControls,
  ...exposureControls,
  ...pendingControls,
  ...complianceControls,
];

const BY_CODE = new Map(CONTROLS.map((control) => [control.code, control]));

/** Every control that is on, also after one failed, so that a refusal shows the whole picture. */
export function entryChecks(
  order: SizedOrder,
  figures: RiskFigures,
  limits: EntryLimits,
): readonly RiskCheck[] {
  const checks: RiskCheck[] = [];
  for (const control of CONTROLS) {
    const check = control.check(order, figures, limits);
    if (check !== undefined) checks.push(check);
  }
  return checks;
}

/** @param value of the control's figure; NaN while it is not known */
export function adviceFor(code: RefusalCode, value: number): string {
  const { advice = "", adviceUnknown = advice } = BY_CODE.get(code) ?? {};
  return Number.isNaN(value) ? adviceUnknown : advice;
}
