// What an account holds, as its terminal told it last: figures, positions, pending orders, newest deals. A snapshot replaces all of it
// at once; events in between change it. Nothing here is booked: these are the broker's words, shown as they are.

import type { z } from "zod";
import type { accountFigures, brokerDeal, brokerOrder, brokerPosition } from "./protocol/book.ts";
import type { TerminalFrame } from "./protocol/from-terminal.ts";
import { BOOK_MAX, DEALS_MAX } from "./limits.ts";

type Figures = z.infer<typeof accountFigures>;
type Position = z.infer<typeof brokerPosition>;
type Order = z.infer<typeof brokerOrder>;
type Deal = z.infer<typeof brokerDeal>;
type SnapshotFrame = Extract<TerminalFrame, { t: "snapshot" }>;

interface Draft {
  parts: number;
  readonly positions: Map<string, Position>;
  readonly orders: Map<string, Order>;
  readonly deals: Map<string, Deal>;
}

const emptyDraft = (): Draft => ({
  parts: 0,
  positions: new Map(),
  orders: new Map(),
  deals: new Map(),
});

export class AccountPicture {
  figures: Figures | undefined;
  positions = new Map<string, Position>();
  orders = new Map<string, Order>();
  deals = new Map<string, Deal>();
  /** When it last was whole, in milliseconds since 1970. */
  snapshotMs = Number.NaN;
  /** Parts of a snapshot so far, by the slot of the connection that sends it. */
  readonly #drafts = new Map<number, Draft>();

  /**
   * @returns false for a frame that does not follow from the ones before it
   */
  hear(frame: TerminalFrame, slot: number, nowMs: number): boolean {
    switch (frame.t) {
      case "account":
        this.figures = frame.figures;
        return true;
      case "position":
        change(this.positions, frame.ticket, frame.position);
        return true;
      case "order-state":
        change(this.orders, frame.ticket, isPending(frame.order) ? frame.order : null);
        return true;
      case "deal":
        this.deals.set(frame.deal.ticket, frame.deal);
        keepNewest(this.deals);
        return true;
      case "snapshot":
        return this.#takePart(frame, slot, nowMs);
      default:
        return true;
    }
  }

  /** A connection ended: what it had begun to tell is void. */
  left(slot: number): void {
    this.#drafts.delete(slot);
  }

  #takePart(frame: SnapshotFrame, slot: number, nowMs: number): boolean {
    const draft = frame.part === 1 ? emptyDraft() : this.#drafts.get(slot);
    if (draft === undefined || frame.part !== draft.parts + 1) return false;
    draft.parts++;
    this.#drafts.set(slot, draft);
    for (const position of frame.positions) draft.positions.set(position.ticket, position);
    for (const order of frame.orders) if (isPending(order)) draft.orders.set(order.ticket, order);
    for (const deal of frame.deals) draft.deals.set(deal.ticket, deal);
    if (draft.positions.size > BOOK_MAX || draft.orders.size > BOOK_MAX) return false;
    if (!frame.last) return true;
    this.#drafts.delete(slot);
    this.figures = frame.figures;
    this.positions = draft.positions;
    this.orders = draft.orders;
    this.deals = draft.deals;
    keepNewest(this.deals);
    this.snapshotMs = nowMs;
    return true;
  }
}

/** Those that may still change. */
function isPending(order: Order | null): order is Order {
  if (order === null) return false;
  const { state } = order;
  return state !== "filled" && state !== "cancelled" && state !== "rejected" && state !== "expired";
}

function change<T>(book: Map<string, T>, ticket: string, value: T | null): void {
  if (value === null) book.delete(ticket);
  else if (book.has(ticket) || book.size < BOOK_MAX) book.set(ticket, value);
}

function keepNewest(deals: Map<string, Deal>): void {
  for (const ticket of deals.keys()) {
    if (deals.size <= DEALS_MAX) return;
    deals.delete(ticket);
  }
}
