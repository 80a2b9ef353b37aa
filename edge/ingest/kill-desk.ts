// The kill switch asked for from outside. Tripping needs nobody's leave and no store: a command to the account, obeyed whether the
// journal takes it or not. Re-arming needs a code that is shown first and sent back: one person, one trip, one minute, once.

import { timingSafeEqual } from "node:crypto";
import type { Trip } from "../../actors/account/kill-switch.ts";
import type { KillLevel, KillMode } from "../../actors/domain/kill-switch.ts";
import type { Command } from "../../actors/domain/records.ts";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import { isStricter } from "../../actors/ports/kill-switch-store.ts";
import type { KillSwitchChanged, KillSwitchMessage, RearmCode } from "../api/kill-switch-schema.ts";
import type { LivePicture } from "../live/live-picture.ts";
import { tripMessage } from "../live/shapes.ts";
import { DurableWait } from "./durable-wait.ts";
import { newTripId, type WideKill, type WideLevel } from "./wide-kill.ts";

export type KillFailure = "account-out-of-service" | "unknown-account";
export type RearmFailure =
  | KillFailure
  | "not-tripped"
  | "no-code"
  | "wrong-code"
  | "code-expired"
  | "tripped-again"
  | "journal-failed"
  | "ledger-away";

export interface KillDeskOptions {
  readonly picture: LivePicture;
  /** How other processes hear of trips that reach further than this account. */
  readonly wide: WideKill;
  readonly random: (bytes: number) => Uint8Array;
  /** Of a clock that nobody sets. */
  readonly nowMillis: () => number;
}

interface Pending {
  readonly code: string;
  readonly tripSeq: number;
  readonly expiresMillis: number;
  wrong: number;
}

const CODE_LENGTH = 6;
/** 32 of them, so that a byte's lowest bits choose evenly; none is mistaken for another. */
const CODE_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
const CODE_LIFE_MILLIS = 60_000;
/** Wrong answers after which a code is void. */
const WRONG_MAX = 5;
/** People who may hold a code at a time: the one who asked first gives way. */
const PENDING_MAX = 64;
/** How long the account may take to obey; it is a matter of microseconds unless it is being rebuilt. */
const OBEY_MILLIS_MAX = 1_000;
const DURABLE_MILLIS_MAX = 1_000;
/** How long the answer waits for the ledger; it is told later, too. */
const SHARE_MILLIS_MAX = 1_000;
const LOOK_MILLIS = 1;

export class KillDesk {
  readonly #options: KillDeskOptions;
  readonly #durable: DurableWait;
  /** By who asked. */
  readonly #pending = new Map<string, Pending>();

  constructor(options: KillDeskOptions) {
    this.#options = options;
    this.#durable = new DurableWait(options.picture.station.journal);
  }

  state(): Result<KillSwitchMessage, KillFailure> {
    const accountId = this.#primaryId;
    if (this.#trip(accountId) === undefined) return outOfService("how its kill switch stands is not known");
    return ok(this.#message(accountId));
  }

  /** Obeyed here whether anybody else can be told or not: by one account, or by all of this process where it reaches further. */
  async trip(wish: {
    level: KillLevel;
    mode: KillMode;
    by: string;
    reason: string;
    /** Left out, the first. */
    accountId?: string | undefined;
  }): Promise<Result<KillSwitchChanged, KillFailure>> {
    const { level, accountId = this.#primaryId, ...what } = wish;
    if (!this.#accountIds.includes(accountId)) return unknownAccount(accountId);
    const isDone = (trips: readonly Trip[]): boolean =>
      trips.some((trip) => trip.level === level && !isStricter(wish.mode, trip.mode));
    if (level === "account") {
      return await this.#change(accountId, [{ command: "trip", accountId, ...what }], isDone);
    }
    const wide = { level, id: newTripId(this.#options.random), isShared: false };
    const commands = this.#accountIds.map((each) => ({
      command: "trip" as const,
      accountId: each,
      ...what,
      wide,
    }));
    const changed = await this.#change(accountId, commands, isDone);
    return changed.ok ? ok({ ...changed.value, shared: await this.#shared(level) }) : changed;
  }

  async #shared(level: WideLevel): Promise<boolean> {
    const { wide, nowMillis } = this.#options;
    const untilMillis = nowMillis() + SHARE_MILLIS_MAX;
    const isShared = (): boolean =>
      this.#accountIds.every(
        (accountId) => this.#trips(accountId)?.some((trip) => trip.level === level && trip.isShared) === true,
      );
    while (!isShared() && nowMillis() < untilMillis) {
      await Promise.race([wide.look(), Bun.sleep(SHARE_MILLIS_MAX)]);
      await Bun.sleep(LOOK_MILLIS);
    }
    return isShared();
  }

  /** A new code for `by`; one that was asked for before is void. */
  offer(by: string, accountId = this.#primaryId): Result<RearmCode, RearmFailure> {
    const trip = this.#tripped(accountId);
    if (!trip.ok) return trip;
    const { random, nowMillis } = this.#options;
    const code = Array.from(random(CODE_LENGTH), (byte) => CODE_LETTERS[byte % CODE_LETTERS.length]).join("");
    this.#pending.delete(by);
    for (const oldest of this.#pending.keys()) {
      if (this.#pending.size < PENDING_MAX) break;
      this.#pending.delete(oldest);
    }
    const { seq: tripSeq } = trip.value;
    this.#pending.set(by, { code, tripSeq, expiresMillis: nowMillis() + CODE_LIFE_MILLIS, wrong: 0 });
    return ok({
      accountId,
      trip: tripMessage(trip.value),
      code,
      expiresInSeconds: CODE_LIFE_MILLIS / 1_000,
    });
  }

  async rearm(
    by: string,
    code: string,
    accountId = this.#primaryId,
  ): Promise<Result<KillSwitchChanged, RearmFailure>> {
    const trip = this.#tripped(accountId);
    if (!trip.ok) return trip;
    const tripSeq = this.#confirmed(by, code, trip.value);
    if (!tripSeq.ok) return tripSeq;
    if (this.#options.picture.station.live.router.detached) {
      return failure(
        "journal-failed",
        "the journal takes nothing more, so the kill switch stays: restart first",
      );
    }
    const { level, mode } = trip.value;
    if (level !== "account") {
      const lifted = await this.#options.wide.lift({ level, mode }, by);
      if (!lifted.ok) {
        return failure(
          "ledger-away",
          `it stays: nobody else could be told (${lifted.code}: ${lifted.message})`,
        );
      }
    }
    return await this.#change(
      accountId,
      [{ command: "rearm", accountId, tripSeq: tripSeq.value, by }],
      (trips) => trips.every(({ seq }) => seq !== tripSeq.value),
    );
  }

  /** The trip that `code` lifts. A code is used up by the first right answer, and by too many wrong ones. */
  #confirmed(by: string, code: string, trip: Trip): Result<number, RearmFailure> {
    const pending = this.#pending.get(by);
    if (pending === undefined) {
      return failure("no-code", `${by} holds no code: ask for one by a request without a code`);
    }
    if (this.#options.nowMillis() >= pending.expiresMillis) {
      this.#pending.delete(by);
      return failure("code-expired", "the code is older than a minute: ask for another");
    }
    if (pending.tripSeq !== trip.seq) {
      this.#pending.delete(by);
      return failure(
        "tripped-again",
        `the kill switch was tripped again by ${trip.by}: ${trip.reason}. It stays ${trip.mode}; ask for a code of its own`,
      );
    }
    if (!isSame(code, pending.code)) {
      pending.wrong++;
      if (pending.wrong >= WRONG_MAX) this.#pending.delete(by);
      return failure("wrong-code", "this is not the code: the kill switch stays tripped");
    }
    this.#pending.delete(by);
    return ok(trip.seq);
  }

  async #change(
    accountId: string,
    commands: readonly Extract<Command, { command: "trip" | "rearm" }>[],
    isDone: (trips: readonly Trip[]) => boolean,
  ): Promise<Result<KillSwitchChanged, KillFailure>> {
    const { picture, nowMillis } = this.#options;
    const { live, clock } = picture.station;
    const nowMicros = picture.clockIsWall ? clock.nowMicros() : live.router.timeMicros;
    for (const command of commands) live.command(command, nowMicros);
    const seq = live.router.lastSeq;
    const untilMillis = nowMillis() + OBEY_MILLIS_MAX;
    const allDone = (): boolean =>
      commands.every((command) => {
        const trips = this.#trips(command.accountId);
        return trips !== undefined && isDone(trips);
      });
    while (!allDone() && nowMillis() < untilMillis) await Bun.sleep(LOOK_MILLIS);
    if (!allDone()) return outOfService("it trades nothing, and obeys the command as soon as it is back");
    const patience = Bun.sleep(DURABLE_MILLIS_MAX).then(() => false);
    const durable = await Promise.race([this.#durable.reached(seq), patience]);
    return ok({ ...this.#message(accountId), durable, shared: true });
  }

  get #primaryId(): string {
    return this.#options.picture.engine.config.account.accountId;
  }

  get #accountIds(): readonly string[] {
    return [...this.#options.picture.engine.accounts.keys()];
  }

  #message(accountId: string): KillSwitchMessage {
    const trip = this.#trip(accountId) ?? null;
    return {
      accountId,
      trip: trip === null ? null : tripMessage(trip),
      trips: (this.#trips(accountId) ?? []).map(tripMessage),
    };
  }

  /** Undefined while the account is out of service. */
  #trips(accountId: string): readonly Trip[] | undefined {
    return this.#options.picture.engine.accountOf(accountId)?.view().trips;
  }

  /** Null while it is armed; undefined while the account is out of service. */
  #trip(accountId: string): Trip | null | undefined {
    return this.#options.picture.engine.accountOf(accountId)?.view().trip;
  }

  #tripped(accountId: string): Result<Trip, RearmFailure> {
    if (!this.#accountIds.includes(accountId)) return unknownAccount(accountId);
    const trip = this.#trip(accountId);
    if (trip === undefined) return outOfService("how its kill switch stands is not known");
    if (trip === null) return failure("not-tripped", "the kill switch is armed already");
    return ok(trip);
  }
}

function unknownAccount(accountId: string): Result<never, KillFailure> {
  return failure("unknown-account", `there is no account ${accountId} here: look at /api/v1/accounts`);
}

function outOfService(what: string): Result<never, KillFailure> {
  return failure(
    "account-out-of-service",
    `the account's actor is out of service: ${what}. Look at /api/v1/actors.`,
  );
}

/** However it was typed; in a time that tells nothing. */
function isSame(typed: string, code: string): boolean {
  const [a, b] = [Buffer.from(typed.trim().toUpperCase()), Buffer.from(code)];
  return a.length === b.length && timingSafeEqual(a, b);
}
