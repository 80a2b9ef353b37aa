// What must hold when things break in the middle of an order: at most one order at the broker per intent, no fill lost, nothing by
// a server that has lost its authority.

import { createHash } from "node:crypto";
import { appendFile } from "node:fs/promises";
import { expect, test } from "bun:test";
import { describeExpert, withRig, type Rig } from "./rig.ts";

const MILLIS = 120_000;

/** Places on an order's way at which the terminal's process ends, as it would by a power cut. */
const POINTS: readonly { point: string; times: number; reached: "nothing" | "disk" | "broker" }[] = [
  { point: "before-flush:intents.txt", times: 1, reached: "nothing" },
  { point: "after-flush:intents.txt", times: 1, reached: "disk" },
  { point: "before-send", times: 1, reached: "disk" },
  { point: "after-send", times: 1, reached: "broker" },
  { point: "before-flush:intents.txt", times: 2, reached: "broker" },
  { point: "after-flush:intents.txt", times: 2, reached: "broker" },
];

describeExpert("a crash at each step of an order", () => {
  for (const { point, times, reached } of POINTS) {
    test.concurrent(
      `${point}, time ${times}: ${reached === "nothing" ? "never happened, and may be sent" : "is not sent again"}`,
      async () => {
        await withRig(async (rig) => {
          const session = await rig.start();
          await rig.terminal.order(`arm ${point} ${times}`);
          const command = rig.order();
          session.send(command);
          await rig.terminal.killedAt(point);
          await rig.start();
          // A server that does not know what became of it asks again, which it must not; the terminal holds.
          const again = await rig.answer(command);
          const { deals } = await rig.terminal.broker();
          const booked = deals.filter(({ magic }) => magic === command.magic).length;
          if (reached === "nothing") {
            expect(again).toMatchObject({ t: "execution", class: "done" });
            expect(booked).toBe(1);
            return;
          }
          expect(again).toMatchObject({ t: "refusal", code: "repeated" });
          expect(booked).toBe(reached === "broker" ? 1 : 0);
          const [told] = (
            await rig.peer.frame("fenced", ({ intents }) => intents.length > 0 || reached === "broker")
          ).intents;
          if (reached === "disk") {
            expect(told).toMatchObject({ intentId: command.intentId, state: "unknown" });
            return;
          }
          // Told in the snapshot where the answer was on disk, else found by its number in the broker's books.
          await rig.peer.until("the intent to be done", () => {
            const inSnapshot = rig.peer.all("snapshot").flatMap(({ intents }) => intents);
            return (
              inSnapshot.some(({ intentId, state }) => intentId === command.intentId && state === "done") ||
              rig.peer.all("execution").some(({ intentId, source, class: meaning }) => {
                return intentId === command.intentId && source === "lookup" && meaning === "done";
              })
            );
          });
          await rig.peer.frame("snapshot", ({ deals: all }) =>
            all.some(({ magic }) => magic === command.magic),
          );
        });
      },
      MILLIS,
    );
  }
});

describeExpert("what gets lost", () => {
  test.concurrent(
    "all trade transactions: deals, positions and orders are told all the same, each once",
    async () => {
      await withRig(async (rig) => {
        await rig.start();
        await rig.terminal.order("set lose 100");
        await tradeAndTell(rig);
      });
    },
    MILLIS,
  );

  test.concurrent(
    "half of the trade transactions, the rest in any order",
    async () => {
      await withRig(async (rig) => {
        await rig.start();
        await rig.terminal.order("set lose 50");
        await rig.terminal.order("set shuffle 1");
        await tradeAndTell(rig);
      });
    },
    MILLIS,
  );

  test.concurrent(
    "the connection while deals happen: the snapshot has them, and positions of others stay as they are",
    async () => {
      await withRig(async (rig) => {
        await rig.start();
        const { order } = await rig.execution(rig.order({ tp: "1.15000" }));
        const back = await rig.peer.vanish();
        await rig.terminal.order("hand EURUSD sell 0.2");
        rig.tick(1.1501);
        await rig.terminal.order("panel");
        back();
        await rig.peer.ready(2);
        const { deals } = await rig.terminal.broker();
        const snapshot = await rig.peer.frame("snapshot", (frame) => frame.deals.length === deals.length);
        expect(snapshot.deals.map(({ reason }) => reason)).toEqual(["expert", "person", "target"]);
        expect(snapshot.positions).toMatchObject([{ side: "sell", volume: "0.2", magic: "0" }]);
        expect(snapshot.positions.some(({ ticket }) => ticket === order)).toBe(false);
      });
    },
    MILLIS,
  );
});

/** A line as the terminal's files have them: FNV-1a over the UTF-16 code units' bytes, and what it covers. */
function checkedLine(payload: string): string {
  let hash = 2_166_136_261;
  for (const byte of Buffer.from(payload, "utf16le")) hash = Math.imul(hash ^ byte, 16_777_619);
  return `${(hash >>> 0).toString(16).padStart(8, "0")} ${payload}\n`;
}

/** Trades by command, by hand and by stops; in the end the server knows what the broker knows. */
async function tradeAndTell(rig: Rig): Promise<void> {
  const first = await rig.execution(rig.order());
  await rig.execution(rig.order({ type: "limit", price: "1.09000", sl: "1.08000" }));
  await rig.terminal.order("hand EURUSD buy 0.3");
  await rig.execution(rig.close(first.order ?? ""));
  rig.tick(1.0899);
  rig.tick(1.0799);
  const { deals, positions } = await rig.terminal.broker();
  await rig.peer.until("every deal", () => {
    const all = new Set(rig.peer.all("deal").map(({ deal }) => deal.ticket));
    return deals.every(({ ticket }) => all.has(ticket));
  });
  const seen = rig.peer.all("deal").map(({ deal }) => deal.ticket);
  expect(seen.toSorted()).toEqual(deals.map(({ ticket }) => ticket).toSorted());
  await rig.peer.until("the positions that are left", () => {
    const open = new Map(rig.peer.all("position").map(({ ticket, position }) => [ticket, position]));
    const left = [...open].filter(([, position]) => position !== null).map(([ticket]) => ticket);
    return (
      left.toSorted().join(" ") ===
      positions
        .map(({ ticket }) => ticket)
        .toSorted()
        .join(" ")
    );
  });
}

/** How long a claim finds the lock taken: it waits for twice as long. */
const HELD_MILLIS = 100;

describeExpert("authority", () => {
  test.concurrent(
    "a fence is on disk: it holds over a restart, and an older one ends the connection",
    async () => {
      await withRig(async (rig) => {
        const session = await rig.start();
        const { order } = await rig.execution(rig.order());
        session.send({ t: "fence", epoch: 9 });
        await rig.peer.frame("fenced", ({ epoch }) => epoch === 9);
        await rig.terminal.kill();
        rig.peer.manners.epoch = 8;
        await rig.terminal.start({ InpServer: rig.peer.url, InpSymbols: "EURUSD" });
        const { code } = await rig.peer.frame("error");
        expect(code).toBe("stale-epoch");
        expect((await rig.peer.frame("hello", ({ epoch }) => epoch === 9)).epoch).toBe(9);
        // Exits go under the last fenced epoch before a new connection was fenced; entries do not.
        rig.peer.manners.epoch = 0;
        const before = rig.peer.sessions.length;
        const fresh = await rig.peer.until("a connection without a fence", () => {
          const last = rig.peer.sessions.at(-1);
          const whole = last?.frames.some((frame) => frame.t === "snapshot" && frame.last) === true;
          return rig.peer.sessions.length > before && last?.closed === undefined && whole ? last : undefined;
        });
        expect(await rig.refusal(rig.order({ epoch: 9 }), fresh)).toBe("not-fenced");
        expect((await rig.execution(rig.close(order ?? "", { epoch: 9 }), fresh)).class).toBe("done");
      });
    },
    MILLIS,
  );

  test.concurrent(
    "no entries before the snapshot was found to agree, or without a clock; exits go",
    async () => {
      await withRig(
        async (rig) => {
          const session = await rig.start();
          expect(await rig.refusal(rig.order())).toBe("not-reconciled");
          session.send({ t: "reconciled" });
          const { order } = await rig.execution(rig.order());
          rig.peer.manners.answersHeartbeats = false;
          await rig.peer.frame("heartbeat", ({ clockAgeMs }) => (clockAgeMs ?? 0) > 1_500);
          expect(await rig.refusal(rig.order())).toBe("clock-unknown");
          expect((await rig.execution(rig.close(order ?? ""))).class).toBe("done");
          rig.peer.manners.answersHeartbeats = true;
          await rig.peer.frame(
            "heartbeat",
            ({ n, clockAgeMs }) => n > session.frames.length - 2 && (clockAgeMs ?? 9_999) < 1_000,
          );
          expect((await rig.execution(rig.order())).class).toBe("done");
        },
        {
          reconciles: false,
          limits: {
            heartbeatMs: 50,
            silentMsMax: 30_000,
            flattenAfterMs: null,
            clockAgeMsMax: 1_500,
            scanMs: 60,
            calendarHours: 0,
          },
        },
      );
    },
    MILLIS,
  );

  test.concurrent(
    "an intent that another connection of the terminal claimed is not sent here",
    async () => {
      await withRig(async (rig) => {
        await rig.start();
        const command = rig.order();
        const digest = createHash("sha256").update(`5001_Demo-Server_demo ${command.intentId}`).digest("hex");
        await rig.terminal.order(`share TFclaim_${digest.slice(0, 40)} 2`);
        expect(await rig.refusal(command)).toBe("claimed-elsewhere");
        expect(rig.terminal.sent).toEqual([]);
      });
    },
    MILLIS,
  );

  test.concurrent(
    "an intent that another chart of the terminal wrote down is known here, and so is the epoch that it fenced",
    async () => {
      await withRig(async (rig) => {
        await rig.start();
        await rig.execution(rig.order());
        const command = rig.order();
        const [line = ""] = rig.terminal.file("intents.txt").trimEnd().split("\n").slice(-1);
        const theirs = line
          .slice(9)
          .replace('"acct-1:1"', `"${command.intentId}"`)
          .replace(/"magic":"\d+"/, '"magic":"123"');
        await appendFile(rig.terminal.path("intents.txt"), checkedLine(theirs));
        expect(await rig.refusal(command)).toBe("repeated");
        expect(await rig.refusal(rig.order({ magic: "123" }))).toBe("repeated");
        await Bun.write(rig.terminal.path("epoch.txt"), checkedLine('{"epoch":4}'));
        expect(await rig.refusal(rig.order())).toBe("stale-epoch");
        await Bun.write(rig.terminal.path("epoch.txt"), "damaged");
        expect(await rig.refusal(rig.order())).toBe("storage-failed");
      });
    },
    MILLIS,
  );

  test.concurrent(
    "a command is refused that waits to be written down while another chart is fenced at a higher epoch",
    async () => {
      await withRig(async (rig) => {
        await rig.start({ InpMaxOrdersPerMinute: 1_000, InpMaxPositions: 100 });
        let said = "";
        for (let epoch = 1, isInTime = false; !isInTime && epoch < 20; epoch++) {
          // Held by another chart for a while yet, by the terminal's clock: then it counts as left behind.
          const began = performance.now();
          await rig.terminal.order(`share TFlock_5001_Demo-Server_demo now-${2_000 - HELD_MILLIS}`);
          const command = rig.order({ epoch });
          const refused = rig.refusal(command);
          await Bun.sleep(20);
          await Bun.write(rig.terminal.path("epoch.txt"), checkedLine(`{"epoch":${epoch + 1}}`));
          // A machine that has more to do is late: then it proves nothing.
          isInTime = performance.now() - began < HELD_MILLIS;
          said = `${await refused}, ${rig.terminal.sentOf(command.magic)} sent`;
        }
        expect(said).toBe("stale-epoch, 0 sent");
      });
    },
    MILLIS,
  );

  test.concurrent(
    "nothing is sent while intents cannot be written, or fenced while epochs cannot",
    async () => {
      await withRig(async (rig) => {
        const session = await rig.start();
        await rig.terminal.order("set unwritable intents");
        expect(await rig.refusal(rig.order())).toBe("storage-failed");
        await rig.terminal.order("set unwritable epoch");
        session.send({ t: "fence", epoch: 5 });
        expect((await rig.peer.frame("error")).code).toBe("storage-failed");
        expect(rig.terminal.sent).toEqual([]);
      });
    },
    MILLIS,
  );

  test.concurrent(
    "a server that falls silent loses its entries, then what it opened, where the inputs say so - and nothing of others",
    async () => {
      await withRig(
        async (rig) => {
          await rig.start({ InpDeadManFlatten: true });
          const position = await rig.execution(rig.order());
          await rig.execution(rig.order({ type: "limit", price: "1.09000", sl: "1.08000" }));
          await rig.terminal.order("hand EURUSD buy 0.3");
          const back = await rig.peer.vanish();
          await rig.peer.until("the flatten", () => rig.terminal.sent.length === 4);
          const { positions, orders } = await rig.terminal.broker();
          expect(positions.map(({ volume, magic }) => [volume, magic])).toEqual([[0.3, "0"]]);
          expect(orders).toEqual([]);
          back();
          await rig.peer.ready(2);
          const { intents } = await rig.peer.frame("snapshot", (frame) => frame.intents.length === 4);
          const own = intents.filter(({ origin }) => origin === "terminal");
          expect(own.map(({ command, state }) => [command, state])).toEqual([
            ["cancel", "done"],
            ["close", "done"],
          ]);
          expect(own.every(({ magic }) => BigInt(magic) >= 1n << 62n)).toBe(true);
          expect(rig.terminal.sent.at(-1)?.position).toBe(position.order ?? "");
        },
        {
          limits: {
            heartbeatMs: 50,
            silentMsMax: 1_000,
            flattenAfterMs: 1_500,
            clockAgeMsMax: 10_000,
            scanMs: 60,
            calendarHours: 0,
          },
        },
      );
    },
    MILLIS,
  );

  test.concurrent(
    "a change of unknown outcome does not keep a position open for a server that is silent",
    async () => {
      await withRig(
        async (rig) => {
          await rig.start({ InpDeadManFlatten: true });
          const { order } = await rig.execution(rig.order());
          await rig.terminal.order("answer 10012 1");
          const levels = { price: null, stopLimitPrice: null, sl: "1.06000", tp: null };
          const change = { t: "modify", ...rig.head(), target: "position", ticket: order ?? "" } as const;
          expect((await rig.execution({ ...change, ...levels })).class).toBe("unknown");
          await rig.peer.vanish();
          await rig.peer.until("the flatten", () => rig.terminal.sent.length === 3);
          expect((await rig.terminal.broker()).positions).toEqual([]);
        },
        {
          limits: {
            heartbeatMs: 50,
            silentMsMax: 1_000,
            flattenAfterMs: 1_500,
            clockAgeMsMax: 10_000,
            scanMs: 60,
            calendarHours: 0,
          },
        },
      );
    },
    MILLIS,
  );

  test.concurrent(
    "a connection on which the server says nothing is given up and dialled again",
    async () => {
      await withRig(
        async (rig) => {
          await rig.start();
          rig.peer.manners.answersHeartbeats = false;
          const before = rig.peer.sessions.length;
          await rig.peer.until("another connection", () => rig.peer.sessions.length > before);
          rig.peer.manners.answersHeartbeats = true;
          await rig.peer.ready(before);
          expect((await rig.execution(rig.order())).class).toBe("done");
        },
        {
          limits: {
            heartbeatMs: 50,
            silentMsMax: 1_000,
            flattenAfterMs: null,
            clockAgeMsMax: 10_000,
            scanMs: 60,
            calendarHours: 0,
          },
        },
      );
    },
    MILLIS,
  );

  test.concurrent(
    "an account that is changed under the Expert Advisor stops everything until the new one is enrolled",
    async () => {
      await withRig(async (rig) => {
        await rig.start();
        const { order } = await rig.execution(rig.order());
        rig.peer.credentials.delete("CODE01");
        await rig.terminal.order("account 6006 Demo-Server 0 1");
        expect((await rig.peer.frame("error")).code).toBe("account-changed");
        await rig.peer.until("the new account's code to be refused", () => rig.peer.sessions.length === 3);
        await rig.peer.until("an end of that", () => rig.peer.session.closed);
        await rig.terminal.until("needs a one-time code");
        expect(await rig.terminal.panel()).toContain("account 6006 at Demo-Server (demo, hedging)");
        expect(rig.peer.all("hello").every(({ account }) => account.login === "5001")).toBe(true);
        await rig.terminal.order("account 5001 Demo-Server 0 1");
        const session = await rig.peer.ready(3);
        expect((await rig.execution(rig.close(order ?? ""), session)).class).toBe("done");
      });
    },
    MILLIS,
  );

  for (const [name, terminal, server] of [
    ["terminal's an hour ahead", 3_600, 0],
    ["terminal's an hour behind", -3_600, 0],
    ["server's a day ahead", 0, 86_400_000],
  ] as const) {
    test.concurrent(
      `a clock that is wrong changes nothing: the ${name}`,
      async () => {
        await withRig(
          async (rig) => {
            await rig.start();
            await rig.terminal.order(`set clock ${terminal}`);
            const execution = await rig.execution(rig.order());
            expect(execution.class).toBe("done");
            await rig.peer.frame("deal", ({ deal: { ticket } }) => ticket === execution.deal);
            const late = Date.now() + server - 1;
            expect(await rig.refusal(rig.order({ expiresAtMs: late }))).toBe("expired");
          },
          { clockOffMs: server },
        );
      },
      MILLIS,
    );
  }
});
