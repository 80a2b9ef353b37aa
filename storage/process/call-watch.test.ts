// A call is judged by the time it had: what a stopped process, a disk, a busy machine or one that slept took is not its own.

import { expect, test } from "bun:test";
import { CallWatch, LOOK_MILLIS } from "./call-watch.ts";
import { fromPs, type ThreadState, threadState } from "./thread-state.ts";

const PATIENCE_MILLIS = 500;
const LOOKS = 40;

interface Look {
  readonly number?: number;
  readonly state?: ThreadState;
  readonly afterMillis?: number;
}

/** At which look a call is said to hang; undefined if never. */
function hangsAt(lookOf: (index: number) => Look): number | undefined {
  const watch = new CallWatch();
  let nowMillis = 1_000;
  for (let index = 0; index < LOOKS; index++) {
    const { number = 1, state = { what: "waits", cpuMillis: 0 }, afterMillis = LOOK_MILLIS } = lookOf(index);
    nowMillis += afterMillis;
    const call = number < 0 ? undefined : { number, name: "a call", patienceMillis: PATIENCE_MILLIS };
    if (watch.look(call, () => state, nowMillis) !== undefined) return index;
  }
  return undefined;
}

const stopped: ThreadState = { what: "stopped", cpuMillis: 0 };

test.each<[string, (index: number) => Look, number | undefined]>([
  ["one that waits for ever", () => ({}), 5],
  ["one that computes for ever", (i) => ({ state: { what: "runs", cpuMillis: i * LOOK_MILLIS } }), 5],
  [
    "one that computes, where nobody knows for how long",
    () => ({ state: { what: "runs", cpuMillis: undefined } }),
    5,
  ],
  ["one with a quarter of a processor", (i) => ({ state: { what: "runs", cpuMillis: i * 25 } }), 20],
  ["one that has no processor", () => ({ state: { what: "runs", cpuMillis: 7 } }), undefined],
  ["one whose process is stopped", () => ({ state: stopped }), undefined],
  ["one whose process was stopped at first", (i) => (i < 10 ? { state: stopped } : {}), 14],
  ["one whose process is stopped again and again", (i) => (i % 4 === 0 ? { state: stopped } : {}), undefined],
  ["one that waits for a disk", () => ({ state: { what: "blocked", cpuMillis: 0 } }), undefined],
  ["short ones, one after the other", (i) => ({ number: i }), undefined],
  ["none", () => ({ number: -1 }), undefined],
  [
    "one on a machine that slept for an hour",
    (i) => ({ number: Math.floor(i / 4), afterMillis: i === 2 ? 3_600_000 : 100 }),
    undefined,
  ],
])("%s", (_, lookOf, expected) => {
  expect(hangsAt(lookOf)).toBe(expected);
});

test("a process's state is told by both ways there are", async () => {
  const child = Bun.spawn([process.execPath, "-e", "for (;;);"]);
  const whats = (): (string | undefined)[] => [threadState(child.pid)?.what, fromPs(child.pid)?.what];
  for (let tries = 0; whats().includes("waits") && tries < 100; tries++) await Bun.sleep(20);
  expect(whats()).toEqual(["runs", "runs"]);
  child.kill("SIGSTOP");
  for (let tries = 0; whats().includes("runs") && tries < 100; tries++) await Bun.sleep(20);
  expect(whats()).toEqual(["stopped", "stopped"]);
  child.kill("SIGKILL");
  await child.exited;
  expect(whats()).toEqual([undefined, undefined]);
});
