// The last line of a test run is read by people and machines: it must count what ran and never call a broken run good.

import { describe, expect, test } from "bun:test";
import { outcomeOf, together } from "./test.ts";

const RAN = "Ran 12 tests across 3 files. [4.00ms]\n";

describe("outcomeOf", () => {
  const cases: { name: string; output: string; exitCode: number; summary: string; exits: number }[] = [
    {
      name: "all pass",
      output: ` 12 pass\n 0 fail\n${RAN}`,
      exitCode: 0,
      summary: "12 passed, 0 failed",
      exits: 0,
    },
    {
      name: "some are skipped, some are noted for later",
      output: ` 9 pass\n 2 skip\n 1 todo\n 0 fail\n${RAN}`,
      exitCode: 0,
      summary: "9 passed, 0 failed, 3 skipped",
      exits: 0,
    },
    {
      name: "a file that does not load is a failure",
      output: ` 11 pass\n 1 fail\n 1 error\n${RAN}`,
      exitCode: 1,
      summary: "11 passed, 1 failed",
      exits: 1,
    },
    {
      name: "a test that ended the process is a failure",
      output: "f.test.ts:\n",
      exitCode: 0,
      summary: "0 passed, 1 failed",
      exits: 1,
    },
    {
      name: "no file matched",
      output: "The following filters did not match any test files:\n",
      exitCode: 1,
      summary: "0 passed, 1 failed",
      exits: 1,
    },
    {
      name: "the runner was killed after it counted",
      output: ` 12 pass\n 0 fail\n${RAN}`,
      exitCode: 137,
      summary: "12 passed, 1 failed",
      exits: 137,
    },
    {
      name: "colours do not hide the figures",
      output: `\u001b[32m 12 pass\u001b[0m\n\u001b[2m 0 fail\u001b[0m\n${RAN}`,
      exitCode: 0,
      summary: "12 passed, 0 failed",
      exits: 0,
    },
  ];
  for (const { name, output, exitCode, summary, exits } of cases) {
    test(name, () => {
      expect(outcomeOf(output, exitCode)).toMatchObject({ summary, exitCode: exits });
    });
  }
});

test("two runs are one that fails where either did", () => {
  const good = outcomeOf(` 12 pass\n 1 skip\n 0 fail\n${RAN}`, 0);
  const bad = outcomeOf(` 3 pass\n 2 fail\n${RAN}`, 1);
  expect(together(good, good)).toMatchObject({ summary: "24 passed, 0 failed, 2 skipped", exitCode: 0 });
  for (const both of [together(good, bad), together(bad, good)]) {
    expect(both).toMatchObject({ summary: "15 passed, 2 failed, 1 skipped", exitCode: 1 });
  }
});
