// Runs one projection for as long as its process lives: call after call while it is behind, a look now and then when it is
// level, and an ear for what people want of it.

import type { ProjectionControl, ProjectionId } from "./control.ts";
import type { Advance, ProjectionStatus } from "./projection.ts";

/** How long to wait when there is nothing to do. */
const LEVEL_MILLIS = 100;
/** How often people's wishes are looked for, and the state is written down for them. */
const CONTROL_MILLIS = 1_000;

/** What a runner needs of a projection. */
export interface Runnable {
  readonly status: ProjectionStatus;
  pause(): void;
  resume(): void;
  rebuild(): Promise<boolean>;
  advance(): Promise<Advance>;
  catchUp(): Promise<boolean>;
  close(): void;
}

export class ProjectionRunner {
  readonly #projection: Runnable;
  readonly #control: ProjectionControl;
  readonly #waits: () => boolean;
  readonly #stopping = new AbortController();
  #wake: (() => void) | undefined;
  #lookedMillis = 0;

  /** @param waits whether others go first now */
  constructor(projection: Runnable, control: ProjectionControl, waits: () => boolean = () => false) {
    this.#projection = projection;
    this.#control = control;
    this.#waits = waits;
  }

  get id(): ProjectionId {
    return this.#control.id;
  }

  get status(): ProjectionStatus {
    return this.#projection.status;
  }

  /** Ends with what is durable stored, if the store lets it, once {@link stop} was called. */
  async run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      await this.#obey();
      const outcome = this.#waits() ? "level" : await this.#projection.advance();
      // Messages are heard between two turns.
      await (outcome === "behind" ? Bun.sleep(0) : this.#rest());
    }
    // Who has to wait now goes on at the next start.
    if (!this.#waits()) await this.#projection.catchUp();
    this.#control.tell(this.#projection.status, new Date().toISOString());
    this.#projection.close();
  }

  stop(): void {
    this.#stopping.abort();
    this.#wake?.();
  }

  async #obey(): Promise<void> {
    if (Date.now() - this.#lookedMillis < CONTROL_MILLIS) return;
    this.#lookedMillis = Date.now();
    if (this.#control.paused) this.#projection.pause();
    else this.#projection.resume();
    if (this.#control.rebuilds && (await this.#projection.rebuild())) this.#control.rebuilds = false;
    this.#control.tell(this.#projection.status, new Date().toISOString());
  }

  async #rest(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      setTimeout(resolve, LEVEL_MILLIS);
    });
  }
}
