// Signed heads in the process's memory.

import { failure, ok, type Result } from "../../actors/base/result.ts";
import type { AuditHeadsFailure, AuditHeadStore, SignedHead } from "../../actors/ports/audit-heads.ts";
import { epochScopeOf, type Scope } from "../../actors/ports/fence.ts";
import { Rows } from "./rows.ts";

export class MemoryAuditHeads implements AuditHeadStore {
  readonly #heads = new Rows<readonly SignedHead[]>();

  append(scope: Scope, heads: readonly SignedHead[]): Promise<Result<number, AuditHeadsFailure>> {
    const stored = [...this.#of(scope)];
    for (const head of heads) {
      if (stored.some(({ hash }) => hash === head.hash)) continue;
      const newest = stored.at(-1);
      if (head.previous !== (newest?.hash ?? "") || head.seq <= (newest?.seq ?? 0)) {
        const refused = failure("audit-forked", `the head of record ${head.seq} does not follow the newest`);
        return Promise.resolve(refused);
      }
      stored.push(head);
    }
    this.#heads.set(epochScopeOf(scope), stored);
    return Promise.resolve(ok(stored.at(-1)?.seq ?? 0));
  }

  newest(scope: Scope): Promise<SignedHead | undefined> {
    return Promise.resolve(this.#of(scope).at(-1));
  }

  heads(scope: Scope): Promise<readonly SignedHead[]> {
    return Promise.resolve(this.#of(scope));
  }

  #of(scope: Scope): readonly SignedHead[] {
    return this.#heads.get(epochScopeOf(scope)) ?? [];
  }
}
