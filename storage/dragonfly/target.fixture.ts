// For tests: an address that is known to be right.

import { type DragonflyTarget, parseTarget } from "./target.ts";

export function targetOf(address: string): DragonflyTarget {
  const target = parseTarget(address);
  if (!target.ok) throw new Error(target.message);
  return target.value;
}
