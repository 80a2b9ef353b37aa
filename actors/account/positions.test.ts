// Netting: opening, enlarging, closing in part and whole, and that the order of fills does not change the profit.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import { type PositionFill, PositionBook, sideOf, toPosition, unrealised } from "./positions.ts";

function fill(side: "BUY" | "SELL", volumeMicros: number, pricePoints: number): PositionFill {
  return {
    positionId: "p",
    instrumentId: 0,
    intentId: "i",
    side,
    volumeMicros,
    pricePoints,
    timeMicros: 7,
    stopPricePoints: 90,
    targetPricePoints: Number.NaN,
    trailPoints: Number.NaN,
    enters: false,
    first: false,
  };
}

describe("position book", () => {
  test("opens, enlarges, closes in part, closes", () => {
    const book = new PositionBook();
    expect(book.net(fill("BUY", 2, 100))).toMatchObject({ realised: 0, closedMicros: 0, opened: true });
    expect(book.net(fill("BUY", 2, 110))).toMatchObject({ realised: 0, opened: false });
    expect(toPosition(book.open[0]!)).toEqual({
      positionId: "p",
      instrumentId: 0,
      side: "BUY",
      volumeMicros: 4,
      openPricePoints: 105,
      openTimeMicros: 7,
      stopPricePoints: 90,
      targetPricePoints: null,
      intentId: "i",
    });
    expect(unrealised(book.open[0]!, 107)).toBe(8);
    expect(book.net(fill("SELL", 1, 120))).toMatchObject({ realised: 15, closedMicros: 1 });
    expect(book.net(fill("SELL", 3, 100))).toMatchObject({
      realised: -15,
      closedMicros: 3,
      position: undefined,
    });
    expect(book.open).toEqual([]);
  });

  test("a SELL position earns when the price falls", () => {
    const book = new PositionBook();
    book.net(fill("SELL", 5, 100));
    expect(sideOf(book.open[0]!)).toBe("SELL");
    expect(book.net(fill("BUY", 5, 90)).realised).toBe(50);
  });

  test("a fill larger than the position turns it over", () => {
    const book = new PositionBook();
    book.net(fill("BUY", 2, 100));
    expect(book.net(fill("SELL", 5, 110))).toMatchObject({ realised: 20, closedMicros: 2 });
    expect(toPosition(book.open[0]!)).toMatchObject({ side: "SELL", volumeMicros: 3, openPricePoints: 110 });
  });

  test("the sum of profits is the same in any order of fills, to the point", () => {
    const deal = fc.record({
      buy: fc.boolean(),
      volume: fc.integer({ min: 1, max: 1e8 }),
      price: fc.integer({ min: 1, max: 1e6 }),
    });
    fc.assert(
      fc.property(
        fc
          .array(deal, { minLength: 1, maxLength: 12 })
          .chain((deals) =>
            fc.tuple(
              fc.constant(deals),
              fc.shuffledSubarray(deals, { minLength: deals.length, maxLength: deals.length }),
            ),
          ),
        ([deals, shuffled]) => {
          const [a, b] = [deals, shuffled].map((each) => {
            const book = new PositionBook();
            let total = 0;
            for (const { buy, volume, price } of each) {
              total += book.net(fill(buy ? "BUY" : "SELL", volume, price)).realised;
            }
            // What is left, valued at any one price, completes the profit.
            return {
              held: book.open[0]?.signedVolumeMicros ?? 0,
              cash: total - (book.open[0]?.signedCost ?? 0),
            };
          });
          expect(a).toEqual(b);
        },
      ),
    );
  });
});
