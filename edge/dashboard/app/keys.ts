// The keyboard: which key means what. Pure, so that the help and the tests read the same table.

import { BAR_INTERVALS, type BarInterval } from "../../../actors/domain/bar.ts";

export type KeyAction =
  | { readonly kind: "symbol"; readonly step: 1 | -1 }
  | { readonly kind: "interval"; readonly interval: BarInterval }
  | { readonly kind: "help" | "close" | "theme" | "filter" | "latest" | "retry" };

/** For the help: the keys and what they do. */
export const KEY_HELP: readonly (readonly [keys: readonly string[], meaning: string])[] = [
  [["↑", "↓"], "previous or next symbol"],
  [["1", "–", "7"], `bar size: ${BAR_INTERVALS.join(", ")}`],
  [["End"], "chart to the newest bar"],
  [["/"], "find a symbol"],
  [["T"], "light or dark"],
  [["R"], "connect again now"],
  [["?"], "this help"],
  [["Esc"], "close"],
];

export interface KeyPress {
  readonly key: string;
  readonly hasModifier: boolean;
  /** Whether a text field has the focus: keys are text there. */
  readonly isTyping: boolean;
  /** Whether the focus lies in something that uses the arrows itself. */
  readonly ownsArrows: boolean;
}

/** Undefined: the browser's business. */
export function keyAction(press: KeyPress): KeyAction | undefined {
  if (press.hasModifier) return undefined;
  if (press.key === "Escape") return { kind: "close" };
  if (press.isTyping) return undefined;
  switch (press.key) {
    case "ArrowDown":
    case "ArrowUp":
      if (press.ownsArrows) return undefined;
      return { kind: "symbol", step: press.key === "ArrowDown" ? 1 : -1 };
    case "End":
      return { kind: "latest" };
    case "?":
      return { kind: "help" };
    case "/":
      return { kind: "filter" };
    case "t":
    case "T":
      return { kind: "theme" };
    case "r":
    case "R":
      return { kind: "retry" };
    default: {
      const interval = /^[1-9]$/.test(press.key) ? BAR_INTERVALS[Number(press.key) - 1] : undefined;
      return interval === undefined ? undefined : { kind: "interval", interval };
    }
  }
}
