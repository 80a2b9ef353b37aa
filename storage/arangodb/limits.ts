// Bounds of the graph on ArangoDB.

/** How long any question may take before the server counts as away. */
export const ANSWER_MILLIS_MAX = 10_000;

/** Documents sent at once. */
export const BATCH_DOCUMENTS = 2_000;

/** ArangoDB's own: two writers of one document, of which it lets one through. */
export const CONFLICT_RETRIES = 3;

export const DATABASE_DEFAULT = "tickforge";
