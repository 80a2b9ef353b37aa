// A terminal whose connection breaks again and again, which sends twice and out of order, restarts and loses ticks out of its ring, against
// a server that restarts as well: every tick it numbered is in the journal once or known to be missing.

import { expect, test } from "bun:test";
import { SeededRandom } from "../../actors/base/random.ts";
import { terminalSourceId } from "../../edge/feeds/source.ts";
import { startEdge } from "../../scripts/edge-rig.ts";
import { MadeTerminal } from "../../scripts/mt5-terminal.ts";
import { journaledTicks } from "../fixtures/mt5-journal.ts";
import { openedBridge, tokenOf } from "../fixtures/mt5-rig.ts";

const TORTURE = process.env["TICKFORGE_TORTURE"] === "1";
const RECONNECTS = TORTURE ? 1_000 : 200;
const SEED = 1_107;
const SYMBOLS = ["EURUSD", "GBPUSD"] as const;
const PART_MAX = 40;

/** What the terminal ever numbered. */
class Numbered {
  readonly bids = new Map<string, number[]>();
  readonly lost = new Map<string, Set<number>>();

  next(symbol: string): number {
    const bids = this.bids.get(symbol) ?? [];
    this.bids.set(symbol, bids);
    const bid = Number((1 + bids.length / 1e5).toFixed(5));
    bids.push(bid);
    return bid;
  }
}

/** Everything that is owed, in pieces, some twice, not in their order. */
function sendWildly(terminal: MadeTerminal, random: SeededRandom): void {
  const pieces: (() => void)[] = [];
  for (const stream of terminal.streams) {
    const { lost } = stream;
    if (lost !== undefined) pieces.push(() => terminal.sendGap(stream, lost));
    const numbers = [...stream.ticks.keys()];
    for (let at = 0; at < numbers.length;) {
      const part = numbers.slice(at, at + 1 + random.integer(PART_MAX));
      at += part.length;
      const send = () => terminal.sendTicks(stream, part[0]!, part.at(-1)!, random.next() < 0.5);
      pieces.push(send);
      if (random.next() < 0.2) pieces.push(send);
    }
  }
  // Neighbours change places.
  for (let index = 1; index < pieces.length; index++) {
    if (random.next() < 0.3) [pieces[index - 1], pieces[index]] = [pieces[index]!, pieces[index - 1]!];
  }
  for (const send of pieces) send();
}

test(
  `${RECONNECTS} reconnects`,
  async () => {
    console.log(`seed ${SEED}`);
    const random = new SeededRandom(SEED);
    const numbered = new Numbered();
    const rig = await startEdge();
    let server = openedBridge(rig);
    const token = await tokenOf(server.bridge, server.bridge.credentials.makeCode("storm", {}).code);
    let terminal = new MadeTerminal({ url: server.bridge.url, token });
    let restarts = 0;
    const make = (count: number): void => {
      for (const symbol of SYMBOLS)
        for (let i = 0; i < count; i++) terminal.tick(symbol, numbered.next(symbol));
    };
    for (let round = 0; round < RECONNECTS; round++) {
      if (random.next() < 0.15) terminal.reboot();
      make(1 + random.integer(60));
      if (random.next() < 0.1) {
        const symbol = SYMBOLS[random.integer(2)]!;
        const stream = terminal.streams.find((each) => each.symbol === symbol && each.ticks.size > 2);
        const seqs = [...(stream?.ticks.keys() ?? [])];
        if (stream !== undefined) {
          const to = seqs[random.integer(seqs.length - 1)]!;
          const set = numbered.lost.get(symbol) ?? new Set();
          numbered.lost.set(symbol, set);
          for (const [seq, tick] of stream.ticks) if (seq <= to) set.add(Number(tick[1]));
          terminal.overflow(stream, to);
        }
      }
      expect(await terminal.connect()).toBeDefined();
      sendWildly(terminal, random);
      if (random.next() < 0.3) await terminal.settled();
      else if (random.next() < 0.5) await Bun.sleep(random.integer(8));
      terminal.wire?.drop();
      if (random.next() < 0.05) {
        restarts++;
        await server.stop();
        await rig.station.journal.flush();
        server = openedBridge(rig);
        terminal = terminal.at(server.bridge.url);
      }
    }
    make(1);
    expect(await terminal.connect()).toBeDefined();
    terminal.resend();
    await terminal.settled();
    make(1);
    for (const symbol of SYMBOLS)
      terminal.sendTicks(
        terminal.stream(symbol),
        terminal.stream(symbol).last,
        terminal.stream(symbol).last,
        false,
      );
    await terminal.settled();
    await rig.station.journal.flush();
    const sourceId = terminalSourceId(server.bridge.credentials.account("storm")?.number ?? 0, {
      watches: false,
    });
    let [ticks, absent] = [0, 0];
    for (const symbol of SYMBOLS) {
      const instrumentId = rig.station.live.engine.config.instruments.findIndex(
        (each) => each.symbol === symbol,
      );
      const journaled = journaledTicks(rig.data, sourceId, instrumentId);
      const bids = new Set(journaled.map(({ bid }) => bid));
      const missing = numbered.bids.get(symbol)!.filter((bid) => !bids.has(bid));
      expect(bids.size).toBe(journaled.length);
      expect(missing.filter((bid) => numbered.lost.get(symbol)?.has(bid) !== true)).toEqual([]);
      const counts = rig.station.live.router.gaps
        .counts()
        .find((each) => each.sourceId === sourceId && each.instrumentId === instrumentId);
      expect({ received: counts?.received, missing: (counts?.missing ?? 0) + (counts?.lost ?? 0) }).toEqual({
        received: journaled.length,
        missing: missing.length,
      });
      // Told to be lost is what is missing, not more and not less, but for what had come before it was lost.
      const tickNumbers = new Set(journaled.map(({ sourceSeq }) => sourceSeq));
      expect(tickNumbers.size).toBe(journaled.length);
      ticks += journaled.length;
      absent += missing.length;
    }
    console.log(
      `${RECONNECTS} reconnects, ${restarts} restarts: ${ticks} ticks once each, ${absent} known to be missing`,
    );
    await server.stop();
    await rig.stop();
  },
  TORTURE ? 600_000 : 120_000,
);
