// The market of the stand-in and what was made of it: a sum of waves, so that any stretch of history fits the rest; signals, orders,
// models and actors as a server would tell of them.

import { BAR_INTERVAL_MICROS, type BarInterval } from "../../actors/domain/bar.ts";
import { REGIMES } from "../../actors/domain/regime.ts";
import type { ModelsMessage } from "../api/models.ts";
import type { Mt5Message } from "../api/mt5.ts";
import type { ReconciliationMessage } from "../api/reconciliation.ts";
import type { RiskMessage } from "../api/risk.ts";
import type {
  ActorMessage,
  BarMessage,
  OrderMessage,
  PredictionMessage,
  SignalMessage,
  TopicData,
} from "../api/schemas.ts";

const HISTORY_BARS = 3_000;
const STORED_SIGNALS = 60;
export const SIGNAL_MILLIS = 2_500;

export const MARKET: readonly (readonly [symbol: string, digits: number, base: number])[] = [
  ["EURUSD", 5, 1.0852],
  ["GBPUSD", 5, 1.2714],
  ["USDJPY", 3, 157.214],
  ["USDCHF", 5, 0.8931],
  ["USDCAD", 5, 1.3702],
  ["AUDUSD", 5, 0.6581],
  ["NZDUSD", 5, 0.6042],
  ["XAUUSD", 3, 2_345.671],
];

export function page(items: readonly unknown[]): Response {
  return Response.json({ items, cursor: null });
}

export function symbolOf(id: number): string {
  return MARKET[id]?.[0] ?? "EURUSD";
}

export function digitsOf(id: number): number {
  return MARKET[id]?.[1] ?? 5;
}

/** A number in [0, 1) that is always the same for `n`. */
function noise(n: number): number {
  const x = Math.sin(n * 12.9898) * 43_758.5453;
  return x - Math.floor(x);
}

const WAVES = [
  [7, 0.000_05],
  [47, 0.000_12],
  [211, 0.000_2],
  [1_733, 0.000_7],
  [9_200, 0.001_5],
  [70_000, 0.004],
  [900_000, 0.012],
] as const;

export function midOf(id: number, millis: number): number {
  const seconds = millis / 1_000;
  let move = 0;
  for (const [period, size] of WAVES) move += size * Math.sin((seconds / period) * 2 * Math.PI + id * period);
  const rough = (noise(Math.floor(seconds * 4) + id) - 0.5) * 0.000_12;
  return (MARKET[id]?.[2] ?? 1) * (1 + move + rough);
}

export function quoteOf(id: number, millis: number): { bid: number; ask: number; spread: number } {
  const point = 10 ** -digitsOf(id);
  const spread = (6 + (Math.floor(millis / 700) % 5)) * point * (id === 7 ? 30 : 1);
  const bid = Math.round(midOf(id, millis) / point) * point;
  return { bid, ask: bid + spread, spread };
}

export function bucket(millis: number, interval: BarInterval): number {
  const length = BAR_INTERVAL_MICROS[interval] / 1_000;
  return Math.floor(millis / length) * length;
}

export function barOf(id: number, interval: BarInterval, openMillis: number, nowMillis: number): BarMessage {
  const length = BAR_INTERVAL_MICROS[interval] / 1_000;
  const end = Math.min(openMillis + length, nowMillis);
  const mids = Array.from({ length: 24 }, (_, step) =>
    midOf(id, openMillis + ((end - openMillis) * step) / 23),
  );
  return {
    symbol: symbolOf(id),
    interval,
    time: new Date(openMillis).toISOString(),
    open: mids[0] ?? 0,
    high: Math.max(...mids),
    low: Math.min(...mids),
    close: mids.at(-1) ?? 0,
    volume: Math.round(40 + 160 * noise(openMillis / length)),
    ticks: 60,
    closed: openMillis + length <= nowMillis,
    source: "stand-in",
  };
}

export function barsOf(query: URLSearchParams, nowMillis: number): BarMessage[] {
  const id = MARKET.findIndex(([symbol]) => symbol === query.get("symbol"));
  const interval = (query.get("interval") ?? "1m") as BarInterval;
  const length = BAR_INTERVAL_MICROS[interval] / 1_000;
  const to = query.has("to") ? Date.parse(query.get("to") ?? "") : nowMillis;
  const first = bucket(nowMillis, interval) - HISTORY_BARS * length;
  const bars: BarMessage[] = [];
  for (
    let at = bucket(to - 1, interval);
    at >= first && bars.length < Number(query.get("limit"));
    at -= length
  ) {
    bars.push(barOf(id, interval, at, nowMillis));
  }
  return bars.reverse();
}

export function signalAt(number: number): SignalMessage {
  const id = Math.floor(noise(number) * MARKET.length);
  const millis = number * SIGNAL_MILLIS;
  const isBuy = noise(number + 0.5) > 0.5;
  const sign = isBuy ? 1 : -1;
  const lean = 0.05 + 0.2 * noise(number + 0.25);
  const { bid, ask } = quoteOf(id, millis);
  const votes = [
    { member: "technical", probabilityUp: 0.5 + sign * lean * 1.1, weight: 0.45, ageMillis: 2 },
    { member: "quantum", probabilityUp: 0.5 + sign * lean * 0.8, weight: 0.35, ageMillis: 2 },
    { member: "chaos", probabilityUp: 0.5 - sign * lean * 0.3, weight: 0.2, ageMillis: 31_000 },
  ];
  const regime = REGIMES[number % REGIMES.length] ?? "quiet-range";
  const range = 40 * 10 ** -digitsOf(id) * (id === 7 ? 20 : 1);
  return {
    id: number,
    symbol: symbolOf(id),
    timestamp: new Date(millis).toISOString(),
    prediction: isBuy ? "BUY" : "SELL",
    confidence: 0.5 + lean,
    probabilityUp: 0.5 + sign * lean,
    regime,
    components: Object.fromEntries(votes.map(({ member, probabilityUp }) => [member, probabilityUp])),
    votes,
    reasons: [
      `technical:${(0.5 + sign * lean * 1.1).toFixed(2)}`,
      `quantum:0.${isBuy ? 61 : 39}`,
      `regime:${regime}`,
      "trend:0.44",
    ],
    bid,
    ask,
    stopLoss: bid - sign * range,
    takeProfit: ask + sign * range * 1.5,
    expiresAt: new Date(millis + 20_000).toISOString(),
    tradable: number % 7 !== 0,
    tickSeq: number * 40,
  };
}

export function signalsBefore(nowMillis: number): SignalMessage[] {
  const last = Math.floor(nowMillis / SIGNAL_MILLIS);
  // One in eleven: an hour and more of them.
  return Array.from({ length: STORED_SIGNALS }, (_, step) => signalAt(last - step * 11));
}

export function stepsOf(signal: SignalMessage): OrderMessage[] {
  const base = {
    id: `paper-${signal.id}`,
    symbol: signal.symbol,
    purpose: signal.id % 2 === 0 ? "entry" : "exit",
    side: signal.prediction,
    lots: 0.1,
    reason: signal.id % 2 === 0 ? "signal" : "take-profit",
    positionId: null,
    signalId: signal.id,
  };
  const after = (millis: number): string => new Date(Date.parse(signal.timestamp) + millis).toISOString();
  const seq = signal.id * 4;
  const fillPrice = signal.prediction === "BUY" ? signal.ask : signal.bid;
  if (signal.id % 9 === 0) {
    return [
      {
        ...base,
        seq,
        time: after(1),
        event: "refusal",
        price: null,
        status: "",
        reason: "spread-too-wide",
        lots: 0,
      },
    ];
  }
  return [
    { ...base, seq, time: after(1), event: "intent", price: null, status: "" },
    { ...base, seq: seq + 1, time: after(3), event: "sent", price: null, status: "" },
    { ...base, seq: seq + 2, time: after(60), event: "execution", price: fillPrice, status: "filled" },
  ];
}

export function ordersBefore(nowMillis: number): OrderMessage[] {
  return signalsBefore(nowMillis).flatMap(stepsOf);
}

export function equityAt(millis: number): number {
  const hours = millis / 3_600_000;
  return 10_060 + 45 * Math.sin(hours * 1.3) + 22 * Math.sin(hours * 7.1) + 5 * Math.sin(hours * 61);
}

export function equityBefore(nowMillis: number): { time: string; balance: number; equity: number }[] {
  return Array.from({ length: 400 }, (_, step) => {
    const millis = nowMillis - (400 - step) * 30_000;
    const equity = equityAt(millis);
    return { time: new Date(millis).toISOString(), balance: Math.round(equity / 20) * 20, equity };
  });
}

export const RISK: RiskMessage = {
  accountId: "paper",
  currency: "USD",
  mode: "active",
  account: [
    {
      control: "daily-loss-limit",
      unit: "money",
      value: 412.6,
      limit: 3_000,
      headroom: 2_587.4,
      passes: true,
    },
    { control: "margin", unit: "money", value: 21_340, limit: 50_180, headroom: 28_840, passes: true },
    { control: "too-many-positions", unit: "count", value: 4, limit: 5, headroom: 1, passes: true },
  ],
  symbols: [],
  sizing: {
    riskFraction: 0.005,
    method: "fixed-fraction",
    kellyFraction: 0.25,
    confidenceShare: 0,
    uncertaintyShare: 0,
  },
  refusals: { "stale-quote": 4, "position-open": 31 },
};

export function positionOf(id: number, nowMillis: number): TopicData["account"]["positions"][number] {
  const openMillis = nowMillis - (nowMillis % 600_000) - 240_000;
  const opened = quoteOf(id, openMillis);
  const now = quoteOf(id, nowMillis);
  const isBuy = id !== 2;
  const openPrice = isBuy ? opened.ask : opened.bid;
  const currentPrice = isBuy ? now.bid : now.ask;
  const move = (currentPrice - openPrice) * (isBuy ? 1 : -1);
  return {
    ticket: `P-${id}`,
    symbol: symbolOf(id),
    type: isBuy ? "BUY" : "SELL",
    lots: 0.1,
    openPrice,
    openTime: new Date(openMillis).toISOString(),
    stopLoss: openPrice * (isBuy ? 0.9985 : 1.0015),
    takeProfit: openPrice * (isBuy ? 1.002 : 0.998),
    currentPrice,
    profit: id === 7 ? move * 10 : (move / openPrice) * 10_000,
  };
}

function liveOf(
  symbol: string,
  kind: ModelsMessage["rules"][number]["live"][number]["kind"],
  n: number,
): ModelsMessage["rules"][number]["live"] {
  const calibration = Array.from({ length: 15 }, (_, bin) => {
    const said = 0.3 + bin * 0.028;
    return { count: 100 + bin, said, happened: said + 0.08 * (noise(n * 31 + bin) - 0.5) };
  });
  const coverage = [{ coverage: 1, count: 1_500, accuracy: 0.53, confidence: 0 }];
  const [accuracy, brierSkill] = [0.5 + 0.04 * noise(n), 0.02 * (noise(n + 9) - 0.4)];
  const all = {
    rows: 1_500,
    rowsApart: 300,
    baseRate: 0.497,
    accuracy,
    accuracyLow: accuracy - 0.055,
    accuracyHigh: accuracy + 0.055,
    brier: 0.249,
    brierSkill,
    logLoss: 0.691,
    ece: 0.02 + 0.03 * noise(n + 3),
    auc: accuracy + 0.01,
  };
  // One is new: its first answers are not settled, or few are.
  if (n === 4) return [{ symbol, kind, settled: 12, all: null, regimes: [], calibration: [], coverage: [] }];
  return [{ symbol, kind, settled: 1_500, all, regimes: [], calibration, coverage }];
}

export function modelsOf(
  symbol: string,
  {
    isEmpty = false,
    isWithoutModels = false,
  }: { readonly isEmpty?: boolean; readonly isWithoutModels?: boolean },
): ModelsMessage {
  if (isEmpty) return { items: [], rules: [], symbols: [] };
  const known = [
    ["lightgbm", "20190430-63bd4767", "champion", "lightgbm"],
    ["range-15m", "20190430-1b2beaaa", "champion", "range-15m"],
    ["lstm", "20190430-b6be583e", "shadow", "lstm"],
    ["transformer", "20190430-b6f93aa8", "shadow", "transformer"],
  ] as const;
  return {
    items: (isWithoutModels ? [] : known).map(([model, version, status, member], n) => ({
      model,
      version,
      status,
      member,
      event: model === "range-15m" ? "lively" : "up",
      horizonSeconds: 900,
      symbols: null,
      cadence: "bar-close",
      sha256: "0".repeat(64),
      bytes: 100_000,
      trainedAt: "2019-07-01T00:00:00Z",
      registeredAt: "2026-01-05T00:00:00.000Z",
      quarantine: null,
      expiresAt: null,
      training: null,
      holdout: null,
      live: liveOf(symbol, status, n + 1),
    })),
    rules: (["technical", "quantum", "chaos", "analogs"] as const).map((member, n) => {
      const kind = member === "analogs" ? "asked" : "rule";
      const horizonSeconds = kind === "asked" ? 900 : 300;
      return { member, kind, event: "up", horizonSeconds, live: liveOf(symbol, kind, n + 7) };
    }),
    symbols: [
      {
        symbol,
        time: new Date().toISOString(),
        shadows: { asked: 4_210, skipped: 12, failed: 0 },
        drift: ["spread_percentile", "entropy", "volatility_20", "rsi_14"].map((feature, n) => ({
          feature,
          index: 0.31 / (n + 1),
        })),
      },
    ],
  };
}

export function votesOf(symbol: string, nowMillis: number): PredictionMessage[] {
  return Array.from({ length: 120 }, (_, step) => nowMillis - step * 5_000).flatMap((millis) =>
    ["technical", "quantum", "chaos", "lightgbm"].map((member, n) => ({
      seq: Math.floor(millis / 1_000),
      symbol,
      time: new Date(millis).toISOString(),
      causeSeq: 1,
      member,
      status: "voted",
      probabilityUp: 0.5 + 0.2 * Math.sin(millis / 60_000 + n) + 0.05 * (noise(millis + n) - 0.5),
    })),
  );
}

const STAGES = ["validate", "bars", "features", "forecast", "ballot", "regime", "calibrate", "policy"];

export function latencies(): unknown[] {
  const wobble = 1 + 0.2 * Math.sin(Date.now() / 3_000);
  return ["decision", ...STAGES, "GET /api/v1/bars", "GET /api/v1/symbols"].map((stage, index) => ({
    stage,
    count: 48_210 + index,
    p50Micros: 1.5 + ((index * 7) % 11) * 2,
    p99Micros: (8 + ((index * 13) % 17) * 9) * wobble * (stage.startsWith("GET") ? 40 : 1),
  }));
}

const RESTARTING = { state: "recovering", restarts: 2, lastError: "an assertion failed: bars are in order" };

const actorOf = (path: string, parent: string | null, processed: number): ActorMessage => ({
  path,
  parent,
  state: "running",
  mailboxDepth: 0,
  mailboxCapacity: 1_024,
  processed,
  restarts: 0,
  lastError: "",
  p50Micros: 2.4,
  p99Micros: 38,
});

export function actors(): ActorMessage[] {
  return [
    actorOf("/market", null, 88_000),
    ...MARKET.map(([symbol], id) =>
      Object.assign(actorOf(`/market/${symbol}`, "/market", 11_000 + id), id === 6 ? RESTARTING : {}),
    ),
    actorOf("/account", null, 2_310),
    actorOf("/account/broker", "/account", 1_120),
  ];
}

/** No terminal can connect. */
export const NO_BRIDGE: Mt5Message = {
  enabled: false,
  url: null,
  accounts: [],
  trading: null,
  gaps: [],
  acknowledgements: { count: 0, p50Micros: null, p99Micros: null },
  ended: [],
};

export const NO_BOOKS: ReconciliationMessage = {
  accountId: "paper",
  enabled: false,
  reconciled: true,
  agrees: true,
  last: null,
  standing: [],
  external: [],
  externalOrders: 0,
  accepted: [],
};
