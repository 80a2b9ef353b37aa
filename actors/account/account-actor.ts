// The account: the only writer of one account's money, orders and positions. Signals come in, controls decide, intents
// or refusals go out; executions come back and are booked. It acts on records alone and its time is theirs.
//
// Netting rule: one position per instrument. A signal against it closes it and opens nothing; the other direction waits
// for a signal that comes after the exit has filled, so that an account is never exposed twice by a reversal.

import { type Archive, LoadArchive, SaveArchive } from "../base/archive.ts";
import type { Micros } from "../base/clock.ts";
import type { Result } from "../base/result.ts";
import type { Execution, OrderSent } from "../domain/order.ts";
import type { Command, JournalRecord } from "../domain/records.ts";
import type { Signal } from "../domain/signal.ts";
import type { Tick } from "../domain/tick.ts";
import type { Emitter } from "../ports/emitter.ts";
import { type AccountView, buildAccountView } from "./account-view.ts";
import type { Answer } from "./answers.ts";
import { Brakes } from "./brakes.ts";
import { Changes, type Levels } from "./changes.ts";
import { hasUsableFigures } from "./deal-figures.ts";
import { DealMemory } from "./deal-memory.ts";
import { Desk, type DeskOptions } from "./desk.ts";
import { judge, type Wish, type WishVerdict } from "./dry-run.ts";
import { EntryDesk, wishOfSignal } from "./entry-desk.ts";
import { ExitDesk } from "./exit-desk.ts";
import { ExitRules } from "./exit-rules.ts";
import { violationOf } from "./fill-check.ts";
import { FollowUps } from "./follow-ups.ts";
import { Groups } from "./groups.ts";
import { OrderDesk } from "./order-desk.ts";
import type { OrderState, OrderTrigger, TrackedOrder } from "./orders.ts";
import { sideOf, type TrackedPosition } from "./positions.ts";
import { Reconciler } from "./reconciliation/reconciler.ts";
import { triggerOf } from "./reports.ts";
import { buildRiskView, type RiskView } from "./risk-view.ts";
import type { AccountMode } from "./risk/check.ts";
import { cancelUnwanted } from "./waiting-watch.ts";

export class AccountActor {
  readonly #desk: Desk;
  readonly #entries: EntryDesk;
  readonly #exits: ExitDesk;
  readonly #changes: Changes;
  readonly #followUps: FollowUps;
  readonly #groups: Groups;
  readonly #rules: ExitRules;
  readonly #orders: OrderDesk;
  readonly #brakes: Brakes;
  readonly #deals = new DealMemory();
  readonly #reconciler: Reconciler;
  #dueMicros: Micros = Number.POSITIVE_INFINITY;

  constructor(options: DeskOptions) {
    const desk = new Desk(options);
    const entries = new EntryDesk(desk);
    const exits = new ExitDesk(desk);
    const changes = new Changes(desk);
    this.#desk = desk;
    this.#entries = entries;
    this.#exits = exits;
    this.#changes = changes;
    this.#followUps = new FollowUps(desk, exits, changes);
    this.#groups = new Groups(desk, exits, this.#followUps);
    this.#rules = new ExitRules(desk, this.#followUps);
    this.#orders = new OrderDesk({ desk, entries, exits, changes, groups: this.#groups });
    this.#brakes = new Brakes(desk, exits);
    this.#reconciler = new Reconciler({
      desk,
      deals: this.#deals,
      hear: (report) => {
        this.#onExecution(report);
      },
      release: (order) => {
        this.#move(order, "release");
      },
      unprotected: (position) => {
        this.#protect(position, position);
      },
    });
  }

  /** When it wants to be told the time although nothing happens; Infinity while nothing is pending. */
  get nextDueMicros(): Micros {
    return this.#dueMicros;
  }

  /** Fingerprint of every intent so far, for comparing runs. */
  get intentHash(): string {
    return this.#desk.intentHash;
  }

  /** Intents so far: the counter in the newest one's name. */
  get intents(): number {
    return this.#desk.intents;
  }

  /** Whether a deal is in the books already. */
  hasBooked(dealId: string): boolean {
    return this.#deals.has(dealId);
  }

  /** Where an order stands; undefined for one that is not known here, or no longer. */
  orderState(intentId: string): OrderState | undefined {
    return this.#desk.books.orders.find(intentId)?.state;
  }

  /** What it lets in, its kill switch included. */
  get mode(): AccountMode {
    return this.#desk.effectiveMode;
  }

  view(): AccountView {
    return buildAccountView(this.#desk, this.#followUps);
  }

  /** What became of a request by the name its sender gave it; undefined for one that was not made, or long ago. */
  answerOf(key: string): Answer | undefined {
    return this.#orders.answers.of(key);
  }

  /** A dry run: what would become of each of these, those before it filled. Nothing is said or changed. */
  judge(wishes: readonly Wish[]): Result<readonly WishVerdict[], "too-many-wishes"> {
    const { settings, instruments, decisionAlgorithm, epoch, nowMicros } = this.#desk;
    const copy = (emitter: Emitter): AccountActor => {
      const saved = new SaveArchive();
      this.#persistStanding(saved);
      const account = new AccountActor({ settings, instruments, emitter, decisionAlgorithm, epoch });
      account.#persistStanding(new LoadArchive(saved.finish()));
      return account;
    };
    return judge({ copy, nowMicros }, wishes);
  }

  risk(): RiskView {
    return buildRiskView(this.#desk, this.#entries);
  }

  receive(record: JournalRecord): void {
    const desk = this.#desk;
    // Only compared with: neither its time nor its price is the account's.
    if (desk.compliance.overhears(record)) return;
    desk.causeSeq = record.seq;
    if (record.timeMicros > desk.nowMicros) desk.nowMicros = record.timeMicros;
    if (desk.nowMicros >= desk.books.dayEndsMicros) {
      desk.books.enterDay(desk.nowMicros);
      desk.memory.forgiveLosses();
    }
    if (desk.nowMicros >= this.#dueMicros) this.#passTime();
    this.#hear(record);
    if (this.#brakes.watch()) this.#refreshDue();
    if (cancelUnwanted(desk, this.#followUps)) this.#refreshDue();
  }

  #hear(record: JournalRecord): void {
    const desk = this.#desk;
    switch (record.kind) {
      case "tick":
        this.#onTick(record);
        return;
      case "signal":
        this.#onSignal(record);
        break;
      case "sent":
        this.#onSent(record);
        break;
      case "execution":
        this.#onExecution(record);
        break;
      case "broker-books":
        this.#reconciler.hearBooks(record);
        this.#exits.retry();
        break;
      case "adjustment":
        this.#reconciler.adjust(record);
        break;
      case "commanded":
        this.#onCommand(record.command);
        break;
      case "configured":
        desk.epoch = record.epoch;
        return;
      case "market":
        desk.memory.hearMarket(record);
        return;
      case "calendar":
        desk.memory.hearCalendar(record.events);
        return;
      default:
        return;
    }
    this.#refreshDue();
  }

  persist(archive: Archive): void {
    this.#persistStanding(archive);
    this.#deals.persist(archive);
    this.#orders.answers.persist(archive);
  }

  /** All but what is remembered for the sake of repetitions, which is most of the state: a dry run repeats nothing. */
  #persistStanding(archive: Archive): void {
    this.#desk.persist(archive);
    this.#brakes.persist(archive);
    this.#reconciler.persist(archive);
    this.#followUps.persist(archive);
    this.#groups.persist(archive);
    this.#dueMicros = archive.number(this.#dueMicros);
  }

  #onTick(tick: Tick): void {
    const { books, compliance, memory } = this.#desk;
    if (!books.board.take(tick)) return;
    const id = tick.instrumentId;
    const doubleMid = books.board.bidPoints(id) + books.board.askPoints(id);
    memory.prices.take(id, doubleMid, tick.timeMicros);
    compliance.quoted(tick, doubleMid);
    let isHeld = false;
    let isStirred = false;
    const { open } = books.positions;
    for (let i = 0; i < open.length; i++) {
      const position = open[i] as TrackedPosition;
      if (position.instrumentId !== id) continue;
      if (!isHeld) books.markToMarket();
      isHeld = true;
      if (this.#exits.marketIsBack(position)) isStirred = true;
      if (this.#rules.look(position)) isStirred = true;
    }
    // What others opened at the broker loses the account's money as well.
    if (!isHeld && books.external.holds(id)) books.markToMarket();
    if (isStirred) this.#refreshDue();
  }

  #onSignal(signal: Signal): void {
    const desk = this.#desk;
    const instrument = desk.instruments[signal.instrumentId];
    if (instrument === undefined) {
      desk.odd(
        "unknown-instrument",
        `signal ${signal.seq} names instrument ${signal.instrumentId}: not traded here`,
      );
      return;
    }
    const { symbols, confidenceMin = 0 } = desk.settings.signals ?? {};
    if (symbols?.includes(instrument.symbol) === false) return;
    const against = desk.books.positions
      .allOf(signal.instrumentId)
      .filter((position) => sideOf(position) !== signal.action && position.exitReason === "");
    const isCurrent = signal.tradable && desk.nowMicros < signal.expiresAtMicros;
    const mayOpen = signal.confidence >= confidenceMin;
    if (against.length === 0 || !isCurrent) {
      if (mayOpen) this.#entries.consider(wishOfSignal(signal), instrument);
    } else for (const position of against) this.#exits.want(position, "signal");
  }

  #onSent(sent: OrderSent): void {
    const desk = this.#desk;
    if (sent.accountId !== desk.settings.accountId) return;
    this.#reconciler.sent(sent);
    const order = desk.books.orders.find(sent.intentId);
    if (order === undefined)
      desk.odd("unknown-intent", `intent ${sent.intentId} was sent but is not known here`);
    else this.#move(order, "send");
  }

  #onExecution(execution: Execution): void {
    const desk = this.#desk;
    if (execution.accountId !== desk.settings.accountId || this.#reconciler.takes(execution)) return;
    const order = desk.books.orders.find(execution.intentId);
    if (order === undefined && execution.intentId !== "") {
      desk.odd("unknown-intent", `a report names intent ${execution.intentId}, which is not known here`);
    }
    const trigger = triggerOf(execution.status, order);
    if (trigger === "fill") this.#onFill(execution, order);
    else if (order !== undefined) this.#move(order, trigger);
    this.#exits.retry();
    this.#followUps.run();
  }

  /** Moves an order along its lifecycle; whatever hangs on it follows. */
  #move(order: TrackedOrder, trigger: OrderTrigger): void {
    if (!this.#desk.move(order, trigger)) return;
    this.#changes.settle(order);
    this.#followUps.settle(order);
    this.#groups.settle(order);
  }

  /** A deal is booked once, whatever its order's state: deals are the truth. */
  #onFill(deal: Execution, order: TrackedOrder | undefined): void {
    const desk = this.#desk;
    const dealId = deal.dealId ?? "";
    if (deal.instrumentId < 0 || !hasUsableFigures(deal, desk.instruments.length)) {
      desk.odd("bad-fill", `deal "${dealId}" of ${deal.intentId} has unusable figures and was not booked`);
      return;
    }
    if (!this.#deals.add(dealId)) {
      desk.odd("duplicate-deal", `deal ${dealId} came again and was not booked twice`);
      return;
    }
    desk.tally.fills++;
    // A deal on the other side of its order is the broker's own: a stop or a target that closed the position.
    const own = order !== undefined && order.side === deal.side ? order : undefined;
    const balanceMicros = desk.books.balanceMicros;
    const booked = desk.books.book(deal, own);
    if (booked.closedProfitMicros !== null) {
      desk.memory.closed(deal.instrumentId, booked.closedProfitMicros, desk.nowMicros);
    }
    if (!booked.converted) {
      desk.mode = "halted";
      desk.odd(
        "unconverted-profit",
        `the profit of deal ${dealId} has no conversion rate: entries are halted`,
      );
    }
    if (own !== undefined) {
      desk.compliance.filled(own, deal, desk.nowMicros);
      this.#fillOrder(own, deal, booked.position);
    }
    this.#reconciler.booked(deal, desk.books.balanceMicros - balanceMicros);
    const positionId = deal.positionId ?? deal.intentId;
    const position = desk.books.positions.find(positionId);
    if (position === undefined) this.#changes.closed(positionId);
    else this.#brakes.filled(position);
  }

  /** @param position what it filled into, as it is now */
  #fillOrder(order: TrackedOrder, deal: Execution, position: TrackedPosition | undefined): void {
    if (order.bySignal && order.filledMicros === 0) {
      this.#desk.memory.executed(order.instrumentId, this.#desk.nowMicros);
    }
    order.filledMicros += deal.volumeMicros;
    this.#move(order, order.filledMicros < order.volumeMicros ? "fill-part" : "fill-rest");
    const violation = violationOf(deal, order);
    if (violation !== "") this.#desk.odd("bad-fill-terms", violation);
    this.#groups.filled(order, deal.volumeMicros, position);
    if (deal.unprotected === true && position !== undefined && order.purpose === "entry") {
      this.#protect(position, order);
    }
    if (order.filledMicros > order.volumeMicros) {
      this.#desk.odd(
        "overfilled",
        `order ${order.intentId} filled ${order.filledMicros} of ${order.volumeMicros}`,
      );
    }
  }

  /** The broker has not taken its stop, or has it no more: until it has, the position counts as without one. */
  #protect(position: TrackedPosition, { stopPricePoints, targetPricePoints }: Levels): void {
    const { positionId: subject } = position;
    this.#desk.odd("unprotected-position", `position ${subject} is at the broker without its stop`);
    position.stopPricePoints = Number.NaN;
    position.targetPricePoints = Number.NaN;
    this.#followUps.begin({
      kind: "stop-missing",
      subject,
      stopPricePoints,
      targetPricePoints,
      reason: "stop-missing",
    });
  }

  #onCommand(command: Command): void {
    const desk = this.#desk;
    if (command.command === "release-symbol") {
      this.#release(command.instrumentId);
      return;
    }
    if (command.accountId !== desk.settings.accountId) return;
    switch (command.command) {
      case "halt-entries":
        desk.mode = "halted";
        return;
      case "set-mode":
        this.#brakes.setMode(command.mode);
        return;
      case "re-enable":
        desk.memory.reEnable(command.instrumentId);
        return;
      case "reset-drawdown":
        desk.books.drawdown.reset(desk.books.equityMicros());
        desk.memory.forgiveLosses();
        return;
      case "trade":
        this.#orders.trade(command);
        return;
      case "trip":
        this.#brakes.trip(command);
        return;
      case "rearm":
        desk.killSwitch.rearm(command.tripSeq);
        return;
      case "resume-entries":
        this.#brakes.setMode("active");
        return;
      case "flatten":
        this.#brakes.flatten();
        return;
      case "accept-books":
        this.#reconciler.accept(command.instrumentId, command.by);
        this.#exits.retry();
        return;
      case "modify-order":
      case "cancel-order":
      case "modify-position":
      case "close-position":
      case "close-by":
        this.#orders.order(command);
    }
  }

  /** A human has looked: orders of the symbol whose outcome is unknown count as dead. A deal that still comes is booked. */
  #release(instrumentId: number): void {
    const desk = this.#desk;
    const unknown = desk.books.orders.live.filter(
      (order) => order.instrumentId === instrumentId && order.state === "unknown",
    );
    for (const order of unknown) this.#move(order, "release");
    this.#reconciler.released(instrumentId);
    this.#exits.retry();
    this.#followUps.run();
  }

  /** Whatever is due: orders that expired or were not heard of, positions that are old, exits to try again. */
  #passTime(): void {
    const { books, nowMicros, settings } = this.#desk;
    const late = books.orders.live.filter((order) => nowMicros >= order.deadlineMicros);
    for (const order of late) this.#move(order, order.state === "intended" ? "expire" : "lose");
    for (const position of books.positions.open) {
      if (nowMicros - position.openTimeMicros >= settings.positionAgeMaxMicros)
        this.#exits.want(position, "time");
    }
    this.#exits.retry();
    this.#followUps.run();
    this.#refreshDue();
  }

  #refreshDue(): void {
    const { orders, positions } = this.#desk.books;
    let due = this.#followUps.dueMicros();
    for (const order of orders.live) due = Math.min(due, order.deadlineMicros);
    for (const position of positions.open) {
      due = Math.min(due, this.#exits.dueMicros(position), this.#brakes.triggers.dueMicros(position));
    }
    this.#dueMicros = due;
  }
}
