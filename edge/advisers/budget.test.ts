// The day's budget holds whatever happens: calls at the same time, a restart, a full disk, a clock that is set back.

import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MICROS_PER_DAY, MICROS_PER_HOUR, VirtualClock } from "../../actors/base/clock.ts";
import { SpendingFile } from "../../storage/spending-file.ts";
import { Budget, type Reservation } from "./budget.ts";

const NOON_MICROS = Date.UTC(2026, 2, 2, 12) * 1_000;

const folder = mkdtempSync(join(tmpdir(), "tickforge-budget-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let paths = 0;
function freshPath(): string {
  return join(folder, String(paths++), "advisers.json");
}

async function opened(
  path: string,
  options: { clock?: VirtualClock; callsPerDay?: number } = {},
): Promise<Budget> {
  const budget = await Budget.open({
    callsPerDay: options.callsPerDay ?? 100,
    costPerDayMicros: 1_000,
    clock: options.clock ?? new VirtualClock(NOON_MICROS),
    store: new SpendingFile(path),
  });
  if (!budget.ok) throw new Error(budget.message);
  return budget.value;
}

async function reserved(budget: Budget, costMicros: number): Promise<Reservation> {
  const paid = await budget.reserve(costMicros);
  if (!paid.ok) throw new Error(paid.message);
  return paid.value;
}

describe("budget", () => {
  test("a call is paid for by the most it can cost, then by what it did", async () => {
    const budget = await opened(freshPath());
    const paid = await reserved(budget, 400);
    expect(budget.spent).toMatchObject({ calls: 1, costMicros: 400 });
    await budget.settle(paid, 150);
    expect(budget.spent).toEqual({ day: "2026-03-02", calls: 1, costMicros: 150 });
  });

  test("calls at the same time do not spend the same money", async () => {
    const budget = await opened(freshPath());
    const calls = await Promise.all([1, 2, 3].map(async () => await budget.reserve(400)));
    expect(calls.map(({ ok }) => ok)).toEqual([true, true, false]);
    expect(calls[2]).toMatchObject({ code: "budget-spent", recoverable: true });
  });

  test("calls are counted as well: free ones end too", async () => {
    const budget = await opened(freshPath(), { callsPerDay: 2 });
    for (let i = 0; i < 2; i++) expect((await budget.reserve(0)).ok).toBe(true);
    expect(await budget.reserve(0)).toMatchObject({ code: "budget-spent" });
  });

  test("a restart goes on where the process was, in the middle of a call too", async () => {
    const path = freshPath();
    const before = await opened(path);
    await before.settle(await reserved(before, 300), 200);
    await before.reserve(700);
    const after = await opened(path);
    expect(after.spent).toEqual({ day: "2026-03-02", calls: 2, costMicros: 900 });
    expect(await after.reserve(200)).toMatchObject({ code: "budget-spent" });
  });

  test("a new day begins anew; a clock set back does not bring it back", async () => {
    const path = freshPath();
    const clock = new VirtualClock(NOON_MICROS);
    const budget = await opened(path, { clock });
    await budget.reserve(1_000);
    clock.advance(MICROS_PER_DAY - 12 * MICROS_PER_HOUR - 1);
    expect(await budget.reserve(1)).toMatchObject({ code: "budget-spent" });
    clock.advance(1);
    expect((await budget.reserve(600)).ok).toBe(true);
    expect(budget.spent).toEqual({ day: "2026-03-03", calls: 1, costMicros: 600 });
    const setBack = await opened(path, { clock: new VirtualClock(NOON_MICROS) });
    expect(await setBack.reserve(600)).toMatchObject({ code: "budget-spent" });
  });

  test("what was paid for yesterday gives nothing back today", async () => {
    const clock = new VirtualClock(NOON_MICROS);
    const budget = await opened(freshPath(), { clock });
    const paid = await reserved(budget, 900);
    clock.advance(12 * MICROS_PER_HOUR);
    await reserved(budget, 300);
    await budget.settle(paid, 100);
    expect(budget.spent).toEqual({ day: "2026-03-03", calls: 1, costMicros: 300 });
  });

  test("what cannot be written is not spent", async () => {
    const path = freshPath();
    const budget = await opened(path);
    // A folder in the file's place: nothing can be renamed to it.
    mkdirSync(join(path, "in-the-way"), { recursive: true });
    expect(await budget.reserve(400)).toMatchObject({ code: "spending-unwritten", recoverable: true });
    expect(budget.spent).toMatchObject({ calls: 0, costMicros: 0 });
  });

  test.each(["", "{", "null", '{"day":"2026-03-02","calls":-1,"costMicros":0}', '{"calls":1}'])(
    "a file that says %p says nothing: nobody is asked",
    async (text) => {
      const path = freshPath();
      mkdirSync(join(path, ".."), { recursive: true });
      writeFileSync(path, text);
      const budget = await Budget.open({
        callsPerDay: 1,
        costPerDayMicros: 1,
        clock: new VirtualClock(NOON_MICROS),
        store: new SpendingFile(path),
      });
      expect(budget).toMatchObject({ ok: false, code: "spending-unreadable" });
      expect(budget).toHaveProperty("message", expect.stringContaining(path));
      // It is left for a person to look at.
      expect(readFileSync(path, "utf8")).toBe(text);
    },
  );
});
