// What must be true of the account at the end of a random history, told by the broker's own books.

import type { JournalRecord } from "../../domain/records.ts";
import type { AccountView } from "../account-view.ts";
import { findingsOf, Model } from "./model.fixture.ts";

/** Empty where all is as it must be. */
export function differencesAtTheEnd({ seed, steps }: { seed: number; steps: number }): readonly string[] {
  const tampers = seed % 2 === 0;
  const model = new Model({ seed, steps, reloadEvery: 0, tampers });
  const { records, view, faults } = model.run();
  const again = new Model({ seed, steps, reloadEvery: 10, tampers });
  const differences = [...faults, ...booksDiffer(view, model.truth), ...wronglyProved(records, model)];
  if (JSON.stringify(again.run().records) !== JSON.stringify(records))
    differences.push("a reload changed what is said");
  if (!tampers) differences.push(...standingIn(records));
  return differences;
}

function booksDiffer(view: AccountView, { positions, balance }: Model["truth"]): string[] {
  const differences: string[] = [];
  if (view.balanceMicros !== balance)
    differences.push(`balance ${view.balanceMicros}, the broker has ${balance}`);
  const books = view.reconciliation;
  const own = view.positions.filter(({ external }) => external !== true);
  const all = [...own, ...(books?.externalPositions ?? [])];
  if (all.length !== positions.size)
    differences.push(`${all.length} positions, the broker has ${positions.size}`);
  for (const { positionId, side, volumeMicros, stopPricePoints, targetPricePoints } of all) {
    const held = positions.get(positionId);
    const signed = side === "BUY" ? volumeMicros : -volumeMicros;
    if (held?.signed !== signed)
      differences.push(`${positionId} is ${signed}, the broker has ${held?.signed}`);
    if (held?.stop !== stopPricePoints || held.target !== targetPricePoints) {
      differences.push(`levels of ${positionId} are ${stopPricePoints} and ${targetPricePoints}`);
    }
  }
  for (const { intentId, state } of view.liveOrders) differences.push(`order ${intentId} is still ${state}`);
  if (books?.agrees !== true) differences.push(`still standing: ${JSON.stringify(books?.standing)}`);
  return differences;
}

/** Where the broker told the truth, late or not, nothing but an outcome may ever stand. */
function standingIn(records: readonly JournalRecord[]): string[] {
  const differences: string[] = [];
  for (const record of records) {
    if (record.kind !== "reconciled") continue;
    for (const { what, resolved, message } of record.findings) {
      const mayStand = what === "outcome-open" || what === "incomplete" || what === "missing-order";
      if (!resolved && !mayStand) differences.push(`${record.seq}: ${message}`);
    }
  }
  return differences;
}

/** What is proved to have come to nothing never fills afterwards. */
function wronglyProved(records: readonly JournalRecord[], model: Model): string[] {
  return findingsOf(records)
    .filter(({ what, message }) => what === "outcome-proved" && message.includes("it is rejected"))
    .filter(({ subject }) => model.filled(subject) > 0)
    .map(({ subject }) => `${subject} was said to be rejected and filled`);
}
