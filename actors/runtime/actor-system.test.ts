// How actors are talked to: order, fairness, questions, timers, watches, dead letters, and an orderly end.

import { describe, expect, test } from "bun:test";
import type { Clock } from "../base/clock.ts";
import type { Actor, ActorContext, ActorRef } from "./actor.ts";
import { ActorSystem } from "./actor-system.ts";
import { DEAD_LETTERS_KEPT_MAX } from "./limits.ts";
import { newScenario } from "./scenario.ts";

/** Writes down what it hears. */
function listener(log: string[], name = ""): () => Actor<string> {
  return () => ({ receive: (message) => void log.push(name + message) });
}

describe("tell", () => {
  test("queues; the message is handled in a later turn, in order", () => {
    const { clock, system } = newScenario();
    const log: string[] = [];
    const ref = system.spawn("a", listener(log));
    expect(ref.tell("1")).toBe(true);
    expect(ref.tell("2")).toBe(true);
    expect(ref.depth).toBe(2);
    expect(log).toEqual([]);
    clock.advance(0);
    expect(log).toEqual(["1", "2"]);
    expect(ref.depth).toBe(0);
  });

  test("from within receive only enqueues, to itself too", () => {
    const { system } = newScenario();
    const log: string[] = [];
    const ref: ActorRef<number> = system.spawn("a", () => ({
      receive: (message) => {
        log.push(`${message} begins`);
        if (message < 3) ref.tell(message + 1);
        log.push(`${message} ends`);
      },
    }));
    ref.tell(1);
    expect(system.runUntilIdle()).toBe(3);
    expect(log).toEqual(["1 begins", "1 ends", "2 begins", "2 ends", "3 begins", "3 ends"]);
  });

  test("conflated messages are handled in the place of the first with the content of the last", () => {
    const { system } = newScenario();
    const log: string[] = [];
    const ref = system.spawn("a", listener(log), {
      mailbox: { capacity: 4, policy: "conflate", keyOf: (message) => message.charCodeAt(0) },
    });
    for (const message of ["x1", "y1", "x2", "y2", "z1", "x3"]) ref.tell(message);
    system.runUntilIdle();
    expect(log).toEqual(["x3", "y2", "z1"]);
  });

  test("to a full mailbox is refused", () => {
    const { system, row } = newScenario();
    const ref = system.spawn("a", listener([]), { mailbox: { capacity: 1, policy: "reject" } });
    expect(ref.tell("1")).toBe(true);
    expect(ref.tell("2")).toBe(false);
    expect(row("a")).toMatchObject({ accepted: 1, rejected: 1, depth: 1, capacity: 1 });
  });

  test("to a stopped actor is refused and becomes a dead letter", () => {
    const { system, clock } = newScenario();
    const ref = system.spawn<string>("a", (context) => ({ receive: () => context.stop() }));
    clock.advanceTo(7);
    for (const message of ["last", "queued"]) ref.tell(message);
    system.runUntilIdle();
    expect(ref.tell("late")).toBe(false);
    expect(system.deadLetters.recent()).toEqual([
      { path: "a", message: "queued", reason: "stopped", timeMicros: 7 },
      { path: "a", message: "late", reason: "stopped", timeMicros: 7 },
    ]);
  });
});

test("dead letters are bounded, and all are counted", () => {
  const { system } = newScenario();
  const ref = system.spawn("a", listener([]));
  system.stop();
  for (let i = 0; i < DEAD_LETTERS_KEPT_MAX + 10; i++) ref.tell(String(i));
  expect(system.deadLetters.count).toBe(DEAD_LETTERS_KEPT_MAX + 10);
  const kept = system.deadLetters.recent().map((letter) => letter.message);
  expect(kept.length).toBe(DEAD_LETTERS_KEPT_MAX);
  expect(kept.at(0)).toBe("10");
  expect(kept.at(-1)).toBe(String(DEAD_LETTERS_KEPT_MAX + 9));
});

describe("fairness", () => {
  test("a flooded actor lets the others have their turns", () => {
    const { system } = newScenario({ turnMessagesMax: 4 });
    const log: string[] = [];
    const flooded = system.spawn("flooded", listener(log, "f"), {
      mailbox: { capacity: 64, policy: "reject" },
    });
    const calm = system.spawn("calm", listener(log, "c"));
    for (let i = 0; i < 64; i++) flooded.tell(String(i));
    calm.tell("!");
    system.runUntilIdle();
    expect(log.indexOf("c!")).toBe(4);
    expect(log.length).toBe(65);
  });

  test("a self-scheduled drain yields to the host after its bound", () => {
    const { system, clock } = newScenario({ drainMessagesMax: 10, turnMessagesMax: 100 });
    const log: string[] = [];
    const ref = system.spawn("a", listener(log));
    for (let i = 0; i < 25; i++) ref.tell("x");
    const seen: number[] = [];
    // Timers of the same moment run in the order of their making: these stand between the drains.
    const look = (): void => {
      seen.push(log.length);
      if (log.length < 25) clock.soon(look);
    };
    clock.soon(look);
    clock.advance(0);
    expect(seen).toEqual([10, 20, 25]);
  });

  test("two actors that answer each other forever are stopped by the bound", () => {
    const { system } = newScenario();
    const refs: ActorRef<string>[] = [0, 1].map((i) =>
      system.spawn(`a${i}`, () => ({ receive: (message) => void refs[1 - i]!.tell(message) })),
    );
    refs[0]!.tell("ball");
    expect(system.runUntilIdle(1_000)).toBe(1_000);
    expect(system.idle).toBe(false);
  });

  test("an actor cannot run the system it runs in", () => {
    const { system, faults } = newScenario();
    const ref = system.spawn<string>("a", () => ({ receive: () => void system.runUntilIdle() }), {
      supervision: { decide: () => "stop" },
    });
    ref.tell("x");
    system.runUntilIdle();
    expect(faults).toEqual(["a stop 0 0"]);
  });
});

describe("the tree", () => {
  test("lists parents before children with what there is to know", () => {
    let micros = 0;
    const stopwatch: Clock = { nowMicros: () => (micros += 8) };
    const { system, row } = newScenario({ stopwatch });
    const parent = system.spawn<string>("symbol/EURUSD", (context: ActorContext<string>) => {
      context.spawn<string>("bars", () => ({ receive: () => {} }));
      return { receive: () => {} };
    });
    system.spawn<string>("account", () => ({ receive: () => {} }));
    for (let i = 0; i < 40; i++) {
      parent.tell("x");
      system.runUntilIdle();
    }
    expect(system.tree().map((listing) => listing.path)).toEqual([
      "account",
      "symbol/EURUSD",
      "symbol/EURUSD/bars",
    ]);
    expect(row("symbol/EURUSD")).toMatchObject({
      state: "running",
      processed: 40,
      restarts: 0,
      lastError: "",
    });
    expect(row("symbol/EURUSD").p99Micros).toBeCloseTo(8, 0);
    expect(row("symbol/EURUSD/bars").p99Micros).toBe(0);
  });

  test("two actors of one path, a path with blanks or none are bugs", () => {
    const { system } = newScenario();
    system.spawn("a", listener([]));
    for (const name of ["a", "", "/a", "a b"]) expect(() => system.spawn(name, listener([]))).toThrow();
  });
});

describe("stop", () => {
  test("stops children before parents, the youngest first, and makes dead letters of what is queued", () => {
    const { system } = newScenario();
    const log: string[] = [];
    const leaf = (name: string) => (): Actor<string> => ({
      receive: () => {},
      stopped: () => void log.push(name),
    });
    const parent = system.spawn<string>("parent", (context) => {
      context.spawn("older", leaf("older"));
      context.spawn("younger", leaf("younger"));
      return leaf("parent")();
    });
    system.spawn("uncle", leaf("uncle"));
    system.runUntilIdle();
    parent.tell("unheard");
    system.stop();
    expect(log).toEqual(["younger", "older", "uncle", "parent"]);
    expect(system.deadLetters.recent()).toMatchObject([
      { path: "parent", message: "unheard", reason: "stopped" },
    ]);
    expect(new Set(system.tree().map((listing) => listing.state))).toEqual(new Set(["stopped"]));
    expect(() => system.spawn("late", leaf("late"))).toThrow("the system has stopped");
  });

  test("called by an actor, it waits for the end of that actor's turn", () => {
    const { system } = newScenario();
    const log: string[] = [];
    const ref = system.spawn<string>("a", () => ({
      receive: () => {
        system.stop();
        log.push("still here");
      },
      stopped: () => void log.push("stopped"),
    }));
    ref.tell("x");
    system.runUntilIdle();
    expect(log).toEqual(["still here", "stopped"]);
  });

  test("a parent stops a child by its reference, and the name is free again", () => {
    const { system } = newScenario();
    const log: string[] = [];
    const parent = system.spawn<string>("parent", (context) => {
      let child = context.spawn("child", listener(log, "first "));
      return {
        receive: () => {
          context.stop(child);
          child = context.spawn("child", listener(log, "second "));
          child.tell("hello");
        },
      };
    });
    parent.tell("replace");
    system.runUntilIdle();
    expect(log).toEqual(["second hello"]);
  });
});

/** Remembers a sum. */
function adder(log: number[]): () => Actor<number> {
  return () => {
    let count = 0;
    return {
      receive: (message) => void (count += message),
      started: () => void log.push(count),
      persist: (archive) => void (count = archive.number(count)),
    };
  };
}

test("an actor's state is saved by its path and loaded before it starts", () => {
  const before = newScenario();
  const log: number[] = [];
  const ref = before.system.spawn("counter", adder(log));
  expect(before.system.snapshot("counter")).toBeUndefined();
  for (const message of [1, 2, 3]) ref.tell(message);
  before.system.runUntilIdle();
  const state = before.system.snapshot("counter");
  expect(state).toEqual(new Float64Array([6]));
  expect(before.system.snapshot("nobody")).toBeUndefined();
  const after = newScenario();
  after.system.spawn("counter", adder(log), { state: state! });
  after.system.runUntilIdle();
  expect(log).toEqual([0, 6]);
});

test("an alarm that throws does not leave the system locked", () => {
  const { clock } = newScenario();
  const system = new ActorSystem({
    scheduler: clock,
    random: { next: () => 0, integer: () => 0, normal: () => 0 },
    stopwatch: clock,
    onFault: () => {
      throw new Error("alarm");
    },
  });
  const ref = system.spawn<string>(
    "a",
    () => ({
      receive: (message) => {
        if (message === "bad") throw new Error("bad");
      },
    }),
    { supervision: { decide: () => "resume" } },
  );
  for (const message of ["bad", "good"]) ref.tell(message);
  expect(() => system.runUntilIdle()).toThrow("alarm");
  expect(system.runUntilIdle()).toBe(1);
});
