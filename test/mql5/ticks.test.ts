// Ticks of the Expert Advisor: each once, in order, numbered, on disk before they are sent, resumed after whatever breaks; and gaps
// where they must be.

import { expect } from "bun:test";
import type { Peer } from "./peer.ts";
import { testExpert, withRig, type Rig } from "./rig.ts";

const MILLIS = 120_000;

/** Gives EURUSD ticks whose bids tell them apart: 1.00001, 1.00002, ... */
function give(rig: Rig, from: number, to: number, ms?: number): void {
  for (let i = from; i <= to; i++) rig.terminal.tick("EURUSD", 1 + i / 100_000, 1.5, ms);
}

/** Numbers of the ticks of one boot, as their bids say, in the order of their numbers. */
function kept(peer: Peer, boot: string): number[] {
  const stored = [...(peer.ticks.get(`${boot} EURUSD`) ?? new Map<number, string>())].toSorted(
    ([a], [b]) => a - b,
  );
  return stored.map(([, text]) => Math.round((Number((JSON.parse(text) as string[])[1]) - 1) * 100_000));
}

function bootsOf(peer: Peer): string[] {
  return [...new Set(peer.all("hello").map(({ boot }) => boot))];
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

testExpert.concurrent(
  "ticks come once and in order, also many of one millisecond, and what was acknowledged is not sent again",
  async () => {
    await withRig(async (rig) => {
      await rig.start();
      const [boot = ""] = bootsOf(rig.peer);
      give(rig, 1, 300);
      await rig.peer.until("300 ticks", () => kept(rig.peer, boot).length === 300);
      const ms = rig.brokerNow() + 60_000;
      give(rig, 301, 310, ms);
      await rig.peer.until("310 ticks", () => kept(rig.peer, boot).length === 310);
      // The same millisecond goes on after it was read once.
      give(rig, 311, 320, ms);
      await rig.peer.until("320 ticks", () => kept(rig.peer, boot).length === 320);
      expect(kept(rig.peer, boot)).toEqual(range(1, 320));
      expect(rig.peer.all("ticks").every(({ backfill }) => !backfill)).toBe(true);
      const first = rig.peer.all("ticks").find(({ symbol }) => symbol === "EURUSD");
      expect(first?.ticks[0]?.slice(1)).toEqual(["1.00001", "1.50000", "0", "0", 6]);
      await rig.peer.frame("heartbeat", ({ unacked, beat }) => unacked === 0 && beat > 3);
      rig.peer.session.socket.close();
      await rig.peer.ready(2);
      expect(rig.peer.all("hello").at(-1)?.streams).toEqual([]);
      expect(rig.peer.gaps).toEqual([]);
    });
  },
  MILLIS,
);

testExpert.concurrent(
  "what was not acknowledged comes again as backfill after a drop, the rest live; an acknowledgement goes as far as it says",
  async () => {
    await withRig(async (rig) => {
      rig.peer.manners.acknowledges = false;
      const session = await rig.start();
      const [boot = ""] = bootsOf(rig.peer);
      give(rig, 1, 50);
      await rig.peer.until("50 ticks", () => kept(rig.peer, boot).length === 50);
      session.send({ t: "ack", acks: [{ boot, symbol: "EURUSD", seq: 20 }] });
      await rig.peer.frame("heartbeat", ({ unacked }) => unacked === 30);
      const back = await rig.peer.vanish();
      give(rig, 51, 60);
      // The server has forgotten all but 20: nothing but what it says is durable counts.
      for (let seq = 21; seq <= 50; seq++) rig.peer.ticks.get(`${boot} EURUSD`)?.delete(seq);
      rig.peer.manners.acknowledges = true;
      back();
      await rig.peer.ready(2);
      await rig.peer.until("60 ticks", () => kept(rig.peer, boot).length === 60);
      expect(kept(rig.peer, boot)).toEqual(range(1, 60));
      const again = rig.peer.session.frames.filter((frame) => frame.t === "ticks");
      expect(again.every((frame) => frame.t === "ticks" && frame.backfill && frame.from > 20)).toBe(true);
      give(rig, 61, 61);
      const live = await rig.peer.frame("ticks", ({ from }) => from === 61);
      expect(live.backfill).toBe(false);
    });
  },
  MILLIS,
);

testExpert.concurrent(
  "a terminal that is killed goes on where it was: old ticks under their old numbers, later ones from its history",
  async () => {
    await withRig(async (rig) => {
      rig.peer.manners.acknowledges = false;
      await rig.start();
      give(rig, 1, 40);
      const [first = ""] = bootsOf(rig.peer);
      await rig.peer.until("40 ticks", () => kept(rig.peer, first).length === 40);
      rig.peer.ticks.clear();
      rig.peer.manners.acknowledges = true;
      await rig.terminal.kill();
      await rig.terminal.start({ InpServer: rig.peer.url, InpSymbols: "EURUSD,GBPUSD" });
      give(rig, 41, 60);
      await rig.peer.ready(2);
      const second = await rig.peer.until("another boot", () => bootsOf(rig.peer)[1]);
      await rig.peer.until("all ticks", () => kept(rig.peer, second).length === 20);
      expect(kept(rig.peer, first)).toEqual(range(1, 40));
      expect(kept(rig.peer, second)).toEqual(range(41, 60));
      expect(rig.peer.all("hello").at(-1)?.streams).toContainEqual({
        boot: first,
        symbol: "EURUSD",
        acked: 0,
        last: 40,
      });
    });
  },
  MILLIS,
);

testExpert.concurrent(
  "what falls out of the ring is a gap, told until it is acknowledged, over a restart, too",
  async () => {
    await withRig(async (rig) => {
      const inputs = { InpRingTicks: 20 };
      await rig.start(inputs);
      const [boot = ""] = bootsOf(rig.peer);
      const back = await rig.peer.vanish();
      await rig.terminal.until("not connected");
      give(rig, 1, 100);
      await rig.terminal.until("ticks not acknowledged 20");
      await rig.terminal.kill();
      await rig.terminal.start({ ...inputs, InpServer: rig.peer.url, InpSymbols: "EURUSD,GBPUSD" });
      back();
      await rig.peer.ready(2);
      const gap = await rig.peer.frame("gap");
      expect(gap).toMatchObject({ boot, symbol: "EURUSD", reason: "overflow", from: 1, to: 80 });
      await rig.peer.until("the rest", () => kept(rig.peer, boot).length === 20);
      expect(kept(rig.peer, boot)).toEqual(range(81, 100));
      await rig.peer.frame("heartbeat", ({ unacked, beat }) => unacked === 0 && beat > 2);
      const before = rig.peer.gaps.length;
      rig.peer.session.socket.close();
      await rig.peer.ready(3);
      expect(rig.peer.gaps.length).toBe(before);
    });
  },
  MILLIS,
);

testExpert.concurrent(
  "history that no longer reaches back is a gap without numbers",
  async () => {
    await withRig(async (rig) => {
      await rig.start();
      give(rig, 1, 5);
      const [boot = ""] = bootsOf(rig.peer);
      await rig.peer.until("5 ticks", () => kept(rig.peer, boot).length === 5);
      await rig.terminal.order("forget-ticks EURUSD");
      const ms = rig.brokerNow() + 5_000;
      give(rig, 9, 9, ms);
      const gap = await rig.peer.frame("gap");
      expect(gap).toMatchObject({
        boot,
        symbol: "EURUSD",
        reason: "unread",
        from: null,
        to: null,
        toBrokerMs: ms,
      });
      await rig.peer.until("the tick behind it", () => kept(rig.peer, boot).at(-1) === 9);
    });
  },
  MILLIS,
);

testExpert.concurrent(
  "ticks wait while their file cannot be written, and go when it can",
  async () => {
    await withRig(async (rig) => {
      await rig.start();
      const [boot = ""] = bootsOf(rig.peer);
      await rig.terminal.order("set unwritable ticks-0");
      give(rig, 1, 10);
      await rig.terminal.line((line) => line.includes("the file of ticks cannot be written"));
      expect(kept(rig.peer, boot)).toEqual([]);
      await rig.terminal.order("set unwritable");
      await rig.peer.until("10 ticks", () => kept(rig.peer, boot).length === 10);
      expect(kept(rig.peer, boot)).toEqual(range(1, 10));
    });
  },
  MILLIS,
);

testExpert.concurrent(
  "sockets that take and give a few bytes at a time, and say that they are readable when they are not",
  async () => {
    await withRig(async (rig) => {
      await rig.start();
      const [boot = ""] = bootsOf(rig.peer);
      await rig.terminal.order("set chunk 37");
      await rig.terminal.order("set lie 1");
      give(rig, 1, 60);
      await rig.peer.until("60 ticks", () => kept(rig.peer, boot).length === 60);
      expect((await rig.execution(rig.order({ sl: "0.9" }))).class).toBe("done");
    });
  },
  MILLIS,
);

testExpert.concurrent(
  "however often the connection drops, every tick is there once",
  async () => {
    await withRig(async (rig) => {
      await rig.start({ InpBackoffMinMs: 1, InpBackoffMaxMs: 2 });
      const [boot = ""] = bootsOf(rig.peer);
      const rounds = 40;
      for (let round = 0; round < rounds; round++) {
        give(rig, round * 5 + 1, round * 5 + 5);
        rig.peer.manners.acknowledges = round % 2 === 0;
        const session = rig.peer.session;
        await rig.peer.until("a greeting", () => rig.peer.session.frames.length > 0);
        session.socket.terminate();
        await rig.peer.until("another connection", () => rig.peer.sessions.length > round + 2);
      }
      rig.peer.manners.acknowledges = true;
      await rig.peer.until("every tick", () => kept(rig.peer, boot).length === rounds * 5);
      expect(kept(rig.peer, boot)).toEqual(range(1, rounds * 5));
      expect(rig.peer.gaps).toEqual([]);
    });
  },
  MILLIS,
);
