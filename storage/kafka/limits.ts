// Bounds of everything that is asked of Kafka.

/** How long a question may take before the brokers count as away. */
export const ANSWER_MILLIS_MAX = 3_000;

/** Brokers that an address names; the others are learnt from them. */
export const BROKERS_MAX = 16;

/** Entries and bytes of one request to store. */
export const BATCH_ENTRIES_MAX = 1_000;
export const BATCH_BYTES_MAX = 512 << 10;

/** The largest batch that a topic takes: one payload of the journal at its largest, or one of ours, with room to spare. */
export const MESSAGE_BYTES_MAX = 1 << 20;

/** What is asked for at once when entries are read. */
export const FETCH_BYTES_MAX = 1 << 20;

/**
 * How far back the end of a partition is looked at. Two requests to store: the first one after a marker, and one of a writer
 * that was cut off and arrived late.
 */
export const TAIL_LINES = 2 * BATCH_ENTRIES_MAX;

/** How often a place in a partition is marked again when somebody else wrote at that moment. */
export const MARK_ATTEMPTS_MAX = 5;

/** Parts of a partition that are void; what lies before the oldest of more is let go of. */
export const VOIDS_MAX = 2_048;

/** Markers of a partition that are remembered, so that its entries can be counted. */
export const MARKERS_MAX = 2_048;

/** The longest a segment of a topic is written to: whole segments outlive their topic, never parts. */
export const SEGMENT_MILLIS_MAX = 7 * 86_400_000;
/** Segments that a topic's time is cut into. */
export const SEGMENTS_MIN = 4;

/** A member of a group that says nothing for so long is gone, and what it held is another's. */
export const SESSION_MILLIS = 10_000;
export const HEARTBEAT_MILLIS = 1_000;
/** How long a group waits for its members when one comes or goes. */
export const REBALANCE_MILLIS = 10_000;
/** How often a group that waits for entries looks for them. */
export const POLL_MILLIS = 50;
