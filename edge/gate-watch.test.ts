// What a person hears of members that are switched off and on: each change once, in words.

import { expect, test } from "bun:test";
import type { SwitchedOff } from "../actors/chain/gate/quality-gate.ts";
import { DEMO_CONFIG, INSTRUMENTS } from "../test/fixtures/engine-rig.ts";
import { GateWatch } from "./gate-watch.ts";

test("every change is told once", () => {
  const symbol = INSTRUMENTS[1]!.symbol;
  const told: string[] = [];
  const watch = new GateWatch((message) => told.push(message));
  const look = (...switchedOff: SwitchedOff[]): string[] => {
    const chain = { switchedOff, quoting: { latest: 0.43, usual: 0.604 } };
    watch.look({ config: DEMO_CONFIG, symbol: (id) => (id === 1 ? { chain } : undefined) });
    return told.splice(0);
  };
  const fast: SwitchedOff = { member: "fast", why: "quoting" };
  const quantum: SwitchedOff = { member: "quantum", why: "quoting" };
  expect(look()).toEqual([]);
  expect(look(fast, quantum)).toEqual([
    `${symbol}: fast, quantum off: it is quoted in another manner, 43 % of changes of the mid go on in their direction and ` +
      "usually 60 % do",
  ]);
  expect(look(fast, quantum)).toEqual([]);
  expect(look({ member: "fast", why: "answers" })).toEqual([
    `${symbol}: fast off: answers of late were worse than none`,
    `${symbol}: quantum on again`,
  ]);
  expect(look()).toEqual([`${symbol}: fast on again`]);
  expect(look()).toEqual([]);
});
