// What the account is held to, over the API: limits that are on, how far away they are, and what was refused.

import { type OpenAPIHono, z } from "@hono/zod-openapi";
import type { ControlView, OrderLimitView, RiskView } from "../../actors/account/risk-view.ts";
import { CONTROLS } from "../../actors/account/risk/controls.ts";
import type { RiskCheck } from "../../actors/domain/order.ts";
import { addAccountRoute } from "./accounts.ts";
import type { VerdictMessage } from "./order-schemas.ts";
import type { ControlUnit } from "../../actors/account/risk/check.ts";
import { REFUSAL_CODES } from "../../actors/account/risk/codes.ts";
import { MICROS_PER_SECOND } from "../../actors/base/clock.ts";
import { DEFAULT_SIZING_SETTINGS } from "../../actors/account/sizing-settings.ts";
import { accountsOf, type EngineConfig } from "../../actors/engine-config.ts";
import { MICROS_PER_LOT, MICROS_PER_UNIT } from "../../actors/domain/money.ts";
import type { LivePicture } from "../live/live-picture.ts";
import { outOfService } from "./problem.ts";
import { controlUnitSchema } from "./schemas.ts";

const figure = z.number().nullable();

const controlSchema = z.object({
  control: z.enum(REFUSAL_CODES),
  /** Of the three figures: seconds, lots, units of the account's currency, points, or plain numbers. */
  unit: controlUnitSchema,
  /** Null while it cannot be computed: it then lets nothing pass. */
  value: figure,
  limit: figure,
  /** What is left before the limit; below zero beyond it. */
  headroom: figure,
  passes: z.boolean(),
});

const orderLimitSchema = controlSchema.pick({ control: true, unit: true, limit: true });

export const riskAnswerSchema = z.object({
  accountId: z.string(),
  currency: z.string(),
  /** What the account lets in: everything, what makes positions smaller, or nothing. Exits always leave. */
  mode: z.enum(["active", "reducing", "halted"]),
  /** Controls on the account as a whole; those that are off are left out. */
  account: z.array(controlSchema),
  symbols: z.array(
    z.object({
      symbol: z.string(),
      controls: z.array(controlSchema),
      /** What one order is held to. */
      order: z.array(orderLimitSchema),
    }),
  ),
  /** How large an entry on a signal becomes, before every limit cuts it. */
  sizing: z.object({
    /** Share of equity lost when its stop is hit. */
    riskFraction: z.number(),
    method: z.string(),
    kellyFraction: z.number(),
    /** How much of the volume depends on confidence, and on how far members agree. */
    confidenceShare: z.number(),
    uncertaintyShare: z.number(),
  }),
  /** Entries refused since the account began, by the first control that failed. */
  refusals: z.record(z.string(), z.number().int()),
});

export type RiskMessage = z.infer<typeof riskAnswerSchema>;

const UNITS: Readonly<Record<ControlUnit, { unit: z.infer<typeof controlSchema>["unit"]; divisor: number }>> =
  {
    time: { unit: "seconds", divisor: MICROS_PER_SECOND },
    lots: { unit: "lots", divisor: MICROS_PER_LOT },
    money: { unit: "money", divisor: MICROS_PER_UNIT },
    points: { unit: "points", divisor: 1 },
    count: { unit: "count", divisor: 1 },
    flag: { unit: "flag", divisor: 1 },
    rate: { unit: "rate", divisor: 1 },
  };

export function addRisk(app: OpenAPIHono, picture: LivePicture): void {
  addAccountRoute(app, picture, {
    path: "/risk",
    summary: "Limits of the account, what is left before them, and what was refused",
    answer: riskAnswerSchema,
    build: (accountId) => {
      const { config } = picture.engine;
      const view = picture.engine.accountOf(accountId)?.risk();
      const settings = accountsOf(config).find(({ account }) => account.accountId === accountId);
      if (view !== undefined && settings !== undefined) {
        return riskMessage(view, { instruments: config.instruments, account: settings.account });
      }
      throw outOfService();
    },
  });
}

function riskMessage(
  view: RiskView,
  { instruments, account }: Pick<EngineConfig, "instruments" | "account">,
): RiskMessage {
  const { sizing = DEFAULT_SIZING_SETTINGS, riskFraction } = account;
  return {
    accountId: view.accountId,
    currency: view.currency,
    mode: view.mode,
    account: view.controls.map(controlMessage),
    symbols: view.symbols.map(({ instrumentId, controls, orderLimits }) => ({
      symbol: instruments[instrumentId]?.symbol ?? "",
      controls: controls.map(controlMessage),
      order: orderLimits.map(orderLimitMessage),
    })),
    sizing: {
      riskFraction,
      method: sizing.method,
      kellyFraction: sizing.kellyFraction,
      confidenceShare: sizing.confidenceShare,
      uncertaintyShare: sizing.uncertaintyShare,
    },
    refusals: Object.fromEntries(Object.entries(view.refusals).filter(([, count]) => count > 0)),
  };
}

function controlMessage({ value, headroom, passed, ...control }: ControlView): z.infer<typeof controlSchema> {
  return {
    ...orderLimitMessage(control),
    value: shown(value, control.unit),
    headroom: shown(headroom, control.unit),
    passes: passed,
  };
}

function orderLimitMessage({ code, unit, limit }: OrderLimitView): z.infer<typeof orderLimitSchema> {
  return { control: code, unit: UNITS[unit].unit, limit: shown(limit, unit) };
}

const UNIT_OF = new Map<string, ControlUnit>(CONTROLS.map(({ code, unit }) => [code, unit]));

/** One control's verdict on an order, in units that people use. */
export function checkMessage({ control, passed, value, limit }: RiskCheck): VerdictMessage["checks"][number] {
  const unit = UNIT_OF.get(control) ?? "rate";
  return { control, unit: UNITS[unit].unit, passed, value: shown(value, unit), limit: shown(limit, unit) };
}

function shown(value: number, unit: ControlUnit): number | null {
  return Number.isFinite(value) ? value / UNITS[unit].divisor : null;
}
