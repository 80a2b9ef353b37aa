// News and announced events, where somebody brings them: a file of JSON lines that another program writes to. They are words
// of strangers: cut, cleaned, and passed on as data.

import { open } from "node:fs/promises";
import { z } from "zod";
import type { Micros } from "../../actors/base/clock.ts";
import type { Instrument } from "../../actors/domain/instrument.ts";
import type { NewsItem } from "../../actors/ports/adviser.ts";
import {
  CALENDAR_AHEAD_MAX_MICROS,
  NEWS_AGE_MAX_MICROS,
  NEWS_BYTES_MAX,
  NEWS_CHARACTERS_MAX,
  NEWS_ITEMS_MAX,
} from "./limits.ts";
import { plainText } from "./plain-text.ts";
import { minuteText } from "./summary.ts";

const lineSchema = z.object({
  /** Of the event: one that is still to come belongs to the calendar. */
  time: z.iso.datetime({ offset: true }),
  text: z.string(),
  /** Symbols or currencies it is about; left out, all. */
  about: z.array(z.string()).optional(),
});

type Line = z.infer<typeof lineSchema>;

export interface Told {
  readonly calendar: readonly NewsItem[];
  readonly news: readonly NewsItem[];
}

const NOTHING: Told = { calendar: [], news: [] };

export class NewsFile {
  readonly #path: string;
  readonly #onProblem: (message: string) => void;
  #isTold = false;

  constructor(path: string, onProblem: (message: string) => void) {
    this.#path = path;
    this.#onProblem = onProblem;
  }

  /** What is told about an instrument now, the newest and the nearest first. A file that cannot be read tells nothing. */
  async about(instrument: Instrument, nowMicros: Micros): Promise<Told> {
    const text = await this.#read();
    if (text === undefined) return NOTHING;
    const items = text
      .split("\n")
      .map((line) => readLine(line))
      .filter((line) => line !== undefined && concerns(line, instrument))
      .map((line) => ({
        atMicros: Date.parse((line as Line).time) * 1_000,
        text: plainText((line as Line).text, NEWS_CHARACTERS_MAX),
      }))
      .filter(({ text: words }) => words !== "")
      .sort((a, b) => Math.abs(a.atMicros - nowMicros) - Math.abs(b.atMicros - nowMicros));
    const within = (fromMicros: Micros, toMicros: Micros): NewsItem[] =>
      items
        .filter(({ atMicros }) => atMicros > fromMicros && atMicros <= toMicros)
        .slice(0, NEWS_ITEMS_MAX)
        .map(({ atMicros, text: words }) => ({ time: minuteText(atMicros), text: words }));
    return {
      calendar: within(nowMicros, nowMicros + CALENDAR_AHEAD_MAX_MICROS),
      news: within(nowMicros - NEWS_AGE_MAX_MICROS, nowMicros),
    };
  }

  /** The end of the file; it may be long, and may be in the middle of being written. */
  async #read(): Promise<string | undefined> {
    try {
      const file = await open(this.#path, "r");
      try {
        const { size } = await file.stat();
        const length = Math.min(size, NEWS_BYTES_MAX);
        const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
        this.#isTold = false;
        return buffer.subarray(0, bytesRead).toString("utf8");
      } finally {
        await file.close();
      }
    } catch (error) {
      if (!this.#isTold) {
        this.#onProblem(
          `advisers are asked without news: ${this.#path} cannot be read (${String(error)}). Mend it, or leave advisers.news out`,
        );
      }
      this.#isTold = true;
      return undefined;
    }
  }
}

function readLine(line: string): Line | undefined {
  if (line.trim() === "") return undefined;
  try {
    const parsed = lineSchema.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

function concerns({ about }: Line, { symbol, baseCurrency, quoteCurrency }: Instrument): boolean {
  if (about === undefined) return true;
  return about.some((name) => name === symbol || name === baseCurrency || name === quoteCurrency);
}
