// Bars of any size in one statement: minutes as they are stored, larger ones put together from minutes, seconds from ticks.
// The journal's own bars go before imported ones of the same time.

import { MICROS_PER_MINUTE } from "../../actors/base/clock.ts";
import { barSizeMicros } from "../../actors/domain/bar.ts";
import type { BarsQuery } from "../../actors/ports/time-series.ts";
import { readable, timeText } from "./tables.ts";

const OWN_SOURCE = "tickforge";
/** Bit of a tick's flags: from a second source, which moves no bars. */
export const SECONDARY_FLAG = 4;

export interface Statement {
  readonly text: string;
  readonly parameters: Record<string, unknown>;
}

const COLUMNS = "micros, seq, source, open, high, low, close, volume, ticks, spread_mean";

/** Newest first; the parameter `length` is the interval in microseconds. */
export function barsStatement(database: string, query: BarsQuery): Statement {
  const parameters: Record<string, unknown> = {
    symbol: query.symbol,
    interval: query.interval,
    limit: query.limit,
    own: OWN_SOURCE,
  };
  const range: string[] = [];
  // To where a bar of this size opens: half of one would be another bar.
  const lengthMicros = barSizeMicros(query.interval) ?? MICROS_PER_MINUTE;
  const whole = (micros: number): string => timeText(Math.ceil(micros / lengthMicros) * lengthMicros);
  if (query.fromMicros !== undefined) {
    range.push("time >= {from:DateTime64(6, 'UTC')}");
    parameters["from"] = whole(query.fromMicros);
  }
  if (query.toMicros !== undefined) {
    range.push("time < {to:DateTime64(6, 'UTC')}");
    parameters["to"] = whole(query.toMicros);
  }
  if (query.source !== undefined) {
    range.push("source = {source:String}");
    parameters["source"] = query.source;
  }
  const and = range.map((part) => ` AND ${part}`).join("");
  const body = bodyOf(database, query, and);
  return {
    text:
      `SELECT ${COLUMNS} FROM (${body}) ORDER BY micros DESC, rank DESC, source ` +
      "LIMIT 1 BY micros LIMIT {limit:UInt32}",
    parameters,
  };
}

function bodyOf(database: string, query: BarsQuery, and: string): string {
  const stored = (interval: string): string =>
    `SELECT toUnixTimestamp64Micro(time) AS micros, seq, toString(source) AS source, open, high, low, close, volume, ` +
    `toUInt64(ticks) AS ticks, spread_mean, toUInt8(if(source = {own:String}, 3, 1)) AS rank ` +
    `FROM ${readable(database, "bars")} WHERE symbol = {symbol:String} AND interval = ${interval}${and}`;
  if (query.interval === "1m") return stored("{interval:String}");
  if (query.interval.endsWith("s"))
    return `${stored("{interval:String}")} UNION ALL ${fromTicks(database, and)}`;
  const minutes = `SELECT * FROM (${stored("'1m'")}) ORDER BY micros, rank DESC LIMIT 1 BY micros`;
  const folded =
    `SELECT intDiv(micros, {length:UInt64}) * {length:UInt64} AS micros, max(m.seq) AS seq, any(m.source) AS source, ` +
    `argMin(m.open, m.micros) AS open, max(m.high) AS high, min(m.low) AS low, argMax(m.close, m.micros) AS close, ` +
    `sum(m.volume) AS volume, sum(m.ticks) AS ticks, ` +
    `if(sum(m.ticks) = 0, 0, sum(m.spread_mean * m.ticks) / sum(m.ticks)) AS spread_mean, toUInt8(2) AS rank ` +
    `FROM (${minutes}) AS m GROUP BY micros`;
  return `${folded.replaceAll("intDiv(micros,", "intDiv(m.micros,")} UNION ALL ${stored("{interval:String}")}`;
}

/** Ticks that were quarantined made no bars. */
function fromTicks(database: string, and: string): string {
  const bad = `SELECT cause_seq FROM ${database}.quality WHERE symbol = {symbol:String} AND code != 'gap'`;
  return (
    `SELECT intDiv(t.at, {length:UInt64}) * {length:UInt64} AS micros, max(t.seq) AS seq, any(t.source) AS source, ` +
    `argMin(t.mid, (t.at, t.seq, t.source_seq)) AS open, max(t.mid) AS high, min(t.mid) AS low, ` +
    `argMax(t.mid, (t.at, t.seq, t.source_seq)) AS close, ` +
    `if(sum(t.volume) > 0, sum(t.volume), toFloat64(count())) AS volume, count() AS ticks, avg(t.spread) AS spread_mean, ` +
    `toUInt8(2) AS rank FROM (SELECT toUnixTimestamp64Micro(time) AS at, seq, source_seq, toString(source) AS source, ` +
    `(bid + ask) / 2 AS mid, ask - bid AS spread, bid_volume + ask_volume AS volume FROM ${readable(database, "ticks")} ` +
    `WHERE symbol = {symbol:String}${and} AND bitAnd(flags, ${SECONDARY_FLAG}) = 0 AND seq NOT IN (${bad})) AS t GROUP BY micros`
  );
}
