// Closing positions. No control can block an exit; what can stop one is that it is on its way already, or that the
// market is closed. Whoever wanted out stays wanting: a failed exit is tried again, ever more slowly, until it fills.

import { assert } from "../base/assert.ts";
import type { Micros } from "../base/clock.ts";
import { type Instrument, isOpen } from "../domain/instrument.ts";
import type { Side } from "../domain/order.ts";
import type { DecisionMaker } from "../domain/pretrade.ts";
import type { Desk } from "./desk.ts";
import { EXIT_RETRY_MICROS_MAX, EXIT_RETRY_MICROS_MIN } from "./limits.ts";
import { sideOf, type TrackedPosition } from "./positions.ts";
import type { EntryLimits } from "./risk/check.ts";
import { approveExit, type ExitOrder, type RiskApproved } from "./risk/approval.ts";

interface ProposedExit extends ExitOrder {
  readonly position: TrackedPosition;
}

export class ExitDesk {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Marks a position to be closed, for the first reason that is given, and tries at once. */
  want(position: TrackedPosition, reason: string): void {
    if (position.exitReason !== "") return;
    position.exitReason = reason;
    position.exitAtMicros = this.#desk.nowMicros;
    this.#try(position);
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
    return this.#underway(position) ? Number.POSITIVE_INFINITY : position.exitAtMicros;
  }

  #try(position: TrackedPosition): void {
    const { nowMicros, instruments } = this.#desk;
    if (position.exitReason === "" || nowMicros < position.exitAtMicros || this.#underway(position)) return;
    const instrument = instruments[position.instrumentId];
    assert(instrument !== undefined, `position ${position.positionId} is in an unknown instrument`);
    if (!this.#reachable(instrument)) {
      position.exitAtMicros = Number.POSITIVE_INFINITY;
      return;
    }
    const wait = EXIT_RETRY_MICROS_MIN * 2 ** Math.min(position.exitAttempts++, 16);
    position.exitAtMicros = nowMicros + Math.min(wait, EXIT_RETRY_MICROS_MAX);
    this.#leave(this.#approve(position, instrument));
  }

  #approve(position: TrackedPosition, instrument: Instrument): RiskApproved<ProposedExit> {
    const { books, compliance, limits, nowMicros } = this.#desk;
    const volumeMicros = Math.abs(position.signedVolumeMicros);
    return approveExit(
      { position, volumeMicros, positionVolumeMicros: volumeMicros },
      {
        nowMicros,
        quoteTimeMicros: books.board.timeMicros(instrument.id),
        spreadPoints: books.board.askPoints(instrument.id) - books.board.bidPoints(instrument.id),
        spreadMaxPoints: instrument.spreadMaxPoints,
        compliance: compliance.figures(instrument.id, closingSide(position), nowMicros),
      },
      limits[instrument.id] as EntryLimits,
    );
  }

  #leave(approved: RiskApproved<ProposedExit>): void {
    const { position, volumeMicros } = approved.order;
    const desk = this.#desk;
    desk.tally.exits++;
    desk.intend({
      instrumentId: position.instrumentId,
      purpose: "exit",
      side: closingSide(position),
      volumeMicros,
      stopPricePoints: null,
      targetPricePoints: null,
      positionId: position.positionId,
      expiresAtMicros: desk.nowMicros + desk.settings.exitLifeMicros,
      checks: approved.checks,
      compliance: approved.compliance,
      reason: position.exitReason,
      decision: this.#deciderOf(position.exitReason),
      signal: null,
      marginMicros: 0,
      bySignal: false,
    });
  }

  #deciderOf(reason: string): DecisionMaker {
    const { decisionAlgorithm, killSwitch } = this.#desk;
    if (reason === "kill-switch") return { by: "kill-switch", id: killSwitch.trip?.by ?? null };
    // The command that the record's cause leads to names him.
    if (reason === "flatten") return { by: "person", id: null };
    return { by: "algorithm", id: decisionAlgorithm };
  }

  /** An exit of unknown outcome counts as on its way: sending it again blindly could close twice. */
  #underway(position: TrackedPosition): boolean {
    for (const order of this.#desk.books.orders.live) {
      if (order.positionId === position.positionId) return true;
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
