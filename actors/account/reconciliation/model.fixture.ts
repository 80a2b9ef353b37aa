// A broker, a terminal and people, told as naively as can be: what they do is written down as the broker has it, and the account under
// test hears of it late, twice, in the wrong order or never. Only pictures are always true, though they may be old when they come.

import type { Micros } from "../../base/clock.ts";
import { MICROS_PER_SECOND } from "../../base/clock.ts";
import { SeededRandom } from "../../base/random.ts";
import type {
  BookedDeal,
  BookedIntent,
  BookedPosition,
  BrokerBooks,
  Finding,
} from "../../domain/broker-books.ts";
import { moveValueMicros } from "../../domain/money.ts";
import type { Execution, ExecutionStatus, OrderIntent, OrderSent, Side } from "../../domain/order.ts";
import type { JournalRecord } from "../../domain/records.ts";
import { instrument, NOON, signal, TestEngine, tick } from "../account.fixture.ts";
import type { AccountView } from "../account-view.ts";

const INSTRUMENTS = ["EURUSD", "GBPUSD", "USDJPY"].map((symbol, id) => instrument(id, symbol));
const MIDS = [110_000, 125_000, 150_000];
const HALF_SPREAD = 5;
const STEP = 10_000;
const CENT = 10_000;
const START = 50_000_000_000;
const TERMINAL = { intentTag: 7 };
/** Of another program's, or of the data folder's that was lost. */
const NOT_TRADED = -1;

interface Held {
  readonly positionId: string;
  readonly intentId: string;
  readonly instrumentId: number;
  readonly openTimeMicros: Micros;
  signed: number;
  cost: number;
  stop: number | null;
  target: number | null;
}

/** An order that the broker works on. */
interface Working {
  readonly brokerOrderId: string;
  readonly intent: OrderIntent;
  left: number;
}

interface Command {
  readonly intent: OrderIntent;
  readonly sentSeq: number;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

export interface Outcome {
  readonly records: readonly JournalRecord[];
  readonly view: AccountView;
  readonly faults: readonly string[];
}

export interface ModelOptions {
  readonly seed: number;
  readonly steps: number;
  /** Saves and loads the account so often, on average once in so many steps; 0 for never. */
  readonly reloadEvery: number;
  /** The broker changes its books and tells nobody. */
  readonly tampers: boolean;
}

export class Model {
  readonly #random: SeededRandom;
  readonly #reloads: SeededRandom;
  readonly #options: ModelOptions;
  #engine: TestEngine;
  readonly #records: JournalRecord[] = [];
  #read = 0;
  #now: Micros = NOON;
  #epoch = 1;
  readonly #faults: string[] = [];
  readonly #intentsById = new Map<string, OrderIntent>();
  // The broker's.
  #balance = START;
  readonly #held = new Map<string, Held>();
  #working: Working[] = [];
  readonly #deals: BookedDeal[] = [];
  #numbers = 0;
  #adjustments: JournalRecord[] = [];
  // The terminal's.
  readonly #intents = new Map<string, Mutable<BookedIntent>>();
  #commands: Command[] = [];
  #pictureDeals = 0;
  // On their way to the account.
  #reports: JournalRecord[] = [];
  #pictures: {
    readonly drawnMicros: Micros;
    readonly parts: readonly BrokerBooks[];
    readonly adjustments: JournalRecord[];
  }[] = [];

  constructor(options: ModelOptions) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
    this.#reloads = new SeededRandom(options.seed + 1_000_003);
    this.#engine = this.#newEngine();
    this.#configure();
    this.#quote();
  }

  run(): Outcome {
    if (this.#chance(0.8)) this.#look();
    for (let step = 0; step < this.#options.steps; step++) {
      this.#now += this.#random.integer(2 * MICROS_PER_SECOND);
      this.#step();
      this.#reload();
    }
    this.#calmDown();
    return { records: this.#records, view: this.#engine.account.view(), faults: this.#faults };
  }

  /** What the broker filled of an intent's order. */
  filled(intentId: string): number {
    return this.#deals
      .filter((deal) => deal.intentId === intentId)
      .reduce((sum, { volumeMicros }) => sum + volumeMicros, 0);
  }

  /** What the account should hold: by position, signed volume; and the balance. */
  get truth(): { readonly positions: ReadonlyMap<string, Held>; readonly balance: number } {
    return { positions: this.#held, balance: this.#balance };
  }

  #newEngine(): TestEngine {
    const engine = new TestEngine({
      settings: { terminal: TERMINAL, risk: undefined, sizing: undefined, positionsMax: 20 },
      broker: "none",
      instruments: INSTRUMENTS,
    });
    engine.onIntent = (intent) => {
      this.#intentsById.set(intent.intentId, intent);
      const books = engine.account.view().reconciliation;
      const blocked = books?.standing.some(({ instrumentId: id }) => id < 0 || id === intent.instrumentId);
      if (intent.purpose === "entry" && (blocked !== false || books?.reconciled !== true)) {
        this.#faults.push(`entry ${intent.intentId} was let in while books differed`);
      }
    };
    return engine;
  }

  /** Gives the account a record, and the terminal what the account sent. */
  #feed(record: JournalRecord): void {
    this.#engine.feed({ ...record, timeMicros: this.#now });
    for (; this.#read < this.#engine.records.length; this.#read++) {
      const said = this.#engine.records[this.#read] as JournalRecord;
      this.#records.push(said);
      if (said.kind === "sent") this.#give(said);
    }
  }

  #reload(): void {
    const { reloadEvery } = this.#options;
    if (reloadEvery === 0 || this.#reloads.integer(reloadEvery) > 0) return;
    const states = this.#engine.save();
    this.#engine = this.#newEngine();
    this.#engine.load(states, this.#records.at(-1)?.seq ?? 0);
    this.#read = 0;
  }

  #configure(): void {
    this.#feed({ kind: "configured", seq: 0, timeMicros: 0, epoch: this.#epoch, config: null });
  }

  #quote(): void {
    for (const { id, digits } of INSTRUMENTS) {
      const scale = 10 ** digits;
      const mid = MIDS[id] as number;
      this.#feed(
        tick({
          timeMicros: 0,
          instrumentId: id,
          bid: (mid - HALF_SPREAD) / scale,
          ask: (mid + HALF_SPREAD) / scale,
        }),
      );
    }
  }

  #step(): void {
    const draw = this.#random.integer(100);
    if (draw < 8) this.#quote();
    else if (draw < 22) this.#wish();
    else if (draw < 42) this.#deliverCommand();
    else if (draw < 58) this.#work(false);
    else if (draw < 76) this.#deliverReport();
    else if (draw < 80) this.#personTrades();
    else if (draw < 83) this.#brokerCloses();
    else if (draw < 85) this.#pay();
    else if (draw < 87) this.#moveLevels();
    else if (draw < 88) this.#lookUp();
    else if (draw < 92) this.#drawPicture(this.#chance(0.1));
    else if (draw < 95) this.#deliverPicture();
    else if (draw < 96) this.#disconnect();
    else if (draw < 97) this.#command();
    else if (draw < 98) this.#tamper();
    else this.#beat();
  }

  #chance(share: number): boolean {
    return this.#random.next() < share;
  }

  #one<T>(list: readonly T[]): T | undefined {
    return list[this.#random.integer(Math.max(1, list.length))];
  }

  #beat(): void {
    this.#feed({ kind: "beat", seq: 0, timeMicros: 0 });
  }

  #wish(): void {
    const id = this.#random.integer(INSTRUMENTS.length);
    const mid = MIDS[id] as number;
    this.#quote();
    this.#feed(
      signal({
        timeMicros: this.#now,
        instrumentId: id,
        action: this.#chance(0.5) ? "BUY" : "SELL",
        bidPoints: mid - HALF_SPREAD,
        askPoints: mid + HALF_SPREAD,
        expiresAtMicros: this.#now + 10 * MICROS_PER_SECOND,
      }),
    );
  }

  #command(): void {
    const accountId = this.#engine.settings.accountId;
    const by = "somebody";
    const draw = this.#random.integer(4);
    const place = { kind: "commanded", seq: 0, timeMicros: 0 } as const;
    if (draw === 0) this.#feed({ ...place, command: { command: "flatten", accountId, by } });
    else if (draw === 1) this.#acceptOne();
    else this.#feed({ ...place, command: { command: "resume-entries", accountId, by } });
  }

  #acceptOne(): void {
    const standing = this.#engine.account.view().reconciliation?.standing ?? [];
    const instrumentId = this.#one(standing)?.instrumentId ?? 0;
    const accountId = this.#engine.settings.accountId;
    this.#feed({
      kind: "commanded",
      seq: 0,
      timeMicros: 0,
      command: { command: "accept-books", accountId, instrumentId, by: "somebody" },
    });
  }

  // The terminal.

  #give(sent: OrderSent): void {
    const intent = this.#intentsById.get(sent.intentId);
    if (intent !== undefined) this.#commands.push({ intent, sentSeq: sent.seq });
  }

  /** What was on the wire is gone; a new server begins a new epoch. */
  #disconnect(): void {
    this.#commands = [];
    if (this.#chance(0.5)) return;
    this.#epoch++;
    this.#reports = [];
    this.#dropPictures();
    this.#configure();
  }

  #deliverCommand(): void {
    const given = this.#commands.shift();
    if (given === undefined) return;
    const { intent } = given;
    if (this.#intents.has(intent.intentId)) return;
    if (this.#chance(0.1)) {
      this.#report(intent, "rejected");
      return;
    }
    const { intentId } = intent;
    const state = this.#chance(0.2) ? "unknown" : "working";
    this.#intents.set(intentId, { intentId, state, brokerOrderId: null, filledMicros: 0 });
    if (this.#chance(0.1)) {
      this.#end(intent, "rejected");
      return;
    }
    this.#working.push({ brokerOrderId: `o${++this.#numbers}`, intent, left: intent.volumeMicros });
    this.#report(intent, state === "unknown" ? "unknown" : "acknowledged");
  }

  /** The terminal finds out what became of what it did not know. */
  #lookUp(): void {
    for (const intent of this.#intents.values()) {
      if (
        intent.state === "unknown" &&
        this.#working.some((order) => order.intent.intentId === intent.intentId)
      ) {
        intent.state = "working";
      }
    }
  }

  #end(intent: OrderIntent, status: "rejected" | "cancelled" | "filled" | "done"): void {
    const known = this.#intents.get(intent.intentId);
    if (known === undefined) return;
    known.filledMicros = this.filled(intent.intentId);
    const isDone = status === "filled" || status === "done" || known.filledMicros > 0;
    known.state = isDone ? "done" : "rejected";
    if (status !== "filled") this.#report(intent, status);
  }

  // The broker.

  /** Fills one order, in part or whole, or ends it. */
  #work(calm: boolean): void {
    const order = this.#one(this.#working);
    if (order === undefined) return;
    const { intent } = order;
    if (intent.purpose === "modify") {
      this.#drop(order);
      this.#setLevels(intent);
      return;
    }
    const closes = intent.positionId === null ? undefined : this.#held.get(intent.positionId);
    const most =
      intent.positionId === null ? order.left : Math.min(order.left, Math.abs(closes?.signed ?? 0));
    if (most === 0 || (!calm && this.#chance(0.1))) {
      this.#drop(order);
      this.#end(intent, "cancelled");
      return;
    }
    const part = calm || this.#chance(0.5) ? most : Math.ceil(most / 2 / STEP) * STEP;
    order.left -= part;
    const positionId = intent.positionId ?? `p-${intent.intentId}`;
    this.#deal(
      { intentId: intent.intentId, positionId, instrumentId: intent.instrumentId, side: intent.side },
      part,
      "expert",
    );
    const held = this.#held.get(positionId);
    if (held !== undefined && intent.purpose === "entry") {
      held.stop = intent.stopPricePoints;
      held.target = intent.targetPricePoints;
    }
    if (order.left > 0) return;
    this.#drop(order);
    this.#end(intent, "filled");
  }

  /** Other levels of a position, unless it is gone. */
  #setLevels(intent: OrderIntent): void {
    const held = this.#held.get(intent.positionId ?? "");
    if (held !== undefined) {
      held.stop = intent.stopPricePoints;
      held.target = intent.targetPricePoints;
    }
    this.#end(intent, held === undefined ? "rejected" : "done");
  }

  #drop(order: Working): void {
    this.#working = this.#working.filter((other) => other !== order);
  }

  #deal(
    what: {
      readonly intentId: string;
      readonly positionId: string;
      readonly instrumentId: number;
      readonly side: Side;
    },
    volumeMicros: number,
    reason: string,
  ): void {
    const { positionId, instrumentId: id, side } = what;
    const pricePoints = (MIDS[id] ?? 1_000) + this.#random.integer(400) - 200;
    const signed = side === "BUY" ? volumeMicros : -volumeMicros;
    const profitMicros = this.#net(what, signed, pricePoints);
    const costMicros = CENT * this.#random.integer(50);
    this.#balance += profitMicros - costMicros;
    const deal: BookedDeal = {
      ...what,
      dealId: `d${++this.#numbers}`,
      symbol: INSTRUMENTS[id]?.symbol ?? "GOLD",
      volumeMicros,
      pricePoints,
      costMicros,
      profitMicros,
      reason,
      timeMicros: this.#now,
    };
    this.#deals.push(deal);
    this.#post({
      kind: "execution",
      seq: 0,
      timeMicros: 0,
      accountId: this.#engine.settings.accountId,
      intentId: what.intentId,
      status: "filled",
      dealId: deal.dealId,
      instrumentId: id,
      side,
      volumeMicros,
      pricePoints,
      commissionMicros: costMicros,
      profitMicros,
      reason,
      positionId,
      causeSeq: 0,
    });
  }

  /** Rounded to cents, as a broker does. */
  #net(
    { positionId, instrumentId, intentId }: Pick<BookedDeal, "positionId" | "instrumentId" | "intentId">,
    signed: number,
    price: number,
  ): number {
    const known = this.#held.get(positionId);
    const held: Held = known ?? {
      positionId,
      intentId,
      instrumentId,
      openTimeMicros: this.#now,
      signed: 0,
      cost: 0,
      stop: null,
      target: null,
    };
    this.#held.set(positionId, held);
    let profit = 0;
    if (held.signed * signed < 0) {
      const average = held.cost / held.signed;
      const closed = -Math.sign(held.signed) * Math.min(Math.abs(held.signed), Math.abs(signed));
      const { instrumentId: id } = held;
      const traded = INSTRUMENTS[id];
      const value = traded === undefined ? 0 : moveValueMicros(traded, (price - average) * -closed, 1);
      profit = Math.round((id === 2 ? value / 150 : value) / CENT) * CENT;
      held.cost += average * closed;
      held.cost += price * (signed - closed);
    } else held.cost += price * signed;
    held.signed += signed;
    if (held.signed === 0) this.#held.delete(positionId);
    return profit;
  }

  /** By hand, outside of us: opens, closes or changes any position. */
  #personTrades(): void {
    const volume = STEP * (1 + this.#random.integer(20));
    const side = this.#chance(0.5) ? "BUY" : "SELL";
    const held = this.#one([...this.#held.values()]);
    if (held === undefined || this.#chance(0.3)) {
      const instrumentId = this.#chance(0.2) ? NOT_TRADED : this.#random.integer(INSTRUMENTS.length);
      this.#deal({ intentId: "", positionId: `x${++this.#numbers}`, instrumentId, side }, volume, "person");
      return;
    }
    const { positionId, instrumentId, signed } = held;
    const part = this.#chance(0.5) ? Math.abs(signed) : Math.min(volume, Math.abs(signed));
    const away = signed > 0 ? "SELL" : "BUY";
    const grows = this.#chance(0.1);
    this.#deal({ intentId: "", positionId, instrumentId, side: grows ? side : away }, part, "person");
  }

  /** A stop or a target fills. */
  #brokerCloses(): void {
    const held = this.#one([...this.#held.values()].filter(({ stop }) => stop !== null));
    if (held === undefined) return;
    const { positionId, instrumentId, signed } = held;
    const side = signed > 0 ? "SELL" : "BUY";
    this.#deal(
      { intentId: "", positionId, instrumentId, side },
      Math.abs(signed),
      this.#chance(0.5) ? "stop" : "target",
    );
  }

  #pay(): void {
    const amountMicros = CENT * (this.#random.integer(20_000) - 8_000);
    this.#balance += amountMicros;
    this.#adjustments.push({
      kind: "adjustment",
      seq: 0,
      timeMicros: 0,
      accountId: this.#engine.settings.accountId,
      adjustmentId: `a${++this.#numbers}`,
      positionId: null,
      amountMicros,
      reason: amountMicros > 0 ? "deposit" : this.#chance(0.5) ? "withdrawal" : "swap",
      causeSeq: 0,
    });
  }

  #moveLevels(): void {
    const held = this.#one([...this.#held.values()]);
    if (held === undefined) return;
    held.stop = this.#chance(0.3) ? null : (MIDS[held.instrumentId] ?? 1_000) - 500;
    held.target = this.#chance(0.5) ? null : (MIDS[held.instrumentId] ?? 1_000) + 500;
  }

  /** What should not be: a position or money changes and no deal says so. */
  #tamper(): void {
    if (!this.#options.tampers) return;
    const held = this.#one([...this.#held.values()]);
    const draw = held === undefined ? 0 : this.#random.integer(4);
    if (held === undefined || draw === 0) this.#balance += CENT * (1 + this.#random.integer(100));
    else if (draw === 1) this.#held.delete(held.positionId);
    else if (draw === 2) {
      held.cost = (held.cost / held.signed) * (held.signed + STEP * Math.sign(held.signed));
      held.signed += STEP * Math.sign(held.signed);
    } else {
      const positionId = `l${++this.#numbers}`;
      this.#held.set(positionId, { ...held, positionId, intentId: `lost-${positionId}` });
    }
  }

  // On the way.

  #report(intent: OrderIntent, status: ExecutionStatus): void {
    this.#post({
      kind: "execution",
      seq: 0,
      timeMicros: 0,
      accountId: intent.accountId,
      intentId: intent.intentId,
      status,
      dealId: null,
      instrumentId: intent.instrumentId,
      side: intent.side,
      volumeMicros: intent.volumeMicros,
      pricePoints: 0,
      commissionMicros: 0,
      reason: "",
      positionId: null,
      causeSeq: 0,
    });
  }

  /** A third is lost, some come twice. */
  #post(report: Execution): void {
    const draw = this.#random.integer(10);
    if (draw < 3) return;
    this.#reports.push(report);
    if (draw === 3) this.#reports.push(report);
  }

  #deliverReport(): void {
    if (this.#isAdopted && this.#chance(0.2)) {
      const oldest =
        this.#pictures.find(({ adjustments }) => adjustments.length > 0)?.adjustments ?? this.#adjustments;
      this.#deliverAdjustments(oldest.splice(0, 1));
    }
    const at = this.#random.integer(Math.min(6, Math.max(1, this.#reports.length)));
    const [report] = this.#reports.splice(at, 1);
    if (report !== undefined) this.#feed(report);
  }

  /** The account has had a first whole picture. */
  get #isAdopted(): boolean {
    return findingsOf(this.#records).some(({ message }) => message.startsWith("the account begins"));
  }

  #deliverAdjustments(adjustments: readonly JournalRecord[]): void {
    for (const adjustment of adjustments) {
      this.#feed(adjustment);
      if (this.#chance(0.2)) this.#feed(adjustment);
    }
  }

  /** The broker's books as they are now. They wait for their turn, and what happens meanwhile is not in them. */
  #drawPicture(isCut: boolean): void {
    const positions = [...this.#held.values()].map(toRow);
    const orders = this.#working.map(({ brokerOrderId, intent, left }) => ({
      brokerOrderId,
      intentId: intent.intentId,
      instrumentId: intent.instrumentId,
      symbol: "",
      side: intent.side,
      type: "market" as const,
      volumeMicros: intent.volumeMicros,
      filledMicros: intent.volumeMicros - left,
      pricePoints: null,
      stopPricePoints: intent.stopPricePoints,
      targetPricePoints: intent.targetPricePoints,
    }));
    const deals = this.#deals.slice(isCut ? this.#deals.length - 1 : this.#pictureDeals);
    if (!isCut) this.#pictureDeals = this.#deals.length;
    const firstUnsettled = this.#commands[0]?.sentSeq;
    const whole = {
      kind: "broker-books" as const,
      seq: 0,
      timeMicros: 0,
      accountId: this.#engine.settings.accountId,
      why: "interval" as const,
      commandSeq: 0,
      settledSeq: firstUnsettled === undefined ? (this.#records.at(-1)?.seq ?? 0) : firstUnsettled - 1,
      askedSeq: this.#records.at(-1)?.seq ?? 0,
      balanceMicros: this.#balance,
      equityMicros: this.#balance,
      marginMicros: 0,
      complete: !isCut,
    };
    const intents = structuredClone([...this.#intents.values()]);
    this.#pictures.push({
      drawnMicros: this.#now,
      parts: [
        {
          ...whole,
          part: 1,
          last: false,
          positions: isCut ? positions.slice(1) : positions,
          orders: [],
          deals: [],
          intents,
        },
        { ...whole, part: 2, last: true, positions: [], orders, deals, intents: [] },
      ],
      adjustments: this.#adjustments.splice(0),
    });
  }

  #deliverPicture(): void {
    const [oldest] = this.#pictures;
    // Clocks are not trusted to more than a minute, so the first one may not be older.
    if (!this.#isAdopted && this.#now - (oldest?.drawnMicros ?? 0) > 30 * MICROS_PER_SECOND)
      this.#dropPictures();
    const picture = this.#pictures.shift();
    if (picture === undefined) return;
    this.#deliverAdjustments(picture.adjustments);
    // Its second part is lost with the connection: nothing is compared, and what it had to tell is told again.
    if (this.#chance(0.05)) {
      this.#feed(picture.parts[0] as BrokerBooks);
      this.#dropPictures();
      return;
    }
    for (const part of picture.parts) {
      this.#feed(part);
      this.#reload();
    }
    // Comes again and follows from nothing.
    if (this.#chance(0.1)) this.#feed(picture.parts[1] as BrokerBooks);
  }

  /** What they had to tell is told again by the next one. */
  #dropPictures(): void {
    this.#adjustments.unshift(...this.#pictures.flatMap(({ adjustments }) => adjustments));
    this.#pictures = [];
    this.#pictureDeals = 0;
  }

  /** Nothing new happens, what is under way ends; then a picture, and a person accepts what is left. */
  #calmDown(): void {
    const accountId = this.#engine.settings.accountId;
    const halt = { command: "halt-entries", accountId, by: "somebody" } as const;
    this.#feed({ kind: "commanded", seq: 0, timeMicros: 0, command: halt });
    this.#settle();
    for (const { instrumentId } of this.#engine.account.view().reconciliation?.standing ?? []) {
      const command = { command: "accept-books", accountId, instrumentId, by: "somebody" } as const;
      this.#feed({ kind: "commanded", seq: 0, timeMicros: 0, command });
    }
    this.#settle();
  }

  /** Long enough for what the account still wants to be carried out, with a look now and then. */
  #settle(): void {
    for (let round = 0; round < 12; round++) {
      this.#now += 20 * MICROS_PER_SECOND;
      this.#quote();
      this.#beat();
      while (this.#commands.length > 0) this.#deliverCommand();
      while (this.#working.length > 0) this.#work(true);
      this.#lookUp();
      for (const intent of this.#intents.values()) {
        if (intent.state === "unknown") intent.state = "rejected";
      }
      if (round % 3 === 2) this.#look();
    }
  }

  /** Reports are all heard or lost, and a whole picture of this moment is compared. */
  #look(): void {
    while (this.#reports.length > 0) this.#deliverReport();
    this.#dropPictures();
    this.#drawPicture(false);
    const [picture] = this.#pictures.splice(0);
    this.#deliverAdjustments(picture?.adjustments ?? []);
    for (const part of picture?.parts ?? []) this.#feed(part);
  }
}

export function findingsOf(records: readonly JournalRecord[]): readonly Finding[] {
  return records.flatMap((record) => (record.kind === "reconciled" ? record.findings : []));
}

function toRow(held: Held): BookedPosition {
  return {
    positionId: held.positionId,
    intentId: held.intentId,
    instrumentId: held.instrumentId,
    symbol: INSTRUMENTS[held.instrumentId]?.symbol ?? "GOLD",
    side: held.signed > 0 ? "BUY" : "SELL",
    volumeMicros: Math.abs(held.signed),
    openPricePoints: Math.round(held.cost / held.signed),
    stopPricePoints: held.stop,
    targetPricePoints: held.target,
    openTimeMicros: held.openTimeMicros,
    profitMicros: 0,
    swapMicros: 0,
  };
}
