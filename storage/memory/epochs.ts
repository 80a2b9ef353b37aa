// Epochs of a deployment that is one process, and whose other stores ask whether a write may still be made.

import type { Failure } from "../../actors/base/result.ts";
import { epochScopeOf, type Scope, staleness } from "../../actors/ports/fence.ts";
import { Rows } from "./rows.ts";

export class MemoryEpochs {
  readonly #newest = new Rows<number>();

  issueEpoch(scope: string): Promise<number> {
    const epoch = (this.#newest.get(scope) ?? 0) + 1;
    this.#newest.set(scope, epoch);
    return Promise.resolve(epoch);
  }

  stale(scope: Scope, epoch: number): Failure<"stale-epoch"> | undefined {
    const name = epochScopeOf(scope);
    return staleness({ scope: name, epoch, newest: this.#newest.get(name) ?? 0 });
  }
}
