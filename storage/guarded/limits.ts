// Bounds of what stands before a shared store.

/** Failures in a row after which a store is left alone, and how long before it is asked again. */
export const FAILURES_MAX = 5;
export const PROBE_MICROS = 1_000_000;
export const PROBE_MICROS_MAX = 5_000_000;

/** Loads under way at once; beyond it a reader that finds nothing loads by itself. */
export const LOADS_MAX = 1_024;

/** Keys dropped while the store was away that are still to be told to it; beyond it the oldest is left to its end. */
export const OWED_MAX = 4_096;
