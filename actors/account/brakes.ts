// What stops an account: the mode that people set, the kill switch over it, and the wish to be out of everything.

import type { Archive } from "../base/archive.ts";
import type { Desk } from "./desk.ts";
import type { ExitDesk } from "./exit-desk.ts";
import { OWN_REACH, type TripWish } from "./kill-switch.ts";
import { KillTriggers } from "./kill-triggers.ts";
import type { TrackedPosition } from "./positions.ts";
import type { AccountMode } from "./risk/check.ts";

export class Brakes {
  readonly triggers: KillTriggers;
  readonly #desk: Desk;
  readonly #exits: ExitDesk;
  /** Set by the command `flatten` until entries are resumed: what still fills is closed at once. */
  #flattening = false;

  constructor(desk: Desk, exits: ExitDesk) {
    this.#desk = desk;
    this.#exits = exits;
    this.triggers = new KillTriggers(desk);
  }

  flatten(): void {
    this.#desk.mode = "halted";
    this.#flattening = true;
    for (const position of this.#desk.books.positions.open) this.#exits.urge(position, "flatten");
  }

  /** Who lets the account trade again no longer closes what fills. */
  setMode(mode: AccountMode): void {
    this.#desk.mode = mode;
    if (mode === "active") this.#flattening = false;
  }

  /** Whatever has gone too far trips the kill switch, and says so. Returns whether anything has. */
  watch(): boolean {
    const pulls = this.triggers.look();
    const { emitter, causeSeq, nowMicros: timeMicros, settings } = this.#desk;
    for (const pull of pulls) {
      emitter.emit({ kind: "tripped", seq: 0, timeMicros, accountId: settings.accountId, causeSeq, ...pull });
      this.trip(pull);
    }
    return pulls.length > 0;
  }

  trip({ mode, by, reason, wide = OWN_REACH }: TripWish): void {
    const { killSwitch, books, causeSeq: seq, nowMicros: timeMicros } = this.#desk;
    if (!killSwitch.pull({ ...wide, mode, by, reason, seq, timeMicros })) return;
    for (const position of books.positions.open) {
      if (killSwitch.trip?.mode === "flatten") this.#exits.urge(position, "kill-switch");
      else this.filled(position);
    }
  }

  /** A position is there: it is not to stay while everything is to be closed. */
  filled(position: TrackedPosition): void {
    if (this.#desk.killSwitch.trip?.mode === "flatten") this.#exits.want(position, "kill-switch");
    else if (this.#flattening) this.#exits.want(position, "flatten");
  }

  persist(archive: Archive): void {
    this.triggers.persist(archive);
    this.#flattening = archive.boolean(this.#flattening);
  }
}
