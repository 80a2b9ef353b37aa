// Rows that a store will not have, kept in a file so that nothing is lost without a word.

import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { RefusedRow } from "./sink.ts";

/** Appends to `<data>/projections/time-series.refused.jsonl` and says so. */
export function putAside(data: string, refused: RefusedRow, onProblem: (message: string) => void): void {
  const directory = join(data, "projections");
  const path = join(directory, "time-series.refused.jsonl");
  mkdirSync(directory, { recursive: true });
  appendFileSync(path, `${JSON.stringify(refused)}\n`);
  onProblem(`the time series refused a row of ${refused.table}, it is kept in ${path}: ${refused.reason}`);
}
