// A broker's picture of an account, put together from its parts. Nothing is compared before the last part is here, and what is not in a
// picture that was too long, or has figures that cannot be computed with, proves nothing.

import {
  type BookedDeal,
  type BookedIntent,
  type BookedOrder,
  type BookedPosition,
  BOOK_ROWS_MAX,
  type BrokerBooks,
} from "../../domain/broker-books.ts";
import type { MicroMoney } from "../../domain/money.ts";

/** All parts together. */
export interface Picture {
  readonly why: BrokerBooks["why"];
  readonly balanceMicros: MicroMoney;
  readonly positions: readonly BookedPosition[];
  readonly orders: readonly BookedOrder[];
  readonly deals: readonly BookedDeal[];
  readonly intents: readonly BookedIntent[];
  /** -1 where no intent's absence proves anything. */
  readonly settledSeq: number;
  /** Undefined where it was not told. */
  readonly askedSeq: number | undefined;
  readonly complete: boolean;
}

/** A picture whose last part has not come. Plain data: it is part of the account's state. */
export interface PictureDraft {
  readonly epoch: number;
  parts: number;
  complete: boolean;
  readonly positions: BookedPosition[];
  readonly orders: BookedOrder[];
  readonly deals: BookedDeal[];
  readonly intents: BookedIntent[];
}

/** Undefined for a part that does not follow from `draft`: what came of the picture is void then. */
export function addPart(
  draft: PictureDraft | undefined,
  part: BrokerBooks,
  { epoch, instruments }: { epoch: number; instruments: number },
): PictureDraft | undefined {
  const usable = part.positions.filter((row) => isUsable(row, instruments));
  const begun = part.part === 1 ? emptyDraft(epoch) : draft;
  if (begun === undefined || begun.epoch !== epoch || part.part !== begun.parts + 1) return undefined;
  begun.parts++;
  const whole = [
    append(begun.positions, usable),
    append(begun.orders, part.orders),
    append(begun.deals, part.deals),
    append(begun.intents, part.intents),
    usable.length === part.positions.length,
    part.complete,
  ];
  if (whole.includes(false)) begun.complete = false;
  return begun;
}

/** Figures are those of the last part: they are the newest. */
export function toPicture(draft: PictureDraft, last: BrokerBooks): Picture {
  const { positions, orders, deals, intents, complete } = draft;
  return {
    why: last.why,
    balanceMicros: last.balanceMicros,
    positions,
    orders,
    deals,
    intents,
    settledSeq: last.settledSeq ?? -1,
    askedSeq: last.askedSeq,
    complete: complete && Number.isSafeInteger(last.balanceMicros),
  };
}

function emptyDraft(epoch: number): PictureDraft {
  return { epoch, parts: 0, complete: true, positions: [], orders: [], deals: [], intents: [] };
}

/** False where not all had room. */
function append<Row>(rows: Row[], more: readonly Row[]): boolean {
  const room = BOOK_ROWS_MAX - rows.length;
  for (let i = 0; i < Math.min(room, more.length); i++) rows.push(more[i] as Row);
  return more.length <= room;
}

function isUsable(row: BookedPosition, instruments: number): boolean {
  return (
    row.positionId !== "" &&
    row.instrumentId < instruments &&
    Number.isSafeInteger(row.volumeMicros) &&
    row.volumeMicros > 0 &&
    Number.isFinite(row.openPricePoints) &&
    row.openPricePoints > 0 &&
    Number.isSafeInteger(row.profitMicros) &&
    Number.isSafeInteger(row.swapMicros)
  );
}
