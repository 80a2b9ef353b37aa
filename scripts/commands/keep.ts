// Who watches over `tickforge start`: the process that was started, while a child of it trades. A model whose native call does not
// return, or ends the child, goes into quarantine, and the system comes back without it.

import { join } from "node:path";
import { LEAVE } from "../../edge/terminal/screen.ts";
import { quarantineBlamed } from "../../storage/models/quarantine.ts";
import type { Blame } from "../../storage/process/call-mark.ts";
import { Keeper } from "../../storage/process/keeper.ts";

/** Ends the watching before it begins. */
export const UNKEPT_FLAG = "--no-keeper";
/** Said to the child: it is watched over. */
export const KEPT_FLAG = "--kept";

/** @returns the exit code; undefined where these arguments are for this process itself */
export async function keep(args: readonly string[]): Promise<number | undefined> {
  const [command, ...rest] = args;
  if (command !== "start" || rest.includes(KEPT_FLAG) || rest.includes(UNKEPT_FLAG)) return undefined;
  const keeper = openKeeper(rest);
  return await keeper?.run();
}

function openKeeper(args: readonly string[]): Keeper | undefined {
  const program = join(import.meta.dir, "../tickforge.ts");
  try {
    return new Keeper({
      // The flag ends the child when this process is killed outright: then all of it is gone, as ever.
      command: (mark) => [process.execPath, "--no-orphans", program, "start", KEPT_FLAG, mark, ...args],
      onBlame: quarantine,
      onProblem: (message) => console.error(`the trading process: ${message}`),
    });
  } catch (error) {
    console.error(
      `nobody watches over this process, since no memory can be shared with another here (${String(error)}): a model that never ` +
        "answers stops trading until it is started again",
    );
    return undefined;
  }
}

function quarantine(blame: Blame): void {
  // It leaves no picture of the system behind.
  if (process.stdout.isTTY) process.stdout.write(LEAVE);
  console.error(quarantineBlamed(blame, "the trading process"));
}
