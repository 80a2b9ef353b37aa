// Closing positions. No control can block an exit; what can stop one is that it is on its way already, or that the
// market is closed. Whoever wanted out stays wanting: a failed exit is tried again, ever more slowly, until it fills.

import { assert } from "../base/assert.ts";
import type { Micros } from "../base/clock.ts";
import { type Instrument, isOpen } from "../domain/instrument.ts";
import type { Side } from "../domain/order.ts";
import { type Answer, TAKEN } from "./answers.ts";
import type { Desk } from "./desk.ts";
import { EXIT_RETRY_MICROS_MAX, EXIT_RETRY_MICROS_MIN } from "./limits.ts";
import { sideOf, type TrackedPosition } from "./positions.ts";
import { approveExit, type ExitOrder, type RiskApproved } from "./risk/approval.ts";

interface ProposedExit extends ExitOrder {
  readonly position: TrackedPosition;
  readonly reason: string;
  /** The opposite position that closes it; null for one that is closed at the market. */
  readonly by: TrackedPosition | null;
}

export class ExitDesk {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Marks a position to be closed, for the first reason that is given, and tries at once. */
  want(position: TrackedPosition, reason: string): Answer {
    if (position.exitReason !== "") return TAKEN;
    position.exitReason = reason;
    position.exitAtMicros = this.#desk.nowMicros;
    return this.#try(position) ?? TAKEN;
  }

  /** As {@link want}, for somebody who does not wait until a failed exit is due again. */
  urge(position: TrackedPosition, reason: string): Answer {
    if (position.exitReason === "") return this.want(position, reason);
    position.exitAtMicros = this.#desk.nowMicros;
    return this.#try(position) ?? TAKEN;
  }

  /** Closes part of a position, once: whoever wants it tries again. Undefined while that cannot be sent. */
  part(position: TrackedPosition, volumeMicros: number, reason: string): Answer | undefined {
    const instrument = this.#instrumentOf(position);
    if (this.underway(position) || !this.#reachable(instrument)) return undefined;
    return this.#leave(this.#approve({ position, volumeMicros, reason, by: null }, instrument));
  }

  /** Closes two opposite positions by each other, as far as the smaller one goes. */
  pair(position: TrackedPosition, by: TrackedPosition, reason: string): Answer {
    const volumeMicros = Math.min(Math.abs(position.signedVolumeMicros), Math.abs(by.signedVolumeMicros));
    const proposed = { position, volumeMicros, reason, by };
    return this.#leave(this.#approve(proposed, this.#instrumentOf(position)));
  }

  /** Tries every exit again that is due and not on its way. */
  retry(): void {
    for (const position of this.#desk.books.positions.open) this.#try(position);
  }

  /** The instrument was quoted: an exit that waited for its market goes out. Returns whether one did. */
  marketIsBack(position: TrackedPosition): boolean {
    if (position.exitReason === "" || position.exitAtMicros !== Number.POSITIVE_INFINITY) return false;
    position.exitAtMicros = this.#desk.nowMicros;
    this.#try(position);
    return true;
  }

  /** When a position must be looked at again; Infinity while only a report or a quote can move it. */
  dueMicros(position: TrackedPosition): Micros {
    if (position.exitReason === "") return position.openTimeMicros + this.#desk.settings.positionAgeMaxMicros;
    return this.underway(position) ? Number.POSITIVE_INFINITY : position.exitAtMicros;
  }

  #try(position: TrackedPosition): Answer | undefined {
    const { nowMicros } = this.#desk;
    const { exitReason: reason } = position;
    if (reason === "" || nowMicros < position.exitAtMicros || this.underway(position)) return undefined;
    const instrument = this.#instrumentOf(position);
    if (!this.#reachable(instrument)) {
      position.exitAtMicros = Number.POSITIVE_INFINITY;
      return undefined;
    }
    const wait = EXIT_RETRY_MICROS_MIN * 2 ** Math.min(position.exitAttempts++, 16);
    position.exitAtMicros = nowMicros + Math.min(wait, EXIT_RETRY_MICROS_MAX);
    const volumeMicros = Math.abs(position.signedVolumeMicros);
    return this.#leave(this.#approve({ position, volumeMicros, reason, by: null }, instrument));
  }

  #approve(
    exit: Omit<ProposedExit, "positionVolumeMicros">,
    instrument: Instrument,
  ): RiskApproved<ProposedExit> {
    const { books, nowMicros, settings } = this.#desk;
    return approveExit(
      { ...exit, positionVolumeMicros: Math.abs(exit.position.signedVolumeMicros) },
      {
        nowMicros,
        quoteTimeMicros: books.board.timeMicros(instrument.id),
        spreadPoints: books.board.askPoints(instrument.id) - books.board.bidPoints(instrument.id),
        spreadMaxPoints: instrument.spreadMaxPoints,
        compliance: this.#desk.evidence(instrument.id, closingSide(exit.position)),
      },
      settings,
    );
  }

  #leave(approved: RiskApproved<ProposedExit>): Answer {
    const { position, volumeMicros, reason, by } = approved.order;
    const desk = this.#desk;
    desk.tally.exits++;
    return desk.intend({
      instrumentId: position.instrumentId,
      purpose: "exit",
      side: closingSide(position),
      volumeMicros,
      stopPricePoints: null,
      targetPricePoints: null,
      positionId: position.positionId,
      ...(by === null ? {} : { byPositionId: by.positionId }),
      expiresAtMicros: desk.nowMicros + desk.settings.exitLifeMicros,
      checks: approved.checks,
      compliance: approved.compliance,
      reason,
      marginMicros: 0,
      bySignal: false,
    });
  }

  #instrumentOf({ instrumentId, positionId }: TrackedPosition): Instrument {
    const instrument = this.#desk.instruments[instrumentId];
    assert(instrument !== undefined, `position ${positionId} is in an unknown instrument`);
    return instrument;
  }

  /** An exit of unknown outcome counts as on its way: sending it again blindly could close twice. */
  underway({ positionId }: TrackedPosition): boolean {
    for (const order of this.#desk.books.orders.live) {
      if (order.purpose !== "exit") continue;
      if (order.positionId === positionId || order.byPositionId === positionId) return true;
    }
    return false;
  }

  /** While the market is closed and silent there is nobody to send an exit to: the next quote tries again. */
  #reachable(instrument: Instrument): boolean {
    const { books, nowMicros, settings } = this.#desk;
    if (isOpen(instrument, nowMicros)) return true;
    return nowMicros - books.board.timeMicros(instrument.id) <= settings.quoteAgeMaxMicros;
  }
}

function closingSide(position: TrackedPosition): Side {
  return sideOf(position) === "BUY" ? "SELL" : "BUY";
}
