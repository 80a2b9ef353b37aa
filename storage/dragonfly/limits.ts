// Bounds of everything that is asked of DragonflyDB.

/** How long a command may take before it counts as failed. */
export const COMMAND_MILLIS_MAX = 2_000;
export const CONNECT_MILLIS_MAX = 3_000;
/** Pauses between attempts to connect. */
export const RECONNECT_MILLIS_MIN = 50;
export const RECONNECT_MILLIS_MAX = 30_000;

/** Commands sent before their answers are waited for. */
export const PIPELINE_COMMANDS_MAX = 1_000;

/** Entries looked at once when a stream is trimmed. */
export const TRIM_ENTRIES = 1_000;
