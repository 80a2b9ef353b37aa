// Bounds of the hot store.

/** How long one command may take before the store counts as away. */
export const COMMAND_MILLIS_MAX = 500;

/** Silence of a server that owes an answer after which its connection is given up, with all that waits on it. */
export const SILENCE_MILLIS_MAX = 5_000;

/** How long making a connection may take. */
export const CONNECT_MILLIS_MAX = 5_000;

/** Pauses between attempts to connect: doubled by each that fails, and spread so that not all come back at once. */
export const RECONNECT_MILLIS_MIN = 50;
export const RECONNECT_MILLIS_MAX = 30_000;

/** How often one command follows a moved slot or a lost node of a cluster, and the pause before it does. */
export const REDIRECTIONS_MAX = 5;
export const REDIRECTION_MILLIS = 50;

/** How long a cluster may take to say who holds which slots, and how often it is asked. */
export const SLOTS_MILLIS_MAX = 1_000;
export const SLOTS_REFRESH_MILLIS = 5_000;

/** Nodes an address may name; a cluster tells of its others itself. */
export const NODES_MAX = 64;

/** Topics one process listens to. */
export const TOPICS_MAX = 1_024;

/** How long a new listener waits for a connection. */
export const SUBSCRIBE_MILLIS_MAX = 5_000;

/** How often a listening connection is asked whether it still lives. */
export const LISTENER_PING_MILLIS = 1_000;

/** How long a piece of a stream's batch may take: it is longer than other commands. */
export const STREAM_COMMAND_MILLIS_MAX = 5_000;

/** Commands of a stream's batch sent before their answers are waited for. */
export const PIPELINE_COMMANDS_MAX = 1_000;

/** Entries looked at once when a stream is trimmed. */
export const TRIM_ENTRIES = 1_000;

/** Keys looked at once when the hot state is cleared. */
export const SCANNED_KEYS = 1_000;

/** How long a limit, a lease or a cached text is waited for: whoever asks goes on without. */
export const SIDE_COMMAND_MILLIS_MAX = 150;
