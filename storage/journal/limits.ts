// Bounds of the journal.

/** A segment's preallocated size unless told otherwise; it is left at the first seal after that. */
export const SEGMENT_BYTES_DEFAULT = 64 << 20;

/** The buffer between the caller's thread and the writer's. */
export const RING_BYTES_DEFAULT = 16 << 20;

/** Bytes one commit writes at most: bounds how long an intent waits behind a flood of ticks. */
export const COMMIT_BYTES_MAX = 1 << 20;

/** A seal follows after so many records at the latest. */
export const SEAL_RECORDS_MAX = 4_096;

/** A seal follows after so many bytes at the latest: segments end at seals, so this bounds by how much they vary. */
export const SEAL_BYTES_MAX = 512 << 10;

/** Room a segment keeps free for the records up to its closing seal; what does not fit grows the file. */
export const SEGMENT_RESERVE_BYTES = 1 << 20;

/** Zeros written and synced at a time while the next segment is prepared: a commit waits for one such step at most. */
export const PREPARE_BYTES = 64 << 10;

/** How far ahead of the records the current segment is prepared even while there is no idle moment. */
export const PREPARE_LEAD_BYTES = 1 << 20;

/** How long nothing must have come before a moment counts as idle. */
export const QUIET_MILLISECONDS = 5;

/** How much a cursor reads at a time. */
export const READ_BYTES = 1 << 20;

/** How long the writer sleeps without being called, at most. */
export const IDLE_MILLISECONDS = 1_000;

/** How far before others the writer's thread gets a processor, where that is allowed: see thread-priority.ts. */
export const WRITER_NICENESS = -15;
