// Settings over settings: a file over defaults, one account's own over those of the first.

/** Later layers win; objects are merged key by key, everything else is replaced. Unknown keys are left to the schema. */
export function mergeDeep(...layers: readonly object[]): Record<string, unknown> {
  const merged: Record<string, unknown> = {};
  for (const layer of layers) {
    for (const [key, value] of Object.entries(layer)) {
      if (key === "__proto__") continue;
      const below = merged[key];
      merged[key] = isPlain(below) && isPlain(value) ? mergeDeep(below, value) : value;
    }
  }
  return merged;
}

function isPlain(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
