// What was spent on a UTC day, kept where a restart finds it: a budget that a restart refills is none.

import type { Result } from "../base/result.ts";

export interface Spending {
  /** For example "2026-03-02". */
  readonly day: string;
  readonly calls: number;
  /** In millionths of the currency that prices are given in. */
  readonly costMicros: number;
}

export interface SpendingStore {
  /** The last that was saved; undefined where none was. */
  load(): Promise<Result<Spending | undefined, "spending-unreadable">>;
  /** Done once it survives the process. */
  save(spending: Spending): Promise<Result<void, "spending-unwritten">>;
}
