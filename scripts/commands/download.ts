// `tickforge download dukascopy`: years of free tick history, hour by hour.

import { Command } from "commander";
import { failure } from "../../actors/base/result.ts";
import { downloadDukascopy, DUKASCOPY_URL } from "../../edge/feeds/import/dukascopy-download.ts";
import { EXIT_USAGE, exitWith, valueOrExit } from "./common.ts";
import { Progress } from "./progress.ts";

interface DownloadFlags {
  readonly from: string;
  readonly to: string;
  readonly out: string;
  readonly url: string;
  readonly json: boolean;
}

export function downloadCommand(): Command {
  return new Command("download")
    .description("fetch tick history for import; interrupted, it goes on where it was")
    .argument("<vendor>", "dukascopy")
    .argument("<symbol>", "as the vendor spells it: EURUSD")
    .requiredOption("--from <day>", "first day, YYYY-MM-DD in UTC")
    .requiredOption("--to <day>", "day after the last one")
    .option("--out <folder>", "where files go", "./history/dukascopy")
    .option("--url <address>", "where files come from", DUKASCOPY_URL)
    .option("--json", "output for machines", false)
    .action(async (vendor: string, symbol: string, flags: DownloadFlags) => {
      if (vendor !== "dukascopy")
        exitWith(failure("unknown-vendor", `"${vendor}" is not known: dukascopy is`), EXIT_USAGE);
      if (!/^[A-Z]{6}$/.test(symbol))
        exitWith(failure("bad-symbol", `"${symbol}" is no symbol: six capitals, such as EURUSD`), EXIT_USAGE);
      const progress = new Progress(flags.json ? undefined : process.stderr, "download");
      const downloaded = valueOrExit(
        await downloadDukascopy({
          symbol,
          fromMillis: Date.parse(`${flags.from}T00:00:00Z`),
          toMillis: Date.parse(`${flags.to}T00:00:00Z`),
          folder: flags.out,
          url: flags.url,
          onProgress: (done, of) => progress.show(done / of, `${done} of ${of} hours`),
        }),
      );
      progress.done();
      const { hours, kept, fetched, empty, missing } = downloaded;
      console.log(
        flags.json
          ? JSON.stringify(downloaded)
          : `${hours} hours: ${fetched} fetched, ${empty} without trading, ${missing} not there (asked for again next time), ${kept} there already. Next: tickforge import ${flags.out}`,
      );
    });
}
