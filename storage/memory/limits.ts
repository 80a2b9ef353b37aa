// Bounds of what is kept in the process alone.

/** Entries of the hot state: three for each of a few thousand symbols. */
export const HOT_ENTRIES_MAX = 16_384;

/** Buckets of a rate limiter; beyond it those that are full again go, then the one that was asked longest ago. */
export const BUCKETS_MAX = 65_536;

/** Leases at once. */
export const LEASES_MAX = 4_096;

/** Texts of a cache's shared level, where one process is the deployment. */
export const CACHED_TEXTS_MAX = 16_384;

/** Rows of one kind in the stores beside a ledger: tenants, users, switches. One that is full refuses by an assertion. */
export const ROWS_MAX = 65_536;
