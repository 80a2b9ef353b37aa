// Where a replay of a journal begins: an era all of whose actors left a snapshot that can be read, or the journal's first
// record. A snapshot only ever saves time, so one that does not load is passed over for an older one.

import { LoadArchive } from "./base/archive.ts";
import { type EngineConfig, STATE_LAYOUT } from "./engine-config.ts";
import type { Engine } from "./engine.ts";
import type { Stateful } from "./place.ts";
import type { TickRouter } from "./router.ts";
import type { Era, Snapshot, SnapshotQuery, SnapshotStore } from "./ports/snapshots.ts";

export interface Footing {
  readonly era: Era;
  /** By actor. In the first era some may be missing: those actors begin with nothing. */
  readonly snapshots: ReadonlyMap<string, Snapshot>;
}

export interface FootingOptions {
  readonly store: SnapshotStore;
  /** The states an engine consists of. */
  readonly stateful: (engine: Engine) => readonly Stateful[];
  readonly build: (config: EngineConfig) => Engine;
  /** `newest` replays least; `oldest` replays as much as the journal from `atLeastSeq` on allows. */
  readonly first: SnapshotQuery["first"];
  readonly atLeastSeq: number;
  readonly atMostSeq: number;
  /** Hears of snapshots that are intact and do not load. */
  readonly onProblem?: (message: string) => void;
}

/** Undefined when no era offers one: replay from the journal's beginning. */
export function findFooting(options: FootingOptions): Footing | undefined {
  const eras = options.store.eras().filter(({ seq }) => seq <= options.atMostSeq);
  if (options.first === "oldest") eras.reverse();
  for (const era of eras) {
    const snapshots = snapshotsOf(era, options);
    if (snapshots !== undefined) return { era, snapshots };
  }
  return undefined;
}

/** Undefined when an actor has none that loads, unless it can begin with nothing. */
function snapshotsOf(era: Era, options: FootingOptions): Map<string, Snapshot> | undefined {
  const mayBeginAnew = era.previousSeq === null && era.seq > options.atLeastSeq;
  // Nothing but a trial: what does not load would leave an actor half in another state.
  const trial = options.build(era.config as EngineConfig);
  const snapshots = new Map<string, Snapshot>();
  for (const stateful of options.stateful(trial)) {
    const snapshot = loadable(stateful, era, options);
    if (snapshot !== undefined) snapshots.set(stateful.seat.path, snapshot);
    else if (!mayBeginAnew) return undefined;
  }
  return snapshots.size === 0 ? undefined : snapshots;
}

function loadable(stateful: Stateful, era: Era, options: FootingOptions): Snapshot | undefined {
  const { path } = stateful.seat;
  let { atLeastSeq, atMostSeq } = options;
  for (;;) {
    const snapshot = options.store.load({
      actor: path,
      layout: STATE_LAYOUT,
      eraSeq: era.seq,
      atLeastSeq,
      atMostSeq,
      first: options.first,
    });
    if (snapshot === undefined) return undefined;
    try {
      loadState(stateful, snapshot.state);
      return snapshot;
    } catch (error) {
      options.onProblem?.(
        `the snapshot of ${path} at record ${snapshot.appliedSeq} does not load and is passed over: ${String(error)}`,
      );
    }
    if (options.first === "newest") atMostSeq = snapshot.appliedSeq - 1;
    else atLeastSeq = snapshot.appliedSeq + 1;
  }
}

/** Puts every actor where its snapshot stands. Returns how many had one. */
export function stepOn(footing: Footing, states: readonly Stateful[]): number {
  for (const stateful of states) {
    const snapshot = footing.snapshots.get(stateful.seat.path);
    if (snapshot === undefined) continue;
    loadState(stateful, snapshot.state);
    stateful.seat.appliedSeq = snapshot.appliedSeq;
  }
  return footing.snapshots.size;
}

/** @throws ArchiveMismatch: the state is then half loaded and not to be used */
export function loadState(stateful: Pick<Stateful, "persist">, state: Float64Array): void {
  const archive = new LoadArchive(state);
  stateful.persist(archive);
  archive.finish();
}

/** Everything a snapshot of a running engine consists of. */
export function statesOf(engine: Engine, router: TickRouter): readonly Stateful[] {
  const own: Stateful = {
    seat: engine.routerSeat,
    origin: { appliedSeq: 0 },
    persist: (archive) => {
      router.persist(archive);
      engine.gate.persist(archive);
    },
    ready: () => true,
    leaveOut: () => {},
  };
  return [own, ...engine.stateful];
}
