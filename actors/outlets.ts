// Where emissions go. Actors are built with an outlet each and never learn whether they trade live or are being
// replayed: the engine turns all outlets to the router or to a replayer.

import type { Draft, Emitter } from "./ports/emitter.ts";

/** Takes what the actor at `path` says. */
export interface EmissionTarget {
  emitted(path: string, draft: Draft): void;
}

export class Outlets {
  #target: EmissionTarget | undefined;
  readonly #muted = new Set<string>();

  /** From now on everything goes to `target`; to nobody when undefined. */
  turnTo(target: EmissionTarget | undefined): void {
    this.#target = target;
  }

  /** While an actor goes through what it has heard before, nobody listens: it is all in the journal already. */
  mute(path: string, muted: boolean): void {
    if (muted) this.#muted.add(path);
    else this.#muted.delete(path);
  }

  unmuteAll(): void {
    this.#muted.clear();
  }

  /** The outlet of the actor at `path`. */
  of(path: string): Emitter {
    return {
      emit: (draft: Draft): void => {
        if (this.#muted.size > 0 && this.#muted.has(path)) return;
        this.#target?.emitted(path, draft);
      },
    };
  }
}
