// Branch C: a copy of every tick for disaster recovery and other consumers. It may lag or be away; it is never waited
// for. Dragonfly, NATS and Kafka implement it; an engine without one runs with none.

import type { Tick } from "../domain/tick.ts";

export interface BackupStream {
  /** Takes the tick if there is room and returns whether it did. Never throws and never waits. */
  offer(tick: Tick): boolean;
}
