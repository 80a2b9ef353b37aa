// Names and magic numbers of intents tell each other, and no other folder's.

import { expect, test } from "bun:test";
import * as fc from "fast-check";
import { INTENT_TAG_MAX, intentOfMagic, magicOfIntent, nameIntent } from "./intent-name.ts";

const tags = fc.integer({ min: 1, max: INTENT_TAG_MAX });
const counters = fc.integer({ min: 1, max: 2 ** 40 - 1 });
const accounts = fc.stringMatching(/^[a-z0-9-]{1,32}$/);

test("an intent's magic number leads back to it, within what a terminal takes", () => {
  fc.assert(
    fc.property(accounts, counters, tags, (accountId, counter, tag) => {
      const intentId = nameIntent(accountId, counter, tag);
      const magic = magicOfIntent(intentId);
      expect(BigInt(magic ?? -1)).toBeGreaterThan(0n);
      expect(BigInt(magic ?? -1)).toBeLessThan(1n << 62n);
      expect(intentOfMagic(magic ?? "0", accountId, tag)).toBe(intentId);
      expect(intentOfMagic(magic ?? "0", accountId, (tag % INTENT_TAG_MAX) + 1)).toBeUndefined();
      expect(intentId.length).toBeLessThanOrEqual(64);
    }),
  );
});

test("orders of people and of other programs are nobody's", () => {
  for (const magic of ["0", "1", "123456", String((1n << 63n) - 1n), String(7n << 40n)])
    expect(intentOfMagic(magic, "demo", 7)).toBeUndefined();
  expect(magicOfIntent("paper-000000001")).toBeUndefined();
});
