// The wish to stop: Ctrl-C, SIGTERM, a closed terminal, a reader of the output that went away, or a reason of the command itself. It is
// listened for from the first moment, because a kill while a folder is being opened must end as cleanly as any other.

export const EXIT_INTERRUPTED = 130;

export class StopRequest {
  readonly #stopped: Promise<void>;
  #resolve: () => void = () => undefined;
  #reason = "";

  constructor() {
    this.#stopped = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    // SIGHUP: the terminal was closed.
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => this.stop(signal));
    process.stdout.on("error", () => this.stop("the output was closed"));
  }

  /** Why to stop; empty while nobody asked. */
  get reason(): string {
    return this.#reason;
  }

  /** The first reason counts. */
  stop(reason: string): void {
    if (this.#reason === "") this.#reason = reason;
    this.#resolve();
  }

  /** Resolves when somebody asks, at once if somebody has. */
  async wanted(): Promise<void> {
    await this.#stopped;
  }
}
