// What trips the kill switch by itself: a day's loss, a drawdown, silence of a symbol that a position is open in, or books that differ from the broker's. Each is off
// unless settings name its mode, and trips once: after a person has re-armed the switch, what still holds does not trip it again
// until it has ended in between.

import type { Archive } from "../base/archive.ts";
import { MICROS_PER_SECOND, type Micros } from "../base/clock.ts";
import { type Instrument, openSinceMicros } from "../domain/instrument.ts";
import type { KillMode } from "../domain/kill-switch.ts";
import { MICROS_PER_UNIT } from "../domain/money.ts";
import type { Desk } from "./desk.ts";
import type { Trip } from "./kill-switch.ts";
import type { TrackedPosition } from "./positions.ts";
import { resolveLimits, type RiskLimits } from "./risk/limits.ts";
import { dailyLossLimit } from "./risk/standing-controls.ts";

/** Which of them trip it, and how; those that are left out do not. Their limits are those of the controls. */
export interface KillTriggerSettings {
  readonly onDailyLoss?: KillMode | undefined;
  readonly onTrailingDrawdown?: KillMode | undefined;
  readonly onAbsoluteDrawdown?: KillMode | undefined;
  /** Our books and the broker's differ, and nobody has accepted or settled it yet. */
  readonly onMismatch?: KillMode | undefined;
  readonly onStall?: { readonly mode: KillMode; readonly afterMicros: number } | undefined;
}

/** Position is the place in the state: append, never reorder. They are also the names under which they trip it. */
const TRIGGERS = [
  "daily-loss",
  "trailing-drawdown",
  "absolute-drawdown",
  "data-stall",
  "books-differ",
] as const;

type Pull = Pick<Trip, "mode" | "by" | "reason">;

const NONE: readonly Pull[] = [];

export class KillTriggers {
  readonly #desk: Desk;
  readonly #settings: KillTriggerSettings;
  readonly #limits: RiskLimits | undefined;
  /** By trigger: 1 while its condition holds. */
  readonly #holds = new Float64Array(TRIGGERS.length);

  constructor(desk: Desk) {
    const { settings, instruments } = desk;
    this.#desk = desk;
    this.#settings = settings.killSwitch ?? {};
    // Limits of the account as a whole are the same whatever the instrument.
    this.#limits = instruments[0] === undefined ? undefined : resolveLimits(settings.risk, instruments[0]);
  }

  /** Those whose condition has just begun to hold. */
  look(): readonly Pull[] {
    if (this.#desk.settings.killSwitch === undefined) return NONE;
    const { onDailyLoss, onTrailingDrawdown, onAbsoluteDrawdown, onStall, onMismatch } = this.#settings;
    const pulls: Pull[] = [];
    this.#judge(pulls, 0, onDailyLoss, onDailyLoss === undefined ? "" : this.#dailyLoss());
    this.#judge(pulls, 1, onTrailingDrawdown, onTrailingDrawdown === undefined ? "" : this.#trailing());
    this.#judge(pulls, 2, onAbsoluteDrawdown, onAbsoluteDrawdown === undefined ? "" : this.#absolute());
    this.#judge(pulls, 3, onStall?.mode, onStall === undefined ? "" : this.#stall(onStall.afterMicros));
    this.#judge(pulls, 4, onMismatch, onMismatch === undefined ? "" : this.#mismatch());
    return pulls;
  }

  /** When a position's symbol will have been silent for too long; Infinity where nobody asks. */
  dueMicros(position: TrackedPosition): Micros {
    const { onStall } = this.#settings;
    if (onStall === undefined) return Number.POSITIVE_INFINITY;
    const { nowMicros } = this.#desk;
    const dueMicros = this.#heardMicros(position) + onStall.afterMicros;
    // While its market is closed, and while it is silent already, it is looked at again every so often.
    return dueMicros > nowMicros ? dueMicros : nowMicros + onStall.afterMicros;
  }

  persist(archive: Archive): void {
    archive.growing(this.#holds);
  }

  /** @param reason empty while the condition does not hold */
  #judge(pulls: Pull[], trigger: number, mode: KillMode | undefined, reason: string): void {
    const held = this.#holds[trigger] === 1;
    this.#holds[trigger] = reason === "" ? 0 : 1;
    if (mode !== undefined && reason !== "" && !held) {
      pulls.push({ mode, by: TRIGGERS[trigger] as string, reason });
    }
  }

  #dailyLoss(): string {
    const { books, settings } = this.#desk;
    const limit = dailyLossLimit(books.dayStartEquityMicros, settings);
    return this.#reached("the day's loss", books.dayLossMicros, limit);
  }

  #trailing(): string {
    if (this.#limits === undefined) return "";
    const { trailingDrawdownFrom, trailingDrawdownMaxMicros } = this.#limits;
    const fall = this.#desk.books.drawdown.trailing(trailingDrawdownFrom);
    return this.#reached("the fall below the high-water mark", fall, trailingDrawdownMaxMicros);
  }

  #absolute(): string {
    const limit = this.#limits?.absoluteDrawdownMaxMicros ?? null;
    return this.#reached("the fall below the starting balance", this.#desk.books.drawdown.absolute, limit);
  }

  #reached(what: string, micros: number, limitMicros: number | null): string {
    if (limitMicros === null || !(micros >= limitMicros)) return "";
    const { currency } = this.#desk.settings;
    return `${what} has reached ${micros / MICROS_PER_UNIT} ${currency} of ${limitMicros / MICROS_PER_UNIT}`;
  }

  #mismatch(): string {
    const { standing } = this.#desk.reconciliation;
    const [first] = standing;
    return first === undefined
      ? ""
      : `the broker's books differ in ${standing.length} respects: ${first.message}`;
  }

  #stall(afterMicros: number): string {
    const { books, instruments, nowMicros } = this.#desk;
    for (const position of books.positions.open) {
      if (!(nowMicros - this.#heardMicros(position) >= afterMicros)) continue;
      const symbol = instruments[position.instrumentId]?.symbol ?? "";
      return `${symbol} has a position and was not quoted for ${afterMicros / MICROS_PER_SECOND} s of its open market`;
    }
    return "";
  }

  /** Since when its symbol is silent while it could be quoted; NaN while its market is closed. */
  #heardMicros(position: TrackedPosition): Micros {
    const { books, instruments, nowMicros } = this.#desk;
    const quoteMicros = books.board.timeMicros(position.instrumentId);
    const heardMicros = Number.isNaN(quoteMicros) ? position.openTimeMicros : quoteMicros;
    const openMicros = openSinceMicros(instruments[position.instrumentId] as Instrument, nowMicros);
    return Math.max(heardMicros, openMicros);
  }
}
