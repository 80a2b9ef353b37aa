// Our balance against the broker's. The first picture brings the balance to begin with; from then on every cent is a deal's or an
// adjustment's, and what is neither stands until a person has looked.

import type { MicroMoney } from "../../domain/money.ts";
import type { Desk } from "../desk.ts";
import { DEAL_ROUNDING_MICROS } from "./limits.ts";
import type { Picture } from "./picture.ts";
import type { Findings } from "./standing.ts";
import { money } from "./words.ts";

export function compareBalance(
  desk: Desk,
  picture: Picture,
  { findings, isFirst }: { findings: Findings; isFirst: boolean },
): void {
  if (!picture.complete) return;
  const { books, settings, reconciliation } = desk;
  const { currency } = settings;
  const told = money(picture.balanceMicros, currency);
  if (isFirst) {
    books.restart(picture.balanceMicros + reconciliation.moneySince());
    say(
      findings,
      `the account begins with the broker's balance of ${told}: days and drawdowns are measured from it`,
    );
    return;
  }
  const { memory } = reconciliation;
  memory.adjustments = memory.adjustments.filter(({ seq }) => seq > memory.asOfSeq);
  const { difference, newer } = differenceOf(
    picture.balanceMicros,
    books.balanceMicros - reconciliation.moneySince(),
    {
      adjustments: memory.adjustments.map(({ amountMicros }) => amountMicros),
      tolerance: memory.untoldDeals * DEAL_ROUNDING_MICROS,
    },
  );
  memory.adjustments = memory.adjustments.slice(memory.adjustments.length - newer);
  if (Math.abs(difference) > memory.untoldDeals * DEAL_ROUNDING_MICROS) {
    findings.stands({
      what: "balance-differs",
      instrumentId: -1,
      subject: "balance",
      difference,
      message: `the broker's balance of ${told} is ${money(difference, currency)} from ours, and no deal or adjustment explains it: find out why, then accept it`,
    });
    return;
  }
  memory.untoldDeals = 0;
  if (difference === 0) return;
  books.adjust(difference, false);
  say(
    findings,
    `the broker rounded deals by ${money(difference, currency)} otherwise than we: its balance of ${told} is ours now`,
  );
}

function say(findings: Findings, message: string): void {
  findings.resolved("balance-differs", -1, "balance", message);
}

/**
 * What the broker has more than we. A picture may be older than the newest adjustments: then it agrees without them.
 * @returns `newer` adjustments that the picture is older than
 */
function differenceOf(
  broker: MicroMoney,
  ours: MicroMoney,
  { adjustments, tolerance }: { adjustments: readonly MicroMoney[]; tolerance: MicroMoney },
): { readonly difference: MicroMoney; readonly newer: number } {
  let expected = ours;
  for (let newer = 0; newer <= adjustments.length; newer++) {
    if (newer > 0) expected -= adjustments[adjustments.length - newer] as number;
    if (Math.abs(broker - expected) <= tolerance) return { difference: broker - expected, newer };
  }
  return { difference: broker - ours, newer: 0 };
}
