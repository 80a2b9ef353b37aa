// The markets that `start` can run on: simulated, recorded files, or none, where ticks come in over HTTP and WebSocket.

import { MICROS_PER_HOUR, type Micros } from "../actors/base/clock.ts";
import { failure, ok, type Result } from "../actors/base/result.ts";
import type { Instrument } from "../actors/domain/instrument.ts";
import {
  instrumentsOf,
  KNOWN_INSTRUMENTS,
  SIMULATED_SYMBOLS,
  simulatedInstruments,
} from "./feeds/instruments.ts";
import { openLeanTicks } from "./feeds/lean.ts";
import { SimulatedMarket } from "./feeds/simulated-market.ts";
import { SIMULATED_SOURCE, sourceIdOf } from "./feeds/source.ts";
import { playLive, playRecorded, type RunningMarket, warmUp } from "./live-market.ts";
import type { Badge } from "./live/live-picture.ts";
import type { Station } from "./main.ts";

/** History played before the first live tick: warms the slowest indicator. */
const WARM_MICROS = 2.5 * MICROS_PER_HOUR;

/** All symbols together in an average hour: lively enough to watch. */
const TICKS_PER_SECOND = 80;

export const MARKET_KINDS = ["simulated", "replay", "none"] as const;
export type MarketKind = (typeof MARKET_KINDS)[number];

export interface Market {
  readonly badge: Badge;
  readonly instruments: readonly Instrument[];
  /** Whose clock the records carry. */
  readonly clock: "wall" | "source";
  /** Why ticks are not taken from outside; empty when they are. */
  readonly closedBecause: string;
  /** Begins to feed the station. */
  open(station: Station, onEnd: () => void): Promise<RunningMarket>;
}

export interface MarketOptions {
  readonly kind: MarketKind;
  readonly paths: readonly string[];
  readonly speed: number;
  readonly clock: "wall" | "source";
  readonly seed: number;
}

export function openMarket(options: MarketOptions): Result<Market, string> {
  switch (options.kind) {
    case "simulated":
      return ok(simulatedMarket(options.seed));
    case "replay":
      return recordedMarket(options);
    case "none":
      return outsideMarket(options.clock);
  }
}

function simulatedMarket(seed: number): Market {
  return {
    badge: "SIMULATED",
    instruments: simulatedInstruments({ alwaysOpen: true }),
    clock: "wall",
    closedBecause:
      "prices come from the simulated market: start with --market none to send your own, so that the two never mix",
    open: async (station, onEnd) => {
      const nowMicros = station.clock.nowMicros();
      const source = continueSimulation(station, { seed, nowMicros });
      await warmUp(station, source, nowMicros);
      return playLive(station, source, { fromMicros: nowMicros, onEnd });
    },
  };
}

function recordedMarket({ paths, speed }: MarketOptions): Result<Market, string> {
  if (paths.length === 0)
    return failure("no-paths", "name the tick files to replay: --market replay <paths>");
  const lean = openLeanTicks([...paths]);
  if (!lean.ok) return lean;
  const { instruments, ticks } = lean.value;
  return ok({
    badge: "REPLAY",
    instruments,
    clock: "source",
    closedBecause: "prices come from recorded files: start with --market none to send your own",
    open: async (station, onEnd) => await Promise.resolve(playRecorded(station, ticks, { speed, onEnd })),
  });
}

function outsideMarket(clock: Market["clock"]): Result<Market, string> {
  const instruments = instrumentsOf(KNOWN_INSTRUMENTS.map(({ symbol }) => symbol));
  if (!instruments.ok) return instruments;
  return ok({
    badge: "LIVE",
    instruments: instruments.value,
    clock,
    closedBecause: "",
    open: async () => await Promise.resolve({ stop: () => Promise.resolve() }),
  });
}

/** The market goes on where the data folder's last run left it. */
function continueSimulation(
  { live }: Station,
  { seed, nowMicros }: { seed: number; nowMicros: Micros },
): SimulatedMarket {
  const { instruments } = live.engine.config;
  const sourceId = sourceIdOf(SIMULATED_SOURCE);
  return new SimulatedMarket({
    // Each run is a new stretch of the same market, not the same stretch again.
    seed: seed + live.router.lastSeq,
    ticksPerSecond: TICKS_PER_SECOND,
    startMicros: Math.max(nowMicros - WARM_MICROS, lastSourceMicros(live)),
    // The folder may have traded others before.
    instruments: instruments.filter(({ symbol }) =>
      SIMULATED_SYMBOLS.some((simulated) => simulated === symbol),
    ),
    resume: (instrumentId) => {
      const quote = live.engine.symbol(instrumentId)?.chain.quote;
      const instrument = instruments[instrumentId];
      if (quote === undefined || instrument === undefined || !(quote.midPoints > 0)) return undefined;
      return {
        mid: quote.midPoints / 10 ** instrument.digits,
        sourceSeq: live.router.gaps.lastSourceSeq(sourceId, instrumentId),
      };
    },
  });
}

/** Source time of the newest tick of any symbol; 0 in a new data folder. */
function lastSourceMicros({ engine }: Station["live"]): Micros {
  return Math.max(
    0,
    ...engine.config.instruments.map(({ id }) => engine.symbol(id)?.chain.quote.sourceTimeMicros ?? 0),
  );
}
