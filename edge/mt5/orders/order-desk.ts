// Between an account's intents and its terminals: an intent that is durable becomes a frame on one connection at once, what terminals say
// of it becomes records. What never left is reported as rejected; of what may have left nothing is assumed, and nothing is sent again.

import { MICROS_PER_MILLISECOND } from "../../../actors/base/clock.ts";
import { CircuitBreaker } from "../../../actors/runtime/breaker.ts";
import { failure, ok, type Result } from "../../../actors/base/result.ts";
import type { Reconciled } from "../../../actors/domain/broker-books.ts";
import type { Instrument } from "../../../actors/domain/instrument.ts";
import { counterOfIntent, intentOfMagic, magicOfIntent } from "../../../actors/domain/intent-name.ts";
import type { OrderIntent } from "../../../actors/domain/order.ts";
import type { BrokerLink } from "../../../actors/ports/broker-link.ts";
import type { TerminalStore } from "../../../actors/ports/terminals.ts";
import type { Station } from "../../main.ts";
import type { TerminalFrame } from "../protocol/from-terminal.ts";
import type { Terminal, TerminalListener } from "../terminal.ts";
import type { SnapshotFrame } from "./books.ts";
import { Ear } from "./ear.ts";
import { frameOf, type TradeFrame } from "./frames.ts";
import { LedgerWatch } from "./ledger-watch.ts";
import { ACCOUNT_FAILURES_MAX, ROUND_MS } from "./limits.ts";
import { Outbox } from "./outbox.ts";
import { Pauses } from "./pauses.ts";
import { Pictures } from "./pictures.ts";
import { Pool, type Seat } from "./pool.ts";
import { Stages } from "./stages.ts";

export interface OrderDeskOptions {
  readonly station: Pick<Station, "live" | "clock" | "epoch" | "ledger" | "projection">;
  readonly store: TerminalStore;
  readonly intentTag: number;
  readonly reconcileMs: number;
  readonly onProblem: (message: string) => void;
}

const MODES = { active: "active", reducing: "reduce", halted: "halt" } as const;

export class OrderDesk implements BrokerLink, TerminalListener {
  readonly accountId: string;
  readonly pool = new Pool();
  readonly stages = new Stages();
  readonly pictures: Pictures;
  readonly outbox: Outbox;
  /** Since the start: frames on the socket, and intents that never left. */
  readonly counts = { sent: 0, neverLeft: 0, overdue: 0 };
  readonly #options: OrderDeskOptions;
  readonly #ear: Ear;
  readonly #pauses = new Pauses();
  readonly #ledger: LedgerWatch;
  /** Of all connections together. */
  readonly #breaker = new CircuitBreaker({ failuresMax: ACCOUNT_FAILURES_MAX });
  readonly #round: ReturnType<typeof setInterval>;
  #lastCommand = 0;
  /** A terminal knows intents of this data folder that the folder does not. */
  #isBehind = false;

  constructor(options: OrderDeskOptions) {
    this.#options = options;
    const { station, store, intentTag, reconcileMs } = options;
    const { live, clock, epoch } = station;
    this.accountId = live.engine.config.account.accountId;
    const { accountId, pool } = this;
    this.#ledger = new LedgerWatch({ accountId, station, onProblem: options.onProblem });
    this.outbox = new Outbox({ router: live.router, clock });
    const instrumentOf = (symbol: string): Instrument | undefined => this.#instrumentOf(symbol);
    this.#ear = new Ear({ accountId, intentTag, live, outbox: this.outbox, instrumentOf });
    for (const { intentId } of live.engine.account?.view().liveOrders ?? []) {
      this.#note(intentId);
      this.#ear.follow(intentId);
    }
    this.pictures = new Pictures({
      accountId,
      intentTag,
      epoch,
      store,
      pool,
      instrumentOf,
      everyMs: reconcileMs,
      outbox: this.outbox,
      nowMs: () => this.#nowMs(),
      lastCommand: () => this.#lastCommand,
      lastSeq: () => live.router.lastSeq,
      onWhole: (seat, parts) => this.#onWhole(seat, parts),
    });
    this.#round = setInterval(() => this.#look(), ROUND_MS);
  }

  get epoch(): number {
    return this.#options.station.epoch;
  }

  /** Whether an order or position with this magic number came of an intent of this account's. */
  isOurs(magic: string): boolean {
    return intentOfMagic(magic, this.accountId, this.#options.intentTag) !== undefined;
  }

  stop(): void {
    clearInterval(this.#round);
    this.#ear.sayEnds();
    this.outbox.stop();
  }

  intended(intent: OrderIntent): void {
    if (intent.accountId !== this.accountId) return;
    this.stages.intended(intent, this.#options.station.clock.nowMicros());
  }

  sent(intent: OrderIntent): void {
    if (intent.accountId !== this.accountId) return;
    const sentSeq = this.#options.station.live.router.lastSeq;
    this.#note(intent.intentId);
    this.#ear.know(intent);
    const left = this.#dispatch(intent, sentSeq);
    if (left.ok) return;
    this.counts.neverLeft++;
    this.#ear.unsent(intent, `${left.code}: ${left.message}`);
  }

  reconciled(record: Reconciled): void {
    if (record.accountId !== this.accountId) return;
    this.pictures.reconciled(record);
    // Once the account has finished what it is saying.
    queueMicrotask(() => this.#ear.sayEnds());
  }

  joined(terminal: Terminal): void {
    if (terminal.accountId !== this.accountId || terminal.watches) return;
    const { currency } = this.#options.station.live.engine.config.account;
    if (terminal.hello.currency !== currency) {
      this.#options.onProblem(
        `the account at the terminal of ${this.accountId} is in ${terminal.hello.currency}, here it is in ${currency}: nothing is ` +
          "traded there. Set account.currency, and use a data folder of its own",
      );
      return;
    }
    const { margin } = terminal.hello.account;
    if (this.#options.station.live.engine.config.account.positionMode === "hedging" && margin !== "hedging") {
      this.#options.onProblem(
        `the account at the terminal of ${this.accountId} keeps one position a symbol (${margin}), here it is to have several: nothing ` +
          "is traded there. Set account.positionMode to netting, or enrol a hedging account",
      );
      return;
    }
    const seat = this.pool.join(terminal);
    this.#tellMode(seat);
    this.pictures.joined(seat);
  }

  left(terminal: Terminal): void {
    if (this.pool.leave(terminal) !== undefined) this.pictures.left(terminal);
  }

  said(terminal: Terminal, frame: TerminalFrame): void {
    const seat = this.pool.seatOf(terminal);
    if (seat === undefined) return;
    switch (frame.t) {
      case "fenced":
        this.pictures.fenced(seat, frame.epoch);
        return;
      case "snapshot":
        this.pictures.snapshot(seat, frame);
        return;
      case "execution":
        this.#onExecution(terminal, frame);
        return;
      case "refusal":
        this.#onRefusal(frame);
        return;
      case "deal":
        if (frame.deal.kind === "other") this.pictures.adjustment(frame.deal, terminal);
        else this.#ear.deal(frame.deal, terminal);
        return;
      case "order-state":
        if (frame.order !== null) this.#ear.order(frame.order);
        return;
      case "kill":
        if (frame.killed) this.#trip(frame.by);
        return;
      default:
    }
  }

  #onExecution(terminal: Terminal, frame: Extract<TerminalFrame, { t: "execution" }>): void {
    const { onProblem, station } = this.#options;
    this.stages.answered(frame, terminal.clock, station.clock.nowMicros());
    if (this.pool.answered(frame.intentId) !== undefined) this.#breaker.succeeded();
    const known = this.#ear.execution(frame);
    if (known === undefined) return;
    const problem = this.#pauses.hear(frame, known.instrumentId, this.#nowMs());
    if (problem !== undefined) onProblem(`${this.accountId}: ${problem}`);
  }

  #onRefusal(frame: Extract<TerminalFrame, { t: "refusal" }>): void {
    if (this.pool.answered(frame.intentId) !== undefined) this.#breaker.succeeded();
    this.#ear.refusal(frame);
    if (frame.code !== "trading-disabled" && frame.code !== "storage-failed") return;
    if (!this.#pauses.disable(undefined, this.#nowMs())) return;
    this.#options.onProblem(
      frame.code === "trading-disabled"
        ? `${this.accountId}: its terminal does not allow algorithmic trading: allow it there, entries wait for a minute`
        : `${this.accountId}: its terminal cannot write intents to its disk: look at the terminal, entries wait for a minute`,
    );
  }

  /** What a whole picture says beside the books: of commands that nobody answered, and of deals that nobody told. */
  #onWhole({ terminal }: Seat, parts: readonly SnapshotFrame[]): void {
    const { store } = this.#options;
    const sinceMs = store.trading(this.accountId)?.sinceMs ?? 0;
    for (const { intents, deals } of parts) {
      for (const deal of deals) {
        if (deal.brokerMs - terminal.account.brokerTime.offsetMs >= sinceMs) this.#ear.deal(deal, terminal);
      }
      for (const each of intents) {
        this.#compareCounters(each);
        if (this.pool.answered(each.intentId) !== undefined) this.#ear.intent(each);
      }
    }
  }

  /** An older copy of the folder would name its intents again, and be told of others' fates. */
  #compareCounters({ intentId, magic }: SnapshotFrame["intents"][number]): void {
    const told = this.isOurs(magic) ? (counterOfIntent(intentId) ?? 0) : 0;
    const given = Math.max(this.#lastCommand, this.#options.station.live.engine.account?.intents ?? 0);
    if (told <= given || this.#isBehind) return;
    this.#isBehind = true;
    this.#options.onProblem(
      `the terminal of ${this.accountId} knows intent ${told} of this data folder, which has given ${given}: an older copy of the ` +
        "folder was started, so nothing is opened. Start the newest one, or a new folder with an enrolment of its own",
    );
  }

  /** Puts an intent on a socket. A failure says that it never left. */
  #dispatch(intent: OrderIntent, sentSeq: number): Result<void, string> {
    const nowMs = this.#nowMs();
    if (intent.purpose === "entry") {
      const why = this.#entriesWait(intent, nowMs);
      if (why !== "") return failure("entries-wait", why);
    }
    const candidates = this.pool.candidates(intent, nowMs);
    if (candidates.length === 0) {
      return failure("no-terminal", "no connection of the account's terminal may take it now");
    }
    const frame = this.#frameOf(intent, candidates[0] as Seat, nowMs);
    if (!frame.ok) return frame;
    for (const seat of candidates) {
      // False: it was dropped here, before the socket.
      if (!seat.terminal.send(frame.value)) continue;
      this.pool.bind(seat, intent, { counter: frame.value.commandSeq, sentSeq, sentMs: nowMs });
      this.counts.sent++;
      this.stages.sent(intent.intentId, this.#options.station.clock.nowMicros());
      return ok(undefined);
    }
    return failure("no-terminal", "the connection to the account's terminal is gone");
  }

  #entriesWait({ instrumentId }: OrderIntent, nowMs: number): string {
    if (this.#isBehind) return "the terminal knows later intents than this data folder";
    const away = this.#ledger.why(nowMs);
    if (away !== "") return `the ledger is away: ${away}`;
    if (this.#pauses.isOn(instrumentId, nowMs)) return "the trade server said no a moment ago";
    if (!this.#breaker.allows(nowMs * MICROS_PER_MILLISECOND)) return "commands of before were not answered";
    return "";
  }

  #frameOf(intent: OrderIntent, seat: Seat, nowMs: number): Result<TradeFrame, string> {
    const { account, instruments } = this.#options.station.live.engine.config;
    const { picture, brokerTime } = seat.terminal.account;
    return frameOf(intent, {
      nowMs,
      account,
      instrument: instruments[intent.instrumentId] as Instrument,
      symbol: this.pool.symbolOf(intent.instrumentId),
      offsetMs: brokerTime.offsetMs,
      positionTicket: (positionId) => {
        for (const { identifier, ticket } of picture.positions.values())
          if (identifier === positionId) return ticket;
        // Its event is on the way; until its ticket changes, a position is called by its identifier.
        return /^[1-9]\d*$/.test(positionId) ? positionId : undefined;
      },
      orderTicket: (intentId) => {
        const magic = magicOfIntent(intentId);
        for (const order of picture.orders.values()) if (order.magic === magic) return order.ticket;
        return this.#ear.orderTicket(intentId);
      },
    });
  }

  #instrumentOf(symbol: string): Instrument | undefined {
    for (const { terminal } of this.pool.seats) {
      const found = terminal.instruments.get(symbol);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #trip(by: string): void {
    const { station } = this.#options;
    station.live.command(
      {
        command: "trip",
        accountId: this.accountId,
        mode: "halt-entries",
        by: "terminal",
        reason: `kill switch of the terminal (${by})`,
      },
      station.clock.nowMicros(),
    );
  }

  /** Whatever time brings: modes, commands without an answer, pictures. */
  #look(): void {
    const nowMs = this.#nowMs();
    this.#ledger.look(nowMs);
    for (const seat of this.pool.seats) this.#tellMode(seat);
    for (const { intent } of this.pool.overdue(nowMs)) {
      this.counts.overdue++;
      this.#breaker.failed(nowMs * MICROS_PER_MILLISECOND);
      this.#options.onProblem(
        `${intent.intentId} was not answered by its terminal: its outcome is unknown until the broker's books show it`,
      );
      this.pictures.ask();
    }
    this.#ear.sayEnds();
    this.pictures.look(nowMs);
  }

  #tellMode(seat: Seat): void {
    const mode = this.#options.station.live.engine.account?.mode ?? "halted";
    if (mode === seat.mode) return;
    if (seat.terminal.send({ t: "mode", mode: MODES[mode], words: `the account is ${mode}` }))
      seat.mode = mode;
  }

  #note(intentId: string): void {
    this.#lastCommand = Math.max(this.#lastCommand, counterOfIntent(intentId) ?? 0);
  }

  #nowMs(): number {
    return this.#options.station.clock.nowMicros() / MICROS_PER_MILLISECOND;
  }
}
