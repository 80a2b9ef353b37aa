// A child that dies is started again and greeted anew, one that hangs is killed, and all end when told to.

import { afterEach, expect, test } from "bun:test";
import { join } from "node:path";
import { SupervisedProcess } from "./supervised-process.ts";

const script = join(import.meta.dir, "supervised-process.fixture.ts");
let child: SupervisedProcess | undefined;

afterEach(async () => {
  await child?.stop({ type: "stop" }, 2_000);
});

/** Starts a child and returns what it says, problems included, as they come. */
function start(silenceMillisMax = 5_000) {
  const said: string[] = [];
  let greetings = 0;
  let heard = Promise.withResolvers<void>();
  const hear = (text: string): void => {
    said.push(text);
    heard.resolve();
    heard = Promise.withResolvers();
  };
  child = new SupervisedProcess({
    name: "the child",
    script,
    greeting: () => ({ type: "hello", name: `life ${++greetings}` }),
    onMessage: (message) => {
      const { type, name } = message as { type: string; name?: string };
      if (type === "hello") hear(`hello ${name ?? ""}`);
    },
    onProblem: hear,
    silenceMillisMax,
  });
  const until = async (text: string): Promise<void> => {
    while (!said.some((line) => line.includes(text))) await heard.promise;
  };
  return { said, until, child };
}

test("one that dies is started again, with its last words reported", async () => {
  const { until, child: started } = start();
  await until("hello life 1");
  started.send({ type: "die" });
  await until("cannot go on");
  await until("hello life 2");
  expect(started.lives).toBe(2);
});

test("one that is killed is started again", async () => {
  const { until, child: started } = start();
  await until("hello life 1");
  process.kill(started.processId ?? 0, "SIGKILL");
  await until("SIGKILL");
  await until("hello life 2");
});

test("one that falls silent is killed and started again", async () => {
  const { until, child: started } = start(600);
  await until("hello life 1");
  started.send({ type: "hang" });
  await until("said nothing");
  await until("hello life 2");
});

test("a stop is no death: nobody starts it again", async () => {
  const { said, until, child: started } = start();
  await until("hello life 1");
  await started.stop({ type: "stop" }, 2_000);
  expect(started.processId).toBeUndefined();
  expect(said).toEqual(["hello life 1"]);
});

test("one that does not stop is killed", async () => {
  const { until, child: started } = start();
  await until("hello life 1");
  await started.stop({ type: "nothing it knows" }, 100);
  expect(started.processId).toBeUndefined();
});
