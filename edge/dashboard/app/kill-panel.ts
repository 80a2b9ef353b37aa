// What a person does with the kill switch on the page: trips it after a question, re-arms it with the code that is shown. How it
// stands comes with the account.

import { type ReadonlySignal, signal } from "@preact/signals";
import type { KillLevel, KillMode } from "../../../actors/domain/kill-switch.ts";
import type { Result } from "../../../actors/base/result.ts";
import type { Api, ApiFailure } from "./api.ts";

/** Mildest first. */
export const KILL_CHOICES: readonly {
  readonly mode: KillMode;
  readonly name: string;
  readonly text: string;
}[] = [
  {
    mode: "halt-entries",
    name: "Halt entries",
    text: "Nothing new is opened. Open positions go on to their stops, targets and signals.",
  },
  {
    mode: "reduce-only",
    name: "Reduce only",
    text: "Only what makes a position smaller is let in, orders by hand too.",
  },
  {
    mode: "flatten",
    name: "Close everything",
    text: "Every position is closed at the market, and so is whatever still fills.",
  },
];

/** Narrowest first. */
export const REACHES: readonly { readonly level: KillLevel; readonly name: string }[] = [
  { level: "account", name: "this account" },
  { level: "tenant", name: "all accounts of its tenant" },
  { level: "global", name: "everything" },
];

export function reachName(level: KillLevel): string {
  return REACHES.find((reach) => reach.level === level)?.name ?? level;
}

/** What is tripped, how far, and why. */
export interface KillWish {
  readonly level: KillLevel;
  readonly mode: KillMode;
  readonly reason: string;
}

export function killName(mode: KillMode): string {
  return (KILL_CHOICES.find((choice) => choice.mode === mode)?.name ?? mode).toLowerCase();
}

export interface KillQuestion {
  readonly about: "trip" | "rearm";
  /** To be typed in; empty until the server has made one. */
  readonly code: string;
  readonly isBusy: boolean;
  readonly trouble: string;
}

export class KillPanel {
  readonly #api: Api;
  readonly #question = signal<KillQuestion | undefined>(undefined);

  constructor(api: Api) {
    this.#api = api;
  }

  /** Undefined while nothing is asked. */
  get question(): ReadonlySignal<KillQuestion | undefined> {
    return this.#question;
  }

  close(): void {
    this.#question.value = undefined;
  }

  wishToTrip(): void {
    this.#question.value = { about: "trip", code: "", isBusy: false, trouble: "" };
  }

  /** Asks the server for a code, which also makes an earlier one void. */
  async wishToRearm(): Promise<void> {
    this.#question.value = { about: "rearm", code: "", isBusy: true, trouble: "" };
    const offer = await this.#api.rearmCode();
    // Somebody may have closed it meanwhile, and asked something else.
    if (this.#question.value?.about !== "rearm") return;
    this.#update({ isBusy: false, ...(offer.ok ? { code: offer.value.code } : { trouble: offer.message }) });
  }

  async trip(wish: KillWish): Promise<void> {
    await this.#perform(() => this.#api.tripKillSwitch(wish));
  }

  async rearm(code: string): Promise<void> {
    await this.#perform(() => this.#api.rearmKillSwitch(code));
  }

  /** The question is gone when it is done, and stays with its trouble when it is not. */
  async #perform(deed: () => Promise<Result<unknown, ApiFailure>>): Promise<void> {
    if (this.#question.value?.isBusy !== false) return;
    this.#update({ isBusy: true, trouble: "" });
    const done = await deed();
    if (done.ok) this.close();
    else this.#update({ isBusy: false, trouble: done.message });
  }

  #update(change: Partial<KillQuestion>): void {
    const question = this.#question.value;
    if (question !== undefined) this.#question.value = { ...question, ...change };
  }
}
