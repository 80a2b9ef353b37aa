// The kill switch inside its account: what each mode lets in and closes, who can lift it, and that it outlives restarts.

import { describe, expect, test } from "bun:test";
import { KILL_MODES, type KillMode } from "../domain/kill-switch.ts";
import type { Command } from "../domain/records.ts";
import { execution, NOON, signal, TestEngine, tick } from "./account.fixture.ts";

const PAPER = { accountId: "paper", by: "operator" };
const SECOND = 1_000_000;

function quoted(): TestEngine {
  const engine = new TestEngine({ broker: "none" });
  engine.feed(tick({ timeMicros: NOON }));
  return engine;
}

/** Long 2.5 lots. */
function holding(): TestEngine {
  const engine = quoted();
  engine.feed(signal({ timeMicros: NOON }));
  engine.feed(execution(engine.intents[0]!));
  return engine;
}

function command(engine: TestEngine, order: Command): number {
  engine.feed({ kind: "commanded", seq: 0, timeMicros: NOON, command: order });
  return engine.records.findLast(({ kind }) => kind === "commanded")!.seq;
}

function trip(engine: TestEngine, mode: KillMode, reason = "drill"): number {
  return command(engine, { command: "trip", mode, reason, ...PAPER });
}

function rearm(engine: TestEngine, tripSeq: number): void {
  command(engine, { command: "rearm", tripSeq, ...PAPER });
}

function byHand(side: "BUY" | "SELL", volumeMicros: number): Command {
  return {
    command: "trade",
    ...PAPER,
    instrumentId: 0,
    side,
    volumeMicros,
    bidPoints: 110_000,
    askPoints: 110_010,
    stopPoints: 200,
    targetPoints: 0,
    expiresAtMicros: NOON + SECOND,
  };
}

function codes(engine: TestEngine): string[] {
  return engine.refusals.map(({ code }) => code);
}

function wants(engine: TestEngine): string[] {
  return engine.intents.map(({ purpose, reason }) => `${purpose} ${reason}`);
}

const UNMOVED: readonly Command[] = [
  { command: "resume-entries", ...PAPER },
  { command: "set-mode", mode: "active", ...PAPER },
  { command: "reset-drawdown", ...PAPER },
  { command: "re-enable", instrumentId: 0, ...PAPER },
  { command: "release-symbol", instrumentId: 0, by: "operator" },
  { command: "rearm", tripSeq: 1, ...PAPER },
  { command: "trip", mode: "halt-entries", reason: "as strict", accountId: "paper", by: "else" },
];

describe("a tripped kill switch", () => {
  for (const mode of KILL_MODES) {
    test(`in mode ${mode} refuses the next signal by its name, until it is re-armed`, () => {
      const engine = quoted();
      const seq = trip(engine, mode, "two feeds disagree");
      engine.feed(signal({ timeMicros: NOON }));
      expect(codes(engine)).toEqual(["kill-switch"]);
      expect(engine.refusals[0]?.message).toContain("re-arm it with its code");
      expect(engine.account.view()).toMatchObject({
        mode: mode === "reduce-only" ? "reducing" : "halted",
        trip: { mode, by: "operator", reason: "two feeds disagree", seq, timeMicros: NOON },
      });
      rearm(engine, seq);
      engine.feed(signal({ timeMicros: NOON }));
      expect(wants(engine)).toEqual(["entry signal:test"]);
      expect(engine.account.view()).toMatchObject({ mode: "active", trip: null });
    });

    for (const order of UNMOVED) {
      test(`in mode ${mode} stays through ${order.command}`, () => {
        const engine = quoted();
        const seq = trip(engine, mode);
        command(engine, order);
        expect(engine.account.view().trip).toMatchObject({ mode, seq, by: "operator" });
        engine.feed(signal({ timeMicros: NOON }));
        expect(codes(engine)).toEqual(["kill-switch"]);
      });
    }

    test(`in mode ${mode} lets exits out`, () => {
      const engine = holding();
      trip(engine, mode);
      engine.feed(signal({ timeMicros: NOON, action: "SELL" }));
      const exit = mode === "flatten" ? "exit kill-switch" : "exit signal";
      expect(wants(engine)).toEqual(["entry signal:test", exit]);
    });

    test(`in mode ${mode} outlives a restart`, () => {
      const engine = holding();
      trip(engine, mode);
      const restarted = new TestEngine({ broker: "none" });
      restarted.load(engine.save(), engine.records.length);
      expect(restarted.account.view()).toEqual(engine.account.view());
      expect(restarted.save().map(String)).toEqual(engine.save().map(String));
    });

    test(`in mode ${mode} stands alike when its records are heard again`, () => {
      const engine = holding();
      trip(engine, mode);
      engine.feed(signal({ timeMicros: NOON }), tick({ timeMicros: NOON + SECOND }));
      const again = new TestEngine({ broker: "none" });
      const own = new Set(["pretrade", "intent", "refusal", "sent"]);
      again.feed(...engine.records.filter(({ kind }) => !own.has(kind)));
      expect(again.records).toEqual(engine.records);
      expect(again.save().map(String)).toEqual(engine.save().map(String));
    });
  }

  test("gets stricter and never milder, and each time needs a code of its own", () => {
    const engine = quoted();
    const first = trip(engine, "halt-entries");
    const second = trip(engine, "flatten");
    for (const mode of KILL_MODES) trip(engine, mode);
    rearm(engine, first);
    expect(engine.account.view().trip).toMatchObject({ mode: "flatten", seq: second });
    rearm(engine, second);
    expect(engine.account.view().trip).toBeNull();
  });

  test("in mode reduce-only is no way to turn a position around", () => {
    const engine = holding();
    trip(engine, "reduce-only");
    command(engine, byHand("SELL", 2_510_000));
    command(engine, byHand("BUY", 10_000));
    expect(codes(engine)).toEqual(["kill-switch", "kill-switch"]);
  });

  test("in mode flatten closes what still fills, also after entries were resumed", () => {
    const engine = quoted();
    engine.feed(signal({ timeMicros: NOON }));
    const seq = trip(engine, "flatten");
    command(engine, { command: "resume-entries", ...PAPER });
    engine.feed(execution(engine.intents[0]!));
    expect(wants(engine)).toEqual(["entry signal:test", "exit kill-switch"]);
    rearm(engine, seq);
    expect(engine.account.view().positions[0]?.exitReason).toBe("kill-switch");
  });

  test("leaves the mode that a person has set as it was", () => {
    const engine = quoted();
    command(engine, { command: "halt-entries", ...PAPER });
    rearm(engine, trip(engine, "reduce-only"));
    expect(engine.account.view()).toMatchObject({ mode: "halted", trip: null });
  });

  test("of another account is not heard", () => {
    const engine = quoted();
    const other = { accountId: "other", by: "operator" };
    command(engine, { command: "trip", mode: "flatten", reason: "theirs", ...other });
    expect(engine.account.view().trip).toBeNull();
    const seq = trip(engine, "flatten");
    command(engine, { command: "rearm", tripSeq: seq, ...other });
    expect(engine.account.view().trip).toMatchObject({ seq });
  });

  test("says so among the account's limits", () => {
    const engine = quoted();
    const seq = trip(engine, "halt-entries");
    const control = () => engine.account.risk().controls.find(({ code }) => code === "kill-switch");
    expect(control()).toMatchObject({ passed: false, value: 1, limit: 0 });
    rearm(engine, seq);
    expect(control()).toBeUndefined();
  });
});
