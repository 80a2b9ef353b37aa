// Light or dark: what the person chose, else what the system wants.

export type Appearance = "light" | "dark";

const KEY = "tickforge-theme";

export const DARK_QUERY = "(prefers-color-scheme: dark)";

export function presentAppearance(): Appearance {
  const chosen = keptChoice();
  if (chosen === "light" || chosen === "dark") return chosen;
  return matchMedia(DARK_QUERY).matches ? "dark" : "light";
}

/** The style sheet has one set of colours for each. */
export function applyAppearance(appearance: Appearance): void {
  document.documentElement.dataset["theme"] = appearance;
}

export function keepAppearance(appearance: Appearance): void {
  try {
    localStorage.setItem(KEY, appearance);
  } catch {
    // A browser that keeps nothing still shows what was chosen, until the page is left.
  }
}

function keptChoice(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
