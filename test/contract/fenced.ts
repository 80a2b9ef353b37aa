// What the suites of the stores beside the ledger share: a store with its epochs, how what two stores answer is compared, and
// what every fenced write must do.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Result } from "../../actors/base/result.ts";
import { epochScopeOf, GLOBAL_SCOPE, type Scope } from "../../actors/ports/fence.ts";

export interface Opened<Store> {
  readonly store: Store;
  /** The same rows as another process sees them, where there can be one; else the same store. */
  readonly other: Store;
  readonly close?: () => Promise<void>;
}

export interface Fenced<Store> extends Opened<Store> {
  readonly epochs: { issueEpoch(scope: string): Promise<number> };
}

export const PAPER: Scope = { level: "account", accountId: "paper" };
export const ACME: Scope = { level: "tenant", tenantId: "acme" };
export const T0_MICROS = 1_783_000_000_000_000;

export async function issued({ epochs }: Pick<Fenced<unknown>, "epochs">, scope: Scope): Promise<number> {
  return await epochs.issueEpoch(epochScopeOf(scope));
}

/** What two stores must agree on: messages may differ. */
export function essence(result: Result<unknown, string>): unknown {
  return result.ok ? result.value : result.code;
}

/** A write that a fence stands before, of which `look` shows whether it was made. */
export interface FencedWrite<Store> {
  readonly name: string;
  readonly scope: Scope;
  readonly write: (store: Store, epoch: number) => Promise<Result<unknown, string>>;
  readonly look: (store: Store) => Promise<unknown>;
}

/** @param open gives a store in which each of the writes would change something */
export function describeFence<Store>(
  name: string,
  open: () => Promise<Fenced<Store>>,
  writes: readonly FencedWrite<Store>[],
): void {
  describe(`fence: ${name}`, () => {
    let opened: Fenced<Store>;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(async () => await opened.close?.());

    for (const { name: what, scope, write, look } of writes) {
      test(`${what} is refused under every epoch but the newest of its own scope, and then made`, async () => {
        const { store, other } = opened;
        const before = await look(store);
        const foreign = await issued(opened, scope.level === "global" ? ACME : GLOBAL_SCOPE);
        const old = await issued(opened, scope);
        const newest = await issued(opened, scope);
        for (const epoch of [old, newest + 1, 0]) {
          expect(await write(store, epoch)).toMatchObject({ ok: false, code: "stale-epoch" });
        }
        if (foreign !== newest) expect(essence(await write(store, foreign))).toBe("stale-epoch");
        expect(await look(store)).toEqual(before);
        expect((await write(store, newest)).ok).toBe(true);
        const after = await look(other);
        expect(after).not.toEqual(before);
        expect((await write(other, newest)).ok).toBe(true);
        expect(await look(store)).toEqual(after);
      });

      test(`${what} of a process that is replaced meanwhile is made before the new epoch or not at all`, async () => {
        const { store, other } = opened;
        const before = await look(store);
        const old = await issued(opened, scope);
        const [written] = await Promise.all([write(other, old), issued(opened, scope)]);
        expect(["made", "stale-epoch"]).toContain(written.ok ? "made" : written.code);
        const now = await look(store);
        if (written.ok) expect(now).not.toEqual(before);
        else expect(now).toEqual(before);
        expect(await write(other, old)).toMatchObject({ ok: false, code: "stale-epoch" });
        expect(await look(store)).toEqual(now);
      });
    }
  });
}
