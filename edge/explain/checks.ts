// Checks of an order as a dossier shows them: those of risk and those of compliance alike.

import { z } from "zod";
import type { RiskCheck } from "../../actors/domain/order.ts";

export const checkSchema = z.object({
  control: z.string(),
  passed: z.boolean(),
  /** Null where it was no number, which never passes. */
  value: z.number().nullable(),
  limit: z.number().nullable(),
});

export function shownChecks(checks: readonly RiskCheck[]): z.infer<typeof checkSchema>[] {
  return checks.map(({ control, passed, value, limit }) => ({
    control,
    passed,
    value: shownFigure(value),
    limit: shownFigure(limit),
  }));
}

export function shownFigure(value: number | null): number | null {
  return value !== null && Number.isFinite(value) ? value : null;
}
