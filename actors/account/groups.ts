// Orders of which one cancels the others (OCO). With the first fill, also of a part, of one of them the others are cancelled. Where two
// have filled before a cancellation arrived, what the second one opened is closed at once: the account holds what it would have with
// one of them.

import type { Archive } from "../base/archive.ts";
import type { Desk } from "./desk.ts";
import type { ExitDesk } from "./exit-desk.ts";
import type { FollowUps } from "./follow-ups.ts";
import { GROUPS_KEPT_MAX } from "./limits.ts";
import { isLive, type TrackedOrder } from "./orders.ts";
import { sideOf, type TrackedPosition } from "./positions.ts";

export class Groups {
  readonly #desk: Desk;
  readonly #exits: ExitDesk;
  readonly #followUps: FollowUps;
  /** Of each group the order that filled first; those that filled long ago leave first. */
  readonly #winners = new Map<string, string>();

  constructor(desk: Desk, exits: ExitDesk, followUps: FollowUps) {
    this.#desk = desk;
    this.#exits = exits;
    this.#followUps = followUps;
  }

  /** One of it has filled: no other order may join. */
  isOver(group: string): boolean {
    return this.#winners.has(group);
  }

  /**
   * An order of the account has filled, wholly or in part.
   * @param position what it filled into, as it is after the fill; undefined where nothing of it is left
   */
  filled(order: TrackedOrder, volumeMicros: number, position: TrackedPosition | undefined): void {
    const { group, intentId, purpose } = order;
    if (group === "" || purpose !== "entry") return;
    const winner = this.#winners.get(group);
    if (winner === undefined) this.#win(order);
    if (winner === undefined || winner === intentId) return;
    this.#desk.odd("group-filled-twice", `${intentId} filled after ${winner} of the same group ${group}`);
    if (position === undefined) return;
    // Of its own, or turned round by it: all of it goes. Enlarged by it: so much of it. Made smaller by it: what is left is the winner's.
    if (position.intentId === intentId) this.#exits.want(position, "group");
    else if (sideOf(position) === order.side) {
      const { positionId: subject } = position;
      this.#followUps.begin({ kind: "close-excess", subject, volumeMicros, reason: "group" });
      this.#moveBack(position, winner);
    }
  }

  /** An order is live, perhaps again: one of a group that is over must not fill. */
  settle(order: TrackedOrder): void {
    const { group, intentId: subject, purpose, state } = order;
    if (group === "" || purpose !== "entry" || !isLive(state)) return;
    const winner = this.#winners.get(group);
    if (winner === undefined || winner === subject) return;
    this.#followUps.begin({ kind: "cancel-order", subject, reason: "group" });
  }

  persist(archive: Archive): void {
    const count = archive.number(this.#winners.size);
    const known = [...this.#winners];
    if (archive.loading) this.#winners.clear();
    for (let index = 0; index < count; index++) {
      const [group, winner] = known[index] ?? ["", ""];
      const savedGroup = archive.text(group);
      const savedWinner = archive.text(winner);
      if (archive.loading) this.#winners.set(savedGroup, savedWinner);
    }
  }

  /** With the second order came its stop: that of the first is set again where it risks less. */
  #moveBack(
    { positionId: subject, stopPricePoints, targetPricePoints }: TrackedPosition,
    winner: string,
  ): void {
    const first = this.#desk.books.orders.find(winner);
    if (first === undefined || first.stopPricePoints === stopPricePoints) return;
    this.#followUps.begin({
      kind: "stop-move",
      subject,
      stopPricePoints: first.stopPricePoints,
      targetPricePoints,
      reason: "group",
    });
  }

  #win({ group, intentId }: TrackedOrder): void {
    if (this.#winners.size >= GROUPS_KEPT_MAX) {
      for (const oldest of this.#winners.keys()) {
        this.#winners.delete(oldest);
        break;
      }
    }
    this.#winners.set(group, intentId);
    for (const other of this.#desk.books.orders.live.slice()) this.settle(other);
  }
}
