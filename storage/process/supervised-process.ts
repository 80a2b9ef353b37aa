// A child process that is kept alive: started again with a growing pause when it dies, killed when it falls silent, told to
// stop and given time to. What may crash in native code or hang runs in one, apart from trading.

/** Pauses between lives. */
const RESTART_MILLIS_MIN = 200;
const RESTART_MILLIS_MAX = 30_000;
/** A life longer than this was a good one: the next pause is short again. */
const GOOD_LIFE_MILLIS = 60_000;
/** How often silence is looked for. */
const WATCH_MILLIS = 500;
/** Last words kept of a life, for the report of its death. */
const LAST_WORDS_CHARACTERS = 2_000;

export interface SupervisedProcessOptions {
  /** For people: "the time series projector". */
  readonly name: string;
  /** Path of the TypeScript file to run. It must say something at least every {@link silenceMillisMax}. */
  readonly script: string;
  /** Said to every life first. Asked for anew each time. */
  readonly greeting: () => object;
  readonly onMessage: (message: unknown) => void;
  readonly onProblem: (message: string) => void;
  readonly silenceMillisMax: number;
}

type Child = ReturnType<typeof spawnChild>;

export class SupervisedProcess {
  readonly #options: SupervisedProcessOptions;
  readonly #watch: ReturnType<typeof setInterval>;
  #child: Child | undefined;
  #restart: ReturnType<typeof setTimeout> | undefined;
  #pauseMillis = RESTART_MILLIS_MIN;
  #bornMillis = 0;
  #heardMillis = 0;
  #lives = 0;
  #stopping = false;

  constructor(options: SupervisedProcessOptions) {
    this.#options = options;
    this.#watch = setInterval(() => this.#lookForSilence(), WATCH_MILLIS);
    this.#watch.unref();
    this.#start();
  }

  /** Lives begun so far: above 1 it has died. */
  get lives(): number {
    return this.#lives;
  }

  /** Undefined between two lives. */
  get processId(): number | undefined {
    return this.#child?.process.pid;
  }

  /** Lost without a word when it is between two lives: the greeting of the next one says what still matters. */
  send(message: object): void {
    try {
      this.#child?.process.send(message);
    } catch {
      // It died a moment ago and its exit has not been heard yet.
    }
  }

  /** Says `farewell` and waits for the child to end by itself; after `patienceMillis` it is killed. */
  async stop(farewell: object, patienceMillis: number): Promise<void> {
    this.#stopping = true;
    clearInterval(this.#watch);
    clearTimeout(this.#restart);
    const child = this.#child;
    if (child === undefined) return;
    this.send(farewell);
    const killer = setTimeout(() => child.process.kill("SIGKILL"), patienceMillis);
    await child.process.exited;
    clearTimeout(killer);
  }

  #start(): void {
    this.#lives++;
    this.#bornMillis = Date.now();
    this.#heardMillis = this.#bornMillis;
    const child = spawnChild(this.#options.script, (message) => {
      this.#heardMillis = Date.now();
      this.#options.onMessage(message);
    });
    this.#child = child;
    this.send(this.#options.greeting());
    void child.process.exited.then(async (code) => {
      const words = (await child.lastWords).trim();
      this.#died(
        child,
        `it ended with ${child.process.signalCode ?? `code ${code}`}${words === "" ? "" : `: ${words}`}`,
      );
    });
  }

  #died(child: Child, how: string): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    if (this.#stopping) return;
    if (Date.now() - this.#bornMillis > GOOD_LIFE_MILLIS) this.#pauseMillis = RESTART_MILLIS_MIN;
    const pauseMillis = this.#pauseMillis;
    this.#pauseMillis = Math.min(RESTART_MILLIS_MAX, pauseMillis * 2);
    this.#options.onProblem(`${this.#options.name} is started again in ${pauseMillis} ms: ${how}`);
    this.#restart = setTimeout(() => this.#start(), pauseMillis);
    this.#restart.unref();
  }

  #lookForSilence(): void {
    const silentMillis = Date.now() - this.#heardMillis;
    if (this.#child === undefined || silentMillis <= this.#options.silenceMillisMax) return;
    this.#options.onProblem(`${this.#options.name} said nothing for ${silentMillis} ms and is killed`);
    this.#heardMillis = Date.now();
    this.#child.process.kill("SIGKILL");
  }
}

function spawnChild(script: string, onMessage: (message: unknown) => void) {
  const child = Bun.spawn([process.execPath, script], {
    ipc: onMessage,
    serialization: "json",
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  return { process: child, lastWords: lastWordsOf(child.stderr) };
}

/** The end of what it wrote, however much that is. */
async function lastWordsOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let words = "";
  for await (const chunk of stream) {
    words = (words + decoder.decode(chunk, { stream: true })).slice(-LAST_WORDS_CHARACTERS);
  }
  return words;
}
