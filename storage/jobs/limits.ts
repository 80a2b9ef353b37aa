// Bounds of jobs.

/** What is done or failed is held, with its id, for so many jobs of a queue and so long. */
export const DONE_JOBS_MAX = 1_000;
export const FAILED_JOBS_MAX = 1_000;
export const DONE_SECONDS_MAX = 24 * 3_600;
export const FAILED_SECONDS_MAX = 7 * 24 * 3_600;

/** Pause before the second attempt unless the job says otherwise. */
export const BACKOFF_MILLIS_DEFAULT = 1_000;

/** Silence of a job's process after which it counts as stalled, and how often it may. */
export const STALLED_MILLIS_DEFAULT = 30_000;
export const STALLS_MAX = 3;

/** How long a worker waits at the server for a job before it asks again, in seconds, and the pause after a failure. */
export const WAIT_SECONDS = 5;
export const WORKER_RETRY_MILLIS = 1_000;

/** How long asking a queue may take. */
export const JOBS_MILLIS_MAX = 2_000;

/** How long a worker may take to close once its jobs have ended. */
export const CLOSE_MILLIS_MAX = 3_000;

/** Jobs one question gives back. */
export const JOBS_LISTED_MAX = 1_000;
