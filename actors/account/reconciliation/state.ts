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
export interface AheadDeal {
  /** Of the report. */
  readonly seq: number;
  readonly dealId: string;
  readonly positionId: string;
  readonly signedVolumeMicros: number;
  /** What it moved the balance by. */
  readonly moneyMicros: MicroMoney;
}

/**
 * A deal that nothing of ours explained when it was heard. Where one of ours turns out to have opened its position, it belongs to that;
 * once a whole picture has been compared, that cannot happen any more.
 */
export interface StrayDeal extends AheadDeal {
  readonly pricePoints: number;
  readonly timeMicros: Micros;
}

interface AheadAdjustment {
  readonly seq: number;
  readonly amountMicros: MicroMoney;
}

interface Sent {
  readonly intentId: string;
  readonly seq: number;
  readonly timeMicros: Micros;
  /** A record by which the order had ended; null while it lives. */
  readonly endedSeq: number | null;
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
  strays: StrayDeal[];
  adjustments: AheadAdjustment[];
  /** What was reported up to there is in the newest picture. */
  asOfSeq: number;
  /** Of the newest picture. */
  pictureSeq: number;
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

interface PictureBegin {
  /** Ids of the deals in it. */
  readonly shown: ReadonlySet<string>;
  readonly askedSeq: number | undefined;
  /** Of its last part. */
  readonly seq: number;
  readonly complete: boolean;
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
    strays: [],
    adjustments: [],
    asOfSeq: 0,
    pictureSeq: 0,
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

  noteSent(sent: Omit<Sent, "endedSeq">): void {
    keepNewest(this.memory.sent, { ...sent, endedSeq: null }, SENT_KEPT_MAX);
  }

  /** Whether a picture may still show an order as waiting that has ended: it may be older than the end. */
  endedSince(intentId: string): boolean {
    return this.memory.sent.some((sent) => sent.intentId === intentId);
  }

  /** Notes which orders have ended, and forgets those whose end the picture knows of. */
  noteEnds(live: ReadonlySet<string>): void {
    const { memory } = this;
    memory.sent = memory.sent
      .filter(({ endedSeq }) => endedSeq === null || endedSeq > memory.asOfSeq)
      .map((sent) => noteEnd(sent, live, memory.pictureSeq));
  }

  /** What was sent before it was noted is older than any picture. */
  sentAt(intentId: string): { readonly seq: number; readonly timeMicros: Micros } {
    return this.memory.sent.find((sent) => sent.intentId === intentId) ?? BEFORE_ALL;
  }

  noteDeal(deal: AheadDeal, isTold: boolean): void {
    keepNewest(this.memory.deals, deal, AHEAD_MAX);
    if (!isTold) this.memory.untoldDeals++;
  }

  noteStray(deal: StrayDeal): void {
    keepNewest(this.memory.strays, deal, AHEAD_MAX);
  }

  /** Deals on a position that were taken for somebody else's; from here on they are not. */
  claimStrays(positionId: string): readonly StrayDeal[] {
    const { memory } = this;
    const claimed = memory.strays.filter((deal) => deal.positionId === positionId);
    if (claimed.length > 0) memory.strays = memory.strays.filter((deal) => deal.positionId !== positionId);
    return claimed;
  }

  noteAdjustment(adjustment: AheadAdjustment): void {
    keepNewest(this.memory.adjustments, adjustment, ADJUSTMENTS_AHEAD_MAX);
  }

  noteAcceptance(acceptance: Acceptance): void {
    keepNewest(this.memory.accepted, acceptance, ACCEPTED_KEPT_MAX);
  }

  /**
   * A picture is compared from here on. Deals that it shows are forgotten, and so are those that it should show: what they did to our books
   * and not to the broker's is a difference.
   */
  beginPicture({ shown, askedSeq, seq, complete }: PictureBegin): void {
    const { memory } = this;
    memory.asOfSeq = askedSeq ?? memory.pictureSeq;
    memory.pictureSeq = seq;
    const isNewer = (deal: AheadDeal): boolean => deal.seq > memory.asOfSeq && !shown.has(deal.dealId);
    memory.deals = memory.deals.filter(isNewer);
    if (complete) memory.strays = memory.strays.filter(isNewer);
  }

  /** Signed volume that deals after the picture moved a position by. */
  volumeSince(positionId: string): number {
    let sum = 0;
    for (const deal of this.memory.deals) if (deal.positionId === positionId) sum += deal.signedVolumeMicros;
    return sum;
  }

  moneySince(): MicroMoney {
    return this.memory.deals.reduce((sum, { moneyMicros }) => sum + moneyMicros, 0);
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

function noteEnd(sent: Sent, live: ReadonlySet<string>, seq: number): Sent {
  return sent.endedSeq !== null || live.has(sent.intentId) ? sent : { ...sent, endedSeq: seq };
}
