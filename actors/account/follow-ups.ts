// Unfinished business: what an account has begun and the broker has not done yet. One table says what failed, what is done about it, how
// often, and what if that fails, too. Every step is an order with its reason; what is under way survives restarts.
//
// What is not in the table: an exit that fails, since there is nothing else to be done; see exit-desk.ts, which tries it again for as long
// as the position is open. An entry that filled in part and whose rest was cancelled needs no step: its stop and target stand for
// what filled.

import type { Archive } from "../base/archive.ts";
import type { Micros } from "../base/clock.ts";
import type { Answer } from "./answers.ts";
import type { Changes, Levels } from "./changes.ts";
import type { Desk } from "./desk.ts";
import type { ExitDesk } from "./exit-desk.ts";
import {
  EXIT_RETRY_MICROS_MIN,
  FOLLOW_UP_MICROS_MAX,
  FOLLOW_UP_MICROS_MIN,
  FOLLOW_UPS_MAX,
} from "./limits.ts";
import { isLive, type TrackedOrder } from "./orders.ts";
import { persistList } from "./persist-list.ts";
import { sideOf, type TrackedPosition } from "./positions.ts";
import { approveCancel, approveLevels } from "./risk/approval.ts";

interface Business {
  /** What is done, and done again when it fails. */
  readonly step: "set-levels" | "cancel" | "close-part";
  readonly attemptsMax: number;
  /** When the last attempt has failed. `close`: the whole position. `keep`: it stays as it is, and an anomaly says so. `go-on`: the anomaly asks for a person, and it is tried on. */
  readonly lastly: "close" | "keep" | "go-on";
  /** An unknown outcome counts as a failure: asked for twice, it is the same. Else a report has to say what became of it. */
  readonly repeatable: boolean;
}

/** Position is the number in the state: append, never reorder. */
const FOLLOW_UP_KINDS = ["stop-missing", "stop-move", "cancel-order", "close-part", "close-excess"] as const;
export type FollowUpKind = (typeof FOLLOW_UP_KINDS)[number];

const BUSINESS: Readonly<Record<FollowUpKind, Business>> = {
  // The broker holds a position without the stop that was ordered with it: set it; a position nobody protects is closed.
  "stop-missing": { step: "set-levels", attemptsMax: 3, lastly: "close", repeatable: true },
  // A stop that follows the price did not move: move it; else the one that is there protects as before, and the next price moves it.
  "stop-move": { step: "set-levels", attemptsMax: 3, lastly: "keep", repeatable: true },
  // An order that must not fill any more: end it, however long that takes; should it fill nevertheless, what it opens is closed at once (groups.ts).
  "cancel-order": { step: "cancel", attemptsMax: 8, lastly: "go-on", repeatable: true },
  // A part of a position that was to be closed on the way to its target: close it; else stop and target stand for the whole.
  "close-part": { step: "close-part", attemptsMax: 3, lastly: "keep", repeatable: false },
  // Two of a group filled into one position: close what is too much; if that cannot be done, all of it.
  "close-excess": { step: "close-part", attemptsMax: 5, lastly: "close", repeatable: false },
};

export interface FollowUp extends Levels {
  readonly kind: FollowUpKind;
  /** The position, or the intent of the order. */
  readonly subject: string;
  /** The order that does it; empty while none is under way. */
  readonly intentId: string;
  readonly attempts: number;
  /** Of a part that is to be closed. */
  readonly volumeMicros: number;
  readonly reason: string;
  /** When it is tried next; Infinity while it is under way. */
  readonly dueMicros: Micros;
}

type Tracked = { -readonly [Name in keyof FollowUp]: FollowUp[Name] };

export class FollowUps {
  readonly #desk: Desk;
  readonly #exits: ExitDesk;
  readonly #changes: Changes;
  readonly #open: Tracked[] = [];

  constructor(desk: Desk, exits: ExitDesk, changes: Changes) {
    this.#desk = desk;
    this.#exits = exits;
    this.#changes = changes;
  }

  /** What is unfinished, oldest first. */
  get open(): readonly FollowUp[] {
    return this.#open;
  }

  has(kind: FollowUpKind, subject: string): boolean {
    return this.#open.some((each) => each.kind === kind && each.subject === subject);
  }

  /** Begins, unless the same is under way, and tries at once. */
  begin(
    what: Pick<FollowUp, "kind" | "subject" | "reason"> & Partial<Levels & { volumeMicros: number }>,
  ): void {
    // Excess comes in parts, and each of them is to be closed.
    if (what.kind !== "close-excess" && this.has(what.kind, what.subject)) return;
    const fresh = { ...emptyFollowUp(), ...what, dueMicros: this.#desk.nowMicros };
    if (this.#open.length >= FOLLOW_UPS_MAX) {
      this.#giveUp(fresh);
      return;
    }
    this.#open.push(fresh);
    this.#try(fresh);
  }

  /** An order's state is another now: what waits for it is done, or has failed. */
  settle(order: TrackedOrder): void {
    const waiting = this.#open.find(({ intentId }) => intentId === order.intentId);
    if (waiting === undefined) return;
    const { repeatable, step } = BUSINESS[waiting.kind];
    const { nowMicros, settings } = this.#desk;
    if (order.state === "done" && step === "cancel") {
      // It is over when the order itself says so. Should that not come, it is asked for again.
      waiting.intentId = "";
      waiting.dueMicros = nowMicros + settings.reportTimeoutMicros;
      return;
    }
    if (order.state === "done" || order.state === "filled") {
      this.#end(waiting);
      return;
    }
    if (isLive(order.state) && !(order.state === "unknown" && repeatable)) return;
    // Of a part that was closed in part the rest is still to be closed.
    waiting.volumeMicros -= order.filledMicros;
    const wait = FOLLOW_UP_MICROS_MIN * 2 ** (waiting.attempts - 1);
    waiting.intentId = "";
    waiting.dueMicros = nowMicros + Math.min(wait, FOLLOW_UP_MICROS_MAX);
  }

  /** Tries whatever is due, and drops what nothing is left of. */
  run(): void {
    for (const each of this.#open.slice()) this.#try(each);
  }

  /** Infinity while only a report can move anything. */
  dueMicros(): Micros {
    let due = Number.POSITIVE_INFINITY;
    for (const { dueMicros } of this.#open) due = Math.min(due, dueMicros);
    return due;
  }

  persist(archive: Archive): void {
    persistList(archive, this.#open, emptyFollowUp, persistFollowUp);
  }

  #try(followUp: Tracked): void {
    const { positions, orders } = this.#desk.books;
    const { step } = BUSINESS[followUp.kind];
    if (step === "cancel") {
      const order = orders.find(followUp.subject);
      if (order === undefined || !isLive(order.state)) this.#end(followUp);
      else this.#attempt(followUp, () => this.#cancel(order, followUp));
      return;
    }
    const position = positions.find(followUp.subject);
    if (position === undefined || position.exitReason !== "") this.#end(followUp);
    else if (step === "close-part") this.#attempt(followUp, () => this.#closePart(position, followUp));
    else if (followUp.kind === "stop-missing" && !Number.isNaN(position.stopPricePoints)) this.#end(followUp);
    else if (followUp.kind === "stop-move" && !isNearer(position, followUp)) this.#end(followUp);
    else if (this.#isCrossed(position, followUp)) this.#giveUp(followUp);
    else this.#attempt(followUp, () => this.#setLevels(position, followUp));
  }

  /** @param act undefined where it cannot be sent now */
  #attempt(followUp: Tracked, act: () => Answer | undefined): void {
    const { nowMicros } = this.#desk;
    if (followUp.intentId !== "" || nowMicros < followUp.dueMicros) return;
    const { attemptsMax, lastly } = BUSINESS[followUp.kind];
    if (lastly !== "go-on" && followUp.attempts >= attemptsMax) {
      this.#giveUp(followUp);
      return;
    }
    if (followUp.attempts === attemptsMax) this.#sayFailed(followUp, "it is tried on");
    const answer = act();
    if (answer === undefined || answer.intentId === null) {
      followUp.dueMicros = nowMicros + EXIT_RETRY_MICROS_MIN;
      return;
    }
    followUp.attempts++;
    followUp.intentId = answer.intentId;
    followUp.dueMicros = Number.POSITIVE_INFINITY;
  }

  #giveUp(followUp: Tracked): void {
    this.#end(followUp);
    const { kind, subject, attempts } = followUp;
    const position = this.#desk.books.positions.find(subject);
    const closes = BUSINESS[kind].lastly === "close";
    // A stop that the price has passed would have closed the position: that is done now. One that was to move has done its work where it is.
    if (attempts > 0) this.#sayFailed(followUp, closes ? "the position is closed" : "it stays as it is");
    if (closes && position !== undefined) this.#exits.want(position, kind);
  }

  #sayFailed({ kind, subject, attempts }: FollowUp, done: string): void {
    this.#desk.odd("follow-up-failed", `${kind} of ${subject} failed ${attempts} times: ${done}`);
  }

  #end(followUp: Tracked): void {
    const at = this.#open.indexOf(followUp);
    if (at !== -1) this.#open.splice(at, 1);
  }

  #setLevels(position: TrackedPosition, followUp: FollowUp): Answer | undefined {
    if (this.#changes.changing(position) || !this.#changes.hasRoom) return undefined;
    const { stopPricePoints, reason } = followUp;
    const { targetPricePoints } = followUp.kind === "stop-move" ? position : followUp;
    const approved = approveLevels(
      {
        position,
        stopPricePoints,
        targetPricePoints,
        reason,
        symbol: position.positionId,
        volumeMicros: Math.abs(position.signedVolumeMicros),
        loosens: false,
      },
      {
        killMode: null,
        mode: "active",
        losses: [],
        volumeBudgetMicros: 0,
        compliance: this.#desk.evidence(position.instrumentId, sideOf(position)),
      },
    );
    return approved.ok ? this.#changes.setLevels(approved.value) : undefined;
  }

  #cancel(order: TrackedOrder, { reason }: FollowUp): Answer | undefined {
    if (this.#changes.ending(order, "cancel") || !this.#changes.hasRoom) return undefined;
    const evidence = this.#desk.evidence(order.instrumentId, order.side);
    return this.#changes.cancel(approveCancel({ order, reason }, evidence));
  }

  #closePart(position: TrackedPosition, { volumeMicros, reason }: FollowUp): Answer | undefined {
    const heldMicros = Math.abs(position.signedVolumeMicros);
    return this.#exits.part(position, Math.min(volumeMicros, heldMicros), reason);
  }

  /** A broker refuses a stop on the wrong side of the price. */
  #isCrossed(position: TrackedPosition, { stopPricePoints }: FollowUp): boolean {
    const { board } = this.#desk.books;
    const id = position.instrumentId;
    return position.signedVolumeMicros > 0
      ? board.bidPoints(id) <= stopPricePoints
      : board.askPoints(id) >= stopPricePoints;
  }
}

/** A person, or the broker's books, may have moved the stop since it was to be moved: it never goes back for that. */
function isNearer(position: TrackedPosition, { stopPricePoints }: FollowUp): boolean {
  const away = position.signedVolumeMicros > 0 ? 1 : -1;
  return away * (stopPricePoints - position.stopPricePoints) > 0;
}

function emptyFollowUp(): Tracked {
  return {
    kind: "stop-missing",
    subject: "",
    intentId: "",
    attempts: 0,
    stopPricePoints: Number.NaN,
    targetPricePoints: Number.NaN,
    volumeMicros: 0,
    reason: "",
    dueMicros: 0,
  };
}

function persistFollowUp(followUp: Tracked, archive: Archive): void {
  followUp.kind = FOLLOW_UP_KINDS[archive.number(FOLLOW_UP_KINDS.indexOf(followUp.kind))] ?? "stop-missing";
  followUp.subject = archive.text(followUp.subject);
  followUp.intentId = archive.text(followUp.intentId);
  followUp.attempts = archive.number(followUp.attempts);
  followUp.stopPricePoints = archive.number(followUp.stopPricePoints);
  followUp.targetPricePoints = archive.number(followUp.targetPricePoints);
  followUp.volumeMicros = archive.number(followUp.volumeMicros);
  followUp.reason = archive.text(followUp.reason);
  followUp.dueMicros = archive.number(followUp.dueMicros);
}
