// Fetches Dukascopy's hourly tick files into the folders `import` reads. Goes on where it was interrupted, waits when the
// server is busy, and keeps nothing that does not unpack.

import { mkdirSync, renameSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { failure, ok, type Result } from "../../../actors/base/result.ts";
import { unpackLzma } from "./lzma.ts";

export const DUKASCOPY_URL = "https://datafeed.dukascopy.com/datafeed";

const HOUR_MILLIS = 3_600_000;
/** An hour that is still empty so long after is one without trading; before, it may not be published yet. */
const SETTLED_MILLIS = 72 * HOUR_MILLIS;
const AT_ONCE = 4;
const ATTEMPTS_MAX = 6;
const PAUSE_MILLIS_MIN = 500;
const PAUSE_MILLIS_MAX = 30_000;
const REQUEST_MILLIS_MAX = 30_000;
const HOURS_MAX = 24 * 366 * 20;
const TICK_BYTES = 20;

export interface DownloadOptions {
  readonly symbol: string;
  /** Inclusive, milliseconds; cut to its hour. */
  readonly fromMillis: number;
  /** Exclusive. */
  readonly toMillis: number;
  /** Files land in `<folder>/SYMBOL/YYYY/MM/DD/HHh_ticks.bi5`, months from 00. */
  readonly folder: string;
  readonly url?: string;
  /** Waits between attempts; tests make it short. */
  readonly pauseMillisMin?: number;
  readonly onProgress?: (done: number, of: number) => void;
  readonly nowMillis?: number;
}

export interface Downloaded {
  readonly hours: number;
  /** There already. */
  readonly kept: number;
  readonly fetched: number;
  /** Hours without trading: the server has a file with nothing in it. */
  readonly empty: number;
  /** The server has no file, or not yet: asked for again next time. */
  readonly missing: number;
}

export type DownloadFailure = "bad-range" | "nothing-there" | "not-downloaded" | "folder-unwritable";

export async function downloadDukascopy(
  options: DownloadOptions,
): Promise<Result<Downloaded, DownloadFailure>> {
  const first = Math.floor(options.fromMillis / HOUR_MILLIS) * HOUR_MILLIS;
  const { symbol, url = DUKASCOPY_URL, nowMillis = Date.now() } = options;
  const hours = Math.ceil((Math.min(options.toMillis, nowMillis) - first) / HOUR_MILLIS);
  if (!(hours >= 1 && hours <= HOURS_MAX)) {
    return failure(
      "bad-range",
      `from ${isoTime(first)} to ${isoTime(options.toMillis)} there are no hours that have passed, or too many`,
    );
  }
  const counts = { hours, kept: 0, fetched: 0, empty: 0, missing: 0 };
  const failures: string[] = [];
  let next = 0;
  let done = 0;
  const work = async (): Promise<void> => {
    while (next < hours && failures.length === 0) {
      const hourMillis = first + next++ * HOUR_MILLIS;
      const outcome = await fetchHour(hourMillis, { ...options, url, nowMillis });
      if (typeof outcome === "string") failures.push(outcome);
      else counts[outcome.how]++;
      options.onProgress?.(++done, hours);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const [reason] = failures;
  if (reason === undefined && counts.fetched + counts.kept > 0) return ok(counts);
  if (reason === undefined) {
    return failure(
      "nothing-there",
      `${url} has no ticks of ${symbol} from ${isoTime(first)} to ${isoTime(options.toMillis)}: is the symbol spelled as the ` +
        "vendor spells it, and was the market open?",
    );
  }
  return failure("not-downloaded", `${reason}. What came is kept: run the same command again to go on.`, {
    recoverable: true,
  });
}

/** How an hour came to be there, or why it is not. */
async function fetchHour(
  hourMillis: number,
  options: DownloadOptions & { url: string; nowMillis: number },
): Promise<{ how: "kept" | "fetched" | "empty" | "missing" } | string> {
  const { symbol, folder, url, nowMillis, pauseMillisMin = PAUSE_MILLIS_MIN } = options;
  const name = nameOf(symbol, hourMillis);
  const path = join(folder, name);
  const kept = keptAs(path, hourMillis);
  if (kept !== undefined) return { how: kept };
  const address = `${url}/${name}`;
  let pauseMillis = pauseMillisMin;
  let reason = "";
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    if (attempt > 0) {
      await Bun.sleep(pauseMillis);
      pauseMillis = Math.min(PAUSE_MILLIS_MAX, pauseMillis * 2);
    }
    const got = await fetchOnce(address);
    if (got === "absent") return { how: "missing" };
    if (got instanceof Uint8Array) {
      const isEmpty = got.length === 0;
      if (isEmpty && !isSettled(hourMillis, nowMillis)) return { how: "missing" };
      return store(path, got) ?? { how: isEmpty ? "empty" : "fetched" };
    }
    reason = got.reason;
    if (got.final) break;
  }
  return `${address}: ${reason}`;
}

/** What an earlier run left. An empty file counts only when its hour was long over as it was written. */
function keptAs(path: string, hourMillis: number): "kept" | "empty" | undefined {
  const file = statSync(path, { throwIfNoEntry: false });
  if (file === undefined) return undefined;
  if (file.size > 0) return "kept";
  return isSettled(hourMillis, file.mtimeMs) ? "empty" : undefined;
}

function isSettled(hourMillis: number, atMillis: number): boolean {
  return atMillis - hourMillis >= SETTLED_MILLIS;
}

/** The file, checked; `absent` where there is none; or what is wrong and whether another attempt could help. */
async function fetchOnce(
  address: string,
): Promise<Uint8Array | "absent" | { reason: string; final: boolean }> {
  try {
    const answer = await fetch(address, { signal: AbortSignal.timeout(REQUEST_MILLIS_MAX) });
    if (answer.status === 404) return "absent";
    if (!answer.ok)
      return {
        reason: `the server says ${answer.status}`,
        final: answer.status < 500 && answer.status !== 429,
      };
    const bytes = new Uint8Array(await answer.arrayBuffer());
    if (bytes.length === 0) return bytes;
    const content = unpackLzma(bytes);
    if (!content.ok) return { reason: content.message, final: false };
    if (content.value.length % TICK_BYTES !== 0) return { reason: "the file was cut", final: false };
    return bytes;
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error), final: false };
  }
}

/** Under its own name only once it is whole. */
function store(path: string, bytes: Uint8Array): string | undefined {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.part`, bytes);
    renameSync(`${path}.part`, path);
    return undefined;
  } catch (error) {
    return `cannot write ${path}: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Months count from 0, as Dukascopy's do. */
function nameOf(symbol: string, hourMillis: number): string {
  const time = new Date(hourMillis);
  return `${symbol}/${time.getUTCFullYear()}/${two(time.getUTCMonth())}/${two(time.getUTCDate())}/${two(time.getUTCHours())}h_ticks.bi5`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

function isoTime(millis: number): string {
  return Number.isFinite(millis) ? new Date(millis).toISOString() : "nowhere";
}
