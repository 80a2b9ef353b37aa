// A trading server in a process of its own, so that it can be killed outright. Orders come over stdin; it says what it knows on stdout.

import { argv } from "node:process";
import { ACCOUNT, TradingServer } from "../fixtures/trading-server.ts";

const [data = "", port = "0"] = argv.slice(2);
const server = new TradingServer({ data, port: Number(port), account: { reportTimeoutMicros: 1_000_000 } });
await server.serve();
console.log(JSON.stringify({ url: server.bridge.url, code: server.code }));

let rest = "";
for await (const chunk of process.stdin) {
  const lines = (rest + String(chunk)).split("\n");
  rest = lines.pop() ?? "";
  for (const line of lines) {
    const [word, bid = ""] = line.split(" ");
    if (bid !== "") server.bid = Number(bid);
    if (word === "trade") {
      server.command({ command: "resume-entries", accountId: ACCOUNT, by: "tester" });
      server.trade({ volumeMicros: 50_000 });
    }
    if (word === "flatten") server.command({ command: "flatten", accountId: ACCOUNT, by: "tester" });
    if (word !== "state") continue;
    const { positions, liveOrders, balanceMicros, reconciliation, entries } = server.account;
    const isReady = server.isReady;
    const agrees = reconciliation?.agrees === true;
    console.log(JSON.stringify({ isReady, agrees, entries, positions, liveOrders, balanceMicros }));
  }
}
