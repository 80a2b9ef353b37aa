// What an account remembers between two pictures of its broker's books: what stands, what it booked since, what people accepted. Plain
// data in one place; the reconciler changes it, controls and views read it.

import type { Archive } from "../../base/archive.ts";
import type { Micros } from "../../base/clock.ts";
import type { BookedOrder, BrokerBooks, Finding } from "../../domain/broker-books.ts";
import type { MicroMoney } from "../../domain/money.ts";
import { ACCEPTED_KEPT_MAX, ADJUSTMENTS_AHEAD_MAX, AHEAD_MAX, SENT_KEPT_MAX } from "./limits.ts";
import { persistJson } from "./persist-json.ts";
import type { PictureDraft } from "./picture.ts";
import type { StandingDifference } from "./standing.ts";

/** A deal that was booked and that no picture has shown yet: one drawn before it knows nothing of it. */
interface AheadDeal {
  readonly dealId: string;
  readonly positionId: string;
  readonly signedVolumeMicros: number;
  /** What it moved the balance by. */
  readonly moneyMicros: MicroMoney;
  /** A whole picture came without it, and was older; the next one must have it. */
  missed: boolean;
}

interface Sent {
  readonly intentId: string;
  readonly seq: number;
  readonly timeMicros: Micros;
}

/** A person took our books and the broker's as they were. */
export interface Acceptance {
  readonly instrumentId: number;
  readonly by: string;
  readonly timeMicros: Micros;
}

/** The newest comparison. */
export interface LastPicture {
  readonly timeMicros: Micros;
  readonly why: BrokerBooks["why"];
  readonly complete: boolean;
  readonly agrees: boolean;
  readonly findings: readonly Finding[];
}

interface Memory {
  /** Set by the first whole picture ever: from then on our balance is held against the broker's. */
  adoptedMicros: Micros | null;
  /** The epoch in which a whole picture came last, or a person took what there was. */
  reconciledEpoch: number;
  draft: PictureDraft | null;
  standing: StandingDifference[];
  deals: AheadDeal[];
  adjustments: MicroMoney[];
  /** Deals since balances agreed whose profit the broker did not tell. */
  untoldDeals: number;
  sent: Sent[];
  /** Orders that wait at the broker and are not ours, as of the last picture. */
  externalOrders: readonly BookedOrder[];
  /** Of those, ids that carry our magic numbers and that a person has accepted. */
  acceptedOrders: string[];
  accepted: Acceptance[];
  last: LastPicture | null;
}

export class ReconciliationState {
  /** Null where no terminal trades: then nothing is ever compared. */
  readonly #required: boolean;
  memory: Memory = {
    adoptedMicros: null,
    reconciledEpoch: -1,
    draft: null,
    standing: [],
    deals: [],
    adjustments: [],
    untoldDeals: 0,
    sent: [],
    externalOrders: [],
    acceptedOrders: [],
    accepted: [],
    last: null,
  };

  constructor(required: boolean) {
    this.#required = required;
  }

  /** Whether orders go to a broker whose books are not ours to keep. */
  get required(): boolean {
    return this.#required;
  }

  get standing(): readonly StandingDifference[] {
    return this.memory.standing;
  }

  /**
   * Differences that keep entries off an instrument: its own, and those of the whole account. NaN before the first comparison of this
   * epoch; undefined where nothing is compared.
   */
  blocking(instrumentId: number, epoch: number): number | undefined {
    if (!this.#required) return undefined;
    if (this.memory.reconciledEpoch !== epoch) return Number.NaN;
    return this.memory.standing.filter(({ instrumentId: id }) => id === instrumentId || id < 0).length;
  }

  noteSent(sent: Sent): void {
    keepNewest(this.memory.sent, sent, SENT_KEPT_MAX);
  }

  /** What was sent before it was noted is older than any picture. */
  sentAt(intentId: string): { readonly seq: number; readonly timeMicros: Micros } {
    return this.memory.sent.find((sent) => sent.intentId === intentId) ?? BEFORE_ALL;
  }

  noteDeal(deal: Omit<AheadDeal, "missed">, isTold: boolean): void {
    keepNewest(this.memory.deals, { ...deal, missed: false }, AHEAD_MAX);
    if (!isTold) this.memory.untoldDeals++;
  }

  noteAdjustment(amountMicros: MicroMoney): void {
    keepNewest(this.memory.adjustments, amountMicros, ADJUSTMENTS_AHEAD_MAX);
  }

  noteAcceptance(acceptance: Acceptance): void {
    keepNewest(this.memory.accepted, acceptance, ACCEPTED_KEPT_MAX);
  }

  /** Signed volume that deals after the picture moved a position by. */
  volumeSince(positionId: string): number {
    let sum = 0;
    for (const deal of this.memory.deals) {
      if (!deal.missed && deal.positionId === positionId) sum += deal.signedVolumeMicros;
    }
    return sum;
  }

  moneySince(): MicroMoney {
    return this.memory.deals.reduce((sum, deal) => sum + (deal.missed ? 0 : deal.moneyMicros), 0);
  }

  /** Forgets deals that a picture shows. */
  seen(dealIds: ReadonlySet<string>): void {
    this.memory.deals = this.memory.deals.filter(({ dealId }) => !dealIds.has(dealId));
  }

  /** A whole picture was compared: what it did not show is newer, and has to be in the next one. */
  pictureEnded(): void {
    this.memory.deals = this.memory.deals.filter(({ missed }) => !missed);
    for (const deal of this.memory.deals) deal.missed = true;
  }

  persist(archive: Archive): void {
    this.memory = persistJson(archive, this.memory);
  }
}

const BEFORE_ALL = { seq: 0, timeMicros: 0 };

function keepNewest<Entry>(list: Entry[], entry: Entry, most: number): void {
  list.push(entry);
  if (list.length > most) list.shift();
}
