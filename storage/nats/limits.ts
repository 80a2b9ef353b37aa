// Bounds of everything that is asked of NATS.

/** How long a question may take before the server counts as away. */
export const ANSWER_MILLIS_MAX = 3_000;
export const RECONNECT_MILLIS = 500;

/** Messages published before their acknowledgements are waited for. */
export const IN_FLIGHT_MAX = 1_000;

/** What the server knows by their ids and leaves out when they come twice; longer ago, our own look at its end does. */
export const DUPLICATE_WINDOW_MILLIS = 120_000;

/** How far a reader is remembered, so that it goes on without looking for its place. */
export const PLACES_MAX = 1_024;
