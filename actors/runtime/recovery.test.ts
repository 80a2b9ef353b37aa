// Actors whose messages are all in the journal: they come back by reading it, and nothing is lost or heard twice.

import { describe, expect, test } from "bun:test";
import * as fc from "fast-check";
import type { Actor, Recover } from "./actor.ts";
import { newScenario } from "./scenario.ts";

interface Entry {
  readonly seq: number;
  readonly poison?: boolean;
}

/** Sums sequences, and insists on hearing every one exactly once. */
class Summer implements Actor<Entry> {
  appliedSeq = 0;
  sum = 0;
  starts = 0;
  readonly cured: ReadonlySet<number>;

  constructor(cured: ReadonlySet<number>) {
    this.cured = cured;
  }

  started(): void {
    this.starts++;
  }

  receive(entry: Entry): void {
    if (entry.seq !== this.appliedSeq + 1) throw new Error(`heard ${entry.seq} after ${this.appliedSeq}`);
    if (entry.poison === true && !this.cured.has(entry.seq)) throw new Error(`poison ${entry.seq}`);
    this.appliedSeq = entry.seq;
    this.sum += entry.seq;
  }
}

const BACKOFF = { minMicros: 100, maxMicros: 100, factor: 1, jitter: 0 };

function newStage(options: { restartsMax?: number; recover?: Recover<Entry> } = {}) {
  const scenario = newScenario();
  const journal: Entry[] = [];
  const cured = new Set<number>();
  const instances: Summer[] = [];
  const readAll: Recover<Entry> = (actor, caughtUp) => {
    for (const entry of journal) actor.receive(entry);
    caughtUp();
  };
  const ref = scenario.system.spawn<Entry>(
    "symbol",
    () => {
      const summer = new Summer(cured);
      instances.push(summer);
      return summer;
    },
    {
      recover: options.recover ?? readAll,
      supervision: { restartsMax: options.restartsMax ?? 5, windowMicros: 1e9, backoff: BACKOFF },
    },
  );
  /** Journal first, then the actor, as the router does. */
  const append = (poison = false): boolean => {
    const entry = { seq: journal.length + 1, poison };
    journal.push(entry);
    return ref.tell(entry);
  };
  return {
    ...scenario,
    journal,
    cured,
    instances,
    ref,
    append,
    current: () => instances.at(-1)!,
  };
}

test("the first start takes messages as they come: nothing is recovered", () => {
  const { append, clock, current, instances } = newStage();
  append();
  clock.advance(0);
  expect(current().appliedSeq).toBe(1);
  expect(instances.length).toBe(1);
});

test("a failed actor defers its messages and reads them from the journal after the backoff", () => {
  const { append, clock, current, cured, row, system } = newStage();
  append();
  append(true);
  append();
  clock.advance(0);
  expect(row("symbol")).toMatchObject({ state: "suspended", depth: 0, deferred: 1 });
  expect(append()).toBe(true);
  expect(row("symbol")).toMatchObject({ depth: 0, deferred: 2 });
  cured.add(2);
  clock.advance(100);
  expect(row("symbol")).toMatchObject({ state: "running", restarts: 1 });
  expect(current().starts).toBe(1);
  append();
  clock.advance(0);
  expect(current().sum).toBe(15);
  expect(system.deadLetters.count).toBe(0);
});

test("a message that always fails is met again in the journal, until the quarantine; even then tells are taken", () => {
  const { append, clock, faults, row, ref, system, cured, current } = newStage({ restartsMax: 2 });
  append(true);
  clock.advance(1_000);
  expect(faults).toEqual(["symbol restart 1 100", "symbol restart 2 100", "symbol quarantine 2 0"]);
  expect(append()).toBe(true);
  expect(row("symbol")).toMatchObject({ state: "quarantined", deferred: 1, depth: 0 });
  cured.add(1);
  system.release("symbol");
  clock.advance(0);
  expect(row("symbol").state).toBe("running");
  expect(current().appliedSeq).toBe(2);
  system.stop();
  expect(ref.tell({ seq: 3 })).toBe(false);
});

test("an instance that fails right after it caught up is another restart", () => {
  const { append, clock, cured, row } = newStage({ restartsMax: 2 });
  append(true);
  clock.advance(0);
  cured.add(1);
  clock.advance(100);
  append(true);
  clock.advance(0);
  expect(row("symbol")).toMatchObject({ state: "suspended", restarts: 2 });
});

/** Hands the recovery to the test, which feeds the instance itself. */
function newSlowStage() {
  const kept: { actor: Actor<Entry>; caughtUp: () => void; failed: (error: unknown) => void }[] = [];
  const stage = newStage({
    recover: (actor, caughtUp, failed) => void kept.push({ actor, caughtUp, failed }),
  });
  stage.append(true);
  stage.clock.advance(100);
  stage.cured.add(1);
  return { ...stage, kept };
}

describe("recovery over several tasks", () => {
  test("is visible, and defers until the head is reached", async () => {
    const { append, clock, row, kept, journal, current, ref } = newSlowStage();
    expect(row("symbol").state).toBe("recovering");
    append();
    expect(await ref.ask(() => ({ seq: 0 }), 10)).toMatchObject({ ok: false, code: "ask-refused" });
    for (const entry of journal) kept[0]!.actor.receive(entry);
    kept[0]!.caughtUp();
    append();
    expect(row("symbol").depth).toBe(1);
    clock.advance(0);
    expect(row("symbol").state).toBe("running");
    expect(current()).toMatchObject({ appliedSeq: 3, starts: 1 });
  });

  test("may fail, which is another restart; what the old one says later is ignored", () => {
    const { clock, row, kept } = newSlowStage();
    kept[0]!.failed(new Error("the journal cannot be read"));
    expect(row("symbol")).toMatchObject({ state: "suspended", restarts: 2 });
    clock.advance(100);
    kept[0]!.caughtUp();
    kept[0]!.failed("again");
    expect(row("symbol")).toMatchObject({ state: "recovering", restarts: 2 });
    expect(row("symbol").lastError).toBe("Error: the journal cannot be read");
  });
});

test("an exception in recovery counts, also after it claimed to have caught up", () => {
  let attempts = 0;
  const { append, clock, row } = newStage({
    recover: (_actor, caughtUp) => {
      caughtUp();
      if (++attempts === 1) throw new Error("then the disk broke");
    },
  });
  append(true);
  clock.advance(100);
  expect(row("symbol")).toMatchObject({ state: "suspended", restarts: 2 });
  clock.advance(100);
  expect(row("symbol")).toMatchObject({ state: "running", restarts: 2 });
});

test("property: whatever fails when, every record is applied once and in order", () => {
  const steps = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 150 })), { maxLength: 60 });
  fc.assert(
    fc.property(steps, (plan) => {
      const { append, clock, cured, current, journal } = newStage({ restartsMax: 1_000 });
      for (const [poison, passMicros] of plan) {
        expect(append(poison)).toBe(true);
        clock.advance(passMicros);
        if (passMicros > 75) cured.add(journal.length);
      }
      for (const entry of journal) cured.add(entry.seq);
      append();
      clock.advance(1_000);
      expect(current().appliedSeq).toBe(journal.length);
    }),
  );
});
