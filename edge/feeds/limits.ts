// Every bound of the feeds in one place: what a file, a queue or a batch may grow to before it is refused or cut.

import { MICROS_PER_MILLISECOND } from "../../actors/base/clock.ts";

/** Files one import may name, directories included. */
export const FILES_MAX = 100_000;

/** Directory levels searched below a given path. */
export const DIRECTORY_DEPTH_MAX = 8;

/** Largest compressed file read into memory, in bytes. */
export const ZIP_BYTES_MAX = 512 * 1024 * 1024;

/** Largest day of ticks after decompression, in bytes: about 20 million rows. */
export const CSV_BYTES_MAX = 1024 * 1024 * 1024;

/** Bad rows quoted in a failure; the rest are counted. */
export const BAD_ROWS_SHOWN = 5;

/** Characters of a bad row quoted in a failure. */
export const BAD_ROW_TEXT_MAX = 60;

/** Instruments one engine may have. */
export const INSTRUMENTS_MAX = 1_024;

/** Trading sessions one instrument may have in a week. */
export const SESSIONS_MAX = 64;

/** Spellings of brokers that may be mapped by hand. */
export const MAPPINGS_MAX = 10_000;

/** Problems of a configuration file quoted in a failure. */
export const CONFIG_ISSUES_SHOWN = 10;

/** Ticks a pacer hands over before it lets other work run. */
export const PACER_BATCH_TICKS = 256;

/** How long a pacer waits before it asks a full consumer again, in microseconds. */
export const PACER_RETRY_MICROS = MICROS_PER_MILLISECOND;

/** Ticks of one simulated symbol within one second. */
export const SIMULATED_TICKS_OF_A_SECOND_MAX = 100_000;

/** Ticks per second of the simulated market, all symbols together, over a quiet average; beyond is no market. */
export const SIMULATED_TICKS_PER_SECOND_MAX = 100_000;
