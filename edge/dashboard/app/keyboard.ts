// Connects the keyboard to the page's deeds.

import type { Page } from "../view/context.ts";
import { type KeyAction, keyAction } from "./keys.ts";

/** Where arrows already mean something. */
const OWN_ARROWS = '[role="tablist"], [role="radiogroup"], input, textarea, select, dialog';

export function listenToKeys(page: Page): void {
  document.addEventListener("keydown", (event) => {
    const target = event.target instanceof Element ? event.target : undefined;
    const action = keyAction({
      key: event.key,
      hasModifier: event.ctrlKey || event.metaKey || event.altKey,
      isTyping: target?.matches('input:not([type="checkbox"]), textarea, select') === true,
      ownsArrows: target?.closest(OWN_ARROWS) !== null && target !== undefined,
    });
    if (action === undefined) return;
    if (action.kind !== "close") event.preventDefault();
    perform(page, action);
  });
}

function perform(page: Page, action: KeyAction): void {
  const { store } = page;
  switch (action.kind) {
    case "symbol":
      step(page, action.step);
      return;
    case "interval":
      store.interval.value = action.interval;
      return;
    case "help":
      store.isHelpOpen.value = !store.isHelpOpen.value;
      return;
    case "theme":
      page.appearance.toggle();
      return;
    case "filter":
      store.view.value = "market";
      document.getElementById("filter")?.focus();
      return;
    case "latest":
      page.chart.current.value?.showLatest();
      return;
    case "retry":
      page.retryNow();
      return;
    case "close":
      store.filter.value = "";
      store.openSignal.value = 0;
      if (document.activeElement instanceof HTMLInputElement) document.activeElement.blur();
  }
}

/** The next symbol of those shown; the ends meet. */
function step({ store, select }: Page, by: 1 | -1): void {
  const wanted = store.filter.value.trim().toUpperCase();
  const names = store.names.value.filter((name) => name.includes(wanted));
  const at = names.indexOf(store.selected.value);
  const next = names[(at + by + names.length) % names.length];
  if (next !== undefined) select(next);
}
