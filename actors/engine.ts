// Builds the actors of one engine and seats them at the switchboard. It knows nothing of journals or clocks on walls:
// LiveEngine and the replayers put those around it.

import { AccountActor } from "./account/account-actor.ts";
import { PaperBroker } from "./account/paper/paper-broker.ts";
import { LoadArchive, SaveArchive } from "./base/archive.ts";
import type { Clock, Micros, Scheduler } from "./base/clock.ts";
import { StateHash } from "./base/hash.ts";
import { SeededRandom } from "./base/random.ts";
import { type BarListener, Chain } from "./chain/chain.ts";
import { presetOf } from "./chain/presets.ts";
import type { Instrument } from "./domain/instrument.ts";
import type { JournalRecord } from "./domain/records.ts";
import { accountsOf, decisionAlgorithm, type EngineConfig, type TradingAccount } from "./engine-config.ts";
import { FURTHER_MAILBOX_RECORDS, SHARED_MAILBOX_RECORDS, SYMBOL_MAILBOX_RECORDS } from "./limits.ts";
import { MarketActor } from "./market/market-actor.ts";
import { OrderGate } from "./order-gate.ts";
import { Outlets } from "./outlets.ts";
import type { Emitter } from "./ports/emitter.ts";
import type { Forecaster } from "./ports/forecaster.ts";
import { type EngineActor, Place, type Stateful } from "./place.ts";
import type { Recover } from "./runtime/actor.ts";
import { ActorSystem } from "./runtime/actor-system.ts";
import type { Fault } from "./runtime/supervision.ts";
import { type AccountSeats, Switchboard } from "./switchboard.ts";
import { ForecasterPanel } from "./symbol/panel.ts";
import { SymbolActor } from "./symbol/symbol-actor.ts";
import { changedMembers, modelVotes } from "./voting-models.ts";

export interface EngineOptions {
  readonly config: EngineConfig;
  readonly scheduler: Scheduler;
  /** Real time for latencies and deadlines. Actors' time is that of their records. */
  readonly stopwatch: Clock;
  /** Records carry the stopwatch's time: latencies count from arrival and deadlines are judged. */
  readonly live: boolean;
  /** False in a replay that takes the votes from the journal. */
  readonly asksMembers: boolean;
  /** The ensemble of one symbol. */
  readonly forecasters: (instrument: Instrument) => readonly Forecaster[];
  readonly onBar?: BarListener;
  /** So many closed minutes of every symbol are kept, whether a member reads them or not. */
  readonly minutesKept?: number;
}

export interface EngineFault {
  readonly path: string;
  readonly what: "actor-restarted" | "actor-quarantined";
  /** Journal sequence of the record it failed at. */
  readonly seq: number;
  readonly message: string;
}

/** Brings a fresh instance of a failed actor up to the journal's head. Set by whoever owns the journal. */
export type Rebuild = (
  stateful: Stateful,
  receive: (record: JournalRecord) => void,
  ends: { readonly caughtUp: () => void; readonly failed: (error: unknown) => void },
) => void;

export class Engine {
  readonly config: EngineConfig;
  readonly system: ActorSystem;
  readonly outlets = new Outlets();
  readonly gate = new OrderGate();
  /** The router's and the gate's place in the journal; they are no actors, but have state to recover. */
  readonly routerSeat = { path: "router", appliedSeq: 0, depth: 0 };
  readonly switchboard: Switchboard;
  readonly #options: EngineOptions;
  readonly #places: readonly Place[];
  readonly #symbols: (SymbolActor | undefined)[] = [];
  /** By id, in the order of the configuration. */
  readonly #accounts = new Map<string, AccountActor>();
  #market: MarketActor | undefined;
  #rebuild: Rebuild | undefined;
  #faultListener: ((fault: EngineFault) => void) | undefined;

  constructor(options: EngineOptions) {
    const { config } = options;
    this.config = config;
    this.#options = options;
    this.system = new ActorSystem({
      scheduler: options.scheduler,
      random: new SeededRandom(config.seed),
      stopwatch: options.stopwatch,
      onFault: (fault) => this.#onFault(fault),
    });
    const symbols = config.instruments.map((instrument) => this.#seatSymbol(instrument));
    const accounts = accountsOf(config).map((each, index) => this.#seatAccount(each, index));
    const market = this.#seatMarket();
    const seats = accounts.flatMap(({ account, broker }) =>
      broker === undefined ? [account] : [account, broker],
    );
    this.#places = [...symbols, ...seats, market];
    this.switchboard = new Switchboard({ symbols, accounts, market }, this.gate);
    this.system.runUntilIdle();
  }

  /**
   * Takes over from the engine of another configuration at record `fromSeq`, which nobody has heard yet: actors go on with
   * their predecessors' states, new ones begin with nothing. The market actor begins anew when there are other
   * instruments, since its state is about all of them together.
   * @throws when a predecessor's state is not to be trusted
   */
  inherit(predecessor: Engine, fromSeq: number): void {
    const appliedSeq = fromSeq - 1;
    const sameInstruments = predecessor.config.instruments.length === this.config.instruments.length;
    this.routerSeat.appliedSeq = predecessor.routerSeat.appliedSeq;
    hand(predecessor.gate, this.gate);
    for (const place of this.#places) {
      place.origin = { appliedSeq };
      const before = predecessor.#places.find(({ path }) => path === place.path);
      if (before === undefined || (before.instance instanceof MarketActor && !sameInstruments)) continue;
      if (!before.ready()) {
        throw new Error(
          `${place.path} is out of service: its state cannot be taken to another configuration`,
        );
      }
      const state = hand(before, place);
      place.origin = {
        appliedSeq,
        state: this.#withdrawChanged(predecessor, place) ? stateOf(place) : state,
      };
      place.appliedSeq = before.appliedSeq;
    }
  }

  /** Votes of models that others have taken the place of count no longer. */
  #withdrawChanged(predecessor: Engine, { instance }: Place): boolean {
    if (!(instance instanceof SymbolActor)) return false;
    const { symbol } = this.config.instruments[instance.instrumentId] as Instrument;
    const changed = changedMembers(predecessor.config, this.config, symbol);
    for (const member of changed) instance.chain.withdraw(member);
    return changed.length > 0;
  }

  /** Every actor whose state a snapshot holds. */
  get stateful(): readonly Stateful[] {
    return this.#places;
  }

  /** The actor of an instrument; undefined while it is out of service. */
  symbol(instrumentId: number): SymbolActor | undefined {
    return this.#symbols[instrumentId];
  }

  /** The first symbol from `fromId` on whose minute has ended by `timeMicros` and is open. */
  nextToClose(fromId: number, timeMicros: Micros): number | undefined {
    for (let id = fromId; id < this.#symbols.length; id++) {
      const symbol = this.#symbols[id];
      // One that is out of service would be given turns and take none.
      if (symbol !== undefined && symbol.minuteDueMicros <= timeMicros && this.#isReady(id)) return id;
    }
    return undefined;
  }

  /** The first symbol from `fromId` on that waits for its turn to ask who answers when a minute closes. */
  nextToAsk(fromId: number): number | undefined {
    for (let id = fromId; id < this.#symbols.length; id++) {
      if (this.#symbols[id]?.waitsForTurn && this.#isReady(id)) return id;
    }
    return undefined;
  }

  /**
   * Asks those who can answer before their symbol's turn comes, each for all of `instrumentIds` in a row: a model runs faster while its
   * code and weights are in the processor's caches. What they say is what they would say in the turns at `timeMicros`.
   */
  askAhead(instrumentIds: readonly number[], timeMicros: Micros): void {
    let isAnyLeft = true;
    for (let member = 0; isAnyLeft; member++) {
      isAnyLeft = false;
      for (const id of instrumentIds) if (this.#symbols[id]?.askAhead(member, timeMicros)) isAnyLeft = true;
    }
  }

  /** Why an instrument's actor does not work at present; empty while it does. */
  troubleOf(instrumentId: number): string {
    const place = this.#places[instrumentId];
    if (place === undefined) return "unknown instrument";
    if (place.retired) return "quarantined";
    return place.healthy ? "" : "restarting";
  }

  /** The primary one: the first of the configuration. */
  get account(): AccountActor | undefined {
    return this.accountOf(this.config.account.accountId);
  }

  accountOf(accountId: string): AccountActor | undefined {
    return this.#accounts.get(accountId);
  }

  /** By id, the primary one first. */
  get accounts(): ReadonlyMap<string, AccountActor> {
    return this.#accounts;
  }

  get market(): MarketActor | undefined {
    return this.#market;
  }

  /** Lets every actor handle what it has been told. */
  run(): void {
    this.system.runUntilIdle();
  }

  /** The earliest time at which an actor wants a beat; Infinity when none does. */
  nextDueMicros(): Micros {
    return this.#earliestDueMicros(0);
  }

  /** The same of accounts, brokers and market alone. */
  sharedDueMicros(): Micros {
    return this.#earliestDueMicros(this.#symbols.length);
  }

  #earliestDueMicros(fromPlace: number): Micros {
    let earliestMicros = Number.POSITIVE_INFINITY;
    for (let i = fromPlace; i < this.#places.length; i++) {
      const dueMicros = (this.#places[i] as Place).instance?.nextDueMicros ?? Number.POSITIVE_INFINITY;
      if (dueMicros < earliestMicros) earliestMicros = dueMicros;
    }
    return earliestMicros;
  }

  /**
   * Whoever owns the journal says how a failed actor is brought back (without it one comes back empty) and hears of every
   * failure its supervisor acted on.
   */
  attach(owner: { rebuild: Rebuild; onFault: (fault: EngineFault) => void }): void {
    this.#rebuild = owner.rebuild;
    this.#faultListener = owner.onFault;
  }

  /** Fingerprint of every decision of every symbol and of every intent. */
  decisionHash(): string {
    const hash = new StateHash();
    for (const { symbol, id } of this.config.instruments) {
      hash.text(symbol);
      hash.text(this.#symbols[id]?.decisionHash ?? "");
    }
    // Of one account this is what it was before there could be several.
    for (const { account } of accountsOf(this.config)) {
      hash.text(this.accountOf(account.accountId)?.intentHash ?? "");
    }
    return hash.hex();
  }

  #isReady(instrumentId: number): boolean {
    return (this.#places[instrumentId] as Place).ready();
  }

  #seatSymbol(instrument: Instrument): Place {
    const { config, stopwatch, live, asksMembers, forecasters, onBar, minutesKept = 0 } = this.#options;
    return this.#seat(`symbol/${instrument.symbol}`, SYMBOL_MAILBOX_RECORDS, (emitter) => {
      const preset = presetOf(config.preset, {
        ...config,
        models: modelVotes(config, instrument.symbol),
      });
      const panel = new ForecasterPanel({
        instrumentId: instrument.id,
        forecasters: forecasters(instrument),
        stopwatch,
        judgeDeadlines: live,
        minutesKept,
      });
      const actor = new SymbolActor({
        instrumentId: instrument.id,
        chain: new Chain({
          instrument,
          preset,
          stopwatch,
          onMinute: (features, closeMicros) => panel.minuteClosed(features, closeMicros),
          ...(onBar === undefined ? {} : { onBar }),
        }),
        panel,
        emitter,
        stopwatch,
        asksMembers,
        live,
      });
      this.#symbols[instrument.id] = actor;
      return actor;
    });
  }

  #seatAccount(seat: TradingAccount, index: number): AccountSeats & { account: Place; broker?: Place } {
    const { account: settings, broker } = seat;
    const { instruments, seed } = this.config;
    const { accountId } = settings;
    const capacity = index === 0 ? SHARED_MAILBOX_RECORDS : FURTHER_MAILBOX_RECORDS;
    const algorithm = decisionAlgorithm(this.config);
    const account = this.#seat(`account/${accountId}`, capacity, (emitter) => {
      const actor = new AccountActor({
        settings,
        instruments,
        emitter,
        decisionAlgorithm: algorithm,
        epoch: 0,
      });
      this.#accounts.set(accountId, actor);
      return actor;
    });
    if (settings.terminal !== undefined) return { accountId, account };
    return {
      accountId,
      account,
      broker: this.#seat(
        `broker/${accountId}`,
        capacity,
        (emitter) => new PaperBroker({ settings: broker, account: settings, instruments, seed, emitter }),
      ),
    };
  }

  #seatMarket(): Place {
    const { instruments } = this.config;
    return this.#seat("market", SHARED_MAILBOX_RECORDS, (emitter) => {
      this.#market = new MarketActor({ instruments, emitter });
      return this.#market;
    });
  }

  #seat(path: string, capacity: number, make: (emitter: Emitter) => EngineActor): Place {
    const place = new Place(path);
    const emitter = this.outlets.of(path);
    place.ref = this.system.spawn<JournalRecord>(
      path,
      () => {
        const instance = make(emitter);
        place.instance = instance;
        return {
          receive: (record) => {
            place.handledSeq = record.seq;
            instance.receive(record);
          },
        };
      },
      {
        mailbox: { capacity, policy: "reject" },
        recover: this.#recoverer(place),
      },
    );
    return place;
  }

  #recoverer(place: Place): Recover<JournalRecord> {
    return (actor, caughtUp, failed) => {
      const done = (): void => {
        place.healthy = true;
        caughtUp();
      };
      if (this.#rebuild === undefined) done();
      else this.#rebuild(place, (record) => actor.receive(record), { caughtUp: done, failed });
    };
  }

  #onFault(fault: Fault): void {
    const place = this.#places.find((candidate) => candidate.path === fault.path);
    if (place === undefined) return;
    const quarantined = fault.action === "quarantine";
    place.healthy = false;
    place.retired = quarantined;
    this.#faultListener?.({
      path: fault.path,
      what: quarantined ? "actor-quarantined" : "actor-restarted",
      seq: place.handledSeq,
      message: fault.error.message,
    });
  }
}

/** Copies the state of one part to another of its kind and returns it. */
function hand(from: Pick<Stateful, "persist">, to: Pick<Stateful, "persist">): Float64Array {
  const state = stateOf(from);
  const loaded = new LoadArchive(state);
  to.persist(loaded);
  loaded.finish();
  return state;
}

function stateOf(part: Pick<Stateful, "persist">): Float64Array {
  const saved = new SaveArchive();
  part.persist(saved);
  return saved.finish();
}
