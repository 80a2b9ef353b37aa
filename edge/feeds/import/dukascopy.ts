// Dukascopy's hourly tick files and daily candle files: LZMA over big-endian records, times as offsets from the hour or the
// day that the path names. Months in paths count from 0.

import { failure, ok, type Result } from "../../../actors/base/result.ts";
import type { Line } from "./lines.ts";
import { unpackLzma } from "./lzma.ts";

const TICK_BYTES = 20;
const CANDLE_BYTES = 24;
const PATH =
  /([A-Za-z]{6})[\\/](\d{4})[\\/](\d{2})[\\/](\d{2})[\\/](?:(\d{2})h_ticks|(BID|ASK)_candles_min_1)\.bi5$/;

export interface DukascopyPath {
  readonly symbol: string;
  readonly baseMicros: number;
  readonly kind: "bars" | "ticks";
  /** Which side a candle file is of. */
  readonly side: "bid" | "ask" | "";
}

/** What the path says; undefined where it is not laid out as Dukascopy's. */
export function dukascopyPath(path: string): DukascopyPath | undefined {
  const match = PATH.exec(path);
  if (match === null) return undefined;
  const [, symbol = "", year, month, day, hour, side] = match;
  return {
    symbol: symbol.toUpperCase(),
    baseMicros: Date.UTC(Number(year), Number(month), Number(day), Number(hour ?? 0)) * 1_000,
    kind: hour === undefined ? "bars" : "ticks",
    side: side === undefined ? "" : side === "BID" ? "bid" : "ask",
  };
}

/** @param pointSize one point of the instrument: prices are whole points */
export function decodeDukascopy(
  packed: Uint8Array,
  path: DukascopyPath,
  pointSize: number,
): Result<Iterable<Line>, "lzma-damaged" | "records-cut"> {
  // An hour without trading is an empty file.
  if (packed.length === 0) return ok([]);
  const content = unpackLzma(packed);
  if (!content.ok) return content;
  const bytes = path.kind === "ticks" ? TICK_BYTES : CANDLE_BYTES;
  if (content.value.length % bytes !== 0) {
    return failure(
      "records-cut",
      `it holds ${content.value.length} bytes, which is no multiple of ${bytes}. Download it again.`,
    );
  }
  const view = new DataView(content.value.buffer, content.value.byteOffset, content.value.length);
  return ok(
    path.kind === "ticks"
      ? ticks(view, path.baseMicros, pointSize)
      : candles(view, path.baseMicros, pointSize),
  );
}

/** milliseconds u32 | ask u32 | bid u32 | ask volume f32 | bid volume f32, volumes in millions */
function* ticks(view: DataView, baseMicros: number, pointSize: number): Generator<Line> {
  for (let at = 0; at < view.byteLength; at += TICK_BYTES) {
    yield {
      kind: "tick",
      line: at / TICK_BYTES + 1,
      timeMicros: baseMicros + view.getUint32(at) * 1_000,
      ask: priceOf(view.getUint32(at + 4), pointSize),
      bid: priceOf(view.getUint32(at + 8), pointSize),
      askVolume: view.getFloat32(at + 12),
      bidVolume: view.getFloat32(at + 16),
    };
  }
}

/** seconds u32 | open u32 | close u32 | low u32 | high u32 | volume f32. Minutes without trading have no volume. */
function* candles(view: DataView, baseMicros: number, pointSize: number): Generator<Line> {
  for (let at = 0; at < view.byteLength; at += CANDLE_BYTES) {
    const volume = view.getFloat32(at + 20);
    if (volume === 0) continue;
    yield {
      kind: "bar",
      line: at / CANDLE_BYTES + 1,
      timeMicros: baseMicros + view.getUint32(at) * 1_000_000,
      open: priceOf(view.getUint32(at + 4), pointSize),
      close: priceOf(view.getUint32(at + 8), pointSize),
      low: priceOf(view.getUint32(at + 12), pointSize),
      high: priceOf(view.getUint32(at + 16), pointSize),
      volume,
      ticks: 0,
      spread: 0,
    };
  }
}

function priceOf(points: number, pointSize: number): number {
  // Dividing by a power of ten rounds once; multiplying by its inverse would round twice.
  return points / Math.round(1 / pointSize);
}
