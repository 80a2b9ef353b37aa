// Runs a program as a child as if it were run directly - its terminal, its signals, its exit code - and does one thing for it that it
// cannot do itself: where a marked call does not return, or takes the process with it, the child is ended, somebody is told whose call
// it was, and the program is started again. Every other death is the end.

import { constants } from "node:os";
import { type Blame, CallMark } from "./call-mark.ts";
import { watchCalls } from "./call-watch.ts";

/** Pauses before another life. */
const RESTART_MILLIS_MIN = 100;
/** Lives shorter than this, one after the other, that end in a call: then the program is given up. */
const GOOD_LIFE_MILLIS = 60_000;
const SHORT_LIVES_MAX = 5;
const EXIT_GIVEN_UP = 1;
/** Added to a signal's number, as shells do. */
const EXIT_SIGNAL = 128;

const PASSED_ON = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** A terminal sends its signals to the child as well: whether it has heard is known by then. */
const HEARD_MILLIS = 50;
/** Whoever asks again after this means it. */
const AGAIN_MILLIS = 1_000;
/** What native code dies of. */
const CRASHES: ReadonlySet<string> = new Set(["SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT", "SIGTRAP"]);

export interface KeeperOptions {
  /** The child's command line, given the file that it has to adopt as its mark. */
  readonly command: (markPath: string) => string[];
  /** Hears of it before the child is ended. */
  readonly onBlame: (blame: Blame) => void;
  /** Hears that the child is started again, or no more. */
  readonly onProblem: (message: string) => void;
}

type Child = Bun.Subprocess<"inherit", "inherit", "inherit">;

export class Keeper {
  readonly #options: KeeperOptions;
  #mark: CallMark;
  #child: Child | undefined;
  #askedMillis: number | undefined;
  #asked = Promise.withResolvers<void>();

  /** @throws where no memory can be shared with a child */
  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#mark = CallMark.create();
  }

  /** Resolves with the exit code of the last life. */
  async run(): Promise<number> {
    for (const signal of PASSED_ON) process.on(signal, () => this.#passOn(signal));
    for (let shortLives = 0; ;) {
      const bornMillis = performance.now();
      const { exitCode, blame } = await this.#live();
      if (blame === undefined || this.#mark.isEnding || this.#askedMillis !== undefined) return exitCode;
      shortLives = performance.now() - bornMillis < GOOD_LIFE_MILLIS ? shortLives + 1 : 1;
      if (shortLives > SHORT_LIVES_MAX) {
        this.#options.onProblem(
          `it was started again ${SHORT_LIVES_MAX} times and always came to such an end within ${GOOD_LIFE_MILLIS / 1_000} s: it is ` +
            "left alone now. See what was said of each model, then start it again",
        );
        return EXIT_GIVEN_UP;
      }
      const pauseMillis = RESTART_MILLIS_MIN * 2 ** (shortLives - 1);
      this.#options.onProblem(`started again in ${pauseMillis} ms`);
      await Promise.race([Bun.sleep(pauseMillis), this.#asked.promise]);
      if (this.#isAsked()) return exitCode;
      this.#mark = CallMark.create(this.#mark);
    }
  }

  /** A signal may have come while something was waited for. */
  #isAsked(): boolean {
    return this.#askedMillis !== undefined;
  }

  async #live(): Promise<{ exitCode: number; blame: Blame | undefined }> {
    const mark = this.#mark;
    let blame: Blame | undefined;
    const child = Bun.spawn(this.#options.command(mark.path), {
      stdio: ["inherit", "inherit", "inherit"],
    });
    this.#child = child;
    const stopWatching = watchCalls(mark, child.pid, (hung) => {
      blame = hung;
      this.#options.onBlame(hung);
      child.kill("SIGKILL");
    });
    await child.exited;
    stopWatching();
    this.#child = undefined;
    mark.discard();
    const signalCode = child.signalCode as NodeJS.Signals | null;
    const call = mark.running;
    if (blame === undefined && call !== undefined && CRASHES.has(signalCode ?? "")) {
      blame = { name: call.name, what: `its native call ended with ${signalCode}`, folder: mark.folder };
      this.#options.onBlame(blame);
    }
    const exitCode =
      signalCode === null ? (child.exitCode ?? EXIT_GIVEN_UP) : EXIT_SIGNAL + constants.signals[signalCode];
    return { exitCode, blame };
  }

  /** Once, and not to a child that has heard it already: a second one would end it in the middle of saving. */
  #passOn(signal: NodeJS.Signals): void {
    const nowMillis = performance.now();
    const first = this.#askedMillis;
    this.#askedMillis ??= nowMillis;
    this.#asked.resolve();
    // A terminal's interrupt goes to the whole group.
    if (signal === "SIGINT" && process.stdin.isTTY) return;
    if (first !== undefined) {
      if (nowMillis - first > AGAIN_MILLIS) this.#child?.kill(signal);
      return;
    }
    setTimeout(() => {
      if (!this.#mark.isEnding) this.#child?.kill(signal);
    }, HEARD_MILLIS);
  }
}
