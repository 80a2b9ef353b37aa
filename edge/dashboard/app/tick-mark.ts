// Marks on a chart's time axis, in the zone of whoever looks.

import { TickMarkType } from "lightweight-charts";
import { clock, day } from "./format.ts";

export function tickMark(millis: number, type: TickMarkType): string {
  if (type <= TickMarkType.DayOfMonth) return day(millis);
  return type === TickMarkType.TimeWithSeconds ? clock(millis) : clock(millis).slice(0, 5);
}
