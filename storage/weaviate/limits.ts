// Bounds of the store of market states on Weaviate.

/** Seconds the client gives a question, a batch and its first look. */
export const QUERY_SECONDS_MAX = 10;
export const INSERT_SECONDS_MAX = 30;
export const INIT_SECONDS_MAX = 5;

/** States sent at once; the projection's batches may be larger. */
export const BATCH_STATES = 1_000;

/** Most states one answer holds, the server's own default. */
export const ANSWER_STATES_MAX = 10_000;
