// Which of the files below some paths are a market to judge models on: days of ticks, and minute bars. A folder may hold other
// things as well - samples, dirty files -: what is not used is named.

import { statSync } from "node:fs";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import { leanPath } from "../../edge/feeds/import/lean-day.ts";
import { findFiles, planImport } from "../../edge/feeds/import/plan.ts";

export interface MarketFiles {
  readonly ticks: readonly string[];
  readonly bars: readonly string[];
  readonly passedOver: readonly string[];
}

/** Of a folder's bars these are taken alone where there are any: whole years of many symbols, of one vendor. */
const PREFERRED_BARS = "histdata";

/** Files that are named are taken for what they are; what is found in folders is chosen from. */
export function findMarketFiles(paths: readonly string[]): Result<MarketFiles, string> {
  const files = findFiles(paths);
  if (!files.ok) return files;
  const named = new Set(paths.filter(isFile));
  const ticks: string[] = [];
  const bars: { path: string; format: string }[] = [];
  const passedOver: string[] = [];
  for (const path of files.value) {
    if (leanPath(path) !== undefined) {
      ticks.push(path);
      continue;
    }
    const plan = planImport(path, {});
    if (plan.ok && plan.value.kind === "bars") bars.push({ path, format: plan.value.format });
    else if (!named.has(path)) passedOver.push(path);
    else if (!plan.ok) return plan;
    else
      return failure(
        "not-a-market",
        `${path} holds ticks of a layout that is not replayed: give <source>-<symbol>/YYYYMMDD_quote.zip`,
      );
  }
  const preferred = bars.filter(({ path, format }) => named.has(path) || format === PREFERRED_BARS);
  const chosen = preferred.length > 0 ? preferred : bars;
  passedOver.push(...bars.filter((file) => !chosen.includes(file)).map(({ path }) => path));
  if (ticks.length === 0 && chosen.length === 0) {
    return failure(
      "no-market",
      `there are neither days of ticks (<source>-<symbol>/YYYYMMDD_quote.zip) nor minute bars at ${paths.join(", ")}`,
    );
  }
  return ok({ ticks, bars: chosen.map(({ path }) => path), passedOver });
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
