// What all advisers together may cost on a UTC day, in calls and in money. A call is paid for before it is made, by the most
// it can cost, and what it did cost is put in place of that after: what is spent is never less than what is written.

import { type Clock, MICROS_PER_DAY, type Micros } from "../../actors/base/clock.ts";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import type { Spending, SpendingStore } from "../../actors/ports/spending.ts";

export interface BudgetLimits {
  readonly callsPerDay: number;
  readonly costPerDayMicros: number;
}

/** What a call was paid with. */
export interface Reservation {
  readonly day: string;
  readonly costMicros: number;
}

export class Budget {
  readonly limits: BudgetLimits;
  readonly #clock: Clock;
  readonly #store: SpendingStore;
  #day: string;
  #calls: number;
  #costMicros: number;
  /** Saves follow one another: the last one says it all. */
  #saved: Promise<unknown> = Promise.resolve();

  /** Goes on where the last process was. */
  static async open(
    options: BudgetLimits & { clock: Clock; store: SpendingStore },
  ): Promise<Result<Budget, "spending-unreadable">> {
    const last = await options.store.load();
    return last.ok ? ok(new Budget(options, last.value)) : last;
  }

  private constructor(
    options: BudgetLimits & { clock: Clock; store: SpendingStore },
    last: Spending | undefined,
  ) {
    const { callsPerDay, costPerDayMicros } = options;
    this.limits = { callsPerDay, costPerDayMicros };
    this.#clock = options.clock;
    this.#store = options.store;
    this.#day = last?.day ?? "";
    this.#calls = last?.calls ?? 0;
    this.#costMicros = last?.costMicros ?? 0;
  }

  /** Today's, as far as is known. */
  get spent(): Spending {
    this.#turnDay();
    return { day: this.#day, calls: this.#calls, costMicros: this.#costMicros };
  }

  /** Pays for one call of at most so much. After success the caller says what it did cost: {@link settle}. */
  async reserve(costMicros: number): Promise<Result<Reservation, "budget-spent" | "spending-unwritten">> {
    this.#turnDay();
    const { callsPerDay, costPerDayMicros } = this.limits;
    if (this.#calls + 1 > callsPerDay || this.#costMicros + costMicros > costPerDayMicros) {
      return failure("budget-spent", "the day's budget for advisers is spent: it begins anew at 00:00 UTC", {
        recoverable: true,
      });
    }
    const reservation = { day: this.#day, costMicros };
    this.#calls++;
    this.#costMicros += costMicros;
    const saved = await this.#save();
    if (saved.ok) return ok(reservation);
    if (this.#isToday(reservation)) {
      this.#calls--;
      this.#costMicros -= costMicros;
    }
    return saved;
  }

  /** The call cost `costMicros`, not the most it could. */
  async settle(reservation: Reservation, costMicros: number): Promise<void> {
    // Paid for yesterday: nothing of it is today's.
    if (!this.#isToday(reservation)) return;
    this.#costMicros += costMicros - reservation.costMicros;
    await this.#save();
  }

  #isToday({ day }: Reservation): boolean {
    this.#turnDay();
    return day === this.#day;
  }

  /** A clock that was set back does not bring a day back. */
  #turnDay(): void {
    const today = dayOf(this.#clock.nowMicros());
    if (today <= this.#day) return;
    this.#day = today;
    this.#calls = 0;
    this.#costMicros = 0;
  }

  async #save(): Promise<Result<void, "spending-unwritten">> {
    const saving = this.#saved.then(async () => await this.#store.save(this.spent));
    this.#saved = saving;
    return await saving;
  }
}

function dayOf(micros: Micros): string {
  const midnightMicros = Math.floor(micros / MICROS_PER_DAY) * MICROS_PER_DAY;
  return new Date(midnightMicros / 1_000).toISOString().slice(0, 10);
}
