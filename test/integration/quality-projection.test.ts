// The scores at the journal's side: those a slow reading of the journal comes to, whatever the process went through, and of shadows
// those they would have as champions.

import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MICROS_PER_MINUTE, type Micros } from "../../actors/base/clock.ts";
import { SeededRandom } from "../../actors/base/random.ts";
import { BAR_INTERVALS } from "../../actors/domain/bar.ts";
import { isAsynchronous, type MemberId } from "../../actors/domain/prediction.ts";
import type { JournalRecord } from "../../actors/domain/records.ts";
import type { ShadowSource, SubjectQuality, SymbolQuality } from "../../actors/ports/model-quality.ts";
import type { VotingModel } from "../../actors/voting-models.ts";
import { MemoryJournal } from "../../storage/memory/memory-journal.ts";
import { FileModels } from "../../storage/models/registry.ts";
import { ShadowShelf } from "../../storage/models/shadow-shelf.ts";
import { ModelShelf } from "../../storage/models/shelf.ts";
import { ruleForecasters } from "../../actors/ensemble.ts";
import type { Projection } from "../../storage/projections/projection.ts";
import type { JournalTail } from "../../storage/projections/journal-tail.ts";
import { AskedScores } from "../../storage/projections/quality/asked-scores.ts";
import { QualityFiles } from "../../storage/projections/quality/files.ts";
import { QualitySink } from "../../storage/projections/quality/sink.ts";
import {
  DEMO_CONFIG,
  INSTRUMENTS,
  makeRig,
  play,
  recordsOf,
  type Rig,
  simulatedTicks,
} from "../fixtures/engine-rig.ts";
import { MemorySnapshots } from "../fixtures/memory-snapshots.ts";
import { TREES, treesCard, WINDOW, windowCard } from "../fixtures/models.ts";
import { projectTail } from "../fixtures/projected.ts";

const HORIZON = 5 * MICROS_PER_MINUTE;
const MINUTE = BAR_INTERVALS.indexOf("1m");
/** Fewer than a shadow may be behind. */
const PORTION = 6_000;
const folders: string[] = [];
afterAll(() => folders.forEach((path) => rmSync(path, { recursive: true, force: true })));

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), "tickforge-quality-"));
  folders.push(made);
  return made;
}

const models = folder();
const registry = new FileModels(models, () => undefined);
const registered = [
  [TREES, treesCard("1")],
  [WINDOW, windowCard("1")],
] as const;
const voting = registered.map(([content, card]): VotingModel => {
  const made = registry.register(content, card, 1);
  if (!made.ok) throw new Error(made.message);
  const { model, version, member } = card;
  return { model, version, sha256: made.value.sha256, member, symbols: null };
});

interface Minute {
  readonly closeMicros: Micros;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

/** Who is asked beside the tick path in these tests: how often, how long after, and about what. */
const ASKED = [
  { member: "analogs", every: 5 * MICROS_PER_MINUTE, after: 500_000, horizon: 15 * MICROS_PER_MINUTE },
  { member: "adviser", every: 5 * MICROS_PER_MINUTE, after: 75_000_000, horizon: 30 * MICROS_PER_MINUTE },
] as const;

/** Answers for every symbol as they would come after the tick at `timeMicros`, one in seven a failure. */
function adviseAfter({ live }: Rig, beforeMicros: Micros, timeMicros: Micros): void {
  for (const { member, every, after, horizon } of ASKED) {
    const turn = Math.floor((timeMicros - after) / every);
    if (turn === Math.floor((beforeMicros - after) / every)) continue;
    for (const { id } of INSTRUMENTS) {
      const isFailure = (turn + id) % 7 === 0;
      const isTaken = live.advise(
        {
          member,
          instrumentId: id,
          askedSeq: 1,
          askedMicros: turn * every,
          horizonMicros: horizon,
          status: isFailure ? "late" : "voted",
          probabilityUp: isFailure ? Number.NaN : 0.3 + ((turn * 7 + id) % 11) / 25,
          answers: [],
        },
        timeMicros,
      );
      expect(isTaken).toBe(true);
    }
    live.settle();
  }
}

/** A journal of so many ticks with the models voting, or without. */
function journalOf(votes: readonly VotingModel[], { isAsked = false } = {}) {
  const disk = { journal: new MemoryJournal({ keep: true }), snapshots: new MemorySnapshots() };
  const minutes = new Map<string, Minute[]>(INSTRUMENTS.map(({ symbol }) => [symbol, []]));
  const shelf = new ModelShelf({ folder: models, onProblem: () => undefined });
  const config = votes.length === 0 ? DEMO_CONFIG : { ...DEMO_CONFIG, models: votes };
  const rig = makeRig({
    ...disk,
    config,
    forecasters: ({ symbol }) => [...ruleForecasters(), ...shelf.membersOf(config, symbol)],
    onBar: ({ openTimeMicros, high, low, close, instrumentId }, interval) => {
      if (interval !== MINUTE) return;
      const closeMicros = openTimeMicros + MICROS_PER_MINUTE;
      minutes.get(INSTRUMENTS[instrumentId]?.symbol ?? "")?.push({ closeMicros, high, low, close });
    },
  });
  const ticks = simulatedTicks({ seed: 77, count: 20_000, ticksPerSecond: 0.75 });
  rig.live.begin(1, ticks[0]?.sourceTimeMicros ?? 0);
  if (isAsked) {
    for (const [at, tick] of ticks.entries()) {
      play(rig, [tick]);
      adviseAfter(rig, ticks[at - 1]?.sourceTimeMicros ?? tick.sourceTimeMicros, tick.sourceTimeMicros);
    }
  } else play(rig, ticks);
  return { ...disk, minutes, decisionHash: rig.engine.decisionHash() };
}

type Played = ReturnType<typeof journalOf>;

interface Following {
  readonly projection: Projection<JournalRecord, JournalTail>;
  readonly problems: string[];
  /** Lets a second and a minute pass: everything that is done now and then is due. */
  pass(): void;
}

function follow(
  played: Played,
  data: string,
  { source = NO_SHADOWS, durableSeq }: { source?: ShadowSource; durableSeq: () => number },
): Following {
  const problems: string[] = [];
  let nowMicros = 0;
  const sink = new QualitySink({
    files: new QualityFiles(data),
    source,
    holdoutOf: () => undefined,
    durableSeq,
    stopwatch: { nowMicros: () => nowMicros },
    onProblem: (message) => problems.push(message),
  });
  const pass = (): void => {
    nowMicros += 61e6;
  };
  return { projection: projectTail(played, sink, durableSeq), problems, pass };
}

const NO_SHADOWS: ShadowSource = { shadows: [], known: [], refresh: () => Promise.resolve(false) };

async function openShadows(): Promise<ShadowShelf> {
  const shelf = new ShadowShelf({
    folder: models,
    onProblem: (message) => {
      throw new Error(message);
    },
  });
  await shelf.refresh();
  expect(shelf.shadows).toHaveLength(2);
  return shelf;
}

/** To the journal's end, a portion at a time. */
async function toTheEnd(played: Played, data: string, source?: ShadowSource): Promise<SymbolQuality[]> {
  const { durableSeq: lastSeq } = played.journal;
  let durableSeq = 0;
  const following = follow(played, data, {
    ...(source === undefined ? {} : { source }),
    durableSeq: () => durableSeq,
  });
  while (durableSeq < lastSeq) {
    durableSeq = Math.min(lastSeq, durableSeq + PORTION);
    following.pass();
    expect(await following.projection.catchUp()).toBe(true);
  }
  expect(following.problems).toEqual([]);
  return await toldAtTheEnd(played, data, following);
}

async function toldAtTheEnd(
  played: Played,
  data: string,
  { projection }: Following,
): Promise<SymbolQuality[]> {
  projection.close();
  const files = new QualityFiles(data);
  const { seq, states } = files.load();
  expect(seq).toBe(played.journal.durableSeq);
  expect(states.size).toBe(INSTRUMENTS.length);
  return await files.told();
}

interface Row {
  readonly probability: number;
  readonly outcome: number;
}

/** What a member's votes on a symbol came to, by the definition. */
function slowRows(played: Played, symbol: string, member: MemberId, horizon: number = HORIZON): Row[] {
  const id = INSTRUMENTS.findIndex((each) => each.symbol === symbol);
  const minutes = played.minutes.get(symbol) ?? [];
  const lastMicros = minutes.at(-1)?.closeMicros ?? 0;
  const moments = new Map<number, { timeMicros: Micros; probability: number }>();
  for (const record of recordsOf(played.journal)) {
    if (record.kind !== "votes" || record.instrumentId !== id) continue;
    const minute = Math.floor(record.timeMicros / MICROS_PER_MINUTE) * MICROS_PER_MINUTE;
    if (!minutes.some(({ closeMicros }) => closeMicros === minute)) continue;
    const vote = record.votes.find((each) => each.member === member && each.status === "voted");
    // Whoever is asked beside the tick path has moments of his own.
    if (isAsynchronous(member) ? vote === undefined : isAsynchronous(record.votes[0]?.member ?? member))
      continue;
    const moment = moments.get(minute) ?? { timeMicros: record.timeMicros, probability: Number.NaN };
    if (Number.isNaN(moment.probability)) moment.probability = vote?.probabilityUp ?? Number.NaN;
    moments.set(minute, moment);
  }
  return [...moments].flatMap(([minute, { timeMicros, probability }]) => {
    const within = minutes.filter(
      ({ closeMicros }) => closeMicros > timeMicros && closeMicros <= timeMicros + horizon,
    );
    const end = within.at(-1);
    const begin = minutes.find(({ closeMicros }) => closeMicros === minute);
    const isSettled = timeMicros + horizon <= lastMicros;
    if (end === undefined || begin === undefined || !isSettled || Number.isNaN(probability)) return [];
    if (within.length < (0.8 * horizon) / MICROS_PER_MINUTE || end.close === begin.close) return [];
    return [{ probability, outcome: end.close > begin.close ? 1 : 0 }];
  });
}

function subject(quality: readonly SymbolQuality[], symbol: string, name: string): SubjectQuality {
  const found = quality.find((each) => each.symbol === symbol)?.subjects.find((each) => each.name === name);
  if (found === undefined) throw new Error(`${name} is not scored on ${symbol}`);
  return found;
}

function ofRules(quality: readonly SymbolQuality[]): unknown {
  return quality.map(({ subjects, drift }) => [subjects.filter(({ kind }) => kind === "rule"), drift]);
}

const without = journalOf([]);
const withModels = journalOf(voting);
const withAsked = journalOf([], { isAsked: true });

describe("the scores at the journal's side", () => {
  test("are those that a slow reading of the journal comes to", async () => {
    const quality = await toTheEnd(without, folder());
    for (const symbol of ["EURUSD", "XAUUSD"]) {
      for (const member of ["technical", "quantum"] as const) {
        const rows = slowRows(without, symbol, member);
        const { all, settled, kind } = subject(quality, symbol, member);
        expect([symbol, member, kind, settled]).toEqual([symbol, member, "rule", rows.length]);
        expect(rows.length).toBeGreaterThan(100);
        const squares = rows.reduce((sum, { probability, outcome }) => sum + (probability - outcome) ** 2, 0);
        expect(all?.brier).toBeCloseTo(squares / rows.length, 6);
        expect(all?.rows).toBe(rows.length);
      }
    }
  }, 60_000);

  test("of whoever is asked beside the tick path are settled over the horizon that the answers claim", async () => {
    const quality = await toTheEnd(withAsked, folder());
    for (const symbol of ["EURUSD", "XAUUSD"]) {
      for (const { member, horizon, every } of ASKED) {
        const rows = slowRows(withAsked, symbol, member, horizon);
        const { all, settled, kind, horizonMicros, coverage } = subject(quality, symbol, member);
        // The first one came before any minute had closed for it.
        expect([symbol, member, kind, horizonMicros]).toEqual([symbol, member, "asked", horizon]);
        expect(rows.length - settled).toBeWithin(0, 2);
        const scored = rows.slice(rows.length - settled);
        expect(settled).toBeGreaterThan(30);
        const mean = (of: (row: Row) => number): number =>
          scored.reduce((sum, row) => sum + of(row), 0) / scored.length;
        expect(all?.rows).toBe(settled);
        expect(all?.rowsApart).toBeCloseTo((settled * every) / horizon, 6);
        expect(all?.brier).toBeCloseTo(
          mean(({ probability, outcome }) => (probability - outcome) ** 2),
          5,
        );
        expect(all?.logLoss).toBeCloseTo(
          mean(({ probability, outcome }) => -Math.log(outcome === 1 ? probability : 1 - probability)),
          5,
        );
        expect(all?.ece).toBeWithin(0, 1);
        expect(coverage.at(-1)?.coverage).toBe(1);
      }
    }
    // The others are scored as if nobody had been asked.
    expect(ofRules(quality)).toEqual(ofRules(await toTheEnd(without, folder())));
  }, 60_000);

  test("of whoever is asked are the same after lives that ended anywhere, and begin anew with another horizon", async () => {
    const wanted = await toTheEnd(withAsked, folder());
    const data = folder();
    const { durableSeq: lastSeq } = withAsked.journal;
    let durableSeq = 0;
    while (durableSeq < lastSeq) {
      durableSeq = Math.min(lastSeq, durableSeq + 7_919);
      const life = follow(withAsked, data, { durableSeq: () => durableSeq });
      life.pass();
      await life.projection.catchUp();
      life.projection.close();
    }
    expect(scoresOf(await toTheEnd(withAsked, data))).toEqual(scoresOf(wanted));
    const scores = new AskedScores();
    const advice = recordsOf(withAsked.journal).find((record) => record.kind === "advice");
    if (advice?.kind !== "advice") throw new Error("nobody was asked");
    for (const horizonMicros of [MICROS_PER_MINUTE, 90e6, HORIZON, 2 * 86_400e6]) {
      scores.onAdvice({ ...advice, horizonMicros }, "quiet-range");
    }
    expect(scores.report().map(({ member, horizonMicros }) => [member, horizonMicros])).toEqual([
      ["analogs", HORIZON],
    ]);
  }, 60_000);

  test("of shadows are those they would have as champions, and the journal knows nothing of them", async () => {
    const shadows = await openShadows();
    const asShadows = await toTheEnd(without, folder(), shadows);
    const asChampions = await toTheEnd(withModels, folder(), {
      ...NO_SHADOWS,
      known: shadows.known,
    });
    for (const symbol of ["EURUSD", "USDJPY"]) {
      for (const name of ["lightgbm 1", "lstm 1"]) {
        const shadow = subject(asShadows, symbol, name);
        const champion = subject(asChampions, symbol, name);
        expect([shadow.kind, champion.kind]).toEqual(["shadow", "champion"]);
        expect(champion.settled).toBeGreaterThan(60);
        expect({ ...shadow, kind: "champion" }).toEqual(champion);
      }
    }
    const members = new Set(
      recordsOf(without.journal).flatMap((record) =>
        record.kind === "votes" ? record.votes.map(({ member }) => member) : [],
      ),
    );
    expect([...members].sort()).toEqual(["chaos", "quantum", "technical"]);
  }, 60_000);

  test("are the same after lives that ended anywhere", async () => {
    const random = new SeededRandom(5);
    const shadows = await openShadows();
    const wanted = await toTheEnd(without, folder(), shadows);
    const data = folder();
    const { durableSeq: lastSeq } = without.journal;
    let durableSeq = 0;
    while (durableSeq < lastSeq) {
      const life = follow(without, data, { source: shadows, durableSeq: () => durableSeq });
      for (let turns = random.integer(4); turns >= 0; turns--) {
        durableSeq = Math.min(lastSeq, durableSeq + random.integer(PORTION));
        life.pass();
        if (random.next() < 0.7) await life.projection.catchUp();
        else await life.projection.advance();
      }
      life.projection.close();
    }
    expect(scoresOf(await toTheEnd(without, data, shadows))).toEqual(scoresOf(wanted));
  }, 60_000);

  test("of a shadow that throws are none, it is left alone, and others go on", async () => {
    const { shadows, known } = await openShadows();
    const [first] = shadows;
    if (first === undefined) throw new Error("there is no shadow");
    const broken = {
      card: treesCard("broken"),
      forecaster: {
        ...first.forecaster,
        persist: () => undefined,
        forecast: () => {
          throw new Error("it is broken");
        },
      },
    };
    const data = folder();
    const quality = await toTheEnd(without, data, {
      ...NO_SHADOWS,
      shadows: [...shadows, broken],
      known,
    });
    expect(subject(quality, "EURUSD", "lightgbm broken").settled).toBe(0);
    expect(subject(quality, "EURUSD", "lightgbm 1").settled).toBeGreaterThan(60);
    const counts = quality.find(({ symbol }) => symbol === "EURUSD")?.shadows;
    expect(counts?.failed).toBeGreaterThan(100);
    expect(counts?.skipped).toBe(0);
  }, 60_000);

  test("are not taken from a file that was touched, and begin anew", async () => {
    const data = folder();
    const wanted = await toTheEnd(without, data);
    const path = join(data, "quality", "scores.bin");
    const bytes = readFileSync(path);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(path, bytes);
    const { durableSeq } = without.journal;
    const following = follow(without, data, { durableSeq: () => durableSeq });
    following.pass();
    await following.projection.catchUp();
    expect(following.problems).toEqual([expect.stringContaining("its bytes were changed") as never]);
    following.projection.close();
    expect(scoresOf(await toTheEnd(without, folder()))).toEqual(scoresOf(wanted));
  }, 60_000);
});

/** By symbol and subject. */
function scoresOf(quality: readonly SymbolQuality[]): [string, unknown][] {
  return quality.map(({ symbol, subjects, shadows, drift }) => [symbol, { subjects, shadows, drift }]);
}
