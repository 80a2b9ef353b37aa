// The kill switch of one account: pulled by anybody at any time, and lifted only by a command that names what pulled it. State of
// the account, so that it outlives restarts and a replay stands where the live system stood.

import type { Archive } from "../base/archive.ts";
import type { Micros } from "../base/clock.ts";
import { KILL_MODES, type KillMode } from "../domain/kill-switch.ts";
import { isStricter } from "../ports/kill-switch-store.ts";

export interface Trip {
  readonly mode: KillMode;
  readonly by: string;
  readonly reason: string;
  /** The record that tripped it: which trip this is. */
  readonly seq: number;
  readonly timeMicros: Micros;
}

export class KillSwitch {
  #trip: Trip | undefined;

  /** Undefined while it is armed. */
  get trip(): Trip | undefined {
    return this.#trip;
  }

  /** Trips it, or makes it stricter; false where it is as strict already and stays as it is. */
  pull(trip: Trip): boolean {
    if (!isStricter(trip.mode, this.#trip?.mode ?? "active")) return false;
    this.#trip = trip;
    return true;
  }

  /** Arms it again unless something else has tripped it since. */
  rearm(tripSeq: number): void {
    if (this.#trip?.seq === tripSeq) this.#trip = undefined;
  }

  persist(archive: Archive): void {
    if (!archive.boolean(this.#trip !== undefined)) {
      this.#trip = undefined;
      return;
    }
    const { mode, by, reason, seq, timeMicros } = this.#trip ?? BLANK;
    this.#trip = {
      mode: KILL_MODES[archive.number(KILL_MODES.indexOf(mode))] ?? "flatten",
      by: archive.text(by),
      reason: archive.text(reason),
      seq: archive.number(seq),
      timeMicros: archive.number(timeMicros),
    };
  }
}

const BLANK: Trip = { mode: "flatten", by: "", reason: "", seq: 0, timeMicros: 0 };
