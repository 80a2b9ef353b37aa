// Follows a recorded journal with actors of its own: through changes of configuration and past what felled actors then,
// comparing what they say with what was said. Recovery, recorded replays and projections are followers.

import type { Configured, JournalRecord } from "./domain/records.ts";
import type { Engine } from "./engine.ts";
import { type EngineConfig, sameConfig } from "./engine-config.ts";
import type { FaultHistory } from "./fault-history.ts";
import type { Era } from "./ports/snapshots.ts";
import { Replayer, type ReplayMode } from "./replayer.ts";

export interface FollowerOptions {
  /** Fresh, or restored from snapshots of `era`. */
  readonly engine: Engine;
  /** The era the first record fed belongs to; undefined at the beginning of a journal. */
  readonly era: Era | undefined;
  readonly mode: ReplayMode;
  readonly faults: FaultHistory;
  readonly build: (config: EngineConfig) => Engine;
  /** Hears each record before the actors do. */
  readonly observe?: (record: JournalRecord) => void;
  /** The configuration changed: a new engine took over the states of the one before. */
  readonly onSuccession?: (engine: Engine) => void;
}

export class Follower {
  readonly replayer: Replayer;
  readonly #options: FollowerOptions;
  #engine: Engine;
  #era: Era | undefined;

  constructor(options: FollowerOptions) {
    this.#options = options;
    this.#engine = options.engine;
    this.#era = options.era;
    const engineNow = (): Engine => this.#engine;
    this.replayer = new Replayer(
      {
        get switchboard() {
          return engineNow().switchboard;
        },
        observe: (record) => {
          options.observe?.(record);
          // Orders are sent where the journal says so, not when a gate would.
          if (record.kind === "sent") this.#engine.gate.markSent(record.intentId);
        },
        run: () => this.#engine.run(),
      },
      options.mode,
    );
    this.#take(options.engine);
  }

  get engine(): Engine {
    return this.#engine;
  }

  /** The era of the last record fed. */
  get era(): Era | undefined {
    return this.#era;
  }

  /** Applies the next record of the journal. */
  feed(record: JournalRecord): void {
    if (record.kind === "configured") this.#configure(record);
    this.#options.faults.before(record, this.#engine);
    this.replayer.feed(record);
  }

  #configure({ seq, config }: Configured): void {
    if (this.#era !== undefined && sameConfig(this.#era.config, config)) return;
    if (!sameConfig(this.#engine.config, config)) {
      const successor = this.#options.build(config as EngineConfig);
      // Before the first configuration nobody has heard anything.
      if (this.#era !== undefined) successor.inherit(this.#engine, seq);
      this.#engine.system.stop();
      this.#take(successor);
      this.#options.onSuccession?.(successor);
    }
    this.#era = { seq, previousSeq: this.#era?.seq ?? null, config };
  }

  #take(engine: Engine): void {
    this.#engine = engine;
    this.#options.faults.prepare(engine);
    engine.outlets.turnTo(this.replayer);
  }
}
