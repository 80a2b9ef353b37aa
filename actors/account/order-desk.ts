// What people ask for about orders and positions: new orders by hand, and changes, cancellations and exits of those that are there.
// Whatever adds risk goes through the controls; cancelling and closing is never blocked.

import type { Instrument } from "../domain/instrument.ts";
import type { PendingTerms, RiskCheck } from "../domain/order.ts";
import type { OrderCommand, TradeCommand } from "../domain/records.ts";
import { type Answer, Answers, type RequestCode } from "./answers.ts";
import type { Changes, Levels } from "./changes.ts";
import type { Desk } from "./desk.ts";
import { type EntryDesk, type EntryWish, wishOfTrade } from "./entry-desk.ts";
import type { ExitDesk } from "./exit-desk.ts";
import type { Groups } from "./groups.ts";
import { isLive, isWaiting, type TrackedOrder } from "./orders.ts";
import { entryPricePoints } from "./pending.ts";
import { sideOf, type TrackedPosition } from "./positions.ts";
import { approveCancel, approveLevels, type LevelsOrder, type RiskRefused } from "./risk/approval.ts";
import type { EntryLimits } from "./risk/check.ts";
import { lossChecks } from "./risk/standing-controls.ts";
import { budgetVolumes, marginOf } from "./sizing.ts";

interface Parts {
  readonly desk: Desk;
  readonly entries: EntryDesk;
  readonly exits: ExitDesk;
  readonly changes: Changes;
  readonly groups: Groups;
}

type Of<Name extends OrderCommand["command"]> = Extract<OrderCommand, { command: Name }>;

export class OrderDesk {
  readonly #parts: Parts;
  readonly answers = new Answers();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  trade(trade: TradeCommand): Answer {
    return this.answers.once(trade.key, () => this.#trade(trade));
  }

  order(command: OrderCommand): Answer {
    return this.answers.once(command.key, () => this.#order(command));
  }

  #trade(trade: TradeCommand): Answer {
    const { desk, entries, groups } = this.#parts;
    const instrument = desk.instruments[trade.instrumentId];
    if (instrument === undefined) {
      const message = `an order by ${trade.by} names instrument ${trade.instrumentId}: not traded here`;
      desk.odd("unknown-instrument", message);
      return { intentId: null, code: "unknown-instrument", message };
    }
    if (trade.group !== undefined && groups.isOver(trade.group)) {
      return this.#refuse(trade, "group-over", `one of the group ${trade.group} has filled; begin another`);
    }
    return entries.consider(wishOfTrade(trade), instrument);
  }

  #order(command: OrderCommand): Answer {
    const { books } = this.#parts.desk;
    switch (command.command) {
      case "modify-order":
        return this.#withOrder(command.intentId, (order) => this.#modifyOrder(command, order));
      case "cancel-order":
        return this.#withOrder(command.intentId, (order) => this.#cancelOrder(command, order));
      case "modify-position":
        return this.#withPosition(command.positionId, (position) => this.#setLevels(command, position));
      case "close-position":
        return this.#withPosition(command.positionId, (position) => this.#close(command, position));
      case "close-by": {
        const by = books.positions.find(command.byPositionId);
        return this.#withPosition(command.positionId, (position) => this.#closeBy(command, position, by));
      }
    }
  }

  #withOrder(intentId: string, act: (order: TrackedOrder) => Answer): Answer {
    const order = this.#parts.desk.books.orders.find(intentId);
    if (order?.purpose === "entry" && isLive(order.state)) return act(order);
    const instrumentId = order?.instrumentId ?? -1;
    return this.#refuse({ instrumentId }, "not-there", `no entry ${intentId} is on its way or waits`);
  }

  #withPosition(positionId: string, act: (position: TrackedPosition) => Answer): Answer {
    const position = this.#parts.desk.books.positions.find(positionId);
    if (position !== undefined) return act(position);
    return this.#refuse({ instrumentId: -1 }, "not-there", `no position ${positionId} is open`);
  }

  /** As if the order were a new one in its own place: every control decides, on what is not filled of it. */
  #modifyOrder(command: Of<"modify-order">, order: TrackedOrder): Answer {
    const { desk, entries, changes } = this.#parts;
    const { intentId } = order;
    if (!isWaiting(order)) {
      return this.#refuse(
        order,
        "not-possible",
        `order ${intentId} does not wait at the broker (${order.state})`,
      );
    }
    // As with MetaTrader 5: what changes is its price and its time.
    if (command.terms.type !== order.terms?.type) {
      return this.#refuse(
        order,
        "not-possible",
        `order ${intentId} is a ${order.terms?.type} order and stays one`,
      );
    }
    if (desk.settings.terminal !== undefined && !lastsAsLong(command.terms, order.terms)) {
      return this.#refuse(
        order,
        "not-possible",
        `how long order ${intentId} waits cannot be changed at a terminal: cancel it and place another`,
      );
    }
    if (order.changePricePoints > 0 || changes.ending(order, "cancel") || !changes.hasRoom) {
      return this.#refuse(order, "under-way", `order ${intentId} is being changed or cancelled`);
    }
    const instrument = desk.instruments[order.instrumentId] as Instrument;
    const wish = this.#wishOf(command, order);
    const { verdict, order: sized, extra } = entries.judge(wish, instrument);
    if (!verdict.ok) return entries.refuse({ verdict, order: sized, extra }, wish);
    const { terms, by } = command;
    const marginMicros = marginOf(
      instrument,
      { pricePoints: entryPricePoints(terms), volumeMicros: order.volumeMicros },
      { leverage: desk.settings.leverage, conversionRate: desk.books.conversionRate(instrument.id) },
    );
    return changes.setTerms({
      order: { order, terms, marginMicros, ...levelsOf(command), reason: `manual:${by}` },
      checks: [...verdict.value.checks, ...extra],
      compliance: verdict.value.compliance,
    });
  }

  #wishOf(command: Of<"modify-order">, order: TrackedOrder): EntryWish {
    const { desk } = this.#parts;
    const { board } = desk.books;
    const { terms, by } = command;
    const away = order.side === "BUY" ? 1 : -1;
    const { stopPricePoints, targetPricePoints } = levelsOf(command);
    const pricePoints = entryPricePoints(terms);
    const bidPoints = board.bidPoints(order.instrumentId);
    const askPoints = board.askPoints(order.instrumentId);
    return {
      instrumentId: order.instrumentId,
      action: order.side,
      tradable: true,
      expiresAtMicros: desk.nowMicros + desk.settings.entryLifeMicros,
      bidPoints,
      askPoints,
      stopPoints: away * (pricePoints - stopPricePoints),
      targetPoints: away * (targetPricePoints - pricePoints),
      reason: `manual:${by}`,
      forecast: null,
      byHand: { trader: by, volumeMicros: order.volumeMicros - order.filledMicros },
      terms,
      ...(order.group === "" ? {} : { group: order.group }),
      replaces: order,
    };
  }

  #cancelOrder({ by }: Of<"cancel-order">, order: TrackedOrder): Answer {
    const { desk, changes } = this.#parts;
    if (changes.ending(order, "cancel") || !changes.hasRoom) {
      return this.#refuse(order, "under-way", `order ${order.intentId} is being cancelled`);
    }
    const evidence = desk.evidence(order.instrumentId, order.side);
    return changes.cancel(approveCancel({ order, reason: `manual:${by}` }, evidence));
  }

  #setLevels(command: Of<"modify-position">, position: TrackedPosition): Answer {
    const { desk, changes } = this.#parts;
    const { positionId } = position;
    if (position.exitReason !== "" || changes.changing(position) || !changes.hasRoom) {
      return this.#refuse(position, "under-way", `position ${positionId} is being changed or closed`);
    }
    const levels = levelsOf(command);
    const wrong = this.#wrongLevels(position, levels);
    if (wrong !== "") return this.#refuse(position, "bad-levels", `position ${positionId}: ${wrong}`);
    const { killSwitch, mode } = desk;
    const verdict = approveLevels(
      { ...this.#levelsOrder(position, levels), position, ...levels, reason: `manual:${command.by}` },
      {
        killMode: killSwitch.trip?.mode ?? null,
        mode,
        losses: this.#losses(position),
        volumeBudgetMicros: this.#volumeBudget(position, levels),
        compliance: desk.evidence(position.instrumentId, sideOf(position)),
      },
    );
    return verdict.ok ? changes.setLevels(verdict.value) : this.#refuseLevels(command, position, verdict);
  }

  /** What a control refuses is on record as an order would be. */
  #refuseLevels(
    { by, stopPricePoints, targetPricePoints }: Of<"modify-position">,
    position: TrackedPosition,
    { code, message, checks, compliance }: RiskRefused,
  ): Answer {
    const { desk } = this.#parts;
    const { instrumentId, positionId } = position;
    const reason = `manual:${by}`;
    desk.compliance.record(
      {
        instrumentId,
        purpose: "modify",
        side: sideOf(position),
        volumeMicros: Math.abs(position.signedVolumeMicros),
        stopPricePoints,
        targetPricePoints,
        positionId,
        expiresAtMicros: desk.nowMicros + desk.settings.exitLifeMicros,
        reason,
        decision: desk.deciderOf(reason),
        signal: null,
        intentId: null,
        code,
        riskChecks: checks,
        compliance,
      },
      desk.moment,
    );
    return desk.refuse({ instrumentId, code, message, checks });
  }

  #losses({ instrumentId }: TrackedPosition): readonly RiskCheck[] {
    const { books, limits, memory } = this.#parts.desk;
    const own = limits[instrumentId] as EntryLimits;
    books.markToMarket();
    const { drawdown, dayLossMicros, dayStartEquityMicros } = books;
    return lossChecks(
      {
        dayLossMicros,
        dayStartEquityMicros,
        trailingLossMicros: drawdown.trailing(own.risk.trailingDrawdownFrom),
        absoluteLossMicros: drawdown.absolute,
        consecutiveLosses: memory.consecutiveLosses,
      },
      own,
    );
  }

  #levelsOrder(position: TrackedPosition, { stopPricePoints }: Levels): LevelsOrder {
    const away = position.signedVolumeMicros > 0 ? 1 : -1;
    return {
      symbol: this.#parts.desk.instruments[position.instrumentId]?.symbol ?? "",
      volumeMicros: Math.abs(position.signedVolumeMicros),
      loosens: away * (stopPricePoints - position.stopPricePoints) < 0,
    };
  }

  /** What is wrong with levels, whatever the controls say; empty where nothing is. */
  #wrongLevels(position: TrackedPosition, { stopPricePoints, targetPricePoints }: Levels): string {
    const { board } = this.#parts.desk.books;
    const id = position.instrumentId;
    const long = position.signedVolumeMicros > 0;
    const away = long ? 1 : -1;
    const price = long ? board.bidPoints(id) : board.askPoints(id);
    for (const points of [stopPricePoints, targetPricePoints]) {
      if (!Number.isNaN(points) && !(Number.isSafeInteger(points) && points > 0))
        return `${points} is no price`;
    }
    if (Number.isNaN(stopPricePoints) && !Number.isNaN(position.stopPricePoints)) {
      return "its stop may move, but not be taken away";
    }
    if (away * (price - stopPricePoints) <= 0)
      return `the price ${price} has passed a stop at ${stopPricePoints}`;
    if (away * (targetPricePoints - price) <= 0) {
      return `the price ${price} has passed a target at ${targetPricePoints}`;
    }
    return "";
  }

  /** At which volume the stop would cost what one trade may: from the opening price or from the present one, whichever is further. */
  #volumeBudget(position: TrackedPosition, { stopPricePoints }: Levels): number {
    const { books, settings, instruments } = this.#parts.desk;
    const id = position.instrumentId;
    const side = sideOf(position);
    const away = side === "BUY" ? 1 : -1;
    const openPoints = position.signedCost / position.signedVolumeMicros;
    const price = side === "BUY" ? books.board.bidPoints(id) : books.board.askPoints(id);
    const from = away * Math.max(away * openPoints, away * price);
    const { byRisk } = budgetVolumes(
      {
        instrument: instruments[id] as Instrument,
        side,
        pricePoints: price,
        stopPoints: away * (from - stopPricePoints),
        targetPoints: 0,
      },
      {
        equityMicros: books.equityMicros(),
        freeMarginMicros: 0,
        leverage: settings.leverage,
        riskFraction: settings.riskFraction,
        conversionRate: books.conversionRate(id),
      },
    );
    return Math.floor(byRisk);
  }

  #close({ by, volumeMicros }: Of<"close-position">, position: TrackedPosition): Answer {
    const { desk, exits } = this.#parts;
    const heldMicros = Math.abs(position.signedVolumeMicros);
    const { positionId, instrumentId } = position;
    const reason = `manual:${by}`;
    if (volumeMicros === null || volumeMicros >= heldMicros) return exits.urge(position, reason);
    const { volumeStepMicros, volumeMinMicros } = desk.instruments[instrumentId] as Instrument;
    const partMicros = Math.floor(volumeMicros / volumeStepMicros) * volumeStepMicros;
    if (!(partMicros >= volumeMinMicros && heldMicros - partMicros >= volumeMinMicros)) {
      return this.#refuse(
        position,
        "not-possible",
        `position ${positionId}: what is closed or what is left is too small`,
      );
    }
    return (
      (position.exitReason === "" ? exits.part(position, partMicros, reason) : undefined) ??
      this.#refuse(position, "under-way", `position ${positionId} is being closed, or its market is not open`)
    );
  }

  #closeBy(
    { by, byPositionId }: Of<"close-by">,
    position: TrackedPosition,
    other: TrackedPosition | undefined,
  ): Answer {
    const { exits } = this.#parts;
    if (other === undefined)
      return this.#refuse(position, "not-there", `no position ${byPositionId} is open`);
    if (other.instrumentId !== position.instrumentId || sideOf(other) === sideOf(position)) {
      return this.#refuse(
        position,
        "not-possible",
        "positions close each other on two sides of one instrument only",
      );
    }
    if (exits.underway(position) || exits.underway(other)) {
      return this.#refuse(position, "under-way", "one of the two positions is being closed");
    }
    return exits.pair(position, other, `manual:${by}`);
  }

  #refuse({ instrumentId }: { readonly instrumentId: number }, code: RequestCode, message: string): Answer {
    return this.#parts.desk.refuse({ instrumentId, code, message, checks: [] });
  }
}

function lastsAsLong(a: PendingTerms, b: PendingTerms): boolean {
  return a.timeInForce === b.timeInForce && a.untilMicros === b.untilMicros;
}

function levelsOf(prices: {
  readonly stopPricePoints: number | null;
  readonly targetPricePoints: number | null;
}): Levels {
  return {
    stopPricePoints: prices.stopPricePoints ?? Number.NaN,
    targetPricePoints: prices.targetPricePoints ?? Number.NaN,
  };
}
