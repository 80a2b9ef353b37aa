// Lists of records in an archive: their length, then each entry by a function that both saves and loads it.

import type { Archive } from "../base/archive.ts";

/** Saves `list`, or replaces its contents by what was saved. */
export function persistList<Entry>(
  archive: Archive,
  list: Entry[],
  blank: () => Entry,
  persistEntry: (entry: Entry, archive: Archive) => void,
): void {
  const count = archive.number(list.length);
  if (archive.loading) list.length = 0;
  for (let i = 0; i < count; i++) {
    if (archive.loading) list.push(blank());
    persistEntry(list[i] as Entry, archive);
  }
}
