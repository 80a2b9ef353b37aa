// Takes terminals at their word: what each connection says of intents, orders and deals, said once. Several connections of an account tell
// the same, and a connection tells it again after a reconnect.

import { isLive, type OrderState } from "../../../actors/account/orders.ts";
import type { Instrument } from "../../../actors/domain/instrument.ts";
import { intentOfMagic } from "../../../actors/domain/intent-name.ts";
import type { ExecutionStatus, OrderIntent } from "../../../actors/domain/order.ts";
import type { LiveEngine } from "../../../actors/live-engine.ts";
import type { Terminal } from "../terminal.ts";
import { REMEMBERED_MAX } from "./limits.ts";
import type { Outbox } from "./outbox.ts";
import { Remembered } from "./remembered.ts";
import {
  bookedDealOf,
  type DealFrame,
  type ExecutionFrame,
  fillOf,
  type IntentFrame,
  type OrderFrame,
  type RefusalFrame,
  type ReportedIntent,
  reportOf,
  type Standing,
  standingOf,
  standingOfIntent,
  standingOfOrder,
  standingOfRefusal,
} from "./reports.ts";

interface Known extends ReportedIntent {
  filledMicros: number;
  /** The last thing that was reported of it. */
  said: string;
  orderTicket: string | null;
}

/** The ends that a report tells; deals tell of fills, and what expired never left. */
const ENDS: Readonly<Partial<Record<OrderState, ExecutionStatus>>> = {
  cancelled: "cancelled",
  rejected: "rejected",
  done: "done",
};

export interface EarOptions {
  readonly accountId: string;
  readonly intentTag: number;
  readonly live: Pick<LiveEngine, "engine">;
  readonly outbox: Outbox;
  readonly instrumentOf: (symbol: string) => Instrument | undefined;
}

export class Ear {
  readonly #options: EarOptions;
  readonly #intents = new Remembered<Known>(REMEMBERED_MAX);
  readonly #deals = new Remembered<true>(REMEMBERED_MAX);
  /** Orders that the account has not ended, as far as is known. */
  readonly #open = new Set<string>();

  constructor(options: EarOptions) {
    this.#options = options;
  }

  /** An intent of this life: what reports say of it is complete. */
  know(intent: OrderIntent): void {
    const { intentId, accountId, instrumentId, side, volumeMicros, purpose, reason } = intent;
    const known: Known = {
      intentId,
      accountId,
      instrumentId,
      side,
      volumeMicros,
      purpose,
      reason,
      isPending: intent.terms !== undefined && purpose === "entry",
      filledMicros: 0,
      said: "",
      orderTicket: null,
    };
    this.#intents.set(intentId, known);
    this.#open.add(intentId);
  }

  /** The broker's number of an intent's order, where anything told it. */
  orderTicket(intentId: string): string | undefined {
    return this.#intents.get(intentId)?.orderTicket ?? undefined;
  }

  execution(frame: ExecutionFrame): ReportedIntent | undefined {
    const known = this.#find(frame.intentId);
    if (known === undefined) return undefined;
    known.orderTicket ??= frame.order;
    this.#say(known, standingOf(frame, known));
    return known;
  }

  refusal(frame: RefusalFrame): void {
    const known = this.#find(frame.intentId);
    if (known === undefined) return;
    known.orderTicket ??= frame.intent?.order ?? null;
    this.#say(known, standingOfRefusal(frame, known));
  }

  /** Where the terminal's file has an intent that nobody answered for. */
  intent(row: IntentFrame): void {
    const known = this.#find(row.intentId);
    if (known === undefined) return;
    known.orderTicket ??= row.order;
    this.#say(known, standingOfIntent(row, known));
  }

  order(order: OrderFrame): void {
    const known = this.#find(this.#ownIntent(order.magic) ?? "");
    // Orders at the market are told by their answers and deals.
    if (known === undefined || !known.isPending) return;
    known.orderTicket = order.ticket;
    const standing = standingOfOrder(order);
    if (standing !== undefined) this.#say(known, standing);
  }

  /** A fill, ours or not: what is not ours is the account's exposure all the same. */
  deal(deal: DealFrame, terminal: Terminal): void {
    if (this.#deals.has(deal.ticket)) return;
    const { instrumentOf, outbox, accountId, live } = this.#options;
    const instrument = deal.symbol === null ? undefined : instrumentOf(deal.symbol);
    const { offsetMs } = terminal.account.brokerTime;
    const booked = bookedDealOf(deal, { instrument, offsetMs });
    if (booked === undefined) return;
    if (live.engine.account?.hasBooked(deal.ticket) === true) return;
    const intentId = this.#ownIntent(deal.magic) ?? "";
    const known = this.#intents.get(intentId);
    const fills = known !== undefined && known.side === booked.side;
    const filledMicros = fills ? known.filledMicros + booked.volumeMicros : 0;
    const isSaid = outbox.push(
      fillOf(booked, {
        accountId,
        intentId,
        // Of an order of before this life nobody has it.
        reason: fills && known.reason !== "" ? known.reason : deal.reason,
        isLast: !fills || filledMicros >= known.volumeMicros,
        orderId: deal.order,
      }),
    );
    // What had no room is told again with the next picture.
    if (!isSaid) return;
    this.#deals.set(deal.ticket, true);
    if (fills) known.filledMicros = filledMicros;
  }

  /** Looks from now on for how the account ends an order of before this life. */
  follow(intentId: string): void {
    if (this.#find(intentId) !== undefined) this.#open.add(intentId);
  }

  /** It never left. */
  unsent({ intentId }: OrderIntent, reason: string): void {
    const known = this.#intents.get(intentId);
    if (known !== undefined) this.#say(known, { status: "rejected", reason });
  }

  /**
   * Orders that the account has ended although no report told it to, by the broker's books or because a person declared them dead: said
   * as a report, so that the ledger, and whoever waits for an outcome, hears of it.
   */
  sayEnds(): void {
    const { account } = this.#options.live.engine;
    if (account === undefined) return;
    for (const intentId of this.#open) {
      const state = account.orderState(intentId);
      if (state !== undefined && isLive(state)) continue;
      const known = this.#intents.get(intentId);
      const status = state === undefined ? undefined : ENDS[state];
      const isSaid = known === undefined || status === undefined || known.said.startsWith(`${status} `);
      if (isSaid || this.#say(known, { status, reason: "settled" })) this.#open.delete(intentId);
    }
  }

  #ownIntent(magic: string): string | undefined {
    const { accountId, intentTag } = this.#options;
    return intentOfMagic(magic, accountId, intentTag);
  }

  /** One of this life, or one that the account still follows. */
  #find(intentId: string): Known | undefined {
    const known = this.#intents.get(intentId);
    if (known !== undefined) return known;
    const { live, accountId } = this.#options;
    const followed = live.engine.account?.view().liveOrders.find((each) => each.intentId === intentId);
    if (followed === undefined) return undefined;
    const { instrumentId, purpose, side, volumeMicros, filledMicros, terms } = followed;
    const found: Known = {
      intentId,
      accountId,
      instrumentId,
      purpose,
      side,
      volumeMicros,
      reason: "",
      isPending: terms !== null && purpose === "entry",
      filledMicros,
      said: "",
      orderTicket: null,
    };
    this.#intents.set(intentId, found);
    return found;
  }

  /** False where there was no room for it. */
  #say(known: Known, standing: Standing): boolean {
    const said = `${standing.status} ${standing.reason}`;
    if (known.said === said) return true;
    const isSaid = this.#options.outbox.push(reportOf(known, standing, known.orderTicket));
    if (isSaid) known.said = said;
    return isSaid;
  }
}
