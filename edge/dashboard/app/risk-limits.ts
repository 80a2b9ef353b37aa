// How near the account is to its limits: how much of each is used, the nearest first.

import type { RiskMessage } from "../../api/risk.ts";
import { money, NOTHING, percent, whole, words } from "./format.ts";

type ControlMessage = RiskMessage["account"][number];

export interface ShownLimits {
  /** How much is used of the one that most is used of. */
  readonly nearest: string;
  /** A line for each, the nearest first. */
  readonly all: readonly string[];
}

/** What can be used up: switches and times cannot. A figure that is not known counts as used up, as its control does. */
export function limitsOf(risk: RiskMessage | undefined): ShownLimits {
  const used = (risk?.account ?? [])
    .filter(({ unit, limit }) => (unit === "money" || unit === "count") && limit !== null && limit > 0)
    .map((control) => ({ name: words(control.control), share: shareOf(control) }))
    .sort((a, b) => b.share - a.share);
  const [first] = used;
  return {
    nearest: first === undefined ? NOTHING : percent(first.share),
    all: used.map(({ name, share }) => `${name}: ${percent(share)}`),
  };
}

/** How much of a limit is used. */
export function shareOf({ value, limit }: ControlMessage): number {
  return value === null || limit === null ? 1 : Math.max(0, value / limit);
}

/** A figure of a control with its unit. */
export function figureOf(value: number | null, unit: ControlMessage["unit"]): string {
  if (value === null) return "unknown";
  switch (unit) {
    case "money":
      return money(value);
    case "seconds":
      return `${Number(value.toFixed(1))} s`;
    case "lots":
      return `${Number(value.toFixed(2))} lots`;
    case "flag":
      return value > 0 ? "yes" : "no";
    case "points":
    case "count":
      return whole(value);
    case "rate":
      return String(Number(value.toPrecision(4)));
  }
}
