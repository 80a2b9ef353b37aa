// `tickforge journal verify | stat | tail`: looks into a journal without an engine.

import { Command } from "commander";
import { decodeRecord } from "../../actors/domain/codec.ts";
import type { JournalRecord } from "../../actors/domain/records.ts";
import { palette, table } from "../../edge/terminal/table.ts";
import { ledgerUrl } from "../../edge/settings.ts";
import { utc } from "../../edge/terminal/frame.ts";
import { SegmentCursor } from "../../storage/journal/cursor.ts";
import { RealDisk } from "../../storage/journal/disk.ts";
import { SEAL_KIND } from "../../storage/journal/format.ts";
import { verifyHeads } from "../../storage/sign-heads.ts";
import { type JournalReport, verifyJournal } from "../../storage/journal/verify.ts";
import {
  type CommonFlags,
  countFlag,
  journalFolderOrExit,
  settingsOrExit,
  valueOrExit,
  withSettings,
} from "./common.ts";

const TAIL_DEFAULT = 20;

export function journalCommand(): Command {
  return new Command("journal")
    .description("look into the journal of a data folder")
    .addCommand(
      withSettings(
        new Command("verify").description("check every byte; say where the first wrong one is"),
      ).action(async (flags: CommonFlags) => {
        await verify(flags);
      }),
    )
    .addCommand(
      withSettings(
        new Command("stat").description("count records by kind, and show the hash chain of every topic"),
      ).action((flags: CommonFlags) => stat(flags)),
    )
    .addCommand(
      withSettings(
        new Command("tail")
          .description("show the last records")
          .option("-n, --count <records>", "how many", countFlag, TAIL_DEFAULT),
      ).action((flags: CommonFlags & { count: number }) => tail(flags)),
    );
}

function folderOf(flags: CommonFlags): string {
  return journalFolderOrExit(settingsOrExit(flags));
}

async function verify(flags: CommonFlags): Promise<void> {
  const report = valueOrExit(verifyJournal(folderOf(flags)));
  const settings = settingsOrExit(flags);
  const { data, audit, account } = settings;
  const ledger = {
    url: ledgerUrl(settings),
    scope: { level: "account", accountId: account.accountId },
  } as const;
  const signed = valueOrExit(await verifyHeads({ data, anchor: audit.anchor, ledger }));
  if (flags.json) {
    console.log(
      JSON.stringify({
        intact: true,
        ...report,
        signedHeads: signed.heads,
        signedUpToSeq: signed.lastSeq,
        ledgerHeads: signed.inLedger?.ok === true ? signed.inLedger.value : null,
      }),
    );
    return;
  }
  console.log(
    `intact: ${report.records} records (${report.firstSeq} to ${report.lastSeq}) in ${report.segments} segments`,
  );
  console.log(
    signed.heads === 0
      ? "nothing of it is signed yet"
      : `${signed.heads} signed heads, up to record ${signed.lastSeq}`,
  );
  if (signed.inLedger !== undefined && signed.heads > 0) {
    console.log(
      signed.inLedger.ok
        ? `the ledger has ${signed.inLedger.value} of them, as they are here`
        : `they were not compared with the ledger: ${signed.inLedger.message}`,
    );
  }
  if (report.torn)
    console.log(
      "the end is torn, as a crash leaves it; the next start cuts it off, unless the ledger knows more than is left.",
    );
}

function stat(flags: CommonFlags): void {
  const folder = folderOf(flags);
  const report = valueOrExit(verifyJournal(folder));
  const kinds = new Map<string, number>();
  let firstMicros = 0;
  let lastMicros = 0;
  for (const record of recordsOf(folder, report, report.firstSeq)) {
    kinds.set(record.kind, (kinds.get(record.kind) ?? 0) + 1);
    if (firstMicros === 0) firstMicros = record.timeMicros;
    lastMicros = Math.max(lastMicros, record.timeMicros);
  }
  if (flags.json) {
    console.log(JSON.stringify({ ...report, firstMicros, lastMicros, kinds: Object.fromEntries(kinds) }));
    return;
  }
  const colours = palette(process.stdout.isTTY);
  console.log(
    `${report.records} records in ${report.segments} segments, ${report.bytes} bytes, epoch ${report.lastEpoch}`,
  );
  if (firstMicros > 0) console.log(`from ${utc(firstMicros)} to ${utc(lastMicros)}`);
  const kindRows = [...kinds].sort(([, a], [, b]) => b - a).map(([kind, count]) => [kind, String(count)]);
  for (const line of table(
    [
      { title: "kind", align: "left" },
      { title: "records", align: "right" },
    ],
    kindRows,
    colours,
  )) {
    console.log(line);
  }
  const topicRows = report.topics.map(({ topic, records, head }) => [topic, String(records), head]);
  for (const line of table(
    [
      { title: "topic", align: "left" },
      { title: "records", align: "right" },
      { title: "SHA-256 at the last seal", align: "left" },
    ],
    topicRows,
    colours,
  )) {
    console.log(line);
  }
}

function tail(flags: CommonFlags & { count: number }): void {
  const folder = folderOf(flags);
  const report = valueOrExit(verifyJournal(folder));
  const fromSeq = Math.max(report.firstSeq, report.lastSeq - flags.count + 1);
  for (const record of recordsOf(folder, report, fromSeq)) {
    if (flags.json) {
      console.log(JSON.stringify(record));
      continue;
    }
    const { seq, kind, timeMicros, ...content } = record;
    console.log(`${seq}  ${utc(timeMicros)}  ${kind}  ${JSON.stringify(content)}`);
  }
}

function* recordsOf(folder: string, report: JournalReport, fromSeq: number): Generator<JournalRecord> {
  if (report.records === 0) return;
  const cursor = new SegmentCursor({
    disk: new RealDisk(folder),
    fromSeq,
    durableSeq: () => report.lastSeq,
  });
  try {
    for (let raw = cursor.next(); raw !== undefined; raw = cursor.next()) {
      if (raw.kind !== SEAL_KIND) yield decodeRecord(raw);
    }
  } finally {
    cursor.close();
  }
}
