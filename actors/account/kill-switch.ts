// The kill switch of one account: pulled by anybody at any time, and lifted only by a command that names what pulled it. One that was
// pulled for a tenant or for everything lies beside the account's own, and the strictest holds. State of the account, so that it
// outlives restarts and a replay stands where the live system stood.

import type { Archive } from "../base/archive.ts";
import type { Micros } from "../base/clock.ts";
import { KILL_LEVELS, KILL_MODES, type KillLevel, type KillMode } from "../domain/kill-switch.ts";
import { isStricter } from "../ports/kill-switch-store.ts";

export interface Trip {
  readonly level: KillLevel;
  readonly mode: KillMode;
  readonly by: string;
  readonly reason: string;
  /** The record that tripped it: which trip this is. */
  readonly seq: number;
  readonly timeMicros: Micros;
  /** See WideTrip; empty and false for the account's own. */
  readonly id: string;
  readonly isShared: boolean;
}

export class KillSwitch {
  /** By level. */
  readonly #trips: (Trip | undefined)[] = KILL_LEVELS.map(() => undefined);

  /** The strictest, of those that are as strict the narrowest; undefined while it is armed. */
  get trip(): Trip | undefined {
    let strictest: Trip | undefined;
    for (const trip of this.#trips) {
      if (trip !== undefined && isStricter(trip.mode, strictest?.mode ?? "active")) strictest = trip;
    }
    return strictest;
  }

  /** By reach, the account's own first. */
  get trips(): readonly Trip[] {
    return this.#trips.filter((trip) => trip !== undefined);
  }

  /**
   * Trips it, or makes it stricter; false where its level is as strict already and stays as it is, but for the name under which the
   * ledger has it.
   */
  pull(trip: Trip): boolean {
    const at = KILL_LEVELS.indexOf(trip.level);
    const now = this.#trips[at];
    if (isStricter(trip.mode, now?.mode ?? "active")) {
      this.#trips[at] = trip;
      return true;
    }
    if (now?.mode === trip.mode && trip.isShared && !now.isShared) {
      this.#trips[at] = { ...now, id: trip.id, isShared: true };
    }
    return false;
  }

  /** Lifts what record `tripSeq` tripped, unless something else has tripped that level since. */
  rearm(tripSeq: number): void {
    const at = this.#trips.findIndex((trip) => trip?.seq === tripSeq);
    if (at >= 0) this.#trips[at] = undefined;
  }

  persist(archive: Archive): void {
    for (let at = 0; at < KILL_LEVELS.length; at++) {
      const trip = this.#trips[at];
      this.#trips[at] = archive.boolean(trip !== undefined)
        ? persistTrip(trip ?? BLANK, archive, KILL_LEVELS[at] as KillLevel)
        : undefined;
    }
  }
}

const BLANK: Trip = {
  level: "account",
  mode: "flatten",
  by: "",
  reason: "",
  seq: 0,
  timeMicros: 0,
  id: "",
  isShared: false,
};

function persistTrip(trip: Trip, archive: Archive, level: KillLevel): Trip {
  return {
    level,
    mode: KILL_MODES[archive.number(KILL_MODES.indexOf(trip.mode))] ?? "flatten",
    by: archive.text(trip.by),
    reason: archive.text(trip.reason),
    seq: archive.number(trip.seq),
    timeMicros: archive.number(trip.timeMicros),
    id: archive.text(trip.id),
    isShared: archive.boolean(trip.isShared),
  };
}

type TripReach = Pick<Trip, "level" | "id" | "isShared">;

/** What is asked of it; one that names no reach is about the account alone. */
export type TripWish = Pick<Trip, "mode" | "by" | "reason"> & { readonly wide?: TripReach };

/** The reach of a trip that names none. */
export const OWN_REACH: TripReach = { level: "account", id: "", isShared: false };
