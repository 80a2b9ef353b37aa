// The colours a canvas needs, read from the page's style sheet, so that they are named in one place.

const NAMES = [
  "bg",
  "panel",
  "line",
  "text",
  "dim",
  "up",
  "down",
  "accent",
  "grid",
  "up-soft",
  "down-soft",
] as const;

export type ColourName = (typeof NAMES)[number];
export type Palette = Readonly<Record<ColourName, string>>;

export function readPalette(): Palette {
  const style = getComputedStyle(document.documentElement);
  return Object.fromEntries(
    NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]),
  ) as Palette;
}

/** What the page's numbers are set in. */
export function fontFamily(): string {
  return getComputedStyle(document.body).fontFamily;
}
