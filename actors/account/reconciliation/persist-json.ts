// Plain data of several shapes in an archive: what is small and rarely there is not worth a layout of numbers of its own.

import type { Archive } from "../../base/archive.ts";
import { TEXT_LENGTH_MAX } from "../../base/archive.ts";

/** Saves `value`, or returns what was saved. It may hold what JSON can: no NaN, no infinity, nothing undefined that counts. */
export function persistJson<Value>(archive: Archive, value: Value): Value {
  const text = archive.loading ? "" : JSON.stringify(value);
  const pieces = archive.number(Math.ceil(text.length / TEXT_LENGTH_MAX));
  let whole = "";
  for (let i = 0; i < pieces; i++) {
    whole += archive.text(text.slice(i * TEXT_LENGTH_MAX, (i + 1) * TEXT_LENGTH_MAX));
  }
  return archive.loading ? (JSON.parse(whole) as Value) : value;
}
