// A program under a keeper, and the keeper: `keep <life> <life> ...` runs one child for each life in turn, and every child does what its
// life says. What both say goes to one output.

import { CallMark } from "./call-mark.ts";
import { Keeper } from "./keeper.ts";

const PATIENCE_MILLIS = 500;
/** Long enough for a signal that comes twice to be seen. */
const COUNTED_MILLIS = 400;

function say(what: object): void {
  console.log(JSON.stringify(what));
}

async function keep(lives: readonly string[]): Promise<never> {
  const left = [...lives];
  const keeper = new Keeper({
    command: (mark) => [process.execPath, "--no-orphans", import.meta.path, "live", mark, left.shift() ?? ""],
    onBlame: (blame) => say({ blame }),
    onProblem: (problem) => say({ problem }),
  });
  process.exit(await keeper.run());
}

function live(path: string, life: string): void {
  const mark = CallMark.adopt(path);
  mark.folder = "/the/folder";
  say({ born: life, pid: process.pid, millisLeft: mark.millisLeft(10_000) });
  const slot = mark.slotOf(`the ${life}`, PATIENCE_MILLIS);
  switch (life) {
    case "exits":
      process.exit(7);
      return;
    case "spins":
      // Heard by nobody while it spins.
      process.on("SIGINT", () => undefined);
      mark.begin(slot);
      for (;;) if (performance.now() < 0) break;
      return;
    case "sleeps":
      mark.begin(slot);
      Bun.sleepSync(60_000);
      return;
    case "calls":
      // One call after the other, none of them long; and a long silence between two.
      for (const beginMillis = performance.now(); performance.now() - beginMillis < 900; mark.end()) {
        mark.begin(slot);
        Bun.sleepSync(5);
      }
      Bun.sleepSync(900);
      process.exit(0);
      return;
    case "crashes":
      mark.begin(slot);
      process.kill(process.pid, "SIGABRT");
      return;
    case "crashes outside":
      process.kill(process.pid, "SIGABRT");
      return;
    default:
      waitForSignals(mark);
  }
}

function waitForSignals(mark: CallMark): void {
  const heard: string[] = [];
  setInterval(() => undefined, 1_000);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
    process.on(signal, () => {
      heard.push(signal);
      if (heard.length > 1) return;
      mark.tellEnding();
      setTimeout(() => {
        say({ heard });
        process.exit(3);
      }, COUNTED_MILLIS);
    });
  }
  say({ ready: true });
}

const [what = "", ...rest] = process.argv.slice(2);
if (what === "keep") await keep(rest);
else live(rest[0] ?? "", rest[1] ?? "");
