// A process with a journal in it, for journal-crash.test.ts to kill: appends as fast as it can, or one record at a time,
// and prints each sequence that it holds to be durable. Record s is `numbered(s, s)`.

import { writeSync } from "node:fs";
import { NOT_APPENDED } from "../../actors/ports/journal.ts";
import { type OpenedJournal, openJournal } from "../../storage/journal/journal.ts";
import { appendNumbered } from "../contract/journal.ts";

const SINGLE_RECORDS = 20;
const BURST_RECORDS = 200;

/** Until killed, or until the journal fails. */
async function flood(journal: OpenedJournal): Promise<void> {
  journal.onProgress(() => writeSync(1, `ack ${journal.durableSeq}\n`));
  while (journal.health === "ok") {
    for (let i = 0; i < BURST_RECORDS; i++) {
      if (appendNumbered(journal, journal.lastSeq + 1) === NOT_APPENDED) break;
    }
    await new Promise(setImmediate);
  }
  await journal.flush().catch(() => undefined);
  const durableSeq = journal.durableSeq;
  const taken = appendNumbered(journal, 1) !== NOT_APPENDED;
  writeSync(1, `failed ${JSON.stringify({ durableSeq, taken, failure: journal.failure })}\n`);
}

async function single(journal: OpenedJournal): Promise<void> {
  for (let i = 0; i < SINGLE_RECORDS; i++) {
    const seq = appendNumbered(journal, journal.lastSeq + 1);
    await journal.flush();
    writeSync(1, `ack ${seq}\n`);
  }
}

const [directory = "", mode = "flood"] = process.argv.slice(2);
const opened = await openJournal({ directory, segmentBytes: 1 << 20 });
if (!opened.ok) {
  console.error(opened.message);
  process.exit(1);
}
await (mode === "single" ? single(opened.value) : flood(opened.value));
await opened.value.close();
