// The browser's types, for the only part of the house that runs in one.
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/** The element a page cannot do without. */
export function elementById(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no element #${id}`);
  return element;
}
