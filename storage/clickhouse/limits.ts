// Bounds of the time series store.

/** How long one request may take before the store counts as away. */
export const REQUEST_MILLIS_MAX = 30_000;

/** Rows one answer may hold. */
export const ROWS_MAX = 100_000;

/** Batches whose tokens a table remembers: what is sent again within so many batches adds nothing. */
export const DEDUPLICATION_WINDOW = 10_000;

/** Sockets to the store at once. */
export const CONNECTIONS_MAX = 8;

/** Silence after which the engine's process is taken for hung. */
export const ENGINE_SILENCE_MILLIS_MAX = 30_000;
export const ENGINE_ALIVE_MILLIS = 1_000;

/** How long its first start may take: it creates its system tables. */
export const ENGINE_START_MILLIS_MAX = 30_000;
