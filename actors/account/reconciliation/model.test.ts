// Random histories at a broker whose reports get lost, come twice and overtake each other: after a whole picture in a calm market our
// books are the broker's, whatever happened before.

import { describe, expect, test } from "bun:test";
import { differencesAtTheEnd } from "./model-check.fixture.ts";

const SEEDS = 300;
const STEPS = 150;

describe("books and a broker's", () => {
  test(`agree after ${SEEDS} random histories, and reloads change nothing`, () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      expect([seed, differencesAtTheEnd({ seed, steps: STEPS })]).toEqual([seed, []]);
    }
  }, 120_000);
});
