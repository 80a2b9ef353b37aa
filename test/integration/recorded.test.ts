// A run recorded live under load replays to the same decisions: with inferences that were skipped, members that were
// late, threw or answered nonsense, bars that time alone closed, ticks sent twice, backfilled and quarantined. And what
// does differ is attributed to its cause.

import { describe, expect, test } from "bun:test";
import type { Archive } from "../../actors/base/archive.ts";
import { MICROS_PER_SECOND } from "../../actors/base/clock.ts";
import type { Vote, Votes } from "../../actors/domain/prediction.ts";
import type { JournalRecord } from "../../actors/domain/records.ts";
import { TICK_BACKFILL, TICK_SECONDARY, TICK_SKIP_INFERENCE } from "../../actors/domain/tick.ts";
import { ruleForecasters } from "../../actors/ensemble.ts";
import type { ForecastInput, Forecaster } from "../../actors/ports/forecaster.ts";
import type { DifferenceCause } from "../../actors/replayer.ts";
import { INGEST_DUPLICATE, type IncomingTick } from "../../actors/router.ts";
import { MemoryJournal } from "../../storage/memory/memory-journal.ts";
import {
  countKinds,
  HandStopwatch,
  makeRig,
  NO_DIFFERENCES,
  recordsOf,
  replay,
  simulatedTicks,
} from "../fixtures/engine-rig.ts";

const stopwatch = new HandStopwatch();
const LATE_MICROS = 50_000;

/** A member with moods: by the number of its call it is late, throws, or answers what is no probability. */
class MoodyForecaster implements Forecaster {
  readonly member = "xgboost";
  readonly cadence = "tick";
  readonly deadlineMicros = 5_000;
  readonly voteLifeMicros = 10 * MICROS_PER_SECOND;
  #calls = 0;

  forecast({ features }: ForecastInput): number {
    this.#calls++;
    if (this.#calls % 97 === 0) throw new Error("out of sorts");
    if (this.#calls % 41 === 0) return Number.NaN;
    if (this.#calls % 13 === 0) stopwatch.micros += LATE_MICROS;
    // A run of bad calls opens the breaker.
    if (this.#calls % 400 < 6) return 2;
    const feature = features[0] as number;
    return Number.isFinite(feature) ? 0.5 + 0.4 * Math.tanh(feature) * Math.sin(this.#calls) : 0.5;
  }

  persist(archive: Archive): void {
    this.#calls = archive.number(this.#calls);
  }
}

function forecasters(): readonly Forecaster[] {
  return [...ruleForecasters(), new MoodyForecaster()];
}

const SILENT = 7;
const SILENT_FROM_MICROS = 1_200 * MICROS_PER_SECOND;
/** Ticks taken in before the actors get a turn: more than the depth from which inferences are skipped. */
const BURST = 900;

/** Plays a market of an hour and a half in bursts and returns the journal's records and the decision hash. */
function record(): { records: JournalRecord[]; decisionHash: string; duplicates: number } {
  const journal = new MemoryJournal({ keep: true });
  const rig = makeRig({ journal, forecasters, stopwatch, live: true });
  const { live, engine } = rig;
  const { router } = live;
  const ticks = simulatedTicks({ seed: 5, count: 8_000, ticksPerSecond: 1.5 });
  const first = ticks[0] as IncomingTick;
  live.begin(1, first.sourceTimeMicros - 1);
  let duplicates = 0;
  let secondarySeq = 0;
  for (const [index, tick] of ticks.entries()) {
    const now = tick.sourceTimeMicros;
    const goneSilent = tick.instrumentId === SILENT && now - first.sourceTimeMicros > SILENT_FROM_MICROS;
    if (goneSilent) continue;
    live.beatIfDue(now);
    router.ingest(index < 500 ? { ...tick, flags: TICK_BACKFILL } : tick, now);
    if (index % 50 === 0) {
      secondarySeq++;
      router.ingest({ ...tick, sourceId: 2, sourceSeq: secondarySeq, flags: TICK_SECONDARY }, now);
    }
    if (index % 400 === 7)
      router.ingest({ ...tick, sourceId: 3, sourceSeq: index + 1, bid: tick.ask * 3 }, now);
    if (index % 1_000 === 11) router.ingest({ ...tick, instrumentId: 500 }, now);
    if (index % 1_500 === 1_499) {
      // A reconnect: the source sends its last ticks again.
      for (const again of ticks.slice(index - 40, index + 1)) {
        if (router.ingest(again, now) === INGEST_DUPLICATE) duplicates++;
      }
    }
    const inBurst = index % 2_000 < BURST;
    if (!inBurst || index % BURST === BURST - 1) {
      // What the engine put off: turns of symbols whose minute has closed.
      rig.clock.advance(0);
      live.settle();
    }
    if (index % 5 === 0) live.onJournalProgress();
    stopwatch.micros = Math.max(stopwatch.micros, now);
  }
  live.settle();
  return { records: recordsOf(journal), decisionHash: engine.decisionHash(), duplicates };
}

const run = record();
const statuses = new Map<string, number>();
for (const entry of run.records) {
  if (entry.kind !== "votes") continue;
  for (const { status } of entry.votes) statuses.set(status, (statuses.get(status) ?? 0) + 1);
}

function withFlag(flag: number): number {
  return run.records.filter((entry) => entry.kind === "tick" && (entry.flags & flag) !== 0).length;
}

describe("a run recorded under load", () => {
  test("held everything that makes replays hard", () => {
    const counts = countKinds(run.records);
    expect(withFlag(TICK_SKIP_INFERENCE)).toBeGreaterThan(100);
    expect(withFlag(TICK_BACKFILL)).toBe(500);
    expect(withFlag(TICK_SECONDARY)).toBeGreaterThan(100);
    for (const status of ["voted", "late", "failed", "invalid", "breaker-open"]) {
      expect([status, (statuses.get(status) ?? 0) >= 10]).toEqual([status, true]);
    }
    for (const kind of [
      "beat",
      "quarantined",
      "gap",
      "signal",
      "intent",
      "sent",
      "execution",
      "market",
    ] as const) {
      expect([kind, (counts[kind] ?? 0) > 2]).toEqual([kind, true]);
    }
    expect(run.duplicates).toBeGreaterThan(100);
    const beats = new Set(run.records.filter(({ kind }) => kind === "beat").map(({ seq }) => seq));
    const onTime = run.records.filter(
      (entry) => entry.kind === "votes" && entry.instrumentId === SILENT && beats.has(entry.causeSeq),
    );
    expect(onTime.length).toBeGreaterThan(10);
  });

  test("replays from its votes to the same decisions, with no difference", () => {
    const { decisionHash, report } = replay(run.records, "recorded", forecasters);
    expect(report.examples).toEqual([]);
    expect(report.differences).toEqual(NO_DIFFERENCES);
    expect(decisionHash).toBe(run.decisionHash);
  });

  test("replays with its members asked again to the same decisions, with no difference", () => {
    const { decisionHash, report } = replay(run.records, "recompute", forecasters);
    expect(report.examples.slice(0, 3)).toEqual([]);
    expect(decisionHash).toBe(run.decisionHash);
  });
});

type Tamper = (records: JournalRecord[]) => JournalRecord[];

/** The records with one of them replaced: of those that `pick` takes, one well into the run. */
function tamper<Kind extends JournalRecord["kind"]>(
  kind: Kind,
  change: (entry: Extract<JournalRecord, { kind: Kind }>) => JournalRecord | undefined,
): Tamper {
  return (records) => {
    const changed = [...records];
    for (let index = Math.floor(records.length * 0.7); index < records.length; index++) {
      const entry = records[index] as JournalRecord;
      if (entry.kind !== kind) continue;
      const replaced = change(entry as Extract<JournalRecord, { kind: Kind }>);
      if (replaced === undefined) continue;
      changed[index] = replaced;
      return changed;
    }
    throw new Error(`nothing to tamper with among ${kind}`);
  };
}

/** The votes with `by` added to every probability. */
function shifted(by: number): (entry: Votes) => JournalRecord | undefined {
  return (entry) => {
    if (!entry.votes.some(({ status }) => status === "voted")) return undefined;
    return {
      ...entry,
      votes: entry.votes.map((vote) => ({ ...vote, probabilityUp: vote.probabilityUp + by })),
    };
  };
}

const cases: readonly {
  what: string;
  mode: "recorded" | "recompute";
  cause: DifferenceCause;
  tamper: Tamper;
}[] = [
  { what: "a vote", mode: "recompute", cause: "model", tamper: tamper("votes", shifted(0.01)) },
  {
    what: "a vote's last digits",
    mode: "recompute",
    cause: "numeric",
    tamper: tamper("votes", shifted(1e-13)),
  },
  {
    what: "a failed call that is said to have voted",
    mode: "recompute",
    cause: "timing",
    tamper: tamper("votes", (entry) => {
      if (!entry.votes.some(({ status }) => status === "failed")) return undefined;
      const votes = entry.votes.map((vote): Vote =>
        vote.status === "failed" ? { ...vote, status: "voted", probabilityUp: 0.5 } : vote,
      );
      return { ...entry, votes };
    }),
  },
  {
    what: "a vote that no member is asked about",
    mode: "recorded",
    cause: "code",
    tamper: tamper("votes", shifted(0.01)),
  },
  {
    what: "a tick's price, beyond belief",
    mode: "recorded",
    cause: "data",
    tamper: tamper("tick", (tick) => (tick.flags === 0 ? { ...tick, ask: tick.ask * 3 } : undefined)),
  },
  {
    what: "a tick's price, by a little",
    mode: "recompute",
    cause: "model",
    tamper: tamper("tick", (tick) =>
      tick.flags === 0 && tick.instrumentId === 0 ? { ...tick, ask: tick.ask + 0.0002 } : undefined,
    ),
  },
  {
    what: "why a tick was quarantined",
    mode: "recorded",
    cause: "data",
    tamper: tamper("quarantined", (entry) =>
      entry.code === "unknown-symbol"
        ? undefined
        : { ...entry, code: entry.code === "stale" ? "spike" : "stale" },
    ),
  },
  {
    what: "a fill's price",
    mode: "recorded",
    cause: "fill",
    tamper: tamper("execution", (entry) => ({ ...entry, pricePoints: entry.pricePoints + 3 })),
  },
  {
    what: "a signal's stop",
    mode: "recorded",
    cause: "code",
    tamper: tamper("signal", (entry) => ({ ...entry, stopPoints: entry.stopPoints + 1 })),
  },
];

describe("what differs is attributed to its cause", () => {
  for (const { what, mode, cause, tamper: change } of cases) {
    test(`${what} (${mode}): ${cause}`, () => {
      const { report } = replay(change(run.records), mode, forecasters);
      // A tick that is refused may be missed by the account first, in the order of the journal.
      if (cause === "data") expect(report.examples.map((example) => example.cause)).toContain(cause);
      else expect(report.examples[0]?.cause).toBe(cause);
      expect(report.differences[cause]).toBeGreaterThan(0);
    });
  }
});
