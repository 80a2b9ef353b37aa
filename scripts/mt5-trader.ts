// A terminal in TypeScript that carries out orders as the Expert Advisor does: an intent is on its disk before it goes to the broker, is
// never sent twice, and what is ambiguous stays unknown until the broker's books show it. It can be made to fail at each step.

import type { ServerFrame } from "../edge/mt5/protocol/from-server.ts";
import type { TerminalFrame } from "../edge/mt5/protocol/from-terminal.ts";
import { LIST_MAX } from "../edge/mt5/protocol/limits.ts";
import { type Credential, FIGURES, MadeTerminal, type Wire } from "./mt5-terminal.ts";
import { MadeBroker, type MadeDeal } from "./mt5-broker.ts";

type Snapshot = Extract<TerminalFrame, { t: "snapshot" }>;
type Row = Snapshot["intents"][number];
type Execution = Extract<TerminalFrame, { t: "execution" }>;
type Refusal = Extract<TerminalFrame, { t: "refusal" }>["code"];
type TradeFrame = Extract<ServerFrame, { intentId: string }>;
type Carried = Extract<TradeFrame, { t: "order" | "close" }>;

/** Where an order's way is cut: the terminal's process ends there, and comes back with what was on its disk. */
export const STEPS = ["before-claim", "after-claim", "after-broker", "after-answer"] as const;
export type Step = (typeof STEPS)[number];

/** What goes wrong with one order. */
export interface Mishap {
  readonly crashAt?: Step;
  /** The broker's answer is lost: it has carried the order out, or has not. */
  readonly timeout?: "executed" | "not-executed";
  /** The broker says no. */
  readonly retcode?: number;
  /** Only so much of it is filled. */
  readonly fills?: number;
}

const BROKER_AHEAD_MS = 7_200_000;

/** What outlives the process. */
export interface TraderDisk {
  readonly intents: Map<string, Row>;
  epoch: number;
}

export interface TraderOptions {
  readonly url: string;
  readonly token: Credential;
  readonly broker?: MadeBroker;
  /** Shared by the connections of one terminal. */
  readonly disk?: TraderDisk;
  readonly slot?: number;
  /** Asked once per command that is not refused. */
  readonly mishap?: (command: "order" | "close") => Mishap;
  /** Whether an event is told at once; what is not is found by looking. */
  readonly tells?: () => boolean;
  /** The socket is read on a timer of so many milliseconds, as the Expert Advisor does; left out, at once. */
  readonly timerMs?: number;
}

export class MadeTrader {
  readonly terminal: MadeTerminal;
  readonly broker: MadeBroker;
  readonly disk: TraderDisk;
  /** Orders that reached the broker, by intent. */
  readonly orders = new Map<string, number>();
  crashes = 0;
  readonly #options: TraderOptions;
  readonly #told = new Set<string>();
  #isFenced = false;
  #isReconciled = false;
  #wire: Wire | undefined;
  readonly #unread: ServerFrame[] = [];
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(options: TraderOptions) {
    this.#options = options;
    this.broker = options.broker ?? new MadeBroker(() => Date.now() + BROKER_AHEAD_MS);
    this.disk = options.disk ?? { intents: new Map(), epoch: 0 };
    this.terminal = new MadeTerminal({ url: options.url, token: options.token, slot: options.slot ?? 0 });
  }

  get isUp(): boolean {
    return this.#wire !== undefined && this.#wire.closed === undefined && this.#wire.refused === undefined;
  }

  get mayTrade(): boolean {
    return this.isUp && this.#isFenced && this.#isReconciled;
  }

  /** Connects; what was being sent when it ended is unknown. False where it was refused. */
  async start(): Promise<boolean> {
    this.#isFenced = false;
    this.#isReconciled = false;
    this.#told.clear();
    for (const row of this.disk.intents.values()) if (row.state === "sending") row.state = "unknown";
    const { terminal, disk } = this;
    const commandSeq = Math.max(0, ...[...disk.intents.values()].map((row) => row.commandSeq ?? 0));
    const figures = this.#figures();
    const wire = await terminal.connect({ currency: "USD", epoch: disk.epoch, commandSeq, figures });
    this.#wire = wire;
    if (wire === undefined) return false;
    const hear = wire.onFrame;
    const early = [...wire.frames];
    wire.onFrame = (frame) => {
      hear?.(frame);
      if (this.#options.timerMs === undefined) this.#hear(wire, frame);
      else this.#unread.push(frame);
    };
    this.#readOnTimer(wire);
    this.#snapshot(wire, 0);
    for (const frame of early) this.#hear(wire, frame);
    return true;
  }

  /** The cable is pulled. */
  drop(): void {
    clearInterval(this.#timer);
    this.#wire?.drop();
    this.#wire = undefined;
  }

  quote(): void {
    const { terminal, broker } = this;
    if (!this.isUp) return;
    const seq = terminal.tick("EURUSD", broker.bid);
    terminal.sendTicks(terminal.stream("EURUSD"), seq, seq, false);
    const now = Math.floor(performance.now());
    this.#wire?.send({
      t: "heartbeat",
      beat: seq,
      monotonicMs: now,
      terminalMs: Date.now(),
      brokerMs: Date.now() + BROKER_AHEAD_MS,
      connected: true,
      tradeAllowed: true,
      pingMicros: 1_000,
      unacked: 0,
      clockAgeMs: 0,
    });
  }

  /** Looks through the broker's books: tells every deal that was not told, and proves what is unknown. */
  look(): void {
    const wire = this.#wire;
    if (!this.isUp || wire === undefined) return;
    for (const deal of this.broker.deals) this.#tellDeal(wire, deal);
    for (const row of this.disk.intents.values()) {
      if (row.state !== "unknown") continue;
      const deals = this.broker.deals.filter(({ magic }) => magic === row.magic);
      if (deals.length === 0) continue;
      row.state = "done";
      row.volumeFilled = String(deals.reduce((sum, { volumeLots }) => sum + volumeLots, 0));
      this.#tellExecution(wire, row, { class: "done", source: "lookup", retcode: 0 });
    }
  }

  #readOnTimer(wire: Wire): void {
    const { timerMs } = this.#options;
    this.#unread.length = 0;
    clearInterval(this.#timer);
    if (timerMs === undefined) return;
    this.#timer = setInterval(() => {
      for (const frame of this.#unread.splice(0)) this.#hear(wire, frame);
    }, timerMs);
  }

  #hear(wire: Wire, frame: ServerFrame): void {
    if (wire !== this.#wire) return;
    switch (frame.t) {
      case "fence":
        this.disk.epoch = Math.max(this.disk.epoch, frame.epoch);
        this.#isFenced = true;
        wire.send({ t: "fenced", epoch: frame.epoch, intents: [] });
        return;
      case "reconciled":
        this.#isReconciled = true;
        return;
      case "resync":
        this.#snapshot(wire, frame.dealsSinceBrokerMs);
        return;
      case "order":
      case "close":
        this.#carry(wire, frame);
        return;
      default:
    }
  }

  #refuses(frame: Carried): Refusal | undefined {
    if (this.disk.intents.has(frame.intentId)) return "repeated";
    if (frame.epoch < this.disk.epoch) return "stale-epoch";
    if (frame.epoch > this.disk.epoch || (!this.#isFenced && frame.t === "order")) return "not-fenced";
    if (Date.now() > frame.expiresAtMs) return "expired";
    if (frame.t === "order" && !this.#isReconciled) return "not-reconciled";
    if (frame.t === "close" && !this.broker.positions.has(frame.position)) return "no-such-position";
    return undefined;
  }

  #carry(wire: Wire, frame: Carried): void {
    const code = this.#refuses(frame);
    if (code !== undefined) {
      const intent = this.disk.intents.get(frame.intentId) ?? null;
      wire.send({ t: "refusal", intentId: frame.intentId, code, words: "", intent });
      return;
    }
    const mishap = this.#options.mishap?.(frame.t) ?? {};
    if (this.#crashes(mishap, "before-claim")) return;
    const row: Row = {
      intentId: frame.intentId,
      magic: frame.magic,
      epoch: frame.epoch,
      commandSeq: frame.commandSeq,
      origin: "server",
      command: frame.t,
      symbol: "EURUSD",
      state: "sending",
      retcode: 0,
      order: null,
      deal: null,
      volumeFilled: "0",
    };
    this.disk.intents.set(row.intentId, row);
    if (this.#crashes(mishap, "after-claim")) return;
    const deal = mishap.retcode === undefined ? this.#send(frame, mishap) : undefined;
    if (this.#crashes(mishap, "after-broker")) return;
    this.#answered(wire, row, { deal, mishap });
    if (this.#crashes(mishap, "after-answer")) return;
    if (this.#options.tells?.() !== false) for (const each of this.broker.deals) this.#tellDeal(wire, each);
  }

  #answered(wire: Wire, row: Row, { deal, mishap }: { deal: MadeDeal | undefined; mishap: Mishap }): void {
    if (mishap.timeout !== undefined) {
      row.state = "unknown";
      this.#tellExecution(wire, row, { class: "unknown", source: "answer", retcode: 10_012 });
      return;
    }
    row.state = deal === undefined ? "rejected" : "done";
    row.retcode = mishap.retcode ?? (deal === undefined ? 10_006 : 10_009);
    row.order = deal?.order ?? null;
    row.deal = deal?.ticket ?? null;
    row.volumeFilled = String(deal?.volumeLots ?? 0);
    const isPart = deal !== undefined && mishap.fills !== undefined;
    this.#tellDeals(wire, isPart);
    const meaning = deal === undefined ? "rejected" : isPart ? "partial" : "done";
    this.#tellExecution(wire, row, { class: meaning, source: "answer", retcode: row.retcode });
  }

  /** What is left of a partial fill ends at once, and its deal is told before that. */
  #tellDeals(wire: Wire, isPart: boolean): void {
    if (isPart) for (const each of this.broker.deals) this.#tellDeal(wire, each);
  }

  #send(frame: Carried, { timeout, fills }: Mishap): MadeDeal | undefined {
    if (timeout === "not-executed") return undefined;
    this.orders.set(frame.intentId, (this.orders.get(frame.intentId) ?? 0) + 1);
    const lots = Math.min(Number(frame.volume ?? "1000"), fills ?? Number.POSITIVE_INFINITY);
    const { magic } = frame;
    if (frame.t === "order") {
      const { side, sl, tp } = frame;
      return this.broker.trade({ symbol: "EURUSD", side, volumeLots: lots, magic, sl, tp });
    }
    const side = this.broker.positions.get(frame.position)?.side === "buy" ? "sell" : "buy";
    return this.broker.trade({ symbol: "EURUSD", side, volumeLots: lots, magic, position: frame.position });
  }

  #crashes({ crashAt }: Mishap, step: Step): boolean {
    if (crashAt !== step) return false;
    this.crashes++;
    this.drop();
    return true;
  }

  #tellExecution(
    wire: Wire,
    row: Row,
    { class: meaning, source, retcode }: Pick<Execution, "class" | "source" | "retcode">,
  ): void {
    const now = Math.floor(performance.now());
    wire.send({
      t: "execution",
      intentId: row.intentId,
      magic: row.magic,
      epoch: row.epoch,
      class: meaning,
      final: meaning !== "unknown",
      source,
      retcode,
      retcodeExternal: 0,
      words: "",
      order: row.order,
      deal: row.deal,
      volume: row.volumeFilled,
      price: null,
      bid: null,
      ask: null,
      tries: 1,
      receivedMonotonicMs: now,
      sentMonotonicMs: now,
      answeredMonotonicMs: now,
    });
  }

  #tellDeal(wire: Wire, deal: MadeDeal): void {
    if (this.#told.has(deal.ticket)) return;
    this.#told.add(deal.ticket);
    wire.send({ t: "deal", deal: dealRow(deal) });
  }

  #figures(): typeof FIGURES {
    return { ...FIGURES, balance: this.broker.balance.toFixed(2), equity: this.broker.equity.toFixed(2) };
  }

  #snapshot(wire: Wire, sinceMs: number): void {
    const { positions, deals } = this.broker;
    const lists = {
      positions: [...positions.values()].map((each) => ({
        ticket: each.ticket,
        identifier: each.ticket,
        symbol: each.symbol,
        side: each.side,
        volume: String(each.volumeLots),
        openPrice: each.openPrice.toFixed(5),
        currentPrice: this.broker.bid.toFixed(5),
        sl: each.sl,
        tp: each.tp,
        swap: "0",
        profit: this.broker.profitOf(each, each.volumeLots).toFixed(2),
        magic: each.magic,
        openBrokerMs: each.openMs,
        updateBrokerMs: each.openMs,
      })),
      deals: deals.filter(({ ms }) => ms >= sinceMs).map((deal) => dealRow(deal)),
      intents: [...this.disk.intents.values()],
    };
    for (const { ticket } of deals) this.#told.add(ticket);
    const most = Math.max(...Object.values(lists).map(({ length }) => length));
    const parts = Math.max(1, Math.ceil(most / LIST_MAX));
    for (let part = 1; part <= parts; part++) {
      const from = (part - 1) * LIST_MAX;
      const to = part * LIST_MAX;
      wire.send({
        t: "snapshot",
        part,
        last: part === parts,
        orders: [],
        positions: lists.positions.slice(from, to),
        deals: lists.deals.slice(from, to),
        intents: lists.intents.slice(from, to),
        figures: this.#figures(),
      });
    }
  }
}

function dealRow(deal: MadeDeal): Snapshot["deals"][number] {
  const { ticket, order, position, symbol, side, entry, reason, magic, ms } = deal;
  return {
    ...{ ticket, order, position, symbol, side, entry, reason, magic },
    kind: "trade",
    volume: String(deal.volumeLots),
    price: deal.price.toFixed(5),
    profit: deal.profit.toFixed(2),
    commission: MadeBroker.commissionOf(deal).toFixed(2),
    fee: "0",
    swap: "0",
    brokerMs: ms,
  };
}
