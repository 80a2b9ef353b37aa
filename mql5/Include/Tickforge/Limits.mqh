// Bounds that the Expert Advisor keeps. Those of the protocol are the same as in edge/mt5/protocol/limits.ts.

#ifndef TICKFORGE_LIMITS
#define TICKFORGE_LIMITS

#define PROTOCOL_VERSION 1
#define EA_VERSION "1.0.0"

// Bytes of one message, MAC included.
#define TO_SERVER_BYTES_MAX 262144
#define FROM_SERVER_BYTES_MAX 65536

#define JSON_DEPTH_MAX 8
#define JSON_NODES_MAX 4096

#define SYMBOLS_MAX 100
#define TICKS_PER_FRAME_MAX 400
#define LIST_MAX 100
#define CONNECTIONS_MAX 5

// Bytes of an answer to the WebSocket handshake.
#define HANDSHAKE_BYTES_MAX 8192
#define HANDSHAKE_MS_MAX 5000
#define CONNECT_MS_MAX 1000

// Unsent bytes at which a connection is given up, and from which no further ticks are added.
#define UNSENT_BYTES_MAX 8388608
#define UNSENT_BYTES_BUSY 524288

// Ticks read at once, and how far back a start reads.
#define DRAIN_TICKS_MAX 2000
#define BACKFILL_MS_MAX 86400000

// Bytes of an append-only file beyond which it is written anew without what is over.
#define LOG_BYTES_MAX 33554432
#define LINE_BYTES_MAX 65536

#define INTENTS_MAX 20000
// How long the final ones are told in snapshots and kept in the file, in milliseconds.
#define INTENT_KEPT_MS 86400000

// A mutex of the terminal's that is older belongs to an Expert Advisor that is gone.
#define LOCK_STALE_MS 2000
#define LOCK_WAIT_MS 200

// A chart that did not say for so long that it has a connection's number has left it.
#define SLOT_STALE_MS 5000

#define REPRICES_MAX 2

// Deals can be booked with times before those already seen.
#define DEAL_OVERLAP_SECONDS 3600

// 2100: histories are read to their end, whatever the terminal takes for now.
#define FAR_FUTURE 4102444800

#define BACKOFF_RESET_MS 10000
#define PANEL_MS 500

#endif
