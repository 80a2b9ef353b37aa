// Leases on Dragonfly: a key that expires, changed only by who knows its token.

import type { Lease, Leases } from "../../actors/ports/leases.ts";
import { ask } from "./ask.ts";
import { type Scripts, scriptsOf } from "./commands.ts";
import type { DragonflyConnection } from "./connect.ts";
import { Keys } from "./keys.ts";

export class DragonflyLeases implements Leases {
  readonly #connection: DragonflyConnection;
  readonly #scripts: Scripts;
  readonly #keys: Keys;

  /** The connection stays the caller's to close. */
  constructor(connection: DragonflyConnection, keys = new Keys()) {
    this.#connection = connection;
    this.#scripts = scriptsOf(connection.client);
    this.#keys = keys;
  }

  async acquire(name: string, holder: string, ttlMillis: number): Promise<Lease | undefined> {
    const lease = { name, holder, token: crypto.randomUUID() };
    const answer = await ask(
      this.#connection,
      async (client) => await client.set(this.#keys.lease(name), ownerOf(lease), "PX", ttlMillis, "NX"),
    );
    return answer === "OK" ? lease : undefined;
  }

  async renew(lease: Lease, ttlMillis: number): Promise<boolean> {
    const key = this.#keys.lease(lease.name);
    return await ask(
      this.#connection,
      async () => (await this.#scripts.renewLease(key, ownerOf(lease), ttlMillis)) === 1,
    );
  }

  async release(lease: Lease): Promise<boolean> {
    const key = this.#keys.lease(lease.name);
    return await ask(
      this.#connection,
      async () => (await this.#scripts.releaseLease(key, ownerOf(lease))) === 1,
    );
  }

  async holderOf(name: string): Promise<string | undefined> {
    const owner = await ask(this.#connection, async (client) => await client.get(this.#keys.lease(name)));
    return owner?.slice(owner.indexOf(" ") + 1);
  }
}

function ownerOf({ token, holder }: Lease): string {
  return `${token} ${holder}`;
}
