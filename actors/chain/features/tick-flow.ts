// What the stream of quotes itself says: how fast it runs, how much it moves, and which side pushes. Every sum forgets
// exponentially in the actors' time, by the exact factor, so it never drifts: an old error fades with the old ticks.

import type { Archive } from "../../base/archive.ts";
import { MICROS_PER_SECOND, type Micros } from "../../base/clock.ts";
import { copyQuote, emptyQuote, persistQuote, type Quote } from "../../domain/quote.ts";
import { decayFactor } from "../../base/exponential.ts";
import {
  BASIS_POINTS,
  FLOW_DECAY_MICROS,
  MARKET_GAP_MICROS,
  VOLUME_MEAN_DECAY_MICROS,
  VOLUME_RATE_WARM_MICROS,
} from "./limits.ts";

const FLOW_DECAY_SECONDS = FLOW_DECAY_MICROS / MICROS_PER_SECOND;
const MEAN_TO_RATE = VOLUME_MEAN_DECAY_MICROS / FLOW_DECAY_MICROS;

/**
 * Rates are sums over events of e^(-age / 60 s), divided by the 60 s and by the share of that memory that has been lived
 * through, so that they are right from the start. All are NaN for the first 60 s, the volume rate for 15 minutes.
 */
export class TickFlow {
  /** Simple return since the previous quote, bp; NaN on the first. */
  tickReturn = Number.NaN;
  /** Seconds since the previous quote; NaN on the first. */
  quoteAge = Number.NaN;
  /** Quotes per second. */
  tickRate = Number.NaN;
  /** Root of the mean squared tick return per second, bp. A return across a market gap does not count. */
  tickVolatility = Number.NaN;
  /** Volume per second (memory 60 s) over its mean (memory 1 h). Quotes are counted where the source sends no volume. */
  volumeRate = Number.NaN;
  /** Mean sign of the changes of the mid, -1..1; quotes that leave it where it is do not count. 0 without changes. */
  imbalance = Number.NaN;
  /** Order flow over its absolute amount, -1..1; 0 without flow. */
  signedFlow = Number.NaN;
  readonly #previous: Quote = emptyQuote();
  #startMicros: Micros = 0;
  #timeMicros: Micros = 0;
  /** Share of each memory that lies before the first quote. */
  #unlived = 1;
  #unlivedOfMean = 1;
  #ticks = 0;
  #ticksOfMean = 0;
  #volume = 0;
  #volumeOfMean = 0;
  #squares = 0;
  #changes = 0;
  #signs = 0;
  #flow = 0;
  #flowAbsolute = 0;

  /** @param timeMicros the quote's time on the market's clock; never goes backwards */
  update(quote: Quote, timeMicros: Micros): void {
    const previous = this.#previous;
    if (Number.isNaN(previous.midPoints)) {
      this.#startMicros = timeMicros;
    } else {
      const elapsedMicros = timeMicros - this.#timeMicros;
      this.quoteAge = elapsedMicros / MICROS_PER_SECOND;
      this.#forget(elapsedMicros);
      this.#take(quote, elapsedMicros);
      this.#answer(timeMicros);
    }
    this.#timeMicros = timeMicros;
    copyQuote(quote, previous);
  }

  persist(archive: Archive): void {
    persistQuote(this.#previous, archive);
    this.tickReturn = archive.number(this.tickReturn);
    this.quoteAge = archive.number(this.quoteAge);
    this.tickRate = archive.number(this.tickRate);
    this.tickVolatility = archive.number(this.tickVolatility);
    this.volumeRate = archive.number(this.volumeRate);
    this.imbalance = archive.number(this.imbalance);
    this.signedFlow = archive.number(this.signedFlow);
    this.#startMicros = archive.number(this.#startMicros);
    this.#timeMicros = archive.number(this.#timeMicros);
    this.#unlived = archive.number(this.#unlived);
    this.#unlivedOfMean = archive.number(this.#unlivedOfMean);
    this.#ticks = archive.number(this.#ticks);
    this.#ticksOfMean = archive.number(this.#ticksOfMean);
    this.#volume = archive.number(this.#volume);
    this.#volumeOfMean = archive.number(this.#volumeOfMean);
    this.#squares = archive.number(this.#squares);
    this.#changes = archive.number(this.#changes);
    this.#signs = archive.number(this.#signs);
    this.#flow = archive.number(this.#flow);
    this.#flowAbsolute = archive.number(this.#flowAbsolute);
  }

  #forget(elapsedMicros: number): void {
    if (elapsedMicros === 0) return;
    const decay = decayFactor(elapsedMicros / FLOW_DECAY_MICROS);
    this.#unlived *= decay;
    this.#ticks *= decay;
    this.#volume *= decay;
    this.#squares *= decay;
    this.#changes *= decay;
    this.#signs *= decay;
    this.#flow *= decay;
    this.#flowAbsolute *= decay;
    const decayOfMean = decayFactor(elapsedMicros / VOLUME_MEAN_DECAY_MICROS);
    this.#unlivedOfMean *= decayOfMean;
    this.#ticksOfMean *= decayOfMean;
    this.#volumeOfMean *= decayOfMean;
  }

  #take(quote: Quote, elapsedMicros: number): void {
    this.#ticks++;
    this.#ticksOfMean++;
    this.#volume += quote.volume;
    this.#volumeOfMean += quote.volume;
    const change = quote.midPoints - this.#previous.midPoints;
    const tickReturn = (BASIS_POINTS * change) / this.#previous.midPoints;
    this.tickReturn = tickReturn;
    if (elapsedMicros <= MARKET_GAP_MICROS) this.#squares += tickReturn * tickReturn;
    if (change !== 0) {
      this.#changes++;
      this.#signs += change > 0 ? 1 : -1;
    }
    const flow = orderFlow(this.#previous, quote);
    this.#flow += flow;
    this.#flowAbsolute += Math.abs(flow);
  }

  #answer(timeMicros: Micros): void {
    const sinceStartMicros = timeMicros - this.#startMicros;
    if (sinceStartMicros < FLOW_DECAY_MICROS) return;
    const memorySeconds = FLOW_DECAY_SECONDS * (1 - this.#unlived);
    this.tickRate = this.#ticks / memorySeconds;
    this.tickVolatility = Math.sqrt(this.#squares / memorySeconds);
    this.imbalance = this.#changes > 0 ? this.#signs / this.#changes : 0;
    this.signedFlow = this.#flowAbsolute > 0 ? this.#flow / this.#flowAbsolute : 0;
    if (sinceStartMicros < VOLUME_RATE_WARM_MICROS) return;
    // A source that sends no volume has none to compare, and its quotes stand for it.
    const share =
      this.#volumeOfMean > 0 ? this.#volume / this.#volumeOfMean : this.#ticks / this.#ticksOfMean;
    this.volumeRate = (share * MEAN_TO_RATE * (1 - this.#unlivedOfMean)) / (1 - this.#unlived);
  }
}

/**
 * Order-flow imbalance of one update of the best quotes (Cont, Kukanov and Stoikov, The Price Impact of Order Book
 * Events, 2014): what was added to the bid or taken from the ask, less the reverse. Where a quote has no sizes all count
 * as one, which leaves the directions of both sides.
 */
function orderFlow(previous: Quote, quote: Quote): number {
  const sized = previous.bidVolume + previous.askVolume > 0 && quote.bidVolume + quote.askVolume > 0;
  const bidMove = quote.bidPoints - previous.bidPoints;
  const askMove = quote.askPoints - previous.askPoints;
  let flow = 0;
  if (bidMove >= 0) flow += sized ? quote.bidVolume : 1;
  if (bidMove <= 0) flow -= sized ? previous.bidVolume : 1;
  if (askMove <= 0) flow -= sized ? quote.askVolume : 1;
  if (askMove >= 0) flow += sized ? previous.askVolume : 1;
  return flow;
}
