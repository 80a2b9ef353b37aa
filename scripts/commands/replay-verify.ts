// `replay --verify`: every recorded decision derived again, once from the votes that were recorded and once with the members
// asked anew; what differs, by cause and in words.

import { ok, type Result } from "../../actors/base/result.ts";
import type { DifferenceCause } from "../../actors/replayer.ts";
import type { Settings } from "../../edge/settings.ts";
import { type RecordedReplay, type RecordedReplayFailure, replayRecorded } from "./replay-recorded.ts";

const EXAMPLES_SHOWN = 10;

const MEANING: Readonly<Record<DifferenceCause, string>> = {
  timing: "a member was late, passed over or out of service then and not now, or the other way round",
  model: "a member says something else now: another model, or other features",
  numeric: "the same to nine digits: another processor or build",
  fill: "the broker reported something else",
  data: "a tick was judged differently",
  code: "a decision differs although everything it rests on is the same: other code, or a changed journal",
};

/** What may differ between two honest runs: a wall clock, and the last digits of another processor. */
const HARMLESS: ReadonlySet<string> = new Set<DifferenceCause>(["timing", "numeric"]);

export interface VerifiedReplay {
  /** With the recorded votes: nothing at all may differ. */
  readonly recorded: RecordedReplay;
  /** With the members asked anew. */
  readonly recompute: RecordedReplay;
  /** Whether what was recorded is what comes of it. */
  readonly sound: boolean;
}

export function verifyReplay(settings: Settings): Result<VerifiedReplay, RecordedReplayFailure> {
  const recorded = replayRecorded(settings, "recorded");
  if (!recorded.ok) return recorded;
  const recompute = replayRecorded(settings, "recompute");
  if (!recompute.ok) return recompute;
  const harms = Object.entries(recompute.value.report.differences).filter(
    ([cause, count]) => count > 0 && !HARMLESS.has(cause),
  );
  return ok({
    recorded: recorded.value,
    recompute: recompute.value,
    sound: recorded.value.identical && harms.length === 0,
  });
}

export function printVerifiedReplay(verified: VerifiedReplay, json: boolean): void {
  const { recorded, recompute, sound } = verified;
  if (json) {
    console.log(JSON.stringify(verified));
  } else {
    show("from the recorded votes", recorded);
    show("with the members asked anew", recompute);
    console.log(
      sound
        ? "sound: every decision is what its ticks lead to"
        : "NOT sound: what was recorded is not what comes of it",
    );
  }
  if (!sound) process.exitCode = 1;
}

function show(how: string, { fromSeq, decisionHash, identical, report }: RecordedReplay): void {
  const from = fromSeq > 1 ? ` from record ${fromSeq}` : "";
  console.log(
    `${how}: ${report.records} records${from}, ${report.compared} decisions and reports compared, decision hash ${decisionHash}`,
  );
  if (identical) console.log("  identical");
  for (const [cause, count] of Object.entries(report.differences)) {
    if (count > 0) console.log(`  ${cause}: ${count} - ${MEANING[cause as DifferenceCause]}`);
  }
  for (const { seq, kind, emitter, how: changed, cause } of report.examples.slice(0, EXAMPLES_SHOWN)) {
    console.log(`    record ${seq}: ${kind} of ${emitter} ${changed} (${cause})`);
  }
}
