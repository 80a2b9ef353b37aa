// Orders from the account to the broker and back, through the Expert Advisor's own source.

import { expect, test } from "bun:test";
import { eventually } from "../fixtures/eventually.ts";
import { expertProgram } from "./build.ts";
import { describeExpert } from "./rig.ts";
import { Traded } from "./traded.ts";

async function withTraded(work: (traded: Traded) => Promise<void>): Promise<void> {
  await expertProgram();
  const traded = new Traded();
  try {
    await traded.serve();
    await traded.startTerminal();
    await traded.ready();
    await work(traded);
  } catch (error) {
    const said = JSON.stringify({ problems: traded.problems, account: traded.account }).slice(0, 4_000);
    const words = await traded.terminal.lastWords();
    await traded.discard();
    throw new Error(`${words} ${said}`, { cause: error });
  }
  await traded.end();
}

describeExpert("an account that trades at a terminal", () => {
  test("an order by hand becomes a deal that is booked, and the position is closed again", async () => {
    await withTraded(async (traded) => {
      traded.trade();
      await eventually(() => traded.account.positions.length === 1);
      const { positions } = await traded.terminal.broker();
      expect(positions).toHaveLength(1);
      expect(traded.account.positions[0]).toMatchObject({
        positionId: positions[0]?.ticket ?? "",
        side: "BUY",
        volumeMicros: 100_000,
      });
      traded.command({ command: "flatten", accountId: "expert", by: "tester" });
      await eventually(() => traded.account.positions.length === 0);
      expect((await traded.terminal.broker()).positions).toEqual([]);
    });
  }, 120_000);
});
