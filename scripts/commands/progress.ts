// A progress bar on a terminal, and nothing where nobody looks.

import type { WriteStream } from "node:tty";

const WIDTH = 28;
const SHOW_EVERY_MILLIS = 100;

export class Progress {
  readonly #out: WriteStream | undefined;
  readonly #title: string;
  readonly #startMillis = performance.now();
  #shownMillis = 0;

  /** @param out where to draw; nothing is drawn when it is undefined or no terminal */
  constructor(out: WriteStream | undefined, title: string) {
    this.#out = out?.isTTY === true ? out : undefined;
    this.#title = title;
  }

  /** @param share done, 0..1; anything else draws an empty bar */
  show(share: number, detail: string): void {
    const nowMillis = performance.now();
    if (this.#out === undefined || nowMillis - this.#shownMillis < SHOW_EVERY_MILLIS) return;
    this.#shownMillis = nowMillis;
    const done = share >= 0 && share <= 1 ? share : 0;
    const filled = Math.round(done * WIDTH);
    const bar = "#".repeat(filled) + "-".repeat(WIDTH - filled);
    const leftSeconds = done > 0 ? (((nowMillis - this.#startMillis) / 1_000) * (1 - done)) / done : 0;
    this.#out.write(
      `\r${this.#title} [${bar}] ${(100 * done).toFixed(0).padStart(3)} %  ${detail}  ${leftSeconds.toFixed(0)} s left  `,
    );
  }

  done(): void {
    if (this.#shownMillis > 0) this.#out?.write(`\r${" ".repeat(this.#out.columns - 1)}\r`);
  }
}
