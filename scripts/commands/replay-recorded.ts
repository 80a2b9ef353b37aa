// `replay --recorded | --recompute`: a recorded journal through the same actors, and what came out differently.

import { join } from "node:path";
import { failure, ok, type Result } from "../../actors/base/result.ts";
import { VirtualClock } from "../../actors/base/clock.ts";
import { decodeRecord, KIND_NUMBER } from "../../actors/domain/codec.ts";
import type { Fault, JournalRecord } from "../../actors/domain/records.ts";
import type { Engine } from "../../actors/engine.ts";
import type { EngineConfig } from "../../actors/engine-config.ts";
import { FaultHistory } from "../../actors/fault-history.ts";
import { Replayer, type ReplayReport } from "../../actors/replayer.ts";
import { buildEngine } from "../../edge/main.ts";
import { SystemClock } from "../../edge/system-clock.ts";
import type { Settings } from "../../edge/settings.ts";
import { SegmentCursor } from "../../storage/journal/cursor.ts";
import { RealDisk } from "../../storage/journal/disk.ts";
import { SEAL_KIND } from "../../storage/journal/format.ts";
import { verifyJournal } from "../../storage/journal/verify.ts";

export interface RecordedReplay {
  readonly mode: "recorded" | "recompute";
  readonly decisionHash: string;
  /** Whether every checkpoint and every emission of the journal came out again. */
  readonly identical: boolean;
  readonly report: ReplayReport;
}

export type RecordedReplayFailure =
  | "journal-damaged"
  | "journal-unreadable"
  | "journal-empty"
  | "journal-begins-late"
  | "configuration-changed";

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
  if (firstSeq > 1) {
    return failure(
      "journal-begins-late",
      `the journal begins at record ${firstSeq}: what came before was archived. Restore it to replay from the beginning.`,
    );
  }
  const cursorAtStart = (): SegmentCursor =>
    new SegmentCursor({ disk: new RealDisk(folder), fromSeq: 1, durableSeq: () => lastSeq });
  const faults = faultsOf(cursorAtStart());
  const cursor = cursorAtStart();
  try {
    return replayAll(cursor, faults, mode);
  } finally {
    cursor.close();
  }
}

function replayAll(
  cursor: SegmentCursor,
  faults: readonly Fault[],
  mode: "recorded" | "recompute",
): Result<RecordedReplay, RecordedReplayFailure> {
  let engine: Engine | undefined;
  let replayer: Replayer | undefined;
  let history: FaultHistory | undefined;
  let configText = "";
  for (let raw = cursor.next(); raw !== undefined; raw = cursor.next()) {
    if (raw.kind === SEAL_KIND) continue;
    const record = decodeRecord(raw);
    if (record.kind === "configured") {
      const text = JSON.stringify(record.config);
      if (engine === undefined) {
        configText = text;
        engine = buildEngine(record.config as EngineConfig, {
          scheduler: new VirtualClock(),
          stopwatch: new SystemClock().stopwatch,
          live: false,
          asksMembers: mode === "recompute",
        });
        replayer = replayerOf(engine, mode);
        history = historyOf(engine, faults);
      } else if (text !== configText) {
        return failure(
          "configuration-changed",
          `the configuration changes at record ${record.seq}: replay up to there only`,
        );
      }
    }
    history?.before(record);
    replayer?.feed(record);
  }
  if (engine === undefined || replayer === undefined) {
    return failure("journal-empty", "the journal holds no configuration: nothing was ever started on it");
  }
  const report = replayer.report();
  const identical = Object.values(report.differences).every((count) => count === 0);
  return ok({ mode, decisionHash: engine.decisionHash(), identical, report });
}

/** Actors that failed then are not fed what felled them. */
function historyOf(engine: Engine, faults: readonly Fault[]): FaultHistory {
  const history = new FaultHistory(engine);
  for (const fault of faults) history.note(fault);
  return history;
}

function faultsOf(cursor: SegmentCursor): Fault[] {
  const faults: Fault[] = [];
  for (let raw = cursor.next(); raw !== undefined; raw = cursor.next()) {
    if (raw.kind === KIND_NUMBER.fault) faults.push(decodeRecord(raw) as Fault);
  }
  cursor.close();
  return faults;
}

function replayerOf(engine: Engine, mode: "recorded" | "recompute"): Replayer {
  const replayer = new Replayer(
    {
      switchboard: engine.switchboard,
      // Orders are sent where the journal says so, not when a gate would.
      observe: (record: JournalRecord) => {
        if (record.kind === "sent") engine.gate.markSent(record.intentId);
      },
      run: () => engine.run(),
    },
    mode,
  );
  engine.outlets.turnTo(replayer);
  return replayer;
}

const EXAMPLES_SHOWN = 10;

export function printRecordedReplay(replay: RecordedReplay, json: boolean): void {
  const { report } = replay;
  if (json) {
    console.log(JSON.stringify(replay));
  } else {
    console.log(`decision hash ${replay.decisionHash}`);
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
