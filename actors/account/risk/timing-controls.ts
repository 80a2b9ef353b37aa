// Controls on the moment: quotes that are too old, sessions about to close, news, and pauses after what has just happened.

import { atLeast, atMost, below, type Control } from "./check.ts";

export const flowControls: readonly Control[] = [
  {
    code: "messages-per-second",
    unit: "count",
    of: "account",
    bound: "most",
    check: (_order, { messagesInSecond }, { risk: { messagesPerSecondMax: limit } }) =>
      limit === null ? undefined : atMost("messages-per-second", messagesInSecond + 1, limit),
    advice: "as many messages as one second may have were sent; the next signal decides anew",
  },
  {
    code: "messages-per-minute",
    unit: "count",
    of: "account",
    bound: "most",
    check: (_order, { messagesInMinute }, { risk: { messagesPerMinuteMax: limit } }) =>
      limit === null ? undefined : atMost("messages-per-minute", messagesInMinute + 1, limit),
    advice: "as many messages as one minute may have were sent; find out why there are so many",
  },
  {
    code: "repeated-executions",
    unit: "count",
    of: "symbol",
    bound: "most",
    check: (_order, { executionsInWindow }, { risk: { executionsMax: limit } }) =>
      limit === null ? undefined : below("repeated-executions", executionsInWindow, limit),
    advice: "signals on the symbol were executed too often; a person has to allow them again",
  },
  {
    code: "cooldown-after-loss",
    unit: "time",
    of: "symbol",
    bound: "least",
    check: (_order, { sinceLossMicros }, { risk: { cooldownAfterLossMicros: limit } }) =>
      limit === null ? undefined : atLeast("cooldown-after-loss", sinceLossMicros, limit),
    advice: "the symbol's last loss is too recent; wait",
  },
  {
    code: "cooldown-after-exit",
    unit: "time",
    of: "symbol",
    bound: "least",
    check: (_order, { sinceExitMicros }, { risk: { cooldownAfterExitMicros: limit } }) =>
      limit === null ? undefined : atLeast("cooldown-after-exit", sinceExitMicros, limit),
    advice: "the symbol's last exit is too recent; wait",
  },
];

export const calendarControls: readonly Control[] = [
  {
    code: "session-closing",
    unit: "time",
    of: "symbol",
    bound: "least",
    check: (_order, { closesInMicros }, { risk: { sessionCloseGateMicros: limit } }) =>
      limit === null ? undefined : atLeast("session-closing", closesInMicros, limit),
    advice: "its session closes too soon or is closed; wait for the next one",
  },
  {
    code: "weekend-ahead",
    unit: "time",
    of: "symbol",
    bound: "least",
    check: (_order, { weekendInMicros }, { risk: { weekendGateMicros: limit } }) =>
      limit === null ? undefined : atLeast("weekend-ahead", weekendInMicros, limit),
    advice: "the market is about to close for the weekend; wait for the next week",
  },
  {
    code: "news-blackout",
    unit: "count",
    of: "symbol",
    bound: "most",
    check: (_order, { newsEvents }, { risk }) =>
      risk.newsBeforeMicros === null && risk.newsAfterMicros === null
        ? undefined
        : atMost("news-blackout", newsEvents, 0),
    advice: "news in one of its currencies is due or just out; wait",
  },
];

export const quoteControls: readonly Control[] = [
  {
    code: "stale-quote",
    unit: "time",
    of: "symbol",
    bound: "most",
    check: (_order, { nowMicros, quoteTimeMicros }, { account, risk }) =>
      atMost("stale-quote", nowMicros - quoteTimeMicros, risk.quoteAgeMaxMicros ?? account.quoteAgeMaxMicros),
    advice: "there is no recent quote to price from; check the symbol's feed",
  },
  {
    code: "spread-too-wide",
    unit: "points",
    of: "symbol",
    bound: "most",
    check: ({ instrument }, { spreadPoints }, { risk }) =>
      atMost("spread-too-wide", spreadPoints, risk.spreadMaxPoints ?? instrument.spreadMaxPoints),
    advice: "the spread is wider than the instrument's limit; wait for it to narrow",
  },
];
