// Bounds of everything that is asked of Kafka.

/** How long brokers may take to let us in, and to answer one request. */
export const ANSWER_MILLIS_MAX = 3_000;
/** How long a question may take, with the requests and the second tries it is made of, before the brokers count as away. */
export const QUESTION_MILLIS_MAX = 6_000;
/** Second tries of a request, as after a partition moved to another broker. */
export const RETRIES_MAX = 2;
export const RETRY_MILLIS = 100;
/** How long topics that were just made may take to have leaders. */
export const LEADERS_MILLIS_MAX = 15_000;

/** Brokers that an address names; the others are learnt from them. */
export const BROKERS_MAX = 16;

/** Entries and bytes of one request to store. */
export const BATCH_ENTRIES_MAX = 500;
export const BATCH_BYTES_MAX = 512 << 10;
/** The largest batch that a topic takes: one of ours and the largest payload more, with room to spare. */
export const MESSAGE_BYTES_MAX = 1 << 20;

/** What is asked for at once when entries are read, and when one place is looked at: a whole batch comes in any case. */
export const FETCH_BYTES_MAX = 1 << 20;
export const LOOK_BYTES = 4 << 10;

/** How far back the end of a partition is searched for what arrived late: two requests of a writer that was cut off. */
export const TAIL_ENTRIES = 2 * BATCH_ENTRIES_MAX;

/** Void parts of a partition; what lies before the oldest of more is let go of. */
export const VOIDS_MAX = 2_048;

/** How far readers are remembered, so that they go on without looking for their places. */
export const PLACES_MAX = 1_024;

/** The longest a segment of a topic is written to: whole segments outlive their topic, never parts. */
export const SEGMENT_MILLIS_MAX = 7 * 86_400_000;
/** Segments that a topic's time is cut into. */
export const SEGMENTS_MIN = 4;

/** A member of a group that says nothing for so long is gone, and what it held is another's. */
export const SESSION_MILLIS = 10_000;
export const HEARTBEAT_MILLIS = 1_000;
/** How long a group waits for its members when one comes or goes, and how long coming may take in all. */
export const REBALANCE_MILLIS = 10_000;
export const JOIN_MILLIS_MAX = 20_000;
/** How often a group that waits for entries looks for them. */
export const POLL_MILLIS = 100;
/** Entries that a group's members in this process hold before they are given no more. */
export const HELD_MAX = 10_000;
