// A system under a virtual clock, with its faults written down: the stage on which tests play whole scenarios.

import { VirtualClock } from "../base/clock.ts";
import { SeededRandom } from "../base/random.ts";
import type { ActorListing } from "./actor.ts";
import { ActorSystem, type ActorSystemOptions } from "./actor-system.ts";
import type { Fault } from "./supervision.ts";

export interface Scenario {
  readonly clock: VirtualClock;
  readonly system: ActorSystem;
  /** Every fault, as "path action restarts delay". */
  readonly faults: string[];
  /** The listing of the actor at `path`; throws when there is none. */
  readonly row: (path: string) => ActorListing;
}

export function newScenario(options: Partial<ActorSystemOptions> & { seed?: number } = {}): Scenario {
  const { seed = 1, ...rest } = options;
  const clock = new VirtualClock();
  const faults: string[] = [];
  const system = new ActorSystem({
    scheduler: clock,
    random: new SeededRandom(seed),
    stopwatch: clock,
    onFault: (fault: Fault) => {
      faults.push(`${fault.path} ${fault.action} ${fault.restarts} ${fault.delayMicros}`);
    },
    ...rest,
  });
  const row = (path: string): ActorListing => {
    const found = system.tree().find((listing) => listing.path === path);
    if (found === undefined) throw new Error(`the tree has no ${path}`);
    return found;
  };
  return { clock, system, faults, row };
}
