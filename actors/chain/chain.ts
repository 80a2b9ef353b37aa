// The chain: what happens to one tick of one symbol, step by step. It computes and remembers; it emits nothing and asks
// nobody. The symbol actor runs steps 1 to 3 on a tick, asks the members (4), and runs 5 to 9 when it hears their votes.
//
//   1 validate -> 2 bars -> 3 features -> 4 forecasters -> 5 technical score, 6 vote -> 7 regime -> 8 calibrate -> 9 policy

import type { Archive } from "../base/archive.ts";
import { assert } from "../base/assert.ts";
import { type Clock, MICROS_PER_MINUTE, type Micros } from "../base/clock.ts";
import { BAR_INTERVALS, type Bar, type BarInterval } from "../domain/bar.ts";
import { FEATURE } from "../domain/features.ts";
import type { Instrument } from "../domain/instrument.ts";
import type { MarketState } from "../domain/market.ts";
import type { MemberId, Votes } from "../domain/prediction.ts";
import type { QuarantineCode } from "../domain/quarantine.ts";
import { copyQuote, emptyQuote, persistQuote, type Quote } from "../domain/quote.ts";
import type { Regime } from "../domain/regime.ts";
import type { Component, Recalibration, Signal } from "../domain/signal.ts";
import { type Tick, TICK_SECONDARY } from "../domain/tick.ts";
import { BarSeries } from "./bars.ts";
import { Confirmation, orNull } from "./confirm.ts";
import { type CorrelationBreak, CorrelationWatch } from "./correlation-watch.ts";
import { CrossSourceCheck } from "./cross-source.ts";
import { FeatureEngine } from "./features/feature-engine.ts";
import { QualityGate, type SwitchedOff } from "./gate/quality-gate.ts";
import { type Decision, type PolicyInput, SignalPolicy } from "./policy.ts";
import type { Preset } from "./presets.ts";
import { reasonsOf } from "./reasons.ts";
import { StageTimer } from "./stages.ts";
import { TickValidator } from "./validate.ts";

/** Hears every bar as it closes; the bar is valid during the call only. */
export type BarListener = (bar: Bar, intervalIndex: number) => void;

/** Hears when a 1-minute bar closed, after the features have and before the quote that follows. */
export type MinuteListener = (features: Float64Array, closeMicros: Micros) => void;

/** A signal without its place in the order: what the chain itself knows. */
export type SignalContent = Omit<
  Signal,
  "kind" | "seq" | "timeMicros" | "instrumentId" | "causeSeq" | "tickSeq" | "tradable"
>;

const MINUTE = BAR_INTERVALS.indexOf("1m");

export class Chain {
  /** The last valid quote of the primary source. */
  readonly quote: Quote = emptyQuote();
  readonly features: FeatureEngine;
  readonly stages: StageTimer;
  readonly #secondaryQuote: Quote = emptyQuote();
  readonly #candidate: Quote = emptyQuote();
  readonly #validator: TickValidator;
  readonly #secondaryValidator: TickValidator;
  readonly #crossSource: CrossSourceCheck;
  readonly #bars: BarSeries;
  readonly #confirmation: Confirmation;
  readonly #correlation = new CorrelationWatch();
  readonly #policy: SignalPolicy;
  readonly #policyInput: PolicyInput;
  readonly #gate: QualityGate;
  #minuteClosed = false;

  /** @param options.stopwatch real time, for stage latencies only */
  constructor(options: {
    instrument: Instrument;
    preset: Preset;
    stopwatch: Clock;
    onBar?: BarListener;
    onMinute?: MinuteListener;
  }) {
    const { instrument, preset, onBar, onMinute } = options;
    this.stages = new StageTimer(options.stopwatch);
    this.#validator = new TickValidator({ instrument });
    this.#secondaryValidator = new TickValidator({ instrument });
    this.#crossSource = new CrossSourceCheck({ instrument });
    this.features = new FeatureEngine({ instrument });
    this.#bars = new BarSeries({
      instrumentId: instrument.id,
      onClosed: (bar, intervalIndex) => {
        if (intervalIndex === MINUTE) {
          this.features.onMinuteBar(bar);
          this.#minuteClosed = true;
          this.#gate.onMinute(bar);
          this.#confirmation.onMinute(bar);
          onMinute?.(this.features.vector, bar.openTimeMicros + MICROS_PER_MINUTE);
        }
        onBar?.(bar, intervalIndex);
      },
    });
    this.#confirmation = new Confirmation(preset);
    this.#gate = new QualityGate(preset);
    this.#policy = new SignalPolicy(preset.policy);
    this.#policyInput = {
      timeMicros: 0,
      probabilityUp: Number.NaN,
      agreement: 0,
      regime: this.#confirmation.regime,
      quote: this.quote,
      features: this.features.vector,
      outlook: this.#confirmation.outlook,
      timingUp: Number.NaN,
    };
  }

  /** Which members are not listened to at present, and why. Allocates where there are any. */
  get switchedOff(): readonly SwitchedOff[] {
    return this.#gate.switchedOff;
  }

  /** Share of changes of the mid that go on in their direction: of late and usually. */
  get quoting(): { readonly latest: number; readonly usual: number } {
    return this.#gate.quoting;
  }

  /** When {@link advance} next has a bar to close; Infinity while none is open. */
  get nextDueMicros(): Micros {
    return this.#bars.nextDueMicros;
  }

  /** When {@link advance} next has a minute to close; Infinity while none is open. */
  get minuteDueMicros(): Micros {
    return this.#bars.minuteDueMicros;
  }

  get regime(): Regime {
    return this.#confirmation.regime;
  }

  /** The latest decision; its fields change with the next one. */
  get decision(): Decision {
    return this.#policy.decision;
  }

  /** Steps 1 to 3: a reason when the tick is quarantined, else undefined and everything has moved on. */
  take(tick: Tick): QuarantineCode | undefined {
    if ((tick.flags & TICK_SECONDARY) !== 0) return this.#takeSecondary(tick);
    const { stages } = this;
    stages.begin();
    // 1. validate and normalise
    const candidate = this.#candidate;
    const code = this.#validator.check(tick, candidate) ?? this.#crossSource.check(candidate);
    stages.done("validate");
    if (code !== undefined) return code;
    const { quote } = this;
    copyQuote(candidate, quote);
    // 2. bars
    this.#bars.onQuote(quote);
    stages.done("bars");
    // 3. features
    this.features.onQuote(quote, this.#bars.minute);
    this.#gate.onQuote(quote, this.features.wentOn);
    this.#confirmation.onQuote(quote);
    stages.done("features");
    return undefined;
  }

  /** Step 2 on a silent symbol: closes the bars that ended by `timeMicros`. */
  advance(timeMicros: Micros): void {
    this.#bars.advance(timeMicros);
  }

  /** The bar in the making; `ticks` is 0 while none is. */
  forming(interval: BarInterval): Bar {
    return this.#bars.forming(interval);
  }

  /** Whether a 1-minute bar closed since the last call. */
  takeMinuteClosed(): boolean {
    const closed = this.#minuteClosed;
    this.#minuteClosed = false;
    return closed;
  }

  onMarket(state: MarketState): void {
    this.features.onMarket(state);
    this.#correlation.update(this.features.vector[FEATURE.dollar_correlation] as number);
  }

  /** Undefined while the instrument moves with the dollar as it usually does, or that is not known. */
  get correlationBreak(): CorrelationBreak | undefined {
    return this.#correlation.broken;
  }

  /** How the vote is re-calibrated; undefined where it is not. Allocates. */
  get recalibration(): Recalibration | undefined {
    return this.#confirmation.recalibration;
  }

  /** Votes that count from the next decision on. */
  cast(record: Votes): void {
    this.#confirmation.cast(record);
  }

  /** Every vote that counts at a time, the heaviest first. Allocates. */
  votesAt(timeMicros: Micros): readonly Component[] {
    return this.#confirmation.components(timeMicros);
  }

  /**
   * Steps 5 to 9: the members' votes are in.
   * @param tradable false when the newest quote is old or backfilled: a signal opens nothing then
   * @returns the decision; the object is reused
   */
  decide(record: Votes, tradable = true): Decision {
    const { stages } = this;
    const { timeMicros } = record;
    stages.resume();
    // 5. and 6. the technical score is a member; members that are missing leave their weight to the others
    const confirmation = this.#confirmation;
    confirmation.cast(record);
    confirmation.pass(this.#gate, this.features.vector, timeMicros);
    confirmation.vote(timeMicros);
    stages.done("vote");
    // 7. regime
    confirmation.validate(this.features.vector, timeMicros);
    stages.done("regime");
    // 8. calibration
    const probabilityUp = confirmation.calibrate(timeMicros);
    stages.done("calibrate");
    // 9. policy
    const input = this.#policyInput;
    input.timeMicros = timeMicros;
    input.probabilityUp = probabilityUp;
    input.agreement = confirmation.agreement;
    input.regime = confirmation.regime;
    input.timingUp = confirmation.latest("fast", timeMicros);
    const decision = this.#policy.decide(input, tradable);
    stages.done("policy");
    return decision;
  }

  /** Whoever is this member now is another than the one that voted: that vote counts no longer. */
  withdraw(member: MemberId): void {
    this.#confirmation.withdraw(member);
  }

  /** What there is to say about the latest decision, which is not HOLD. Allocates: for signals only. */
  describe(timeMicros: Micros): SignalContent {
    const { action, probabilityUp, confidence, stopPoints, targetPoints, expiresAtMicros } = this.decision;
    assert(action !== "HOLD", "a HOLD is no signal");
    const components = this.#confirmation.components(timeMicros);
    return {
      action,
      probabilityUp,
      confidence,
      regime: this.regime,
      components,
      confirmations: {
        ...this.#confirmation.layers(),
        movePoints: orNull(this.#confirmation.outlook.movePoints(this.quote.midPoints)),
        costPoints: this.#policy.costPoints(this.quote),
      },
      reasons: reasonsOf({
        correlationBreak: this.#correlation.broken,
        action,
        components,
        regime: this.regime,
        evidence: this.#confirmation.evidence,
        switchedOff: this.#gate.switchedOff,
      }),
      bidPoints: this.quote.bidPoints,
      askPoints: this.quote.askPoints,
      stopPoints,
      targetPoints,
      expiresAtMicros,
    };
  }

  persist(archive: Archive): void {
    persistQuote(this.quote, archive);
    this.#minuteClosed = archive.boolean(this.#minuteClosed);
    this.#validator.persist(archive);
    this.#secondaryValidator.persist(archive);
    this.#crossSource.persist(archive);
    this.#bars.persist(archive);
    this.features.persist(archive);
    this.#confirmation.persist(archive);
    this.#correlation.persist(archive);
    this.#policy.persist(archive);
    this.#gate.persist(archive);
  }

  #takeSecondary(tick: Tick): QuarantineCode | undefined {
    const code = this.#secondaryValidator.check(tick, this.#secondaryQuote);
    if (code === undefined) this.#crossSource.onSecondary(this.#secondaryQuote);
    return code;
  }
}
