// Three clocks: ours, the terminal's monotonic one, and the trade server's time, which is not UTC and jumps with daylight saving.

const QUARTER_MS = 15 * 60_000;
/** Heartbeats that the mapping looks back on. */
const BEATS = 32;
/** How far from whole quarters of an hour a live tick may be: its way to us and a clock that is set by hand. */
const RESIDUE_MS_MAX = 120_000;
/** Live ticks in a row that must agree, and over how long, before an offset is believed. */
const AGREEING_TICKS = 10;
const AGREEING_MS = 3_000;
/** Over that stretch the trade server's time and ours must pass alike: less than it, so that an old tick that repeats does not. */
const PACE_MS_MAX = 1_500;
/** No zone is further from UTC, with room for a mistake of an hour. */
const OFFSET_MS_MAX = 15 * 3_600_000;

/** Server time by the terminal's monotonic clock: the heartbeat with the shortest way says it best. */
export class ClockMap {
  readonly #aheadMs = new Float64Array(BEATS).fill(Number.POSITIVE_INFINITY);
  #beats = 0;
  #lastMonotonicMs = 0;
  #heardMs = Number.NaN;

  beat(monotonicMs: number, nowMs: number): void {
    // The machine was started anew: another clock.
    if (monotonicMs < this.#lastMonotonicMs) this.#aheadMs.fill(Number.POSITIVE_INFINITY);
    this.#lastMonotonicMs = monotonicMs;
    this.#aheadMs[this.#beats++ % BEATS] = nowMs - monotonicMs;
    this.#heardMs = nowMs;
  }

  /** Our time of something that happened at the terminal, the shortest way here included; NaN before the first heartbeat. */
  serverMs(monotonicMs: number): number {
    let ahead = Number.POSITIVE_INFINITY;
    for (const each of this.#aheadMs) if (each < ahead) ahead = each;
    return Number.isFinite(ahead) ? monotonicMs + ahead : Number.NaN;
  }

  /** How long ago something happened at the terminal, beyond the shortest way here; NaN before the first heartbeat. */
  delayMs(monotonicMs: number, nowMs: number): number {
    return Math.max(0, nowMs - this.serverMs(monotonicMs));
  }

  ageMs(nowMs: number): number {
    return nowMs - this.#heardMs;
  }
}

/** How far the trade server's time is ahead of UTC, from live ticks, in whole quarters of an hour. */
export class BrokerTime {
  #offsetMs: number;
  #isProven: boolean;
  #candidateMs = Number.NaN;
  #agreeing = 0;
  #sinceMs = 0;
  #sinceBrokerMs = 0;

  /** @param options.provenMs what ticks once showed; NaN where they never did */
  constructor(options: { provenMs: number; saidMs: number }) {
    this.#isProven = !Number.isNaN(options.provenMs);
    this.#offsetMs = this.#isProven ? options.provenMs : wholeQuarters(options.saidMs);
  }

  get offsetMs(): number {
    return this.#offsetMs;
  }

  get isProven(): boolean {
    return this.#isProven;
  }

  /**
   * Hears a live tick.
   * @returns whether the offset was proven or changed by it
   */
  hear(brokerMs: number, nowMs: number): boolean {
    const candidateMs = wholeQuarters(brokerMs - nowMs);
    // The last tick before a weekend is sent as live, too: it does not keep pace.
    const pace = Math.abs(brokerMs - this.#sinceBrokerMs - (nowMs - this.#sinceMs));
    const isOff =
      Math.abs(brokerMs - nowMs - candidateMs) > RESIDUE_MS_MAX || Math.abs(candidateMs) > OFFSET_MS_MAX;
    if (isOff || candidateMs !== this.#candidateMs || pace > PACE_MS_MAX) {
      this.#candidateMs = isOff ? Number.NaN : candidateMs;
      this.#agreeing = 0;
      this.#sinceMs = nowMs;
      this.#sinceBrokerMs = brokerMs;
      return false;
    }
    this.#agreeing++;
    if (this.#agreeing < AGREEING_TICKS || nowMs - this.#sinceMs < AGREEING_MS) return false;
    if (this.#isProven && candidateMs === this.#offsetMs) return false;
    this.#isProven = true;
    this.#offsetMs = candidateMs;
    return true;
  }
}

function wholeQuarters(millis: number): number {
  return Math.round(millis / QUARTER_MS) * QUARTER_MS;
}
