// Actors that fail, played out under a virtual clock: every directive, the budget of restarts, and who is touched by it.

import { describe, expect, test } from "bun:test";
import { SeededRandom } from "../base/random.ts";
import type { Actor, ActorRef, SpawnOptions } from "./actor.ts";
import { newScenario } from "./scenario.ts";
import type { Directive, SupervisionPolicy } from "./supervision.ts";

/** Counts what it hears and throws at "bad". */
function counter(log: string[]): () => Actor<string> {
  return () => {
    let count = 0;
    return {
      receive: (message) => {
        if (message === "bad") throw new Error("bad message");
        count++;
        log.push(`${message}:${count}`);
      },
      started: () => void log.push(`started:${count}`),
      stopped: () => void log.push("stopped"),
      persist: (archive) => void (count = archive.number(count)),
    };
  };
}

/** Always `directive`; without jitter, so that delays are round. */
function policy(directive: Directive, rest: Partial<SupervisionPolicy> = {}): Partial<SupervisionPolicy> {
  return {
    decide: () => directive,
    restartsMax: 3,
    windowMicros: 1_000,
    backoff: { minMicros: 10, maxMicros: 40, factor: 2, jitter: 0 },
    ...rest,
  };
}

function play(options: SpawnOptions<string>, messages: string[], untilMicros = 5_000) {
  const scenario = newScenario();
  const log: string[] = [];
  const ref = scenario.system.spawn("a", counter(log), options);
  for (const message of messages) ref.tell(message);
  scenario.clock.advanceTo(untilMicros);
  return { ...scenario, log, ref };
}

describe("directives", () => {
  test("resume forgets the message and keeps the state", () => {
    const { log, faults, row, system } = play({ supervision: policy("resume") }, ["x", "bad", "y"]);
    expect(log).toEqual(["started:0", "x:1", "y:2"]);
    expect(faults).toEqual(["a resume 0 0"]);
    expect(row("a")).toMatchObject({ state: "running", lastError: "Error: bad message", processed: 3 });
    expect(system.deadLetters.recent()).toMatchObject([{ path: "a", message: "bad", reason: "failed" }]);
  });

  test("restart begins empty, after its delay, with what was queued", () => {
    const { log, faults, row } = play({ supervision: policy("restart") }, ["x", "bad", "y"]);
    expect(log).toEqual(["started:0", "x:1", "stopped", "started:0", "y:1"]);
    expect(faults).toEqual(["a restart 1 10"]);
    expect(row("a")).toMatchObject({ state: "running", restarts: 1 });
  });

  test("restart begins with its state where one is provided at each start", () => {
    const options = { supervision: policy("restart"), state: () => new Float64Array([40]) };
    const { log } = play(options, ["x", "bad", "y"]);
    expect(log).toEqual(["started:40", "x:41", "stopped", "started:40", "y:41"]);
  });

  test("numbers given as state serve the first start only", () => {
    const { log } = play({ supervision: policy("restart"), state: new Float64Array([7]) }, ["bad", "x"]);
    expect(log).toEqual(["started:7", "stopped", "started:0", "x:1"]);
  });

  test("a state that does not fit never gives way to an empty start", () => {
    const { log, row } = play({ supervision: policy("restart"), state: new Float64Array(2) }, ["x"]);
    expect(log.filter((line) => line.startsWith("started"))).toEqual([]);
    expect(row("a")).toMatchObject({ state: "quarantined", restarts: 3 });
    expect(row("a").lastError).toStartWith("ArchiveMismatch: ");
  });

  test("while it backs off it is suspended and its messages wait", () => {
    const { clock, system, row } = newScenario();
    const log: string[] = [];
    const ref = system.spawn("a", counter(log), { supervision: policy("restart") });
    ref.tell("bad");
    clock.advanceTo(9);
    ref.tell("x");
    expect(row("a")).toMatchObject({ state: "suspended", depth: 1 });
    clock.advanceTo(10);
    expect(log.at(-1)).toBe("x:1");
  });

  test("stop ends it and what it spawned", () => {
    const { system, row, faults } = newScenario();
    const log: string[] = [];
    const ref = system.spawn<string>(
      "parent",
      (context) => {
        context.spawn("child", counter(log));
        return {
          receive: () => {
            throw new Error("enough");
          },
        };
      },
      { supervision: policy("stop") },
    );
    system.runUntilIdle();
    ref.tell("x");
    system.runUntilIdle();
    expect(log).toEqual(["started:0", "stopped"]);
    expect(row("parent")).toMatchObject({ state: "stopped", lastError: "Error: enough" });
    expect(row("parent/child").state).toBe("stopped");
    expect(faults).toEqual(["parent stop 0 0"]);
    expect(ref.tell("late")).toBe(false);
  });

  test("a factory or a start that throws counts like a failing message; resume cannot help it", () => {
    for (const where of ["factory", "started"]) {
      let attempts = 0;
      const { system, clock, row } = newScenario();
      const fail = (): void => {
        if (++attempts <= 2) throw new Error("not yet");
      };
      system.spawn<string>(
        "a",
        () => {
          if (where === "factory") fail();
          return { receive: () => {}, started: () => (where === "started" ? fail() : undefined) };
        },
        { supervision: policy("resume") },
      );
      clock.advanceTo(100);
      expect(row("a")).toMatchObject({ state: "running", restarts: 2 });
    }
  });

  test("an actor that asked to stop and then throws is stopped", () => {
    const { clock, system, row } = newScenario();
    const ref = system.spawn<string>("a", (context) => ({
      receive: () => {
        context.stop();
        throw new Error("on the way out");
      },
    }));
    ref.tell("x");
    clock.advance(1_000_000);
    expect(row("a").state).toBe("stopped");
  });

  test("an instance that fails while it leaves service is reported and gone", () => {
    const { system, faults, row } = newScenario();
    system.spawn<string>("a", () => ({
      receive: () => {},
      stopped: () => {
        throw new Error("cannot let go");
      },
    }));
    system.runUntilIdle();
    system.stop();
    expect(faults).toEqual(["a ignore 0 0"]);
    expect(row("a").state).toBe("stopped");
  });
});

/** A parent and a child that escalates; the child hears "x", "bad", "y". */
function family(parent: Directive) {
  const scenario = newScenario();
  const log: string[] = [];
  const children: ActorRef<string>[] = [];
  scenario.system.spawn<string>(
    "parent",
    (context) => {
      log.push("parent made");
      children.push(context.spawn("child", counter(log), { supervision: policy("escalate") }));
      return { receive: () => {} };
    },
    { supervision: policy(parent) },
  );
  scenario.system.runUntilIdle();
  for (const message of ["x", "bad", "y"]) children[0]!.tell(message);
  scenario.clock.advanceTo(5_000);
  return { ...scenario, log };
}

describe("escalate", () => {
  const cases: { parent: Directive; log: string[]; faults: string[] }[] = [
    {
      parent: "resume",
      log: ["parent made", "started:0", "x:1", "y:2"],
      faults: ["parent/child escalate 0 0", "parent resume 0 0"],
    },
    {
      parent: "restart",
      log: ["parent made", "started:0", "x:1", "stopped", "parent made", "started:0"],
      faults: ["parent/child escalate 0 0", "parent restart 1 10"],
    },
    {
      parent: "stop",
      log: ["parent made", "started:0", "x:1", "stopped"],
      faults: ["parent/child escalate 0 0", "parent stop 0 0"],
    },
    {
      parent: "escalate",
      log: ["parent made", "started:0", "x:1", "stopped"],
      faults: ["parent/child escalate 0 0", "parent quarantine 0 0"],
    },
  ];
  for (const { parent, log, faults } of cases) {
    test(`reaches the parent, which decides to ${parent}`, () => {
      const played = family(parent);
      expect(played.log).toEqual(log);
      expect(played.faults).toEqual(faults);
    });
  }

  test("a decider that throws escalates; without a parent the actor is quarantined", () => {
    const supervision = policy("stop", {
      decide: () => {
        throw new Error("undecided");
      },
    });
    const { row, faults } = play({ supervision }, ["bad"]);
    expect(row("a").state).toBe("quarantined");
    expect(faults).toEqual(["a quarantine 0 0"]);
  });

  test("goes up several generations, and the one who resumes resumes all of them", () => {
    const { system, faults, row } = newScenario();
    const log: string[] = [];
    let leaf: ActorRef<string> | undefined;
    const silent = { receive: (): void => {} };
    system.spawn<string>(
      "top",
      (top) => {
        top.spawn<string>(
          "middle",
          (middle) => {
            leaf = middle.spawn("leaf", counter(log), { supervision: policy("escalate") });
            return silent;
          },
          { supervision: policy("escalate") },
        );
        return silent;
      },
      { supervision: policy("resume") },
    );
    system.runUntilIdle();
    for (const message of ["bad", "x"]) leaf?.tell(message);
    system.runUntilIdle();
    expect(log).toEqual(["started:0", "x:1"]);
    expect(faults).toEqual(["top/middle/leaf escalate 0 0", "top/middle escalate 0 0", "top resume 0 0"]);
    expect(row("top/middle").state).toBe("running");
  });

  test("a child that could not even start is restarted when its parent resumes it", () => {
    const { system, clock, row } = newScenario();
    let attempts = 0;
    system.spawn<string>(
      "parent",
      (context) => {
        context.spawn<string>(
          "child",
          () => {
            if (++attempts === 1) throw new Error("not yet");
            return { receive: () => {} };
          },
          { supervision: policy("escalate") },
        );
        return { receive: () => {} };
      },
      { supervision: policy("resume") },
    );
    clock.advanceTo(100);
    expect(row("parent/child")).toMatchObject({ state: "running", restarts: 1 });
  });
});

describe("the budget", () => {
  test("after n restarts in the window the actor is quarantined, with its mailbox in the dead letters", () => {
    const messages = ["bad", "bad", "bad", "bad", "queued"];
    const { row, faults, system, ref, log } = play({ supervision: policy("restart") }, messages);
    expect(faults).toEqual(["a restart 1 10", "a restart 2 20", "a restart 3 40", "a quarantine 3 0"]);
    expect(row("a")).toMatchObject({ state: "quarantined", restarts: 3, depth: 0 });
    expect(ref.tell("more")).toBe(false);
    const letters = system.deadLetters.recent().map(({ message, reason }) => `${String(message)} ${reason}`);
    expect(letters.slice(4)).toEqual(["queued quarantined", "more quarantined"]);
    expect(log.at(-1)).toBe("stopped");
  });

  test("restarts older than the window do not count", () => {
    const { clock, system, row, faults } = newScenario();
    const ref = system.spawn("a", counter([]), { supervision: policy("restart") });
    for (let i = 0; i < 12; i++) {
      ref.tell("bad");
      clock.advance(400);
    }
    expect(row("a")).toMatchObject({ state: "running", restarts: 12 });
    // At most two others lie within 1,000 us before each failure, so no delay is longer than the third.
    expect(faults.map((fault) => Number(fault.split(" ")[3]))).toEqual([
      10,
      20,
      ...Array<number>(10).fill(40),
    ]);
  });

  test("a quarantined actor is released by hand, with a fresh instance and budget", () => {
    const { clock, system, log, ref, row } = play({ supervision: policy("restart", { restartsMax: 0 }) }, [
      "bad",
    ]);
    expect(row("a").state).toBe("quarantined");
    expect(system.release("a")).toBe(true);
    expect(system.release("a")).toBe(false);
    ref.tell("x");
    clock.advance(0);
    expect(log.slice(-2)).toEqual(["started:0", "x:1"]);
  });

  test("watchers hear of a quarantine", () => {
    const { system } = newScenario();
    const log: string[] = [];
    const ref = system.spawn("a", counter([]), { supervision: policy("escalate") });
    system.spawn<string>("watcher", (context) => ({
      receive: (message) => void log.push(message),
      started: () => context.watch(ref, (path, how) => `${path} ${how}`),
    }));
    system.runUntilIdle();
    ref.tell("bad");
    system.runUntilIdle();
    expect(log).toEqual(["a quarantined"]);
  });

  test("delays are exact for a seed", () => {
    const backoff = { minMicros: 1_000, maxMicros: 5_000, factor: 2, jitter: 0.5 };
    const scenario = newScenario({ seed: 42 });
    const ref = scenario.system.spawn("a", counter([]), {
      supervision: policy("restart", { restartsMax: 4, windowMicros: 1e9, backoff }),
    });
    for (let i = 0; i < 4; i++) ref.tell("bad");
    scenario.clock.advanceTo(100_000);
    const random = new SeededRandom(42);
    const expected = [1_000, 2_000, 4_000, 5_000].map((full) => Math.round(full * (1 - 0.5 * random.next())));
    expect(scenario.faults.map((fault) => Number(fault.split(" ")[3]))).toEqual(expected);
  });
});

test("a sibling does not notice a neighbour that throws at every message", () => {
  const { clock, system, row } = newScenario();
  const log: string[] = [];
  const bad = system.spawn("bad", counter([]), { supervision: policy("restart", { restartsMax: 2 }) });
  const good = system.spawn("good", counter(log));
  for (let i = 0; i < 100; i++) {
    bad.tell("bad");
    good.tell("x");
    clock.advance(10);
    // Whatever the neighbour does, what this one was told is handled in the same drain.
    expect(log.length).toBe(i + 2);
  }
  expect(row("good")).toMatchObject({ state: "running", processed: 100, restarts: 0, lastError: "" });
  expect(row("bad")).toMatchObject({ state: "quarantined", restarts: 2 });
});

function faultsOf(seed: number): string[] {
  const { clock, system, faults } = newScenario({ seed });
  const refs = [0, 1, 2].map((i) => system.spawn(`a${i}`, counter([])));
  for (let i = 0; i < 30; i++) {
    refs[i % 3]!.tell(i % 2 === 0 ? "bad" : "x");
    clock.advance(70_000);
  }
  return faults;
}

test("the same seed plays the same scenario", () => {
  expect(faultsOf(9)).toEqual(faultsOf(9));
  expect(faultsOf(9)).not.toEqual(faultsOf(10));
});
