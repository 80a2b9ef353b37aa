// Orders of the Expert Advisor over the fake terminal: every kind, every class of return code, refusals, caps, once only.

import { expect, test } from "bun:test";
import { describeExpert, withRig, type Rig } from "./rig.ts";

const MILLIS = 120_000;

async function opened(rig: Rig, changes: Parameters<Rig["order"]>[0] = {}): Promise<string> {
  const { order } = await rig.execution(rig.order(changes));
  if (order === null) throw new Error("no order ticket");
  return order;
}

describeExpert("orders", () => {
  test.concurrent(
    "a market order goes out once its intent is on disk, with its stop, and its deal is told",
    async () => {
      await withRig(async (rig) => {
        await rig.start();
        const command = rig.order();
        // The harness ends the run if the intent is not in the file when OrderSend is called.
        const execution = await rig.execution(command);
        expect(execution).toMatchObject({
          class: "done",
          final: true,
          retcode: 10_009,
          volume: "0.1",
          price: "1.10020",
          tries: 1,
        });
        const { deal } = await rig.peer.frame("deal", ({ deal: { magic } }) => magic === command.magic);
        expect(deal).toMatchObject({
          ticket: execution.deal,
          kind: "trade",
          entry: "in",
          side: "buy",
          volume: "0.1",
          reason: "expert",
        });
        const { position } = await rig.peer.frame(
          "position",
          (frame) => frame.position?.magic === command.magic,
        );
        expect(position).toMatchObject({ volume: "0.1", sl: "1.05000", tp: null, openPrice: "1.10020" });
        expect(rig.terminal.file("intents.txt")).toContain(`"state":"done"`);
      });
    },
    MILLIS,
  );

  test.concurrent(
    "pending orders are placed, changed, taken back and filled; each keeps its kind",
    async () => {
      await withRig(async (rig) => {
        await rig.start();
        const limit = await rig.execution(rig.order({ type: "limit", price: "1.09000", sl: "1.08000" }));
        expect(limit).toMatchObject({ class: "placed", final: false, deal: null });
        const ticket = limit.order ?? "";
        const { order } = await rig.peer.frame("order-state", (frame) => frame.ticket === ticket);
        expect(order).toMatchObject({
          type: "limit",
          side: "buy",
          state: "placed",
          price: "1.09000",
          sl: "1.08000",
        });
        const levels = { price: "1.09100", stopLimitPrice: null, sl: "1.08100", tp: "1.12000" };
        expect(
          await rig.execution({ t: "modify", ...rig.head(), target: "order", ticket, ...levels }),
        ).toMatchObject({ class: "done" });
        await rig.peer.frame(
          "order-state",
          (frame) => frame.ticket === ticket && frame.order?.price === "1.09100",
        );
        expect(await rig.execution({ t: "cancel", ...rig.head(), order: ticket })).toMatchObject({
          class: "done",
          final: true,
        });
        await rig.peer.frame(
          "order-state",
          (frame) => frame.ticket === ticket && frame.order?.state === "cancelled",
        );
        await rig.peer.frame(
          "execution",
          (frame) => frame.order === ticket && frame.class === "rejected" && frame.source === "lookup",
        );

        const stop = rig.order({ type: "stop", side: "sell", price: "1.09500", sl: "1.11000" });
        const stopLimit = rig.order({
          type: "stop-limit",
          price: "1.11000",
          stopLimitPrice: "1.10900",
          sl: "1.09000",
        });
        expect((await rig.execution(stop)).class).toBe("placed");
        expect((await rig.execution(stopLimit)).class).toBe("placed");
        rig.tick(1.0949);
        const filled = await rig.peer.frame(
          "execution",
          (frame) => frame.intentId === stop.intentId && frame.final,
        );
        expect(filled).toMatchObject({ class: "done", source: "lookup", volume: "0.1", price: "1.09490" });
        rig.tick(1.1101);
        rig.tick(1.1085);
        await rig.peer.frame(
          "execution",
          (frame) => frame.intentId === stopLimit.intentId && frame.class === "done",
        );
      });
    },
    MILLIS,
  );

  test.concurrent(
    "positions are changed, closed in part, closed, and closed by each other",
    async () => {
      await withRig(async (rig) => {
        await rig.start();
        const first = await opened(rig);
        const levels = { price: null, stopLimitPrice: null, sl: "1.06000", tp: "1.20000" };
        const modify = { t: "modify", target: "position", ticket: first, ...levels } as const;
        expect(await rig.execution({ ...modify, ...rig.head() })).toMatchObject({
          class: "done",
          final: true,
        });
        expect(await rig.execution({ ...modify, ...rig.head() })).toMatchObject({
          class: "no-change",
          final: true,
        });
        expect(await rig.execution(rig.close(first, { volume: "0.04" }))).toMatchObject({
          class: "done",
          volume: "0.04",
        });
        await rig.peer.frame("position", (frame) => frame.position?.volume === "0.06");
        expect(await rig.execution(rig.close(first))).toMatchObject({ class: "done", volume: "0.06" });
        await rig.peer.frame("position", (frame) => frame.ticket === first && frame.position === null);
        expect(rig.terminal.sent.at(-1)).toMatchObject({ position: first });
        const long = await opened(rig);
        const short = await opened(rig, { side: "sell", sl: "1.20000" });
        expect((await rig.terminal.broker()).positions.length).toBe(2);
        expect((await rig.execution({ t: "close-by", ...rig.head(), position: long, by: short })).class).toBe(
          "done",
        );
        expect((await rig.terminal.broker()).positions).toEqual([]);
        expect(await rig.refusal(rig.close(long))).toBe("no-such-position");
        expect(await rig.refusal({ t: "cancel", ...rig.head(), order: "99" })).toBe("no-such-order");
      });
    },
    MILLIS,
  );

  test.concurrent(
    "a netting account closes and turns its one position",
    async () => {
      await withRig(async (rig) => {
        await rig.start();
        await rig.terminal.order("account 5002 Netting-Server 0 0");
        const session = await rig.peer.ready(2);
        const { account } = await rig.peer.frame("hello", (frame) => frame.account.login === "5002");
        expect(account).toMatchObject({ server: "Netting-Server", margin: "netting" });
        await rig.execution(rig.order(), session);
        await rig.execution(rig.order({ side: "sell", volume: "0.3", sl: "1.2" }), session);
        const { positions, deals } = await rig.terminal.broker();
        expect(positions.map(({ type, volume }) => [type, Number(volume.toFixed(2))])).toEqual([[1, 0.2]]);
        await rig.peer.frame(
          "deal",
          ({ deal: { ticket, entry } }) => ticket === deals.at(-1)?.ticket && entry === "in-out",
        );
      });
    },
    MILLIS,
  );
});

/** Return code, class, whether that is the end, and how often it was sent. */
const ANSWERS: readonly (readonly [number, string, boolean, number])[] = [
  [10_008, "placed", false, 1],
  [10_004, "repriced", true, 3],
  [10_020, "repriced", true, 3],
  [10_021, "repriced", true, 3],
  [10_011, "unknown", false, 1],
  [10_012, "unknown", false, 1],
  [10_023, "unknown", false, 1],
  [10_028, "unknown", false, 1],
  [10_031, "unknown", false, 1],
  [10_099, "unknown", false, 1],
  [0, "unknown", false, 1],
  [10_024, "throttled", true, 1],
  [10_025, "no-change", true, 1],
  [10_029, "frozen", true, 1],
  [10_030, "filling", true, 2],
  ...[10_017, 10_018, 10_026, 10_027].map((code) => [code, "disabled", true, 1] as const),
  ...[10_006, 10_007, 10_013, 10_014, 10_015, 10_016, 10_019, 10_022, 10_032, 10_033, 10_034].map(
    (code) => [code, "rejected", true, 1] as const,
  ),
];

describeExpert("return codes", () => {
  test.concurrent(
    "every class is told as what it is, and only a reprice or a filling mode is tried again",
    async () => {
      await withRig(async (rig) => {
        await rig.start({ InpMaxOrdersPerMinute: 1_000 });
        for (const [code, meaning, final, tries] of ANSWERS) {
          await rig.terminal.order(`answer ${code} ${tries}`);
          const command = rig.order();
          const execution = await rig.execution(command);
          expect<unknown[]>([code, execution.class, execution.final, execution.tries]).toEqual([
            code,
            meaning,
            final,
            tries,
          ]);
          expect(rig.terminal.sentOf(command.magic)).toBe(tries);
        }
        expect((await rig.terminal.broker()).deals).toEqual([]);
      });
    },
    MILLIS,
  );

  test.concurrent(
    "a requote is met with a fresh price, a refused filling mode with the other one",
    async () => {
      await withRig(async (rig) => {
        await rig.start();
        await rig.terminal.order("answer 10004 2");
        expect(await rig.execution(rig.order())).toMatchObject({ class: "done", tries: 3 });
        await rig.terminal.order("answer 10030 1");
        expect(await rig.execution(rig.order())).toMatchObject({ class: "done", tries: 2 });
        expect(rig.terminal.sent.slice(-2).map(({ filling }) => filling)).toEqual([0, 1]);
        // GBPUSD takes immediate-or-cancel only; the mask is asked, not guessed.
        expect((await rig.execution(rig.order({ symbol: "GBPUSD", sl: "1.2" }))).tries).toBe(1);
        expect(rig.terminal.sent.at(-1)?.filling).toBe(1);
      });
    },
    MILLIS,
  );

  test.concurrent(
    "a partial fill is told with what was filled, and nothing is sent for the rest",
    async () => {
      await withRig(async (rig) => {
        await rig.start();
        await rig.terminal.order("set fills-only 0.03");
        const command = rig.order({ symbol: "GBPUSD", sl: "1.2" });
        expect(await rig.execution(command)).toMatchObject({
          class: "partial",
          final: false,
          volume: "0.03",
          retcode: 10_010,
        });
        const end = await rig.peer.frame(
          "execution",
          (frame) => frame.intentId === command.intentId && frame.final,
        );
        expect(end).toMatchObject({ class: "partial", source: "lookup", volume: "0.03" });
        expect(rig.terminal.sentOf(command.magic)).toBe(1);
      });
    },
    MILLIS,
  );

  test.concurrent(
    "an unknown outcome stays unknown until the broker's books prove it; nothing is sent again",
    async () => {
      await withRig(async (rig) => {
        await rig.start();
        await rig.terminal.order("answer 10012 1 executes");
        const filled = rig.order();
        rig.peer.session.send(filled);
        const first = await rig.peer.frame("execution", (frame) => frame.intentId === filled.intentId);
        expect(first).toMatchObject({ class: "unknown", final: false, source: "answer" });
        const proved = await rig.peer.frame(
          "execution",
          (frame) => frame.intentId === filled.intentId && frame.final,
        );
        expect(proved).toMatchObject({ class: "done", source: "lookup", volume: "0.1" });

        await rig.terminal.order("answer 10031 1");
        const lost = rig.order();
        expect(await rig.execution(lost)).toMatchObject({ class: "unknown" });
        rig.peer.session.send({ t: "resync", dealsSinceBrokerMs: 0 });
        const { intents } = await rig.peer.frame("snapshot", (frame) =>
          frame.intents.some(({ intentId }) => intentId === lost.intentId),
        );
        expect(intents.find(({ intentId }) => intentId === lost.intentId)?.state).toBe("unknown");
        expect(await rig.refusal(lost)).toBe("repeated");
        expect(rig.terminal.sentOf(lost.magic)).toBe(1);
      });
    },
    MILLIS,
  );
});

describeExpert("refusals", () => {
  test.concurrent(
    "repeated, expired, stale, unfenced and nonsensical commands leave nothing",
    async () => {
      await withRig(async (rig) => {
        const session = await rig.start();
        const once = rig.order();
        await rig.execution(once);
        for (let i = 0; i < 20; i++) session.send(once);
        const repeats = await rig.peer.until("20 refusals", () => {
          const all = session.frames.filter((frame) => frame.t === "refusal");
          return all.length === 20 ? all : undefined;
        });
        expect(
          repeats.every(
            (frame) => frame.t === "refusal" && frame.code === "repeated" && frame.intent?.state === "done",
          ),
        ).toBe(true);
        expect(rig.terminal.sentOf(once.magic)).toBe(1);

        expect(await rig.refusal(rig.order({ expiresAtMs: Date.now() - 1 }))).toBe("expired");
        session.send({ t: "fence", epoch: 7 });
        await rig.peer.frame("fenced", ({ epoch }) => epoch === 7);
        expect(await rig.refusal(rig.order({ epoch: 6 }))).toBe("stale-epoch");
        expect(await rig.refusal(rig.order({ epoch: 8 }))).toBe("not-fenced");
        const now = { epoch: 7 };
        expect(await rig.refusal(rig.order({ ...now, volume: "0.015" }))).toBe("bad-volume");
        expect(await rig.refusal(rig.order({ ...now, symbol: "NOSUCH" }))).toBe("unknown-symbol");
        expect(await rig.refusal(rig.order({ ...now, spreadPointsMax: 19 }))).toBe("spread-too-wide");
        expect((await rig.execution(rig.order({ ...now, spreadPointsMax: 20 }))).class).toBe("done");
        await Bun.sleep(30);
        expect(await rig.refusal(rig.order({ ...now, quoteAgeMsMax: 1 }))).toBe("quote-too-old");
        const [open] = (await rig.terminal.broker()).positions;
        expect(await rig.refusal(rig.close(open?.ticket ?? "", { ...now, quoteAgeMsMax: 1 }))).toBe(
          "quote-too-old",
        );
        rig.tick(1.1001);
        expect((await rig.execution(rig.order({ ...now, quoteAgeMsMax: 10_000 }))).class).toBe("done");
        await rig.terminal.order("set trade-allowed 0");
        expect(await rig.refusal(rig.order(now))).toBe("trading-disabled");
        expect(rig.terminal.sent.length).toBe(3);
      });
    },
    MILLIS,
  );

  test.concurrent(
    "local caps hold whatever the server says, and exits pass",
    async () => {
      await withRig(async (rig) => {
        const session = await rig.start({
          InpMaxVolume: 0.5,
          InpMaxPositions: 2,
          InpMaxOrdersPerMinute: 4,
          InpMaxDayLoss: 100,
        });
        expect(await rig.refusal(rig.order({ volume: "0.51" }))).toBe("over-volume-cap");
        expect(await rig.refusal(rig.order({ sl: null }))).toBe("no-stop-loss");
        const first = await opened(rig, { volume: "0.5" });
        await opened(rig);
        expect(await rig.refusal(rig.order())).toBe("over-position-cap");
        expect((await rig.execution(rig.close(first))).class).toBe("done");
        await opened(rig);
        await rig.execution(rig.close((await rig.terminal.broker()).positions[0]?.ticket ?? ""));
        expect(await rig.refusal(rig.order())).toBe("over-rate-cap");
        session.send({ t: "mode", mode: "reduce", words: "by the test" });
        await rig.terminal.order("set balance 9000");
        const last = (await rig.terminal.broker()).positions[0]?.ticket ?? "";
        expect((await rig.execution(rig.close(last))).class).toBe("done");
      });
    },
    MILLIS,
  );

  test.concurrent(
    "the loss of a day blocks for the day, over a restart; modes of the server block until they change",
    async () => {
      await withRig(async (rig) => {
        const inputs = { InpMaxDayLoss: 100 };
        const session = await rig.start(inputs);
        session.send({ t: "mode", mode: "reduce", words: "" });
        expect(await rig.refusal(rig.order())).toBe("mode");
        session.send({ t: "mode", mode: "active", words: "" });
        const ticket = await opened(rig);
        await rig.terminal.order("set balance 9890");
        expect(await rig.refusal(rig.order())).toBe("over-loss-cap");
        await rig.terminal.order("set balance 10000");
        expect(await rig.refusal(rig.order())).toBe("over-loss-cap");
        await rig.terminal.kill();
        await rig.start(inputs);
        expect(await rig.refusal(rig.order())).toBe("over-loss-cap");
        expect((await rig.execution(rig.close(ticket))).class).toBe("done");
      });
    },
    MILLIS,
  );

  test.concurrent(
    "the kill switch blocks entries from the chart and the inputs, survives a restart, and two clicks arm again",
    async () => {
      await withRig(async (rig) => {
        await rig.start();
        const ticket = await opened(rig);
        await rig.terminal.order("click");
        await rig.peer.frame("kill", ({ killed, by }) => killed && by === "button");
        expect(await rig.refusal(rig.order())).toBe("killed");
        await rig.terminal.kill();
        await rig.start();
        expect((await rig.peer.frame("hello", ({ killed }) => killed)).killed).toBe(true);
        expect(await rig.refusal(rig.order())).toBe("killed");
        expect((await rig.execution(rig.close(ticket))).class).toBe("done");
        await rig.terminal.order("click");
        expect(await rig.refusal(rig.order())).toBe("killed");
        await rig.terminal.order("click");
        await rig.peer.frame("kill", ({ killed }) => !killed);
        expect((await rig.execution(rig.order())).class).toBe("done");
        // Another chart of the account blocks; this one looks into its file.
        await Bun.write(rig.terminal.path("kill.txt"), "damaged");
        expect(await rig.refusal(rig.order())).toBe("killed");
        await rig.terminal.kill();
        await rig.start({ InpKillSwitch: true });
        expect(await rig.refusal(rig.order())).toBe("killed");
        expect(await rig.terminal.panel()).toContain("entries blocked by input");
      });
    },
    MILLIS,
  );
});
