// A validated tick in integer points: what every later step of the chain reads. One object per symbol is reused, so a
// quote is valid during the call it is passed to.

import type { Archive } from "../base/archive.ts";
import type { Micros } from "../base/clock.ts";

export interface Quote {
  /** Journal sequence of its tick. */
  seq: number;
  /** The actors' time: when the tick was taken in. */
  timeMicros: Micros;
  sourceTimeMicros: Micros;
  bidPoints: number;
  askPoints: number;
  /** (bid + ask) / 2 in points; ends in .5 when the spread is odd. */
  midPoints: number;
  spreadPoints: number;
  /** Sum of both sides as the source sent them; 0 when it does not say. */
  volume: number;
  bidVolume: number;
  askVolume: number;
  /** Bits of Tick.flags. */
  flags: number;
}

export function emptyQuote(): Quote {
  return {
    seq: 0,
    timeMicros: 0,
    sourceTimeMicros: 0,
    bidPoints: Number.NaN,
    askPoints: Number.NaN,
    midPoints: Number.NaN,
    spreadPoints: Number.NaN,
    volume: 0,
    bidVolume: 0,
    askVolume: 0,
    flags: 0,
  };
}

export function copyQuote(from: Readonly<Quote>, to: Quote): void {
  to.seq = from.seq;
  to.timeMicros = from.timeMicros;
  to.sourceTimeMicros = from.sourceTimeMicros;
  to.bidPoints = from.bidPoints;
  to.askPoints = from.askPoints;
  to.midPoints = from.midPoints;
  to.spreadPoints = from.spreadPoints;
  to.volume = from.volume;
  to.bidVolume = from.bidVolume;
  to.askVolume = from.askVolume;
  to.flags = from.flags;
}

export function persistQuote(quote: Quote, archive: Archive): void {
  quote.seq = archive.number(quote.seq);
  quote.timeMicros = archive.number(quote.timeMicros);
  quote.sourceTimeMicros = archive.number(quote.sourceTimeMicros);
  quote.bidPoints = archive.number(quote.bidPoints);
  quote.askPoints = archive.number(quote.askPoints);
  quote.midPoints = archive.number(quote.midPoints);
  quote.spreadPoints = archive.number(quote.spreadPoints);
  quote.volume = archive.number(quote.volume);
  quote.bidVolume = archive.number(quote.bidVolume);
  quote.askVolume = archive.number(quote.askVolume);
  quote.flags = archive.number(quote.flags);
}
