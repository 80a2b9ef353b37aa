// What the suites of fenced stores share: a store with its epochs, and how what two stores answer is compared.

import type { Result } from "../../actors/base/result.ts";
import { epochScopeOf, type Scope } from "../../actors/ports/fence.ts";

export interface Fenced<Store> {
  readonly store: Store;
  readonly epochs: { issueEpoch(scope: string): Promise<number> };
  readonly close?: () => Promise<void>;
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
