// Puts the vote of similar market states to work beside a running station.

import type { Scheduler } from "../../actors/base/clock.ts";
import type { Station } from "../main.ts";
import { AnalogDesk } from "./desk.ts";
import type { AnalogSettings } from "./settings.ts";

/** Undefined where it is not wanted, or cannot be had; the second is told. */
export function openAnalogs({
  station,
  settings,
  isWallClock,
  onProblem,
}: {
  readonly station: Pick<Station, "live" | "vectors"> & { readonly clock: Scheduler };
  readonly settings: AnalogSettings;
  /** Whether records carry the wall's time. */
  readonly isWallClock: boolean;
  readonly onProblem: (message: string) => void;
}): AnalogDesk | undefined {
  const { live, vectors, clock } = station;
  if (!settings.enabled) return undefined;
  if (!isWallClock) {
    onProblem("analogs do not vote: this market is of another time than the clock that asks");
    return undefined;
  }
  if (vectors === undefined) {
    onProblem(
      "analogs are enabled, and no market states are kept: start without --no-time-series, or name a Weaviate server",
    );
    return undefined;
  }
  const desk = new AnalogDesk({ live, clock, vectors, settings, onProblem });
  desk.start();
  return desk;
}
