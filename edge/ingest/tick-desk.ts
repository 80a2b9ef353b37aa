// Ticks that people and bridges send over HTTP or a socket: names become instruments, each source and symbol is numbered,
// and an answer is given only once the ticks are durable.

import type { Micros } from "../../actors/base/clock.ts";
import { type Failure, failure, ok, type Result } from "../../actors/base/result.ts";
import { INGEST_BUSY } from "../../actors/router.ts";
import type { z } from "zod";
import type { marketTickSchema } from "../api/schemas.ts";
import { emptySourceTick, sourceIdOf } from "../feeds/source.ts";
import type { Station } from "../main.ts";
import { playTick } from "../play.ts";
import { DurableWait } from "./durable-wait.ts";
import { BURST_SECONDS, BUSY_MILLIS, AHEAD_OF_WALL_MICROS_MAX } from "./limits.ts";
import { TickLimit } from "./rate-limit.ts";

export type MarketTick = z.infer<typeof marketTickSchema>;

export type IngestFailure =
  | "unknown-symbol"
  | "fed-otherwise"
  | "rate-limited"
  | "too-many-at-once"
  | "busy"
  | "journal-failed"
  | "time-out-of-range";

export interface Ingested {
  readonly count: number;
  /** The last tick's journal sequence. */
  readonly seq: number;
}

export interface TickDeskOptions {
  readonly station: Station;
  /** Whose clock the records carry: the wall's as a tick arrives, or the tick's own time. */
  readonly clock: "wall" | "source";
  /** Per symbol; Infinity for no limit. */
  readonly ticksPerSecond: number;
  /** Why ticks are not taken from outside; empty when they are. */
  readonly closedBecause: string;
}

const SOURCE_ID = sourceIdOf("http");
const YEAR_MIN_MICROS = Date.UTC(1970, 0, 2) * 1_000;
const YEAR_MAX_MICROS = Date.UTC(2100, 0, 1) * 1_000;

export class TickDesk {
  readonly #options: TickDeskOptions;
  readonly #limit: TickLimit;
  readonly #durable: DurableWait;
  readonly #tick = emptySourceTick();
  /** With the ticks' own time for a clock, one tick follows the other, whoever sent it. */
  #queue: Promise<unknown> = Promise.resolve();
  /** The last request whose limits are asked for elsewhere. */
  #admitted: Promise<unknown> = Promise.resolve();

  constructor(options: TickDeskOptions) {
    this.#options = options;
    this.#limit = new TickLimit({
      limiter: options.station.hot.limiter,
      perSecond: options.ticksPerSecond,
      burstSeconds: BURST_SECONDS,
    });
    this.#durable = new DurableWait(options.station.journal);
  }

  /** Takes all of `ticks` or, where something is wrong with one, none. Resolves when they are durable. */
  async take(ticks: readonly MarketTick[]): Promise<Result<Ingested, IngestFailure>> {
    if (this.#options.closedBecause !== "") return failure("fed-otherwise", this.#options.closedBecause);
    const checked = this.#check(ticks);
    if (!checked.ok) return checked;
    const limited = this.#limited(checked.value.bySymbol);
    // A limit that is counted here lets nothing in between.
    const refused = limited instanceof Promise ? await limited : limited;
    if (refused !== undefined) return refused;
    if (this.#durable.full)
      return failure("busy", "too many requests wait for the disk: send again in a moment", {
        recoverable: true,
      });
    const taken = await (this.#options.clock === "wall"
      ? this.#takeNow(checked.value.placed)
      : this.#takeInTurn(checked.value.placed));
    if (!taken.ok) return taken;
    if (await this.#durable.reached(taken.value)) return ok({ count: ticks.length, seq: taken.value });
    return failure("journal-failed", `the ticks are not durable: ${this.#options.station.journal.failure}`);
  }

  #check(
    ticks: readonly MarketTick[],
  ): Result<{ placed: Placed[]; bySymbol: ReadonlyMap<string, number> }, IngestFailure> {
    const { live } = this.#options.station;
    const placed: Placed[] = [];
    const bySymbol = new Map<string, number>();
    const isClock = this.#options.clock === "source";
    const latestMicros = Date.now() * 1_000 + AHEAD_OF_WALL_MICROS_MAX;
    for (const tick of ticks) {
      // By its exact name: a tick does not say its digits, so a spelling that is guessed could be another contract.
      const instrument = live.engine.config.instruments.find((each) => each.symbol === tick.symbol);
      if (instrument === undefined) {
        const known = live.engine.config.instruments.map((each) => each.symbol).join(", ");
        return failure("unknown-symbol", `${tick.symbol} is not traded here. Known are ${known}.`);
      }
      const timeMicros = tick.time === undefined ? Number.NaN : Date.parse(tick.time) * 1_000;
      if (tick.time !== undefined && !(timeMicros >= YEAR_MIN_MICROS && timeMicros < YEAR_MAX_MICROS)) {
        return failure("time-out-of-range", `${tick.time} is no time a tick can have`);
      }
      // Time never goes back: one tick of a wrong year would make every right one late.
      if (isClock && timeMicros > latestMicros) {
        return failure("time-out-of-range", `${tick.time} is in the future: nothing was taken`);
      }
      placed.push({ tick, instrumentId: instrument.id, timeMicros });
      bySymbol.set(instrument.symbol, (bySymbol.get(instrument.symbol) ?? 0) + 1);
    }
    return ok({ placed, bySymbol });
  }

  #limited(
    bySymbol: ReadonlyMap<string, number>,
  ): Failure<IngestFailure> | undefined | Promise<Failure<IngestFailure> | undefined> {
    const { ticksPerSecond } = this.#options;
    for (const [symbol, count] of bySymbol) {
      if (count <= this.#limit.burst) continue;
      return failure(
        "too-many-at-once",
        `${count} ticks of ${symbol} at once can never pass at ${ticksPerSecond} a second: send ${this.#limit.burst} at most, ` +
          "or start with a higher --ticks-per-second",
      );
    }
    const waitMillis = this.#limit.take(bySymbol);
    return waitMillis instanceof Promise ? this.#admittedInTurn(waitMillis) : this.#refusal(waitMillis);
  }

  /** Requests go on in the order they came, whichever limit answered first: ticks of a symbol stay in order. */
  async #admittedInTurn(waitMillis: Promise<number>): Promise<Failure<IngestFailure> | undefined> {
    const turn = Promise.all([waitMillis, this.#admitted]).then(([millis]) => millis);
    this.#admitted = turn.catch(() => undefined);
    return this.#refusal(await turn);
  }

  #refusal(waitMillis: number): Failure<IngestFailure> | undefined {
    if (waitMillis === 0) return undefined;
    return failure(
      "rate-limited",
      `more than ${this.#options.ticksPerSecond} ticks a second of a symbol, nothing was taken; again in ${waitMillis} ms`,
      { recoverable: true },
    );
  }

  /** What has been begun is carried through: a source that is told "busy" sends everything again. */
  async #takeNow(placed: readonly Placed[]): Promise<Result<number, IngestFailure>> {
    const { live, clock, journal } = this.#options.station;
    let seq = 0;
    for (const each of placed) {
      let taken = live.router.ingest(this.#number(each), clock.nowMicros());
      while (taken === INGEST_BUSY) {
        if (live.router.detached) return failure("journal-failed", journal.failure);
        if (seq === 0)
          return failure("busy", "the system is busy: send again in a moment", { recoverable: true });
        await Bun.sleep(BUSY_MILLIS);
        taken = live.router.ingest(this.#number(each), clock.nowMicros());
      }
      seq = Math.max(seq, taken);
    }
    return ok(seq);
  }

  async #takeInTurn(placed: readonly Placed[]): Promise<Result<number, IngestFailure>> {
    const { live, journal } = this.#options.station;
    const turn = this.#queue.then(async () => {
      let seq = 0;
      for (const each of placed) {
        const tick = this.#number(each);
        const taken = await playTick(live, journal, tick, tick.sourceTimeMicros);
        if (taken === INGEST_BUSY) return failure("journal-failed", journal.failure);
        seq = Math.max(seq, taken);
      }
      return ok(seq);
    });
    this.#queue = turn.catch(() => undefined);
    return await turn;
  }

  /** Such sources do not number their ticks, so they are numbered as they come. */
  #number({ tick, instrumentId, timeMicros }: Placed) {
    const { live, clock } = this.#options.station;
    const numbered = this.#tick;
    numbered.instrumentId = instrumentId;
    numbered.sourceId = SOURCE_ID;
    numbered.sourceSeq = live.router.gaps.lastSourceSeq(SOURCE_ID, instrumentId) + 1;
    numbered.sourceTimeMicros = Number.isNaN(timeMicros) ? clock.nowMicros() : timeMicros;
    numbered.bid = tick.bid;
    numbered.ask = tick.ask;
    numbered.bidVolume = (tick.volume ?? 0) / 2;
    numbered.askVolume = (tick.volume ?? 0) / 2;
    return numbered;
  }
}

interface Placed {
  readonly tick: MarketTick;
  readonly instrumentId: number;
  /** NaN where the tick names no time. */
  readonly timeMicros: Micros;
}
