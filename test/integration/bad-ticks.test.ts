// Every class of bad tick is quarantined for its reason, and its good neighbours pass as if it had never been sent.

import { describe, expect, test } from "bun:test";
import { TickValidator } from "../../actors/chain/validate.ts";
import { emptyQuote, type Quote } from "../../actors/domain/quote.ts";
import type { Tick } from "../../actors/domain/tick.ts";
import { badTickClasses, PATHOLOGY_COUNT } from "../fixtures/bad-ticks.ts";

const SEED = 20_140_507;
const classes = badTickClasses(SEED);

/** The quotes `ticks` become; a good tick that is refused stops the test with its reason. */
function quotesOf(validator: TickValidator, ticks: readonly Tick[]): Quote[] {
  return ticks.map((tick) => {
    const quote = emptyQuote();
    expect(validator.check(tick, quote)).toBeUndefined();
    return quote;
  });
}

describe("bad ticks", () => {
  test("there are at least 200 classes of them, and the names tell them apart", () => {
    expect(classes.length).toBeGreaterThanOrEqual(200);
    expect(PATHOLOGY_COUNT).toBeGreaterThanOrEqual(80);
    expect(new Set(classes.map((entry) => entry.name)).size).toBe(classes.length);
  });

  for (const { name, code, instrument, before, bad, after } of classes) {
    test(`${code}: ${name}`, () => {
      const spoiled = new TickValidator({ instrument });
      quotesOf(spoiled, before);
      const untouched = { ...emptyQuote(), bidPoints: 7 };
      const quote = { ...untouched };
      expect(spoiled.check(bad, quote)).toBe(code);
      expect(quote).toEqual(untouched);

      const clean = new TickValidator({ instrument });
      quotesOf(clean, before);
      expect(quotesOf(spoiled, after)).toEqual(quotesOf(clean, after));
    });
  }
});
