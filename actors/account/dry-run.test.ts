// What a dry run says, and that it leaves no trace.

import { describe, expect, test } from "bun:test";
import { execution, INSTRUMENTS, NOON, signal, TestEngine, tick, waitingTrade } from "./account.fixture.ts";
import type { Wish, WishVerdict } from "./dry-run.ts";
import { JUDGED_MAX } from "./limits.ts";

type Options = ConstructorParameters<typeof TestEngine>[0];

function quoted(options: Options = {}): TestEngine {
  const engine = new TestEngine({ broker: "none", ...options });
  for (const { id } of INSTRUMENTS) engine.feed(tick({ timeMicros: NOON, instrumentId: id }));
  return engine;
}

function judged(engine: TestEngine, wishes: readonly Wish[]): readonly WishVerdict[] {
  const result = engine.account.judge(wishes);
  if (!result.ok) throw new Error(result.message);
  return result.value;
}

const SIGNAL = signal({ timeMicros: NOON });

describe("a dry run", () => {
  test("says what would go out, each with those before it filled, and changes nothing", () => {
    const engine = quoted();
    const before = engine.save().map(String);
    const records = engine.records.length;
    const verdicts = judged(engine, [
      SIGNAL,
      SIGNAL,
      signal({ timeMicros: NOON, action: "SELL" }),
      waitingTrade({ instrumentId: 3, key: "k" }),
      waitingTrade({ instrumentId: 3, key: "k" }),
    ]);
    expect(verdicts.map(({ approved, code }) => [approved, code])).toEqual([
      [true, ""],
      [false, "position-open"],
      [true, ""],
      [true, ""],
      [false, "position-open"],
    ]);
    expect(verdicts[0]!.intents).toMatchObject([{ purpose: "entry", volumeMicros: 2_500_000 }]);
    expect(verdicts[0]!.checks.every(({ passed }) => passed)).toBe(true);
    expect(verdicts[2]!.intents).toMatchObject([{ purpose: "exit" }]);
    expect(engine.save().map(String)).toEqual(before);
    expect([engine.records.length, engine.account.answerOf("k")]).toEqual([records, undefined]);
  });

  test("says of the first what then happens", () => {
    const engine = quoted();
    const [verdict] = judged(engine, [SIGNAL]);
    engine.feed(SIGNAL);
    const { intents } = verdict!;
    expect(engine.intents[0]).toMatchObject(intents[0]!);
    engine.feed(execution(engine.intents[0]!));
    const [refused] = judged(engine, [SIGNAL]);
    engine.feed(SIGNAL);
    const { code, message, checks } = engine.refusals[0]!;
    expect(refused).toMatchObject({ approved: false, code, message, checks });
  });

  test("takes margin that those before it have used", () => {
    const engine = quoted({ settings: { marginUseFraction: 0.1 } });
    const ids = INSTRUMENTS.map(({ id }) => id).filter((id) => id !== 1 && id !== 2);
    const wishes = ids.map((instrumentId) => signal({ timeMicros: NOON, instrumentId }));
    const alone = judged(engine, wishes.slice(1))[0]!.intents[0]!.volumeMicros;
    const after = judged(engine, wishes)[1]!;
    expect(after.intents[0]?.volumeMicros ?? 0).toBeLessThan(alone);
  });

  test("takes so many at a time and no more", () => {
    const engine = quoted();
    const wishes = Array.from({ length: JUDGED_MAX }, () => SIGNAL);
    expect(judged(engine, wishes)).toHaveLength(JUDGED_MAX);
    expect(engine.account.judge([...wishes, SIGNAL])).toMatchObject({ ok: false, code: "too-many-wishes" });
  });
});
