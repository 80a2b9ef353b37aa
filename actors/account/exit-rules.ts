// What a price does to an open position besides its stop and target at the broker: the stop follows it, and part of the volume is closed
// on the way to the target. Off unless settings say how.

import type { Instrument } from "../domain/instrument.ts";
import type { Desk } from "./desk.ts";
import type { FollowUps } from "./follow-ups.ts";
import type { TrackedPosition } from "./positions.ts";
import type { EntryLimits } from "./risk/check.ts";

export class ExitRules {
  readonly #desk: Desk;
  readonly #followUps: FollowUps;

  constructor(desk: Desk, followUps: FollowUps) {
    this.#desk = desk;
    this.#followUps = followUps;
  }

  /** The position's instrument was quoted. Returns whether anything was begun. */
  look(position: TrackedPosition): boolean {
    const { exits } = this.#desk.settings;
    if (exits === undefined || position.exitReason !== "") return false;
    const { board } = this.#desk.books;
    const id = position.instrumentId;
    const long = position.signedVolumeMicros > 0;
    const pricePoints = long ? board.bidPoints(id) : board.askPoints(id);
    const away = long ? 1 : -1;
    const takes = this.#takePart(position, pricePoints);
    return this.#trail(position, pricePoints, away) || takes;
  }

  /** Only ever nearer to the price, and by a step at least. */
  #trail(position: TrackedPosition, pricePoints: number, away: number): boolean {
    const { trailing } = this.#desk.settings.exits ?? {};
    const { trailPoints, stopPricePoints, targetPricePoints, positionId: subject } = position;
    // NaN, of a stop that stays or is not there, fails the comparison.
    const stepPoints = Math.max(1, Math.round(trailPoints * (trailing?.stepFraction ?? Number.NaN)));
    const wanted = pricePoints - away * trailPoints;
    if (!(away * (wanted - stopPricePoints) >= stepPoints)) return false;
    if (this.#followUps.has("stop-move", subject) || !this.#mayWrite(position)) return false;
    this.#followUps.begin({
      kind: "stop-move",
      subject,
      stopPricePoints: wanted,
      targetPricePoints,
      reason: "trailing-stop",
    });
    return true;
  }

  #takePart(position: TrackedPosition, pricePoints: number): boolean {
    const { partial } = this.#desk.settings.exits ?? {};
    if (partial === undefined || position.partTaken) return false;
    const heldMicros = Math.abs(position.signedVolumeMicros);
    const openPoints = position.signedCost / position.signedVolumeMicros;
    const way = (pricePoints - openPoints) / (position.targetPricePoints - openPoints);
    if (!(way >= partial.atTargetFraction)) return false;
    position.partTaken = true;
    const { volumeStepMicros, volumeMinMicros } = this.#desk.instruments[position.instrumentId] as Instrument;
    const steps = Math.floor((heldMicros * partial.volumeFraction) / volumeStepMicros);
    const volumeMicros = steps * volumeStepMicros;
    if (volumeMicros < volumeMinMicros || heldMicros - volumeMicros < volumeMinMicros) return false;
    const { positionId: subject } = position;
    this.#followUps.begin({ kind: "close-part", subject, volumeMicros, reason: "part-of-target" });
    return true;
  }

  /** Room is left for what matters more: moving a stop never uses up the messages that an entry may still need. */
  #mayWrite({ instrumentId }: TrackedPosition): boolean {
    const { memory, limits, nowMicros } = this.#desk;
    const { messagesPerMinuteMax, messagesPerSecondMax } = (limits[instrumentId] as EntryLimits).risk;
    const { inSecond, inMinute } = memory.messages(nowMicros);
    return (
      (messagesPerSecondMax === null || inSecond + 1 < messagesPerSecondMax) &&
      (messagesPerMinuteMax === null || inMinute + 1 < messagesPerMinuteMax)
    );
  }
}
