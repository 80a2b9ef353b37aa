// The switch between light and dark: follows the system until someone chooses.

import { type ReadonlySignal, signal } from "@preact/signals";
import {
  type Appearance,
  applyAppearance,
  DARK_QUERY,
  keepAppearance,
  presentAppearance,
} from "./theme-choice.ts";

export class AppearanceSwitch {
  readonly #shown = signal<Appearance>(presentAppearance());

  constructor() {
    matchMedia(DARK_QUERY).addEventListener("change", () => this.#show(presentAppearance()));
  }

  get shown(): ReadonlySignal<Appearance> {
    return this.#shown;
  }

  toggle(): void {
    const next = this.#shown.value === "dark" ? "light" : "dark";
    keepAppearance(next);
    this.#show(next);
  }

  #show(appearance: Appearance): void {
    applyAppearance(appearance);
    this.#shown.value = appearance;
  }
}
