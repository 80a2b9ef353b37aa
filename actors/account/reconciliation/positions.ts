// Positions of ours against the broker's. Volumes are compared as of the picture: deals that were booked since are taken off first.
// What is not ours goes to the book of external positions.

import type { BookedPosition } from "../../domain/broker-books.ts";
import type { Desk } from "../desk.ts";
import type { TrackedOrder } from "../orders.ts";
import type { TrackedPosition } from "../positions.ts";
import type { Picture } from "./picture.ts";
import type { Findings } from "./standing.ts";
import { holding } from "./words.ts";

export interface PositionsComparer {
  readonly desk: Desk;
  /** A position of ours is at the broker without the stop that we take it to have. */
  readonly unprotected: (position: TrackedPosition) => void;
}

export function comparePositions(comparer: PositionsComparer, picture: Picture, findings: Findings): void {
  const { desk } = comparer;
  const { books } = desk;
  const { complete } = picture;
  const shown = new Set<string>();
  for (const row of picture.positions) {
    shown.add(row.positionId);
    const ours = books.positions.find(row.positionId);
    if (ours === undefined) takeExternal(desk, { row, complete }, findings);
    else compareOurs(comparer, { ours, row, complete }, findings);
  }
  if (!complete) return;
  for (const ours of books.positions.open)
    if (!shown.has(ours.positionId)) compareMissing(desk, ours, findings);
  for (const { positionId, signedVolumeMicros } of books.external.open.slice()) {
    const openedSince = signedVolumeMicros === desk.reconciliation.volumeSince(positionId);
    if (!shown.has(positionId) && !openedSince) books.external.take(positionId);
  }
}

function compareOurs(
  { desk, unprotected }: PositionsComparer,
  { ours, row, complete }: { ours: TrackedPosition; row: BookedPosition; complete: boolean },
  findings: Findings,
): void {
  const { books, reconciliation, instruments } = desk;
  const { positionId, instrumentId } = ours;
  books.external.take(positionId);
  const asOf = ours.signedVolumeMicros - reconciliation.volumeSince(positionId);
  const broker = row.side === "BUY" ? row.volumeMicros : -row.volumeMicros;
  if (asOf !== broker) {
    // What explains it may be missing.
    if (!complete) return;
    findings.stands({
      what: "position-differs",
      instrumentId,
      subject: positionId,
      difference: broker - asOf,
      pricePoints: row.openPricePoints,
      message: `position ${positionId} in ${instruments[instrumentId]?.symbol} is ${holding(broker)} at the broker and ${holding(asOf)} here, and no deal explains it: find out why, then accept the broker's`,
    });
    return;
  }
  const same =
    isLevel(ours.stopPricePoints, row.stopPricePoints) &&
    isLevel(ours.targetPricePoints, row.targetPricePoints);
  if (same || isChanging(desk, positionId)) return;
  if (row.stopPricePoints === null && !Number.isNaN(ours.stopPricePoints)) {
    const message = `position ${positionId} is at the broker without its stop, ${level(ours.stopPricePoints)}: it is set again`;
    findings.resolved("levels-differ", instrumentId, positionId, message);
    unprotected(ours);
    return;
  }
  ours.stopPricePoints = row.stopPricePoints ?? Number.NaN;
  ours.targetPricePoints = row.targetPricePoints ?? Number.NaN;
  findings.resolved(
    "levels-differ",
    instrumentId,
    positionId,
    `stop and target of position ${positionId} are not where we set them: the broker's (stop ${level(row.stopPricePoints)}, target ${level(row.targetPricePoints)}) count from here on`,
  );
}

/** Whether a modify of the position is under way, or was carried out after the picture was asked for. */
function isChanging({ books, reconciliation }: Desk, positionId: string): boolean {
  const isModify = (order: TrackedOrder | undefined): boolean =>
    order?.purpose === "modify" && order.positionId === positionId;
  return (
    books.orders.live.some(isModify) ||
    reconciliation.memory.sent.some(({ intentId }) => isModify(books.orders.find(intentId)))
  );
}

function compareMissing(desk: Desk, ours: TrackedPosition, findings: Findings): void {
  const { positionId, instrumentId } = ours;
  const asOf = ours.signedVolumeMicros - desk.reconciliation.volumeSince(positionId);
  if (asOf === 0) return;
  findings.stands({
    what: "missing-position",
    instrumentId,
    subject: positionId,
    difference: -asOf,
    message: `position ${positionId}, ${holding(asOf)} of ${desk.instruments[instrumentId]?.symbol}, is not at the broker, and no deal closed it: find out why, then accept that it is gone`,
  });
}

function takeExternal(
  desk: Desk,
  { row, complete }: { row: BookedPosition; complete: boolean },
  findings: Findings,
): void {
  const { books, reconciliation } = desk;
  const { positionId, instrumentId, symbol, intentId } = row;
  const taken = books.external.restate(row, reconciliation.volumeSince(positionId));
  const what = `position ${positionId}, ${row.side} of ${symbol}`;
  if (taken === undefined) {
    findings.stands({
      what: "external-position",
      instrumentId: -1,
      subject: positionId,
      message: `${what}, is one more than can be counted as exposure: close some of those that are not ours`,
    });
    return;
  }
  if (intentId === "") {
    if (!taken.isNew) return;
    const message = `${what}, is not ours: it counts as exposure and margin, and nothing here closes it`;
    findings.resolved("external-position", instrumentId, positionId, message);
  } else if (!taken.accepted && complete) {
    findings.stands({
      what: "unexpected-position",
      instrumentId,
      subject: positionId,
      message: `${what}, carries the number of our intent ${intentId}, and nothing here knows of it: it counts as exposure; close it at the broker, or accept it as one that is not ours`,
    });
  }
}

function isLevel(ours: number, broker: number | null): boolean {
  return broker === null ? Number.isNaN(ours) : ours === broker;
}

function level(points: number | null): string {
  return points === null ? "none" : `${points} points`;
}
