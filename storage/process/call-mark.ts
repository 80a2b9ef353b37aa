// Which native call a process is in, as another process sees it: a page of memory that both have mapped. A call that never
// returns lets its process say nothing, so it is marked before it begins, with two stores and no system call.

import { accessSync, constants, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const MARK_BYTES = 64 * 1_024;
const PREFIX = "tickforge-calls-";
/** A file as old as this is nobody's: it is adopted within moments, or whoever was to do so has died. */
const LEFT_BEHIND_MILLIS = 3_600_000;
/** Words of 4 bytes: how many calls have begun, which is running (0: none), and whether its process is about to end. */
const CALLS = 0;
const RUNNING = 1;
const ENDING = 2;
const HEADER_WORDS = 4;
/** One number of 8 bytes: when a life that was given a time is over, in milliseconds of the epoch; 0 without one. */
const OVER_AT = 16;
/** Where whoever watches writes what a call has done. */
const FOLDER_AT = 64;
const FOLDER_BYTES = 4_096 - FOLDER_AT;
/** Then the calls: each a word with its patience and a name. */
const CALLS_AT = 4_096;
const CALL_BYTES = 128;
const WORD_BYTES = 4;
/** Slot 0 is nobody's. More calls than fit go unmarked. */
const SLOTS = (MARK_BYTES - CALLS_AT) / CALL_BYTES;

/** A call that is running: the same one as long as `number` is the same. */
export interface MarkedCall {
  readonly number: number;
  readonly name: string;
  /** Longer than this it has hung. */
  readonly patienceMillis: number;
}

/** A call that its process did not survive. */
export interface Blame {
  /** As it was marked. */
  readonly name: string;
  /** In words. */
  readonly what: string;
  /** Where to write it down, as the process said. */
  readonly folder: string;
}

export class CallMark {
  /** Of the file behind it, until {@link adopt} has taken it. */
  readonly path: string;
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #over: Float64Array;
  readonly #slots = new Map<string, number>();

  private constructor(path: string) {
    this.path = path;
    this.#bytes = Bun.mmap(path, { shared: true });
    const { buffer, byteOffset } = this.#bytes;
    this.#words = new Uint32Array(buffer, byteOffset, HEADER_WORDS);
    this.#over = new Float64Array(buffer, byteOffset + OVER_AT, 1);
  }

  /**
   * A new page.
   * @param before of an earlier life: what time it had goes on
   * @throws where memory cannot be shared this way, as on Windows
   */
  static create(before?: CallMark): CallMark {
    const folder = memoryFolder();
    removeLeftBehind(folder);
    const path = join(folder, `${PREFIX}${crypto.randomUUID()}`);
    writeFileSync(path, new Uint8Array(MARK_BYTES), { mode: 0o600, flag: "wx" });
    try {
      const mark = new CallMark(path);
      mark.#over[0] = before === undefined ? 0 : (before.#over[0] as number);
      return mark;
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    }
  }

  /**
   * The page somebody created. Its file goes at once: the memory stays for those who have it, and nothing is left behind.
   * @throws where it cannot be mapped
   */
  static adopt(path: string): CallMark {
    const mark = new CallMark(path);
    rmSync(path, { force: true });
    return mark;
  }

  /** For a page that nobody adopted. */
  discard(): void {
    rmSync(this.path, { force: true });
  }

  /** The slot of a kind of calls, to {@link begin} them with; 0 where no more fit. */
  slotOf(name: string, patienceMillis: number): number {
    const known = this.#slots.get(name);
    if (known !== undefined) return known;
    const slot = this.#slots.size + 1;
    if (slot >= SLOTS) return 0;
    this.#slots.set(name, slot);
    const at = CALLS_AT + slot * CALL_BYTES;
    this.#view(at).setUint32(0, patienceMillis, true);
    this.#write(at + WORD_BYTES, CALL_BYTES - WORD_BYTES, name);
    return slot;
  }

  /** Right before the call. */
  begin(slot: number): void {
    const words = this.#words;
    words[CALLS] = (words[CALLS] as number) + 1;
    words[RUNNING] = slot;
  }

  /** Right after it, however it ended. */
  end(): void {
    this.#words[RUNNING] = 0;
  }

  get running(): MarkedCall | undefined {
    const slot = this.#words[RUNNING] as number;
    if (slot === 0 || slot >= SLOTS) return undefined;
    const at = CALLS_AT + slot * CALL_BYTES;
    return {
      number: this.#words[CALLS] as number,
      name: this.#read(at + WORD_BYTES, CALL_BYTES - WORD_BYTES),
      patienceMillis: this.#view(at).getUint32(0, true),
    };
  }

  get folder(): string {
    return this.#read(FOLDER_AT, FOLDER_BYTES);
  }

  set folder(path: string) {
    this.#write(FOLDER_AT, FOLDER_BYTES, path);
  }

  get isEnding(): boolean {
    return this.#words[ENDING] !== 0;
  }

  /** From now on its process ends by its own will. */
  tellEnding(): void {
    this.#words[ENDING] = 1;
  }

  /** What is left of a time that began when the first of all lives asked. */
  millisLeft(ofMillis: number): number {
    const nowMillis = Date.now();
    if (this.#over[0] === 0) this.#over[0] = nowMillis + ofMillis;
    return Math.max(0, (this.#over[0] as number) - nowMillis);
  }

  #view(at: number): DataView {
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + at, CALL_BYTES);
  }

  #write(at: number, length: number, text: string): void {
    const place = this.#bytes.subarray(at, at + length);
    place.fill(0);
    // The last byte stays 0.
    new TextEncoder().encodeInto(text, place.subarray(0, length - 1));
  }

  #read(at: number, length: number): string {
    const place = this.#bytes.subarray(at, at + length);
    return new TextDecoder().decode(place.slice(0, place.indexOf(0)));
  }
}

/** A disk's file would be written out now and then, and a store into its page would wait for that. */
function memoryFolder(): string {
  try {
    accessSync("/dev/shm", constants.W_OK);
    return "/dev/shm";
  } catch {
    return tmpdir();
  }
}

function removeLeftBehind(folder: string): void {
  const oldMillis = Date.now() - LEFT_BEHIND_MILLIS;
  for (const name of readdirSync(folder).filter((each) => each.startsWith(PREFIX))) {
    const path = join(folder, name);
    try {
      if (statSync(path).mtimeMs < oldMillis) rmSync(path);
    } catch {
      // Another user's, or another process was faster.
    }
  }
}
