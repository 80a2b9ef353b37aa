// What commands share that do something to orders and positions: their key, their figures, and what is said of what came of them.

import { type Command, InvalidArgumentError } from "commander";
import type { Result } from "../../actors/base/result.ts";
import type { DeedMessage } from "../../edge/api/order-schemas.ts";
import { EXIT_FAILED, valueOrExit } from "./common.ts";
import { talking, type TalkFlags } from "./running.ts";

export interface DeedFlags extends TalkFlags {
  readonly key?: string;
}

export function keyed(command: Command): Command {
  return talking(command).option(
    "--key <name>",
    "your own name for this: said again with the same key, nothing is done again",
  );
}

export function decimalFlag(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError(`"${text}" is not a number above zero`);
}

/** A level that may be taken away: 0 says so, since the parser of flags makes a text of null. */
export function levelFlag(text: string): number {
  return text === "none" ? 0 : decimalFlag(text);
}

export function levelOf(flag: number | undefined): number | null | undefined {
  return flag === 0 ? null : flag;
}

export function sideArgument(text: string): "BUY" | "SELL" {
  const side = text.toUpperCase();
  if (side === "BUY" || side === "SELL") return side;
  throw new InvalidArgumentError(`"${text}" is neither buy nor sell`);
}

/** An outcome that is not known ends with 1, as one that failed does: a script must not take it for done. */
export function told({ json }: DeedFlags, result: Result<DeedMessage, string>): void {
  const deed = valueOrExit(result);
  if (json) console.log(JSON.stringify(deed));
  else if (deed.status === "unknown") console.error(`outcome-unknown: ${deed.reason}`);
  else console.log(sentenceOf(deed));
  if (deed.status === "unknown") process.exit(EXIT_FAILED);
}

function sentenceOf({ id, status, symbol, filledLots, price, positionId }: DeedMessage): string {
  const fill = filledLots > 0 ? ` ${filledLots} lots at ${price ?? "?"}` : "";
  const position = positionId === null ? "" : `, position ${positionId}`;
  return `${symbol} ${id ?? ""}: ${status}${fill}${position}`;
}
