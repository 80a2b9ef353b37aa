// Leases of a deployment that is one process: its workers still take turns.

import type { Clock } from "../../actors/base/clock.ts";
import { LruMap } from "../../actors/base/lru-map.ts";
import type { Lease, Leases } from "../../actors/ports/leases.ts";

import { LEASES_MAX } from "./limits.ts";

export class MemoryLeases implements Leases {
  readonly #leases: LruMap<Lease>;
  #count = 0;

  constructor(clock: Clock) {
    this.#leases = new LruMap(clock, LEASES_MAX);
  }

  acquire(name: string, holder: string, ttlMillis: number): Promise<Lease | undefined> {
    if (this.#leases.get(name) !== undefined) return Promise.resolve(undefined);
    const lease = { name, holder, token: String(++this.#count) };
    this.#leases.set(name, lease, ttlMillis);
    return Promise.resolve(lease);
  }

  renew(lease: Lease, ttlMillis: number): Promise<boolean> {
    if (!this.#isHeld(lease)) return Promise.resolve(false);
    this.#leases.set(lease.name, lease, ttlMillis);
    return Promise.resolve(true);
  }

  release(lease: Lease): Promise<boolean> {
    if (!this.#isHeld(lease)) return Promise.resolve(false);
    this.#leases.delete(lease.name);
    return Promise.resolve(true);
  }

  holderOf(name: string): Promise<string | undefined> {
    return Promise.resolve(this.#leases.get(name)?.holder);
  }

  #isHeld({ name, token }: Lease): boolean {
    return this.#leases.get(name)?.token === token;
  }
}
