// What an actor may ask of the runtime, and what may be asked of it: questions with a deadline, timers, watches.

import { describe, expect, test } from "bun:test";
import { type Cancel, VirtualClock } from "../base/clock.ts";
import type { Actor, ActorRef, Reply } from "./actor.ts";
import { ASKS_MAX, TIMERS_MAX } from "./limits.ts";
import { newScenario } from "./scenario.ts";

/** Writes down what it hears. */
function listener(log: string[], name = ""): () => Actor<string> {
  return () => ({ receive: (message) => void log.push(name + message) });
}

describe("ask", () => {
  interface Question {
    readonly reply: Reply<number>;
  }

  test("resolves with the answer", async () => {
    const { system } = newScenario();
    const ref = system.spawn<Question>("a", () => ({ receive: ({ reply }) => reply(42) }));
    const answer = ref.ask<number>((reply) => ({ reply }), 1_000);
    system.runUntilIdle();
    expect(await answer).toEqual({ ok: true, value: 42 });
  });

  test("times out on the injected clock; the late answer becomes a dead letter", async () => {
    const { system, clock } = newScenario();
    const replies: Reply<number>[] = [];
    const ref = system.spawn<Question>("a", () => ({ receive: ({ reply }) => void replies.push(reply) }));
    const answer = ref.ask<number>((reply) => ({ reply }), 1_000);
    clock.advance(1_000);
    expect(await answer).toMatchObject({ ok: false, code: "ask-timeout", recoverable: true });
    replies[0]!(42);
    expect(system.deadLetters.recent()).toMatchObject([{ path: "a", message: 42, reason: "late-answer" }]);
  });

  test("is refused at once by a full mailbox, a stopped actor, a stopping system and beyond its bound", async () => {
    const { system } = newScenario();
    const ask = (ref: ActorRef<Question>) => ref.ask<number>((reply) => ({ reply }), 1_000);
    const silent = { receive: (): void => {} };
    const full = system.spawn<Question>("full", () => silent, { mailbox: { capacity: 1, policy: "reject" } });
    const first = ask(full);
    expect(await ask(full)).toMatchObject({ ok: false, code: "ask-refused" });
    const crowd = system.spawn<Question>("crowd", () => silent, {
      mailbox: { capacity: 8_192, policy: "reject" },
    });
    for (let i = 1; i < ASKS_MAX; i++) void ask(crowd);
    expect(await ask(crowd)).toMatchObject({ ok: false, code: "ask-refused" });
    system.stop();
    expect(await first).toMatchObject({ ok: false, code: "ask-refused" });
    expect(await ask(full)).toMatchObject({ ok: false, code: "ask-refused" });
  });
});

describe("timers", () => {
  test("deliver messages to their actor, once or at an interval, until cancelled", () => {
    const { system, clock } = newScenario();
    const log: string[] = [];
    let cancelBeat: Cancel | undefined;
    system.spawn<string>("a", (context) => ({
      receive: (message) => void log.push(`${message}@${clock.nowMicros()}`),
      started: () => {
        context.after(25, "once");
        context.after(5, "never")();
        cancelBeat = context.every(10, "beat");
      },
    }));
    clock.advanceTo(35);
    cancelBeat?.();
    clock.advanceTo(100);
    expect(log).toEqual(["beat@10", "beat@20", "once@25", "beat@30"]);
  });

  test("leave out the beats they missed while the process stood still", () => {
    const clock = new VirtualClock();
    const lagMicros = 25;
    const { system } = newScenario({
      scheduler: {
        nowMicros: () => clock.nowMicros(),
        soon: (task) => clock.soon(task),
        after: (delayMicros, task) => clock.after(delayMicros + lagMicros, task),
      },
    });
    const beats: number[] = [];
    system.spawn<string>("a", (context) => ({
      receive: () => void beats.push(clock.nowMicros()),
      started: () => void context.every(10, "beat"),
    }));
    clock.advanceTo(100);
    expect(beats).toEqual([35, 65, 95]);
  });

  test("end with their actor, and are bounded", () => {
    const { system, clock, faults } = newScenario();
    const log: string[] = [];
    const ref = system.spawn<string>("a", (context) => ({
      receive: (message) => {
        log.push(message);
        context.stop();
      },
      started: () => void context.every(10, "beat"),
    }));
    system.spawn<string>("greedy", (context) => ({
      receive: () => {},
      started: () => {
        for (let i = 0; i <= TIMERS_MAX; i++) context.after(1_000, "x");
      },
    }));
    ref.tell("stop");
    clock.advanceTo(100);
    expect(log).toEqual(["stop"]);
    expect(faults[0]).toStartWith("greedy restart 1 ");
    expect(system.deadLetters.count).toBe(0);
  });

  test("a timer's message that finds no room is a dead letter", () => {
    const { system, clock } = newScenario();
    const ref = system.spawn<string>(
      "a",
      (context) => ({ receive: () => {}, started: () => void context.after(10, "tick") }),
      { mailbox: { capacity: 1, policy: "reject" } },
    );
    // Due at the same moment and made before the actor's timer, so it runs first.
    clock.after(10, () => ref.tell("fills it"));
    system.runUntilIdle();
    clock.advanceTo(10);
    expect(system.deadLetters.recent()).toMatchObject([{ message: "tick", reason: "mailbox-full" }]);
  });
});

describe("watch", () => {
  test("tells the watcher once, with a message of its own making; at once if it was too late", () => {
    const { system } = newScenario();
    const log: string[] = [];
    const target = system.spawn<string>("target", (context) => ({ receive: () => context.stop() }));
    const spared = system.spawn<string>("spared", listener([]));
    const watcher = system.spawn<string>("watcher", (context) => ({
      receive: (message) => {
        log.push(message);
        if (message === "again") context.watch(target, (path, how) => `${path} was ${how}`);
      },
      started: () => {
        context.watch(target, (path, how) => `${path} ${how}`);
        context.watch(spared, () => "never");
        context.unwatch(spared);
      },
    }));
    system.runUntilIdle();
    target.tell("stop");
    system.runUntilIdle();
    watcher.tell("again");
    system.runUntilIdle();
    expect(log).toEqual(["target stopped", "again", "target was stopped"]);
    system.stop();
    expect(log.length).toBe(3);
  });

  test("a watcher that cannot even build its message fails in its own turn", () => {
    const { system, faults } = newScenario();
    const target = system.spawn<string>("target", (context) => ({ receive: () => context.stop() }));
    system.spawn<string>("watcher", (context) => ({
      receive: () => {},
      started: () =>
        context.watch(target, () => {
          throw new Error("no words");
        }),
    }));
    system.runUntilIdle();
    target.tell("stop");
    system.runUntilIdle();
    expect(faults[0]).toStartWith("watcher restart 1 ");
  });
});
