// `replay --recorded | --recompute`: a recorded journal through the same actors, and what came out differently.

import { join } from "node:path";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import { VirtualClock } from "../../actors/base/clock.ts";
import { decodeRecord, KIND_NUMBER } from "../../actors/domain/codec.ts";
import type { Configured } from "../../actors/domain/records.ts";
import type { Engine } from "../../actors/engine.ts";
import type { EngineConfig } from "../../actors/engine-config.ts";
import { FaultHistory } from "../../actors/fault-history.ts";
import { Follower } from "../../actors/follower.ts";
import { findFooting, type Footing, stepOn } from "../../actors/footing.ts";
import type { JournalCursor } from "../../actors/ports/journal.ts";
import type { ReplayReport } from "../../actors/replayer.ts";
import { engineBuilder, openModels } from "../../edge/main.ts";
import { SystemClock } from "../../edge/system-clock.ts";
import type { Settings } from "../../edge/settings.ts";
import { SegmentCursor } from "../../storage/journal/cursor.ts";
import { RealDisk } from "../../storage/journal/disk.ts";
import { SEAL_KIND } from "../../storage/journal/format.ts";
import { FileSnapshotStore } from "../../storage/journal/snapshot-store.ts";
import { verifyJournal } from "../../storage/journal/verify.ts";

export interface RecordedReplay {
  readonly mode: "recorded" | "recompute";
  readonly decisionHash: string;
  /** First record replayed: later than 1 where the journal's beginning was archived. */
  readonly fromSeq: number;
  /** Whether every checkpoint and every emission of the journal came out again. */
  readonly identical: boolean;
  readonly report: ReplayReport;
}

export type RecordedReplayFailure =
  | "journal-damaged"
  | "journal-unreadable"
  | "journal-empty"
  | "journal-begins-late";

/** Replays the whole journal of a data folder; the verification comes first. */
export function replayRecorded(
  settings: Settings,
  mode: "recorded" | "recompute",
): Result<RecordedReplay, RecordedReplayFailure> {
  const folder = join(settings.data, "journal");
  const verified = verifyJournal(folder);
  if (!verified.ok) return verified;
  const { firstSeq, lastSeq, records } = verified.value;
  if (records === 0)
    return failure("journal-empty", `there is no record in ${folder}: start or replay first`);
  const cursorFrom = (fromSeq: number): SegmentCursor =>
    new SegmentCursor({ disk: new RealDisk(folder), fromSeq, durableSeq: () => lastSeq });
  const build = engineBuilder({
    scheduler: new VirtualClock(),
    stopwatch: new SystemClock().stopwatch,
    live: false,
    asksMembers: mode === "recompute",
    models: openModels(settings.data, (message) => console.error(message)),
  });
  const footing = firstSeq > 1 ? footingAfter(settings, { build, firstSeq, lastSeq }) : undefined;
  if (firstSeq > 1 && footing === undefined) {
    return failure(
      "journal-begins-late",
      `the journal begins at record ${firstSeq} and no snapshots of all actors were kept after that: restore the archived ` +
        "segments to replay from the beginning.",
    );
  }
  const first = footing === undefined ? firstConfiguration(cursorFrom(1)) : footing.era.config;
  if (first === undefined) {
    return failure("journal-empty", "the journal holds no configuration: nothing was ever started on it");
  }
  const engine = build(first as EngineConfig);
  if (footing !== undefined) stepOn(footing, engine.stateful);
  const fromSeq = Math.min(...engine.stateful.map(({ seat }) => seat.appliedSeq)) + 1;
  const follower = new Follower({
    engine,
    era: footing?.era,
    mode,
    faults: FaultHistory.read(cursorFrom(fromSeq)),
    build,
  });
  feedAll(cursorFrom(fromSeq), follower);
  const report = follower.replayer.report();
  const identical = Object.values(report.differences).every((count) => count === 0);
  return ok({ mode, decisionHash: follower.engine.decisionHash(), fromSeq, identical, report });
}

/** The beginning of the journal was archived: the snapshots kept of the oldest day stand in for it. */
function footingAfter(
  settings: Settings,
  options: { build: (config: EngineConfig) => Engine; firstSeq: number; lastSeq: number },
): Footing | undefined {
  const { build, firstSeq, lastSeq } = options;
  return findFooting({
    store: new FileSnapshotStore({
      directory: join(settings.data, "snapshots"),
      durableSeq: () => lastSeq,
      flush: () => Promise.resolve(),
      onProblem: (message) => console.error(message),
    }),
    build,
    stateful: (engine) => engine.stateful,
    first: "oldest",
    atLeastSeq: firstSeq - 1,
    atMostSeq: lastSeq,
  });
}

function firstConfiguration(cursor: JournalCursor): unknown {
  try {
    for (let raw = cursor.next(); raw !== undefined; raw = cursor.next()) {
      if (raw.kind === KIND_NUMBER.configured) return (decodeRecord(raw) as Configured).config;
    }
    return undefined;
  } finally {
    cursor.close();
  }
}

function feedAll(cursor: JournalCursor, follower: Follower): void {
  try {
    for (let raw = cursor.next(); raw !== undefined; raw = cursor.next()) {
      if (raw.kind !== SEAL_KIND) follower.feed(decodeRecord(raw));
    }
  } finally {
    cursor.close();
  }
}

const EXAMPLES_SHOWN = 10;

export function printRecordedReplay(replay: RecordedReplay, json: boolean): void {
  const { report } = replay;
  if (json) {
    console.log(JSON.stringify(replay));
  } else {
    console.log(`decision hash ${replay.decisionHash}`);
    if (replay.fromSeq > 1)
      console.log(
        `from record ${replay.fromSeq}, where the kept snapshots stand: what came before was archived`,
      );
    console.log(`${report.records} records, ${report.compared} emissions compared, mode ${replay.mode}`);
    if (replay.identical) console.log("identical: everything came out as it was recorded");
    else console.log(`different: ${JSON.stringify(report.differences)}`);
    for (const example of report.examples.slice(0, EXAMPLES_SHOWN)) {
      console.log(
        `  record ${example.seq}: ${example.kind} of ${example.emitter} ${example.how} (${example.cause})`,
      );
    }
  }
  if (!replay.identical) process.exitCode = 1;
}
