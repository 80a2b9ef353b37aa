// QuantConnect Lean's quote days as history: `<source>-<symbol>/YYYYMMDD_quote.zip`, lines of `milliseconds,bid,ask`.

import type { Line } from "./lines.ts";

const PATH = /([a-z]+)-([a-z0-9]+)[\\/](\d{4})(\d{2})(\d{2})_quote\.zip$/i;

/** FXCM's files count from midnight five hours behind UTC; the others from midnight UTC. */
const MIDNIGHT_HOURS: Readonly<Record<string, number>> = { fxcm: 5 };

export interface LeanPath {
  readonly source: string;
  readonly symbol: string;
  readonly baseMicros: number;
}

export function leanPath(path: string): LeanPath | undefined {
  const match = PATH.exec(path);
  if (match === null) return undefined;
  const [, source = "", symbol = "", year, month, day] = match;
  const name = source.toLowerCase();
  const midnight = Date.UTC(Number(year), Number(month) - 1, Number(day), MIDNIGHT_HOURS[name] ?? 0);
  return { source: name, symbol: symbol.toUpperCase(), baseMicros: midnight * 1_000 };
}

export function* decodeLean(text: string, baseMicros: number): Generator<Line> {
  let line = 0;
  for (const raw of text.split("\n")) {
    line++;
    if (raw.trim() === "") continue;
    const [millis = "", bid = "", ask = ""] = raw.split(",");
    const [offset, bidPrice, askPrice] = [Number(millis), Number(bid), Number(ask)];
    if (millis === "" || !Number.isFinite(offset)) {
      yield { kind: "bad", line, code: "not-a-time", reason: `"${millis}" is no time of day`, text: raw };
    } else if (!(Number.isFinite(bidPrice) && Number.isFinite(askPrice))) {
      yield { kind: "bad", line, code: "not-a-number", reason: "bid or ask is no number", text: raw };
    } else {
      const timeMicros = baseMicros + Math.round(offset * 1_000);
      yield { kind: "tick", line, timeMicros, bid: bidPrice, ask: askPrice, bidVolume: 0, askVolume: 0, raw };
    }
  }
}
